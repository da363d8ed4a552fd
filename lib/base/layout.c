/* SPDX-License-Identifier: GPL-2.0-only */
/* layout.c - a record type made ready for a sink: its chosen fields in order, and how a record
 * becomes text.
 *
 * No files and streams here: everything goes into a struct text.
 */
#include "layout.h"

#include <math.h>

#include "units.h"

#define FIELD_DECIMALS 3

/* Of a table; a longer name makes the column wider. */
static size_t column_width(const struct field *f)
{
	static const size_t widths[] = {
		[FIELD_U64] = 8,     [FIELD_I64] = 8,
		[FIELD_F64] = 8,     [FIELD_U32] = 8,
		[FIELD_HEX] = 18,    [FIELD_BOOL] = 3,
		[FIELD_STRING] = 16, [FIELD_UTC] = sizeof("2026-11-23T12:34:56.123456789Z") - 1,
		[FIELD_SERIES] = 16,
	};
	size_t width = widths[f->type];

	if (f->type == FIELD_CHARS)
		width = MIN(MAX(f->size, (size_t)2) - 1, (size_t)24);
	else if ((f->type == FIELD_U64 || f->type == FIELD_I64) &&
		 (str_eq(f->unit, "bytes") || str_eq(f->unit, "ns")))
		width = 12;
	return MAX(width, strlen(f->name));
}

struct layout *layout_new(const struct record_type *type, size_t n_columns)
{
	struct layout *layout = calloc(1, sizeof(*layout) + n_columns * sizeof(*layout->columns));

	if (!layout)
		return NULL;
	layout->type = type;
	layout->begin_len =
		(size_t)snprintf(layout->begin, sizeof(layout->begin), "{\"type\":\"%s\",\"v\":%u",
				 type->name, type->version);
	return layout;
}

void layout_add(struct layout *layout, const struct field *field)
{
	struct column *column = &layout->columns[layout->n++];

	column->field = field;
	column->key_len =
		(size_t)snprintf(column->key, sizeof(column->key), ",\"%s\":", field->name);
	column->width = column_width(field);
}

/* ---- values ---- */

/* The bytes of a string field that is not missing. */
static const char *field_bytes(const struct field *f, const void *at, size_t *n)
{
	const char *s = f->type == FIELD_CHARS ? at : *(const char *const *)at;

	*n = f->type == FIELD_CHARS ? strnlen(s, f->size) : strlen(s);
	return s;
}

static bool is_string(const struct field *f)
{
	return f->type == FIELD_STRING || f->type == FIELD_CHARS;
}

static void text_string(struct text *t, const char *s, size_t n)
{
	text_escaped(t, s, n, "");
}

static void csv_string(struct text *t, const char *s, size_t n)
{
	struct text escaped = { 0 };
	bool quote;

	text_escaped(&escaped, s, n, "");
	t->failed |= escaped.failed;
	quote = n == 0 || memchr(s, ',', n) || memchr(s, '"', n) || s[0] == ' ' || s[n - 1] == ' ';
	text_str(t, quote ? "\"" : "");
	for (size_t i = 0; i < escaped.n; i++)
		text_put(t, escaped.s[i] == '"' ? "\"\"" : escaped.s + i,
			 escaped.s[i] == '"' ? 2 : 1);
	text_str(t, quote ? "\"" : "");
	text_done(&escaped);
}

/* How a format writes values. */
struct notation {
	const char *missing, *yes, *no;
	const char *quote;                    /* around times and 0x numbers */
	const char *open, *separator, *close; /* of a series */
	bool exact; /* numbers that read back; else as many digits as the field says */
	void (*string)(struct text *t, const char *s, size_t n);
};

static const struct notation json = { "null", "true", "false",         "\"", "[", ",",
				      "]",    true,   text_json_string };
/* Read by people. */
static const struct notation plain = { "-", "yes", "no", "", "", ",", "", false, text_string };
/* An empty cell is a missing value, "" an empty string. */
static const struct notation csv = { "", "true", "false", "", "", ";", "", true, csv_string };

static void put_exact(struct text *t, double v, const struct notation *how)
{
	if (isfinite(v))
		text_shortest(t, v);
	else
		text_str(t, how->missing);
}

static void put_series(struct text *t, const struct series *series, const struct notation *how)
{
	text_str(t, how->open);
	for (size_t i = 0; i < series->n; i++) {
		text_str(t, i ? how->separator : "");
		put_exact(t, series->values[i], how);
	}
	text_str(t, how->close);
}

static void put_quoted(struct text *t, const struct field *f, uint64_t v,
		       const struct notation *how)
{
	char buf[UNITS_TEXT_MAX];

	text_str(t, how->quote);
	if (f->type == FIELD_HEX)
		text_hex(t, v);
	else
		text_str(t, units_format_utc(record_epoch_ns(v), buf));
	text_str(t, how->quote);
}

static void put_value(struct text *t, const struct field *f, const void *record,
		      const struct notation *how)
{
	const void *at = (const char *)record + f->offset;
	const char *s;
	size_t n;

	if (record_missing(f, record)) {
		text_str(t, how->missing);
		return;
	}
	switch (f->type) {
	case FIELD_U64:
		text_u64(t, *(const uint64_t *)at);
		break;
	case FIELD_I64:
		text_i64(t, *(const int64_t *)at);
		break;
	case FIELD_U32:
		text_u64(t, *(const uint32_t *)at);
		break;
	case FIELD_F64:
		if (how->exact)
			put_exact(t, *(const double *)at, how);
		else
			text_fixed(t, *(const double *)at,
				   f->decimals ? f->decimals : FIELD_DECIMALS);
		break;
	case FIELD_BOOL:
		text_str(t, *(const bool *)at ? how->yes : how->no);
		break;
	case FIELD_HEX:
	case FIELD_UTC:
		put_quoted(t, f, *(const uint64_t *)at, how);
		break;
	case FIELD_SERIES:
		put_series(t, at, how);
		break;
	case FIELD_STRING:
	case FIELD_CHARS:
		s = field_bytes(f, at, &n);
		how->string(t, s, n);
		break;
	}
}

/* A value after `key=`: in quotes where it is empty, has escapes, could end early or looks like a
 * missing one. */
static void line_value(struct text *t, const struct field *f, const void *record)
{
	size_t from = t->n, n;
	const char *s;

	if (!is_string(f) || record_missing(f, record)) {
		put_value(t, f, record, &plain);
		return;
	}
	s = field_bytes(f, (const char *)record + f->offset, &n);
	text_put(t, "\"", 1);
	text_escaped(t, s, n, "\"");
	if (t->failed)
		return;
	if (n == 0 || (n == 1 && *s == '-') || t->n - from - 1 != n || memchr(s, ' ', n) ||
	    memchr(s, '=', n)) {
		text_put(t, "\"", 1);
		return;
	}
	memmove(t->s + from, t->s + from + 1, n);
	t->n--;
}

/* ---- records ---- */

void layout_put_json(struct text *t, const struct layout *layout, const void *record)
{
	text_put(t, layout->begin, layout->begin_len);
	for (size_t i = 0; i < layout->n; i++) {
		text_put(t, layout->columns[i].key, layout->columns[i].key_len);
		put_value(t, layout->columns[i].field, record, &json);
	}
	text_put(t, "}\n", 2);
}

void layout_put_csv(struct text *t, const struct layout *layout, const void *record, bool head)
{
	for (size_t i = 0; head && i < layout->n; i++) {
		text_str(t, i ? "," : "");
		text_str(t, layout->columns[i].field->name);
	}
	text_str(t, head ? "\n" : "");
	for (size_t i = 0; i < layout->n; i++) {
		text_str(t, i ? "," : "");
		put_value(t, layout->columns[i].field, record, &csv);
	}
	text_put(t, "\n", 1);
}

void layout_put_line(struct text *t, const struct layout *layout, const void *record)
{
	text_str(t, layout->type->name);
	for (size_t i = 0; i < layout->n; i++) {
		text_put(t, " ", 1);
		text_str(t, layout->columns[i].field->name);
		text_put(t, "=", 1);
		line_value(t, layout->columns[i].field, record);
	}
	text_put(t, "\n", 1);
}

/* Pads what was put since `from` to the column's width: numbers to the right, text to the left (not
 * in the last column). */
static void pad(struct text *t, size_t from, const struct column *column, bool last)
{
	bool left = is_string(column->field) || column->field->type == FIELD_BOOL;
	size_t len = t->n - from, columns, room;

	if (t->failed)
		return;
	columns = text_columns(t->s + from, len);
	room = columns < column->width ? column->width - columns : 0;
	if (left && last)
		return;
	text_fill(t, ' ', room);
	if (!left && room && !t->failed) {
		memmove(t->s + from + room, t->s + from, len);
		memset(t->s + from, ' ', room);
	}
}

static void put_table(struct text *t, const struct layout *layout, const void *record, bool head)
{
	for (int row = head ? 0 : 1; row < 2; row++) {
		for (size_t i = 0; i < layout->n; i++) {
			size_t from;

			text_str(t, i ? "  " : "");
			from = t->n;
			if (row == 0)
				text_str(t, layout->columns[i].field->name);
			else
				put_value(t, layout->columns[i].field, record, &plain);
			pad(t, from, &layout->columns[i], i + 1 == layout->n);
		}
		text_put(t, "\n", 1);
	}
}

static void put_card_unit(struct text *t, const struct field *f, const void *record)
{
	char buf[UNITS_TEXT_MAX];
	uint64_t v;

	if (!*f->unit || record_missing(f, record))
		return;
	text_put(t, " ", 1);
	text_str(t, f->unit);
	if (f->type != FIELD_U64)
		return;
	v = *(const uint64_t *)((const char *)record + f->offset);
	if (str_eq(f->unit, "bytes") && v >= KIB)
		units_format_size(v, buf);
	else if (str_eq(f->unit, "ns") && v >= NS_PER_US)
		units_format_duration(v, buf);
	else
		return;
	text_str(t, " (");
	text_str(t, buf);
	text_put(t, ")", 1);
}

static void put_card(struct text *t, const struct layout *layout, const void *record)
{
	size_t width = 0;

	for (size_t i = 0; i < layout->n; i++)
		width = MAX(width, strlen(layout->columns[i].field->name));
	text_str(t, layout->type->name);
	text_put(t, "\n", 1);
	for (size_t i = 0; i < layout->n; i++) {
		const struct field *f = layout->columns[i].field;

		text_str(t, "  ");
		text_str(t, f->name);
		text_fill(t, ' ', width - strlen(f->name) + 2);
		put_value(t, f, record, &plain);
		put_card_unit(t, f, record);
		text_put(t, "\n", 1);
	}
}

void layout_put_text(struct text *t, const struct layout *layout, const void *record, bool head)
{
	switch (layout->type->style) {
	case RECORD_LINE:
		layout_put_line(t, layout, record);
		break;
	case RECORD_TABLE:
		put_table(t, layout, record, head);
		break;
	case RECORD_CARD:
		put_card(t, layout, record);
		break;
	}
}

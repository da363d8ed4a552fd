/* SPDX-License-Identifier: GPL-2.0-only */
/* layout.c - a record type made ready for a sink: its chosen fields in order, and how a record
 * becomes text.
 *
 * Knows nothing of files and streams: everything is put into a struct text.
 */
#include "layout.h"

#include <math.h>

#include "units.h"

#define FIELD_DECIMALS 3

static size_t column_width(const struct field *f)
{
	size_t width = 10;

	switch (f->type) {
	case FIELD_U64:
	case FIELD_I64:
		width = str_eq(f->unit, "bytes") || str_eq(f->unit, "ns") ? 12 : 8;
		break;
	case FIELD_U32:
	case FIELD_F64:
		width = 8;
		break;
	case FIELD_UTC:
		width = strlen("2026-11-23T12:34:56.123456789Z");
		break;
	case FIELD_HEX:
		width = 18;
		break;
	case FIELD_BOOL:
		width = 3;
		break;
	case FIELD_STRING:
	case FIELD_SERIES:
		width = 16;
		break;
	case FIELD_CHARS:
		width = MIN(MAX(f->size, (size_t)2) - 1, (size_t)24);
		break;
	}
	return MAX(width, strlen(f->name));
}

void layout_free(struct layout *layout)
{
	for (size_t i = 0; i < layout->n; i++)
		free(layout->columns[i].key);
	free(layout->columns);
	free(layout->begin);
	free(layout);
}

int layout_add(struct layout *layout, const struct field *field)
{
	struct column *column = &layout->columns[layout->n];
	int len = asprintf(&column->key, ",\"%s\":", field->name);

	if (len < 0)
		return -ENOMEM;
	column->field = field;
	column->key_len = (size_t)len;
	column->width = column_width(field);
	layout->n++;
	return 0;
}

/* n_columns may exceed the type's fields: a selection may name one twice. */
struct layout *layout_new(const struct record_type *type, size_t n_columns)
{
	struct layout *layout = calloc(1, sizeof(*layout));
	int len;

	if (!layout)
		return NULL;
	layout->type = type;
	layout->columns = calloc(MAX(n_columns, (size_t)1), sizeof(*layout->columns));
	len = asprintf(&layout->begin, "{\"type\":\"%s\",\"v\":%u", type->name, type->version);
	if (len < 0)
		layout->begin = NULL;
	layout->begin_len = (size_t)len;
	if (!layout->columns || !layout->begin) {
		layout_free(layout);
		return NULL;
	}
	return layout;
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

/* What is written the same way in all formats. */
static void put_integer(struct text *t, const struct field *f, const void *at)
{
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
	case FIELD_HEX:
		text_hex(t, *(const uint64_t *)at);
		break;
	default:
		break;
	}
}

static void put_utc(struct text *t, uint64_t ns)
{
	char buf[UNITS_TEXT_MAX];

	text_str(t, units_format_utc(record_epoch_ns(ns), buf));
}

static void put_exact(struct text *t, double v, const char *missing)
{
	if (isfinite(v))
		text_shortest(t, v);
	else
		text_str(t, missing);
}

static void put_series(struct text *t, const struct series *series, const char *separator,
		       const char *missing)
{
	for (size_t i = 0; i < series->n; i++) {
		text_str(t, i ? separator : "");
		put_exact(t, series->values[i], missing);
	}
}

static void json_value(struct text *t, const struct field *f, const void *record)
{
	const void *at = (const char *)record + f->offset;
	const char *s;
	size_t n;

	if (record_missing(f, record)) {
		text_put(t, "null", 4);
	} else if (is_string(f)) {
		s = field_bytes(f, at, &n);
		text_json_string(t, s, n);
	} else if (f->type == FIELD_F64) {
		put_exact(t, *(const double *)at, "null");
	} else if (f->type == FIELD_BOOL) {
		text_str(t, *(const bool *)at ? "true" : "false");
	} else if (f->type == FIELD_SERIES) {
		text_put(t, "[", 1);
		put_series(t, at, ",", "null");
		text_put(t, "]", 1);
	} else if (f->type == FIELD_UTC) {
		text_put(t, "\"", 1);
		put_utc(t, *(const uint64_t *)at);
		text_put(t, "\"", 1);
	} else if (f->type == FIELD_HEX) {
		text_put(t, "\"", 1);
		text_hex(t, *(const uint64_t *)at);
		text_put(t, "\"", 1);
	} else {
		put_integer(t, f, at);
	}
}

/* A value as people read it; strings escaped, not quoted. */
static void text_value(struct text *t, const struct field *f, const void *record)
{
	const void *at = (const char *)record + f->offset;
	const char *s;
	size_t n;

	if (record_missing(f, record)) {
		text_put(t, "-", 1);
	} else if (is_string(f)) {
		s = field_bytes(f, at, &n);
		text_escaped(t, s, n, "");
	} else if (f->type == FIELD_F64) {
		text_fixed(t, *(const double *)at, f->decimals ? f->decimals : FIELD_DECIMALS);
	} else if (f->type == FIELD_BOOL) {
		text_str(t, *(const bool *)at ? "yes" : "no");
	} else if (f->type == FIELD_UTC) {
		put_utc(t, *(const uint64_t *)at);
	} else if (f->type == FIELD_SERIES) {
		put_series(t, at, ",", "-");
	} else {
		put_integer(t, f, at);
	}
}

/* A value behind `key=`: in quotes where it is empty, has escapes, could end early or be taken for
 * a missing one. */
static void line_value(struct text *t, const struct field *f, const void *record)
{
	size_t from = t->n, n;
	const char *s;

	if (!is_string(f) || record_missing(f, record)) {
		text_value(t, f, record);
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

/* An empty cell is a missing value, "" an empty string. Numbers of a series are separated by
 * semicolons. */
static void csv_value(struct text *t, const struct field *f, const void *record)
{
	const void *at = (const char *)record + f->offset;
	const char *s;
	size_t n;

	if (record_missing(f, record))
		return;
	if (is_string(f)) {
		s = field_bytes(f, at, &n);
		csv_string(t, s, n);
	} else if (f->type == FIELD_F64) {
		put_exact(t, *(const double *)at, "");
	} else if (f->type == FIELD_BOOL) {
		text_str(t, *(const bool *)at ? "true" : "false");
	} else if (f->type == FIELD_UTC) {
		put_utc(t, *(const uint64_t *)at);
	} else if (f->type == FIELD_SERIES) {
		put_series(t, at, ";", "");
	} else {
		put_integer(t, f, at);
	}
}

/* ---- records ---- */

void layout_put_json(struct text *t, const struct layout *layout, const void *record)
{
	text_put(t, layout->begin, layout->begin_len);
	for (size_t i = 0; i < layout->n; i++) {
		text_put(t, layout->columns[i].key, layout->columns[i].key_len);
		json_value(t, layout->columns[i].field, record);
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
		csv_value(t, layout->columns[i].field, record);
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

/* Pads what was put since `from` to the column's width: numbers to the right, words to the left. A
 * word in the last column stays as long as it is.
 */
static void pad(struct text *t, size_t from, const struct column *column, bool last)
{
	bool words = is_string(column->field) || column->field->type == FIELD_BOOL;
	size_t len = t->n - from, columns, room;

	if (t->failed)
		return;
	columns = text_columns(t->s + from, len);
	room = columns < column->width ? column->width - columns : 0;
	if (words && last)
		return;
	text_fill(t, ' ', room);
	if (!words && room && !t->failed) {
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
				text_value(t, layout->columns[i].field, record);
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
		text_value(t, f, record);
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

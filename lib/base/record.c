/* SPDX-License-Identifier: GPL-2.0-only */
/* record.c - what any table of fields can be asked, and the end record.
 *
 * Knows nothing of sinks: the text, JSON and CSV of a record are made in out.c.
 */
#include "record.h"

#include <math.h>

static const struct field end_fields[] = {
	FIELD(struct end_record, seen, FIELD_U64, "events", "all that passed the hook or the loop"),
	FIELD(struct end_record, emitted, FIELD_U64, "events", "records printed"),
	FIELD(struct end_record, filtered, FIELD_U64, "events",
	      "left out because a filter asked for it"),
	FIELD(struct end_record, dropped, FIELD_U64, "events", "lost because a buffer was full"),
	FIELD(struct end_record, missed, FIELD_U64, "events",
	      "runs of the hook the kernel skipped"),
	FIELD(struct end_record, unmatched, FIELD_U64, "events", "ends whose begin was not seen"),
	FIELD(struct end_record, reason, FIELD_STRING, "",
	      "done, duration, signal, reader or partial"),
};

const struct record_type end_record_type =
	RECORD_TYPE("end", 1, RECORD_LINE, end_fields,
		    "the last record of every stream: what was lost on the way");

bool record_missing(const struct field *field, const void *record)
{
	const void *at = (const char *)record + field->offset;

	switch (field->type) {
	case FIELD_U64:
	case FIELD_UTC:
		return *(const uint64_t *)at == MISSING_U64;
	case FIELD_I64:
		return *(const int64_t *)at == MISSING_I64;
	case FIELD_F64:
		return isnan(*(const double *)at);
	case FIELD_STRING:
		return !*(const char *const *)at;
	case FIELD_SERIES:
		return !((const struct series *)at)->values;
	case FIELD_U32:
	case FIELD_HEX:
	case FIELD_BOOL:
	case FIELD_CHARS:
		return false;
	}
	return false;
}

void record_clear(const struct record_type *type, void *record)
{
	for (size_t i = 0; i < type->n_fields; i++) {
		const struct field *field = &type->fields[i];
		void *at = (char *)record + field->offset;

		memset(at, 0, field->size);
		switch (field->type) {
		case FIELD_U64:
		case FIELD_UTC:
			*(uint64_t *)at = MISSING_U64;
			break;
		case FIELD_I64:
			*(int64_t *)at = MISSING_I64;
			break;
		case FIELD_F64:
			*(double *)at = MISSING_F64;
			break;
		case FIELD_STRING:
		case FIELD_SERIES:
		case FIELD_U32:
		case FIELD_HEX:
		case FIELD_BOOL:
		case FIELD_CHARS:
			break;
		}
	}
}

uint64_t record_epoch_ns(uint64_t monotonic)
{
	static uint64_t offset_ns;

	if (!offset_ns) {
		uint64_t before = monotonic_ns();
		struct timespec wall;

		clock_gettime(CLOCK_REALTIME, &wall);
		offset_ns = timespec_ns(&wall) - (before + (monotonic_ns() - before) / 2);
	}
	return monotonic + offset_ns;
}

static const char *type_word(enum field_type type)
{
	switch (type) {
	case FIELD_U64:
	case FIELD_U32:
		return "whole number";
	case FIELD_I64:
		return "signed whole number";
	case FIELD_F64:
		return "number";
	case FIELD_HEX:
		return "\"0x\" string";
	case FIELD_BOOL:
		return "true or false";
	case FIELD_STRING:
	case FIELD_CHARS:
		return "string";
	case FIELD_UTC:
		return "ISO 8601 string";
	case FIELD_SERIES:
		return "array of numbers";
	}
	return "";
}

static void print_cell(FILE *f, const char *s)
{
	for (; *s; s++) {
		if (*s == '|' || *s == '\\')
			fputc('\\', f);
		fputc(*s, f);
	}
}

void record_print_docs(FILE *f, const struct record_type *const *types)
{
	for (size_t i = 0; types[i]; i++) {
		const struct record_type *type = types[i];

		fprintf(f, "%s## `%s` version %u\n\n", i ? "\n" : "", type->name, type->version);
		print_cell(f, type->meaning);
		fputs("\n\n| field | unit | JSON | meaning |\n|---|---|---|---|\n", f);
		for (size_t j = 0; j < type->n_fields; j++) {
			const struct field *field = &type->fields[j];

			fprintf(f, "| `%s` | %s | %s | ", field->name, field->unit,
				type_word(field->type));
			print_cell(f, field->meaning);
			fputs(" |\n", f);
		}
	}
}

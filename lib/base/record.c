/* SPDX-License-Identifier: GPL-2.0-only */
/* record.c - tables of fields: missing values, documents, and the end record. */
#include "record.h"

#include <math.h>

static const struct field end_fields[] = {
	FIELD(struct end_record, seen, FIELD_U64, "events",
	      "events or records that the program produced: emitted + filtered + dropped; with "
	      "--summary also the events that the summary counts"),
	FIELD(struct end_record, emitted, FIELD_U64, "events", "records printed"),
	FIELD(struct end_record, filtered, FIELD_U64, "events",
	      "excluded by a filter, by --sample or after --max-events; scan: pages not sampled"),
	FIELD(struct end_record, dropped, FIELD_U64, "events",
	      "lost: a buffer was full, or a write failed; scan: sampled pages that could not be "
	      "read"),
	FIELD(struct end_record, missed, FIELD_U64, "events",
	      "events for which the kernel skipped the BPF program"),
	FIELD(struct end_record, unmatched, FIELD_U64, "events",
	      "completions without a recorded start: not timed"),
	FIELD(struct end_record, reason, FIELD_STRING, "",
	      "why the stream ended: done, duration (--duration), signal, reader (the reader "
	      "closed the pipe) or partial (the output is incomplete)"),
};

const struct record_type end_record_type = RECORD_TYPE(
	"end", 1, RECORD_LINE, end_fields,
	"the last record of a stream: counts of its events, and the reason for its end");

static const uint64_t missing_u64 = MISSING_U64;
static const int64_t missing_i64 = MISSING_I64;
static const double missing_f64 = MISSING_F64;

/* What a type is called in documents, and its missing value of 8 bytes; NULL: none, or all zero. */
static const struct {
	const char *name;
	const void *missing;
} field_types[] = {
	[FIELD_U64] = { "whole number", &missing_u64 },
	[FIELD_I64] = { "signed whole number", &missing_i64 },
	[FIELD_F64] = { "number", &missing_f64 },
	[FIELD_U32] = { "whole number", NULL },
	[FIELD_HEX] = { "\"0x\" string", NULL },
	[FIELD_BOOL] = { "true or false", NULL },
	[FIELD_STRING] = { "string", NULL },
	[FIELD_CHARS] = { "string", NULL },
	[FIELD_UTC] = { "ISO 8601 string", &missing_u64 },
	[FIELD_SERIES] = { "array of numbers", NULL },
};

bool record_missing(const struct field *field, const void *record)
{
	const void *at = (const char *)record + field->offset;
	const void *missing = field_types[field->type].missing;

	if (field->type == FIELD_F64)
		return isnan(*(const double *)at);
	if (field->type == FIELD_STRING)
		return !*(const char *const *)at;
	if (field->type == FIELD_SERIES)
		return !((const struct series *)at)->values;
	return missing && memcmp(at, missing, sizeof(uint64_t)) == 0;
}

void record_clear(const struct record_type *type, void *record)
{
	for (size_t i = 0; i < type->n_fields; i++) {
		const struct field *field = &type->fields[i];
		void *at = (char *)record + field->offset;

		memset(at, 0, field->size);
		if (field_types[field->type].missing)
			memcpy(at, field_types[field->type].missing, sizeof(uint64_t));
	}
}

uint64_t record_epoch_ns(uint64_t monotonic)
{
	static uint64_t offset_ns;

	if (!offset_ns) {
		uint64_t before = monotonic_ns();
		uint64_t wall = clock_ns(CLOCK_REALTIME);

		offset_ns = wall - (before + (monotonic_ns() - before) / 2);
	}
	return monotonic + offset_ns;
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
				field_types[field->type].name);
			print_cell(f, field->meaning);
			fputs(" |\n", f);
		}
	}
}

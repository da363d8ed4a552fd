/* SPDX-License-Identifier: GPL-2.0-only */
/* record.h - a record type is a const table of fields: what is printed is declared once.
 *
 * From the table come text, JSON and CSV (out.h), reading back (record_json.h), SQLite columns
 * (results.h), --help=fields and docs/metrics.md.
 */
#ifndef COLDPRESS_BASE_RECORD_H
#define COLDPRESS_BASE_RECORD_H

#include "base.h"

enum field_type {
	FIELD_U64,    /* uint64_t; MISSING_U64 = missing */
	FIELD_I64,    /* int64_t; MISSING_I64 = missing */
	FIELD_F64,    /* double; NaN = missing */
	FIELD_U32,    /* uint32_t; never missing */
	FIELD_HEX,    /* uint64_t; text and JSON "0x..." (a JSON string: doubles cannot hold it) */
	FIELD_BOOL,   /* bool */
	FIELD_STRING, /* const char *; NULL = missing; any bytes, escaped by the sink */
	FIELD_CHARS,  /* char[size]: text up to NUL or size; any bytes, escaped by the sink */
	FIELD_UTC,    /* uint64_t, ns of CLOCK_MONOTONIC; written as wall clock (record_epoch_ns) */
	FIELD_SERIES, /* struct series: a JSON array of numbers; .values NULL = missing */
};

struct series {
	const double *values;
	size_t n;
};

struct field {
	const char *name; /* snake_case, the unit its last word; not "type" or "v" */
	const char *unit; /* "bytes", "ns", "pages", "ratio", ""; for docs */
	enum field_type type;
	size_t offset, size;
	const char *meaning; /* one line, for docs/metrics.md */
	int decimals; /* F64: digits after the point in text, 0 = 3, -1 = none; JSON is exact */
};

#define FIELD(s, m, t, u, what, ...) \
	{ \
		.name = #m, .unit = (u), .type = (t), .offset = offsetof(s, m), \
		.size = sizeof(((s *)0)->m), .meaning = (what), ##__VA_ARGS__ \
	}

enum record_style {
	RECORD_LINE,  /* text: `type key=value key=value` on one line */
	RECORD_TABLE, /* text: column names once, then rows */
	RECORD_CARD,  /* text: one `key  value unit` a line */
};

struct record_type {
	const char *name;     /* JSON "type" */
	unsigned int version; /* JSON "v"; grows when a field changes its meaning or is removed */
	enum record_style style;
	const char *meaning; /* one line, for docs */
	const struct field *fields;
	size_t n_fields;
};

#define RECORD_TYPE(n, v, st, fs, what) \
	{ \
		.name = (n), .version = (v), .style = (st), .fields = (fs), \
		.n_fields = ARRAY_SIZE(fs), .meaning = (what) \
	}

/* The last line of every stream. */
struct end_record {
	uint64_t seen, emitted, filtered,
		dropped;            /* events; seen = emitted + filtered + dropped (+ aggregated) */
	uint64_t missed, unmatched; /* MISSING_U64 where the program has no such thing */
	const char *reason;         /* "done", "duration", "signal", "reader", "partial" */
};
extern const struct record_type end_record_type;

/* record_missing - whether a field of this record holds the missing value of its type. */
bool record_missing(const struct field *field, const void *record);

/* record_clear - every field to the missing value of its type, or to zero where the type has none.
 * Members that are not fields stay.
 */
void record_clear(const struct record_type *type, void *record);

/* record_epoch_ns - the wall clock, in ns since 1970, at a moment of CLOCK_MONOTONIC. The two are
 * compared once a run, so that setting the clock moves no times of one run apart.
 */
uint64_t record_epoch_ns(uint64_t monotonic_ns);

/* record_print_docs - the fields of these types (ends with NULL) as Markdown. */
void record_print_docs(FILE *f, const struct record_type *const *types);

#endif

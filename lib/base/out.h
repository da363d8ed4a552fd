/* SPDX-License-Identifier: GPL-2.0-only */
/* out.h - sinks: records as text, JSON lines or CSV, on stdout or into a file.
 *
 * Strings may be hostile: control bytes and invalid UTF-8 are \xHH in text and CSV; in JSON
 * controls (C1 and DEL too) are \u00HH and invalid bytes U+FFFD.
 */
#ifndef COLDPRESS_BASE_OUT_H
#define COLDPRESS_BASE_OUT_H

#include "err.h"
#include "opt.h"
#include "record.h"

enum out_format { OUT_TEXT, OUT_JSON, OUT_CSV };

struct out; /* opaque: buffer, descriptor, format, which heads were printed */

/* out_new - path NULL or "-" is stdout. A file is written beside itself and renamed by out_close,
 * so that a full disk or a crash leaves the earlier one unchanged: for a result that is of use as a
 * whole only.
 */
int out_new(struct out **ret, enum out_format format, const char *path, struct err *e);

/* out_new_stream - for records that come over a long time, each of use alone: the first flush puts
 * the file in place of an earlier one, and what was flushed stays, whatever ends the program. A
 * kill leaves no end record. On a full disk the file is cut back to whole records, the end record
 * says how many are in it, with the reason "partial", and goes to stderr too.
 */
int out_new_stream(struct out **ret, enum out_format format, const char *path, struct err *e);

/* out_open - out_new with a program's common options; also sets the level of messages on stderr. */
int out_open(struct out **ret, const struct opt_output *options, struct err *e);

/* out_select - only these fields, in this order; NULL: all. An unknown name is a usage error. */
int out_select(struct out *out, const struct record_type *type, const struct opt_list *names,
	       struct err *e);

/* out_select_any - out_select for each of the types (ends with NULL) that has all of these fields,
 * but not the end record. Where none has them: the usage error of the first.
 */
int out_select_any(struct out *out, const struct record_type *const *types,
		   const struct opt_list *names, struct err *e);

/* The time in records that have a field ts_ns (CLOCK_MONOTONIC). */
enum out_time {
	OUT_TIME_MONOTONIC, /* ts_ns, as declared */
	OUT_TIME_UTC,       /* `time` as first field, the wall clock in ISO 8601 */
	OUT_TIME_BOTH,      /* `time` first, and ts_ns */
};

/* out_set_time - before out_select and the first record. */
void out_set_time(struct out *out, enum out_time time);

/* out_record - one record. An error is returned by every later call, too (-EPIPE: the reader is
 * gone). On a terminal each record is flushed. Text and CSV are one table: there the end record
 * goes to stderr, and only where events were lost.
 */
int out_record(struct out *out, const struct record_type *type, const void *record);

/* out_line - a line of text, for formats that the specification fixes; nothing in JSON and CSV. */
int out_line(struct out *out, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* out_flush - writes the buffer; streams call it once per drain, not per record. */
int out_flush(struct out *out);

/* out_close - flushes; a file is synced, and renamed where it is not yet. -EPIPE is 0. */
int out_close(struct out *out, struct err *e);

/* out_discard - instead of out_close after a failure: the earlier file stays, of a stream what was
 * flushed. NULL-safe. */
void out_discard(struct out *out);

static inline void out_discard_(struct out **out)
{
	out_discard(*out);
}

/* For a sink that is set to NULL once it was closed. */
#define AUTO_OUT __attribute__((cleanup(out_discard_)))

/* out_escape - safe for a terminal, into buf, terminated; cut with "..." where too long. */
const char *out_escape(const char *bytes, size_t n, char *buf, size_t len);

#endif

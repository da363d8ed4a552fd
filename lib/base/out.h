/* SPDX-License-Identifier: GPL-2.0-only */
/* out.h - sinks: records as text, JSON lines or CSV, on stdout or into a file.
 *
 * The only place of the library that prints. Strings are hostile: text and CSV get control bytes
 * and invalid UTF-8 as \xHH, JSON gets \u00HH for controls (C1 and DEL too) and U+FFFD for invalid
 * bytes.
 */
#ifndef COLDPRESS_BASE_OUT_H
#define COLDPRESS_BASE_OUT_H

#include "err.h"
#include "opt.h"
#include "record.h"

enum out_format { OUT_TEXT, OUT_JSON, OUT_CSV };

struct out; /* opaque: buffer, descriptor, format, which heads were printed */

/* out_new - path NULL or "-" is stdout. A file is written beside itself and renamed by out_close,
 * so that a full disk or a crash leaves an earlier result as it was.
 */
int out_new(struct out **ret, enum out_format format, const char *path, struct err *e);

/* out_select - only these fields, in this order ("pid,comm"); NULL = all. Unknown names are a usage
 * error. */
int out_select(struct out *out, const struct record_type *type, const struct opt_list *names,
	       struct err *e);

/* out_select_any - the same for each of the types, NULL at the end, that has all of these fields;
 * never the end record. That none has is the first one's usage error.
 */
int out_select_any(struct out *out, const struct record_type *const *types,
		   const struct opt_list *names, struct err *e);

/* What stands for the moment in records that have a field ts_ns (CLOCK_MONOTONIC). */
enum out_time {
	OUT_TIME_MONOTONIC, /* ts_ns, as declared */
	OUT_TIME_UTC,       /* `time` as their first field, the wall clock in ISO 8601; ts_ns by
			       out_select */
	OUT_TIME_BOTH,      /* `time` first, and ts_ns */
};

/* out_set_time - before out_select and the first record. */
void out_set_time(struct out *out, enum out_time time);

/* out_record - one record. Errors stick and are returned by every later call (-EPIPE: the reader
 * went away). On a terminal each record is flushed. A stream of text or CSV is one table, so there
 * the end record is not in it: it goes to stderr, and only when it has a loss to tell.
 */
int out_record(struct out *out, const struct record_type *type, const void *record);

/* out_line - a ready-made line of text for formats that the specification fixes; nothing in JSON
 * and CSV. */
int out_line(struct out *out, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* out_flush - hands the buffer to the kernel; streams call it once per drain, not per record. */
int out_flush(struct out *out);

/* out_close - flush, fsync and rename where it is a file; frees. e says what failed, on what.
 * -EPIPE is 0. */
int out_close(struct out *out, struct err *e);

/* out_discard - instead of out_close, where the work failed: an earlier file stays. NULL-safe. */
void out_discard(struct out *out);

static inline void out_discard_(struct out **out)
{
	out_discard(*out);
}

/* For a sink that is set to NULL once it was closed. */
#define AUTO_OUT __attribute__((cleanup(out_discard_)))

/* out_escape - text safe for a terminal, into buf, always terminated, cut with "..." where too
 * long. */
const char *out_escape(const char *bytes, size_t n, char *buf, size_t len);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* trace.h - the classes of the pages that were read, in the order of their addresses, into a file:
 * no contents. */
#ifndef COLDPRESS_MONITOR_TRACE_H
#define COLDPRESS_MONITOR_TRACE_H

#include "lib/kernel/page.h"
#include "lib/base/record.h"

struct trace;

struct page_trace_record {
	uint64_t pages, page_bytes;
};

/* Pages one after the other in the trace that are of one class. */
struct page_run_record {
	const char *class;
	uint64_t pages, lz4_bytes;
};

extern const struct record_type page_trace_type, page_run_type;

/* trace_new - path is made now, beside an earlier one, which is replaced when trace_close has
 * written it all. NULL: a part, of one thread, for trace_join.
 */
int trace_new(struct trace **ret, const char *path, struct err *e);
void trace_free(struct trace *trace); /* NULL-safe; without trace_close nothing is left behind */

/* trace_add - a page that was read. -ENOMEM. */
int trace_add(struct trace *trace, const struct page_ref *ref, enum page_class class,
	      const void *page);

/* trace_join - adds the pages of `from`, and takes them from it. -ENOMEM. */
int trace_join(struct trace *into, struct trace *from);

/* trace_close - writes it; partial says in the end record that not all was read. */
int trace_close(struct trace *trace, bool partial, struct err *e);

#endif

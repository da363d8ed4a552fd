/* SPDX-License-Identifier: GPL-2.0-only */
/* trace.h - the page-class trace: classes of the sampled pages in address order, without contents.
 */
#ifndef COLDPRESS_MONITOR_TRACE_H
#define COLDPRESS_MONITOR_TRACE_H

#include "lib/kernel/page.h"
#include "lib/base/record.h"

struct trace;

struct page_trace_record {
	uint64_t pages, page_bytes;
};

/* Consecutive pages of one class. */
struct page_run_record {
	const char *class;
	uint64_t pages, lz4_bytes;
};

extern const struct record_type page_trace_type, page_run_type;

/* trace_new - writes to a temporary file, which replaces path in trace_close. path NULL: the part
 * of one thread, for trace_join.
 */
int trace_new(struct trace **ret, const char *path, struct err *e);
void trace_free(struct trace *trace); /* NULL-safe; without trace_close no file is left */

/* trace_add - a page that was read. -ENOMEM. */
int trace_add(struct trace *trace, const struct page_ref *ref, enum page_class class,
	      const void *page);

/* trace_join - moves the pages of `from`. -ENOMEM. */
int trace_join(struct trace *into, struct trace *from);

/* trace_close - writes it; partial: the end record says so. */
int trace_close(struct trace *trace, bool partial, struct err *e);

#endif

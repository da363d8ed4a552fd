/* SPDX-License-Identifier: GPL-2.0-only */
/* trace.h - a recorded page-class trace (`compressor_monitor scan --record FILE`): what pages to
 * make, one by one. */
#ifndef COLDPRESS_WORKLOADS_GEN_TRACE_H
#define COLDPRESS_WORKLOADS_GEN_TRACE_H

#include "lib/analysis/mixture.h"

/* Neighbours of one class, which compress alike on average. */
struct trace_run {
	enum mixture_kind kind;
	uint64_t lz4_bytes; /* MISSING_U64 = what pages of the kind come to */
	uint64_t end_page;  /* of all pages of the trace, the first that is none of these */
};

struct trace {
	struct trace_run *runs;
	size_t n, allocated;
	uint64_t pages;
};

/* trace_read - the whole file. trace_done gives back what it took.
 *
 * errors  -EBADMSG it is no trace, or is cut off: which line
 */
int trace_read(const char *path, struct trace *ret, struct err *e);
void trace_done(struct trace *trace);

/* trace_run_of - the run of a page; index < pages. */
const struct trace_run *trace_run_of(const struct trace *trace, uint64_t index);

#endif

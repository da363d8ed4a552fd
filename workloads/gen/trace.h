/* SPDX-License-Identifier: GPL-2.0-only */
/* trace.h - a page-class trace, as `compressor_monitor scan --record FILE` writes it. */
#ifndef COLDPRESS_WORKLOADS_GEN_TRACE_H
#define COLDPRESS_WORKLOADS_GEN_TRACE_H

#include "lib/analysis/mixture.h"

/* Consecutive pages of one class with the same mean compressed size. */
struct trace_run {
	enum mixture_kind kind;
	uint64_t lz4_bytes; /* MISSING_U64 = as pages of this kind compress */
	uint64_t end_page;  /* number of the first page after the run */
};

struct trace {
	struct trace_run *runs;
	size_t n, allocated;
	uint64_t pages;
};

/* trace_read - the whole file; trace_done frees it.
 *
 * errors  -EBADMSG not a trace, or incomplete, with the line
 */
int trace_read(const char *path, struct trace *out, struct err *e);
void trace_done(struct trace *trace);

/* trace_run_of - the run of a page; index < pages. */
const struct trace_run *trace_run_of(const struct trace *trace, uint64_t index);

#endif

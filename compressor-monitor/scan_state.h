/* SPDX-License-Identifier: GPL-2.0-only */
/* scan_state.h - a running scan, shared by scan.c, scan_target.c and scan_read.c. */
#ifndef COLDPRESS_MONITOR_SCAN_STATE_H
#define COLDPRESS_MONITOR_SCAN_STATE_H

#include "duplicates.h"
#include "freeze.h"
#include "measure.h"
#include "lib/pool/pages.h"
#include "scan_result.h"
#include "lib/base/term.h"
#include "trace.h"

struct scan {
	const struct scan_config *config;
	struct opt_list codecs;
	struct page_source *sources;
	size_t n_sources, n_vanished; /* vanished: listed, but ended before they were opened */
	size_t n_forbidden;           /* of other users: no permission */
	struct page_set set;
	struct page_census census;
	struct page_sample sample;
	struct zsmalloc_model model;
	struct measure *measure; /* of all threads */
	struct duplicates *duplicates;
	struct pool_pages pool; /* if one is scanned */
	bool pool_changed;      /* until its owners were resumed */
	struct freeze freeze;
	size_t n_stopped;
	uint64_t stopped_at_ns; /* 0 = none */
	struct trace *trace;    /* NULL = none */
	struct scan_worker *workers;
	size_t n_workers;
	double half_width_ratio; /* of --precision; 0 = the number of pages is given */
	bool stopped;
};

/* scan_open_target - opens the target, stops the owners of a pool, and describes the target in
 * name. */
int scan_open_target(struct scan *s, char *name, size_t len, struct err *e);
void scan_close_sources(struct scan *s);

/* scan_threads - --threads, else one for each allowed CPU. */
size_t scan_threads(const struct scan_config *config);

/* scan_read_begin - sets up the threads' codecs, once the pages are drawn; scan_read_done frees
 * them. */
int scan_read_begin(struct scan *s, struct err *e);
void scan_read_done(struct scan *s);

/* scan_read_range - reads and measures the drawn pages from `from` to before `to`, on all threads;
 * results do not depend on their number. Measurements go to s->measure, counts to ret. Sets
 * s->stopped after a signal.
 */
int scan_read_range(struct scan *s, size_t from, size_t to, struct term_progress *progress,
		    struct scan_result *ret, struct err *e);

#endif

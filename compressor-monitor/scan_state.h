/* SPDX-License-Identifier: GPL-2.0-only */
/* scan_state.h - a scan while it runs, for its three files: scan.c leads, scan_target.c opens,
 * scan_read.c reads. */
#ifndef COLDPRESS_MONITOR_SCAN_STATE_H
#define COLDPRESS_MONITOR_SCAN_STATE_H

#include "duplicates.h"
#include "freeze.h"
#include "measure.h"
#include "lib/pool/pages.h"
#include "scan.h"
#include "lib/base/term.h"
#include "trace.h"

struct scan {
	const struct scan_config *config;
	struct opt_list codecs;
	struct page_source *sources;
	size_t n_sources,
		n_vanished; /* vanished: listed by the cgroup, but gone before they were opened */
	size_t n_forbidden; /* of other users: may not be read */
	struct page_set set;
	struct page_census census;
	struct page_sample sample;
	struct zsmalloc_model model;
	struct measure *measure; /* of all that was read */
	struct duplicates *duplicates;
	struct pool_pages pool; /* where one is scanned */
	bool pool_changed;      /* until its owners went on */
	struct freeze freeze;
	size_t n_stopped;
	uint64_t stopped_at_ns; /* 0 = nobody is */
	struct trace *trace;    /* NULL = not asked for */
	struct scan_worker *workers;
	size_t n_workers;
	double half_width_ratio; /* wanted; 0 = the number of pages is given */
	bool stopped;
};

/* scan_open_target - opens what the configuration names, stops the owners of a pool, and says in
 * name what it is. */
int scan_open_target(struct scan *s, char *name, size_t len, struct err *e);
void scan_close_sources(struct scan *s);

/* scan_threads - as many as were asked for, else one for each CPU that we may run on. */
size_t scan_threads(const struct scan_config *config);

/* scan_read_begin - sets up the threads' codecs, once the pages are drawn; scan_read_done lets go
 * of them. */
int scan_read_begin(struct scan *s, struct err *e);
void scan_read_done(struct scan *s);

/* scan_read_range - reads and measures the drawn pages from `from` to before `to`, on all threads:
 * what is counted does not depend on how many they are. Figures go to s->measure, counts to ret.
 * Sets s->stopped after a signal.
 */
int scan_read_range(struct scan *s, size_t from, size_t to, struct term_progress *progress,
		    struct scan_result *ret, struct err *e);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* scan.h - configuration and result of a page scan.
 *
 * scan.c runs it, scan_target.c opens the target, scan_read.c reads the pages, measure.c runs them
 * through the codecs; lib/results/scan_records.c declares the records.
 */
#ifndef COLDPRESS_MONITOR_SCAN_H
#define COLDPRESS_MONITOR_SCAN_H

#include "lib/base/opt.h"
#include "lib/kernel/page.h"
#include "lib/kernel/zsmalloc.h"
#include "lib/results/scan_records.h"

#define SCAN_CODECS_MAX 64
#define SCAN_BIN_BYTES  64
#define SCAN_BINS \
	(PAGE_BYTES / SCAN_BIN_BYTES + 1) /* the first: same-filled; the last: and longer */

struct scan_config {
	struct opt_list pids, include, codecs;
	pid_t tree; /* this process and its descendants; 0 = not given */
	const char *cgroup, *file;
	const char *zram; /* a pool; pids, tree or cgroup are then stopped, not scanned */
	uint64_t pages, seed, chain; /* chain MISSING_U64 = the running kernel's */
	uint64_t threads;            /* MISSING_U64 = one for each allowed CPU */
	const char *record;          /* write a page-class trace here; NULL = none */
	const char *precision;       /* "1pt"; NULL = as `pages` says */
	bool all, system, estimate;
	int by; /* enum scan_by; -1 = not asked for */
};

enum scan_by { SCAN_BY_KIND, SCAN_BY_MAPPING };
extern const char *const scan_by_choices[];

struct scan_result {
	struct scan_class_record classes[PAGE_CLASSES];
	struct scan_codec_record codecs[SCAN_CODECS_MAX];
	/* pages 0 where a class has none */
	struct scan_codec_record by_class[PAGE_CLASSES][SCAN_CODECS_MAX];
	struct rank_group groups[SCAN_CODECS_MAX][RANK_GROUPS];
	uint64_t bins[SCAN_CODECS_MAX][SCAN_BINS];
	struct scan_estimate_record
		estimates[SCAN_CODECS_MAX]; /* n_codecs of them, where asked for */
	size_t n_codecs;
	struct scan_mapping_record
		*mappings; /* kinds first; by their pages, then the order of the codecs */
	size_t n_mappings;
	struct page_strata strata;
	struct scan_summary_record summary;
	bool failed; /* a page did not decompress to its original */
	bool whole;  /* the results are complete, even if the trace could not be written */
	char target[256], partial[160],
		labels[SCAN_CODECS_MAX][32]; /* what the records' strings point to */
};

/* scan_run - the whole scan. ret is large and points into itself: do not move it.
 *
 * errors  usage: no target or several, unknown codec; -ESRCH the process ended; -EACCES another
 * user's; -ENODATA no page could be read; -EINTR no page was read before a signal; exit 77 reading
 * is not permitted at all; out_close's own if the trace could not be written: ret is whole then
 */
int scan_run(const struct scan_config *config, struct scan_result *ret, struct err *e);

/* scan_result_done - frees what scan_run allocated; safe after a failure, and for a zeroed result.
 */
void scan_result_done(struct scan_result *result);

#endif

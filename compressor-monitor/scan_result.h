/* SPDX-License-Identifier: GPL-2.0-only */
/* scan_result.h - configuration and result of a page scan: what its parts share. */
#ifndef COLDPRESS_MONITOR_SCAN_RESULT_H
#define COLDPRESS_MONITOR_SCAN_RESULT_H

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

#endif

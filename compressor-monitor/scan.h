/* SPDX-License-Identifier: GPL-2.0-only */
/* scan.h - what a scan is asked and what it answers.
 *
 * scan.c leads, scan_target.c opens, scan_read.c reads the pages, measure.c runs them through the
 * codecs, records.c declares what is printed. The records are the JSON that other programs of ours
 * read.
 */
#ifndef COLDPRESS_MONITOR_SCAN_H
#define COLDPRESS_MONITOR_SCAN_H

#include "lib/base/opt.h"
#include "lib/kernel/page.h"
#include "lib/base/record.h"
#include "lib/kernel/zsmalloc.h"

#define SCAN_CODECS_MAX 64
#define SCAN_BIN_BYTES  64
#define SCAN_BINS \
	(PAGE_BYTES / SCAN_BIN_BYTES + 1) /* the first: same-filled; the last: and longer */

struct scan_config {
	struct opt_list pids, include, codecs;
	pid_t tree; /* this process and all that descend from it; 0 = not given */
	const char *cgroup, *file;
	const char *zram; /* a pool of ours; pids, tree or cgroup are then stopped, not scanned */
	uint64_t pages, seed, chain; /* chain MISSING_U64 = the running kernel's */
	uint64_t threads;            /* MISSING_U64 = one for each CPU that we may run on */
	const char *record;          /* write a page-class trace here; NULL = none */
	const char *precision;       /* "1pt"; NULL = as many as pages says */
	bool all, system, estimate;
	int by; /* enum scan_by; -1 = not asked for */
};

/* One class of content. */
struct scan_class_record {
	const char *class;
	uint64_t pages;
	double share_ratio;
};

/* One codec on the sampled pages that need one: zero and same-filled pages are not in these
 * figures. */
struct scan_codec_record {
	const char *label, *codec;
	int64_t level;
	bool heavy;
	uint64_t pages, orig_bytes, codec_bytes, stored_bytes, slot_bytes;
	double saved_codec_ratio, saved_slot_ratio, saved_slot_low_ratio, saved_slot_high_ratio;
	uint64_t huge_pages;
	double compress_ns, compress_p90_ns, decompress_ns, decompress_p90_ns;
	uint64_t compress_cpu_ns, decompress_cpu_ns;
	uint64_t pool_bytes, pool_low_bytes, pool_high_bytes, pool_holes_bytes;
	uint64_t mismatched_pages;
	const char *validation;
};

/* The same for the pages of one class, in JSON only: what a decision by class takes. */
struct scan_class_codec_record {
	const char *class, *label;
	bool heavy;
	uint64_t pages, orig_bytes, codec_bytes, slot_bytes, compress_cpu_ns, decompress_cpu_ns;
	const char *validation;
};

/* Sampled pages by compressed length, in JSON only: the shape behind a codec's sum. */
struct scan_hist_record {
	const char *label, *class;
	uint64_t bin_bytes, pages;
};

/* What the estimator would have decided for a codec, against what the codec made of the same pages.
 */
struct scan_estimate_record {
	const char *label;
	uint64_t pages, rightly_taken, wrongly_taken, rightly_left, wrongly_left;
	double agree_ratio, estimate_ns, speed_ratio;
};

/* One codec on the pages of one kind, or of one mapping of that kind. */
struct scan_mapping_record {
	const char *mapping; /* NULL = all of the kind */
	const char *kind, *label;
	uint64_t pages, sampled_pages, same_pages, orig_bytes, codec_bytes, slot_bytes;
	double saved_slot_ratio;
};

struct scan_summary_record {
	const char *target;
	uint64_t population_pages, population_bytes, sampled_pages;
	uint64_t anon_pages, shmem_pages, file_pages;
	uint64_t zero_pages, same_pages, duplicate_pages;
	uint64_t swapped_pages, skipped_swapped_pages, gone_pages, again_pages;
	uint64_t seed, threads, chain;
	const char *chain_source;
	const char *partial;
	uint64_t elapsed_ns, cpu_ns;
	uint64_t accessed_pages, swapin_pages, stopped_processes, stopped_ns;
};

enum scan_by { SCAN_BY_KIND, SCAN_BY_MAPPING };
extern const char *const scan_by_choices[];

extern const struct record_type scan_mapping_type, scan_class_type, scan_codec_type,
	scan_class_codec_type, scan_hist_type, scan_estimate_type, scan_summary_type;

struct scan_result {
	struct scan_class_record classes[PAGE_CLASSES];
	struct scan_codec_record codecs[SCAN_CODECS_MAX];
	struct scan_class_codec_record by_class[PAGE_CLASSES]
					       [SCAN_CODECS_MAX]; /* pages 0 where it has none */
	uint64_t bins[SCAN_CODECS_MAX][SCAN_BINS];
	struct scan_estimate_record
		estimates[SCAN_CODECS_MAX]; /* n_codecs of them, where asked for */
	size_t n_codecs;
	struct scan_mapping_record
		*mappings; /* kinds first; by their pages, then the order of the codecs */
	size_t n_mappings;
	struct page_strata strata;
	struct scan_summary_record summary;
	bool failed; /* a codec did not give a page back as it was */
	bool whole;  /* the figures are all there, even if the trace could not be written */
	char target[256], partial[160],
		labels[SCAN_CODECS_MAX][32]; /* what the records' strings point to */
};

/* scan_run - the whole scan. ret is large and points into itself: keep it where it is.
 *
 * errors  usage: no target or several kinds, a codec there is not; -ESRCH the process ended;
 * -EACCES another user's; -ENODATA not one page could be read; -EINTR nor was, before a signal;
 * exit 77 reading is forbidden altogether; out_close's own, where the trace could not be written:
 * ret is whole then
 */
int scan_run(const struct scan_config *config, struct scan_result *ret, struct err *e);

/* scan_result_done - what scan_run allocated; safe after a failure, and for a result that is all
 * zeros. */
void scan_result_done(struct scan_result *result);

#endif

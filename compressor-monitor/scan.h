/* SPDX-License-Identifier: GPL-2.0-only */
/* scan.h - what a scan is asked and what it answers.
 *
 * scan.c fills these records from processes or a file; main.c prints them; rank.c turns the codecs of a scan
 * into candidates of the policy. The records are the JSON that other programs of ours read.
 */
#ifndef COLDPRESS_MONITOR_SCAN_H
#define COLDPRESS_MONITOR_SCAN_H

#include "codec/codec.h"
#include "opt.h"
#include "page.h"
#include "record.h"
#include "zsmalloc.h"

#define SCAN_CODECS_MAX 64

struct scan_config {
	struct opt_list pids, codecs;
	const char *cgroup, *file;
	struct opt_list include;
	uint64_t pages, seed, chain;
	bool all;
};

/* One class of content. */
struct scan_class_record {
	const char *class;
	uint64_t pages;
	double share_ratio;
};

/* One codec on the sampled pages. Zero and same-filled pages are in pages and orig_bytes and cost nothing;
 * times are over the other pages.
 */
struct scan_codec_record {
	const char *codec;		/* "zstd" */
	const char *label;		/* "zstd:3" */
	int64_t level;			/* missing where there is only one mode */
	bool heavy;
	uint64_t pages, orig_bytes;
	uint64_t codec_bytes;		/* compressed lengths as they are */
	uint64_t stored_bytes;		/* as zram counts compr_data_size: incompressible pages cost 4096 */
	uint64_t slot_bytes;		/* zram's mem_used_total for these pages in a fresh pool */
	double saved_codec_ratio, saved_slot_ratio;		/* 1 - bytes / orig_bytes */
	double saved_slot_low_ratio, saved_slot_high_ratio;	/* 95 %, for the whole population */
	uint64_t huge_pages;
	double compress_ns_per_page, compress_p90_ns_per_page;	/* medians and p90 over batches of 16 pages */
	double decompress_ns_per_page, decompress_p90_ns_per_page;
	uint64_t compress_cpu_ns, decompress_cpu_ns;	/* all sampled pages, once */
	uint64_t mismatched_pages;
	const char *validation;		/* PASS or FAIL */
	/* For the whole population: */
	double pool_low_bytes, pool_bytes, pool_high_bytes;
};

struct scan_summary_record {
	const char *target;
	uint64_t pages_present, pages_sampled, population_bytes;
	uint64_t anon_pages, shmem_pages, file_pages;
	uint64_t zero_pages, same_pages;
	uint64_t skipped_swapped_pages, gone_pages, again_pages;
	uint64_t chain;
	const char *chain_source;
	const char *partial;		/* why not all of it was read; missing when it was */
	uint64_t elapsed_ns, cpu_ns;
};

extern const struct record_type scan_class_type, scan_codec_type, scan_summary_type;

struct scan_result {
	struct scan_class_record classes[PAGE_CLASSES];
	struct scan_codec_record codecs[SCAN_CODECS_MAX];
	size_t n_codecs;
	struct scan_summary_record summary;
	bool failed;			/* a codec did not give a page back */
};

/* scan_run - the whole scan. ret's strings live until scan_done.
 *
 * errors  usage: no target, or a codec there is not; -ESRCH; exit 77 where another user's process takes rights
 */
int scan_run(const struct scan_config *config, struct scan_result *ret, struct err *e);
void scan_done(struct scan_result *result);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* scan_records.h - the records of a page scan: `compressor_monitor scan` prints them, rank and the
 * study read them.
 */
#ifndef COLDPRESS_RESULTS_SCAN_RECORDS_H
#define COLDPRESS_RESULTS_SCAN_RECORDS_H

#include "lib/analysis/rank.h"
#include "lib/base/record.h"

/* One class of content. */
struct scan_class_record {
	const char *class;
	uint64_t pages;
	double share_ratio, share_low_ratio, share_high_ratio;
};

/* One codec on the sampled pages that need one: neither zero nor same-filled. */
struct scan_codec_record {
	const char *label, *codec;
	int64_t level;
	bool heavy;
	uint64_t pages, orig_bytes, codec_bytes, stored_bytes, slot_bytes;
	double saved_codec_ratio, saved_codec_low_ratio, saved_codec_high_ratio;
	double saved_slot_ratio, saved_slot_low_ratio, saved_slot_high_ratio;
	double saved_memory_ratio, saved_memory_low_ratio, saved_memory_high_ratio;
	uint64_t huge_pages;
	double compress_ns, compress_low_ns, compress_high_ns, compress_p90_ns;
	double decompress_ns, decompress_low_ns, decompress_high_ns, decompress_p90_ns;
	uint64_t compress_cpu_ns, decompress_cpu_ns;
	uint64_t pool_bytes, pool_low_bytes, pool_high_bytes, pool_unused_bytes;
	uint64_t mismatched_pages;
	const char *validation;
};

/* The same for the pages of one page class, in JSON only: a decision by class needs it. Only some
 * fields of codec are in the record.
 */
struct scan_class_codec_record {
	const char *class;
	struct scan_codec_record codec;
};

/* One codec on a random group of the sampled pages that need one, in JSON only: from the groups
 * rank draws the sample again.
 */
struct scan_group_record {
	const char *label;
	uint64_t group;
	struct rank_group sums;
};

/* Sampled pages by compressed length, in JSON only. */
struct scan_hist_record {
	const char *label, *class;
	uint64_t bin_bytes, pages;
};

/* Predictions of the estimator (lib/analysis/estimate.h) compared with a codec. */
struct scan_estimate_record {
	const char *label;
	uint64_t pages;
	uint64_t true_compressible, false_compressible;
	uint64_t true_incompressible, false_incompressible;
	double agree_ratio, estimate_ns, speed_ratio;
};

/* One codec on the pages of one kind, or of one mapping of that kind. */
struct scan_mapping_record {
	const char *mapping; /* NULL = all of the kind */
	const char *kind, *label;
	uint64_t pages, sampled_pages, unread_pages, same_pages, orig_bytes, codec_bytes,
		slot_bytes;
	double saved_slot_ratio, saved_slot_low_ratio, saved_slot_high_ratio;
};

struct scan_summary_record {
	const char *target;
	uint64_t population_pages, population_bytes, sampled_pages;
	uint64_t anon_pages, shmem_pages, file_pages;
	uint64_t zero_pages, same_pages, duplicate_pages;
	uint64_t swapped_pages, skipped_swapped_pages, gone_pages, denied_pages, again_pages;
	uint64_t lazyfree_pages, lazyfree_mixed_pages, locked_pages, shared_zero_pages, guard_pages,
		special_pages;
	uint64_t seed, threads, chain;
	const char *chain_source;
	const char *partial;
	uint64_t elapsed_ns, cpu_ns;
	uint64_t accessed_pages, swapin_pages, stopped_processes, stopped_ns;
};

extern const struct record_type scan_class_type, scan_codec_type, scan_class_codec_type,
	scan_group_type, scan_mapping_type, scan_hist_type, scan_estimate_type, scan_summary_type;

/* scan_rank_codec - what the policy needs of a record. Strings are not copied. */
struct rank_codec scan_rank_codec(const struct scan_codec_record *record);

/* scan_rank_memory - what the policy needs to know of the memory: pages that need no codec, and how
 * many pages were not sampled.
 */
void scan_rank_memory(const struct scan_summary_record *summary, struct rank_query *ret);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* scan_records.c - the fields of a page scan's records. */
#include "scan_records.h"

#define CLASS(m, t, u, what) FIELD(struct scan_class_record, m, t, u, what)
static const struct field class_fields[] = {
	CLASS(class, FIELD_STRING, "",
	      "page class: zero, same_filled, sparse, text, pointer or other; the first that fits"),
	CLASS(pages, FIELD_U64, "pages", "sampled pages of this class"),
	CLASS(share_ratio, FIELD_F64, "ratio", "pages / sampled_pages"),
	CLASS(share_low_ratio, FIELD_F64, "ratio",
	      "lower end of the 95 % interval of the share of all present pages"),
	CLASS(share_high_ratio, FIELD_F64, "ratio",
	      "upper end; drawn pages that could not be read may be of any class"),
};
const struct record_type scan_class_type =
	RECORD_TYPE("scan_class", 2, RECORD_TABLE, class_fields, "sampled pages by page class");

#define CODEC(m, t, u, what, ...) FIELD(struct scan_codec_record, m, t, u, what, ##__VA_ARGS__)
static const struct field codec_fields[] = {
	CODEC(label, FIELD_STRING, "", "codec and level, as --codec takes it"),
	CODEC(codec, FIELD_STRING, "", "codec"),
	CODEC(level, FIELD_I64, "", "level or acceleration; missing if the codec has none"),
	CODEC(heavy, FIELD_BOOL, "", "the codec is in the heavy tier of the policy"),
	CODEC(pages, FIELD_U64, "pages",
	      "sampled pages that need a codec: neither zero nor same-filled"),
	CODEC(orig_bytes, FIELD_U64, "bytes", "pages * 4096"),
	CODEC(codec_bytes, FIELD_U64, "bytes", "sum of compressed lengths"),
	CODEC(stored_bytes, FIELD_U64, "bytes",
	      "the same, counted as zram counts compr_data_size: an incompressible page is 4096"),
	CODEC(slot_bytes, FIELD_U64, "bytes",
	      "RAM in a zram pool: sum over pages of their share of a zspage"),
	CODEC(saved_codec_ratio, FIELD_F64, "ratio", "1 - codec_bytes / orig_bytes"),
	CODEC(saved_codec_low_ratio, FIELD_F64, "ratio",
	      "lower end of the 95 % interval of saved_codec_ratio for all present pages"),
	CODEC(saved_codec_high_ratio, FIELD_F64, "ratio", "upper end of that interval"),
	CODEC(saved_slot_ratio, FIELD_F64, "ratio",
	      "1 - slot bytes / original bytes, estimated for all present pages that need a codec; "
	      "mappings are weighted by their pages; missing if more than 1 % of the pages are "
	      "unknown: not read, or of lazyfree_mixed_pages"),
	CODEC(saved_slot_low_ratio, FIELD_F64, "ratio",
	      "lower end of the 95 % interval of saved_slot_ratio, whatever is in pages of which "
	      "nothing is known"),
	CODEC(saved_slot_high_ratio, FIELD_F64, "ratio", "upper end of that interval"),
	CODEC(saved_memory_ratio, FIELD_F64, "ratio",
	      "saved share of the RAM of all present pages: as saved_slot_ratio, but zero and "
	      "same-filled pages are counted, and saved whole; missing as saved_slot_ratio"),
	CODEC(saved_memory_low_ratio, FIELD_F64, "ratio",
	      "lower end of the 95 % interval of saved_memory_ratio, as saved_slot_low_ratio"),
	CODEC(saved_memory_high_ratio, FIELD_F64, "ratio", "upper end of that interval"),
	CODEC(huge_pages, FIELD_U64, "pages", "incompressible pages, stored uncompressed"),
	CODEC(compress_ns, FIELD_F64, "ns", "thread CPU to compress one page, median of batches",
	      .decimals = -1),
	CODEC(compress_low_ns, FIELD_F64, "ns",
	      "lower end of the 95 % interval of that median; missing for fewer than 6 batches",
	      .decimals = -1),
	CODEC(compress_high_ns, FIELD_F64, "ns", "upper end of that interval", .decimals = -1),
	CODEC(compress_p90_ns, FIELD_F64, "ns", "90th percentile of batches", .decimals = -1),
	CODEC(decompress_ns, FIELD_F64, "ns",
	      "thread CPU to decompress one compressible page, median of batches", .decimals = -1),
	CODEC(decompress_low_ns, FIELD_F64, "ns",
	      "lower end of the 95 % interval of that median; missing for fewer than 6 batches",
	      .decimals = -1),
	CODEC(decompress_high_ns, FIELD_F64, "ns", "upper end of that interval", .decimals = -1),
	CODEC(decompress_p90_ns, FIELD_F64, "ns", "90th percentile of batches", .decimals = -1),
	CODEC(compress_cpu_ns, FIELD_U64, "ns", "thread CPU to compress all these pages once"),
	CODEC(decompress_cpu_ns, FIELD_U64, "ns",
	      "thread CPU to decompress the compressible ones once"),
	CODEC(pool_bytes, FIELD_U64, "bytes",
	      "zram's mem_used_total if all present pages were in the pool; missing as "
	      "saved_slot_ratio"),
	CODEC(pool_low_bytes, FIELD_U64, "bytes", "lower end of the 95 % interval of pool_bytes"),
	CODEC(pool_high_bytes, FIELD_U64, "bytes", "upper end of that interval"),
	CODEC(pool_unused_bytes, FIELD_U64, "bytes",
	      "unused objects in zspages, on average, once pages enter and leave the pool; "
	      "mem_used_total is pool_bytes plus this until compaction"),
	CODEC(mismatched_pages, FIELD_U64, "pages",
	      "pages that did not decompress to their original"),
	CODEC(validation, FIELD_STRING, "", "PASS, or FAIL if mismatched_pages is above 0"),
};
const struct record_type scan_codec_type =
	RECORD_TYPE("scan_codec", 3, RECORD_TABLE, codec_fields,
		    "one codec on the sampled pages that need one");

#define CC(m, t, u, what) \
	{ \
		.name = #m, .unit = (u), .type = (t), \
		.offset = offsetof(struct scan_class_codec_record, codec.m), \
		.size = sizeof(((struct scan_codec_record *)0)->m), .meaning = (what) \
	}
static const struct field class_codec_fields[] = {
	FIELD(struct scan_class_codec_record, class, FIELD_STRING, "",
	      "page class: sparse, text, pointer or other"),
	CC(label, FIELD_STRING, "", "codec and level"),
	CC(heavy, FIELD_BOOL, "", "the codec is in the heavy tier of the policy"),
	CC(pages, FIELD_U64, "pages", "sampled pages of this class"),
	CC(orig_bytes, FIELD_U64, "bytes", "pages * 4096"),
	CC(codec_bytes, FIELD_U64, "bytes", "sum of compressed lengths"),
	CC(slot_bytes, FIELD_U64, "bytes", "RAM in a zram pool"),
	CC(compress_cpu_ns, FIELD_U64, "ns", "thread CPU to compress these pages once"),
	CC(decompress_cpu_ns, FIELD_U64, "ns",
	   "thread CPU to decompress the compressible ones once"),
	CC(validation, FIELD_STRING, "",
	   "PASS, or FAIL if any page of the scan did not decompress to its original"),
};
const struct record_type scan_class_codec_type =
	RECORD_TYPE("scan_class_codec", 1, RECORD_TABLE, class_codec_fields,
		    "one codec on the pages of one page class");

#define GROUP(m, u, what) \
	{ \
		.name = #m, .unit = (u), .type = FIELD_U64, \
		.offset = offsetof(struct scan_group_record, sums.m), .size = sizeof(uint64_t), \
		.meaning = (what) \
	}
static const struct field group_fields[] = {
	FIELD(struct scan_group_record, label, FIELD_STRING, "", "codec and level"),
	FIELD(struct scan_group_record, group, FIELD_U64, "",
	      "0 to 31: sampled pages that need a codec are put into groups at random, the same "
	      "for "
	      "every codec"),
	GROUP(orig_bytes, "bytes", "pages * 4096"),
	GROUP(codec_bytes, "bytes", "sum of compressed lengths"),
	GROUP(slot_bytes, "bytes", "RAM in a zram pool"),
	GROUP(compress_cpu_ns, "ns", "thread CPU to compress these pages once"),
	GROUP(decompress_cpu_ns, "ns", "thread CPU to decompress the compressible ones once"),
};
const struct record_type scan_group_type =
	RECORD_TYPE("scan_group", 1, RECORD_TABLE, group_fields,
		    "one codec on a random group of the sampled pages");

#define MAPPING(m, t, u, what) FIELD(struct scan_mapping_record, m, t, u, what)
static const struct field mapping_fields[] = {
	MAPPING(mapping, FIELD_STRING, "",
		"name in /proc/PID/maps, [anon] if it has none; missing: all mappings of the kind"),
	MAPPING(kind, FIELD_STRING, "",
		"anon (with modified copies of private file pages), shmem, file; swapped: in a "
		"pool"),
	MAPPING(label, FIELD_STRING, "", "codec and level"),
	MAPPING(pages, FIELD_U64, "pages", "present pages"),
	MAPPING(sampled_pages, FIELD_U64, "pages", "pages drawn and read"),
	MAPPING(unread_pages, FIELD_U64, "pages", "pages drawn that could not be read"),
	MAPPING(same_pages, FIELD_U64, "pages",
		"sampled pages that are zero or same-filled: not in the fields that follow"),
	MAPPING(orig_bytes, FIELD_U64, "bytes", "(sampled_pages - same_pages) * 4096"),
	MAPPING(codec_bytes, FIELD_U64, "bytes", "sum of compressed lengths"),
	MAPPING(slot_bytes, FIELD_U64, "bytes", "RAM in a zram pool"),
	MAPPING(saved_slot_ratio, FIELD_F64, "ratio",
		"1 - slot bytes / original bytes, estimated for its pages that need a codec"),
	MAPPING(saved_slot_low_ratio, FIELD_F64, "ratio",
		"lower end of the 95 % interval of saved_slot_ratio"),
	MAPPING(saved_slot_high_ratio, FIELD_F64, "ratio", "upper end of that interval"),
};
const struct record_type scan_mapping_type =
	RECORD_TYPE("scan_mapping", 2, RECORD_TABLE, mapping_fields,
		    "one codec on one kind of memory or one mapping");

#define HIST(m, t, u, what) FIELD(struct scan_hist_record, m, t, u, what)
static const struct field hist_fields[] = {
	HIST(label, FIELD_STRING, "", "codec and level"),
	HIST(class, FIELD_STRING, "", "same_filled (with zero pages), or coded"),
	HIST(bin_bytes, FIELD_U64, "bytes",
	     "upper end of a bin of 64 compressed bytes; the bin of 4096 has longer ones too"),
	HIST(pages, FIELD_U64, "pages", "sampled pages in this bin"),
};
const struct record_type scan_hist_type = RECORD_TYPE("scan_hist", 1, RECORD_TABLE, hist_fields,
						      "sampled pages by compressed length");

#define ESTIMATE(m, t, u, what) FIELD(struct scan_estimate_record, m, t, u, what)
static const struct field estimate_fields[] = {
	ESTIMATE(label, FIELD_STRING, "", "codec and level"),
	ESTIMATE(pages, FIELD_U64, "pages", "sampled pages that need a codec"),
	ESTIMATE(true_compressible, FIELD_U64, "pages",
		 "estimated compressible, and compressible: true positives"),
	ESTIMATE(false_compressible, FIELD_U64, "pages",
		 "estimated compressible, but incompressible: CPU time wasted"),
	ESTIMATE(true_incompressible, FIELD_U64, "pages",
		 "estimated incompressible, and incompressible: true negatives"),
	ESTIMATE(false_incompressible, FIELD_U64, "pages",
		 "estimated incompressible, but compressible: savings lost"),
	ESTIMATE(agree_ratio, FIELD_F64, "ratio",
		 "(true_compressible + true_incompressible) / pages"),
	ESTIMATE(estimate_ns, FIELD_F64, "ns", "thread CPU to estimate one page, mean"),
	ESTIMATE(speed_ratio, FIELD_F64, "ratio",
		 "the codec's time to compress these pages / the estimator's time"),
};
const struct record_type scan_estimate_type =
	RECORD_TYPE("scan_estimate", 2, RECORD_TABLE, estimate_fields,
		    "predictions of the estimator compared with a codec, page by page");

#define SUMMARY(m, t, u, what) FIELD(struct scan_summary_record, m, t, u, what)
static const struct field summary_fields[] = {
	SUMMARY(target, FIELD_STRING, "", "what was scanned"),
	SUMMARY(population_pages, FIELD_U64, "pages",
		"present pages of the requested kinds that reclaim could move, each counted once"),
	SUMMARY(population_bytes, FIELD_U64, "bytes", "population_pages * 4096"),
	SUMMARY(sampled_pages, FIELD_U64, "pages", "pages drawn and read"),
	SUMMARY(anon_pages, FIELD_U64, "pages",
		"present private pages that reclaim could swap out, and "
		"lazyfree_mixed_pages"),
	SUMMARY(shmem_pages, FIELD_U64, "pages", "present pages of tmpfs and shared memory"),
	SUMMARY(file_pages, FIELD_U64, "pages", "present pages of other files: never swapped"),
	SUMMARY(zero_pages, FIELD_U64, "pages",
		"sampled pages of zeros: no slot in zram, and from Linux 6.12 not written to swap"),
	SUMMARY(same_pages, FIELD_U64, "pages",
		"sampled pages that repeat one 8-byte word other than 0: no slot in zram"),
	SUMMARY(duplicate_pages, FIELD_U64, "pages",
		"sampled pages of the rest that equal one sampled before"),
	SUMMARY(swapped_pages, FIELD_U64, "pages", "pages in swap: not read"),
	SUMMARY(skipped_swapped_pages, FIELD_U64, "pages",
		"drawn, but swapped out before they could be read: not read"),
	SUMMARY(gone_pages, FIELD_U64, "pages", "drawn, but unmapped when read"),
	SUMMARY(denied_pages, FIELD_U64, "pages",
		"drawn and present, but the kernel does not let them be read"),
	SUMMARY(again_pages, FIELD_U64, "pages",
		"further mappings of pages that were counted before"),
	SUMMARY(lazyfree_pages, FIELD_U64, "pages",
		"left out: given back with MADV_FREE, which reclaim drops"),
	SUMMARY(lazyfree_mixed_pages, FIELD_U64, "pages",
		"given back with MADV_FREE in a mapping where they cannot be told from others "
		"(as root mostly they can): not in population_pages, but maybe sampled"),
	SUMMARY(locked_pages, FIELD_U64, "pages",
		"left out: locked in RAM by mlock(2), or as shared memory"),
	SUMMARY(shared_zero_pages, FIELD_U64, "pages",
		"left out: the kernel's shared page of zeros, where memory was only read (as "
		"root)"),
	SUMMARY(guard_pages, FIELD_U64, "pages", "left out: guard regions, which hold no memory"),
	SUMMARY(special_pages, FIELD_U64, "pages",
		"left out: under migration, poisoned, in device memory or marked by userfaultfd"),
	SUMMARY(seed, FIELD_U64, "", "seed of the random sample"),
	SUMMARY(threads, FIELD_U64, "",
		"threads that read and measured; CPU times are those with all of them running"),
	SUMMARY(chain, FIELD_U64, "pages", "largest zspage of the slot model"),
	SUMMARY(chain_source, FIELD_STRING, "",
		"where chain comes from: option, config or release of the kernel"),
	SUMMARY(partial, FIELD_STRING, "",
		"why not every drawn page was read; missing if all were"),
	SUMMARY(elapsed_ns, FIELD_U64, "ns", "duration of the scan"),
	SUMMARY(cpu_ns, FIELD_U64, "ns", "CPU time of the scan, all threads"),
	SUMMARY(accessed_pages, FIELD_U64, "pages",
		"pages read from a process; reading marks them accessed"),
	SUMMARY(swapin_pages, FIELD_U64, "pages",
		"pages the scan swapped in: swapped out after the check, before the read"),
	SUMMARY(stopped_processes, FIELD_U64, "",
		"processes stopped while the pool was read; missing without --zram"),
	SUMMARY(stopped_ns, FIELD_U64, "ns", "how long they were stopped; missing without --zram"),
};
const struct record_type scan_summary_type =
	RECORD_TYPE("scan_summary", 2, RECORD_CARD, summary_fields, "target and size of a scan");

struct rank_codec scan_rank_codec(const struct scan_codec_record *r)
{
	return (struct rank_codec){
		.label = r->label,
		.heavy = r->heavy,
		.failed = !r->validation || !str_eq(r->validation, "PASS"),
		.orig_bytes = r->orig_bytes,
		.codec_bytes = r->codec_bytes,
		.slot_bytes = r->slot_bytes,
		.compress_cpu_ns = r->compress_cpu_ns,
		.decompress_cpu_ns = r->decompress_cpu_ns,
		.memory_low_ratio = r->saved_memory_low_ratio,
		.memory_high_ratio = r->saved_memory_high_ratio,
	};
}

void scan_rank_memory(const struct scan_summary_record *r, struct rank_query *ret)
{
	const double sampled = (double)r->sampled_pages, all = (double)r->population_pages;

	ret->same_bytes = (r->zero_pages + r->same_pages) * PAGE_BYTES;
	ret->unsampled_ratio = all >= sampled && all > 0 ? 1 - sampled / all : 1;
}

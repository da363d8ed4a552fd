/* SPDX-License-Identifier: GPL-2.0-only */
/* records.c - what scan, bench, calibrate and rank print, declared once. */
#include "bench.h"
#include "kernel.h"
#include "rank.h"
#include "scan.h"
#include "trace.h"

#define CLASS(m, t, u, what, ...) FIELD(struct scan_class_record, m, t, u, what, ##__VA_ARGS__)
static const struct field class_fields[] = {
	CLASS(class, FIELD_STRING, "",
	      "zero, same_filled, sparse, text, pointer or other: the first that fits"),
	CLASS(pages, FIELD_U64, "pages", "sampled pages of this class"),
	CLASS(share_ratio, FIELD_F64, "ratio", "pages / sampled_pages"),
};
const struct record_type scan_class_type = RECORD_TYPE(
	"scan_class", 1, RECORD_TABLE, class_fields, "what kind of content the sampled pages have");

#define CODEC(m, t, u, what, ...) FIELD(struct scan_codec_record, m, t, u, what, ##__VA_ARGS__)
static const struct field codec_fields[] = {
	CODEC(label, FIELD_STRING, "", "codec and level, as --codecs takes it"),
	CODEC(codec, FIELD_STRING, "", "codec"),
	CODEC(level, FIELD_I64, "", "level or acceleration; missing where there is one mode only"),
	CODEC(heavy, FIELD_BOOL, "", "of the heavy tier of the policy"),
	CODEC(pages, FIELD_U64, "pages",
	      "sampled pages that need a codec: neither zero nor same-filled"),
	CODEC(orig_bytes, FIELD_U64, "bytes", "pages * 4096"),
	CODEC(codec_bytes, FIELD_U64, "bytes", "sum of compressed lengths"),
	CODEC(stored_bytes, FIELD_U64, "bytes",
	      "the same as zram counts compr_data_size: incompressible = 4096"),
	CODEC(slot_bytes, FIELD_U64, "bytes",
	      "memory in a zram pool: sum over pages of their share of a zspage"),
	CODEC(saved_codec_ratio, FIELD_F64, "ratio", "1 - codec_bytes / orig_bytes"),
	CODEC(saved_slot_ratio, FIELD_F64, "ratio",
	      "1 - slot bytes / original bytes of all present pages that need a codec, estimated: "
	      "mappings weighed by their pages"),
	CODEC(saved_slot_low_ratio, FIELD_F64, "ratio",
	      "95 % interval of saved_slot_ratio for all present pages"),
	CODEC(saved_slot_high_ratio, FIELD_F64, "ratio", "its upper end"),
	CODEC(huge_pages, FIELD_U64, "pages", "incompressible pages, kept raw"),
	CODEC(compress_ns, FIELD_F64, "ns", "thread CPU to compress a page, median of batches",
	      .decimals = -1),
	CODEC(compress_p90_ns, FIELD_F64, "ns", "90th percentile of batches", .decimals = -1),
	CODEC(decompress_ns, FIELD_F64, "ns",
	      "thread CPU to decompress a page that is not kept raw, median", .decimals = -1),
	CODEC(decompress_p90_ns, FIELD_F64, "ns", "90th percentile of batches", .decimals = -1),
	CODEC(compress_cpu_ns, FIELD_U64, "ns", "thread CPU to compress all these pages once"),
	CODEC(decompress_cpu_ns, FIELD_U64, "ns",
	      "thread CPU to decompress those not kept raw once"),
	CODEC(pool_bytes, FIELD_U64, "bytes",
	      "zram's mem_used_total if all present pages were in the pool"),
	CODEC(pool_low_bytes, FIELD_U64, "bytes", "95 % interval of pool_bytes"),
	CODEC(pool_high_bytes, FIELD_U64, "bytes", "its upper end"),
	CODEC(pool_holes_bytes, FIELD_U64, "bytes",
	      "mem_used_total beyond pool_bytes once pages come and go, on average; compaction "
	      "gives it back"),
	CODEC(mismatched_pages, FIELD_U64, "pages", "pages that did not come back byte for byte"),
	CODEC(validation, FIELD_STRING, "", "PASS, or FAIL if any page did not come back"),
};
const struct record_type scan_codec_type =
	RECORD_TYPE("scan_codec", 1, RECORD_TABLE, codec_fields,
		    "one codec on the sampled pages that need one");

#define CC(m, t, u, what) FIELD(struct scan_class_codec_record, m, t, u, what)
static const struct field class_codec_fields[] = {
	CC(class, FIELD_STRING, "", "sparse, text, pointer or other"),
	CC(label, FIELD_STRING, "", "codec and level"),
	CC(heavy, FIELD_BOOL, "", "of the heavy tier of the policy"),
	CC(pages, FIELD_U64, "pages", "sampled pages of this class"),
	CC(orig_bytes, FIELD_U64, "bytes", "pages * 4096"),
	CC(codec_bytes, FIELD_U64, "bytes", "sum of compressed lengths"),
	CC(slot_bytes, FIELD_U64, "bytes", "memory in a zram pool"),
	CC(compress_cpu_ns, FIELD_U64, "ns", "thread CPU to compress these pages once"),
	CC(decompress_cpu_ns, FIELD_U64, "ns", "thread CPU to decompress those not kept raw once"),
	CC(validation, FIELD_STRING, "", "PASS, or FAIL if any page of the scan did not come back"),
};
const struct record_type scan_class_codec_type =
	RECORD_TYPE("scan_class_codec", 1, RECORD_TABLE, class_codec_fields,
		    "one codec on the pages of one class");

#define MAPPING(m, t, u, what) FIELD(struct scan_mapping_record, m, t, u, what)
static const struct field mapping_fields[] = {
	MAPPING(mapping, FIELD_STRING, "",
		"its name in /proc/PID/maps, [anon] without one; missing: all of the kind"),
	MAPPING(kind, FIELD_STRING, "",
		"anon (written copies of private file pages too), shmem, file; swapped: of a pool"),
	MAPPING(label, FIELD_STRING, "", "codec and level"),
	MAPPING(pages, FIELD_U64, "pages", "present, whoever maps them"),
	MAPPING(sampled_pages, FIELD_U64, "pages", "of them, drawn and read"),
	MAPPING(same_pages, FIELD_U64, "pages",
		"of these, zero or same-filled: in no figure that follows"),
	MAPPING(orig_bytes, FIELD_U64, "bytes", "(sampled_pages - same_pages) * 4096"),
	MAPPING(codec_bytes, FIELD_U64, "bytes", "sum of compressed lengths"),
	MAPPING(slot_bytes, FIELD_U64, "bytes", "memory in a zram pool"),
	MAPPING(saved_slot_ratio, FIELD_F64, "ratio", "1 - slot_bytes / orig_bytes"),
};
const struct record_type scan_mapping_type =
	RECORD_TYPE("scan_mapping", 1, RECORD_TABLE, mapping_fields,
		    "one codec on one kind of memory or one mapping");

#define HIST(m, t, u, what, ...) FIELD(struct scan_hist_record, m, t, u, what, ##__VA_ARGS__)
static const struct field hist_fields[] = {
	HIST(label, FIELD_STRING, "", "codec and level"),
	HIST(class, FIELD_STRING, "", "same_filled (zero too), or coded"),
	HIST(bin_bytes, FIELD_U64, "bytes",
	     "compressed lengths up to this, from 64 less; 4096: and longer"),
	HIST(pages, FIELD_U64, "pages", "sampled pages of such a length"),
};
const struct record_type scan_hist_type = RECORD_TYPE("scan_hist", 1, RECORD_TABLE, hist_fields,
						      "sampled pages by compressed length");

#define ESTIMATE(m, t, u, what) FIELD(struct scan_estimate_record, m, t, u, what)
static const struct field estimate_fields[] = {
	ESTIMATE(label, FIELD_STRING, "", "codec and level"),
	ESTIMATE(pages, FIELD_U64, "pages", "sampled pages that need a codec"),
	ESTIMATE(rightly_taken, FIELD_U64, "pages",
		 "estimated to fit in less than a page, and they do"),
	ESTIMATE(wrongly_taken, FIELD_U64, "pages",
		 "estimated to fit, but incompressible: compressed in vain"),
	ESTIMATE(rightly_left, FIELD_U64, "pages", "estimated to be incompressible, and they are"),
	ESTIMATE(wrongly_left, FIELD_U64, "pages",
		 "estimated to be incompressible, but they fit: savings lost"),
	ESTIMATE(agree_ratio, FIELD_F64, "ratio", "of the pages, those estimated rightly"),
	ESTIMATE(estimate_ns, FIELD_F64, "ns", "thread CPU to estimate a page, mean"),
	ESTIMATE(speed_ratio, FIELD_F64, "ratio",
		 "the codec's time to compress these pages to the estimator's"),
};
const struct record_type scan_estimate_type =
	RECORD_TYPE("scan_estimate", 1, RECORD_TABLE, estimate_fields,
		    "the estimator against a codec, page by page");

#define TRACE(m, u, what) FIELD(struct page_trace_record, m, FIELD_U64, u, what)
static const struct field trace_fields[] = {
	TRACE(pages, "pages", "in this trace"),
	TRACE(page_bytes, "bytes", "of a page"),
};
const struct record_type page_trace_type =
	RECORD_TYPE("page_trace", 1, RECORD_CARD, trace_fields,
		    "head of a page-class trace, which holds no contents");

#define RUN(m, t, u, what) FIELD(struct page_run_record, m, t, u, what)
static const struct field run_fields[] = {
	RUN(class, FIELD_STRING, "", "zero, same_filled, sparse, text, pointer or other"),
	RUN(pages, FIELD_U64, "pages", "one after the other in the order of addresses"),
	RUN(lz4_bytes, FIELD_U64, "bytes", "mean length that lz4 makes of them; 0: same-filled"),
};
const struct record_type page_run_type = RECORD_TYPE("page_run", 1, RECORD_TABLE, run_fields,
						     "pages of one class in a page-class trace");

#define BENCH(m, t, u, what, ...) FIELD(struct bench_record, m, t, u, what, ##__VA_ARGS__)
static const struct field bench_fields[] = {
	BENCH(label, FIELD_STRING, "", "codec and level, as --codecs takes it"),
	BENCH(codec, FIELD_STRING, "", "codec"),
	BENCH(mode, FIELD_STRING, "",
	      "library; dictionary: the library with one that was trained; kernel: zram's own"),
	BENCH(level, FIELD_I64, "", "level or acceleration; missing where there is one only"),
	BENCH(dictionary_bytes, FIELD_U64, "bytes",
	      "dictionary, trained on other pages; missing without"),
	BENCH(heavy, FIELD_BOOL, "", "of the heavy tier of the policy"),
	BENCH(corpus, FIELD_STRING, "", "as --corpora takes it"),
	BENCH(class, FIELD_STRING, "",
	      "of content: only the corpus's pages of it (--by-class); missing: all pages"),
	BENCH(size_bytes, FIELD_U64, "bytes", "of the corpus: the working set"),
	BENCH(page_bytes, FIELD_U64, "bytes", "compressed at a time"),
	BENCH(cache, FIELD_STRING, "",
	      "hot: the last-level cache holds the working set; cold: never; partly"),
	BENCH(working_set_bytes, FIELD_U64, "bytes",
	      "pages and their compressed data, of all copies of the corpus"),
	BENCH(llc_bytes, FIELD_U64, "bytes", "last-level cache, as the kernel says"),
	BENCH(runs, FIELD_U64, "", "measured; times are their median"),
	BENCH(warmups, FIELD_U64, "", "passes before them; at least one is made"),
	BENCH(passes, FIELD_U64, "", "over the corpus in one run of compression"),
	BENCH(orig_bytes, FIELD_U64, "bytes", "the corpus, or its pages of the class"),
	BENCH(codec_bytes, FIELD_U64, "bytes",
	      "sum of compressed lengths; kernel: as stored_bytes"),
	BENCH(stored_bytes, FIELD_U64, "bytes",
	      "as zram's compr_data_size: incompressible pages whole, same-filled not; missing but "
	      "for 4 KiB"),
	BENCH(slot_bytes, FIELD_U64, "bytes",
	      "memory in a large pool; kernel: its part of mem_used_total for 64 MiB of copies; "
	      "missing but for 4 KiB"),
	BENCH(used_bytes, FIELD_U64, "bytes",
	      "mem_used_total of a pool with nothing else: predicted; kernel: exact"),
	BENCH(same_pages, FIELD_U64, "pages", "same-filled: no slot, though the codec ran on them"),
	BENCH(huge_pages, FIELD_U64, "pages", "incompressible: kept raw"),
	BENCH(ratio, FIELD_F64, "ratio", "orig_bytes / codec_bytes"),
	BENCH(saved_codec_ratio, FIELD_F64, "ratio", "1 - codec_bytes / orig_bytes"),
	BENCH(saved_slot_ratio, FIELD_F64, "ratio", "1 - slot_bytes / orig_bytes"),
	BENCH(compress_wall_ns, FIELD_U64, "ns", "one pass over the corpus, wall clock"),
	BENCH(compress_cpu_ns, FIELD_U64, "ns", "one pass, thread CPU"),
	BENCH(compress_process_cpu_ns, FIELD_U64, "ns", "one pass, CPU of all threads"),
	BENCH(compress_mib_per_s, FIELD_F64, "MiB/s", "corpus / compress_cpu_ns", .decimals = 1),
	BENCH(compress_ns, FIELD_F64, "ns", "a page, wall clock, median over pages and runs",
	      .decimals = -1),
	BENCH(compress_p10_ns, FIELD_F64, "ns", "10th percentile", .decimals = -1),
	BENCH(compress_p90_ns, FIELD_F64, "ns", "90th percentile", .decimals = -1),
	BENCH(compress_p99_ns, FIELD_F64, "ns", "99th percentile", .decimals = -1),
	BENCH(decompress_wall_ns, FIELD_U64, "ns", "one pass over the corpus, wall clock"),
	BENCH(decompress_cpu_ns, FIELD_U64, "ns", "one pass, thread CPU"),
	BENCH(decompress_process_cpu_ns, FIELD_U64, "ns", "one pass, CPU of all threads"),
	BENCH(decompress_mib_per_s, FIELD_F64, "MiB/s", "corpus / decompress_cpu_ns",
	      .decimals = 1),
	BENCH(decompress_ns, FIELD_F64, "ns", "a page, wall clock, median over pages and runs",
	      .decimals = -1),
	BENCH(decompress_p10_ns, FIELD_F64, "ns", "10th percentile", .decimals = -1),
	BENCH(decompress_p90_ns, FIELD_F64, "ns", "90th percentile", .decimals = -1),
	BENCH(decompress_p99_ns, FIELD_F64, "ns", "99th percentile", .decimals = -1),
	BENCH(io_write_ns, FIELD_F64, "ns",
	      "kernel: CPU to write a same-filled page, which the times are net of",
	      .decimals = -1),
	BENCH(io_read_ns, FIELD_F64, "ns", "kernel: the same for reading", .decimals = -1),
	BENCH(validation, FIELD_STRING, "",
	      "PASS, or FAIL if the corpus did not come back byte for byte"),
};
const struct record_type bench_type =
	RECORD_TYPE("bench", 1, RECORD_TABLE, bench_fields, "one codec on one corpus of one size");

#define KERNEL(m, t, u, what, ...) FIELD(struct kernel_record, m, t, u, what, ##__VA_ARGS__)
static const struct field kernel_fields[] = {
	KERNEL(algorithm, FIELD_STRING, "", "as zram names it"),
	KERNEL(model, FIELD_STRING, "",
	       "the library codec that stands for it; missing where none does"),
	KERNEL(approximate, FIELD_BOOL, "", "the two do not write the same bytes"),
	KERNEL(pages, FIELD_U64, "pages",
	       "in two halves: one for the factors, one to check them on"),
	KERNEL(runs, FIELD_U64, "", "times are their median"),
	KERNEL(orig_bytes, FIELD_U64, "bytes", "pages * 4096"),
	KERNEL(compr_bytes, FIELD_U64, "bytes",
	       "mm_stat's compr_data_size for one copy of the pages"),
	KERNEL(used_bytes, FIELD_U64, "bytes",
	       "mm_stat's mem_used_total for one copy, of as many copies as runs"),
	KERNEL(huge_pages, FIELD_U64, "pages", "incompressible pages, kept raw"),
	KERNEL(model_compr_bytes, FIELD_U64, "bytes", "the model's stored_bytes"),
	KERNEL(model_used_bytes, FIELD_U64, "bytes", "the model's slot_bytes"),
	KERNEL(io_write_ns, FIELD_F64, "ns", "thread CPU to write a same-filled page: no codec",
	       .decimals = -1),
	KERNEL(io_read_ns, FIELD_F64, "ns", "thread CPU to read a same-filled page",
	       .decimals = -1),
	KERNEL(compress_ns, FIELD_F64, "ns", "what writing a page costs beyond io_write_ns",
	       .decimals = -1),
	KERNEL(decompress_ns, FIELD_F64, "ns", "what reading a page costs beyond io_read_ns",
	       .decimals = -1),
	KERNEL(model_compress_ns, FIELD_F64, "ns", "the library's time for a page", .decimals = -1),
	KERNEL(model_decompress_ns, FIELD_F64, "ns", "the library's time for a page",
	       .decimals = -1),
	KERNEL(compress_factor, FIELD_F64, "ratio",
	       "compress_ns / model_compress_ns, from one half of the pages"),
	KERNEL(decompress_factor, FIELD_F64, "ratio", "decompress_ns / model_decompress_ns"),
	KERNEL(compress_error_ratio, FIELD_F64, "ratio",
	       "on the other half: predicted with the factor / measured - 1"),
	KERNEL(decompress_error_ratio, FIELD_F64, "ratio", "the same for reading"),
	KERNEL(compr_error_ratio, FIELD_F64, "ratio", "model_compr_bytes / compr_bytes - 1",
	       .decimals = 6),
};
const struct record_type kernel_type = RECORD_TYPE("calibrate", 1, RECORD_TABLE, kernel_fields,
						   "one of the kernel's codecs beside its library");

#define SUMMARY(m, t, u, what, ...) FIELD(struct scan_summary_record, m, t, u, what, ##__VA_ARGS__)
static const struct field summary_fields[] = {
	SUMMARY(target, FIELD_STRING, "", "what was scanned"),
	SUMMARY(population_pages, FIELD_U64, "pages",
		"present pages of the kinds asked for, each counted once"),
	SUMMARY(population_bytes, FIELD_U64, "bytes", "population_pages * 4096"),
	SUMMARY(sampled_pages, FIELD_U64, "pages", "drawn and read"),
	SUMMARY(anon_pages, FIELD_U64, "pages", "present and private"),
	SUMMARY(shmem_pages, FIELD_U64, "pages", "present, of tmpfs and shared memory"),
	SUMMARY(file_pages, FIELD_U64, "pages", "present, of other files: never swapped"),
	SUMMARY(zero_pages, FIELD_U64, "pages",
		"sampled and wholly zero: no slot, from 6.12 not even in zram"),
	SUMMARY(same_pages, FIELD_U64, "pages",
		"sampled and one 8-byte word repeated, but not zero: no slot"),
	SUMMARY(duplicate_pages, FIELD_U64, "pages",
		"sampled, neither of those, and the same as one sampled before"),
	SUMMARY(swapped_pages, FIELD_U64, "pages", "in swap already: left there"),
	SUMMARY(skipped_swapped_pages, FIELD_U64, "pages",
		"drawn, but swapped out before they were read: left there"),
	SUMMARY(gone_pages, FIELD_U64, "pages",
		"drawn, but unmapped or not readable when their turn came"),
	SUMMARY(again_pages, FIELD_U64, "pages",
		"mapped a second time here or elsewhere in the target"),
	SUMMARY(seed, FIELD_U64, "", "of the sample"),
	SUMMARY(threads, FIELD_U64, "",
		"that read and measured: CPU times are those with all of them at work"),
	SUMMARY(chain, FIELD_U64, "pages", "largest zspage of the slot model"),
	SUMMARY(chain_source, FIELD_STRING, "",
		"where chain is from: option, config or release of the kernel"),
	SUMMARY(partial, FIELD_STRING, "",
		"why not all that was drawn was read; missing when it was"),
	SUMMARY(elapsed_ns, FIELD_U64, "ns", "of the scan"),
	SUMMARY(cpu_ns, FIELD_U64, "ns", "of the scan, all threads"),
	SUMMARY(accessed_pages, FIELD_U64, "pages",
		"read from a process, which marks them accessed: that cannot be helped"),
	SUMMARY(swapin_pages, FIELD_U64, "pages",
		"that the scan swapped in: they went out between look and read"),
	SUMMARY(stopped_processes, FIELD_U64, "",
		"stopped while the pool was read; missing but for --zram"),
	SUMMARY(stopped_ns, FIELD_U64, "ns", "for how long they were; missing but for --zram"),
};
const struct record_type scan_summary_type = RECORD_TYPE(
	"scan_summary", 1, RECORD_CARD, summary_fields, "what was scanned and how much of it");

#define RANK(m, t, u, what, ...) FIELD(struct rank_candidate_record, m, t, u, what, ##__VA_ARGS__)
static const struct field candidate_fields[] = {
	RANK(rank, FIELD_U64, "",
	     "1 = chosen; missing = not eligible, or nothing chosen before it"),
	RANK(subject, FIELD_STRING, "", "what was scanned, or corpus and size of the bench"),
	RANK(label, FIELD_STRING, "", "codec and level"),
	RANK(tier, FIELD_STRING, "", "fast or heavy"),
	RANK(saved_slot_ratio, FIELD_F64, "ratio", "of memory, as slots in the pool"),
	RANK(saved_codec_ratio, FIELD_F64, "ratio", "of bytes, as the codec counts them"),
	RANK(saved_bytes, FIELD_F64, "bytes", "of the kind that decides (savings)", .decimals = -1),
	RANK(compress_cpu_ms, FIELD_F64, "ms", "thread CPU to compress all pages once"),
	RANK(decompress_cpu_ms, FIELD_F64, "ms", "thread CPU to decompress all pages once"),
	RANK(cost_cpu_ms, FIELD_F64, "ms", "compress_cpu_ms + readback_factor * decompress_cpu_ms"),
	RANK(fair_score, FIELD_F64, "bytes/ms", "saved_bytes / cost_cpu_ms", .decimals = -1),
	RANK(vs_baseline_ratio, FIELD_F64, "ratio", "fair_score / that of the baseline"),
	RANK(value_gib_per_core, FIELD_F64, "GiB",
	     "heavy: extra bytes saved * residence / extra CPU", .decimals = 1),
	RANK(costs, FIELD_STRING, "",
	     "whose CPU times: library, kernel (measured), or kernel NAME (the library's, scaled "
	     "by a calibration)"),
	RANK(reason, FIELD_STRING, "", "why it won, lost or was not eligible: a key"),
	RANK(why, FIELD_STRING, "", "the same in words, with the figures that decided"),
};
const struct record_type rank_candidate_type =
	RECORD_TYPE("rank_candidate", 1, RECORD_TABLE, candidate_fields,
		    "what the policy says about one codec");

#define RANK_CLASS(m, t, u, what, ...) FIELD(struct rank_class_record, m, t, u, what, ##__VA_ARGS__)
static const struct field rank_class_fields[] = {
	RANK_CLASS(class, FIELD_STRING, "", "of content: sparse, text, pointer or other"),
	RANK_CLASS(decision, FIELD_STRING, "",
		   "leave_alone, baseline, fast (another of that tier) or heavy"),
	RANK_CLASS(choice, FIELD_STRING, "", "the codec; missing for leave_alone"),
	RANK_CLASS(pages, FIELD_U64, "pages", "sampled pages of this class"),
	RANK_CLASS(saved_ratio, FIELD_F64, "ratio",
		   "what the choice saves of their memory, or bytes (savings)"),
	RANK_CLASS(cost_cpu_ms, FIELD_F64, "ms", "what the choice costs for them"),
	RANK_CLASS(why, FIELD_STRING, "", "in words, with the figures that decided"),
};
const struct record_type rank_class_type =
	RECORD_TYPE("rank_class", 1, RECORD_TABLE, rank_class_fields,
		    "which codec, if any, for pages of one class");

#define SWEEP(m, t, u, what, ...) FIELD(struct rank_sweep_record, m, t, u, what, ##__VA_ARGS__)
static const struct field sweep_fields[] = {
	SWEEP(price_gib_per_core, FIELD_F64, "GiB", "what a heavy codec's extra CPU must buy",
	      .decimals = 1),
	SWEEP(from_factor, FIELD_F64, "", "readback factor from which the choice holds",
	      .decimals = 4),
	SWEEP(to_factor, FIELD_F64, "", "up to which it holds; 16: the sweep ends there",
	      .decimals = 4),
	SWEEP(choice, FIELD_STRING, "", "the codec; missing: nothing is worth it"),
};
const struct record_type rank_sweep_type =
	RECORD_TYPE("rank_sweep", 1, RECORD_TABLE, sweep_fields,
		    "where the choice flips as readback and price change");

#define FRONT(m, t, u, what, ...) FIELD(struct rank_front_record, m, t, u, what, ##__VA_ARGS__)
static const struct field front_fields[] = {
	FRONT(label, FIELD_STRING, "", "codec and level that no other beats in both bytes and CPU"),
	FRONT(cost_cpu_ms, FIELD_F64, "ms",
	      "compress_cpu_ms + readback_factor * decompress_cpu_ms"),
	FRONT(saved_bytes, FIELD_F64, "bytes", "of the kind that decides (savings)",
	      .decimals = -1),
	FRONT(extra_bytes_per_ms, FIELD_F64, "bytes/ms",
	      "what each ms beyond the cheaper one before buys", .decimals = -1),
};
const struct record_type rank_front_type = RECORD_TYPE("rank_front", 1, RECORD_TABLE, front_fields,
						       "the Pareto front: saved bytes against CPU");

#define DECISION(m, t, u, what, ...) \
	FIELD(struct rank_decision_record, m, t, u, what, ##__VA_ARGS__)
static const struct field decision_fields[] = {
	DECISION(subject, FIELD_STRING, "", "what was scanned, or corpus and size of the bench"),
	DECISION(choice, FIELD_STRING, "", "the codec to use; missing when nothing is worth it"),
	DECISION(answer, FIELD_STRING, "", "the decision in words"),
	DECISION(class, FIELD_STRING, "", "hot, warm or cold; missing where the factor was given"),
	DECISION(readback_factor, FIELD_F64, "", "read-backs per page compressed"),
	DECISION(readback_source, FIELD_STRING, "",
		 "what --readback-from measured it by; missing where it was given"),
	DECISION(floor_ratio, FIELD_F64, "ratio", "savings from which a codec is eligible"),
	DECISION(heavy_below, FIELD_F64, "", "largest readback factor for heavy codecs"),
	DECISION(price_gib_per_core, FIELD_F64, "GiB", "what a heavy codec's extra CPU must buy"),
	DECISION(residence_ns, FIELD_U64, "ns", "how long pages are taken to stay out"),
	DECISION(savings, FIELD_STRING, "", "the bytes that decide: slot or codec"),
	DECISION(calibration, FIELD_STRING, "",
		 "the store and the calibrations that CPU times are scaled by: when they were "
		 "taken, how far off they were on pages not taken for them; missing: times are as "
		 "measured"),
};
const struct record_type rank_decision_type = RECORD_TYPE(
	"rank_decision", 1, RECORD_CARD, decision_fields, "which codec, if any, is worth it");

/* SPDX-License-Identifier: GPL-2.0-only */
/* records.c - what scan, bench, calibrate and rank print, declared once. */
#include "bench.h"
#include "calibrate.h"
#include "rank.h"
#include "scan.h"
#include "trace.h"

#define TRACE(m, u, what) FIELD(struct page_trace_record, m, FIELD_U64, u, what)
static const struct field trace_fields[] = {
	TRACE(pages, "pages", "pages in this trace"),
	TRACE(page_bytes, "bytes", "page size"),
};
const struct record_type page_trace_type =
	RECORD_TYPE("page_trace", 1, RECORD_CARD, trace_fields, "header of a page-class trace");

#define RUN(m, t, u, what) FIELD(struct page_run_record, m, t, u, what)
static const struct field run_fields[] = {
	RUN(class, FIELD_STRING, "",
	    "page class: zero, same_filled, sparse, text, pointer or other"),
	RUN(pages, FIELD_U64, "pages", "consecutive pages of this class, in address order"),
	RUN(lz4_bytes, FIELD_U64, "bytes", "mean compressed length with lz4; 0: same-filled"),
};
const struct record_type page_run_type =
	RECORD_TYPE("page_run", 1, RECORD_TABLE, run_fields,
		    "consecutive pages of one class in a page-class trace");

#define BENCH(m, t, u, what, ...) FIELD(struct bench_record, m, t, u, what, ##__VA_ARGS__)
#define TIME(way, m, t, u, what, ...) \
	{ \
		.name = #way "_" #m, .unit = (u), .type = (t), \
		.offset = offsetof(struct bench_record, way.m), \
		.size = sizeof(((struct bench_record *)0)->way.m), .meaning = (what), \
		##__VA_ARGS__ \
	}
#define TIMES(way) \
	TIME(way, wall_ns, FIELD_U64, "ns", "one pass over the corpus, wall clock"), \
		TIME(way, cpu_ns, FIELD_U64, "ns", "one pass, thread CPU"), \
		TIME(way, process_cpu_ns, FIELD_U64, "ns", "one pass, CPU of all threads"), \
		TIME(way, mib_per_s, FIELD_F64, "MiB/s", "size of the corpus / " #way "_cpu_ns", \
		     .decimals = 1), \
		TIME(way, ns, FIELD_F64, "ns", "one page, wall clock, median over pages and runs", \
		     .decimals = -1), \
		TIME(way, p10_ns, FIELD_F64, "ns", "one page, 10th percentile", .decimals = -1), \
		TIME(way, p90_ns, FIELD_F64, "ns", "one page, 90th percentile", .decimals = -1), \
		TIME(way, p99_ns, FIELD_F64, "ns", "one page, 99th percentile", .decimals = -1)
static const struct field bench_fields[] = {
	BENCH(label, FIELD_STRING, "", "codec and level, as --codec takes it"),
	BENCH(codec, FIELD_STRING, "", "codec"),
	BENCH(mode, FIELD_STRING, "",
	      "library; dictionary: library with a trained dictionary; kernel: codec of zram"),
	BENCH(level, FIELD_I64, "", "level or acceleration; missing if the codec has none"),
	BENCH(dictionary_bytes, FIELD_U64, "bytes",
	      "dictionary, trained on other pages; missing: no dictionary"),
	BENCH(heavy, FIELD_BOOL, "", "the codec is in the heavy tier of the policy"),
	BENCH(corpus, FIELD_STRING, "", "as --corpora takes it"),
	BENCH(class, FIELD_STRING, "",
	      "page class: only the pages of this class (--by-class); missing: all pages"),
	BENCH(size_bytes, FIELD_U64, "bytes", "size of the corpus"),
	BENCH(page_bytes, FIELD_U64, "bytes", "bytes compressed at a time"),
	BENCH(cache, FIELD_STRING, "",
	      "hot: the working set fits into the last-level cache; cold: no pass finds its data "
	      "there; partly: between the two"),
	BENCH(working_set_bytes, FIELD_U64, "bytes",
	      "pages and their compressed data, of all copies of the corpus"),
	BENCH(llc_bytes, FIELD_U64, "bytes", "last-level cache, as the kernel reports it"),
	BENCH(runs, FIELD_U64, "", "measured runs; times are the median"),
	BENCH(warmups, FIELD_U64, "", "passes before the runs; at least one is made"),
	BENCH(passes, FIELD_U64, "", "passes over the corpus per run of compression"),
	BENCH(orig_bytes, FIELD_U64, "bytes", "the corpus, or its pages of the page class"),
	BENCH(codec_bytes, FIELD_U64, "bytes",
	      "sum of compressed lengths; kernel: same as stored_bytes"),
	BENCH(stored_bytes, FIELD_U64, "bytes",
	      "zram's compr_data_size: incompressible pages are 4096, same-filled ones 0; missing "
	      "for page sizes other than 4 KiB"),
	BENCH(slot_bytes, FIELD_U64, "bytes",
	      "slot bytes: RAM of the pages' zsmalloc objects in a large pool, each rounded up to "
	      "its size class, with its share of the zspage's unused tail; kernel: mem_used_total "
	      "of 64 MiB of copies / number of copies; missing for page sizes other than 4 KiB"),
	BENCH(used_bytes, FIELD_U64, "bytes",
	      "mem_used_total of a pool that holds only this corpus: predicted; kernel: measured"),
	BENCH(same_pages, FIELD_U64, "pages",
	      "same-filled pages: the library compresses them, zram stores them without a zsmalloc "
	      "object"),
	BENCH(huge_pages, FIELD_U64, "pages", "incompressible pages, stored uncompressed"),
	BENCH(ratio, FIELD_F64, "ratio", "orig_bytes / codec_bytes"),
	BENCH(saved_codec_ratio, FIELD_F64, "ratio", "1 - codec_bytes / orig_bytes"),
	BENCH(saved_slot_ratio, FIELD_F64, "ratio", "1 - slot_bytes / orig_bytes"),
	TIMES(compress),
	TIMES(decompress),
	BENCH(io_write_ns, FIELD_F64, "ns",
	      "kernel: CPU time to write a same-filled page; subtracted from compress_*",
	      .decimals = -1),
	BENCH(io_read_ns, FIELD_F64, "ns",
	      "kernel: CPU time to read a same-filled page; subtracted from decompress_*",
	      .decimals = -1),
	BENCH(validation, FIELD_STRING, "",
	      "PASS, or FAIL if a page did not decompress to its original"),
};
const struct record_type bench_type =
	RECORD_TYPE("bench", 1, RECORD_TABLE, bench_fields, "one codec on one corpus of one size");

#define CALIBRATE(m, t, u, what, ...) FIELD(struct calibrate_record, m, t, u, what, ##__VA_ARGS__)
static const struct field calibrate_fields[] = {
	CALIBRATE(algorithm, FIELD_STRING, "", "compression algorithm of zram"),
	CALIBRATE(model, FIELD_STRING, "", "library codec compared with it; missing: none"),
	CALIBRATE(approximate, FIELD_BOOL, "", "true: outputs of kernel and library differ"),
	CALIBRATE(pages, FIELD_U64, "pages",
		  "pages measured: factors are fitted on one half and checked on the other"),
	CALIBRATE(runs, FIELD_U64, "", "number of runs; times are the median"),
	CALIBRATE(orig_bytes, FIELD_U64, "bytes", "pages * 4096"),
	CALIBRATE(compr_bytes, FIELD_U64, "bytes", "compr_data_size (mm_stat) of the pages"),
	CALIBRATE(used_bytes, FIELD_U64, "bytes",
		  "mem_used_total of the device / number of copies of the pages in it"),
	CALIBRATE(huge_pages, FIELD_U64, "pages", "incompressible pages, stored uncompressed"),
	CALIBRATE(model_compr_bytes, FIELD_U64, "bytes",
		  "compr_data_size predicted with the library codec"),
	CALIBRATE(model_used_bytes, FIELD_U64, "bytes",
		  "slot bytes predicted with the library codec"),
	CALIBRATE(io_write_ns, FIELD_F64, "ns",
		  "thread CPU to write a same-filled page, which needs no codec", .decimals = -1),
	CALIBRATE(io_read_ns, FIELD_F64, "ns", "thread CPU to read a same-filled page",
		  .decimals = -1),
	CALIBRATE(compress_ns, FIELD_F64, "ns", "thread CPU to write a page, less io_write_ns",
		  .decimals = -1),
	CALIBRATE(decompress_ns, FIELD_F64, "ns", "thread CPU to read a page, less io_read_ns",
		  .decimals = -1),
	CALIBRATE(model_compress_ns, FIELD_F64, "ns",
		  "thread CPU of the library to compress a page", .decimals = -1),
	CALIBRATE(model_decompress_ns, FIELD_F64, "ns",
		  "thread CPU of the library to decompress a page", .decimals = -1),
	CALIBRATE(compress_factor, FIELD_F64, "ratio",
		  "compress_ns / model_compress_ns, fitted on one half of the pages"),
	CALIBRATE(decompress_factor, FIELD_F64, "ratio",
		  "decompress_ns / model_decompress_ns, fitted on one half of the pages"),
	CALIBRATE(compress_error_ratio, FIELD_F64, "ratio",
		  "error of compress_factor on the other half of the pages: predicted / measured - "
		  "1"),
	CALIBRATE(decompress_error_ratio, FIELD_F64, "ratio",
		  "error of decompress_factor on the other half of the pages: predicted / measured "
		  "- 1"),
	CALIBRATE(compr_error_ratio, FIELD_F64, "ratio", "model_compr_bytes / compr_bytes - 1",
		  .decimals = 6),
};
const struct record_type calibrate_type =
	RECORD_TYPE("calibrate", 1, RECORD_TABLE, calibrate_fields,
		    "one codec of the kernel compared with the library codec");

#define RANK(m, t, u, what, ...) FIELD(struct rank_candidate, m, t, u, what, ##__VA_ARGS__)
static const struct field candidate_fields[] = {
	RANK(rank, FIELD_U64, "", "1 = best fair_score; missing = not eligible"),
	RANK(chosen, FIELD_BOOL, "", "true: the choice, or one of its two codecs"),
	RANK(target, FIELD_STRING, "", "what was scanned, or corpus and size of the bench"),
	RANK(label, FIELD_STRING, "", "codec and level"),
	RANK(tier, FIELD_STRING, "", "fast or heavy"),
	RANK(saved_slot_ratio, FIELD_F64, "ratio",
	     "share of the RAM of all sampled memory that is saved: 1 - slot bytes / sampled "
	     "bytes; zero and same-filled pages have no slot bytes"),
	RANK(saved_codec_ratio, FIELD_F64, "ratio",
	     "share of the bytes of all sampled memory that is saved: 1 - compressed bytes / "
	     "sampled bytes"),
	RANK(saved_bytes, FIELD_F64, "bytes",
	     "bytes saved (slot or compressed bytes, see --savings) of the pages that need a codec",
	     .decimals = -1),
	RANK(compress_cpu_ms, FIELD_F64, "ms", "thread CPU to compress all pages once"),
	RANK(decompress_cpu_ms, FIELD_F64, "ms", "thread CPU to decompress all pages once"),
	RANK(cost_cpu_ms, FIELD_F64, "ms", "compress_cpu_ms + readback_factor * decompress_cpu_ms"),
	RANK(fair_score, FIELD_F64, "bytes/ms", "saved_bytes / cost_cpu_ms", .decimals = -1),
	RANK(vs_baseline_ratio, FIELD_F64, "ratio", "fair_score / fair_score of lz4:1"),
	RANK(value_gib_per_core, FIELD_F64, "GiB/core",
	     "extra bytes saved * residence / extra CPU time, relative to the next cheaper step of "
	     "the front, or to no compression; compare with price_gib_per_core",
	     .decimals = 1),
	RANK(costs, FIELD_CHARS, "",
	     "origin of the CPU times: library; kernel (measured in zram); kernel NAME (library "
	     "times scaled by a calibration)"),
	RANK(reason, FIELD_STRING, "", "reason code of the decision on this codec"),
	RANK(why, FIELD_CHARS, "", "the reason as text, with the values that decided"),
};
const struct record_type rank_candidate_type = RECORD_TYPE(
	"rank_candidate", 3, RECORD_TABLE, candidate_fields, "decision of the policy on one codec");

#define RANK_CLASS(m, t, u, what) FIELD(struct rank_class_record, m, t, u, what)
static const struct field rank_class_fields[] = {
	RANK_CLASS(class, FIELD_STRING, "", "page class: sparse, text, pointer or other"),
	RANK_CLASS(decision, FIELD_STRING, "", "as `decision` of rank_decision"),
	RANK_CLASS(choice, FIELD_STRING, "", "the codec; missing for leave_alone"),
	RANK_CLASS(recompress, FIELD_STRING, "", "as `recompress` of rank_decision"),
	RANK_CLASS(pages, FIELD_U64, "pages", "sampled pages of this class"),
	RANK_CLASS(saved_ratio, FIELD_F64, "ratio",
		   "share of the pages' RAM (or bytes, see --savings) that the choice saves"),
	RANK_CLASS(cost_cpu_ms, FIELD_F64, "ms",
		   "compress_cpu_ms + readback_factor * decompress_cpu_ms of the choice for these "
		   "pages"),
	RANK_CLASS(why, FIELD_STRING, "", "the reason as text, with the values that decided"),
};
const struct record_type rank_class_type =
	RECORD_TYPE("rank_class", 1, RECORD_TABLE, rank_class_fields,
		    "decision of the policy for the pages of one page class");

#define SWEEP(m, t, u, what, ...) FIELD(struct rank_range, m, t, u, what, ##__VA_ARGS__)
static const struct field sweep_fields[] = {
	SWEEP(price_gib_per_core, FIELD_F64, "GiB/core",
	      "price: GiB-seconds of RAM that a codec must save per CPU-second", .decimals = 1),
	SWEEP(from_factor, FIELD_F64, "", "lowest readback factor with this choice", .decimals = 4),
	SWEEP(to_factor, FIELD_F64, "",
	      "highest readback factor with this choice; 16: end of the sweep", .decimals = 4),
	SWEEP(choice, FIELD_STRING, "", "the codec; missing: none reaches the price or --floor"),
	SWEEP(recompress, FIELD_STRING, "", "as `recompress` of rank_decision"),
};
const struct record_type rank_sweep_type =
	RECORD_TYPE("rank_sweep", 1, RECORD_TABLE, sweep_fields,
		    "how the choice depends on readback factor and price");

#define FRONT(m, t, u, what, ...) FIELD(struct rank_front, m, t, u, what, ##__VA_ARGS__)
static const struct field front_fields[] = {
	FRONT(label, FIELD_STRING, "",
	      "codec and level on the front: no other codec is better in both saved bytes and CPU "
	      "time"),
	FRONT(cost_cpu_ms, FIELD_F64, "ms",
	      "compress_cpu_ms + readback_factor * decompress_cpu_ms"),
	FRONT(saved_bytes, FIELD_F64, "bytes",
	      "bytes saved (slot or compressed bytes, see --savings)", .decimals = -1),
	FRONT(extra_bytes_per_ms, FIELD_F64, "bytes/ms",
	      "extra bytes saved per extra ms, relative to the next cheaper codec of the front",
	      .decimals = -1),
};
const struct record_type rank_front_type =
	RECORD_TYPE("rank_front", 1, RECORD_TABLE, front_fields,
		    "one codec on the Pareto front of saved bytes against CPU time");

#define DECISION(m, t, u, what) FIELD(struct rank_decision_record, m, t, u, what)
static const struct field decision_fields[] = {
	DECISION(target, FIELD_STRING, "", "what was scanned, or corpus and size of the bench"),
	DECISION(
		decision, FIELD_STRING, "",
		"baseline (lz4:1); fast: another fast codec; heavy; two_stage: a fast codec, and a "
		"heavy one for idle pages; no_codec: no codec saves enough RAM for its CPU time, "
		"but zero and same-filled pages alone save at least --floor; leave_alone: no pool"),
	DECISION(choice, FIELD_STRING, "", "the codec; missing: no_codec or leave_alone"),
	DECISION(recompress, FIELD_STRING, "",
		 "codec that recompresses idle pages (older than residence_ns); missing: none"),
	DECISION(answer, FIELD_STRING, "", "the decision as text"),
	DECISION(saved_ratio, FIELD_F64, "ratio",
		 "share of all sampled memory (RAM or bytes, see --savings) that the decision "
		 "saves, including zero and same-filled pages; missing for leave_alone"),
	DECISION(saved_low_ratio, FIELD_F64, "ratio",
		 "lower end of the 95 % interval of the saved share of all present memory, "
		 "weighted by mapping; missing for two_stage, --savings codec and a bench"),
	DECISION(saved_high_ratio, FIELD_F64, "ratio",
		 "upper end of the 95 % interval of the saved share of all present memory"),
	DECISION(no_codec_ratio, FIELD_F64, "ratio",
		 "share of zero and same-filled pages in all sampled memory"),
	DECISION(cost_cpu_ms, FIELD_F64, "ms",
		 "compress_cpu_ms + readback_factor * decompress_cpu_ms of the choice for all "
		 "sampled pages"),
	DECISION(win_ratio, FIELD_F64, "ratio",
		 "share of 1,000 bootstrap redraws (of random groups of the sampled pages) with "
		 "the same choice; missing: no groups measured"),
	DECISION(runner_up, FIELD_STRING, "",
		 "most frequent other choice of the redraws; `none`: no codec; missing: all "
		 "redraws have the same choice"),
	DECISION(runner_up_ratio, FIELD_F64, "ratio", "share of the redraws that choose runner_up"),
	DECISION(class, FIELD_STRING, "",
		 "readback class: hot, warm or cold (--class); missing: the factor was given or "
		 "measured"),
	DECISION(readback_factor, FIELD_F64, "", "swap-ins per swap-out"),
	DECISION(readback_source, FIELD_STRING, "",
		 "how the readback factor was measured; missing: not measured"),
	DECISION(floor_ratio, FIELD_F64, "ratio", "minimum share saved of an eligible codec"),
	DECISION(heavy_below, FIELD_F64, "",
		 "largest readback factor at which heavy codecs are considered"),
	DECISION(price_gib_per_core, FIELD_F64, "GiB/core",
		 "price: GiB-seconds of RAM that a codec must save per CPU-second"),
	DECISION(residence_ns, FIELD_U64, "ns",
		 "mean residence that the policy used: from a study its mean residence (restricted "
		 "mean), from --readback-pid the median time to the first read"),
	DECISION(savings, FIELD_STRING, "", "bytes that decide (--savings): slot or codec"),
	DECISION(calibration, FIELD_STRING, "",
		 "results database and calibrations used to scale CPU times, with date and error "
		 "of each; missing: not scaled"),
};
const struct record_type rank_decision_type = RECORD_TYPE(
	"rank_decision", 3, RECORD_CARD, decision_fields, "decision of the policy for the target");

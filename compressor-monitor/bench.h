/* SPDX-License-Identifier: GPL-2.0-only */
/* bench.h - codecs at levels on corpora of several sizes: bytes, slots, times. */
#ifndef COLDPRESS_MONITOR_BENCH_H
#define COLDPRESS_MONITOR_BENCH_H

#include "lib/base/opt.h"
#include "lib/base/record.h"

enum bench_cache { BENCH_HOT, BENCH_COLD, BENCH_BOTH };
extern const char *const bench_cache_choices[];

struct bench_config {
	struct opt_list codecs, corpora;
	uint64_t max_size_bytes, page_bytes, runs, warmups, cpu, seed; /* cpu MISSING_U64 = any */
	bool full_sweep, by_class;
	int cache; /* enum bench_cache */
};

/* One direction: one pass over the corpus, and one page; medians of the runs. */
struct bench_times {
	uint64_t wall_ns, cpu_ns, process_cpu_ns;
	double mib_per_s;
	double ns, p10_ns, p90_ns, p99_ns; /* a page; ns: the median */
};

/* One codec on one corpus of one size. */
struct bench_record {
	const char *label, *codec, *mode;
	int64_t level;
	uint64_t dictionary_bytes;
	bool heavy;
	const char *corpus, *class; /* class NULL = all pages */
	uint64_t size_bytes, page_bytes;
	const char *cache;
	uint64_t working_set_bytes, llc_bytes;
	uint64_t runs, warmups, passes;
	uint64_t orig_bytes, codec_bytes, stored_bytes, slot_bytes, used_bytes, same_pages,
		huge_pages;
	double ratio, saved_codec_ratio, saved_slot_ratio;
	struct bench_times compress, decompress;
	double io_write_ns, io_read_ns; /* kernel: a same-filled page; times do not include it */
	const char *validation;
};

extern const struct record_type bench_type;

/* bench_run - calls take for every row as it is measured, until it returns non-zero, which is
 * returned. Ends early, with 0, after a signal. *failed: a page did not decompress to its original.
 *
 * errors  usage: unknown codec, size or CPU; corpus_open's own
 */
typedef int bench_take(void *ctx, const struct bench_record *row);
int bench_run(const struct bench_config *config, bench_take *take, void *ctx, bool *failed,
	      struct err *e);

#endif

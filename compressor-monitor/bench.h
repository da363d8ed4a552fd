/* SPDX-License-Identifier: GPL-2.0-only */
/* bench.h - codecs at levels over corpora and sizes: bytes, slots, and time both ways. */
#ifndef COLDPRESS_MONITOR_BENCH_H
#define COLDPRESS_MONITOR_BENCH_H

#include "lib/base/opt.h"
#include "lib/base/record.h"

enum bench_cache { BENCH_HOT, BENCH_COLD, BENCH_BOTH };
extern const char *const bench_cache_choices[];

struct bench_config {
	struct opt_list codecs, corpora;
	uint64_t max_size_bytes, page_bytes, runs, warmups, cpu,
		seed; /* cpu MISSING_U64 = wherever */
	bool full_sweep, by_class;
	int cache; /* enum bench_cache */
};

/* One codec on one corpus of one size. Times are of one pass over the corpus: the median of the
 * runs. */
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
	uint64_t compress_wall_ns, compress_cpu_ns, compress_process_cpu_ns;
	double compress_mib_per_s, compress_ns, compress_p10_ns, compress_p90_ns, compress_p99_ns;
	uint64_t decompress_wall_ns, decompress_cpu_ns, decompress_process_cpu_ns;
	double decompress_mib_per_s, decompress_ns, decompress_p10_ns, decompress_p90_ns,
		decompress_p99_ns;
	double io_write_ns, io_read_ns; /* kernel: a same-filled page, which the times are net of */
	const char *validation;
};

extern const struct record_type bench_type;

/* bench_run - hands over every row as it is measured; a take that returns non-zero ends the bench
 * with that. Ends early, with 0, when a signal asks to stop. *failed: a codec did not give back
 * what it got.
 *
 * errors  usage: a codec, size or CPU there is not; what reading a corpus says
 */
typedef int bench_take(void *arg, const struct bench_record *row);
int bench_run(const struct bench_config *config, bench_take *take, void *arg, bool *failed,
	      struct err *e);

#endif

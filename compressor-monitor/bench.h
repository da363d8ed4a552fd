/* SPDX-License-Identifier: GPL-2.0-only */
/* bench.h - codecs at levels on corpora of several sizes: bytes, slots, times. */
#ifndef COLDPRESS_MONITOR_BENCH_H
#define COLDPRESS_MONITOR_BENCH_H

#include "bench_record.h"
#include "lib/base/opt.h"

enum bench_cache { BENCH_HOT, BENCH_COLD, BENCH_BOTH };
extern const char *const bench_cache_choices[];

struct bench_config {
	struct opt_list codecs, corpora;
	uint64_t max_size_bytes, page_bytes, runs, warmups, cpu, seed; /* cpu MISSING_U64 = any */
	bool full_sweep, by_class;
	int cache; /* enum bench_cache */
};

/* bench_run - calls take for every row as it is measured, until it returns non-zero, which is
 * returned. Ends early, with 0, after a signal. *failed: a page did not decompress to its original.
 *
 * errors  usage: unknown codec, size or CPU; corpus_open's own
 */
typedef int bench_take(void *ctx, const struct bench_record *row);
int bench_run(const struct bench_config *config, bench_take *take, void *ctx, bool *failed,
	      struct err *e);

#endif

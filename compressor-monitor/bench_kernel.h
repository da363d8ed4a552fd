/* SPDX-License-Identifier: GPL-2.0-only */
/* bench_kernel.h - bench of one of the kernel's own codecs, through a scratch zram device. */
#ifndef COLDPRESS_MONITOR_BENCH_KERNEL_H
#define COLDPRESS_MONITOR_BENCH_KERNEL_H

#include "bench_record.h"
#include "lib/codec/codec.h"

/* "kernel:lz4", "kernel:lz4:8", "kernel:lz4:1:16KiB". */
struct kernel_spec {
	char algorithm[32], label[64];
	bool has_level;
	int level;
	size_t dictionary_bytes; /* 0 = without */
};

#define KERNEL_PREFIX "kernel:"

bool kernel_spec_is(const char *spec);

/* errors  usage: no name, bad level, bad dictionary size */
int kernel_spec_parse(const char *spec, struct kernel_spec *ret, struct err *e);

/* What is written and read back. A run goes over `slots` parts of the device of size bytes each,
 * part i from the copy order[i % copies].
 */
struct kernel_bench {
	const struct kernel_spec *spec;
	const struct codec_samples *samples; /* to train a dictionary on */
	char *corpus, *back;                 /* copies * size bytes each, page-aligned */
	const size_t *order;
	size_t size, copies;
	uint64_t runs, warmups;
};

/* kernel_bench_run - fills all of the row but corpus, cache, working_set_bytes and llc_bytes. Times
 * are net of same-filled pages, which take the same path without a codec; a time that is not above
 * 0 is missing.
 *
 * errors  zram_setup's; codec_train's; usage: too much memory needed; -EINTR after a signal
 */
int kernel_bench_run(const struct kernel_bench *bench, struct bench_record *row, struct err *e);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* bench_record.h - what a bench measures, of the library's codecs and of the kernel's. */
#ifndef COLDPRESS_MONITOR_BENCH_RECORD_H
#define COLDPRESS_MONITOR_BENCH_RECORD_H

#include "lib/base/record.h"

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

#endif

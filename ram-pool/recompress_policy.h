/* SPDX-License-Identifier: GPL-2.0-only */
/* recompress_policy.h - whether recompression of a pool pays for its CPU time, and for which of its
 * pages.
 */
#ifndef RAM_POOL_RECOMPRESS_POLICY_H
#define RAM_POOL_RECOMPRESS_POLICY_H

#include "lib/analysis/policy.h"
#include "pool.h"

struct recompress_verdict {
	bool recompress;
	uint64_t threshold_bytes; /* smallest compressed size to recompress; 0 = all */
	uint64_t sampled_pages;   /* pages with a slot */
	/* What a CPU-second buys; where recompress is false, the best it could buy. */
	double value_gib_per_core;
	char why[256]; /* one sentence */
};

/* One page of a sample under the first and the second algorithm. */
struct recompress_page {
	size_t len, second_len;          /* compressed; PAGE_BYTES: stored uncompressed */
	double slot_bytes, second_bytes; /* share of the pool's RAM */
	double decompress_ms, second_compress_ms, second_decompress_ms;
};

struct recompress_sample {
	const struct recompress_page *pages;
	size_t n;
	const char *first, *second; /* codecs */
	size_t huge_bytes;          /* compressed lengths from here on are stored uncompressed */
};

/* recompress_policy_decide - the threshold that leaves most once its CPU time is paid at the
 * policy's price. If no threshold pays, the verdict on all pages. huge_only: of the incompressible
 * pages alone. Pure.
 *
 * source  what the kernel does with a page: recompress_slot() in drivers/block/zram/zram_drv.c
 */
void recompress_policy_decide(const struct recompress_sample *s,
			      const struct policy_settings *policy, bool huge_only,
			      struct recompress_verdict *ret);

/* recompress_policy_read (recompress_sample.c) - samples the pool (one page in 16, 64 to 1024
 * pages), and decides. The savings are those beyond the first algorithm, for as long as the pages
 * stay (policy->residence_s); the costs are decompression and compression of every candidate, and
 * decompression of what is read (policy->readback_factor). CPU times are the library codecs' on one
 * core, not the kernel's. Pages on the backing device are read from there, and count.
 *
 * errors  exit 77 no library codec matches one of the two algorithms; -ENODATA the pool has no page
 * to sample; -EINTR ^C
 */
int recompress_policy_read(const struct pool *pool, const struct policy_settings *policy,
			   bool huge_only, struct recompress_verdict *ret, struct err *e);

#endif

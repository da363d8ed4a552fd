/* SPDX-License-Identifier: GPL-2.0-only */
/* worth.h - whether a pool's second codec is worth its CPU, and for which of its pages. */
#ifndef RAM_POOL_WORTH_H
#define RAM_POOL_WORTH_H

#include "lib/analysis/policy.h"
#include "pool.h"

struct pool_worth {
	bool worth;
	uint64_t threshold_bytes;  /* of the pages it is worth it for, from this compressed size on;
				      0 = all */
	uint64_t sampled_pages;    /* that have a slot */
	double value_gib_per_core; /* what a CPU-second buys; where it is not worth it, the best it
				      could */
	char why[256];             /* in one sentence */
};

/* One page of a sample: where it is, where it would be, and what that costs. */
struct worth_page {
	size_t len, again_len; /* packed by the first codec, and by the second; PAGE_BYTES: kept
				  whole */
	double slot_bytes, again_bytes;          /* its share of the pool's memory */
	double open_ms, again_ms, again_open_ms; /* opened; packed again; opened then */
};

struct worth_sample {
	const struct worth_page *pages;
	size_t n;
	const char *first, *second; /* codecs */
	size_t huge_bytes;          /* packed lengths from here on are kept whole */
};

/* worth_judge - the best of all thresholds, by what they leave when their CPU is paid at the
 * policy's price; none is worth it: the verdict on all pages. huge_only: on the incompressible
 * ones.
 *
 * source  what becomes of a page: recompress_slot() in drivers/block/zram/zram_drv.c
 */
void worth_judge(const struct worth_sample *s, const struct policy_settings *policy, bool huge_only,
		 struct pool_worth *ret);

/* pool_worth (worth_sample.c) - looks at a sample of the pool, at most one page in 16 where it has
 * many, and lets the fairness policy weigh what recompression does: what it saves beyond the first
 * codec, for as long as the pages stay out (policy->residence_s), against the CPU it takes to open
 * and pack every candidate again, and to open what is read back (policy->readback_factor).
 *
 * errors  exit 77 no library codec stands for one of the pool's two; -ENODATA it holds nothing to
 * judge by; -EINTR ^C
 *
 * Times are the library codecs' on one core, not the kernel's. Pages on the backing device are read
 * from there, and count.
 */
int pool_worth(const struct pool *pool, const struct policy_settings *policy, bool huge_only,
	       struct pool_worth *ret, struct err *e);

#endif

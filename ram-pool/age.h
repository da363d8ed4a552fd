/* SPDX-License-Identifier: GPL-2.0-only */
/* age.h - one round of the cold tier: recompression and writeback of pages by age. */
#ifndef RAM_POOL_AGE_H
#define RAM_POOL_AGE_H

#include "pool.h"
#include "recompress_policy.h"

enum pool_age_what { POOL_AGE_IDLE, POOL_AGE_HUGE_IDLE, POOL_AGE_HUGE };
extern const char *const pool_age_what_choices[];

struct pool_age_request {
	uint64_t older_ns;          /* not accessed for this long; 0 = all */
	int what;                   /* enum pool_age_what */
	uint64_t threshold_bytes;   /* recompress from this size on; MISSING_U64 = all */
	bool recompress, writeback; /* neither: what the pool was set up with */
	bool policy;                /* recompress only what the fairness policy accepts */
	double price_gib_per_core;  /* of the policy; MISSING_F64 = its default */
};

struct pool_age {
	const char *name, *marked, *what, *policy;
	uint64_t older_ns, mark_ns, elapsed_ns;
	bool recompressed, written_back;
	struct pool_counters before, after;
	uint64_t backing_written_pages, threshold_bytes;
	struct recompress_verdict verdict;
};

extern const struct record_type pool_age_type;

/* pool_age - marks old pages, writes them back, and recompresses those that stay. ret points into
 * itself: do not copy it.
 *
 * errors  exit 77 the pool, or the kernel, has no cold tier; -EINTR ^C while waiting for pages to
 * age; recompress_policy_read's
 */
int pool_age(const struct pool *pool, const struct pool_age_request *request, struct pool_age *ret,
	     struct err *e);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* watch.h - samples a command's group and the machine, and decides when the command has to end. */
#ifndef COLDPRESS_SAFETY_WATCH_H
#define COLDPRESS_SAFETY_WATCH_H

#include "lib/kernel/cgroup.h"

#define WATCH_WHY_MAX 160

struct watch {
	/* what is checked */
	uint64_t memory_bytes;       /* limit of the group; MISSING_U64 = none */
	uint64_t reserve_bytes;      /* of the available memory; 0 = not checked */
	struct cgroup_layout layout; /* whose groups bound the available memory, too */
	bool full_pool;          /* a zram swap at its limit, once the group has pages in swap */
	double psi_full_percent; /* of memory, avg10; NaN = not checked */
	/* what was sampled */
	uint64_t available_bytes;             /* MemAvailable of the last check; 0 = none yet */
	uint64_t used_bytes;                  /* anon + shmem of the group; MISSING_U64 */
	uint64_t peak_bytes, peak_swap_bytes; /* highest samples; MISSING_U64 */
};

/* watch_sample - one sample of the group; NULL = the command has none. */
void watch_sample(struct watch *watch, const struct cgroup *group);

/* watch_peak_swap - takes a value of the group's swap into the peak. */
void watch_peak_swap(struct watch *watch, uint64_t swap_bytes);

/* watch_check - whether a bound is broken, and then why, for people. */
bool watch_check(struct watch *watch, char why[WATCH_WHY_MAX]);

#endif

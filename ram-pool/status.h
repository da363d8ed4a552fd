/* SPDX-License-Identifier: GPL-2.0-only */
/* status.h - what a pool holds, what it costs, and whose pages it holds. */
#ifndef RAM_POOL_STATUS_H
#define RAM_POOL_STATUS_H

#include "pool.h"

extern const struct record_type pool_status_type, pool_watch_type;

struct pool_status {
	char name[POOL_NAME_MAX], device[32], algorithm[ZRAM_ALGORITHM_MAX];
	const char *state, *warning, *use, *second_algorithm, *backing;
	char second_text[ZRAM_ALGORITHM_MAX], backing_text[256], warning_text[768];
	uint64_t id, owner, size_bytes;
	struct pool_counters now; /* mm.limit_bytes is missing where there is no limit */
	double compression_ratio, limit_share, same_share, incompressible_share;
	int64_t overhead_bytes, saved_bytes;
	uint64_t swap_used_bytes;
	int64_t priority;
	uint64_t slot_table_bytes;
	uint64_t oom_kill_count; /* since setup */
	uint64_t foreign_bytes;  /* filled by pool_owner_compare */
	int64_t compact_bytes;   /* filled by the caller, from classes.h */
	const char *compact_source;
	/* Of a watch; filled by the caller, and by pool_status_rates. */
	uint64_t time_ms;
	double read_pages_per_s, written_pages_per_s;
};

/* pool_status_read - -ENODEV the device has been removed. ret points into itself: do not copy it.
 */
int pool_status_read(const struct pool *pool, struct pool_status *ret, struct err *e);

/* pool_status_warn - adds a clause to the warning. */
void pool_status_warn(struct pool_status *status, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* pool_status_rates - fills the rates of a reading, from the one elapsed_ns before. */
void pool_status_rates(const struct pool_status *before, uint64_t elapsed_ns,
		       struct pool_status *now);

/* Whether zswap stores pages before any swap device gets them. */
bool zswap_enabled(void);

/* ---- owner.c ---- */

/* pool_owner_compare - how much of the pool belongs to none of these: a cgroup with those below
 * it, or a process with its descendants, else the process that the pool is bound to. Fills
 * foreign_bytes and warns above 1 MiB; missing where nobody is named, or the pool is no swap. It is
 * a lower bound: what the owner has in other swaps counts as in the pool.
 *
 * errors  group_find's, group_swap_bytes'; -ESRCH no such process
 */
int pool_owner_compare(const struct pool *pool, pid_t pid, const char *cgroup,
		       struct pool_status *status, struct err *e);

/* pool_owner_oom - counts OOM kills since setup, and warns with the cgroups they were in. */
void pool_owner_oom(const struct pool *pool, struct pool_status *status);

#endif

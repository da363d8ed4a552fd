/* SPDX-License-Identifier: GPL-2.0-only */
/* trigger.h - swaps pages of a process, a cgroup or a load out to a pool and in again. */
#ifndef RAM_POOL_TRIGGER_H
#define RAM_POOL_TRIGGER_H

#include "pool.h"
#include "target.h"

enum trigger_how { TRIGGER_PREFAULT, TRIGGER_WILLNEED, TRIGGER_TOUCH };
extern const char *const trigger_how_choices[];

/* Loads of `workload`, with a memory limit of half of what they touch. */
extern const char *const trigger_compress_profiles[]; /* none light medium heavy */
extern const char *const trigger_readback_profiles[]; /* none readback burst */

struct trigger_request {
	pid_t pid;          /* 0 = none */
	const char *cgroup; /* NULL = none */
	const char *amount; /* "256MiB", "50%"; NULL = all */
	int how;            /* enum trigger_how; readback of a process */
	int compress_profile, readback_profile;
	uint64_t duration_ns; /* of a profile */
};

/* Missing: the trigger does not have it; a profile, for instance, has no moved pages. */
struct trigger_record {
	const char *what, *how, *pool, *cgroup;
	uint64_t pid;
	uint64_t candidate_pages, moved_pages, skipped_pages, oom_kill_count;
	struct target_refused refused; /* of compress --pid and willneed */
	uint64_t elapsed_ns;
	double page_us, page_p50_us, page_p99_us, page_max_us;
	uint64_t written_pages, read_pages, failed_writes;
	struct pool_counters before, after;
	uint64_t orig_peak_bytes, used_peak_bytes;
	bool stopped;
};

extern const struct record_type trigger_type;

/* trigger_compress, trigger_readback - swap out, swap in. -ESRCH the process has ended. */
int trigger_compress(const struct trigger_request *request, const struct pool *pool,
		     struct trigger_record *ret, struct err *e);
int trigger_readback(const struct trigger_request *request, const struct pool *pool,
		     struct trigger_record *ret, struct err *e);

#endif

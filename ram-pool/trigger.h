/* SPDX-License-Identifier: GPL-2.0-only */
/* trigger.h - pages into the pool and back, by hand, and what that did to it. */
#ifndef RAM_POOL_TRIGGER_H
#define RAM_POOL_TRIGGER_H

#include "pool.h"
#include "lib/base/record.h"

enum trigger_how { TRIGGER_PREFAULT, TRIGGER_WILLNEED, TRIGGER_TOUCH };
extern const char *const trigger_how_choices[];

/* Loads of `workload`, under a memory limit of half of what they touch. */
extern const char *const trigger_compress_profiles[]; /* none light medium heavy */
extern const char *const trigger_readback_profiles[]; /* none readback burst */

struct trigger_request {
	pid_t pid;          /* 0 = not of a process */
	const char *cgroup; /* NULL = not of a group */
	const char *amount; /* "256MiB", "50%"; NULL = everything */
	int how;            /* readback of a process */
	int compress_profile, readback_profile;
	uint64_t duration_ns; /* of a profile */
};

/* Missing where the trigger has no such thing: a profile knows no pages of its own. */
struct trigger_record {
	const char *what, *how, *pool, *cgroup;
	uint64_t pid;
	uint64_t candidate_pages, moved_pages, skipped_pages, oom_kill_count;
	uint64_t elapsed_ns;
	double page_us, page_p50_us, page_p99_us, page_max_us;
	uint64_t written_pages, read_pages, failed_writes;
	uint64_t orig_before_bytes, orig_after_bytes, orig_peak_bytes;
	uint64_t used_before_bytes, used_after_bytes, used_peak_bytes;
	bool stopped;
};

extern const struct record_type trigger_type;

/* trigger_compress, trigger_readback - errors  -ENOENT no pool that is ready; -ESRCH the process
 * ended meanwhile */
int trigger_compress(const struct trigger_request *request, const struct pool *pool,
		     struct trigger_record *ret, struct err *e);
int trigger_readback(const struct trigger_request *request, const struct pool *pool,
		     struct trigger_record *ret, struct err *e);

#endif

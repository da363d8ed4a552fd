/* SPDX-License-Identifier: GPL-2.0-only */
/* pool.h - pools: zram devices of our own, as swap, by name.
 *
 * A pool is a book of the journal called pool.NAME that holds one device. pool.c acts, guard.c
 * decides, status.c and owner.c look; main.c has the command line.
 */
#ifndef RAM_POOL_POOL_H
#define RAM_POOL_POOL_H

#include "lib/kernel/cgroup.h"
#include "lib/safety/journal.h"
#include "lib/kernel/procfs.h"
#include "lib/base/record.h"
#include "lib/kernel/swap.h"

#define POOL_NAME_MAX 64
#define POOLS_MAX     ZRAM_DEVICES_MAX

struct pool {
	char name[POOL_NAME_MAX];
	struct zram_device device;
	bool swap;   /* in use as swap; else a plain block device */
	bool taken;  /* was there before: it is reset, not removed */
	bool ready;  /* set up whole; else somebody is at it, or died at it */
	bool live;   /* its maker is still at work */
	pid_t owner; /* the process it is bound to; 0 = none */
	bool owner_gone;
	uint64_t oom_kill_count; /* of the machine, when it was set up; missing until it is ready */
};

struct pools {
	struct pool pools[POOLS_MAX];
	size_t n;
	struct err unreadable; /* a book that may be a pool's; code 0: none */
};

/* pools_read - those of this boot, in the journal and in the machine. */
int pools_read(struct pools *ret, struct err *e);

/* ---- guard.c: pure ---- */

/* Most RAM that a new pool may be allowed: half of what is available above the reserve
 * (supervise_reserve_bytes) and not yet promised to other pools; 0 = none.
 */
uint64_t pool_limit_bound_bytes(const struct procfs_meminfo *meminfo, uint64_t promised_bytes);

/* pool_guard - refuses (exit 2) sizes that could hurt the machine, with the bound and the figure.
 *
 * limit_bytes  MISSING_U64: set to half of the size, or to the bound where that is less
 */
int pool_guard(const struct procfs_meminfo *meminfo, uint64_t promised_bytes, uint64_t size_bytes,
	       uint64_t *limit_bytes, struct err *e);

/* ---- pool.c: acts ---- */
enum pool_mode { POOL_SWAP, POOL_RAW, POOL_EXT4 };
extern const char *const pool_modes[]; /* "swap", "raw", "ext4" */

struct pool_request {
	const char *name;
	const char *algorithm;  /* NULL = the kernel's default */
	const int *level;       /* NULL = the kernel's default */
	const char *dict;       /* file; NULL = none */
	const char *recompress; /* second codec, for cold pages; NULL = none */
	const char *backing;    /* file or block device for cold pages; NULL = none */
	const char *zswap;  /* codec of zswap in front of the pool; NULL = zswap is left as it is */
	const char *device; /* a free zram device to take, "zram3"; NULL = one is added */
	enum pool_mode mode;
	uint64_t size_bytes;
	uint64_t mem_limit_bytes; /* MISSING_U64 = as pool_guard says */
	uint64_t priority;        /* MISSING_U64 = one above the highest */
	pid_t owner;              /* 0 = the pool stays until it is reset */
	bool tune;                /* settings that suit swap in RAM; put back with the pool */
};

struct pool_made {
	struct zram_device device;
	char algorithm[ZRAM_ALGORITHM_MAX];
	uint64_t size_bytes, mem_limit_bytes, setup_ns;
	int priority; /* of swap */
};

/* pool_device_id - N of "zramN" or "/dev/zramN"; anything else is a usage error. */
int pool_device_id(const char *name, unsigned int *ret, struct err *e);

/* pool_plan - what pool_setup would take: the limit is filled in, the priority is looked up.
 * Changes nothing; of other pools it only knows as root. Codecs and what else a kernel has are not
 * looked for: the plan may be for another machine.
 */
int pool_plan(struct pool_request *request, int *priority, struct err *e);

/* pool_setup - all of it or nothing: whatever fails, or ^C, what was done is put back first. */
int pool_setup(const struct pool_request *request, struct pool_made *ret, struct err *e);

/* pool_reset - pages back into RAM, device away. force: even if they might not fit into the
 * machine, or into the limits of the groups they belong to.
 *
 * errors  -EINTR ^C while pages came back, -ETIMEDOUT they took longer than timeout_ns: the pool is
 * as before; -EINPROGRESS either, and the kernel still goes on with one process: left to recovery;
 * -ENOMEM refused
 */
int pool_reset(const struct pool *pool, bool force, uint64_t timeout_ns, struct err *e);

/* ---- age.c: one round of the cold tier ---- */
enum pool_age_what { POOL_AGE_IDLE, POOL_AGE_HUGE_IDLE, POOL_AGE_HUGE };
extern const char *const pool_age_what_choices[];

struct pool_age_request {
	uint64_t older_ns;        /* not touched for so long; 0 = all */
	int what;                 /* enum pool_age_what */
	uint64_t threshold_bytes; /* recompress only what takes at least this; MISSING_U64 = all */
	bool recompress, writeback; /* neither: what the pool was set up for */
	bool policy; /* recompress only where the fairness policy says that it is worth it */
	double price_gib_per_core; /* of the policy; MISSING_F64 = its own default */
};

struct pool_age {
	const char *name, *marked, *what;
	uint64_t older_ns, mark_ns, elapsed_ns;
	bool recompressed, written_back;
	uint64_t compr_before_bytes, compr_after_bytes, used_before_bytes, used_after_bytes;
	uint64_t backing_before_pages, backing_after_pages, backing_written_pages;
	uint64_t threshold_bytes, policy_pages;
	double policy_gib_per_core;
	const char *policy;
	char policy_text[256];
};

extern const struct record_type pool_age_type;

/* pool_age - marks what is old, writes it back, and recompresses what stays. ret points into
 * itself: do not copy it.
 *
 * errors  exit 77 the pool, or the kernel, has no cold tier; -EINTR ^C while waiting for pages to
 * age; pool_worth's
 */
int pool_age(const struct pool *pool, const struct pool_age_request *request, struct pool_age *ret,
	     struct err *e);

/* ---- status.c ---- */
extern const struct record_type pool_status_type;

struct pool_status {
	const char *name, *device, *algorithm, *state, *warning, *use, *second_algorithm, *backing;
	char second_text[ZRAM_ALGORITHM_MAX], backing_text[256];
	char name_text[POOL_NAME_MAX], device_text[32], algorithm_text[ZRAM_ALGORITHM_MAX],
		warning_text[768];
	uint64_t id, owner;
	uint64_t size_bytes, orig_bytes, compr_bytes, used_bytes, used_max_bytes, limit_bytes;
	double compression_ratio, limit_share, same_share, incompressible_share;
	int64_t overhead_bytes, saved_bytes;
	uint64_t same_pages, incompressible_pages;
	uint64_t swap_used_bytes;
	int64_t priority;
	uint64_t reads, read_bytes, writes, written_bytes, failed_reads, failed_writes;
	uint64_t invalid_io, freed_slots, incompressible_ever_pages, compacted_pages,
		slot_table_bytes;
	uint64_t backing_pages, backing_read_pages, backing_written_pages;
	uint64_t oom_kill_count; /* since the set-up */
	uint64_t foreign_bytes;  /* the caller's to fill, with pool_owner_compare */
	int64_t compact_bytes;   /* the caller's to fill, with classes.h */
	const char *compact_source;
};

/* pool_status_read - -ENODEV when the pool went meanwhile. ret points into itself: do not copy it.
 */
int pool_status_read(const struct pool *pool, struct pool_status *ret, struct err *e);

/* pool_status_warn - adds a clause to the warning. */
void pool_status_warn(struct pool_status *status, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* ---- owner.c: whose pages they are ---- */

/* pool_owner_compare - how much of the pool is nobody's of these: a group's (cgroup, with those
 * below it), or a process's with all it has begun (pid), else those of the process it is bound to.
 * Fills foreign_bytes and warns of more than 1 MiB; missing where nobody is named, or it is no
 * swap. At least that much is foreign: what the owner has in other swaps is taken for the pool's.
 *
 * errors  group_find's, group_swap_bytes'; -ESRCH no such process
 */
int pool_owner_compare(const struct pool *pool, pid_t pid, const char *cgroup,
		       struct pool_status *status, struct err *e);

/* pool_owner_oom - how often the OOM killer was there since the set-up, and a warning where. */
void pool_owner_oom(const struct pool *pool, struct pool_status *status);

/* One pool at one moment of a watch. */
struct pool_watch {
	const char *name;
	uint64_t time_ms, orig_bytes, used_bytes, swap_used_bytes, failed_writes;
	double compression_ratio, limit_share, read_pages_per_s, written_pages_per_s;
};

extern const struct record_type pool_watch_type;

/* pool_watch_compare - what lies between two looks, elapsed_ns apart. ret borrows from now. */
void pool_watch_compare(const struct pool_status *before, const struct pool_status *now,
			uint64_t elapsed_ns, struct pool_watch *ret);

/* Whether zswap takes pages before any swap device sees them. */
bool zswap_enabled(void);

#endif

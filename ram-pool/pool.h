/* SPDX-License-Identifier: GPL-2.0-only */
/* pool.h - pools: zram devices that `setup` made or took, by name.
 *
 * A pool is the journal pool.NAME, which holds one device. pools.c reads, bounds.c decides how
 * large a pool may be, pool.c changes the machine.
 */
#ifndef RAM_POOL_POOL_H
#define RAM_POOL_POOL_H

#include "lib/base/record.h"
#include "lib/kernel/procfs.h"
#include "lib/kernel/swap.h"
#include "lib/safety/journal.h"

#define POOL_JOURNAL_PREFIX "pool."
#define POOL_NAME_MAX       64
#define POOLS_MAX           ZRAM_DEVICES_MAX
#define LOCK_WAIT_NS        (30 * NS_PER_S)

struct pool {
	char name[POOL_NAME_MAX];
	struct zram_device device;
	bool swap;   /* in use as swap; else a block device */
	bool taken;  /* setup --device: reset does not remove the device */
	bool ready;  /* setup has finished, reset has not begun */
	bool live;   /* a setup or reset is at work on it */
	pid_t owner; /* the process the pool is bound to; 0 = none */
	bool owner_gone;
	uint64_t oom_kill_count; /* of the machine at setup; missing until the pool is ready */
};

struct pools {
	struct pool pools[POOLS_MAX];
	size_t n;
	struct err unreadable; /* a journal that may be a pool's; code 0: none */
};

/* pools_read - the pools of this boot, from the journal and the machine. */
int pools_read(struct pools *ret, struct err *e);

/* What the kernel counts of a pool's device. bd is missing without a backing device. */
struct pool_counters {
	struct zram_mm_stat mm;
	struct zram_io_stat io;
	struct zram_bd_stat bd;
	struct zram_block_stat block;
};

/* pool_counters_read - several files, one after the other. -ENODEV the device has been removed. */
int pool_counters_read(const struct pool *pool, struct pool_counters *ret, struct err *e);

/* A field of a record that is a member of a struct in it. */
#define FIELD_IN(s, m, n, t, u, what) \
	{ \
		.name = (n), .unit = (u), .type = (t), .offset = offsetof(s, m), \
		.size = sizeof(((s *)0)->m), .meaning = (what) \
	}

/* ---- bounds.c ---- */

/* pool_bounds_check - refuses (exit 2) sizes that could hurt the machine; the message has the bound
 * and the value. The limit may be half of the available memory above the reserve
 * (supervise_reserve_bytes) that is not promised to other pools.
 *
 * limit_bytes  MISSING_U64: set to half of the size, or to the bound where that is less
 */
int pool_bounds_check(const struct procfs_meminfo *meminfo, uint64_t promised_bytes,
		      uint64_t size_bytes, uint64_t *limit_bytes, struct err *e);

/* ---- pool.c: setup and reset ---- */
enum pool_mode { POOL_SWAP, POOL_RAW, POOL_EXT4 };
extern const char *const pool_modes[]; /* "swap", "raw", "ext4" */

struct pool_request {
	const char *name;
	const char *algorithm;  /* NULL = the kernel's default */
	const int *level;       /* NULL = the kernel's default */
	const char *dict;       /* file; NULL = none */
	const char *recompress; /* second algorithm, for cold pages; NULL = none */
	const char *backing;    /* file or block device for cold pages; NULL = none */
	const char *zswap;      /* algorithm of zswap in front of the pool; NULL = unchanged */
	const char *device;     /* a free zram device to take, "zram3"; NULL = one is added */
	enum pool_mode mode;
	uint64_t size_bytes;
	uint64_t mem_limit_bytes; /* MISSING_U64 = by pool_bounds_check */
	uint64_t priority;        /* MISSING_U64 = one above the highest */
	pid_t owner;              /* 0 = the pool stays until it is reset */
	bool tune;                /* settings for swap in RAM; restored by reset */
};

struct pool_made {
	struct pool_request request;
	struct zram_device device;
	char path[32], algorithm[ZRAM_ALGORITHM_MAX];
	uint64_t id, size_bytes, mem_limit_bytes, setup_ns;
	const char *use;
	int64_t level, priority; /* missing: the kernel's default; not swap */
	bool swap;
};

extern const struct record_type pool_setup_type;

/* pool_device_id - N of "zramN" or "/dev/zramN"; anything else is a usage error. */
int pool_device_id(const char *name, unsigned int *ret, struct err *e);

/* pool_plan - what pool_setup would use: fills in the limit and the priority. Changes nothing;
 * knows other pools only as root. Algorithms and kernel features are not checked: the plan may be
 * for another machine.
 */
int pool_plan(struct pool_request *request, int *priority, struct err *e);

/* pool_setup - all or nothing: on a failure or ^C every change is undone. */
int pool_setup(const struct pool_request *request, struct pool_made *ret, struct err *e);

/* pool_reset - swaps the pages in and removes the device. force: even if the pages might not fit
 * into memory, or into the limits of their cgroups.
 *
 * errors  -EINTR ^C, -ETIMEDOUT: the pool is in use as before; -EINPROGRESS either, but the kernel
 * still swaps in the pages of one process: `recover` finishes; -ENOMEM refused
 */
int pool_reset(const struct pool *pool, bool force, uint64_t timeout_ns, struct err *e);

#endif

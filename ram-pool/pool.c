/* SPDX-License-Identifier: GPL-2.0-only */
/* pool.c - sets pools up and removes them. Every change is in the journal before it is made. */
#include "pool.h"

#include <fcntl.h>
#include <inttypes.h>

#include "backing.h"
#include "lib/base/rights.h"
#include "lib/base/spawn.h"
#include "lib/pool/device.h"
#include "lib/safety/journal_recover.h"
#include "lib/base/stop.h"
#include "lib/kernel/zram_config.h"
#include "lib/base/term.h"
#include "lib/base/units.h"

#define MKFS_WAIT_NS (60 * NS_PER_S)

const char *const pool_modes[] = { "swap", "raw", "ext4", NULL };

#define F(m, t, u, what)  FIELD(struct pool_made, m, t, u, what)
#define ASKED(m, n, what) FIELD_IN(struct pool_made, request.m, n, FIELD_STRING, "", what)

static const struct field pool_setup_fields[] = {
	ASKED(name, "name", "name of the pool"),
	FIELD_IN(struct pool_made, path, "device", FIELD_CHARS, "", "block device"),
	F(id, FIELD_U64, "", "N of zramN"),
	F(algorithm, FIELD_CHARS, "", "compression algorithm"),
	F(level, FIELD_I64, "", "compression level; missing: the kernel's default"),
	ASKED(dict, "dict", "compression dictionary; missing: none"),
	ASKED(recompress, "recompress", "algorithm for cold pages; missing: none"),
	ASKED(backing, "backing", "file or device for cold pages; missing: none"),
	ASKED(zswap, "zswap", "algorithm of zswap in front of the pool; missing: unchanged"),
	F(size_bytes, FIELD_U64, "bytes", "capacity in uncompressed bytes (disksize)"),
	F(mem_limit_bytes, FIELD_U64, "bytes", "memory limit"),
	F(use, FIELD_STRING, "", "swap, raw, or the file system"),
	F(priority, FIELD_I64, "", "swap priority; missing: not swap"),
	F(swap, FIELD_BOOL, "", "in use as swap"),
	F(setup_ns, FIELD_U64, "ns", "time from the start of setup until the pool was ready"),
};

const struct record_type pool_setup_type =
	RECORD_TYPE("pool_setup", 1, RECORD_CARD, pool_setup_fields, "a pool that was set up");

/* RAM that zram devices may still take, up to their limits: also those of pools whose journal
 * cannot be read. */
static int promised_bytes(uint64_t *ret, struct err *e)
{
	struct zram_mm_stat stat;
	struct zram_list list;
	int rc = zram_list_read(NULL, &list, e);

	if (rc)
		return rc;
	*ret = 0;
	for (size_t i = 0; i < list.n; i++)
		if (zram_mm_stat_read(NULL, list.devices[i].id, &stat, NULL) == 0 &&
		    stat.limit_bytes > stat.used_bytes)
			*ret += stat.limit_bytes - stat.used_bytes;
	return 0;
}

/* ---- setup ---- */

static int stopped(struct err *e)
{
	return stop_requested() ? err_say(e, EINTR, "stopped; all changes were undone") : 0;
}

static int choose_priority(const struct pool_request *request, int *ret, struct err *e)
{
	struct procfs_swaps swaps;
	int rc = procfs_swaps_read(NULL, &swaps, e), next;

	if (rc)
		return rc;
	if (request->priority == MISSING_U64)
		return swap_next_priority(&swaps, ret, e);
	*ret = (int)request->priority;
	if (swap_next_priority(&swaps, &next, NULL) || *ret < next)
		for (size_t i = 0; i < swaps.n; i++)
			if (swaps.swaps[i].priority >= *ret)
				term_warn("%s has priority %d: it is used %s the pool",
					  swaps.swaps[i].path, swaps.swaps[i].priority,
					  swaps.swaps[i].priority == *ret ? "in turn with"
									  : "before");
	return 0;
}

static int add_device(struct journal *j, struct zram_device *ret, struct err *e)
{
	unsigned int entry;
	int rc = pool_device_add(j, ret, &entry, e);

	return rc ? rc : stopped(e);
}

int pool_device_id(const char *name, unsigned int *ret, struct err *e)
{
	if (zram_name_parse(name, ret) == 0)
		return 0;
	return err_usage(e, "--device '%s' is not a zram device: give its name, e.g. zram3", name);
}

/* A free device that exists. The reset of some kernels leaves its algorithm, so the journal
 * restores that by itself.
 */
static int take_device(struct journal *j, const char *name, struct zram_device *ret, struct err *e)
{
	uint64_t disk_bytes;
	unsigned int entry, id;
	char path[64];
	int rc = pool_device_id(name, &id, e);

	if (rc == 0)
		rc = zram_identify(NULL, id, ret, e);
	if (rc == 0)
		rc = zram_disk_bytes(NULL, id, &disk_bytes, e);
	if (rc)
		return rc;
	if (disk_bytes) {
		err_say(e, EBUSY, "zram%u is in use: its disksize is set", id);
		return err_hint(e, "leave out --device to add one");
	}
	snprintf(path, sizeof(path), "/sys/block/zram%u/comp_algorithm", id);
	rc = zram_can_reset(NULL, id, e);
	if (rc == 0)
		rc = journal_taken(j, ret, &entry, e);
	if (rc == 0)
		rc = journal_setting(j, path, &entry, e);
	return rc ? rc : stopped(e);
}

/* Changes a setting until the pool is removed. */
static int change_setting(struct journal *j, const char *path, const char *value, struct err *e)
{
	unsigned int entry;
	int rc = journal_setting(j, path, &entry, e);

	if (rc == 0)
		rc = sysroot_write(NULL, value, e, "%s", path);
	return rc ? rc : journal_done(j, entry, e);
}

/* zswap as a fast tier in front, whose coldest pages go to the pool. */
static int start_zswap(struct journal *j, const char *algorithm, struct err *e)
{
#define ZSWAP "/sys/module/zswap/parameters/"
	int rc;

	if (!sysroot_exists(NULL, ZSWAP "enabled")) {
		err_impossible(e, "this kernel has no zswap");
		return err_hint(e, "--zswap needs a kernel built with CONFIG_ZSWAP");
	}
	rc = change_setting(j, ZSWAP "compressor", algorithm, e);
	if (rc)
		return err_hint(e, "/proc/crypto lists the algorithms for zswap; this kernel's "
				   "default is in " ZSWAP "compressor");
	/* From 6.8; without it only a full zswap writes pages to the pool. */
	if (sysroot_exists(NULL, ZSWAP "shrinker_enabled"))
		rc = change_setting(j, ZSWAP "shrinker_enabled", "Y", e);
	if (rc == 0)
		rc = change_setting(j, ZSWAP "enabled", "Y", e);
	return rc ? rc : stopped(e);
#undef ZSWAP
}

/* MKFS_WAIT_NS at most; ^C ends it. */
static int wait_for(struct child *child, const char *what, struct err *e)
{
	child_wait(child, MKFS_WAIT_NS);
	child_done(child);
	if (stop_requested())
		return stopped(e);
	return child->status ? err_say(e, EIO, "%s failed; its messages are above", what) : 0;
}

static int make_fs(struct journal *j, const struct zram_device *device, const char *name,
		   struct err *e)
{
	static const char *const places[] = { "/usr/sbin/mkfs.ext4", "/sbin/mkfs.ext4",
					      "/usr/bin/mkfs.ext4" };
	char path[32], label[17];
	const char *const argv[] = { "mkfs.ext4", "-q", "-F", "-m", "0", "-L", label, path, NULL };
	unsigned int entry;
	size_t i = 0;
	struct child child;
	int rc;

	while (i < ARRAY_SIZE(places) && access(places[i], X_OK))
		i++;
	if (i == ARRAY_SIZE(places)) {
		err_impossible(e, "there is no mkfs.ext4");
		return err_hint(e, "install e2fsprogs, or take --raw");
	}
	snprintf(path, sizeof(path), "/dev/zram%u", device->id);
	snprintf(label, sizeof(label), "%s", name);
	rc = spawn(&child, &(struct spawn){ .path = places[i], .argv = argv, .out_fd = SPAWN_NULL },
		   e);
	if (rc)
		return rc;
	/* Should we die, recovery ends it before it takes the device. */
	int noted = journal_process(j, child.pid, &entry, NULL);

	rc = wait_for(&child, places[i], e);
	if (noted == 0)
		journal_undone(j, entry, NULL);
	return rc ? rc : stopped(e);
}

static int start_swap(struct journal *j, const struct zram_device *device, int priority,
		      const char *name, struct err *e)
{
	AUTO_CLOSE int fd = zram_open(device, O_RDWR, e);
	unsigned int entry;

	if (fd < 0)
		return fd;
	int rc = swap_format(fd, name, e);
	if (rc == 0)
		rc = stopped(e);
	if (rc == 0)
		rc = journal_swap(j, device, &entry, e);
	if (rc == 0)
		rc = swap_on(fd, priority, e);
	if (rc == 0)
		rc = journal_done(j, entry, e);
	return rc ? rc : stopped(e);
}

/* Swap in RAM is cheap, so anonymous pages may be swapped out as readily as file pages are dropped
 * (Documentation/admin-guide/sysctl/vm.rst names zram for values above 100); and there is no seek
 * that readahead could save.
 */
static int tune(struct journal *j, struct err *e)
{
	int rc = change_setting(j, "/proc/sys/vm/swappiness", "180", e);

	if (rc == 0)
		rc = change_setting(j, "/proc/sys/vm/page-cluster", "0", e);
	return rc ? rc : stopped(e);
}

/* Algorithms, sizes, backing: afterwards it is a block device that can be used. */
static int configure(const struct pool_request *request, struct pool_made *made, struct err *e)
{
	struct zram_config config = {
		.algorithm = request->algorithm,
		.level = request->level,
		.recompress = request->recompress,
		.backing = request->backing,
		.mem_limit_bytes = made->mem_limit_bytes,
		.disk_bytes = request->size_bytes,
	};
	AUTO_FREE char *dict = request->dict ? realpath(request->dict, NULL) : NULL;
	struct backing backing = { .fd = -1 };

	if (request->dict && !dict)
		return err_set(e, errno, "cannot read the dictionary %s", request->dict);
	config.dict = dict;
	/* What the kernel lacks is reported before what is wrong with a file. */
	int rc = zram_check(NULL, made->device.id, &config, e);

	if (rc == 0 && request->backing) {
		rc = backing_open(&backing, request->backing, e);
		config.backing = backing.device;
	}
	if (rc)
		return rc;
	rc = zram_setup(NULL, made->device.id, &config, e);
	backing_close(&backing);
	return rc;
}

static int make_ready(struct journal *j, const struct pool *pool, struct err *e)
{
	char text[256];

	snprintf(text, sizeof(text),
		 "zram%u is a pool in use; `ram_pool reset --name %s` removes it", pool->device.id,
		 pool->name);
	return journal_ready(j, pool->owner, pool->oom_kill_count, text, e);
}

static uint64_t oom_kill_count(void)
{
	struct procfs_vmstat vmstat;

	return procfs_vmstat_read(NULL, &vmstat, NULL) ? MISSING_U64 : vmstat.oom_kill;
}

static int set_up(struct journal *j, const struct pool_request *request, struct pool_made *made,
		  struct err *e)
{
	struct zram_algorithms algorithms;
	int rc = request->device ? take_device(j, request->device, &made->device, e)
				 : add_device(j, &made->device, e);

	if (rc == 0)
		rc = configure(request, made, e);
	if (rc == 0)
		rc = zram_algorithms_read(NULL, made->device.id, &algorithms, e);
	if (rc == 0)
		rc = zram_disk_bytes(NULL, made->device.id, &made->size_bytes, e);
	if (rc == 0)
		rc = stopped(e);
	if (rc == 0 && request->mode == POOL_SWAP)
		rc = start_swap(j, &made->device, (int)made->priority, request->name, e);
	if (rc == 0 && request->mode == POOL_EXT4)
		rc = make_fs(j, &made->device, request->name, e);
	if (rc == 0 && request->tune)
		rc = tune(j, e);
	if (rc == 0 && request->zswap)
		rc = start_zswap(j, request->zswap, e);
	if (rc)
		return rc;
	memcpy(made->algorithm, algorithms.names[algorithms.current], sizeof(made->algorithm));
	struct pool pool = { .device = made->device,
			     .owner = request->owner,
			     .oom_kill_count = oom_kill_count() };

	snprintf(pool.name, sizeof(pool.name), "%s", request->name);
	return make_ready(j, &pool, e);
}

/* Limit and priority. */
static int choose(const struct pool_request *request, uint64_t promised, uint64_t *limit_bytes,
		  int *priority, struct err *e)
{
	struct procfs_meminfo meminfo;
	int rc = procfs_meminfo_read(NULL, &meminfo, e);

	*priority = 0;
	if (rc == 0)
		rc = pool_bounds_check(&meminfo, promised, request->size_bytes, limit_bytes, e);
	if (rc || request->mode != POOL_SWAP)
		return rc;
	return choose_priority(request, priority, e);
}

int pool_plan(struct pool_request *request, int *priority, struct err *e)
{
	const struct zram_config config = { .level = request->level, .dict = request->dict };
	uint64_t promised = 0;
	unsigned int id;
	int rc = 0;

	if (request->device)
		rc = pool_device_id(request->device, &id, e);
	if (rc == 0 && request->algorithm)
		rc = zram_check_params(&config, request->algorithm, e);
	if (rc == 0 && !rights_missing(RIGHTS_CHANGE))
		rc = promised_bytes(&promised, e);
	return rc ? rc : choose(request, promised, &request->mem_limit_bytes, priority, e);
}

static int open_journal(const char *name, struct journal **ret, struct err *e)
{
	char file[POOL_NAME_MAX + sizeof(POOL_JOURNAL_PREFIX)];

	snprintf(file, sizeof(file), POOL_JOURNAL_PREFIX "%s", name);
	int rc = journal_open_named(ret, file, e);

	if (rc != -EEXIST)
		return rc;
	err_say(e, EEXIST, "pool %s exists already", name);
	return err_hint(e,
			"see `ram_pool status`; remove it with `ram_pool reset --name %s`, or with "
			"`ram_pool recover` if its device is missing; or give another --name",
			name);
}

int pool_setup(const struct pool_request *request, struct pool_made *ret, struct err *e)
{
	struct pool_made made = { .request = *request,
				  .mem_limit_bytes = request->mem_limit_bytes,
				  .use = pool_modes[request->mode],
				  .level = request->level ? *request->level : MISSING_I64,
				  .swap = request->mode == POOL_SWAP };
	uint64_t begin_ns = monotonic_ns(), promised;
	int priority;
	struct journal *j = NULL;
	struct err undo = { .code = 0 };
	int rc = zram_available(NULL, e);

	if (rc)
		return rc;
	AUTO_CLOSE int lock = journal_lock(LOCK_WAIT_NS, e);

	if (lock < 0)
		return lock;
	rc = promised_bytes(&promised, e);
	if (rc == 0)
		rc = choose(request, promised, &made.mem_limit_bytes, &priority, e);
	if (rc == 0)
		rc = open_journal(request->name, &j, e);
	if (rc)
		return rc;
	made.priority = made.swap ? priority : MISSING_I64;
	rc = set_up(j, request, &made, e);
	if (rc && journal_undo_all(j, &undo))
		term_warn("%s; `ram_pool recover` tries again", undo.what);
	journal_close(j);
	if (rc)
		return rc;
	made.id = made.device.id;
	snprintf(made.path, sizeof(made.path), "/dev/zram%u", made.device.id);
	made.setup_ns = monotonic_ns() - begin_ns;
	*ret = made;
	return 0;
}

/* ---- reset ---- */

static void show_progress(void *ctx, uint64_t left_bytes)
{
	struct term_progress *progress = ctx;

	term_progress_update(progress, progress->total - MIN((double)left_bytes, progress->total));
}

static int swap_in(const struct zram_device *device, uint64_t timeout_ns, struct err *e)
{
	uint64_t used_bytes = swap_used_bytes(device);
	struct term_progress progress;
	const struct swap_back how = { .timeout_ns = timeout_ns,
				       .stoppable = true,
				       .progress = show_progress,
				       .ctx = &progress };
	char size[UNITS_TEXT_MAX];

	if (!swap_in_use(device))
		return 0;
	AUTO_CLOSE int fd = zram_open(device, O_RDONLY, e);

	if (fd < 0)
		return fd;
	term_progress_begin(&progress, (double)used_bytes);
	if (used_bytes)
		term_progress_step(&progress, "swapping in %s from zram%u",
				   units_format_size(used_bytes, size), device->id);
	int rc = swap_back(fd, device, &how, e);

	term_progress_end(&progress);
	return rc;
}

/* Mounted, or open in a program: found out before anything is changed. */
static int check_unused(const struct zram_device *device, struct err *e)
{
	AUTO_CLOSE int fd = zram_open(device, O_RDWR | O_EXCL, e);

	if (fd != -EBUSY)
		return MIN(fd, 0);
	if (swap_in_use(device)) {
		err_say(e, EBUSY, "zram%u is in use as swap, but not by setup", device->id);
		return err_hint(e, "disable the swap first: swapoff /dev/zram%u", device->id);
	}
	err_say(e, EBUSY, "zram%u is in use", device->id);
	return err_hint(e, "unmount or close it first: umount /dev/zram%u", device->id);
}

/* The pages first: only that can be refused or stopped. Then everything in the journal. */
static int take_down(struct journal *j, const struct pool *pool, bool force, uint64_t timeout_ns,
		     struct err *e)
{
	int rc = force ? 0 : swap_room_check(&pool->device, e);

	if (rc == 0 && pool->ready && !pool->swap)
		rc = check_unused(&pool->device, e);
	if (rc == 0)
		rc = journal_unready(j, e);
	if (rc)
		return rc;
	rc = swap_in(&pool->device, timeout_ns, e);
	/* Stopped or failed, the kernel uses the swap as before, unless it is still at work. */
	bool as_before = rc && rc != -EINPROGRESS;

	if (rc == 0) {
		rc = journal_undo_all(j, e);
		/* A block device that is open: nothing has been undone yet. */
		as_before = rc == -EBUSY && !pool->swap;
	}
	if (as_before && pool->ready)
		make_ready(j, pool, NULL);
	return rc;
}

int pool_reset(const struct pool *pool, bool force, uint64_t timeout_ns, struct err *e)
{
	char file[POOL_NAME_MAX + sizeof(POOL_JOURNAL_PREFIX)];
	struct journal *j = NULL;
	AUTO_CLOSE int lock = journal_lock(LOCK_WAIT_NS, e);

	if (lock < 0)
		return lock;
	snprintf(file, sizeof(file), POOL_JOURNAL_PREFIX "%s", pool->name);
	int rc = journal_adopt(&j, file, e);

	if (rc == -ENOENT)
		return err_say(e, ENOENT, "pool %s has been removed", pool->name);
	if (rc)
		return rc;
	rc = take_down(j, pool, force, timeout_ns, e);
	journal_close(j);
	return rc;
}

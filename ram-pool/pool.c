/* SPDX-License-Identifier: GPL-2.0-only */
/* pool.c - sets pools up and takes them down. Nothing is changed that the journal does not hold
 * already. */
#include "pool.h"

#include <fcntl.h>
#include <inttypes.h>

#include "backing.h"
#include "lib/base/spawn.h"
#include "lib/base/stop.h"
#include "lib/base/term.h"
#include "lib/base/units.h"

#define BOOK_PREFIX  "pool."
#define LOCK_WAIT_NS (30 * NS_PER_S)
#define MKFS_WAIT_NS (60 * NS_PER_S)

const char *const pool_modes[] = { "swap", "raw", "ext4", NULL };

/* ---- which there are ---- */

static int take_pool(void *ctx, const struct journal_file *book, bool live)
{
	struct pools *pools = ctx;
	struct pool *pool = &pools->pools[pools->n];

	if (!str_starts(book->name, BOOK_PREFIX) || pools->n == POOLS_MAX)
		return 0;
	*pool = (struct pool){ .ready = book->ready,
			       .live = live,
			       .owner = book->ready_owner,
			       .owner_gone = book->ready_owner &&
					     !procfs_alive(NULL, book->ready_owner,
							   book->ready_owner_start_ticks),
			       .oom_kill_count = book->ready ? book->ready_mark : MISSING_U64 };
	for (size_t i = 0; i < book->n; i++) {
		const struct journal_entry *entry = &book->entries[i];

		if (!entry->has_device || entry->undone || !zram_present(NULL, &entry->device))
			continue;
		pool->device = entry->device;
		pool->swap |= entry->kind == JOURNAL_SWAP;
		pool->taken |= entry->kind == JOURNAL_TAKEN;
	}
	if (pool->device.diskseq == 0)
		return 0;
	snprintf(pool->name, sizeof(pool->name), "%s", book->name + strlen(BOOK_PREFIX));
	pools->n++;
	return 0;
}

int pools_read(struct pools *ret, struct err *e)
{
	struct err failure = { .code = 0 };

	*ret = (struct pools){ .n = 0 };
	int r = journal_visit(take_pool, ret, &failure);

	if (r == -EBADMSG)
		ret->unreadable = failure;
	else if (r && e)
		*e = failure;
	return r == -EBADMSG ? 0 : r;
}

/* RAM that pools may still take up to their limits. */
static int promised_bytes(uint64_t *ret, struct err *e)
{
	struct pools pools;
	struct zram_mm_stat stat;
	int r = pools_read(&pools, e);

	if (r == 0 && (r = pools.unreadable.code) && e)
		*e = pools.unreadable;
	if (r)
		return r;
	*ret = 0;
	for (size_t i = 0; i < pools.n; i++)
		if (zram_mm_stat_read(NULL, pools.pools[i].device.id, &stat, NULL) == 0 &&
		    stat.limit_bytes > stat.used_bytes)
			*ret += stat.limit_bytes - stat.used_bytes;
	return 0;
}

/* ---- set up ---- */

static int stopped(struct err *e)
{
	return stop_requested() ? err_say(e, EINTR, "stopped; what was done is put back") : 0;
}

static int pick_priority(const struct pool_request *request, int *ret, struct err *e)
{
	struct procfs_swaps swaps;
	int r = procfs_swaps_read(NULL, &swaps, e), next;

	if (r)
		return r;
	if (request->priority == MISSING_U64)
		return swap_next_priority(&swaps, ret, e);
	*ret = (int)request->priority;
	if (swap_next_priority(&swaps, &next, NULL) || *ret < next)
		for (size_t i = 0; i < swaps.n; i++)
			if (swaps.swaps[i].priority >= *ret)
				term_warn("%s has priority %d: pages go there before the pool",
					  swaps.swaps[i].path, swaps.swaps[i].priority);
	return 0;
}

static int add_device(struct journal *j, struct zram_device *ret, struct err *e)
{
	unsigned int entry, id;
	int r = journal_zram(j, &entry, e);

	if (r || (r = zram_hot_add(NULL, &id, e)) || (r = zram_identify(NULL, id, ret, e)) ||
	    (r = journal_zram_added(j, entry, ret, e)))
		return r;
	return stopped(e);
}

int pool_device_id(const char *name, unsigned int *ret, struct err *e)
{
	if (zram_name_parse(name, ret) == 0)
		return 0;
	return err_usage(e, "--device '%s' is no zram device: give one such as zram3", name);
}

/* A device that is there: nobody's, and free. Its codec is put back by itself, for the reset of
 * some kernels leaves it.
 */
static int take_device(struct journal *j, const char *name, struct zram_device *ret, struct err *e)
{
	uint64_t disk_bytes;
	unsigned int entry, id;
	char path[64];
	int r = pool_device_id(name, &id, e);

	if (r || (r = zram_identify(NULL, id, ret, e)) ||
	    (r = zram_disk_bytes(NULL, id, &disk_bytes, e)))
		return r;
	if (disk_bytes) {
		err_say(e, EBUSY, "zram%u is in use: it is set up already", id);
		return err_hint(e, "leave --device out: then one is added");
	}
	snprintf(path, sizeof(path), "/sys/block/zram%u/comp_algorithm", id);
	if ((r = journal_taken(j, ret, &entry, e)) || (r = journal_setting(j, path, &entry, e)))
		return r;
	return stopped(e);
}

/* zswap as a fast tier in front, whose coldest pages go on to the pool. */
static int start_zswap(struct journal *j, const char *codec, struct err *e)
{
#define ZSWAP "/sys/module/zswap/parameters/"
	const char *const settings[][2] = {
		{ ZSWAP "compressor", codec },
		{ ZSWAP "shrinker_enabled",
		  "Y" }, /* from 6.8: without it only a full zswap writes on */
		{ ZSWAP "enabled", "Y" },
	};

	if (!sysroot_exists(NULL, ZSWAP "enabled")) {
		err_impossible(e, "this kernel has no zswap to put in front of the pool");
		return err_hint(e, "kernels that were built with CONFIG_ZSWAP have it");
	}
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		unsigned int entry;
		int r;

		if (!sysroot_exists(NULL, "%s", settings[i][0]))
			continue;
		if ((r = journal_setting(j, settings[i][0], &entry, e)))
			return r;
		r = sysroot_write(NULL, settings[i][1], e, "%s", settings[i][0]);
		if (r && i == 0)
			err_hint(e, "zswap takes what /proc/crypto has; this kernel's default is "
				    "in " ZSWAP "compressor");
		if (r || (r = journal_done(j, entry, e)))
			return r;
	}
	return stopped(e);
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
	char dir[SYSROOT_PATH_MAX];
	unsigned int entry;
	int r = journal_state_dir(dir, e);

	if (r)
		return r;
	AUTO_CLOSE int fd = zram_open(device, dir, O_RDWR, e);

	if (fd < 0)
		return fd;
	if ((r = swap_format(fd, name, e)) || (r = stopped(e)) ||
	    (r = journal_swap(j, device, &entry, e)) || (r = swap_on(fd, priority, e)) ||
	    (r = journal_done(j, entry, e)))
		return r;
	return stopped(e);
}

static int tune(struct journal *j, struct err *e)
{
	/* Swapping to RAM is cheap, so anonymous pages may go as readily as file ones
	 * (Documentation/admin-guide/ sysctl/vm.rst names zram for values above 100), and there is
	 * no seek that readahead could save.
	 */
	static const char *const settings[][2] = {
		{ "/proc/sys/vm/swappiness", "180" },
		{ "/proc/sys/vm/page-cluster", "0" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		unsigned int entry;
		int r = journal_setting(j, settings[i][0], &entry, e);

		if (r || (r = sysroot_write(NULL, settings[i][1], e, "%s", settings[i][0])) ||
		    (r = journal_done(j, entry, e)))
			return r;
	}
	return stopped(e);
}

/* Codec, sizes, backing: the device is ready for use as a block device afterwards. */
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
	int r;

	if (request->dict && !dict)
		return err_set(e, errno, "cannot read the dictionary %s", request->dict);
	config.dict = dict;
	/* What the kernel lacks comes before what is wrong with a file. */
	if ((r = zram_check(NULL, made->device.id, &config, e)))
		return r;
	if (request->backing) {
		if ((r = backing_open(&backing, request->backing, e)))
			return r;
		config.backing = backing.device;
	}
	r = zram_setup(NULL, made->device.id, &config, e);
	backing_close(&backing);
	return r;
}

static int start(struct journal *j, const struct pool_request *request,
		 const struct pool_made *made, struct err *e)
{
	switch (request->mode) {
	case POOL_SWAP:
		return start_swap(j, &made->device, made->priority, request->name, e);
	case POOL_EXT4:
		return make_fs(j, &made->device, request->name, e);
	case POOL_RAW:
		break;
	}
	return 0;
}

static int make_ready(struct journal *j, const struct pool *pool, struct err *e)
{
	char words[256];

	snprintf(words, sizeof(words),
		 "zram%u is a ready pool; `ram_pool reset --name %s` removes it", pool->device.id,
		 pool->name);
	return journal_ready(j, pool->owner, pool->oom_kill_count, words, e);
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
	int r = request->device ? take_device(j, request->device, &made->device, e)
				: add_device(j, &made->device, e);

	if (r || (r = configure(request, made, e)) ||
	    (r = zram_algorithms_read(NULL, made->device.id, &algorithms, e)) ||
	    (r = zram_disk_bytes(NULL, made->device.id, &made->size_bytes, e)) ||
	    (r = stopped(e)) || (r = start(j, request, made, e)) ||
	    (request->tune && (r = tune(j, e))) ||
	    (request->zswap && (r = start_zswap(j, request->zswap, e))))
		return r;
	memcpy(made->algorithm, algorithms.names[algorithms.current], sizeof(made->algorithm));
	struct pool pool = { .device = made->device,
			     .owner = request->owner,
			     .oom_kill_count = oom_kill_count() };

	snprintf(pool.name, sizeof(pool.name), "%s", request->name);
	return make_ready(j, &pool, e);
}

int pool_plan(struct pool_request *request, int *priority, struct err *e)
{
	const struct zram_config config = { .level = request->level, .dict = request->dict };
	struct procfs_meminfo meminfo;
	uint64_t promised = 0;
	unsigned int id;
	int r = procfs_meminfo_read(NULL, &meminfo, e);

	*priority = 0;
	if (r || (request->device && (r = pool_device_id(request->device, &id, e))) ||
	    (request->algorithm && (r = zram_check_params(&config, request->algorithm, e))) ||
	    (geteuid() == 0 && (r = promised_bytes(&promised, e))) ||
	    (r = pool_guard(&meminfo, promised, request->size_bytes, &request->mem_limit_bytes, e)))
		return r;
	return request->mode == POOL_SWAP ? pick_priority(request, priority, e) : 0;
}

int pool_setup(const struct pool_request *request, struct pool_made *ret, struct err *e)
{
	struct pool_made made = { .mem_limit_bytes = request->mem_limit_bytes };
	uint64_t begin_ns = monotonic_ns(), promised;
	struct procfs_meminfo meminfo;
	struct journal *j = NULL;
	char book[POOL_NAME_MAX + sizeof(BOOK_PREFIX)];
	int r = zram_available(NULL, e);

	if (r)
		return r;
	AUTO_CLOSE int lock = journal_lock(LOCK_WAIT_NS, e);

	if (lock < 0)
		return lock;
	if ((r = procfs_meminfo_read(NULL, &meminfo, e)) || (r = promised_bytes(&promised, e)) ||
	    (r = pool_guard(&meminfo, promised, request->size_bytes, &made.mem_limit_bytes, e)) ||
	    (request->mode == POOL_SWAP && (r = pick_priority(request, &made.priority, e))))
		return r;
	snprintf(book, sizeof(book), BOOK_PREFIX "%s", request->name);
	r = journal_open_named(&j, book, e);
	if (r == -EEXIST) {
		err_say(e, EEXIST, "there is a pool called %s already", request->name);
		return err_hint(
			e,
			"see `ram_pool status`; remove it with `ram_pool reset --name %s`, or "
			"`ram_pool recover` where its device has gone, or choose another --name",
			request->name);
	}
	if (r)
		return r;
	r = set_up(j, request, &made, e);
	if (r) {
		struct err undo = { .code = 0 };

		if (journal_undo_all(j, &undo))
			term_warn("%s; `ram_pool recover` tries again", undo.what);
	}
	journal_close(j);
	if (r)
		return r;
	made.setup_ns = monotonic_ns() - begin_ns;
	*ret = made;
	return 0;
}

/* ---- take down ---- */

static void show_progress(void *ctx, uint64_t left_bytes)
{
	struct term_progress *progress = ctx;

	term_progress_update(progress, progress->total - MIN((double)left_bytes, progress->total));
}

static int take_back(const struct zram_device *device, uint64_t used_bytes, uint64_t timeout_ns,
		     struct err *e)
{
	struct term_progress progress;
	const struct swap_back how = { .timeout_ns = timeout_ns,
				       .stoppable = true,
				       .progress = show_progress,
				       .ctx = &progress };
	char dir[SYSROOT_PATH_MAX], size[UNITS_TEXT_MAX];
	int r = journal_state_dir(dir, e);

	if (r || !swap_in_use(device))
		return r;
	AUTO_CLOSE int fd = zram_open(device, dir, O_RDONLY, e);

	if (fd < 0)
		return fd;
	term_progress_begin(&progress, (double)used_bytes);
	if (used_bytes)
		term_progress_step(&progress, "bringing %s back from zram%u",
				   units_format_size(used_bytes, size), device->id);
	r = swap_back(fd, device, &how, e);
	term_progress_end(&progress);
	return r;
}

/* Mounted, or open in a program: found out before anything is taken down. */
static int check_unused(const struct zram_device *device, struct err *e)
{
	char dir[SYSROOT_PATH_MAX];
	int r = journal_state_dir(dir, e);

	if (r)
		return r;
	int fd = zram_open(device, dir, O_RDWR | O_EXCL, e);

	if (fd == -EBUSY) {
		if (swap_in_use(device)) {
			err_say(e, EBUSY, "zram%u is in use as swap, but not by setup", device->id);
			return err_hint(e, "take it down first: swapoff /dev/zram%u", device->id);
		}
		err_say(e, EBUSY, "zram%u is in use", device->id);
		return err_hint(e, "unmount or close it first: umount /dev/zram%u", device->id);
	}
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

/* Pages first, since that alone can be refused or stopped; then all that is in the book. */
static int take_down(struct journal *j, const struct pool *pool, bool force, uint64_t timeout_ns,
		     struct err *e)
{
	uint64_t used_bytes = swap_used_bytes(&pool->device);
	int r = force ? 0 : swap_room_check(&pool->device, e);

	if (r == 0 && pool->ready && !pool->swap)
		r = check_unused(&pool->device, e);
	if (r || (r = journal_unready(j, e)))
		return r;
	r = take_back(&pool->device, used_bytes, timeout_ns, e);
	if (r == 0) {
		r = journal_undo_all(j, e);
		if (r != -EBUSY || pool->swap)
			return r;
		/* A plain device that somebody has open: nothing was taken from it yet. */
		if (pool->ready)
			make_ready(j, pool, NULL);
		return r;
	}
	/* The kernel has put what is left back to use: a pool as before. Not so while it still goes
	 * on. */
	if (pool->ready && r != -EINPROGRESS)
		make_ready(j, pool, NULL);
	return r;
}

int pool_reset(const struct pool *pool, bool force, uint64_t timeout_ns, struct err *e)
{
	char book[POOL_NAME_MAX + sizeof(BOOK_PREFIX)];
	struct journal *j = NULL;
	AUTO_CLOSE int lock = journal_lock(LOCK_WAIT_NS, e);

	if (lock < 0)
		return lock;
	snprintf(book, sizeof(book), BOOK_PREFIX "%s", pool->name);
	int r = journal_adopt(&j, book, e);

	if (r == -ENOENT)
		return err_say(e, ENOENT, "pool %s has gone meanwhile", pool->name);
	if (r)
		return r;
	r = take_down(j, pool, force, timeout_ns, e);
	journal_close(j);
	return r;
}

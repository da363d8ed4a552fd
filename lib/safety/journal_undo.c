/* SPDX-License-Identifier: GPL-2.0-only */
/* journal_undo.c - puts entries back: one function a kind, each of which may run any number of
 * times.
 *
 * Each first makes sure that what it is about to touch is still the very thing the entry names;
 * what has gone counts as put back.
 */
#include "journal_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/stat.h>

#include "lib/kernel/procfs.h"
#include "lib/kernel/swap.h"

#define KILL_WAIT_NS (5 * NS_PER_S) /* uninterruptible sleeps end, or they do not */
#define POLL_NS      (5 * NS_PER_MS)
#define ROOM_WAIT_NS (2 * NS_PER_S)
#define DEPTH_MAX    64

/* A device that nobody noted: how long after the intent it may have come, as file times go, and how
 * old it must be. */
#define TICK_MS  10
#define LOST_MS  500
#define GRACE_MS 1000

static void closedir_(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

#define AUTO_DIR __attribute__((cleanup(closedir_)))

/* ---- processes and cgroups ---- */

static int undo_process(const struct journal_entry *entry, char what[256], struct err *e)
{
	/* The descriptor first: from then on the number cannot come to mean another process. */
	AUTO_CLOSE int fd = pidfd_open(entry->pid, 0);

	if (fd < 0 && errno != ESRCH)
		return err_set(e, errno, "cannot hold process %d", (int)entry->pid);
	if (fd < 0 || !procfs_alive(NULL, entry->pid, entry->start_ticks))
		return 0;
	if (pidfd_send_signal(fd, SIGKILL, NULL, 0) && errno != ESRCH)
		return err_set(e, errno, "cannot end process %d", (int)entry->pid);
	struct pollfd ended = { .fd = fd, .events = POLLIN };

	for (uint64_t end_ns = monotonic_ns() + KILL_WAIT_NS; monotonic_ns() < end_ns;)
		if (poll(&ended, 1, 50) > 0) {
			snprintf(what, 256, "ended process %d", (int)entry->pid);
			return 0;
		}
	return err_set(e, ETIMEDOUT, "process %d does not end", (int)entry->pid);
}

/* Writes into a file of the group if it has such a one. */
static void group_write(int dir, const char *name, const char *text)
{
	AUTO_CLOSE int fd = openat(dir, name, O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, text, strlen(text)) < 0)
		return; /* the caller looks at who is left */
}

/* SIGKILL to whoever is in the group; frozen ones on v1 take it once thawed. */
static void group_kill(int dir)
{
	int fd = openat(dir, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	FILE *procs = fd < 0 ? NULL : fdopen(fd, "r");
	int pid;

	group_write(dir, "cgroup.kill", "1");
	while (procs && fscanf(procs, "%d", &pid) == 1)
		if (pid > 0) /* 0: not of our PID namespace */
			kill(pid, SIGKILL);
	if (procs)
		fclose(procs);
	group_write(dir, "freezer.state", "THAWED");
}

/* Kills and removes the group below at/name, children first; 0 when it is gone. */
static int group_remove(int at, const char *name, uint64_t end_ns, unsigned int depth)
{
	AUTO_CLOSE int dir = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (dir < 0)
		return errno == ENOENT ? 0 : -errno;
	if (depth == DEPTH_MAX)
		return -ELOOP;
	for (;;) {
		int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		AUTO_DIR DIR *list = copy < 0 ? NULL : fdopendir(copy);

		group_kill(dir);
		for (struct dirent *entry; list && (entry = readdir(list));)
			if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
				group_remove(dir, entry->d_name, end_ns, depth + 1);
		if (unlinkat(at, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
			return 0;
		if (errno != EBUSY || monotonic_ns() >= end_ns)
			return -errno;
		sleep_ns(POLL_NS);
	}
}

static int undo_cgroup(const struct journal_entry *entry, char what[256], struct err *e)
{
	struct stat st;

	if (lstat(entry->path, &st))
		return 0;
	int r = group_remove(AT_FDCWD, entry->path, monotonic_ns() + KILL_WAIT_NS, 0);

	if (r) {
		err_set(e, r, "cannot remove the group %s", entry->path);
		return err_hint(e, "see who is left in it: cat %s/cgroup.procs", entry->path);
	}
	snprintf(what, 256, "removed group %s", entry->path);
	return 0;
}

/* ---- swap and devices ---- */

static int undo_swap(const struct journal_entry *entry, struct journal_how how, char what[256],
		     struct err *e)
{
	const struct swap_back back = { .timeout_ns = SWAP_BACK_NS, .stoppable = how.stoppable };
	char dir[SYSROOT_PATH_MAX];
	const struct zram_device *device = &entry->device;
	int r = journal_state_dir(dir, e);

	if (r || !zram_present(NULL, device) || !swap_in_use(device))
		return r;
	/* Whoever was ended just now may still be giving up its pages. */
	for (uint64_t end_ns = monotonic_ns() + ROOM_WAIT_NS;
	     !how.force && (r = swap_room_check(device, e)) == -ENOMEM && monotonic_ns() < end_ns;)
		sleep_ns(20 * POLL_NS);
	if (r)
		return r;
	AUTO_CLOSE int fd = zram_open(device, dir, O_RDONLY, e);

	if (fd < 0)
		return fd;
	r = swap_back(fd, device, &back, e);
	if (r == 0)
		snprintf(what, 256, "took swap zram%u back", device->id);
	return r;
}

/* Strikes out what another book holds. */
static int strike_claimed(void *ctx, const struct journal_file *book, bool live UNUSED)
{
	struct zram_list *list = ctx;

	for (size_t i = 0; i < book->n; i++)
		for (size_t k = 0; book->entries[i].has_device && k < list->n; k++)
			if (list->devices[k].diskseq == book->entries[i].device.diskseq)
				list->devices[k] = list->devices[--list->n];
	return 0;
}

static bool known_before(const struct zram_list *before, const struct zram_device *device)
{
	for (size_t i = 0; i < before->n; i++)
		if (device->diskseq <= before->devices[i].diskseq)
			return true;
	return false;
}

static bool set_up(const struct zram_device *device)
{
	uint64_t disk_bytes, initialised;

	return zram_disk_bytes(NULL, device->id, &disk_bytes, NULL) || disk_bytes ||
	       sysroot_read_u64(NULL, &initialised, NULL, "/sys/block/zram%u/initstate",
				device->id) ||
	       initialised;
}

/* Whether it came within LOST_MS of the intent; age_ms: how long ago that was. */
static bool born_then(const struct zram_device *device, uint64_t intent_ms, int64_t *age_ms)
{
	struct timespec born, now;

	if (intent_ms == MISSING_U64 || zram_born(device, &born) ||
	    clock_gettime(CLOCK_REALTIME, &now))
		return false;
	int64_t born_ms = (int64_t)born.tv_sec * 1000 + (int64_t)(born.tv_nsec / (long)NS_PER_MS);
	int64_t after_ms = born_ms - (int64_t)intent_ms;

	*age_ms = (int64_t)now.tv_sec * 1000 + (int64_t)(now.tv_nsec / (long)NS_PER_MS) - born_ms;
	return after_ms >= -TICK_MS && after_ms <= LOST_MS;
}

/* Devices that may be the one whose number our dead owner could not note: nobody's, not set up,
 * come just after the intent. young: one of them may yet be set up by whoever else added it.
 */
static int find_candidates(const struct journal_entry *entry, struct zram_list *ret, bool *young,
			   struct err *e)
{
	struct zram_list now;
	int r = zram_list_read(NULL, &now, e);

	ret->n = 0;
	*young = false;
	for (size_t i = 0; r == 0 && i < now.n; i++) {
		const struct zram_device *device = &now.devices[i];
		int64_t age_ms;

		if (known_before(&entry->before, device) || set_up(device) ||
		    !born_then(device, entry->time_ms, &age_ms))
			continue;
		ret->devices[ret->n++] = *device;
		*young |= age_ms < GRACE_MS;
	}
	return r ? r : journal_visit(strike_claimed, ret, e);
}

/* The owner died between adding a device and noting its number. 0 with ret->diskseq 0: it did not
 * come so far, or which one it is nobody can say.
 */
static int find_lost(const struct journal_entry *entry, struct zram_device *ret, struct err *e)
{
	uint64_t end_ns = monotonic_ns() + 2 * GRACE_MS * NS_PER_MS;
	struct zram_list lost;
	bool young;
	int r;

	*ret = (struct zram_device){ .diskseq = 0 };
	while ((r = find_candidates(entry, &lost, &young, e)) == 0 && lost.n && young &&
	       monotonic_ns() < end_ns)
		sleep_ns(10 * POLL_NS);
	if (r == 0 && lost.n == 1)
		*ret = lost.devices[0];
	return r;
}

static int undo_zram(const struct journal_entry *entry, char what[256], struct err *e)
{
	struct zram_device device = entry->device;
	int r = entry->has_device ? 0 : find_lost(entry, &device, e);

	if (r || device.diskseq == 0 || !zram_present(NULL, &device))
		return r;
	if (entry->has_device && (r = zram_reset(NULL, &device, e)))
		return r;
	r = zram_hot_remove(NULL, &device, e);
	if (r == 0)
		snprintf(what, 256, "removed zram%u", device.id);
	return r;
}

static int undo_taken(const struct journal_entry *entry, char what[256], struct err *e)
{
	if (!zram_present(NULL, &entry->device))
		return 0;
	int r = zram_reset(NULL, &entry->device, e);

	if (r == 0)
		snprintf(what, 256, "reset zram%u", entry->device.id);
	return r;
}

/* ---- settings and paths ---- */

static int undo_setting(const struct journal_entry *entry, char what[256], struct err *e)
{
	char now[JOURNAL_OLD_MAX];
	ssize_t n = sysroot_read(NULL, now, sizeof(now), e, "%s", entry->path);

	if (n == -ENOENT)
		return 0;
	if (n >= 0) {
		journal_setting_value(now);
		if (str_eq(now, entry->old))
			return 0;
	}
	int r = sysroot_write(NULL, entry->old, e, "%s", entry->path);

	if (r == 0)
		snprintf(what, 256, "set %s back to %s", entry->path, entry->old);
	return r;
}

/* rm -r that follows no link and leaves no file system, by descriptors: the tree may be in hostile
 * hands. */
static int tree_remove(int at, const char *name, dev_t dev, unsigned int depth)
{
	struct stat st;

	if (unlinkat(at, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	AUTO_CLOSE int dir = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (dir < 0)
		return -errno;
	if (fstat(dir, &st))
		return -errno;
	if (dev && st.st_dev != dev)
		return -EXDEV;
	if (depth == DEPTH_MAX)
		return -ELOOP;
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_DIR DIR *list = copy < 0 ? NULL : fdopendir(copy);

	if (!list)
		return -errno;
	for (struct dirent *entry; (entry = readdir(list));) {
		if (str_eq(entry->d_name, ".") || str_eq(entry->d_name, ".."))
			continue;
		int r = tree_remove(dir, entry->d_name, st.st_dev, depth + 1);

		if (r)
			return r;
	}
	return unlinkat(at, name, AT_REMOVEDIR) && errno != ENOENT ? -errno : 0;
}

static int undo_path(const struct journal_entry *entry, char what[256], struct err *e)
{
	struct stat st;

	if (lstat(entry->path, &st))
		return 0;
	int r = tree_remove(AT_FDCWD, entry->path, 0, 0);

	if (r)
		return err_set(e, r, "cannot remove %s", entry->path);
	snprintf(what, 256, "removed %s", entry->path);
	return 0;
}

int journal_undo(const struct journal_entry *entry, struct journal_how how, char what[256],
		 struct err *e)
{
	*what = '\0';
	switch (entry->kind) {
	case JOURNAL_PROCESS:
		return undo_process(entry, what, e);
	case JOURNAL_CGROUP:
		return undo_cgroup(entry, what, e);
	case JOURNAL_SWAP:
		return undo_swap(entry, how, what, e);
	case JOURNAL_ZRAM:
		return undo_zram(entry, what, e);
	case JOURNAL_TAKEN:
		return undo_taken(entry, what, e);
	case JOURNAL_SETTING:
		return undo_setting(entry, what, e);
	case JOURNAL_PATH:
		return undo_path(entry, what, e);
	}
	return err_say(e, EINVAL, "no kind of entry: %d", (int)entry->kind);
}

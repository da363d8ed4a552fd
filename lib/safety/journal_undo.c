/* SPDX-License-Identifier: GPL-2.0-only */
/* journal_undo.c - undoes entries: one function a kind, each of which may run any number of times.
 *
 * Each first makes sure that what it is about to change is still the very thing the entry names;
 * what has gone counts as undone.
 */
#include "journal_undo.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/stat.h>

#include "journal_dir.h"
#include "lib/base/dir.h"
#include "lib/kernel/procfs.h"
#include "lib/kernel/swap.h"

#define KILL_WAIT_NS (5 * NS_PER_S) /* uninterruptible sleeps end, or they do not */
#define POLL_NS      (5 * NS_PER_MS)
#define ROOM_WAIT_NS (2 * NS_PER_S)
#define DEPTH_MAX    64

/* A device whose number was not journaled: how long after the intent it may have appeared, as file
 * times go, and how old it must be. */
#define TICK_MS  10
#define LOST_MS  500
#define GRACE_MS 1000

/* A stream on a directory of its own, which leaves the descriptor open. */
static DIR *list_dir(int dir)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return copy < 0 ? NULL : fdopendir(copy);
}

/* ---- processes and cgroups ---- */

static int undo_process(const struct journal_entry *entry, char what[JOURNAL_WHAT_MAX],
			struct err *e)
{
	/* The descriptor first: from then on the number cannot come to mean another process. */
	AUTO_CLOSE int fd = pidfd_open(entry->pid, 0);

	if (fd < 0 && errno != ESRCH)
		return err_set(e, errno, "cannot open process %d", (int)entry->pid);
	if (fd < 0 || !procfs_alive(NULL, entry->pid, entry->start_ticks))
		return 0;
	if (pidfd_send_signal(fd, SIGKILL, NULL, 0) && errno != ESRCH)
		return err_set(e, errno, "cannot kill process %d", (int)entry->pid);
	struct pollfd ended = { .fd = fd, .events = POLLIN };

	for (uint64_t end_ns = monotonic_ns() + KILL_WAIT_NS; monotonic_ns() < end_ns;)
		if (poll(&ended, 1, 50) > 0) {
			snprintf(what, JOURNAL_WHAT_MAX, "ended process %d", (int)entry->pid);
			return 0;
		}
	return err_set(e, ETIMEDOUT, "process %d does not end after SIGKILL", (int)entry->pid);
}

/* Writes into a file of the group if it has such a one. */
static void group_write(int dir, const char *name, const char *text)
{
	AUTO_CLOSE int fd = openat(dir, name, O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, text, strlen(text)) < 0)
		return; /* the caller checks which members are left */
}

/* SIGKILL to every member of the group; frozen ones on v1 take it once thawed. */
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
		AUTO_DIR DIR *list = list_dir(dir);

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

static int undo_cgroup(const struct journal_entry *entry, char what[JOURNAL_WHAT_MAX],
		       struct err *e)
{
	struct stat st;

	if (lstat(entry->path, &st))
		return 0;
	int rc = group_remove(AT_FDCWD, entry->path, monotonic_ns() + KILL_WAIT_NS, 0);

	if (rc) {
		err_set(e, rc, "cannot remove the cgroup %s", entry->path);
		return err_hint(e, "list its processes: cat %s/cgroup.procs", entry->path);
	}
	snprintf(what, JOURNAL_WHAT_MAX, "removed the cgroup %s", entry->path);
	return 0;
}

/* ---- swap and devices ---- */

static int undo_swap(const struct journal_entry *entry, struct journal_how how,
		     char what[JOURNAL_WHAT_MAX], struct err *e)
{
	const struct swap_back back = { .timeout_ns = SWAP_BACK_NS, .stoppable = how.stoppable };
	const struct zram_device *device = &entry->device;
	int rc = 0;

	if (!zram_present(NULL, device) || !swap_in_use(device))
		return 0;
	/* Processes that were just killed may still be giving up their pages. */
	for (uint64_t end_ns = monotonic_ns() + ROOM_WAIT_NS; !how.force;) {
		rc = swap_room_check(device, e);
		if (rc != -ENOMEM || monotonic_ns() >= end_ns)
			break;
		sleep_ns(20 * POLL_NS);
	}
	if (rc)
		return rc;
	AUTO_CLOSE int fd = zram_open(device, O_RDONLY, e);

	if (fd < 0)
		return fd;
	rc = swap_back(fd, device, &back, e);
	if (rc == 0)
		snprintf(what, JOURNAL_WHAT_MAX, "disabled the swap on zram%u", device->id);
	return rc;
}

static int drop_journaled(void *ctx, const struct journal_file *file, bool live UNUSED)
{
	struct zram_list *list = ctx;

	for (size_t i = 0; i < file->n; i++)
		for (size_t k = 0; file->entries[i].has_device && k < list->n; k++)
			if (list->devices[k].diskseq == file->entries[i].device.diskseq)
				list->devices[k] = list->devices[--list->n];
	return 0;
}

int journal_drop_journaled(struct zram_list *list, struct err *e)
{
	return journal_visit(drop_journaled, list, e);
}

static bool existed_before(const struct zram_list *before, const struct zram_device *device)
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

static int64_t ms_of(const struct timespec *ts)
{
	return (int64_t)(timespec_ns(ts) / NS_PER_MS);
}

/* Whether it appeared within LOST_MS of the intent; age_ms: how long ago that was. */
static bool born_then(const struct zram_device *device, uint64_t intent_ms, int64_t *age_ms)
{
	struct timespec born, now;

	if (intent_ms == MISSING_U64 || zram_born(device, &born) ||
	    clock_gettime(CLOCK_REALTIME, &now))
		return false;
	int64_t after_ms = ms_of(&born) - (int64_t)intent_ms;

	*age_ms = ms_of(&now) - ms_of(&born);
	return after_ms >= -TICK_MS && after_ms <= LOST_MS;
}

/* Devices that may be the one whose number the dead owner could not write: in no journal, not set
 * up, appeared just after the intent. young: one may yet be set up by the process that added it. */
static int find_candidates(const struct journal_entry *entry, struct zram_list *ret, bool *young,
			   struct err *e)
{
	struct zram_list now;
	int rc = zram_list_read(NULL, &now, e);

	ret->n = 0;
	*young = false;
	if (rc)
		return rc;
	for (size_t i = 0; i < now.n; i++) {
		const struct zram_device *device = &now.devices[i];
		int64_t age_ms;

		if (existed_before(&entry->before, device) || set_up(device) ||
		    !born_then(device, entry->time_ms, &age_ms))
			continue;
		ret->devices[ret->n++] = *device;
		*young |= age_ms < GRACE_MS;
	}
	return journal_drop_journaled(ret, e);
}

/* The owner died between adding a device and writing its number. 0 with ret->diskseq 0: it had not
 * added one, or there are several candidates. */
static int find_lost(const struct journal_entry *entry, struct zram_device *ret, struct err *e)
{
	uint64_t end_ns = monotonic_ns() + 2 * GRACE_MS * NS_PER_MS;
	struct zram_list lost;
	bool young;
	int rc;

	*ret = (struct zram_device){ .diskseq = 0 };
	for (;;) {
		rc = find_candidates(entry, &lost, &young, e);
		if (rc || !lost.n || !young || monotonic_ns() >= end_ns)
			break;
		sleep_ns(10 * POLL_NS);
	}
	if (rc == 0 && lost.n == 1)
		*ret = lost.devices[0];
	return rc;
}

static int undo_zram(const struct journal_entry *entry, char what[JOURNAL_WHAT_MAX], struct err *e)
{
	struct zram_device device = entry->device;
	int rc = entry->has_device ? 0 : find_lost(entry, &device, e);

	if (rc || device.diskseq == 0 || !zram_present(NULL, &device))
		return rc;
	if (entry->has_device)
		rc = zram_reset(NULL, &device, e);
	/* Removing resets, too. */
	if (rc == 0 || rc == -EROFS || rc == -EACCES)
		rc = zram_hot_remove(NULL, &device, e);
	if (rc == 0)
		snprintf(what, JOURNAL_WHAT_MAX, "removed zram%u", device.id);
	return rc;
}

static int undo_taken(const struct journal_entry *entry, char what[JOURNAL_WHAT_MAX], struct err *e)
{
	if (!zram_present(NULL, &entry->device))
		return 0;
	int rc = zram_reset(NULL, &entry->device, e);

	if (rc == 0)
		snprintf(what, JOURNAL_WHAT_MAX, "reset zram%u", entry->device.id);
	return rc;
}

/* ---- settings and paths ---- */

static int undo_setting(const struct journal_entry *entry, char what[JOURNAL_WHAT_MAX],
			struct err *e)
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
	int rc = sysroot_write(NULL, entry->old, e, "%s", entry->path);

	if (rc == 0)
		snprintf(what, JOURNAL_WHAT_MAX, "restored %s to %s", entry->path, entry->old);
	return rc;
}

static int tree_remove(int at, const char *name, dev_t dev, unsigned int depth);

/* Everything in the directory. Links are not followed and other file systems not entered; all by
 * descriptors, for another user may be changing the tree. */
static int empty_dir(int at, const char *name, dev_t dev, unsigned int depth)
{
	AUTO_CLOSE int dir = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	AUTO_DIR DIR *list = NULL;
	struct stat st;
	int rc = 0;

	if (dir < 0 || fstat(dir, &st))
		return -errno;
	if (dev && st.st_dev != dev)
		return -EXDEV;
	if (depth == DEPTH_MAX)
		return -ELOOP;
	list = list_dir(dir);
	if (!list)
		return -errno;
	for (struct dirent *entry; !rc && (entry = readdir(list));)
		if (!str_eq(entry->d_name, ".") && !str_eq(entry->d_name, ".."))
			rc = tree_remove(dir, entry->d_name, st.st_dev, depth + 1);
	return rc;
}

static int tree_remove(int at, const char *name, dev_t dev, unsigned int depth)
{
	int rc;

	if (unlinkat(at, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	rc = empty_dir(at, name, dev, depth);
	if (rc)
		return rc;
	return unlinkat(at, name, AT_REMOVEDIR) && errno != ENOENT ? -errno : 0;
}

int journal_remove_tree(const char *path, struct err *e)
{
	int rc = tree_remove(AT_FDCWD, path, 0, 0);

	return rc ? err_set(e, rc, "cannot remove %s", path) : 0;
}

static int undo_path(const struct journal_entry *entry, char what[JOURNAL_WHAT_MAX], struct err *e)
{
	struct stat st;

	if (lstat(entry->path, &st))
		return 0;
	snprintf(what, JOURNAL_WHAT_MAX, "removed %s", entry->path);
	return journal_remove_tree(entry->path, e);
}

int journal_undo(const struct journal_entry *entry, struct journal_how how,
		 char what[JOURNAL_WHAT_MAX], struct err *e)
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
	default:
		break;
	}
	return err_say(e, EINVAL, "unknown kind of journal entry: %d", (int)entry->kind);
}

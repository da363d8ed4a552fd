/* SPDX-License-Identifier: GPL-2.0-only */
/* cgroup.c - creates, limits, kills and removes a group in each hierarchy it is in. */
#include <limits.h>
#include <signal.h>
#include <sys/stat.h>

#include "cgroup.h"
#include "lib/base/rights.h"
#include "lib/base/units.h"

/* The directory that holds a controller's files: on v2 all are in one. */
static const char *tree_dir(const struct cgroup *group, enum cgroup_tree tree)
{
	return group->mode == CGROUP_V2 ? group->dir[CGROUP_TREE_UNIFIED] : group->dir[tree];
}

static int write_u64(uint64_t value, const char *unlimited, struct err *e, const char *dir,
		     const char *file)
{
	char text[24];

	if (value == MISSING_U64)
		snprintf(text, sizeof(text), "%s", unlimited);
	else
		snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	return sysroot_write(NULL, text, e, "%s/%s", dir, file);
}

static int enable(const struct cgroup *group, struct err *e)
{
	const char *text = !group->enable_pids     ? "+memory"
			   : !group->enable_memory ? "+pids"
						   : "+memory +pids";

	return sysroot_write(NULL, text, e, "%s/cgroup.subtree_control", group->enable);
}

/* kernfs' file handle is the id that bpf_get_current_cgroup_id() returns; so is the inode number
 * where the two are the same, which is so on 64 bits (fs/kernfs/dir.c, kernfs_ino). */
static int read_id(struct cgroup *group, struct err *e)
{
	struct stat st;

	_Static_assert(sizeof(st.st_ino) == 8, "an inode number that holds a cgroup id");
	if (!group->dir[CGROUP_TREE_UNIFIED][0])
		return 0;
	if (stat(group->dir[CGROUP_TREE_UNIFIED], &st))
		return err_set(e, errno, "cannot read %s", group->dir[CGROUP_TREE_UNIFIED]);
	group->id = st.st_ino;
	return 0;
}

static int create_error(const char *dir, int code, struct err *e)
{
	err_set(e, code, "cannot make the control group %s", dir);
	if (e && (code == EACCES || code == EPERM || code == EROFS)) {
		e->exit = EXIT_IMPOSSIBLE;
		rights_hint(e);
	}
	return -code;
}

/* EBUSY: the top of this tree holds processes and is not the system's root, as in a container. */
static int enable_error(int rc, struct err *e)
{
	if (!e)
		return rc;
	e->exit = EXIT_IMPOSSIBLE;
	if (rc == -EBUSY)
		return err_hint(e, "in a container: move its processes into a group below that "
				   "one, or run this on the host");
	return rights_hint(e);
}

int cgroup_create(struct cgroup *group, struct err *e)
{
	bool made[CGROUP_TREES] = { false };
	int rc = 0;

	if (group->enable[0]) {
		rc = enable(group, e);
		if (rc)
			return enable_error(rc, e);
	}
	for (size_t tree = 0; tree < CGROUP_TREES && !rc; tree++) {
		if (!group->dir[tree][0])
			continue;
		if (mkdir(group->dir[tree], 0755))
			rc = create_error(group->dir[tree], errno, e);
		else
			made[tree] = true;
	}
	if (!rc)
		rc = read_id(group, e);
	for (size_t tree = 0; rc && tree < CGROUP_TREES; tree++)
		if (made[tree])
			rmdir(group->dir[tree]);
	return rc;
}

int cgroup_enter(const struct cgroup *group, pid_t pid, struct err *e)
{
	char text[16];
	int rc;

	snprintf(text, sizeof(text), "%d", pid);
	for (size_t tree = 0; tree < CGROUP_TREES; tree++) {
		if (!group->dir[tree][0])
			continue;
		rc = sysroot_write(NULL, text, e, "%s/cgroup.procs", group->dir[tree]);
		if (rc)
			return rc;
	}
	return 0;
}

/* v1 keeps limit_in_bytes <= memsw.limit_in_bytes at all times: which comes first depends on the
 * direction. */
static int limit_v1(const struct cgroup *group, uint64_t memory_bytes, uint64_t swap_bytes,
		    struct err *e)
{
	const char *dir = tree_dir(group, CGROUP_TREE_MEMORY);
	uint64_t both = MISSING_U64, now;
	int rc;

	if (!sysroot_exists(NULL, "%s/memory.memsw.limit_in_bytes", dir)) {
		if (swap_bytes != MISSING_U64)
			return err_say(e, ENOTSUP,
				       "swap cannot be limited: this kernel does not account it "
				       "(boot with swapaccount=1)");
		return write_u64(memory_bytes, "-1", e, dir, "memory.limit_in_bytes");
	}
	if (memory_bytes != MISSING_U64 && swap_bytes != MISSING_U64 &&
	    add_overflows(memory_bytes, swap_bytes, &both))
		both = MISSING_U64;
	rc = sysroot_read_u64(NULL, &now, e, "%s/memory.memsw.limit_in_bytes", dir);
	if (rc)
		return rc;
	if (both >= now)
		rc = write_u64(both, "-1", e, dir, "memory.memsw.limit_in_bytes");
	if (!rc)
		rc = write_u64(memory_bytes, "-1", e, dir, "memory.limit_in_bytes");
	if (!rc && both < now)
		rc = write_u64(both, "-1", e, dir, "memory.memsw.limit_in_bytes");
	return rc;
}

int cgroup_limit_memory(const struct cgroup *group, uint64_t memory_bytes, uint64_t swap_bytes,
			struct err *e)
{
	const char *dir = tree_dir(group, CGROUP_TREE_MEMORY);
	int rc;

	if (group->mode != CGROUP_V2)
		return limit_v1(group, memory_bytes, swap_bytes, e);
	if (sysroot_exists(NULL, "%s/memory.swap.max", dir))
		rc = write_u64(swap_bytes, "max", e, dir, "memory.swap.max");
	else if (swap_bytes != MISSING_U64)
		rc = err_say(e, ENOTSUP, "swap cannot be limited: this kernel does not account it");
	else
		rc = 0;
	return rc ? rc : write_u64(memory_bytes, "max", e, dir, "memory.max");
}

int cgroup_limit_pids(const struct cgroup *group, uint64_t pids, struct err *e)
{
	return write_u64(pids, "max", e, tree_dir(group, CGROUP_TREE_PIDS), "pids.max");
}

/* A limit that was set: lost when its file is missing, as after the controller was disabled, or
 * says more. */
static int check_limit(const char *dir, const char *file, uint64_t limit, struct err *e)
{
	uint64_t now;
	int rc;

	if (limit >= CGROUP_NO_LIMIT_BYTES) /* also MISSING_U64 */
		return 0;
	rc = sysroot_read_u64(NULL, &now, NULL, "%s/%s", dir, file);
	if (rc == -ENOENT || rc == -ENODEV)
		return err_say(e, ESTALE, "its limit %s was removed while it ran", file);
	if (rc || now <= limit)
		return 0;
	return err_say(e, ESTALE, "its limit %s was raised while it ran", file);
}

int cgroup_limits_check(const struct cgroup *group, uint64_t memory_bytes, uint64_t swap_bytes,
			uint64_t pids, struct err *e)
{
	const bool v2 = group->mode == CGROUP_V2;
	const char *dir = tree_dir(group, CGROUP_TREE_MEMORY);
	int rc = check_limit(tree_dir(group, CGROUP_TREE_PIDS), "pids.max", pids, e);

	if (!rc)
		rc = check_limit(dir, v2 ? "memory.max" : "memory.limit_in_bytes", memory_bytes, e);
	if (rc || swap_bytes == MISSING_U64)
		return rc;
	if (v2)
		return check_limit(dir, "memory.swap.max", swap_bytes, e);
	if (memory_bytes == MISSING_U64 || add_overflows(memory_bytes, swap_bytes, &swap_bytes))
		return 0;
	return check_limit(dir, "memory.memsw.limit_in_bytes", swap_bytes, e);
}

int cgroup_group_oom(const struct cgroup *group, struct err *e)
{
	if (group->mode != CGROUP_V2)
		return 0;
	return sysroot_write(NULL, "1", e, "%s/memory.oom.group", group->dir[CGROUP_TREE_UNIFIED]);
}

/* Sends a signal to every member in one hierarchy; returns how many members there are. */
static ssize_t signal_members(const char *dir, int sig, struct err *e)
{
	AUTO_FREE char *text = NULL;
	ssize_t n = sysroot_read_alloc(NULL, &text, e, "%s/cgroup.procs", dir), count = 0;
	char *at = text, *line;

	if (n < 0)
		return n;
	while ((line = strsep(&at, "\n"))) {
		uint64_t pid;

		/* 0 stands for a process of another PID namespace, which cannot be named. */
		if (!*line || units_parse_u64(line, &pid, NULL) || pid > INT_MAX)
			continue;
		if (pid)
			kill((pid_t)pid, sig);
		count++;
	}
	return count;
}

int cgroup_signal(const struct cgroup *group, int sig, struct err *e)
{
	ssize_t n = signal_members(tree_dir(group, CGROUP_TREE_MEMORY), sig, e);

	return n < 0 ? (int)n : 0;
}

int cgroup_kill(const struct cgroup *group, uint64_t timeout_ns, struct err *e)
{
	const uint64_t begin = monotonic_ns();
	const char *pids = tree_dir(group, CGROUP_TREE_PIDS);

	if (pids[0])
		cgroup_limit_pids(group, 0, NULL);
	if (group->dir[CGROUP_TREE_UNIFIED][0])
		sysroot_write(NULL, "1", NULL, "%s/cgroup.kill", group->dir[CGROUP_TREE_UNIFIED]);
	for (uint64_t pause = NS_PER_MS / 4;; pause = MIN(pause * 2, 20 * NS_PER_MS)) {
		ssize_t left = 0;

		for (size_t tree = 0; tree < CGROUP_TREES; tree++) {
			ssize_t n = 0;

			if (group->dir[tree][0])
				n = signal_members(group->dir[tree], SIGKILL, NULL);
			left += MAX(n, 0);
		}
		if (!left)
			return 0;
		if (monotonic_ns() - begin > timeout_ns)
			return err_say(e, ETIMEDOUT, "%zd processes in %s do not end", left,
				       tree_dir(group, CGROUP_TREE_MEMORY));
		sleep_ns(pause);
	}
}

static int remove_dir(const char *dir, uint64_t timeout_ns, struct err *e)
{
	const uint64_t begin = monotonic_ns();

	for (uint64_t pause = NS_PER_MS;; pause = MIN(pause * 2, 50 * NS_PER_MS)) {
		if (!rmdir(dir) || errno == ENOENT)
			return 0;
		if (errno != EBUSY || monotonic_ns() - begin > timeout_ns)
			return err_set(e, errno, "cannot remove the control group %s", dir);
		sleep_ns(pause);
	}
}

int cgroup_remove(const struct cgroup *group, uint64_t timeout_ns, struct err *e)
{
	int first = 0;

	for (size_t tree = 0; tree < CGROUP_TREES; tree++) {
		int rc = group->dir[tree][0]
				 ? remove_dir(group->dir[tree], timeout_ns, first ? NULL : e)
				 : 0;

		first = first ? first : rc;
	}
	/* What create enabled stays: disabling a controller succeeds while other groups have limits
	 * of it, and removes them (docs/decisions/0008). */
	return first;
}

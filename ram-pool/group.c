/* SPDX-License-Identifier: GPL-2.0-only */
/* group.c - swaps out pages of a cgroup by reclaim of that cgroup alone.
 *
 * In steps, so that ^C and the deadline take effect. After each step the swap is read again: the
 * kernel's own count includes file pages, and only swap counts here.
 */
#include "group.h"

#include <inttypes.h>
#include <limits.h>

#include "lib/safety/journal_recover.h"
#include "lib/base/stop.h"

#define STEP_BYTES  (32 * MIB)
#define EMPTY_STEPS 3 /* without a page swapped out: nothing is left */

const char *group_dir(const struct cgroup *group)
{
	return group->dir[group->mode == CGROUP_V2 ? CGROUP_TREE_UNIFIED : CGROUP_TREE_MEMORY];
}

/* realpath: neither .. nor a link may lead out of the hierarchy. */
static int resolve(const char *mount, const char *path, char ret[PATH_MAX], struct err *e)
{
	char given[PATH_MAX];
	size_t n = strlen(mount);
	bool whole = str_starts(path, mount) && (path[n] == '/' || path[n] == '\0');

	if (snprintf(given, sizeof(given), "%s%s%s", whole ? "" : mount, whole ? "" : "/", path) >=
	    (int)sizeof(given))
		return err_set(e, ENAMETOOLONG, "cannot look up the cgroup");
	if (!realpath(given, ret)) {
		err_say(e, ENOENT, "cgroup %s not found", given);
		return err_hint(e, "give its path below %s", mount);
	}
	if (str_starts(ret, mount) && ret[n] == '/' && sysroot_exists(NULL, "%s/cgroup.procs", ret))
		return 0;
	err_usage(e, "'%s' is not a cgroup below %s", path, mount);
	return err_hint(e, "the root cgroup holds the whole machine and cannot be reclaimed");
}

int group_find(const char *path, struct cgroup *ret, struct err *e)
{
	struct cgroup group = { .mode = CGROUP_NONE };
	struct cgroup_layout layout;
	char real[PATH_MAX];
	int rc = cgroup_layout_read(NULL, &layout, e);

	if (rc)
		return rc;
	bool v2 = layout.mode == CGROUP_V2;
	enum cgroup_tree tree = v2 ? CGROUP_TREE_UNIFIED : CGROUP_TREE_MEMORY;

	if (layout.mode == CGROUP_NONE) {
		err_impossible(e, "this machine has no memory controller for cgroups");
		return err_hint(e, "name a process with --pid");
	}
	rc = resolve(layout.mount[tree], path, real, e);
	if (rc)
		return rc;
	if (snprintf(group.dir[tree], CGROUP_PATH_MAX, "%s", real) >= CGROUP_PATH_MAX)
		return err_set(e, ENAMETOOLONG, "cannot use the cgroup %s", path);
	group.mode = layout.mode;
	if (!sysroot_exists(NULL, "%s/%s", real, v2 ? "memory.reclaim" : "memory.limit_in_bytes")) {
		err_impossible(e, "cgroup %s cannot be reclaimed", path);
		return err_hint(e, "its memory controller is off (cgroup.subtree_control of its "
				   "parent), or the kernel has no memory.reclaim (from 5.19)");
	}
	*ret = group;
	return 0;
}

int group_swap_bytes(const struct cgroup *group, uint64_t *ret, struct err *e)
{
	struct cgroup_stat stat;
	int rc = cgroup_stat_read(group, &stat, e);

	if (rc)
		return rc;
	if (stat.swap_bytes == MISSING_U64) {
		err_impossible(e, "this kernel does not count the swap of a cgroup");
		return err_hint(e, "boot with swapaccount=1, or name a process with --pid");
	}
	*ret = stat.swap_bytes;
	return 0;
}

/* Only anonymous pages, where the kernel can (swappiness=200 from 6.11, max from 6.16). */
static int step_v2(const struct cgroup *group, uint64_t bytes, struct err *e)
{
	static const char *const how[] = { " swappiness=max", " swappiness=200", "" };
	int rc = -EINVAL;

	for (size_t i = 0; i < ARRAY_SIZE(how) && rc == -EINVAL; i++) {
		char text[64];

		snprintf(text, sizeof(text), "%" PRIu64 "%s", bytes, how[i]);
		rc = sysroot_write(NULL, text, e, "%s/memory.reclaim", group_dir(group));
	}
	return rc == -EAGAIN ? 0 : rc; /* it reclaimed less */
}

/* The kernel reclaims below the new limit before it sets it (mem_cgroup_resize_max), so the limit
 * is in force only until the old one is written again.
 */
static int step_v1(const struct cgroup *group, uint64_t bytes, const char *old_limit, struct err *e)
{
	const char *dir = group_dir(group);
	char text[32];
	uint64_t used;
	int rc = sysroot_read_u64(NULL, &used, e, "%s/memory.usage_in_bytes", dir);

	if (rc)
		return rc;
	snprintf(text, sizeof(text), "%" PRIu64, used > bytes ? used - bytes : used - used / 2);
	rc = sysroot_write(NULL, text, e, "%s/memory.limit_in_bytes", dir);
	int back = sysroot_write(NULL, old_limit, rc ? NULL : e, "%s/memory.limit_in_bytes", dir);

	return rc == -EBUSY || rc == -EINTR ? back : rc ? rc : back;
}

static int prepare_v1(const struct cgroup *group, struct journal *j, char old_limit[32],
		      struct err *e)
{
	static const char *const files[] = { "memory.limit_in_bytes", "memory.swappiness" };
	char path[SYSROOT_PATH_MAX];
	ssize_t n = sysroot_read(NULL, old_limit, 32, e, "%s/%s", group_dir(group), files[0]);

	if (n < 0)
		return (int)n;
	old_limit[strcspn(old_limit, "\n")] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		unsigned int entry;
		int rc = snprintf(path, sizeof(path), "%s/%s", group_dir(group), files[i]) <
					 (int)sizeof(path)
				 ? journal_setting(j, path, &entry, e)
				 : err_set(e, ENAMETOOLONG, "cannot use the cgroup");

		if (rc)
			return rc;
	}
	/* Anonymous pages before file pages. */
	return sysroot_write(NULL, "200", e, "%s", path);
}

static int reclaim(const struct cgroup *group, uint64_t bytes, const char *old_limit, struct err *e)
{
	uint64_t end_ns = monotonic_ns() + GROUP_RECLAIM_NS, begin = 0, now;
	int rc = group_swap_bytes(group, &begin, e);

	now = begin;
	for (int empty = 0;
	     rc == 0 && empty < EMPTY_STEPS && monotonic_ns() < end_ns && !stop_requested();) {
		uint64_t before = now, done = now > begin ? now - begin : 0;

		if (done + PAGE_BYTES > bytes)
			break;
		uint64_t step = MIN(bytes - done, STEP_BYTES);

		rc = group->mode == CGROUP_V2 ? step_v2(group, step, e)
					      : step_v1(group, step, old_limit, e);
		if (rc == 0)
			rc = group_swap_bytes(group, &now, e);
		empty = now > before ? 0 : empty + 1;
	}
	return rc;
}

int group_reclaim(const struct cgroup *group, uint64_t bytes, struct journal *j, struct err *e)
{
	char old_limit[32] = "";
	struct err undo;
	int rc = group->mode == CGROUP_V2 ? 0 : prepare_v1(group, j, old_limit, e);

	if (rc == 0)
		rc = reclaim(group, bytes, old_limit, e);
	int back = journal_undo_all(j, &undo);

	if (back && rc == 0 && e)
		*e = undo;
	return rc ? rc : back;
}

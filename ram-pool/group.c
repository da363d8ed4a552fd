/* SPDX-License-Identifier: GPL-2.0-only */
/* group.c - pages of a control group out, by reclaim that asks nobody else.
 *
 * Step by step, so that ^C and the deadline are seen, and looked up after each step: the kernel
 * counts file pages that it gave up as well, and what we are asked for is swap.
 */
#include "group.h"

#include <inttypes.h>
#include <limits.h>

#include "lib/safety/journal_recover.h"
#include "lib/base/stop.h"

#define STEP_BYTES (32 * MIB)
#define DRY_STEPS  3 /* steps without a page: there is no more */

const char *group_dir(const struct cgroup *group)
{
	return group->dir[group->mode == CGROUP_V2 ? CGROUP_TREE_UNIFIED : CGROUP_TREE_MEMORY];
}

/* realpath, so that neither .. nor a link leads out of the hierarchy. */
static int resolve(const char *mount, const char *path, char ret[PATH_MAX], struct err *e)
{
	char given[PATH_MAX];
	size_t n = strlen(mount);
	bool whole = str_starts(path, mount) && (path[n] == '/' || path[n] == '\0');

	if (snprintf(given, sizeof(given), "%s%s%s", whole ? "" : mount, whole ? "" : "/", path) >=
	    (int)sizeof(given))
		return err_set(e, ENAMETOOLONG, "cannot look for the group");
	if (!realpath(given, ret)) {
		err_say(e, ENOENT, "there is no group %s", given);
		return err_hint(e, "give its path below %s", mount);
	}
	if (!str_starts(ret, mount) || ret[n] != '/' ||
	    !sysroot_exists(NULL, "%s/cgroup.procs", ret)) {
		err_usage(e, "'%s' is no group below %s", path, mount);
		return err_hint(e, "the top itself holds the whole machine and cannot be bounded");
	}
	return 0;
}

int group_find(const char *path, struct cgroup *ret, struct err *e)
{
	struct cgroup group = { .mode = CGROUP_NONE };
	struct cgroup_layout layout;
	char real[PATH_MAX];
	int r = cgroup_layout_read(NULL, &layout, e);

	if (r)
		return r;
	enum cgroup_tree tree = layout.mode == CGROUP_V2 ? CGROUP_TREE_UNIFIED : CGROUP_TREE_MEMORY;

	if (layout.mode == CGROUP_NONE) {
		err_impossible(e, "there is no memory controller for control groups");
		return err_hint(e, "name a process with --pid");
	}
	r = resolve(layout.mount[tree], path, real, e);
	if (r)
		return r;
	if (snprintf(group.dir[tree], CGROUP_PATH_MAX, "%s", real) >= CGROUP_PATH_MAX)
		return err_set(e, ENAMETOOLONG, "cannot use the group %s", path);
	group.mode = layout.mode;
	if (!sysroot_exists(NULL, "%s/%s", real,
			    layout.mode == CGROUP_V2 ? "memory.reclaim"
						     : "memory.limit_in_bytes")) {
		err_impossible(e, "pages of the group %s cannot be asked out", path);
		return err_hint(e, "its memory controller is off (cgroup.subtree_control above "
				   "it), or the kernel has no memory.reclaim (from 5.19)");
	}
	*ret = group;
	return 0;
}

int group_swap_bytes(const struct cgroup *group, uint64_t *ret, struct err *e)
{
	struct cgroup_stat stat;
	int r = cgroup_stat_read(group, &stat, e);

	if (r)
		return r;
	if (stat.swap_bytes == MISSING_U64) {
		err_impossible(e, "this kernel does not count the swap of a group");
		return err_hint(e, "boot with swapaccount=1, or name a process with --pid");
	}
	*ret = stat.swap_bytes;
	return 0;
}

/* Anonymous pages alone where the kernel can (swappiness= from 6.11, max from 6.16), else as it
 * likes. */
static int step_v2(const struct cgroup *group, uint64_t bytes, struct err *e)
{
	static const char *const words[] = { " swappiness=max", " swappiness=200", "" };
	int r = -EINVAL;

	for (size_t i = 0; i < ARRAY_SIZE(words) && r == -EINVAL; i++) {
		char text[64];

		snprintf(text, sizeof(text), "%" PRIu64 "%s", bytes, words[i]);
		r = sysroot_write(NULL, text, e, "%s/memory.reclaim", group_dir(group));
	}
	return r == -EAGAIN ? 0 : r; /* it did not find all of that */
}

/* The kernel brings the group below the new limit before it takes it (mem_cgroup_resize_max), so it
 * is in force for as long as we need to write the old one again.
 */
static int step_v1(const struct cgroup *group, uint64_t bytes, const char *old_limit, struct err *e)
{
	const char *dir = group_dir(group);
	char text[32];
	uint64_t used;
	int r = sysroot_read_u64(NULL, &used, e, "%s/memory.usage_in_bytes", dir);

	if (r)
		return r;
	if (used <= bytes)
		bytes = used / 2;
	snprintf(text, sizeof(text), "%" PRIu64, used - bytes);
	r = sysroot_write(NULL, text, e, "%s/memory.limit_in_bytes", dir);
	int back = sysroot_write(NULL, old_limit, r ? NULL : e, "%s/memory.limit_in_bytes", dir);

	return r == -EBUSY || r == -EINTR ? back : r ? r : back;
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
		int r = snprintf(path, sizeof(path), "%s/%s", group_dir(group), files[i]) <
					(int)sizeof(path)
				? journal_setting(j, path, &entry, e)
				: err_set(e, ENAMETOOLONG, "cannot use the group");

		if (r)
			return r;
	}
	/* Anonymous pages before file pages. */
	return sysroot_write(NULL, "200", e, "%s", path);
}

static int reclaim(const struct cgroup *group, uint64_t bytes, const char *old_limit, struct err *e)
{
	uint64_t end_ns = monotonic_ns() + GROUP_RECLAIM_NS, begin, now;
	int r = group_swap_bytes(group, &begin, e);

	now = begin;
	for (int dry = 0;
	     r == 0 && dry < DRY_STEPS && monotonic_ns() < end_ns && !stop_requested();) {
		uint64_t before = now, done = now > begin ? now - begin : 0;

		if (done + PAGE_BYTES > bytes)
			break;
		uint64_t step = MIN(bytes - done, STEP_BYTES);

		r = group->mode == CGROUP_V2 ? step_v2(group, step, e)
					     : step_v1(group, step, old_limit, e);
		if (r == 0)
			r = group_swap_bytes(group, &now, e);
		dry = now > before ? 0 : dry + 1;
	}
	return r;
}

int group_reclaim(const struct cgroup *group, uint64_t bytes, struct journal *j, struct err *e)
{
	char old_limit[32] = "";
	struct err undo;
	int r = group->mode == CGROUP_V2 ? 0 : prepare_v1(group, j, old_limit, e);

	if (r == 0)
		r = reclaim(group, bytes, old_limit, e);
	int back = journal_undo_all(j, &undo);

	if (back && r == 0 && e)
		*e = undo;
	return r ? r : back;
}

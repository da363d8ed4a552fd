/* SPDX-License-Identifier: GPL-2.0-only */
/* owner.c - whose pages a pool holds, and where the OOM killer was meanwhile.
 *
 * The kernel does not say which swap a page went to: what an owner has in any is held against what
 * the pool has.
 */
#include "pool.h"

#include "group.h"
#include "lib/base/units.h"

#define FOREIGN_BYTES MIB /* the figures are not read at one moment */

/* Slots that the swap cache still holds for pages that are back are in no process's figure: they
 * count as its. */
static int family_swap_bytes(pid_t pid, uint64_t *ret, struct err *e)
{
	AUTO_FREE struct procfs_relation *list = NULL;
	size_t n = 0;
	struct procfs_meminfo meminfo;
	struct procfs_status status;
	int r = procfs_status_read(NULL, pid, &status, e);

	if (r || (r = procfs_meminfo_read(NULL, &meminfo, e)))
		return r;
	list = procfs_relations(&n);
	if (!list)
		return err_set(e, errno, "cannot look at the processes");
	procfs_descendants_mark(list, n, pid);
	*ret = meminfo.swap_cached_bytes == MISSING_U64 ? 0 : meminfo.swap_cached_bytes;
	for (size_t i = 0; i < n; i++)
		if (list[i].inside && procfs_status_read(NULL, list[i].pid, &status, NULL) == 0 &&
		    status.swap_bytes != MISSING_U64)
			*ret += status.swap_bytes;
	return 0;
}

/* Slots behind cached pages are the group's, too: v2 counts them, v1 apart. */
static int group_slots_bytes(const char *path, uint64_t *ret, struct err *e)
{
	struct cgroup_stat stat;
	struct cgroup group;
	int r = group_find(path, &group, e);

	if (r || (r = group_swap_bytes(&group, ret, e)) || group.mode == CGROUP_V2)
		return r;
	r = cgroup_stat_read(&group, &stat, e);
	if (r == 0 && stat.swap_cached_bytes != MISSING_U64)
		*ret += stat.swap_cached_bytes;
	return r;
}

int pool_owner_compare(const struct pool *pool, pid_t pid, const char *cgroup,
		       struct pool_status *status, struct err *e)
{
	char text[UNITS_TEXT_MAX];
	uint64_t own;
	int r;

	if (status->swap_used_bytes == MISSING_U64)
		return 0;
	if (cgroup)
		r = group_slots_bytes(cgroup, &own, e);
	else if (pid)
		r = family_swap_bytes(pid, &own, e);
	else if (pool->owner && family_swap_bytes(pool->owner, &own, NULL) == 0)
		r = 0;
	else
		return 0;
	if (r)
		return r;
	status->foreign_bytes = status->swap_used_bytes > own ? status->swap_used_bytes - own : 0;
	if (status->foreign_bytes > FOREIGN_BYTES)
		pool_status_warn(status, "at least %s in it are not its owner's",
				 units_format_size(status->foreign_bytes, text));
	return 0;
}

/* ---- the OOM killer ---- */

struct oom_words {
	char text[512];
};

static int name_group(void *ctx, const char *path, uint64_t kill_count)
{
	struct oom_words *words = ctx;
	size_t n = strlen(words->text);

	snprintf(words->text + n, sizeof(words->text) - n, "%s %s (%llu since it was made)",
		 n ? "," : ": in", path, (unsigned long long)kill_count);
	return 0;
}

void pool_owner_oom(const struct pool *pool, struct pool_status *status)
{
	struct oom_words words = { .text = "" };
	struct procfs_vmstat vmstat;
	struct cgroup_layout layout;

	if (pool->oom_kill_count == MISSING_U64 || procfs_vmstat_read(NULL, &vmstat, NULL) ||
	    vmstat.oom_kill == MISSING_U64)
		return;
	status->oom_kill_count = vmstat.oom_kill - pool->oom_kill_count;
	if (status->oom_kill_count == 0)
		return;
	if (cgroup_layout_read(NULL, &layout, NULL) == 0)
		cgroup_oom_visit(&layout, name_group, &words);
	pool_status_warn(status, "processes ended by the OOM killer since the set-up: %llu%s",
			 (unsigned long long)status->oom_kill_count,
			 *words.text ? words.text : ", in no group that is still there");
}

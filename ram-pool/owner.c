/* SPDX-License-Identifier: GPL-2.0-only */
/* owner.c - whose pages a pool holds, and where the OOM killer has been since setup.
 *
 * The kernel does not tell which swap a page is in, so an owner's swap in total is compared with
 * the swap in use of the pool.
 */
#include "group.h"
#include "lib/base/units.h"
#include "status.h"

#define FOREIGN_BYTES MIB /* the values are not read at one moment */

/* Pages in the swap cache are in no process's VmSwap, and still have a slot: they count as its. */
static int family_swap_bytes(pid_t pid, uint64_t *ret, struct err *e)
{
	AUTO_FREE struct procfs_relation *list = NULL;
	size_t n = 0;
	struct procfs_meminfo meminfo;
	struct procfs_status status;
	int rc = procfs_status_read(NULL, pid, &status, e);

	if (rc)
		return rc;
	rc = procfs_meminfo_read(NULL, &meminfo, e);
	if (rc)
		return rc;
	list = procfs_relations(&n);
	if (!list)
		return err_set(e, errno, "cannot list the processes");
	procfs_descendants_mark(list, n, pid);
	*ret = meminfo.swap_cached_bytes == MISSING_U64 ? 0 : meminfo.swap_cached_bytes;
	for (size_t i = 0; i < n; i++)
		if (list[i].inside && procfs_status_read(NULL, list[i].pid, &status, NULL) == 0 &&
		    status.swap_bytes != MISSING_U64)
			*ret += status.swap_bytes;
	return 0;
}

/* Slots of pages in the swap cache are the cgroup's, too: v1 counts them separately. */
static int group_slots_bytes(const char *path, uint64_t *ret, struct err *e)
{
	struct cgroup_stat stat;
	struct cgroup group;
	int rc = group_find(path, &group, e);

	if (rc)
		return rc;
	rc = group_swap_bytes(&group, ret, e);
	if (rc || group.mode == CGROUP_V2)
		return rc;
	rc = cgroup_stat_read(&group, &stat, e);
	if (rc == 0 && stat.swap_cached_bytes != MISSING_U64)
		*ret += stat.swap_cached_bytes;
	return rc;
}

int pool_owner_compare(const struct pool *pool, pid_t pid, const char *cgroup,
		       struct pool_status *status, struct err *e)
{
	char text[UNITS_TEXT_MAX];
	uint64_t own;
	int rc = 0;

	if (status->swap_used_bytes == MISSING_U64)
		return 0;
	if (cgroup)
		rc = group_slots_bytes(cgroup, &own, e);
	else if (pid)
		rc = family_swap_bytes(pid, &own, e);
	else if (!pool->owner || family_swap_bytes(pool->owner, &own, NULL))
		return 0;
	if (rc)
		return rc;
	status->foreign_bytes = status->swap_used_bytes > own ? status->swap_used_bytes - own : 0;
	if (status->foreign_bytes > FOREIGN_BYTES)
		pool_status_warn(status, "at least %s of swap in use is not the owner's",
				 units_format_size(status->foreign_bytes, text));
	return 0;
}

/* ---- the OOM killer ---- */

struct oom_groups {
	char text[512];
};

static int name_group(void *ctx, const char *path, uint64_t kill_count)
{
	struct oom_groups *groups = ctx;
	size_t n = strlen(groups->text);

	snprintf(groups->text + n, sizeof(groups->text) - n, "%s %s (%llu since it was made)",
		 n ? "," : ": in", path, (unsigned long long)kill_count);
	return 0;
}

void pool_owner_oom(const struct pool *pool, struct pool_status *status)
{
	struct oom_groups groups = { .text = "" };
	struct procfs_vmstat vmstat;
	struct cgroup_layout layout;

	if (pool->oom_kill_count == MISSING_U64 || procfs_vmstat_read(NULL, &vmstat, NULL) ||
	    vmstat.oom_kill == MISSING_U64)
		return;
	status->oom_kill_count = vmstat.oom_kill - pool->oom_kill_count;
	if (status->oom_kill_count == 0)
		return;
	if (cgroup_layout_read(NULL, &layout, NULL) == 0)
		cgroup_oom_visit(&layout, name_group, &groups);
	pool_status_warn(status, "OOM kills since setup: %llu%s",
			 (unsigned long long)status->oom_kill_count,
			 *groups.text ? groups.text : ", in no cgroup that still exists");
}

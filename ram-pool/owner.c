/* SPDX-License-Identifier: GPL-2.0-only */
/* owner.c - whose pages a pool holds, and where the OOM killer was meanwhile.
 *
 * The kernel does not say which swap a page went to: what an owner has in any is held against what the pool has.
 */
#include "pool.h"

#include <dirent.h>
#include <stdlib.h>

#include "group.h"
#include "units.h"

#define FOREIGN_BYTES MIB /* the figures are not read at one moment */

static void closedir_(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

struct process {
	pid_t pid, parent;
	bool own;
};

struct processes {
	struct process *all;
	size_t n, room;
};

static int add(struct processes *processes, pid_t pid)
{
	struct procfs_stat stat;

	if (procfs_stat_read(NULL, pid, &stat, NULL)) /* ended since */
		return 0;
	if (processes->n == processes->room) {
		size_t room = MAX(2 * processes->room, (size_t)256);
		struct process *all = reallocarray(processes->all, room, sizeof(*all));

		if (!all)
			return -ENOMEM;
		processes->all = all;
		processes->room = room;
	}
	processes->all[processes->n++] = (struct process){.pid = pid, .parent = stat.ppid};
	return 0;
}

/* A process and all that came from it, as far as their parents live: marked .own. */
static int family(pid_t pid, struct processes *ret, struct err *e)
{
	__attribute__((cleanup(closedir_))) DIR *list = opendir("/proc");
	bool grown = true;
	int r = 0;

	for (struct dirent *entry; list && r == 0 && (entry = readdir(list));)
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			r = add(ret, (pid_t)atoi(entry->d_name));
	if (!list || r)
		return err_set(e, list ? r : errno, "cannot look at the processes");
	for (size_t i = 0; i < ret->n; i++)
		ret->all[i].own = ret->all[i].pid == pid;
	while (grown) {
		grown = false;
		for (size_t i = 0; i < ret->n; i++)
			for (size_t k = 0; k < ret->n && !ret->all[i].own; k++)
				if (ret->all[k].own && ret->all[k].pid == ret->all[i].parent)
					grown = ret->all[i].own = true;
	}
	return 0;
}

/* Slots that the swap cache still holds for pages that are back are in no process's figure: they count as its. */
static int family_swap_bytes(pid_t pid, uint64_t *ret, struct err *e)
{
	struct processes processes = {.n = 0};
	struct procfs_meminfo meminfo;
	struct procfs_status status;
	int r = procfs_status_read(NULL, pid, &status, e);

	if (r || (r = procfs_meminfo_read(NULL, &meminfo, e)))
		return r;
	r = family(pid, &processes, e);
	*ret = meminfo.swap_cached_bytes == MISSING_U64 ? 0 : meminfo.swap_cached_bytes;
	for (size_t i = 0; i < processes.n && r == 0; i++)
		if (processes.all[i].own &&
		    procfs_status_read(NULL, processes.all[i].pid, &status, NULL) == 0 &&
		    status.swap_bytes != MISSING_U64)
			*ret += status.swap_bytes;
	free(processes.all);
	return r;
}

int pool_owner_compare(const struct pool *pool, pid_t pid, const char *cgroup, struct pool_status *status,
		       struct err *e)
{
	char text[UNITS_TEXT_MAX];
	struct cgroup group;
	uint64_t own;
	int r;

	if (status->swap_used_bytes == MISSING_U64)
		return 0;
	if (cgroup)
		r = (r = group_find(cgroup, &group, e)) ? r : group_swap_bytes(&group, &own, e);
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

/* ---- the OOM killer ---------------------------------------------------------------- */

struct oom_words {
	char text[512];
};

static int name_group(void *ctx, const char *path, uint64_t kill_count)
{
	struct oom_words *words = ctx;
	size_t n = strlen(words->text);

	snprintf(words->text + n, sizeof(words->text) - n, "%s %s (%llu since it was made)", n ? "," : ": in",
		 path, (unsigned long long)kill_count);
	return 0;
}

void pool_owner_oom(const struct pool *pool, struct pool_status *status)
{
	struct oom_words words = {.text = ""};
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

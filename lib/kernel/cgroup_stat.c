/* SPDX-License-Identifier: GPL-2.0-only */
/* cgroup_stat.c - one group's values, from the files of v1 or v2 into the same struct. */
#include "cgroup.h"
#include "keyed.h"
#include "psi.h"

#define KEY(key, member, scale) KEYED(struct cgroup_stat, key, member, scale)

static const struct keyed_field memory_v1[] = {
	KEY("total_rss", anon_bytes, 1),
	KEY("total_rss_huge", anon_huge_bytes, 1),
	KEY("total_shmem", shmem_bytes, 1),
	KEY("total_swap", swap_bytes, 1),
	KEY("total_swapcached", swap_cached_bytes, 1),
	KEY("total_pgfault", fault_count, 1),
	KEY("total_pgmajfault", major_fault_count, 1),
	KEY("total_workingset_refault_anon", refault_anon_pages, 1),
	KEY("total_workingset_refault_file", refault_file_pages, 1),
};
static const struct keyed_field memory_v2[] = {
	KEY("anon", anon_bytes, 1),
	KEY("anon_thp", anon_huge_bytes, 1),
	KEY("shmem", shmem_bytes, 1),
	KEY("pgfault", fault_count, 1),
	KEY("pgmajfault", major_fault_count, 1),
	KEY("workingset_refault_anon", refault_anon_pages, 1),
	KEY("workingset_refault_file", refault_file_pages, 1),
};
static const struct keyed_field oom_v1[] = { KEY("oom_kill", oom_kill_count, 1) };
static const struct keyed_field events_v2[] = {
	KEY("oom_kill", oom_kill_count, 1),
	KEY("max", limit_hit_count, 1),
};
static const struct keyed_field pids_events[] = { KEY("max", pids_refused_count, 1) };
static const struct keyed_field cpu[] = {
	KEY("user_usec", user_ns, NS_PER_US),
	KEY("system_usec", system_ns, NS_PER_US),
};

/* A file with keys, or with one number, which goes to offset. */
struct stat_file {
	const char *name;
	const struct keyed_field *keys;
	size_t n, offset;
};

#define KEYS(name, keys) \
	{ \
		name, keys, ARRAY_SIZE(keys), 0 \
	}
#define NUMBER(name, member) \
	{ \
		name, NULL, 0, offsetof(struct cgroup_stat, member) \
	}

static const struct stat_file files_v1[] = {
	KEYS("memory.stat", memory_v1),
	KEYS("memory.oom_control", oom_v1),
	NUMBER("memory.usage_in_bytes", current_bytes),
	NUMBER("memory.max_usage_in_bytes", peak_bytes),
	NUMBER("memory.failcnt", limit_hit_count),
	NUMBER("memory.limit_in_bytes", limit_bytes),
};
static const struct stat_file files_v2[] = {
	KEYS("memory.stat", memory_v2),
	KEYS("memory.events", events_v2),
	NUMBER("memory.current", current_bytes),
	NUMBER("memory.peak", peak_bytes),
	NUMBER("memory.swap.current", swap_bytes),
	NUMBER("memory.max", limit_bytes),
};
static const struct stat_file files_pids[] = {
	NUMBER("pids.current", pids_count),
	KEYS("pids.events", pids_events),
};
static const struct stat_file files_cpu[] = { KEYS("cpu.stat", cpu) };

static void read_files(const char *dir, const struct stat_file *files, size_t n,
		       struct cgroup_stat *stat)
{
	for (size_t i = 0; *dir && i < n; i++) {
		const struct stat_file *f = &files[i];
		char text[8192];
		ssize_t len;

		if (!f->keys) {
			sysroot_read_u64(NULL, (uint64_t *)((char *)stat + f->offset), NULL,
					 "%s/%s", dir, f->name);
			continue;
		}
		len = sysroot_read(NULL, text, sizeof(text), NULL, "%s/%s", dir, f->name);
		if (len >= 0)
			keyed_parse(text, (size_t)len, f->keys, f->n, stat);
	}
}

#define READ_FILES(dir, files, stat) read_files(dir, files, ARRAY_SIZE(files), stat)

int cgroup_stat_read(const struct cgroup *group, struct cgroup_stat *ret, struct err *e)
{
	const bool v2 = group->mode == CGROUP_V2;
	const char *unified = group->dir[CGROUP_TREE_UNIFIED];
	const char *memory = v2 ? unified : group->dir[CGROUP_TREE_MEMORY];
	char path[SYSROOT_PATH_MAX];
	struct cgroup_stat stat;
	struct psi psi;

	if (access(memory, F_OK))
		return err_set(e, errno, "cannot read the control group %s", memory);
	memset(&stat, 0xff, sizeof(stat)); /* every member is a uint64_t, and missing so far */
	if (v2)
		READ_FILES(memory, files_v2, &stat);
	else
		READ_FILES(memory, files_v1, &stat);
	/* v1 reports "no limit" as the largest multiple of a page in a signed long. */
	if (stat.limit_bytes > CGROUP_NO_LIMIT_BYTES)
		stat.limit_bytes = MISSING_U64;
	READ_FILES(v2 ? unified : group->dir[CGROUP_TREE_PIDS], files_pids, &stat);
	READ_FILES(unified, files_cpu, &stat);
	if (unified[0] && !sysroot_path(NULL, path, "%s/memory.pressure", unified) &&
	    !psi_read(NULL, path, &psi, NULL)) {
		stat.stall_some_us = psi.some.total_us;
		stat.stall_full_us = psi.full.total_us;
	}
	*ret = stat;
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* cgroup_stat.c - one group's figures, from the files of v1 or v2 into the same struct. */
#include "cgroup.h"
#include "psi.h"
#include "lib/base/units.h"

/* A key of a flat keyed file and where its value goes. */
struct stat_key {
	const char *key;
	size_t offset;
	uint64_t scale;
};

#define KEY(k, m, s) \
	{ \
		.key = (k), .offset = offsetof(struct cgroup_stat, m), .scale = (s) \
	}

static const struct stat_key memory_v1[] = {
	KEY("total_rss", anon_bytes, 1),
	KEY("total_shmem", shmem_bytes, 1),
	KEY("total_swap", swap_bytes, 1),
	KEY("total_swapcached", swap_cached_bytes, 1),
	KEY("total_pgfault", fault_count, 1),
	KEY("total_pgmajfault", major_fault_count, 1),
	KEY("total_workingset_refault_anon", refault_anon_pages, 1),
	KEY("total_workingset_refault_file", refault_file_pages, 1),
};

static const struct stat_key memory_v2[] = {
	KEY("anon", anon_bytes, 1),
	KEY("shmem", shmem_bytes, 1),
	KEY("pgfault", fault_count, 1),
	KEY("pgmajfault", major_fault_count, 1),
	KEY("workingset_refault_anon", refault_anon_pages, 1),
	KEY("workingset_refault_file", refault_file_pages, 1),
};

static const struct stat_key oom_v1[] = { KEY("oom_kill", oom_kill_count, 1) };
static const struct stat_key events_v2[] = { KEY("oom_kill", oom_kill_count, 1),
					     KEY("max", limit_hit_count, 1) };
static const struct stat_key pids_events[] = { KEY("max", pids_refused_count, 1) };
static const struct stat_key cpu[] = { KEY("user_usec", user_ns, NS_PER_US),
				       KEY("system_usec", system_ns, NS_PER_US) };

/* The lines "key value" of dir/file into stat; keys that are not there stay as they are. */
static void read_keys(const char *dir, const char *file, const struct stat_key *keys, size_t n,
		      struct cgroup_stat *stat)
{
	char text[8192], *at = text, *line;

	if (!dir[0] || sysroot_read(NULL, text, sizeof(text), NULL, "%s/%s", dir, file) < 0)
		return;
	while ((line = strsep(&at, "\n"))) {
		const char *key = strsep(&line, " ");
		uint64_t value;

		for (size_t i = 0; i < n; i++)
			if (line && str_eq(key, keys[i].key) &&
			    !units_parse_u64(line, &value, NULL))
				*(uint64_t *)((char *)stat + keys[i].offset) =
					value * keys[i].scale;
	}
}

#define READ_KEYS(dir, file, keys, stat) read_keys(dir, file, keys, ARRAY_SIZE(keys), stat)

static void read_number(const char *dir, const char *file, uint64_t *into)
{
	if (dir[0])
		sysroot_read_u64(NULL, into, NULL, "%s/%s", dir, file);
}

/* v1 says "no limit" as the largest multiple of a page in a signed long. */
static void read_limit_v1(const char *dir, struct cgroup_stat *stat)
{
	read_number(dir, "memory.limit_in_bytes", &stat->limit_bytes);
	if (stat->limit_bytes > (UINT64_C(1) << 62))
		stat->limit_bytes = MISSING_U64;
}

static void read_memory(const struct cgroup *group, struct cgroup_stat *stat)
{
	const char *dir =
		group->dir[group->mode == CGROUP_V2 ? CGROUP_TREE_UNIFIED : CGROUP_TREE_MEMORY];

	if (group->mode == CGROUP_V2) {
		READ_KEYS(dir, "memory.stat", memory_v2, stat);
		READ_KEYS(dir, "memory.events", events_v2, stat);
		read_number(dir, "memory.current", &stat->current_bytes);
		read_number(dir, "memory.peak", &stat->peak_bytes);
		read_number(dir, "memory.swap.current", &stat->swap_bytes);
		read_number(dir, "memory.max", &stat->limit_bytes);
		return;
	}
	READ_KEYS(dir, "memory.stat", memory_v1, stat);
	READ_KEYS(dir, "memory.oom_control", oom_v1, stat);
	read_number(dir, "memory.usage_in_bytes", &stat->current_bytes);
	read_number(dir, "memory.max_usage_in_bytes", &stat->peak_bytes);
	read_number(dir, "memory.failcnt", &stat->limit_hit_count);
	read_limit_v1(dir, stat);
}

int cgroup_stat_read(const struct cgroup *group, struct cgroup_stat *ret, struct err *e)
{
	const char *unified = group->dir[CGROUP_TREE_UNIFIED];
	const char *pids = group->mode == CGROUP_V2 ? unified : group->dir[CGROUP_TREE_PIDS];
	const char *memory = group->mode == CGROUP_V2 ? unified : group->dir[CGROUP_TREE_MEMORY];
	char path[SYSROOT_PATH_MAX];
	struct cgroup_stat stat;
	struct psi psi;

	if (access(memory, F_OK))
		return err_set(e, errno, "cannot look at the control group %s", memory);
	memset(&stat, 0xff, sizeof(stat)); /* every figure is a uint64_t, and missing so far */
	read_memory(group, &stat);
	read_number(pids, "pids.current", &stat.pids_count);
	READ_KEYS(pids, "pids.events", pids_events, &stat);
	READ_KEYS(unified, "cpu.stat", cpu, &stat);
	if (unified[0] && !sysroot_path(NULL, path, "%s/memory.pressure", unified) &&
	    !psi_read(NULL, path, &psi, NULL)) {
		stat.stall_some_us = psi.some.total_us;
		stat.stall_full_us = psi.full.total_us;
	}
	*ret = stat;
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* cgroup.h - control groups v1, v2 and hybrid behind one handle: create, limit, read, kill, remove.
 *
 * A group is one directory name, made in every hierarchy that is needed: on v2 one directory; on v1
 * and hybrid memory and pids, and where cgroup2 is mounted one there, for PSI, CPU time,
 * cgroup.kill and the ids that BPF sees. No existing group is taken over. Does not write the
 * journal: the caller does, between cgroup_place and cgroup_create (supervise.h).
 */
#ifndef COLDPRESS_KERNEL_CGROUP_H
#define COLDPRESS_KERNEL_CGROUP_H

#include "lib/base/sysroot.h"

enum cgroup_mode {
	CGROUP_NONE,   /* no memory controller that can be reached */
	CGROUP_V1,     /* memory on v1, no cgroup2 mount */
	CGROUP_HYBRID, /* memory on v1, cgroup2 mounted beside it */
	CGROUP_V2,     /* memory on v2 */
};

enum cgroup_tree {
	CGROUP_TREE_UNIFIED, /* cgroup2 */
	CGROUP_TREE_MEMORY,  /* these two: v1 */
	CGROUP_TREE_PIDS,
	CGROUP_TREES
};

#define CGROUP_PATH_MAX       SYSROOT_PATH_MAX
#define CGROUP_NO_LIMIT_BYTES (UINT64_C(1) << 62) /* limits above it are none (v1) */

/* Where the hierarchies are and where in them this process is. */
struct cgroup_layout {
	enum cgroup_mode mode;
	char mount[CGROUP_TREES][CGROUP_PATH_MAX]; /* mount point; "" = not mounted or of no use */
	char own[CGROUP_TREES][CGROUP_PATH_MAX]; /* own group below the mount point: "" or "/a/b" */
};

/* cgroup_layout_parse - from the texts of /proc/self/mountinfo and /proc/self/cgroup. cgroup2
 * without a v1 memory hierarchy counts as CGROUP_V2 here; only cgroup_layout_read can check that it
 * has the controller.
 *
 * errors  -EBADMSG a line of either text cannot be parsed
 */
int cgroup_layout_parse(const char *mountinfo, const char *self_cgroup, struct cgroup_layout *ret,
			struct err *e);

/* cgroup_layout_read - of this process. mode is CGROUP_NONE, and 0 returned, without a memory
 * controller. */
int cgroup_layout_read(const struct sysroot *root, struct cgroup_layout *ret, struct err *e);

struct cgroup {
	enum cgroup_mode mode;
	char dir[CGROUP_TREES][CGROUP_PATH_MAX]; /* "" = not in this hierarchy */
	/* v2: the directory whose cgroup.subtree_control lacks what is needed, or "" */
	char enable[CGROUP_PATH_MAX];
	bool enable_memory, enable_pids; /* what it lacks: enabled by create, and left enabled */
	uint64_t id; /* of the cgroup2 directory, as bpf_get_current_cgroup_id() returns it */
};

/* cgroup_place - where a group of this name would be made: on v1 below the own group, on v2 below
 * the nearest ancestor that delegates memory and pids, else below the mount point, with .enable
 * set. Changes nothing.
 *
 * name    [A-Za-z0-9._-]+, not starting with a dot
 * errors  exit 77 no memory controller; -EINVAL the name; -ENAMETOOLONG
 */
int cgroup_place(const struct cgroup_layout *layout, const char *name, struct cgroup *ret,
		 struct err *e);

/* cgroup_create - makes the directories; all or none. Fills .id where cgroup2 is mounted.
 *
 * errors  -EEXIST a group of this name exists and is left alone; -EACCES
 */
int cgroup_create(struct cgroup *group, struct err *e);

/* cgroup_enter - moves a process (0 = the caller) into the group. */
int cgroup_enter(const struct cgroup *group, pid_t pid, struct err *e);

/* cgroup_limit_memory - hard limits; MISSING_U64 = no limit.
 *
 * memory_bytes  v2 memory.max, v1 memory.limit_in_bytes
 * swap_bytes    v2 memory.swap.max; v1 memory.memsw.limit_in_bytes = memory_bytes + swap_bytes
 * errors        -EBUSY memory in use cannot be reclaimed below the limit (v1); -ENOTSUP a swap
 * limit without swap accounting
 */
int cgroup_limit_memory(const struct cgroup *group, uint64_t memory_bytes, uint64_t swap_bytes,
			struct err *e);

/* cgroup_limit_pids - processes and threads together; MISSING_U64 = no limit. */
int cgroup_limit_pids(const struct cgroup *group, uint64_t pids, struct err *e);

/* cgroup_limits_check - whether the limits that were set still hold; MISSING_U64 = none was set. A
 * lower one holds, too: compressing a group on v1 lowers it for a moment.
 *
 * errors  -ESTALE one was raised or removed, which disabling its controller does
 */
int cgroup_limits_check(const struct cgroup *group, uint64_t memory_bytes, uint64_t swap_bytes,
			uint64_t pids, struct err *e);

/* cgroup_group_oom - v2: an OOM kill ends every process of the group. Nothing on v1. */
int cgroup_group_oom(const struct cgroup *group, struct err *e);

/* A group's values. Missing where the kernel or the mode does not report one. */
struct cgroup_stat {
	uint64_t current_bytes;     /* everything charged, caches and kernel memory too */
	uint64_t peak_bytes;        /* highest current_bytes; v2 from 5.19 */
	uint64_t anon_bytes;        /* anonymous, without swap */
	uint64_t anon_huge_bytes;   /* of them in transparent huge pages */
	uint64_t shmem_bytes;       /* tmpfs and shared anonymous */
	uint64_t swap_bytes;        /* v1: without swap_cached_bytes */
	uint64_t swap_cached_bytes; /* in RAM again, and still in the swap; v1 alone */
	uint64_t limit_bytes;       /* MISSING_U64 = none, too */
	uint64_t fault_count, major_fault_count;
	uint64_t refault_anon_pages, refault_file_pages;
	uint64_t oom_kill_count;
	uint64_t limit_hit_count; /* v1 memory.failcnt, v2 memory.events max */
	uint64_t pids_count, pids_refused_count;
	uint64_t user_ns, system_ns; /* every task that ever was in the group; needs cgroup2 */
	uint64_t stall_some_us, stall_full_us; /* PSI memory of this group */
};

/* cgroup_stat_read - several files, one after the other: not one snapshot. A missing file leaves
 * its values missing.
 *
 * errors  -ENOENT no such group
 */
int cgroup_stat_read(const struct cgroup *group, struct cgroup_stat *ret, struct err *e);

/* A group with pages in swap; values include the groups below. Valid during the callback. */
struct cgroup_swap {
	const char *dir, *path; /* its directory; the same from the mount point on: "/a/b" */
	uint64_t swap_bytes;    /* in any swap: the kernel does not say which */
	uint64_t limit_bytes;
	uint64_t room_bytes; /* it may still be charged with; MISSING_U64 = no limit */
};

/* cgroup_swap_visit - fn for every group of the machine that has pages in swap, parents first;
 * stops at its first non-zero, which is returned. Groups without swap accounting are left out. */
typedef int cgroup_swap_fn(void *ctx, const struct cgroup_swap *group);
int cgroup_swap_visit(const struct cgroup_layout *layout, cgroup_swap_fn *fn, void *ctx);

/* cgroup_bound - lowers total_bytes to the smallest limit of the groups that enclose this process,
 * and available_bytes to the least that one of them may still be charged with: file pages go first,
 * as in MemAvailable. The groups below the mount are those that can be seen.
 *
 * source  v2 memory.max, memory.current; v1 memory.limit_in_bytes, memory.usage_in_bytes
 */
struct procfs_meminfo;
void cgroup_bound(const struct cgroup_layout *layout, struct procfs_meminfo *memory);

/* cgroup_oom_visit - fn for every group in which the OOM killer ended a process; stops at its first
 * non-zero, which is returned.
 *
 * source  v2 memory.events.local (5.2; before it memory.events, which counts those below, too), v1
 *         memory.oom_control
 */
typedef int cgroup_oom_fn(void *ctx, const char *path, uint64_t kill_count);
int cgroup_oom_visit(const struct cgroup_layout *layout, cgroup_oom_fn *fn, void *ctx);

/* cgroup_kill - SIGKILL to every member until none is left: cgroup.kill where there is one, else
 * one by one behind a pids limit of 0, so that no fork can outrun it. The group takes no new
 * process afterwards.
 *
 * errors  -ETIMEDOUT members are still there after timeout_ns (uninterruptible sleep)
 */
int cgroup_kill(const struct cgroup *group, uint64_t timeout_ns, struct err *e);

/* cgroup_signal - one signal to every present member. */
int cgroup_signal(const struct cgroup *group, int sig, struct err *e);

/* cgroup_remove - removes the directories; a missing group is 0. EBUSY is tried again for
 * timeout_ns, since the last member's exit is accounted a little late. */
int cgroup_remove(const struct cgroup *group, uint64_t timeout_ns, struct err *e);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* group.h - swaps out pages of a cgroup by reclaim of that cgroup alone: memory.reclaim on v2, a
 * limit lowered for a moment on v1.
 */
#ifndef RAM_POOL_GROUP_H
#define RAM_POOL_GROUP_H

#include "lib/kernel/cgroup.h"
#include "lib/safety/journal.h"

/* group_find - an existing cgroup, by its directory or by its path below the mount point of the
 * memory controller.
 *
 * errors  -ENOENT no such cgroup; usage: outside of the hierarchy, or its root; exit 77 no memory
 * controller, or a v2 without memory.reclaim (before 5.19)
 */
int group_find(const char *path, struct cgroup *ret, struct err *e);

/* group_dir - the directory with its memory files. */
const char *group_dir(const struct cgroup *group);

/* group_swap_bytes - swap of the cgroup and those below it, in any swap. -ENOTSUP not counted. */
int group_swap_bytes(const struct cgroup *group, uint64_t *ret, struct err *e);

/* group_reclaim - until its swap has grown by `bytes`, the kernel finds no more, ^C, or
 * GROUP_RECLAIM_NS. What it changes for that (v1: memory.swappiness, memory.limit_in_bytes) is
 * noted in the journal, and restored.
 *
 * returns  0 also if less was swapped out: compare group_swap_bytes before and after
 * errors   -ENOENT the cgroup has been removed
 */
#define GROUP_RECLAIM_NS (60 * NS_PER_S)
int group_reclaim(const struct cgroup *group, uint64_t bytes, struct journal *j, struct err *e);

#endif

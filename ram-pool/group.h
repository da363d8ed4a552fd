/* SPDX-License-Identifier: GPL-2.0-only */
/* group.h - pages of a control group out, by reclaim that asks nobody else: memory.reclaim on v2, a
 * limit that is lowered for a moment on v1.
 */
#ifndef RAM_POOL_GROUP_H
#define RAM_POOL_GROUP_H

#include "lib/kernel/cgroup.h"
#include "lib/safety/journal.h"

/* group_find - an existing group, by its directory or by its path below the mount point of the
 * memory controller.
 *
 * errors  -ENOENT no such group; usage: outside of the hierarchy, or its top, which cannot be
 * bounded; exit 77 no memory controller, or a v2 without memory.reclaim (before 5.19)
 */
int group_find(const char *path, struct cgroup *ret, struct err *e);

/* group_dir - the directory with its memory files. */
const char *group_dir(const struct cgroup *group);

/* group_swap_bytes - what the group and those below it have in swap, in any. -ENOTSUP it is not
 * counted. */
int group_swap_bytes(const struct cgroup *group, uint64_t *ret, struct err *e);

/* group_reclaim - until its swap has grown by `bytes`, the kernel finds no more, ^C, or
 * GROUP_RECLAIM_NS. What is changed for that (v1: memory.swappiness, memory.limit_in_bytes) is in
 * the journal, and put back.
 *
 * returns  0 also when less went out: look at group_swap_bytes before and after
 * errors   -ENOENT the group has gone
 */
#define GROUP_RECLAIM_NS (60 * NS_PER_S)
int group_reclaim(const struct cgroup *group, uint64_t bytes, struct journal *j, struct err *e);

#endif

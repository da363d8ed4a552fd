/* SPDX-License-Identifier: GPL-2.0-only */
/* cgroup_paths.h - the path of a cgroup2 directory by its id, as BPF programs report ids.
 *
 * An unknown id causes one walk through the tree. A group that was created and removed between two
 * walks has no path; a known path is kept when the group is removed, since ids are not used again.
 */
#ifndef COLDPRESS_KERNEL_CGROUP_PATHS_H
#define COLDPRESS_KERNEL_CGROUP_PATHS_H

#include "lib/base/err.h"

struct cgroup_paths; /* opaque: ids and paths seen so far */

/* cgroup_paths_new - reads nothing yet. -ENOMEM.
 *
 * top     where cgroup2 is mounted; NULL: found among the mounts; without one no id has a path
 */
int cgroup_paths_new(struct cgroup_paths **ret, const char *top, struct err *e);
void cgroup_paths_free(struct cgroup_paths *paths);

/* cgroup_paths_find - below the mount point, as in /proc/PID/cgroup: "/", "/a/b"; NULL: not found.
 * Any bytes but NUL. Valid until cgroup_paths_free.
 *
 * id  the kernfs id, which on 64 bits is the directory's inode number
 */
const char *cgroup_paths_find(struct cgroup_paths *paths, uint64_t id);

#endif

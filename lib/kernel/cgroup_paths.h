/* SPDX-License-Identifier: GPL-2.0-only */
/* cgroup_paths.h - the path of a cgroup2 directory by its id, as BPF programs hand ids over.
 *
 * An id that is not known makes one walk through the tree. A group that came and went between two
 * walks has no path; the path of one that was seen is kept when the group goes, since ids are not
 * used again. Needs no rights.
 */
#ifndef COLDPRESS_KERNEL_CGROUP_PATHS_H
#define COLDPRESS_KERNEL_CGROUP_PATHS_H

#include "lib/base/err.h"

struct cgroup_paths; /* opaque: ids and paths seen so far */

/* cgroup_paths_new - reads nothing yet.
 *
 * top     where cgroup2 is mounted; NULL: looked for among the mounts, and where it is not mounted
 * no id has a path errors  -ENOMEM
 */
int cgroup_paths_new(struct cgroup_paths **ret, const char *top, struct err *e);
void cgroup_paths_free(struct cgroup_paths *paths);

/* cgroup_paths_find - below the mount point, as in /proc/PID/cgroup: "/", "/a/b"; NULL: no such
 * directory when looked for. Any bytes but NUL. Good until cgroup_paths_free.
 *
 * id  the kernfs id, which on 64 bits is the directory's inode number
 */
const char *cgroup_paths_find(struct cgroup_paths *paths, uint64_t id);

#endif

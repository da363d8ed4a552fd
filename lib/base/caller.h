/* SPDX-License-Identifier: GPL-2.0-only */
/* caller.h - the user for whom a program runs: who called sudo, or who started it. */
#ifndef COLDPRESS_BASE_CALLER_H
#define COLDPRESS_BASE_CALLER_H

#include "err.h"

#define CALLER_GROUPS_MAX 64

struct caller {
	uid_t uid;
	gid_t gid;
	gid_t groups[CALLER_GROUPS_MAX];
	size_t n_groups;
	char name[64], home[256], shell[128];
};

/* caller_read - the user who called sudo (SUDO_UID, SUDO_GID) when we are root, else who we are. A
 * user ID that the user database lacks has home "/" and one group.
 *
 * errors  -EINVAL SUDO_UID or SUDO_GID is not a number, or only one of them is set
 */
int caller_read(struct caller *ret, struct err *e);

/* caller_become - this process becomes the user for good: groups, IDs, HOME, SHELL, USER, LOGNAME.
 * Nothing to do where it is the user already. Returns 0 or -errno.
 */
int caller_become(const struct caller *user);

/* What caller_enter changes. */
struct caller_root {
	gid_t groups[CALLER_GROUPS_MAX];
	int n_groups; /* negative: nothing was changed */
};

/* caller_enter, caller_leave - between the two, files are opened and made with the user's rights
 * and as the user's own, by the file system IDs. For every path that the user, or who owns a
 * directory on the way, may exchange while we look. Nothing where we are not root, or the user is.
 */
void caller_enter(const struct caller *user, struct caller_root *ret);
void caller_leave(const struct caller_root *root);

/* caller_open - a regular file, opened or made as the user, not by a link in the last place. A pipe
 * does not hold us, a device is not touched beyond its open. flags, mode: as open(2); O_TRUNC takes
 * effect once it is known to be a regular file.
 *
 * returns  a descriptor, or -errno; -EINVAL not a regular file
 */
int caller_open(const struct caller *user, const char *path, int flags, mode_t mode, struct err *e);

/* caller_mkdir - a directory of the user's own. -EEXIST as mkdir(2). */
int caller_mkdir(const struct caller *user, const char *path, mode_t mode);

#endif

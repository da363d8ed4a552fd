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

#endif

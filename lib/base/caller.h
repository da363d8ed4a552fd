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

/* caller_read - the user who called sudo (SUDO_UID, SUDO_GID) when we are root, else who we are.
 *
 * errors  -EINVAL SUDO_UID or SUDO_GID is no number; a uid without a passwd entry is taken, with
 * home "/"
 */
int caller_read(struct caller *ret, struct err *e);

#endif

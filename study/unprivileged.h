/* SPDX-License-Identifier: GPL-2.0-only */
/* unprivileged.h - the reference run of a user who may not make cgroups. */
#ifndef COLDPRESS_STUDY_UNPRIVILEGED_H
#define COLDPRESS_STUDY_UNPRIVILEGED_H

#include "context.h"

/* study_run_unprivileged - runs the command as it is, for the page scan alone.
 *
 * errors  -EINTR asked to stop; -ETIMEDOUT; -ECHILD it failed
 */
int study_run_unprivileged(struct study *s, struct study_target *target, struct err *e);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* fixed.h - a study at limits that were given. */
#ifndef COLDPRESS_STUDY_FIXED_H
#define COLDPRESS_STUDY_FIXED_H

#include "context.h"

/* study_fixed - after the reference run: each algorithm at each limit, once with probes, then in
 * shuffled blocks.
 */
int study_fixed(struct study *s, struct study_target *target, struct err *e);

/* study_fixed_runs - that it will make of one target. */
double study_fixed_runs(const struct study *s);

#endif

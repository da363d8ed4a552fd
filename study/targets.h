/* SPDX-License-Identifier: GPL-2.0-only */
/* targets.h - which programs are studied. */
#ifndef COLDPRESS_STUDY_TARGETS_H
#define COLDPRESS_STUDY_TARGETS_H

#include "context.h"

/* study_target_add - a command, named after its program. */
void study_target_add(struct study *s, char *const *argv);

/* study_targets_add - the built-in ones. */
int study_targets_add(struct study *s, struct err *e);

#endif

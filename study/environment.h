/* SPDX-License-Identifier: GPL-2.0-only */
/* environment.h - the machine as it is while a study runs. */
#ifndef COLDPRESS_STUDY_ENVIRONMENT_H
#define COLDPRESS_STUDY_ENVIRONMENT_H

#include "context.h"

/* study_environment_store - kernel, CPU, memory, swap settings and the like, into the results
 * database.
 */
int study_environment_store(struct study *s, struct err *e);

#endif

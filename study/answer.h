/* SPDX-License-Identifier: GPL-2.0-only */
/* answer.h - the end of a study. */
#ifndef COLDPRESS_STUDY_ANSWER_H
#define COLDPRESS_STUDY_ANSWER_H

#include "context.h"

/* study_answer - compares, recommends, prints and stores; state: how the study ended. Targets that
 * had no run are left out.
 */
int study_answer(struct study *s, enum results_experiment_state state, struct err *e);

#endif

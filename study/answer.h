/* SPDX-License-Identifier: GPL-2.0-only */
/* answer.h - the end of a study. */
#ifndef COLDPRESS_STUDY_ANSWER_H
#define COLDPRESS_STUDY_ANSWER_H

#include "context.h"

/* study_answer - compares, recommends, prints and stores. */
int study_answer(struct study *s, struct err *e);

#endif

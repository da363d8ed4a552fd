/* SPDX-License-Identifier: GPL-2.0-only */
/* score.h - a number that the command prints, to compare runs by instead of their time (--metric).
 */
#ifndef COLDPRESS_STUDY_SCORE_H
#define COLDPRESS_STUDY_SCORE_H

#include "context.h"

/* study_score_check - a usage error where the expression cannot be used. */
int study_score_check(const struct study_config *config, struct err *e);

/* study_score_cost - of the output of the last run: less is better. NaN where the last match is no
 * positive number, or nothing matches.
 */
double study_score_cost(const struct study *s, const struct study_target *target);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* rank.h - the fairness policy on what the page scan measured. */
#ifndef COLDPRESS_STUDY_RANK_H
#define COLDPRESS_STUDY_RANK_H

#include "context.h"
#include "lib/analysis/rank.h"

/* study_rank - at a readback factor and a mean residence (NaN: the policy's default). Labels live
 * as the target does.
 */
void study_rank(const struct study *s, const struct study_target *target, double readback_factor,
		double residence_ns, struct ranking *ret);

#endif

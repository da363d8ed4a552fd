/* SPDX-License-Identifier: GPL-2.0-only */
/* search.h - the search for the smallest RAM of a target within a bound of slowdown. */
#ifndef COLDPRESS_STUDY_SEARCH_H
#define COLDPRESS_STUDY_SEARCH_H

#include "context.h"
#include "lib/results/search_records.h"

/* study_search - makes the runs that lib/analysis/search.h asks for, after the reference run. Runs
 * that the results database has already are told to it first.
 *
 * errors  -EINTR asked to stop; what makes every further run pointless. target->search has what was
 *         found until then
 */
int study_search(struct study *s, struct study_target *target, struct err *e);

/* study_search_point - the configuration of an algorithm at a limit, as the search ran it; NULL. */
const struct study_configuration *study_search_point(const struct study *s,
						     const struct study_target *target, size_t algo,
						     double limit_ratio);

#endif

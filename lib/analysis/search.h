/* SPDX-License-Identifier: GPL-2.0-only */
/* search.h - which run next? The engine behind the verdict: the smallest RAM at a bounded slowdown.
 *
 * Pure and deterministic: it never reads a clock or a file. Ask search_next() for a run, do it, say
 * with search_add() what came of it; feeding recorded runs again in their order gives the same
 * state, which is how an interrupted study goes on. Time is the sum of what the runs took.
 *
 *   reference runs   one warm-up, then at least 5: time, its spread, peak and mean RAM
 *   search           limits from large to small, then bisection (bracket.h); an algorithm whose RAM
 *                    cannot get below the best one's is dropped
 *   paired blocks    reference and one or two finalists in shuffled order; stages test one limit
 * after another with fresh blocks (paired.h). Only these enter an interval. probed run       one
 * more run of the finalist, with instruments
 *
 * The error rate: a wrong claim needs the first limit tested that really exceeds the bound to pass
 * its test, so every stage may use the whole level of 0.05 as long as the first failure ends the
 * sequence; which limit comes next may depend on everything seen before, as its pairs are fresh.
 * Two finalists have half of the level each (Holm's first step: what one gives up does not go to
 * the other, which may go on to further limits). A level kept back for a larger limit after a
 * failure was simulated: it decided fewer studies, not more.
 */
#ifndef COLDPRESS_ANALYSIS_SEARCH_H
#define COLDPRESS_ANALYSIS_SEARCH_H

#include "search_state.h"

/* search_budget_ns - max(2 min, 40 reference runs), at most 15 min. */
uint64_t search_budget_ns(uint64_t reference_ns);

/* search_new - an engine at its first run; search_free takes NULL.
 *
 * errors  -EINVAL no algorithm or too many, a slowdown or limit out of range; -ENOMEM
 */
int search_new(const struct search_config *config, struct search **ret);
void search_free(struct search *s);

/* search_next - the run to do now. False: nothing is left to do. */
bool search_next(const struct search *s, struct search_ask *ret);

/* search_add - a finished run; run->ask must be the one that search_next gave.
 *
 * errors  -EINVAL it is another run's; -ENOMEM
 */
int search_add(struct search *s, const struct search_run *run);

/* search_progress - runs that are expected in all and time left, from the plan as it stands. */
void search_progress(const struct search *s, size_t *ret_runs, uint64_t *ret_left_ns);

#endif

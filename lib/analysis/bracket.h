/* SPDX-License-Identifier: GPL-2.0-only */
/* bracket.h - one algorithm's search for the smallest limit with a slowdown of at most a target.
 *
 * Pure. Points are limits (as a ratio of the reference's peak), each with one run or a few. A
 * point's score is the log slowdown, from time and from the stall share: the stall share says less
 * about the size of a slowdown, but is less noisy. Scores are made monotone (pool adjacent
 * violators) before they are compared with the target. They choose what is tested; they enter no
 * interval.
 */
#ifndef COLDPRESS_ANALYSIS_BRACKET_H
#define COLDPRESS_ANALYSIS_BRACKET_H

#include "lib/base/base.h"

#define BRACKET_POINTS 24
#define BRACKET_RUNS   64

struct bracket_point {
	double limit_ratio;
	unsigned int runs, aborted, kills;
	double log[BRACKET_RUNS]; /* log(cost / reference), rising; an aborted run: at least this */
	double stall_sum;         /* of -log(1 - stall share) */
	unsigned int stall_runs;
	double ram_sum; /* mean RAM / mean RAM of the reference */
	unsigned int ram_runs;
};

struct bracket {
	size_t n;
	struct bracket_point point[BRACKET_POINTS]; /* limits falling */
};

/* What a search looks for, and the noise that it sees. */
struct bracket_rule {
	double target;       /* log slowdown that still counts as within */
	double run_sd;       /* of the log cost of one run */
	double floor_ratio;  /* no smaller limit is tried */
	const double *fixed; /* limits to try, falling, instead of steps; n_fixed of them */
	size_t n_fixed;
	unsigned int repeats; /* runs that a point near the target may take */
};

struct bracket_run {
	double log_slowdown, stall_ratio, ram_ratio; /* NaN: not measured */
	bool aborted, killed;
};

/* bracket_add - one run at this limit. Further points than BRACKET_POINTS are left out: -ENOSPC. */
int bracket_add(struct bracket *b, double limit_ratio, const struct bracket_run *run);

/* bracket_next - the limit to run next; 0 when the bracket is narrow enough. `start` is the first
 * limit tried and `then` the second one where the first is within the target: the ends of another
 * algorithm's bracket. 0: steps down from the whole.
 */
double bracket_next(const struct bracket *b, const struct bracket_rule *rule, double start,
		    double then);

/* bracket_ends - the smallest limit within the target (1: none below the whole) and the largest one
 * beyond it (0: none).
 */
void bracket_ends(const struct bracket *b, const struct bracket_rule *rule, double *ret_within,
		  double *ret_beyond);

/* bracket_slowdown - log slowdown at a limit, interpolated in log limit between points; that of the
 * smallest limit below it. bracket_ram - likewise the ratio of mean RAM; NaN without a measured
 * one.
 */
double bracket_slowdown(const struct bracket *b, const struct bracket_rule *rule,
			double limit_ratio);
double bracket_ram(const struct bracket *b, double limit_ratio);

/* bracket_limit - the smallest limit whose interpolated log slowdown is at most `log_slowdown`,
 * between `smallest` and 1.
 */
double bracket_limit(const struct bracket *b, const struct bracket_rule *rule, double log_slowdown,
		     double smallest);

#endif

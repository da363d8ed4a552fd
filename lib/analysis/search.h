/* SPDX-License-Identifier: GPL-2.0-only */
/* search.h - which run next? The engine behind the verdict: the smallest RAM at a bounded slowdown.
 *
 * Pure and deterministic: it never reads a clock or a file. Ask search_next() for a run, do it, say with
 * search_add() what came of it; feeding recorded runs again in their order gives the same state, which
 * is how an interrupted study goes on. Time is the sum of what the runs took.
 *
 *   reference runs   one warm-up, then at least 5: time, its spread, peak and mean RAM
 *   search           limits from large to small, then bisection (bracket.h); an algorithm whose RAM
 *                    cannot get below the best one's is dropped
 *   paired blocks    reference and one or two finalists in shuffled order; stages test one limit after
 *                    another with fresh blocks (paired.h). Only these enter an interval.
 *   probed run       one more run of the finalist, with instruments
 *
 * The error rate: a wrong claim needs the first limit tested that really exceeds the bound to pass its
 * test, so every stage may use the whole level of 0.05 as long as the first failure ends the sequence;
 * which limit comes next may depend on everything seen before, as its pairs are fresh. Two finalists
 * have half of the level each (Holm's first step: what one gives up does not go to the other, which may
 * go on to further limits). A level kept back for a larger limit after a failure was simulated: it
 * decided fewer studies, not more.
 */
#ifndef COLDPRESS_ANALYSIS_SEARCH_H
#define COLDPRESS_ANALYSIS_SEARCH_H

#include "bracket.h"
#include "paired.h"

#define SEARCH_ALGOS   8
#define SEARCH_LIMITS  16
#define SEARCH_STAGES  20
#define SEARCH_NO_ALGO SIZE_MAX /* a reference run: no limit, no pool */

struct search_config {
	double max_slowdown; /* 0.05: at most 5 % more time */
	uint64_t budget_ns;  /* 0: search_budget_ns() of the reference runs */
	uint64_t seed;
	size_t n_algos; /* in the order in which they are preferred where RAM does not decide */
	double predicted_ratio[SEARCH_ALGOS]; /* RAM left of what is swapped out; NaN: not known */
	size_t n_limits;                      /* 0: search; else these ratios of the peak, falling */
	double limit_ratio[SEARCH_LIMITS];
	double floor_ratio; /* smallest limit tried; 0: 0.1 */
};

enum search_phase { SEARCH_REFERENCE, SEARCH_BRACKET, SEARCH_PAIRED, SEARCH_PROBED, SEARCH_DONE };

/* One run to do. */
struct search_ask {
	size_t run; /* counted from 0 */
	enum search_phase phase;
	size_t algo;         /* index into the configuration, or SEARCH_NO_ALGO */
	double limit_ratio;  /* of the reference's peak; 1 for a reference run */
	uint64_t limit_bytes; /* whole pages; 0 for a reference run */
	size_t stage, block; /* of a paired run */
	bool warm_up;
	uint64_t abort_ns; /* end the run after this long; 0: let it run */
};

enum search_outcome {
	SEARCH_OK,
	SEARCH_ABORTED,      /* ended at abort_ns */
	SEARCH_KILLED,       /* OOM under the limit */
	SEARCH_FAILED,       /* the program's own error */
	SEARCH_CONTAMINATED, /* done, but the machine was busy with something else */
};

/* What came of it. Missing values are NaN. */
struct search_run {
	struct search_ask ask;
	enum search_outcome outcome;
	double cost; /* what is compared, less is better: ns, or the reciprocal of a rate */
	uint64_t elapsed_ns, wall_ns; /* the program's time; with setup and settling, as budgeted */
	double ram_mean_bytes, ram_peak_bytes; /* program + pool + slot table */
	double stall_ratio;                    /* share of the time stalled on memory */
};

struct search_reference {
	size_t runs, failed; /* that count; that failed */
	double cost, log_sd; /* median; of the log cost */
	double ram_mean_bytes, ram_peak_bytes;
	double wall_ns, slowest_ns; /* mean; elapsed */
};

enum search_track { SEARCH_WAITS, SEARCH_ACTIVE, SEARCH_CLOSED, SEARCH_DROPPED };

struct search_algo {
	enum search_track track;
	double start, then; /* first limits tried, 0: from the whole down */
	struct bracket bracket;
	unsigned int contaminated, failed;
};

struct search_stage {
	size_t n_algos, algo[2];
	double limit_ratio[2];
	double alpha;   /* of each finalist, for the whole stage */
	size_t planned; /* pairs */
	size_t blocks;  /* begun */
	bool done, claims; /* claims: a pass is part of the verdict */
	bool cut_short; /* the budget ended it before its planned pairs */
	enum paired_outcome outcome[2];
	size_t winner; /* 0 or 1: whose limit the next stage tests */
};

struct search {
	struct search_config config;
	enum search_phase phase;
	struct search_run *run;
	size_t n_runs, cap_runs;
	uint64_t spent_ns, budget_ns, search_until_ns;
	size_t reference_wanted;
	struct search_reference reference;
	struct search_algo algo[SEARCH_ALGOS];
	size_t n_stages;
	struct search_stage stage[SEARCH_STAGES];
	struct search_ask next;
	bool sequence_over;
};

/* One stage's pairs of one finalist, blocks in order. */
struct search_pairs {
	size_t n, excluded, kills; /* excluded: blocks with a failed or contaminated run */
	bool last_usable;           /* the latest complete block is no excluded one */
	double log_cost[PAIRED_MAX * 2], log_ram[PAIRED_MAX * 2]; /* log(limited / reference) */
	double ram_mean_bytes, ram_peak_bytes, reference_mean_bytes, reference_peak_bytes; /* means */
	double elapsed_ns;
};

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

/* search_pairs - what the blocks of a stage say about its finalist `which` (0 or 1). */
void search_pairs(const struct search *s, size_t stage, size_t which, struct search_pairs *ret);

/* search_target - log slowdown that the pairs which fit the budget can show to be within the bound. */
double search_target(const struct search *s);

/* search_progress - runs that are expected in all and time left, from the plan as it stands. */
void search_progress(const struct search *s, size_t *ret_runs, uint64_t *ret_left_ns);

/* search_rule - how the brackets are read at this moment. */
void search_rule(const struct search *s, struct bracket_rule *ret);

#endif

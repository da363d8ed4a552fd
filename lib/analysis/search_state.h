/* SPDX-License-Identifier: GPL-2.0-only */
/* search_state.h - the state of a search: configuration, runs, brackets, stages; and what they say.
 *
 * What a caller needs is search.h, which explains the phases.
 */
#ifndef COLDPRESS_ANALYSIS_SEARCH_STATE_H
#define COLDPRESS_ANALYSIS_SEARCH_STATE_H

#include "bracket.h"
#include "paired.h"

#define SEARCH_RESERVE      1.3  /* reference runs of budget that the probed run keeps */
#define SEARCH_LIMITED_WALL 1.04 /* expected length of a limited run within the bound, likewise */

#define SEARCH_SAME_RAM 0.01 /* no gain below this */

#define SEARCH_ALGOS   8
#define SEARCH_LIMITS  16
#define SEARCH_STAGES  20
#define SEARCH_NO_ALGO SIZE_MAX /* a reference run: no limit, no pool */

struct search_config {
	double max_slowdown; /* 0.05: at most 5 % more time; up to 4 */
	uint64_t budget_ns;  /* 0: search_budget_ns() of the reference runs */
	uint64_t seed;
	size_t n_algos; /* in the order in which they are preferred where RAM does not decide */
	double predicted_ratio[SEARCH_ALGOS]; /* RAM left of what is swapped out; NaN: not known */
	size_t n_limits; /* 0: search; else these ratios of the peak, falling */
	double limit_ratio[SEARCH_LIMITS];
	double floor_ratio; /* smallest limit tried; 0: 0.1 */
};

enum search_phase { SEARCH_REFERENCE, SEARCH_BRACKET, SEARCH_PAIRED, SEARCH_PROBED, SEARCH_DONE };

/* One run to do. */
struct search_ask {
	size_t run; /* counted from 0 */
	enum search_phase phase;
	size_t algo;          /* index into the configuration, or SEARCH_NO_ALGO */
	double limit_ratio;   /* of the reference's peak; 1 for a reference run */
	uint64_t limit_bytes; /* whole pages; 0 for a reference run */
	size_t stage, block;  /* of a paired run */
	bool warm_up;
	uint64_t abort_ns; /* end the run after this long; 0: let it run */
};

enum search_outcome {
	SEARCH_OK,
	SEARCH_ABORTED,      /* ended at abort_ns */
	SEARCH_KILLED,       /* OOM under the limit */
	SEARCH_FAILED,       /* the program's own error */
	SEARCH_CONTAMINATED, /* done, but the machine was busy: a reference run counts and widens
				the spread, a block is repeated, a search run is up to three times
			      */
};

/* What came of it. Missing values are NaN; a paired run without a cost or a mean RAM is excluded.
 */
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
	double spread;       /* as log_sd, by paired_spread(): what is planned with */
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
	double alpha;       /* of each finalist, for the whole stage */
	size_t planned;     /* pairs */
	double block_walls; /* expected length of a block, in reference runs */
	size_t blocks;      /* begun */
	bool done, claims;  /* claims: a pass is part of the verdict */
	bool cut_short;     /* the budget ended it before its planned pairs */
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
	size_t extended_at; /* runs when the winner's search was last gone on with */
	bool sequence_over;
};

/* One stage's pairs of one finalist, blocks in order. */
struct search_pairs {
	size_t n, aborted, excluded, kills; /* excluded: blocks with a failed or contaminated run */
	bool last_usable;                   /* the latest complete block is no excluded one */
	double log_cost[PAIRED_MAX * 2], log_ram[PAIRED_MAX * 2]; /* log(limited / reference) */
	double ram_mean_bytes, ram_peak_bytes, reference_mean_bytes,
		reference_peak_bytes; /* means */
	double elapsed_ns;
};

/* search_pairs - what the blocks of a stage say about its finalist `which` (0 or 1). */
void search_pairs(const struct search *s, size_t stage, size_t which, struct search_pairs *ret);

/* search_tied - did both finalists of a stage hold, with mean RAM less than 1 % apart or within the
 * noise?
 */
bool search_tied(const struct search *s, size_t stage);

/* search_target - log slowdown that the pairs which fit the budget can show to be within the bound.
 */
double search_target(const struct search *s);

/* search_rule - how the brackets are read at this moment. */
void search_rule(const struct search *s, struct bracket_rule *ret);

/* search_log_bound - log(1 + max_slowdown). search_fits - do `walls` reference runs fit what is
 * left? */
double search_log_bound(const struct search *s);
bool search_fits(const struct search *s, double walls);

/* search_time - ns for search runs: a share of what is left, but so that the least number of pairs
 * still fits; where they cannot, all but the probed run's.
 */
uint64_t search_time(const struct search *s, double share);

/* search_pair_sd - of a pair's log ratio: of the last stage with enough pairs, else from the
 * reference. */
double search_pair_sd(const struct search *s);

/* search_pairs_that_fit - blocks of a reference and n_algos limited runs between from_ns and the
 * probed run's reserve.
 */
double search_pairs_that_fit(const struct search *s, size_t n_algos, uint64_t from_ns);

/* search_best_algo - the algorithm with the least RAM within the target, `but` excepted, its limit
 * and RAM ratio; SEARCH_NO_ALGO: none.
 */
size_t search_best_algo(const struct search *s, size_t but, double *ret_limit, double *ret_ram);

/* search_ask_for - the next run into s->next. */
void search_ask_for(struct search *s, enum search_phase phase, size_t algo, double limit_ratio);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* search_state.c - what the state of a search says, read by its phases and by the verdict. */
#include <math.h>

#include "search_state.h"

#define SD_FLOOR     0.003
#define SCORE_ERROR  1.0 /* of a run's spread: what a limit's score can be off */
#define TARGET_LEAST 0.2 /* of the bound: no target below it */
#define FIRST_SHARE  0.6 /* of the pairs that fit: what a limit must be shown with */

/* ---- what the state says ---- */

double search_log_bound(const struct search *s)
{
	return log(1 + s->config.max_slowdown);
}

/* Standard deviation of a pair's log ratio: of the last stage with enough pairs, else from the
 * reference. */
double search_pair_sd(const struct search *s)
{
	struct search_pairs pairs;

	for (size_t i = s->n_stages; i-- > 0;) {
		search_pairs(s, i, s->stage[i].winner, &pairs);
		if (pairs.n < PAIRED_MIN)
			continue;
		return MAX(SD_FLOOR, paired_spread(pairs.log_cost, pairs.n));
	}
	return sqrt(2) * MAX(SD_FLOOR, s->reference.spread);
}

/* Pairs of one reference and n_algos limited runs that fit, with the probed run kept in reserve. */
double search_pairs_that_fit(const struct search *s, size_t n_algos, uint64_t from_ns)
{
	double wall = s->reference.wall_ns;
	double left = (double)s->budget_ns - (double)from_ns - SEARCH_RESERVE * wall;

	return MAX(0.0, floor(left / (wall * (1 + SEARCH_LIMITED_WALL * (double)n_algos))));
}

/* Runs that a limit near the target may take: more for a short program. */
static unsigned int repeats(const struct search *s)
{
	double budget_runs = (double)s->budget_ns / s->reference.wall_ns;

	return (unsigned int)MIN(10.0, MAX(3.0, budget_runs / 20));
}

double search_target(const struct search *s)
{
	double pairs = search_pairs_that_fit(s, 1, MAX(s->spent_ns, s->search_until_ns));
	double n = MIN(pairs * FIRST_SHARE, PAIRED_MAX);
	/* The score of a limit is uncertain itself: as if the pairs spread more. Aiming at what the
	 * pairs alone could show left three times as many studies undecided (CV 1 %).
	 */
	double score_sd = SCORE_ERROR * s->reference.spread / sqrt(repeats(s) / 3.0);
	double sd = hypot(search_pair_sd(s), score_sd * sqrt(n));

	return MAX(TARGET_LEAST * search_log_bound(s), search_log_bound(s) - paired_margin(sd, n));
}

void search_rule(const struct search *s, struct bracket_rule *ret)
{
	*ret = (struct bracket_rule){
		/* Once stages have begun, the search looks for the first limit beyond the bound. */
		.target =
			s->config.n_limits || s->n_stages ? search_log_bound(s) : search_target(s),
		.run_sd = MAX(SD_FLOOR, s->reference.spread) * 1.1,
		.floor_ratio = s->config.floor_ratio > 0 ? s->config.floor_ratio : 0.1,
		.fixed = s->config.limit_ratio,
		.n_fixed = s->config.n_limits,
		.repeats = repeats(s),
	};
}

uint64_t search_time(const struct search *s, double share)
{
	double wall = s->reference.wall_ns, left = (double)s->budget_ns - (double)s->spent_ns;
	double pairs = wall * (PAIRED_MIN * (1 + SEARCH_LIMITED_WALL) + SEARCH_RESERVE + 0.1);

	if (left - pairs < 2 * wall)
		return (uint64_t)MAX(0.0, left - SEARCH_RESERVE * wall);
	return (uint64_t)MIN(share * left, left - pairs);
}

/* Which limit of an algorithm is the smallest within the target, and its RAM; false: none below 1.
 */
static bool best_of(const struct search *s, size_t algo, double *ret_limit, double *ret_ram)
{
	struct bracket_rule rule;
	double within, beyond, ram;

	search_rule(s, &rule);
	bracket_ends(&s->algo[algo].bracket, &rule, &within, &beyond);
	if (within >= 1)
		return false;
	ram = bracket_ram(&s->algo[algo].bracket, within);
	*ret_limit = within;
	*ret_ram = isnan(ram) ? within : ram;
	return true;
}

/* The algorithm with the least RAM within the target, `but` excepted; SEARCH_NO_ALGO: none. */
size_t search_best_algo(const struct search *s, size_t but, double *ret_limit, double *ret_ram)
{
	size_t best = SEARCH_NO_ALGO;
	double limit, ram;

	for (size_t i = 0; i < s->config.n_algos; i++) {
		if (i == but || s->algo[i].track == SEARCH_WAITS || !best_of(s, i, &limit, &ram) ||
		    (best != SEARCH_NO_ALGO && ram >= *ret_ram))
			continue;
		best = i;
		*ret_limit = limit;
		*ret_ram = ram;
	}
	return best;
}

/* ---- pairs ---- */

struct block_run {
	const struct search_run *reference, *limited;
};

static bool usable(const struct search_run *run)
{
	return run && (run->outcome == SEARCH_OK || run->outcome == SEARCH_ABORTED) &&
	       run->cost > 0 && run->ram_mean_bytes > 0;
}

/* A reference that was ended early has no time; a limited run that was says only that it took at
 * least so long, which is nothing where the reference took as long too: the machine was busy.
 */
static bool pair_usable(const struct search *s, const struct block_run *block)
{
	const struct search_run *a = block->reference, *b = block->limited;

	return usable(a) && usable(b) && a->outcome == SEARCH_OK &&
	       (b->outcome == SEARCH_OK || log(b->cost / a->cost) > search_log_bound(s));
}

static void add_pair(struct search_pairs *pairs, const struct block_run *block)
{
	const struct search_run *a = block->reference, *b = block->limited;

	pairs->aborted += b->outcome == SEARCH_ABORTED;
	pairs->log_cost[pairs->n] = log(b->cost / a->cost);
	pairs->log_ram[pairs->n++] = log(b->ram_mean_bytes / a->ram_mean_bytes);
	pairs->ram_mean_bytes += b->ram_mean_bytes;
	pairs->ram_peak_bytes += b->ram_peak_bytes;
	pairs->reference_mean_bytes += a->ram_mean_bytes;
	pairs->reference_peak_bytes += a->ram_peak_bytes;
	pairs->elapsed_ns += (double)b->elapsed_ns;
}

void search_pairs(const struct search *s, size_t stage, size_t which, struct search_pairs *ret)
{
	struct block_run block[PAIRED_MAX * 2] = { 0 };
	const struct search_stage *st = &s->stage[stage];
	double n;

	for (size_t i = 0; i < s->n_runs; i++) {
		const struct search_run *run = &s->run[i];

		if (run->ask.phase != SEARCH_PAIRED || run->ask.stage != stage)
			continue;
		if (run->ask.algo == SEARCH_NO_ALGO)
			block[run->ask.block].reference = run;
		else if (run->ask.algo == st->algo[which])
			block[run->ask.block].limited = run;
	}
	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < st->blocks; i++) {
		const struct search_run *b = block[i].limited;

		if (!block[i].reference || !b)
			continue;
		ret->kills += b->outcome == SEARCH_KILLED || b->outcome == SEARCH_FAILED;
		ret->last_usable = pair_usable(s, &block[i]);
		if (ret->last_usable)
			add_pair(ret, &block[i]);
		else
			ret->excluded++;
	}
	n = (double)ret->n;
	ret->ram_mean_bytes /= n;
	ret->ram_peak_bytes /= n;
	ret->reference_mean_bytes /= n;
	ret->reference_peak_bytes /= n;
	ret->elapsed_ns /= n;
}

bool search_tied(const struct search *s, size_t stage)
{
	struct search_pairs a, b;
	struct stats_interval difference;
	double x[PAIRED_MAX * 2];

	if (s->stage[stage].n_algos < 2 || s->stage[stage].outcome[0] != PAIRED_HOLDS ||
	    s->stage[stage].outcome[1] != PAIRED_HOLDS)
		return false;
	search_pairs(s, stage, 0, &a);
	search_pairs(s, stage, 1, &b);
	for (size_t i = 0; i < MIN(a.n, b.n); i++)
		x[i] = a.log_ram[i] - b.log_ram[i];
	if (stats_walsh_interval(x, MIN(a.n, b.n), 0.90, &difference, NULL))
		return true;
	return (difference.low <= 0 && difference.high >= 0) ||
	       fabs(difference.estimate) < SEARCH_SAME_RAM;
}

/* ---- asking ---- */

static uint64_t abort_after(const struct search *s, double slowdown)
{
	return (uint64_t)((1 + slowdown) * s->reference.slowest_ns);
}

void search_ask_for(struct search *s, enum search_phase phase, size_t algo, double limit_ratio)
{
	double bytes = limit_ratio * s->reference.ram_peak_bytes;

	s->next = (struct search_ask){ .run = s->n_runs, .phase = phase, .algo = algo };
	s->next.limit_ratio = algo == SEARCH_NO_ALGO ? 1 : limit_ratio;
	if (algo != SEARCH_NO_ALGO && bytes > 0)
		s->next.limit_bytes = (uint64_t)(bytes / PAGE_BYTES) * PAGE_BYTES;
	/* A paired run is a value of an interval, so it may take longer; a reference has no end. */
	if (phase == SEARCH_BRACKET)
		s->next.abort_ns = abort_after(s, MAX(0.3, 1.5 * s->config.max_slowdown));
	else if (phase == SEARCH_PAIRED && algo != SEARCH_NO_ALGO)
		s->next.abort_ns = abort_after(s, MAX(1.0, 3 * s->config.max_slowdown));
}

bool search_fits(const struct search *s, double walls)
{
	return (double)s->spent_ns + walls * s->reference.wall_ns <= (double)s->budget_ns;
}

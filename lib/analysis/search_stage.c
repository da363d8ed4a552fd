/* SPDX-License-Identifier: GPL-2.0-only */
/* search_stage.c - which limit is tested next with how many pairs, and what a finished block
 * decides. */
#include <math.h>

#include "search_stage.h"

#define CLOSE_RAM      0.03  /* a second finalist is within this of the first */
#define NEXT_LIMIT     0.975 /* a further stage's limit is below this part of the last one */
#define ALPHA          0.05
#define PLANNED_MARGIN 2    /* pairs planned for those needed */
#define LEAST_PLANNED  0.7  /* of the pairs that fit */
#define FIRST_PLANNED  0.75 /* of many pairs that fit: a stage's most */

/* ---- stages ---- */

static struct search_stage *add_stage(struct search *s, size_t algo, double limit, double alpha)
{
	struct search_stage *st = &s->stage[s->n_stages++];

	*st = (struct search_stage){
		.n_algos = 1,
		.algo = { algo },
		.limit_ratio = { limit },
		.alpha = alpha,
		.block_walls = 1 + SEARCH_LIMITED_WALL,
		.claims = true,
	};
	return st;
}

/* Pairs for a stage: what its expected distance from the bound takes, or all that fit. */
static void plan_pairs(const struct search *s, struct search_stage *st, double log_slowdown)
{
	double fit = search_pairs_that_fit(s, st->n_algos, s->spent_ns), distance, least;
	double unreserved = ((double)s->budget_ns - (double)s->spent_ns) / s->reference.wall_ns;
	size_t needed;

	st->block_walls =
		1 + (double)st->n_algos * MAX(SEARCH_LIMITED_WALL, exp(MIN(log_slowdown, 0.7)));
	fit = MIN(fit * (1 + SEARCH_LIMITED_WALL * (double)st->n_algos) / st->block_walls,
		  PAIRED_MAX);
	/* Rather the least number of pairs than a probed run. */
	if (fit < PAIRED_MIN)
		fit = floor(unreserved / st->block_walls);
	distance = fabs(search_log_bound(s) - log_slowdown);
	needed = MIN(paired_needed(1.3 * search_pair_sd(s), distance), (size_t)PAIRED_MAX);
	if (fit >= 20)
		fit *= FIRST_PLANNED;
	least = MAX((double)PAIRED_LOOK_MIN, LEAST_PLANNED * fit);
	st->planned = (size_t)MIN(fit, MAX((double)needed * PLANNED_MARGIN, least));
}

/* No limit was within the target: is the largest one tried really beyond the bound? */
static void first_stage_without_candidate(struct search *s, const struct bracket_rule *rule)
{
	size_t best = SEARCH_NO_ALGO;
	double least = INFINITY;

	for (size_t i = 0; i < s->config.n_algos; i++) {
		const struct bracket *b = &s->algo[i].bracket;
		double score;

		if (!b->n)
			continue;
		score = bracket_slowdown(b, rule, b->point[0].limit_ratio);
		if (score < least) {
			least = score;
			best = i;
		}
	}
	s->sequence_over = true;
	if (best == SEARCH_NO_ALGO)
		return;
	plan_pairs(s, add_stage(s, best, s->algo[best].bracket.point[0].limit_ratio, ALPHA), least);
}

/* A second finalist whose RAM is close, where both fit. */
static void add_second_finalist(const struct search *s, struct search_stage *st, size_t algo,
				double limit)
{
	if (search_pairs_that_fit(s, 2, s->spent_ns) <
	    (double)(st->planned + (size_t)(st->planned / 4)))
		return;
	st->algo[1] = algo;
	st->limit_ratio[1] = limit;
	st->n_algos = 2;
	st->block_walls += SEARCH_LIMITED_WALL;
	st->alpha /= 2;
}

static void first_stage(struct search *s)
{
	struct bracket_rule rule;
	struct search_stage *st;
	double limit, ram = INFINITY, second_limit, second_ram = INFINITY;
	size_t best, second;

	search_rule(s, &rule);
	best = search_best_algo(s, SEARCH_NO_ALGO, &limit, &ram);
	if (best == SEARCH_NO_ALGO) {
		first_stage_without_candidate(s, &rule);
		return;
	}
	second = search_best_algo(s, best, &second_limit, &second_ram);
	st = add_stage(s, best, limit, ALPHA);
	plan_pairs(s, st, bracket_slowdown(&s->algo[best].bracket, &rule, limit));
	if (second != SEARCH_NO_ALGO && second_ram <= ram * (1 + CLOSE_RAM))
		add_second_finalist(s, st, second, second_limit);
}

/* Given limits are all measured, from the largest down; the claim ends with the first that fails.
 */
static void next_fixed_stage(struct search *s)
{
	size_t i = s->n_stages, left = s->config.n_limits - i;
	struct search_stage *st;
	double limit, ram = INFINITY, fit;
	size_t best;

	if (!left) {
		s->sequence_over = true;
		return;
	}
	best = i ? s->stage[0].algo[0] : search_best_algo(s, SEARCH_NO_ALGO, &limit, &ram);
	st = add_stage(s, best == SEARCH_NO_ALGO ? 0 : best, s->config.limit_ratio[i], ALPHA);
	fit = search_pairs_that_fit(s, 1, s->spent_ns);
	st->planned = (size_t)MIN(MAX(fit / (double)left, MIN(fit, PAIRED_MIN)), PAIRED_MAX);
	st->claims = !i || (s->stage[i - 1].claims && s->stage[i - 1].outcome[0] == PAIRED_HOLDS);
}

/* A smaller limit with what is left of the budget. */
static void go_on(struct search *s, const struct search_stage *last)
{
	size_t algo = last->algo[last->winner];
	const struct bracket *b = &s->algo[algo].bracket;
	double pairs = MIN(search_pairs_that_fit(s, 1, s->spent_ns), PAIRED_MAX), within, beyond,
	       target, limit;
	bool both = last->n_algos == 1 ||
		    (last->outcome[0] == PAIRED_HOLDS && last->outcome[1] == PAIRED_HOLDS);
	double alpha = last->n_algos == 2 && both ? 2 * last->alpha : last->alpha;
	struct bracket_rule rule;

	if (pairs < PAIRED_MIN || s->n_stages == SEARCH_STAGES)
		return;
	search_rule(s, &rule);
	target = search_log_bound(s) - paired_margin(search_pair_sd(s), pairs);
	bracket_ends(b, &rule, &within, &beyond);
	limit = bracket_limit(b, &rule, target,
			      beyond > 0 ? beyond : b->point[b->n - 1].limit_ratio);
	if (limit > NEXT_LIMIT * last->limit_ratio[last->winner])
		return;
	s->sequence_over = false;
	plan_pairs(s, add_stage(s, algo, limit, alpha), bracket_slowdown(b, &rule, limit));
}

/* The winner's search ended with its time, not with its bracket: what is left finds the next limit,
 * or at least the first one that fails.
 */
static void search_on(struct search *s, const struct search_stage *last)
{
	size_t algo = last->algo[last->winner];
	struct bracket_rule rule;
	uint64_t time = search_time(s, 1);

	search_rule(s, &rule);
	/* Once at a run: the target moves with the time that is set aside. */
	if (s->extended_at == s->n_runs || (double)time < s->reference.wall_ns ||
	    !(bracket_next(&s->algo[algo].bracket, &rule, 0, s->algo[algo].then) > 0))
		return;
	s->extended_at = s->n_runs;
	s->search_until_ns = s->spent_ns + time;
	s->algo[algo].track = SEARCH_ACTIVE;
	s->sequence_over = false;
	s->phase = SEARCH_BRACKET;
}

static void next_stage(struct search *s)
{
	const struct search_stage *last = s->n_stages ? &s->stage[s->n_stages - 1] : NULL;

	if (s->config.n_limits) {
		next_fixed_stage(s);
		return;
	}
	if (!last) {
		first_stage(s);
		return;
	}
	s->sequence_over = true;
	if (last->outcome[last->winner] == PAIRED_HOLDS)
		go_on(s, last);
	if (last->outcome[last->winner] == PAIRED_HOLDS && s->sequence_over)
		search_on(s, last);
}

/* The cell of a block at place i: SEARCH_NO_ALGO or a finalist. Each block has its own order. */
static size_t cell_of(const struct search *s, const struct search_stage *st, size_t block, size_t i)
{
	struct prng rng;
	size_t order[3] = { 0 };

	prng_seed(&rng, s->config.seed ^ (s->n_stages * UINT64_C(1000003) + block));
	prng_shuffle(&rng, order, st->n_algos + 1);
	return order[i];
}

static bool ask_in_stage(struct search *s, struct search_stage *st)
{
	size_t stage = s->n_stages - 1, in_block = 0, cell;

	for (size_t i = s->n_runs; i-- > 0 && s->run[i].ask.phase == SEARCH_PAIRED;)
		in_block += st->blocks && s->run[i].ask.stage == stage &&
			    s->run[i].ask.block == st->blocks - 1;
	if (!st->blocks || in_block == st->n_algos + 1) {
		if (!search_fits(s, st->block_walls) ||
		    st->blocks >= st->planned + st->planned / 2 + 1)
			return false;
		st->blocks++;
		in_block = 0;
	}
	cell = cell_of(s, st, st->blocks - 1, in_block);
	if (cell == 0)
		search_ask_for(s, SEARCH_PAIRED, SEARCH_NO_ALGO, 1);
	else
		search_ask_for(s, SEARCH_PAIRED, st->algo[cell - 1], st->limit_ratio[cell - 1]);
	s->next.stage = stage;
	s->next.block = st->blocks - 1;
	return true;
}

bool search_plan_stages(struct search *s)
{
	for (;;) {
		struct search_stage *st = s->n_stages ? &s->stage[s->n_stages - 1] : NULL;

		if (st && !st->done) {
			if ((st->planned >= PAIRED_MIN || s->config.n_limits) && st->planned &&
			    ask_in_stage(s, st))
				return true;
			st->done = true;
			st->cut_short = true;
			continue;
		}
		if (!s->sequence_over)
			next_stage(s);
		if (s->phase == SEARCH_BRACKET)
			return false;
		if (s->sequence_over && (!s->n_stages || s->stage[s->n_stages - 1].done)) {
			s->phase = SEARCH_PROBED;
			return false;
		}
	}
}

/* ---- what a block changes ---- */

static void decide(struct search *s, struct search_stage *st, size_t which)
{
	struct search_pairs pairs;
	struct paired_test log;

	search_pairs(s, s->n_stages - 1, which, &pairs);
	if (pairs.kills > 1) {
		st->outcome[which] = PAIRED_EXCEEDS;
		return;
	}
	if (!paired_looks_now(st->planned, pairs.n) && search_fits(s, st->block_walls))
		return;
	if (paired_test(pairs.log_cost, pairs.n, search_log_bound(s),
			paired_alpha(st->alpha, st->planned, pairs.n), &log))
		return;
	st->outcome[which] = log.outcome;
	/* Futile: half of the pairs lie beyond the bound. */
	if (log.outcome == PAIRED_OPEN && pairs.n < st->planned &&
	    log.log.estimate > search_log_bound(s))
		st->done = st->n_algos == 1;
}

static void choose_winner(struct search *s, struct search_stage *st)
{
	struct search_pairs a, b;
	bool first = st->outcome[0] == PAIRED_HOLDS, second = st->outcome[1] == PAIRED_HOLDS;

	if (st->n_algos == 1)
		return;
	search_pairs(s, s->n_stages - 1, 0, &a);
	search_pairs(s, s->n_stages - 1, 1, &b);
	if (first != second)
		st->winner = second;
	else if (search_tied(s, s->n_stages - 1))
		st->winner = st->algo[1] < st->algo[0];
	else
		st->winner = b.ram_mean_bytes < a.ram_mean_bytes;
}

/* The latest pair tells where the next limit is, too. */
static void pair_to_bracket(struct search *s, const struct search_stage *st, size_t which,
			    const struct search_pairs *pairs)
{
	const struct bracket_run r = {
		.log_slowdown = pairs->log_cost[pairs->n - 1],
		.stall_ratio = MISSING_F64,
		.ram_ratio = exp(pairs->log_ram[pairs->n - 1]),
	};

	bracket_add(&s->algo[st->algo[which]].bracket, st->limit_ratio[which], &r);
}

void search_after_block(struct search *s)
{
	struct search_stage *st = &s->stage[s->n_stages - 1];
	struct search_pairs pairs;
	bool open = false;

	for (size_t i = 0; i < st->n_algos; i++) {
		if (st->outcome[i] == PAIRED_OPEN)
			decide(s, st, i);
		search_pairs(s, s->n_stages - 1, i, &pairs);
		if (pairs.n && pairs.n + pairs.excluded == st->blocks && pairs.last_usable)
			pair_to_bracket(s, st, i, &pairs);
		open |= st->outcome[i] == PAIRED_OPEN && pairs.n < st->planned;
	}
	st->done |= !open;
	choose_winner(s, st);
}

bool search_block_complete(const struct search *s)
{
	const struct search_ask *last = &s->run[s->n_runs - 1].ask;
	size_t n = 0;

	for (size_t i = s->n_runs; i-- > 0 && s->run[i].ask.phase == SEARCH_PAIRED;)
		n += s->run[i].ask.stage == last->stage && s->run[i].ask.block == last->block;
	return n == s->stage[last->stage].n_algos + 1;
}

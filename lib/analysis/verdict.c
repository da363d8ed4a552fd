/* SPDX-License-Identifier: GPL-2.0-only */
/* verdict.c - reads the stages of a search; decides nothing that they did not. */
#include <math.h>

#include "verdict.h"

#define LARGE_LIMIT   0.9 /* what fails here leaves nothing to try */
#define TINY_DISTANCE 0.1 /* of the bound: so close to it that no number of pairs would do */
#define ALPHA         0.05

static struct stats_interval as_slowdown(const struct stats_interval *log)
{
	return (struct stats_interval){ expm1(log->estimate), expm1(log->low), expm1(log->high) };
}

static struct stats_interval no_interval(double estimate)
{
	return (struct stats_interval){ estimate, MISSING_F64, MISSING_F64 };
}

/* The level at which a stage's pairs are read: that of its last look, also when it was interrupted.
 */
static double level_of(const struct search_stage *st, size_t n)
{
	return st->done ? paired_alpha(st->alpha, st->planned, n) : 0.75 * st->alpha;
}

/* What a finalist's pairs say; OPEN below the number that a test takes. */
static enum paired_outcome outcome_of(const struct search *s, size_t stage, size_t which)
{
	const struct search_stage *st = &s->stage[stage];
	struct search_pairs pairs;
	struct paired_test test;

	if (st->done || st->outcome[which] != PAIRED_OPEN)
		return st->outcome[which];
	search_pairs(s, stage, which, &pairs);
	if (pairs.kills > 1)
		return PAIRED_EXCEEDS;
	if (paired_test(pairs.log_cost, pairs.n, search_log_bound(s), level_of(st, pairs.n), &test))
		return PAIRED_OPEN;
	return test.outcome;
}

static int ram_test(const struct search_pairs *pairs, struct paired_test *ret)
{
	return paired_test(pairs->log_ram, pairs->n, log(1 - SEARCH_SAME_RAM), ALPHA, ret);
}

/* The largest limit below the verdict's that broke the bound, by pairs or else by search runs. */
static void find_beyond(const struct search *s, struct verdict *v)
{
	const struct bracket *b = &s->algo[v->algo].bracket;
	struct bracket_rule rule;
	double within, beyond;

	v->beyond_ratio = MISSING_F64;
	for (size_t i = 0; i < s->n_stages; i++)
		for (size_t j = 0; j < s->stage[i].n_algos; j++) {
			double limit = s->stage[i].limit_ratio[j];

			if (s->stage[i].algo[j] != v->algo ||
			    outcome_of(s, i, j) != PAIRED_EXCEEDS || limit >= v->limit_ratio ||
			    limit <= v->beyond_ratio)
				continue;
			v->beyond_ratio = limit;
			v->beyond_source = VERDICT_FROM_PAIRS;
		}
	if (v->beyond_source == VERDICT_FROM_PAIRS)
		return;
	search_rule(s, &rule);
	bracket_ends(b, &rule, &within, &beyond);
	for (size_t i = b->n; i-- > 0;)
		if (b->point[i].limit_ratio < v->limit_ratio && b->point[i].limit_ratio <= beyond) {
			v->beyond_ratio = b->point[i].limit_ratio;
			v->beyond_source = VERDICT_FROM_SEARCH;
		}
}

/* How many more pairs would show it, if the estimate is right. */
static void find_more(const struct search *s, const struct search_pairs *pairs, struct verdict *v)
{
	double margin = search_log_bound(s) - log1p(v->slowdown.estimate);
	double sd = sqrt(2) * s->reference.spread;
	size_t needed;

	if (pairs->n >= PAIRED_MIN)
		sd = paired_spread(pairs->log_cost, pairs->n);
	v->smallest_bound = expm1(paired_margin(sd, MAX((double)pairs->n, (double)PAIRED_MIN)));
	v->more_pairs = SIZE_MAX;
	v->more_ns = MISSING_U64;
	if (isnan(margin))
		margin = search_log_bound(s) / 2;
	if (margin < TINY_DISTANCE * search_log_bound(s))
		return;
	needed = paired_needed(sd, margin);
	if (needed == SIZE_MAX)
		return;
	v->more_pairs = needed > pairs->n ? needed - pairs->n : PAIRED_MIN;
	v->more_ns = (uint64_t)((double)v->more_pairs * s->reference.wall_ns * 2.04);
}

static void fill_from_pairs(const struct search *s, const struct search_pairs *pairs,
			    const struct search_stage *st, struct verdict *v)
{
	double alpha = level_of(st, pairs->n);
	struct paired_test test;

	v->pairs = pairs->n;
	v->aborted = pairs->aborted;
	v->excluded = pairs->excluded;
	v->kills = pairs->kills;
	if (pairs->n) { /* else the reference runs' */
		v->ram_bytes = pairs->ram_mean_bytes;
		v->reference_ram_bytes = pairs->reference_mean_bytes;
		v->ram_peak_bytes = pairs->ram_peak_bytes;
		v->reference_ram_peak_bytes = pairs->reference_peak_bytes;
	}
	v->confidence = 1 - alpha;
	v->slowdown = no_interval(MISSING_F64);
	v->ram_ratio = no_interval(MISSING_F64);
	if (!paired_test(pairs->log_cost, pairs->n, search_log_bound(s), alpha, &test)) {
		v->slowdown = as_slowdown(&test.log);
	} else if (pairs->n) {
		double log;

		if (!stats_hodges_lehmann(pairs->log_cost, pairs->n, &log))
			v->slowdown.estimate = expm1(log);
	}
	if (pairs->n)
		v->ram_ratio.estimate = pairs->ram_mean_bytes / pairs->reference_mean_bytes;
	if (!paired_test(pairs->log_ram, pairs->n, 0, ALPHA / 2, &test))
		v->ram_ratio = (struct stats_interval){ exp(test.log.estimate), exp(test.log.low),
							exp(test.log.high) };
	v->ram_time_ratio = v->ram_ratio.estimate * (1 + v->slowdown.estimate);
}

static enum verdict_why why_open(const struct search *s, size_t stage,
				 const struct search_pairs *pairs)
{
	const struct search_stage *st = &s->stage[stage];

	if (pairs->kills > 1)
		return VERDICT_KILLED;
	if (outcome_of(s, stage, st->winner) == PAIRED_EXCEEDS)
		return st->limit_ratio[st->winner] >= LARGE_LIMIT ? VERDICT_SLOWER
								  : VERDICT_LARGER_UNTESTED;
	return pairs->n < PAIRED_MIN ? VERDICT_TOO_FEW_RUNS : VERDICT_INTERVAL_TOO_WIDE;
}

/* The last stage whose claim holds; else the first, of the largest limit. */
static size_t deciding_stage(const struct search *s, bool *ret_holds)
{
	size_t stage = 0;

	*ret_holds = false;
	for (size_t i = 0; i < s->n_stages; i++) {
		bool holds = outcome_of(s, i, s->stage[i].winner) == PAIRED_HOLDS;

		if (s->stage[i].claims && holds) {
			stage = i;
			*ret_holds = true;
		}
	}
	return stage;
}

static void decide(const struct search *s, const struct search_pairs *pairs, bool holds,
		   struct verdict *v)
{
	struct paired_test ram;

	if (!holds) {
		v->why = why_open(s, v->stage, pairs);
		v->kind = v->why == VERDICT_SLOWER ? VERDICT_NONE : VERDICT_UNDECIDED;
		return;
	}
	if (ram_test(pairs, &ram) || ram.outcome != PAIRED_HOLDS) {
		v->kind = VERDICT_NONE;
		v->why = VERDICT_NO_RAM_SAVED;
		return;
	}
	v->kind = VERDICT_SAVES;
	/* Two finalists are compared in the first stage only. */
	if (outcome_of(s, 0, 0) == PAIRED_HOLDS && search_tied(s, 0)) {
		v->kind = VERDICT_TIE;
		v->second = s->stage[0].algo[!s->stage[0].winner];
	}
}

int verdict_of(const struct search *s, struct verdict *ret)
{
	struct search_pairs pairs = { 0 };
	const struct search_stage *st;
	struct verdict v = { .algo = SEARCH_NO_ALGO,
			     .second = SEARCH_NO_ALGO,
			     .stage = SEARCH_STAGES,
			     .limit_ratio = MISSING_F64,
			     .beyond_ratio = MISSING_F64,
			     .ram_bytes = MISSING_F64,
			     .ram_peak_bytes = MISSING_F64,
			     .ram_time_ratio = MISSING_F64,
			     .confidence = MISSING_F64 };
	bool holds;

	v.partial = s->phase != SEARCH_DONE;
	v.log_sd = s->reference.log_sd;
	v.reference_ram_bytes = s->reference.ram_mean_bytes;
	v.reference_ram_peak_bytes = s->reference.ram_peak_bytes;
	v.slowdown = v.ram_ratio = no_interval(MISSING_F64);
	if (!s->n_stages) {
		v.why = s->reference.failed > s->reference.runs ? VERDICT_REFERENCE_FAILED
								: VERDICT_TOO_FEW_RUNS;
		find_more(s, &pairs, &v);
		*ret = v;
		return 0;
	}
	v.stage = deciding_stage(s, &holds);
	st = &s->stage[v.stage];
	v.partial |= s->stage[s->n_stages - 1].cut_short;
	v.algo = st->algo[st->winner];
	v.limit_ratio = st->limit_ratio[st->winner];
	v.limit_bytes =
		(uint64_t)(v.limit_ratio * s->reference.ram_peak_bytes / PAGE_BYTES) * PAGE_BYTES;
	search_pairs(s, v.stage, st->winner, &pairs);
	fill_from_pairs(s, &pairs, st, &v);
	decide(s, &pairs, holds, &v);
	find_beyond(s, &v);
	find_more(s, &pairs, &v);
	*ret = v;
	return 0;
}

/* The point of a search run's limit among n; a new one at its end. */
static struct verdict_point *point_of(struct verdict_point *point, size_t *n,
				      const struct search_ask *ask)
{
	struct verdict_point *p = point;

	while (p < point + *n && (p->algo != ask->algo || p->limit_ratio != ask->limit_ratio))
		p++;
	if (p == point + *n) {
		*p = (struct verdict_point){ .algo = ask->algo,
					     .limit_ratio = ask->limit_ratio,
					     .source = VERDICT_FROM_SEARCH,
					     .slowdown = no_interval(0) };
		(*n)++;
	}
	return p;
}

/* Sums first; search_points() makes means of them. */
static void add_search_run(const struct search *s, const struct search_run *run,
			   struct verdict_point *p)
{
	if (run->outcome == SEARCH_KILLED || run->outcome == SEARCH_FAILED) {
		p->kills++;
		return;
	}
	p->runs++;
	p->aborted += run->outcome == SEARCH_ABORTED;
	p->slowdown.estimate += log(run->cost / s->reference.cost);
	p->ram_ratio += run->ram_mean_bytes / s->reference.ram_mean_bytes;
}

static size_t search_points(const struct search *s, struct verdict_point *ret, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_runs && n < max; i++)
		if (s->run[i].ask.phase == SEARCH_BRACKET)
			add_search_run(s, &s->run[i], point_of(ret, &n, &s->run[i].ask));
	for (size_t i = 0; i < n; i++) {
		double runs = (double)ret[i].runs;

		ret[i].slowdown.estimate =
			runs > 0 ? expm1(ret[i].slowdown.estimate / runs) : MISSING_F64;
		ret[i].ram_ratio = runs > 0 ? ret[i].ram_ratio / runs : MISSING_F64;
	}
	return n;
}

size_t verdict_curve(const struct search *s, struct verdict_point *ret, size_t max)
{
	struct search_pairs pairs;
	size_t n = search_points(s, ret, max);

	for (size_t i = 0; i < s->n_stages; i++)
		for (size_t j = 0; j < s->stage[i].n_algos && n < max; j++) {
			struct verdict v = { 0 };

			search_pairs(s, i, j, &pairs);
			fill_from_pairs(s, &pairs, &s->stage[i], &v);
			ret[n++] = (struct verdict_point){
				.algo = s->stage[i].algo[j],
				.limit_ratio = s->stage[i].limit_ratio[j],
				.source = VERDICT_FROM_PAIRS,
				.slowdown = v.slowdown,
				.ram_ratio = v.ram_ratio.estimate,
				.runs = pairs.n,
				.aborted = pairs.aborted,
				.kills = pairs.kills,
			};
		}
	return n;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* test_search.c - which run next, and what the runs support: over the simulated programs of
 * bench/verdict_model.h, whose curves are known.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench/verdict_model.h"
#include "lib/analysis/verdict.h"

static const struct search_config five_percent = {
	.max_slowdown = 0.05,
	.seed = 7,
	.n_algos = 3,
	.predicted_ratio = { NAN, NAN, NAN },
};

/* A whole search of a 2 s program. */
static struct search *studied(enum model_kind kind, double cv, const struct search_config *config)
{
	struct model m;
	struct search *s;

	model_init(&m, kind, cv, 2e9, 11);
	assert_int_equal(model_study(&m, config, &s), 0);
	return s;
}

static struct verdict verdict_now(const struct search *s)
{
	struct verdict v;

	assert_int_equal(verdict_of(s, &v), 0);
	return v;
}

static size_t runs_of(const struct search *s, enum search_phase phase)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_runs; i++)
		n += s->run[i].ask.phase == phase;
	return n;
}

/* Runs of a search until `phase` asks; the run it would be next is in *ask. */
static struct search *advanced(struct model *m, const struct search_config *config,
			       enum search_phase phase, struct search_ask *ask)
{
	struct search *s;
	struct search_run run;

	assert_int_equal(search_new(config, &s), 0);
	while (search_next(s, ask) && ask->phase != phase) {
		model_run(m, ask, &run);
		assert_int_equal(search_add(s, &run), 0);
	}
	return s;
}

/* ---- pairs ---- */

/* (1.6449 + 0.8416)^2 (0.03 sqrt 2)^2 / (log 1.05 - log 1.03)^2 = 30.1 pairs of normal values, and
 * 30.1 / 0.955 by ranks.
 */
static void test_paired__pairs_needed_at_three_percent_spread(void **state UNUSED)
{
	size_t n = paired_needed(0.03 * sqrt(2), log(1.05) - log(1.03));

	assert_in_range(n, 31, 33);
	assert_true(fabs(paired_margin(0.03 * sqrt(2), (double)n) - (log(1.05) - log(1.03))) <
		    5e-4);
	assert_true(paired_needed(0.04, 0) == SIZE_MAX);
	assert_int_equal(paired_needed(0.001, 0.04), PAIRED_MIN);
}

/* Five values: the one-sided bound at 1/32 is the largest and the smallest one. */
static void test_paired__five_pairs_are_the_least(void **state UNUSED)
{
	const double x[] = { 0.01, 0.02, 0.03, 0.04, 0.049 };
	struct paired_test test;

	assert_int_equal(paired_test(x, 4, 0.05, 0.05, &test), -ERANGE);
	assert_int_equal(paired_test(x, 5, 0.05, 0.05, &test), 0);
	assert_int_equal(test.outcome, PAIRED_HOLDS);
	assert_true(fabs(test.log.high - 0.049) < 1e-12);
	assert_int_equal(paired_test(x, 5, 0.0485, 0.05, &test), 0);
	assert_int_equal(test.outcome, PAIRED_OPEN);
	assert_int_equal(paired_test(x, 5, 0.009, 0.05, &test), 0);
	assert_int_equal(test.outcome, PAIRED_EXCEEDS);
}

static void test_paired__looks_are_planned(void **state UNUSED)
{
	size_t looks = 0;

	for (size_t n = 1; n <= 20; n++)
		looks += paired_looks_now(20, n);
	assert_int_equal(looks, 3);
	assert_true(paired_looks_now(20, 10) && paired_looks_now(20, 15) &&
		    paired_looks_now(20, 20));
	assert_false(paired_looks_now(13, 7));
	assert_true(paired_alpha(0.05, 13, 13) == 0.05);
	assert_true(fabs(paired_alpha(0.05, 20, 10) - 0.01) < 1e-12);
}

/* ---- bracket ---- */

static void test_bracket__steps_down_then_bisects(void **state UNUSED)
{
	const struct bracket_rule rule = {
		.target = 0.03, .run_sd = 0.003, .floor_ratio = 0.1, .repeats = 3
	};
	struct bracket b = { 0 };
	double within, beyond;
	size_t runs = 0;

	/* Log slowdown 0.02 down to 0.6, then 0.2. */
	for (double x; (x = bracket_next(&b, &rule, 0, 0)) > 0; runs++) {
		const struct bracket_run run = { x >= 0.6 ? 0.02 : 0.2, MISSING_F64, x, false,
						 false };

		assert_int_equal(bracket_add(&b, x, &run), 0);
	}
	bracket_ends(&b, &rule, &within, &beyond);
	assert_true(within >= 0.6 && beyond < 0.6);
	assert_true(within / beyond < 1.056);
	assert_true(runs <= 9);
	assert_true(b.point[0].limit_ratio == 0.85);
}

static void test_bracket__a_killed_limit_is_tried_twice(void **state UNUSED)
{
	const struct bracket_rule rule = {
		.target = 0.03, .run_sd = 0.003, .floor_ratio = 0.1, .repeats = 3
	};
	const struct bracket_run killed = { .killed = true };
	struct bracket b = { 0 };

	assert_int_equal(bracket_add(&b, 0.85, &killed), 0);
	assert_true(bracket_next(&b, &rule, 0, 0) == 0.85);
	assert_int_equal(bracket_add(&b, 0.85, &killed), 0);
	assert_true(bracket_next(&b, &rule, 0, 0) > 0.85);
}

static void test_bracket__one_slow_run_does_not_end_the_way_down(void **state UNUSED)
{
	const struct bracket_rule rule = {
		.target = 0.03, .run_sd = 0.01, .floor_ratio = 0.1, .repeats = 3
	};
	const struct bracket_run slow = { 0.2, MISSING_F64, 0.9, false, false };
	const struct bracket_run usual = { 0.002, MISSING_F64, 0.9, false, false };
	struct bracket b = { 0 };

	assert_int_equal(bracket_add(&b, 0.85, &slow), 0);
	assert_true(bracket_next(&b, &rule, 0, 0) == 0.85);
	assert_int_equal(bracket_add(&b, 0.85, &usual), 0);
	assert_true(bracket_next(&b, &rule, 0, 0) < 0.85);
}

/* ---- search ---- */

static void test_search__the_budget_follows_the_reference(void **state UNUSED)
{
	assert_true(search_budget_ns(NS_PER_S) == 120 * NS_PER_S);
	assert_true(search_budget_ns(5 * NS_PER_S) == 200 * NS_PER_S);
	assert_true(search_budget_ns(60 * NS_PER_S) == 900 * NS_PER_S);
	assert_true(search_budget_ns(UINT64_MAX) == 900 * NS_PER_S);
}

static void test_search__wrong_configurations_are_refused(void **state UNUSED)
{
	struct search_config none = five_percent, rising = five_percent, bound = five_percent;
	struct search *s;

	none.n_algos = 0;
	rising.n_limits = 2;
	rising.limit_ratio[0] = 0.5;
	rising.limit_ratio[1] = 0.75;
	bound.max_slowdown = 0;
	assert_int_equal(search_new(&none, &s), -EINVAL);
	assert_int_equal(search_new(&rising, &s), -EINVAL);
	assert_int_equal(search_new(&bound, &s), -EINVAL);
}

static void test_search__the_reference_is_a_warm_up_and_five_runs(void **state UNUSED)
{
	struct search *s = studied(STEEP, 0.01, &five_percent);

	assert_true(s->run[0].ask.warm_up);
	assert_in_range(runs_of(s, SEARCH_REFERENCE), 6, 8);
	assert_int_equal(s->reference.runs, runs_of(s, SEARCH_REFERENCE) - 1);
	search_free(s);
}

static void test_search__another_runs_result_is_refused(void **state UNUSED)
{
	struct model m;
	struct search *s;
	struct search_ask ask;
	struct search_run run;

	model_init(&m, STEEP, 0.01, 2e9, 3);
	assert_int_equal(search_new(&five_percent, &s), 0);
	assert_true(search_next(s, &ask));
	model_run(&m, &ask, &run);
	run.ask.run = 1;
	assert_int_equal(search_add(s, &run), -EINVAL);
	run.ask.run = 0;
	run.ask.algo = 0;
	assert_int_equal(search_add(s, &run), -EINVAL);
	assert_int_equal(s->n_runs, 0);
	search_free(s);
}

static void test_search__a_search_run_is_ended_at_1_3_times_the_slowest_reference(
	void **state UNUSED)
{
	struct search *s = studied(NOTHING, 0.01, &five_percent);
	double slowest = 0;

	for (size_t i = 1; i < s->n_runs; i++) {
		const struct search_run *run = &s->run[i];

		if (run->ask.phase == SEARCH_REFERENCE)
			slowest = MAX(slowest, (double)run->elapsed_ns);
		else if (run->ask.phase == SEARCH_BRACKET)
			assert_true(fabs((double)run->ask.abort_ns / slowest - 1.3) < 1e-6);
	}
	assert_true(s->run[s->reference.runs + 1].outcome == SEARCH_ABORTED);
	search_free(s);
}

/* Feeding the recorded runs again gives the same question at every run and the same verdict. */
static void test_search__recorded_runs_give_the_same_state(void **state UNUSED)
{
	struct search *first = studied(CLIFF, 0.03, &five_percent), *again;
	struct verdict a = verdict_now(first), b;
	struct search_ask ask;

	assert_int_equal(search_new(&five_percent, &again), 0);
	for (size_t i = 0; i < first->n_runs; i++) {
		const struct search_ask *asked = &first->run[i].ask;

		assert_true(search_next(again, &ask));
		assert_int_equal(ask.phase, asked->phase);
		assert_true(ask.algo == asked->algo);
		assert_true(ask.limit_bytes == asked->limit_bytes);
		assert_true(ask.abort_ns == asked->abort_ns);
		assert_int_equal(search_add(again, &first->run[i]), 0);
	}
	assert_false(search_next(again, &ask));
	b = verdict_now(again);
	assert_int_equal(a.kind, b.kind);
	assert_true(a.limit_bytes == b.limit_bytes && a.slowdown.high == b.slowdown.high);
	search_free(first);
	search_free(again);
}

static void test_search__blocks_are_shuffled_and_whole(void **state UNUSED)
{
	struct search *s = studied(CLIFF, 0.01, &five_percent);
	size_t reference_first = 0, blocks = 0;

	for (size_t i = 1; i < s->n_runs; i++) {
		const struct search_ask *a = &s->run[i - 1].ask, *b = &s->run[i].ask;

		if (b->phase != SEARCH_PAIRED || a->phase != SEARCH_PAIRED ||
		    a->stage != b->stage || a->block != b->block)
			continue;
		assert_true((a->algo == SEARCH_NO_ALGO) != (b->algo == SEARCH_NO_ALGO));
		reference_first += a->algo == SEARCH_NO_ALGO;
		blocks++;
	}
	assert_int_equal(2 * blocks, runs_of(s, SEARCH_PAIRED));
	assert_in_range(reference_first, 1, blocks - 1);
	search_free(s);
}

static void test_search__the_budget_is_kept(void **state UNUSED)
{
	const double references[] = { 0.05e9, 2e9, 20e9, 40e9, 200e9 };

	for (size_t r = 0; r < ARRAY_SIZE(references); r++)
		for (enum model_kind kind = STEEP; kind < MODEL_KINDS; kind++) {
			struct model m;
			struct search *s;

			model_init(&m, kind, 0.03, references[r], 5);
			assert_int_equal(model_study(&m, &five_percent, &s), 0);
			assert_true((double)s->spent_ns <
				    (double)s->budget_ns + 2.5 * references[r]);
			search_free(s);
		}
}

static void test_search__progress_counts_down(void **state UNUSED)
{
	struct model m;
	struct search *s;
	struct search_ask ask;
	struct search_run run;
	size_t expected;
	uint64_t left;

	model_init(&m, STEEP, 0.03, 2e9, 9);
	assert_int_equal(search_new(&five_percent, &s), 0);
	search_progress(s, &expected, &left);
	assert_true(left == MISSING_U64);
	while (search_next(s, &ask)) {
		model_run(&m, &ask, &run);
		assert_int_equal(search_add(s, &run), 0);
		search_progress(s, &expected, &left);
		assert_true(expected >= s->n_runs && left <= s->budget_ns);
	}
	assert_int_equal(expected, s->n_runs);
	assert_true(left == 0);
	search_free(s);
}

static void test_search__a_program_that_fails_ends_it_soon(void **state UNUSED)
{
	struct search *s;
	struct search_ask ask;

	assert_int_equal(search_new(&five_percent, &s), 0);
	while (search_next(s, &ask)) {
		struct search_run run = { .ask = ask, .outcome = SEARCH_FAILED, .wall_ns = 1000 };

		assert_int_equal(search_add(s, &run), 0);
	}
	assert_true(s->n_runs <= 4);
	assert_int_equal(verdict_now(s).why, VERDICT_REFERENCE_FAILED);
	assert_int_equal(verdict_now(s).kind, VERDICT_UNDECIDED);
	search_free(s);
}

/* A contaminated run takes its block out of the interval, is counted, and one more block follows.
 */
static void test_search__a_contaminated_block_is_repeated_and_counted(void **state UNUSED)
{
	struct model m;
	struct search_ask ask;
	struct search_run run;
	struct search *s;
	struct search_pairs pairs;

	model_init(&m, CLIFF, 0.01, 2e9, 11);
	s = advanced(&m, &five_percent, SEARCH_PAIRED, &ask);
	for (size_t i = 0; search_next(s, &ask); i++) {
		model_run(&m, &ask, &run);
		if (i == 2)
			run.outcome = SEARCH_CONTAMINATED;
		assert_int_equal(search_add(s, &run), 0);
	}
	search_pairs(s, 0, 0, &pairs);
	assert_int_equal(pairs.excluded, 1);
	assert_int_equal(pairs.n + 1, s->stage[0].blocks);
	search_free(s);
}

/* The machine becomes three times as slow: limited runs are ended early, references take as long.
 */
static void test_search__an_ended_run_says_nothing_beside_a_slow_reference(void **state UNUSED)
{
	struct search_ask ask;
	struct search_run run;
	struct model m;
	struct search *s;
	struct verdict v;

	model_init(&m, CLIFF, 0.01, 2e9, 11);
	s = advanced(&m, &five_percent, SEARCH_PAIRED, &ask);
	while (search_next(s, &ask)) {
		model_run(&m, &ask, &run);
		if (ask.phase == SEARCH_PAIRED && ask.algo == SEARCH_NO_ALGO) {
			assert_int_equal(ask.abort_ns, 0);
			run.cost *= 3;
		} else if (ask.phase == SEARCH_PAIRED) {
			run.outcome = SEARCH_ABORTED;
			run.cost = (double)ask.abort_ns;
		}
		assert_int_equal(search_add(s, &run), 0);
	}
	v = verdict_now(s);
	assert_int_equal(v.kind, VERDICT_UNDECIDED);
	assert_int_equal(v.pairs, 0);
	assert_true(v.excluded > 0);
	search_free(s);
}

/* Kills, failures, contaminated and aborted runs, missing values, in any order: it ends, and there
 * is a verdict after each run.
 */
static void test_search__any_outcomes_end(void **state UNUSED)
{
	for (uint64_t seed = 0; seed < 300; seed++) {
		struct search_config config = five_percent;
		struct model m;
		struct search *s;
		struct search_ask ask;
		struct search_run run;

		config.seed = seed;
		config.n_limits = seed % 3 ? 0 : 2;
		config.limit_ratio[0] = 0.8;
		config.limit_ratio[1] = 0.5;
		model_init(&m, (enum model_kind)(seed % MODEL_KINDS), 0.05, seed % 2 ? 0.1e9 : 15e9,
			   seed);
		assert_int_equal(search_new(&config, &s), 0);
		while (search_next(s, &ask)) {
			model_run(&m, &ask, &run);
			if (model_uniform(&m, 0, 1) < 0.02 * (double)(seed % 20))
				run.outcome = (enum search_outcome)prng_below(&m.rng, 5);
			if (run.outcome == SEARCH_FAILED || seed % 7 == 6)
				run.cost = run.ram_mean_bytes = MISSING_F64;
			assert_int_equal(search_add(s, &run), 0);
			verdict_now(s);
			assert_true(s->n_runs < 2000);
		}
		search_free(s);
	}
}

static void test_search__two_kills_end_a_stage(void **state UNUSED)
{
	struct model m;
	struct search_ask ask;
	struct search_run run;
	struct search *s;
	struct verdict v;

	model_init(&m, CLIFF, 0.01, 2e9, 11);
	s = advanced(&m, &five_percent, SEARCH_PAIRED, &ask);
	while (search_next(s, &ask)) {
		model_run(&m, &ask, &run);
		if (ask.phase == SEARCH_PAIRED && ask.algo != SEARCH_NO_ALGO)
			run.outcome = SEARCH_KILLED;
		assert_int_equal(search_add(s, &run), 0);
	}
	v = verdict_now(s);
	assert_int_equal(s->stage[0].blocks, 2);
	assert_int_equal(v.kind, VERDICT_UNDECIDED);
	assert_int_equal(v.why, VERDICT_KILLED);
	assert_int_equal(v.kills, 2);
	search_free(s);
}

static void test_search__given_limits_are_all_measured(void **state UNUSED)
{
	struct search_config config = five_percent;
	struct search *s;

	config.n_algos = 1;
	config.n_limits = 2;
	config.limit_ratio[0] = 0.9;
	config.limit_ratio[1] = 0.3;
	s = studied(CLIFF, 0.01, &config);
	assert_int_equal(runs_of(s, SEARCH_BRACKET), 0);
	assert_int_equal(s->n_stages, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_true(s->stage[i].limit_ratio[0] == config.limit_ratio[i]);
		assert_true(s->stage[i].blocks >= PAIRED_MIN);
	}
	assert_int_equal(verdict_now(s).kind, VERDICT_SAVES);
	assert_true(verdict_now(s).limit_ratio == 0.9);
	assert_true(verdict_now(s).beyond_ratio == 0.3);
	assert_int_equal(verdict_now(s).beyond_source, VERDICT_FROM_PAIRS);
	search_free(s);
}

/* ---- verdict ---- */

static void test_verdict__a_cliff_is_found(void **state UNUSED)
{
	struct search *s = studied(CLIFF, 0.01, &five_percent);
	struct model m;
	struct verdict v = verdict_now(s);

	model_init(&m, CLIFF, 0.01, 2e9, 11);
	assert_int_equal(v.kind, VERDICT_SAVES);
	assert_false(v.partial);
	assert_true(v.limit_ratio > m.shape && v.limit_ratio < m.shape * 1.2);
	assert_true(v.beyond_ratio < m.shape);
	assert_true(v.slowdown.high <= 0.05);
	assert_true(fabs(v.ram_ratio.estimate - model_ram(&m, v.algo, v.limit_ratio)) < 0.01);
	search_free(s);
}

static void test_verdict__nothing_to_save_is_said(void **state UNUSED)
{
	struct search *slow = studied(NOTHING, 0.01, &five_percent);
	struct search *large = studied(INCOMPRESSIBLE, 0.01, &five_percent);

	assert_int_equal(verdict_now(slow).kind, VERDICT_NONE);
	assert_int_equal(verdict_now(slow).why, VERDICT_SLOWER);
	assert_true(verdict_now(slow).limit_ratio >= 0.9);
	assert_int_equal(verdict_now(large).kind, VERDICT_NONE);
	assert_int_equal(verdict_now(large).why, VERDICT_NO_RAM_SAVED);
	search_free(slow);
	search_free(large);
}

/* At 10 % spread the bound of 5 % is out of reach; the verdict says how many pairs it would take.
 */
static void test_verdict__too_much_spread_asks_for_more_pairs(void **state UNUSED)
{
	struct search *s = studied(FLAT, 0.10, &five_percent);
	struct verdict v = verdict_now(s);

	assert_int_equal(v.kind, VERDICT_UNDECIDED);
	assert_int_equal(v.why, VERDICT_INTERVAL_TOO_WIDE);
	assert_true(v.smallest_bound > 0.05);
	search_free(s);
}

/* Two algorithms that do the same, and a budget for both. */
static void test_verdict__equal_algorithms_tie(void **state UNUSED)
{
	struct search_config config = five_percent;
	struct search_ask ask, first;
	struct search_run run;
	struct search *s;
	struct model m;
	struct verdict v;

	config.n_algos = 2;
	config.budget_ns = 600 * NS_PER_S;
	model_init(&m, CLIFF, 0.01, 2e9, 11);
	assert_int_equal(search_new(&config, &s), 0);
	while (search_next(s, &ask)) {
		first = ask;
		first.algo = ask.algo == SEARCH_NO_ALGO ? SEARCH_NO_ALGO : 0;
		model_run(&m, &first, &run);
		run.ask = ask;
		assert_int_equal(search_add(s, &run), 0);
	}
	v = verdict_now(s);
	assert_int_equal(v.kind, VERDICT_TIE);
	assert_true(v.algo == 0 && v.second == 1);
	search_free(s);
}

/* After every run there is a verdict; before the end it is partial, and no claim stands on fewer
 * pairs than a claim takes or on a search run.
 */
static void test_verdict__at_any_moment(void **state UNUSED)
{
	struct model m;
	struct search *s;
	struct search_ask ask;
	struct search_run run;
	struct verdict v;
	bool saved = false;

	model_init(&m, CLIFF, 0.01, 2e9, 11);
	assert_int_equal(search_new(&five_percent, &s), 0);
	while (search_next(s, &ask)) {
		v = verdict_now(s);
		assert_true(v.partial);
		if (v.kind != VERDICT_UNDECIDED)
			assert_true(v.pairs >= PAIRED_MIN &&
				    runs_of(s, SEARCH_PAIRED) >= 2 * v.pairs);
		saved |= v.kind == VERDICT_SAVES;
		model_run(&m, &ask, &run);
		assert_int_equal(search_add(s, &run), 0);
	}
	assert_true(saved);
	assert_false(verdict_now(s).partial);
	search_free(s);
}

static void test_verdict__the_curve_has_search_points_without_interval(void **state UNUSED)
{
	struct search *s = studied(CLIFF, 0.01, &five_percent);
	struct verdict_point curve[64];
	size_t n = verdict_curve(s, curve, ARRAY_SIZE(curve)), search_runs = 0, stages = 0;

	for (size_t i = 0; i < n; i++) {
		if (curve[i].source == VERDICT_FROM_SEARCH) {
			assert_true(isnan(curve[i].slowdown.low));
			search_runs += curve[i].runs + curve[i].kills;
		} else {
			assert_false(isnan(curve[i].slowdown.high));
			stages++;
		}
	}
	assert_int_equal(search_runs, runs_of(s, SEARCH_BRACKET));
	assert_int_equal(stages, s->n_stages);
	search_free(s);
}

/* The part of bench/verdict_sim.c that takes a second: over all curves the limit keeps the bound in
 * at least 95 % of the claims; a program just over the bound at every limit passes in at most 6.5
 * %, within 2.5 standard errors of 600.
 */
static void test_verdict__claims_keep_the_bound(void **state UNUSED)
{
	size_t claims = 0, right = 0, edge = 0;

	for (size_t i = 0; i < 1200; i++) {
		struct search_config config = five_percent;
		enum model_kind kind = i < 600 ? EDGE : (enum model_kind)(i % EDGE);
		struct model m;
		struct search *s;
		struct verdict v;

		config.seed = i;
		model_init(&m, kind, i % 2 ? 0.01 : 0.03, 2e9, i * 7919);
		assert_int_equal(model_study(&m, &config, &s), 0);
		v = verdict_now(s);
		if (v.kind == VERDICT_SAVES || v.kind == VERDICT_TIE) {
			edge += kind == EDGE;
			claims += kind != EDGE;
			right += kind != EDGE &&
				 model_slowdown(&m, v.algo, v.limit_ratio) <= log(1.05);
		}
		search_free(s);
	}
	assert_true((double)edge / 600 <= 0.065 + 2.5 * sqrt(0.065 * 0.935 / 600));
	assert_true(claims > 200);
	assert_true((double)right >= 0.95 * (double)claims);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paired__pairs_needed_at_three_percent_spread),
		cmocka_unit_test(test_paired__five_pairs_are_the_least),
		cmocka_unit_test(test_paired__looks_are_planned),
		cmocka_unit_test(test_bracket__steps_down_then_bisects),
		cmocka_unit_test(test_bracket__a_killed_limit_is_tried_twice),
		cmocka_unit_test(test_bracket__one_slow_run_does_not_end_the_way_down),
		cmocka_unit_test(test_search__the_budget_follows_the_reference),
		cmocka_unit_test(test_search__wrong_configurations_are_refused),
		cmocka_unit_test(test_search__the_reference_is_a_warm_up_and_five_runs),
		cmocka_unit_test(test_search__another_runs_result_is_refused),
		cmocka_unit_test(
			test_search__a_search_run_is_ended_at_1_3_times_the_slowest_reference),
		cmocka_unit_test(test_search__recorded_runs_give_the_same_state),
		cmocka_unit_test(test_search__blocks_are_shuffled_and_whole),
		cmocka_unit_test(test_search__the_budget_is_kept),
		cmocka_unit_test(test_search__progress_counts_down),
		cmocka_unit_test(test_search__a_program_that_fails_ends_it_soon),
		cmocka_unit_test(test_search__a_contaminated_block_is_repeated_and_counted),
		cmocka_unit_test(test_search__an_ended_run_says_nothing_beside_a_slow_reference),
		cmocka_unit_test(test_search__any_outcomes_end),
		cmocka_unit_test(test_search__two_kills_end_a_stage),
		cmocka_unit_test(test_search__given_limits_are_all_measured),
		cmocka_unit_test(test_verdict__a_cliff_is_found),
		cmocka_unit_test(test_verdict__nothing_to_save_is_said),
		cmocka_unit_test(test_verdict__too_much_spread_asks_for_more_pairs),
		cmocka_unit_test(test_verdict__equal_algorithms_tie),
		cmocka_unit_test(test_verdict__at_any_moment),
		cmocka_unit_test(test_verdict__the_curve_has_search_points_without_interval),
		cmocka_unit_test(test_verdict__claims_keep_the_bound),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

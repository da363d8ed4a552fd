/* SPDX-License-Identifier: GPL-2.0-only */
/* test_compare.c - what compare_runs makes of runs whose answer is known, and the metric table. */
#include "lib/results/compare.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define BLOCKS 7

struct runs {
	struct results_run all[BLOCKS + 1];
};

/* An instrumented run first, then a timed one in each block. */
static void fill(struct runs *r, enum results_run_kind first, double wall_ns, double peak_bytes)
{
	for (size_t i = 0; i <= BLOCKS; i++) {
		r->all[i] = (struct results_run){
			.kind = i ? RESULTS_RUN_TIMED : first,
			.state = RESULTS_RUN_OK,
			.block = i,
		};
		metrics_clear(&r->all[i].metrics);
		r->all[i].metrics.wall_ns = wall_ns;
		r->all[i].metrics.user_ns = 3;
		r->all[i].metrics.system_ns = 4;
		r->all[i].metrics.footprint_bytes_peak = peak_bytes;
	}
}

static struct comparison compare(struct runs *none, struct runs *runs)
{
	struct comparison ret;

	assert_int_equal(compare_runs(none->all, BLOCKS + 1, runs->all, BLOCKS + 1, &ret), 0);
	return ret;
}

static void test_compare__a_constant_slowdown_is_found_with_its_interval(void **state UNUSED)
{
	struct runs none, pool;

	fill(&none, RESULTS_RUN_REFERENCE, 100, 1000);
	fill(&pool, RESULTS_RUN_PROBED, 150, 600);

	struct comparison c = compare(&none, &pool);
	const struct compare_value *slowdown = &c.values[METRIC_slowdown_ratio];

	assert_int_equal(slowdown->n, BLOCKS);
	assert_true(fabs(slowdown->value - 1.5) < 1e-12);
	assert_true(slowdown->low <= 1.5 + 1e-12 && slowdown->high >= 1.5 - 1e-12);
	assert_string_equal(c.verdict, "slower");
}

static void test_compare__runs_that_failed_do_not_count(void **state UNUSED)
{
	struct runs none, pool;

	fill(&none, RESULTS_RUN_REFERENCE, 100, 1000);
	fill(&pool, RESULTS_RUN_PROBED, 150, 600);
	pool.all[3].state = RESULTS_RUN_CONTAMINATED;
	pool.all[3].metrics.wall_ns = 1e9;
	none.all[5].state = RESULTS_RUN_FAILED;

	struct comparison c = compare(&none, &pool);

	assert_int_equal(c.n, BLOCKS - 1);
	assert_int_equal(c.n_failed, 1);
	assert_int_equal(c.values[METRIC_slowdown_ratio].n, BLOCKS - 2);
	assert_true(isnan(c.values[METRIC_slowdown_ratio].low)); /* 5 blocks carry no interval */
	assert_string_equal(c.verdict, "undecided");
	assert_true(c.values[METRIC_wall_ns].max < 151);
}

static void test_compare__savings_are_against_the_median_without_a_pool(void **state UNUSED)
{
	struct runs none, pool;

	fill(&none, RESULTS_RUN_REFERENCE, 100, 1000);
	fill(&pool, RESULTS_RUN_PROBED, 150, 600);
	none.all[1].metrics.footprint_bytes_peak = 5000;
	pool.all[2].metrics.footprint_bytes_peak = 700;

	struct comparison c = compare(&none, &pool);

	assert_true(c.values[METRIC_saved_bytes].value == 400);
	assert_true(c.values[METRIC_saved_bytes].min == 300);
	assert_true(c.values[METRIC_saved_ratio].value == 0.4);
	assert_true(c.values[METRIC_cpu_ns].value == 7);
}

static void test_compare__none_is_not_compared_with_itself(void **state UNUSED)
{
	struct runs none;

	fill(&none, RESULTS_RUN_REFERENCE, 100, 1000);

	struct comparison c = compare(&none, &none);

	assert_int_equal(c.values[METRIC_slowdown_ratio].n, 0);
	assert_true(isnan(c.values[METRIC_saved_bytes].value));
	assert_true(c.values[METRIC_wall_ns].value == 100);
}

static void test_compare__the_probe_has_precedence_over_counters(void **state UNUSED)
{
	struct runs none, pool;

	fill(&none, RESULTS_RUN_REFERENCE, 100, 1000);
	fill(&pool, RESULTS_RUN_PROBED, 150, 600);
	for (size_t i = 0; i <= BLOCKS; i++)
		pool.all[i].metrics.readback_factor = i ? 0.5 : 0.75;
	assert_true(compare(&none, &pool).values[METRIC_readback_factor].value == 0.5);
	pool.all[0].by_probe = true;

	struct comparison c = compare(&none, &pool);

	assert_true(c.values[METRIC_readback_factor].value == 0.75);
	assert_false(c.values[METRIC_readback_factor].timed);
}

static void test_metric__every_name_is_found_once_and_nothing_else(void **state UNUSED)
{
	for (int i = 0; i < METRICS_N; i++)
		assert_int_equal(metric_find(metrics[i].name), i);
	assert_int_equal(metric_find("wall"), -1);
	assert_int_equal(sizeof(struct metrics), METRICS_N * sizeof(double));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compare__a_constant_slowdown_is_found_with_its_interval),
		cmocka_unit_test(test_compare__runs_that_failed_do_not_count),
		cmocka_unit_test(test_compare__savings_are_against_the_median_without_a_pool),
		cmocka_unit_test(test_compare__none_is_not_compared_with_itself),
		cmocka_unit_test(test_compare__the_probe_has_precedence_over_counters),
		cmocka_unit_test(test_metric__every_name_is_found_once_and_nothing_else),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* test_stats.c - against published tables, hand-worked examples, and the coverage intervals
 * promise. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/analysis/stats.h"

static void assert_within(double a, double b, double tolerance)
{
	if (!(fabs(a - b) <= tolerance))
		fail_msg("%.17g is not within %g of %.17g", a, tolerance, b);
}

/* ---- random numbers ---- */

/* The authors' xoshiro256** started from the state {1, 2, 3, 4}. */
static void test_stats__prng_is_xoshiro256(void **state UNUSED)
{
	static const uint64_t expected[] = { 11520, 0, 1509978240, UINT64_C(1215971899390074240) };
	struct prng rng = { { 1, 2, 3, 4 } };

	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		assert_int_equal(prng_next(&rng), expected[i]);
}

/* splitmix64 of seed 0, from its author's test vector. */
static void test_stats__seeding_is_splitmix64(void **state UNUSED)
{
	struct prng rng;

	prng_seed(&rng, 0);
	assert_true(rng.s[0] == UINT64_C(0xe220a8397b1dcdaf));
	assert_true(rng.s[1] == UINT64_C(0x6e789e6aa1b965f4));
}

/* 10,007 draws below 7: chi-squared with 6 degrees of freedom stays below 22.46 (p = 0.001). */
static void test_stats__draws_below_a_bound_are_even(void **state UNUSED)
{
	const double expected = 10007 / 7.0;
	double count[7] = { 0 }, chi2 = 0;
	struct prng rng;

	prng_seed(&rng, 3);
	for (int i = 0; i < 10007; i++)
		count[prng_below(&rng, 7)]++;
	for (size_t i = 0; i < 7; i++)
		chi2 += (count[i] - expected) * (count[i] - expected) / expected;
	assert_true(chi2 < 22.46);
}

static void test_stats__shuffle_is_a_permutation(void **state UNUSED)
{
	size_t order[101];
	bool seen[101] = { false };
	struct prng rng;

	prng_seed(&rng, 4);
	prng_shuffle(&rng, order, 101);
	for (size_t i = 0; i < 101; i++) {
		assert_true(order[i] < 101 && !seen[order[i]]);
		seen[order[i]] = true;
	}
}

/* R: quantile(c(1, 2, 4, 8), c(.1, .5, .9), type = 7) */
static void test_stats__quantiles_are_type_7(void **state UNUSED)
{
	static const double x[] = { 1, 2, 4, 8 };

	assert_within(stats_quantile(x, 4, 0.1), 1.3, 1e-12);
	assert_within(stats_quantile(x, 4, 0.5), 3, 1e-12);
	assert_within(stats_quantile(x, 4, 0.9), 6.8, 1e-12);
	assert_within(stats_quantile(x, 4, 1), 8, 0);
	assert_true(isnan(stats_quantile(x, 0, 0.5)));
}

static void test_stats__normal_quantiles_of_the_tables(void **state UNUSED)
{
	assert_within(stats_normal_quantile(0.975), 1.959963984540054, 1e-12);
	assert_within(stats_normal_quantile(0.5), 0, 1e-12);
	assert_within(stats_normal_quantile(1e-9), -5.997807015007773, 1e-9);
	assert_true(isnan(stats_normal_quantile(1)));
}

/* ---- samples of pages ---- */

static void test_stats__sample_size_reaches_the_half_width(void **state UNUSED)
{
	uint64_t n = stats_sample_size(0.3, 0.01, 524288, 0.95);
	double half = 1.959963984540054 * 0.3 / sqrt((double)n) * sqrt(1 - (double)n / 524288);

	assert_true(half <= 0.01 && half > 0.00999);
	assert_int_equal(stats_sample_size(0.3, 0.001, 100, 0.95), 100);
	assert_int_equal(stats_sample_size(0, 0.001, 100, 0.95), 2);
}

/* ---- runs ---- */

/* Hollander & Wolfe's depression data (R: wilcox.test(x, y, paired = TRUE, conf.int = TRUE)):
 * pseudomedian -0.46 of y - x, 95 % interval from -0.786 to -0.010.
 */
static void test_stats__walsh_interval_of_the_textbook(void **state UNUSED)
{
	static const double x[] = { 1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30 };
	static const double y[] = { 0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29 };
	double d[9], achieved, centre;
	struct stats_interval ci;

	for (size_t i = 0; i < 9; i++)
		d[i] = y[i] - x[i];
	assert_int_equal(stats_walsh_interval(d, 9, 0.95, &ci, &achieved), 0);
	assert_within(ci.estimate, -0.46, 1e-9);
	assert_within(ci.low, -0.786, 1e-9);
	assert_within(ci.high, -0.010, 1e-9);
	/* 10 of 512 sign patterns have a rank sum of 5 or less. */
	assert_within(achieved, 1 - 2 * 10.0 / 512, 1e-12);
	assert_int_equal(stats_hodges_lehmann(d, 9, &centre), 0);
	assert_within(centre, ci.estimate, 0);
}

static void test_stats__five_blocks_cannot_give_95_percent(void **state UNUSED)
{
	static const double x[] = { 1, 2, 3, 4, 5, 6 };
	struct stats_interval ci;

	assert_int_equal(stats_walsh_min_n(0.95), 6);
	assert_int_equal(stats_walsh_interval(x, 5, 0.95, &ci, NULL), -ERANGE);
	assert_int_equal(stats_walsh_interval(x, 6, 0.95, &ci, NULL), 0);
	assert_within(ci.low, 1, 0);
	assert_within(ci.high, 6, 0);
}

static void test_stats__paired_ratio_of_a_constant_factor(void **state UNUSED)
{
	double a[7], b[7];
	struct stats_interval ci;

	for (int i = 0; i < 7; i++) {
		a[i] = 1 + i * i;
		b[i] = 1.25 * a[i];
	}
	assert_int_equal(stats_paired_ratio(a, b, 7, 2000, 1, 0.95, &ci), 0);
	assert_within(ci.estimate, 1.25, 1e-12);
	assert_within(ci.low, 1.25, 1e-12);
	assert_within(ci.high, 1.25, 1e-12);
	assert_int_equal(stats_paired_ratio_exact(a, b, 7, 0.95, &ci), 0);
	assert_within(ci.estimate, 1.25, 1e-12);
}

static double noise(struct prng *rng)
{
	double sum = 0;

	for (int i = 0; i < 12; i++)
		sum += (double)prng_below(rng, 1 << 20) / (1 << 20);
	return 1 + 0.02 * (sum - 6); /* about normal, 2 % */
}

/* A planted slowdown, over 100 studies of 10 blocks whose own speeds differ widely. */
static int found(double factor, enum stats_verdict wanted, double threshold)
{
	struct prng rng;
	int n = 0;

	prng_seed(&rng, 6);
	for (int study = 0; study < 100; study++) {
		double a[10], b[10];
		struct stats_interval ci;

		for (int i = 0; i < 10; i++) {
			double block = 1 + (double)prng_below(&rng, 1000) / 1000;

			a[i] = block * noise(&rng);
			b[i] = block * noise(&rng) * factor;
		}
		assert_int_equal(stats_paired_ratio(a, b, 10, 500, 1, 0.95, &ci), 0);
		n += stats_verdict(&ci, threshold) == wanted;
	}
	return n;
}

static void test_stats__a_planted_slowdown_is_found(void **state UNUSED)
{
	assert_true(found(1.05, STATS_MORE, 0) >= 90);
	assert_true(found(1.20, STATS_MORE, 0) >= 90);
	assert_true(found(1 / 1.05, STATS_LESS, 0) >= 90);
}

static void test_stats__the_same_twice_is_never_called_a_difference(void **state UNUSED)
{
	assert_true(found(1, STATS_MORE, 0.02) + found(1, STATS_LESS, 0.02) <= 5);
}

static void test_stats__paired_ratio_refuses_what_has_no_logarithm(void **state UNUSED)
{
	static const double a[] = { 1, 2 }, b[] = { 1, 0 };
	struct stats_interval ci;

	assert_int_equal(stats_paired_ratio(a, b, 2, 100, 1, 0.95, &ci), -EINVAL);
	assert_int_equal(stats_paired_ratio(a, a, 1, 100, 1, 0.95, &ci), -ERANGE);
}

/* Complete separation: 2 of C(2n, n) splits. n = 4: 2/70 = .029, n = 6: 2/924 = .002. */
static void test_stats__rank_sum_at_its_best(void **state UNUSED)
{
	static const double a[] = { 1, 2, 3, 4, 5, 6 }, b[] = { 11, 12, 13, 14, 15, 16 };
	double p;

	assert_int_equal(stats_rank_sum_p(a, 4, b, 4, &p), 0);
	assert_within(p, 2.0 / 70, 1e-12);
	assert_int_equal(stats_rank_sum_p(a, 6, b, 6, &p), 0);
	assert_within(p, 2.0 / 924, 1e-12);
	assert_within(stats_cliffs_delta(a, 6, b, 6), 1, 0);
}

static void test_stats__rank_sum_of_equal_groups_is_1(void **state UNUSED)
{
	static const double a[] = { 5, 5, 5 };
	double p;

	assert_int_equal(stats_rank_sum_p(a, 3, a, 3, &p), 0);
	assert_within(p, 1, 1e-12);
	assert_within(stats_cliffs_delta(a, 3, a, 3), 0, 0);
	assert_int_equal(stats_rank_sum_p(a, 0, a, 3, &p), -ERANGE);
}

/* R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") is 0.03 0.06 0.06 0.02 */
static void test_stats__holm_of_four(void **state UNUSED)
{
	static const double expected[] = { 0.03, 0.06, 0.06, 0.02 };
	double p[] = { 0.01, 0.04, 0.03, 0.005 };

	assert_int_equal(stats_holm(p, 4), 0);
	for (size_t i = 0; i < 4; i++)
		assert_within(p[i], expected[i], 1e-12);
}

static void test_stats__verdicts_against_a_threshold(void **state UNUSED)
{
	static const struct {
		struct stats_interval ci;
		enum stats_verdict verdict;
	} cases[] = {
		{ { 1.10, 1.06, 1.15 }, STATS_MORE },
		{ { 0.90, 0.85, 0.95 }, STATS_LESS },
		{ { 1.00, 0.97, 1.03 }, STATS_EQUIVALENT },
		{ { 1.04, 1.01, 1.07 }, STATS_INCONCLUSIVE },
		{ { 1.00, 0.80, 1.20 }, STATS_INCONCLUSIVE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(stats_verdict(&cases[i].ci, 0.05), cases[i].verdict);
}

/* ---- means of bounded values ---- */

/* 512 drawn of 65,536, of which a share of 0.1 to 50 % is 0.4 and the rest 1. */
static void test_stats__a_mean_of_bounded_values_is_held_at_small_counts(void **state UNUSED)
{
	static const double shares[] = { 0.0005, 0.001, 0.003, 0.01, 0.05, 0.5 };
	struct prng rng;

	prng_seed(&rng, 5);
	for (size_t k = 0; k < ARRAY_SIZE(shares); k++) {
		const double truth = 1 - 0.6 * shares[k], n = 512, left = 1 - n / 65536;
		int held = 0, share_held = 0;

		for (int seed = 0; seed < 1000; seed++) {
			struct stats_mean m = { .n = n, .left = left, .most = 1 };
			struct stats_interval mean, share;
			double few = 0;

			for (int i = 0; i < 512; i++)
				few += (double)prng_below(&rng, 1000000) < shares[k] * 1e6;
			m.mean = 1 - 0.6 * few / n;
			m.variance = 0.36 * few / n * (1 - few / n) / n * left;
			mean = stats_mean_interval(&m);
			share = stats_share_interval(few, 0, n, left);
			assert_true(mean.low >= 0 && mean.high <= 1 && mean.high > mean.low);
			held += mean.low <= truth && truth <= mean.high;
			share_held += share.low <= shares[k] && shares[k] <= share.high;
		}
		assert_true(held >= 930 && share_held >= 930);
	}
}

static void test_stats__what_is_unknown_may_be_anything(void **state UNUSED)
{
	struct stats_interval all = stats_share_interval(30, 20, 100, 0),
			      some = stats_share_interval(30, 20, 100, 0.9),
			      mean = { 0.5, 0.4, 0.6 };

	assert_within(all.low, 0.3, 1e-12);
	assert_within(all.high, 0.5, 1e-12);
	assert_within(all.estimate, 30.0 / 80, 1e-12);
	assert_true(some.low < 0.3 && some.high > 0.5);
	stats_take_out(&mean, 100, 20, 1);
	assert_within(mean.low, (0.4 * 100 - 20) / 80, 1e-12);
	assert_within(mean.high, 0.6 * 100 / 80, 1e-12);
	assert_true(isnan(stats_share_interval(0, 0, 0, 1).low));
}

static void test_stats__a_median_has_an_interval_of_order_statistics(void **state UNUSED)
{
	double x[101];
	struct stats_interval median;

	for (size_t i = 0; i < ARRAY_SIZE(x); i++)
		x[i] = (double)i;
	/* 50.5 +- 1.96 * sqrt(101) / 2: ranks 40 and 62 of 101. */
	median = stats_quantile_interval(x, 101, 0.5);
	assert_true(median.estimate == 50 && median.low == 39 && median.high == 61);
	assert_true(isnan(stats_quantile_interval(x, 4, 0.5).low));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stats__prng_is_xoshiro256),
		cmocka_unit_test(test_stats__seeding_is_splitmix64),
		cmocka_unit_test(test_stats__draws_below_a_bound_are_even),
		cmocka_unit_test(test_stats__shuffle_is_a_permutation),
		cmocka_unit_test(test_stats__quantiles_are_type_7),
		cmocka_unit_test(test_stats__normal_quantiles_of_the_tables),
		cmocka_unit_test(test_stats__sample_size_reaches_the_half_width),
		cmocka_unit_test(test_stats__walsh_interval_of_the_textbook),
		cmocka_unit_test(test_stats__five_blocks_cannot_give_95_percent),
		cmocka_unit_test(test_stats__paired_ratio_of_a_constant_factor),
		cmocka_unit_test(test_stats__a_planted_slowdown_is_found),
		cmocka_unit_test(test_stats__the_same_twice_is_never_called_a_difference),
		cmocka_unit_test(test_stats__paired_ratio_refuses_what_has_no_logarithm),
		cmocka_unit_test(test_stats__rank_sum_at_its_best),
		cmocka_unit_test(test_stats__rank_sum_of_equal_groups_is_1),
		cmocka_unit_test(test_stats__holm_of_four),
		cmocka_unit_test(test_stats__verdicts_against_a_threshold),
		cmocka_unit_test(test_stats__a_mean_of_bounded_values_is_held_at_small_counts),
		cmocka_unit_test(test_stats__what_is_unknown_may_be_anything),
		cmocka_unit_test(test_stats__a_median_has_an_interval_of_order_statistics),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

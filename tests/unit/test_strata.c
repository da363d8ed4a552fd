/* SPDX-License-Identifier: GPL-2.0-only */
/* test_strata.c - stratified means and ratios against numbers worked out by hand, step by step in
 * the comments. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/analysis/strata.h"

/* Of 1,000 pages 40 drawn, all with a codec: 20 of 1,000 bytes, 20 of 2,000. */
static const struct stratum_sums a = {
	.pages = 40,
	.coded_pages = 40,
	.slot_bytes = 60000,
	.slot_squares = 20 * 1e6 + 20 * 4e6,
};
/* Of 3,000 pages 60 drawn, 30 of them same-filled, 30 of 3,000 bytes. */
static const struct stratum_sums b = {
	.pages = 60,
	.coded_pages = 30,
	.slot_bytes = 90000,
	.slot_squares = 30 * 9e6,
};

static struct strata_estimate estimate_of(const struct stratum_sums *sums, const uint64_t *pages,
					  size_t n)
{
	struct page_stratum population[4] = { 0 };
	struct strata_estimate ret;

	for (size_t i = 0; i < n; i++)
		population[i].pages = pages[i];
	assert_int_equal(strata_estimate(sums, population, n, &ret), 0);
	return ret;
}

/* At least the normal interval, and no more than what four values at the bounds can add to it. */
static void assert_interval(const struct stats_interval *got, double estimate, double half)
{
	const double most = half > 0 ? half + 4 * 4096.0 / 60 : 0;

	assert_true(fabs(got->estimate - estimate) < 1e-6);
	assert_true(got->high - got->estimate > half - 1e-3);
	assert_true(got->high - got->estimate < most + 1e-3);
	assert_true(got->estimate - got->low > half - 1e-3);
	assert_true(got->estimate - got->low < most + 1e-3);
}

/* Means 1500 and 1500, so 1500. Variances within: 1e7 / 39 and 1.35e8 / 59.
 * 0.25^2 * 0.96 * 256410.256 / 40 + 0.75^2 * 0.98 * 2288135.593 / 60 = 384.6154 + 21022.2458 =
 * 21406.8612, whose square root 146.3108 times 1.959964 is 286.764.
 */
static void test_strata__the_mean_weighs_mappings_by_their_pages(void **state UNUSED)
{
	const struct stratum_sums sums[] = { a, b };
	struct strata_estimate e = estimate_of(sums, (uint64_t[]){ 1000, 3000 }, 2);

	assert_interval(&e.of_all, 1500, 286.764);
}

/* 0.25 * 1 + 0.75 * 0.5 = 0.625 of the pages have a codec: 1500 / 0.625 = 2400 bytes each.
 * Residuals: -1400 and -400 by turns in one, variance 1e7 / 39 again; 600 and 0 in the other, 5.4e6
 * / 59. (384.6154 + 0.75^2 * 0.98 * 91525.424 / 60) / 0.625^2 = (384.6154 + 840.8898) / 0.390625 =
 * 3137.2934, whose square root 56.0116 times 1.959964 is 109.781.
 */
static void test_strata__the_ratio_is_of_pages_that_need_a_codec(void **state UNUSED)
{
	const struct stratum_sums sums[] = { a, b };
	struct strata_estimate e = estimate_of(sums, (uint64_t[]){ 1000, 3000 }, 2);

	assert_interval(&e.of_coded, 2400, 109.781);
}

static void test_strata__the_order_of_mappings_does_not_matter(void **state UNUSED)
{
	const struct stratum_sums sums[] = { b, a };
	struct strata_estimate e = estimate_of(sums, (uint64_t[]){ 3000, 1000 }, 2);

	assert_interval(&e.of_all, 1500, 286.764);
	assert_interval(&e.of_coded, 2400, 109.781);
}

/* 10 and 50 drawn of 200 and 1,000: taken together they are 60 of 1,200, one mean of 25000 / 60 +
 * 75000 / 60. */
static void test_strata__few_pages_are_taken_together(void **state UNUSED)
{
	const struct stratum_sums
		few = { .pages = 10, .coded_pages = 10, .slot_bytes = 25000, .slot_squares = 7e7 },
		many = { .pages = 50,
			 .coded_pages = 50,
			 .slot_bytes = 75000,
			 .slot_squares = 1.3e8 },
		both = { .pages = 60, .coded_pages = 60, .slot_bytes = 1e5, .slot_squares = 2e8 };
	const struct stratum_sums apart[] = { few, many };
	struct strata_estimate e = estimate_of(apart, (uint64_t[]){ 200, 1000 }, 2),
			       joined = estimate_of(&both, (uint64_t[]){ 1200 }, 1);

	/* Variance (2e8 - 1e10 / 60) / 59 = 564971.75; 0.95 of it / 60 is 8945.386, 94.5800
	 * * 1.959964 = 185.373. */
	assert_interval(&joined.of_all, 1e5 / 60, 185.373);
	assert_interval(&e.of_all, 1e5 / 60, 185.373);
}

static void test_strata__what_was_drawn_whole_is_known(void **state UNUSED)
{
	const struct stratum_sums sums[] = { a, b };
	struct strata_estimate e = estimate_of(sums, (uint64_t[]){ 40, 60 }, 2);

	assert_interval(&e.of_all, 1500, 0);
	assert_interval(&e.of_coded, 150000.0 / 70, 0);
}

static void test_strata__what_the_sample_does_not_carry_is_missing(void **state UNUSED)
{
	const struct stratum_sums same = { .pages = 40 }, one = {
		.pages = 1, .coded_pages = 1, .slot_bytes = 100, .slot_squares = 1e4
	};
	struct strata_estimate e = estimate_of(&same, (uint64_t[]){ 1000 }, 1);

	assert_true(e.of_all.low == 0 && e.of_all.high > 0 && e.of_all.high < 450);
	assert_true(isnan(e.of_coded.estimate));
	e = estimate_of(&one, (uint64_t[]){ 1000 }, 1);
	assert_true(e.of_all.estimate == 100 && e.of_all.low == 0 && e.of_all.high > 3000);
}

/* 40 pages of 1,000 bytes were read of a mapping, and none of another with as many. */
static void test_strata__pages_that_could_not_be_read_may_be_anything(void **state UNUSED)
{
	const struct stratum_sums sums[] = {
		{ .pages = 40, .coded_pages = 40, .slot_bytes = 4e4, .slot_squares = 4e7 },
		{ .unread_pages = 40 },
	};
	struct strata_estimate e = estimate_of(sums, (uint64_t[]){ 40, 40 }, 2);

	assert_true(fabs(e.of_all.low - 500) < 1e-6);
	assert_true(fabs(e.of_all.high - (1000 + 4096) / 2.0) < 1e-6);
	assert_true(isnan(e.of_all.estimate) && isnan(e.of_coded.estimate));
	assert_true(e.unknown_ratio == 0.5);
	e = estimate_of(sums, (uint64_t[]){ 4000, 4000 }, 2);
	assert_true(e.of_all.low < 500 && e.of_all.high > (1000 + 4096) / 2.0);
}

/* 20 of 100 are not of the population, and which ones is unknown: 80 pages take between all that
 * the 100 take, and that less 20 incompressible ones. */
static void test_strata__pages_that_do_not_count_may_be_any(void **state UNUSED)
{
	const struct stratum_sums sums = {
		.pages = 100, .coded_pages = 100, .slot_bytes = 2e5, .slot_squares = 4e8
	};
	const struct page_stratum population = { .pages = 100, .lazyfree_pages = 20 };
	struct strata_estimate e;

	assert_int_equal(strata_estimate(&sums, &population, 1, &e), 0);
	assert_true(fabs(e.of_all.low - (2e5 - 20 * 4096) / 80) < 1e-6);
	assert_true(fabs(e.of_all.high - 2e5 / 80) < 1e-6);
	assert_true(isnan(e.of_all.estimate));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strata__the_mean_weighs_mappings_by_their_pages),
		cmocka_unit_test(test_strata__the_ratio_is_of_pages_that_need_a_codec),
		cmocka_unit_test(test_strata__the_order_of_mappings_does_not_matter),
		cmocka_unit_test(test_strata__few_pages_are_taken_together),
		cmocka_unit_test(test_strata__what_was_drawn_whole_is_known),
		cmocka_unit_test(test_strata__what_the_sample_does_not_carry_is_missing),
		cmocka_unit_test(test_strata__pages_that_could_not_be_read_may_be_anything),
		cmocka_unit_test(test_strata__pages_that_do_not_count_may_be_any),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* test_histogram.c - the generator's log-linear counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "workloads/gen/histogram.h"

static void test_histogram__a_quantile_is_within_3_2_percent(void **state UNUSED)
{
	for (uint64_t v = 0; v < UINT64_C(1) << 41; v = v * 9 / 8 + 1) {
		struct histogram h = { 0 };
		uint64_t half;

		histogram_add(&h, v);
		histogram_add(&h, UINT64_MAX);
		half = histogram_quantile(&h, 0.5);
		assert_true((double)half <= (double)v * 1.032 && (double)half >= (double)v / 1.033);
		assert_true(histogram_quantile(&h, 1) == UINT64_MAX);
	}
}

static void test_histogram__quantiles_are_nearest_rank(void **state UNUSED)
{
	static struct histogram h;

	assert_true(histogram_quantile(&h, 0.5) == MISSING_U64);
	for (uint64_t v = 1; v <= 10; v++)
		histogram_add(&h, v);
	assert_int_equal(histogram_quantile(&h, 0.5), 5);
	assert_int_equal(histogram_quantile(&h, 0.9), 9);
	assert_int_equal(histogram_quantile(&h, 0.99), 10);
	assert_int_equal(histogram_quantile(&h, 1), 10);
}

static void test_histogram__merging_is_adding(void **state UNUSED)
{
	static struct histogram a, b, both;

	for (uint64_t v = 0; v < 1009; v++) {
		histogram_add(v % 3 ? &a : &b, v * v);
		histogram_add(&both, v * v);
	}
	histogram_merge(&a, &b);
	assert_memory_equal(&a, &both, sizeof(a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_histogram__a_quantile_is_within_3_2_percent),
		cmocka_unit_test(test_histogram__quantiles_are_nearest_rank),
		cmocka_unit_test(test_histogram__merging_is_adding),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

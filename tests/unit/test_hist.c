/* SPDX-License-Identifier: GPL-2.0-only */
/* test_hist.c - quantiles of the log-linear histogram that probes and generators share. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "bpf/hist.h"
#include "lib/base/base.h"

static void test_hist__a_quantile_is_within_3_2_percent(void **state UNUSED)
{
	for (uint64_t v = 0; v < UINT64_C(1) << 41; v = v * 9 / 8 + 1) {
		struct hist h = { 0 };
		uint64_t half;

		hist_add(&h, v);
		hist_add(&h, UINT64_MAX);
		half = hist_quantile(&h, 0.5);
		assert_true((double)half <= (double)v * 1.032 && (double)half >= (double)v / 1.033);
		assert_true(hist_quantile(&h, 1) == UINT64_MAX);
	}
}

static void test_hist__quantiles_are_nearest_rank(void **state UNUSED)
{
	static struct hist h;

	assert_true(hist_quantile(&h, 0.5) == MISSING_U64);
	for (uint64_t v = 1; v <= 10; v++)
		hist_add(&h, v);
	assert_int_equal(hist_quantile(&h, 0.5), 5);
	assert_int_equal(hist_quantile(&h, 0.9), 9);
	assert_int_equal(hist_quantile(&h, 0.99), 10);
	assert_int_equal(hist_quantile(&h, 1), 10);
}

static void test_hist__merging_is_adding(void **state UNUSED)
{
	static struct hist a, b, both;

	for (uint64_t v = 0; v < 1009; v++) {
		hist_add(v % 3 ? &a : &b, v * v);
		hist_add(&both, v * v);
	}
	hist_merge(&a, &b);
	assert_memory_equal(&a, &both, sizeof(a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hist__a_quantile_is_within_3_2_percent),
		cmocka_unit_test(test_hist__quantiles_are_nearest_rank),
		cmocka_unit_test(test_hist__merging_is_adding),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

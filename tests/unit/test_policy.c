/* SPDX-License-Identifier: GPL-2.0-only */
/* test_policy.c - the policy's steps on figures made for each, checked by hand in the comments. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/base.h"
#include "lib/analysis/policy.h"

#define GIB_F64 1073741824.0

/* One GiB of memory: lz4 halves it for 1 s and 0.5 s of CPU, lzo does so slower, zstd saves 70 %
 * for 4 s and 2 s. */
static const struct policy_candidate gib[] = {
	{ .name = "lz4:1",
	  .tier = POLICY_FAST,
	  .baseline = true,
	  .orig_bytes = GIB_F64,
	  .saved_codec_bytes = 0.55 * GIB_F64,
	  .saved_slot_bytes = 0.5 * GIB_F64,
	  .compress_cpu_ms = 1000,
	  .decompress_cpu_ms = 500 },
	{ .name = "lzo1x-1",
	  .tier = POLICY_FAST,
	  .orig_bytes = GIB_F64,
	  .saved_codec_bytes = 0.55 * GIB_F64,
	  .saved_slot_bytes = 0.5 * GIB_F64,
	  .compress_cpu_ms = 1200,
	  .decompress_cpu_ms = 900 },
	{ .name = "zstd:3",
	  .tier = POLICY_HEAVY,
	  .orig_bytes = GIB_F64,
	  .saved_codec_bytes = 0.75 * GIB_F64,
	  .saved_slot_bytes = 0.7 * GIB_F64,
	  .compress_cpu_ms = 4000,
	  .decompress_cpu_ms = 2000 },
};
enum { LZ4, LZO, ZSTD, N };

/* The header's defaults, but for these. */
static struct policy_settings with(double readback_factor, double residence_s, double price)
{
	struct policy_settings s = POLICY_DEFAULTS;

	s.readback_factor = readback_factor;
	s.residence_s = residence_s;
	s.price_gib_per_core = price;
	return s;
}

static struct policy_settings with_floor(double floor_ratio, enum policy_savings savings)
{
	struct policy_settings s = POLICY_DEFAULTS;

	s.floor_ratio = floor_ratio;
	s.savings = savings;
	return s;
}

static int rank(struct policy_settings s, const struct policy_candidate *c, size_t n,
		struct policy_verdict *v)
{
	return policy_rank(&s, c, n, v);
}

static void assert_near(double a, double b)
{
	if (!(fabs(a - b) <= 1e-9 * fabs(b)))
		fail_msg("%.17g is not %.17g", a, b);
}

static void test_policy__score_is_the_specified_formula(void **state UNUSED)
{
	struct policy_verdict v[N];

	rank(with(2, 120, 4), gib, N, v);
	assert_near(v[LZ4].cost_cpu_ms, 1000 + 2 * 500);
	assert_near(v[LZ4].fair_score, 0.5 * GIB_F64 / 2000);
	assert_near(v[ZSTD].fair_score, 0.7 * GIB_F64 / 8000);
	assert_near(v[ZSTD].vs_baseline_ratio, 0.7 / 8000 / (0.5 / 2000));
}

static void test_policy__best_score_of_the_fast_tier_wins(void **state UNUSED)
{
	struct policy_verdict v[N];

	assert_int_equal(rank(with(1, 120, 4), gib, N, v), LZ4);
	assert_int_equal(v[LZ4].reason, POLICY_WON_SCORE);
	assert_int_equal(v[LZO].reason, POLICY_LOST_SCORE);
	assert_int_equal(v[ZSTD].reason, POLICY_LOST_READBACK);
	assert_int_equal(v[LZ4].rank, 1);
	assert_int_equal(v[LZO].rank, 2);
	assert_int_equal(v[ZSTD].rank, 3);
}

/* Factor 0: 0.2 GiB more for 3 s more CPU, for 120 s: 8 GiB per core, above the price of 4; at 30 s
 * it is 2. */
static void test_policy__cold_memory_takes_the_heavy_codec_that_pays(void **state UNUSED)
{
	struct policy_verdict v[N];

	assert_int_equal(rank(with(0, 120, 4), gib, N, v), ZSTD);
	assert_near(v[ZSTD].value_gib_per_core, 0.2 * 120 / 3);
	assert_int_equal(v[ZSTD].reason, POLICY_WON_PRICE);
	assert_int_equal(v[ZSTD].rank, 1);
	assert_int_equal(v[LZ4].reason, POLICY_LOST_TO_HEAVY);
	assert_int_equal(v[LZ4].rank, 2);
}

static void test_policy__cold_memory_refuses_the_heavy_codec_that_does_not(void **state UNUSED)
{
	struct policy_verdict v[N];

	assert_int_equal(rank(with(0, 30, 4), gib, N, v), LZ4);
	assert_near(v[ZSTD].value_gib_per_core, 2);
	assert_int_equal(v[ZSTD].reason, POLICY_LOST_PRICE);
}

static void test_policy__heavy_boundary_is_inclusive(void **state UNUSED)
{
	struct policy_verdict v[N];

	/* At 0.25: 0.2 * 120 / (3 + 0.25 * 1.5) = 7.1 */
	assert_int_equal(rank(with(0.25, 120, 4), gib, N, v), ZSTD);
	assert_int_equal(rank(with(0.2501, 120, 4), gib, N, v), LZ4);
}

static void test_policy__floor_is_inclusive_and_counts_the_chosen_bytes(void **state UNUSED)
{
	struct policy_candidate c = gib[LZ4];
	struct policy_verdict v;

	c.saved_slot_bytes = 0;
	c.saved_codec_bytes = 0.05 * c.orig_bytes;
	assert_int_equal(rank(with_floor(0.05, POLICY_CODEC), &c, 1, &v), 0);
	assert_int_equal(rank(with_floor(0.05, POLICY_SLOT), &c, 1, &v), POLICY_NOTHING);
	assert_int_equal(v.reason, POLICY_INELIGIBLE_FLOOR);
	assert_int_equal(v.rank, 0);
	assert_int_equal(rank(with_floor(0.0501, POLICY_CODEC), &c, 1, &v), POLICY_NOTHING);
}

static void test_policy__no_floor_does_not_make_a_loss_eligible(void **state UNUSED)
{
	struct policy_candidate c = gib[LZ4];
	struct policy_verdict v;

	c.saved_slot_bytes = 0;
	assert_int_equal(rank(with_floor(0, POLICY_SLOT), &c, 1, &v), POLICY_NOTHING);
}

static void test_policy__baseline_wins_a_tie(void **state UNUSED)
{
	struct policy_candidate c[2] = { gib[LZ4], gib[LZ4] };
	struct policy_verdict v[2];

	c[0].baseline = false;
	assert_int_equal(rank(with(1, 120, 4), c, 2, v), 1);
	assert_int_equal(v[0].rank, 2);
	assert_int_equal(v[1].rank, 1);
}

static void test_policy__a_codec_that_loses_pages_is_out(void **state UNUSED)
{
	struct policy_candidate c[N];
	struct policy_verdict v[N];

	memcpy(c, gib, sizeof(c));
	c[LZ4].failed = true;
	assert_int_equal(rank(with(1, 120, 4), c, N, v), LZO);
	assert_int_equal(v[LZ4].reason, POLICY_INELIGIBLE_FAILED);
	assert_true(isnan(v[LZO].vs_baseline_ratio));
}

static void test_policy__missing_figures_are_out(void **state UNUSED)
{
	struct policy_candidate c = gib[LZ4];
	struct policy_verdict v;

	c.compress_cpu_ms = MISSING_F64;
	assert_int_equal(rank(with(1, 120, 4), &c, 1, &v), POLICY_NOTHING);
	assert_int_equal(v.reason, POLICY_INELIGIBLE_NO_VALUE);
	c = gib[LZ4];
	c.orig_bytes = 0;
	c.saved_slot_bytes = 0;
	assert_int_equal(rank(with(1, 120, 4), &c, 1, &v), POLICY_NOTHING);
	assert_int_equal(v.reason, POLICY_INELIGIBLE_NO_VALUE);
}

/* With nothing else eligible, 0.7 GiB for 4 s, for 120 s: 21 GiB per core. */
static void test_policy__heavy_alone_is_measured_against_leaving_alone(void **state UNUSED)
{
	struct policy_verdict v;

	assert_int_equal(rank(with(0, 120, 4), &gib[ZSTD], 1, &v), 0);
	assert_near(v.value_gib_per_core, 21);
	assert_int_equal(rank(with(1, 120, 4), &gib[ZSTD], 1, &v), POLICY_NOTHING);
	assert_int_equal(v.reason, POLICY_LOST_READBACK);
}

static void test_policy__heavy_that_saves_no_more_is_not_taken(void **state UNUSED)
{
	struct policy_candidate c[2] = { gib[LZ4], gib[ZSTD] };
	struct policy_verdict v[2];

	c[1].saved_slot_bytes = c[0].saved_slot_bytes;
	assert_int_equal(rank(with(0, 120, 0), c, 2, v), 0);
	assert_int_equal(v[1].reason, POLICY_LOST_NO_GAIN);
}

static void test_policy__heavy_that_is_cheaper_needs_no_price(void **state UNUSED)
{
	struct policy_candidate c[2] = { gib[LZ4], gib[ZSTD] };
	struct policy_verdict v[2];

	c[1].compress_cpu_ms = 500;
	assert_int_equal(rank(with(0, 120, 1e9), c, 2, v), 1);
	assert_true(isinf(v[1].value_gib_per_core));
}

static void test_policy__explains_with_the_figures_that_decided(void **state UNUSED)
{
	struct policy_settings s = with(0, 30, 4);
	struct policy_verdict v[N];
	char buf[160];

	policy_rank(&s, gib, N, v);
	assert_string_equal(policy_explain(&s, &gib[ZSTD], &v[ZSTD], buf, sizeof(buf)),
			    "its extra CPU buys 2.0 GiB per core, below the price of 4.0");
	s.floor_ratio = 0.6;
	policy_rank(&s, gib, N, v);
	assert_string_equal(policy_explain(&s, &gib[LZ4], &v[LZ4], buf, sizeof(buf)),
			    "saves 50.0 %, below the floor of 60.0 %");
	assert_string_equal(policy_reason_name(v[LZ4].reason), "ineligible_floor");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policy__score_is_the_specified_formula),
		cmocka_unit_test(test_policy__best_score_of_the_fast_tier_wins),
		cmocka_unit_test(test_policy__cold_memory_takes_the_heavy_codec_that_pays),
		cmocka_unit_test(test_policy__cold_memory_refuses_the_heavy_codec_that_does_not),
		cmocka_unit_test(test_policy__heavy_boundary_is_inclusive),
		cmocka_unit_test(test_policy__floor_is_inclusive_and_counts_the_chosen_bytes),
		cmocka_unit_test(test_policy__no_floor_does_not_make_a_loss_eligible),
		cmocka_unit_test(test_policy__baseline_wins_a_tie),
		cmocka_unit_test(test_policy__a_codec_that_loses_pages_is_out),
		cmocka_unit_test(test_policy__missing_figures_are_out),
		cmocka_unit_test(test_policy__heavy_alone_is_measured_against_leaving_alone),
		cmocka_unit_test(test_policy__heavy_that_saves_no_more_is_not_taken),
		cmocka_unit_test(test_policy__heavy_that_is_cheaper_needs_no_price),
		cmocka_unit_test(test_policy__explains_with_the_figures_that_decided),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

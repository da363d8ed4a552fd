/* SPDX-License-Identifier: GPL-2.0-only */
/* test_policy.c - the policy's steps on figures made for each, checked by hand in the comments. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/analysis/prng.h"
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

/* Bytes per CPU order them all, whatever is chosen. */
static void test_policy__rank_is_by_score_alone(void **state UNUSED)
{
	struct policy_verdict v[N];

	for (int cold = 0; cold < 2; cold++) {
		assert_int_equal(rank(with(cold ? 0 : 1, 120, 4), gib, N, v), cold ? ZSTD : LZ4);
		assert_int_equal(v[LZ4].rank, 1);
		assert_int_equal(v[LZO].rank, 2);
		assert_int_equal(v[ZSTD].rank, 3);
	}
}

/* At factor 1, lz4's first step: 0.5 GiB for 1.5 s, for 120 s. */
static void test_policy__warm_memory_takes_the_fast_step_that_pays(void **state UNUSED)
{
	struct policy_verdict v[N];

	assert_int_equal(rank(with(1, 120, 4), gib, N, v), LZ4);
	assert_int_equal(v[LZ4].reason, POLICY_WON_PRICE);
	assert_near(v[LZ4].value_gib_per_core, 0.5 * 120 / 1.5);
	assert_true(v[LZ4].first_step);
	assert_int_equal(v[LZO].reason, POLICY_LOST_NO_GAIN);
	assert_int_equal(v[ZSTD].reason, POLICY_LOST_READBACK);
}

static void test_policy__none_pays_where_pages_stay_too_short(void **state UNUSED)
{
	struct policy_verdict v[N];

	/* 0.5 GiB for 1.5 s: 4 GiB per core from 12 s on. */
	assert_int_equal(rank(with(1, 12, 4), gib, N, v), LZ4);
	assert_int_equal(rank(with(1, 11.9, 4), gib, N, v), POLICY_NOTHING);
	assert_int_equal(v[LZ4].reason, POLICY_LOST_PRICE);
	assert_int_equal(v[LZ4].rank, 1);
}

/* Factor 0: 0.2 GiB more for 3 s more CPU, for 120 s: 8 GiB per core, above the price of 4; at 30 s
 * it is 2. */
static void test_policy__cold_memory_takes_the_heavy_codec_that_pays(void **state UNUSED)
{
	struct policy_verdict v[N];

	assert_int_equal(rank(with(0, 120, 4), gib, N, v), ZSTD);
	assert_near(v[ZSTD].value_gib_per_core, 0.2 * 120 / 3);
	assert_int_equal(v[ZSTD].reason, POLICY_WON_PRICE);
	assert_int_equal(v[LZ4].reason, POLICY_LOST_TO_CHOICE);
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
	assert_int_equal(v.reason, POLICY_INELIGIBLE_NO_PAGES);
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

static void test_policy__heavy_that_is_cheaper_is_the_first_step(void **state UNUSED)
{
	struct policy_candidate c[2] = { gib[LZ4], gib[ZSTD] };
	struct policy_verdict v[2];

	c[1].compress_cpu_ms = 500;
	assert_int_equal(rank(with(0, 120, 100), c, 2, v), 1);
	assert_near(v[1].value_gib_per_core, 0.7 * 120 / 0.5);
	assert_int_equal(v[0].reason, POLICY_LOST_NO_GAIN);
	assert_int_equal(rank(with(0, 120, 1e9), c, 2, v), POLICY_NOTHING);
}

/* Among those that pay against the fast one, bytes per CPU would pick the second. */
static void test_policy__the_longer_pages_stay_the_further_the_choice(void **state UNUSED)
{
	struct policy_candidate c[3] = { gib[LZ4], gib[ZSTD], gib[ZSTD] };
	struct policy_verdict v[3];

	c[1].name = "zstd:-1";
	c[1].saved_slot_bytes = 0.56 * GIB_F64;
	c[1].compress_cpu_ms = 1600;
	assert_int_equal(rank(with(0, 30, 4), c, 3, v), 0);
	assert_int_equal(rank(with(0, 50, 4), c, 3, v), 1);
	assert_int_equal(rank(with(0, 600, 4), c, 3, v), 2);
	assert_int_equal(v[1].rank, 2);
}

/* Factor 0.5: half of what zstd saves more, 0.1 GiB, for half of (0.5 + 4) s. */
static void test_policy__idle_pages_are_recompressed_where_the_kernel_can(void **state UNUSED)
{
	struct policy_settings s = with(0.5, 120, 4);
	struct policy_verdict v[N];
	struct policy_choice choice;

	policy_decide(&s, gib, N, v, &choice);
	assert_int_equal(choice.codec, LZ4);
	assert_int_equal(choice.recompress, POLICY_NOTHING);
	s.recompress = true;
	policy_decide(&s, gib, N, v, &choice);
	assert_int_equal(choice.codec, LZ4);
	assert_int_equal(choice.recompress, ZSTD);
	assert_near(choice.saved_bytes, 0.6 * GIB_F64);
	assert_near(choice.cost_cpu_ms, 1250 + 2250);
	assert_int_equal(v[LZ4].reason, POLICY_WON_WRITE);
	assert_int_equal(v[ZSTD].reason, POLICY_WON_RECOMPRESS);
	/* 0.1 GiB * 120 s / 2.25 s = 5.3 */
	s.price_gib_per_core = 6;
	policy_decide(&s, gib, N, v, &choice);
	assert_int_equal(choice.recompress, POLICY_NOTHING);
	/* No page is idle where each is read back. */
	s = with(1, 120, 0);
	s.recompress = true;
	policy_decide(&s, gib, N, v, &choice);
	assert_int_equal(choice.recompress, POLICY_NOTHING);
}

/* ---- seeded: the choice against brute force over every point ---- */
static double unit(struct prng *rng)
{
	return (double)(prng_next(rng) >> 11) * 0x1p-53;
}

static size_t draw_candidates(struct prng *rng, struct policy_candidate *c, size_t max)
{
	size_t n = prng_below(rng, max + 1);

	for (size_t i = 0; i < n; i++) {
		/* Some equal, some worthless, some without a time, some with lost pages. */
		c[i] = (struct policy_candidate){
			.name = "x",
			.tier = prng_below(rng, 2) ? POLICY_HEAVY : POLICY_FAST,
			.failed = prng_below(rng, 16) == 0,
			.orig_bytes = GIB_F64,
			.saved_slot_bytes = GIB_F64 * (unit(rng) - 0.1),
			.compress_cpu_ms = exp(unit(rng) * 10),
			.decompress_cpu_ms = exp(unit(rng) * 8),
		};
		if (prng_below(rng, 16) == 0)
			c[i].compress_cpu_ms = MISSING_F64;
		if (i && prng_below(rng, 8) == 0)
			c[i] = c[i - 1];
	}
	return n;
}

static bool may_be_taken(const struct policy_settings *s, const struct policy_candidate *c)
{
	return !c->failed && !isnan(c->compress_cpu_ms) &&
	       c->saved_slot_bytes >= s->floor_ratio * c->orig_bytes;
}

/* GiB-seconds saved, less the price of the CPU. */
static double net(const struct policy_settings *s, double bytes, double ms)
{
	return bytes / GIB_F64 * s->residence_s - s->price_gib_per_core * ms / 1000;
}

static double brute_force(const struct policy_settings *s, const struct policy_candidate *c,
			  size_t n)
{
	const double f = s->readback_factor;
	double best = 0;

	for (size_t i = 0; i < n; i++) {
		double ms = c[i].compress_cpu_ms + f * c[i].decompress_cpu_ms;

		if (!may_be_taken(s, &c[i]))
			continue;
		if (c[i].tier == POLICY_FAST || f <= s->heavy_below)
			best = fmax(best, net(s, c[i].saved_slot_bytes, ms));
		for (size_t k = 0; s->recompress && f < 1 && k < n; k++)
			if (c[i].tier == POLICY_FAST && c[k].tier == POLICY_HEAVY &&
			    may_be_taken(s, &c[k]))
				best = fmax(best, net(s,
						      (1 - f) * c[i].saved_slot_bytes +
							      f * c[k].saved_slot_bytes,
						      ms + (1 - f) * (c[i].decompress_cpu_ms +
								      c[k].compress_cpu_ms)));
	}
	return best;
}

static void test_policy__no_choice_is_worth_more_by_brute_force(void **state UNUSED)
{
	struct policy_candidate c[12];
	struct policy_verdict v[12];
	struct policy_choice choice;
	struct prng rng;
	size_t taken = 0, pairs = 0;

	prng_seed(&rng, 12);
	for (int i = 0; i < 20000; i++) {
		struct policy_settings s = with(2 * unit(&rng) * unit(&rng),
						exp(unit(&rng) * log(3600)), exp(unit(&rng) * 4));
		size_t n = draw_candidates(&rng, c, ARRAY_SIZE(c));
		double best;

		s.recompress = prng_below(&rng, 2);
		policy_decide(&s, c, n, v, &choice);
		best = brute_force(&s, c, n);
		if (!(net(&s, choice.saved_bytes, choice.cost_cpu_ms) >= best - 1e-9 * (1 + best)))
			fail_msg("round %d: %.17g, brute force %.17g", i,
				 net(&s, choice.saved_bytes, choice.cost_cpu_ms), best);
		taken += choice.codec != POLICY_NOTHING;
		pairs += choice.recompress != POLICY_NOTHING;
		for (size_t k = 0; k < n; k++)
			for (size_t j = 0; v[k].eligible && j < n; j++)
				if (v[j].eligible && v[j].rank < v[k].rank)
					assert_true(v[j].fair_score >= v[k].fair_score);
	}
	assert_in_range(taken, 5000, 19000);
	assert_in_range(pairs, 500, 10000);
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
		cmocka_unit_test(test_policy__rank_is_by_score_alone),
		cmocka_unit_test(test_policy__warm_memory_takes_the_fast_step_that_pays),
		cmocka_unit_test(test_policy__none_pays_where_pages_stay_too_short),
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
		cmocka_unit_test(test_policy__heavy_that_is_cheaper_is_the_first_step),
		cmocka_unit_test(test_policy__the_longer_pages_stay_the_further_the_choice),
		cmocka_unit_test(test_policy__idle_pages_are_recompressed_where_the_kernel_can),
		cmocka_unit_test(test_policy__no_choice_is_worth_more_by_brute_force),
		cmocka_unit_test(test_policy__explains_with_the_figures_that_decided),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

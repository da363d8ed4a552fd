/* SPDX-License-Identifier: GPL-2.0-only */
/* test_rank.c - candidates, calibration, order, decision, sweep and front from measured codecs. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/analysis/prng.h"
#include "lib/analysis/rank.h"

/* 1,000 pages: lz4 and lzo save 2,000,000 bytes, zstd 2,600,000; snappy fails. */
static const struct rank_codec codecs[] = {
	{ .label = "snappy",
	  .failed = true,
	  .orig_bytes = 4096000,
	  .codec_bytes = 1000000,
	  .slot_bytes = 1000000,
	  .compress_cpu_ns = 1000000,
	  .decompress_cpu_ns = 1000000 },
	{ .label = "lzo1x-1",
	  .orig_bytes = 4096000,
	  .codec_bytes = 1990000,
	  .slot_bytes = 2096000,
	  .compress_cpu_ns = 4000000,
	  .decompress_cpu_ns = 2000000 },
	{ .label = "zstd:3",
	  .heavy = true,
	  .orig_bytes = 4096000,
	  .codec_bytes = 1400000,
	  .slot_bytes = 1496000,
	  .compress_cpu_ns = 12000000,
	  .decompress_cpu_ns = 5000000 },
	{ .label = "lz4:1",
	  .orig_bytes = 4096000,
	  .codec_bytes = 2000000,
	  .slot_bytes = 2096000,
	  .compress_cpu_ns = 3000000,
	  .decompress_cpu_ns = 1000000 },
};
enum { N = ARRAY_SIZE(codecs) };

static struct rank_query query_at(double readback_factor)
{
	struct rank_query query = { .target = "pages", .policy = POLICY_DEFAULTS };

	query.policy.readback_factor = readback_factor;
	return query;
}

static void test_rank__candidates_come_by_rank_and_ineligible_ones_last(void **state UNUSED)
{
	struct rank_query query = query_at(1);
	struct ranking ranking;

	rank_codecs(&query, codecs, N, &ranking);
	assert_int_equal(ranking.n, N);
	assert_string_equal(ranking.candidates[0].label, "lz4:1");
	assert_string_equal(ranking.candidates[1].label, "lzo1x-1");
	assert_string_equal(ranking.candidates[2].label, "zstd:3");
	assert_string_equal(ranking.candidates[3].label, "snappy");
	assert_int_equal(ranking.candidates[2].rank, 3);
	assert_true(ranking.candidates[3].rank == MISSING_U64);
	assert_string_equal(ranking.candidates[3].reason, "ineligible_failed");
	assert_string_equal(ranking.candidates[0].target, "pages");
	assert_string_equal(ranking.choice, "lz4:1");
	assert_string_equal(ranking.decision, "baseline");
	assert_true(fabs(ranking.cost_cpu_ms - 4) < 1e-9);
	assert_true(fabs(ranking.candidates[0].fair_score - 500000) < 1e-6);
}

static void test_rank__a_calibration_scales_its_model_and_is_named(void **state UNUSED)
{
	static const struct calibration calibrations[] = {
		{ .algorithm = "lz4",
		  .model = "lz4:1",
		  .compress_factor = 2,
		  .decompress_factor = 3,
		  .compress_error_ratio = 0.006,
		  .decompress_error_ratio = -0.013,
		  .taken_unix_ns = 86400 * NS_PER_S },
	};
	struct rank_query query = query_at(1);
	struct ranking ranking;

	query.calibrations = calibrations;
	query.n_calibrations = 1;
	query.calibration_source = "study.db";
	rank_codecs(&query, codecs, N, &ranking);
	/* 2 * 3 + 3 * 1 ms for lz4: lzo's 6 ms are less now. */
	assert_string_equal(ranking.choice, "lzo1x-1");
	assert_string_equal(ranking.decision, "fast");
	assert_string_equal(ranking.candidates[1].costs, "kernel lz4");
	assert_string_equal(ranking.candidates[0].costs, "library");
	assert_true(fabs(ranking.candidates[1].cost_cpu_ms - 9) < 1e-9);
	assert_string_equal(ranking.calibration, "study.db: lz4 of 1970-01-02 (error 1.3 %)");
}

static void test_rank__missing_times_and_no_savings_leave_memory_alone(void **state UNUSED)
{
	static const struct rank_codec none[] = {
		{ .label = "lz4:1",
		  .orig_bytes = 4096,
		  .codec_bytes = 1000,
		  .slot_bytes = 1000,
		  .compress_cpu_ns = MISSING_U64,
		  .decompress_cpu_ns = 1 },
		{ .label = "kernel:lz4",
		  .orig_bytes = 4096,
		  .codec_bytes = 4096,
		  .slot_bytes = 4096,
		  .compress_cpu_ns = 1,
		  .decompress_cpu_ns = 1 },
	};
	struct rank_query query = query_at(1);
	struct ranking ranking;

	rank_codecs(&query, none, 2, &ranking);
	assert_null(ranking.choice);
	assert_string_equal(ranking.decision, "leave_alone");
	assert_true(isnan(ranking.saved_ratio));
	assert_non_null(strstr(ranking.answer, "uncompressed"));
	assert_string_equal(ranking.calibration, "");
	assert_string_equal(ranking.candidates[0].reason, "ineligible_no_value");
	assert_string_equal(ranking.candidates[1].costs, "kernel");
}

static void test_rank__the_front_is_cheapest_first(void **state UNUSED)
{
	struct rank_query query = query_at(0.1);
	struct ranking ranking;
	struct rank_front front[RANK_CODECS_MAX];

	rank_codecs(&query, codecs + 1, N - 1, &ranking);
	assert_string_equal(ranking.choice, "zstd:3");
	assert_int_equal(rank_pareto(&ranking, front), 2);
	assert_string_equal(front[0].label, "lz4:1");
	assert_string_equal(front[1].label, "zstd:3");
	assert_true(fabs(front[1].extra_bytes_per_ms - 600000 / 9.4) < 1e-6);
}

/* ---- zero and same-filled pages ---- */

/* A sample drawn from a seed, page by page; what it says is summed here on its own. */
struct mixture_sums {
	struct rank_codec codec;
	uint64_t same_pages, pages;
	double pool_bytes; /* RAM of all pages in a pool */
};

static struct mixture_sums draw_mixture(struct prng *rng)
{
	const uint64_t of_zero = prng_below(rng, 101), of_random = prng_below(rng, 101);
	struct mixture_sums ret = { .codec = codecs[3], .pages = 1 + prng_below(rng, 500) };

	ret.codec.orig_bytes = ret.codec.codec_bytes = ret.codec.slot_bytes = 0;
	ret.codec.compress_cpu_ns = ret.codec.decompress_cpu_ns = 0;
	for (uint64_t i = 0; i < ret.pages; i++) {
		uint64_t slot = prng_below(rng, 100) < of_random ? PAGE_BYTES
								 : 32 * (1 + prng_below(rng, 100));

		if (prng_below(rng, 100) < of_zero) {
			ret.same_pages++;
			continue;
		}
		ret.codec.orig_bytes += PAGE_BYTES;
		ret.codec.compress_cpu_ns += 3000;
		ret.codec.decompress_cpu_ns += 1000;
		ret.codec.codec_bytes += slot - 4;
		ret.codec.slot_bytes += slot;
		ret.pool_bytes += (double)slot;
	}
	return ret;
}

static void test_rank__shares_are_of_all_memory_whatever_the_mixture(void **state UNUSED)
{
	size_t seen[3] = { 0 };
	struct prng rng;

	prng_seed(&rng, 12);
	for (int i = 0; i < 5000; i++) {
		struct mixture_sums m = draw_mixture(&rng);
		struct rank_query query = query_at(1);
		struct ranking ranking;
		double memory = (double)m.pages * PAGE_BYTES, coded = memory;
		double saved = 1 - m.pool_bytes / memory,
		       none = (double)m.same_pages / (double)m.pages;

		query.same_bytes = m.same_pages * PAGE_BYTES;
		rank_codecs(&query, &m.codec, 1, &ranking);
		coded -= (double)query.same_bytes;
		assert_true(fabs(ranking.candidates[0].saved_slot_ratio - saved) < 1e-12);
		assert_true(fabs(ranking.no_codec_ratio - none) < 1e-12);
		/* Its own CPU is worth it for 5 % of the pages that it gets. */
		if (coded > 0 && coded - m.pool_bytes >= 0.05 * coded) {
			assert_string_equal(ranking.decision, "baseline");
			assert_true(fabs(ranking.saved_ratio - saved) < 1e-12);
			seen[0]++;
		} else if (none >= 0.05) {
			assert_string_equal(ranking.decision, "no_codec");
			assert_true(fabs(ranking.saved_ratio - none) < 1e-12);
			assert_null(ranking.choice);
			assert_null(strstr(ranking.answer, "uncompressed"));
			assert_string_equal(ranking.candidates[0].reason,
					    coded > 0 ? "ineligible_floor" : "ineligible_no_pages");
			seen[1]++;
		} else {
			assert_string_equal(ranking.decision, "leave_alone");
			assert_true(isnan(ranking.saved_ratio));
			seen[2]++;
		}
	}
	assert_true(seen[0] > 100 && seen[1] > 100 && seen[2] > 10);
}

/* ---- how sure the decision is ---- */

/* Two codecs at one cost: the first is smaller in groups of even number, the second in the others,
 * by as much or not.
 */
static void make_groups(struct rank_group groups[2][RANK_GROUPS], struct rank_codec *ret,
			uint64_t even, uint64_t odd)
{
	static const char *const labels[2] = { "lz4:1", "lzo1x-1" };

	for (size_t i = 0; i < 2; i++) {
		ret[i] = (struct rank_codec){ .label = labels[i], .groups = groups[i] };
		for (size_t g = 0; g < RANK_GROUPS; g++) {
			struct rank_group *to = &groups[i][g];

			*to = (struct rank_group){ .orig_bytes = 100 * PAGE_BYTES,
						   .slot_bytes = 200000,
						   .compress_cpu_ns = 100000,
						   .decompress_cpu_ns = 50000 };
			to->slot_bytes -= i == g % 2 ? (g % 2 ? odd : even) : 0;
			to->codec_bytes = to->slot_bytes;
			ret[i].orig_bytes += to->orig_bytes;
			ret[i].codec_bytes += to->codec_bytes;
			ret[i].slot_bytes += to->slot_bytes;
			ret[i].compress_cpu_ns += to->compress_cpu_ns;
			ret[i].decompress_cpu_ns += to->decompress_cpu_ns;
		}
	}
}

/* P(X > 16) of X binomial over 32 draws, 1/2: the first wins ties of 16 (the baseline). */
static void test_rank__a_close_decision_says_how_often_the_other_wins(void **state UNUSED)
{
	struct rank_group groups[2][RANK_GROUPS];
	struct rank_query query = query_at(1);
	struct rank_codec two[2];
	struct ranking ranking;
	double tie = exp(lgamma(33) - 2 * lgamma(17) - 32 * log(2)), expected = 0.5 + tie / 2;

	query.unsampled_ratio = 1;
	make_groups(groups, two, 1000, 1000);
	rank_codecs(&query, two, 2, &ranking);
	assert_string_equal(ranking.choice, "lz4:1");
	/* 4 standard deviations of 1,000 draws */
	assert_true(fabs(ranking.sureness.win_ratio - expected) < 4 * sqrt(0.25 / RANK_REDRAWS));
	assert_string_equal(ranking.sureness.runner_up, "lzo1x-1");
	assert_true(fabs(ranking.sureness.win_ratio + ranking.sureness.runner_up_ratio - 1) < 1e-9);
	/* All pages were measured: nothing is left to chance. */
	query.unsampled_ratio = 0;
	rank_codecs(&query, two, 2, &ranking);
	assert_true(ranking.sureness.win_ratio == 1);
	assert_string_equal(ranking.sureness.runner_up, "");
	/* A clear lead. */
	query.unsampled_ratio = 1;
	make_groups(groups, two, 20000, 0);
	rank_codecs(&query, two, 2, &ranking);
	assert_true(ranking.sureness.win_ratio == 1);
	two[1].groups = NULL;
	rank_codecs(&query, two, 2, &ranking);
	assert_true(isnan(ranking.sureness.win_ratio));
}

struct ranges {
	size_t n;
	double end;
};

static int take(void *ctx, const struct rank_range *range)
{
	struct ranges *ranges = ctx;

	if (range->from_factor != 0)
		assert_true(range->from_factor == ranges->end);
	if (range->price_gib_per_core == 4 && range->from_factor == 0) {
		assert_string_equal(range->choice, "zstd:3");
		assert_true(fabs(range->to_factor - 0.25) < 1e-9);
	}
	/* The first step is 2,000,000 bytes * 120 s / (3 + factor) ms: 32 GiB per core at 3.985. */
	if (range->price_gib_per_core == 32 && range->from_factor == 0)
		assert_true(fabs(range->to_factor - 3.985) < 1e-3);
	if (range->price_gib_per_core == 32 && range->from_factor > 0)
		assert_null(range->choice);
	ranges->end = range->to_factor;
	ranges->n++;
	return range->price_gib_per_core == 32 && range->from_factor > 0 ? 7 : 0;
}

static void test_rank__the_sweep_covers_all_factors_and_stops_where_told(void **state UNUSED)
{
	struct rank_query query = query_at(1);
	struct ranges ranges = { 0 };

	assert_int_equal(rank_sweep(&query, codecs, N, take, &ranges), 7);
	assert_true(ranges.n >= 7);
	assert_true(ranges.end == 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rank__candidates_come_by_rank_and_ineligible_ones_last),
		cmocka_unit_test(test_rank__a_calibration_scales_its_model_and_is_named),
		cmocka_unit_test(test_rank__missing_times_and_no_savings_leave_memory_alone),
		cmocka_unit_test(test_rank__the_front_is_cheapest_first),
		cmocka_unit_test(test_rank__shares_are_of_all_memory_whatever_the_mixture),
		cmocka_unit_test(test_rank__a_close_decision_says_how_often_the_other_wins),
		cmocka_unit_test(test_rank__the_sweep_covers_all_factors_and_stops_where_told),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

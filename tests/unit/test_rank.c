/* SPDX-License-Identifier: GPL-2.0-only */
/* test_rank.c - candidates, calibration, order, decision, sweep and front from measured codecs. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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
	ranges->end = range->to_factor;
	ranges->n++;
	return range->price_gib_per_core == 32 ? 7 : 0;
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
		cmocka_unit_test(test_rank__the_sweep_covers_all_factors_and_stops_where_told),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

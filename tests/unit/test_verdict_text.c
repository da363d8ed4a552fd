/* SPDX-License-Identifier: GPL-2.0-only */
/* test_verdict_text.c - each kind of verdict as the one line that people act on. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "study/verdict.h"

/* lz4 at 65 % of the peak, 12 pairs, 3 % slower [1, 5], 163 of 208 MiB. */
static struct study_verdict verdict_of_kind(enum verdict_kind kind, enum verdict_why why)
{
	struct study_verdict v = {
		.verdict = { .kind = kind, .why = why },
		.record = { .algorithm = "lz4",
			    .max_slowdown_ratio = 0.05,
			    .limit_ratio = 0.65,
			    .limit_bytes = 136 * MIB,
			    .slowdown_ratio = 0.03,
			    .slowdown_low_ratio = 0.01,
			    .slowdown_high_ratio = 0.05,
			    .confidence_ratio = 0.95,
			    .pairs = 12,
			    .runs = 40,
			    .ram_bytes = 163 * MIB,
			    .reference_ram_bytes = 208 * MIB,
			    .saved_ratio = 1 - 163.0 / 208,
			    .more_pairs = MISSING_U64,
			    .more_ns = MISSING_U64,
			    .others_cpu_ratio = 0.02 },
	};

	return v;
}

static const char *line_of(const struct study_verdict *v)
{
	static char text[600];
	FILE *f = fmemopen(text, sizeof(text), "w");

	verdict_line(f, v);
	fclose(f);
	return text;
}

static void test_verdict_line__less_ram_within_the_bound(void **state UNUSED)
{
	struct study_verdict v = verdict_of_kind(VERDICT_SAVES, VERDICT_PAIRS);

	assert_string_equal(line_of(&v),
			    "lz4: runs in 163.0 MiB instead of 208.0 MiB (-22 %) at 3 % more time "
			    "(95 %: 1 to 5 %)");
	v.record.slowdown_ratio = -0.001;
	v.record.slowdown_low_ratio = -0.02;
	assert_string_equal(line_of(&v),
			    "lz4: runs in 163.0 MiB instead of 208.0 MiB (-22 %) at no more time "
			    "(95 %: -2 to 5 %)");
}

static void test_verdict_line__two_that_cannot_be_told_apart(void **state UNUSED)
{
	struct study_verdict v = verdict_of_kind(VERDICT_TIE, VERDICT_PAIRS);

	v.record.second = "lzo-rle";
	assert_non_null(
		strstr(line_of(&v), "; lz4 and lzo-rle cannot be told apart: lz4 by the policy"));
}

static void test_verdict_line__no_saving_is_left_alone(void **state UNUSED)
{
	struct study_verdict v = verdict_of_kind(VERDICT_NONE, VERDICT_SLOWER);

	v.record.limit_ratio = 0.95;
	v.record.slowdown_ratio = 0.4;
	assert_string_equal(line_of(&v), "no saving within 5 %: at 95 % of its RAM it takes 1.40x "
					 "the time; leave it alone");
	v = verdict_of_kind(VERDICT_NONE, VERDICT_NO_RAM_SAVED);
	v.record.ram_bytes = 207 * MIB;
	assert_string_equal(line_of(&v),
			    "no saving within 5 %: limited to 65 % of its peak it takes 207.0 MiB "
			    "of RAM in total instead of 208.0 MiB; leave it alone");
}

static void test_verdict_line__undecided_says_what_it_would_take(void **state UNUSED)
{
	struct study_verdict v = verdict_of_kind(VERDICT_UNDECIDED, VERDICT_INTERVAL_TOO_WIDE);

	v.record.more_pairs = 28;
	v.record.more_ns = 540 * NS_PER_S;
	v.record.algorithm = NULL;
	assert_string_equal(line_of(&v), "not decided: 28 more pairs would be needed, 9 min");
	v = verdict_of_kind(VERDICT_UNDECIDED, VERDICT_REFERENCE_FAILED);
	assert_string_equal(line_of(&v), "not decided: it failed without any limit");
}

/* What breaks the bound, or may, is never named as something to do. */
static void test_verdict_line__only_savings_name_a_saving(void **state UNUSED)
{
	static const enum verdict_why whys[] = {
		VERDICT_REFERENCE_FAILED, VERDICT_TOO_FEW_RUNS, VERDICT_INTERVAL_TOO_WIDE,
		VERDICT_LARGER_UNTESTED,  VERDICT_KILLED,       VERDICT_SLOWER,
		VERDICT_NO_RAM_SAVED,
	};

	for (size_t i = 0; i < ARRAY_SIZE(whys); i++) {
		enum verdict_kind kind =
			whys[i] == VERDICT_SLOWER || whys[i] == VERDICT_NO_RAM_SAVED
				? VERDICT_NONE
				: VERDICT_UNDECIDED;
		struct study_verdict v = verdict_of_kind(kind, whys[i]);
		const char *line = line_of(&v);

		assert_null(strstr(line, "runs in"));
		assert_null(strstr(line, "recommended"));
		assert_null(strstr(line, "nan"));
		assert_true(str_starts(line, kind == VERDICT_NONE ? "no saving" : "not decided"));
	}
}

static void test_verdict_line__partial_and_busy_are_said(void **state UNUSED)
{
	struct study_verdict v = verdict_of_kind(VERDICT_SAVES, VERDICT_PAIRS);

	v.verdict.partial = true;
	v.record.others_cpu_ratio = 0.4;
	assert_non_null(strstr(line_of(&v),
			       "; busy machine: others took 40 % of the CPUs [partial: "
			       "ended after 40 runs]"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdict_line__less_ram_within_the_bound),
		cmocka_unit_test(test_verdict_line__two_that_cannot_be_told_apart),
		cmocka_unit_test(test_verdict_line__no_saving_is_left_alone),
		cmocka_unit_test(test_verdict_line__undecided_says_what_it_would_take),
		cmocka_unit_test(test_verdict_line__only_savings_name_a_saving),
		cmocka_unit_test(test_verdict_line__partial_and_busy_are_said),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

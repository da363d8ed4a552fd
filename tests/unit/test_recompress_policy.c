/* SPDX-License-Identifier: GPL-2.0-only */
/* test_recompress_policy.c - the recompress policy: which threshold it chooses, and when none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/base.h"
#include "ram-pool/recompress_policy.h"

#define HUGE_BYTES 3257u
#define EACH       100u

static const struct policy_settings cold = {
	.readback_factor = POLICY_READBACK_COLD,
	.heavy_below = 0.25,
	.price_gib_per_core = 4,
	.residence_s = 600,
};

static struct recompress_page pages[3 * EACH];

/* EACH pages of one kind behind the n there are: 1 us to decompress, 40 us to recompress. */
static void add(struct recompress_sample *s, size_t len, size_t second_len)
{
	for (size_t i = 0; i < EACH; i++)
		pages[s->n++] = (struct recompress_page){
			.len = len,
			.second_len = second_len,
			.slot_bytes = (double)len,
			.second_bytes = (double)second_len,
			.decompress_ms = 0.001,
			.second_compress_ms = 0.04,
			.second_decompress_ms = 0.008,
		};
}

static struct recompress_sample none(void)
{
	return (struct recompress_sample){
		.pages = pages, .first = "lz4:1", .second = "zstd:3", .huge_bytes = HUGE_BYTES
	};
}

static void test_recompress_policy__what_gains_little_is_below_the_threshold(void **state UNUSED)
{
	struct recompress_sample s = none();
	struct recompress_verdict verdict;

	add(&s, 900, 860); /* 40 bytes for 41 us: 0.55 GiB per core in 600 s */
	add(&s, 2600, 1700);
	recompress_policy_decide(&s, &cold, false, &verdict);
	assert_true(verdict.recompress);
	assert_int_equal(verdict.sampled_pages, 2 * EACH);
	/* The lowest that leaves the small ones out: from it on, a page that gets below it is kept.
	 */
	assert_true(verdict.threshold_bytes > 900 && verdict.threshold_bytes <= 2600);
	assert_true(verdict.threshold_bytes > 1700); /* or none would be kept */
	/* 900 bytes for 41.7 us, for 600 s, with what is read back. */
	assert_true(verdict.value_gib_per_core > 11 && verdict.value_gib_per_core < 13);
	assert_non_null(strstr(verdict.why, "GiB per core"));
}

static void test_recompress_policy__where_all_gain_all_are_taken(void **state UNUSED)
{
	struct recompress_sample s = none();
	struct recompress_verdict verdict;

	add(&s, 900, 400);
	add(&s, 2600, 1700);
	recompress_policy_decide(&s, &cold, false, &verdict);
	assert_true(verdict.recompress);
	assert_int_equal(verdict.threshold_bytes, 0);
}

static void test_recompress_policy__none_pays_the_price(void **state UNUSED)
{
	struct policy_settings dear = cold;
	struct recompress_sample s = none();
	struct recompress_verdict verdict;

	dear.price_gib_per_core = 100;
	add(&s, 900, 400);
	add(&s, 2600, 1700);
	recompress_policy_decide(&s, &dear, false, &verdict);
	assert_false(verdict.recompress);
	assert_true(verdict.value_gib_per_core > 8 && verdict.value_gib_per_core < 12);
	assert_non_null(strstr(verdict.why, "below the price"));
	/* The same pages, if they stay out twenty times as long. */
	dear.residence_s *= 20;
	recompress_policy_decide(&s, &dear, false, &verdict);
	assert_true(verdict.recompress);
}

static void test_recompress_policy__a_page_that_gets_no_smaller_costs_and_stays(void **state UNUSED)
{
	struct recompress_sample s = none();
	struct recompress_verdict verdict;

	add(&s, PAGE_BYTES, PAGE_BYTES);
	recompress_policy_decide(&s, &cold, false, &verdict);
	assert_false(verdict.recompress);
	recompress_policy_decide(&s, &cold, true, &verdict);
	assert_false(verdict.recompress);
	/* Among them some that do: half of 900 bytes for the time of both. */
	add(&s, PAGE_BYTES, 3100);
	recompress_policy_decide(&s, &cold, true, &verdict);
	assert_true(verdict.recompress);
	assert_true(verdict.value_gib_per_core > 6 && verdict.value_gib_per_core < 8);
}

static void test_recompress_policy__no_incompressible_page_is_said(void **state UNUSED)
{
	struct recompress_sample s = none();
	struct recompress_verdict verdict;

	add(&s, 900, 400);
	recompress_policy_decide(&s, &cold, true, &verdict);
	assert_false(verdict.recompress);
	assert_non_null(strstr(verdict.why, "no page is incompressible"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recompress_policy__what_gains_little_is_below_the_threshold),
		cmocka_unit_test(test_recompress_policy__where_all_gain_all_are_taken),
		cmocka_unit_test(test_recompress_policy__none_pays_the_price),
		cmocka_unit_test(
			test_recompress_policy__a_page_that_gets_no_smaller_costs_and_stays),
		cmocka_unit_test(test_recompress_policy__no_incompressible_page_is_said),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* test_worth.c - recompression by the policy: which threshold it finds, and when it finds none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/base.h"
#include "ram-pool/worth.h"

#define HUGE_BYTES 3257u
#define EACH       100u

static const struct policy_settings cold = {
	.readback_factor = POLICY_READBACK_COLD,
	.heavy_below = 0.25,
	.price_gib_per_core = 4,
	.residence_s = 600,
};

static struct worth_page pages[3 * EACH];

/* EACH pages of one kind behind the n there are: 1 us to open, 40 us to pack again. */
static void add(struct worth_sample *s, size_t len, size_t again_len)
{
	for (size_t i = 0; i < EACH; i++)
		pages[s->n++] = (struct worth_page){
			.len = len,
			.again_len = again_len,
			.slot_bytes = (double)len,
			.again_bytes = (double)again_len,
			.open_ms = 0.001,
			.again_ms = 0.04,
			.again_open_ms = 0.008,
		};
}

static struct worth_sample none(void)
{
	return (struct worth_sample){
		.pages = pages, .first = "lz4:1", .second = "zstd:3", .huge_bytes = HUGE_BYTES
	};
}

static void test_worth__what_gains_little_is_below_the_threshold(void **state UNUSED)
{
	struct worth_sample s = none();
	struct pool_worth worth;

	add(&s, 900, 860); /* 40 bytes for 41 us: 0.55 GiB per core in 600 s */
	add(&s, 2600, 1700);
	worth_judge(&s, &cold, false, &worth);
	assert_true(worth.worth);
	assert_int_equal(worth.sampled_pages, 2 * EACH);
	/* The lowest that leaves the small ones out: from it on, a page that gets below it is kept.
	 */
	assert_true(worth.threshold_bytes > 900 && worth.threshold_bytes <= 2600);
	assert_true(worth.threshold_bytes > 1700); /* or none would be kept */
	/* 900 bytes for 41.7 us, for 600 s, with what is read back. */
	assert_true(worth.value_gib_per_core > 11 && worth.value_gib_per_core < 13);
	assert_non_null(strstr(worth.why, "GiB per core"));
}

static void test_worth__where_all_gain_all_are_taken(void **state UNUSED)
{
	struct worth_sample s = none();
	struct pool_worth worth;

	add(&s, 900, 400);
	add(&s, 2600, 1700);
	worth_judge(&s, &cold, false, &worth);
	assert_true(worth.worth);
	assert_int_equal(worth.threshold_bytes, 0);
}

static void test_worth__none_pays_the_price(void **state UNUSED)
{
	struct policy_settings dear = cold;
	struct worth_sample s = none();
	struct pool_worth worth;

	dear.price_gib_per_core = 100;
	add(&s, 900, 400);
	add(&s, 2600, 1700);
	worth_judge(&s, &dear, false, &worth);
	assert_false(worth.worth);
	assert_true(worth.value_gib_per_core > 8 && worth.value_gib_per_core < 12);
	assert_non_null(strstr(worth.why, "below the price"));
	/* The same pages, if they stay out twenty times as long. */
	dear.residence_s *= 20;
	worth_judge(&s, &dear, false, &worth);
	assert_true(worth.worth);
}

static void test_worth__a_page_that_gets_no_smaller_costs_and_stays(void **state UNUSED)
{
	struct worth_sample s = none();
	struct pool_worth worth;

	add(&s, PAGE_BYTES, PAGE_BYTES);
	worth_judge(&s, &cold, false, &worth);
	assert_false(worth.worth);
	worth_judge(&s, &cold, true, &worth);
	assert_false(worth.worth);
	/* Among them some that do: half of 900 bytes for the time of both. */
	add(&s, PAGE_BYTES, 3100);
	worth_judge(&s, &cold, true, &worth);
	assert_true(worth.worth);
	assert_true(worth.value_gib_per_core > 6 && worth.value_gib_per_core < 8);
}

static void test_worth__no_incompressible_page_is_said(void **state UNUSED)
{
	struct worth_sample s = none();
	struct pool_worth worth;

	add(&s, 900, 400);
	worth_judge(&s, &cold, true, &worth);
	assert_false(worth.worth);
	assert_non_null(strstr(worth.why, "none of its pages is incompressible"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_worth__what_gains_little_is_below_the_threshold),
		cmocka_unit_test(test_worth__where_all_gain_all_are_taken),
		cmocka_unit_test(test_worth__none_pays_the_price),
		cmocka_unit_test(test_worth__a_page_that_gets_no_smaller_costs_and_stays),
		cmocka_unit_test(test_worth__no_incompressible_page_is_said),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* test_estimate.c - what the estimator sees in pages that are known, and what it makes of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/analysis/estimate.h"
#include "lib/analysis/stats.h"

static _Alignas(PAGE_BYTES) char page[PAGE_BYTES];

static void counts_are_those_of_the_bytes(void **state UNUSED)
{
	struct estimate_features features;

	memset(page, 'x', sizeof(page));
	features = estimate_look(page);
	assert_int_equal(features.distinct, 1);
	assert_int_equal(features.matches, 79); /* all but the first */

	/* every word another one, and many byte values */
	for (uint32_t i = 0; i < PAGE_BYTES / 4; i++) {
		const uint32_t word = i * UINT32_C(0x9e3779b1) << 8 | (i * 167 & 0xff);

		memcpy(page + i * 4, &word, sizeof(word));
	}
	features = estimate_look(page);
	assert_int_equal(features.distinct, 50); /* of 256, where the four runs stand */
	assert_int_equal(features.matches, 0);
}

static void random_pages_are_left_and_text_is_taken(void **state UNUSED)
{
	static const unsigned int bounds[] = { 3257, 3625, 3833, 1, PAGE_BYTES };
	struct prng rng;

	prng_seed(&rng, 7);
	for (size_t b = 0; b < ARRAY_SIZE(bounds); b++) {
		for (size_t n = 0; n < 101; n++) {
			struct estimate_features features;

			for (size_t i = 0; i < PAGE_BYTES; i += 8) {
				const uint64_t word = prng_next(&rng);

				memcpy(page + i, &word, sizeof(word));
			}
			features = estimate_look(page);
			assert_false(estimate_fits(&features, false, bounds[b]));
			assert_false(estimate_fits(&features, true, bounds[b]));
			for (size_t i = 0; i < PAGE_BYTES; i++)
				page[i] = "etaoin shrdlu\n"[prng_next(&rng) % 14];
			features = estimate_look(page);
			assert_true(estimate_fits(&features, true, bounds[b]));
		}
	}
}

/* Letters drawn one by one: few values, hardly a repeat. Codes for bytes shorten them, repeats
 * alone do not. */
static void what_only_entropy_coding_shortens_is_told_apart(void **state UNUSED)
{
	struct estimate_features features = { .distinct = 48, .matches = 2 };

	assert_true(estimate_fits(&features, true, 3625));
	features.distinct = 72;
	assert_false(estimate_fits(&features, false, 3625));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_are_those_of_the_bytes),
		cmocka_unit_test(random_pages_are_left_and_text_is_taken),
		cmocka_unit_test(what_only_entropy_coding_shortens_is_told_apart),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* test_pagemap.c - every kind of pagemap entry, by hand and made at random, against a second
 * decoder.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/analysis/prng.h"
#include "lib/kernel/pagemap.h"

#define BIT(n)        (UINT64_C(1) << (n))
#define TYPE(t, at)   ((uint64_t)(t) | (uint64_t)(at) << 5)
#define SWAP_TYPES_OF 23

static void test_pagemap__knows_every_kind(void **state UNUSED)
{
	static const struct {
		uint64_t entry;
		unsigned int swap_types;
		enum pagemap_state state;
	} cases[] = {
		{ 0, SWAP_TYPES_OF, PAGEMAP_EMPTY },
		{ BIT(55), SWAP_TYPES_OF, PAGEMAP_EMPTY }, /* never touched, soft-dirty */
		{ BIT(63) | 77, SWAP_TYPES_OF, PAGEMAP_PRESENT },
		{ BIT(63), SWAP_TYPES_OF, PAGEMAP_PRESENT }, /* its frame is hidden */
		{ BIT(62) | TYPE(0, 9), SWAP_TYPES_OF, PAGEMAP_SWAPPED },
		{ BIT(62) | TYPE(22, 9), SWAP_TYPES_OF, PAGEMAP_SWAPPED },
		{ BIT(62) | BIT(57) | TYPE(1, 9), SWAP_TYPES_OF, PAGEMAP_SWAPPED },
		{ BIT(62) | TYPE(0, 9), 0, PAGEMAP_SPECIAL },              /* no swap is on */
		{ BIT(62) | TYPE(26, 9), SWAP_TYPES_OF, PAGEMAP_SPECIAL }, /* poisoned, migration */
		{ BIT(62) | TYPE(31, 1), SWAP_TYPES_OF, PAGEMAP_SPECIAL }, /* a marker */
		{ BIT(62) | BIT(58) | TYPE(31, 4), SWAP_TYPES_OF, PAGEMAP_GUARD },
		{ BIT(62) | BIT(58), SWAP_TYPES_OF, PAGEMAP_GUARD }, /* unprivileged */
		{ BIT(62), SWAP_TYPES_OF, PAGEMAP_SWAPPED },         /* unprivileged */
		{ BIT(62) | BIT(57), SWAP_TYPES_OF, PAGEMAP_SPECIAL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(pagemap_decode(cases[i].entry, cases[i].swap_types).state,
				 cases[i].state);
}

/* As the kernel writes them (pte_to_pagemap_entry), from what they are to say. */
static void test_pagemap__decodes_what_the_kernel_encodes(void **state UNUSED)
{
	struct prng rng;

	prng_seed(&rng, 1);
	for (int i = 0; i < 100000; i++) {
		const uint64_t frame = prng_below(&rng, BIT(40)) + 1, bits = prng_next(&rng);
		const bool file = bits & 1, exclusive = bits & 2, dirty = bits & 4, wp = bits & 8,
			   hidden = bits & 16;
		const enum pagemap_state kind = (enum pagemap_state)prng_below(&rng, 5);
		uint64_t entry = (dirty ? BIT(55) : 0) | (wp ? BIT(57) : 0);
		struct pagemap_page page;

		if (kind == PAGEMAP_PRESENT)
			entry |= BIT(63) | (hidden ? 0 : frame) | (exclusive ? BIT(56) : 0);
		else if (kind == PAGEMAP_SWAPPED)
			entry |= BIT(62) | TYPE(prng_below(&rng, 23), frame);
		else if (kind == PAGEMAP_GUARD)
			entry |= BIT(62) | BIT(58) | TYPE(31, 4);
		else if (kind == PAGEMAP_SPECIAL)
			entry |= BIT(62) | TYPE(23 + prng_below(&rng, 9), frame);
		if (file && kind != PAGEMAP_EMPTY)
			entry |= BIT(61);
		page = pagemap_decode(entry, SWAP_TYPES_OF);
		assert_int_equal(page.state, kind);
		assert_int_equal(page.soft_dirty, dirty);
		assert_int_equal(page.write_protected, wp);
		assert_int_equal(page.file, file && kind != PAGEMAP_EMPTY);
		assert_int_equal(page.exclusive, exclusive && kind == PAGEMAP_PRESENT);
		assert_int_equal(page.frame, kind == PAGEMAP_PRESENT && !hidden ? frame : 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pagemap__knows_every_kind),
		cmocka_unit_test(test_pagemap__decodes_what_the_kernel_encodes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

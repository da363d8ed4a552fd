/* SPDX-License-Identifier: GPL-2.0-only */
/* test_psi.c - the text of pressure files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/kernel/psi.h"

static void test_psi__both_lines(void **state UNUSED)
{
	static const char text[] = "some avg10=1.25 avg60=0.50 avg300=0.07 total=123456789\n"
				   "full avg10=0.75 avg60=0.00 avg300=0.00 total=98765\n";
	struct psi psi;

	assert_int_equal(psi_parse(text, strlen(text), &psi, NULL), 0);
	assert_true(psi.some.avg10 == 1.25 && psi.some.avg60 == 0.5 && psi.some.avg300 == 0.07);
	assert_int_equal(psi.some.total_us, 123456789);
	assert_true(psi.full.avg10 == 0.75);
	assert_int_equal(psi.full.total_us, 98765);
}

static void test_psi__without_full_it_is_missing(void **state UNUSED)
{
	static const char text[] = "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n";
	struct psi psi;

	assert_int_equal(psi_parse(text, strlen(text), &psi, NULL), 0);
	assert_int_equal(psi.some.total_us, 0);
	assert_true(psi.full.total_us == MISSING_U64);
	assert_true(psi.full.avg10 != psi.full.avg10);
}

static void test_psi__unknown_keys_and_lines_are_skipped(void **state UNUSED)
{
	static const char text[] = "most avg10=9.00 total=9\nsome avg10=1.00 avg5=2.00 avg60=0.00 "
				   "avg300=0.00 total=5\n";
	struct psi psi;

	assert_int_equal(psi_parse(text, strlen(text), &psi, NULL), 0);
	assert_int_equal(psi.some.total_us, 5);
	assert_true(psi.some.avg10 == 1.0);
}

static void test_psi__refuses_what_is_none(void **state UNUSED)
{
	static const char *const texts[] = { "", "full avg10=0.00 total=1\n",
					     "some avg10=x total=1\n", "some avg10\n" };
	struct psi psi = { .some.total_us = 42 };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_int_equal(psi_parse(texts[i], strlen(texts[i]), &psi, NULL), -EBADMSG);
	assert_int_equal(psi.some.total_us, 42);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_psi__both_lines),
		cmocka_unit_test(test_psi__without_full_it_is_missing),
		cmocka_unit_test(test_psi__unknown_keys_and_lines_are_skipped),
		cmocka_unit_test(test_psi__refuses_what_is_none),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

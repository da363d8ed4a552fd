/* SPDX-License-Identifier: GPL-2.0-only */
/* test_err.c - what an error carries, and that it is never overrun. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/err.h"

static void test_err__set_appends_the_reason_and_takes_either_sign(void **state UNUSED)
{
	struct err e = { 0 };

	assert_int_equal(err_set(&e, ENOENT, "cannot open %s", "/x"), -ENOENT);
	assert_string_equal(e.what, "cannot open /x: No such file or directory");
	assert_int_equal(err_set(&e, -ENOENT, "cannot open %s", "/y"), -ENOENT);
	assert_string_equal(e.what, "cannot open /y: No such file or directory");
	assert_int_equal(e.exit, EXIT_FAILED);
}

static void test_err__code_0_is_still_a_failure(void **state UNUSED)
{
	struct err e = { 0 };

	assert_int_equal(err_set(&e, 0, "x"), -EIO);
	assert_int_equal(e.code, -EIO);
}

static void test_err__say_stands_alone(void **state UNUSED)
{
	struct err e = { 0 };

	assert_int_equal(err_say(&e, EBADMSG, "mm_stat has %d fields", 3), -EBADMSG);
	assert_string_equal(e.what, "mm_stat has 3 fields");
}

static void test_err__usage_and_impossible_have_their_exit_codes(void **state UNUSED)
{
	struct err e = { 0 };

	assert_int_equal(err_usage(&e, "x"), -EINVAL);
	assert_int_equal(e.exit, EXIT_USAGE);
	assert_int_equal(err_impossible(&e, "x"), -ENOTSUP);
	assert_int_equal(e.exit, EXIT_IMPOSSIBLE);
}

static void test_err__a_new_error_drops_the_old_hint(void **state UNUSED)
{
	struct err e = { 0 };

	err_set(&e, EIO, "first");
	assert_int_equal(err_hint(&e, "do this"), -EIO);
	assert_string_equal(e.hint, "do this");
	err_set(&e, ENOENT, "second");
	assert_string_equal(e.hint, "");
}

static void test_err__callers_may_pass_null(void **state UNUSED)
{
	assert_int_equal(err_set(NULL, ENOMEM, "x"), -ENOMEM);
	assert_int_equal(err_usage(NULL, "x"), -EINVAL);
	assert_true(err_hint(NULL, "x") < 0);
}

static void test_err__texts_are_cut_not_overrun(void **state UNUSED)
{
	struct {
		struct err e;
		char guard[16];
	} held;
	char word[2000];

	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	memset(held.guard, 'g', sizeof(held.guard));
	err_set(&held.e, ENOENT, "cannot open %s", word);
	err_hint(&held.e, "%s", word);
	assert_int_equal(strlen(held.e.what), sizeof(held.e.what) - 1);
	assert_int_equal(strlen(held.e.hint), sizeof(held.e.hint) - 1);
	for (size_t i = 0; i < sizeof(held.guard); i++)
		assert_int_equal(held.guard[i], 'g');
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_err__set_appends_the_reason_and_takes_either_sign),
		cmocka_unit_test(test_err__code_0_is_still_a_failure),
		cmocka_unit_test(test_err__say_stands_alone),
		cmocka_unit_test(test_err__usage_and_impossible_have_their_exit_codes),
		cmocka_unit_test(test_err__a_new_error_drops_the_old_hint),
		cmocka_unit_test(test_err__callers_may_pass_null),
		cmocka_unit_test(test_err__texts_are_cut_not_overrun),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

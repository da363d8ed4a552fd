/* SPDX-License-Identifier: GPL-2.0-only */
/* test_term.c - words on stderr, which is a file of the test here: no terminal, so no redrawing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <fcntl.h>

#include <cmocka.h>

#include "lib/base/term.h"

static char path[] = "/tmp/test_term.XXXXXX", said[8192];
static int terminal = -1;

static int take_stderr(void **state UNUSED)
{
	AUTO_CLOSE int fd = mkostemp(path, O_APPEND);

	terminal = dup(STDERR_FILENO);
	return fd < 0 || terminal < 0 || dup2(fd, STDERR_FILENO) < 0 ? -1 : 0;
}

static int give_back_stderr(void **state UNUSED)
{
	dup2(terminal, STDERR_FILENO);
	close(terminal);
	return unlink(path);
}

/* What was said since the last call. */
static const char *heard(void)
{
	ssize_t n;

	fflush(stderr);
	n = pread(STDERR_FILENO, said, sizeof(said) - 1, 0);
	assert_true(n >= 0);
	assert_int_equal(ftruncate(STDERR_FILENO, 0), 0);
	said[n] = '\0';
	return said;
}

static void test_term__levels_decide_what_is_said_but_warnings_stay(void **state UNUSED)
{
	static const struct {
		enum term_level level;
		const char *text;
	} known[] = { { TERM_QUIET, "warning: w\n" },
		      { TERM_NORMAL, "s\nwarning: w\n" },
		      { TERM_VERBOSE, "s\nd\nwarning: w\n" } };

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		term_set_level(known[i].level);
		term_say("s");
		term_detail("d");
		term_warn("w");
		assert_string_equal(heard(), known[i].text);
	}
	term_set_level(TERM_NORMAL);
}

static void test_term__hostile_names_cannot_break_a_line_or_move_the_cursor(void **state UNUSED)
{
	term_say("process %s", "\x1b[2J\na\xff");
	assert_string_equal(heard(), "process \\x1b[2J\\x0aa\\xff\n");
}

static void test_term__words_that_are_too_long_are_cut(void **state UNUSED)
{
	char word[6000];

	memset(word, '\x1b', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	term_say("%s", word);
	assert_true(strlen(heard()) < 2100);
}

static void test_term__errors_tell_what_and_what_to_do_and_give_the_exit_code(void **state UNUSED)
{
	struct err e = { 0 };

	err_impossible(&e, "no %s here", "zram");
	err_hint(&e, "modprobe zram");
	assert_int_equal(term_error(&e, "ram_pool"), EXIT_IMPOSSIBLE);
	assert_string_equal(heard(), "ram_pool: no zram here\n  modprobe zram\n");
}

static void test_term__an_error_without_words_is_still_told(void **state UNUSED)
{
	const struct err e = { .code = -ENOENT };

	assert_int_equal(term_error(&e, "t"), EXIT_FAILED);
	assert_string_equal(heard(), "t: No such file or directory\n");
}

static void test_term__progress_is_one_line_a_step_without_a_terminal(void **state UNUSED)
{
	struct term_progress p;

	term_progress_begin(&p, 10);
	term_progress_step(&p, "cell %d\r", 1);
	term_progress_update(&p, 5);
	term_progress_end(&p);
	assert_string_equal(heard(), "cell 1\\x0d\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_term__levels_decide_what_is_said_but_warnings_stay),
		cmocka_unit_test(test_term__hostile_names_cannot_break_a_line_or_move_the_cursor),
		cmocka_unit_test(test_term__words_that_are_too_long_are_cut),
		cmocka_unit_test(test_term__errors_tell_what_and_what_to_do_and_give_the_exit_code),
		cmocka_unit_test(test_term__an_error_without_words_is_still_told),
		cmocka_unit_test(test_term__progress_is_one_line_a_step_without_a_terminal),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, take_stderr, give_back_stderr);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* test_stop.c - signals that ask to stop; each case in a child, since handlers and the flag are the
 * process's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <signal.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "lib/base/out.h"
#include "lib/base/stop.h"

/* The exit status of a child that runs this; 128 + signal where one killed it. */
static int in_child(int (*body)(void))
{
	int status;
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0) {
		alarm(20);
		_exit(stop_install(NULL) == 0 ? body() : 99);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int raise_each(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };

	if (stop_requested())
		return 1;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		raise(signals[i]);
		if (stop_requested() != signals[i])
			return 2;
	}
	return 0;
}

static void test_stop__each_signal_sets_the_flag_and_kills_nothing(void **state UNUSED)
{
	/* Under nohup it is ignored, which the next test is about. */
	void (*old)(int) = signal(SIGHUP, SIG_DFL);
	int status = in_child(raise_each);

	signal(SIGHUP, old);
	assert_int_equal(status, 0);
}

static int raise_hangup(void)
{
	raise(SIGHUP);
	return stop_requested();
}

static void test_stop__an_ignored_hangup_stays_ignored(void **state UNUSED)
{
	void (*old)(int) = signal(SIGHUP, SIG_IGN);
	int status = in_child(raise_hangup);

	signal(SIGHUP, old);
	assert_int_equal(status, 0);
}

static int sleep_long(void)
{
	uint64_t begin = monotonic_ns();
	pid_t child = fork();

	if (child == 0) {
		sleep_ns(100 * NS_PER_MS);
		kill(getppid(), SIGTERM);
		_exit(0);
	}
	sleep_ns(15 * NS_PER_S);
	waitpid(child, NULL, 0);
	return stop_requested() == SIGTERM && monotonic_ns() - begin < 10 * NS_PER_S ? 0 : 1;
}

static void test_stop__a_sleep_ends_early(void **state UNUSED)
{
	assert_int_equal(in_child(sleep_long), 0);
}

/* A pipe that nobody reads takes 64 KiB; the rest must not hold us once we are asked to end. */
static int write_to_nobody(void)
{
	int ends[2];
	struct out *out;
	struct err e = { 0 };

	if (pipe(ends) < 0 || dup2(ends[1], STDOUT_FILENO) < 0 ||
	    out_new(&out, OUT_TEXT, NULL, NULL) < 0)
		return 1;
	raise(SIGTERM);
	for (int i = 0; i < 20011; i++)
		out_line(out, "a line that nobody is going to read");
	return out_close(out, &e) == -ETIMEDOUT && strstr(e.what, "standard output") ? 0 : 2;
}

static void test_out__a_reader_that_stalls_cannot_hold_up_the_end(void **state UNUSED)
{
	assert_int_equal(in_child(write_to_nobody), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stop__each_signal_sets_the_flag_and_kills_nothing),
		cmocka_unit_test(test_stop__an_ignored_hangup_stays_ignored),
		cmocka_unit_test(test_stop__a_sleep_ends_early),
		cmocka_unit_test(test_out__a_reader_that_stalls_cannot_hold_up_the_end),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

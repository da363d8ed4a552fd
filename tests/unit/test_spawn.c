/* SPDX-License-Identifier: GPL-2.0-only */
/* test_spawn.c - programs started as children: streams, environment, errors of exec, waiting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "lib/base/spawn.h"
#include "skip.h"

#define WAIT_NS (60 * NS_PER_S)

/* What `sh -c script` prints, started as `how` says otherwise. */
static char *output_of(const char *script, struct spawn how, char *buf, size_t len)
{
	const char *const argv[] = { "sh", "-c", script, NULL };
	AUTO_CLOSE int fd = memfd_create("out", MFD_CLOEXEC);
	struct child child;
	ssize_t n;

	how.argv = argv;
	how.out_fd = fd;
	assert_int_equal(spawn(&child, &how, NULL), 0);
	assert_int_equal(child_wait(&child, WAIT_NS), 0);
	child_done(&child);
	n = pread(fd, buf, len - 1, 0);
	assert_true(n >= 0);
	buf[n] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return buf;
}

static void test_spawn__output_goes_to_the_descriptor(void **state UNUSED)
{
	char buf[64];

	assert_string_equal(output_of("echo word", (struct spawn){ 0 }, buf, sizeof(buf)), "word");
}

static void test_spawn__a_null_stream_is_empty(void **state UNUSED)
{
	char buf[64];

	assert_string_equal(
		output_of("wc -c", (struct spawn){ .in_fd = SPAWN_NULL }, buf, sizeof(buf)), "0");
}

static void test_spawn__environment_and_directory(void **state UNUSED)
{
	static const char *const env[] = { "ADDED=1", "REMOVED", NULL };
	char buf[64];

	setenv("REMOVED", "1", 1);
	assert_string_equal(output_of("echo \"$ADDED ${REMOVED-unset} $PWD\"",
				      (struct spawn){ .env = env, .dir = "/" }, buf, sizeof(buf)),
			    "1 unset /");
	assert_string_equal(getenv("REMOVED"), "1");
}

static void test_spawn__a_group_of_its_own_with_default_signals(void **state UNUSED)
{
	void (*old)(int) = signal(SIGINT, SIG_IGN);
	char buf[64];

	/* A shell cannot take a signal back that it finds ignored. */
	output_of("kill -INT $$; echo survived", (struct spawn){ .own_group = true }, buf,
		  sizeof(buf));
	assert_string_equal(buf, "");
	output_of("kill -INT $$; echo survived", (struct spawn){ 0 }, buf, sizeof(buf));
	assert_string_equal(buf, "survived");
	signal(SIGINT, old);
	output_of("echo $(($(cut -d' ' -f5 /proc/$$/stat) == $$))",
		  (struct spawn){ .own_group = true }, buf, sizeof(buf));
	assert_string_equal(buf, "1");
}

static void test_spawn__as_a_user(void **state UNUSED)
{
	struct caller user = { .uid = 65534,
			       .gid = 65534,
			       .groups = { 65534 },
			       .n_groups = 1,
			       .home = "/nowhere",
			       .shell = "/bin/sh" };
	char buf[64];

	if (geteuid())
		SKIP("needs root");
	output_of("echo \"$(id -u) $(id -g) $(id -G) $HOME\"", (struct spawn){ .user = &user }, buf,
		  sizeof(buf));
	assert_string_equal(buf, "65534 65534 65534 /nowhere");
}

static void test_spawn__a_program_that_is_missing_is_an_error_of_spawn(void **state UNUSED)
{
	static const char *const argv[] = { "/nonexistent/program", NULL };
	struct child child;
	struct err e = { 0 };

	assert_int_equal(spawn(&child, &(struct spawn){ .argv = argv }, &e), -ENOENT);
	assert_string_equal(e.what, "cannot run /nonexistent/program: No such file or directory");
	assert_int_equal(child.pid, 0);
	assert_int_equal(waitpid(-1, NULL, 0), -1); /* reaped */
}

static void test_spawn__a_held_child_runs_when_it_is_released(void **state UNUSED)
{
	static const char *const argv[] = { "sh", "-c", "exit 23", NULL };
	struct child child;

	assert_int_equal(spawn(&child, &(struct spawn){ .argv = argv, .held = true }, NULL), 0);
	assert_int_equal(child_wait(&child, 50 * NS_PER_MS), -ETIMEDOUT);
	assert_int_equal(spawn_release(&child, NULL), 0);
	assert_int_equal(child_wait(&child, WAIT_NS), 0);
	assert_int_equal(child_exit_code(&child), 23);
	child_done(&child);
}

static void test_spawn__a_held_child_that_cannot_run_ends_as_a_shell_says(void **state UNUSED)
{
	static const char *const argv[] = { "/nonexistent/program", NULL };
	struct child child;

	assert_int_equal(spawn(&child, &(struct spawn){ .argv = argv, .held = true }, NULL), 0);
	assert_int_equal(spawn_release(&child, NULL), -ENOENT);
	assert_int_equal(child_wait(&child, WAIT_NS), 0);
	assert_int_equal(child_exit_code(&child), 127);
	child_done(&child);
}

static void test_child_done__ends_what_still_runs(void **state UNUSED)
{
	static const char *const argv[] = { "sleep", "600", NULL };
	struct child child;
	pid_t pid;

	assert_int_equal(spawn(&child, &(struct spawn){ .argv = argv }, NULL), 0);
	pid = child.pid;
	assert_false(child_ended(&child));
	child_done(&child);
	assert_true(child_ended(&child));
	assert_int_equal(child_exit_code(&child), 128 + SIGKILL);
	assert_int_equal(kill(pid, 0), -1);
	child_done(&child);
}

static void test_child_wait__a_child_reaped_elsewhere_is_no_success(void **state UNUSED)
{
	static const char *const argv[] = { "true", NULL };
	void (*old)(int) = signal(SIGCHLD, SIG_IGN);
	struct child child;

	assert_int_equal(spawn(&child, &(struct spawn){ .argv = argv }, NULL), 0);
	assert_int_equal(child_wait(&child, WAIT_NS), 0);
	assert_int_equal(child_exit_code(&child), 255);
	child_done(&child);
	signal(SIGCHLD, old);
}

static void test_spawn__the_death_signal_survives_exec(void **state UNUSED)
{
	int status;
	pid_t parent;

	/* A parent that ends at once: its child's child is gone soon after. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	parent = fork();
	if (parent == 0) {
		static const char *const argv[] = { "sleep", "600", NULL };
		struct child child;

		_exit(spawn(&child, &(struct spawn){ .argv = argv, .death_signal = SIGTERM }, NULL)
			      ? 1
			      : 0);
	}
	assert_int_equal(waitpid(parent, &status, 0), parent);
	assert_int_equal(status, 0);
	assert_true(waitpid(-1, &status, 0) > 0);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGTERM);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spawn__output_goes_to_the_descriptor),
		cmocka_unit_test(test_spawn__a_null_stream_is_empty),
		cmocka_unit_test(test_spawn__environment_and_directory),
		cmocka_unit_test(test_spawn__a_group_of_its_own_with_default_signals),
		cmocka_unit_test(test_spawn__as_a_user),
		cmocka_unit_test(test_spawn__a_program_that_is_missing_is_an_error_of_spawn),
		cmocka_unit_test(test_spawn__a_held_child_runs_when_it_is_released),
		cmocka_unit_test(test_spawn__a_held_child_that_cannot_run_ends_as_a_shell_says),
		cmocka_unit_test(test_child_done__ends_what_still_runs),
		cmocka_unit_test(test_child_wait__a_child_reaped_elsewhere_is_no_success),
		cmocka_unit_test(test_spawn__the_death_signal_survives_exec),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

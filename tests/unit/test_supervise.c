/* SPDX-License-Identifier: GPL-2.0-only */
/* test_supervise.c - the bounds as arithmetic, and small real commands under limits (with a group
 * where the machine lets us make one, else without).
 */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "lib/safety/supervise.h"
#include "lib/kernel/procfs.h"
#include "skip.h"

/* An argument vector; the words stay as they are though argv is not const. */
#define WORDS(...) ((char **)(const char *[]){ __VA_ARGS__, NULL })

/* ---- bounds ---- */

static void test_supervise__reserve_is_a_tenth_but_no_less_than_512_mib_or_an_eighth(
	void **state UNUSED)
{
	assert_int_equal(supervise_reserve_bytes(512 * MIB), 64 * MIB);
	assert_int_equal(supervise_reserve_bytes(2 * GIB), 256 * MIB);
	assert_int_equal(supervise_reserve_bytes(4 * GIB), 512 * MIB);
	assert_int_equal(supervise_reserve_bytes(5 * GIB), 512 * MIB);
	assert_int_equal(supervise_reserve_bytes(20 * GIB), 2 * GIB);
}

static void test_supervise__size_bound_is_half_of_what_is_above_the_reserve(void **state UNUSED)
{
	assert_int_equal(supervise_size_bound_bytes(10 * GIB, 2 * GIB), 4 * GIB);
	assert_int_equal(supervise_size_bound_bytes(2 * GIB, 2 * GIB), 0);
	assert_int_equal(supervise_size_bound_bytes(1 * GIB, 2 * GIB), 0);
}

static void test_supervise__refusals_name_bound_figure_and_override(void **state UNUSED)
{
	struct err e;

	assert_int_equal(supervise_check_size(64 * MIB, 64 * MIB, false, &e), 0);
	assert_int_equal(supervise_check_size(64 * MIB + 1, 64 * MIB, true, &e), 0);
	assert_int_equal(supervise_check_size(3 * GIB, 64 * MIB, false, &e), -EINVAL);
	assert_int_equal(e.exit, EXIT_USAGE);
	assert_non_null(strstr(e.what, "64.0 MiB"));
	assert_non_null(strstr(e.what, "3.0 GiB"));
	assert_non_null(strstr(e.hint, "--unsafe-allow-large"));
	assert_int_equal(supervise_check_duration(SUPERVISE_DURATION_CAP_NS,
						  SUPERVISE_DURATION_CAP_NS, false, &e),
			 0);
	assert_int_equal(supervise_check_duration(SUPERVISE_DURATION_CAP_NS + 1,
						  SUPERVISE_DURATION_CAP_NS, true, &e),
			 0);
	assert_int_equal(supervise_check_duration(SUPERVISE_DURATION_CAP_NS + 1,
						  SUPERVISE_DURATION_CAP_NS, false, &e),
			 -EINVAL);
	assert_non_null(strstr(e.hint, "--unsafe-allow-long"));
}

/* ---- real cages ---- */

/* The first members of the group; returns how many there are. */
static size_t members(const struct cgroup *group, pid_t *pids, size_t max)
{
	const char *dir = group->dir[CGROUP_TREE_MEMORY];
	char path[CGROUP_PATH_MAX + 16];
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/cgroup.procs",
		 *dir ? dir : group->dir[CGROUP_TREE_UNIFIED]);
	f = fopen(path, "r");
	while (f && n < max && fscanf(f, "%d", &pids[n]) == 1)
		n++;
	if (f)
		fclose(f);
	return n;
}

static void configure(struct supervise_config *config, char *const *argv)
{
	supervise_config_init(config);
	config->name = "test";
	config->argv = argv;
	config->group_optional = true;
	config->stdout_fd = config->stderr_fd = -1;
}

/* Runs to its end. */
static struct supervise_result run(const struct supervise_config *config)
{
	struct supervise_result result;
	struct supervised supervised;
	struct err e = { 0 };
	int rc = supervise_start(&supervised, config, &e);

	if (rc)
		fail_msg("supervise_start: %s", e.what);
	rc = supervise_wait(&supervised, &e);
	if (rc)
		fail_msg("supervise_wait: %s", e.what);
	rc = supervise_stop(&supervised, &result, &e);
	if (rc)
		fail_msg("supervise_stop: %s", e.what);
	assert_int_equal(supervised.guardian_pid, 0);
	assert_true(access(supervised.group.dir[CGROUP_TREE_MEMORY], F_OK) != 0);
	assert_true(access(supervised.group.dir[CGROUP_TREE_UNIFIED], F_OK) != 0);
	assert_int_equal(supervise_stop(&supervised, NULL, &e), 0);
	return result;
}

static struct supervise_result run_words(char *const *argv)
{
	struct supervise_config config;

	configure(&config, argv);
	return run(&config);
}

static void test_supervise__ends(void **state UNUSED)
{
	struct supervise_result result = run_words(WORDS("true"));

	assert_int_equal(result.state, SUPERVISE_OK);
	assert_int_equal(result.exit_status, 0);
	assert_true(result.wall_ns > 0 && result.wall_ns < 5 * NS_PER_S);
	result = run_words(WORDS("sh", "-c", "exit 23"));
	assert_int_equal(result.state, SUPERVISE_FAILED);
	assert_int_equal(result.exit_status, 23);
	result = run_words(WORDS("sh", "-c", "kill -9 $$"));
	assert_int_equal(result.state, SUPERVISE_FAILED);
	assert_int_equal(result.signal, SIGKILL);
}

static void test_supervise__tells_what_cannot_run(void **state UNUSED)
{
	struct supervise_config config;
	struct supervised supervised;
	struct err e = { 0 };

	configure(&config, WORDS("coldpress-no-such-program"));
	assert_int_equal(supervise_start(&supervised, &config, &e), -ENOENT);
	assert_string_equal(e.what,
			    "cannot run 'coldpress-no-such-program': No such file or directory");
	config.argv = WORDS("/etc/passwd");
	assert_int_equal(supervise_start(&supervised, &config, &e), -EACCES);
	config.argv = WORDS("");
	assert_int_equal(supervise_start(&supervised, &config, &e), -EINVAL);
	assert_int_equal(e.exit, EXIT_USAGE);
	config.argv = WORDS("true");
	config.cwd = "/no/such/place";
	assert_int_equal(supervise_start(&supervised, &config, &e), -ENOENT);
	assert_non_null(strstr(e.what, "/no/such/place"));
	assert_int_equal(supervise_stop(&supervised, NULL, &e), 0);
}

static void test_supervise__deadline(void **state UNUSED)
{
	char **argv = WORDS("sh", "-c", "trap '' TERM; while :; do sleep 1; done");
	struct supervise_config config;
	struct supervise_result result;

	configure(&config, argv);
	config.duration_ns = 200 * NS_PER_MS;
	config.grace_ns = 200 * NS_PER_MS;
	result = run(&config);
	assert_int_equal(result.state, SUPERVISE_TIMEOUT);
	assert_int_equal(result.signal, SIGKILL);
	assert_true(result.wall_ns >= 400 * NS_PER_MS && result.wall_ns < 2 * NS_PER_S);
}

static void test_supervise__a_reserve_that_is_not_there_aborts(void **state UNUSED)
{
	char **argv = WORDS("sleep", "10");
	struct supervise_config config;
	struct supervise_result result;

	configure(&config, argv);
	config.reserve_bytes = UINT64_C(1) << 60;
	result = run(&config);
	assert_int_equal(result.state, SUPERVISE_ABORTED);
	assert_non_null(strstr(result.why, "reserve"));
	assert_true(result.wall_ns < 2 * NS_PER_S);
}

/* The least MemAvailable that a process of its own saw until the pipe's other end closed, looking
 * every 2 ms. */
static pid_t start_sampler(int report_fd, int until_fd)
{
	pid_t pid = fork();
	struct pollfd until = { .fd = until_fd, .events = POLLIN };
	uint64_t least = UINT64_MAX;

	if (pid)
		return pid;
	while (!poll(&until, 1, 2)) {
		struct procfs_meminfo memory;

		if (!procfs_meminfo_read(NULL, &memory, NULL))
			least = MIN(least, memory.available_bytes);
	}
	_exit(write(report_fd, &least, sizeof(least)) != sizeof(least));
}

/* Memory is taken as fast as one core can until the cage ends that: the reserve is whole all the
 * time. */
static void test_supervise__memory_never_falls_below_the_reserve(void **state UNUSED)
{
	struct procfs_meminfo memory;
	struct supervise_config config;
	struct supervise_result result;
	uint64_t least;
	int report[2], until[2];
	pid_t sampler;

	assert_int_equal(procfs_meminfo_read(NULL, &memory, NULL), 0);
	if (memory.available_bytes < 3 * GIB)
		SKIP("needs 3 GiB of available memory");
	assert_int_equal(pipe2(report, O_CLOEXEC) | pipe2(until, O_CLOEXEC), 0);
	configure(&config, WORDS("tail", "/dev/zero"));
	config.reserve_bytes = memory.available_bytes - 1 * GIB;
	config.duration_ns = 10 * NS_PER_S;
	sampler = start_sampler(report[1], until[0]);
	result = run(&config);
	assert_int_equal(write(until[1], "", 1), 1);
	assert_int_equal(read(report[0], &least, sizeof(least)), sizeof(least));
	waitpid(sampler, NULL, 0);
	print_message("# least available: %.1f MiB above the reserve; %s\n",
		      ((double)least - (double)config.reserve_bytes) / (double)MIB, result.why);
	assert_int_equal(result.state, SUPERVISE_ABORTED);
	assert_non_null(strstr(result.why, "reserve"));
	assert_true(least >= config.reserve_bytes);
	assert_true(least < config.reserve_bytes + 1 * GIB);
	for (size_t i = 0; i < 2; i++) {
		close(report[i]);
		close(until[i]);
	}
}

static void test_supervise__held_until_released(void **state UNUSED)
{
	char **argv = WORDS("sh", "-c", "echo released");
	char text[32] = "";
	struct supervise_config config;
	struct supervise_result result;
	struct supervised supervised;
	struct err e;
	int pipefd[2];

	assert_int_equal(pipe2(pipefd, O_CLOEXEC | O_NONBLOCK), 0);
	configure(&config, argv);
	config.held = true;
	config.stdout_fd = pipefd[1];
	assert_int_equal(supervise_start(&supervised, &config, &e), 0);
	close(pipefd[1]);
	sleep_ns(50 * NS_PER_MS);
	assert_int_equal(read(pipefd[0], text, sizeof(text)), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(supervise_release(&supervised, &e), 0);
	assert_int_equal(supervise_wait(&supervised, &e), 0);
	assert_int_equal(read(pipefd[0], text, sizeof(text)), 9);
	assert_memory_equal(text, "released\n", 9);
	assert_int_equal(supervise_stop(&supervised, &result, &e), 0);
	assert_int_equal(result.state, SUPERVISE_OK);
	assert_int_equal(read(pipefd[0], text, sizeof(text)), 0); /* nobody else holds it open */
	close(pipefd[0]);
}

static void test_supervise__stopped_while_held(void **state UNUSED)
{
	char **argv = WORDS("true");
	struct supervise_config config;
	struct supervise_result result;
	struct supervised supervised;
	struct err e;

	configure(&config, argv);
	config.held = true;
	assert_int_equal(supervise_start(&supervised, &config, &e), 0);
	assert_int_equal(supervise_stop(&supervised, &result, &e), 0);
	assert_int_equal(result.state, SUPERVISE_ABORTED);
	assert_true(result.wall_ns == MISSING_U64);
}

/* A shell whose child left the session and outlives it: counted, and gone at the end. */
static void test_supervise__orphans_are_ended_and_counted(void **state UNUSED)
{
	char **argv = WORDS("sh", "-c",
			    "setsid sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; "
			    "sleep 61' & sleep 1.5");
	struct supervise_config config;
	struct supervise_result result;
	struct supervised supervised;
	pid_t pids[8] = { 0 };
	struct err e;

	configure(&config, argv);
	assert_int_equal(supervise_start(&supervised, &config, &e), 0);
	assert_int_equal(supervise_wait(&supervised, &e), 0);
	if (supervised.grouped) {
		assert_true(members(&supervised.group, pids, ARRAY_SIZE(pids)) >= 1);
		assert_int_equal(kill(pids[0], 0), 0);
	}
	assert_int_equal(supervise_stop(&supervised, &result, &e), 0);
	assert_int_equal(result.state, SUPERVISE_OK);
	assert_true(result.user_ns != MISSING_U64 && result.user_ns > 20 * NS_PER_MS);
	if (supervised.group.mode != CGROUP_NONE && result.last.user_ns != MISSING_U64)
		assert_int_equal(kill(pids[0], 0), -1);
}

static void test_supervise__pids_bound_a_fork_bomb(void **state UNUSED)
{
	char **argv = WORDS("sh", "-c", "f() { f & f & }; f 2>/dev/null; sleep 20");
	struct supervise_config config;
	struct supervise_result result;

	configure(&config, argv);
	config.group_optional = false;
	config.user = NULL;
	config.pids = 29;
	config.duration_ns = 500 * NS_PER_MS;
	config.grace_ns = 100 * NS_PER_MS;
	if (geteuid())
		SKIP("needs root");
	result = run(&config);
	assert_true(result.last.pids_refused_count != MISSING_U64 &&
		    result.last.pids_refused_count > 0);
	assert_true(result.wall_ns < 3 * NS_PER_S);
}

/* One cage is full of processes that fork without end; in another a 10 ms timer tells by how many
 * ms it was late at most, the best of three windows, since other loads on the machine are not the
 * storm's.
 */
static void test_supervise__a_fork_storm_at_the_cap_leaves_timers_of_others_alone(
	void **state UNUSED)
{
	static const char script[] =
		"for (1 .. 3) { my $worst = 0; for (1 .. 60) { my $t = time; sleep 0.01; "
		"my $late = time - $t - 0.01; $worst = $late if $late > $worst } "
		"$best = $worst if !defined $best || $worst < $best } exit($best > 0.254 ? 255 : "
		"$best * 1000)";
	char **timer = WORDS("perl", "-MTime::HiRes=time,sleep", "-e", script);
	struct supervise_config storm, other;
	struct supervise_result result;
	struct supervised supervised;
	struct err e;

	if (geteuid())
		SKIP("needs root");
	configure(&storm, WORDS("perl", "-e",
				"while (1) { my $pid = fork; exit if defined $pid && !$pid && "
				"rand() < 0.5 }"));
	storm.pids = 128;
	storm.memory_bytes = 512 * MIB;
	storm.duration_ns = 15 * NS_PER_S;
	configure(&other, timer);
	assert_int_equal(supervise_start(&supervised, &storm, &e), 0);
	sleep_ns(500 * NS_PER_MS);
	result = run(&other);
	print_message("# worst lateness of a 10 ms timer: %d ms\n", result.exit_status);
	assert_in_range(result.exit_status, 0, 100);
	assert_int_equal(supervise_stop(&supervised, &result, &e), 0);
	assert_true(result.last.pids_refused_count != MISSING_U64 &&
		    result.last.pids_refused_count > 0);
}

static void test_supervise__memory_limit_ends_in_oom(void **state UNUSED)
{
	char **argv = WORDS("sh", "-c", "head -c 200000000 /dev/zero | tail | wc -c");
	struct supervise_config config;
	struct supervise_result result;
	struct supervised supervised;
	struct err e;

	if (geteuid())
		SKIP("needs root");
	configure(&config, WORDS("tail", "/dev/zero"));
	config.memory_bytes = 32 * MIB;
	config.swap_bytes = 0;
	result = run(&config);
	assert_int_equal(result.state, SUPERVISE_OOM);
	assert_true(result.last.oom_kill_count >= 1);
	config.argv = argv;
	config.memory_bytes = 4 * MIB;
	assert_int_equal(supervise_start(&supervised, &config, &e), -EINVAL);
	assert_non_null(strstr(e.what, "8 MiB"));
}

/* What disabling a controller, or another program, does to a group. */
static void raise_limit(const struct cgroup *group)
{
	const bool v2 = group->mode == CGROUP_V2;

	assert_int_equal(sysroot_write(NULL, v2 ? "max" : "-1", NULL, "%s/%s",
				       group->dir[v2 ? CGROUP_TREE_UNIFIED : CGROUP_TREE_MEMORY],
				       v2 ? "memory.max" : "memory.limit_in_bytes"),
			 0);
}

static void test_supervise__a_limit_that_is_taken_away_ends_the_command(void **state UNUSED)
{
	struct supervise_config config;
	struct supervise_result result;
	struct supervised supervised;
	struct err e;

	if (geteuid())
		SKIP("needs root");
	configure(&config, WORDS("sleep", "60"));
	config.memory_bytes = 32 * MIB;
	assert_int_equal(supervise_start(&supervised, &config, &e), 0);
	raise_limit(&supervised.group);
	assert_int_equal(supervise_wait(&supervised, &e), 0);
	assert_int_equal(supervise_stop(&supervised, &result, &e), 0);
	assert_int_equal(result.state, SUPERVISE_ABORTED);
	assert_non_null(strstr(result.why, "was raised while it ran"));
}

static void test_supervise__a_limit_taken_away_at_the_end_marks_the_command(void **state UNUSED)
{
	struct supervise_config config;
	struct supervise_result result;
	struct supervised supervised;
	struct err e;

	if (geteuid())
		SKIP("needs root");
	configure(&config, WORDS("true"));
	config.memory_bytes = 32 * MIB;
	assert_int_equal(supervise_start(&supervised, &config, &e), 0);
	assert_int_equal(supervise_wait(&supervised, &e), 0);
	raise_limit(&supervised.group);
	assert_int_equal(supervise_stop(&supervised, &result, &e), 0);
	assert_int_equal(result.state, SUPERVISE_ABORTED);
	assert_non_null(strstr(result.why, "was raised while it ran"));
}

static void test_supervise__runs_as_the_user_given(void **state UNUSED)
{
	char **argv =
		WORDS("sh", "-c",
		      "test \"$(id -u):$(id -g)\" = 65534:65533 && test \"$HOME\" = /nowhere && "
		      "test \"$(id -G)\" = 65533 && cd / && ! touch /coldpress-test 2>/dev/null");
	struct caller user = { .uid = 65534,
			       .gid = 65533,
			       .groups = { 65533 },
			       .n_groups = 1,
			       .name = "someone",
			       .home = "/nowhere",
			       .shell = "/bin/sh" };
	struct supervise_config config;

	if (geteuid())
		SKIP("needs root");
	configure(&config, argv);
	config.user = &user;
	assert_int_equal(run(&config).state, SUPERVISE_OK);
}

static void test_supervise__scratch_is_the_commands_own_and_goes_with_it(void **state UNUSED)
{
	char **argv = WORDS(
		"sh", "-c",
		"test \"$PWD\" != / && mkdir -p a/b && echo x >a/b/c && ln -s /etc/passwd a/l && "
		"chmod 0 a/b && sleep 5");
	struct supervise_config config;
	struct supervised supervised;
	char path[160], kept[128];
	struct err e;

	configure(&config, argv);
	config.scratch_below = "/tmp";
	assert_int_equal(supervise_start(&supervised, &config, &e), 0);
	memcpy(kept, supervised.scratch, sizeof(kept));
	snprintf(path, sizeof(path), "%s/a/l", kept);
	for (int i = 0; i < 200 && access(path, F_OK); i++)
		sleep_ns(10 * NS_PER_MS);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(supervise_stop(&supervised, NULL, &e), 0);
	assert_int_equal(access(kept, F_OK), -1);
	assert_int_equal(access("/etc/passwd", F_OK), 0);
}

/* The maker is killed while its cage runs: all of it is gone within a second. */
static void test_supervise__nothing_outlives_a_killed_maker(void **state UNUSED)
{
	char **argv = WORDS("sh", "-c", "setsid sleep 67 & exec sleep 67");
	struct {
		struct cgroup group;
		pid_t pids[4];
		size_t n;
		char scratch[128];
	} told = { 0 };
	struct supervise_config config;
	int pipefd[2], gone = 0;
	pid_t maker;

	assert_int_equal(pipe2(pipefd, O_CLOEXEC), 0);
	configure(&config, argv);
	config.scratch_below = "/tmp";
	maker = fork();
	if (!maker) {
		struct supervised supervised;

		if (supervise_start(&supervised, &config, NULL))
			_exit(1);
		sleep_ns(300 * NS_PER_MS);
		told.group = supervised.group;
		memcpy(told.scratch, supervised.scratch, sizeof(told.scratch));
		told.n = members(&supervised.group, told.pids, 3);
		told.pids[3] = supervised.guardian_pid;
		if (write(pipefd[1], &told, sizeof(told)) != sizeof(told))
			_exit(1);
		pause();
	}
	assert_int_equal(read(pipefd[0], &told, sizeof(told)), sizeof(told));
	assert_true(told.n >= 1 && told.n <= 3);
	kill(maker, SIGKILL);
	waitpid(maker, NULL, 0);
	for (int i = 0; i < 100 && !gone; i++) {
		sleep_ns(10 * NS_PER_MS);
		gone = kill(told.pids[3], 0) != 0;
	}
	for (size_t i = 0; i < told.n; i++)
		assert_int_equal(kill(told.pids[i], 0), -1);
	for (size_t tree = 0; tree < CGROUP_TREES; tree++)
		assert_true(!told.group.dir[tree][0] || access(told.group.dir[tree], F_OK));
	assert_true(told.scratch[0] && access(told.scratch, F_OK));
	close(pipefd[0]);
	close(pipefd[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_supervise__reserve_is_a_tenth_but_no_less_than_512_mib_or_an_eighth),
		cmocka_unit_test(test_supervise__size_bound_is_half_of_what_is_above_the_reserve),
		cmocka_unit_test(test_supervise__refusals_name_bound_figure_and_override),
		cmocka_unit_test(test_supervise__ends),
		cmocka_unit_test(test_supervise__tells_what_cannot_run),
		cmocka_unit_test(test_supervise__deadline),
		cmocka_unit_test(test_supervise__a_reserve_that_is_not_there_aborts),
		cmocka_unit_test(test_supervise__memory_never_falls_below_the_reserve),
		cmocka_unit_test(test_supervise__held_until_released),
		cmocka_unit_test(test_supervise__stopped_while_held),
		cmocka_unit_test(test_supervise__orphans_are_ended_and_counted),
		cmocka_unit_test(test_supervise__pids_bound_a_fork_bomb),
		cmocka_unit_test(
			test_supervise__a_fork_storm_at_the_cap_leaves_timers_of_others_alone),
		cmocka_unit_test(test_supervise__memory_limit_ends_in_oom),
		cmocka_unit_test(test_supervise__a_limit_that_is_taken_away_ends_the_command),
		cmocka_unit_test(test_supervise__a_limit_taken_away_at_the_end_marks_the_command),
		cmocka_unit_test(test_supervise__runs_as_the_user_given),
		cmocka_unit_test(test_supervise__scratch_is_the_commands_own_and_goes_with_it),
		cmocka_unit_test(test_supervise__nothing_outlives_a_killed_maker),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

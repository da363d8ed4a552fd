/* SPDX-License-Identifier: GPL-2.0-only */
/* test_procfs.c - /proc as structs, from archived files, from hostile ones, and from this very
 * machine. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "lib/kernel/procfs.h"

static const struct sysroot archived = { .prefix = "tests/fixtures/sysroot/6.12" };

#define PARSE(what, text, ret) procfs_##what##_parse(text, strlen(text), ret)

static void test_meminfo__sizes_are_bytes_and_what_is_absent_is_missing(void **state UNUSED)
{
	struct procfs_meminfo m;

	assert_int_equal(PARSE(meminfo, "MemTotal:  100 kB\nMemFree: 7 kB\nSwapCached: 0 kB\n", &m),
			 0);
	assert_int_equal(m.total_bytes, 102400);
	assert_int_equal(m.free_bytes, 7168);
	assert_int_equal(m.swap_cached_bytes, 0);
	assert_true(m.cached_bytes == MISSING_U64);
	assert_true(m.zswap_bytes == MISSING_U64);
}

static void test_meminfo__a_text_without_a_total_is_none(void **state UNUSED)
{
	struct procfs_meminfo m = { .total_bytes = 5 };

	assert_int_equal(PARSE(meminfo, "MemTotals: 100 kB\nMem", &m), -EBADMSG);
	assert_int_equal(m.total_bytes, 5);
}

static void test_meminfo__a_number_too_large_is_missing(void **state UNUSED)
{
	struct procfs_meminfo m;

	assert_int_equal(PARSE(meminfo,
			       "MemTotal: 1 kB\nMemFree: 18446744073709551615 kB\n"
			       "Cached: 99999999999999999999 kB\nShmem: 18014398509481984 kB\n",
			       &m),
			 0);
	assert_true(m.free_bytes == MISSING_U64);
	assert_true(m.cached_bytes == MISSING_U64);
	assert_true(m.shmem_bytes == MISSING_U64);
}

static void test_vmstat__allocstall_is_the_sum_of_its_zones(void **state UNUSED)
{
	struct procfs_vmstat v;

	assert_int_equal(
		PARSE(vmstat,
		      "allocstall_dma 2\nallocstall_normal 3\npswpin 0\nallocstall_movable 5\n",
		      &v),
		0);
	assert_int_equal(v.allocstall, 10);
	assert_int_equal(v.pswpin, 0);
	assert_true(v.pswpout == MISSING_U64);
}

static void test_vmstat__a_name_that_begins_like_another_is_another(void **state UNUSED)
{
	struct procfs_vmstat v;

	assert_int_equal(
		PARSE(vmstat, "pgfault_special 9\npgfault 4\nswpin_zero 6\nzswpin 7\n", &v), 0);
	assert_int_equal(v.pgfault, 4);
	assert_int_equal(v.swpin_zero, 6);
	assert_int_equal(v.zswpin, 7);
	assert_true(v.allocstall == MISSING_U64);
}

static void test_swaps__paths_are_unescaped_and_deleted_ones_marked(void **state UNUSED)
{
	struct procfs_swaps s;

	assert_int_equal(procfs_swaps_read(&archived, &s, NULL), 0);
	assert_int_equal(s.n, 3);
	assert_string_equal(s.swaps[0].path, "/dev/zram3");
	assert_int_equal(s.swaps[0].size_bytes, 524284 * KIB);
	assert_int_equal(s.swaps[0].used_bytes, 20480 * KIB);
	assert_int_equal(s.swaps[0].priority, 32767);
	assert_false(s.swaps[0].file);
	assert_string_equal(s.swaps[1].path, "/srv/my swap\nfile");
	assert_true(s.swaps[1].file);
	assert_int_equal(s.swaps[1].priority, -2);
	assert_string_equal(s.swaps[2].path, "/run/zram\\node");
	assert_true(s.swaps[2].deleted);
}

static void test_swaps__a_cut_line_is_refused(void **state UNUSED)
{
	struct procfs_swaps s;

	assert_int_equal(PARSE(swaps, "Filename Type\n", &s), 0);
	assert_int_equal(s.n, 0);
	assert_int_equal(PARSE(swaps, "Filename Type\n/dev/sda partition 4 ", &s), -EBADMSG);
	assert_int_equal(PARSE(swaps, "", &s), -EBADMSG);
}

static void test_stat__a_name_with_brackets_and_a_state_in_it_shifts_nothing(void **state UNUSED)
{
	struct procfs_stat s;

	assert_int_equal(procfs_stat_read(&archived, 77, &s, NULL), 0);
	assert_string_equal(s.comm, "a ) Z 1 (b");
	assert_int_equal(s.pid, 77);
	assert_int_equal(s.state, 'S');
	assert_int_equal(s.ppid, 1);
	assert_int_equal(s.minor_faults, 2391);
	assert_int_equal(s.major_faults, 17);
	assert_int_equal(s.user_ticks, 3);
	assert_int_equal(s.system_ticks, 5);
	assert_int_equal(s.threads, 4);
	assert_int_equal(s.start_ticks, 4242);
	assert_int_equal(s.rss_pages, 1201);
}

static void test_stat__every_cut_of_a_line_is_refused_or_read_within_it(void **state UNUSED)
{
	static const char line[] =
		"77 (x) S 1 77 77 0 -1 4 2391 0 17 0 3 5 0 0 20 -3 4 0 4242 2357 1201";
	struct procfs_stat s;

	for (size_t n = 0; n < sizeof(line) - 4; n++) {
		char *exact = malloc(n ? n : 1);

		memcpy(exact, line, n);
		assert_int_equal(procfs_stat_parse(exact, n, &s), -EBADMSG);
		free(exact);
	}
}

static void test_stat__a_hostile_child_is_read_right(void **state UNUSED)
{
	struct procfs_stat s;
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_NAME, ") Z 1 \n(\xff");
		raise(SIGSTOP);
		_exit(0);
	}
	waitpid(pid, NULL, WUNTRACED);
	assert_int_equal(procfs_stat_read(NULL, pid, &s, NULL), 0);
	assert_string_equal(s.comm, ") Z 1 \n(\xff");
	assert_int_equal(s.state, 'T');
	assert_int_equal(s.ppid, getpid());
	assert_true(procfs_alive(NULL, pid, s.start_ticks));
	assert_false(procfs_alive(NULL, pid, s.start_ticks + 1));
	kill(pid, SIGKILL);
	siginfo_t info;

	waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
	assert_false(procfs_alive(NULL, pid, s.start_ticks)); /* a zombie is not alive */
	waitpid(pid, NULL, 0);
	struct err e;

	assert_int_equal(procfs_stat_read(NULL, pid, &s, &e), -ESRCH);
	assert_non_null(strstr(e.what, "not found"));
}

static void test_status__uid_threads_and_sizes(void **state UNUSED)
{
	struct procfs_status s;

	assert_int_equal(procfs_status_read(&archived, 77, &s, NULL), 0);
	assert_int_equal(s.uid, 1000);
	assert_int_equal(s.effective_uid, 0);
	assert_int_equal(s.threads, 4);
	assert_int_equal(s.rss_bytes, 4800 * KIB);
	assert_int_equal(s.rss_peak_bytes, 4804 * KIB);
	assert_int_equal(s.rss_anon_bytes, 804 * KIB);
	assert_int_equal(s.rss_shmem_bytes, 0);
	assert_int_equal(s.swap_bytes, 120 * KIB);
	assert_int_equal(s.locked_bytes, 8 * KIB);
}

static void test_status__a_kernel_thread_has_no_sizes(void **state UNUSED)
{
	struct procfs_status s;

	assert_int_equal(PARSE(status, "Name:\tkthreadd\nUid:\t0\t0\t0\t0\nThreads:\t1\n", &s), 0);
	assert_true(s.rss_bytes == MISSING_U64);
	assert_true(s.swap_bytes == MISSING_U64);
	assert_int_equal(PARSE(status, "Name:\tx\nThreads:\t1\n", &s), -EBADMSG);
}

static void test_boot_id__is_a_line_without_its_end(void **state UNUSED)
{
	char id[PROCFS_BOOT_ID_MAX];

	assert_int_equal(procfs_boot_id(&archived, id, NULL), 0);
	assert_string_equal(id, "e51e9861-c0d5-4aa0-a7a0-a679faabadb9");
}

static void test_exe__is_this_test(void **state UNUSED)
{
	char path[4096], tiny[4];

	assert_int_equal(procfs_exe(NULL, getpid(), path, sizeof(path), NULL), 0);
	assert_non_null(strstr(path, "test_procfs"));
	assert_int_equal(procfs_exe(NULL, getpid(), tiny, sizeof(tiny), NULL), -ENAMETOOLONG);
}

/* Children that are listed before their parents are found all the same. */
static void test_relations__descendants_are_marked_in_any_order(void **state UNUSED)
{
	struct procfs_relation list[] = {
		{ 9, 7, false }, { 1, 0, false }, { 7, 5, false }, { 5, 1, false }, { 6, 1, true }
	};
	const bool inside[] = { true, false, true, true, false };

	procfs_descendants_mark(list, ARRAY_SIZE(list), 5);
	for (size_t i = 0; i < ARRAY_SIZE(list); i++)
		assert_int_equal(list[i].inside, inside[i]);
}

static void test_relations__this_process_is_one_with_its_parent(void **state UNUSED)
{
	struct procfs_relation *list;
	size_t n, found = 0;

	list = procfs_relations(&n);
	assert_non_null(list);
	for (size_t i = 0; i < n; i++)
		found += list[i].pid == getpid() && list[i].parent == getppid() && !list[i].inside;
	free(list);
	assert_int_equal(found, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_meminfo__sizes_are_bytes_and_what_is_absent_is_missing),
		cmocka_unit_test(test_meminfo__a_text_without_a_total_is_none),
		cmocka_unit_test(test_meminfo__a_number_too_large_is_missing),
		cmocka_unit_test(test_vmstat__allocstall_is_the_sum_of_its_zones),
		cmocka_unit_test(test_vmstat__a_name_that_begins_like_another_is_another),
		cmocka_unit_test(test_swaps__paths_are_unescaped_and_deleted_ones_marked),
		cmocka_unit_test(test_swaps__a_cut_line_is_refused),
		cmocka_unit_test(test_stat__a_name_with_brackets_and_a_state_in_it_shifts_nothing),
		cmocka_unit_test(test_stat__every_cut_of_a_line_is_refused_or_read_within_it),
		cmocka_unit_test(test_stat__a_hostile_child_is_read_right),
		cmocka_unit_test(test_status__uid_threads_and_sizes),
		cmocka_unit_test(test_status__a_kernel_thread_has_no_sizes),
		cmocka_unit_test(test_boot_id__is_a_line_without_its_end),
		cmocka_unit_test(test_exe__is_this_test),
		cmocka_unit_test(test_relations__descendants_are_marked_in_any_order),
		cmocka_unit_test(test_relations__this_process_is_one_with_its_parent),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

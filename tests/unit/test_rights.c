/* SPDX-License-Identifier: GPL-2.0-only */
/* test_rights.c - which capabilities count, by the texts of /proc and in a user namespace. */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "lib/base/rights.h"
#include "skip.h"

#define INITIAL "         0          0 4294967295\n"
#define ALL     "Name:\tx\nCapEff:\t000001ffffffffff\nCapBnd:\t0000000000000000\n"

static void test_rights__only_the_initial_user_namespace_has_any(void **state UNUSED)
{
	static const char *const others[] = { "0 1000 1\n",       "0 100000 65536\n",
					      "1 0 4294967295\n", "0 1 4294967295\n",
					      "0 0 65536\n",      "torn" };

	assert_int_equal(rights_parse(INITIAL, ALL, RIGHTS_CHANGE | RIGHTS_PROBE), 0);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		assert_false(rights_parse_initial(others[i]));
		assert_int_equal(rights_parse(others[i], ALL, RIGHTS_CHANGE), RIGHTS_CHANGE);
	}
}

static void test_rights__sys_admin_stands_for_the_capabilities_of_probes(void **state UNUSED)
{
	const char *admin = "Name:\tx\nCapEff:\t0000000000200000\n";

	assert_int_equal(rights_parse(INITIAL, admin, RIGHTS_PROBE), 0);
	assert_int_equal(rights_parse(INITIAL, admin, RIGHTS_CHANGE), RIGHT(CAP_DAC_OVERRIDE));
	assert_int_equal(rights_parse(INITIAL, "Name:\tx\nCapEff:\t0\n", RIGHTS_PROBE),
			 RIGHTS_PROBE);
}

static void test_rights__names_are_a_list(void **state UNUSED)
{
	char text[200], cut[12];

	rights_names(RIGHTS_PROBE, text, sizeof(text));
	assert_string_equal(text, "CAP_BPF and CAP_PERFMON");
	rights_names(RIGHTS_PROBE | RIGHT(CAP_KILL), text, sizeof(text));
	assert_string_equal(text, "CAP_BPF, CAP_PERFMON and CAP_KILL");
	rights_names(RIGHTS_PROBE, cut, sizeof(cut));
	assert_string_equal(cut, "CAP_BPF and");
	rights_names(0, text, sizeof(text));
	assert_string_equal(text, "");
}

static void test_rights__user_id_0_of_a_namespace_is_refused_without_sudo(void **state UNUSED)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		struct err e = { 0 };

		if (unshare(CLONE_NEWUSER))
			_exit(77);
		_exit(rights_check(RIGHTS_CHANGE, "this", &e) && e.exit == EXIT_IMPOSSIBLE &&
				      strstr(e.what, "CAP_SYS_ADMIN") && !strstr(e.hint, "sudo")
			      ? 0
			      : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		SKIP("no user namespaces here");
	assert_int_equal(status, 0);
}

static void explain(const char *path, int code, struct err *e)
{
	err_set(e, code, "cannot open %s", path);
	rights_explain(path, e);
}

static void test_rights__a_refused_file_is_explained(void **state UNUSED)
{
	struct err e;

	explain("/sys/block/zram1/reset", EROFS, &e);
	assert_int_equal(e.exit, EXIT_IMPOSSIBLE);
	assert_non_null(strstr(e.hint, "writable"));
	explain("/sys/class/zram-control/hot_add", EACCES, &e);
	assert_int_equal(e.exit, EXIT_IMPOSSIBLE);
	/* Of a process, or of no use to a right: as before. */
	explain("/proc/7/maps", EACCES, &e);
	assert_int_equal(e.exit, EXIT_FAILED);
	explain("/home/x", EACCES, &e);
	assert_int_equal(e.exit, EXIT_FAILED);
	explain("/sys/block/zram1/reset", ENOENT, &e);
	assert_int_equal(e.exit, EXIT_FAILED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rights__only_the_initial_user_namespace_has_any),
		cmocka_unit_test(test_rights__sys_admin_stands_for_the_capabilities_of_probes),
		cmocka_unit_test(test_rights__names_are_a_list),
		cmocka_unit_test(test_rights__user_id_0_of_a_namespace_is_refused_without_sudo),
		cmocka_unit_test(test_rights__a_refused_file_is_explained),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* test_caller.c - the user who called sudo, and becoming that user. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "lib/base/caller.h"
#include "skip.h"

/* Each value may be NULL: not set. */
static int read_with(const char *uid, const char *gid, struct caller *ret, struct err *e)
{
	unsetenv("SUDO_UID");
	unsetenv("SUDO_GID");
	if (uid)
		setenv("SUDO_UID", uid, 1);
	if (gid)
		setenv("SUDO_GID", gid, 1);
	return caller_read(ret, e);
}

static void test_caller_read__the_user_who_called_sudo(void **state UNUSED)
{
	struct caller user;

	if (geteuid())
		SKIP("needs root");
	assert_int_equal(read_with("65534", "12345", &user, NULL), 0);
	assert_int_equal(user.uid, 65534);
	assert_int_equal(user.gid, 12345);
	assert_true(user.n_groups >= 1);
	assert_int_equal(read_with(NULL, NULL, &user, NULL), 0);
	assert_int_equal(user.uid, 0);
}

static void test_caller_read__refuses_what_is_not_an_id(void **state UNUSED)
{
	static const char *const bad[] = { "abc", "root; id", "", "-1", "4294967295" };
	struct caller user;
	struct err e;

	if (geteuid())
		SKIP("needs root");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(read_with(bad[i], "65534", &user, &e), -EINVAL);
		assert_non_null(strstr(e.what, "SUDO_UID"));
		assert_int_equal(read_with("65534", bad[i], &user, &e), -EINVAL);
		assert_non_null(strstr(e.what, "SUDO_GID"));
	}
}

static void test_caller_read__refuses_one_id_without_the_other(void **state UNUSED)
{
	struct caller user;
	struct err e;

	if (geteuid())
		SKIP("needs root");
	assert_int_equal(read_with("65534", NULL, &user, &e), -EINVAL);
	assert_string_equal(e.what, "only SUDO_UID is set; sudo sets both SUDO_UID and SUDO_GID");
	assert_int_equal(read_with(NULL, "65534", &user, &e), -EINVAL);
	assert_string_equal(e.what, "only SUDO_GID is set; sudo sets both SUDO_UID and SUDO_GID");
}

static bool is_user(const struct caller *user)
{
	gid_t groups[CALLER_GROUPS_MAX];

	return getuid() == user->uid && geteuid() == user->uid && getegid() == user->gid &&
	       getgroups(CALLER_GROUPS_MAX, groups) == (int)user->n_groups &&
	       str_eq(getenv("HOME"), user->home) && str_eq(getenv("SHELL"), user->shell) &&
	       setuid(0) < 0;
}

static void test_caller_become__ids_groups_and_environment_for_good(void **state UNUSED)
{
	struct caller user;
	pid_t child;
	int status;

	if (geteuid())
		SKIP("needs root");
	assert_int_equal(read_with("65534", "65534", &user, NULL), 0);
	child = fork();
	if (child == 0)
		_exit(caller_become(&user) ? 1 : is_user(&user) ? 0 : 2);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void test_caller_become__oneself_is_nothing_to_do(void **state UNUSED)
{
	struct caller user;

	assert_int_equal(read_with(NULL, NULL, &user, NULL), 0);
	setenv("HOME", "/nowhere", 1);
	assert_int_equal(caller_become(&user), 0);
	assert_string_equal(getenv("HOME"), "/nowhere");
}

/* ---- files ---- */

static char top[64];

static const char *at(const char *name)
{
	static char paths[4][128];
	static unsigned int turn;

	turn = (turn + 1) % 4;
	snprintf(paths[turn], sizeof(paths[turn]), "%s/%s", top, name);
	return paths[turn];
}

static int make_top(void **state UNUSED)
{
	snprintf(top, sizeof(top), "/tmp/test_caller.XXXXXX");
	return mkdtemp(top) ? 0 : -1;
}

static int remove_top(void **state UNUSED)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", top);
	return system(command);
}

static int try_open(const char *path)
{
	struct caller user;
	int fd = -1;

	assert_int_equal(read_with(NULL, NULL, &user, NULL), 0);
	alarm(10);
	fd = caller_open(&user, path, O_WRONLY | O_CREAT | O_TRUNC, 0644, NULL);
	alarm(0);
	if (fd >= 0)
		close(fd);
	return MIN(fd, 0);
}

static void test_caller_open__takes_regular_files_alone(void **state UNUSED)
{
	struct stat st;

	assert_int_equal(try_open(at("new")), 0);
	assert_int_equal(truncate(at("new"), 5), 0);
	assert_int_equal(try_open(at("new")), 0);
	assert_int_equal(stat(at("new"), &st), 0);
	assert_int_equal(st.st_size, 0);
	assert_int_equal(symlink(at("new"), at("link")), 0);
	assert_int_equal(try_open(at("link")), -ELOOP);
	assert_int_equal(symlink(at("nowhere"), at("dangling")), 0);
	assert_int_equal(try_open(at("dangling")), -ELOOP);
	assert_int_equal(access(at("nowhere"), F_OK), -1);
	assert_int_equal(try_open("/dev/null"), -EINVAL);
	assert_int_equal(try_open(top), -EISDIR);
	assert_int_equal(mkfifo(at("pipe"), 0600), 0);
	assert_int_equal(try_open(at("pipe")), -EINVAL);
	AUTO_CLOSE int reader UNUSED = open(at("pipe"), O_RDONLY | O_NONBLOCK);

	assert_int_equal(try_open(at("pipe")), -EINVAL);
}

static void test_caller_open__has_the_users_rights_and_gives_roots_back(void **state UNUSED)
{
	struct caller user;
	gid_t before[CALLER_GROUPS_MAX], after[CALLER_GROUPS_MAX];
	struct stat st;
	int n, fd;

	if (geteuid())
		SKIP("needs root");
	assert_int_equal(read_with("65534", "65534", &user, NULL), 0);
	n = getgroups(CALLER_GROUPS_MAX, before);
	assert_int_equal(caller_open(&user, at("file"), O_WRONLY | O_CREAT, 0644, NULL), -EACCES);
	assert_int_equal(caller_mkdir(&user, at("dir"), 0755), -EACCES);
	assert_int_equal(getgroups(CALLER_GROUPS_MAX, after), n);
	assert_memory_equal(before, after, (size_t)n * sizeof(*before));
	assert_int_equal(mkdir(at("roots"), 0700), 0); /* root again */
	assert_int_equal(stat(at("roots"), &st), 0);
	assert_int_equal(st.st_uid, 0);
	assert_int_equal(chmod(top, 0777), 0);
	assert_int_equal(caller_mkdir(&user, at("dir"), 0755), 0);
	fd = caller_open(&user, at("dir/file"), O_WRONLY | O_CREAT, 0644, NULL);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_uid, 65534);
	assert_int_equal(st.st_gid, 65534);
	assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
	close(fd);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_caller_read__the_user_who_called_sudo),
		cmocka_unit_test(test_caller_read__refuses_what_is_not_an_id),
		cmocka_unit_test(test_caller_read__refuses_one_id_without_the_other),
		cmocka_unit_test(test_caller_become__ids_groups_and_environment_for_good),
		cmocka_unit_test(test_caller_become__oneself_is_nothing_to_do),
		cmocka_unit_test_setup_teardown(test_caller_open__takes_regular_files_alone,
						make_top, remove_top),
		cmocka_unit_test_setup_teardown(
			test_caller_open__has_the_users_rights_and_gives_roots_back, make_top,
			remove_top),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

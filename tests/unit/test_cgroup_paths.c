/* SPDX-License-Identifier: GPL-2.0-only */
/* test_cgroup_paths.c - paths by id, on plain directories: like a group's, their ids are their
 * inode numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "lib/kernel/cgroup_paths.h"

#define PATH_BYTES 4096

static char top[] = "/tmp/test_cgroup_paths.XXXXXX";

static int make_top(void **state UNUSED)
{
	return mkdtemp(top) ? 0 : -1;
}

static int remove_top(void **state UNUSED)
{
	return rmdir(top);
}

static const char *in_top(const char *name, char buf[PATH_BYTES])
{
	snprintf(buf, PATH_BYTES, "%s%s", top, name);
	return buf;
}

static uint64_t make(const char *name)
{
	char buf[PATH_BYTES];
	struct stat st;

	assert_int_equal(mkdir(in_top(name, buf), 0755), 0);
	assert_int_equal(stat(buf, &st), 0);
	return st.st_ino;
}

static void drop(const char *name)
{
	char buf[PATH_BYTES];

	assert_int_equal(rmdir(in_top(name, buf)), 0);
}

static void test_cgroup_paths__ids_lead_to_paths_below_the_mount(void **state UNUSED)
{
	uint64_t a = make("/a"), b = make("/a/b\n c"), later;
	struct cgroup_paths *paths;
	struct stat st;

	assert_int_equal(stat(top, &st), 0);
	assert_int_equal(cgroup_paths_new(&paths, top, NULL), 0);
	assert_string_equal(cgroup_paths_find(paths, b), "/a/b\n c");
	assert_string_equal(cgroup_paths_find(paths, a), "/a");
	assert_string_equal(cgroup_paths_find(paths, st.st_ino), "/");
	later = make("/later");
	assert_string_equal(cgroup_paths_find(paths, later), "/later");
	drop("/later");
	assert_string_equal(cgroup_paths_find(paths, later), "/later");
	cgroup_paths_free(paths);
	drop("/a/b\n c");
	drop("/a");
}

static void test_cgroup_paths__a_path_of_any_length_and_depth_is_whole(void **state UNUSED)
{
	struct cgroup_paths *paths;
	char name[PATH_BYTES] = "";
	size_t lengths[58], n = 0, levels = 0;
	uint64_t id = 0;

	/* 18 levels of 200 bytes, then 40 of two. */
	for (levels = 0; levels < ARRAY_SIZE(lengths); levels++) {
		lengths[levels] = n;
		n += (size_t)snprintf(name + n, sizeof(name) - n, "/%0*d", levels < 18 ? 200 : 1,
				      7);
		id = make(name);
	}
	assert_int_equal(cgroup_paths_new(&paths, top, NULL), 0);
	assert_string_equal(cgroup_paths_find(paths, id), name);
	cgroup_paths_free(paths);
	while (levels--) {
		drop(name);
		name[lengths[levels]] = '\0';
	}
}

static void test_cgroup_paths__what_is_not_there_has_none(void **state UNUSED)
{
	struct cgroup_paths *paths;

	assert_int_equal(cgroup_paths_new(&paths, top, NULL), 0);
	assert_null(cgroup_paths_find(paths, 0));
	assert_null(cgroup_paths_find(paths, UINT64_MAX));
	assert_null(cgroup_paths_find(paths, UINT64_MAX));
	cgroup_paths_free(paths);
	assert_int_equal(cgroup_paths_new(&paths, "/nonexistent", NULL), 0);
	assert_null(cgroup_paths_find(paths, 1));
	cgroup_paths_free(paths);
	cgroup_paths_free(NULL);
}

static void test_cgroup_paths__a_thousand_groups_keep_theirs(void **state UNUSED)
{
	struct cgroup_paths *paths;
	uint64_t ids[1009];
	char name[32];

	assert_int_equal(cgroup_paths_new(&paths, top, NULL), 0);
	for (int i = 0; i < 1009; i++) {
		snprintf(name, sizeof(name), "/g%d", i);
		ids[i] = make(name);
	}
	for (int i = 0; i < 1009; i++) {
		snprintf(name, sizeof(name), "/g%d", i);
		assert_string_equal(cgroup_paths_find(paths, ids[i]), name);
		drop(name);
	}
	cgroup_paths_free(paths);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cgroup_paths__ids_lead_to_paths_below_the_mount),
		cmocka_unit_test(test_cgroup_paths__a_path_of_any_length_and_depth_is_whole),
		cmocka_unit_test(test_cgroup_paths__what_is_not_there_has_none),
		cmocka_unit_test(test_cgroup_paths__a_thousand_groups_keep_theirs),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_top, remove_top);
}

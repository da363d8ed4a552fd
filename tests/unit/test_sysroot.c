/* SPDX-License-Identifier: GPL-2.0-only */
/* test_sysroot.c - small kernel files below a prefix: here a directory of the test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "lib/base/sysroot.h"

static char dir[] = "/tmp/test_sysroot.XXXXXX";
static struct sysroot root = { .prefix = dir };

static int make_dir(void **state UNUSED)
{
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state UNUSED)
{
	char path[SYSROOT_PATH_MAX];

	if (sysroot_path(&root, path, "/f") == 0)
		unlink(path);
	return rmdir(dir);
}

static void put(const char *text, size_t n)
{
	char path[SYSROOT_PATH_MAX];
	AUTO_FCLOSE FILE *f = NULL;

	assert_int_equal(sysroot_path(&root, path, "/f"), 0);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, n, f), n);
}

static void test_sysroot__no_root_is_the_running_system(void **state UNUSED)
{
	char path[SYSROOT_PATH_MAX];

	assert_int_equal(sysroot_path(NULL, path, "/proc/%d/stat", 1), 0);
	assert_string_equal(path, "/proc/1/stat");
	assert_true(sysroot_exists(NULL, "/proc/self/stat"));
}

static void test_sysroot__a_path_that_does_not_fit_is_refused(void **state UNUSED)
{
	char path[SYSROOT_PATH_MAX], longer[SYSROOT_PATH_MAX + 1];

	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(sysroot_path(NULL, path, "%s", longer), -ENAMETOOLONG);
	assert_int_equal(sysroot_path(NULL, path, "%s", longer + 1), 0);
	assert_int_equal(sysroot_path(&root, path, "%s", longer + 1), -ENAMETOOLONG);
}

static void test_sysroot__read_terminates_what_it_read(void **state UNUSED)
{
	char buf[8];

	put("1234567", 7);
	assert_int_equal(sysroot_read(&root, buf, sizeof(buf), NULL, "/f"), 7);
	assert_string_equal(buf, "1234567");
}

static void test_sysroot__a_file_larger_than_the_buffer_is_refused(void **state UNUSED)
{
	struct err e = { 0 };
	char buf[8];

	put("12345678", 8);
	assert_int_equal(sysroot_read(&root, buf, sizeof(buf), &e, "/f"), -E2BIG);
	assert_non_null(strstr(e.what, "/f"));
}

static void test_sysroot__read_alloc_grows_past_its_first_guess(void **state UNUSED)
{
	AUTO_FREE char *big = malloc(300007), *ret = NULL;

	memset(big, 'k', 300007);
	put(big, 300007);
	assert_int_equal(sysroot_read_alloc(&root, &ret, NULL, "/f"), 300007);
	assert_memory_equal(ret, big, 300007);
	assert_int_equal(ret[300007], 0);
}

static void test_sysroot__a_missing_file_is_named(void **state UNUSED)
{
	struct err e = { 0 };
	char *ret = (char *)"untouched";

	assert_int_equal(sysroot_read_alloc(&root, &ret, &e, "/none"), -ENOENT);
	assert_non_null(strstr(e.what, "/none"));
	assert_string_equal(ret, "untouched");
	assert_false(sysroot_exists(&root, "/none"));
}

static void test_sysroot__numbers_and_max_are_read(void **state UNUSED)
{
	uint64_t v = 0;

	put("4099\n", 5);
	assert_int_equal(sysroot_read_u64(&root, &v, NULL, "/f"), 0);
	assert_int_equal(v, 4099);
	put("max\n", 4);
	assert_int_equal(sysroot_read_u64(&root, &v, NULL, "/f"), 0);
	assert_true(v == UINT64_MAX);
}

static void test_sysroot__what_is_no_number_is_bad_and_leaves_the_result(void **state UNUSED)
{
	static const char *const bad[] = { "", "\n", "-1\n", "12x\n", "none\n" };
	uint64_t v = 7;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		put(bad[i], strlen(bad[i]));
		assert_int_equal(sysroot_read_u64(&root, &v, NULL, "/f"), -EBADMSG);
	}
	assert_int_equal(v, 7);
}

static void test_sysroot__write_replaces_but_never_creates(void **state UNUSED)
{
	char buf[16];

	put("earlier\n", 8);
	assert_int_equal(sysroot_write(&root, "1", NULL, "/f"), 0);
	assert_int_equal(sysroot_read(&root, buf, sizeof(buf), NULL, "/f"), 1);
	assert_string_equal(buf, "1");
	assert_int_equal(sysroot_write(&root, "1", NULL, "/none"), -ENOENT);
	assert_false(sysroot_exists(&root, "/none"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sysroot__no_root_is_the_running_system),
		cmocka_unit_test(test_sysroot__a_path_that_does_not_fit_is_refused),
		cmocka_unit_test(test_sysroot__read_terminates_what_it_read),
		cmocka_unit_test(test_sysroot__a_file_larger_than_the_buffer_is_refused),
		cmocka_unit_test(test_sysroot__read_alloc_grows_past_its_first_guess),
		cmocka_unit_test(test_sysroot__a_missing_file_is_named),
		cmocka_unit_test(test_sysroot__numbers_and_max_are_read),
		cmocka_unit_test(test_sysroot__what_is_no_number_is_bad_and_leaves_the_result),
		cmocka_unit_test(test_sysroot__write_replaces_but_never_creates),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}

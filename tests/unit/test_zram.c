/* SPDX-License-Identifier: GPL-2.0-only */
/* test_zram.c - what zram's files say, and which device is meant; nothing here needs zram. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/sysmacros.h>

#include <cmocka.h>

#include "lib/kernel/swap.h"
#include "lib/kernel/zram_config.h"

static const struct sysroot archived = { .prefix = "tests/fixtures/sysroot/6.12" };

static void test_mm_stat__nine_columns_by_their_meaning(void **state UNUSED)
{
	struct zram_mm_stat s;

	assert_int_equal(zram_mm_stat_read(&archived, 3, &s, NULL), 0);
	assert_int_equal(s.orig_bytes, 20971520);
	assert_int_equal(s.compr_bytes, 5304320);
	assert_int_equal(s.used_bytes, 6012928);
	assert_int_equal(s.limit_bytes, 134217728);
	assert_int_equal(s.used_max_bytes, 6021120);
	assert_int_equal(s.same_pages, 311);
	assert_int_equal(s.compacted_pages, 0);
	assert_int_equal(s.huge_pages, 97);
	assert_int_equal(s.huge_since_pages, 105);
}

static void test_mm_stat__without_the_ninth_it_is_missing_with_fewer_refused(void **state UNUSED)
{
	static const char eight[] = "1 2 3 4 5 6 7 8\n";
	struct zram_mm_stat s = { .orig_bytes = 77 };

	assert_int_equal(zram_mm_stat_parse(eight, sizeof(eight) - 1, &s), 0);
	assert_true(s.huge_since_pages == MISSING_U64);
	for (size_t n = 0; n < 14; n++)
		assert_int_equal(zram_mm_stat_parse(eight, n, &s), -EBADMSG);
}

static void test_io_stat__four_columns(void **state UNUSED)
{
	struct zram_io_stat s;

	assert_int_equal(zram_io_stat_read(&archived, 3, &s, NULL), 0);
	assert_int_equal(s.failed_reads, 1);
	assert_int_equal(s.failed_writes, 2);
	assert_int_equal(s.invalid_io, 3);
	assert_int_equal(s.notify_free, 404);
}

static void test_bd_stat__is_absent_without_writeback(void **state UNUSED)
{
	struct zram_bd_stat s;

	assert_int_equal(zram_bd_stat_read(&archived, 3, &s, NULL), 0);
	assert_int_equal(s.count_pages, 110);
	assert_int_equal(s.read_pages, 20);
	assert_int_equal(s.written_pages, 130);
	assert_int_equal(zram_bd_stat_read(&archived, 0, &s, NULL), -ENOENT);
}

static void test_block_stat__sectors_become_bytes(void **state UNUSED)
{
	struct zram_block_stat s;

	assert_int_equal(zram_block_stat_read(&archived, 3, &s, NULL), 0);
	assert_int_equal(s.reads, 23);
	assert_int_equal(s.read_bytes, 184 * 512);
	assert_int_equal(s.writes, 5121);
	assert_int_equal(s.written_bytes, 40968 * 512);
	assert_int_equal(s.discards, 7);
	assert_int_equal(s.discarded_bytes, 56 * 512);
}

static void test_name__is_a_device_of_zram_or_nothing(void **state UNUSED)
{
	static const char *const wrong[] = { "",
					     "zram",
					     "zram-1",
					     "zram +1",
					     "zram1x",
					     "zram0x1",
					     "/dev/zram",
					     "/dev/vda",
					     "zram4294967296",
					     "zram4294967297",
					     "zram2147483648",
					     "dev/zram1" };
	unsigned int id = 7;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(zram_name_parse(wrong[i], &id), -EINVAL);
	assert_int_equal(id, 7);
	assert_int_equal(zram_name_parse("zram12", &id), 0);
	assert_int_equal(id, 12);
	assert_int_equal(zram_name_parse("/dev/zram0", &id), 0);
	assert_int_equal(id, 0);
}

static void test_algorithms__the_one_in_brackets_is_in_use(void **state UNUSED)
{
	struct zram_algorithms a;

	assert_int_equal(zram_algorithms_read(&archived, 3, &a, NULL), 0);
	assert_true(a.crypto); /* no algorithm_params */
	assert_int_equal(a.n, 7);
	assert_string_equal(a.names[a.current], "zstd");
	assert_true(zram_algorithms_have(&a, "lzo-rle"));
	assert_true(zram_algorithms_have(&a, "842"));
	assert_false(zram_algorithms_have(&a, "lz"));
}

static void test_algorithms__none_in_use_or_too_long_is_refused(void **state UNUSED)
{
	struct zram_algorithms a;

	assert_int_equal(zram_algorithms_parse("lz4 lzo\n", 8, &a), -EBADMSG);
	assert_int_equal(zram_algorithms_parse("", 0, &a), -EBADMSG);
	assert_int_equal(zram_algorithms_parse("[]\n", 3, &a), -EBADMSG);
	assert_int_equal(zram_algorithms_parse("[aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]", 38, &a),
			 -E2BIG);
}

static void test_list__by_number_and_nothing_that_only_looks_like_one(void **state UNUSED)
{
	struct zram_list list;

	assert_int_equal(zram_list_read(&archived, &list, NULL), 0);
	assert_int_equal(list.n, 2);
	assert_int_equal(list.devices[0].id, 0);
	assert_int_equal(list.devices[1].id, 3);
	assert_true(list.devices[1].dev == makedev(253, 3));
	assert_int_equal(list.devices[1].diskseq, 14);
}

static void test_present__another_disk_of_the_same_number_is_another(void **state UNUSED)
{
	struct zram_device device;
	struct err e;

	assert_int_equal(zram_identify(&archived, 3, &device, NULL), 0);
	assert_true(zram_present(&archived, &device));
	device.diskseq--;
	assert_false(zram_present(&archived, &device));
	assert_int_equal(zram_identify(&archived, 7, &device, &e), -ENODEV);
	assert_non_null(strstr(e.what, "zram7"));
}

static void test_available__says_what_would_help(void **state UNUSED)
{
	struct err e = { .code = 0 };

	assert_int_equal(zram_available(&archived, &e), -ENOTSUP);
	assert_int_equal(e.exit, EXIT_IMPOSSIBLE);
	assert_non_null(strstr(e.hint, "modprobe zram"));
}

static void test_setup__refuses_a_device_in_use_and_lists_algorithms(void **state UNUSED)
{
	const struct zram_config config = { .algorithm = "novel", .disk_bytes = MIB };
	struct err e = { .code = 0 };

	assert_int_equal(zram_setup(&archived, 3, &config, &e), -EBUSY); /* it has a size already */
	assert_non_null(strstr(e.what, "already set up"));
	assert_int_equal(zram_setup(&archived, 0, &config, &e), -EINVAL);
	assert_int_equal(e.exit, EXIT_USAGE);
	assert_string_equal(e.hint, "it has: lzo, lzo-rle");
}

static void test_priority__one_above_the_highest_or_none_left(void **state UNUSED)
{
	struct procfs_swaps swaps = { .n = 2, .swaps = { { .priority = -2 }, { .priority = 40 } } };
	struct err e;
	int next = -9;

	assert_int_equal(swap_next_priority(&swaps, &next, NULL), 0);
	assert_int_equal(next, 41);
	swaps.n = 1;
	assert_int_equal(swap_next_priority(&swaps, &next, NULL), 0);
	assert_int_equal(next, 0);
	swaps.swaps[0].priority = SWAP_PRIORITY_MAX;
	assert_int_equal(swap_next_priority(&swaps, &next, &e), -ERANGE);
	assert_non_null(strstr(e.what, "32767"));
}

/* ---- a device of plain files, with all that a kernel may have ---- */
static char top[64];
static struct sysroot tree;

static void put(const char *attribute, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/sys/block/zram7/%s", top, attribute);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static const char *got(const char *attribute)
{
	static char text[256];

	assert_true(sysroot_read(&tree, text, sizeof(text), NULL, "/sys/block/zram7/%s",
				 attribute) >= 0);
	return text;
}

static int make_device(void **state UNUSED)
{
	char command[256];

	snprintf(top, sizeof(top), "/tmp/test_zram.XXXXXX");
	if (!mkdtemp(top))
		return -1;
	tree.prefix = top;
	snprintf(command, sizeof(command), "mkdir -p %s/sys/block/zram7", top);
	if (system(command))
		return -1;
	put("dev", "253:7\n");
	put("diskseq", "41\n");
	put("disksize", "0\n");
	put("mem_limit", "0\n");
	put("comp_algorithm", "lzo-rle lzo [lz4] zstd deflate\n");
	return 0;
}

static int remove_device(void **state UNUSED)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", top);
	return system(command);
}

static void test_config__what_the_kernel_lacks_is_impossible_and_said(void **state UNUSED)
{
	const int level = 3;
	const struct zram_config second = { .recompress = "zstd" },
				 backing = { .backing = "/dev/x" }, params = { .level = &level };
	struct err e;

	assert_int_equal(zram_check(&tree, 7, &second, &e), -ENOTSUP);
	assert_int_equal(e.exit, EXIT_IMPOSSIBLE);
	assert_non_null(strstr(e.hint, "none of these features"));
	assert_int_equal(zram_check(&tree, 7, &backing, &e), -ENOTSUP);
	assert_non_null(strstr(e.hint, "CONFIG_ZRAM_WRITEBACK"));
	assert_int_equal(zram_check(&tree, 7, &params, &e), -ENOTSUP);
	put("algorithm_params", "");
	assert_int_equal(zram_check(&tree, 7, &params, NULL), 0);
	assert_int_equal(zram_check(&tree, 7, &second, &e), -ENOTSUP);
	assert_non_null(strstr(e.hint, "levels and dictionaries"));
}

static void test_config__what_a_codec_would_pass_over_is_refused(void **state UNUSED)
{
	const int level = 3;
	struct err e;

	put("algorithm_params", "");
	const struct zram_config refused[] = {
		{ .algorithm = "lzo", .level = &level },
		{ .algorithm = "lzo-rle", .dict = "/a" },
		{ .algorithm = "deflate", .dict = "/a" },
		{ .algorithm = "novel", .level = &level },
	};
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		assert_int_equal(zram_check(&tree, 7, &refused[i], &e), -EINVAL);
		assert_int_equal(e.exit, EXIT_USAGE);
	}
	const struct zram_config taken[] = {
		{ .level = &level, .dict = "/a" }, /* of the default, lz4 */
		{ .algorithm = "zstd", .level = &level, .dict = "/a" },
		{ .algorithm = "deflate", .level = &level },
	};
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
		assert_int_equal(zram_check(&tree, 7, &taken[i], NULL), 0);
}

static void test_config__everything_is_written_as_the_kernel_reads_it(void **state UNUSED)
{
	const int level = -5;
	const struct zram_config config = {
		.algorithm = "zstd",
		.level = &level,
		.dict = "/a b/dict",
		.recompress = "deflate",
		.backing = "/dev/loop3",
		.mem_limit_bytes = 8 * MIB,
		.disk_bytes = 64 * MIB,
	};
	char algorithm[ZRAM_ALGORITHM_MAX], path[64];

	put("algorithm_params", "");
	put("recomp_algorithm", "#1: lzo-rle lzo lz4 zstd deflate\n");
	put("backing_dev", "none\n");
	assert_int_equal(zram_second_algorithm(&tree, 7, algorithm), -ENOENT);
	assert_int_equal(zram_backing(&tree, 7, path, sizeof(path)), -ENOENT);
	assert_int_equal(zram_setup(&tree, 7, &config, NULL), 0);
	assert_string_equal(got("comp_algorithm"), "zstd");
	assert_string_equal(got("algorithm_params"), "level=-5 dict=\"/a b/dict\"");
	assert_string_equal(got("recomp_algorithm"), "algo=deflate priority=1");
	assert_string_equal(got("backing_dev"), "/dev/loop3");
	assert_string_equal(got("mem_limit"), "8388608");
	assert_string_equal(got("disksize"), "67108864");
	assert_int_equal(zram_backing(&tree, 7, path, sizeof(path)), 0);
	assert_string_equal(path, "/dev/loop3");
	put("recomp_algorithm", "#1: lzo-rle lzo lz4 [zstd] deflate\n");
	assert_int_equal(zram_second_algorithm(&tree, 7, algorithm), 0);
	assert_string_equal(algorithm, "zstd");
}

static void test_config__a_dictionary_that_would_end_the_quotes_is_refused(void **state UNUSED)
{
	const struct zram_config config = { .dict = "/a\" level=9 dict=\"/b", .disk_bytes = MIB };
	struct err e;

	put("algorithm_params", "");
	assert_int_equal(zram_setup(&tree, 7, &config, &e), -EINVAL);
	assert_string_equal(got("algorithm_params"), "");
	assert_string_equal(got("disksize"), "0\n");
}

static void test_swap_room__more_than_is_available_is_refused_with_both_figures(void **state UNUSED)
{
	struct procfs_meminfo meminfo = { .available_bytes = 64 * MIB };
	struct err e = { .code = 0 };

	assert_int_equal(swap_room_memory(&meminfo, 64 * MIB, &e), 0);
	assert_int_equal(swap_room_memory(&meminfo, 64 * MIB + 1, &e), -ENOMEM);
	assert_non_null(strstr(e.what, "64.0 MiB"));
	assert_non_null(strstr(e.hint, "--force"));
	meminfo.available_bytes = MISSING_U64;
	assert_int_equal(swap_room_memory(&meminfo, 64 * MIB + 1, &e), 0);
}

static void test_swap_room__of_a_groups_swap_at_most_what_the_pool_holds_counts(void **state UNUSED)
{
	struct cgroup_swap group = {
		.dir = "/sys/fs/cgroup/a",
		.path = "/a",
		.swap_bytes = 48 * MIB,
		.limit_bytes = 24 * MIB,
		.room_bytes = 20 * MIB,
	};
	struct err e = { .code = 0 };

	assert_int_equal(swap_room_group(&group, 20 * MIB, &e), 0);
	assert_int_equal(swap_room_group(&group, 64 * MIB, &e), -ENOMEM);
	assert_non_null(strstr(e.what, "48.0 MiB of the cgroup /a"));
	assert_non_null(strstr(e.what, "24.0 MiB leaves only 20.0 MiB"));
	group.room_bytes = MISSING_U64; /* no limit */
	assert_int_equal(swap_room_group(&group, 64 * MIB, &e), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_config__what_the_kernel_lacks_is_impossible_and_said, make_device,
			remove_device),
		cmocka_unit_test_setup_teardown(
			test_config__what_a_codec_would_pass_over_is_refused, make_device,
			remove_device),
		cmocka_unit_test_setup_teardown(
			test_config__everything_is_written_as_the_kernel_reads_it, make_device,
			remove_device),
		cmocka_unit_test_setup_teardown(
			test_config__a_dictionary_that_would_end_the_quotes_is_refused, make_device,
			remove_device),
		cmocka_unit_test(test_mm_stat__nine_columns_by_their_meaning),
		cmocka_unit_test(test_mm_stat__without_the_ninth_it_is_missing_with_fewer_refused),
		cmocka_unit_test(test_io_stat__four_columns),
		cmocka_unit_test(test_bd_stat__is_absent_without_writeback),
		cmocka_unit_test(test_block_stat__sectors_become_bytes),
		cmocka_unit_test(test_name__is_a_device_of_zram_or_nothing),
		cmocka_unit_test(test_algorithms__the_one_in_brackets_is_in_use),
		cmocka_unit_test(test_algorithms__none_in_use_or_too_long_is_refused),
		cmocka_unit_test(test_list__by_number_and_nothing_that_only_looks_like_one),
		cmocka_unit_test(test_present__another_disk_of_the_same_number_is_another),
		cmocka_unit_test(test_available__says_what_would_help),
		cmocka_unit_test(test_setup__refuses_a_device_in_use_and_lists_algorithms),
		cmocka_unit_test(test_priority__one_above_the_highest_or_none_left),
		cmocka_unit_test(
			test_swap_room__more_than_is_available_is_refused_with_both_figures),
		cmocka_unit_test(
			test_swap_room__of_a_groups_swap_at_most_what_the_pool_holds_counts),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

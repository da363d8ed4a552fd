/* SPDX-License-Identifier: GPL-2.0-only */
/* test_maps.c - mappings by address: a made-up /proc/PID/maps, hostile names, this process's own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/kernel/maps.h"
#include "lib/base/sysroot.h"

static const char text[] =
	"1000-3000 r-xp 00000000 fe:01 77                         /usr/bin/evil\\012name "
	"(deleted)\n"
	"no line of it\n"
	"3000-4000 rw-p 00000000 00:00 0 \n"
	"5000-6000 rw-p 00000000 00:00 0                          [heap]\n"
	"6000-7000 rw-s 00000000 00:01 9                          /memfd:pool (deleted)\n"
	"7000-8000 rw-s 00000000 00:2a 5                          /tmp/[heap]\n"
	"8000-9000 rw-p 00000000 00:00 0                          [anon:glibc: malloc]\n"
	"7ff000-800000 rw-p 00000000 00:00 0                      [stack]";

static struct maps parsed(const char *from)
{
	const struct maps_tmpfs tmpfs = { .dev = { 0x2a }, .n = 1 };
	struct maps maps;

	assert_int_equal(maps_parse(strdup(from), &tmpfs, &maps), 0);
	return maps;
}

static void test_maps_find__is_the_mapping_an_address_lies_in(void **state UNUSED)
{
	struct maps maps = parsed(text);

	assert_int_equal(maps.n, 7);
	assert_null(maps_find(&maps, 0xfff));
	assert_int_equal(maps_find(&maps, 0x1000)->inode, 77);
	assert_int_equal(maps_find(&maps, 0x2fff)->inode, 77);
	assert_int_equal(maps_find(&maps, 0x3000)->kind, MAPPING_ANON);
	assert_null(maps_find(&maps, 0x4000));
	assert_null(maps_find(&maps, 0x800000));
	maps_done(&maps);
	maps = parsed("");
	assert_null(maps_find(&maps, 0));
	maps_done(&maps);
}

static void test_maps__kinds_come_from_names_and_devices(void **state UNUSED)
{
	static const enum mapping_kind kinds[] = { MAPPING_FILE,  MAPPING_ANON,  MAPPING_HEAP,
						   MAPPING_SHMEM, MAPPING_SHMEM, MAPPING_ANON,
						   MAPPING_STACK };
	struct maps maps = parsed(text);

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		assert_int_equal(maps.items[i].kind, kinds[i]);
	maps_done(&maps);
}

static void test_maps__a_name_is_the_last_part_without_the_kernels_marks(void **state UNUSED)
{
	static const char *const names[] = { "evil\nname", "", "", "memfd:pool", "[heap]", "", "" };
	struct maps maps = parsed(text);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_string_equal(maps.items[i].name, names[i]);
	maps_done(&maps);
}

static void test_maps__of_this_process_know_its_stack_and_its_program(void **state UNUSED)
{
	struct maps_tmpfs tmpfs;
	struct maps maps;
	char *own = NULL;

	maps_tmpfs_read(getpid(), &tmpfs);
	assert_true(sysroot_read_alloc(NULL, &own, NULL, "/proc/self/maps") > 0);
	assert_int_equal(maps_parse(own, &tmpfs, &maps), 0);
	assert_int_equal(maps_find(&maps, (uintptr_t)&maps)->kind, MAPPING_STACK);
	assert_string_equal(maps_find(&maps, (uintptr_t)parsed)->name, "test_maps");
	maps_done(&maps);
}

static void test_maps_detail__is_what_smaps_says_of_a_mapping(void **state UNUSED)
{
	static const struct {
		const char *line;
		struct maps_detail detail;
	} cases[] = {
		{ "LazyFree:           1024 kB", { .lazyfree_pages = 256 } },
		{ "VmFlags: rd wr mr mw me lo ac sd ", { .locked = true } },
		{ "VmFlags: rd mr pf io de dd ", { .outside = true } },
		{ "VmFlags: rd wr mr mw me de ht ", { .outside = true } },
		{ "VmFlags: rd wr mr mw me ac sd ", { .locked = false } },
		{ "Locked:                4 kB", { .locked = false } },
		{ "", { .locked = false } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct maps_detail detail = { 0 };
		struct maps_line line;

		maps_detail_parse(cases[i].line, &detail);
		assert_int_equal(detail.lazyfree_pages, cases[i].detail.lazyfree_pages);
		assert_int_equal(detail.locked, cases[i].detail.locked);
		assert_int_equal(detail.outside, cases[i].detail.outside);
		assert_false(maps_line_parse(cases[i].line, &line));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_maps_find__is_the_mapping_an_address_lies_in),
		cmocka_unit_test(test_maps__kinds_come_from_names_and_devices),
		cmocka_unit_test(test_maps__a_name_is_the_last_part_without_the_kernels_marks),
		cmocka_unit_test(test_maps__of_this_process_know_its_stack_and_its_program),
		cmocka_unit_test(test_maps_detail__is_what_smaps_says_of_a_mapping),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

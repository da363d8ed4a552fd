/* SPDX-License-Identifier: GPL-2.0-only */
/* test_symbol.c - names for addresses: a made-up kallsyms, this process's own functions, hostile
 * names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "probes/page_fault_symbol.h"
#include "lib/base/sysroot.h"

static void test_kernel_symbol__is_the_function_an_address_lies_in(void **state UNUSED)
{
	static const char text[] = "ffffffff81000200 T second\n"
				   "ffffffff81000100 t first\n"
				   "0000000000000000 T hidden\n"
				   "ffffffff81000150 D data\n"
				   "no line of it\n"
				   "ffffffff81000180 \n"
				   "ffffffffc0000000 t in_module\t[zram]\n"
				   "ffffffff81000300 W last";
	struct kernel_symbols *k = NULL;

	assert_int_equal(kernel_symbols_parse(strdup(text), &k, NULL), 0);
	assert_null(kernel_symbol(k, 0));
	assert_null(kernel_symbol(k, 0xffffffff810000ff));
	assert_string_equal(kernel_symbol(k, 0xffffffff81000100), "first");
	assert_string_equal(kernel_symbol(k, 0xffffffff810001ff), "first");
	assert_string_equal(kernel_symbol(k, 0xffffffff81000200), "second");
	assert_string_equal(kernel_symbol(k, 0xffffffff81000301), "last");
	assert_string_equal(kernel_symbol(k, 0xffffffffc0000010), "in_module");
	kernel_symbols_free(k);
}

static void test_kernel_symbol__of_nothing_is_nothing(void **state UNUSED)
{
	struct kernel_symbols *k = NULL;

	assert_int_equal(kernel_symbols_parse(strdup(""), &k, NULL), 0);
	assert_null(kernel_symbol(k, UINT64_MAX));
	kernel_symbols_free(k);
}

static void test_process_symbol__finds_this_program_and_the_libraries(void **state UNUSED)
{
	char *maps = NULL;
	ssize_t n = sysroot_read_alloc(NULL, &maps, NULL, "/proc/self/maps");
	struct process_symbols *p;

	assert_true(n > 0);
	p = process_symbols_new(maps, (size_t)n, "");
	assert_non_null(p);
	assert_string_equal(
		process_symbol(
			p, (uintptr_t)test_process_symbol__finds_this_program_and_the_libraries),
		"test_process_symbol__finds_this_program_and_the_libraries");
	assert_string_equal(process_symbol(p, (uintptr_t)kernel_symbol), "kernel_symbol");
	assert_string_equal(process_symbol(p, (uintptr_t)kernel_symbol), "kernel_symbol");
	assert_non_null(process_symbol(p, (uintptr_t)&strtoull));
	assert_string_equal(process_symbol(p, 0), "[unknown]");
	process_symbols_free(p);

	/* Files that are not there, as of a container that is gone. */
	p = process_symbols_new(maps, (size_t)n, "/nowhere");
	assert_string_equal(process_symbol(p, (uintptr_t)kernel_symbol), "[test_symbol]");
	process_symbols_free(p);
	free(maps);
}

static void test_process_symbol__takes_any_text_for_maps(void **state UNUSED)
{
	static const char *const bad[] = { "",
					   "\n",
					   "x",
					   "7f00-\n/",
					   "00400000-00401000 r-xp 00000000 00:00 1 /\n\n\n",
					   "ffffffffffffffff-0 r-xp 0 0:0 0 /bin/sh\n" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct process_symbols *p = process_symbols_new(bad[i], strlen(bad[i]), NULL);

		assert_non_null(process_symbol(p, 0x400010));
		process_symbols_free(p);
	}
	process_symbols_free(NULL);
}

static void test_symbol_frame__ends_no_frame_and_no_line(void **state UNUSED)
{
	struct text t = { 0 };

	symbol_frame(&t, "a;b\nc\x1b[31m\xff;\\");
	text_put(&t, "", 1);
	assert_false(t.failed);
	assert_string_equal(t.s, "a\\x3bb\\x0ac\\x1b[31m\\xff\\x3b\\\\");
	text_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kernel_symbol__is_the_function_an_address_lies_in),
		cmocka_unit_test(test_kernel_symbol__of_nothing_is_nothing),
		cmocka_unit_test(test_process_symbol__finds_this_program_and_the_libraries),
		cmocka_unit_test(test_process_symbol__takes_any_text_for_maps),
		cmocka_unit_test(test_symbol_frame__ends_no_frame_and_no_line),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* test_btf.c - the size of a structure from BTF that is built here, cut, or damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <linux/btf.h>

#include "lib/analysis/prng.h"
#include "lib/kernel/btf.h"

/* An integer, an enum of two, and a structure of two members that begins at this string offset. */
static size_t build(char *buf, uint32_t base_strings)
{
	static const char strings[] = "\0int\0zram_table_entry_of_another\0zram_table_entry";
	const uint32_t types[] = { /* int */ base_strings + 1,
				   BTF_KIND_INT << 24,
				   8,
				   64,
				   /* enum */ 0,
				   BTF_KIND_ENUM << 24 | 2,
				   4,
				   0,
				   0,
				   0,
				   1,
				   /* struct */ base_strings + 5,
				   BTF_KIND_STRUCT << 24 | 1,
				   99,
				   base_strings + 1,
				   1,
				   0,
				   /* struct */ base_strings + 33,
				   BTF_KIND_STRUCT << 24 | 2,
				   24,
				   base_strings + 1,
				   1,
				   0,
				   base_strings + 1,
				   1,
				   64 };
	const struct btf_header header = { .magic = BTF_MAGIC,
					   .version = 1,
					   .hdr_len = sizeof(header),
					   .type_len = sizeof(types),
					   .str_off = sizeof(types),
					   .str_len = sizeof(strings) };

	memcpy(buf, &header, sizeof(header));
	memcpy(buf + sizeof(header), types, sizeof(types));
	memcpy(buf + sizeof(header) + sizeof(types), strings, sizeof(strings));
	return sizeof(header) + sizeof(types) + sizeof(strings);
}

static void test_btf__size_of_the_structure_with_exactly_this_name(void **state UNUSED)
{
	uint64_t bytes;
	char buf[512];
	size_t len = build(buf, 0);

	assert_int_equal(btf_struct_bytes(buf, len, 0, "zram_table_entry", &bytes), 0);
	assert_int_equal(bytes, 24);
	assert_int_equal(btf_struct_bytes(buf, len, 0, "zram_table", &bytes), -ENOENT);
	assert_int_equal(btf_struct_bytes(buf, len, 0, "int", &bytes), -ENOENT);
}

static void test_btf__strings_of_a_module_follow_those_of_the_kernel(void **state UNUSED)
{
	uint64_t bytes;
	char buf[512];
	size_t len = build(buf, 77777);

	assert_int_equal(btf_struct_bytes(buf, len, 77777, "zram_table_entry", &bytes), 0);
	assert_int_equal(bytes, 24);
	assert_int_equal(btf_struct_bytes(buf, len, 0, "zram_table_entry", &bytes), -ENOENT);
}

/* Under ASan no read may leave the buffer, whatever is in it. */
static void test_btf__cut_or_damaged_it_is_refused_or_says_something(void **state UNUSED)
{
	char whole[512];
	size_t len = build(whole, 0);
	uint64_t bytes;
	struct prng rng;

	for (size_t n = 0; n < len; n++) {
		char *cut = malloc(n ? n : 1);

		memcpy(cut, whole, n);
		assert_int_equal(btf_struct_bytes(cut, n, 0, "zram_table_entry", &bytes), -EBADMSG);
		free(cut);
	}
	prng_seed(&rng, 12);
	for (int i = 0; i < 20000; i++) {
		char *damaged = malloc(len);

		memcpy(damaged, whole, len);
		for (int k = 0; k < 3; k++)
			damaged[prng_next(&rng) % len] = (char)prng_next(&rng);
		btf_struct_bytes(damaged, len, 0, "zram_table_entry", &bytes);
		free(damaged);
	}
}

static void test_btf__a_kernel_without_it_has_no_size(void **state UNUSED)
{
	const struct sysroot nothing = { .prefix = "tests/fixtures/sysroot/6.12" };
	uint64_t bytes = 77;

	assert_int_equal(btf_kernel_struct_bytes(&nothing, "zram", "zram_table_entry", &bytes),
			 -ENOENT);
	assert_int_equal(bytes, 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_btf__size_of_the_structure_with_exactly_this_name),
		cmocka_unit_test(test_btf__strings_of_a_module_follow_those_of_the_kernel),
		cmocka_unit_test(test_btf__cut_or_damaged_it_is_refused_or_says_something),
		cmocka_unit_test(test_btf__a_kernel_without_it_has_no_size),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

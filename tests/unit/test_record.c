/* SPDX-License-Identifier: GPL-2.0-only */
/* test_record.c - what a table of fields can be asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/record.h"

struct sample {
	uint64_t u;
	int64_t i;
	double f;
	uint32_t w;
	uint64_t x;
	bool b;
	const char *s;
	char c[4];
	struct series n;
};

static const struct field fields[] = {
	FIELD(struct sample, u, FIELD_U64, "", "u"),
	FIELD(struct sample, i, FIELD_I64, "", "i"),
	FIELD(struct sample, f, FIELD_F64, "", "f"),
	FIELD(struct sample, s, FIELD_STRING, "", "s"),
	FIELD(struct sample, n, FIELD_SERIES, "", "n"),
	FIELD(struct sample, w, FIELD_U32, "", "never missing"),
	FIELD(struct sample, x, FIELD_HEX, "", "never missing"),
	FIELD(struct sample, b, FIELD_BOOL, "", "never missing"),
	FIELD(struct sample, c, FIELD_CHARS, "", "never missing"),
};
#define N_CAN_MISS 5

static void test_record__each_type_has_its_missing_value(void **state UNUSED)
{
	struct sample sample = { .u = MISSING_U64,
				 .i = MISSING_I64,
				 .f = MISSING_F64,
				 .w = UINT32_MAX,
				 .x = UINT64_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		assert_int_equal(record_missing(&fields[i], &sample), i < N_CAN_MISS);
}

static void test_record__zero_and_empty_are_not_missing(void **state UNUSED)
{
	static const double none[1];
	struct sample sample = { .s = "", .n = { .values = none } };

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		assert_false(record_missing(&fields[i], &sample));
}

static void test_record_clear__missing_where_the_type_can_be_else_zero(void **state UNUSED)
{
	static const struct record_type type = RECORD_TYPE("t", 1, RECORD_LINE, fields, "");
	struct sample sample, none = { 0 };

	memset(&sample, 0x5a, sizeof(sample));
	record_clear(&type, &sample);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const char *at = (const char *)&sample + fields[i].offset;

		assert_int_equal(record_missing(&fields[i], &sample), i < N_CAN_MISS);
		if (i >= N_CAN_MISS)
			assert_memory_equal(at, &none, fields[i].size);
	}
}

static void test_record_clear__what_is_no_field_stays(void **state UNUSED)
{
	const struct record_type type = { .name = "t", .fields = fields, .n_fields = 1 };
	struct sample sample = { .u = 3, .i = 7 };

	record_clear(&type, &sample);
	assert_true(sample.u == MISSING_U64);
	assert_int_equal(sample.i, 7);
}

static void test_record__the_end_record_tells_every_loss(void **state UNUSED)
{
	static const char *const names[] = { "seen",   "emitted",   "filtered", "dropped",
					     "missed", "unmatched", "reason" };

	assert_string_equal(end_record_type.name, "end");
	assert_int_equal(end_record_type.n_fields, ARRAY_SIZE(names));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_string_equal(end_record_type.fields[i].name, names[i]);
}

static void test_record__docs_name_each_field_and_keep_the_table_whole(void **state UNUSED)
{
	static const struct field hostile[] = { FIELD(struct sample, u, FIELD_U64, "bytes",
						      "a|b") };
	static const struct record_type type =
		RECORD_TYPE("pool", 2, RECORD_CARD, hostile, "what | is");
	const struct record_type *types[] = { &type, &end_record_type, NULL };
	AUTO_FREE char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	record_print_docs(f, types);
	fclose(f);
	assert_non_null(strstr(
		text, "## `pool` version 2\n\nwhat \\| is\n\n| field | unit | JSON | meaning |\n"
		      "|---|---|---|---|\n| `u` | bytes | whole number | a\\|b |\n\n## `end`"));
	assert_non_null(strstr(text, "| `reason` |  | string |"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_record__each_type_has_its_missing_value),
		cmocka_unit_test(test_record__zero_and_empty_are_not_missing),
		cmocka_unit_test(test_record_clear__missing_where_the_type_can_be_else_zero),
		cmocka_unit_test(test_record_clear__what_is_no_field_stays),
		cmocka_unit_test(test_record__the_end_record_tells_every_loss),
		cmocka_unit_test(test_record__docs_name_each_field_and_keep_the_table_whole),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

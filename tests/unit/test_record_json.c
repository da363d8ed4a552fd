/* SPDX-License-Identifier: GPL-2.0-only */
/* test_record_json.c - records read back from their JSON lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <math.h>

#include <cmocka.h>

#include "lib/base/record_json.h"

struct sample {
	uint64_t bytes;
	double ratio;
	bool full;
	const char *name;
	struct series sizes;
	uint64_t address;
};

static const struct field fields[] = {
	FIELD(struct sample, bytes, FIELD_U64, "bytes", ""),
	FIELD(struct sample, ratio, FIELD_F64, "ratio", ""),
	FIELD(struct sample, full, FIELD_BOOL, "", ""),
	FIELD(struct sample, name, FIELD_STRING, "", ""),
	FIELD(struct sample, sizes, FIELD_SERIES, "", ""),
	FIELD(struct sample, address, FIELD_HEX, "", ""),
};
static const struct record_type type = RECORD_TYPE("sample", 3, RECORD_LINE, fields, "");

static struct json_object *object;

static bool read_line(const char *line, struct sample *ret)
{
	json_object_put(object);
	object = json_tokener_parse(line);
	return record_read(object, &type, ret);
}

static int put_object(void **state UNUSED)
{
	json_object_put(object);
	object = NULL;
	return 0;
}

static void test_record_read__each_field_of_the_table(void **state UNUSED)
{
	struct sample s;

	assert_true(read_line("{\"type\":\"sample\",\"v\":3,\"bytes\":18446744073709551614,"
			      "\"ratio\":0.25,\"full\":true,\"name\":\"a b\",\"sizes\":[1,2],"
			      "\"address\":\"0x10\",\"unknown\":1}",
			      &s));
	assert_true(s.bytes == UINT64_MAX - 1);
	assert_true(s.ratio == 0.25);
	assert_true(s.full);
	assert_string_equal(s.name, "a b");
	assert_null(s.sizes.values); /* not read */
	assert_int_equal(s.address, 0);
}

static void test_record_read__a_whole_number_is_a_number(void **state UNUSED)
{
	struct sample s;

	assert_true(read_line("{\"type\":\"sample\",\"v\":3,\"ratio\":2}", &s));
	assert_true(s.ratio == 2);
}

static void test_record_read__absent_null_and_other_types_are_missing(void **state UNUSED)
{
	static const char *const lines[] = {
		"{\"type\":\"sample\",\"v\":3}",
		"{\"type\":\"sample\",\"v\":3,\"bytes\":null,\"ratio\":null,\"full\":null,"
		"\"name\":null}",
		"{\"type\":\"sample\",\"v\":3,\"bytes\":\"1\",\"ratio\":\"1\",\"full\":1,"
		"\"name\":1}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct sample s;

		memset(&s, 0x5a, sizeof(s));
		assert_true(read_line(lines[i], &s));
		assert_true(s.bytes == MISSING_U64);
		assert_true(isnan(s.ratio));
		assert_false(s.full);
		assert_null(s.name);
		assert_null(s.sizes.values);
	}
}

static void test_record_read__another_type_or_version_is_not_read(void **state UNUSED)
{
	struct sample s = { .bytes = 7 };

	assert_false(read_line("{\"type\":\"other\",\"v\":3,\"bytes\":1}", &s));
	assert_false(read_line("{\"type\":\"sample\",\"v\":2,\"bytes\":1}", &s));
	assert_false(read_line("{\"v\":3,\"bytes\":1}", &s));
	assert_int_equal(s.bytes, 7);
}

static int note(void *ctx, const char *name, struct json_object *record)
{
	strcat(ctx, name);
	strcat(ctx, ";");
	return (int)MIN(record_u64(record, "stop"), UINT64_C(9)) % 9;
}

static void test_record_each_line__whole_objects_in_order_up_to_a_result(void **state UNUSED)
{
	char names[64] = "";

	assert_int_equal(record_each_line("{\"type\":\"a\"}\nwords\n[1]\n{}\n{\"type\":\"b\"}\n"
					  "{\"type\":\"unfinished\"}",
					  note, names),
			 0);
	assert_string_equal(names, "a;;b;");
	names[0] = '\0';
	assert_int_equal(record_each_line("{\"type\":\"a\",\"stop\":5}\n{\"type\":\"b\"}\n", note,
					  names),
			 5);
	assert_string_equal(names, "a;");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_record_read__each_field_of_the_table, put_object),
		cmocka_unit_test_teardown(test_record_read__a_whole_number_is_a_number, put_object),
		cmocka_unit_test_teardown(test_record_read__absent_null_and_other_types_are_missing,
					  put_object),
		cmocka_unit_test_teardown(test_record_read__another_type_or_version_is_not_read,
					  put_object),
		cmocka_unit_test(test_record_each_line__whole_objects_in_order_up_to_a_result),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

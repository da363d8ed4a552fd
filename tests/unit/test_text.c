/* SPDX-License-Identifier: GPL-2.0-only */
/* test_text.c - numbers, UTF-8 and escapes, against printf, strtod and known bad bytes; and near
 * misses. */
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/nearest.h"
#include "lib/base/text.h"

static char held[4096];

/* The text as a C string, and an empty buffer for the next. */
static const char *take(struct text *t)
{
	assert_false(t->failed);
	assert_true(t->n < sizeof(held));
	memcpy(held, t->s, t->n);
	held[t->n] = '\0';
	text_done(t);
	return held;
}

static const char *escaped(const char *s, size_t n)
{
	struct text t = { 0 };

	text_escaped(&t, s, n, "");
	return take(&t);
}

static const char *json(const char *s, size_t n)
{
	struct text t = { 0 };

	text_json_string(&t, s, n);
	return take(&t);
}

#define LIT(s) (s), sizeof(s) - 1

static void test_text__integers_read_as_printf_writes_them(void **state UNUSED)
{
	static const uint64_t values[] = { 0,    9,          10,        99,        100,
					   4099, UINT32_MAX, INT64_MAX, UINT64_MAX };
	char want[32];

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		struct text t = { 0 };

		text_u64(&t, values[i]);
		snprintf(want, sizeof(want), "%" PRIu64, values[i]);
		assert_string_equal(take(&t), want);
		text_i64(&t, -(int64_t)(values[i] & INT64_MAX));
		snprintf(want, sizeof(want), "%" PRId64, -(int64_t)(values[i] & INT64_MAX));
		assert_string_equal(take(&t), want);
		text_hex(&t, values[i]);
		snprintf(want, sizeof(want), "0x%" PRIx64, values[i]);
		assert_string_equal(take(&t), want);
	}
}

static void test_text__the_lowest_signed_number_is_whole(void **state UNUSED)
{
	struct text t = { 0 };

	text_i64(&t, INT64_MIN);
	assert_string_equal(take(&t), "-9223372036854775808");
}

static void test_text__doubles_are_as_short_as_can_be(void **state UNUSED)
{
	static const struct {
		double v;
		const char *text;
	} known[] = { { 0, "0" },
		      { -0.0, "-0" },
		      { 0.1, "0.1" },
		      { 0.3, "0.3" },
		      { 0.1 + 0.2, "0.30000000000000004" },
		      { 1.5, "1.5" },
		      { 100, "100" },
		      { 0.000001, "0.000001" },
		      { -2.05, "-2.05" },
		      { 1.0 / 3, "0.3333333333333333" },
		      { 1e22, "1e+22" },
		      { DBL_MAX, "1.7976931348623157e+308" } };

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		struct text t = { 0 };

		text_shortest(&t, known[i].v);
		assert_string_equal(take(&t), known[i].text);
	}
}

static void test_text__doubles_of_any_bits_read_back_the_same(void **state UNUSED)
{
	uint64_t x = 42;

	for (int i = 0; i < 100003; i++) {
		struct text t = { 0 };
		double v, back;

		x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		memcpy(&v, &x, sizeof(v));
		if (i % 2)
			v = (double)(int64_t)(x >> 20) / 1e3; /* what measurements look like */
		if (!isfinite(v))
			continue;
		text_shortest(&t, v);
		back = strtod(take(&t), NULL);
		assert_memory_equal(&back, &v, sizeof(v));
	}
}

static void test_text__bad_utf8_is_told_from_good(void **state UNUSED)
{
	static const struct {
		const char *s;
		size_t n, length;
	} known[] = {
		{ LIT(""), 0 },
		{ LIT("a"), 1 },
		{ LIT("\0"), 1 },
		{ LIT("\xc3\xa9"), 2 },
		{ LIT("\xe2\x82\xac"), 3 },
		{ LIT("\xf0\x9f\x98\x80"), 4 },
		{ LIT("\xf4\x8f\xbf\xbf"), 4 },
		{ LIT("\x80"), 0 }, /* stray continuation */
		{ LIT("\xc0\xaf"), 0 },
		{ LIT("\xc1\xbf"), 0 },
		{ LIT("\xe0\x80\xaf"), 0 }, /* overlong */
		{ LIT("\xf0\x80\x80\xaf"), 0 },
		{ LIT("\xe0\x9f\xbf"), 0 },
		{ LIT("\xf0\x8f\xbf\xbf"), 0 },
		{ LIT("\xed\xa0\x80"), 0 },
		{ LIT("\xed\xbf\xbf"), 0 }, /* surrogates */
		{ LIT("\xf4\x90\x80\x80"), 0 },
		{ LIT("\xf5\x80\x80\x80"), 0 },
		{ LIT("\xff"), 0 },
		{ LIT("\xfe"), 0 },
		{ LIT("\xc3"), 0 },
		{ LIT("\xe2\x82"), 0 },
		{ LIT("\xf0\x9f\x98"), 0 }, /* cut */
		{ LIT("\xe2\x28\xa1"), 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		assert_int_equal(text_utf8_length(known[i].s, known[i].n), known[i].length);
}

static void test_text__escapes_keep_a_line_whole_and_a_terminal_safe(void **state UNUSED)
{
	assert_string_equal(escaped(LIT("bash")), "bash");
	assert_string_equal(escaped(LIT("a\nb\r\t\0c")), "a\\x0ab\\x0d\\x09\\x00c");
	assert_string_equal(escaped(LIT("\x1b[2J\x7f")), "\\x1b[2J\\x7f");
	assert_string_equal(escaped(LIT("\xc2\x9b"
					"2J")),
			    "\\xc2\\x9b2J"); /* C1 CSI */
	assert_string_equal(escaped(LIT("\xe2\x80\xae"
					"gpj")),
			    "\\xe2\\x80\\xaegpj"); /* right-to-left override */
	assert_string_equal(escaped(LIT("\xff\xc0\xaf")), "\\xff\\xc0\\xaf");
	assert_string_equal(escaped(LIT("caf\xc3\xa9")), "caf\xc3\xa9");
}

static void test_text__an_escape_cannot_be_forged(void **state UNUSED)
{
	assert_string_equal(escaped(LIT("\\x1b")), "\\\\x1b");
}

static void test_text__json_strings_escape_what_json_and_terminals_need(void **state UNUSED)
{
	assert_string_equal(json(LIT("a\"b\\c/")), "\"a\\\"b\\\\c/\"");
	assert_string_equal(json(LIT("\n\x1b\x7f\0")), "\"\\u000a\\u001b\\u007f\\u0000\"");
	assert_string_equal(json(LIT("\xc2\x80\xc2\x9b\xc2\xa0")), "\"\\u0080\\u009b\xc2\xa0\"");
	assert_string_equal(json(LIT("x\xffy\xc0\xaf")),
			    "\"x\xef\xbf\xbdy\xef\xbf\xbd\xef\xbf\xbd\"");
	assert_string_equal(json(LIT("\xf0\x9f\x98\x80")), "\"\xf0\x9f\x98\x80\"");
	assert_string_equal(json(LIT("\xf0\x9f\x98")), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

static void test_text__json_of_any_two_bytes_is_valid_utf8_without_controls(void **state UNUSED)
{
	for (unsigned int pair = 0; pair < 65536; pair++) {
		char bytes[2] = { (char)(pair >> 8), (char)pair };
		struct text t = { 0 };

		text_json_string(&t, bytes, 2);
		for (size_t i = 0, length; i < t.n; i += length) {
			length = text_utf8_length(t.s + i, t.n - i);
			assert_true(length > 0);
			assert_true((unsigned char)t.s[i] >= 0x20 && t.s[i] != 0x7f);
		}
		text_done(&t);
	}
}

static void test_text__columns_count_characters(void **state UNUSED)
{
	assert_int_equal(text_columns(LIT("caf\xc3\xa9")), 4);
}

static void test_text__a_length_that_cannot_be_had_fails_once_and_for_all(void **state UNUSED)
{
	struct text t = { 0 };

	assert_false(text_reserve(&t, SIZE_MAX));
	text_str(&t, "later");
	assert_true(t.failed);
	assert_int_equal(t.n, 0);
	text_done(&t);
}

static const char *nearest_of(const char *word)
{
	static const char *const names[] = { "format", "duration", "output", "pid" };
	struct nearest n = nearest_begin(word);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		nearest_offer(&n, names[i]);
	return n.best ? n.best : "(none)";
}

static void test_nearest__slips_of_a_finger_are_recognised(void **state UNUSED)
{
	assert_string_equal(nearest_of("fromat"), "format");
	assert_string_equal(nearest_of("fomat"), "format");
	assert_string_equal(nearest_of("formatt"), "format");
	assert_string_equal(nearest_of("dur"), "duration");
	assert_string_equal(nearest_of("pdi"), "pid");
}

static void test_nearest__what_is_far_off_is_not_guessed(void **state UNUSED)
{
	char word[200];

	memset(word, 'f', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	assert_string_equal(nearest_of("compress"), "(none)");
	assert_string_equal(nearest_of(""), "(none)");
	assert_string_equal(nearest_of(word), "(none)");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text__integers_read_as_printf_writes_them),
		cmocka_unit_test(test_text__the_lowest_signed_number_is_whole),
		cmocka_unit_test(test_text__doubles_are_as_short_as_can_be),
		cmocka_unit_test(test_text__doubles_of_any_bits_read_back_the_same),
		cmocka_unit_test(test_text__bad_utf8_is_told_from_good),
		cmocka_unit_test(test_text__escapes_keep_a_line_whole_and_a_terminal_safe),
		cmocka_unit_test(test_text__an_escape_cannot_be_forged),
		cmocka_unit_test(test_text__json_strings_escape_what_json_and_terminals_need),
		cmocka_unit_test(test_text__json_of_any_two_bytes_is_valid_utf8_without_controls),
		cmocka_unit_test(test_text__columns_count_characters),
		cmocka_unit_test(test_text__a_length_that_cannot_be_had_fails_once_and_for_all),
		cmocka_unit_test(test_nearest__slips_of_a_finger_are_recognised),
		cmocka_unit_test(test_nearest__what_is_far_off_is_not_guessed),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

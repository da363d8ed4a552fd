/* SPDX-License-Identifier: GPL-2.0-only */
/* test_units.c - sizes, durations, numbers and shares, in and out. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/units.h"

static uint64_t size_of(const char *text)
{
	uint64_t v = 12345;
	int rc = units_parse_size(text, &v, NULL);

	if (rc < 0)
		fail_msg("'%s' was refused: %d", text, rc);
	return v;
}

static void test_units__sizes_take_binary_decimal_and_kernel_suffixes(void **state UNUSED)
{
	assert_int_equal(size_of("64MiB"), 64 * MIB);
	assert_int_equal(size_of("4KiB"), 4096);
	assert_int_equal(size_of("2GiB"), 2 * GIB);
	assert_int_equal(size_of("512B"), 512);
	assert_int_equal(size_of("64MB"), 64000000);
	assert_int_equal(size_of("3K"), 3072);
	assert_int_equal(size_of("3M"), 3 * MIB);
	assert_int_equal(size_of("3G"), 3 * GIB);
}

static void test_units__fractions_of_a_size_are_exact(void **state UNUSED)
{
	assert_int_equal(size_of("1.5GiB"), GIB + 512 * MIB);
	assert_int_equal(size_of("0.25KiB"), 256);
}

static void test_units__zero_needs_no_unit(void **state UNUSED)
{
	uint64_t ns = 1;

	assert_int_equal(size_of("0"), 0);
	assert_int_equal(units_parse_duration("0", &ns, NULL), 0);
	assert_int_equal(ns, 0);
}

static void test_units__a_bare_size_is_a_usage_error_that_names_a_unit(void **state UNUSED)
{
	struct err e = { 0 };
	uint64_t v = 7;

	assert_int_equal(units_parse_size("64", &v, &e), -EINVAL);
	assert_int_equal(e.exit, EXIT_USAGE);
	assert_non_null(strstr(e.what, "a size needs a unit, such as 64MiB"));
	assert_int_equal(v, 7);
}

static void test_units__a_bare_duration_is_refused(void **state UNUSED)
{
	uint64_t v = 7;

	assert_int_equal(units_parse_duration("10", &v, NULL), -EINVAL);
	assert_int_equal(v, 7);
}

static void test_units__what_is_no_size_is_refused(void **state UNUSED)
{
	static const char *const bad[] = { "",       " 64MiB", "64MiB ", "64 MiB",  "-64MiB",
					   "+64MiB", "MiB",    "64mib",  "64XB",    "64MiBB",
					   "1.MiB",  ".5MiB",  "1e3MiB", "0x10MiB", "1,5MiB",
					   "nan",    "inf",    "64MiB\n" };
	uint64_t v = 7;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (units_parse_size(bad[i], &v, NULL) != -EINVAL)
			fail_msg("'%s' was taken", bad[i]);
	assert_int_equal(v, 7);
}

static void test_units__sizes_beyond_64_bits_are_out_of_range(void **state UNUSED)
{
	uint64_t v = 7;

	assert_int_equal(units_parse_size("99999999999999999999B", &v, NULL), -ERANGE);
	assert_int_equal(units_parse_size("16777216TiB", &v, NULL), -ERANGE);
	assert_int_equal(size_of("16777215TiB"), UINT64_C(16777215) << 40);
}

static void test_units__the_value_that_means_missing_cannot_be_typed(void **state UNUSED)
{
	uint64_t v = 7;

	assert_int_equal(units_parse_size("18446744073709551615B", &v, NULL), -ERANGE);
	assert_int_equal(units_parse_u64("18446744073709551615", &v, NULL), -ERANGE);
}

static void test_units__durations_take_each_suffix(void **state UNUSED)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} good[] = { { "100ns", 100 },         { "250us", 250000 },      { "500ms", 500000000 },
		     { "10s", 10 * NS_PER_S }, { "2m", 120 * NS_PER_S }, { "1h", 3600 * NS_PER_S },
		     { "1.5s", 1500000000 } };

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		uint64_t ns = 0;

		assert_int_equal(units_parse_duration(good[i].text, &ns, NULL), 0);
		assert_int_equal(ns, good[i].ns);
	}
}

static void test_units__exact_sizes_read_back_to_the_same_value(void **state UNUSED)
{
	static const uint64_t values[] = { 0,
					   1,
					   1000,
					   1023,
					   1024,
					   4096,
					   4097,
					   MIB,
					   3 * MIB + 1,
					   GIB,
					   5 * GIB,
					   UINT64_C(7) << 40,
					   UINT64_MAX - 1 };
	char buf[UNITS_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		assert_int_equal(size_of(units_exact_size(values[i], buf)), values[i]);
	assert_string_equal(units_exact_size(64 * MIB, buf), "64MiB");
}

static void test_units__exact_durations_read_back_to_the_same_value(void **state UNUSED)
{
	static const uint64_t values[] = { 0,
					   1,
					   999,
					   1000,
					   1500000000,
					   NS_PER_S,
					   90 * NS_PER_S,
					   7200 * NS_PER_S,
					   86400 * NS_PER_S,
					   UINT64_MAX - 1 };
	char buf[UNITS_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		uint64_t ns = 5;

		assert_int_equal(
			units_parse_duration(units_exact_duration(values[i], buf), &ns, NULL), 0);
		assert_int_equal(ns, values[i]);
	}
	assert_string_equal(units_exact_duration(1500000000, buf), "1500ms");
}

static void test_units__a_missing_figure_formats_as_a_dash(void **state UNUSED)
{
	char buf[UNITS_TEXT_MAX];

	assert_string_equal(units_format_size(MISSING_U64, buf), "-");
	assert_string_equal(units_format_duration(MISSING_U64, buf), "-");
}

static void test_units__a_wall_clock_is_iso_8601_in_utc(void **state UNUSED)
{
	char buf[UNITS_TEXT_MAX];

	assert_string_equal(units_format_utc(0, buf), "1970-01-01T00:00:00.000000000Z");
	assert_string_equal(units_format_utc(1709210096 * NS_PER_S + 5, buf),
			    "2024-02-29T12:34:56.000000005Z");
	assert_string_equal(units_format_utc(UINT64_MAX - 1, buf),
			    "2554-07-21T23:34:33.709551614Z");
	assert_string_equal(units_format_utc(MISSING_U64, buf), "-");
}

static void test_units__formatted_text_fits_for_the_largest_values(void **state UNUSED)
{
	char buf[UNITS_TEXT_MAX];

	assert_string_equal(units_format_size(UINT64_MAX - 1, buf), "16.0 EiB");
	assert_string_equal(units_format_size(1023, buf), "1023 B");
	assert_string_equal(units_format_duration(1250 * NS_PER_MS, buf), "1.25 s");
	assert_true(strlen(units_format_duration(UINT64_MAX - 1, buf)) < UNITS_TEXT_MAX);
}

static void test_units__whole_numbers_are_decimal_or_hexadecimal_only(void **state UNUSED)
{
	static const char *const bad[] = { "",   "-1",   "+1",  " 1",   "1 ", "1.0",
					   "0x", "0x-1", "0xg", "010x", "1e3" };
	uint64_t v = 0;

	assert_int_equal(units_parse_u64("010", &v, NULL), 0);
	assert_int_equal(v, 10);
	assert_int_equal(units_parse_u64("0xfF", &v, NULL), 0);
	assert_int_equal(v, 255);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (units_parse_u64(bad[i], &v, NULL) != -EINVAL)
			fail_msg("'%s' was taken", bad[i]);
	assert_int_equal(v, 255);
}

static void test_units__numbers_must_be_finite_decimals(void **state UNUSED)
{
	static const char *const bad[] = { "",   "nan", "inf",  "-inf", "1e999",
					   "1x", " 1",  "0x10", "--1" };
	double v = 7;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (units_parse_f64(bad[i], &v, NULL) >= 0)
			fail_msg("'%s' was taken", bad[i]);
	assert_true(v == 7);
	assert_int_equal(units_parse_f64("-2.5e-1", &v, NULL), 0);
	assert_true(v == -0.25);
}

static void test_units__a_share_is_a_percentage_or_a_fraction(void **state UNUSED)
{
	static const char *const bad[] = { "",     "%",    "-5%", "-0.5", "nan%",
					   "50%%", "50 %", "50",  "1.5" };
	double v = 7;

	assert_int_equal(units_parse_share("50%", &v, NULL), 0);
	assert_true(v == 0.5);
	assert_int_equal(units_parse_share("0.05", &v, NULL), 0);
	assert_true(v == 0.05);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (units_parse_share(bad[i], &v, NULL) >= 0)
			fail_msg("'%s' was taken", bad[i]);
	assert_true(v == 0.05);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_units__sizes_take_binary_decimal_and_kernel_suffixes),
		cmocka_unit_test(test_units__fractions_of_a_size_are_exact),
		cmocka_unit_test(test_units__zero_needs_no_unit),
		cmocka_unit_test(test_units__a_bare_size_is_a_usage_error_that_names_a_unit),
		cmocka_unit_test(test_units__a_bare_duration_is_refused),
		cmocka_unit_test(test_units__what_is_no_size_is_refused),
		cmocka_unit_test(test_units__sizes_beyond_64_bits_are_out_of_range),
		cmocka_unit_test(test_units__the_value_that_means_missing_cannot_be_typed),
		cmocka_unit_test(test_units__durations_take_each_suffix),
		cmocka_unit_test(test_units__exact_sizes_read_back_to_the_same_value),
		cmocka_unit_test(test_units__exact_durations_read_back_to_the_same_value),
		cmocka_unit_test(test_units__a_missing_figure_formats_as_a_dash),
		cmocka_unit_test(test_units__a_wall_clock_is_iso_8601_in_utc),
		cmocka_unit_test(test_units__formatted_text_fits_for_the_largest_values),
		cmocka_unit_test(test_units__whole_numbers_are_decimal_or_hexadecimal_only),
		cmocka_unit_test(test_units__numbers_must_be_finite_decimals),
		cmocka_unit_test(test_units__a_share_is_a_percentage_or_a_fraction),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

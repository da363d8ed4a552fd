/* SPDX-License-Identifier: GPL-2.0-only */
/* test_mixture.c - pages from a seed: the same everywhere, in their proportions, compressible as
 * stated. */
#include <lz4.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/analysis/mixture.h"

static uint64_t page[PAGE_BYTES / 8];

static const struct mixture *get(const char *name)
{
	const struct mixture *mixture = NULL;

	assert_int_equal(mixture_find(name, &mixture, NULL), 0);
	return mixture;
}

/* FNV-1a over the first 64 pages of a mixture. */
static uint64_t digest(const char *name, uint64_t seed, uint64_t generation)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (uint64_t i = 0; i < 64; i++) {
		mixture_fill(page, get(name), seed, i, generation);
		for (size_t b = 0; b < PAGE_BYTES; b++)
			h = (h ^ ((const uint8_t *)page)[b]) * UINT64_C(0x100000001b3);
	}
	return h;
}

/* If one of these changes, figures of older versions no longer compare: it must be meant. */
static void test_mixture__bytes_never_change(void **state UNUSED)
{
	static const struct {
		const char *name;
		uint64_t digest;
	} known[] = {
		{ "mixed", UINT64_C(0x745fb9c81b372c69) },
		{ "android", UINT64_C(0xd0682d610dd069be) },
		{ "browser", UINT64_C(0xd9a02ecdba59d0ff) },
		{ "database", UINT64_C(0x23f7689b9beef7d0) },
		{ "build", UINT64_C(0x9a9264b4caa703ac) },
		{ "uniform", UINT64_C(0xbfc484588b4b4d1f) },
		{ "incompressible", UINT64_C(0x560685eef27675d1) },
		{ "text", UINT64_C(0x5457c53bdae3452a) },
		{ "pointer", UINT64_C(0xcbfc46d58e2f69d3) },
		{ "sparse", UINT64_C(0x2f2c0503f7e08ecb) },
		{ "zero", UINT64_C(0x9c735bed0a722325) },
		{ "same", UINT64_C(0x085d0aab9c679b25) },
		{ "duplicate", UINT64_C(0x6b4d6624a3a1fc4a) },
		{ "compressed", UINT64_C(0x1172836bf0bb1ca7) },
		{ "random", UINT64_C(0x6581a7c1fe8395f0) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		const uint64_t now = digest(known[i].name, 42, 0);

		if (now != known[i].digest)
			fail_msg("%s: 0x%016llx", known[i].name, (unsigned long long)now);
	}
}

static void test_mixture__seed_and_generation_change_the_bytes(void **state UNUSED)
{
	assert_true(digest("mixed", 42, 0) == digest("mixed", 42, 0));
	assert_true(digest("mixed", 42, 0) != digest("mixed", 43, 0));
	assert_true(digest("mixed", 42, 0) != digest("mixed", 42, 1));
}

static void test_mixture__a_refreshed_page_keeps_its_kind(void **state UNUSED)
{
	const struct mixture *mixed = get("mixed");

	for (uint64_t i = 0; i < 997; i++) {
		const enum mixture_kind kind = mixture_kind_of(mixed, 7, i);

		assert_int_equal(mixture_fill(page, mixed, 7, i, i % 5), kind);
	}
}

static void test_mixture__proportions_hold_in_any_run_of_pages(void **state UNUSED)
{
	const struct mixture *mixed = get("mixed");

	for (uint64_t first = 0; first < 100000; first += 33333) {
		uint64_t counts[MIXTURE_KINDS] = { 0 };

		for (uint64_t i = first; i < first + 4099; i++)
			counts[mixture_kind_of(mixed, 42, i)]++;
		for (size_t kind = 0; kind < MIXTURE_KINDS; kind++) {
			const double want = 4.099 * mixed->permille[kind];

			assert_true((double)counts[kind] > want - 6 &&
				    (double)counts[kind] < want + 6);
		}
	}
}

static void test_mixture__shares_add_up(void **state UNUSED)
{
	const struct mixture *mixture;

	for (size_t i = 0; (mixture = mixture_at(i)); i++) {
		unsigned int sum = 0;

		for (size_t kind = 0; kind < MIXTURE_KINDS; kind++)
			sum += mixture->permille[kind];
		assert_int_equal(sum, 1000);
		assert_true(mixture->source[0] != '\0');
	}
}

static double lz4_ratio_of(const struct mixture *mixture)
{
	char out[LZ4_COMPRESSBOUND(PAGE_BYTES)];
	uint64_t compressed = 0;

	for (uint64_t i = 0; i < 1000; i++) {
		mixture_fill(page, mixture, 42, i, 0);
		compressed += (uint64_t)LZ4_compress_default((const char *)page, out, PAGE_BYTES,
							     sizeof(out));
	}
	return 1000.0 * PAGE_BYTES / (double)compressed;
}

static double lz4_ratio(const char *name)
{
	return lz4_ratio_of(get(name));
}

static void test_mixture__a_wanted_ratio_is_met(void **state UNUSED)
{
	static const double wanted[] = { 1.0, 1.3, 2.0, 2.4, 3.5, 5.0, 7.0 };
	struct mixture mixture;

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		double got;

		assert_int_equal(mixture_for_ratio(wanted[i], &mixture, NULL), 0);
		got = lz4_ratio_of(&mixture);
		if (got < 0.97 * wanted[i] || got > 1.03 * wanted[i])
			fail_msg("wanted %g, got %g", wanted[i], got);
	}
	assert_int_equal(mixture_for_ratio(7.5, &mixture, NULL), -EINVAL);
	assert_int_equal(mixture_for_ratio(0.5, &mixture, NULL), -EINVAL);
	assert_int_equal(mixture_for_ratio(MISSING_F64, &mixture, NULL), -EINVAL);
}

/* Mean length that LZ4 makes of 1,000 pages of this kind that were asked to be this long. */
static double sized(enum mixture_kind kind, uint64_t lz4_bytes)
{
	char out[LZ4_COMPRESSBOUND(PAGE_BYTES)];
	double sum = 0;

	for (uint64_t i = 0; i < 1000; i++) {
		mixture_fill_sized(page, kind, lz4_bytes, 42, i, 0);
		sum += LZ4_compress_default((const char *)page, out, PAGE_BYTES, sizeof(out));
	}
	return sum / 1000;
}

static void test_mixture__a_wanted_size_is_met(void **state UNUSED)
{
	static const enum mixture_kind kinds[] = { MIXTURE_SPARSE, MIXTURE_POINTER, MIXTURE_TEXT,
						   MIXTURE_RANDOM };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		for (uint64_t want = 300; want <= 3900; want += 450) {
			const double got = sized(kinds[i], want);

			if (got < 0.97 * (double)want - 80 || got > 1.03 * (double)want + 100)
				fail_msg("%s of %llu bytes: got %.0f", mixture_kind_name(kinds[i]),
					 (unsigned long long)want, got);
		}
	assert_true(sized(MIXTURE_RANDOM, 8192) > PAGE_BYTES);
	assert_true(sized(MIXTURE_ZERO, 2000) < 64);
}

static void test_mixture__compresses_like_what_it_stands_for(void **state UNUSED)
{
	assert_in_range((int)(100 * lz4_ratio("text")), 200, 300);
	assert_in_range((int)(100 * lz4_ratio("pointer")), 200, 400);
	assert_in_range((int)(100 * lz4_ratio("sparse")), 500, 1000);
	assert_in_range((int)(100 * lz4_ratio("compressed")), 98, 105);
	assert_in_range((int)(100 * lz4_ratio("random")), 98, 100);
	assert_in_range((int)(100 * lz4_ratio("mixed")), 180, 300);
}

static void test_mixture__same_filled_is_one_word_and_zero_is_zero(void **state UNUSED)
{
	mixture_fill(page, get("same"), 42, 3, 0);
	assert_true(page[0] != 0);
	for (size_t i = 1; i < ARRAY_SIZE(page); i++)
		assert_true(page[i] == page[0]);
	mixture_fill(page, get("zero"), 42, 3, 0);
	for (size_t i = 0; i < ARRAY_SIZE(page); i++)
		assert_true(page[i] == 0);
}

static void test_mixture__duplicates_are_copies_of_16_pages(void **state UNUSED)
{
	static uint64_t seen[64][PAGE_BYTES / 8];
	size_t n = 0;

	for (uint64_t i = 0; i < 500; i++) {
		size_t j = 0;

		mixture_fill(page, get("duplicate"), 42, i, 0);
		while (j < n && memcmp(seen[j], page, PAGE_BYTES))
			j++;
		if (j == n && n < ARRAY_SIZE(seen))
			memcpy(seen[n++], page, PAGE_BYTES);
	}
	assert_int_equal(n, 16);
}

static void test_mixture__an_unknown_name_tells_the_known(void **state UNUSED)
{
	const struct mixture *mixture = NULL;
	struct err e;

	assert_int_equal(mixture_find("nothing", &mixture, &e), -EINVAL);
	assert_int_equal(e.exit, EXIT_USAGE);
	assert_non_null(strstr(e.hint, "mixed"));
	assert_null(mixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mixture__bytes_never_change),
		cmocka_unit_test(test_mixture__seed_and_generation_change_the_bytes),
		cmocka_unit_test(test_mixture__a_refreshed_page_keeps_its_kind),
		cmocka_unit_test(test_mixture__proportions_hold_in_any_run_of_pages),
		cmocka_unit_test(test_mixture__shares_add_up),
		cmocka_unit_test(test_mixture__a_wanted_ratio_is_met),
		cmocka_unit_test(test_mixture__a_wanted_size_is_met),
		cmocka_unit_test(test_mixture__compresses_like_what_it_stands_for),
		cmocka_unit_test(test_mixture__same_filled_is_one_word_and_zero_is_zero),
		cmocka_unit_test(test_mixture__duplicates_are_copies_of_16_pages),
		cmocka_unit_test(test_mixture__an_unknown_name_tells_the_known),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

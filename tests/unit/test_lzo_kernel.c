/* SPDX-License-Identifier: GPL-2.0-only */
/* test_lzo_kernel.c - with liblzo2's table the kernel's LZO writes liblzo2's bytes; the run lengths
 * that only the kernel has are as its documentation says; hostile streams are errors, and stay in
 * their room.
 */
#include <lzo/lzo1x.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define TABLE_BITS 14             /* of liblzo2's lzo1x_1; the kernel has 13 */
#include "lib/codec/lzo_kernel.c" /* NOLINT(bugprone-suspicious-include): with that table */
#include "lib/analysis/stats.h"

#define MAX_LEN (200 * 1000) /* some blocks */

static uint8_t source[MAX_LEN], back[MAX_LEN], packed[MAX_LEN * 2], theirs[MAX_LEN * 2];

/* Words out of a few, and now and then something else: matches of all lengths and distances. */
static void fill(size_t len, struct prng *rng)
{
	unsigned int likely = 2 + (unsigned int)prng_below(rng, 30);
	size_t at = 0;

	while (at < len) {
		size_t n = 1 + prng_below(rng, prng_below(rng, 8) ? 20 : 700);
		size_t reach = at ? 1 + prng_below(rng, at) : 0;

		n = MIN(n, len - at);
		if (reach && prng_below(rng, likely)) {
			for (size_t i = 0; i < n; i++, at++)
				source[at] = source[at - reach];
		} else {
			bool zeros = !prng_below(rng, 3);

			for (size_t i = 0; i < n; i++)
				source[at++] = zeros ? 0 : (uint8_t)prng_next(rng);
		}
	}
}

static void *copy_of(const void *bytes, size_t len)
{
	void *p = malloc(len + !len); /* to the byte, for the sanitizers */

	assert_non_null(p);
	memcpy(p, bytes, len);
	return p;
}

/* Both ways from and to memory of just that size, of which a sanitizer or valgrind sees the ends.
 */
static size_t compress(const struct codec *codec, size_t len)
{
	size_t bound = codec->bound(len);
	uint8_t *in = copy_of(source, len), *out = malloc(bound);
	void *state = codec->open(0);
	ssize_t n = codec->compress(state, in, len, out, bound);

	assert_true(n > 0 && (size_t)n <= bound);
	memcpy(packed, out, (size_t)n);
	codec->close(state);
	free(in);
	free(out);
	return (size_t)n;
}

static ssize_t decompress(const struct codec *codec, const void *stream, size_t len, size_t cap)
{
	uint8_t *in = copy_of(stream, len), *out = malloc(MAX(cap, (size_t)1));
	void *state = codec->open(0);
	ssize_t n = codec->decompress(state, in, len, out, cap);

	assert_true(n == -EIO || (n >= 0 && (size_t)n <= cap));
	if (n > 0)
		memcpy(back, out, (size_t)n);
	codec->close(state);
	free(in);
	free(out);
	return n;
}

static void comes_back(const struct codec *codec, size_t len)
{
	size_t n = compress(codec, len);

	assert_int_equal(decompress(codec, packed, n, len), len);
	assert_memory_equal(back, source, len);
	if (len)
		assert_int_equal(decompress(codec, packed, n, len - 1), -EIO);
}

static void test_lzo_kernel__with_its_table_writes_what_liblzo2_writes(void **state UNUSED)
{
	static uint64_t work[LZO1X_1_MEM_COMPRESS / sizeof(uint64_t) + 1];
	struct prng rng;

	prng_seed(&rng, 30);
	assert_int_equal(lzo_init(), LZO_E_OK);
	for (size_t i = 0; i < 1000; i++) {
		size_t len = i < 300 ? i : i < 900 ? 4096 : prng_below(&rng, MAX_LEN), n;
		lzo_uint their_len = sizeof(theirs), out_len = len;

		fill(len, &rng);
		n = compress(&codec_lzo, len);
		assert_int_equal(lzo1x_1_compress(source, len, theirs, &their_len, work), LZO_E_OK);
		assert_int_equal(n, their_len);
		assert_memory_equal(packed, theirs, n);
		assert_int_equal(lzo1x_decompress_safe(packed, n, back, &out_len, NULL), LZO_E_OK);
		assert_int_equal(out_len, len);
		assert_memory_equal(back, source, len);
	}
}

static void test_lzo_kernel__all_lengths_come_back_to_a_room_that_just_fits(void **state UNUSED)
{
	struct prng rng;

	prng_seed(&rng, 31);
	for (size_t i = 0; i < 600; i++) {
		size_t len = i < 300 ? i : prng_below(&rng, i < 590 ? 8192 : MAX_LEN);

		fill(len, &rng);
		comes_back(&codec_lzo, len);
		comes_back(&codec_lzo_rle, len);
	}
}

/* By the letter of Documentation/staging/lzo.rst. */
static void test_lzo_kernel__a_run_of_zeros_is_one_instruction(void **state UNUSED)
{
	static const uint8_t expected[] = {
		17,       1,                                   /* the version */
		2,        'a',      'b',      'c',  'd',  'e', /* 2 + 3 literals */
		0x18 | 3, 0xfc | 2, 0xff,     12, /* 12 * 8 + 3 + 4 zeros, then 2 literals */
		'f',      'g',      0x18 | 7, 0xfc, 0xff, 255, /* the longest run */
		0x18 | 0, 0xfc,     0xff,     0,               /* the shortest */
		0,        20 - 18,                             /* the last 20 bytes */
		'h',      'h',      'h',      'h',  'h',  'h', 'h', 'h', 'h',  'h', 'h', 'h',
		'h',      'h',      'h',      'h',  'h',  'h', 'h', 'h', 0x11, 0,   0
	}; /* the end */
	const size_t len = 5 + 103 + 2 + 2051 + 4 + 20;

	memset(source, 0, len);
	memcpy(source, (const uint8_t[]){ 'a', 'b', 'c', 'd', 'e' }, 5);
	memcpy(source + 108, (const uint8_t[]){ 'f', 'g' }, 2);
	memset(source + len - 20, 'h', 20);
	assert_int_equal(compress(&codec_lzo_rle, len), sizeof(expected));
	assert_memory_equal(packed, expected, sizeof(expected));
	comes_back(&codec_lzo_rle, len);
}

/* Sixteen bytes without a zero, four times over, again and again: wherever they begin, a match is
 * looked for.
 */
static void fill_repeats(size_t from, size_t to, struct prng *rng)
{
	for (size_t at = from; at < to; at++)
		source[at] = (at - from) % 64 < 16 ? (uint8_t)(1 + prng_below(rng, 255))
						   : source[at - 16];
}

/* A match of 261 to 264 bytes from 0x803f away, or farther with the same low bits, would read as a
 * run of zeros where three literals follow, as here: it is cut to 260. The stream as it would be
 * otherwise does not come back.
 */
static void test_lzo_kernel__no_match_reads_as_zeros(void **state UNUSED)
{
	const size_t from = 64, unlike = 320;
	struct prng rng;

	prng_seed(&rng, 32);
	for (size_t i = 0; i < 300; i++) {
		size_t distance = 0x803f + 64 * prng_below(&rng, 200), n = 258 + i % 10,
		       at = from + distance;

		fill_repeats(0, from, &rng);
		for (size_t k = from; k < from + unlike; k++)
			source[k] = (uint8_t)(1 + prng_below(&rng, 255));
		fill_repeats(from + unlike, at, &rng);
		memcpy(source + at, source + from, n);
		for (size_t k = 0; k < 3; k++)
			source[at + n + k] = (uint8_t)(source[from + n + k] % 255 + 1);
		memcpy(source + at + n + 3, source + at - 63, 63); /* the last repeats */
		comes_back(&codec_lzo_rle, at + n + 66);
	}
}

static void test_lzo_kernel__hostile_streams_are_errors(void **state UNUSED)
{
	static const struct {
		const char *what;
		uint8_t stream[16];
		size_t len;
		bool rle;
	} cases[] = {
		{ "nothing", { 0 }, 0, false },
		{ "a header cut short", { 17 }, 1, true },
		{ "a header and no more", { 17, 1 }, 2, true },
		{ "another version", { 17, 2, 0x11, 0, 0 }, 5, true },
		{ "no version", { 0x12, 'a', 0x11, 0, 0 }, 5, true },
		{ "more literals than follow", { 255, 'a', 'b' }, 3, false },
		{ "a length without an end", { 0, 0, 0, 0, 0, 0, 0, 0 }, 8, false },
		{ "a match before anything", { 0x40, 0 }, 2, false },
		{ "a match from before the beginning",
		  { 0x12, 'a', 0x40 | 4, 0, 0x11, 0, 0 },
		  7,
		  false },
		{ "a near match cut short", { 0x12, 'a', 0x40 }, 3, false },
		{ "a middle match cut short", { 0x12, 'a', 0x21, 0 }, 4, false },
		{ "a far match cut short", { 0x12, 'a', 0x11, 0 }, 4, false },
		{ "a match longer than the room",
		  { 0x12, 'a', 0x20, 0, 0, 0, 0, 99, 0, 0, 0x11, 0, 0 },
		  13,
		  false },
		{ "a far match from before the beginning",
		  { 0x12, 'a', 0x12, 4, 0, 0x11, 0, 0 },
		  8,
		  false },
		{ "zeros cut short", { 17, 1, 0x12, 'a', 0x18, 0xfc, 0xff }, 7, true },
		{ "zeros longer than the room",
		  { 17, 1, 0x12, 'a', 0x1f, 0xfc, 0xff, 255, 0x11, 0, 0 },
		  11,
		  true },
		{ "zeros that lzo does not have",
		  { 0x12, 'a', 0x18, 0xfc, 0xff, 0, 0x11, 0, 0 },
		  9,
		  false },
		{ "bytes behind the end", { 0x12, 'a', 0x11, 0, 0, 0 }, 6, false },
		{ "an end of another length", { 0x12, 'a', 0x12, 0, 0 }, 5, false },
		{ "no end", { 0x12, 'a' }, 2, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ssize_t n = decompress(cases[i].rle ? &codec_lzo_rle : &codec_lzo, cases[i].stream,
				       cases[i].len, 64);

		if (n != -EIO)
			print_error("%s: %zd\n", cases[i].what, n);
		assert_int_equal(n, -EIO);
	}
}

static void test_lzo_kernel__a_stream_cut_anywhere_is_an_error(void **state UNUSED)
{
	static const struct codec *const codecs[] = { &codec_lzo, &codec_lzo_rle };
	struct prng rng;

	prng_seed(&rng, 33);
	for (size_t c = 0; c < ARRAY_SIZE(codecs); c++) {
		fill(4096, &rng);
		for (size_t n = compress(codecs[c], 4096); n-- > 0;)
			assert_int_equal(decompress(codecs[c], packed, n, 4096), -EIO);
	}
}

/* Damage and noise: what comes of them is checked in decompress, a room of its own each time. */
static void test_lzo_kernel__damage_stays_in_its_room(void **state UNUSED)
{
	static const struct codec *const codecs[] = { &codec_lzo, &codec_lzo_rle };
	struct prng rng;

	prng_seed(&rng, 34);
	for (size_t i = 0; i < 20000; i++) {
		const struct codec *codec = codecs[i % 2];
		size_t len = 1 + prng_below(&rng, 600), n, at = 0;

		fill(len, &rng);
		n = compress(codec, len);
		if (i % 5 ==
		    0) { /* instructions that mean nothing, behind a header that is right */
			n = 2 + prng_below(&rng, 300);
			at = 2;
		}
		for (size_t k = at; k < n; k++)
			if (at || !prng_below(&rng, n / 2 + 1))
				packed[k] = (uint8_t)prng_next(&rng);
		decompress(codec, packed, n, prng_below(&rng, 1000));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lzo_kernel__with_its_table_writes_what_liblzo2_writes),
		cmocka_unit_test(test_lzo_kernel__all_lengths_come_back_to_a_room_that_just_fits),
		cmocka_unit_test(test_lzo_kernel__a_run_of_zeros_is_one_instruction),
		cmocka_unit_test(test_lzo_kernel__no_match_reads_as_zeros),
		cmocka_unit_test(test_lzo_kernel__hostile_streams_are_errors),
		cmocka_unit_test(test_lzo_kernel__a_stream_cut_anywhere_is_an_error),
		cmocka_unit_test(test_lzo_kernel__damage_stays_in_its_room),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

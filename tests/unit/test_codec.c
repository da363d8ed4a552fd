/* SPDX-License-Identifier: GPL-2.0-only */
/* test_codec.c - every codec gives back what it got, refuses what does not fit, and survives
 * damage. */
#include <lz4.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/codec/codec.h"
#include "lib/analysis/stats.h"

#define MAX_LEN (64 * 1024)

static char source[MAX_LEN], back[MAX_LEN + 64];

/* Contents that codecs find easy, hard, and awkward. */
enum filling { FILL_ZERO, FILL_RANDOM, FILL_TEXT, FILL_RUNS, FILL_FAR_MATCH, FILLINGS };

static void fill(char *p, size_t len, enum filling how, struct prng *rng)
{
	static const char words[] = "the quick brown page jumps over the lazy pool ";

	for (size_t i = 0; i < len; i++) {
		switch (how) {
		case FILL_ZERO:
			p[i] = 0;
			break;
		case FILL_RANDOM:
			p[i] = (char)prng_next(rng);
			break;
		case FILL_TEXT:
			p[i] = words[prng_below(rng, 8) ? i % (sizeof(words) - 1) : 0];
			break;
		case FILL_RUNS:
			p[i] = i && prng_below(rng, 40) ? p[i - 1] : (char)prng_next(rng);
			break;
		case FILL_FAR_MATCH:
			p[i] = i < len / 2 ? (char)prng_next(rng) : p[i - len / 2];
			break;
		case FILLINGS:
			break;
		}
	}
}

static void round_trip(const struct codec *codec, int level, size_t len)
{
	void *state = codec->open(level);
	size_t bound = codec->bound(len);
	char *compressed = malloc(bound + 1);
	ssize_t n, got;

	assert_non_null(state);
	assert_non_null(compressed);
	compressed[bound] = 0x5a;
	n = codec->compress(state, source, len, compressed, bound);
	assert_true(n > 0 && (size_t)n <= bound);
	assert_int_equal(compressed[bound], 0x5a);
	got = codec->decompress(state, compressed, (size_t)n, back, len);
	assert_int_equal(got, len);
	assert_memory_equal(back, source, len);
	free(compressed);
	codec->close(state);
}

static void test_codec__round_trips_of_all_fillings_and_odd_lengths(void **state UNUSED)
{
	static const size_t lengths[] = { 1, 2, 7, 8, 63, 64, 4095, 4096, 4097, 16384, MAX_LEN };
	struct prng rng;

	prng_seed(&rng, 20);
	for (size_t c = 0; codec_all[c]; c++)
		for (int how = 0; how < FILLINGS; how++)
			for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
				fill(source, lengths[i], how, &rng);
				round_trip(codec_all[c], codec_all[c]->level_default, lengths[i]);
			}
}

static void test_codec__round_trips_of_random_lengths(void **state UNUSED)
{
	struct prng rng;

	prng_seed(&rng, 21);
	for (size_t c = 0; codec_all[c]; c++)
		for (int i = 0; i < 200; i++) {
			size_t len = 1 + prng_below(&rng, 3 * 4096);

			fill(source, len, (enum filling)prng_below(&rng, FILLINGS), &rng);
			round_trip(codec_all[c], codec_all[c]->level_default, len);
		}
}

static void test_codec__round_trips_at_the_ends_of_the_levels(void **state UNUSED)
{
	struct prng rng;

	prng_seed(&rng, 22);
	for (size_t c = 0; codec_all[c]; c++) {
		fill(source, 4096, FILL_TEXT, &rng);
		round_trip(codec_all[c], codec_all[c]->level_min, 4096);
		round_trip(codec_all[c], codec_all[c]->level_max, 4096);
	}
}

static void test_codec__room_that_is_too_small_is_an_error(void **state UNUSED)
{
	struct prng rng;
	char small[256];

	prng_seed(&rng, 23);
	fill(source, 4096, FILL_RANDOM, &rng);
	for (size_t c = 0; codec_all[c]; c++) {
		void *s = codec_all[c]->open(codec_all[c]->level_default);

		memset(small, 0x5a, sizeof(small));
		assert_int_equal(codec_all[c]->compress(s, source, 4096, small, 200), -EIO);
		assert_int_equal(small[201], 0x5a);
		codec_all[c]->close(s);
	}
}

/* Flips bytes of compressed data: an error or other contents, but never a write beyond the room. */
static void test_codec__damaged_data_stays_in_its_room(void **state UNUSED)
{
	static char compressed[16 * 1024];
	struct prng rng;

	prng_seed(&rng, 24);
	fill(source, 4096, FILL_TEXT, &rng);
	for (size_t c = 0; codec_all[c]; c++) {
		const struct codec *codec = codec_all[c];
		void *s = codec->open(codec->level_default);

		for (int i = 0; i < 2000; i++) {
			ssize_t n = codec->compress(s, source, 4096, compressed,
						    sizeof(compressed)),
				got;

			assert_true(n > 0);
			for (int k = 0; k < 3; k++)
				compressed[prng_below(&rng, (uint64_t)n)] = (char)prng_next(&rng);
			memset(back + 4096, 0x5a, 64);
			got = codec->decompress(s, compressed, (size_t)n, back, 4096);
			assert_true(got == -EIO || (got >= 0 && got <= 4096));
			for (int k = 0; k < 64; k++)
				assert_int_equal(back[4096 + k], 0x5a);
		}
		codec->close(s);
	}
}

static void test_codec__lz4_1_writes_what_lz4_default_writes(void **state UNUSED)
{
	static char a[8192], b[8192];
	struct prng rng;

	prng_seed(&rng, 25);
	for (int how = 0; how < FILLINGS; how++) {
		const struct codec *lz4 = codec_find("lz4");
		void *s = lz4->open(1);
		int n;

		fill(source, 4096, how, &rng);
		n = LZ4_compress_default(source, a, 4096, sizeof(a));
		assert_int_equal(lz4->compress(s, source, 4096, b, sizeof(b)), n);
		assert_memory_equal(a, b, (size_t)n);
		lz4->close(s);
	}
}

static void test_codec__liblzo2_and_the_kernels_lzo_read_each_other(void **state UNUSED)
{
	static const char *const names[] = { "lzo", "lzo1x-1" };
	static char compressed[8192];
	struct prng rng;

	prng_seed(&rng, 27);
	for (int how = 0; how < FILLINGS; how++)
		for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
			const struct codec *writer = codec_find(names[i]),
					   *reader = codec_find(names[!i]);
			void *w = writer->open(0), *r = reader->open(0);
			ssize_t n;

			fill(source, 4096, how, &rng);
			n = writer->compress(w, source, 4096, compressed, sizeof(compressed));
			assert_int_equal(reader->decompress(r, compressed, (size_t)n, back, 4096),
					 4096);
			assert_memory_equal(back, source, 4096);
			writer->close(w);
			reader->close(r);
		}
}

static void test_codec__labels_name_codec_and_level(void **state UNUSED)
{
	static const char *const specs[][2] = {
		{ "lz4", "lz4:1" },       { "zstd", "zstd:3" },           { "zstd:-5", "zstd:-5" },
		{ "lzo1x-1", "lzo1x-1" }, { "deflate:12", "deflate:12" },
	};
	struct codec_run parsed;

	for (size_t i = 0; i < ARRAY_SIZE(specs); i++) {
		struct codec_run run;
		struct err e;

		assert_int_equal(codec_open(&run, specs[i][0], &e), 0);
		assert_string_equal(run.label, specs[i][1]);
		codec_close(&run);
	}
	assert_int_equal(codec_parse(&parsed, "zstd-dict:1:4KiB", NULL), 0);
	assert_string_equal(parsed.label, "zstd-dict:1:4KiB");
	assert_int_equal(codec_parse(&parsed, "lz4-dict", NULL), 0);
	assert_string_equal(parsed.label, "lz4-dict:1:16KiB");
}

static void test_codec__bad_specs_are_usage_errors(void **state UNUSED)
{
	static const char *const specs[] = { "",
					     ":",
					     "lz5",
					     "zstd:",
					     "zstd:23",
					     "zstd:x",
					     "zstd:1 ",
					     "lzo1x-1:1",
					     "lz4:0",
					     "lz4:99999999999999999999",
					     "lz4:1:4KiB",
					     "zstd-dict:3:2KiB",
					     "zstd-dict:3:128KiB",
					     "zstd-dict:3:4",
					     "zstd-dict:3",
					     "a-very-long-name-that-is-no-codec:1" };

	for (size_t i = 0; i < ARRAY_SIZE(specs); i++) {
		struct codec_run run = { 0 };
		struct err e;

		assert_int_equal(codec_open(&run, specs[i], &e), -EINVAL);
		assert_int_equal(e.exit, EXIT_USAGE);
		assert_null(run.state);
	}
}

static void test_codec__models_of_kernel_algorithms_exist(void **state UNUSED)
{
	static const char *const algorithms[] = { "lz4",     "lz4hc", "lzo",
						  "lzo-rle", "zstd",  "deflate" };
	bool approximate;

	for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++) {
		struct codec_run run;
		struct err e;

		assert_int_equal(codec_open(&run, codec_for_kernel(algorithms[i], false, NULL), &e),
				 0);
		assert_string_equal(run.label,
				    codec_for_kernel(algorithms[i], false, &approximate));
		codec_close(&run);
		assert_int_equal(codec_open(&run, codec_for_kernel(algorithms[i], true, NULL), &e),
				 0);
		assert_string_equal(run.label, codec_for_kernel(algorithms[i], true, &approximate));
		codec_close(&run);
	}
	assert_null(codec_for_kernel("842", false, &approximate));
	codec_for_kernel("lzo-rle", true, &approximate);
	assert_false(approximate);
	assert_string_equal(codec_for_kernel("zstd", true, &approximate), "zstd-crypto:3");
	assert_true(approximate);
	assert_string_equal(codec_for_kernel("zstd", false, &approximate), "zstd:3");
	assert_true(approximate);
}

/* Records of one form with other values: 1024 pages to train on, 64 others to measure on. */
static void fill_records(char *p, size_t len, struct prng *rng)
{
	for (size_t at = 0; at < len;) {
		char line[160];
		int n = snprintf(line, sizeof(line),
				 "{\"id\":%llu,\"state\":\"%s\",\"owner\":\"user%llu\",\"path\":\"/"
				 "var/lib/thing/%llu\"}\n",
				 (unsigned long long)prng_below(rng, 1000000),
				 prng_below(rng, 2) ? "running" : "waiting",
				 (unsigned long long)prng_below(rng, 40),
				 (unsigned long long)prng_next(rng) % 9999);

		memcpy(p + at, line, MIN((size_t)n, len - at));
		at += (size_t)n;
	}
}

static void test_codec__a_trained_dictionary_shortens_pages_it_was_not_trained_on(
	void **state UNUSED)
{
	static const char *const specs[][2] = { { "lz4-dict:1:4KiB", "lz4:1" },
						{ "lz4-dict:1:64KiB", "lz4:1" },
						{ "zstd-dict:3:4KiB", "zstd:3" },
						{ "zstd-dict:3:64KiB", "zstd:3" } };
	const size_t n = 1024, len = 4096;
	char *train = malloc(n * len), *test = malloc(64 * len);
	struct codec_samples samples = { train, len, n };
	static char compressed[8192];
	struct prng rng;

	prng_seed(&rng, 26);
	fill_records(train, n * len, &rng);
	fill_records(test, 64 * len, &rng);
	for (size_t i = 0; i < ARRAY_SIZE(specs); i++) {
		size_t with = 0, without = 0;
		struct codec_run run, plain;
		struct err e;

		assert_int_equal(codec_open_trained(&run, specs[i][0], &samples, &e), 0);
		assert_int_equal(codec_open(&plain, specs[i][1], &e), 0);
		assert_string_equal(run.label, specs[i][0]);
		assert_true(run.dictionary_bytes > 256 && run.dictionary_bytes <= 64 * KIB);
		for (size_t k = 0; k < 64; k++) {
			ssize_t c = run.codec->compress(run.state, test + k * len, len, compressed,
							sizeof(compressed));

			assert_true(c > 0);
			with += (size_t)c;
			assert_int_equal(run.codec->decompress(run.state, compressed, (size_t)c,
							       back, len),
					 len);
			assert_memory_equal(back, test + k * len, len);
			without += (size_t)plain.codec->compress(plain.state, test + k * len, len,
								 compressed, sizeof(compressed));
		}
		assert_true(with < without - without / 20);
		codec_close(&run);
		codec_close(&plain);
	}
	free(train);
	free(test);
}

static void test_codec__too_little_to_train_on_is_said(void **state UNUSED)
{
	struct codec_samples samples = { source, 4096, 0 };
	struct codec_run run;
	struct err e;

	assert_int_equal(codec_open_trained(&run, "zstd-dict:3:64KiB", &samples, &e), -ENODATA);
	samples.n = 3;
	assert_int_equal(codec_open_trained(&run, "zstd-dict:3:64KiB", &samples, &e), -ENODATA);
	assert_non_null(strstr(e.what, "3 pages"));
	assert_true(e.hint[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_codec__round_trips_of_all_fillings_and_odd_lengths),
		cmocka_unit_test(test_codec__round_trips_of_random_lengths),
		cmocka_unit_test(test_codec__round_trips_at_the_ends_of_the_levels),
		cmocka_unit_test(test_codec__room_that_is_too_small_is_an_error),
		cmocka_unit_test(test_codec__damaged_data_stays_in_its_room),
		cmocka_unit_test(test_codec__lz4_1_writes_what_lz4_default_writes),
		cmocka_unit_test(test_codec__liblzo2_and_the_kernels_lzo_read_each_other),
		cmocka_unit_test(test_codec__labels_name_codec_and_level),
		cmocka_unit_test(test_codec__bad_specs_are_usage_errors),
		cmocka_unit_test(
			test_codec__a_trained_dictionary_shortens_pages_it_was_not_trained_on),
		cmocka_unit_test(test_codec__too_little_to_train_on_is_said),
		cmocka_unit_test(test_codec__models_of_kernel_algorithms_exist),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

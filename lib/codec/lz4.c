/* SPDX-License-Identifier: GPL-2.0-only */
/* lz4.c - LZ4 fast by liblz4; acceleration 1 writes what LZ4_compress_default and, but for a byte
 * or two of some pages, the kernel's lz4 write.
 *
 * lz4-dict is given a dictionary, which is hashed once: each page begins with a copy of that state
 * (16 KiB), and its time is in the figures. The kernel's backend hashes the dictionary anew for
 * each page.
 */
#include <lz4.h>

#include "codec.h"

struct lz4_state {
	int acceleration, dictionary_len;
	const char *dictionary;
	union LZ4_stream_u stream,
		loaded; /* loaded: with the dictionary, or, of lz4-dict, none yet */
};

static void *lz4_open(int level)
{
	struct lz4_state *s = malloc(sizeof(*s));

	if (!s)
		return NULL;
	s->acceleration = level;
	s->dictionary = NULL;
	s->dictionary_len = 0;
	LZ4_initStream(&s->loaded, sizeof(s->loaded));
	return s;
}

static int lz4_set_dictionary(void *state, const void *dictionary, size_t len)
{
	struct lz4_state *s = state;

	if (len > 64 * KIB)
		return -EINVAL;
	s->dictionary = dictionary;
	s->dictionary_len = (int)len;
	LZ4_initStream(&s->loaded, sizeof(s->loaded));
	return LZ4_loadDict(&s->loaded, dictionary, (int)len) == (int)len ? 0 : -EINVAL;
}

static size_t lz4_bound(size_t len)
{
	return len <= LZ4_MAX_INPUT_SIZE ? (size_t)LZ4_compressBound((int)len) : 0;
}

static ssize_t lz4_compress(void *state, const void *src, size_t len, void *dst, size_t cap)
{
	struct lz4_state *s = state;
	int n = LZ4_compress_fast_extState(&s->stream, src, dst, (int)len, (int)cap,
					   s->acceleration);

	return n > 0 ? n : -EIO;
}

static ssize_t lz4_dict_compress(void *state, const void *src, size_t len, void *dst, size_t cap)
{
	struct lz4_state *s = state;
	int n;

	memcpy(&s->stream, &s->loaded, sizeof(s->stream));
	n = LZ4_compress_fast_continue(&s->stream, src, dst, (int)len, (int)cap, s->acceleration);
	return n > 0 ? n : -EIO;
}

static ssize_t lz4_decompress(void *state UNUSED, const void *src, size_t len, void *dst,
			      size_t cap)
{
	int n = LZ4_decompress_safe(src, dst, (int)len, (int)cap);

	return n >= 0 ? n : -EIO;
}

static ssize_t lz4_dict_decompress(void *state, const void *src, size_t len, void *dst, size_t cap)
{
	struct lz4_state *s = state;
	int n = LZ4_decompress_safe_usingDict(src, dst, (int)len, (int)cap, s->dictionary,
					      s->dictionary_len);

	return n >= 0 ? n : -EIO;
}

#define LZ4_CODEC(codec_name, codec_compress, codec_decompress, dictionary) \
	{ \
		.name = (codec_name), .level_word = "acceleration", .level_min = 1, \
		.level_max = 65537, .level_default = 1, .open = lz4_open, .close = free, \
		.bound = lz4_bound, .compress = (codec_compress), \
		.decompress = (codec_decompress), .set_dictionary = (dictionary), \
	}

extern const struct codec codec_lz4, codec_lz4_dict;
const struct codec codec_lz4 = LZ4_CODEC("lz4", lz4_compress, lz4_decompress, NULL);
const struct codec codec_lz4_dict =
	LZ4_CODEC("lz4-dict", lz4_dict_compress, lz4_dict_decompress, lz4_set_dictionary);

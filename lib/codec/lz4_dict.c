/* SPDX-License-Identifier: GPL-2.0-only */
/* lz4_dict.c - LZ4 fast with a dictionary by liblz4.
 *
 * The dictionary is hashed once, and each page begins with a copy of that state (16 KiB): its time is in the
 * figures. The kernel's backend hashes the dictionary anew for each page.
 */
#include <lz4.h>

#include "codec/codec.h"

struct lz4_dict_state {
	int acceleration, dictionary_len;
	const char *dictionary;
	union LZ4_stream_u loaded, stream;
};

static void *lz4_dict_open(int level)
{
	struct lz4_dict_state *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->acceleration = level;
	LZ4_initStream(&s->loaded, sizeof(s->loaded));
	return s;
}

static int lz4_dict_set(void *state, const void *dictionary, size_t len)
{
	struct lz4_dict_state *s = state;

	if (len > 64 * KIB)
		return -EINVAL;
	s->dictionary = dictionary;
	s->dictionary_len = (int)len;
	LZ4_initStream(&s->loaded, sizeof(s->loaded));
	return LZ4_loadDict(&s->loaded, dictionary, (int)len) == (int)len ? 0 : -EINVAL;
}

static size_t lz4_dict_bound(size_t len)
{
	return len <= LZ4_MAX_INPUT_SIZE ? (size_t)LZ4_compressBound((int)len) : 0;
}

static ssize_t lz4_dict_compress(void *state, const void *src, size_t len, void *dst, size_t cap)
{
	struct lz4_dict_state *s = state;
	int n;

	memcpy(&s->stream, &s->loaded, sizeof(s->stream));
	n = LZ4_compress_fast_continue(&s->stream, src, dst, (int)len, (int)cap, s->acceleration);
	return n > 0 ? n : -EIO;
}

static ssize_t lz4_dict_decompress(void *state, const void *src, size_t len, void *dst, size_t cap)
{
	struct lz4_dict_state *s = state;
	int n = LZ4_decompress_safe_usingDict(src, dst, (int)len, (int)cap, s->dictionary, s->dictionary_len);

	return n >= 0 ? n : -EIO;
}

extern const struct codec codec_lz4_dict;
const struct codec codec_lz4_dict = {
	.name = "lz4-dict",
	.level_word = "acceleration",
	.level_min = 1,
	.level_max = 65537,
	.level_default = 1,
	.open = lz4_dict_open,
	.close = free,
	.bound = lz4_dict_bound,
	.compress = lz4_dict_compress,
	.decompress = lz4_dict_decompress,
	.set_dictionary = lz4_dict_set,
};

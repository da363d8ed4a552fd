/* SPDX-License-Identifier: GPL-2.0-only */
/* lz4.c - LZ4 by liblz4: lz4, lz4-dict and lz4hc. Acceleration 1 writes what LZ4_compress_default
 * and, but for a byte or two of some pages, the kernel's lz4 write.
 *
 * lz4-dict hashes its dictionary once: each page begins with a copy of that state (16 KiB), which
 * is part of its time. The kernel's backend hashes the dictionary anew for each page.
 */
#include <lz4.h>
#include <lz4hc.h>

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

/* ---- lz4hc: slow to compress, decompressed as lz4 ---- */
struct lz4hc_state {
	int level;
	union LZ4_streamHC_u stream;
};

static void *lz4hc_open(int level)
{
	struct lz4hc_state *s = malloc(sizeof(*s));

	if (s)
		s->level = level;
	return s;
}

static ssize_t lz4hc_compress(void *state, const void *src, size_t len, void *dst, size_t cap)
{
	struct lz4hc_state *s = state;
	int n = LZ4_compress_HC_extStateHC(&s->stream, src, dst, (int)len, (int)cap, s->level);

	return n > 0 ? n : -EIO;
}

#define LZ4_FAST \
	.level_word = "acceleration", .level_min = 1, .level_max = 65537, .level_default = 1, \
	.open = lz4_open, .close = free, .bound = lz4_bound

extern const struct codec codec_lz4, codec_lz4_dict, codec_lz4hc;
const struct codec codec_lz4 = {
	LZ4_FAST,
	.name = "lz4",
	.sweep = "1,2,4,8,16",
	.kernel = { .algorithm = "lz4", .label = "lz4:1" },
	.compress = lz4_compress,
	.decompress = lz4_decompress,
};
const struct codec codec_lz4_dict = {
	LZ4_FAST,
	.name = "lz4-dict",
	.sweep = "1:4KiB,1:16KiB,1:64KiB",
	.compress = lz4_dict_compress,
	.decompress = lz4_dict_decompress,
	.set_dictionary = lz4_set_dictionary,
};
const struct codec codec_lz4hc = {
	.name = "lz4hc",
	.level_word = "level",
	.level_min = LZ4HC_CLEVEL_MIN,
	.level_max = LZ4HC_CLEVEL_MAX,
	.level_default = LZ4HC_CLEVEL_DEFAULT,
	.sweep = "3,6,9,12",
	.kernel = { .algorithm = "lz4hc", .label = "lz4hc:9", .approximate = true },
	.heavy = true,
	.open = lz4hc_open,
	.close = free,
	.bound = lz4_bound,
	.compress = lz4hc_compress,
	.decompress = lz4_decompress,
};

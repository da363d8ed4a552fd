/* SPDX-License-Identifier: GPL-2.0-only */
/* lz4.c - LZ4 fast by liblz4; acceleration 1 writes what LZ4_compress_default and the kernel's lz4 write. */
#include <lz4.h>

#include "codec/codec.h"

struct lz4_state {
	int acceleration;
	union LZ4_stream_u stream;
};

static void *lz4_open(int level)
{
	struct lz4_state *s = malloc(sizeof(*s));

	if (s)
		s->acceleration = level;
	return s;
}

static size_t lz4_bound(size_t len)
{
	return len <= LZ4_MAX_INPUT_SIZE ? (size_t)LZ4_compressBound((int)len) : 0;
}

static ssize_t lz4_compress(void *state, const void *src, size_t len, void *dst, size_t cap)
{
	struct lz4_state *s = state;
	int n = LZ4_compress_fast_extState(&s->stream, src, dst, (int)len, (int)cap, s->acceleration);

	return n > 0 ? n : -EIO;
}

static ssize_t lz4_decompress(void *state UNUSED, const void *src, size_t len, void *dst, size_t cap)
{
	int n = LZ4_decompress_safe(src, dst, (int)len, (int)cap);

	return n >= 0 ? n : -EIO;
}

extern const struct codec codec_lz4;
const struct codec codec_lz4 = {
	.name = "lz4",
	.level_word = "acceleration",
	.level_min = 1,
	.level_max = 65537,
	.level_default = 1,
	.open = lz4_open,
	.close = free,
	.bound = lz4_bound,
	.compress = lz4_compress,
	.decompress = lz4_decompress,
};

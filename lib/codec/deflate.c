/* SPDX-License-Identifier: GPL-2.0-only */
/* deflate.c - raw DEFLATE by libdeflate. The kernel's own is zlib at its level 6 with a 2 KiB
 * window: same format, other choices, so sizes are close and times are not comparable.
 */
#include <libdeflate.h>

#include "codec.h"

struct deflate_state {
	struct libdeflate_compressor *compress;
	struct libdeflate_decompressor *decompress;
};

static void deflate_close(void *state)
{
	struct deflate_state *s = state;

	if (!s)
		return;
	libdeflate_free_compressor(s->compress);
	libdeflate_free_decompressor(s->decompress);
	free(s);
}

static void *deflate_open(int level)
{
	struct deflate_state *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->compress = libdeflate_alloc_compressor(level);
	s->decompress = libdeflate_alloc_decompressor();
	if (s->compress && s->decompress)
		return s;
	deflate_close(s);
	return NULL;
}

static size_t deflate_bound(size_t len)
{
	return libdeflate_deflate_compress_bound(NULL, len);
}

static ssize_t deflate_compress(void *state, const void *src, size_t len, void *dst, size_t cap)
{
	struct deflate_state *s = state;
	size_t n = libdeflate_deflate_compress(s->compress, src, len, dst, cap);

	return n ? (ssize_t)n : -EIO;
}

static ssize_t deflate_decompress(void *state, const void *src, size_t len, void *dst, size_t cap)
{
	struct deflate_state *s = state;
	size_t n;

	if (libdeflate_deflate_decompress(s->decompress, src, len, dst, cap, &n) !=
	    LIBDEFLATE_SUCCESS)
		return -EIO;
	return (ssize_t)n;
}

extern const struct codec codec_deflate;
const struct codec codec_deflate = {
	.name = "deflate",
	.level_word = "level",
	.level_min = 1,
	.level_max = 12,
	.level_default = 1,
	.sweep = "1,6,12",
	.entropy = true,
	.heavy = true,
	.open = deflate_open,
	.close = deflate_close,
	.bound = deflate_bound,
	.compress = deflate_compress,
	.decompress = deflate_decompress,
};

/* SPDX-License-Identifier: GPL-2.0-only */
/* zlib.c - raw DEFLATE by zlib with the kernel's settings for zram: a 2 KiB window and the most
 * memory (see drivers/block/zram/backend_deflate.c), at its default level 6.
 */
#include <limits.h>
#include <zlib.h>

#include "codec.h"

#define WINDOW_BITS (-11) /* negative: no zlib header */

struct zlib_state {
	z_stream compress, decompress;
};

static void zlib_close(void *state)
{
	struct zlib_state *s = state;

	if (!s)
		return;
	deflateEnd(&s->compress);
	inflateEnd(&s->decompress);
	free(s);
}

static void *zlib_open(int level)
{
	struct zlib_state *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	if (deflateInit2(&s->compress, level, Z_DEFLATED, WINDOW_BITS, MAX_MEM_LEVEL,
			 Z_DEFAULT_STRATEGY) == Z_OK &&
	    inflateInit2(&s->decompress, WINDOW_BITS) == Z_OK)
		return s;
	zlib_close(s);
	return NULL;
}

static size_t zlib_bound(size_t len)
{
	return compressBound(len) + 64;
}

/* One whole buffer through either direction. */
static ssize_t run(z_stream *z, int (*step)(z_stream *, int), const void *src, size_t len,
		   void *dst, size_t cap)
{
	if (len > UINT_MAX || cap > UINT_MAX)
		return -EIO;
	z->next_in = (Bytef *)(uintptr_t)src; /* zlib does not write there */
	z->avail_in = (uInt)len;
	z->next_out = dst;
	z->avail_out = (uInt)cap;
	return step(z, Z_FINISH) == Z_STREAM_END ? (ssize_t)(cap - z->avail_out) : -EIO;
}

static ssize_t zlib_compress(void *state, const void *src, size_t len, void *dst, size_t cap)
{
	struct zlib_state *s = state;

	deflateReset(&s->compress);
	return run(&s->compress, deflate, src, len, dst, cap);
}

static ssize_t zlib_decompress(void *state, const void *src, size_t len, void *dst, size_t cap)
{
	struct zlib_state *s = state;

	inflateReset(&s->decompress);
	return run(&s->decompress, inflate, src, len, dst, cap);
}

extern const struct codec codec_zlib;
const struct codec codec_zlib = {
	.name = "zlib",
	.level_word = "level",
	.level_min = 1,
	.level_max = 9,
	.level_default = 6,
	.sweep = "1,6",
	.kernel = { .algorithm = "deflate", .label = "zlib:6" },
	.entropy = true,
	.heavy = true,
	.open = zlib_open,
	.close = zlib_close,
	.bound = zlib_bound,
	.compress = zlib_compress,
	.decompress = zlib_decompress,
};

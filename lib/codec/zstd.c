/* SPDX-License-Identifier: GPL-2.0-only */
/* zstd.c - zstd frames by libzstd with reused contexts, as the kernel writes them (it defaults to level 3).
 *
 * Negative levels are zstd's fast modes. The window fits the page, as the content size is known.
 */
#include <zstd.h>

#include "codec/codec.h"

struct zstd_state {
	int level;
	ZSTD_CCtx *compress;
	ZSTD_DCtx *decompress;
};

static const char *zstd_version(void)
{
	return ZSTD_versionString();
}

static void zstd_close(void *state)
{
	struct zstd_state *s = state;

	if (!s)
		return;
	ZSTD_freeCCtx(s->compress);
	ZSTD_freeDCtx(s->decompress);
	free(s);
}

static void *zstd_open(int level)
{
	struct zstd_state *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->level = level;
	s->compress = ZSTD_createCCtx();
	s->decompress = ZSTD_createDCtx();
	if (s->compress && s->decompress)
		return s;
	zstd_close(s);
	return NULL;
}

static size_t zstd_bound(size_t len)
{
	return ZSTD_compressBound(len);
}

static ssize_t zstd_compress(void *state, const void *src, size_t len, void *dst, size_t cap)
{
	struct zstd_state *s = state;
	size_t n = ZSTD_compressCCtx(s->compress, dst, cap, src, len, s->level);

	return ZSTD_isError(n) ? -EIO : (ssize_t)n;
}

static ssize_t zstd_decompress(void *state, const void *src, size_t len, void *dst, size_t cap)
{
	struct zstd_state *s = state;
	size_t n = ZSTD_decompressDCtx(s->decompress, dst, cap, src, len);

	return ZSTD_isError(n) ? -EIO : (ssize_t)n;
}

extern const struct codec codec_zstd;
const struct codec codec_zstd = {
	.name = "zstd",
	.level_word = "level",
	.level_min = -100,
	.level_max = 22,
	.level_default = 3,
	.entropy = true,
	.heavy = true,
	.version = zstd_version,
	.open = zstd_open,
	.close = zstd_close,
	.bound = zstd_bound,
	.compress = zstd_compress,
	.decompress = zstd_decompress,
};

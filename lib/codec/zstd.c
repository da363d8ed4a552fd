/* SPDX-License-Identifier: GPL-2.0-only */
/* zstd.c - zstd frames by libzstd with reused contexts, as the kernel writes them (it defaults to
 * level 3).
 *
 * Negative levels are zstd's fast modes. The window fits the page, as the content size is known.
 * zstd-dict is given a dictionary, which is digested once for each direction, as the kernel does.
 *
 * zstd-crypto is what the kernel's crypto interface makes of it: zram before 6.12, and zswap. That
 * asks for the parameters of input of unknown size (zstd_get_params(level, 0) in crypto/zstd.c):
 * other tables, other matches. There is no way to say that in zstd's stable interface, which fits
 * the parameters to the input itself.
 */
#define ZSTD_STATIC_LINKING_ONLY
#define ZSTD_DISABLE_DEPRECATE_WARNINGS
#include <zstd.h>

#include "codec.h"

struct zstd_state {
	int level;
	ZSTD_CCtx *compress;
	ZSTD_DCtx *decompress;
	ZSTD_CDict *compress_with; /* NULL = no dictionary */
	ZSTD_DDict *decompress_with;
};

static void zstd_close(void *state)
{
	struct zstd_state *s = state;

	if (!s)
		return;
	ZSTD_freeCCtx(s->compress);
	ZSTD_freeDCtx(s->decompress);
	ZSTD_freeCDict(s->compress_with);
	ZSTD_freeDDict(s->decompress_with);
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

static int zstd_set_dictionary(void *state, const void *dictionary, size_t len)
{
	struct zstd_state *s = state;

	ZSTD_freeCDict(s->compress_with);
	ZSTD_freeDDict(s->decompress_with);
	s->compress_with = ZSTD_createCDict(dictionary, len, s->level);
	s->decompress_with = ZSTD_createDDict(dictionary, len);
	return s->compress_with && s->decompress_with ? 0 : -EINVAL;
}

static size_t zstd_bound(size_t len)
{
	return ZSTD_compressBound(len);
}

static ssize_t zstd_compress(void *state, const void *src, size_t len, void *dst, size_t cap)
{
	struct zstd_state *s = state;
	size_t n = s->compress_with ? ZSTD_compress_usingCDict(s->compress, dst, cap, src, len,
							       s->compress_with)
				    : ZSTD_compressCCtx(s->compress, dst, cap, src, len, s->level);

	return ZSTD_isError(n) ? -EIO : (ssize_t)n;
}

static ssize_t zstd_crypto_compress(void *state, const void *src, size_t len, void *dst, size_t cap)
{
	struct zstd_state *s = state;
	size_t n = ZSTD_compress_advanced(s->compress, dst, cap, src, len, NULL, 0,
					  ZSTD_getParams(s->level, 0, 0));

	return ZSTD_isError(n) ? -EIO : (ssize_t)n;
}

static ssize_t zstd_decompress(void *state, const void *src, size_t len, void *dst, size_t cap)
{
	struct zstd_state *s = state;
	size_t n = s->decompress_with ? ZSTD_decompress_usingDDict(s->decompress, dst, cap, src,
								   len, s->decompress_with)
				      : ZSTD_decompressDCtx(s->decompress, dst, cap, src, len);

	return ZSTD_isError(n) ? -EIO : (ssize_t)n;
}

#define ZSTD_COMMON \
	.level_word = "level", .level_min = -100, .level_max = 22, .level_default = 3, \
	.entropy = true, .heavy = true, .open = zstd_open, .close = zstd_close, \
	.bound = zstd_bound, .decompress = zstd_decompress

extern const struct codec codec_zstd, codec_zstd_dict, codec_zstd_crypto;
const struct codec codec_zstd = {
	ZSTD_COMMON,
	.name = "zstd",
	.sweep = "-5,-3,-1,1..19",
	.kernel = { .algorithm = "zstd", .label = "zstd:3", .approximate = true },
	.compress = zstd_compress,
};
const struct codec codec_zstd_dict = {
	ZSTD_COMMON,
	.name = "zstd-dict",
	.sweep = "3:4KiB,3:16KiB,3:64KiB",
	.compress = zstd_compress,
	.set_dictionary = zstd_set_dictionary,
};
const struct codec codec_zstd_crypto = {
	ZSTD_COMMON,
	.name = "zstd-crypto",
	.kernel = { .algorithm = "zstd",
		    .label = "zstd-crypto:3",
		    .approximate = true,
		    .crypto = true },
	.compress = zstd_crypto_compress,
};

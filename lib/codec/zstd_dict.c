/* SPDX-License-Identifier: GPL-2.0-only */
/* zstd_dict.c - zstd frames with a dictionary by libzstd, digested once for each direction, as the kernel does. */
#include <zstd.h>

#include "codec/codec.h"

struct zstd_dict_state {
	int level;
	ZSTD_CCtx *compress;
	ZSTD_DCtx *decompress;
	ZSTD_CDict *compress_with;	/* NULL = no dictionary yet */
	ZSTD_DDict *decompress_with;
};

static void zstd_dict_close(void *state)
{
	struct zstd_dict_state *s = state;

	if (!s)
		return;
	ZSTD_freeCCtx(s->compress);
	ZSTD_freeDCtx(s->decompress);
	ZSTD_freeCDict(s->compress_with);
	ZSTD_freeDDict(s->decompress_with);
	free(s);
}

static void *zstd_dict_open(int level)
{
	struct zstd_dict_state *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->level = level;
	s->compress = ZSTD_createCCtx();
	s->decompress = ZSTD_createDCtx();
	if (s->compress && s->decompress)
		return s;
	zstd_dict_close(s);
	return NULL;
}

static int zstd_dict_set(void *state, const void *dictionary, size_t len)
{
	struct zstd_dict_state *s = state;

	ZSTD_freeCDict(s->compress_with);
	ZSTD_freeDDict(s->decompress_with);
	s->compress_with = ZSTD_createCDict(dictionary, len, s->level);
	s->decompress_with = ZSTD_createDDict(dictionary, len);
	return s->compress_with && s->decompress_with ? 0 : -EINVAL;
}

static size_t zstd_dict_bound(size_t len)
{
	return ZSTD_compressBound(len);
}

static ssize_t zstd_dict_compress(void *state, const void *src, size_t len, void *dst, size_t cap)
{
	struct zstd_dict_state *s = state;
	size_t n = s->compress_with ? ZSTD_compress_usingCDict(s->compress, dst, cap, src, len, s->compress_with)
				    : ZSTD_compressCCtx(s->compress, dst, cap, src, len, s->level);

	return ZSTD_isError(n) ? -EIO : (ssize_t)n;
}

static ssize_t zstd_dict_decompress(void *state, const void *src, size_t len, void *dst, size_t cap)
{
	struct zstd_dict_state *s = state;
	size_t n = s->decompress_with
			   ? ZSTD_decompress_usingDDict(s->decompress, dst, cap, src, len, s->decompress_with)
			   : ZSTD_decompressDCtx(s->decompress, dst, cap, src, len);

	return ZSTD_isError(n) ? -EIO : (ssize_t)n;
}

extern const struct codec codec_zstd_dict;
const struct codec codec_zstd_dict = {
	.name = "zstd-dict",
	.level_word = "level",
	.level_min = -100,
	.level_max = 22,
	.level_default = 3,
	.entropy = true,
	.heavy = true,
	.open = zstd_dict_open,
	.close = zstd_dict_close,
	.bound = zstd_dict_bound,
	.compress = zstd_dict_compress,
	.decompress = zstd_dict_decompress,
	.set_dictionary = zstd_dict_set,
};

/* SPDX-License-Identifier: GPL-2.0-only */
/* lz4hc.c - LZ4 high compression by liblz4: slow to write, read back as lz4. The kernel's defaults
 * to level 9. */
#include <lz4.h>
#include <lz4hc.h>

#include "codec.h"

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

static size_t lz4hc_bound(size_t len)
{
	return len <= LZ4_MAX_INPUT_SIZE ? (size_t)LZ4_compressBound((int)len) : 0;
}

static ssize_t lz4hc_compress(void *state, const void *src, size_t len, void *dst, size_t cap)
{
	struct lz4hc_state *s = state;
	int n = LZ4_compress_HC_extStateHC(&s->stream, src, dst, (int)len, (int)cap, s->level);

	return n > 0 ? n : -EIO;
}

static ssize_t lz4hc_decompress(void *state UNUSED, const void *src, size_t len, void *dst,
				size_t cap)
{
	int n = LZ4_decompress_safe(src, dst, (int)len, (int)cap);

	return n >= 0 ? n : -EIO;
}

extern const struct codec codec_lz4hc;
const struct codec codec_lz4hc = {
	.name = "lz4hc",
	.level_word = "level",
	.level_min = LZ4HC_CLEVEL_MIN,
	.level_max = LZ4HC_CLEVEL_MAX,
	.level_default = LZ4HC_CLEVEL_DEFAULT,
	.heavy = true,
	.open = lz4hc_open,
	.close = free,
	.bound = lz4hc_bound,
	.compress = lz4hc_compress,
	.decompress = lz4hc_decompress,
};

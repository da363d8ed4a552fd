/* SPDX-License-Identifier: GPL-2.0-only */
/* lzo.c - LZO1X-1 by liblzo2. What the kernel's lzo and lzo-rle write is in lzo_kernel.c. */
#include <lzo/lzo1x.h>

#include "codec.h"

static void *lzo_open(int level UNUSED)
{
	return lzo_init() == LZO_E_OK ? malloc(LZO1X_1_MEM_COMPRESS) : NULL;
}

static size_t lzo_bound(size_t len)
{
	return len + len / 16 + 64 + 3; /* LZO.FAQ */
}

static ssize_t lzo_compress(void *state, const void *src, size_t len, void *dst, size_t cap)
{
	lzo_uint n = cap;

	/* LZO does not check the size of its output buffer. */
	if (cap < lzo_bound(len))
		return -EIO;
	return lzo1x_1_compress(src, len, dst, &n, state) == LZO_E_OK ? (ssize_t)n : -EIO;
}

static ssize_t lzo_decompress(void *state UNUSED, const void *src, size_t len, void *dst,
			      size_t cap)
{
	lzo_uint n = cap;

	return lzo1x_decompress_safe(src, len, dst, &n, NULL) == LZO_E_OK ? (ssize_t)n : -EIO;
}

extern const struct codec codec_lzo1x_1;
const struct codec codec_lzo1x_1 = {
	.name = "lzo1x-1",
	.open = lzo_open,
	.close = free,
	.bound = lzo_bound,
	.compress = lzo_compress,
	.decompress = lzo_decompress,
};

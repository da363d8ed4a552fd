/* SPDX-License-Identifier: GPL-2.0-only */
/* snappy.c - Snappy by libsnappy; not in the kernel: a fast codec of another family, for
 * comparison.
 */
#include <snappy-c.h>

#include "codec.h"

static void *snappy_open(int level UNUSED)
{
	return malloc(1); /* no state, but NULL means failure */
}

static size_t snappy_bound(size_t len)
{
	return snappy_max_compressed_length(len);
}

static ssize_t snappy_pack(void *state UNUSED, const void *src, size_t len, void *dst, size_t cap)
{
	size_t n = cap;

	return snappy_compress(src, len, dst, &n) == SNAPPY_OK ? (ssize_t)n : -EIO;
}

static ssize_t snappy_unpack(void *state UNUSED, const void *src, size_t len, void *dst, size_t cap)
{
	size_t n = cap;

	return snappy_uncompress(src, len, dst, &n) == SNAPPY_OK ? (ssize_t)n : -EIO;
}

extern const struct codec codec_snappy;
const struct codec codec_snappy = {
	.name = "snappy",
	.open = snappy_open,
	.close = free,
	.bound = snappy_bound,
	.compress = snappy_pack,
	.decompress = snappy_unpack,
};

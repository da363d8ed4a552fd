/* SPDX-License-Identifier: GPL-2.0-only */
/* contents.c - the pages of a pool, and the library codec that compresses them as the kernel does.
 */
#include "contents.h"

#include "lib/pool/pages.h"

#define PACKED_BYTES (4 * PAGE_BYTES) /* more than any codec's bound of a page */

int contents_codec(struct contents *c, const char *algorithm, struct codec_run *ret,
		   bool *approximate, struct err *e)
{
	const char *spec = codec_for_kernel(algorithm, c->crypto, approximate);

	if (!spec)
		return err_impossible(e, "no library codec matches the kernel's %s", algorithm);
	int rc = codec_open(ret, spec, e);

	if (!rc && ret->codec->bound(PAGE_BYTES) > PACKED_BYTES)
		rc = err_set(e, E2BIG, "%s", spec);
	return rc;
}

int contents_open(struct contents *ret, const struct pool *pool, struct err *e)
{
	struct zram_algorithms algorithms;
	const char *how;
	int rc;

	*ret = (struct contents){ .fd = -1, .packed = malloc(PACKED_BYTES) };
	if (!ret->packed)
		return err_set(e, ENOMEM, "cannot read the pool");
	rc = zram_algorithms_read(NULL, pool->device.id, &algorithms, e);
	if (!rc)
		rc = zsmalloc_detect(&ret->model, NULL, &how, e);
	if (rc)
		return rc;
	ret->crypto = algorithms.crypto;
	rc = contents_codec(ret, algorithms.names[algorithms.current], &ret->codec,
			    &ret->approximate, e);
	if (rc)
		return rc;
	ret->fd = pool_pages_fd(&pool->device, &ret->disk_bytes, e);
	return MIN(ret->fd, 0);
}

void contents_close(struct contents *c)
{
	if (c->fd >= 0)
		close(c->fd);
	codec_close(&c->codec);
	free(c->packed);
}

ssize_t contents_read(const struct contents *c, void *buf, size_t len, uint64_t at, struct err *e)
{
	return pool_pages_read(c->fd, c->disk_bytes, buf, len, at, e);
}

size_t contents_pack(const struct contents *c, const void *page, const struct codec_run *codec)
{
	if (page_classify(page) <= PAGE_SAME_FILLED)
		return 0;
	ssize_t n = codec->codec->compress(codec->state, page, PAGE_BYTES, c->packed, PACKED_BYTES);

	return n > 0 && (size_t)n < c->model.huge_bytes ? (size_t)n : PAGE_BYTES;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* contents.c - the pages that lie in a pool, read from its block device, and what packs them as the
 * kernel does. */
#include "contents.h"

#include <fcntl.h>

#include "lib/kernel/page.h"

#define PACKED_BYTES (4 * PAGE_BYTES) /* more than any codec's bound of a page */

int contents_codec(struct contents *c, const char *algorithm, struct codec_run *ret,
		   bool *approximate, struct err *e)
{
	const char *spec = codec_for_kernel(algorithm, c->crypto, approximate);

	if (!spec)
		return err_impossible(e, "no library codec stands for the kernel's %s", algorithm);
	int r = codec_open(ret, spec, e);

	return r || ret->codec->bound(PAGE_BYTES) <= PACKED_BYTES ? r
								  : err_set(e, E2BIG, "%s", spec);
}

int contents_open(struct contents *ret, const struct pool *pool, struct err *e)
{
	struct zram_algorithms algorithms;
	char dir[SYSROOT_PATH_MAX];
	const char *how;

	*ret = (struct contents){ .fd = -1 };
	int r = zram_algorithms_read(NULL, pool->device.id, &algorithms, e);

	if (r || (r = zram_disk_bytes(NULL, pool->device.id, &ret->disk_bytes, e)) ||
	    (r = journal_state_dir(dir, e)) || (r = zsmalloc_detect(&ret->model, NULL, &how, e)))
		return r;
	ret->crypto = algorithms.crypto;
	ret->packed = malloc(PACKED_BYTES);
	if (!ret->packed)
		return err_set(e, ENOMEM, "cannot read the pool");
	r = contents_codec(ret, algorithms.names[algorithms.current], &ret->codec,
			   &ret->approximate, e);
	if (r)
		return r;
	ret->fd = zram_open(&pool->device, dir, O_RDONLY | O_DIRECT, e);
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
	ssize_t n =
		at < c->disk_bytes ? pread(c->fd, buf, MIN(len, c->disk_bytes - at), (off_t)at) : 0;

	if (n < 0)
		return err_set(e, errno, "cannot read the pool");
	return n % (ssize_t)PAGE_BYTES ? err_say(e, EIO, "cannot read the pool: %zd bytes came", n)
				       : n;
}

size_t contents_pack(const struct contents *c, const void *page, const struct codec_run *codec)
{
	if (page_classify(page) <= PAGE_SAME_FILLED)
		return 0;
	ssize_t n = codec->codec->compress(codec->state, page, PAGE_BYTES, c->packed, PACKED_BYTES);

	return n > 0 && (size_t)n < c->model.huge_bytes ? (size_t)n : PAGE_BYTES;
}

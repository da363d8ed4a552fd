/* SPDX-License-Identifier: GPL-2.0-only */
/* contents.h - the pages that lie in a pool, read from its block device, and what packs them as the
 * kernel does.
 *
 * Reads count as the device's own, and what is read is young afterwards.
 */
#ifndef RAM_POOL_CONTENTS_H
#define RAM_POOL_CONTENTS_H

#include "lib/codec/codec.h"
#include "pool.h"
#include "lib/kernel/zsmalloc.h"

struct contents {
	int fd; /* O_RDONLY | O_DIRECT: buffers, lengths and places by whole pages */
	uint64_t disk_bytes;
	struct zsmalloc_model model;
	struct codec_run codec; /* stands for the pool's */
	bool crypto;            /* of the kernel's algorithms: zram_algorithms */
	bool approximate;       /* the codec does not write the kernel's very bytes */
	char *packed;           /* room for one page that was packed by any codec */
};

/* contents_open - what was opened is contents_close's, whether it says 0 or not.
 *
 * errors  exit 77 no library codec stands for the pool's
 */
int contents_open(struct contents *ret, const struct pool *pool, struct err *e);
void contents_close(struct contents *c);

/* contents_codec - the library codec that stands for a kernel algorithm, open. Errors as
 * contents_open. */
int contents_codec(struct contents *c, const char *algorithm, struct codec_run *ret,
		   bool *approximate, struct err *e);

/* contents_read - whole pages from a place on. returns  bytes; 0 at the end of the device; -EIO
 * short or failed */
ssize_t contents_read(const struct contents *c, void *buf, size_t len, uint64_t at, struct err *e);

/* contents_pack - bytes a page has in the pool, up to PAGE_BYTES; 0 for one repeated word, which
 * has no slot. */
size_t contents_pack(const struct contents *c, const void *page, const struct codec_run *codec);

#endif

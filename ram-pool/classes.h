/* SPDX-License-Identifier: GPL-2.0-only */
/* classes.h - how full the size classes of a pool are, and what compaction would give back. */
#ifndef RAM_POOL_CLASSES_H
#define RAM_POOL_CLASSES_H

#include "pool.h"
#include "lib/kernel/zsmalloc.h"

struct pool_classes {
	const char *source; /* "debugfs", "deep", "deep, approximate" */
	struct zsmalloc_use classes[ZSMALLOC_CLASSES];
	size_t n;
	int64_t compact_bytes; /* what compaction would give back */
};

/* pool_classes_read - as the kernel counts them. -ENOENT it does not say (CONFIG_ZSMALLOC_STAT,
 * debugfs). */
int pool_classes_read(const struct pool *pool, struct pool_classes *ret);

/* pool_classes_deep - by reading every page of the device and compressing it as the kernel would:
 * the classes of a pool that were filled anew, so what is allocated beyond is holes. Takes a second
 * or so a GiB; the reads count, and make pages young. Pages that come and go meanwhile blur it.
 *
 * errors  exit 77 no library codec stands for the pool's; -EINTR ^C
 */
int pool_classes_deep(const struct pool *pool, struct pool_classes *ret, struct err *e);

struct pool_compact {
	const char *name;
	uint64_t used_before_bytes, used_after_bytes, compacted_pages, elapsed_ns;
};

extern const struct record_type pool_compact_type;

/* pool_compact - has the kernel move slots together and give back what is empty then. -ENODEV it
 * went meanwhile. */
int pool_compact(const struct pool *pool, struct pool_compact *ret, struct err *e);

struct pool_class {
	const char *name, *source;
	uint64_t size_bytes, used_objects, allocated_objects, zspage_pages, used_bytes,
		freeable_bytes;
};

extern const struct record_type pool_class_type;

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* classes.h - how full the size classes of a pool are, and compaction. */
#ifndef RAM_POOL_CLASSES_H
#define RAM_POOL_CLASSES_H

#include "lib/kernel/zsmalloc.h"
#include "pool.h"

struct pool_classes {
	const char *source; /* "debugfs", "deep", "deep, approximate" */
	struct zsmalloc_use classes[ZSMALLOC_CLASSES];
	size_t n;
	int64_t compact_bytes; /* what compaction would free */
};

/* pool_classes_read - as the kernel counts them. -ENOENT it does not (CONFIG_ZSMALLOC_STAT,
 * debugfs). */
int pool_classes_read(const struct pool *pool, struct pool_classes *ret);

/* pool_classes_deep - reads every page of the device and compresses it as the kernel would. This
 * gives the classes of a freshly filled pool; RAM in use beyond that is unused objects. Takes about
 * a second per GiB; the reads count, and make pages young. Pages swapped out or in meanwhile make
 * it inexact.
 *
 * errors  exit 77 no library codec matches the pool's algorithm; -EINTR ^C
 */
int pool_classes_deep(const struct pool *pool, struct pool_classes *ret, struct err *e);

struct pool_compact {
	const char *name;
	struct pool_counters before, after;
	uint64_t compacted_pages, elapsed_ns;
};

extern const struct record_type pool_compact_type;

/* pool_compact - moves objects together and frees empty zspages. -ENODEV the device has been
 * removed. */
int pool_compact(const struct pool *pool, struct pool_compact *ret, struct err *e);

struct pool_class {
	const char *name, *source;
	struct zsmalloc_use use;
	uint64_t used_bytes, freeable_bytes;
};

extern const struct record_type pool_class_type;

#endif

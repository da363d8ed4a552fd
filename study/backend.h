/* SPDX-License-Identifier: GPL-2.0-only */
/* backend.h - where pages go that are swapped out under a configuration.
 *
 * A new backend is a file in backend/ that defines backend_NAME, and its name in STUDY_BACKENDS.
 */
#ifndef COLDPRESS_STUDY_BACKEND_H
#define COLDPRESS_STUDY_BACKEND_H

#include "lib/base/err.h"
#include "lib/kernel/zram.h"

#define STUDY_BACKENDS(B) B(none) B(zram)

/* One instance, for one run. */
struct backend_pool {
	const struct study_backend *backend;
	const char *algorithm; /* NULL: the backend has none */
	bool up;
	char name[64], device_path[64]; /* device_path "": it is no swap device of its own */
	unsigned int id;
	uint64_t disk_bytes;
};

/* Bytes now; NaN = the backend has no such thing. */
struct backend_sample {
	double orig_bytes, compr_bytes, used_bytes;
};

/* Bytes written and read since the pool is up. */
struct backend_io {
	uint64_t written_bytes, read_bytes;
};

/* A function that is NULL has nothing to do, and what it would say is missing. */
struct study_backend {
	const char *name;
	bool limited; /* runs under it are limited to the target's limit */
	/* available - 0, or e says what is missing. */
	int (*available)(struct err *e);
	/* algorithms - those this kernel has for it; NULL: it is no pool. Configurations are named
	 * by prefix and algorithm.
	 */
	const char *prefix; /* "" or ends in a colon */
	int (*algorithms)(struct zram_algorithms *ret, struct err *e);
	/* up - ready for pages of a target whose peak is peak_bytes. *left_behind is set where
	 * something could neither be made nor removed.
	 */
	int (*up)(struct backend_pool *pool, uint64_t peak_bytes, bool *left_behind, struct err *e);
	/* down - removes it; pool->up stays set where that failed. */
	int (*down)(struct backend_pool *pool, struct err *e);
	/* sample - 20 times a second. */
	int (*sample)(const struct backend_pool *pool, struct backend_sample *ret);
	/* io - -ENODATA where it has no counters. */
	int (*io)(const struct backend_pool *pool, struct backend_io *ret, struct err *e);
	/* fixed_bytes - RAM that it takes whatever it holds and that sample does not count. */
	uint64_t (*fixed_bytes)(const struct backend_pool *pool);
};

#define BACKEND_DECLARE_(name) extern const struct study_backend backend_##name;
STUDY_BACKENDS(BACKEND_DECLARE_)

#endif

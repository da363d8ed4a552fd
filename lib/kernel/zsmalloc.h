/* SPDX-License-Identifier: GPL-2.0-only */
/* zsmalloc.h - how much memory a compressed page takes in a zram pool: the kernel's slot
 * arithmetic.
 *
 * A compressed page is kept in an object of a size class; classes are cut from zspages of 1 to
 * CHAIN pages, and neighbouring classes of the same shape are merged (mm/zsmalloc.c:
 * zs_create_pool). The model is exact for pools that were only filled, and for compacted ones; the
 * unused objects that frees leave are estimated. Slot tables and handles are not included.
 */
#ifndef COLDPRESS_KERNEL_ZSMALLOC_H
#define COLDPRESS_KERNEL_ZSMALLOC_H

#include "lib/base/err.h"
#include "lib/base/sysroot.h"

#define ZSMALLOC_CLASSES   255 /* sizes 32, 48, ... 4096 bytes */
#define ZSMALLOC_CHAIN_MIN 4   /* what the kernel can be built with */
#define ZSMALLOC_CHAIN_MAX 16

/* How the kernel picks the number of pages of a zspage. */
enum zsmalloc_rule {
	ZSMALLOC_LEAST_WASTE,  /* from 6.3 */
	ZSMALLOC_BEST_PERCENT, /* before: the largest whole percentage used */
};

struct zsmalloc_class {
	unsigned int index;      /* of the class it was merged into: pools count by it */
	unsigned int size_bytes; /* of a slot, after merging */
	unsigned int pages;      /* of a zspage */
	unsigned int objects;    /* of a zspage */
};

struct zsmalloc_model {
	unsigned int chain;
	unsigned int huge_bytes; /* compressed lengths from here on are kept as the raw page */
	struct zsmalloc_class classes[ZSMALLOC_CLASSES];
};

/* zsmalloc_init - the model for zspages of at most chain pages. -EINVAL unless 4 <= chain <= 16. */
int zsmalloc_init(struct zsmalloc_model *ret, unsigned int chain, enum zsmalloc_rule rule);

/* zsmalloc_detect - the model of the running kernel, and in *how its source: "config" (the kernel's
 * build configuration) or, where that cannot be read, "release" (the version number).
 *
 * source  /proc/config.gz, /boot/config-RELEASE, /lib/modules/RELEASE/config;
 * /proc/sys/kernel/osrelease
 */
int zsmalloc_detect(struct zsmalloc_model *ret, const struct sysroot *root, const char **how,
		    struct err *e);

/* zsmalloc_class - the class of a compressed length; lengths of huge_bytes and more go to the
 * 4096-byte class. */
const struct zsmalloc_class *zsmalloc_class(const struct zsmalloc_model *model, size_t len);

/* zsmalloc_stored_bytes - what mm_stat's compr_data_size grows by: len, or 4096 for an
 * incompressible page. */
size_t zsmalloc_stored_bytes(const struct zsmalloc_model *model, size_t len);

/* zsmalloc_slot_bytes - one page's share of the memory of its zspage, in bytes; 0 for len 0
 * (same-filled). */
double zsmalloc_slot_bytes(const struct zsmalloc_model *model, size_t len);

/* A pool that is only filled. Zero it before use, but for model. */
struct zsmalloc_pool {
	const struct zsmalloc_model *model;
	uint64_t objects[ZSMALLOC_CLASSES];
	uint64_t stored_bytes;           /* mm_stat compr_data_size */
	uint64_t same_pages, huge_pages; /* mm_stat same_pages, huge_pages */
};

/* zsmalloc_pool_add - one page of this compressed length; 0 means same-filled, kept without a slot.
 */
void zsmalloc_pool_add(struct zsmalloc_pool *pool, size_t len);

/* zsmalloc_pool_used_bytes - mm_stat's mem_used_total: whole zspages of every class. */
uint64_t zsmalloc_pool_used_bytes(const struct zsmalloc_pool *pool);

/* zsmalloc_pool_scaled_bytes - the same for a pool of `factor` times as many pages of the same
 * mixture. */
uint64_t zsmalloc_pool_scaled_bytes(const struct zsmalloc_pool *pool, double factor);

/* zsmalloc_pool_holes_bytes - mean memory of unused objects once pages come and go at random,
 * beyond zsmalloc_pool_scaled_bytes: sqrt(n * ln(m) / 2) objects in a class of n objects, m to a
 * zspage.
 *
 * zsmalloc fills its fullest zspages first and frees one when it is empty, so a class keeps the
 * zspages of the most pages it had lately: the count has a variance of n / 2 where half of the
 * pages are swapped out, and a zspage of m objects empties in about ln(m) times a page's residence.
 * Growth with the square root is what Coffman, Kadota and Shepp found for storage filled from its
 * front (A stochastic model of fragmentation in dynamic storage allocation, SIAM J. Comput. 14,
 * 1985); the factor was checked against a simulation of zsmalloc's lists, within a quarter for 2 <=
 * m <= 64 (test_zsmalloc.c). At one moment it may be half or twice as much; more after many pages
 * left, or when rewritten pages moved to other classes: compaction frees that.
 */
double zsmalloc_pool_holes_bytes(const struct zsmalloc_pool *pool, double factor);

/* How full one size class of a pool is. */
struct zsmalloc_use {
	uint64_t size_bytes; /* of a slot */
	uint64_t used_objects, allocated_objects;
	uint64_t pages, zspage_pages; /* in all, and of one zspage */
	uint64_t freeable_pages;      /* that compaction would give back */
};

/* zsmalloc_use_parse - classes that have slots, from the file of a pool.
 *
 * source  /sys/kernel/debug/zsmalloc/zram<id>/classes (CONFIG_ZSMALLOC_STAT;
 * Documentation/mm/zsmalloc.rst) errors  -EBADMSG not such a file; -E2BIG more classes than there
 * are
 */
int zsmalloc_use_parse(const char *buf, size_t len, struct zsmalloc_use ret[ZSMALLOC_CLASSES],
		       size_t *n);

#endif

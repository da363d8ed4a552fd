/* SPDX-License-Identifier: GPL-2.0-only */
/* duplicates.h - which pages hold the same bytes as one before them, told without keeping their
 * contents. */
#ifndef COLDPRESS_MONITOR_DUPLICATES_H
#define COLDPRESS_MONITOR_DUPLICATES_H

#include "lib/base/base.h"

struct duplicates;

struct duplicates *duplicates_new(void);    /* NULL = no memory, or no random numbers */
void duplicates_free(struct duplicates *d); /* NULL-safe */

/* duplicates_expect - room for n more: a table that grows on the way is copied again and again.
 * -ENOMEM. */
int duplicates_expect(struct duplicates *d, size_t n);

struct page_hash {
	uint64_t high, low;
};

/* duplicates_hash - of a page of PAGE_BYTES, 8-aligned. Two pages that differ have the same with a
 * probability of at most 2^-64, whatever they hold. For any number of threads at once, as is
 * duplicates_add.
 */
void duplicates_hash(const struct duplicates *d, const void *page, struct page_hash *ret);

/* duplicates_add - how many of n were there already, added before or earlier among the n. -ENOMEM.
 */
ssize_t duplicates_add(struct duplicates *d, const struct page_hash *hashes, size_t n);

#endif

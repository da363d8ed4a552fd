/* SPDX-License-Identifier: GPL-2.0-only */
/* duplicates.h - counts pages with the same bytes as an earlier one, by hashes. */
#ifndef COLDPRESS_MONITOR_DUPLICATES_H
#define COLDPRESS_MONITOR_DUPLICATES_H

#include "lib/base/base.h"

struct duplicates;

struct duplicates *duplicates_new(void);    /* NULL = no memory, or no random numbers */
void duplicates_free(struct duplicates *d); /* NULL-safe */

/* duplicates_expect - space for n more at once, as growing copies the table. -ENOMEM. */
int duplicates_expect(struct duplicates *d, size_t n);

struct page_hash {
	uint64_t high, low;
};

/* duplicates_hash - hash of PAGE_BYTES, 8-aligned. Two different pages have the same hash with a
 * probability of at most 2^-64. Any number of threads may call it, and duplicates_add, at once.
 */
void duplicates_hash(const struct duplicates *d, const void *page, struct page_hash *ret);

/* duplicates_add - returns how many of n were added before, or earlier among the n. -ENOMEM.
 */
ssize_t duplicates_add(struct duplicates *d, const struct page_hash *hashes, size_t n);

#endif

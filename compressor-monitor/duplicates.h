/* SPDX-License-Identifier: GPL-2.0-only */
/* duplicates.h - which pages hold the same bytes as one before them, told without keeping their contents. */
#ifndef COLDPRESS_MONITOR_DUPLICATES_H
#define COLDPRESS_MONITOR_DUPLICATES_H

#include "base.h"

struct duplicates;

struct duplicates *duplicates_new(void);	/* NULL = no memory, or no random numbers */
void duplicates_free(struct duplicates *d);	/* NULL-safe */

/* duplicates_add - 1 = a page before had the same bytes, 0 = none had; page has PAGE_BYTES, 8-aligned. -ENOMEM.
 *
 * Two pages that differ are taken for the same with a probability of at most 2^-64, whatever they hold.
 */
int duplicates_add(struct duplicates *d, const void *page);

#endif

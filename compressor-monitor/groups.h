/* SPDX-License-Identifier: GPL-2.0-only */
/* groups.h - random groups of the sampled pages, from which rank draws the sample again.
 *
 * A page's group depends on its place in the sample alone: not on its bytes, the codec or the
 * thread. CPU times are measured for batches of one page class; a page takes the mean of its class,
 * and no time to decompress if it is stored uncompressed.
 */
#ifndef COLDPRESS_MONITOR_GROUPS_H
#define COLDPRESS_MONITOR_GROUPS_H

#include "lib/analysis/rank.h"
#include "lib/kernel/page.h"

/* Results of one codec on the pages of one group. kept: stored compressed. */
struct group_sums {
	uint64_t pages[PAGE_CLASSES], kept[PAGE_CLASSES], codec_bytes;
	double slot_bytes;
};

/* group_of - of a page, by its place in the sample. */
uint8_t group_of(uint64_t place);

/* group_add - one page. */
void group_add(struct group_sums *to, enum page_class class, bool kept, uint64_t codec_bytes,
	       double slot_bytes);

/* groups_join - adds RANK_GROUPS groups to others. */
void groups_join(struct group_sums *to, const struct group_sums *from);

/* groups_report - RANK_GROUPS groups, with their shares of the times of each class. */
void groups_report(const struct group_sums *groups, const uint64_t compress_ns[PAGE_CLASSES],
		   const uint64_t decompress_ns[PAGE_CLASSES], struct rank_group *ret);

#endif

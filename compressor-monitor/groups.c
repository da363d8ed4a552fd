/* SPDX-License-Identifier: GPL-2.0-only */
/* groups.c - sums of random groups of the sampled pages. */
#include "groups.h"

#include <math.h>

#include "lib/analysis/prng.h"

uint8_t group_of(uint64_t place)
{
	return prng_mix(place + 1) % RANK_GROUPS;
}

void group_add(struct group_sums *to, enum page_class class, bool kept, uint64_t codec_bytes,
	       double slot_bytes)
{
	to->pages[class]++;
	to->kept[class] += kept;
	to->codec_bytes += codec_bytes;
	to->slot_bytes += slot_bytes;
}

void groups_join(struct group_sums *to, const struct group_sums *from)
{
	for (size_t g = 0; g < RANK_GROUPS; g++) {
		for (size_t class = 0; class < PAGE_CLASSES; class ++) {
			to[g].pages[class] += from[g].pages[class];
			to[g].kept[class] += from[g].kept[class];
		}
		to[g].codec_bytes += from[g].codec_bytes;
		to[g].slot_bytes += from[g].slot_bytes;
	}
}

static double share_ns(uint64_t ns, uint64_t part, uint64_t all)
{
	return all ? (double)ns * (double)part / (double)all : 0;
}

void groups_report(const struct group_sums *groups, const uint64_t compress_ns[PAGE_CLASSES],
		   const uint64_t decompress_ns[PAGE_CLASSES], struct rank_group *ret)
{
	struct group_sums all = { 0 };

	for (size_t g = 0; g < RANK_GROUPS; g++)
		for (size_t class = 0; class < PAGE_CLASSES; class ++) {
			all.pages[class] += groups[g].pages[class];
			all.kept[class] += groups[g].kept[class];
		}
	for (size_t g = 0; g < RANK_GROUPS; g++) {
		double compress = 0, decompress = 0;

		ret[g] = (struct rank_group){
			.codec_bytes = groups[g].codec_bytes,
			.slot_bytes = (uint64_t)llround(groups[g].slot_bytes),
		};
		for (size_t class = 0; class < PAGE_CLASSES; class ++) {
			ret[g].orig_bytes += groups[g].pages[class] * PAGE_BYTES;
			compress += share_ns(compress_ns[class], groups[g].pages[class],
					     all.pages[class]);
			decompress += share_ns(decompress_ns[class], groups[g].kept[class],
					       all.kept[class]);
		}
		ret[g].compress_cpu_ns = (uint64_t)llround(compress);
		ret[g].decompress_cpu_ns = (uint64_t)llround(decompress);
	}
}

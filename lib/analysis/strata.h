/* SPDX-License-Identifier: GPL-2.0-only */
/* strata.h - means and intervals for all present pages from a sample, stratified by mapping.
 *
 * Pure. Pages are sampled from all mappings alike and weighted afterwards by the number of pages of
 * each mapping (post-stratification, Holt and Smith 1979). Mappings with fewer than
 * STRATA_PAGES_MIN sampled pages are merged.
 */
#ifndef COLDPRESS_ANALYSIS_STRATA_H
#define COLDPRESS_ANALYSIS_STRATA_H

#include "lib/kernel/page.h"
#include "stats.h"

#define STRATA_PAGES_MIN 30

#define STRATA_UNKNOWN_MAX 0.01

/* Results of one codec on the sampled pages of one mapping. */
struct stratum_sums {
	uint64_t pages, coded_pages; /* sampled and read; those that need a codec */
	uint64_t unread_pages;       /* sampled, and could not be read: anything may be in them */
	uint64_t codec_bytes;
	double slot_bytes, slot_squares; /* sums over the coded pages */
};

/* Slot bytes a page, 95 %. The intervals hold whatever is in the pages that could not be read or
 * should not have been drawn (lazyfree_pages): their slots take from 0 to PAGE_BYTES. Where those
 * are more than STRATA_UNKNOWN_MAX of the pages, there is no estimate, only its interval.
 */
struct strata_estimate {
	struct stats_interval of_coded; /* of the pages that need a codec */
	struct stats_interval of_all;
	struct stats_interval of_read; /* of_all of those that were read */
	double unknown_ratio;          /* pages of which nothing is known / pages */
};

/* strata_add - adds the sums of `from`. */
void strata_add(struct stratum_sums *to, const struct stratum_sums *from);

/* strata_estimate - sums[i] is a sample of population[i]. With finite-population correction: low =
 * high if all pages were read. NaN if no page was sampled, or none that needs a codec.
 *
 * errors  -ENOMEM
 */
int strata_estimate(const struct stratum_sums *sums, const struct page_stratum *population,
		    size_t n, struct strata_estimate *ret);

#endif

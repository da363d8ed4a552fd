/* SPDX-License-Identifier: GPL-2.0-only */
/* strata.h - from the pages drawn of each mapping to all present ones: means and intervals,
 * stratified by mapping.
 *
 * Pure. Pages are drawn from all mappings alike and weighed afterwards by how many each mapping
 * really has: given the numbers that fell to each, that is a stratified sample (Holt and Smith
 * 1979). Mappings of which fewer than STRATA_PAGES_MIN pages were drawn are taken together.
 */
#ifndef COLDPRESS_ANALYSIS_STRATA_H
#define COLDPRESS_ANALYSIS_STRATA_H

#include "lib/kernel/page.h"
#include "stats.h"

#define STRATA_PAGES_MIN 30

/* What one codec made of the pages drawn of one mapping. */
struct stratum_sums {
	uint64_t pages, coded_pages; /* drawn; those of them that need a codec */
	uint64_t codec_bytes;
	double slot_bytes, slot_squares; /* sums over the coded pages */
};

struct strata_estimate {
	struct stats_interval of_coded,
		of_all; /* slot bytes a page: of the pages that need a codec, of all; 95 % */
};

/* strata_add - the pages of `from`, too. */
void strata_add(struct stratum_sums *to, const struct stratum_sums *from);

/* strata_estimate - population[i] has as many pages in all as sums[i] is drawn from.
 * Finite-population corrected: where all were drawn, low = high. What the sample does not carry is
 * NaN (no page with a codec; one page only).
 *
 * errors  -ENOMEM
 */
int strata_estimate(const struct stratum_sums *sums, const struct page_stratum *population,
		    size_t n, struct strata_estimate *ret);

#endif

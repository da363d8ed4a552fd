/* SPDX-License-Identifier: GPL-2.0-only */
/* measure.h - pages in; per codec out: bytes, slots, CPU time, and whether each page decompressed
 * to its original.
 */
#ifndef COLDPRESS_MONITOR_MEASURE_H
#define COLDPRESS_MONITOR_MEASURE_H

#include "scan_result.h"
#include "lib/analysis/strata.h"

struct measure;

/* measure_new - codecs opened from specs such as "zstd:3"; model must outlive it. */
int measure_new(struct measure **ret, const struct opt_list *specs,
		const struct zsmalloc_model *model, struct err *e);
void measure_free(struct measure *m);

/* measure_estimate - from now on the estimator (lib/analysis/estimate.h) judges pages too. */
void measure_estimate(struct measure *m);

/* measure_page - one page, drawn from this stratum, at this place in the sample; its memory must
 * stay unchanged until measure_hold. Same-filled pages are counted and not compressed. -ENOMEM.
 */
int measure_page(struct measure *m, const void *page, enum page_class class, uint32_t stratum,
		 uint64_t place);

/* measure_unread - a page drawn from this stratum that could not be read. -ENOMEM. */
int measure_unread(struct measure *m, uint32_t stratum);

/* measure_hold - copies the pages that wait for a full batch: their memory may be reused. */
void measure_hold(struct measure *m);

/* measure_flush - measures the batches that are not full, on the thread that is to be charged for
 * them. -ENOMEM. */
int measure_flush(struct measure *m);

/* measure_join - moves what `from` measured, by the same codecs; flush it before. -ENOMEM. */
int measure_join(struct measure *into, struct measure *from);

/* measure_sample_size - how many pages in total make the 95 % interval of every codec's
 * saved_memory_ratio as narrow as +-half_width_ratio, by the intervals so far, but for pages that
 * could not be read; at least as many as were measured. More where fewer than 20 of them differ
 * from the others, until those can be no larger a share than half_width_ratio.
 */
int measure_sample_size(struct measure *m, double half_width_ratio,
			const struct page_strata *strata, uint64_t population, uint64_t *ret);

/* measure_report - the results, once all pages are in: population is how many pages the sample
 * represents, strata how many of them belong to which mapping. Fills codecs, by_class, estimates,
 * bins, labels, n_codecs and failed of ret. -ENOMEM.
 */
int measure_report(struct measure *m, const struct page_strata *strata, uint64_t population,
		   struct scan_result *ret);

/* measure_strata - sums of codec i (of n_codecs) for each stratum; *n of them. */
const struct stratum_sums *measure_strata(const struct measure *m, size_t i, size_t *n);

#endif

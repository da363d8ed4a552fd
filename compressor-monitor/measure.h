/* SPDX-License-Identifier: GPL-2.0-only */
/* measure.h - pages in, one figure set per codec out: bytes, slots, CPU time, and whether each page
 * came back. */
#ifndef COLDPRESS_MONITOR_MEASURE_H
#define COLDPRESS_MONITOR_MEASURE_H

#include "scan.h"
#include "lib/analysis/strata.h"

struct measure;

/* measure_new - codecs opened from specs such as "zstd:3"; model must outlive it. */
int measure_new(struct measure **ret, const struct opt_list *specs,
		const struct zsmalloc_model *model, struct err *e);
void measure_free(struct measure *m);

/* measure_estimate - from now on pages are judged by lib/estimate.h, too, for the estimates of the
 * report. */
void measure_estimate(struct measure *m);

/* measure_page - one page, drawn from this stratum, which must stay as it is until measure_hold.
 * Same-filled ones are counted and go through no codec. -ENOMEM.
 */
int measure_page_of(struct measure *m, const void *page, enum page_class class, uint32_t stratum);
int measure_page(struct measure *m, const void *page,
		 enum page_class class); /* of the only stratum */

/* measure_hold - copies the pages that wait for a full batch: the caller may use their memory for
 * others. */
void measure_hold(struct measure *m);

/* measure_flush - also the batches that are not full; on the thread whose CPU time they are.
 * -ENOMEM. */
int measure_flush(struct measure *m);

/* measure_join - adds what `from` measured, by the same codecs, and takes it from there; flush it
 * before. -ENOMEM. */
int measure_join(struct measure *into, struct measure *from);

/* measure_sample_size - pages that it takes in all so that every codec's saved_slot_ratio is known
 * to
 * +-half_width_ratio at 95 %, by the interval that those measured so far give; as many as those are
 * where it is.
 */
int measure_sample_size(struct measure *m, double half_width_ratio,
			const struct page_strata *strata, uint64_t population, uint64_t *ret);

/* measure_report - the figures, once all pages are in; population is how many pages the sample
 * stands for, strata how many of them are of which mapping. Fills codecs, n_codecs and failed of
 * ret. -ENOMEM.
 */
int measure_report_strata(struct measure *m, const struct page_strata *strata, uint64_t population,
			  struct scan_result *ret);
int measure_report(struct measure *m, uint64_t population,
		   struct scan_result *ret); /* one stratum */

/* measure_strata - what codec i (of n_codecs) made of each stratum of which pages came; *n of them.
 */
const struct stratum_sums *measure_strata(const struct measure *m, size_t i, size_t *n);

#endif

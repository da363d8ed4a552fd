/* SPDX-License-Identifier: GPL-2.0-only */
/* measure.h - pages in, one figure set per codec out: bytes, slots, CPU time, and whether each page came back. */
#ifndef COLDPRESS_MONITOR_MEASURE_H
#define COLDPRESS_MONITOR_MEASURE_H

#include "scan.h"

struct measure;

/* measure_new - codecs opened from specs such as "zstd:3"; model must outlive it. */
int measure_new(struct measure **ret, const struct opt_list *specs, const struct zsmalloc_model *model,
		struct err *e);
void measure_free(struct measure *m);

/* measure_estimate - from now on pages are judged by lib/estimate.h, too, for the estimates of the report. */
void measure_estimate(struct measure *m);

/* measure_page - one page, copied. Same-filled ones are counted and go through no codec. -ENOMEM. */
int measure_page(struct measure *m, const void *page, enum page_class class);

/* measure_sample_size - pages that the sample needs so that every codec's saved_slot_ratio is known to
 * +-half_width_ratio at 95 %, by the spread of the pages measured so far. At most population.
 */
int measure_sample_size(struct measure *m, double half_width_ratio, uint64_t population, uint64_t *ret);

/* measure_report - the figures, once all pages are in; population is how many pages the sample stands for.
 * Fills codecs, n_codecs and failed of ret. -ENOMEM.
 */
int measure_report(struct measure *m, uint64_t population, struct scan_result *ret);

#endif

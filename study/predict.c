/* SPDX-License-Identifier: GPL-2.0-only */
/* predict.c - from all pages of the target to the pages that the pool held. */
#include "predict.h"

#include <math.h>

#include "lib/results/metric.h"

struct study_prediction study_predict(const struct study_scan *scan, const char *algorithm,
				      bool crypto, bool zeromap, double pages)
{
	const struct scan_summary_record *s = &scan->summary;
	struct study_prediction p = { MISSING_F64, MISSING_F64, false };
	const char *label = codec_for_kernel(algorithm, crypto, &p.approximate);
	double population = (double)s->population_pages;

	if (!label || !scan->present)
		return p;
	if (zeromap)
		population *= 1 - (double)s->zero_pages / (double)s->sampled_pages;
	for (size_t i = 0; i < scan->n && population > 0; i++) {
		const struct scan_codec_record *c = &scan->codecs[i];

		if (!str_eq(c->label, label))
			continue;
		/* Unused objects grow as the root of the pool (zsmalloc.h). Missing where the scan
		 * could not read too many pages.
		 */
		p.used_bytes = metric_u64(c->pool_bytes) / population * pages +
			       metric_u64(c->pool_unused_bytes) * sqrt(pages / population);
		p.compr_bytes = (double)c->stored_bytes / (double)s->sampled_pages *
				(double)s->population_pages / population * pages;
	}
	return p;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* samples.h - what a run held over time: the series, and its peaks and means. */
#ifndef COLDPRESS_STUDY_SAMPLES_H
#define COLDPRESS_STUDY_SAMPLES_H

#include "lib/results/results.h"

/* NaN: not measured. */
struct sample {
	uint64_t t_ns; /* from the start of the run */
	double ram_bytes, huge_bytes, swap_bytes;
	double pool_orig_bytes, pool_compr_bytes, pool_used_bytes;
};

struct samples {
	struct sample *items;
	size_t n, capacity;
};

/* samples_add - silently leaves one out when there is no memory. */
void samples_add(struct samples *samples, const struct sample *sample);
void samples_done(struct samples *samples);

/* samples_summarise - peaks and time-weighted means; fixed_bytes: the slot table, MISSING_U64
 * without one, or where its size is not known: totals with a pool are missing then. Returns the
 * mean of pages in the pool.
 */
double samples_summarise(const struct samples *samples, uint64_t fixed_bytes, struct metrics *ret);

int samples_store(const struct samples *samples, struct results *results,
		  const struct results_id *run, struct err *e);

#endif

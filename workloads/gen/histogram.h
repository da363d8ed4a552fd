/* SPDX-License-Identifier: GPL-2.0-only */
/* histogram.h - a log-linear histogram of durations with its count and maximum: quantiles are
 * within 3.2 % (bpf/hist.h).
 */
#ifndef COLDPRESS_WORKLOADS_GEN_HISTOGRAM_H
#define COLDPRESS_WORKLOADS_GEN_HISTOGRAM_H

#include "bpf/hist.h"
#include "lib/base/base.h"

struct histogram {
	__u64 counts[HIST_BUCKETS];
	uint64_t n, max;
};

static inline void histogram_add(struct histogram *h, uint64_t value)
{
	h->counts[hist_bucket(value)]++;
	h->n++;
	h->max = MAX(h->max, value);
}

static inline void histogram_merge(struct histogram *into, const struct histogram *from)
{
	for (size_t i = 0; i < HIST_BUCKETS; i++)
		into->counts[i] += from->counts[i];
	into->n += from->n;
	into->max = MAX(into->max, from->max);
}

/* histogram_quantile - nearest rank; at most the largest value added. MISSING_U64 of an empty
 * histogram.
 */
static inline uint64_t histogram_quantile(const struct histogram *h, double p)
{
	return hist_quantile(h->counts, h->n, p, h->max);
}

#endif

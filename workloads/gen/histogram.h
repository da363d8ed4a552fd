/* SPDX-License-Identifier: GPL-2.0-only */
/* histogram.h - log-linear histogram of durations with 32 bins per power of two: quantiles are at
 * most 3.2 % too high.
 */
#ifndef COLDPRESS_WORKLOADS_GEN_HISTOGRAM_H
#define COLDPRESS_WORKLOADS_GEN_HISTOGRAM_H

#include "lib/base/base.h"

#define HISTOGRAM_STEP_BITS 5
#define HISTOGRAM_STEPS     (1u << HISTOGRAM_STEP_BITS)
#define HISTOGRAM_BINS      ((64 - HISTOGRAM_STEP_BITS + 1) * HISTOGRAM_STEPS)

struct histogram {
	uint64_t counts[HISTOGRAM_BINS];
	uint64_t n, max;
};

/* Values below 32 have a bin each; above, the five bits after the leading one select the bin. */
static inline unsigned int histogram_bin(uint64_t value)
{
	unsigned int exponent;

	if (value < HISTOGRAM_STEPS)
		return (unsigned int)value;
	exponent = 63u - (unsigned int)__builtin_clzll(value);
	return (exponent - HISTOGRAM_STEP_BITS + 1) * HISTOGRAM_STEPS +
	       (unsigned int)(value >> (exponent - HISTOGRAM_STEP_BITS) & (HISTOGRAM_STEPS - 1));
}

/* The largest value of a bin. */
static inline uint64_t histogram_upper(unsigned int bin)
{
	const unsigned int power = bin / HISTOGRAM_STEPS, step = bin % HISTOGRAM_STEPS;

	if (!power)
		return step;
	return (((uint64_t)HISTOGRAM_STEPS + step + 1) << (power - 1)) - 1;
}

static inline void histogram_add(struct histogram *h, uint64_t value)
{
	h->counts[histogram_bin(value)]++;
	h->n++;
	h->max = MAX(h->max, value);
}

static inline void histogram_merge(struct histogram *into, const struct histogram *from)
{
	for (size_t i = 0; i < HISTOGRAM_BINS; i++)
		into->counts[i] += from->counts[i];
	into->n += from->n;
	into->max = MAX(into->max, from->max);
}

/* histogram_quantile - nearest rank; the upper edge of its bin, at most the largest value added.
 * MISSING_U64 of an empty histogram.
 */
static inline uint64_t histogram_quantile(const struct histogram *h, double p)
{
	const double want = p * (double)h->n;
	uint64_t below = 0;

	if (!h->n)
		return MISSING_U64;
	for (unsigned int i = 0; i < HISTOGRAM_BINS; i++) {
		below += h->counts[i];
		if (below && (double)below >= want)
			return MIN(histogram_upper(i), h->max);
	}
	return h->max;
}

#endif

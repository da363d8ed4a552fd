/* SPDX-License-Identifier: GPL-2.0-only */
/* samples.c - a growing array of samples. */
#include "samples.h"

#include <math.h>

void samples_add(struct samples *samples, const struct sample *sample)
{
	if (samples->n == samples->capacity) {
		size_t capacity = samples->capacity ? 2 * samples->capacity : 1024;
		struct sample *more = reallocarray(samples->items, capacity, sizeof(*more));

		if (!more)
			return;
		samples->items = more;
		samples->capacity = capacity;
	}
	samples->items[samples->n++] = *sample;
}

void samples_done(struct samples *samples)
{
	free(samples->items);
	*samples = (struct samples){ .n = 0 };
}

/* Missing where there is a pool and the size of its table is not known. */
static double total_bytes(const struct sample *s, double table_bytes)
{
	return isnan(s->pool_used_bytes) ? s->ram_bytes
					 : s->ram_bytes + s->pool_used_bytes + table_bytes;
}

double samples_summarise(const struct samples *samples, uint64_t fixed_bytes, struct metrics *ret)
{
	double ram = 0, huge = 0, used = 0, footprint = 0, orig = 0, span = 0, fullest = 0;

	ret->slot_table_bytes = metric_u64(fixed_bytes);
	for (size_t i = 0; i < samples->n; i++) {
		const struct sample *s = &samples->items[i];
		double dt = (double)(s->t_ns - (i ? samples->items[i - 1].t_ns : 0));
		double total = total_bytes(s, ret->slot_table_bytes);

		span += dt;
		ram += dt * s->ram_bytes;
		huge += dt * s->huge_bytes;
		used += dt * s->pool_used_bytes;
		footprint += dt * total;
		orig += dt * s->pool_orig_bytes;
		ret->ram_bytes_peak = fmax(ret->ram_bytes_peak, s->ram_bytes);
		ret->swap_bytes_peak = fmax(ret->swap_bytes_peak, s->swap_bytes);
		ret->footprint_bytes_peak = fmax(ret->footprint_bytes_peak, total);
		ret->pool_orig_bytes_peak = fmax(ret->pool_orig_bytes_peak, s->pool_orig_bytes);
		ret->pool_compr_bytes_peak = fmax(ret->pool_compr_bytes_peak, s->pool_compr_bytes);
		ret->pool_used_bytes_peak = fmax(ret->pool_used_bytes_peak, s->pool_used_bytes);
		if (s->pool_orig_bytes > fullest) {
			fullest = s->pool_orig_bytes;
			ret->pool_used_bytes_full = s->pool_used_bytes;
			ret->pool_compr_bytes_full = s->pool_compr_bytes;
		}
	}
	if (span <= 0)
		return MISSING_F64;
	ret->ram_bytes_mean = ram / span;
	ret->huge_bytes_mean = huge / span;
	ret->pool_used_bytes_mean = used / span;
	ret->footprint_bytes_mean = footprint / span;
	return orig / span / PAGE_BYTES;
}

int samples_store(const struct samples *samples, struct results *results,
		  const struct results_id *run, struct err *e)
{
	static const struct {
		const char *name;
		size_t offset;
	} series[] = {
		{ "ram_bytes", offsetof(struct sample, ram_bytes) },
		{ "swap_bytes", offsetof(struct sample, swap_bytes) },
		{ "pool_used_bytes", offsetof(struct sample, pool_used_bytes) },
		{ "pool_orig_bytes", offsetof(struct sample, pool_orig_bytes) },
	};
	int rc = 0;

	for (size_t i = 0; i < samples->n; i++) {
		const struct sample *s = &samples->items[i];

		for (size_t k = 0; k < ARRAY_SIZE(series) && !rc; k++) {
			double value = *(const double *)((const char *)s + series[k].offset);

			if (!isnan(value))
				rc = results_sample(results, run, series[k].name, s->t_ns, value,
						    e);
		}
	}
	return rc;
}

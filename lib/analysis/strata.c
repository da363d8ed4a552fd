/* SPDX-License-Identifier: GPL-2.0-only */
/* strata.c - a stratified mean, and a stratified ratio (bytes of the coded pages by their number)
 * by its residuals. */
#include "strata.h"

#include <math.h>

struct stratum {
	struct stratum_sums sums;
	double population;
};

void strata_add(struct stratum_sums *to, const struct stratum_sums *from)
{
	to->pages += from->pages;
	to->coded_pages += from->coded_pages;
	to->codec_bytes += from->codec_bytes;
	to->slot_bytes += from->slot_bytes;
	to->slot_squares += from->slot_squares;
}

static void join(struct stratum *into, const struct stratum *from)
{
	into->population += from->population;
	strata_add(&into->sums, &from->sums);
}

static int by_pages(const void *a, const void *b)
{
	const struct stratum *x = a, *y = b;

	return (x->sums.pages > y->sums.pages) - (x->sums.pages < y->sums.pages);
}

/* Merges small strata into the first, until it is large enough. Returns how many are left. */
static size_t collapse(struct stratum *strata, size_t n)
{
	size_t used = 1;

	qsort(strata, n, sizeof(*strata), by_pages);
	while (used < n && (strata[0].sums.pages < STRATA_PAGES_MIN ||
			    strata[used].sums.pages < STRATA_PAGES_MIN))
		join(&strata[0], &strata[used++]);
	memmove(strata + 1, strata + used, (n - used) * sizeof(*strata));
	return n - used + 1;
}

/* Variance within a stratum of: slot bytes less `ratio` where a page is coded, 0 where it is not.
 */
static double residual_variance(const struct stratum_sums *s, double ratio)
{
	double n = (double)s->pages, coded = (double)s->coded_pages;
	double sum = s->slot_bytes - ratio * coded;
	double squares = s->slot_squares - 2 * ratio * s->slot_bytes + ratio * ratio * coded;

	return MAX(0.0, squares - sum * sum / n) / (n - 1); /* rounding may go below 0 */
}

/* Of the weighted mean of the residuals. */
static double mean_variance(const struct stratum *strata, size_t n, double population, double ratio)
{
	double variance = 0;

	for (size_t i = 0; i < n; i++) {
		double weight = strata[i].population / population,
		       drawn = (double)strata[i].sums.pages;
		double left = 1 - drawn / strata[i].population;

		if (!(left > 0)) /* all of it was sampled */
			continue;
		variance +=
			weight * weight * left * residual_variance(&strata[i].sums, ratio) / drawn;
	}
	return variance;
}

static struct stats_interval interval(double mean, double variance)
{
	double half = stats_normal_quantile(0.975) * sqrt(variance);

	return (struct stats_interval){ mean, mean - half, mean + half };
}

static void estimate(const struct stratum *strata, size_t n, double population,
		     struct strata_estimate *ret)
{
	double mean = 0, coded = 0, variance;

	for (size_t i = 0; i < n; i++) {
		double weight = strata[i].population / population,
		       drawn = (double)strata[i].sums.pages;

		mean += weight * strata[i].sums.slot_bytes / drawn;
		coded += weight * (double)strata[i].sums.coded_pages / drawn;
	}
	ret->of_all = interval(mean, mean_variance(strata, n, population, 0));
	if (!(coded > 0))
		return;
	variance = mean_variance(strata, n, population, mean / coded);
	ret->of_coded = interval(mean / coded, variance / (coded * coded));
}

int strata_estimate(const struct stratum_sums *sums, const struct page_stratum *population,
		    size_t n, struct strata_estimate *ret)
{
	AUTO_FREE struct stratum *strata = calloc(n + 1, sizeof(*strata));
	struct stats_interval missing = { MISSING_F64, MISSING_F64, MISSING_F64 };
	double total = 0;
	size_t used = 0;

	if (!strata)
		return -ENOMEM;
	*ret = (struct strata_estimate){ missing, missing };
	for (size_t i = 0; i < n; i++) {
		if (!population[i].pages)
			continue;
		strata[used++] = (struct stratum){ sums[i], (double)population[i].pages };
		total += (double)population[i].pages;
	}
	used = used ? collapse(strata, used) : 0;
	if (used && strata[0].sums.pages && (strata[0].sums.pages > 1 || total <= 1))
		estimate(strata, used, total, ret);
	return 0;
}

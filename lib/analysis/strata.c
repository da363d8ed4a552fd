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
	to->unread_pages += from->unread_pages;
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

	/* Rounding may go below 0. One page has no spread of its own. */
	return MAX(0.0, squares - sum * sum / n) / MAX(1.0, n - 1);
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

/* The strata, with a value in every page that could not be read. */
enum unread { UNREAD_LEFT_OUT, UNREAD_NOTHING, UNREAD_WHOLE };

static void fill_in(const struct stratum *from, struct stratum *to, size_t n, enum unread unread)
{
	memcpy(to, from, n * sizeof(*to));
	for (size_t i = 0; unread != UNREAD_LEFT_OUT && i < n; i++) {
		struct stratum_sums *sums = &to[i].sums;
		const double bytes = unread == UNREAD_WHOLE ? PAGE_BYTES : 0;

		sums->pages += sums->unread_pages;
		sums->coded_pages += sums->unread_pages;
		sums->slot_bytes += bytes * (double)sums->unread_pages;
		sums->slot_squares += bytes * bytes * (double)sums->unread_pages;
	}
}

struct means {
	struct stats_interval of_all, of_coded;
	double coded; /* share of the pages that need a codec */
};

static int estimate(const struct stratum *strata, size_t n, double population, enum unread unread,
		    struct means *ret)
{
	AUTO_FREE struct stratum *filled = calloc(n + 1, sizeof(*filled));
	struct stats_mean all = { .most = PAGE_BYTES }, coded = { .most = PAGE_BYTES };

	if (!filled)
		return -ENOMEM;
	/* Those that were read are a smaller sample, merged on its own. */
	fill_in(strata, filled, n, unread);
	n = collapse(filled, n);
	ret->coded = 0;
	for (size_t i = 0; i < n; i++) {
		const struct stratum_sums *sums = &filled[i].sums;
		double weight = filled[i].population / population / (double)sums->pages;

		all.n += (double)sums->pages;
		coded.n += (double)sums->coded_pages;
		all.mean += weight * sums->slot_bytes;
		ret->coded += weight * (double)sums->coded_pages;
	}
	all.left = coded.left = 1 - all.n / population;
	coded.mean = all.mean / ret->coded;
	all.variance = mean_variance(filled, n, population, 0);
	coded.variance =
		mean_variance(filled, n, population, coded.mean) / (ret->coded * ret->coded);
	ret->of_all = stats_mean_interval(&all);
	ret->of_coded = stats_mean_interval(&coded);
	return 0;
}

static int estimate_all(const struct stratum *strata, size_t n, double total, double lazyfree,
			struct strata_estimate *ret)
{
	struct means read = { 0 }, low = { 0 }, high = { 0 };
	double pages = 0, unread = 0;
	int rc = 0;

	for (size_t i = 0; i < n; i++) {
		pages += (double)strata[i].sums.pages;
		unread += (double)strata[i].sums.unread_pages;
	}
	if (!(pages + unread > 0))
		return 0;
	ret->unknown_ratio = unread / (pages + unread) + lazyfree / total;
	ret->lazyfree_pages = lazyfree;
	if (pages > 0)
		rc = estimate(strata, n, total, UNREAD_LEFT_OUT, &read);
	if (!rc)
		rc = estimate(strata, n, total, UNREAD_NOTHING, &low);
	if (!rc)
		rc = estimate(strata, n, total, UNREAD_WHOLE, &high);
	if (rc)
		return rc;
	if (pages > 0) {
		ret->of_read = read.of_all;
		ret->of_all.estimate = read.of_all.estimate;
		ret->of_coded.estimate = read.of_coded.estimate;
	}
	ret->of_all.low = low.of_all.low;
	ret->of_all.high = high.of_all.high;
	ret->of_coded.low = low.of_coded.low;
	ret->of_coded.high = high.of_coded.high;
	stats_take_out(&ret->of_all, total, lazyfree, PAGE_BYTES);
	stats_take_out(&ret->of_coded, total * low.coded, lazyfree, PAGE_BYTES);
	if (ret->unknown_ratio > STRATA_UNKNOWN_MAX)
		ret->of_all.estimate = ret->of_coded.estimate = MISSING_F64;
	return 0;
}

int strata_estimate(const struct stratum_sums *sums, const struct page_stratum *population,
		    size_t n, struct strata_estimate *ret)
{
	AUTO_FREE struct stratum *strata = calloc(n + 1, sizeof(*strata));
	struct stats_interval missing = { MISSING_F64, MISSING_F64, MISSING_F64 };
	double total = 0, lazyfree = 0;
	size_t used = 0;

	if (!strata)
		return -ENOMEM;
	*ret = (struct strata_estimate){ missing, missing, missing, 0, 0 };
	for (size_t i = 0; i < n; i++) {
		if (!population[i].pages)
			continue;
		strata[used++] = (struct stratum){ sums[i], (double)population[i].pages };
		total += (double)population[i].pages;
		lazyfree += (double)population[i].lazyfree_pages;
	}
	return used ? estimate_all(strata, used, total, lazyfree, ret) : 0;
}

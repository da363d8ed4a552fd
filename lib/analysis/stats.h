/* SPDX-License-Identifier: GPL-2.0-only */
/* stats.h - quantiles, intervals and tests for small numbers of runs and large numbers of pages.
 *
 * Pure: no allocation is kept, randomness comes from a seeded generator, the same input gives the
 * same output. Nothing is dropped as an outlier; a figure that n does not carry is refused with
 * -ERANGE, never guessed.
 */
#ifndef COLDPRESS_ANALYSIS_STATS_H
#define COLDPRESS_ANALYSIS_STATS_H

#include "lib/base/base.h"

/* ---- random numbers: xoshiro256** seeded by splitmix64; not for secrets ---- */
struct prng {
	uint64_t s[4];
};

void prng_seed(struct prng *rng, uint64_t seed);
uint64_t prng_next(struct prng *rng);

/* prng_below - uniform in [0, bound), without modulo bias. bound must not be 0. */
uint64_t prng_below(struct prng *rng, uint64_t bound);

/* prng_shuffle - the numbers 0 .. n-1 in random order, into order. */
void prng_shuffle(struct prng *rng, size_t *order, size_t n);

/* ---- description ---- */
struct stats_interval {
	double estimate, low, high;
};

/* Running mean and variance (Welford). Zero before use. */
struct stats_moments {
	uint64_t n;
	double mean, m2;
};

void stats_add(struct stats_moments *m, double x);
double stats_variance(const struct stats_moments *m); /* of the sample, n - 1; NaN below 2 */

/* stats_sort - ascending, in place. NaN must not be among the values. */
void stats_sort(double *x, size_t n);

/* stats_quantile - of sorted values, linear between neighbours (type 7 of Hyndman and Fan); NaN for
 * n = 0. */
double stats_quantile(const double *sorted, size_t n, double p);

/* stats_median - of values in any order; they are sorted in place. */
double stats_median(double *x, size_t n);

/* stats_normal_quantile - z with P(Z <= z) = p, to 1e-12. p in (0, 1), else NaN. */
double stats_normal_quantile(double p);

/* ---- from a sample of pages to all of them ---- */

/* stats_mean_interval - the mean of a population of `population` members from n of them drawn
 * without replacement: normal interval with finite-population correction; exact (low = high) when n
 * = population.
 *
 * errors  -ERANGE n < 2 and n < population; -EINVAL confidence not in (0, 1) or n > population
 */
int stats_mean_interval(const struct stats_moments *m, uint64_t population, double confidence,
			struct stats_interval *ret);

/* stats_share_interval - a share k of n, Wilson's interval with n enlarged by the finite-population
 * correction. Never leaves [0, 1], and is not empty at k = 0. errors  -ERANGE n = 0; -EINVAL as
 * above
 */
int stats_share_interval(uint64_t k, uint64_t n, uint64_t population, double confidence,
			 struct stats_interval *ret);

/* stats_sample_size - members to draw of `population` so that the mean's interval is +-half_width,
 * given the standard deviation that a pilot found. At least 2, at most population.
 */
uint64_t stats_sample_size(double sd, double half_width, uint64_t population, double confidence);

/* ---- from a few runs to a verdict ---- */

/* stats_hodges_lehmann - median of the n(n+1)/2 Walsh averages of x: the centre of a symmetric
 * distribution. -ERANGE n = 0; -ENOMEM.
 */
int stats_hodges_lehmann(const double *x, size_t n, double *ret);

/* stats_walsh_interval - Hodges-Lehmann estimate with the exact interval from the signed-rank
 * distribution. *achieved (may be NULL) is the confidence it really has, at least what was asked.
 *
 * errors  -ERANGE n is too small for that confidence (95 % needs 6) or above 200; -ENOMEM
 */
int stats_walsh_interval(const double *x, size_t n, double confidence, struct stats_interval *ret,
			 double *achieved);

/* stats_walsh_min_n - the smallest n that can give this confidence; 6 for 0.95. */
size_t stats_walsh_min_n(double confidence);

/* stats_paired_ratio - b/a of runs paired by block: exp of the Hodges-Lehmann estimate of
 * log(b[i]/a[i]). Its interval is a percentile bootstrap over whole blocks. All values must be
 * positive.
 *
 * errors  -ERANGE n < 2; -EINVAL a value that is not positive; -ENOMEM
 */
int stats_paired_ratio(const double *a, const double *b, size_t n, unsigned int resamples,
		       uint64_t seed, double confidence, struct stats_interval *ret);

/* stats_paired_ratio_exact - the same estimate with the exact Walsh interval; errors as there. */
int stats_paired_ratio_exact(const double *a, const double *b, size_t n, double confidence,
			     struct stats_interval *ret);

/* stats_rank_sum_p - exact two-sided Mann-Whitney p of two independent groups, ties by mid-ranks
 * over all splits (so it is exact with ties too). -ERANGE a group is empty or there are more than
 * 24 values in all.
 */
int stats_rank_sum_p(const double *a, size_t na, const double *b, size_t nb, double *p);

/* stats_cliffs_delta - P(b > a) - P(b < a), from -1 to 1; NaN when a group is empty. */
double stats_cliffs_delta(const double *a, size_t na, const double *b, size_t nb);

/* stats_holm - p-values adjusted for n tests at once, in place, in their order. -ENOMEM. */
int stats_holm(double *p, size_t n);

enum stats_verdict { STATS_INCONCLUSIVE, STATS_LESS, STATS_EQUIVALENT, STATS_MORE };

/* stats_verdict - where the interval of a ratio lies against the practical threshold: LESS when it
 * is wholly below 1/(1+threshold), MORE wholly above 1+threshold, EQUIVALENT wholly between them,
 * else INCONCLUSIVE.
 */
enum stats_verdict stats_verdict(const struct stats_interval *ratio, double threshold);

#endif

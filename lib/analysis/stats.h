/* SPDX-License-Identifier: GPL-2.0-only */
/* stats.h - quantiles, intervals and tests for small numbers of runs and large numbers of pages.
 *
 * Pure: no allocation is kept, randomness comes from a seeded generator, the same input gives the
 * same output. No value is dropped as an outlier; where n is too small for a result, the answer is
 * -ERANGE.
 */
#ifndef COLDPRESS_ANALYSIS_STATS_H
#define COLDPRESS_ANALYSIS_STATS_H

#include "prng.h"

/* ---- description ---- */
struct stats_interval {
	double estimate, low, high;
};

/* stats_sort - ascending, in place. NaN must not be among the values. */
void stats_sort(double *x, size_t n);

/* stats_quantile - of sorted values, linear between neighbours (type 7 of Hyndman and Fan); NaN for
 * n = 0. */
double stats_quantile(const double *sorted, size_t n, double p);

/* stats_median - of values in any order; they are sorted in place. */
double stats_median(double *x, size_t n);

/* stats_normal_quantile - z with P(Z <= z) = p, to 1e-12. p in (0, 1), else NaN. */
double stats_normal_quantile(double p);

/* A mean of n values that lie within 0 and `most`. */
struct stats_mean {
	double mean, variance; /* the latter of the mean, by the sample, with `left` */
	double n, left, most;  /* left: 1 - n / population */
};

/* stats_mean_interval - 95 %, for samples of any size and values of any distribution within their
 * bounds: the normal interval, joined with that of a sample that has z^2 / 2 values more at either
 * bound (Agresti and Coull 1998, there for shares). The second holds where few values differ from
 * the others or none does; with n it shrinks to the first. Clipped to what is possible; low = high
 * = mean if left is 0. NaN for n = 0.
 */
struct stats_interval stats_mean_interval(const struct stats_mean *m);

/* stats_share_interval - the same of a share: `hits` of n are known to be, and `unknown` of them
 * may be or not. */
struct stats_interval stats_share_interval(double hits, double unknown, double n, double left);

/* stats_take_out - the interval of a mean of `pages` values as that of the mean without `some` of
 * them, whichever those are. Values lie within 0 and most. */
void stats_take_out(struct stats_interval *mean, double pages, double some, double most);

/* stats_quantile_interval - 95 %, from order statistics; NaN where n is too small for it. */
struct stats_interval stats_quantile_interval(const double *sorted, size_t n, double p);

/* stats_sample_size - members to draw of `population`, without replacement, for an interval of the
 * mean of +-half_width, given the standard deviation of a pilot; with finite-population correction.
 * At least 2, at most population.
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

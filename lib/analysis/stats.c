/* SPDX-License-Identifier: GPL-2.0-only */
/* stats.c - the arithmetic that stats.h promises; see there for what each refuses. */
#include "stats.h"

#include <math.h>

#define WALSH_MAX_N    200
#define RANK_SUM_MAX_N 24

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void stats_sort(double *x, size_t n)
{
	if (n)
		qsort(x, n, sizeof(*x), by_value);
}

double stats_quantile(const double *sorted, size_t n, double p)
{
	double at = p * (double)(n - 1);
	size_t i = (size_t)at;

	if (!n)
		return MISSING_F64;
	if (i + 1 >= n)
		return sorted[n - 1];
	return sorted[i] + (at - (double)i) * (sorted[i + 1] - sorted[i]);
}

double stats_median(double *x, size_t n)
{
	stats_sort(x, n);
	return stats_quantile(x, n, 0.5);
}

double stats_normal_quantile(double p)
{
	double low = -40, high = 40;

	if (!(p > 0 && p < 1))
		return MISSING_F64;
	while (high - low > 1e-13) {
		double mid = (low + high) / 2;

		if (0.5 * erfc(-mid / M_SQRT2) < p)
			low = mid;
		else
			high = mid;
	}
	return (low + high) / 2;
}

/* ---- from a sample of pages to all of them ---- */
static bool valid_confidence(double confidence)
{
	return confidence > 0 && confidence < 1;
}

static double two_sided_z(double confidence)
{
	return stats_normal_quantile(1 - (1 - confidence) / 2);
}

#define Z95 1.959963984540054

static double clip(double x, double most)
{
	return MIN(MAX(0.0, x), most);
}

struct stats_interval stats_mean_interval(const struct stats_mean *m)
{
	const double added = m->left * Z95 * Z95 / 2, n = m->n + 2 * added;
	double mean, square, half, wide;

	if (!(m->n > 0))
		return (struct stats_interval){ MISSING_F64, MISSING_F64, MISSING_F64 };
	if (!(m->left > 0)) /* all of them */
		return (struct stats_interval){ m->mean, m->mean, m->mean };
	mean = (m->n * m->mean + added * m->most) / n;
	square = (m->n * (m->variance * m->n / m->left + m->mean * m->mean) +
		  added * m->most * m->most) /
		 n;
	half = Z95 * sqrt(m->variance);
	wide = Z95 * sqrt(MAX(0.0, square - mean * mean) / n * m->left);
	return (struct stats_interval){
		m->mean,
		clip(MIN(m->mean - half, mean - wide), m->most),
		clip(MAX(m->mean + half, mean + wide), m->most),
	};
}

struct stats_interval stats_share_interval(double hits, double unknown, double n, double left)
{
	struct stats_mean m = { .n = n, .left = left, .most = 1, .mean = hits / n };
	struct stats_interval low, high;

	m.variance = m.mean * (1 - m.mean) / n * left;
	low = stats_mean_interval(&m);
	m.mean = (hits + unknown) / n;
	m.variance = m.mean * (1 - m.mean) / n * left;
	high = stats_mean_interval(&m);
	return (struct stats_interval){ hits / (n - unknown), low.low, high.high };
}

void stats_take_out(struct stats_interval *mean, double pages, double some, double most)
{
	const double left = pages - some;

	if (!(some > 0))
		return;
	mean->low = left > 0 ? clip((mean->low * pages - some * most) / left, most) : 0;
	mean->high = left > 0 ? clip(mean->high * pages / left, most) : most;
}

struct stats_interval stats_quantile_interval(const double *sorted, size_t n, double p)
{
	const double at = p * (double)n, half = Z95 * sqrt((double)n * p * (1 - p));
	struct stats_interval ret = { stats_quantile(sorted, n, p), MISSING_F64, MISSING_F64 };

	/* Ranks from 1: the kth value is below the quantile with the chance of k hits in n. */
	if (at - half >= 1 && at + half + 1 <= (double)n) {
		ret.low = sorted[(size_t)floor(at - half) - 1];
		ret.high = sorted[(size_t)ceil(at + half + 1) - 1];
	}
	return ret;
}

uint64_t stats_sample_size(double sd, double half_width, uint64_t population, double confidence)
{
	double infinite = pow(two_sided_z(confidence) * sd / half_width, 2);
	double n = ceil(infinite / (1 + infinite / (double)population));

	return n >= (double)population ? population : MAX(UINT64_C(2), (uint64_t)n);
}

/* ---- from a few runs to a verdict ---- */

/* Averages of all pairs, each value with itself too; w has n(n+1)/2 places. */
static size_t walsh_averages(const double *x, size_t n, double *w)
{
	size_t m = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t j = i; j < n; j++)
			w[m++] = (x[i] + x[j]) / 2;
	return m;
}

int stats_hodges_lehmann(const double *x, size_t n, double *ret)
{
	AUTO_FREE double *w = NULL;

	if (!n)
		return -ERANGE;
	w = calloc(n * (n + 1) / 2, sizeof(*w));
	if (!w)
		return -ENOMEM;
	*ret = stats_median(w, walsh_averages(x, n, w));
	return 0;
}

/* The largest c with P(W <= c - 1) <= tail for the signed-rank sum W of n values, and that
 * probability. 0 when even W = 0 is likelier than that.
 */
static int signed_rank_cut(size_t n, double tail, size_t *cut, double *below)
{
	size_t sums = n * (n + 1) / 2 + 1, c = 0;
	AUTO_FREE double *p = calloc(sums, sizeof(*p));
	double total = 0;

	if (!p)
		return -ENOMEM;
	/* Ranks join one by one, each with sign + or - at even odds. */
	p[0] = 1;
	for (size_t rank = 1, top = 0; rank <= n; top += rank++)
		for (size_t s = top + rank + 1; s-- > 0;)
			p[s] = 0.5 * ((s <= top ? p[s] : 0) + (s >= rank ? p[s - rank] : 0));
	*below = 0;
	while (c < sums && total + p[c] <= tail) {
		total += p[c++];
		*below = total;
	}
	*cut = c;
	return 0;
}

int stats_walsh_interval(const double *x, size_t n, double confidence, struct stats_interval *ret,
			 double *achieved)
{
	AUTO_FREE double *w = NULL;
	double below;
	size_t cut, m;
	int rc;

	if (!valid_confidence(confidence))
		return -EINVAL;
	if (!n || n > WALSH_MAX_N)
		return -ERANGE;
	rc = signed_rank_cut(n, (1 - confidence) / 2, &cut, &below);
	if (rc)
		return rc;
	if (!cut)
		return -ERANGE;
	w = calloc(n * (n + 1) / 2, sizeof(*w));
	if (!w)
		return -ENOMEM;
	m = walsh_averages(x, n, w);
	stats_sort(w, m);
	*ret = (struct stats_interval){ stats_quantile(w, m, 0.5), w[cut - 1], w[m - cut] };
	if (achieved)
		*achieved = 1 - 2 * below;
	return 0;
}

size_t stats_walsh_min_n(double confidence)
{
	size_t n = 1;

	if (!valid_confidence(confidence))
		return SIZE_MAX;
	while (ldexp(1, -(int)n) > (1 - confidence) / 2)
		n++;
	return n;
}

/* log(b/a) of every pair into *ret. */
static int log_ratios(const double *a, const double *b, size_t n, double **ret)
{
	AUTO_FREE double *x = calloc(MAX(n, (size_t)1), sizeof(*x));

	if (!x)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		if (!(a[i] > 0) || !(b[i] > 0))
			return -EINVAL;
		x[i] = log(b[i] / a[i]);
	}
	*ret = x;
	x = NULL;
	return 0;
}

static struct stats_interval exp_interval(double estimate, double low, double high)
{
	return (struct stats_interval){ exp(estimate), exp(low), exp(high) };
}

int stats_paired_ratio(const double *a, const double *b, size_t n, unsigned int resamples,
		       uint64_t seed, double confidence, struct stats_interval *ret)
{
	AUTO_FREE double *x = NULL, *drawn = NULL, *w = NULL, *estimates = NULL;
	double estimate, tail = (1 - confidence) / 2;
	struct prng rng;
	int rc;

	if (!valid_confidence(confidence) || !resamples)
		return -EINVAL;
	if (n < 2)
		return -ERANGE;
	rc = log_ratios(a, b, n, &x);
	if (!rc)
		rc = stats_hodges_lehmann(x, n, &estimate);
	if (rc)
		return rc;
	drawn = calloc(n, sizeof(*drawn));
	w = calloc(n * (n + 1) / 2, sizeof(*w));
	estimates = calloc(resamples, sizeof(*estimates));
	if (!drawn || !w || !estimates)
		return -ENOMEM;

	prng_seed(&rng, seed);
	for (unsigned int i = 0; i < resamples; i++) {
		for (size_t j = 0; j < n; j++)
			drawn[j] = x[prng_below(&rng, n)];
		estimates[i] = stats_median(w, walsh_averages(drawn, n, w));
	}
	stats_sort(estimates, resamples);
	*ret = exp_interval(estimate, stats_quantile(estimates, resamples, tail),
			    stats_quantile(estimates, resamples, 1 - tail));
	return 0;
}

int stats_paired_ratio_exact(const double *a, const double *b, size_t n, double confidence,
			     struct stats_interval *ret)
{
	AUTO_FREE double *x = NULL;
	struct stats_interval logs;
	int rc = log_ratios(a, b, n, &x);

	if (!rc)
		rc = stats_walsh_interval(x, n, confidence, &logs, NULL);
	if (!rc)
		*ret = exp_interval(logs.estimate, logs.low, logs.high);
	return rc;
}

/* Twice the mid-rank of every value among all n, so that halves stay whole numbers. */
static void double_ranks(const double *x, size_t n, unsigned int *ranks)
{
	for (size_t i = 0; i < n; i++) {
		ranks[i] = 1;
		for (size_t j = 0; j < n; j++)
			ranks[i] += x[j] < x[i] ? 2 : x[j] == x[i];
	}
}

int stats_rank_sum_p(const double *a, size_t na, const double *b, size_t nb, double *p)
{
	double x[RANK_SUM_MAX_N];
	unsigned int ranks[RANK_SUM_MAX_N] = { 0 }, observed = 0;
	uint64_t extreme = 0, splits = 0;
	size_t n = na + nb;

	if (!na || !nb || n > RANK_SUM_MAX_N)
		return -ERANGE;
	memcpy(x, a, na * sizeof(*a));
	memcpy(x + na, b, nb * sizeof(*b));
	double_ranks(x, n, ranks);
	for (size_t i = 0; i < na; i++)
		observed += ranks[i];

	long centre = (long)(na * (n + 1)), far = labs((long)observed - centre);

	/* Every choice of na among n, as bits, in rising order (Gosper). */
	for (uint64_t bits = (UINT64_C(1) << na) - 1; bits < UINT64_C(1) << n; splits++) {
		long sum = 0;

		for (uint64_t rest = bits; rest; rest &= rest - 1)
			sum += ranks[__builtin_ctzll(rest)];
		extreme += labs(sum - centre) >= far;

		uint64_t lowest = bits & -bits, carried = bits + lowest;

		/* bits, and so lowest, is never 0. */
		/* NOLINTNEXTLINE(clang-analyzer-core.DivideZero) */
		bits = carried | ((bits ^ carried) / lowest >> 2);
	}
	*p = (double)extreme / (double)splits;
	return 0;
}

double stats_cliffs_delta(const double *a, size_t na, const double *b, size_t nb)
{
	double sum = 0;

	for (size_t i = 0; i < na; i++)
		for (size_t j = 0; j < nb; j++)
			sum += (b[j] > a[i]) - (b[j] < a[i]);
	return na && nb ? sum / ((double)na * (double)nb) : MISSING_F64;
}

int stats_holm(double *p, size_t n)
{
	AUTO_FREE double *sorted = calloc(MAX(n, (size_t)1), sizeof(*sorted));

	if (!sorted)
		return -ENOMEM;
	memcpy(sorted, p, n * sizeof(*p));
	stats_sort(sorted, n);
	for (size_t i = 0; i < n; i++) {
		double adjusted = 0;

		/* The step-down maximum over all p-values up to this one. */
		for (size_t j = 0; j < n && sorted[j] <= p[i]; j++)
			adjusted = MAX(adjusted, (double)(n - j) * sorted[j]);
		p[i] = MIN(1.0, adjusted);
	}
	return 0;
}

enum stats_verdict stats_verdict(const struct stats_interval *ratio, double threshold)
{
	double more = 1 + threshold, less = 1 / more;

	if (ratio->low > more)
		return STATS_MORE;
	if (ratio->high < less)
		return STATS_LESS;
	if (ratio->low >= less && ratio->high <= more)
		return STATS_EQUIVALENT;
	return STATS_INCONCLUSIVE;
}

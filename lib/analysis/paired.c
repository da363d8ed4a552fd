/* SPDX-License-Identifier: GPL-2.0-only */
/* paired.c - bounds of the slowdown from pairs, and how many pairs a claim takes. */
#include <math.h>

#include "paired.h"

/* z of 0.95 and of 0.8; signed ranks have 3 / pi of the efficiency of the t test. */
#define Z_LEVEL         1.6449
#define Z_POWER         0.8416
#define RANK_EFFICIENCY 0.955

int paired_test(const double *log_ratio, size_t n, double log_bound, double alpha,
		struct paired_test *ret)
{
	struct stats_interval log;
	int rc;

	if (n < PAIRED_MIN)
		return -ERANGE;
	rc = stats_walsh_interval(log_ratio, n, 1 - 2 * alpha, &log, NULL);
	if (rc)
		return rc;
	*ret = (struct paired_test){ .n = n, .alpha = alpha, .log = log };
	if (log.high <= log_bound)
		ret->outcome = PAIRED_HOLDS;
	else if (log.low > log_bound)
		ret->outcome = PAIRED_EXCEEDS;
	return 0;
}

bool paired_looks_now(size_t planned, size_t n)
{
	if (n >= planned)
		return true;
	return planned >= PAIRED_LOOK_MIN && (n == (planned + 1) / 2 || n == (3 * planned + 3) / 4);
}

double paired_alpha(double alpha, size_t planned, size_t n)
{
	if (planned < PAIRED_LOOK_MIN)
		return alpha;
	if (n <= (planned + 1) / 2)
		return 0.2 * alpha;
	return (n <= (3 * planned + 3) / 4 ? 0.45 : 0.75) * alpha;
}

double paired_spread(const double *x, size_t n)
{
	double distance[PAIRED_MAX * (2 * PAIRED_MAX - 1)];
	size_t m = 0;

	n = MIN(n, (size_t)PAIRED_MAX * 2);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < i; j++)
			distance[m++] = fabs(x[i] - x[j]);
	/* 1.0483 of the median distance of normal values is their standard deviation. */
	return m ? 1.0483 * stats_median(distance, m) : MISSING_F64;
}

double paired_margin(double sd, double n)
{
	return n > 0 ? (Z_LEVEL + Z_POWER) * sd / sqrt(RANK_EFFICIENCY * n) : (double)INFINITY;
}

size_t paired_needed(double sd, double margin)
{
	double n;

	if (!(margin > 0))
		return SIZE_MAX;
	n = ceil(pow((Z_LEVEL + Z_POWER) * sd / margin, 2) / RANK_EFFICIENCY);
	if (!(n <= 1e6))
		return SIZE_MAX;
	return MAX((size_t)PAIRED_MIN, (size_t)n);
}

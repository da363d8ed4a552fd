/* SPDX-License-Identifier: GPL-2.0-only */
/* paired.h - does a configuration stay within a bound of slowdown? Decided from pairs of runs.
 *
 * Pure. A pair is the log of (cost of the limited run / cost of the reference run of the same
 * block). The bounds are exact Walsh bounds (signed ranks): an outlier moves them by one rank, not
 * by its size.
 */
#ifndef COLDPRESS_ANALYSIS_PAIRED_H
#define COLDPRESS_ANALYSIS_PAIRED_H

#include "stats.h"

#define PAIRED_MIN      5  /* pairs below which nothing is decided: one-sided 0.05 needs 5 */
#define PAIRED_MAX      60 /* pairs of one stage */
#define PAIRED_LOOK_MIN 14 /* planned pairs from which a look at half of them is planned */

enum paired_outcome {
	PAIRED_OPEN,
	PAIRED_HOLDS,   /* the upper bound is at most the bound */
	PAIRED_EXCEEDS, /* the lower bound is above it */
};

struct paired_test {
	size_t n;
	double alpha;              /* one-sided level of this look */
	struct stats_interval log; /* each side has the one-sided confidence 1 - alpha */
	enum paired_outcome outcome;
};

/* paired_test - of n log ratios against log_bound, each side at the one-sided level alpha.
 *
 * errors  -ERANGE n is below PAIRED_MIN or too small for alpha; -ENOMEM
 */
int paired_test(const double *log_ratio, size_t n, double log_bound, double alpha,
		struct paired_test *ret);

/* paired_looks_now - is there a look after n of `planned` pairs? At half, three quarters and all of
 * them from PAIRED_LOOK_MIN planned pairs on, else at all only.
 */
bool paired_looks_now(size_t planned, size_t n);

/* paired_alpha - level of the look at n pairs: 0.2, 0.45 and 0.75 of alpha, so that all looks
 * together have at most alpha (between the boundaries of Pocock and of O'Brien and Fleming;
 * bench/verdict_sim.c checks it). All of alpha where one look is planned.
 */
double paired_alpha(double alpha, size_t planned, size_t n);

/* paired_spread - standard deviation from the median of the distances between all pairs of values
 * (Shamos 1976): an outlier widens it as little as it widens the rank bounds. NaN for n < 2; n at
 * most PAIRED_MAX times 2, further values are left out.
 */
double paired_spread(const double *x, size_t n);

/* paired_margin - how far below the bound the true log slowdown must be, so that n pairs of
 * standard deviation sd show it with a power of 0.8 at the one-sided level 0.05.
 */
double paired_margin(double sd, double n);

/* paired_needed - pairs that show a true value `margin` below the bound, same level and power; at
 * least PAIRED_MIN, SIZE_MAX where margin is not positive.
 */
size_t paired_needed(double sd, double margin);

#endif

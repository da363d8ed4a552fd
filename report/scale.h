/* SPDX-License-Identifier: GPL-2.0-only */
/* scale.h - the numbers of one row in one unit, as a reader likes them. */
#ifndef COLDPRESS_REPORT_SCALE_H
#define COLDPRESS_REPORT_SCALE_H

#include "lib/results/metric.h"

/* How to print the numbers of one row alike: value / divisor with so many decimals. */
struct scale {
	double divisor;
	int decimals;
	const char *unit;
};

/* scale_for - by the largest value of the row; NaN is taken as 0. */
struct scale scale_for(enum metric_unit unit, double largest);

#define SCALE_TEXT_MAX 48

/* scale_format - "1 234.5", with narrow spaces between thousands; an en dash for NaN. Returns buf.
 */
const char *scale_format(const struct scale *scale, double value, char buf[SCALE_TEXT_MAX]);

#endif

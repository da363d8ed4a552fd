/* SPDX-License-Identifier: GPL-2.0-only */
/* busy.h - what others take of the CPUs while nothing of a study runs. */
#ifndef COLDPRESS_STUDY_BUSY_H
#define COLDPRESS_STUDY_BUSY_H

#include "lib/base/base.h"

struct busy_times {
	double total, idle; /* ticks of all CPUs since boot */
};

struct busy {
	struct busy_times begin, sum;
};

/* busy_begin .. busy_end - around a moment in which only others run. */
void busy_begin(struct busy *b);
void busy_end(struct busy *b);

/* busy_ratio - of all moments: time not idle / time; with steal, without waiting for devices. NaN:
 * not known.
 */
double busy_ratio(const struct busy *b);

/* busy_others_ratio - the same without what cost own_ns of CPU time. */
double busy_others_ratio(const struct busy *b, double own_ns);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* sched_clock.h - how far the clock that the scheduler counts by is behind CLOCK_MONOTONIC, to a
 * microsecond.
 *
 * BPF programs read the one, the scheduler's figures are of the other. A software event on page
 * faults of this thread has the scheduler's time of each: a fault made between two looks at
 * CLOCK_MONOTONIC compares the two. They drift apart as NTP corrects CLOCK_MONOTONIC, by 100 ns in
 * 200 ms at the most.
 */
#ifndef COLDPRESS_PROBES_SCHED_CLOCK_H
#define COLDPRESS_PROBES_SCHED_CLOCK_H

#include "lib/base/err.h"

struct sched_clock {
	int fd; /* -1: not open */
	void *ring;
	char *page; /* the one that faults */
};

/* sched_clock_open - for the calling thread. errors  as perf_event_open(2): -EACCES where it is not
 * allowed */
int sched_clock_open(struct sched_clock *ret, struct err *e);

/* sched_clock_behind_ns - CLOCK_MONOTONIC less the scheduler's clock, now; 0: it could not be had.
 */
uint64_t sched_clock_behind_ns(struct sched_clock *c);

void sched_clock_close(struct sched_clock *c);

#endif

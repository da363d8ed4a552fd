/* SPDX-License-Identifier: GPL-2.0-only */
/* pool_summary.h - pool_probe's record of a whole run: written by the probe and read by the study,
 * from one table. The source of each value is in the field's meaning, in pool_summary.c.
 */
#ifndef COLDPRESS_RESULTS_POOL_SUMMARY_H
#define COLDPRESS_RESULTS_POOL_SUMMARY_H

#include "lib/base/record.h"

/* Ages at which the share of pages not reloaded is given: two in each power of ten. */
#define POOL_AGES 15

struct pool_summary {
	uint64_t duration_ns;
	uint64_t writes, reads;
	double readback_factor;
	uint64_t write_ns, write_mean_ns, write_p50_ns, write_p99_ns, write_max_ns;
	uint64_t read_ns, read_mean_ns, read_p50_ns, read_p99_ns, read_max_ns;
	uint64_t first_reads, replaced, unread, freed_unread;
	uint64_t residence_p50_ns, residence_p90_ns, residence_max_ns;
	uint64_t survival_p50_ns, survival_mean_ns;
	double censored_share;
	struct series survival_age_ns, survival;
	double survival_values[POOL_AGES]; /* what survival points to */
	uint64_t failed_writes, failed_reads, freed, held, held_before, same;
	uint64_t unknown, untracked, unmatched, missed;
	uint64_t device_writes, device_reads, pswpout, pswpin, swpout_zero, swpin_zero, zswpout,
		zswpin;
	uint64_t unseen_writes, unseen_reads;
	bool rw_page, blind;
	const char *unseen;
};

extern const struct record_type pool_summary_type;

#endif

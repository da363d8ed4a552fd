/* SPDX-License-Identifier: GPL-2.0-only */
/* quantity.h - the figures of a run that the page shows: their names in the results, their words,
 * their units.
 */
#ifndef COLDPRESS_REPORT_QUANTITY_H
#define COLDPRESS_REPORT_QUANTITY_H

#include "lib/base/base.h"

enum unit { UNIT_BYTES, UNIT_NS, UNIT_COUNT, UNIT_RATIO, UNIT_PERCENT };

/* In the order of the table; those from SLOWDOWN_RATIO on are computed from the others. */
enum quantity {
	WALL_NS,
	USER_NS,
	SYSTEM_NS,
	PSI_SOME_US,
	PSI_FULL_US,
	MAJOR_FAULTS,
	MINOR_FAULTS,
	MAJOR_LATENCY_P50_NS,
	MAJOR_LATENCY_P99_NS,
	MAJOR_LATENCY_MAX_NS,
	PAGES_OUT,
	PAGES_IN,
	READBACK_FACTOR,
	RESIDENCE_NS,
	SURVIVAL_P50_NS,
	CENSORED_PERCENT,
	RESULTS_P50_NS,
	RESULTS_P99_NS,
	LOAD_P50_NS,
	LOAD_P99_NS,
	POOL_NS,
	POOL_PAGE_NS,
	RAM_BYTES_PEAK,
	RAM_BYTES_MEAN,
	SWAP_BYTES_PEAK,
	POOL_ORIG_BYTES_PEAK,
	POOL_COMPR_BYTES_PEAK,
	POOL_USED_BYTES_PEAK,
	POOL_USED_BYTES_MEAN,
	SLOT_TABLE_BYTES,
	FOREIGN_SWAP_BYTES,
	FOOTPRINT_BYTES_PEAK,
	FOOTPRINT_BYTES_MEAN,
	SLOWDOWN_RATIO,
	CPU_NS,
	SAVED_BYTES,
	SAVED_PERCENT,
	QUANTITIES
};

struct quantity_kind {
	const char *metric;  /* name in the results; NULL: computed here */
	const char *label;   /* for people */
	const char *meaning; /* one sentence for the notes; NULL where the label says it all */
	enum unit unit;
	double factor; /* stored value times this is in the base unit */
};

extern const struct quantity_kind quantity_kinds[QUANTITIES];

/* How to print the numbers of one row alike: value / divisor with so many decimals. */
struct scale {
	double divisor;
	int decimals;
	const char *unit;
};

/* scale_for - by the largest of the row; NaN is taken as 0. */
struct scale scale_for(enum unit unit, double largest);

#define QUANTITY_TEXT_MAX 48

/* scale_format - "1 234.5", with narrow spaces between thousands; an en dash for NaN. Returns buf.
 */
const char *scale_format(const struct scale *scale, double value, char buf[QUANTITY_TEXT_MAX]);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* verdict.h - what the runs of a search support: at its end, after ^C, or at any moment between.
 *
 * Pure. Only stages of paired blocks make a claim; search runs are shown as points of the curve.
 */
#ifndef COLDPRESS_ANALYSIS_VERDICT_H
#define COLDPRESS_ANALYSIS_VERDICT_H

#include "search.h"

enum verdict_kind {
	VERDICT_UNDECIDED, /* more_pairs and more_ns say what it would take */
	VERDICT_SAVES,     /* less RAM within the bound */
	VERDICT_TIE,  /* as SAVES; in the stage that compared both, `second` held too, with the same
			 RAM */
	VERDICT_NONE, /* shown: the largest limit tried breaks the bound, or it saves no RAM */
};

enum verdict_why {
	VERDICT_PAIRS,             /* the pairs decide */
	VERDICT_REFERENCE_FAILED,  /* the program failed without a limit */
	VERDICT_TOO_FEW_RUNS,      /* fewer runs than a claim takes */
	VERDICT_INTERVAL_TOO_WIDE, /* the interval holds the bound */
	VERDICT_LARGER_UNTESTED,   /* the limit tested breaks the bound; larger ones may not */
	VERDICT_SLOWER,            /* NONE: too slow at the largest limit */
	VERDICT_NO_RAM_SAVED,      /* NONE: within the bound, but total RAM is not smaller */
	VERDICT_KILLED,            /* OOM kills at the limit tested */
};

enum verdict_source { VERDICT_FROM_NOTHING, VERDICT_FROM_SEARCH, VERDICT_FROM_PAIRS };

struct verdict {
	enum verdict_kind kind;
	enum verdict_why why;
	bool partial;        /* the search is not done, or the budget cut its last stage short */
	size_t algo, second; /* SEARCH_NO_ALGO: none */
	size_t stage;        /* whose paired runs support this; SEARCH_STAGES: none */
	double limit_ratio;
	uint64_t limit_bytes;
	struct stats_interval
		slowdown; /* ratio - 1; each side holds at the one-sided `confidence` */
	double confidence;
	size_t pairs, aborted, excluded,
		kills;       /* aborted: pairs that are slower than their value */
	double beyond_ratio; /* largest smaller limit that broke the bound; NaN: none did */
	enum verdict_source beyond_source;
	struct stats_interval ram_ratio;       /* mean total RAM / reference's, paired, 95 % */
	double ram_bytes, reference_ram_bytes; /* means over the pairs of the mean total RAM */
	double ram_peak_bytes, reference_ram_peak_bytes; /* likewise of the peak */
	double ram_time_ratio;                           /* RAM x time / reference's */
	double log_sd;         /* of the reference's log cost, about its coefficient of variation */
	double smallest_bound; /* a program without slowdown can be shown to keep this one; NaN */
	size_t more_pairs; /* UNDECIDED: at this spread and estimate; SIZE_MAX: no number would do
			    */
	uint64_t more_ns;
};

/* One limit of the curve. Missing values are NaN. */
struct verdict_point {
	size_t algo;
	double limit_ratio;
	enum verdict_source source;
	struct stats_interval slowdown; /* of a search point the estimate only */
	double ram_ratio;
	size_t runs, aborted, kills; /* aborted: the slowdown is at least the estimate */
};

/* verdict_of - of the runs so far. errors  -ENOMEM */
int verdict_of(const struct search *s, struct verdict *ret);

/* verdict_curve - up to max points: every limit of the search, then every stage. Their number. */
size_t verdict_curve(const struct search *s, struct verdict_point *ret, size_t max);

#endif

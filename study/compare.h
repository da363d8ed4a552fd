/* SPDX-License-Identifier: GPL-2.0-only */
/* compare.h - what a study concludes for one target: its configurations, the predictions, and which
 * one to recommend. The values come from lib/results/compare.h.
 */
#ifndef COLDPRESS_STUDY_COMPARE_H
#define COLDPRESS_STUDY_COMPARE_H

#include <math.h>

#include "context.h"
#include "lib/analysis/rank.h"

/* One configuration, all its runs together: medians, with the smallest and largest run of some. */
struct configuration_record {
	const char *target, *configuration;
	const char *algorithm; /* NULL: none; no field */
	double limit_bytes;
	uint64_t n, n_failed;
	const char *slowdown_verdict;
	bool by_probe;
	double slowdown_low_ratio, slowdown_high_ratio;
	double wall_min_ns, wall_max_ns, saved_min_bytes, saved_max_bytes;
	struct metrics m;
};

/* A pool at its fullest: predicted by the page scan, and measured. */
struct prediction_record {
	const char *target, *configuration;
	double pages, predicted_used_bytes, measured_used_bytes, error_ratio, predicted_compr_bytes,
		measured_compr_bytes, compr_error_ratio, codec_page_ns;
	bool approximate;
};

struct target_answer {
	const struct study_target *target;
	double floor_ratio, max_slowdown_ratio;
	struct comparison comparisons[STUDY_CONFIGURATIONS_MAX];
	struct configuration_record configurations[STUDY_CONFIGURATIONS_MAX];
	/* Of the configuration of the same index; [0] is unused. */
	struct prediction_record predictions[STUDY_CONFIGURATIONS_MAX];
	size_t n; /* 1: nothing but the scan */
	/* Medians over the pools; NaN where no pool measured them. */
	double readback_factor, residence_ns;
	struct ranking ranking;
	const struct configuration_record *best; /* to recommend; NULL: none */
	bool on_bytes;                           /* too few blocks to decide about time */
	bool crypto;                             /* of the kernel's algorithms: zram_algorithms */
};

/* answer_readback - the factor the policy uses: as measured, or warm where it was not. */
static inline double answer_readback(const struct target_answer *a)
{
	return isnan(a->readback_factor) ? POLICY_READBACK_WARM : a->readback_factor;
}

/* study_compare - every configuration and prediction; the runs get their derived metrics. No policy
 * yet. -ENOMEM.
 */
int study_compare(const struct study *s, struct study_target *target, struct target_answer *ret,
		  struct err *e);

/* study_choose - which configuration to recommend, and what each codec costs per page, once
 * a->ranking is filled.
 */
void study_choose(struct target_answer *a);

/* study_comparison_store - comparisons and predictions into the results database. */
int study_comparison_store(struct study *s, const struct target_answer *a, struct err *e);

#endif

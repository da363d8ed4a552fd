/* SPDX-License-Identifier: GPL-2.0-only */
/* study_answer.h - what a study concludes for one target, between those who compute it and those
 * who say it.
 */
#ifndef COLDPRESS_STUDY_ANSWER_H
#define COLDPRESS_STUDY_ANSWER_H

#include <math.h>

#include "study.h"

/* One arm of one target, all its timed runs together. Medians, with min and max as the spread. */
struct arm_figures {
	const char *target, *arm;
	uint64_t n, n_bad;
	double wall_median_ns, wall_min_ns, wall_max_ns;
	double slowdown_ratio, slowdown_low_ratio, slowdown_high_ratio;
	const char *slowdown_verdict;
	double cpu_median_ns, kernel_ns_per_page;
	double footprint_peak_bytes, footprint_mean_bytes, saved_bytes, saved_min_bytes,
		saved_max_bytes, saved_ratio;
	double major_faults, pages_out, pages_in, readback_factor, residence_ns, psi_some_us;
	bool by_probe; /* readback and residence are pool_probe's, of the probed run */
	double survival_p50_ns, censored_ratio, freed_unread, write_p50_ns, write_p99_ns,
		read_p50_ns, read_p99_ns, pool_page_ns;
	uint64_t major_latency_p50_ns, major_latency_p99_ns, major_latency_max_ns;
};

/* The scan's word on a pool at its fullest, beside what came. */
struct prediction_figures {
	const char *target, *algorithm;
	double pages, predicted_used_bytes, measured_used_bytes, error_ratio, predicted_compr_bytes,
		measured_compr_bytes, codec_page_ns;
	bool approximate;
};

struct target_answer {
	const struct study_target *target;
	double floor_ratio;
	struct arm_figures arms[STUDY_ARMS_MAX];
	struct prediction_figures predictions[STUDY_ARMS_MAX]; /* of the arm of the same index */
	size_t n_arms;                                         /* 1: nothing but the scan */
	double readback_factor,
		residence_ns; /* medians over the arms; NaN where no pool measured them */
	struct study_ranking ranking;
	const struct study_rank *chosen; /* by the policy; NULL: nothing is worth it, or no scan */
	const struct arm_figures *best;  /* the arm to recommend; NULL: none */
	bool on_bytes;                   /* too few blocks to decide about time */
	bool crypto;                     /* of the kernel's algorithms: zram_algorithms */
};

/* answer_readback - the factor the policy was asked at: as measured, or warm where it could not be.
 */
static inline double answer_readback(const struct target_answer *a)
{
	return isnan(a->readback_factor) ? POLICY_READBACK_WARM : a->readback_factor;
}

/* study_compare (study_compare.c) - the figures of every arm and prediction; no policy yet. */
void study_compare(const struct study *s, const struct study_target *target,
		   struct target_answer *ret);

/* study_choose - the arm to recommend, and what the codec of each costs a page, once the ranks are
 * there. */
void study_choose(struct target_answer *a);

/* study_words.c, all pure: the tables for a terminal; two or three plain sentences; one sentence
 * behind "recommended: ".
 */
void words_tables(FILE *f, const struct target_answer *a);
void words_plain(FILE *f, const struct target_answer *a);
void words_recommended(FILE *f, const struct target_answer *a);

/* words_wrap - text as lines of at most that many columns; a longer word stands alone. */
void words_wrap(FILE *f, const char *text, size_t columns);

#endif

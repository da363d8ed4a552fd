/* SPDX-License-Identifier: GPL-2.0-only */
/* rank.h - what `rank` asks the policy (lib/analysis/rank.h), and what it prints. */
#ifndef COLDPRESS_MONITOR_RANK_H
#define COLDPRESS_MONITOR_RANK_H

#include "lib/analysis/rank.h"
#include "lib/base/out.h"
#include "lib/codec/codec.h"
#include "lib/results/calibration.h"
#include "scan.h"

enum rank_class { RANK_HOT, RANK_WARM, RANK_COLD };
enum rank_recompress { RANK_RECOMPRESS_AUTO, RANK_RECOMPRESS_YES, RANK_RECOMPRESS_NO };
extern const char *const rank_class_choices[], *const rank_savings_choices[],
						       *const rank_recompress_choices[];

struct rank_config {
	struct policy_settings policy; /* but for what follows */
	double readback;               /* NaN = as measured, else by class */
	uint64_t residence_ns;         /* MISSING_U64 = as measured, else RANK_RESIDENCE_NS */
	uint64_t duration_ns;          /* of watching readback_pid */
	int class;                     /* enum rank_class; -1 = not given */
	int savings;                   /* enum policy_savings */
	int recompress;                /* enum rank_recompress */
	const char *json, *csv;        /* saved results; NULL = scan now */
	const char *db, *target, *plot;
	pid_t readback_pid;
	bool sweep, no_calibration;
};

/* The query, with what it points to: keep it where it is. */
struct rank_setup {
	struct rank_query query;
	struct calibration calibrations[RESULTS_CALIBRATIONS_MAX];
	const char *class; /* NULL = the factor was given or measured */
	uint64_t residence_ns;
	bool no_study;             /* the database has calibrations at most */
	char readback_source[256]; /* "" = given, or by class */
};

/* rank_prepare - checks the options, measures the readback factor or reads it from the results
 * database, and reads calibrations. A factor, class or residence that was given is not measured.
 *
 * errors  usage; readback.h's; -ENODATA the database has neither a factor nor a calibration of this
 * machine to give
 */
int rank_prepare(const struct rank_config *config, struct rank_setup *ret, struct err *e);

/* What a scan or bench measured on the same pages. */
struct rank_input {
	char target[256];
	char labels[RANK_CODECS_MAX][CODEC_LABEL_MAX];
	struct rank_codec codecs[RANK_CODECS_MAX];
	struct rank_codec classes[PAGE_CLASSES][RANK_CODECS_MAX]; /* orig_bytes 0 = no pages */
	struct rank_group (*groups)[RANK_GROUPS];                 /* of each codec; NULL = none */
	size_t n;
	uint64_t same_bytes; /* as of struct rank_query */
	double unsampled_ratio;
};

struct rank_decision_record {
	const char *target, *decision, *choice, *recompress, *answer;
	double saved_ratio, saved_low_ratio, saved_high_ratio, no_codec_ratio, cost_cpu_ms;
	double win_ratio;
	const char *runner_up;
	double runner_up_ratio;
	const char *class;
	double readback_factor;
	const char *readback_source;
	double floor_ratio, heavy_below, price_gib_per_core;
	uint64_t residence_ns;
	const char *savings, *calibration;
};

/* The decision for the pages of one page class. */
struct rank_class_record {
	const char *class, *decision, *choice, *recompress;
	uint64_t pages;
	double saved_ratio, cost_cpu_ms;
	const char *why;
};

extern const struct record_type rank_candidate_type, rank_class_type, rank_decision_type,
	rank_sweep_type, rank_front_type;

/* rank_print - ranks and prints one input, and draws it where asked.
 *
 * ret     codecs and page classes that were ranked are added to *n and *n_classes
 * errors  plot_front.h's, before anything is printed
 */
int rank_print(const struct rank_config *config, struct rank_setup *setup,
	       const struct rank_input *input, struct out *out, uint64_t *n, size_t *n_classes,
	       struct err *e);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* config.h - the options of a study and its record types. */
#ifndef COLDPRESS_STUDY_CONFIG_H
#define COLDPRESS_STUDY_CONFIG_H

#include "lib/base/opt.h"

#define STUDY_LIMITS_MAX 8

enum study_better { STUDY_BETTER_LOWER, STUDY_BETTER_HIGHER };

struct study_config {
	double max_slowdown_ratio;
	uint64_t budget_ns;     /* MISSING_U64: by the reference runs */
	struct opt_list limits; /* none: a search */
	struct opt_list algorithms;
	uint64_t blocks, seed, timeout_ns;
	const char *dir; /* for the results */
	const char *resume;
	const char *metric; /* NULL: time */
	int better;         /* enum study_better */
	uint64_t accept_exit;
	bool demo, no_calibration;
	double floor_ratio, heavy_below, price_gib_per_core;
	int savings;    /* enum policy_savings */
	const char *db; /* with this machine's calibrations; NULL = the study's own, if any */
	struct opt_output output;
	/* Read from limits, and set by resume: */
	double limit_ratios[STUDY_LIMITS_MAX];
	size_t n_limits;
	const char *experiment; /* id of the one that goes on; NULL: a new one */
};
#define STUDY_DEFAULTS \
	{ \
		.max_slowdown_ratio = 0.05, .budget_ns = MISSING_U64, .blocks = 3, .seed = 42, \
		.timeout_ns = 120 * NS_PER_S, .dir = "coldpress-report", .floor_ratio = 0.05, \
		.heavy_below = 0.25, .price_gib_per_core = 4 \
	}

/* The command `study` (opt.h: run), with a struct study_config. */
extern const struct opt study_options[];
int study_run(void *config, int argc, char **argv, int *exit_code, struct err *e);

extern const struct record_type study_run_type, study_configuration_type, study_prediction_type,
	study_answer_type;

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* config.h - the options of a study and its record types. */
#ifndef COLDPRESS_STUDY_CONFIG_H
#define COLDPRESS_STUDY_CONFIG_H

#include "lib/base/opt.h"

struct study_config {
	double limit_ratio;
	struct opt_list algorithms;
	uint64_t blocks, seed, timeout_ns;
	const char *dir; /* for the results */
	bool demo, no_calibration;
	double floor_ratio, heavy_below, price_gib_per_core;
	int savings;    /* enum policy_savings */
	const char *db; /* with this machine's calibrations; NULL = the study's own, if any */
	struct opt_output output;
};
#define STUDY_DEFAULTS \
	{ \
		.limit_ratio = 0.5, .blocks = 3, .seed = 42, .timeout_ns = 120 * NS_PER_S, \
		.dir = "coldpress-report", .floor_ratio = 0.05, .heavy_below = 0.25, \
		.price_gib_per_core = 4 \
	}

/* The command `study` (opt.h: run), with a struct study_config. */
extern const struct opt study_options[];
int study_run(void *config, int argc, char **argv, int *exit_code, struct err *e);

extern const struct record_type study_run_type, study_configuration_type, study_prediction_type,
	study_answer_type;

#endif

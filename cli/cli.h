/* SPDX-License-Identifier: GPL-2.0-only */
/* cli.h - the subcommands of `coldpress`: their configuration, options and entry points.
 *
 * One configuration struct has a part for each, so that help and man page print the defaults.
 */
#ifndef COLDPRESS_CLI_CLI_H
#define COLDPRESS_CLI_CLI_H

#include "lib/base/opt.h"
#include "lib/base/record.h"

struct doctor_config {
	int format;
	const char *output;
	const char *sysroot; /* an archived tree instead of this machine */
};

struct recover_config {
	bool force;
	int format;
	const char *output;
};

struct study_config {
	double limit_ratio;
	struct opt_list algorithms;
	uint64_t blocks, seed, timeout_ns;
	const char *out_dir;
	bool demo, quiet, verbose, no_calibration;
	double floor_ratio, heavy_below, price_gib_per_core;
	int savings; /* enum policy_savings */
	int format;  /* enum out_format */
	const char *output;
	const char *kernel_costs; /* a store with this machine's calibrations; NULL = the study's
				     own, if any */
};
#define STUDY_DEFAULTS \
	{ \
		.limit_ratio = 0.5, .blocks = 3, .seed = 42, .timeout_ns = 120 * NS_PER_S, \
		.out_dir = "coldpress-report", .floor_ratio = 0.05, .heavy_below = 0.25, \
		.price_gib_per_core = 4 \
	}

struct lab_config {
	struct doctor_config doctor;
	struct recover_config recover;
	struct study_config study;
};

/* Each runs with a struct lab_config; see opt.h for the contract of run. */
extern const struct opt doctor_options[];
int doctor_run(void *config, int argc, char **argv, int *exit_code, struct err *e);

extern const struct opt study_options[];
extern const struct record_type study_run_type, study_arm_type, study_prediction_type,
	study_answer_type;
int study_run(void *config, int argc, char **argv, int *exit_code, struct err *e);

extern const struct opt recover_options[];
int recover_run(void *config, int argc, char **argv, int *exit_code, struct err *e);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* cli.h - the subcommands of `coldpress`: their configuration, options and entry points.
 *
 * One configuration struct has a part for each, so that help and man page print the defaults.
 */
#ifndef COLDPRESS_CLI_CLI_H
#define COLDPRESS_CLI_CLI_H

#include "lib/base/opt.h"
#include "study/config.h"

struct doctor_config {
	struct opt_output output;
	const char *sysroot; /* an archived tree instead of this machine */
};

struct recover_config {
	bool force;
	struct opt_output output;
};

struct lab_config {
	struct doctor_config doctor;
	struct recover_config recover;
	struct study_config study;
};

/* Each runs with a struct lab_config; see opt.h for the contract of run. */
extern const struct opt doctor_options[];
int doctor_run(void *config, int argc, char **argv, int *exit_code, struct err *e);

extern const struct opt study_options[];
int study_run(void *config, int argc, char **argv, int *exit_code, struct err *e);

extern const struct opt recover_options[];
int recover_run(void *config, int argc, char **argv, int *exit_code, struct err *e);

#endif

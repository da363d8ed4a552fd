/* SPDX-License-Identifier: GPL-2.0-only */
/* cli.h - doctor and recover: their configuration, options and entry points (opt.h: run). */
#ifndef COLDPRESS_CLI_CLI_H
#define COLDPRESS_CLI_CLI_H

#include "lib/base/opt.h"
#include "lib/base/record.h"

struct doctor_config {
	struct opt_output output;
	const char *sysroot; /* an archived tree instead of this machine */
};

struct recover_config {
	bool force;
	struct opt_output output;
};

extern const struct opt doctor_options[];
extern const struct record_type doctor_check_type, doctor_verdict_type;
int doctor_run(void *config, int argc, char **argv, int *exit_code, struct err *e);

extern const struct opt recover_options[];
extern const struct record_type recovered_type;
int recover_run(void *config, int argc, char **argv, int *exit_code, struct err *e);

#endif

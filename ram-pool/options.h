/* SPDX-License-Identifier: GPL-2.0-only */
/* options.h - the options of every subcommand, and their runs. */
#ifndef RAM_POOL_OPTIONS_H
#define RAM_POOL_OPTIONS_H

#include "age.h"
#include "lib/base/opt.h"
#include "status_print.h"
#include "trigger.h"

#define DEFAULT_NAME "pool"

struct pool_options {
	struct pool_request request;
	struct trigger_request trigger;
	struct pool_age_request age;
	struct status_request status;
	struct opt_output output;
	const char *db;
	const char *level_text;
	bool swap, raw, dry_run, force;
	int as; /* enum dry_run_as */
	int fs; /* index of fs_choices */
	uint64_t timeout_ns;
	char **argv; /* the whole command line */
};

extern const struct opt setup_options[], status_options[], compress_options[], readback_options[],
	age_options[], compact_options[], reset_options[], recover_options[];

/* run.c: one of each subcommand; the signature of struct opt_command. */
#define POOL_RUN(name) \
	int name(void *config, int argc UNUSED, char **argv UNUSED, int *exit_code UNUSED, \
		 struct err *e)

POOL_RUN(run_setup);
POOL_RUN(run_status);
POOL_RUN(run_compress);
POOL_RUN(run_readback);
POOL_RUN(run_age);
POOL_RUN(run_compact);
POOL_RUN(run_reset);
POOL_RUN(run_recover);

#endif

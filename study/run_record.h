/* SPDX-License-Identifier: GPL-2.0-only */
/* run_record.h - what a study reports of one run. */
#ifndef COLDPRESS_STUDY_RUN_RECORD_H
#define COLDPRESS_STUDY_RUN_RECORD_H

#include "config.h"
#include "lib/results/compare.h"

struct run_record {
	const char *target, *configuration, *kind, *state;
	int64_t exit_status;
	struct results_run run;
};

/* run_record_init - of a run that begins: nothing measured yet. The names are not copied. */
void run_record_init(struct run_record *ret, const char *target, const char *configuration,
		     enum results_run_kind kind, uint64_t block, uint64_t position);

/* run_record_end - its state, and why it is not ok ("" where it is). */
void run_record_end(struct run_record *record, enum results_run_state state, const char *reason);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* run.h - one run of a target under one configuration. */
#ifndef COLDPRESS_STUDY_RUN_H
#define COLDPRESS_STUDY_RUN_H

#include "context.h"

/* study_run_once - runs the target, appends the run to the configuration and stores it. A run that
 * went wrong is a result, with its state and reason. block 0 outside blocks.
 *
 * errors  -EINTR asked to stop; else what makes every further run pointless (no pool, full disk)
 */
int study_run_once(struct study *s, struct study_target *target,
		   struct study_configuration *configuration, enum results_run_kind kind,
		   unsigned int block, unsigned int position, struct err *e);

/* study_run_finish - stores the metrics and the end of a run, and prints its record. */
int study_run_finish(struct study *s, const struct run_record *run, struct err *e);

#endif

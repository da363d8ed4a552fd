/* SPDX-License-Identifier: GPL-2.0-only */
/* run.h - one run of a target under one configuration. */
#ifndef COLDPRESS_STUDY_RUN_H
#define COLDPRESS_STUDY_RUN_H

#include "context.h"

struct run_plan {
	enum results_run_kind kind;
	unsigned int block, position; /* block 0: outside blocks */
	uint64_t abort_ns;            /* end it after this long; 0: only after --timeout */
	const char *label;            /* for the progress line; NULL: made from the rest */
};

/* study_run_once - runs the target, appends the run to the configuration and stores it. A run that
 * went wrong is a result, with its state and reason.
 *
 * errors  -EINTR asked to stop; else what makes every further run pointless (no pool, full disk)
 */
int study_run_once(struct study *s, struct study_target *target,
		   struct study_configuration *configuration, const struct run_plan *plan,
		   struct err *e);

/* study_run_finish - stores the metrics and the end of a run, and prints its record. */
int study_run_finish(struct study *s, const struct run_record *run, struct err *e);

#endif

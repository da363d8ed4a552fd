/* SPDX-License-Identifier: GPL-2.0-only */
/* configuration.h - the configurations of a target: none, and algorithms at limits. */
#ifndef COLDPRESS_STUDY_CONFIGURATION_H
#define COLDPRESS_STUDY_CONFIGURATION_H

#include "context.h"

/* Below it a cgroup spends its time on the kernel's own needs. */
#define STUDY_LIMIT_FLOOR_BYTES (16 * MIB)

/* study_configuration_get - the one of this algorithm and limit; it is added, here and in the
 * results database, where it is new. choice NULL: none; ratio: of the limit, as its name has it;
 * NaN: the name is the algorithm alone.
 *
 * errors  -ENOSPC there are too many
 */
int study_configuration_get(struct study *s, struct study_target *target,
			    const struct study_choice *choice, uint64_t limit_bytes, double ratio,
			    struct study_configuration **ret, struct err *e);

/* study_configuration_insert - one that the results database has already, with its runs, which it
 * takes over. NULL: there are too many.
 */
struct study_configuration *study_configuration_insert(struct study_target *target,
						       const struct study_choice *choice,
						       uint64_t limit_bytes, const char *name);

/* study_configuration_run - keeps a finished run. -ENOMEM */
int study_configuration_run(struct study_configuration *c, const struct results_run *run);

/* study_configurations_done - frees the runs. */
void study_configurations_done(struct study_target *target);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* probes.h - the probes beside a run. */
#ifndef COLDPRESS_STUDY_PROBES_H
#define COLDPRESS_STUDY_PROBES_H

#include "context.h"
#include "lib/base/companion.h"

struct study_probes {
	struct companion faults, pool;
	bool faults_attached, pool_attached;
	char *pool_record; /* pool_probe's last one as JSON, once stopped; to be freed */
};

/* study_probes_start - returns when they are attached, or were given up with a note. group: a
 * cgroup2 directory, "" without one; device: of the pool, "" without one.
 */
void study_probes_start(struct study *s, const char *group, const char *device,
			struct study_probes *ret);

/* study_probes_stop - their values into ret; what they do not have stays as it is there. */
void study_probes_stop(struct study *s, struct study_probes *probes, struct results_run *ret);

#endif

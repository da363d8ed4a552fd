/* SPDX-License-Identifier: GPL-2.0-only */
/* readback.h - how often pages come back, measured: by a study that is in a results, or now, for a
 * live process. */
#ifndef COLDPRESS_MONITOR_READBACK_H
#define COLDPRESS_MONITOR_READBACK_H

#include "lib/base/err.h"

struct readback {
	double factor;                /* read-backs per page stored */
	double residence_ns;          /* missing where it was not measured */
	uint64_t runs;                /* of the study; 0 = live */
	uint64_t pages_out, pages_in; /* live; missing for a study */
	char source[256];             /* where it is from, for the record */
};

/* readback_from_db - the medians over the timed runs with a pool of a subject in the last study
 * of the file. subject NULL: the only one.
 *
 * errors  -ENODATA no study, no such subject, or no run that measured it; usage: several subjects
 * (e lists them)
 */
int readback_from_db(const char *path, const char *subject, struct readback *ret, struct err *e);

/* readback_from_pid - pool_probe watches the process for so long: its loads, over them and what was
 * added to its memory in swap meanwhile (stores are made by whoever reclaims). Pages freed in swap
 * go unseen: the factor is then too high.
 *
 * errors  -ESRCH no such process; -ENODATA no page of it moved; pool_probe's own, exit 77 included
 */
int readback_from_pid(pid_t pid, uint64_t watch_ns, struct readback *ret, struct err *e);

#endif

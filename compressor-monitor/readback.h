/* SPDX-License-Identifier: GPL-2.0-only */
/* readback.h - the readback factor, measured by a study in a results database, or now, for a live
 * process. */
#ifndef COLDPRESS_MONITOR_READBACK_H
#define COLDPRESS_MONITOR_READBACK_H

#include "lib/base/err.h"

struct readback {
	double factor;                /* swap-ins per swap-out */
	double residence_ns;          /* NaN = not measured */
	uint64_t runs;                /* of the study; 0 = live */
	uint64_t pages_out, pages_in; /* live; missing for a study */
	char source[256];             /* how it was measured, for the record */
};

/* readback_from_db - medians over the timed runs with a pool of a target in the last study. target
 * NULL: the only one.
 *
 * errors  -ENOMSG no study; -ENODATA no such target, or no run that measured it; usage: several
 * targets (e lists them)
 */
int readback_from_db(const char *path, const char *target, struct readback *ret, struct err *e);

/* readback_from_pid - pool_probe watches the process for watch_ns: its swap-ins, divided by
 * swap-ins plus the growth of VmSwap (swap-outs are done by whoever reclaims). Pages freed in swap
 * are not seen: the factor is then too high.
 *
 * errors  -ESRCH no such process; -ENODATA no page was swapped out; pool_probe's own, exit 77
 * included
 */
int readback_from_pid(pid_t pid, uint64_t watch_ns, struct readback *ret, struct err *e);

#endif

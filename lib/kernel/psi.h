/* SPDX-License-Identifier: GPL-2.0-only */
/* psi.h - pressure stall information: the share of time in which tasks waited for memory. */
#ifndef COLDPRESS_KERNEL_PSI_H
#define COLDPRESS_KERNEL_PSI_H

#include "lib/base/sysroot.h"

struct psi_line {
	double avg10, avg60, avg300; /* percent of the last 10, 60, 300 s; NaN = missing */
	uint64_t total_us; /* stalled since boot (or since the group was made); MISSING_U64 */
};

struct psi {
	struct psi_line some; /* at least one task stalled */
	struct psi_line full; /* every non-idle task stalled */
};

/* psi_parse - the text of a pressure file (Documentation/accounting/psi.rst). Unknown lines are
 * skipped.
 *
 * errors  -EBADMSG there is no `some` line, or a value is no number; *ret untouched
 */
int psi_parse(const char *buf, size_t len, struct psi *ret, struct err *e);

/* psi_read - the pressure file at path: "/proc/pressure/memory", or a group's memory.pressure.
 *
 * errors  -ENOENT or -EOPNOTSUPP the kernel has no PSI or it is off (boot with psi=1); those of
 * psi_parse
 */
int psi_read(const struct sysroot *root, const char *path, struct psi *ret, struct err *e);

#endif

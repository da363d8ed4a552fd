/* SPDX-License-Identifier: GPL-2.0-only */
/* calibration.h - what the kernel's codecs cost compared with the libraries' on a machine, kept in
 * a results database.
 */
#ifndef COLDPRESS_RESULTS_CALIBRATION_H
#define COLDPRESS_RESULTS_CALIBRATION_H

#include "results.h"
#include "lib/analysis/calibration.h"
#include "lib/base/sysroot.h"

/* The machine that a calibration holds for. */
struct results_machine {
	char kernel[128], cpu[128];
};

/* results_machine_read - source  uname(2); /proc/cpuinfo: "model name", or what names the CPU there
 * ("unknown") */
void results_machine_read(const struct sysroot *root, struct results_machine *ret);

#define RESULTS_CALIBRATIONS_MAX 32

/* results_calibration_put - taken now; in place of an earlier one of this machine and algorithm. */
int results_calibration_put(struct results *results, const struct results_machine *machine,
			    const struct calibration *calibration, struct err *e);

/* results_calibrations_get - those of this machine whose factors are finite and above 0, exact
 * models first, into ret (RESULTS_CALIBRATIONS_MAX).
 *
 * returns  how many; -errno
 */
ssize_t results_calibrations_get(struct results *results, const struct results_machine *machine,
				 struct calibration *ret, struct err *e);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* store_calibration.h - what the kernel's codecs cost beside the libraries' on a machine, kept in a store. */
#ifndef COLDPRESS_STORE_CALIBRATION_H
#define COLDPRESS_STORE_CALIBRATION_H

#include "store.h"
#include "sysroot.h"

/* The machine a figure holds for. */
struct store_machine {
	char kernel[128], cpu[128];
};

/* store_machine_read - source  uname(2); /proc/cpuinfo: "model name", or what names the CPU there ("unknown") */
void store_machine_read(const struct sysroot *root, struct store_machine *ret);

#define STORE_CALIBRATIONS_MAX 32

/* Missing figures are NaN. */
struct store_calibration {
	char algorithm[32], model[32];
	bool approximate;
	char source[256];
	uint64_t pages;
	double compress_ns, decompress_ns;		/* the kernel's, a page */
	double compress_factor, decompress_factor;	/* kernel / library */
	double compress_error_ratio, decompress_error_ratio, compr_error_ratio;
	uint64_t taken_unix_ns;				/* filled when it is read */
};

/* store_calibration_put - taken now; in place of an earlier one of this machine and algorithm. */
int store_calibration_put(struct store *store, const struct store_machine *machine,
			  const struct store_calibration *calibration, struct err *e);

/* store_calibrations_get - those of this machine whose factors are finite and above 0, exact models first, into ret
 * (STORE_CALIBRATIONS_MAX). A store from before there were any has none.
 *
 * returns  how many; -errno
 */
ssize_t store_calibrations_get(struct store *store, const struct store_machine *machine,
			       struct store_calibration *ret, struct err *e);

#endif

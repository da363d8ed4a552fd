/* SPDX-License-Identifier: GPL-2.0-only */
/* calibration.h - what one of the kernel's codecs costs beside the library codec that models it. */
#ifndef COLDPRESS_ANALYSIS_CALIBRATION_H
#define COLDPRESS_ANALYSIS_CALIBRATION_H

#include "lib/base/base.h"

/* Values that were not measured are NaN. */
struct calibration {
	char algorithm[32], model[32]; /* the kernel's name; codec and level of the library */
	bool approximate;              /* the two do not write the same bytes */
	char source[256];              /* where the pages came from */
	uint64_t pages;
	double compress_ns, decompress_ns;         /* the kernel's, per page */
	double compress_factor, decompress_factor; /* kernel / library */
	double compress_error_ratio, decompress_error_ratio, compr_error_ratio;
	uint64_t taken_unix_ns; /* filled when it is read */
};

#endif

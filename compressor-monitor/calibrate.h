/* SPDX-License-Identifier: GPL-2.0-only */
/* calibrate.h - the kernel's own codecs on the same pages as the libraries', through a scratch zram
 * device.
 *
 * One half of the pages gives the factors between kernel and library, the other half their errors.
 */
#ifndef COLDPRESS_MONITOR_CALIBRATE_H
#define COLDPRESS_MONITOR_CALIBRATE_H

#include "lib/base/opt.h"
#include "lib/kernel/page.h"
#include "lib/base/record.h"

struct calibrate_config {
	struct opt_list algorithms; /* empty = all that the kernel offers */
	const char *file;
	pid_t pid;
	uint64_t pages, runs, seed;
	const char *db; /* save the factors in this results database; NULL = do not */
};

/* One algorithm. Times are thread CPU, medians of the runs; compress and decompress are net of
 * same-filled pages, which take the same path without a codec.
 */
struct calibrate_record {
	const char *algorithm,
		*model;   /* model: the library codec that stands for it; NULL = none does */
	bool approximate; /* the two do not write the same bytes */
	uint64_t pages, runs;
	uint64_t orig_bytes, compr_bytes, used_bytes, huge_pages; /* mm_stat, all pages */
	uint64_t model_compr_bytes, model_used_bytes;
	double io_write_ns, io_read_ns;    /* a same-filled page */
	double compress_ns, decompress_ns; /* a page, beyond that */
	double model_compress_ns, model_decompress_ns;
	double compress_factor, decompress_factor; /* kernel / library, from half of the pages */
	double compress_error_ratio,
		decompress_error_ratio; /* on the other half: predicted / measured - 1 */
	double compr_error_ratio;       /* model_compr_bytes / compr_bytes - 1 */
};

extern const struct record_type calibrate_type;

/* calibrate_run - calls take for each algorithm. Adds a zram device, journalled, and removes it.
 *
 * errors  exit 77 no zram or no root; -EINVAL an algorithm that this kernel lacks (e lists those it
 * has); -ENODATA too few pages; draw_pages' own
 */
int calibrate_run(const struct calibrate_config *config,
		  int (*take)(void *ctx, const struct calibrate_record *row), void *ctx,
		  struct err *e);

#endif

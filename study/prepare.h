/* SPDX-License-Identifier: GPL-2.0-only */
/* prepare.h - what comes before the first run. */
#ifndef COLDPRESS_STUDY_PREPARE_H
#define COLDPRESS_STUDY_PREPARE_H

#include "context.h"

/* study_prepare - directory, algorithms, journal, results database, calibrations. options: what
 * study_options fills. why: room for the text of s->no_pool, which must live as long as s.
 */
int study_prepare(struct study *s, const void *options, char *const *command, char *why,
		  size_t why_len, struct err *e);

/* study_read_calibrations - those of --db FILE. -ENODATA it has none of this machine. */
int study_read_calibrations(struct study *s, const char *path, struct err *e);

#endif

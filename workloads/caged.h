/* SPDX-License-Identifier: GPL-2.0-only */
/* caged.h - runs a command in a cage to its end and keeps what it printed. */
#ifndef COLDPRESS_WORKLOADS_CAGED_H
#define COLDPRESS_WORKLOADS_CAGED_H

#include "lib/safety/supervise.h"

/* An argument vector that grows. Zero before use. */
struct words {
	char **argv; /* NULL-terminated once there is one */
	size_t n;
};

/* words_add - printf-style. -ENOMEM sticks: words_add and caged_run return it. */
int words_add(struct words *words, const char *fmt, ...) PRINTF_LIKE(2, 3);
void words_done(struct words *words);

/* What a command printed, NUL-terminated; cut at 8 MiB. */
struct caged_output {
	char *text;   /* standard output */
	char *report; /* the file it left in its scratch directory; NULL = none */
};
void caged_output_done(struct caged_output *output);

/* caged_run - config.stdout_fd and group_optional are set here; with both, stderr goes to the same
 * text. report: the name of a file in the scratch directory to be read before that goes; NULL =
 * none. A stop request ends the command. Whatever way it ended is in *result.
 *
 * errors  those of supervise_start: it could not be run at all
 */
int caged_run(struct supervise_config *config, bool both, const char *report,
	      struct supervise_result *result, struct caged_output *output, struct err *e);

#endif

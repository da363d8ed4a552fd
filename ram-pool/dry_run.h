/* SPDX-License-Identifier: GPL-2.0-only */
/* dry_run.h - a setup as an equivalent shell script, or for zram-generator. Changes nothing. */
#ifndef RAM_POOL_DRY_RUN_H
#define RAM_POOL_DRY_RUN_H

#include "lib/base/out.h"
#include "pool.h"

enum dry_run_as { DRY_RUN_SHELL, DRY_RUN_GENERATOR };
extern const char *const dry_run_as_choices[];

/* dry_run_print - lines of text: a script for sh, or a section of zram-generator.conf(5). Errors as
 * pool_plan. */
int dry_run_print(const struct pool_request *request, enum dry_run_as as, struct out *out,
		  struct err *e);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* plan.h - a set-up as others would be asked for it: a shell, or zram-generator. Changes nothing.
 */
#ifndef RAM_POOL_PLAN_H
#define RAM_POOL_PLAN_H

#include "lib/base/out.h"
#include "pool.h"

enum plan_as { PLAN_SHELL, PLAN_GENERATOR };
extern const char *const plan_as_choices[];

/* plan_print - as lines of text: a script for sh, or a section of zram-generator.conf(5). Errors as
 * pool_plan. */
int plan_print(const struct pool_request *request, enum plan_as as, struct out *out, struct err *e);

#endif

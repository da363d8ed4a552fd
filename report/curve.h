/* SPDX-License-Identifier: GPL-2.0-only */
/* curve.h - the points that a search measured, as a table. */
#ifndef COLDPRESS_REPORT_CURVE_H
#define COLDPRESS_REPORT_CURVE_H

#include "data.h"
#include "lib/base/text.h"

/* curve_put - nothing where the target had no search. */
void curve_put(struct text *page, const struct target *target);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* figures.h - the pictures of one target: each with a title that says what it shows, and its
 * numbers. */
#ifndef COLDPRESS_REPORT_FIGURES_H
#define COLDPRESS_REPORT_FIGURES_H

#include "data.h"
#include "lib/base/gnuplot.h"

/* figures_put - every figure the target has data for, as <figure> elements. number tells the
 * targets apart in ids and file names. What gnuplot refuses is left out, with its table kept and
 * the reason below it.
 */
void figures_put(struct text *page, struct plotter *plotter, struct study *study,
		 const struct target *target, size_t number);

#endif

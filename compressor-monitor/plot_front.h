/* SPDX-License-Identifier: GPL-2.0-only */
/* plot_front.h - a plot of a ranking: saved bytes against CPU, the Pareto front, the choice. */
#ifndef COLDPRESS_MONITOR_PLOT_FRONT_H
#define COLDPRESS_MONITOR_PLOT_FRONT_H

#include "lib/analysis/rank.h"
#include "lib/base/err.h"

/* plot_front_write - an SVG file, drawn by gnuplot. Candidates with missing values are left out.
 *
 * errors  -ENOENT gnuplot not found; -ENODATA every candidate has missing values; what the file
 * system says
 */
int plot_front_write(const char *path, const struct rank_query *query,
		     const struct ranking *ranking, struct err *e);

#endif

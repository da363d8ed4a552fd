/* SPDX-License-Identifier: GPL-2.0-only */
/* figure.h - a ranking as a picture: saved bytes against CPU, the front, the choice. */
#ifndef COLDPRESS_MONITOR_FIGURE_H
#define COLDPRESS_MONITOR_FIGURE_H

#include "rank.h"

/* figure_write - an SVG file, drawn by gnuplot. Candidates without figures are not in it.
 *
 * errors  -ENOENT no gnuplot; -ENODATA no candidate has figures; what the file system says
 */
int figure_write(const char *path, const struct rank_result *ranking, struct err *e);

#endif

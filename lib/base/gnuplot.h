/* SPDX-License-Identifier: GPL-2.0-only */
/* gnuplot.h - scripts drawn by gnuplot: SVG for the page, PDF for a paper, from the same script.
 *
 * gnuplot runs without a shell and without the user's settings, in a private directory, with
 * bounded CPU time. Scripts hold numbers and our own words; a name enters only through plot_label.
 */
#ifndef COLDPRESS_BASE_GNUPLOT_H
#define COLDPRESS_BASE_GNUPLOT_H

#include "err.h"
#include "text.h"

struct plotter {
	char dir[64];        /* private; "" before plotter_init */
	const char *pdf_dir; /* NULL: no PDF */
	bool absent;         /* no gnuplot on this machine: every figure is left out */
	unsigned int drawn, failed;
};

int plotter_init(struct plotter *plotter, const char *pdf_dir, struct err *e);
void plotter_done(struct plotter *plotter);

/* plot_label - a name for a script, between quotes (gnuplot takes "'" in commands, '"' in data):
 * only letters, digits and harmless signs of ASCII stay, the rest becomes "?", and long ones are
 * cut. Tables show it as it is.
 */
void plot_label(struct text *script, const char *name, char quote);

/* plotter_draw - the script's figure of this size in pixels as an <svg> element, ids prefixed with
 * name
 * ([a-z0-9-] only); also DIR/name.pdf where that was asked for. svg stays empty without gnuplot.
 *
 * errors  what gnuplot said; -ENOENT: there is none, and plotter->absent is set
 */
int plotter_draw(struct plotter *plotter, const char *name, const struct text *script,
		 unsigned int width, unsigned int height, struct text *svg, struct err *e);

#endif

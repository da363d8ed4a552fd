/* SPDX-License-Identifier: GPL-2.0-only */
/* gnuplot.h - plots drawn by gnuplot from one script: SVG for the page, PDF for a paper.
 *
 * gnuplot runs without a shell, without the user's settings and with bounded CPU time, and writes
 * no file. Scripts hold numbers and our own text; a name enters only through plot_label.
 */
#ifndef COLDPRESS_BASE_GNUPLOT_H
#define COLDPRESS_BASE_GNUPLOT_H

#include "err.h"
#include "text.h"

struct plotter {
	const char *pdf_dir; /* NULL: no PDF */
	bool absent;         /* gnuplot is not installed: no plot is drawn */
	unsigned int drawn, failed;
};

/* plot_label - a name for a script, between quotes (gnuplot takes "'" in commands, '"' in data):
 * ASCII letters, digits and harmless punctuation stay, the rest becomes "?", and a long one is cut.
 */
void plot_label(struct text *script, const char *name, char quote);

/* plotter_draw - the script's plot of this size in pixels as an <svg> element, ids prefixed with
 * name ([a-z0-9-] only); with pdf_dir also PDF_DIR/name.pdf.
 *
 * errors  -EIO gnuplot's own message; -ENOENT it is not installed, and plotter->absent is set
 */
int plotter_draw(struct plotter *plotter, const char *name, const struct text *script,
		 unsigned int width, unsigned int height, struct text *svg, struct err *e);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* plot.h - the plots of one target: each with a title that says what it shows, and its values.
 *
 * A new plot is a file plot_NAME.c that defines plot_NAME, and its name in PLOTS.
 */
#ifndef COLDPRESS_REPORT_PLOT_H
#define COLDPRESS_REPORT_PLOT_H

#include "data.h"
#include "lib/base/gnuplot.h"
#include "scale.h"

/* In the order of the page. */
#define PLOTS(P) P(slowdown) P(memory) P(prediction) P(page_sizes) P(saving)

/* Of Okabe and Ito; the page's style sheet adapts them to dark mode. */
#define BLUE   "#0072b2"
#define ORANGE "#e69f00"
#define GREEN  "#009e73"
#define GREY   "#808080"
#define GRID   "#d0d0d0"

struct drawing {
	const char *name; /* in ids and file names */
	struct text script, table;
	char title[512];            /* plain text, names included */
	const char *note;           /* our words */
	unsigned int width, height; /* pixels; height 0: nothing to draw */
};

struct plot {
	const char *name;
	/* draw - leaves d->height 0 where the target has no data for it. */
	void (*draw)(struct stored_study *study, const struct target *target, struct drawing *d);
};

#define PLOT_DECLARE_(name) extern const struct plot plot_##name;
PLOTS(PLOT_DECLARE_)

/* plots_put - every plot the target has data for, as <figure> elements. number distinguishes the
 * targets in ids and file names. Where gnuplot fails, the table stays, with the reason below it.
 */
void plots_put(struct text *page, struct plotter *plotter, struct stored_study *study,
	       const struct target *target, size_t number);

/* plot_title - adds to the title. plot_number - for gnuplot; "?" where it is missing. plot_cell,
 * plot_name_cell - of the table; the latter begins a row.
 */
void plot_title(struct drawing *d, const char *fmt, ...) PRINTF_LIKE(2, 3);
void plot_number(struct text *script, double v);
void plot_cell(struct text *table, const struct scale *scale, double v);
void plot_name_cell(struct text *table, const char *name);

/* plot_head - the table's head and the begin of its body; columns: "codec|pages|saved, %". */
void plot_head(struct text *table, const char *columns);

#endif

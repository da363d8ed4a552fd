/* SPDX-License-Identifier: GPL-2.0-only */
/* plot_memory.c - memory over time: RAM of program and pool, and what was swapped out. */
#include <math.h>

#include "html.h"
#include "plot.h"

#define TABLE_ROWS 40 /* of a time series; the plot has every sample */

static void series_table(struct text *table, const struct configuration *c,
			 const struct point *points, size_t n)
{
	struct scale mib = { MIB, 1, "MiB" }, s = { 1, 2, "s" };
	size_t step = (n + TABLE_ROWS - 1) / TABLE_ROWS;

	for (size_t i = 0; i < n; i += step) {
		plot_name_cell(table, c->name);
		plot_cell(table, &s, points[i].t_s);
		plot_cell(table, &mib, points[i].ram);
		plot_cell(table, &mib, points[i].pool);
		plot_cell(table, &mib, points[i].swap);
		text_str(table, "</tr>");
	}
}

static void series_panel(struct drawing *d, const struct configuration *c, size_t at,
			 const struct point *points, size_t n)
{
	struct text *s = &d->script;

	html_raw(s, "$p%zu << EOD\n", at);
	for (size_t i = 0; i < n; i++) {
		plot_number(s, points[i].t_s);
		plot_number(s, points[i].ram / MIB);
		plot_number(s, (points[i].ram + points[i].pool) / MIB);
		plot_number(s, points[i].swap / MIB);
		text_str(s, "\n");
	}
	text_str(s, "EOD\nset title ");
	plot_label(s, c->name, '\'');
	html_raw(s, " offset 0,-0.5\nset ylabel %s offset 1,0\nplot ", at % 2 ? "''" : "'MiB'");
	if (isfinite(c->limit_bytes))
		html_raw(s, "%.10g with lines dashtype 3 linewidth 1.2 linecolor rgb '" GREY "', ",
			 c->limit_bytes / MIB);
	html_raw(s,
		 "$p%zu using 1:(0):2 with filledcurves fillcolor rgb '" BLUE
		 "' fillstyle solid 0.75 noborder, '' using 1:2:3 with filledcurves fillcolor rgb "
		 "'" ORANGE "' fillstyle solid 0.85 noborder, '' using 1:4 with lines linewidth "
		 "1.6 linecolor rgb '" GREEN "'",
		 at);
	text_str(s, "\nunset label\nunset object\nunset arrow\n");
}

/* By hand: gnuplot's key belongs to one panel. Drawn with the first panel only. */
static void series_legend(struct text *s, double y, double half)
{
	html_raw(s,
		 "set object 1 rectangle from screen 0.09,%.4f to screen 0.12,%.4f fillcolor rgb "
		 "'" BLUE "' fillstyle solid 0.75 noborder\nset label 1 'RAM of the program' at "
		 "screen 0.13,%.4f\n",
		 y - half, y + half, y);
	html_raw(s,
		 "set object 2 rectangle from screen 0.34,%.4f to screen 0.37,%.4f fillcolor rgb "
		 "'" ORANGE "' fillstyle solid 0.85 noborder\nset label 2 'RAM of the pool' at "
		 "screen 0.38,%.4f\n",
		 y - half, y + half, y);
	html_raw(s,
		 "set arrow 1 from screen 0.55,%.4f to screen 0.58,%.4f nohead linewidth 1.6 "
		 "linecolor rgb '" GREEN
		 "'\nset label 3 'swapped out, uncompressed' at screen 0.59,%.4f\n",
		 y, y, y);
	html_raw(s,
		 "set arrow 2 from screen 0.85,%.4f to screen 0.88,%.4f nohead dashtype 3 "
		 "linewidth 1.2 linecolor rgb '" GREY
		 "'\nset label 4 'limit' at screen 0.89,%.4f\n",
		 y, y, y);
}

/* All panels on one scale, in two columns. */
static void series_layout(struct drawing *d, const struct text *panels, size_t shown, double end_s,
			  double top_mib)
{
	unsigned int rows = (unsigned int)(shown + 1) / 2;
	struct text *s = &d->script;

	d->width = 760;
	d->height = 70 + 200 * rows;
	html_raw(s,
		 "set xrange [0:%.6g]\nset yrange [0:%.6g]\nset xlabel 'seconds' offset "
		 "0,0.6\n",
		 end_s, top_mib);
	series_legend(s, 1 - 14.0 / d->height, 6.0 / d->height);
	html_raw(s,
		 "set multiplot layout %u,%u margins 0.09,0.98,%.4f,%.4f spacing "
		 "0.08,%.4f\n",
		 rows, shown > 1 ? 2 : 1, 55.0 / d->height, 1 - 55.0 / d->height, 85.0 / d->height);
	text_put(s, panels->s, panels->n);
	text_str(s, "unset multiplot\n");
}

static void draw_series(struct stored_study *study, const struct target *target, struct drawing *d)
{
	double top = 0, end = 0, most_pool = 0;
	size_t shown = 0;
	struct drawing body = { .width = 0 };

	plot_head(&d->table, "configuration|time, s|RAM, MiB|pool, MiB|swapped, MiB");
	for (size_t i = 0; i < target->n_configurations; i++) {
		const struct configuration *c = &target->configurations[i];
		struct point *points AUTO_FREE = NULL;
		size_t n = 0;

		if (data_series(study, c, &points, &n) || n < 2)
			continue;
		series_panel(&body, c, shown++, points, n);
		series_table(&d->table, c, points, n);
		for (size_t j = 0; j < n; j++) {
			top = fmax(top,
				   fmax(points[j].ram +
						(isfinite(points[j].pool) ? points[j].pool : 0),
					points[j].swap));
			most_pool = fmax(most_pool, points[j].pool);
		}
		end = fmax(end, points[n - 1].t_s);
	}
	text_str(&d->table, "</tbody>");
	if (shown)
		series_layout(d, &body.script, shown, end, 1.05 * top / MIB);
	text_done(&body.script);
	plot_title(d, "Memory over time: one run per configuration, pool at most %.1f MiB",
		   most_pool / MIB);
	d->note =
		"The timed run of median wall time. The areas are stacked: their top is the RAM of "
		"program and pool. The line is what was swapped out, before compression.";
}

const struct plot plot_memory = { "memory", draw_series };

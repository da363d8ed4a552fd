/* SPDX-License-Identifier: GPL-2.0-only */
/* plot_slowdown.c - wall time against none, run by run. */
#include <math.h>

#include "html.h"
#include "plot.h"

static void slowdown_points(struct text *s, const struct target *target, bool counted,
			    const char *block)
{
	size_t y = 0;

	html_raw(s, "%s << EOD\n", block);
	for (size_t i = 0; i < target->n_configurations; i++) {
		const struct configuration *c = &target->configurations[i];

		if (!isfinite(data_value(c, METRIC_slowdown_ratio)->value))
			continue;
		y++;
		for (size_t j = 0; j < c->n_runs; j++) {
			const struct results_run *run = &c->runs[j];
			double slowdown = run->metrics.slowdown_ratio;

			/* Below the estimate, and spread by block, so that equal points stay apart.
			 */
			if (results_run_counts(run) == counted && isfinite(slowdown))
				html_raw(s, "%.10g %.3f\n", slowdown,
					 (double)y + 0.2 + 0.03 * ((double)(run->block % 7) - 3));
		}
	}
	text_str(s, "? ?\nEOD\n");
}

static void slowdown_rows(struct drawing *d, const struct target *target, struct text *tics)
{
	struct scale x = scale_for(METRIC_RATIO, 1), count = scale_for(METRIC_PAGES, 1);
	struct text *s = &d->script;
	size_t y = 0;

	text_str(s, "$centres << EOD\n");
	plot_head(&d->table, "configuration|n|slowdown, ×|smallest|largest|95 % from|95 % to");
	for (size_t i = 0; i < target->n_configurations; i++) {
		const struct configuration *c = &target->configurations[i];
		const struct compare_value *v = data_value(c, METRIC_slowdown_ratio);

		if (!isfinite(v->value))
			continue;
		html_raw(tics, "%s", y ? ", " : "");
		plot_label(tics, c->name, '\'');
		html_raw(tics, " %zu", ++y);
		plot_number(s, v->value);
		html_raw(s, " %zu", y);
		plot_number(s, v->low);
		plot_number(s, v->high);
		text_str(s, "\n");
		plot_title(d, "%s%.60s %.2f×",
			   y > 1 ? ", " : "Wall time relative to none: ", c->name, v->value);
		plot_name_cell(&d->table, c->name);
		plot_cell(&d->table, &count, (double)v->n);
		plot_cell(&d->table, &x, v->value);
		plot_cell(&d->table, &x, v->min);
		plot_cell(&d->table, &x, v->max);
		plot_cell(&d->table, &x, v->low);
		plot_cell(&d->table, &x, v->high);
		text_str(&d->table, "</tr>");
	}
	text_str(s, "EOD\n");
	text_str(&d->table, "</tbody>");
	d->height = y ? (unsigned int)(80 + 46 * y) : 0;
}

static void draw_slowdown(struct stored_study *study UNUSED, const struct target *target,
			  struct drawing *d)
{
	struct text tics = { 0 };
	struct text *s = &d->script;

	d->width = 760;
	slowdown_rows(d, target, &tics);
	slowdown_points(s, target, true, "$counted");
	slowdown_points(s, target, false, "$uncounted");
	html_raw(s, "set yrange [%zu.5:0.5]\nset ytics (", (size_t)(d->height - 80) / 46);
	text_put(s, tics.s, tics.n);
	text_str(s,
		 ") scale 0\nset xlabel 'wall time / wall time of none, same block'\n"
		 "set xrange [*<0.98:1.02<*]\nset offsets graph 0.03, graph 0.03, 0, 0\nset grid "
		 "noytics\n"
		 "set key outside top center horizontal\n"
		 "set arrow from 1, graph 0 to 1, graph 1 nohead linewidth 1 dashtype 2 linecolor "
		 "rgb '" GREY "' back\n"
		 "plot $centres using 3:($2-0.18):($4-$3):(0) with vectors nohead linewidth 3 "
		 "linecolor rgb '" BLUE
		 "', $counted using 1:2 with points pointtype 7 pointsize 0.55 linecolor rgb '" BLUE
		 "' title 'one block', $uncounted using 1:2 with points pointtype 6 pointsize 0.6 "
		 "linecolor rgb '#d55e00' title 'not counted', $centres using 1:($2-0.18) with "
		 "points pointtype 13 pointsize 1.2 linecolor rgb '" BLUE "' title 'estimate'\n");
	text_done(&tics);
	d->note = "Points: timed runs relative to the run of none in the same block. Above them: "
		  "the Hodges-Lehmann estimate and its exact 95 % interval. Below 6 blocks there "
		  "is no interval, and the slowdown is undecided.";
}

const struct plot plot_slowdown = { "slowdown", draw_slowdown };

/* SPDX-License-Identifier: GPL-2.0-only */
/* plot_prediction.c - predicted and measured pool sizes. */
#include <math.h>

#include "html.h"
#include "plot.h"

static const char *quantity_label(const char *name)
{
	if (str_eq(name, "pool_used_bytes"))
		return "RAM of the pool";
	return str_eq(name, "pool_compr_bytes") ? "compressed bytes" : name;
}

/* One point of the plot and its row of the table. */
static void prediction_row(struct drawing *d, struct text *tics, const struct prediction *p,
			   size_t y)
{
	struct scale mib = { MIB, 2, "MiB" }, percent = { 0.01, 2, "%" };

	html_raw(&d->script, "%.10g %.10g %zu\n", p->predicted / MIB, p->measured / MIB, y);
	html_raw(tics, "%s", y > 1 ? ", " : "");
	plot_label(tics, p->configuration, '\'');
	/* gnuplot joins strings with a dot. */
	html_raw(tics, ".': '.");
	plot_label(tics, quantity_label(p->name), '\'');
	html_raw(tics, " %zu", y);
	plot_name_cell(&d->table, p->configuration);
	text_str(&d->table, "<td class=\"words\">");
	html_text(&d->table, quantity_label(p->name));
	text_str(&d->table, "</td>");
	plot_cell(&d->table, &mib, p->predicted);
	plot_cell(&d->table, &mib, p->measured);
	plot_cell(&d->table, &percent, p->error_ratio);
	text_str(&d->table, "</tr>");
}

static void draw_prediction(struct stored_study *study UNUSED, const struct target *target,
			    struct drawing *d)
{
	struct text tics = { 0 };
	struct text *s = &d->script;
	double worst = 0;
	size_t y = 0;

	text_str(s, "$rows << EOD\n");
	plot_head(&d->table, "configuration|what|predicted, MiB|measured, MiB|error, %");
	for (size_t i = 0; i < target->n_predictions; i++) {
		const struct prediction *p = &target->predictions[i];

		if (!isfinite(p->error_ratio))
			continue;
		worst = fmax(worst, fabs(100 * p->error_ratio));
		prediction_row(d, &tics, p, ++y);
	}
	text_str(&d->table, "</tbody>");
	html_raw(s, "EOD\nset yrange [%zu.5:0.5]\nset ytics (", y);
	text_put(s, tics.s, tics.n);
	text_str(s,
		 ") scale 0\nset xlabel 'MiB'\nset xrange [0:*]\nset offsets 0, graph 0.04, 0, "
		 "0\nset grid noytics\n"
		 "set key outside top center horizontal\n"
		 "plot $rows using 1:3:($2-$1):(0) with vectors nohead linewidth 2 linecolor rgb "
		 "'" GREY "', $rows using 1:3 with points pointtype 6 pointsize 1.1 linewidth 1.6 "
		 "linecolor rgb '#d55e00' title 'predicted', $rows using 2:3 with points "
		 "pointtype 7 pointsize 0.8 linecolor rgb '" BLUE "' title 'measured'\n");
	text_done(&tics);
	d->width = 760;
	d->height = y ? (unsigned int)(80 + 30 * y) : 0;
	plot_title(d, "Prediction error of the page scan: at most %.1f %%", worst);
	d->note = "Predicted: from the page scan of the reference run, for as many pages as the "
		  "pool held in the sample with the most pages; RAM includes the expected unused "
		  "objects. Measured: mm_stat in that sample.";
}

const struct plot plot_prediction = { "prediction", draw_prediction };

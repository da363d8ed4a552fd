/* SPDX-License-Identifier: GPL-2.0-only */
/* plot_saving.c - RAM saved against CPU, by codec. */
#include <math.h>

#include "html.h"
#include "plot.h"

static double cost_us_per_page(const struct ranking *r)
{
	double pages = r->total_bytes / PAGE_BYTES;

	return 1000 * (r->compress_cpu_ms + r->readback_factor * r->decompress_cpu_ms) / pages;
}

static double saved_percent(const struct ranking *r)
{
	return 100 * r->saved_slot_bytes / r->total_bytes;
}

/* No other saves at least as much for less, or more for as much. */
static bool on_front(const struct target *target, const struct ranking *r)
{
	for (size_t i = 0; i < target->n_rankings; i++) {
		const struct ranking *o = &target->rankings[i];
		double cost = cost_us_per_page(o) - cost_us_per_page(r),
		       saved = saved_percent(o) - saved_percent(r);

		if ((cost < 0 && saved >= 0) || (cost <= 0 && saved > 0))
			return false;
	}
	return true;
}

static void pareto_rows(struct drawing *d, const struct target *target, size_t *n)
{
	struct scale us = { 1, 2, "µs" }, percent = { 1, 1, "%" };

	plot_head(&d->table, "codec|CPU per page, µs|RAM saved, %|front");
	for (size_t i = 0; i < target->n_rankings; i++) {
		const struct ranking *r = &target->rankings[i];
		bool front = on_front(target, r);

		if (!isfinite(cost_us_per_page(r)) || !isfinite(saved_percent(r)))
			continue;
		html_raw(&d->script, "%.10g %.10g ", cost_us_per_page(r), saved_percent(r));
		plot_label(&d->script, r->codec, '"');
		html_raw(&d->script, " %d %d\n", front, r->recommended);
		plot_name_cell(&d->table, r->codec);
		plot_cell(&d->table, &us, cost_us_per_page(r));
		plot_cell(&d->table, &percent, saved_percent(r));
		html_raw(&d->table, "<td>%s</td></tr>", front ? "yes" : "no");
		++*n;
	}
	text_str(&d->table, "</tbody>");
}

static void draw_pareto(struct stored_study *study UNUSED, const struct target *target,
			struct drawing *d)
{
	const struct ranking *cheapest = NULL, *best = NULL;
	struct text *s = &d->script;
	size_t n = 0;

	text_str(s, "$codecs << EOD\n");
	pareto_rows(d, target, &n);
	text_str(s, "EOD\nset xlabel 'CPU per page, compress + readback factor * decompress, "
		    "microseconds'\n"
		    "set ylabel 'RAM saved, % of the pages'\nset xrange [0:*]\nset yrange [0<*:*]\n"
		    "set offsets 0, graph 0.12, graph 0.12, graph 0.05\n"
		    "set key outside top center horizontal\n"
		    "plot $codecs using ($4 == 1 ? $1 : NaN):2 smooth unique with lines dashtype 2 "
		    "linewidth 1 linecolor rgb '" GREY
		    "' title 'front', $codecs using 1:2 with points pointtype 6 pointsize 1 "
		    "linewidth 1.6 linecolor rgb '" BLUE
		    "' title 'codec', $codecs using ($5 == 1 ? $1 : NaN):2 with points pointtype 7 "
		    "pointsize 1 linecolor rgb '#d55e00' title 'the policy’s choice', $codecs "
		    "using 1:2:3 with labels left offset 0.9,0.5\n");
	for (size_t i = 0; i < target->n_rankings; i++) {
		const struct ranking *r = &target->rankings[i];

		if (!isfinite(cost_us_per_page(r)) || !isfinite(saved_percent(r)))
			continue;
		if (!best || saved_percent(r) > saved_percent(best))
			best = r;
		if (!cheapest || cost_us_per_page(r) < cost_us_per_page(cheapest))
			cheapest = r;
	}
	if (best)
		plot_title(
			d,
			"%.40s saves most (%.1f %%), %.40s takes the least CPU (%.2f µs per page)",
			best->codec, saved_percent(best), cheapest->codec,
			cost_us_per_page(cheapest));
	d->width = 760;
	d->height = n ? 340 : 0;
	d->note = "From the page scan, at the readback factor of the ranking. Up and to the left "
		  "is better; on the front, no other codec saves more for less CPU time.";
}

const struct plot plot_saving = { "saving", draw_pareto };

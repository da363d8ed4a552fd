/* SPDX-License-Identifier: GPL-2.0-only */
/* figures.c - five figures a target: memory over time, slowdown, prediction, page sizes, saving
 * against CPU.
 *
 * Each function fills a struct drawing: a script for gnuplot, a title computed from the data, and
 * the table that says the same in numbers. Colours are those of Okabe and Ito; the page's style
 * sheet adapts them to the dark.
 */
#include "figures.h"

#include <math.h>
#include <stdarg.h>

#include "html.h"
#include "lib/analysis/stats.h"

#define BLUE       "#0072b2"
#define ORANGE     "#e69f00"
#define GREEN      "#009e73"
#define GREY       "#808080"
#define GRID       "#d0d0d0"
#define TABLE_ROWS 40 /* of a time series; the figure has every sample */

static const char *const palette[] = { BLUE, "#d55e00", GREEN, "#cc79a7", ORANGE, "#56b4e9" };

struct drawing {
	const char *name; /* in ids and file names */
	struct text script, table;
	char title[512];            /* plain text, names included */
	const char *note;           /* our words */
	unsigned int width, height; /* pixels; height 0: nothing to draw */
};

static void title_add(struct drawing *d, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void title_add(struct drawing *d, const char *fmt, ...)
{
	size_t n = strlen(d->title);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(d->title + n, sizeof(d->title) - n, fmt, ap);
	va_end(ap);
}

/* A number for gnuplot; "?" where it is missing. */
static void put(struct text *script, double v)
{
	if (isfinite(v))
		html_raw(script, " %.10g", v);
	else
		text_str(script, " ?");
}

static void cell(struct text *table, const struct scale *scale, double v)
{
	char buf[QUANTITY_TEXT_MAX];

	html_raw(table, "<td>%s</td>", scale_format(scale, v, buf));
}

static void name_cell(struct text *table, const char *name)
{
	text_str(table, "<tr><th scope=\"row\">");
	html_text(table, name);
	text_str(table, "</th>");
}

static const char style[] = "set datafile missing '?'\n"
			    "set border 3 linewidth 0.8\n"
			    "set tics nomirror out scale 0.5\n"
			    "set grid linetype 1 linewidth 0.6 linecolor rgb '" GRID "'\n"
			    "set key noautotitle\n";

/* ---- memory over time ---- */

static void series_table(struct text *table, const struct arm *arm, const struct point *points,
			 size_t n)
{
	struct scale mib = { MIB, 1, "MiB" }, s = { 1, 2, "s" };
	size_t step = (n + TABLE_ROWS - 1) / TABLE_ROWS;

	for (size_t i = 0; i < n; i += step) {
		name_cell(table, arm->name);
		cell(table, &s, points[i].t_s);
		cell(table, &mib, points[i].ram);
		cell(table, &mib, points[i].pool);
		cell(table, &mib, points[i].swap);
		text_str(table, "</tr>");
	}
}

static void series_panel(struct drawing *d, const struct arm *arm, size_t at,
			 const struct point *points, size_t n)
{
	struct text *s = &d->script;

	html_raw(s, "$p%zu << EOD\n", at);
	for (size_t i = 0; i < n; i++) {
		put(s, points[i].t_s);
		put(s, points[i].ram / MIB);
		put(s, (points[i].ram + points[i].pool) / MIB);
		put(s, points[i].swap / MIB);
		text_str(s, "\n");
	}
	text_str(s, "EOD\nset title ");
	plot_label(s, arm->name, '\'');
	html_raw(s, " offset 0,-0.5\nset ylabel %s offset 1,0\nplot ", at % 2 ? "''" : "'MiB'");
	if (isfinite(arm->limit_bytes))
		html_raw(s, "%.10g with lines dashtype 3 linewidth 1.2 linecolor rgb '" GREY "', ",
			 arm->limit_bytes / MIB);
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

static void draw_series(struct study *study, const struct target *target, struct drawing *d)
{
	struct text panels = { 0 };
	double top = 0, end = 0, most_pool = 0;
	size_t shown = 0;
	unsigned int rows;
	struct text *s = &d->script;
	struct drawing body = { .width = 0 };

	text_str(&d->table, "<thead><tr><th>arm</th><th>time, s</th><th>RAM, MiB</th><th>pool, "
			    "MiB</th><th>swapped, MiB</th></tr></thead><tbody>");
	for (size_t i = 0; i < target->n_arms; i++) {
		const struct run *run;
		struct point *points AUTO_FREE = NULL;
		size_t n;

		data_series(study, &target->arms[i], &run, &points, &n);
		if (n < 2)
			continue;
		series_panel(&body, &target->arms[i], shown++, points, n);
		series_table(&d->table, &target->arms[i], points, n);
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
	panels = body.script;
	rows = (unsigned int)(shown + 1) / 2;
	if (shown) {
		d->width = 760;
		d->height = 70 + 200 * rows;
		html_raw(s,
			 "set xrange [0:%.6g]\nset yrange [0:%.6g]\nset xlabel 'seconds' offset "
			 "0,0.6\n",
			 end, 1.05 * top / MIB);
		series_legend(s, 1 - 14.0 / d->height, 6.0 / d->height);
		html_raw(s,
			 "set multiplot layout %u,%u margins 0.09,0.98,%.4f,%.4f spacing "
			 "0.08,%.4f\n",
			 rows, shown > 1 ? 2 : 1, 55.0 / d->height, 1 - 55.0 / d->height,
			 85.0 / d->height);
		text_put(s, panels.s, panels.n);
		text_str(s, "unset multiplot\n");
	}
	text_done(&panels);
	title_add(d, "Where the memory was: one run an arm, the pool at most %.1f MiB",
		  most_pool / MIB);
	d->note = "Each arm's timed run of median wall time. The two areas stand on each other: "
		  "their top is the RAM that program and pool took together. The line is what was "
		  "swapped out, before compression.";
}

/* ---- slowdown ---- */

static void slowdown_points(struct text *s, const struct target *target, bool counted,
			    const char *block)
{
	size_t y = 0;

	html_raw(s, "%s << EOD\n", block);
	for (size_t i = 0; i < target->n_arms; i++) {
		const struct arm *arm = &target->arms[i];

		y += isfinite(arm->slowdown);
		for (size_t j = 0; isfinite(arm->slowdown) && j < arm->n_runs; j++) {
			const struct run *run = &arm->runs[j];

			/* Below the estimate, and spread by block, so that equal points stay apart.
			 */
			if (run->counts == counted && isfinite(run->value[SLOWDOWN_RATIO]))
				html_raw(s, "%.10g %.3f\n", run->value[SLOWDOWN_RATIO],
					 (double)y + 0.2 + 0.03 * (double)(run->block % 7 - 3));
		}
	}
	text_str(s, "? ?\nEOD\n");
}

static void slowdown_rows(struct drawing *d, const struct target *target, struct text *tics)
{
	struct scale x = scale_for(UNIT_RATIO, 1), count = scale_for(UNIT_COUNT, 1);
	struct text *s = &d->script;
	size_t y = 0;

	text_str(s, "$centres << EOD\n");
	text_str(&d->table, "<thead><tr><th>arm</th><th>n</th><th>slowdown, "
			    "×</th><th>smallest</th><th>largest</th><th>95 % from</th><th>95 % "
			    "to</th></tr></thead><tbody>");
	for (size_t i = 0; i < target->n_arms; i++) {
		const struct arm *arm = &target->arms[i];
		const struct figure *f = &arm->figures[SLOWDOWN_RATIO];

		if (!isfinite(arm->slowdown))
			continue;
		html_raw(tics, "%s", y ? ", " : "");
		plot_label(tics, arm->name, '\'');
		html_raw(tics, " %zu", ++y);
		put(s, arm->slowdown);
		html_raw(s, " %zu", y);
		put(s, arm->slowdown_low);
		put(s, arm->slowdown_high);
		text_str(s, "\n");
		title_add(d, "%s%.60s %.2f×", y > 1 ? ", " : "Time against no limit: ", arm->name,
			  arm->slowdown);
		name_cell(&d->table, arm->name);
		cell(&d->table, &count, (double)f->n);
		cell(&d->table, &x, arm->slowdown);
		cell(&d->table, &x, f->low);
		cell(&d->table, &x, f->high);
		cell(&d->table, &x, arm->slowdown_low);
		cell(&d->table, &x, arm->slowdown_high);
		text_str(&d->table, "</tr>");
	}
	text_str(s, "EOD\n");
	text_str(&d->table, "</tbody>");
	d->height = y ? (unsigned int)(80 + 46 * y) : 0;
}

static void draw_slowdown(struct study *study UNUSED, const struct target *target,
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
		 ") scale 0\nset xlabel 'wall time / wall time without limit, same block'\n"
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
	d->note = "Every timed run against the run without limit in the same block, and above them "
		  "the Hodges-Lehmann estimate with its exact 95 % interval; under 6 blocks there "
		  "is no interval, and time stays undecided.";
}

/* ---- prediction ---- */

static const char *prediction_words(const char *name)
{
	if (str_eq(name, "pool_used_bytes"))
		return "RAM of the pool";
	return str_eq(name, "pool_compr_bytes") ? "compressed bytes" : name;
}

static void draw_prediction(struct study *study UNUSED, const struct target *target,
			    struct drawing *d)
{
	struct scale mib = { MIB, 2, "MiB" }, percent = { 1, 2, "%" };
	struct text tics = { 0 };
	struct text *s = &d->script;
	double worst = 0;
	size_t y = 0;

	text_str(s, "$rows << EOD\n");
	text_str(&d->table, "<thead><tr><th>arm</th><th>what</th><th>predicted, "
			    "MiB</th><th>measured, MiB</th><th>error, %</th></tr></thead><tbody>");
	for (size_t i = 0; i < target->n_predictions; i++) {
		const struct prediction *p = &target->predictions[i];
		double error = 100 * (p->predicted / p->measured - 1);

		if (!isfinite(error))
			continue;
		worst = fmax(worst, fabs(error));
		html_raw(s, "%.10g %.10g %zu\n", p->predicted / MIB, p->measured / MIB, ++y);
		html_raw(&tics, "%s", y > 1 ? ", " : "");
		plot_label(&tics, p->arm, '\'');
		/* gnuplot joins strings with a dot. */
		html_raw(&tics, ".': '.");
		plot_label(&tics, prediction_words(p->name), '\'');
		html_raw(&tics, " %zu", y);
		name_cell(&d->table, p->arm);
		text_str(&d->table, "<td class=\"words\">");
		html_text(&d->table, prediction_words(p->name));
		text_str(&d->table, "</td>");
		cell(&d->table, &mib, p->predicted);
		cell(&d->table, &mib, p->measured);
		cell(&d->table, &percent, error);
		text_str(&d->table, "</tr>");
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
	title_add(d, "The page scan's predictions of the pools are at most %.1f %% off", worst);
	d->note = "What a page takes comes from the scan of the run without limit, with the empty "
		  "slots that pages coming and going leave on average; how many pages the pool "
		  "held at its fullest, and what they took, from mm_stat.";
}

/* ---- compressed sizes of pages ---- */

/* The bins of one codec: from *at on; returns where the next begins. */
static size_t codec_bins(const struct target *target, size_t at, double *pages)
{
	size_t end = at;

	*pages = 0;
	for (; end < target->n_bins && str_eq(target->bins[end].codec, target->bins[at].codec);
	     end++)
		*pages += target->bins[end].pages;
	return end;
}

/* Share of pages, in percent, whose compressed length is at most this. */
static double share_up_to(const struct bin *bins, size_t n, double pages, double bytes)
{
	double sum = 0;

	for (size_t i = 0; i < n && bins[i].bin_bytes <= bytes; i++)
		sum += bins[i].pages;
	return pages > 0 ? 100 * sum / pages : MISSING_F64;
}

static void size_rows(struct drawing *d, const struct bin *bins, size_t n, double pages,
		      double saves)
{
	static const double upto[] = { 0, 512, 1024, 2048, 3072 };
	struct scale percent = scale_for(UNIT_PERCENT, 100), count = scale_for(UNIT_COUNT, pages);

	name_cell(&d->table, bins[0].codec);
	cell(&d->table, &count, pages);
	for (size_t i = 0; i < ARRAY_SIZE(upto); i++)
		cell(&d->table, &percent, share_up_to(bins, n, pages, upto[i]));
	cell(&d->table, &percent, saves);
	text_str(&d->table, "</tr>");
}

static void size_title(struct drawing *d, const char *least, double low, const char *most,
		       double high)
{
	if (!least)
		title_add(d, "How small the pages become");
	else if (least == most)
		title_add(d, "%.1f %% of the pages compress far enough to save RAM with %.40s", low,
			  least);
	else
		title_add(d,
			  "From %.1f %% (%.40s) to %.1f %% (%.40s) of the pages compress far "
			  "enough to save RAM",
			  low, least, high, most);
}

static void draw_sizes(struct study *study, const struct target *target, struct drawing *d)
{
	struct saver {
		const char *codec;
		double share;
	} most = { 0 }, least = { 0 };
	struct text plots = { 0 };
	struct text *s = &d->script;
	size_t end, codec = 0;
	double pages;

	text_str(&d->table, "<thead><tr><th>codec</th><th>pages</th><th>same-filled, %</th><th>≤ "
			    "512 B, %</th><th>≤ 1 KiB, %</th><th>≤ 2 KiB, %</th><th>≤ 3 KiB, "
			    "%</th><th>saves RAM, %</th></tr></thead><tbody>");
	for (size_t at = 0; at < target->n_bins; at = end, codec++) {
		const struct bin *bins = &target->bins[at];
		double sum = 0, saves;

		end = codec_bins(target, at, &pages);
		saves = share_up_to(bins, end - at, pages, study->break_even_bytes);
		html_raw(s, "$c%zu << EOD\n0 0\n", codec);
		for (size_t i = 0; i < end - at; i++) {
			sum += bins[i].pages;
			html_raw(s, "%.6g %.6g\n", bins[i].bin_bytes, 100 * sum / pages);
		}
		html_raw(s, "4096 %.6g\nEOD\n", 100 * sum / pages);
		html_raw(&plots,
			 "%s $c%zu using 1:2 with steps linewidth 2 linecolor rgb '%s' title ",
			 codec ? "," : "plot", codec, palette[codec % ARRAY_SIZE(palette)]);
		plot_label(&plots, bins[0].codec, '\'');
		size_rows(d, bins, end - at, pages, saves);
		if (isfinite(saves) && (!most.codec || saves > most.share))
			most = (struct saver){ bins[0].codec, saves };
		if (isfinite(saves) && (!least.codec || saves < least.share))
			least = (struct saver){ bins[0].codec, saves };
	}
	text_str(&d->table, "</tbody>");
	size_title(d, least.codec, least.share, most.codec, most.share);
	if (isfinite(study->break_even_bytes))
		html_raw(s,
			 "set arrow from %.6g, graph 0 to %.6g, graph 1 nohead linewidth 1.2 "
			 "dashtype 2 linecolor rgb '" GREY
			 "'\nset label 'up to %.0f B saves RAM' at %.6g, graph 0.5 center rotate "
			 "offset 1,0\n",
			 study->break_even_bytes, study->break_even_bytes, study->break_even_bytes,
			 study->break_even_bytes);
	text_str(s, "set xrange [0:4096]\nset xtics 512\nset yrange [0:100]\nset xlabel "
		    "'compressed length, bytes'\n"
		    "set ylabel '% of pages, that long or shorter'\nset key outside top center "
		    "horizontal samplen 2\n");
	text_put(s, plots.s, plots.n);
	text_str(s, "\n");
	text_done(&plots);
	d->width = 760;
	d->height = codec ? 340 : 0;
	d->note = "Cumulated over the pages of the run without limit. The step at 0 is same-filled "
		  "pages, which zram keeps without a slot.";
}

/* ---- saving against CPU ---- */

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
	struct scale us = { 1, 2, "µs" }, percent = scale_for(UNIT_PERCENT, 100);

	text_str(&d->table, "<thead><tr><th>codec</th><th>CPU a page, µs</th><th>RAM saved, "
			    "%</th><th>front</th></tr></thead><tbody>");
	for (size_t i = 0; i < target->n_rankings; i++) {
		const struct ranking *r = &target->rankings[i];
		bool front = on_front(target, r);

		if (!isfinite(cost_us_per_page(r)) || !isfinite(saved_percent(r)))
			continue;
		html_raw(&d->script, "%.10g %.10g ", cost_us_per_page(r), saved_percent(r));
		plot_label(&d->script, r->codec, '"');
		html_raw(&d->script, " %d %d\n", front, r->recommended);
		name_cell(&d->table, r->codec);
		cell(&d->table, &us, cost_us_per_page(r));
		cell(&d->table, &percent, saved_percent(r));
		html_raw(&d->table, "<td>%s</td></tr>", front ? "yes" : "no");
		++*n;
	}
	text_str(&d->table, "</tbody>");
}

static void draw_pareto(struct study *study UNUSED, const struct target *target, struct drawing *d)
{
	const struct ranking *cheapest = NULL, *best = NULL;
	struct text *s = &d->script;
	size_t n = 0;

	text_str(s, "$codecs << EOD\n");
	pareto_rows(d, target, &n);
	text_str(s, "EOD\nset xlabel 'CPU a page, compress + readback factor * decompress, "
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
		title_add(d,
			  "%.40s saves most (%.1f %%), %.40s takes the least CPU (%.2f µs a page)",
			  best->codec, saved_percent(best), cheapest->codec,
			  cost_us_per_page(cheapest));
	d->width = 760;
	d->height = n ? 340 : 0;
	d->note = "From the page scan, at the readback factor of the ranking. Up and to the left "
		  "is better; on the front none saves more for less.";
}

/* ---- all ---- */

static void put_figure(struct text *page, struct plotter *plotter, size_t number, struct drawing *d)
{
	struct text script = { 0 }, svg = { 0 };
	struct err e = { 0 };
	char id[48];

	snprintf(id, sizeof(id), "target%zu-%s", number, d->name);
	text_str(&script, style);
	text_put(&script, d->script.s, d->script.n);
	html_raw(page, "<figure id=\"%s\"><figcaption><strong>", id);
	html_text(page, d->title);
	html_raw(page, "</strong> %s</figcaption>\n", d->note);
	if (plotter_draw(plotter, id, &script, d->width, d->height, &svg, &e) == 0 || svg.n) {
		text_str(page, "<div class=\"plot\" role=\"img\" aria-label=\"");
		html_text(page, d->title);
		text_str(page, "\">");
		text_put(page, svg.s, svg.n);
		text_str(page, "</div>\n");
	}
	if (e.code && !plotter->absent) {
		text_str(page, "<p class=\"missing\">");
		html_text(page, e.what);
		text_str(page, "</p>\n");
	}
	html_raw(page,
		 "<details%s><summary>Numbers of this figure</summary><div class=\"wide\"><table>",
		 svg.n ? "" : " open=\"open\"");
	text_put(page, d->table.s, d->table.n);
	text_str(page, "</table></div></details></figure>\n");
	text_done(&script);
	text_done(&svg);
}

void figures_put(struct text *page, struct plotter *plotter, struct study *study,
		 const struct target *target, size_t number)
{
	static const struct {
		const char *name;
		void (*draw)(struct study *study, const struct target *target, struct drawing *d);
	} figures[] = {
		{ "slowdown", draw_slowdown },     { "memory", draw_series },
		{ "prediction", draw_prediction }, { "page-sizes", draw_sizes },
		{ "saving", draw_pareto },
	};

	for (size_t i = 0; i < ARRAY_SIZE(figures); i++) {
		struct drawing d = { .name = figures[i].name };

		figures[i].draw(study, target, &d);
		if (d.height)
			put_figure(page, plotter, number, &d);
		text_done(&d.script);
		text_done(&d.table);
	}
}

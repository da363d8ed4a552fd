/* SPDX-License-Identifier: GPL-2.0-only */
/* plot_page_sizes.c - compressed lengths of pages, cumulated. */
#include <math.h>

#include "html.h"
#include "plot.h"

static const char *const palette[] = { BLUE, "#d55e00", GREEN, "#cc79a7", ORANGE, "#56b4e9" };

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
	struct scale percent = { 1, 1, "%" }, count = scale_for(METRIC_PAGES, pages);

	plot_name_cell(&d->table, bins[0].codec);
	plot_cell(&d->table, &count, pages);
	for (size_t i = 0; i < ARRAY_SIZE(upto); i++)
		plot_cell(&d->table, &percent, share_up_to(bins, n, pages, upto[i]));
	plot_cell(&d->table, &percent, saves);
	text_str(&d->table, "</tr>");
}

static void size_title(struct drawing *d, const char *least, double low, const char *most,
		       double high)
{
	if (!least)
		plot_title(d, "Compressed size of the pages");
	else if (least == most)
		plot_title(d, "%.1f %% of the pages compress far enough to save RAM with %.40s",
			   low, least);
	else
		plot_title(d,
			   "From %.1f %% (%.40s) to %.1f %% (%.40s) of the pages compress far "
			   "enough to save RAM",
			   low, least, high, most);
}

static void draw_sizes(struct stored_study *study, const struct target *target, struct drawing *d)
{
	struct saver {
		const char *codec;
		double share;
	} most = { 0 }, least = { 0 };
	struct text plots = { 0 };
	struct text *s = &d->script;
	size_t end, codec = 0;
	double pages;

	plot_head(&d->table, "codec|pages|same-filled, %|≤ 512 B, %|≤ 1 KiB, %|≤ 2 KiB, %|≤ 3 KiB, "
			     "%|saves RAM, %");
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
		    "set ylabel '% of pages of at most this length'\nset key outside top center "
		    "horizontal samplen 2\n");
	text_put(s, plots.s, plots.n);
	text_str(s, "\n");
	text_done(&plots);
	d->width = 760;
	d->height = codec ? 340 : 0;
	d->note = "Cumulative over the pages of the reference run. The step at 0 is same-filled "
		  "pages, which zram stores without a zsmalloc object.";
}

const struct plot plot_page_sizes = { "page-sizes", draw_sizes };

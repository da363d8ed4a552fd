/* SPDX-License-Identifier: GPL-2.0-only */
/* plot.c - what all plots share, and the markup around each. */
#include "plot.h"

#include <math.h>
#include <stdarg.h>

#include "html.h"

void plot_title(struct drawing *d, const char *fmt, ...)
{
	size_t n = strlen(d->title);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(d->title + n, sizeof(d->title) - n, fmt, ap);
	va_end(ap);
}

void plot_number(struct text *script, double v)
{
	if (isfinite(v))
		html_raw(script, " %.10g", v);
	else
		text_str(script, " ?");
}

void plot_cell(struct text *table, const struct scale *scale, double v)
{
	char buf[SCALE_TEXT_MAX];

	html_raw(table, "<td>%s</td>", scale_format(scale, v, buf));
}

void plot_name_cell(struct text *table, const char *name)
{
	text_str(table, "<tr><th scope=\"row\">");
	html_text(table, name);
	text_str(table, "</th>");
}

void plot_head(struct text *table, const char *columns)
{
	text_str(table, "<thead><tr>");
	for (const char *at = columns; *at; at += strcspn(at, "|"), at += *at == '|')
		html_raw(table, "<th>%.*s</th>", (int)strcspn(at, "|"), at);
	text_str(table, "</tr></thead><tbody>");
}

static const char style[] = "set datafile missing '?'\n"
			    "set border 3 linewidth 0.8\n"
			    "set tics nomirror out scale 0.5\n"
			    "set grid linetype 1 linewidth 0.6 linecolor rgb '" GRID "'\n"
			    "set key noautotitle\n";

static void put_plot(struct text *page, struct plotter *plotter, size_t number, struct drawing *d)
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
		 "<details%s><summary>Values of this plot</summary><div class=\"wide\"><table>",
		 svg.n ? "" : " open=\"open\"");
	text_put(page, d->table.s, d->table.n);
	text_str(page, "</table></div></details></figure>\n");
	text_done(&script);
	text_done(&svg);
}

#define PLOT_ROW_(name) &plot_##name,
static const struct plot *const plots[] = { PLOTS(PLOT_ROW_) };

void plots_put(struct text *page, struct plotter *plotter, struct stored_study *study,
	       const struct target *target, size_t number)
{
	for (size_t i = 0; i < ARRAY_SIZE(plots); i++) {
		struct drawing d = { .name = plots[i]->name };

		plots[i]->draw(study, target, &d);
		if (d.height)
			put_plot(page, plotter, number, &d);
		text_done(&d.script);
		text_done(&d.table);
	}
}

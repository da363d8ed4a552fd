/* SPDX-License-Identifier: GPL-2.0-only */
/* curve.c - one row for each limit and algorithm, from the records that the study stored. */
#include "curve.h"

#include <math.h>

#include "html.h"
#include "lib/base/record_json.h"
#include "lib/results/search_records.h"
#include "plot.h"
#include "scale.h"

static const struct scale percent = { 0.01, 1, "%" };

static void put_slowdown(struct text *page, const struct curve_record *c)
{
	char buf[SCALE_TEXT_MAX], low[SCALE_TEXT_MAX], high[SCALE_TEXT_MAX];

	html_raw(page, "<td>%s%s", c->n_aborted ? "at least " : "",
		 scale_format(&percent, c->slowdown_ratio, buf));
	if (!isnan(c->slowdown_low_ratio))
		html_raw(page, "<small>%s to %s</small>",
			 scale_format(&percent, c->slowdown_low_ratio, low),
			 scale_format(&percent, c->slowdown_high_ratio, high));
	else
		text_str(page, "<small>no interval</small>");
	text_str(page, "</td>");
}

static int put_point(void *ctx, const char *type UNUSED, struct json_object *json)
{
	struct scale mib = { MIB, 1, "MiB" }, count = { 1, 0, "" }, ratio = { 1, 2, "" },
		     us = { NS_PER_US, 0, "us" };
	struct text *page = ctx;
	struct curve_record c;

	if (!record_read(json, &curve_type, &c))
		return 0;
	text_str(page, "<tr><th scope=\"row\">");
	html_text(page, c.algorithm ?: "");
	text_str(page, "</th><td class=\"words\">");
	html_text(page, c.source ?: "");
	text_str(page, "</td>");
	plot_cell(page, &mib, c.limit_bytes);
	plot_cell(page, &percent, c.limit_ratio);
	plot_cell(page, &mib, c.ram_bytes);
	plot_cell(page, &percent, c.ram_ratio);
	put_slowdown(page, &c);
	plot_cell(page, &count, metric_u64(c.n));
	plot_cell(page, &count, metric_u64(c.n_killed));
	plot_cell(page, &count, c.swap_ins_per_s);
	plot_cell(page, &us, c.major_latency_p99_ns);
	plot_cell(page, &count, c.refault_file_pages);
	plot_cell(page, &ratio, c.cpu_ratio);
	text_str(page, "</tr>\n");
	return 0;
}

void curve_put(struct text *page, const struct target *target)
{
	if (!target->curve)
		return;
	text_str(
		page,
		"<h3 id=\"curve\">Slowdown against RAM</h3>\n<p class=\"soft\">Each limit that was "
		"tried. Points of the search chose the limits and have no interval; pairs are "
		"blocks of a limited run and a reference run. RAM is the mean of program + pool + "
		"slot table, in % of the reference runs' mean.</p>\n<div class=\"wide\"><table "
		"class=\"dense\"><thead><tr><th>pool</th><th class=\"words\">from</th><th>limit, "
		"MiB</th><th>limit, %</th><th>RAM, MiB</th><th>RAM, %</th><th>more time, "
		"%</th><th>n</th><th>killed</th><th>swap-ins a second</th><th>fault p99, "
		"us</th><th>file refaults</th><th>CPU, ratio</th></tr></thead><tbody>\n");
	record_each_line(target->curve, put_point, page);
	text_str(page, "</tbody></table></div>\n");
}

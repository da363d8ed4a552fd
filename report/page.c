/* SPDX-License-Identifier: GPL-2.0-only */
/* page.c - the sections: the answer, each target, what was left out, the machine, the method.
 *
 * Numbers come ready from data.c; here they are only laid out.
 */
#include "page.h"

#include <math.h>

#include "curve.h"
#include "html.h"
#include "plot.h"
#include "scale.h"

/* Our markup around one hostile string. */
static void put_in(struct text *page, const char *before, const char *s, const char *after)
{
	text_str(page, before);
	html_text(page, s);
	text_str(page, after);
}

/* ---- the answer ---- */

/* Every line of the text as a paragraph. */
static void put_lines(struct text *page, const char *before, const char *lines, const char *after)
{
	char *copy AUTO_FREE = strdup(lines);
	char *rest = copy, *line;

	while (rest && (line = strsep(&rest, "\n")))
		if (line[0])
			put_in(page, before, line, after);
	page->failed |= !copy;
}

static void put_answer(struct text *page, const struct stored_study *study)
{
	text_str(page, "<h1>Results of RAM compression on this machine</h1>\n<p class=\"soft\">");
	put_in(page, "Study of ", study->started, "");
	put_in(page, ", ", study->version, "");
	if (isfinite(study->limit_ratio))
		html_raw(page, ", limit %.0f %% of the reference peak", 100 * study->limit_ratio);
	if (study->blocks)
		html_raw(page, ", %lld block%s", (long long)study->blocks,
			 study->blocks == 1 ? "" : "s");
	put_in(page, ", seed ", study->seed, "</p>\n");
	if (!str_eq(study->state, "done"))
		put_in(page, "<p class=\"missing\">This study did not finish: ", study->state,
		       ". The page shows what was measured before its end.</p>\n");
	text_str(page, "<section class=\"answer\">");
	if (study->recommended)
		put_lines(page,
			  isfinite(study->limit_ratio) ? "<p class=\"recommended\">recommended: "
						       : "<p class=\"recommended\">",
			  study->recommended, "</p>\n");
	if (study->answer)
		put_lines(page, "<p>", study->answer, "</p>\n");
	if (!study->recommended && !study->answer)
		text_str(page, "<p>The results database has no answer for this study.</p>");
	text_str(page, "</section>\n");
}

/* ---- key values ---- */

/* What most values of a configuration rest on. */
static size_t timed_runs(const struct configuration *c)
{
	return data_value(c, METRIC_wall_ns)->n;
}

static void put_heads(struct text *page, const struct target *target)
{
	struct scale mib = scale_for(METRIC_BYTES, 100 * MIB);
	char buf[SCALE_TEXT_MAX];

	text_str(page, "<thead><tr><th>median; smallest to largest run</th><th></th>");
	for (size_t i = 0; i < target->n_configurations; i++) {
		const struct configuration *c = &target->configurations[i];

		put_in(page, "<th scope=\"col\">", c->name, "<small>");
		if (isfinite(c->limit_bytes))
			html_raw(page, "limit %s MiB", scale_format(&mib, c->limit_bytes, buf));
		else
			text_str(page, "no limit");
		html_raw(page, "</small><small>n = %zu</small></th>", timed_runs(c));
	}
	text_str(page, "</tr></thead>\n");
}

static void put_value_cell(struct text *page, const struct configuration *c, int metric,
			   const struct scale *scale)
{
	const struct compare_value *v = data_value(c, metric);
	char buf[SCALE_TEXT_MAX], low[SCALE_TEXT_MAX], high[SCALE_TEXT_MAX];

	html_raw(page, "<td>%s", scale_format(scale, v->value, buf));
	scale_format(scale, v->min, low);
	scale_format(scale, v->max, high);
	if (v->n > 1 && str_eq(low, high))
		text_str(page, "<small>in every run</small>");
	else if (v->n > 1)
		html_raw(page, "<small>%s to %s</small>", low, high);
	if (v->n && !v->timed)
		text_str(page, "<small>probed run</small>");
	else if (v->n && v->n != timed_runs(c))
		html_raw(page, "<small>n = %zu</small>", v->n);
	text_str(page, "</td>");
}

static void put_row(struct text *page, const struct target *target, int metric)
{
	static const char *const better[] = {
		[METRIC_LESS] = "lower is better",
		[METRIC_MORE] = "higher is better",
		[METRIC_EITHER] = "",
	};
	const struct metric *m = &metrics[metric];
	double largest = 0;
	struct scale scale;

	for (size_t i = 0; i < target->n_configurations; i++)
		largest =
			fmax(largest, fabs(data_value(&target->configurations[i], metric)->value));
	scale = scale_for(m->unit, largest);
	html_raw(page, "<tr%s><th scope=\"row\" title=\"%s\">%s</th><td class=\"unit\">%s</td>",
		 metric == METRIC_slowdown_ratio || metric == METRIC_saved_ratio ? " class=\"key\""
										 : "",
		 better[m->better], m->label, scale.unit);
	for (size_t i = 0; i < target->n_configurations; i++)
		put_value_cell(page, &target->configurations[i], metric, &scale);
	text_str(page, "</tr>\n");
}

static void put_key_values(struct text *page, const struct target *target)
{
	text_str(page, "<h3>Key values</h3>\n<div class=\"wide\"><table>");
	put_heads(page, target);
	text_str(page, "<tbody>\n");
	for (size_t g = 0; g < METRIC_GROUPS; g++) {
		html_raw(page, "<tr class=\"group\"><th colspan=\"%zu\">%s</th></tr>\n",
			 target->n_configurations + 2, metric_group_labels[g]);
		for (int i = 0; i < METRICS_N; i++)
			if (metrics[i].group == g && metrics[i].label)
				put_row(page, target, i);
	}
	text_str(page, "</tbody></table></div>\n");
}

/* ---- the policy ---- */

static void put_ranking(struct text *page, const struct target *target)
{
	struct scale percent = { 1, 1, "%" }, ms = { 1, 1, "ms" }, score = { KIB, 1, "KiB/ms" },
		     count = scale_for(METRIC_PAGES, 1), price = { 1, 2, "GiB/core" };
	char buf[SCALE_TEXT_MAX];
	struct scale ratio = scale_for(METRIC_RATIO, 1);

	if (!target->n_rankings)
		return;
	html_raw(page,
		 "<h3>The policy's ranking</h3>\n<p class=\"soft\">fair score = bytes saved / "
		 "(compress CPU + readback factor × decompress CPU), at the readback factor of %s. "
		 "RAM saved includes size-class rounding, codec saved is compressed bytes alone. "
		 "CPU "
		 "times are those of the libraries, unless a note below names the calibration by "
		 "which they were scaled to the kernel's codecs.</p>\n",
		 scale_format(&ratio, target->rankings[0].readback_factor, buf));
	text_str(page, "<div class=\"wide\"><table "
		       "class=\"dense\"><thead><tr><th>codec</th><th>rank</th><th "
		       "class=\"words\">tier</th><th>RAM saved<small>%</small></th><th>codec "
		       "saved<small>%</small></th><th>compress<small>CPU "
		       "ms</small></th><th>decompress<small>CPU ms</small></th><th>fair "
		       "score<small>KiB/ms</small></th><th>value<small>GiB/core</small></th><th "
		       "class=\"words\">why</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < target->n_rankings; i++) {
		const struct ranking *r = &target->rankings[i];

		put_in(page,
		       r->recommended ? "<tr class=\"chosen\"><th scope=\"row\">"
				      : "<tr><th scope=\"row\">",
		       r->codec,
		       r->recommended ? " <span class=\"tag\">the policy's choice</span></th>"
				      : "</th>");
		plot_cell(page, &count, r->place ? (double)r->place : MISSING_F64);
		put_in(page, "<td class=\"words\">", r->tier, "</td>");
		plot_cell(page, &percent, 100 * r->saved_slot_bytes / r->total_bytes);
		plot_cell(page, &percent, 100 * r->saved_codec_bytes / r->total_bytes);
		plot_cell(page, &ms, r->compress_cpu_ms);
		plot_cell(page, &ms, r->decompress_cpu_ms);
		plot_cell(page, &score, r->fair_score);
		plot_cell(page, &price, r->value_gib_per_core);
		put_in(page, "<td class=\"words why\">", r->reason, "</td></tr>\n");
	}
	text_str(page, "</tbody></table></div>\n");
}

/* ---- residence ---- */

static void put_stays(struct text *page, const struct target *target)
{
	const struct configuration *longest = NULL;
	struct scale percent = { 1, 1, "%" };
	char buf[SCALE_TEXT_MAX];

	for (size_t i = 0; i < target->n_configurations; i++) {
		if (target->configurations[i].n_stays > (longest ? longest->n_stays : 0))
			longest = &target->configurations[i];
	}
	if (!longest)
		return;
	text_str(page, "<h3>Residence of pages in the pool</h3>\n<p class=\"soft\">Share of the "
		       "pages written that were not read by this age, in %: Kaplan-Meier estimate "
		       "of pool_probe in the probed run.</p>\n<div class=\"wide\"><table "
		       "class=\"dense\"><thead><tr><th>pool</th>");
	for (size_t i = 0; i < longest->n_stays; i++) {
		double age = longest->stays[i].age_ns;
		struct scale scale = scale_for(METRIC_NS, age);

		scale.decimals = 0;
		html_raw(page, "<th>%s<small>%s</small></th>", scale_format(&scale, age, buf),
			 scale.unit);
	}
	text_str(page, "</tr></thead><tbody>\n");
	for (size_t i = 0; i < target->n_configurations; i++) {
		const struct configuration *c = &target->configurations[i];

		if (!c->n_stays)
			continue;
		put_in(page, "<tr><th scope=\"row\">", c->name, "</th>");
		for (size_t k = 0; k < longest->n_stays; k++)
			plot_cell(page, &percent,
				  k < c->n_stays ? 100 * c->stays[k].share : MISSING_F64);
		text_str(page, "</tr>\n");
	}
	text_str(page, "</tbody></table></div>\n");
}

/* ---- every run ---- */

static void put_runs(struct text *page, const struct target *target)
{
	struct scale s = { (double)NS_PER_S, 2, "s" }, mib = { MIB, 1, "MiB" },
		     count = scale_for(METRIC_PAGES, 1);

	text_str(page, "<details><summary>Every run</summary><div "
		       "class=\"wide\"><table><thead><tr><th>configuration</th><th>block</"
		       "th><th>position</"
		       "th><th class=\"words\">kind</th><th class=\"words\">state</th><th>wall, "
		       "s</th><th>CPU, s</th><th>major faults</th><th>pool, MiB</th><th "
		       "class=\"words\">reason</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < target->n_configurations; i++) {
		for (size_t j = 0; j < target->configurations[i].n_runs; j++) {
			const struct results_run *run = &target->configurations[i].runs[j];
			const struct metrics *m = &run->metrics;

			put_in(page, "<tr><th scope=\"row\">", target->configurations[i].name,
			       "</th>");
			plot_cell(page, &count, (double)run->block);
			plot_cell(page, &count, (double)run->position);
			put_in(page, "<td class=\"words\">", results_run_kinds[run->kind], "</td>");
			put_in(page,
			       results_run_counts(run) ? "<td class=\"words\">"
						       : "<td class=\"words warn\">",
			       results_run_states[run->state], "</td>");
			plot_cell(page, &s, m->wall_ns);
			plot_cell(page, &s, m->cpu_ns);
			plot_cell(page, &count, m->major_faults);
			plot_cell(page, &mib, m->pool_used_bytes_peak);
			put_in(page, "<td class=\"words\">", run->reason, "</td></tr>\n");
		}
	}
	text_str(page, "</tbody></table></div></details>\n");
}

static void put_target(struct text *page, struct plotter *plotter, struct stored_study *study,
		       const struct target *target, size_t number)
{
	html_raw(page, "<section><h2 id=\"target%zu\">", number);
	put_in(page, "", target->name, "</h2>\n");
	if (target->argv)
		put_in(page, "<p class=\"soft\"><code>", target->argv, "</code></p>\n");
	curve_put(page, target);
	plots_put(page, plotter, study, target, number);
	put_key_values(page, target);
	put_stays(page, target);
	put_ranking(page, target);
	put_runs(page, target);
	text_str(page, "</section>\n");
}

/* ---- what did not count ---- */

static size_t put_uncounted_runs(struct text *page, const struct stored_study *study)
{
	size_t n = 0;

	for (size_t s = 0; s < study->n_targets; s++) {
		for (size_t a = 0; a < study->targets[s].n_configurations; a++) {
			const struct configuration *c = &study->targets[s].configurations[a];

			for (size_t i = 0; i < c->n_runs; i++) {
				const struct results_run *run = &c->runs[i];

				if (run->state == RESULTS_RUN_OK)
					continue;
				put_in(page, "<tr><th scope=\"row\">", study->targets[s].name, "");
				put_in(page, " under ", c->name, "");
				html_raw(page, ", block %lld</th>", (long long)run->block);
				put_in(page, "<td class=\"words warn\">",
				       results_run_states[run->state], "</td>");
				put_in(page, "<td class=\"words\">", run->reason, "</td></tr>\n");
				n++;
			}
		}
	}
	return n;
}

static void put_left_out(struct text *page, const struct stored_study *study,
			 const struct plotter *plotter)
{
	struct text rows = { 0 };
	size_t n = put_uncounted_runs(&rows, study);

	text_str(page, "<section><h2>Left out, and why</h2>\n");
	if (plotter->absent)
		text_str(page, "<p class=\"missing\">gnuplot is not installed, so this page has "
			       "tables only. With it (package gnuplot-nox or gnuplot), "
			       "<code>coldpress report</code> draws the plots.</p>\n");
	for (size_t i = 0; i < study->n_notes; i++) {
		const struct pair *note = &study->notes[i];

		put_in(&rows, "<tr><th scope=\"row\">", note->key, "</th>");
		put_in(&rows, "<td class=\"words warn\">", note->kind, "</td>");
		put_in(&rows, "<td class=\"words\">", note->value, "</td></tr>\n");
	}
	if (n + study->n_notes) {
		text_str(page, "<div class=\"wide\"><table><thead><tr><th>what</th><th "
			       "class=\"words\">state</th><th "
			       "class=\"words\">why</th></tr></thead><tbody>\n");
		text_put(page, rows.s, rows.n);
		text_str(page, "</tbody></table></div>\n");
	} else {
		text_str(page,
			 "<p>Nothing was left out: all planned runs were made and counted.</p>\n");
	}
	text_str(page, "</section>\n");
	text_done(&rows);
}

/* ---- where and how ---- */

static void put_method(struct text *page, const struct stored_study *study)
{
	text_str(page,
		 "<section><h2>How it was measured</h2>\n"
		 "<p>Each target first runs without a limit: the peak of its anonymous and shared "
		 "memory is the 100 %, and its pages give the prediction. Then it runs under the "
		 "limit, once a block with a fresh pool of each algorithm; the order within a "
		 "block is shuffled by the seed. Timed runs carry counters only; probes and scans "
		 "have a run of their own.</p>\n"
		 "<p>Cells of the table give the median and, below it, the smallest and the "
		 "largest run; n is the number of runs behind them. The slowdown is the "
		 "Hodges-Lehmann estimate of the ratios within blocks, on a logarithmic scale. "
		 "Runs that are ok or unsettled count; contaminated and failed ones are shown and "
		 "never averaged. A dash means that the value is missing.</p>\n<dl>");
	for (size_t i = 0; i < METRICS_N; i++)
		if (metrics[i].label)
			html_raw(page, "<dt>%s</dt><dd>%s</dd>", metrics[i].label,
				 metrics[i].meaning);
	text_str(page, "</dl>\n<h3>To repeat it</h3>\n");
	put_in(page, "<pre>", study->argv, "</pre>\n");
	put_in(page, "<p class=\"soft\">seed ", study->seed, "");
	put_in(page, ", study <code>", study->id, "</code></p>\n");
	put_in(page, "<details><summary>Effective settings</summary><pre>", study->settings,
	       "</pre></details></section>\n");
}

static void put_environment(struct text *page, const struct stored_study *study)
{
	text_str(page, "<section><h2>The machine</h2>\n");
	if (!study->n_environment)
		text_str(page, "<p>The results database has no description of the machine.</p>\n");
	else
		text_str(page, "<div class=\"wide\"><table><tbody>\n");
	for (size_t i = 0; i < study->n_environment; i++) {
		put_in(page, "<tr><th scope=\"row\">", study->environment[i].key, "</th>");
		put_in(page, "<td class=\"words\">", study->environment[i].value, "</td></tr>\n");
	}
	text_str(page,
		 study->n_environment ? "</tbody></table></div></section>\n" : "</section>\n");
}

void page_put(struct text *page, struct plotter *plotter, struct stored_study *study)
{
	text_str(page, "<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" "
		       "lang=\"en\">\n<head>\n"
		       "<meta charset=\"utf-8\"/>\n<meta name=\"viewport\" "
		       "content=\"width=device-width, initial-scale=1\"/>\n"
		       "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		       "style-src 'unsafe-inline'\"/>\n");
	put_in(page, "<title>coldpress study of ", study->started, "</title>\n<style>\n");
	text_str(page, page_style);
	text_str(page, "</style>\n</head>\n<body>\n<main>\n");
	put_answer(page, study);
	for (size_t i = 0; i < study->n_targets; i++)
		put_target(page, plotter, study, &study->targets[i], i + 1);
	put_left_out(page, study, plotter);
	put_environment(page, study);
	put_method(page, study);
	text_str(page, "</main>\n</body>\n</html>\n");
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* page.c - the sections, in a reader's order: the answer, each target, what did not count, where
 * and how.
 *
 * Numbers come ready from data.c; here they are only laid out.
 */
#include "page.h"

#include <math.h>

#include "figures.h"
#include "html.h"

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

static void put_answer(struct text *page, const struct study *study)
{
	text_str(page, "<h1>What RAM compression does here</h1>\n<p class=\"soft\">");
	put_in(page, "Study of ", study->started, "");
	put_in(page, ", ", study->version, "");
	if (isfinite(study->limit_ratio))
		html_raw(page, ", limit %.0f %% of the reference peak", 100 * study->limit_ratio);
	html_raw(page, ", %lld block%s", (long long)study->blocks, study->blocks == 1 ? "" : "s");
	put_in(page, ", seed ", study->seed, "</p>\n");
	if (!str_eq(study->state, "done"))
		put_in(page,
		       "<p class=\"missing\">This study did not come to its end: ", study->state,
		       ". What follows is what was measured until then.</p>\n");
	text_str(page, "<section class=\"answer\">");
	if (study->recommended)
		put_lines(page, "<p class=\"recommended\">recommended: ", study->recommended,
			  "</p>\n");
	if (study->answer)
		put_lines(page, "<p>", study->answer, "</p>\n");
	if (!study->recommended && !study->answer)
		text_str(page, "<p>The store holds no answer for this study.</p>");
	text_str(page, "</section>\n");
}

/* ---- key figures ---- */

struct group {
	const char *title;
	enum quantity rows[12];
	size_t n;
};

static const struct group groups[] = {
	{ "Time",
	  { SLOWDOWN_RATIO, WALL_NS, CPU_NS, USER_NS, SYSTEM_NS, PSI_SOME_US, PSI_FULL_US },
	  7 },
	{ "Memory",
	  { SAVED_PERCENT, SAVED_BYTES, FOOTPRINT_BYTES_PEAK, FOOTPRINT_BYTES_MEAN, RAM_BYTES_PEAK,
	    RAM_BYTES_MEAN, SWAP_BYTES_PEAK },
	  7 },
	{ "Pool",
	  { POOL_USED_BYTES_PEAK, POOL_USED_BYTES_MEAN, POOL_COMPR_BYTES_PEAK, POOL_ORIG_BYTES_PEAK,
	    SLOT_TABLE_BYTES, FOREIGN_SWAP_BYTES },
	  6 },
	{ "Pages of the pool",
	  { PAGES_OUT, PAGES_IN, READBACK_FACTOR, RESIDENCE_NS, SURVIVAL_P50_NS, CENSORED_PERCENT,
	    RESULTS_P50_NS, RESULTS_P99_NS, LOAD_P50_NS, LOAD_P99_NS, POOL_NS, POOL_PAGE_NS },
	  12 },
	{ "Faults",
	  { MAJOR_FAULTS, MINOR_FAULTS, MAJOR_LATENCY_P50_NS, MAJOR_LATENCY_P99_NS,
	    MAJOR_LATENCY_MAX_NS },
	  5 },
};

/* What most figures of an arm rest on. */
static size_t arm_n(const struct arm *arm)
{
	return arm->figures[WALL_NS].n;
}

static void put_arm_heads(struct text *page, const struct target *target)
{
	struct scale mib = scale_for(UNIT_BYTES, 100 * MIB);
	char buf[QUANTITY_TEXT_MAX];

	text_str(page, "<thead><tr><th>median, and from smallest to largest</th><th></th>");
	for (size_t i = 0; i < target->n_arms; i++) {
		const struct arm *arm = &target->arms[i];

		put_in(page, "<th scope=\"col\">", arm->name, "<small>");
		if (isfinite(arm->limit_bytes))
			html_raw(page, "limit %s MiB", scale_format(&mib, arm->limit_bytes, buf));
		else
			text_str(page, "no limit");
		html_raw(page, "</small><small>n = %zu</small></th>", arm_n(arm));
	}
	text_str(page, "</tr></thead>\n");
}

static void put_figure_cell(struct text *page, const struct arm *arm, enum quantity q,
			    const struct scale *scale)
{
	const struct figure *f = &arm->figures[q];
	char buf[QUANTITY_TEXT_MAX], low[QUANTITY_TEXT_MAX], high[QUANTITY_TEXT_MAX];
	/* The estimate that the interval and the figure use. */
	double centre = q == SLOWDOWN_RATIO && isfinite(arm->slowdown) ? arm->slowdown : f->median;

	html_raw(page, "<td>%s", scale_format(scale, centre, buf));
	scale_format(scale, f->low, low);
	scale_format(scale, f->high, high);
	if (f->n > 1 && str_eq(low, high))
		text_str(page, "<small>in every run</small>");
	else if (f->n > 1)
		html_raw(page, "<small>%s to %s</small>", low, high);
	if (f->n && f->probed)
		text_str(page, "<small>probed run</small>");
	else if (f->n && f->n != arm_n(arm))
		html_raw(page, "<small>n = %zu</small>", f->n);
	text_str(page, "</td>");
}

static void put_row(struct text *page, const struct target *target, enum quantity q)
{
	const struct quantity_kind *kind = &quantity_kinds[q];
	double largest = 0;
	struct scale scale;

	for (size_t i = 0; i < target->n_arms; i++)
		largest = fmax(largest, fabs(target->arms[i].figures[q].median));
	scale = scale_for(kind->unit, largest);
	html_raw(page, "<tr%s><th scope=\"row\">%s</th><td class=\"unit\">%s</td>",
		 q == SLOWDOWN_RATIO || q == SAVED_PERCENT ? " class=\"key\"" : "", kind->label,
		 scale.unit);
	for (size_t i = 0; i < target->n_arms; i++)
		put_figure_cell(page, &target->arms[i], q, &scale);
	text_str(page, "</tr>\n");
}

static void put_key_figures(struct text *page, const struct target *target)
{
	text_str(page, "<h3>Key figures</h3>\n<div class=\"wide\"><table>");
	put_arm_heads(page, target);
	text_str(page, "<tbody>\n");
	for (size_t g = 0; g < ARRAY_SIZE(groups); g++) {
		html_raw(page, "<tr class=\"group\"><th colspan=\"%zu\">%s</th></tr>\n",
			 target->n_arms + 2, groups[g].title);
		for (size_t i = 0; i < groups[g].n; i++)
			put_row(page, target, groups[g].rows[i]);
	}
	text_str(page, "</tbody></table></div>\n");
}

/* ---- the policy ---- */

static void put_cell(struct text *page, const struct scale *scale, double v)
{
	char buf[QUANTITY_TEXT_MAX];

	html_raw(page, "<td>%s</td>", scale_format(scale, v, buf));
}

static void put_ranking(struct text *page, const struct target *target)
{
	struct scale percent = scale_for(UNIT_PERCENT, 100), ms = { 1, 1, "ms" },
		     score = { KIB, 1, "KiB/ms" }, count = scale_for(UNIT_COUNT, 1),
		     price = { 1, 2, "GiB/core" };
	char buf[QUANTITY_TEXT_MAX];
	struct scale ratio = scale_for(UNIT_RATIO, 1);

	if (!target->n_rankings)
		return;
	html_raw(page,
		 "<h3>The policy's ranking</h3>\n<p class=\"soft\">fair score = bytes saved / "
		 "(compress CPU + readback factor × decompress CPU), at the readback factor of %s. "
		 "RAM saved counts whole slots, codec saved the codec's own bytes. CPU times are "
		 "those of the libraries, unless a note below names the calibration by which they "
		 "are the kernel's.</p>\n",
		 scale_format(&ratio, target->rankings[0].readback_factor, buf));
	text_str(page, "<div class=\"wide\"><table "
		       "class=\"dense\"><thead><tr><th>codec</th><th>place</th><th "
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
		put_cell(page, &count, r->place ? (double)r->place : MISSING_F64);
		put_in(page, "<td class=\"words\">", r->tier, "</td>");
		put_cell(page, &percent, 100 * r->saved_slot_bytes / r->total_bytes);
		put_cell(page, &percent, 100 * r->saved_codec_bytes / r->total_bytes);
		put_cell(page, &ms, r->compress_cpu_ms);
		put_cell(page, &ms, r->decompress_cpu_ms);
		put_cell(page, &score, r->fair_score);
		put_cell(page, &price,
			 str_eq(r->tier, "heavy") ? r->value_gib_per_core : MISSING_F64);
		put_in(page, "<td class=\"words why\">", r->reason, "</td></tr>\n");
	}
	text_str(page, "</tbody></table></div>\n");
}

/* ---- how long pages stay out ---- */

static void put_stays(struct text *page, const struct target *target)
{
	const struct arm *longest = NULL;
	struct scale percent = scale_for(UNIT_PERCENT, 100);
	char buf[QUANTITY_TEXT_MAX];

	for (size_t i = 0; i < target->n_arms; i++) {
		if (target->arms[i].n_stays > (longest ? longest->n_stays : 0))
			longest = &target->arms[i];
	}
	if (!longest)
		return;
	text_str(page, "<h3>How long pages stay out</h3>\n<p class=\"soft\">The share of the pages "
		       "stored that are not back so long afterwards, in %; those never loaded "
		       "count as out for as long as they were watched (pool_probe in the probed "
		       "run, Kaplan-Meier).</p>\n<div class=\"wide\"><table "
		       "class=\"dense\"><thead><tr><th>pool</th>");
	for (size_t i = 0; i < longest->n_stays; i++) {
		double age = longest->stays[i].age_ns;
		struct scale scale = scale_for(UNIT_NS, age);

		scale.decimals = 0;
		html_raw(page, "<th>%s<small>%s</small></th>", scale_format(&scale, age, buf),
			 scale.unit);
	}
	text_str(page, "</tr></thead><tbody>\n");
	for (size_t i = 0; i < target->n_arms; i++) {
		const struct arm *arm = &target->arms[i];

		if (!arm->n_stays)
			continue;
		put_in(page, "<tr><th scope=\"row\">", arm->name, "</th>");
		for (size_t k = 0; k < longest->n_stays; k++)
			put_cell(page, &percent,
				 k < arm->n_stays ? 100 * arm->stays[k].out : MISSING_F64);
		text_str(page, "</tr>\n");
	}
	text_str(page, "</tbody></table></div>\n");
}

/* ---- every run ---- */

static void put_runs(struct text *page, const struct target *target)
{
	struct scale s = { (double)NS_PER_S, 2, "s" }, mib = { MIB, 1, "MiB" },
		     count = scale_for(UNIT_COUNT, 1);

	text_str(page, "<details><summary>Every run</summary><div "
		       "class=\"wide\"><table><thead><tr><th>arm</th><th>block</th><th>position</"
		       "th><th class=\"words\">kind</th><th class=\"words\">state</th><th>wall, "
		       "s</th><th>CPU, s</th><th>major faults</th><th>pool, MiB</th><th "
		       "class=\"words\">reason</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < target->n_arms; i++) {
		for (size_t j = 0; j < target->arms[i].n_runs; j++) {
			const struct run *run = &target->arms[i].runs[j];

			put_in(page, "<tr><th scope=\"row\">", target->arms[i].name, "</th>");
			put_cell(page, &count, (double)run->block);
			put_cell(page, &count, (double)run->position);
			put_in(page, "<td class=\"words\">", run->kind, "</td>");
			put_in(page,
			       run->counts ? "<td class=\"words\">" : "<td class=\"words warn\">",
			       run->state, "</td>");
			put_cell(page, &s, run->value[WALL_NS]);
			put_cell(page, &s, run->value[CPU_NS]);
			put_cell(page, &count, run->value[MAJOR_FAULTS]);
			put_cell(page, &mib, run->value[POOL_USED_BYTES_PEAK]);
			put_in(page, "<td class=\"words\">", run->reason ? run->reason : "",
			       "</td></tr>\n");
		}
	}
	text_str(page, "</tbody></table></div></details>\n");
}

static void put_target(struct text *page, struct plotter *plotter, struct study *study,
		       const struct target *target, size_t number)
{
	html_raw(page, "<section><h2 id=\"target%zu\">", number);
	put_in(page, "", target->name, "</h2>\n");
	if (target->argv)
		put_in(page, "<p class=\"soft\"><code>", target->argv, "</code></p>\n");
	figures_put(page, plotter, study, target, number);
	put_key_figures(page, target);
	put_stays(page, target);
	put_ranking(page, target);
	put_runs(page, target);
	text_str(page, "</section>\n");
}

/* ---- what did not count ---- */

static size_t put_uncounted_runs(struct text *page, const struct study *study)
{
	size_t n = 0;

	for (size_t s = 0; s < study->n_targets; s++) {
		for (size_t a = 0; a < study->targets[s].n_arms; a++) {
			const struct arm *arm = &study->targets[s].arms[a];

			for (size_t i = 0; i < arm->n_runs; i++) {
				const struct run *run = &arm->runs[i];

				if (str_eq(run->state, "ok"))
					continue;
				put_in(page, "<tr><th scope=\"row\">", study->targets[s].name, "");
				put_in(page, " under ", arm->name, "");
				html_raw(page, ", block %lld</th>", (long long)run->block);
				put_in(page, "<td class=\"words warn\">", run->state, "</td>");
				put_in(page, "<td class=\"words\">", run->reason, "</td></tr>\n");
				n++;
			}
		}
	}
	return n;
}

static void put_left_out(struct text *page, const struct study *study,
			 const struct plotter *plotter)
{
	struct text rows = { 0 };
	size_t n = put_uncounted_runs(&rows, study);

	text_str(page, "<section><h2>Left out, and why</h2>\n");
	if (plotter->absent)
		text_str(page, "<p class=\"missing\">gnuplot is not installed, so this page has "
			       "tables only. With it (package gnuplot-nox or gnuplot), "
			       "<code>coldpress report</code> draws the figures.</p>\n");
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
			 "<p>Nothing: every run that was planned was made and counted.</p>\n");
	}
	text_str(page, "</section>\n");
	text_done(&rows);
}

/* ---- where and how ---- */

static void put_method(struct text *page, const struct study *study)
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
		 "never averaged. A dash means that there is no such figure.</p>\n<dl>");
	for (int q = 0; q < QUANTITIES; q++)
		if (quantity_kinds[q].meaning)
			html_raw(page, "<dt>%s</dt><dd>%s</dd>", quantity_kinds[q].label,
				 quantity_kinds[q].meaning);
	text_str(page, "</dl>\n<h3>To repeat it</h3>\n");
	put_in(page, "<pre>", study->argv, "</pre>\n");
	put_in(page, "<p class=\"soft\">seed ", study->seed, "");
	put_in(page, ", study <code>", study->id, "</code></p>\n");
	put_in(page, "<details><summary>Effective settings</summary><pre>", study->settings,
	       "</pre></details></section>\n");
}

static void put_environment(struct text *page, const struct study *study)
{
	text_str(page, "<section><h2>The machine</h2>\n");
	if (!study->n_environment)
		text_str(page, "<p>The store holds no description of it.</p>\n");
	else
		text_str(page, "<div class=\"wide\"><table><tbody>\n");
	for (size_t i = 0; i < study->n_environment; i++) {
		put_in(page, "<tr><th scope=\"row\">", study->environment[i].key, "</th>");
		put_in(page, "<td class=\"words\">", study->environment[i].value, "</td></tr>\n");
	}
	text_str(page,
		 study->n_environment ? "</tbody></table></div></section>\n" : "</section>\n");
}

void page_put(struct text *page, struct plotter *plotter, struct study *study)
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

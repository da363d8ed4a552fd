/* SPDX-License-Identifier: GPL-2.0-only */
/* text.c - tables for a terminal, a summary, a recommendation. */
#include "text.h"

const char *text_size(double bytes, char buf[UNITS_TEXT_MAX])
{
	char magnitude[UNITS_TEXT_MAX];

	if (isnan(bytes))
		return strcpy(buf, "-");
	units_format_size((uint64_t)fabs(bytes), magnitude);
	snprintf(buf, UNITS_TEXT_MAX, "%s%.30s", bytes < 0 ? "-" : "", magnitude);
	return buf;
}

const char *text_time(double ns, char buf[UNITS_TEXT_MAX])
{
	return isnan(ns) ? strcpy(buf, "-") : units_format_duration((uint64_t)ns, buf);
}

static const char *percent_text(double ratio, const char *format, char buf[UNITS_TEXT_MAX])
{
	if (isnan(ratio))
		return strcpy(buf, "-");
	snprintf(buf, UNITS_TEXT_MAX, format, ratio * 100);
	return buf;
}

const char *text_number(double v, const char *format, char buf[UNITS_TEXT_MAX])
{
	if (isnan(v))
		return strcpy(buf, "-");
	snprintf(buf, UNITS_TEXT_MAX, format, v);
	return buf;
}

/* ---- tables ---- */

#define RUN_COLUMNS "  %-8s %10s %10s  %-19s %9s  %-19s %3s  %-18s %9s %9s"

static void print_configuration(FILE *f, const struct configuration_record *c)
{
	char b[8][UNITS_TEXT_MAX], range[80], n[24], saved[64] = "-", slowdown[64] = "-";
	bool compared = !isnan(c->m.saved_bytes);

	if (compared)
		snprintf(saved, sizeof(saved), "%s (%.0f %%)", text_size(c->m.saved_bytes, b[0]),
			 c->m.saved_ratio * 100);
	snprintf(range, sizeof(range), "%s - %s", text_time(c->wall_min_ns, b[1]),
		 text_time(c->wall_max_ns, b[2]));
	snprintf(n, sizeof(n), "%u", (unsigned int)c->n);
	if (compared && !isnan(c->slowdown_low_ratio))
		snprintf(slowdown, sizeof(slowdown), "%.2f [%.2f, %.2f]", c->m.slowdown_ratio,
			 c->slowdown_low_ratio, c->slowdown_high_ratio);
	else if (compared && !isnan(c->m.slowdown_ratio))
		snprintf(slowdown, sizeof(slowdown), "%.2f", c->m.slowdown_ratio);
	fprintf(f, RUN_COLUMNS, c->configuration, text_size(c->m.footprint_bytes_peak, b[3]),
		text_size(c->m.footprint_bytes_mean, b[4]), saved, text_time(c->m.wall_ns, b[5]),
		range, n, slowdown, text_number(c->m.pages_out, "%.0f", b[6]),
		text_number(c->m.pages_in, "%.0f", b[7]));
	if (c->n_failed)
		fprintf(f, "  (%u more failed)", (unsigned int)c->n_failed);
	fputc('\n', f);
}

/* What a page costs, and whether the pool was as large as predicted. */
#define POOL_COLUMNS "  %-8s %9s %9s %9s  %9s  %9s %10s %10s %8s %11s %8s\n"

static void print_pools(FILE *f, const struct target_answer *a)
{
	fprintf(f, "\n" POOL_COLUMNS, "pool", "fault p50", "p99", "longest", "CPU/page", "pages",
		"predicted", "measured", "error", "compressed", "overhead");
	for (size_t i = 1; i < a->n; i++) {
		const struct prediction_record *p = &a->predictions[i];
		const struct configuration_record *c = &a->configurations[i];
		char b[10][UNITS_TEXT_MAX];

		fprintf(f, POOL_COLUMNS, c->configuration,
			text_time(c->m.major_latency_p50_ns, b[0]),
			text_time(c->m.major_latency_p99_ns, b[1]),
			text_time(c->m.major_latency_max_ns, b[2]),
			text_time(c->m.kernel_page_ns, b[3]), text_number(p->pages, "%.0f", b[4]),
			text_size(p->predicted_used_bytes, b[5]),
			text_size(p->measured_used_bytes, b[6]),
			percent_text(p->error_ratio, p->approximate ? "~%+.1f %%" : "%+.1f %%",
				     b[7]),
			percent_text(p->compr_error_ratio, "%+.1f %%", b[8]),
			percent_text(1 - p->measured_compr_bytes / p->measured_used_bytes,
				     "%.0f %%", b[9]));
	}
}

static bool any_by_probe(const struct target_answer *a)
{
	for (size_t i = 1; i < a->n; i++) {
		if (a->configurations[i].by_probe)
			return true;
	}
	return false;
}

/* What pool_probe saw of each page, in the probed run. */
#define PAGE_COLUMNS "  %-8s %9s %9s  %9s %9s  %9s %9s  %8s  %9s %9s %12s\n"

static void print_pages(FILE *f, const struct target_answer *a)
{
	if (!any_by_probe(a))
		return;
	fprintf(f, "\n" PAGE_COLUMNS, "", "write", "", "read", "", "in-pool", "", "", "residence",
		"", "not");
	fprintf(f, PAGE_COLUMNS, "pool", "p50", "p99", "p50", "p99", "CPU/page", "of codec",
		"readback", "median", "mean", "reloaded");
	for (size_t i = 1; i < a->n; i++) {
		const struct metrics *m = &a->configurations[i].m;
		char b[10][UNITS_TEXT_MAX];

		fprintf(f, PAGE_COLUMNS, a->configurations[i].configuration,
			text_time(m->write_p50_ns, b[0]), text_time(m->write_p99_ns, b[1]),
			text_time(m->read_p50_ns, b[2]), text_time(m->read_p99_ns, b[3]),
			text_time(m->pool_page_ns, b[4]),
			text_time(a->predictions[i].codec_page_ns, b[5]),
			text_number(m->readback_factor, "%.2f", b[6]),
			text_time(m->survival_p50_ns, b[7]), text_time(m->residence_ns, b[8]),
			percent_text(m->censored_ratio, "%.0f %%", b[9]));
	}
}

static void print_sureness(FILE *f, const struct rank_sureness *s)
{
	if (isnan(s->win_ratio))
		return;
	fprintf(f, "    the same in %.1f %% of %d redraws of the sampled pages", 100 * s->win_ratio,
		RANK_REDRAWS);
	if (s->runner_up[0])
		fprintf(f, "; %s in %.1f %%", s->runner_up, 100 * s->runner_up_ratio);
	fputc('\n', f);
}

static void print_policy(FILE *f, const struct target_answer *a)
{
	const char *calibration = a->ranking.calibration;
	char b[UNITS_TEXT_MAX];

	fprintf(f, "\n  fairness policy at the %s readback factor %.2f",
		isnan(a->readback_factor) ? "assumed"
		: any_by_probe(a)         ? "measured"
					  : "counted",
		answer_readback(a));
	if (!isnan(a->residence_ns))
		fprintf(f, ", mean residence %s", text_time(a->residence_ns, b));
	fprintf(f, ": %s\n", a->ranking.answer);
	print_sureness(f, &a->ranking.sureness);
	for (size_t i = 0; i < a->ranking.n; i++) {
		const struct rank_candidate *r = &a->ranking.candidates[i];

		fprintf(f, "    %-9s saves %3.0f %% of RAM (%3.0f %% compressed bytes)  %s\n",
			r->label, 100 * r->saved_slot_ratio, 100 * r->saved_codec_ratio, r->why);
	}
	if (calibration[0])
		fprintf(f, "    CPU times are the kernel's by %s; else the libraries'\n",
			calibration);
	else
		fprintf(f, "    CPU times are the libraries', not the kernel's\n");
}

void text_why(FILE *f, const struct target_answer *a)
{
	if (a->n > 1) {
		print_pools(f, a);
		print_pages(f, a);
	}
	if (a->ranking.n)
		print_policy(f, a);
}

void text_tables(FILE *f, const struct target_answer *a)
{
	if (a->n > 1) {
		fprintf(f, RUN_COLUMNS "\n", "pool", "peak RAM", "mean RAM", "saved", "time",
			"fastest - slowest", "n", "slowdown", "swap-outs", "swap-ins");
		for (size_t i = 0; i < a->n; i++)
			print_configuration(f, &a->configurations[i]);
	}
	text_why(f, a);
}

/* ---- sentences ---- */

/* The configuration that the summary is about: the recommended one, else the one that saved most.
 */
static const struct configuration_record *summarised(const struct target_answer *a)
{
	const struct configuration_record *most = a->best;

	for (size_t i = 1; i < a->n && !a->best; i++) {
		const struct configuration_record *c = &a->configurations[i];

		if (!isnan(c->m.saved_bytes) && (!most || c->m.saved_bytes > most->m.saved_bytes))
			most = c;
	}
	return most;
}

static void print_prediction_error(FILE *f, const struct target_answer *a)
{
	double low = INFINITY, high = -INFINITY;

	for (size_t i = 1; i < a->n; i++) {
		double error = a->predictions[i].error_ratio;

		if (!isnan(error)) {
			low = MIN(low, error);
			high = MAX(high, error);
		}
	}
	if (low < high)
		fprintf(f, " Prediction error of the pool sizes: %+.1f %% to %+.1f %%.", low * 100,
			high * 100);
	else if (low == high)
		fprintf(f, " Prediction error of the pool size: %+.1f %%.", low * 100);
}

/* What every share of the answer is a share of: the median peak of the timed runs without limit and
 * pool; where there are none, the reference run's.
 */
static double baseline_bytes(const struct target_answer *a)
{
	double timed = a->configurations[0].m.footprint_bytes_peak;

	return isnan(timed) ? study_reference(a->target)->metrics.ram_bytes_peak : timed;
}

void text_summary(FILE *f, const struct target_answer *a)
{
	const struct configuration_record *c = summarised(a);
	const struct study_target *target = a->target;
	char b[3][UNITS_TEXT_MAX];

	fprintf(f, "%s: peak %s anonymous + shared memory.", target->name,
		text_size(baseline_bytes(a), b[0]));
	if (c) {
		fprintf(f,
			" Limited to %s with a pool of %s: %s RAM in total (program + pool), %.0f "
			"%% %s",
			text_size(c->limit_bytes, b[1]), c->configuration,
			text_size(c->m.footprint_bytes_peak, b[2]), fabs(c->m.saved_ratio) * 100,
			c->m.saved_ratio < 0 ? "more" : "less");
		if (!isnan(c->m.slowdown_ratio))
			fprintf(f, ", %.2fx the time", c->m.slowdown_ratio);
		fprintf(f, " (n=%u)", (unsigned int)c->n);
		if (!isnan(c->m.readback_factor))
			fprintf(f, "; %.0f swap-outs, %.2f swap-ins per swap-out", c->m.pages_out,
				c->m.readback_factor);
		fputc('.', f);
		print_prediction_error(f, a);
	}
	fputc('\n', f);
}

static void print_best(FILE *f, const struct target_answer *a)
{
	const struct configuration_record *best = a->best;
	char b[UNITS_TEXT_MAX];

	fprintf(f, "%s for %s: saves %s, %.0f %% of its peak", best->configuration, a->target->name,
		text_size(best->m.saved_bytes, b), best->m.saved_ratio * 100);
	if (!isnan(best->m.slowdown_ratio))
		fprintf(f, ", at %.2fx the time", best->m.slowdown_ratio);
	if (!isnan(best->slowdown_low_ratio))
		fprintf(f, " [%.2f, %.2f]", best->slowdown_low_ratio, best->slowdown_high_ratio);
	if (a->on_bytes)
		fprintf(f, " (n=%u); decided on bytes, time is undecided below %d blocks",
			(unsigned int)best->n, STUDY_BLOCKS_FOR_TIME);
	else
		fprintf(f, " (n=%u, %s)", (unsigned int)best->n, best->slowdown_verdict);
}

/* No pool was good enough, and the policy chose no codec. */
static void print_no_codec(FILE *f, const struct target_answer *a)
{
	const bool none_needed = str_eq(a->ranking.decision ?: "", "no_codec");

	fprintf(f, "%s for %s: %s", none_needed ? "no codec" : "nothing", a->target->name,
		a->ranking.n ? a->ranking.answer : "no page was scanned");
	if (a->ranking.n)
		fprintf(f, " (by the page scan; floor %.0f %%)", a->floor_ratio * 100);
}

/* A codec is eligible, and no pool saved enough within the bound. */
static void print_no_pool(FILE *f, const struct target_answer *a)
{
	double most = -INFINITY, slowdown = MISSING_F64;

	for (size_t i = 1; i < a->n; i++) {
		const struct metrics *m = &a->configurations[i].m;

		if (isnan(m->saved_ratio) || m->saved_ratio <= most)
			continue;
		most = m->saved_ratio;
		slowdown = m->slowdown_ratio;
	}
	fprintf(f, "nothing for %s: its pages compress, but ", a->target->name);
	if (most >= a->floor_ratio)
		fprintf(f,
			"what saves most, %.0f %% of its peak, takes %.2fx the time: beyond the "
			"bound of %.3g %%",
			most * 100, slowdown, a->max_slowdown_ratio * 100);
	else if (isfinite(most))
		fprintf(f,
			"under this limit the best pool saved %.1f %% of its peak (floor %.0f %%)",
			most * 100, a->floor_ratio * 100);
	else
		fprintf(f, "no pool has a successful run in a block with one of none: see the "
			   "warnings");
}

void text_recommendation(FILE *f, const struct target_answer *a)
{
	const struct configuration_record *best = a->best;
	const char *choice = a->ranking.choice;

	if (best)
		print_best(f, a);
	else if (choice && a->n < 2)
		fprintf(f,
			"%s for %s: saves %.0f %% of its RAM by the page scan alone; nothing was "
			"measured in a pool",
			choice, a->target->name, 100 * a->ranking.saved_ratio);
	else if (a->n < 2 || !a->ranking.n || a->ranking.candidates[0].rank == MISSING_U64)
		print_no_codec(f, a);
	else
		print_no_pool(f, a);
	if (!best || !a->ranking.n)
		return;
	if (!choice)
		fprintf(f, "; the policy's own choice is no codec: %s", a->ranking.why);
	else if (!str_eq(choice, codec_for_kernel(best->algorithm, a->crypto, NULL) ?: ""))
		fprintf(f, "; the policy's own choice is %s", choice);
}

void text_wrap(FILE *f, const char *text, size_t columns)
{
	size_t at = 0;

	for (const char *word = text; *word; word += strspn(word, " \n")) {
		size_t len = strcspn(word, " \n");

		if (at && at + 1 + len > columns) {
			fputc('\n', f);
			at = 0;
		}
		at += (size_t)fprintf(f, "%s%.*s", at ? " " : "", (int)len, word);
		word += len;
	}
	fputc('\n', f);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* study_words.c - a target's answer for people: tables for a terminal, plain sentences, a
 * recommendation. */
#include "answer.h"

static const char *size_text(double bytes, char buf[UNITS_TEXT_MAX])
{
	char magnitude[UNITS_TEXT_MAX];

	if (isnan(bytes))
		return strcpy(buf, "-");
	units_format_size((uint64_t)fabs(bytes), magnitude);
	snprintf(buf, UNITS_TEXT_MAX, "%s%.30s", bytes < 0 ? "-" : "", magnitude);
	return buf;
}

static const char *time_text(double ns, char buf[UNITS_TEXT_MAX])
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

/* ---- tables ---- */

#define ARM_COLUMNS "  %-8s %10s %10s  %-19s %9s  %-19s %3s  %-18s %9s %9s"

static void say_arm_head(FILE *f)
{
	fprintf(f, ARM_COLUMNS "\n", "pool", "peak RAM", "mean RAM", "saved", "time",
		"fastest - slowest", "n", "slowdown", "pages out", "pages in");
}

static void say_arm(FILE *f, const struct arm_figures *a)
{
	char b[6][UNITS_TEXT_MAX], range[80], n[24];
	char saved[64] = "-", slow[64] = "-", out[24] = "-", in[24] = "-";

	if (!isnan(a->saved_bytes))
		snprintf(saved, sizeof(saved), "%s (%.0f %%)", size_text(a->saved_bytes, b[0]),
			 a->saved_ratio * 100);
	snprintf(range, sizeof(range), "%s - %s", time_text(a->wall_min_ns, b[1]),
		 time_text(a->wall_max_ns, b[2]));
	snprintf(n, sizeof(n), "%u", (unsigned int)a->n);
	if (!isnan(a->slowdown_low_ratio) && !isnan(a->saved_bytes))
		snprintf(slow, sizeof(slow), "%.2f [%.2f, %.2f]", a->slowdown_ratio,
			 a->slowdown_low_ratio, a->slowdown_high_ratio);
	else if (!isnan(a->slowdown_ratio) && !isnan(a->saved_bytes))
		snprintf(slow, sizeof(slow), "%.2f", a->slowdown_ratio);
	if (!isnan(a->pages_out)) {
		snprintf(out, sizeof(out), "%.0f", a->pages_out);
		snprintf(in, sizeof(in), "%.0f", a->pages_in);
	}
	fprintf(f, ARM_COLUMNS, a->arm, size_text(a->footprint_peak_bytes, b[3]),
		size_text(a->footprint_mean_bytes, b[5]), saved, time_text(a->wall_median_ns, b[4]),
		range, n, slow, out, in);
	if (a->n_bad)
		fprintf(f, "  (%u more went wrong)", (unsigned int)a->n_bad);
	fputc('\n', f);
}

/* What a page costs, and whether the pool was what the scan predicted. */
#define POOL_COLUMNS "  %-8s %9s %9s %9s  %9s  %9s %10s %10s %8s %11s %6s\n"

static void say_pools(FILE *f, const struct target_answer *a)
{
	fprintf(f, "\n" POOL_COLUMNS, "pool", "fault p50", "p99", "longest", "CPU/page", "pages",
		"predicted", "measured", "miss", "codec bytes", "holes");
	for (size_t i = 1; i < a->n_arms; i++) {
		const struct prediction_figures *p = &a->predictions[i];
		const struct arm_figures *arm = &a->arms[i];
		char b[9][UNITS_TEXT_MAX], pages[24] = "-";

		if (!isnan(p->pages))
			snprintf(pages, sizeof(pages), "%.0f", p->pages);
		fprintf(f, POOL_COLUMNS, arm->arm,
			units_format_duration(arm->major_latency_p50_ns, b[0]),
			units_format_duration(arm->major_latency_p99_ns, b[1]),
			units_format_duration(arm->major_latency_max_ns, b[2]),
			time_text(arm->kernel_ns_per_page, b[3]), pages,
			size_text(p->predicted_used_bytes, b[4]),
			size_text(p->measured_used_bytes, b[5]),
			percent_text(p->error_ratio, p->approximate ? "~%+.1f %%" : "%+.1f %%",
				     b[6]),
			percent_text(p->predicted_compr_bytes / p->measured_compr_bytes - 1,
				     "%+.1f %%", b[7]),
			percent_text(1 - p->measured_compr_bytes / p->measured_used_bytes,
				     "%.0f %%", b[8]));
	}
}

static bool any_by_probe(const struct target_answer *a)
{
	for (size_t i = 1; i < a->n_arms; i++) {
		if (a->arms[i].by_probe)
			return true;
	}
	return false;
}

/* What pool_probe saw of each page, in the probed run. */
#define STAY_COLUMNS "  %-8s %9s %9s  %9s %9s  %9s %9s  %8s  %9s %9s %10s\n"

static void say_stays(FILE *f, const struct target_answer *a)
{
	if (!any_by_probe(a))
		return;
	fprintf(f, "\n" STAY_COLUMNS, "pool", "store p50", "p99", "load p50", "p99", "in pool",
		"codec", "readback", "half back", "mean out", "never back");
	for (size_t i = 1; i < a->n_arms; i++) {
		const struct arm_figures *arm = &a->arms[i];
		char b[9][UNITS_TEXT_MAX], readback[24] = "-";

		if (!isnan(arm->readback_factor))
			snprintf(readback, sizeof(readback), "%.2f", arm->readback_factor);
		fprintf(f, STAY_COLUMNS, arm->arm, time_text(arm->write_p50_ns, b[0]),
			time_text(arm->write_p99_ns, b[1]), time_text(arm->read_p50_ns, b[2]),
			time_text(arm->read_p99_ns, b[3]), time_text(arm->pool_page_ns, b[4]),
			time_text(a->predictions[i].codec_page_ns, b[8]), readback,
			time_text(arm->survival_p50_ns, b[5]), time_text(arm->residence_ns, b[6]),
			percent_text(arm->censored_ratio, "%.0f %%", b[7]));
	}
}

static void say_policy(FILE *f, const struct target_answer *a)
{
	const char *calibration = a->ranking.calibration;
	char b[UNITS_TEXT_MAX];

	fprintf(f, "\n  fairness policy at the %s readback factor %.2f",
		isnan(a->readback_factor) ? "assumed"
		: any_by_probe(a)         ? "measured"
					  : "counted",
		answer_readback(a));
	if (!isnan(a->residence_ns))
		fprintf(f, ", pages out for %s on average", time_text(a->residence_ns, b));
	fprintf(f, ": %s\n", a->chosen ? a->chosen->label : "nothing is worth it");
	for (size_t i = 0; i < a->ranking.n; i++) {
		const struct study_rank *r = &a->ranking.ranks[i];

		fprintf(f, "    %-9s saves %3.0f %% of RAM (%3.0f %% as codec bytes)  %s\n",
			r->label, 100 * r->saved_slot_ratio, 100 * r->saved_codec_ratio, r->reason);
	}
	if (calibration[0])
		fprintf(f, "    CPU times are the kernel's by %s; else the libraries'\n",
			calibration);
	else
		fprintf(f, "    CPU times are the libraries', not the kernel's\n");
}

void words_tables(FILE *f, const struct target_answer *a)
{
	if (a->n_arms > 1) {
		say_arm_head(f);
		for (size_t i = 0; i < a->n_arms; i++)
			say_arm(f, &a->arms[i]);
		say_pools(f, a);
		say_stays(f, a);
	}
	if (a->ranking.n)
		say_policy(f, a);
}

/* ---- sentences ---- */

/* The arm that the plain words are about: the recommended one, else the one that saved most. */
static const struct arm_figures *shown(const struct target_answer *a)
{
	const struct arm_figures *most = a->best;

	for (size_t i = 1; i < a->n_arms && !a->best; i++) {
		if (!isnan(a->arms[i].saved_bytes) &&
		    (!most || a->arms[i].saved_bytes > most->saved_bytes))
			most = &a->arms[i];
	}
	return most;
}

static void say_misses(FILE *f, const struct target_answer *a)
{
	double low = INFINITY, high = -INFINITY;

	for (size_t i = 1; i < a->n_arms; i++) {
		double miss = a->predictions[i].error_ratio;

		if (!isnan(miss)) {
			low = MIN(low, miss);
			high = MAX(high, miss);
		}
	}
	if (low < high)
		fprintf(f, " From its pages the pools' RAM was predicted %+.1f %% to %+.1f %% off.",
			low * 100, high * 100);
	else if (low == high)
		fprintf(f, " From its pages the pool's RAM was predicted %+.1f %% off.", low * 100);
}

void words_plain(FILE *f, const struct target_answer *a)
{
	const struct arm_figures *arm = shown(a);
	const struct study_target *target = a->target;
	char b[3][UNITS_TEXT_MAX];

	fprintf(f, "%s held %s of anonymous and shared memory at its peak.", target->name,
		size_text((double)target->reference.ram_bytes_peak, b[0]));
	if (arm) {
		fprintf(f, " Held to %s with a pool of %s it took %s of RAM in all, %.0f %% %s",
			size_text((double)target->limit_bytes, b[1]), arm->arm,
			size_text(arm->footprint_peak_bytes, b[2]), fabs(arm->saved_ratio) * 100,
			arm->saved_ratio < 0 ? "more" : "less");
		if (!isnan(arm->slowdown_ratio))
			fprintf(f, ", and %.2f times as long", arm->slowdown_ratio);
		fprintf(f, " (n=%u)", (unsigned int)arm->n);
		if (!isnan(arm->readback_factor))
			fprintf(f, ": %.0f pages went out, and for each of them %.2f came back",
				arm->pages_out, arm->readback_factor);
		fputc('.', f);
		say_misses(f, a);
	}
	fputc('\n', f);
}

static void say_best(FILE *f, const struct target_answer *a)
{
	const struct arm_figures *best = a->best;
	char b[UNITS_TEXT_MAX];

	fprintf(f, "%s for %s: saves %s, %.0f %% of its peak", best->arm, a->target->name,
		size_text(best->saved_bytes, b), best->saved_ratio * 100);
	if (!isnan(best->slowdown_ratio))
		fprintf(f, ", at %.2f times the time", best->slowdown_ratio);
	if (!isnan(best->slowdown_low_ratio))
		fprintf(f, " [%.2f, %.2f]", best->slowdown_low_ratio, best->slowdown_high_ratio);
	if (a->on_bytes)
		fprintf(f, " (n=%u); decided on bytes, time is undecided below %d blocks",
			(unsigned int)best->n, STUDY_BLOCKS_FOR_TIME);
	else
		fprintf(f, " (n=%u, %s)", (unsigned int)best->n, best->slowdown_verdict);
}

void words_recommended(FILE *f, const struct target_answer *a)
{
	const struct study_target *target = a->target;
	const struct arm_figures *best = a->best;
	double most = -INFINITY;

	if (best) {
		say_best(f, a);
	} else if (a->chosen && a->n_arms < 2) {
		fprintf(f,
			"%s for %s: saves %.0f %% of its RAM by the page scan alone; nothing was "
			"measured in a pool",
			a->chosen->label, target->name, 100 * a->chosen->saved_slot_ratio);
	} else if (!a->chosen) {
		for (size_t i = 0; i < a->ranking.n; i++)
			most = MAX(most, a->ranking.ranks[i].saved_slot_ratio);
		fprintf(f, "nothing for %s: no codec is worth it", target->name);
		if (isfinite(most))
			fprintf(f, ", the best saves %.1f %% of RAM by the scan (floor %.0f %%)",
				most * 100, a->floor_ratio * 100);
	} else {
		for (size_t i = 1; i < a->n_arms; i++)
			if (!isnan(a->arms[i].saved_ratio))
				most = MAX(most, a->arms[i].saved_ratio);
		fprintf(f, "nothing for %s: its pages would compress, but ", target->name);
		if (isfinite(most))
			fprintf(f,
				"under this limit the best pool saved %.1f %% of its peak (floor "
				"%.0f %%)",
				most * 100, a->floor_ratio * 100);
		else
			fprintf(f, "no pool has a run beside a free one that went well: see the "
				   "warnings");
	}
	if (a->chosen && best &&
	    !str_eq(a->chosen->label, codec_for_kernel(best->arm, a->crypto, NULL) ?: ""))
		fprintf(f, "; the policy's own choice is %s", a->chosen->label);
}

void words_wrap(FILE *f, const char *text, size_t columns)
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

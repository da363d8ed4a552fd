/* SPDX-License-Identifier: GPL-2.0-only */
/* verdict_text.c - the verdict as one line to act on, what it rests on, and the curve. */
#include <math.h>

#include "lib/base/stop.h"
#include "text.h"
#include "verdict.h"

#define BUSY_RATIO 0.1 /* of the CPUs, taken by others: worth a word */

/* "3 % more time", "no more time"; of a metric "a metric 3 % worse". */
static void time_words(FILE *f, const struct study_verdict *v)
{
	double percent = round(100 * v->record.slowdown_ratio);

	if (v->metric)
		fprintf(f, "a metric %.0f %% %s", fabs(percent), percent < 0 ? "better" : "worse");
	else if (percent == 0)
		fprintf(f, "no more time");
	else
		fprintf(f, "%.0f %% %s time", fabs(percent), percent > 0 ? "more" : "less");
}

static void more_time(FILE *f, uint64_t ns)
{
	double s = ceil((double)ns / NS_PER_S);

	if (s < 120)
		fprintf(f, "%.0f s", s);
	else
		fprintf(f, "%.0f min", ceil(s / 60));
}

static void print_saves(FILE *f, const struct study_verdict *v)
{
	const struct verdict_record *r = &v->record;
	char b[2][UNITS_TEXT_MAX];

	fprintf(f, "%s: runs in %s instead of %s (%+.0f %%) at ", r->algorithm,
		text_size(r->ram_bytes, b[0]), text_size(r->reference_ram_bytes, b[1]),
		-100 * r->saved_ratio);
	time_words(f, v);
	if (!isnan(r->slowdown_low_ratio))
		fprintf(f, " (%.0f %%: %.0f to %.0f %%)", 100 * r->confidence_ratio,
			100 * r->slowdown_low_ratio, 100 * r->slowdown_high_ratio);
	if (r->second)
		fprintf(f, "; %s and %s cannot be told apart: %s by the policy", r->algorithm,
			r->second, r->algorithm);
}

static void print_none(FILE *f, const struct study_verdict *v)
{
	const struct verdict_record *r = &v->record;
	char b[2][UNITS_TEXT_MAX];

	fprintf(f, "no saving within %.3g %%: ", 100 * r->max_slowdown_ratio);
	if (v->verdict.why == VERDICT_NO_RAM_SAVED)
		fprintf(f,
			"limited to %.0f %% of its peak it takes %s of RAM in total instead of %s",
			100 * r->limit_ratio, text_size(r->ram_bytes, b[0]),
			text_size(r->reference_ram_bytes, b[1]));
	else
		fprintf(f, "at %.0f %% of its RAM it takes %.2fx the time", 100 * r->limit_ratio,
			1 + r->slowdown_ratio);
	fprintf(f, "; leave it alone");
}

static void print_undecided(FILE *f, const struct study_verdict *v)
{
	const struct verdict_record *r = &v->record;

	fprintf(f, "not decided: ");
	if (v->verdict.why == VERDICT_REFERENCE_FAILED) {
		fprintf(f, "it failed without any limit");
		return;
	}
	if (v->verdict.why == VERDICT_KILLED)
		fprintf(f, "at %.0f %% of its peak the OOM killer ended it", 100 * r->limit_ratio);
	else if (v->verdict.why == VERDICT_LARGER_UNTESTED)
		fprintf(f,
			"at %.0f %% of its RAM it takes %.2fx the time, and larger limits were "
			"not tested",
			100 * r->limit_ratio, 1 + r->slowdown_ratio);
	else if (r->more_pairs != MISSING_U64) {
		fprintf(f, "%llu more pairs would be needed, ", (unsigned long long)r->more_pairs);
		more_time(f, r->more_ns);
	} else if (v->verdict.why == VERDICT_TOO_FEW_RUNS)
		fprintf(f, "too few runs");
	else
		fprintf(f, "the slowdown is too near to the bound of %.3g %%",
			100 * r->max_slowdown_ratio);
	if (r->algorithm && !isnan(r->slowdown_ratio) &&
	    v->verdict.why != VERDICT_LARGER_UNTESTED) {
		fprintf(f, "; so far %s at %.0f %% of its peak: ", r->algorithm,
			100 * r->limit_ratio);
		time_words(f, v);
	}
}

void verdict_line(FILE *f, const struct study_verdict *v)
{
	switch (v->verdict.kind) {
	case VERDICT_SAVES:
	case VERDICT_TIE:
		print_saves(f, v);
		break;
	case VERDICT_NONE:
		print_none(f, v);
		break;
	case VERDICT_UNDECIDED:
		print_undecided(f, v);
		break;
	}
	if (v->record.others_cpu_ratio > BUSY_RATIO)
		fprintf(f, "; busy machine: others took %.0f %% of the CPUs",
			100 * v->record.others_cpu_ratio);
	if (v->verdict.partial)
		fprintf(f, " [partial: %s after %llu runs]", stop_requested() ? "stopped" : "ended",
			(unsigned long long)v->record.runs);
}

/* The pool that a run had, as commands. */
static void print_how(FILE *f, const struct study_verdict *v)
{
	const struct verdict_record *r = &v->record;
	double peak = study_reference(v->target)->metrics.ram_bytes_peak;

	fprintf(f,
		" To get it: a memory limit of %.0f MiB for its cgroup, and ram_pool setup --algo "
		"%s "
		"--size %.0fMiB.",
		ceil(r->limit_bytes / MIB), r->algorithm, ceil(2 * peak / MIB));
}

void verdict_details(FILE *f, const struct study_verdict *v)
{
	const struct verdict_record *r = &v->record;
	bool saves = v->verdict.kind == VERDICT_SAVES || v->verdict.kind == VERDICT_TIE;
	char b[3][UNITS_TEXT_MAX];

	if (saves)
		fprintf(f,
			"Limited to %s, %.0f %% of its peak. Total RAM (program + pool + slot "
			"table) is the mean over the run; peak %s instead of %s; RAM x time %+.0f "
			"%%.",
			text_size(r->limit_bytes, b[0]), 100 * r->limit_ratio,
			text_size(r->ram_bytes_peak, b[1]),
			text_size(r->reference_ram_bytes_peak, b[2]),
			100 * (r->ram_time_ratio - 1));
	if (saves && !isnan(r->beyond_ratio))
		fprintf(f, " %.0f %% broke the bound of %.3g %%%s.", 100 * r->beyond_ratio,
			100 * r->max_slowdown_ratio,
			v->verdict.beyond_source == VERDICT_FROM_SEARCH ? " in the search" : "");
	fprintf(f, "%s%llu pairs of runs, %llu runs in all", saves ? " " : "",
		(unsigned long long)r->pairs, (unsigned long long)r->runs);
	if (!isnan(r->reference_spread_ratio))
		fprintf(f, "; reference runs spread by %.1f %%", 100 * r->reference_spread_ratio);
	fputc('.', f);
	if (r->reference_huge_bytes >= MIB)
		fprintf(f, " Huge pages: %s instead of %s.", text_size(r->huge_bytes, b[0]),
			text_size(r->reference_huge_bytes, b[1]));
	if (r->others_cpu_ratio > BUSY_RATIO)
		fprintf(f, " What other programs take of the CPUs widens the interval: a quiet "
			   "machine needs fewer runs.");
	if (saves)
		print_how(f, v);
}

#define CURVE_COLUMNS "  %-8s %10s %5s %10s %5s  %-22s %3s %10s %9s %13s %6s\n"

static void slowdown_words(const struct curve_record *c, char *buf, size_t len)
{
	if (isnan(c->slowdown_ratio))
		snprintf(buf, len, "-");
	else if (!isnan(c->slowdown_low_ratio))
		snprintf(buf, len, "%+.1f %% [%+.1f, %+.1f]", 100 * c->slowdown_ratio,
			 100 * c->slowdown_low_ratio, 100 * c->slowdown_high_ratio);
	else
		snprintf(buf, len, "%s%+.1f %% (%s)", c->n_aborted ? ">" : "",
			 100 * c->slowdown_ratio, c->source);
}

void verdict_curve_table(FILE *f, const struct study_verdict *v)
{
	if (!v->n_curve)
		return;
	fprintf(f, CURVE_COLUMNS, "pool", "limit", "", "total RAM", "", "slowdown", "n",
		"swap-ins/s", "fault p99", "file refaults", "CPU");
	for (size_t i = 0; i < v->n_curve; i++) {
		const struct curve_record *c = &v->curve[i];
		char b[8][UNITS_TEXT_MAX], slowdown[64], n[24];

		slowdown_words(c, slowdown, sizeof(slowdown));
		snprintf(n, sizeof(n), "%llu", (unsigned long long)c->n);
		fprintf(f, CURVE_COLUMNS, c->algorithm, text_size(c->limit_bytes, b[0]),
			text_number(100 * c->limit_ratio, "%.0f %%", b[1]),
			text_size(c->ram_bytes, b[2]),
			text_number(100 * c->ram_ratio, "%.0f %%", b[3]), slowdown, n,
			text_number(c->swap_ins_per_s, "%.0f", b[4]),
			text_time(c->major_latency_p99_ns, b[5]),
			text_number(c->refault_file_pages, "%.0f", b[6]),
			text_number(c->cpu_ratio, "%.2fx", b[7]));
		if (c->n_killed)
			fprintf(f, "  %-10s %llu more killed or failed\n", "",
				(unsigned long long)c->n_killed);
	}
	fprintf(f, "  (search): chose the limit, has no interval; >: ended early\n");
}

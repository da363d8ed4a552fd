/* SPDX-License-Identifier: GPL-2.0-only */
/* study_answer.c - from figures to a comparison, a recommendation and plain words.
 *
 * Saved is what an operator asks for: the subject's peak of RAM without a pool, less its peak of RAM + pool +
 * slot table with one. Times are compared within blocks. Below STUDY_BLOCKS_FOR_TIME blocks no interval by
 * ranks reaches 95 %: bytes decide then, and time is called undecided. Nothing is left out as an outlier.
 */
#include <math.h>

#include "study.h"

#define PRACTICAL_RATIO 0.02 /* a slowdown below this is called none */
#define CONFIDENCE	0.95

/* One arm of one subject, all its timed runs together. Medians, with min and max as the spread. */
struct arm_figures {
	const char *subject, *arm;
	uint64_t n, n_bad;
	double wall_median_ns, wall_min_ns, wall_max_ns;
	double slowdown_ratio, slowdown_low_ratio, slowdown_high_ratio;
	const char *slowdown_verdict;
	double cpu_median_ns, kernel_ns_per_page;
	double footprint_peak_bytes, footprint_mean_bytes, saved_bytes, saved_min_bytes, saved_max_bytes,
		saved_ratio;
	double major_faults, pages_out, pages_in, readback_factor, residence_ns, psi_some_us;
	uint64_t major_latency_p50_ns, major_latency_p99_ns, major_latency_max_ns;
};

static const struct field arm_fields[] = {
	FIELD(struct arm_figures, subject, FIELD_STRING, "", "name of the program under study"),
	FIELD(struct arm_figures, arm, FIELD_STRING, "", "none, or the pool's algorithm"),
	FIELD(struct arm_figures, n, FIELD_U64, "runs", "timed runs that count"),
	FIELD(struct arm_figures, n_bad, FIELD_U64, "runs", "timed runs that failed or were contaminated"),
	FIELD(struct arm_figures, wall_median_ns, FIELD_F64, "ns", "wall time", .decimals = -1),
	FIELD(struct arm_figures, wall_min_ns, FIELD_F64, "ns", "fastest run", .decimals = -1),
	FIELD(struct arm_figures, wall_max_ns, FIELD_F64, "ns", "slowest run", .decimals = -1),
	FIELD(struct arm_figures, slowdown_ratio, FIELD_F64, "ratio",
	      "wall time against none in the same block, Hodges-Lehmann over blocks"),
	FIELD(struct arm_figures, slowdown_low_ratio, FIELD_F64, "ratio",
	      "95 % interval by ranks; needs 6 blocks"),
	FIELD(struct arm_figures, slowdown_high_ratio, FIELD_F64, "ratio", "its upper end"),
	FIELD(struct arm_figures, slowdown_verdict, FIELD_STRING, "",
	      "slower, faster, equivalent (within 2 %), inconclusive, or undecided (too few blocks)"),
	FIELD(struct arm_figures, cpu_median_ns, FIELD_F64, "ns", "user + system CPU", .decimals = -1),
	FIELD(struct arm_figures, kernel_ns_per_page, FIELD_F64, "ns",
	      "system CPU beyond none's for each page written or read", .decimals = -1),
	FIELD(struct arm_figures, footprint_peak_bytes, FIELD_F64, "bytes", "peak of RAM + pool + slot table",
	      .decimals = -1),
	FIELD(struct arm_figures, footprint_mean_bytes, FIELD_F64, "bytes", "mean of the same",
	      .decimals = -1),
	FIELD(struct arm_figures, saved_bytes, FIELD_F64, "bytes", "none's footprint peak less this one's",
	      .decimals = -1),
	FIELD(struct arm_figures, saved_min_bytes, FIELD_F64, "bytes", "least of all runs", .decimals = -1),
	FIELD(struct arm_figures, saved_max_bytes, FIELD_F64, "bytes", "most of all runs", .decimals = -1),
	FIELD(struct arm_figures, saved_ratio, FIELD_F64, "ratio", "saved_bytes / none's footprint peak"),
	FIELD(struct arm_figures, major_faults, FIELD_F64, "faults", "page faults that read", .decimals = -1),
	FIELD(struct arm_figures, pages_out, FIELD_F64, "pages", "written to the pool", .decimals = -1),
	FIELD(struct arm_figures, pages_in, FIELD_F64, "pages", "read from the pool", .decimals = -1),
	FIELD(struct arm_figures, readback_factor, FIELD_F64, "ratio", "pages_in / pages_out"),
	FIELD(struct arm_figures, residence_ns, FIELD_F64, "ns", "mean time of a page in the pool",
	      .decimals = -1),
	FIELD(struct arm_figures, psi_some_us, FIELD_F64, "us", "time in which the group waited for memory",
	      .decimals = -1),
	FIELD(struct arm_figures, major_latency_p50_ns, FIELD_U64, "ns",
	      "median major fault, from the probed run"),
	FIELD(struct arm_figures, major_latency_p99_ns, FIELD_U64, "ns", "99th percentile of the same"),
	FIELD(struct arm_figures, major_latency_max_ns, FIELD_U64, "ns", "longest of the same"),
};
static const struct record_type arm_type = RECORD_TYPE("study_arm", 1, RECORD_CARD, arm_fields,
						       "one arm of a study, all its timed runs together");

struct prediction_figures {
	const char *subject, *algorithm;
	double pages, predicted_used_bytes, measured_used_bytes, error_ratio, predicted_compr_bytes,
		measured_compr_bytes;
	bool approximate;
};

static const struct field prediction_fields[] = {
	FIELD(struct prediction_figures, subject, FIELD_STRING, "", "name of the program under study"),
	FIELD(struct prediction_figures, algorithm, FIELD_STRING, "", "of the pool"),
	FIELD(struct prediction_figures, pages, FIELD_F64, "pages", "in the pool at its fullest",
	      .decimals = -1),
	FIELD(struct prediction_figures, predicted_used_bytes, FIELD_F64, "bytes",
	      "RAM for as many pages of the scan", .decimals = -1),
	FIELD(struct prediction_figures, measured_used_bytes, FIELD_F64, "bytes", "mem_used_total then",
	      .decimals = -1),
	FIELD(struct prediction_figures, error_ratio, FIELD_F64, "ratio", "predicted / measured - 1"),
	FIELD(struct prediction_figures, predicted_compr_bytes, FIELD_F64, "bytes", "codec bytes",
	      .decimals = -1),
	FIELD(struct prediction_figures, measured_compr_bytes, FIELD_F64, "bytes", "compr_data_size then",
	      .decimals = -1),
	FIELD(struct prediction_figures, approximate, FIELD_BOOL, "",
	      "a library codec stands in for the kernel's"),
};
static const struct record_type prediction_type = RECORD_TYPE(
	"study_prediction", 1, RECORD_CARD, prediction_fields, "what the scan foretold, beside what came");

struct answer_figures {
	const char *subject, *recommended, *decided_by, *policy_choice, *text;
	double readback_factor;
};

static const struct field answer_fields[] = {
	FIELD(struct answer_figures, subject, FIELD_STRING, "", "name of the program under study"),
	FIELD(struct answer_figures, recommended, FIELD_STRING, "", "an algorithm, or nothing"),
	FIELD(struct answer_figures, decided_by, FIELD_STRING, "", "policy, bytes or scan"),
	FIELD(struct answer_figures, policy_choice, FIELD_STRING, "",
	      "codec that the fairness policy chose, or nothing"),
	FIELD(struct answer_figures, readback_factor, FIELD_F64, "ratio", "at which it chose"),
	FIELD(struct answer_figures, text, FIELD_STRING, "", "the recommendation in words"),
};
static const struct record_type answer_type =
	RECORD_TYPE("study_answer", 1, RECORD_CARD, answer_fields, "what a study recommends for one subject");

/* ---- figures of an arm
 * -------------------------------------------------------------------------------------- */

static double figure(const struct study_run *run, const struct field *field)
{
	const char *at = (const char *)run + field->offset;

	if (record_missing(field, run))
		return MISSING_F64;
	return field->type == FIELD_F64 ? *(const double *)at : (double)*(const uint64_t *)at;
}

/* The median of one field over the runs that count; min and max where asked for. */
static double median_of(const struct study_arm *arm, const char *name, double *min, double *max)
{
	const struct record_type *type = &study_run_type;
	const struct field *field = type->fields;
	double values[STUDY_BLOCKS_MAX];
	size_t n = 0;

	while (!str_eq(field->name, name))
		field++;
	for (size_t i = 0; i < arm->n_timed; i++) {
		double value = figure(&arm->timed[i], field);

		if (study_run_counts(&arm->timed[i]) && !isnan(value))
			values[n++] = value;
	}
	if (!n)
		return MISSING_F64;
	stats_sort(values, n);
	if (min)
		*min = values[0];
	if (max)
		*max = values[n - 1];
	return stats_quantile(values, n, 0.5);
}

/* Wall times of the blocks in which both arms have a run that counts. */
static size_t paired_walls(const struct study_arm *a, const struct study_arm *b, double *wall_a,
			   double *wall_b)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n_timed; i++) {
		for (size_t k = 0; k < b->n_timed; k++) {
			if (a->timed[i].block != b->timed[k].block || !study_run_counts(&a->timed[i]) ||
			    !study_run_counts(&b->timed[k]))
				continue;
			wall_a[n] = (double)a->timed[i].wall_ns;
			wall_b[n++] = (double)b->timed[k].wall_ns;
		}
	}
	return n;
}

static void compare_time(const struct study_arm *none, const struct study_arm *arm, struct arm_figures *ret)
{
	static const char *const verdicts[] = {
		[STATS_INCONCLUSIVE] = "inconclusive",
		[STATS_LESS] = "faster",
		[STATS_EQUIVALENT] = "equivalent",
		[STATS_MORE] = "slower",
	};
	double a[STUDY_BLOCKS_MAX], b[STUDY_BLOCKS_MAX], logs[STUDY_BLOCKS_MAX], centre;
	struct stats_interval interval;
	size_t n = paired_walls(none, arm, a, b);

	ret->slowdown_ratio = ret->slowdown_low_ratio = ret->slowdown_high_ratio = MISSING_F64;
	ret->slowdown_verdict = "undecided";
	for (size_t i = 0; i < n; i++)
		logs[i] = log(b[i] / a[i]);
	if (!stats_hodges_lehmann(logs, n, &centre))
		ret->slowdown_ratio = exp(centre);
	if (stats_paired_ratio_exact(a, b, n, CONFIDENCE, &interval))
		return;
	ret->slowdown_low_ratio = interval.low;
	ret->slowdown_high_ratio = interval.high;
	ret->slowdown_verdict = verdicts[stats_verdict(&interval, PRACTICAL_RATIO)];
}

static struct arm_figures figures_of(const struct study_subject *subject, const struct study_arm *arm)
{
	const struct study_arm *none = &subject->arms[0];
	double none_peak = median_of(none, "footprint_bytes_peak", NULL, NULL);
	double low = MISSING_F64, high = MISSING_F64;
	struct arm_figures f = {
		.subject = subject->name,
		.arm = arm->name,
		.wall_min_ns = MISSING_F64,
		.wall_max_ns = MISSING_F64,
		.major_faults = median_of(arm, "major_faults", NULL, NULL),
		.pages_out = median_of(arm, "pages_out", NULL, NULL),
		.pages_in = median_of(arm, "pages_in", NULL, NULL),
		.readback_factor = median_of(arm, "readback_factor", NULL, NULL),
		.residence_ns = median_of(arm, "residence_ns", NULL, NULL),
		.psi_some_us = median_of(arm, "psi_some_us", NULL, NULL),
		.footprint_mean_bytes = median_of(arm, "footprint_bytes_mean", NULL, NULL),
		.footprint_peak_bytes = median_of(arm, "footprint_bytes_peak", &low, &high),
		.cpu_median_ns =
			median_of(arm, "user_ns", NULL, NULL) + median_of(arm, "system_ns", NULL, NULL),
		.major_latency_p50_ns = arm->has_probed ? arm->probed.major_latency_p50_ns : MISSING_U64,
		.major_latency_p99_ns = arm->has_probed ? arm->probed.major_latency_p99_ns : MISSING_U64,
		.major_latency_max_ns = arm->has_probed ? arm->probed.major_latency_max_ns : MISSING_U64,
	};

	f.wall_median_ns = median_of(arm, "wall_ns", &f.wall_min_ns, &f.wall_max_ns);
	for (size_t i = 0; i < arm->n_timed; i++) {
		f.n += study_run_counts(&arm->timed[i]);
		f.n_bad += !study_run_counts(&arm->timed[i]);
	}
	f.saved_bytes = arm->algorithm ? none_peak - f.footprint_peak_bytes : MISSING_F64;
	f.saved_min_bytes = arm->algorithm ? none_peak - high : MISSING_F64;
	f.saved_max_bytes = arm->algorithm ? none_peak - low : MISSING_F64;
	f.saved_ratio = f.saved_bytes / none_peak;
	f.kernel_ns_per_page = arm->algorithm ? (median_of(arm, "system_ns", NULL, NULL) -
						 median_of(none, "system_ns", NULL, NULL)) /
							(f.pages_out + f.pages_in)
					      : MISSING_F64;
	compare_time(none, arm, &f);
	return f;
}

/* ---- what it recommends
 * --------------------------------------------------------------------------------------- */

static const struct study_rank *rank_for(const struct study_rank *ranks, size_t n, const char *algorithm)
{
	const char *label = codec_for_kernel(algorithm, NULL);

	for (size_t i = 0; label && i < n; i++) {
		if (str_eq(ranks[i].label, label))
			return &ranks[i];
	}
	return NULL;
}

static double score_of(const struct study_rank *ranks, size_t n, const char *algorithm)
{
	const struct study_rank *rank = rank_for(ranks, n, algorithm);

	return rank && rank->eligible && !isnan(rank->fair_score) ? rank->fair_score : 0;
}

/* Whether b is to be preferred to a. On bytes: what it saved at least beats what the other saved at most;
 * where the spreads overlap, and with enough blocks in any case, the policy's score decides.
 */
static bool better(const struct arm_figures *a, const struct arm_figures *b, double score_a, double score_b,
		   bool on_bytes)
{
	if (on_bytes && b->saved_min_bytes > a->saved_max_bytes)
		return true;
	if (on_bytes && a->saved_min_bytes > b->saved_max_bytes)
		return false;
	return score_b > score_a;
}

/* The arm to recommend, or NULL: none saves as much as the floor by scan and by measurement. */
static const struct arm_figures *choose(const struct study *s, const struct arm_figures *arms, size_t n_arms,
					const struct study_rank *ranks, size_t n_ranks, bool on_bytes)
{
	const struct arm_figures *best = NULL;

	for (size_t i = 1; i < n_arms; i++) {
		const struct study_rank *rank = rank_for(ranks, n_ranks, arms[i].arm);

		if (!arms[i].n || !(arms[i].saved_ratio >= s->config->floor_ratio) ||
		    (rank && !rank->eligible))
			continue;
		if (!best || better(best, &arms[i], score_of(ranks, n_ranks, best->arm),
				    score_of(ranks, n_ranks, arms[i].arm), on_bytes))
			best = &arms[i];
	}
	return best;
}

/* ---- words
 * ------------------------------------------------------------------------------------------------------ */

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

#define ARM_COLUMNS "  %-8s %10s %10s  %-19s %9s  %-19s %3s  %-18s %9s %9s"

static void say_arm_head(FILE *f)
{
	fprintf(f, ARM_COLUMNS "\n", "pool", "peak RAM", "mean RAM", "saved", "time", "fastest - slowest",
		"n", "slowdown", "pages out", "pages in");
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
		snprintf(slow, sizeof(slow), "%.2f [%.2f, %.2f]", a->slowdown_ratio, a->slowdown_low_ratio,
			 a->slowdown_high_ratio);
	else if (!isnan(a->slowdown_ratio) && !isnan(a->saved_bytes))
		snprintf(slow, sizeof(slow), "%.2f", a->slowdown_ratio);
	if (!isnan(a->pages_out)) {
		snprintf(out, sizeof(out), "%.0f", a->pages_out);
		snprintf(in, sizeof(in), "%.0f", a->pages_in);
	}
	fprintf(f, ARM_COLUMNS, a->arm, size_text(a->footprint_peak_bytes, b[3]),
		size_text(a->footprint_mean_bytes, b[5]), saved, time_text(a->wall_median_ns, b[4]), range, n,
		slow, out, in);
	if (a->n_bad)
		fprintf(f, "  (%u more went wrong)", (unsigned int)a->n_bad);
	fputc('\n', f);
}

static void say_faults(FILE *f, const struct arm_figures *arms, size_t n)
{
	char b[3][UNITS_TEXT_MAX];

	for (size_t i = 1; i < n; i++) {
		if (arms[i].major_latency_p50_ns == MISSING_U64)
			continue;
		fprintf(f,
			"  a major fault under %s takes %s (median), %s (p99), %s at most; the kernel spends "
			"%.1f us of"
			" CPU on a page out or in\n",
			arms[i].arm, units_format_duration(arms[i].major_latency_p50_ns, b[0]),
			units_format_duration(arms[i].major_latency_p99_ns, b[1]),
			units_format_duration(arms[i].major_latency_max_ns, b[2]),
			arms[i].kernel_ns_per_page / 1e3);
	}
}

static int say_predictions(struct study *s, const struct study_subject *subject, FILE *f, struct err *e)
{
	char b[2][UNITS_TEXT_MAX];
	int rc = 0;

	for (size_t i = 1; i < subject->n_arms && !rc; i++) {
		const struct study_arm *arm = &subject->arms[i];
		double used = median_of(arm, "pool_used_bytes_full", NULL, NULL);
		double compr = median_of(arm, "pool_compr_bytes_full", NULL, NULL);
		double pages = median_of(arm, "pool_orig_bytes_peak", NULL, NULL) / PAGE_BYTES;
		struct study_prediction p = study_predict(s, subject, arm->algorithm, pages);
		struct prediction_figures figures = {
			subject->name,		 arm->algorithm, pages, p.used_bytes,  used,
			p.used_bytes / used - 1, p.compr_bytes,	 compr, p.approximate,
		};

		if (!(pages > 0))
			continue;
		if (!isnan(p.used_bytes))
			fprintf(f,
				"  %s pool at its fullest, %.0f pages: %s predicted, %s measured (%+.1f %%); "
				"codec bytes"
				" alone %+.1f %%, holes take %.0f %%%s\n",
				arm->algorithm, pages, size_text(p.used_bytes, b[0]), size_text(used, b[1]),
				figures.error_ratio * 100, (p.compr_bytes / compr - 1) * 100,
				(1 - compr / used) * 100,
				p.approximate ? "; foretold by a codec that is only like it" : "");
		rc = store_prediction(s->store, &arm->cell, "pool_used_bytes", "bytes", p.used_bytes, used,
				      e);
		if (!rc)
			rc = store_prediction(s->store, &arm->cell, "pool_compr_bytes", "bytes",
					      p.compr_bytes, compr, e);
		if (s->config->format != OUT_TEXT)
			out_record(s->out, &prediction_type, &figures);
	}
	return rc;
}

static int store_ranks(struct study *s, const struct study_subject *subject, const struct study_rank *ranks,
		       size_t n, double readback, struct err *e)
{
	const struct study_scan *scan = &subject->scan;
	/* Bytes and CPU of the same pages: those of the sample that need a codec. */
	double total = (double)(scan->sampled_pages - scan->zero_pages - scan->same_pages) * PAGE_BYTES;
	int rc = 0;

	for (size_t i = 0; i < n && !rc; i++) {
		const struct study_rank *r = &ranks[i];
		struct store_ranking row = {
			.place = r->eligible ? i + 1 : 0,
			.codec = r->label,
			.tier = r->heavy ? "heavy" : "fast",
			.eligible = r->eligible,
			.recommended = r->chosen,
			.fair_score = r->fair_score,
			.value_gib_per_core = r->value_gib_per_core,
			.saved_slot_bytes = r->saved_slot_ratio * total,
			.saved_codec_bytes = r->saved_codec_ratio * total,
			.total_bytes = total,
			.compress_cpu_ms = r->compress_cpu_ms,
			.decompress_cpu_ms = r->decompress_cpu_ms,
			.readback_factor = readback,
			.reason = r->reason,
		};

		rc = store_ranking(s->store, &subject->workload, &row, e);
	}
	return rc;
}

static void say_policy(FILE *f, const struct study_rank *ranks, size_t n, double readback, bool measured,
		       double residence_ns)
{
	const struct study_rank *chosen = NULL;
	char b[UNITS_TEXT_MAX];

	for (size_t i = 0; i < n; i++)
		chosen = ranks[i].chosen ? &ranks[i] : chosen;
	if (!n)
		return;
	fprintf(f, "  fairness policy at the %s readback factor %.2f", measured ? "measured" : "assumed",
		readback);
	if (!isnan(residence_ns))
		fprintf(f, ", pages out for %s on average", time_text(residence_ns, b));
	fprintf(f, ": %s\n", chosen ? chosen->label : "nothing is worth it");
	for (size_t i = 0; i < n; i++) {
		const struct study_rank *r = &ranks[i];

		fprintf(f, "    %-9s saves %3.0f %% of RAM (%3.0f %% as codec bytes)  %s\n", r->label,
			100 * r->saved_slot_ratio, 100 * r->saved_codec_ratio, r->reason);
	}
}

/* The recommendation in one sentence. */
static void recommend(const struct study *s, const struct study_subject *subject,
		      const struct arm_figures *arms, const struct study_rank *ranks, size_t n_ranks,
		      const struct arm_figures *best, bool on_bytes, FILE *f)
{
	const struct study_rank *chosen = NULL;
	char b[UNITS_TEXT_MAX];

	for (size_t i = 0; i < n_ranks; i++)
		chosen = ranks[i].chosen ? &ranks[i] : chosen;
	if (best) {
		fprintf(f, "%s for %s: saves %s (%.0f %% of its peak), n=%u", best->arm, subject->name,
			size_text(best->saved_bytes, b), best->saved_ratio * 100, (unsigned int)best->n);
		if (on_bytes)
			fprintf(f,
				"; decided on bytes, %.2f times as long but time is undecided below %d "
				"blocks",
				best->slowdown_ratio, STUDY_BLOCKS_FOR_TIME);
		else
			fprintf(f, "; %.2f times as long [%.2f, %.2f], %s", best->slowdown_ratio,
				best->slowdown_low_ratio, best->slowdown_high_ratio, best->slowdown_verdict);
	} else if (chosen && subject->n_arms < 2) {
		fprintf(f,
			"%s for %s: saves %.0f %% of its RAM by the page scan alone; nothing was measured in "
			"a pool",
			chosen->label, subject->name, 100 * chosen->saved_slot_ratio);
	} else if (!n_ranks) {
		fprintf(f, "nothing for %s: there is no page scan to judge by", subject->name);
	} else if (!chosen) {
		double most = -INFINITY;

		for (size_t i = 0; i < n_ranks; i++)
			most = MAX(most, ranks[i].saved_slot_ratio);
		fprintf(f,
			"nothing for %s: no codec is worth it, the best saves %.1f %% of RAM by the scan "
			"(floor %.0f %%)",
			subject->name, most * 100, s->config->floor_ratio * 100);
	} else {
		double most = -INFINITY;

		for (size_t i = 1; i < subject->n_arms; i++)
			most = MAX(most, arms[i].n ? arms[i].saved_ratio : most);
		fprintf(f,
			"nothing for %s: its pages would compress, but under this limit the best pool saved "
			"%.1f %% of its "
			"peak (floor %.0f %%)",
			subject->name, most * 100, s->config->floor_ratio * 100);
	}
	if (chosen && best && !str_eq(chosen->label, codec_for_kernel(best->arm, NULL) ?: ""))
		fprintf(f, "; the policy's own choice is %s", chosen->label);
}

/* ---- one subject
 * -------------------------------------------------------------------------------------------------- */

/* The pool's own factor and residence, the same question for every algorithm: medians over the arms. */
static double over_arms(const struct arm_figures *arms, size_t n, size_t offset)
{
	double values[STUDY_ARMS_MAX];
	size_t found = 0;

	for (size_t i = 1; i < n; i++) {
		double value = *(const double *)((const char *)&arms[i] + offset);

		if (!isnan(value))
			values[found++] = value;
	}
	return found ? stats_median(values, found) : MISSING_F64;
}

static int answer_subject(struct study *s, const struct study_subject *subject, FILE *text, FILE *recommended,
			  struct err *e)
{
	struct study_rank ranks[STUDY_CODECS_MAX];
	struct arm_figures arms[STUDY_ARMS_MAX];
	const struct arm_figures *best;
	char b[2][UNITS_TEXT_MAX], *sentence = NULL;
	size_t len, n_timed_blocks = subject->n_arms > 1 ? subject->arms[0].n_timed : 0;
	bool on_bytes = n_timed_blocks < STUDY_BLOCKS_FOR_TIME;
	double readback, residence;
	ssize_t n_ranks = 0;
	FILE *f;
	int rc = 0;

	for (size_t i = 0; i < subject->n_arms; i++) {
		arms[i] = figures_of(subject, &subject->arms[i]);
		if (s->config->format != OUT_TEXT)
			out_record(s->out, &arm_type, &arms[i]);
	}
	readback = over_arms(arms, subject->n_arms, offsetof(struct arm_figures, readback_factor));
	residence = over_arms(arms, subject->n_arms, offsetof(struct arm_figures, residence_ns));
	if (subject->scan.present)
		n_ranks = study_rank(s, subject, isnan(readback) ? POLICY_READBACK_WARM : readback,
				     isnan(residence) ? MISSING_U64 : (uint64_t)residence, ranks, e);
	if (n_ranks < 0)
		return (int)n_ranks;

	fprintf(text, "%s: %s of anonymous and shared memory at its peak", subject->name,
		size_text((double)subject->reference.ram_bytes_peak, b[0]));
	if (subject->n_arms > 1)
		fprintf(text, ", held to %s", size_text((double)subject->limit_bytes, b[1]));
	fputc('\n', text);
	if (subject->n_arms > 1)
		say_arm_head(text);
	for (size_t i = 0; i < subject->n_arms && subject->n_arms > 1; i++)
		say_arm(text, &arms[i]);
	say_faults(text, arms, subject->n_arms);
	rc = say_predictions(s, subject, text, e);
	say_policy(text, ranks, (size_t)n_ranks, isnan(readback) ? POLICY_READBACK_WARM : readback,
		   !isnan(readback), residence);
	best = choose(s, arms, subject->n_arms, ranks, (size_t)n_ranks, on_bytes);
	f = open_memstream(&sentence, &len);
	if (!f)
		return err_set(e, errno, "cannot write the answer");
	recommend(s, subject, arms, ranks, (size_t)n_ranks, best, on_bytes, f);
	fclose(f);
	fprintf(text, "recommended: %s\n", sentence);
	fprintf(recommended, "%s%s", ftell(recommended) > 0 ? "; " : "", sentence);
	if (s->config->format != OUT_TEXT) {
		struct answer_figures a = {.subject = subject->name,
					   .recommended = best ? best->arm : "nothing",
					   .decided_by = subject->n_arms < 2 ? "scan"
							 : on_bytes	     ? "bytes"
									     : "policy",
					   .policy_choice = "nothing",
					   .readback_factor = readback,
					   .text = sentence};

		for (ssize_t i = 0; i < n_ranks; i++)
			a.policy_choice = ranks[i].chosen ? ranks[i].label : a.policy_choice;
		if (!best && subject->n_arms < 2)
			a.recommended = a.policy_choice;
		out_record(s->out, &answer_type, &a);
	}
	free(sentence);
	if (!rc)
		rc = store_ranks(s, subject, ranks, (size_t)n_ranks,
				 isnan(readback) ? POLICY_READBACK_WARM : readback, e);
	return rc;
}

int study_answer(struct study *s, struct err *e)
{
	AUTO_FREE char *text = NULL, *recommended = NULL;
	size_t text_len, recommended_len;
	FILE *t = open_memstream(&text, &text_len), *r = open_memstream(&recommended, &recommended_len);
	int rc = t && r ? 0 : err_set(e, errno, "cannot write the answer");

	for (size_t i = 0; i < s->n_subjects && !rc; i++)
		rc = answer_subject(s, &s->subjects[i], t, r, e);
	if (t)
		fclose(t);
	if (r)
		fclose(r);
	if (rc)
		return rc;
	for (char *rest = text, *line; (line = strsep(&rest, "\n")) && rest;) {
		out_line(s->out, "%s", line);
		rest[-1] = '\n';
	}
	return store_experiment_end(s->store, &s->experiment, STORE_EXPERIMENT_DONE, text, recommended, e);
}

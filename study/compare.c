/* SPDX-License-Identifier: GPL-2.0-only */
/* study_compare.c - the runs of a target, arm against arm: figures, predictions, and which arm to
 * recommend.
 *
 * Saved is what an operator asks for: the target's peak of RAM without a pool, less its peak of RAM
 * + pool + slot table with one. Times are compared within blocks. Below STUDY_BLOCKS_FOR_TIME
 * blocks no interval by ranks reaches 95 %: bytes decide then, and time is called undecided.
 * Nothing is left out as an outlier.
 */
#include "answer.h"

#define PRACTICAL_RATIO 0.02 /* a slowdown below this is called none */
#define CONFIDENCE      0.95

static const struct field arm_fields[] = {
	FIELD(struct arm_figures, target, FIELD_STRING, "", "name of the program under study"),
	FIELD(struct arm_figures, arm, FIELD_STRING, "", "none, or the pool's algorithm"),
	FIELD(struct arm_figures, n, FIELD_U64, "runs", "timed runs that count"),
	FIELD(struct arm_figures, n_bad, FIELD_U64, "runs",
	      "timed runs that failed or were contaminated"),
	FIELD(struct arm_figures, wall_median_ns, FIELD_F64, "ns", "wall time", .decimals = -1),
	FIELD(struct arm_figures, wall_min_ns, FIELD_F64, "ns", "fastest run", .decimals = -1),
	FIELD(struct arm_figures, wall_max_ns, FIELD_F64, "ns", "slowest run", .decimals = -1),
	FIELD(struct arm_figures, slowdown_ratio, FIELD_F64, "ratio",
	      "wall time against none in the same block, Hodges-Lehmann over blocks"),
	FIELD(struct arm_figures, slowdown_low_ratio, FIELD_F64, "ratio",
	      "95 % interval by ranks; needs 6 blocks"),
	FIELD(struct arm_figures, slowdown_high_ratio, FIELD_F64, "ratio", "its upper end"),
	FIELD(struct arm_figures, slowdown_verdict, FIELD_STRING, "",
	      "slower, faster, equivalent (within 2 %), inconclusive, or undecided (too few "
	      "blocks)"),
	FIELD(struct arm_figures, cpu_median_ns, FIELD_F64, "ns", "user + system CPU",
	      .decimals = -1),
	FIELD(struct arm_figures, kernel_ns_per_page, FIELD_F64, "ns",
	      "system CPU beyond none's for each page written or read", .decimals = -1),
	FIELD(struct arm_figures, footprint_peak_bytes, FIELD_F64, "bytes",
	      "peak of RAM + pool + slot table", .decimals = -1),
	FIELD(struct arm_figures, footprint_mean_bytes, FIELD_F64, "bytes", "mean of the same",
	      .decimals = -1),
	FIELD(struct arm_figures, saved_bytes, FIELD_F64, "bytes",
	      "none's footprint peak less this one's", .decimals = -1),
	FIELD(struct arm_figures, saved_min_bytes, FIELD_F64, "bytes", "least of all runs",
	      .decimals = -1),
	FIELD(struct arm_figures, saved_max_bytes, FIELD_F64, "bytes", "most of all runs",
	      .decimals = -1),
	FIELD(struct arm_figures, saved_ratio, FIELD_F64, "ratio",
	      "saved_bytes / none's footprint peak"),
	FIELD(struct arm_figures, major_faults, FIELD_F64, "faults", "page faults that read",
	      .decimals = -1),
	FIELD(struct arm_figures, pages_out, FIELD_F64, "pages", "written to the pool",
	      .decimals = -1),
	FIELD(struct arm_figures, pages_in, FIELD_F64, "pages", "read from the pool",
	      .decimals = -1),
	FIELD(struct arm_figures, by_probe, FIELD_BOOL, "",
	      "the figures down to pool_page_ns are pool_probe's, from the probed run; else the "
	      "first two are of counters, from timed runs"),
	FIELD(struct arm_figures, readback_factor, FIELD_F64, "ratio",
	      "pages loaded / pages stored"),
	FIELD(struct arm_figures, residence_ns, FIELD_F64, "ns", "mean time of a page out",
	      .decimals = -1),
	FIELD(struct arm_figures, survival_p50_ns, FIELD_F64, "ns",
	      "half of all pages stored were back after this long; missing where fewer came back",
	      .decimals = -1),
	FIELD(struct arm_figures, censored_ratio, FIELD_F64, "ratio",
	      "pages never loaded / pages stored"),
	FIELD(struct arm_figures, freed_unread, FIELD_F64, "pages",
	      "freed without a load, at least", .decimals = -1),
	FIELD(struct arm_figures, write_p50_ns, FIELD_F64, "ns",
	      "median time in the device of a store", .decimals = -1),
	FIELD(struct arm_figures, write_p99_ns, FIELD_F64, "ns", "99th percentile of it",
	      .decimals = -1),
	FIELD(struct arm_figures, read_p50_ns, FIELD_F64, "ns",
	      "median time in the device of a load", .decimals = -1),
	FIELD(struct arm_figures, read_p99_ns, FIELD_F64, "ns", "99th percentile of it",
	      .decimals = -1),
	FIELD(struct arm_figures, pool_page_ns, FIELD_F64, "ns",
	      "in-pool CPU: time in the device for each page stored or loaded", .decimals = -1),
	FIELD(struct arm_figures, psi_some_us, FIELD_F64, "us",
	      "time in which the group waited for memory", .decimals = -1),
	FIELD(struct arm_figures, major_latency_p50_ns, FIELD_U64, "ns",
	      "median major fault, from the probed run"),
	FIELD(struct arm_figures, major_latency_p99_ns, FIELD_U64, "ns",
	      "99th percentile of the same"),
	FIELD(struct arm_figures, major_latency_max_ns, FIELD_U64, "ns", "longest of the same"),
};
const struct record_type study_arm_type = RECORD_TYPE(
	"study_arm", 1, RECORD_CARD, arm_fields, "one arm of a study, all its timed runs together");

static const struct field prediction_fields[] = {
	FIELD(struct prediction_figures, target, FIELD_STRING, "",
	      "name of the program under study"),
	FIELD(struct prediction_figures, algorithm, FIELD_STRING, "", "of the pool"),
	FIELD(struct prediction_figures, pages, FIELD_F64, "pages", "in the pool at its fullest",
	      .decimals = -1),
	FIELD(struct prediction_figures, predicted_used_bytes, FIELD_F64, "bytes",
	      "RAM for as many pages of the scan, with the holes that coming and going leaves on "
	      "average",
	      .decimals = -1),
	FIELD(struct prediction_figures, measured_used_bytes, FIELD_F64, "bytes",
	      "mem_used_total then", .decimals = -1),
	FIELD(struct prediction_figures, error_ratio, FIELD_F64, "ratio",
	      "predicted / measured - 1"),
	FIELD(struct prediction_figures, predicted_compr_bytes, FIELD_F64, "bytes", "codec bytes",
	      .decimals = -1),
	FIELD(struct prediction_figures, measured_compr_bytes, FIELD_F64, "bytes",
	      "compr_data_size then", .decimals = -1),
	FIELD(struct prediction_figures, codec_page_ns, FIELD_F64, "ns",
	      "CPU of the codec for each page stored or loaded, by the scan and the calibration: "
	      "of pool_page_ns the codec's part",
	      .decimals = -1),
	FIELD(struct prediction_figures, approximate, FIELD_BOOL, "",
	      "a library codec stands in for the kernel's"),
};
const struct record_type study_prediction_type =
	RECORD_TYPE("study_prediction", 1, RECORD_CARD, prediction_fields,
		    "what the scan predicted, beside what came");

/* ---- figures of an arm ---- */

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

/* What the probed run has of pool_probe; without it the median of the timed runs, which have their
 * counters' figures then, and where they do not, since the probe failed in this run alone, its own.
 */
static double probed_or_median(const struct study_arm *arm, const char *name)
{
	const struct field *field = study_run_type.fields;
	double probed, median = median_of(arm, name, NULL, NULL);

	while (!str_eq(field->name, name))
		field++;
	probed = arm->has_probed ? figure(&arm->probed, field) : MISSING_F64;
	return arm->probed.by_probe || isnan(median) ? probed : median;
}

/* Wall times of the blocks in which both arms have a run that counts. */
static size_t paired_walls(const struct study_arm *a, const struct study_arm *b, double *wall_a,
			   double *wall_b)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n_timed; i++) {
		for (size_t k = 0; k < b->n_timed; k++) {
			if (a->timed[i].block != b->timed[k].block ||
			    !study_run_counts(&a->timed[i]) || !study_run_counts(&b->timed[k]))
				continue;
			wall_a[n] = (double)a->timed[i].wall_ns;
			wall_b[n++] = (double)b->timed[k].wall_ns;
		}
	}
	return n;
}

static void compare_time(const struct study_arm *none, const struct study_arm *arm,
			 struct arm_figures *ret)
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

static struct arm_figures figures_of(const struct study_target *target, const struct study_arm *arm)
{
	const struct study_arm *none = &target->arms[0];
	double none_peak = median_of(none, "footprint_bytes_peak", NULL, NULL);
	double low = MISSING_F64, high = MISSING_F64;
	struct arm_figures f = {
		.target = target->name,
		.arm = arm->name,
		.wall_min_ns = MISSING_F64,
		.wall_max_ns = MISSING_F64,
		.major_faults = median_of(arm, "major_faults", NULL, NULL),
		.pages_out = median_of(arm, "pages_out", NULL, NULL),
		.pages_in = median_of(arm, "pages_in", NULL, NULL),
		.by_probe = arm->has_probed && arm->probed.by_probe,
		.readback_factor = probed_or_median(arm, "readback_factor"),
		.residence_ns = probed_or_median(arm, "residence_ns"),
		.survival_p50_ns = probed_or_median(arm, "survival_p50_ns"),
		.censored_ratio = probed_or_median(arm, "censored_ratio"),
		.freed_unread = probed_or_median(arm, "freed_unread"),
		.write_p50_ns = probed_or_median(arm, "write_p50_ns"),
		.write_p99_ns = probed_or_median(arm, "write_p99_ns"),
		.read_p50_ns = probed_or_median(arm, "read_p50_ns"),
		.read_p99_ns = probed_or_median(arm, "read_p99_ns"),
		.pool_page_ns = probed_or_median(arm, "pool_page_ns"),
		.psi_some_us = median_of(arm, "psi_some_us", NULL, NULL),
		.footprint_mean_bytes = median_of(arm, "footprint_bytes_mean", NULL, NULL),
		.footprint_peak_bytes = median_of(arm, "footprint_bytes_peak", &low, &high),
		.cpu_median_ns = median_of(arm, "user_ns", NULL, NULL) +
				 median_of(arm, "system_ns", NULL, NULL),
		.major_latency_p50_ns =
			arm->has_probed ? arm->probed.major_latency_p50_ns : MISSING_U64,
		.major_latency_p99_ns =
			arm->has_probed ? arm->probed.major_latency_p99_ns : MISSING_U64,
		.major_latency_max_ns =
			arm->has_probed ? arm->probed.major_latency_max_ns : MISSING_U64,
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

/* The pool's own factor and residence, the same question for every algorithm: medians over the
 * arms. */
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

static struct prediction_figures predicted(const struct study *s, const struct study_target *target,
					   const struct study_arm *arm)
{
	struct prediction_figures p = {
		.target = target->name,
		.algorithm = arm->name,
		.pages = median_of(arm, "pool_orig_bytes_peak", NULL, NULL) / PAGE_BYTES,
		.measured_used_bytes = median_of(arm, "pool_used_bytes_full", NULL, NULL),
		.measured_compr_bytes = median_of(arm, "pool_compr_bytes_full", NULL, NULL),
		.codec_page_ns = MISSING_F64,
	};
	struct study_prediction by_scan = study_predict(s, target, arm->algorithm, p.pages);

	p.predicted_used_bytes = by_scan.used_bytes;
	p.predicted_compr_bytes = by_scan.compr_bytes;
	p.approximate = by_scan.approximate;
	p.error_ratio =
		p.pages > 0 ? p.predicted_used_bytes / p.measured_used_bytes - 1 : MISSING_F64;
	return p;
}

void study_compare(const struct study *s, const struct study_target *target,
		   struct target_answer *ret)
{
	*ret = (struct target_answer){
		.target = target,
		.n_arms = target->n_arms,
		.floor_ratio = s->config->floor_ratio,
		.on_bytes = target->n_arms < 2,
		.crypto = s->algorithms && s->algorithms->crypto,
	};
	for (size_t i = 0; i < target->n_arms; i++) {
		ret->arms[i] = figures_of(target, &target->arms[i]);
		if (i > 0)
			ret->predictions[i] = predicted(s, target, &target->arms[i]);
	}
	/* Blocks that were asked for may have failed: an arm without an interval leaves time
	 * undecided. */
	for (size_t i = 1; i < target->n_arms; i++)
		ret->on_bytes = ret->on_bytes || isnan(ret->arms[i].slowdown_low_ratio);
	ret->readback_factor =
		over_arms(ret->arms, ret->n_arms, offsetof(struct arm_figures, readback_factor));
	ret->residence_ns =
		over_arms(ret->arms, ret->n_arms, offsetof(struct arm_figures, residence_ns));
}

/* ---- what to recommend ---- */

static const struct study_rank *rank_for(const struct target_answer *a, const char *algorithm)
{
	const char *label = codec_for_kernel(algorithm, a->crypto, NULL);

	for (size_t i = 0; label && i < a->ranking.n; i++) {
		if (str_eq(a->ranking.ranks[i].label, label))
			return &a->ranking.ranks[i];
	}
	return NULL;
}

static double score_of(const struct target_answer *a, const char *algorithm)
{
	const struct study_rank *rank = rank_for(a, algorithm);

	return rank && rank->eligible && !isnan(rank->fair_score) ? rank->fair_score : 0;
}

/* Whether y is to be preferred to x. On bytes: what it saved at least beats what the other saved at
 * most; where the spreads overlap, and with enough blocks in any case, the policy's score decides.
 */
static bool better(const struct target_answer *a, const struct arm_figures *x,
		   const struct arm_figures *y)
{
	if (a->on_bytes && y->saved_min_bytes > x->saved_max_bytes)
		return true;
	if (a->on_bytes && x->saved_min_bytes > y->saved_max_bytes)
		return false;
	return score_of(a, y->arm) > score_of(a, x->arm);
}

/* As many of the pages are loaded for one stored as the arm's own factor says. */
static double codec_page_ns(const struct target_answer *a, const struct arm_figures *arm)
{
	const struct study_scan *scan = &a->target->scan;
	const struct study_rank *rank = rank_for(a, arm->arm);
	double pages = (double)(scan->sampled_pages - scan->zero_pages - scan->same_pages);

	return rank ? (rank->compress_cpu_ms + arm->readback_factor * rank->decompress_cpu_ms) *
			       NS_PER_MS / pages / (1 + arm->readback_factor)
		    : MISSING_F64;
}

void study_choose(struct target_answer *a)
{
	for (size_t i = 1; i < a->n_arms; i++)
		a->predictions[i].codec_page_ns = codec_page_ns(a, &a->arms[i]);
	for (size_t i = 0; i < a->ranking.n; i++) {
		if (a->ranking.ranks[i].chosen)
			a->chosen = &a->ranking.ranks[i];
	}
	for (size_t i = 1; i < a->n_arms; i++) {
		const struct arm_figures *arm = &a->arms[i];
		const struct study_rank *rank = rank_for(a, arm->arm);

		/* By scan and by measurement it must save as much as the floor. */
		if (!arm->n || !(arm->saved_ratio >= a->floor_ratio) || (rank && !rank->eligible))
			continue;
		if (!a->best || better(a, a->best, arm))
			a->best = arm;
	}
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* verdict.c - the engine's verdict and curve with what the runs measured beside them.
 *
 * The baseline of every share is the mean total RAM of the reference runs in the blocks of the
 * verdict; without blocks that of all reference runs.
 */
#include "verdict.h"

#include <math.h>

#include "lib/base/record_json.h"
#include "search.h"

static const char *const kinds[] = {
	[VERDICT_UNDECIDED] = "undecided",
	[VERDICT_SAVES] = "saves",
	[VERDICT_TIE] = "tie",
	[VERDICT_NONE] = "none",
};
static const char *const whys[] = {
	[VERDICT_PAIRS] = "pairs",
	[VERDICT_REFERENCE_FAILED] = "reference failed",
	[VERDICT_TOO_FEW_RUNS] = "too few runs",
	[VERDICT_INTERVAL_TOO_WIDE] = "interval holds the bound",
	[VERDICT_LARGER_UNTESTED] = "larger limits untested",
	[VERDICT_SLOWER] = "slower at the largest limit",
	[VERDICT_NO_RAM_SAVED] = "no RAM saved",
	[VERDICT_KILLED] = "OOM kills",
};

static const char *algorithm_name(const struct study *s, size_t algo)
{
	return algo == SEARCH_NO_ALGO ? NULL : s->choices[algo].name;
}

/* ---- the curve ---- */

struct means {
	double ram, huge, in_per_s, refault, cpu;
	size_t n;
};

/* Of a configuration's runs of one kind that count; those that were ended early do not. */
static struct means means_of(const struct study_configuration *c, enum results_run_kind kind)
{
	struct means sum = { .n = 0 };

	for (size_t i = 0; c && i < c->n; i++) {
		const struct metrics *m = &c->runs[i].metrics;

		if (c->runs[i].kind != kind || !results_run_counts(&c->runs[i]))
			continue;
		sum.ram += m->footprint_bytes_mean;
		sum.huge += m->huge_bytes_mean;
		sum.in_per_s += m->pages_in / (m->wall_ns / NS_PER_S);
		sum.refault += m->refault_file_pages;
		sum.cpu += m->user_ns + m->system_ns;
		sum.n++;
	}
	sum.ram /= (double)sum.n; /* NaN without a run */
	sum.huge /= (double)sum.n;
	sum.in_per_s /= (double)sum.n;
	sum.refault /= (double)sum.n;
	sum.cpu /= (double)sum.n;
	return sum;
}

static double probed_fault_p99(const struct study_configuration *c)
{
	for (size_t i = 0; c && i < c->n; i++)
		if (c->runs[i].kind == RESULTS_RUN_PROBED && results_run_counts(&c->runs[i]))
			return c->runs[i].metrics.major_latency_p99_ns;
	return MISSING_F64;
}

static struct curve_record point_record(const struct study_verdict *v,
					const struct verdict_point *p, double reference_cpu)
{
	bool pairs = p->source == VERDICT_FROM_PAIRS;
	const struct study_configuration *c =
		study_search_point(v->study, v->target, p->algo, p->limit_ratio);
	struct means m = means_of(c, pairs ? RESULTS_RUN_TIMED : RESULTS_RUN_WARMUP);

	return (struct curve_record){
		.target = v->target->name,
		.algorithm = algorithm_name(v->study, p->algo),
		.source = pairs ? "pairs" : "search",
		.limit_ratio = p->limit_ratio,
		.limit_bytes = c ? metric_u64(c->limit_bytes) : MISSING_F64,
		.ram_bytes = m.ram,
		.ram_ratio = m.ram / v->verdict.reference_ram_bytes,
		.slowdown_ratio = p->slowdown.estimate,
		.slowdown_low_ratio = pairs ? p->slowdown.low : MISSING_F64,
		.slowdown_high_ratio = pairs ? p->slowdown.high : MISSING_F64,
		.n = p->runs,
		.n_aborted = p->aborted,
		.n_killed = p->kills,
		.swap_ins_per_s = m.in_per_s,
		.major_latency_p99_ns = probed_fault_p99(c),
		.refault_file_pages = m.refault,
		.cpu_ratio = m.cpu / reference_cpu,
	};
}

static int by_limit(const void *a, const void *b)
{
	const struct curve_record *x = a, *y = b;
	int algorithms = strcmp(x->algorithm, y->algorithm);

	if (algorithms)
		return algorithms;
	if (x->limit_ratio != y->limit_ratio)
		return x->limit_ratio < y->limit_ratio ? 1 : -1;
	return strcmp(x->source, y->source);
}

static void fill_curve(struct study_verdict *v, struct verdict_point *points)
{
	const struct study_configuration *none = &v->target->configurations[0];
	struct means reference = means_of(none, RESULTS_RUN_TIMED);
	size_t n;

	if (!reference.n)
		reference = means_of(none, RESULTS_RUN_WARMUP);
	n = verdict_curve(v->target->search, points, STUDY_CURVE_MAX);
	for (size_t i = 0; i < n; i++)
		if (points[i].runs || points[i].kills) /* a stage may have begun and not more */
			v->curve[v->n_curve++] = point_record(v, &points[i], reference.cpu);
	qsort(v->curve, v->n_curve, sizeof(v->curve[0]), by_limit);
}

/* ---- the verdict ---- */

static void fill_record(struct study_verdict *v)
{
	const struct verdict *from = &v->verdict;
	const struct study_configuration *none = &v->target->configurations[0];
	const struct study_configuration *point =
		from->algo == SEARCH_NO_ALGO
			? NULL
			: study_search_point(v->study, v->target, from->algo, from->limit_ratio);

	v->record = (struct verdict_record){
		.target = v->target->name,
		.verdict = kinds[from->kind],
		.why = whys[from->why],
		.partial = from->partial,
		.algorithm = algorithm_name(v->study, from->algo),
		.second = algorithm_name(v->study, from->second),
		.max_slowdown_ratio = v->study->config->max_slowdown_ratio,
		.limit_ratio = from->limit_ratio,
		.limit_bytes =
			from->algo == SEARCH_NO_ALGO ? MISSING_F64 : (double)from->limit_bytes,
		.slowdown_ratio = from->slowdown.estimate,
		.slowdown_low_ratio = from->slowdown.low,
		.slowdown_high_ratio = from->slowdown.high,
		.confidence_ratio = from->confidence,
		.pairs = from->pairs,
		.runs = v->target->search->n_runs,
		.ram_bytes = from->ram_bytes,
		.reference_ram_bytes = from->reference_ram_bytes,
		.saved_ratio = 1 - from->ram_bytes / from->reference_ram_bytes,
		.ram_bytes_peak = from->ram_peak_bytes,
		.reference_ram_bytes_peak = from->reference_ram_peak_bytes,
		.ram_time_ratio = from->ram_time_ratio,
		.huge_bytes = means_of(point, RESULTS_RUN_TIMED).huge,
		.reference_huge_bytes = means_of(none, RESULTS_RUN_TIMED).huge,
		.reference_spread_ratio = from->log_sd,
		.beyond_ratio = from->algo == SEARCH_NO_ALGO ? MISSING_F64 : from->beyond_ratio,
		.more_pairs = from->kind == VERDICT_UNDECIDED && from->more_pairs != SIZE_MAX
				      ? from->more_pairs
				      : MISSING_U64,
		.more_ns = from->kind == VERDICT_UNDECIDED && from->more_pairs != SIZE_MAX
				   ? from->more_ns
				   : MISSING_U64,
		.others_cpu_ratio = busy_ratio(&v->study->busy),
		.text = v->text,
	};
}

int study_verdict_of(const struct study *s, const struct study_target *target,
		     struct study_verdict *ret, struct err *e)
{
	AUTO_FREE struct verdict_point *points = calloc(STUDY_CURVE_MAX, sizeof(*points));
	FILE *f;

	*ret = (struct study_verdict){ .study = s, .target = target, .metric = s->config->metric };
	if (!points || verdict_of(target->search, &ret->verdict))
		return err_set(e, ENOMEM, "cannot write the answer");
	fill_record(ret);
	fill_curve(ret, points);
	f = fmemopen(ret->text, sizeof(ret->text) - 1, "w");
	if (!f)
		return err_set(e, errno, "cannot write the answer");
	verdict_line(f, ret);
	fclose(f);
	return 0;
}

int study_verdict_store(struct study *s, const struct study_verdict *v, struct err *e)
{
	const struct results_id *run = &study_reference(v->target)->id;
	AUTO_FREE char *verdict = record_text(&verdict_type, &v->record), *curve = NULL;
	size_t len;
	FILE *f = open_memstream(&curve, &len);
	int rc;

	for (size_t i = 0; f && i < v->n_curve; i++) {
		AUTO_FREE char *line = record_text(&curve_type, &v->curve[i]);

		fputs(line ?: "", f);
	}
	if (!f || fclose(f) || !verdict)
		return err_set(e, ENOMEM, "cannot store the answer");
	rc = results_artifact(s->results, run, "verdict", NULL, verdict, e);
	return rc ? rc : results_artifact(s->results, run, "curve", NULL, curve, e);
}

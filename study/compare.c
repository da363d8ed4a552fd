/* SPDX-License-Identifier: GPL-2.0-only */
/* compare.c - from comparisons of runs to records, predictions and a recommendation.
 *
 * Saved is what an operator asks for: the target's peak of RAM without a pool, less its peak of RAM
 * + pool + slot table with one. Below STUDY_BLOCKS_FOR_TIME blocks no interval by ranks reaches
 * 95 %: bytes decide then, and time is called undecided.
 */
#include "compare.h"

#include "lib/results/comparison.h"

#define CONF(m, t, u, what, ...) FIELD(struct configuration_record, m, t, u, what, ##__VA_ARGS__)
static const struct field configuration_fields[] = {
	CONF(target, FIELD_STRING, "", "name of the program under study"),
	CONF(configuration, FIELD_STRING, "",
	     "none, or the pool's algorithm; with its limit where there are several"),
	CONF(limit_bytes, FIELD_F64, "bytes", "limit of the cgroup", .decimals = -1),
	CONF(n, FIELD_U64, "runs", "timed runs that count"),
	CONF(n_failed, FIELD_U64, "runs", "timed runs that failed or were contaminated"),
	CONF(by_probe, FIELD_BOOL, "",
	     "readback factor, residence and latencies of the pool are pool_probe's, from the "
	     "probed "
	     "run; else the first two come from counters of timed runs"),
	CONF(slowdown_verdict, FIELD_STRING, "",
	     "slower, faster, equivalent (within 2 %), inconclusive, or undecided (too few "
	     "blocks)"),
	CONF(slowdown_low_ratio, FIELD_F64, "ratio",
	     "95 % interval of slowdown_ratio by ranks; needs 6 blocks"),
	CONF(slowdown_high_ratio, FIELD_F64, "ratio", "its upper end"),
	CONF(wall_min_ns, FIELD_F64, "ns", "fastest run", .decimals = -1),
	CONF(wall_max_ns, FIELD_F64, "ns", "slowest run", .decimals = -1),
	CONF(saved_min_bytes, FIELD_F64, "bytes", "smallest saved_bytes of all runs",
	     .decimals = -1),
	CONF(saved_max_bytes, FIELD_F64, "bytes", "largest saved_bytes of all runs",
	     .decimals = -1),
	METRIC_FIELDS(struct configuration_record, m)
};
const struct record_type study_configuration_type =
	RECORD_TYPE("study_configuration", 2, RECORD_CARD, configuration_fields,
		    "one configuration of a study: medians of its timed runs");

#define PREDICTION(m, t, u, what, ...) FIELD(struct prediction_record, m, t, u, what, ##__VA_ARGS__)
static const struct field prediction_fields[] = {
	PREDICTION(target, FIELD_STRING, "", "name of the program under study"),
	PREDICTION(configuration, FIELD_STRING, "", "the pool's algorithm"),
	PREDICTION(pages, FIELD_F64, "pages", "in the pool at its fullest", .decimals = -1),
	PREDICTION(predicted_used_bytes, FIELD_F64, "bytes",
		   "RAM for as many pages of the scan, with the unused objects that swap-outs and "
		   "swap-ins leave on average",
		   .decimals = -1),
	PREDICTION(measured_used_bytes, FIELD_F64, "bytes", "mem_used_total then", .decimals = -1),
	PREDICTION(error_ratio, FIELD_F64, "ratio",
		   "prediction error: predicted_used_bytes / measured_used_bytes - 1"),
	PREDICTION(predicted_compr_bytes, FIELD_F64, "bytes", "compressed bytes", .decimals = -1),
	PREDICTION(measured_compr_bytes, FIELD_F64, "bytes", "compr_data_size then",
		   .decimals = -1),
	PREDICTION(compr_error_ratio, FIELD_F64, "ratio",
		   "predicted_compr_bytes / measured_compr_bytes - 1"),
	PREDICTION(
		codec_page_ns, FIELD_F64, "ns",
		"CPU of the codec per page written or read, by the scan and the calibration: the "
		"codec's part of pool_page_ns",
		.decimals = -1),
	PREDICTION(approximate, FIELD_BOOL, "", "a library codec stands in for the kernel's"),
};
const struct record_type study_prediction_type =
	RECORD_TYPE("study_prediction", 2, RECORD_CARD, prediction_fields,
		    "a pool's size as the page scan predicted it, and as measured");

/* ---- configurations ---- */

static bool by_probe(const struct study_configuration *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->runs[i].by_probe && results_run_counts(&c->runs[i]))
			return true;
	return false;
}

/* Medians of timed runs; where there are none, only what instrumented runs are for. */
static struct configuration_record record_of(const struct study_target *target,
					     const struct study_configuration *c,
					     const struct comparison *comparison)
{
	const struct compare_value *v = comparison->values;
	struct configuration_record ret = {
		.target = target->name,
		.configuration = c->name,
		.algorithm = study_algorithm(c),
		.limit_bytes = metric_u64(c->limit_bytes),
		.n = comparison->n,
		.n_failed = comparison->n_failed,
		.slowdown_verdict = comparison->verdict,
		.by_probe = by_probe(c),
		.slowdown_low_ratio = v[METRIC_slowdown_ratio].low,
		.slowdown_high_ratio = v[METRIC_slowdown_ratio].high,
		.wall_min_ns = MISSING_F64,
		.wall_max_ns = MISSING_F64,
		.saved_min_bytes = v[METRIC_saved_bytes].min,
		.saved_max_bytes = v[METRIC_saved_bytes].max,
	};

	for (size_t i = 0; i < METRICS_N; i++)
		*metric_value(&ret.m, i) =
			v[i].timed || metrics[i].take == METRIC_PROBED ? v[i].value : MISSING_F64;
	if (v[METRIC_wall_ns].timed) {
		ret.wall_min_ns = v[METRIC_wall_ns].min;
		ret.wall_max_ns = v[METRIC_wall_ns].max;
	}
	return ret;
}

/* The same question for every algorithm: the median over the pools. */
static double over_pools(const struct target_answer *a, int metric)
{
	double values[STUDY_CONFIGURATIONS_MAX];
	size_t found = 0;

	for (size_t i = 1; i < a->n; i++) {
		double value = a->comparisons[i].values[metric].value;

		if (!isnan(value))
			values[found++] = value;
	}
	return found ? stats_median(values, found) : MISSING_F64;
}

static struct prediction_record prediction_of(const struct study *s,
					      const struct study_target *target,
					      const struct configuration_record *c)
{
	struct prediction_record p = {
		.target = target->name,
		.configuration = c->configuration,
		.pages = c->m.pool_orig_bytes_peak / PAGE_BYTES,
		.measured_used_bytes = c->m.pool_used_bytes_full,
		.measured_compr_bytes = c->m.pool_compr_bytes_full,
		.codec_page_ns = MISSING_F64,
	};
	struct study_prediction by_scan =
		study_predict(&target->scan, c->algorithm, s->crypto, s->zeromap, p.pages);

	p.predicted_used_bytes = by_scan.used_bytes;
	p.predicted_compr_bytes = by_scan.compr_bytes;
	p.approximate = by_scan.approximate;
	p.error_ratio =
		p.pages > 0 ? p.predicted_used_bytes / p.measured_used_bytes - 1 : MISSING_F64;
	p.compr_error_ratio =
		p.pages > 0 ? p.predicted_compr_bytes / p.measured_compr_bytes - 1 : MISSING_F64;
	return p;
}

int study_compare(const struct study *s, struct study_target *target, struct target_answer *ret,
		  struct err *e)
{
	const struct study_configuration *none = &target->configurations[0];

	*ret = (struct target_answer){
		.target = target,
		.n = target->n_configurations,
		.floor_ratio = s->config->floor_ratio,
		.max_slowdown_ratio = s->config->max_slowdown_ratio,
		.on_bytes = target->n_configurations < 2,
		.crypto = s->crypto,
	};
	for (size_t i = 0; i < ret->n; i++) {
		struct study_configuration *c = &target->configurations[i];

		if (compare_runs(none->runs, none->n, c->runs, c->n, &ret->comparisons[i]))
			return err_set(e, ENOMEM, "cannot compare the runs");
		ret->configurations[i] = record_of(target, c, &ret->comparisons[i]);
		if (i > 0)
			ret->predictions[i] = prediction_of(s, target, &ret->configurations[i]);
	}
	/* Blocks that were asked for may have failed: a configuration without an interval leaves
	 * time undecided.
	 */
	for (size_t i = 1; i < ret->n; i++)
		ret->on_bytes = ret->on_bytes || isnan(ret->configurations[i].slowdown_low_ratio);
	ret->readback_factor = over_pools(ret, METRIC_readback_factor);
	ret->residence_ns = over_pools(ret, METRIC_residence_ns);
	return 0;
}

/* ---- which one to recommend ---- */

static const struct rank_candidate *candidate_for(const struct target_answer *a,
						  const char *algorithm)
{
	const char *label = codec_for_kernel(algorithm, a->crypto, NULL);

	for (size_t i = 0; label && i < a->ranking.n; i++) {
		if (str_eq(a->ranking.candidates[i].label, label))
			return &a->ranking.candidates[i];
	}
	return NULL;
}

static bool eligible(const struct rank_candidate *candidate)
{
	return candidate->rank != MISSING_U64;
}

static double score_of(const struct target_answer *a, const char *algorithm)
{
	const struct rank_candidate *c = candidate_for(a, algorithm);

	return c && eligible(c) && !isnan(c->fair_score) ? c->fair_score : 0;
}

/* Whether y is to be preferred to x. On bytes: what it saved at least is more than what the other
 * saved at most; where the spreads overlap, and with enough blocks in any case, the policy's score
 * decides.
 */
static bool better(const struct target_answer *a, const struct configuration_record *x,
		   const struct configuration_record *y)
{
	if (a->on_bytes && y->saved_min_bytes > x->saved_max_bytes)
		return true;
	if (a->on_bytes && x->saved_min_bytes > y->saved_max_bytes)
		return false;
	return score_of(a, y->algorithm) > score_of(a, x->algorithm);
}

/* With as many reads per write as the configuration's own factor says. */
static double codec_page_ns(const struct target_answer *a, const struct configuration_record *c)
{
	const struct rank_candidate *r = candidate_for(a, c->algorithm);
	double factor = c->m.readback_factor;

	return r ? (r->compress_cpu_ms + factor * r->decompress_cpu_ms) * NS_PER_MS /
			       study_scan_coded_pages(&a->target->scan) / (1 + factor)
		 : MISSING_F64;
}

void study_choose(struct target_answer *a)
{
	for (size_t i = 1; i < a->n; i++) {
		const struct configuration_record *c = &a->configurations[i];
		const struct rank_candidate *candidate = candidate_for(a, c->algorithm);

		a->predictions[i].codec_page_ns = codec_page_ns(a, c);
		/* By scan and by measurement it must save as much as the floor, within the bound.
		 */
		if (!c->n || !(c->m.saved_ratio >= a->floor_ratio) ||
		    !(c->m.slowdown_ratio <= 1 + a->max_slowdown_ratio) ||
		    (candidate && !eligible(candidate)))
			continue;
		if (!a->best || better(a, a->best, c))
			a->best = c;
	}
}

/* ---- into the results database ---- */

static int store_predictions(struct study *s, const struct results_id *cell,
			     const struct prediction_record *p, struct err *e)
{
	int rc = results_prediction(s->results, cell, "pool_used_bytes", "bytes",
				    p->predicted_used_bytes, p->measured_used_bytes, e);

	return rc ? rc
		  : results_prediction(s->results, cell, "pool_compr_bytes", "bytes",
				       p->predicted_compr_bytes, p->measured_compr_bytes, e);
}

int study_comparison_store(struct study *s, const struct target_answer *a, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < a->n && !rc; i++) {
		const struct study_configuration *c = &a->target->configurations[i];

		rc = results_comparison_put(s->results, c->cell.text, c->runs, c->n,
					    &a->comparisons[i], e);
		if (!rc && i > 0)
			rc = store_predictions(s, &c->cell, &a->predictions[i], e);
	}
	return rc;
}

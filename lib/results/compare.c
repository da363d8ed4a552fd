/* SPDX-License-Identifier: GPL-2.0-only */
/* compare.c - derived metrics of runs, then medians, spreads and the interval of the slowdown. */
#include "compare.h"

#include <math.h>

#include "lib/analysis/stats.h"

#define PRACTICAL_RATIO 0.02 /* a slowdown below this is called none */
#define CONFIDENCE      0.95

const char *const results_run_kinds[] = { "reference", "warmup", "timed", "probed", NULL };
const char *const results_run_states[] = { "running", "ok",           "failed",    "timeout",
					   "oom",     "contaminated", "unsettled", NULL };

/* The values of one metric over the timed, or over the instrumented runs that count. */
static size_t gather(const struct results_run *runs, size_t n, int metric, bool timed, double *to)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		enum results_run_kind kind = runs[i].kind;
		double value = metric_get(&runs[i].metrics, metric);
		bool instrumented = kind == RESULTS_RUN_PROBED || kind == RESULTS_RUN_REFERENCE;

		if (results_run_counts(&runs[i]) && isfinite(value) &&
		    (timed ? kind == RESULTS_RUN_TIMED : instrumented))
			to[found++] = value;
	}
	return found;
}

static double timed_median(const struct results_run *runs, size_t n, int metric, double *x)
{
	size_t found = gather(runs, n, metric, true, x);

	return found ? stats_median(x, found) : MISSING_F64;
}

static const struct results_run *timed_in_block(const struct results_run *runs, size_t n,
						uint64_t block)
{
	for (size_t i = 0; i < n; i++)
		if (runs[i].kind == RESULTS_RUN_TIMED && results_run_counts(&runs[i]) &&
		    runs[i].block == block)
			return &runs[i];
	return NULL;
}

static void derive(const struct results_run *none, size_t n_none, struct results_run *runs,
		   size_t n, double *x)
{
	double none_peak = timed_median(none, n_none, METRIC_footprint_bytes_peak, x);
	double none_system = timed_median(none, n_none, METRIC_system_ns, x);

	for (size_t i = 0; i < n; i++) {
		const struct results_run *base = timed_in_block(none, n_none, runs[i].block);
		struct metrics *m = &runs[i].metrics;

		m->cpu_ns = m->user_ns + m->system_ns;
		if (runs == none || runs[i].kind != RESULTS_RUN_TIMED)
			continue;
		m->slowdown_ratio = base ? m->wall_ns / base->metrics.wall_ns : MISSING_F64;
		m->saved_bytes = none_peak - m->footprint_bytes_peak;
		m->saved_ratio = m->saved_bytes / none_peak;
		m->kernel_page_ns = (m->system_ns - none_system) / (m->pages_out + m->pages_in);
	}
}

static bool any_by_probe(const struct results_run *runs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (runs[i].by_probe && results_run_counts(&runs[i]))
			return true;
	return false;
}

static void aggregate(const struct results_run *runs, size_t n, int metric, double *x,
		      struct compare_value *ret)
{
	ret->timed = metrics[metric].take != METRIC_PROBED || !any_by_probe(runs, n);
	ret->n = gather(runs, n, metric, ret->timed, x);
	if (!ret->n && ret->timed) {
		ret->timed = false;
		ret->n = gather(runs, n, metric, false, x);
	}
	stats_sort(x, ret->n);
	ret->value = stats_quantile(x, ret->n, 0.5);
	ret->min = stats_quantile(x, ret->n, 0);
	ret->max = stats_quantile(x, ret->n, 1);
	ret->low = ret->high = MISSING_F64;
}

/* The centre of the log ratios, its interval, and what that says. */
static void judge_time(const struct results_run *runs, size_t n, double *x, struct comparison *ret)
{
	static const char *const verdicts[] = {
		[STATS_INCONCLUSIVE] = "inconclusive",
		[STATS_LESS] = "faster",
		[STATS_EQUIVALENT] = "equivalent",
		[STATS_MORE] = "slower",
	};
	struct compare_value *slowdown = &ret->values[METRIC_slowdown_ratio];
	size_t found = gather(runs, n, METRIC_slowdown_ratio, true, x);
	struct stats_interval interval;
	double centre;

	ret->verdict = "undecided";
	for (size_t i = 0; i < found; i++)
		x[i] = log(x[i]);
	if (stats_hodges_lehmann(x, found, &centre) == 0)
		slowdown->value = exp(centre);
	if (stats_walsh_interval(x, found, CONFIDENCE, &interval, NULL))
		return;
	interval.low = slowdown->low = exp(interval.low);
	interval.high = slowdown->high = exp(interval.high);
	ret->verdict = verdicts[stats_verdict(&interval, PRACTICAL_RATIO)];
}

int compare_runs(const struct results_run *none, size_t n_none, struct results_run *runs, size_t n,
		 struct comparison *ret)
{
	AUTO_FREE double *x = calloc(MAX(n, n_none) + 1, sizeof(*x));

	if (!x)
		return -ENOMEM;
	*ret = (struct comparison){ .n = 0 };
	derive(none, n_none, runs, n, x);
	for (size_t i = 0; i < n; i++) {
		bool timed = runs[i].kind == RESULTS_RUN_TIMED;

		ret->n += timed && results_run_counts(&runs[i]);
		ret->n_failed += timed && !results_run_counts(&runs[i]);
	}
	for (int i = 0; i < METRICS_N; i++)
		aggregate(runs, n, i, x, &ret->values[i]);
	judge_time(runs, n, x, ret);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* compare.h - the runs of one configuration against those without limit and pool: the only place
 * where medians, pairs and intervals of a study are computed. Pure.
 *
 * Times are compared within blocks, on a logarithmic scale, so that 2 and 1/2 weigh alike. Nothing
 * is left out as an outlier; failed and contaminated runs do not count.
 */
#ifndef COLDPRESS_RESULTS_COMPARE_H
#define COLDPRESS_RESULTS_COMPARE_H

#include "db.h"
#include "metric.h"

enum results_run_kind {
	RESULTS_RUN_REFERENCE,
	RESULTS_RUN_WARMUP,
	RESULTS_RUN_TIMED,
	RESULTS_RUN_PROBED
};

enum results_run_state {
	RESULTS_RUN_RUNNING,
	RESULTS_RUN_OK,
	RESULTS_RUN_FAILED,
	RESULTS_RUN_TIMEOUT,
	RESULTS_RUN_OOM,
	RESULTS_RUN_CONTAMINATED,
	RESULTS_RUN_UNSETTLED,
};

extern const char *const results_run_kinds[], *const results_run_states[];

/* One run, as a study measures it and the results database holds it. */
struct results_run {
	struct results_id id;
	enum results_run_kind kind;
	enum results_run_state state;
	uint64_t block, position;
	char reason[200]; /* why the state is not ok */
	bool by_probe;    /* pool_probe saw the traffic of the pool */
	struct metrics metrics;
};

/* results_run_counts - whether its values may be used. */
static inline bool results_run_counts(const struct results_run *run)
{
	return run->state == RESULTS_RUN_OK || run->state == RESULTS_RUN_UNSETTLED;
}

/* One metric over the runs of a configuration. */
struct compare_value {
	size_t n;        /* runs behind it */
	bool timed;      /* of timed runs; else of the probed or the reference run */
	double value;    /* median; slowdown_ratio: the Hodges-Lehmann estimate */
	double min, max; /* smallest and largest run */
	double low,
		high; /* exact 95 % interval by ranks; NaN where n is too small, or none is made */
};

struct comparison {
	size_t n, n_failed; /* timed runs that count, and that do not */
	/* slower, faster, equivalent (within 2 %), inconclusive; undecided: too few blocks */
	const char *verdict;
	struct compare_value values[METRICS_N];
};

/* compare_runs - fills the derived metrics of each run, and *ret. none: the runs of the
 * configuration without limit and pool, which may be the same ones.
 *
 * errors  -ENOMEM
 */
int compare_runs(const struct results_run *none, size_t n_none, struct results_run *runs, size_t n,
		 struct comparison *ret);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* comparison.c - SELECTs of runs and comparisons, and the comparison of studies made before it was
 * stored.
 */
#include "comparison.h"

#include <math.h>
#include <sqlite3.h>

/* The index of a name; `unknown` for what this version does not know. */
static int index_of(const char *const *names, const char *name, int unknown)
{
	for (int i = 0; names[i]; i++)
		if (str_eq(names[i], name))
			return i;
	return unknown;
}

static int metrics_get(struct results *results, const char *id, struct results_run *ret,
		       struct err *e)
{
	struct sqlite3_stmt *st AUTO_ASK =
		results_ask(results, "SELECT name, value FROM metric WHERE run=?", id);
	int rc;

	metrics_clear(&ret->metrics);
	while ((rc = results_next(results, st, e)) > 0) {
		const char *name = results_text(st, 0);
		int metric = metric_find(name);

		if (metric >= 0)
			*metric_value(&ret->metrics, (size_t)metric) = results_number(st, 1);
		else if (str_eq(name, "by_probe"))
			ret->by_probe = sqlite3_column_int(st, 1) != 0;
	}
	return rc;
}

static int run_get(struct results *results, struct sqlite3_stmt *st, struct results_run *ret,
		   struct err *e)
{
	*ret = (struct results_run){
		.kind = (enum results_run_kind)index_of(results_run_kinds, results_text(st, 1),
							RESULTS_RUN_WARMUP),
		.state = (enum results_run_state)index_of(results_run_states, results_text(st, 2),
							  RESULTS_RUN_FAILED),
		.block = (uint64_t)sqlite3_column_int64(st, 4),
		.position = (uint64_t)sqlite3_column_int64(st, 5),
	};
	snprintf(ret->id.text, sizeof(ret->id.text), "%s", results_text(st, 0));
	snprintf(ret->reason, sizeof(ret->reason), "%s", results_text(st, 3));
	return metrics_get(results, ret->id.text, ret, e);
}

static int runs_get(struct results *results, const char *cell, struct results_run **ret, size_t *n,
		    struct err *e)
{
	struct sqlite3_stmt *st AUTO_ASK =
		results_ask(results,
			    "SELECT id, kind, state, reason, block, position FROM run WHERE cell=? "
			    "ORDER BY rowid",
			    cell);
	AUTO_FREE struct results_run *runs = NULL;
	size_t found = 0;
	int rc;

	while ((rc = results_next(results, st, e)) > 0) {
		struct results_run *more = reallocarray(runs, found + 1, sizeof(*runs));

		if (!more)
			return err_set(e, ENOMEM, "cannot read %s", results->path);
		runs = more;
		rc = run_get(results, st, &runs[found++], e);
		if (rc)
			return rc;
	}
	if (rc)
		return rc;
	*ret = runs;
	*n = found;
	runs = NULL;
	return 0;
}

static int derived_put(struct results *results, const struct results_run *run, struct err *e)
{
	int rc = 0;

	for (int i = 0; i < METRICS_N && !rc; i++) {
		double value = metric_get(&run->metrics, i);

		if (metrics[i].take == METRIC_DERIVED && !isnan(value))
			rc = results_change(
				results, e,
				"INSERT OR REPLACE INTO metric (run, name, unit, value) "
				"VALUES (?,?,?,?)",
				"sssd", run->id.text, metrics[i].name,
				metric_unit_names[metrics[i].unit], value);
	}
	return rc;
}

int results_comparison_put(struct results *results, const char *cell,
			   const struct results_run *runs, size_t n,
			   const struct comparison *comparison, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < n && !rc; i++)
		rc = derived_put(results, &runs[i], e);
	for (size_t i = 0; i < METRICS_N && !rc; i++) {
		const struct compare_value *v = &comparison->values[i];

		if (!v->n)
			continue;
		rc = results_change(results, e,
				    "INSERT OR REPLACE INTO comparison (cell, name, unit, runs, "
				    "timed, value, min, max, low, high, verdict) VALUES "
				    "(?,?,?,?,?,?,?,?,?,?,?)",
				    "sssuiddddds", cell, metrics[i].name,
				    metric_unit_names[metrics[i].unit], (uint64_t)v->n,
				    (int64_t)v->timed, v->value, v->min, v->max, v->low, v->high,
				    i == METRIC_slowdown_ratio ? comparison->verdict : NULL);
	}
	return rc;
}

/* *found: whether any row is there. */
static int comparison_get(struct results *results, const char *cell, struct comparison *ret,
			  bool *found, struct err *e)
{
	struct sqlite3_stmt *st AUTO_ASK = results_ask(
		results,
		"SELECT name, runs, timed, value, min, max, low, high FROM comparison WHERE "
		"cell=?",
		cell);
	int rc;

	*found = false;
	*ret = (struct comparison){ .n = 0 };
	for (size_t i = 0; i < METRICS_N; i++)
		ret->values[i] = (struct compare_value){ .value = MISSING_F64,
							 .min = MISSING_F64,
							 .max = MISSING_F64,
							 .low = MISSING_F64,
							 .high = MISSING_F64 };
	while ((rc = results_next(results, st, e)) > 0) {
		int metric = metric_find(results_text(st, 0));

		*found = true;
		if (metric < 0)
			continue;
		ret->values[metric] = (struct compare_value){
			.n = (size_t)sqlite3_column_int64(st, 1),
			.timed = sqlite3_column_int(st, 2) != 0,
			.value = results_number(st, 3),
			.min = results_number(st, 4),
			.max = results_number(st, 5),
			.low = results_number(st, 6),
			.high = results_number(st, 7),
		};
	}
	return rc;
}

/* The runs of the configuration without limit and pool of the same workload; none where the cell is
 * that one itself.
 */
static int none_get(struct results *results, const char *cell, struct results_run **ret, size_t *n,
		    struct err *e)
{
	struct sqlite3_stmt *st AUTO_ASK =
		results_ask(results,
			    "SELECT n.id FROM cell c JOIN cell n ON n.workload = c.workload AND "
			    "n.arm = 'none' AND "
			    "n.id <> c.id WHERE c.id=?",
			    cell);
	int rc = results_next(results, st, e);

	return rc > 0 ? runs_get(results, results_text(st, 0), ret, n, e) : rc;
}

int results_cell_get(struct results *results, const char *cell, struct results_run **ret_runs,
		     size_t *ret_n, struct comparison *ret, struct err *e)
{
	AUTO_FREE struct results_run *none = NULL, *runs = NULL;
	size_t n_none = 0, n = 0;
	bool found = false;
	int rc = runs_get(results, cell, &runs, &n, e);

	if (!rc)
		rc = comparison_get(results, cell, ret, &found, e);
	if (!rc && !found)
		rc = none_get(results, cell, &none, &n_none, e);
	if (!rc && !found && compare_runs(none ? none : runs, none ? n_none : n, runs, n, ret))
		rc = err_set(e, ENOMEM, "cannot compare the runs in %s", results->path);
	if (rc)
		return rc;
	*ret_runs = runs;
	*ret_n = n;
	runs = NULL;
	return 0;
}

int results_compare_all(struct results *results, struct err *e)
{
	struct sqlite3_stmt *st AUTO_ASK = results_ask(results, "SELECT id FROM cell", NULL);
	int rc;

	while ((rc = results_next(results, st, e)) > 0) {
		AUTO_FREE struct results_run *runs = NULL;
		struct comparison comparison;
		const char *cell = results_text(st, 0);
		size_t n = 0;

		rc = results_cell_get(results, cell, &runs, &n, &comparison, e);
		if (!rc)
			rc = results_comparison_put(results, cell, runs, n, &comparison, e);
		if (rc)
			break;
	}
	return rc;
}

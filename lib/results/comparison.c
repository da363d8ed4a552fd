/* SPDX-License-Identifier: GPL-2.0-only */
/* comparison.c - SELECTs of runs and comparisons, and the comparison of studies made before it was
 * stored.
 */
#include "comparison.h"

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

static int run_get(struct results *results, struct sqlite3_stmt *st, struct results_stored_run *ret,
		   struct err *e)
{
	const char *reason = (const char *)sqlite3_column_text(st, 3);

	*ret = (struct results_stored_run){
		.id = strdup(results_text(st, 0)),
		.reason = reason ? strdup(reason) : NULL,
		.run.kind = (enum results_run_kind)index_of(results_run_kinds, results_text(st, 1),
							    RESULTS_RUN_WARMUP),
		.run.state = (enum results_run_state)index_of(
			results_run_states, results_text(st, 2), RESULTS_RUN_FAILED),
		.run.block = (uint64_t)sqlite3_column_int64(st, 4),
		.run.position = (uint64_t)sqlite3_column_int64(st, 5),
	};
	if (!ret->id || (reason && !ret->reason))
		return err_set(e, ENOMEM, "cannot read %s", results->path);
	return metrics_get(results, ret->id, &ret->run, e);
}

int results_runs_get(struct results *results, const char *cell, struct results_stored_run **ret,
		     size_t *n, struct err *e)
{
	struct sqlite3_stmt *st AUTO_ASK = results_ask(
		results,
		"SELECT id, kind, state, reason, block, position FROM run WHERE cell=? ORDER "
		"BY rowid",
		cell);
	struct results_stored_run *runs = NULL;
	size_t found = 0;
	int rc;

	while ((rc = results_next(results, st, e)) > 0) {
		struct results_stored_run *more = reallocarray(runs, found + 1, sizeof(*runs));

		rc = more ? 0 : err_set(e, ENOMEM, "cannot read %s", results->path);
		if (rc)
			break;
		runs = more;
		rc = run_get(results, st, &runs[found++], e);
		if (rc)
			break;
	}
	if (rc) {
		results_runs_done(runs, found);
		return rc;
	}
	*ret = runs;
	*n = found;
	return 0;
}

void results_runs_done(struct results_stored_run *runs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(runs[i].id);
		free(runs[i].reason);
	}
	free(runs);
}

static int derived_put(struct results *results, const char *id, struct results_run *run,
		       struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < METRICS_N && !rc; i++) {
		double value = *metric_value(&run->metrics, i);

		if (metrics[i].take == METRIC_DERIVED && value == value)
			rc = results_change(
				results, e,
				"INSERT OR REPLACE INTO metric (run, name, unit, value) "
				"VALUES (?,?,?,?)",
				"sssd", id, metrics[i].name, metric_unit_names[metrics[i].unit],
				value);
	}
	return rc;
}

int results_comparison_put(struct results *results, const char *cell, const char *const *ids,
			   struct results_run *const *runs, size_t n,
			   const struct comparison *comparison, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < n && !rc; i++)
		rc = derived_put(results, ids[i], runs[i], e);
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

int results_comparison_get(struct results *results, const char *cell, struct comparison *ret,
			   struct err *e)
{
	struct sqlite3_stmt *st AUTO_ASK = results_ask(
		results,
		"SELECT name, runs, timed, value, min, max, low, high FROM comparison WHERE "
		"cell=?",
		cell);
	int rc;

	*ret = (struct comparison){ .n = 0 };
	for (size_t i = 0; i < METRICS_N; i++)
		ret->values[i] = (struct compare_value){ .value = MISSING_F64,
							 .min = MISSING_F64,
							 .max = MISSING_F64,
							 .low = MISSING_F64,
							 .high = MISSING_F64 };
	while ((rc = results_next(results, st, e)) > 0) {
		int metric = metric_find(results_text(st, 0));

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

/* ---- studies from before comparisons were stored ---- */

struct cell {
	struct results_stored_run *stored;
	struct results_run **runs;
	const char **ids;
	size_t n;
};

static int cell_get(struct results *results, const char *id, struct cell *ret, struct err *e)
{
	int rc = results_runs_get(results, id, &ret->stored, &ret->n, e);

	if (rc)
		return rc;
	ret->runs = calloc(ret->n + 1, sizeof(*ret->runs));
	ret->ids = calloc(ret->n + 1, sizeof(*ret->ids));
	if (!ret->runs || !ret->ids)
		return err_set(e, ENOMEM, "cannot read %s", results->path);
	for (size_t i = 0; i < ret->n; i++) {
		ret->runs[i] = &ret->stored[i].run;
		ret->ids[i] = ret->stored[i].id;
	}
	return 0;
}

static void cell_done(struct cell *cell)
{
	results_runs_done(cell->stored, cell->n);
	free(cell->runs);
	free(cell->ids);
}

/* none: of the same workload; NULL: it has no such cell. */
static int compare_cell(struct results *results, const char *id, const char *none_id, struct err *e)
{
	struct cell cell = { .n = 0 }, none = { .n = 0 };
	struct comparison comparison;
	bool itself = none_id && str_eq(id, none_id);
	int rc = cell_get(results, id, &cell, e);

	if (!rc && none_id && !itself)
		rc = cell_get(results, none_id, &none, e);
	if (!rc && compare_runs(itself ? cell.runs : none.runs, itself ? cell.n : none.n, cell.runs,
				cell.n, &comparison))
		rc = err_set(e, ENOMEM, "cannot compare the runs in %s", results->path);
	if (!rc)
		rc = results_comparison_put(results, id, cell.ids, cell.runs, cell.n, &comparison,
					    e);
	cell_done(&cell);
	cell_done(&none);
	return rc;
}

int results_compare_all(struct results *results, struct err *e)
{
	struct sqlite3_stmt *st AUTO_ASK = results_ask(
		results,
		"SELECT c.id, (SELECT n.id FROM cell n WHERE n.workload = c.workload AND "
		"n.arm = 'none') FROM cell c",
		NULL);
	int rc;

	while ((rc = results_next(results, st, e)) > 0) {
		rc = compare_cell(results, results_text(st, 0),
				  (const char *)sqlite3_column_text(st, 1), e);
		if (rc)
			break;
	}
	return rc;
}

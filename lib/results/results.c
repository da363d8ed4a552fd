/* SPDX-License-Identifier: GPL-2.0-only */
/* results.c - what a study writes: each call is one INSERT or UPDATE.
 *
 * It does not decide what a value means and does not read back: readers bring their own SELECT.
 */
#include "results.h"

#include <sqlite3.h>

static const char *const experiment_states[] = { "running", "done", "interrupted", "failed" };
static const char *const note_kinds[] = { "skipped", "warning", "info" };

/* ---- what was asked, and where ---- */

int results_experiment_add(struct results *results, const struct results_experiment *experiment,
			   struct results_id *ret, struct err *e)
{
	char seed[24];

	snprintf(seed, sizeof(seed), "%llu", (unsigned long long)experiment->seed);
	return results_insert(
		results, ret, e,
		"INSERT INTO experiment (id, started_unix_ns, argv, command, seed, limit_ratio, "
		"blocks, settings, version, state) VALUES (?,?,?,?,?,?,?,?,?,'running')",
		"usssduss", results_unix_ns(), experiment->argv, experiment->command, seed,
		experiment->limit_ratio, experiment->blocks, experiment->settings_json,
		experiment->version);
}

int results_experiment_again(struct results *results, const struct results_id *experiment,
			     struct err *e)
{
	int rc = results_change(results, e,
				"UPDATE experiment SET state='running', ended_unix_ns=NULL WHERE "
				"id=?",
				"s", experiment->text);

	return results_changed_one(results, rc, experiment, e);
}

int results_experiment_end(struct results *results, const struct results_id *experiment,
			   enum results_experiment_state state, const char *answer,
			   const char *recommended, struct err *e)
{
	int rc = results_change(
		results, e,
		"UPDATE experiment SET ended_unix_ns=?, state=?, answer=?, recommended=? "
		"WHERE id=?",
		"ussss", results_unix_ns(), experiment_states[state], answer, recommended,
		experiment->text);

	return results_changed_one(results, rc, experiment, e);
}

int results_environment(struct results *results, const struct results_id *experiment,
			const char *key, const char *value, struct err *e)
{
	return results_change(
		results, e,
		"INSERT OR REPLACE INTO environment (experiment, key, value) VALUES (?,?,?)", "sss",
		experiment->text, key, value);
}

int results_note(struct results *results, const struct results_id *experiment,
		 enum results_note_kind kind, const char *about, const char *reason, struct err *e)
{
	return results_change(
		results, e,
		"INSERT INTO note (experiment, seq, kind, about, reason) SELECT ?1, (SELECT "
		"count(*) FROM note WHERE experiment=?1), ?2, ?3, ?4",
		"ssss", experiment->text, note_kinds[kind], about, reason);
}

int results_workload_add(struct results *results, const struct results_id *experiment,
			 const char *name, const char *argv, uid_t uid, struct results_id *ret,
			 struct err *e)
{
	return results_insert(
		results, ret, e,
		"INSERT INTO workload (id, experiment, name, argv, uid) VALUES (?,?,?,?,?)", "sssi",
		experiment->text, name, argv, uid == (uid_t)-1 ? MISSING_I64 : (int64_t)uid);
}

int results_pool_add(struct results *results, const struct results_id *experiment,
		     const struct results_pool *pool, struct results_id *ret, struct err *e)
{
	return results_insert(results, ret, e,
			      "INSERT INTO pool_config (id, experiment, algorithm, size_bytes, "
			      "mem_limit_bytes, priority) VALUES (?,?,?,?,?,?)",
			      "ssuui", experiment->text, pool->algorithm, pool->size_bytes,
			      pool->mem_limit_bytes, pool->priority);
}

int results_cell_add(struct results *results, const struct results_id *workload,
		     const struct results_id *pool, const char *arm, uint64_t limit_bytes,
		     struct results_id *ret, struct err *e)
{
	return results_insert(results, ret, e,
			      "INSERT INTO cell (id, workload, pool_config, arm, limit_bytes) "
			      "VALUES (?,?,?,?,?)",
			      "sssu", workload->text, pool ? pool->text : NULL, arm, limit_bytes);
}

/* ---- what ran ---- */

int results_run_begin(struct results *results, const struct results_id *cell, uint64_t block,
		      uint64_t position, enum results_run_kind kind, struct results_id *ret,
		      struct err *e)
{
	if (!sqlite3_get_autocommit(results->db))
		return err_say(e, EINVAL, "cannot begin a run in %s: a transaction is open",
			       results->path);
	return results_insert(
		results, ret, e,
		"INSERT INTO run (id, cell, block, position, kind, state, started_unix_ns, "
		"started_ns) VALUES (?,?,?,?,?,'running',?,?)",
		"suusuu", cell->text, block, position, results_run_kinds[kind], results_unix_ns(),
		monotonic_ns());
}

int results_run_end(struct results *results, const struct results_id *run,
		    enum results_run_state state, const char *reason, struct err *e)
{
	int rc = results_change(results, e,
				"UPDATE run SET state=?, reason=?, ended_ns=? WHERE id=?", "ssus",
				results_run_states[state], reason, monotonic_ns(), run->text);

	return results_changed_one(results, rc, run, e);
}

int results_metric(struct results *results, const struct results_id *run, const char *name,
		   const char *unit, double value, struct err *e)
{
	return results_change(
		results, e,
		"INSERT OR REPLACE INTO metric (run, name, unit, value) VALUES (?,?,?,?)", "sssd",
		run->text, name, unit, value);
}

/* False: the field is not a number. */
static bool field_number(const struct field *field, const void *record, double *ret)
{
	const void *at = (const char *)record + field->offset;

	switch (field->type) {
	case FIELD_U64:
		*ret = (double)*(const uint64_t *)at;
		break;
	case FIELD_I64:
		*ret = (double)*(const int64_t *)at;
		break;
	case FIELD_F64:
		*ret = *(const double *)at;
		break;
	case FIELD_U32:
		*ret = *(const uint32_t *)at;
		break;
	case FIELD_BOOL:
		*ret = *(const bool *)at;
		break;
	default:
		return false;
	}
	if (record_missing(field, record))
		*ret = MISSING_F64;
	return true;
}

int results_record(struct results *results, const struct results_id *run,
		   const struct record_type *type, const void *record, struct err *e)
{
	for (size_t i = 0; i < type->n_fields; i++) {
		const struct field *field = &type->fields[i];
		double value;
		int rc;

		if (!field_number(field, record, &value))
			continue;
		rc = results_metric(results, run, field->name, field->unit, value, e);
		if (rc)
			return rc;
	}
	return 0;
}

int results_sample(struct results *results, const struct results_id *run, const char *name,
		   uint64_t t_ns, double value, struct err *e)
{
	return results_change(
		results, e,
		"INSERT OR REPLACE INTO sample (run, name, t_ns, value) VALUES (?,?,?,?)", "ssud",
		run->text, name, t_ns, value);
}

int results_page_hist(struct results *results, const struct results_id *run, const char *codec,
		      const char *page_class, uint64_t bin_bytes, double pages, struct err *e)
{
	return results_change(
		results, e,
		"INSERT OR REPLACE INTO page_hist (run, codec, class, bin_bytes, pages) "
		"VALUES (?,?,?,?,?)",
		"sssud", run->text, codec, page_class, bin_bytes, pages);
}

int results_artifact(struct results *results, const struct results_id *run, const char *name,
		     const char *path, const char *text, struct err *e)
{
	return results_change(
		results, e,
		"INSERT OR REPLACE INTO artifact (run, name, path, text) VALUES (?,?,?,?)", "ssss",
		run->text, name, path, text);
}

/* ---- what was concluded ---- */

int results_prediction(struct results *results, const struct results_id *cell, const char *name,
		       const char *unit, double predicted, double measured, struct err *e)
{
	return results_change(
		results, e,
		"INSERT INTO prediction (cell, name, unit, predicted, measured) VALUES (?,?,?,?,?) "
		"ON CONFLICT (cell, name) DO UPDATE SET predicted = coalesce(excluded.predicted, "
		"predicted), measured = coalesce(excluded.measured, measured)",
		"sssdd", cell->text, name, unit, predicted, measured);
}

int results_ranking(struct results *results, const struct results_id *workload,
		    const struct results_ranking *ranking, struct err *e)
{
	return results_change(
		results, e,
		"INSERT OR REPLACE INTO ranking (workload, place, codec, tier, eligible, "
		"recommended, fair_score, value_gib_per_core, saved_slot_bytes, "
		"saved_codec_bytes, total_bytes, compress_cpu_ms, decompress_cpu_ms, "
		"readback_factor, reason) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
		"sussiidddddddds", workload->text, ranking->place ? ranking->place : MISSING_U64,
		ranking->codec, ranking->tier, (int64_t)ranking->eligible,
		(int64_t)ranking->recommended, ranking->fair_score, ranking->value_gib_per_core,
		ranking->saved_slot_bytes, ranking->saved_codec_bytes, ranking->total_bytes,
		ranking->compress_cpu_ms, ranking->decompress_cpu_ms, ranking->readback_factor,
		ranking->reason);
}

int results_interrupt(struct results *results, uint64_t *ret_experiments, struct err *e)
{
	int rc = results_begin(results, e);
	uint64_t n = 0;

	if (rc)
		return rc;
	rc = results_change(
		results, e,
		"UPDATE run SET state='failed', reason='coldpress ended before the run did' "
		"WHERE state='running'",
		"");
	if (!rc)
		rc = results_change(
			results, e,
			"UPDATE experiment SET state='interrupted' WHERE state='running'", "");
	n = (uint64_t)sqlite3_changes(results->db);
	if (!rc)
		rc = results_commit(results, e);
	if (rc) {
		results_rollback(results);
		return rc;
	}
	*ret_experiments = n;
	return 0;
}

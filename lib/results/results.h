/* SPDX-License-Identifier: GPL-2.0-only */
/* results.h - what a study asked, ran and measured, in one SQLite file: the results database. The
 * tables are in schema.sql, the names of metrics in metric.h.
 *
 * Write-ahead log, foreign keys on, every commit synced. Text pointers may be NULL where the column
 * may. Missing values (MISSING_U64, NaN) become NULL.
 *
 * Other names that every study uses (unit last):
 *   samples      ram_bytes swap_bytes pool_used_bytes pool_orig_bytes
 *   artifacts    scan, pool_probe, search, curve, verdict: the records themselves as JSON lines
 *   predictions  pool_used_bytes pool_compr_bytes
 *   environment  slot_break_even_bytes: the largest compressed length that still saves RAM
 */
#ifndef COLDPRESS_RESULTS_RESULTS_H
#define COLDPRESS_RESULTS_RESULTS_H

#include "compare.h"
#include "open.h"

/* results_quote_argv - argv as one line that a POSIX shell with $'' reads back, ASCII where it must
 * be; to be freed. Returns NULL without memory.
 */
char *results_quote_argv(char *const argv[]);

/* ---- what was asked, and where ---- */

enum results_experiment_state {
	RESULTS_EXPERIMENT_RUNNING,
	RESULTS_EXPERIMENT_DONE,
	RESULTS_EXPERIMENT_INTERRUPTED,
	RESULTS_EXPERIMENT_FAILED,
};

struct results_experiment {
	const char *argv;    /* results_quote_argv of the whole command line */
	const char *command; /* the same of the text after `--`; of a trigger argv; NULL:
				built-in targets */
	uint64_t seed;
	double limit_ratio;
	uint64_t blocks;
	const char *settings_json;
	const char *version;
};

/* results_experiment_add - state running, started now. */
int results_experiment_add(struct results *results, const struct results_experiment *experiment,
			   struct results_id *ret, struct err *e);

/* results_experiment_again - one that had ended goes on. */
int results_experiment_again(struct results *results, const struct results_id *experiment,
			     struct err *e);

/* results_experiment_end - the answer and the text after "recommended: ", a line for each target.
 */
int results_experiment_end(struct results *results, const struct results_id *experiment,
			   enum results_experiment_state state, const char *answer,
			   const char *recommended, struct err *e);

int results_environment(struct results *results, const struct results_id *experiment,
			const char *key, const char *value, struct err *e);

enum results_note_kind { RESULTS_NOTE_SKIPPED, RESULTS_NOTE_WARNING, RESULTS_NOTE_INFO };

/* results_note - what was left out or matters to a reader, about what ("zstd", "limit"), and why.
 */
int results_note(struct results *results, const struct results_id *experiment,
		 enum results_note_kind kind, const char *about, const char *reason, struct err *e);

/* uid (uid_t)-1: not known. argv as from results_quote_argv. */
int results_workload_add(struct results *results, const struct results_id *experiment,
			 const char *name, const char *argv, uid_t uid, struct results_id *ret,
			 struct err *e);

struct results_pool {
	const char *algorithm;
	uint64_t size_bytes, mem_limit_bytes; /* MISSING_U64: none */
	int64_t priority;                     /* MISSING_I64: not known */
};

int results_pool_add(struct results *results, const struct results_id *experiment,
		     const struct results_pool *pool, struct results_id *ret, struct err *e);

/* results_cell_add - pool NULL for the arm "none"; limit_bytes MISSING_U64: no limit. */
int results_cell_add(struct results *results, const struct results_id *workload,
		     const struct results_id *pool, const char *arm, uint64_t limit_bytes,
		     struct results_id *ret, struct err *e);

/* ---- what ran ---- */

/* results_run_begin - on disk when it returns: the run may start. -EINVAL inside a transaction. */
int results_run_begin(struct results *results, const struct results_id *cell, uint64_t block,
		      uint64_t position, enum results_run_kind kind, struct results_id *ret,
		      struct err *e);

/* results_run_end - reason NULL where the state is ok. */
int results_run_end(struct results *results, const struct results_id *run,
		    enum results_run_state state, const char *reason, struct err *e);

/* results_metric - a second one of the same name replaces the first. */
int results_metric(struct results *results, const struct results_id *run, const char *name,
		   const char *unit, double value, struct err *e);

/* results_record - each number of a record as a metric with the field's name and unit. Strings and
 * series are left out.
 */
int results_record(struct results *results, const struct results_id *run,
		   const struct record_type *type, const void *record, struct err *e);

/* results_sample - t_ns counts from the start of the run. */
int results_sample(struct results *results, const struct results_id *run, const char *name,
		   uint64_t t_ns, double value, struct err *e);

/* results_page_hist - pages of a class whose compressed length is at most bin_bytes and more than
 * the bin below. */
int results_page_hist(struct results *results, const struct results_id *run, const char *codec,
		      const char *page_class, uint64_t bin_bytes, double pages, struct err *e);

/* results_artifact - a path, or the text itself; the other is NULL. */
int results_artifact(struct results *results, const struct results_id *run, const char *name,
		     const char *path, const char *text, struct err *e);

/* ---- what was concluded ---- */

/* results_prediction - NaN for what is not known yet; a later call fills it and leaves the other
 * side alone. */
int results_prediction(struct results *results, const struct results_id *cell, const char *name,
		       const char *unit, double predicted, double measured, struct err *e);

struct results_ranking {
	uint64_t place; /* by fair_score, from 1; 0: not eligible (struct policy_verdict, rank) */
	const char *codec, *tier;   /* tier: "fast", "heavy" */
	bool eligible, recommended; /* recommended: chosen, whatever its place */
	double fair_score;          /* bytes/ms; NaN: none */
	double value_gib_per_core;  /* of struct policy_verdict; NaN: none */
	/* Of total_bytes: of all sampled pages, zero and same-filled ones saved whole. */
	double saved_slot_bytes, saved_codec_bytes, total_bytes;
	double compress_cpu_ms, decompress_cpu_ms, readback_factor;
	const char *reason;
};

int results_ranking(struct results *results, const struct results_id *workload,
		    const struct results_ranking *ranking, struct err *e);

/* results_interrupt - experiments and runs that still say "running" did not live to their end: says
 * so in them. The caller knows that no study runs on this file. *ret_experiments: how many.
 */
int results_interrupt(struct results *results, uint64_t *ret_experiments, struct err *e);

#endif

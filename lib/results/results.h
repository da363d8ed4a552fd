/* SPDX-License-Identifier: GPL-2.0-only */
/* store.h - what a study asked, ran and measured, in one SQLite file; the tables are in schema.sql.
 *
 * Write-ahead log, foreign keys on, every commit synced. Each call below is its own transaction
 * unless it stands between results_begin and results_commit; long series belong into one. All
 * strings are hostile and reach SQLite as bound values only. Text pointers may be NULL where the
 * column may. Missing figures (MISSING_U64, NaN) become NULL.
 *
 * Names every study uses (unit last):
 *   metrics      wall_ns user_ns system_ns major_faults minor_faults pages_out pages_in
 * pool_orig_bytes_peak pool_compr_bytes_peak pool_used_bytes_peak pool_used_bytes_mean
 * ram_bytes_peak ram_bytes_mean swap_bytes_peak psi_some_us psi_full_us slot_table_bytes
 * readback_factor residence_ns survival_p50_ns censored_ratio freed_unread write_p50_ns
 * write_p99_ns read_p50_ns read_p99_ns pool_ns pool_page_ns (of a probed run, by pool_probe)
 *                footprint_bytes_peak footprint_bytes_mean (RAM of the program + pool + slot table,
 * summed at each sample) major_latency_p50_ns major_latency_p99_ns major_latency_max_ns exit_status
 * foreign_swap_bytes samples      ram_bytes swap_bytes pool_used_bytes pool_orig_bytes artifacts
 * scan, pool_probe: the records themselves as JSON lines predictions  pool_used_bytes
 * pool_compr_bytes environment  slot_break_even_bytes: the largest compressed length that still
 * saves RAM (zsmalloc.h)
 */
#ifndef COLDPRESS_RESULTS_RESULTS_H
#define COLDPRESS_RESULTS_RESULTS_H

#include "lib/base/err.h"
#include "lib/base/record.h"

struct results; /* opaque */
struct sqlite3;

struct results_id {
	char text[37]; /* a UUID, NUL-terminated */
};

#define RESULTS_USUAL_PATH \
	"coldpress-report/study.db" /* where a study leaves it unless told otherwise */

enum results_mode {
	RESULTS_READ,  /* must be there; nothing is written, also in a read-only directory */
	RESULTS_WRITE, /* created where it is missing */
};

/* Who shall own a file that results_open creates. The files SQLite puts beside it follow. */
struct results_owner {
	uid_t uid;
	gid_t gid;
};

/* results_open - opens or creates the file; its directory must be there. owner NULL: whoever runs
 * this. Nothing that exists changes its owner, and a symbolic link in the last place is refused
 * when creating.
 *
 * errors  -ENOENT, -EACCES, -EROFS, -ENOSPC as the filesystem says; -EBADMSG not a store of ours,
 * or damaged; -ENOTSUP (exit 77) written by a newer coldpress
 */
int results_open(struct results **ret, const char *path, enum results_mode mode,
		 const struct results_owner *owner, struct err *e);

/* results_close - NULL-safe. What was not committed is gone; a half-done transaction is rolled
 * back. */
void results_close(struct results *results);

static inline void results_close_(struct results **results)
{
	results_close(*results);
}
#define AUTO_RESULTS __attribute__((cleanup(results_close_)))

/* results_begin .. results_commit - several calls as one; results_rollback forgets them. They do
 * not nest. */
int results_begin(struct results *results, struct err *e);
int results_commit(struct results *results, struct err *e);
void results_rollback(struct results *results);

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
	const char *command; /* the same of what stood behind `--`; of a trigger argv; NULL:
				built-in subjects */
	uint64_t seed;
	double limit_ratio;
	uint64_t blocks;
	const char *settings_json;
	const char *version;
};

/* results_experiment_add - state running, started now. */
int results_experiment_add(struct results *results, const struct results_experiment *experiment,
			   struct results_id *ret, struct err *e);

/* results_experiment_end - the answer in plain words and what stands behind "recommended: ", a line
 * for each subject.
 */
int results_experiment_end(struct results *results, const struct results_id *experiment,
			   enum results_experiment_state state, const char *answer,
			   const char *recommended, struct err *e);

int results_environment(struct results *results, const struct results_id *experiment,
			const char *key, const char *value, struct err *e);

enum results_note_kind { RESULTS_NOTE_SKIPPED, RESULTS_NOTE_WARNING, RESULTS_NOTE_INFO };

/* results_note - what was left out or must be known, about what ("zstd", "limit", "sqlite3 under
 * lz4"), and why. */
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

/* results_record - every number of a record as a metric of the field's name and unit. Strings and
 * series are no figures and stay out.
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
	uint64_t place; /* from 1, best first; 0: not eligible (struct policy_verdict, rank) */
	const char *codec, *tier; /* tier: "fast", "heavy" */
	bool eligible, recommended;
	double fair_score;         /* bytes/ms; NaN: none */
	double value_gib_per_core; /* heavy codecs; NaN: none */
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

/* results_sqlite - the connection, for readers that prepare their own SELECT. */
struct sqlite3 *results_sqlite(struct results *results);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* store.h - what a study asked, ran and measured, in one SQLite file; the tables are in schema.sql.
 *
 * Write-ahead log, foreign keys on, every commit synced. Each call below is its own transaction unless it
 * stands between store_begin and store_commit; long series belong into one. All strings are hostile and reach
 * SQLite as bound values only. Text pointers may be NULL where the column may. Missing figures (MISSING_U64,
 * NaN) become NULL.
 *
 * Names every study uses (unit last):
 *   metrics      wall_ns user_ns system_ns major_faults minor_faults pages_out pages_in pool_orig_bytes_peak
 *                pool_compr_bytes_peak pool_used_bytes_peak pool_used_bytes_mean ram_bytes_peak
 * ram_bytes_mean swap_bytes_peak psi_some_us psi_full_us slot_table_bytes readback_factor residence_ns
 *                survival_p50_ns censored_ratio freed_unread store_p50_ns store_p99_ns load_p50_ns load_p99_ns pool_ns
 *                pool_page_ns (of a probed run, by pool_probe)
 *                footprint_bytes_peak footprint_bytes_mean (RAM of the program + pool + slot table, summed at
 * each sample) major_latency_p50_ns major_latency_p99_ns major_latency_max_ns exit_status foreign_swap_bytes
 *   samples      ram_bytes swap_bytes pool_used_bytes pool_orig_bytes
 *   artifacts    scan, pool_probe: the records themselves as JSON lines
 *   predictions  pool_used_bytes pool_compr_bytes
 *   environment  slot_break_even_bytes: the largest compressed length that still saves RAM (zsmalloc.h)
 */
#ifndef COLDPRESS_STORE_H
#define COLDPRESS_STORE_H

#include "err.h"
#include "record.h"

struct store; /* opaque */
struct sqlite3;

struct store_id {
	char text[37]; /* a UUID, NUL-terminated */
};

#define STORE_USUAL_PATH "coldpress-report/study.db"	/* where a study leaves it unless told otherwise */

enum store_mode {
	STORE_READ,  /* must be there; nothing is written, also in a read-only directory */
	STORE_WRITE, /* created where it is missing */
};

/* Who shall own a file that store_open creates. The files SQLite puts beside it follow. */
struct store_owner {
	uid_t uid;
	gid_t gid;
};

/* store_open - opens or creates the file; its directory must be there. owner NULL: whoever runs this.
 * Nothing that exists changes its owner, and a symbolic link in the last place is refused when creating.
 *
 * errors  -ENOENT, -EACCES, -EROFS, -ENOSPC as the filesystem says; -EBADMSG not a store of ours, or damaged;
 *         -ENOTSUP (exit 77) written by a newer coldpress
 */
int store_open(struct store **ret, const char *path, enum store_mode mode, const struct store_owner *owner,
	       struct err *e);

/* store_close - NULL-safe. What was not committed is gone; a half-done transaction is rolled back. */
void store_close(struct store *store);

static inline void store_close_(struct store **store)
{
	store_close(*store);
}
#define AUTO_STORE __attribute__((cleanup(store_close_)))

/* store_begin .. store_commit - several calls as one; store_rollback forgets them. They do not nest. */
int store_begin(struct store *store, struct err *e);
int store_commit(struct store *store, struct err *e);
void store_rollback(struct store *store);

/* store_quote_argv - argv as one line that a POSIX shell with $'' reads back, ASCII where it must be; to be
 * freed. Returns NULL without memory.
 */
char *store_quote_argv(char *const argv[]);

/* ---- what was asked, and where ------------------------------------------------------------------ */

enum store_experiment_state {
	STORE_EXPERIMENT_RUNNING,
	STORE_EXPERIMENT_DONE,
	STORE_EXPERIMENT_INTERRUPTED,
	STORE_EXPERIMENT_FAILED,
};

struct store_experiment {
	const char *argv;    /* store_quote_argv of the whole command line */
	const char *command; /* the same of what stood behind `--`; of a trigger argv; NULL: built-in subjects */
	uint64_t seed;
	double limit_ratio;
	uint64_t blocks;
	const char *settings_json;
	const char *version;
};

/* store_experiment_add - state running, started now. */
int store_experiment_add(struct store *store, const struct store_experiment *experiment, struct store_id *ret,
			 struct err *e);

/* store_experiment_end - the answer in plain words and what stands behind "recommended: ", a line for each subject.
 */
int store_experiment_end(struct store *store, const struct store_id *experiment,
			 enum store_experiment_state state, const char *answer, const char *recommended,
			 struct err *e);

int store_environment(struct store *store, const struct store_id *experiment, const char *key,
		      const char *value, struct err *e);

enum store_note_kind { STORE_NOTE_SKIPPED, STORE_NOTE_WARNING, STORE_NOTE_INFO };

/* store_note - what was left out or must be known, about what ("zstd", "limit", "sqlite3 under lz4"), and
 * why. */
int store_note(struct store *store, const struct store_id *experiment, enum store_note_kind kind,
	       const char *about, const char *reason, struct err *e);

/* uid (uid_t)-1: not known. argv as from store_quote_argv. */
int store_workload_add(struct store *store, const struct store_id *experiment, const char *name,
		       const char *argv, uid_t uid, struct store_id *ret, struct err *e);

struct store_pool {
	const char *algorithm;
	uint64_t size_bytes, mem_limit_bytes; /* MISSING_U64: none */
	int64_t priority;		      /* MISSING_I64: not known */
};

int store_pool_add(struct store *store, const struct store_id *experiment, const struct store_pool *pool,
		   struct store_id *ret, struct err *e);

/* store_cell_add - pool NULL for the arm "none"; limit_bytes MISSING_U64: no limit. */
int store_cell_add(struct store *store, const struct store_id *workload, const struct store_id *pool,
		   const char *arm, uint64_t limit_bytes, struct store_id *ret, struct err *e);

/* ---- what ran ----------------------------------------------------------------------------------- */

enum store_run_kind { STORE_RUN_REFERENCE, STORE_RUN_WARMUP, STORE_RUN_TIMED, STORE_RUN_PROBED };

enum store_run_state {
	STORE_RUN_RUNNING,
	STORE_RUN_OK,
	STORE_RUN_FAILED,
	STORE_RUN_TIMEOUT,
	STORE_RUN_OOM,
	STORE_RUN_CONTAMINATED,
	STORE_RUN_UNSETTLED,
};

/* store_run_begin - on disk when it returns: the run may start. -EINVAL inside a transaction. */
int store_run_begin(struct store *store, const struct store_id *cell, uint64_t block, uint64_t position,
		    enum store_run_kind kind, struct store_id *ret, struct err *e);

/* store_run_end - reason NULL where the state is ok. */
int store_run_end(struct store *store, const struct store_id *run, enum store_run_state state,
		  const char *reason, struct err *e);

/* store_metric - a second one of the same name replaces the first. */
int store_metric(struct store *store, const struct store_id *run, const char *name, const char *unit,
		 double value, struct err *e);

/* store_record - every number of a record as a metric of the field's name and unit. Strings and series are no
 * figures and stay out.
 */
int store_record(struct store *store, const struct store_id *run, const struct record_type *type,
		 const void *record, struct err *e);

/* store_sample - t_ns counts from the start of the run. */
int store_sample(struct store *store, const struct store_id *run, const char *name, uint64_t t_ns,
		 double value, struct err *e);

/* store_page_hist - pages of a class whose compressed length is at most bin_bytes and more than the bin
 * below. */
int store_page_hist(struct store *store, const struct store_id *run, const char *codec,
		    const char *page_class, uint64_t bin_bytes, double pages, struct err *e);

/* store_artifact - a path, or the text itself; the other is NULL. */
int store_artifact(struct store *store, const struct store_id *run, const char *name, const char *path,
		   const char *text, struct err *e);

/* ---- what was concluded ------------------------------------------------------------------------- */

/* store_prediction - NaN for what is not known yet; a later call fills it and leaves the other side alone. */
int store_prediction(struct store *store, const struct store_id *cell, const char *name, const char *unit,
		     double predicted, double measured, struct err *e);

struct store_ranking {
	uint64_t place;		  /* from 1, best first; 0: not eligible (struct policy_verdict, rank) */
	const char *codec, *tier; /* tier: "fast", "heavy" */
	bool eligible, recommended;
	double fair_score;	   /* bytes/ms; NaN: none */
	double value_gib_per_core; /* heavy codecs; NaN: none */
	double saved_slot_bytes, saved_codec_bytes, total_bytes;
	double compress_cpu_ms, decompress_cpu_ms, readback_factor;
	const char *reason;
};

int store_ranking(struct store *store, const struct store_id *workload, const struct store_ranking *ranking,
		  struct err *e);

/* store_interrupt - experiments and runs that still say "running" did not live to their end: says so in them.
 * The caller knows that no study runs on this file. *ret_experiments: how many.
 */
int store_interrupt(struct store *store, uint64_t *ret_experiments, struct err *e);

/* store_sqlite - the connection, for readers that prepare their own SELECT. */
struct sqlite3 *store_sqlite(struct store *store);

#endif

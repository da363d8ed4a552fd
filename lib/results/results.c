/* SPDX-License-Identifier: GPL-2.0-only */
/* store.c - the store in SQLite. One helper binds and steps every statement; each public call is
 * one INSERT or UPDATE through it.
 *
 * It does not decide what a figure means and does not read figures back: readers bring their own
 * SELECT.
 */
#include "results.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <sys/random.h>
#include <sys/stat.h>

#define RESULTS_VERSION     2
#define RESULTS_APPLICATION 0x436f5072 /* "CoPr" */
#define BUSY_TIMEOUT_MS     10000

static const char schema[] =
#include "schema.h"
	;

struct results {
	struct sqlite3 *db;
	char *path;
};

static const char *const experiment_states[] = { "running", "done", "interrupted", "failed" };
static const char *const note_kinds[] = { "skipped", "warning", "info" };
static const char *const run_kinds[] = { "reference", "warmup", "timed", "probed" };
static const char *const run_states[] = { "running", "ok",           "failed",   "timeout",
					  "oom",     "contaminated", "unsettled" };

/* ---- errors ---- */

/* SQLite's reason as an errno: it knows the system's own only for some of its codes. */
static int errno_of(struct sqlite3 *db, int rc)
{
	int sys = sqlite3_system_errno(db);

	switch (rc & 0xff) {
	case SQLITE_FULL:
		return ENOSPC;
	case SQLITE_READONLY:
		return EROFS;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return EBUSY;
	case SQLITE_NOMEM:
		return ENOMEM;
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return EBADMSG;
	case SQLITE_CONSTRAINT:
	case SQLITE_MISUSE:
		return EINVAL;
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return EACCES;
	default:
		return sys ? sys : EIO;
	}
}

static int results_failed(const struct results *results, int rc, const char *doing, struct err *e)
{
	int code = errno_of(results->db, rc);
	struct err unwanted;

	e = e ? e : &unwanted; /* err_hint takes the code from there */
	switch (code) {
	case ENOSPC:
		err_set(e, code, "cannot %s %s", doing, results->path);
		return err_hint(
			e, "make room on its filesystem (df -h), or choose another place for it");
	case EROFS:
		err_say(e, code, "cannot %s %s: the file or its directory is read-only", doing,
			results->path);
		return err_hint(e, "choose a directory that can be written");
	case EBUSY:
		err_say(e, code, "cannot %s %s: another program has held it for %d s", doing,
			results->path, BUSY_TIMEOUT_MS / 1000);
		return err_hint(e, "see who has it: fuser -v %s", results->path);
	case EBADMSG:
		err_say(e, code, "cannot %s %s: it is no coldpress results, or it is damaged",
			doing, results->path);
		return err_hint(e, "a damaged one shows in: sqlite3 %s 'PRAGMA integrity_check'",
				results->path);
	case EINVAL:
		return err_say(e, code, "cannot %s %s: %s", doing, results->path,
			       sqlite3_errmsg(results->db));
	default:
		return err_set(e, code, "cannot %s %s", doing, results->path);
	}
}

/* ---- the one way into SQLite ---- */

static int bind(struct sqlite3_stmt *st, int at, char type, va_list *ap)
{
	const char *text;
	uint64_t u;
	int64_t i;

	switch (type) {
	case 's': /* any bytes; NULL is NULL */
		text = va_arg(*ap, const char *);
		return text ? sqlite3_bind_text(st, at, text, -1, SQLITE_STATIC) : SQLITE_OK;
	case 'u':
		u = va_arg(*ap, uint64_t);
		if (u == MISSING_U64)
			return SQLITE_OK;
		return u <= INT64_MAX ? sqlite3_bind_int64(st, at, (int64_t)u)
				      : sqlite3_bind_double(st, at, (double)u);
	case 'i':
		i = va_arg(*ap, int64_t);
		return i == MISSING_I64 ? SQLITE_OK : sqlite3_bind_int64(st, at, i);
	default: /* 'd'; SQLite itself takes NaN as NULL */
		return sqlite3_bind_double(st, at, va_arg(*ap, double));
	}
}

/* One statement without result rows. types: a letter for each value, see bind. */
static int change(struct results *results, struct err *e, const char *sql, const char *types, ...)
{
	struct sqlite3_stmt *st;
	va_list ap;
	int rc = sqlite3_prepare_v2(results->db, sql, -1, &st, NULL);

	va_start(ap, types);
	for (int at = 1; rc == SQLITE_OK && types[at - 1]; at++)
		rc = bind(st, at, types[at - 1], &ap);
	va_end(ap);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	sqlite3_finalize(st);
	return rc == SQLITE_DONE ? 0 : results_failed(results, rc, "write to", e);
}

/* An UPDATE of the row with this key. */
static int changed_one(struct results *results, int ret, const struct results_id *id, struct err *e)
{
	if (ret == 0 && sqlite3_changes(results->db) == 0)
		return err_say(e, ENOENT, "cannot write to %s: it has no row %s", results->path,
			       id->text);
	return ret;
}

/* Statements of our own without values; keeps SQLite's code for those who look at it. */
static int plain(struct results *results, const char *sql)
{
	return sqlite3_exec(results->db, sql, NULL, NULL, NULL);
}

static int first_int(struct results *results, const char *sql, int64_t *ret)
{
	struct sqlite3_stmt *st;
	int rc = sqlite3_prepare_v2(results->db, sql, -1, &st, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		*ret = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

static uint64_t unix_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return timespec_ns(&ts);
}

/* A UUID version 7 (RFC 9562, 5.7): 48 bits of milliseconds, the rest random. */
static int id_new(struct results_id *ret, struct err *e)
{
	uint64_t ms = unix_ns() / NS_PER_MS;
	unsigned char b[16];

	if (getrandom(b, sizeof(b), 0) != (ssize_t)sizeof(b))
		return err_set(e, errno, "cannot get random bytes for a key");
	for (int i = 0; i < 6; i++)
		b[i] = (unsigned char)(ms >> (40 - 8 * i));
	b[6] = (b[6] & 0x0f) | 0x70;
	b[8] = (b[8] & 0x3f) | 0x80;
	snprintf(ret->text, sizeof(ret->text),
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
		 b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
		 b[15]);
	return 0;
}

/* ---- open, close ---- */

/* The file itself, so that its owner is right before SQLite writes a byte: SQLite gives -wal and
 * -shm the owner of the database when root creates them.
 */
static int create_file(const char *path, const struct results_owner *owner, struct err *e)
{
	int fd AUTO_CLOSE = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	struct stat st;

	if (fd < 0 && errno == EEXIST) {
		if (lstat(path, &st) == 0 && S_ISREG(st.st_mode))
			return 0;
		err_say(e, EEXIST, "cannot open %s: it is no regular file", path);
		return err_hint(e, "remove it, or choose another place");
	}
	if (fd < 0) {
		err_set(e, errno, "cannot create %s", path);
		return err_hint(e, "its directory must be there and be writable");
	}
	if (owner && fchown(fd, owner->uid, owner->gid) < 0)
		return err_set(e, errno, "cannot give %s to user %u", path, owner->uid);
	return 0;
}

/* Immutable: without locks and without files beside it. Only for a store that nobody writes. */
static int open_immutable(struct results *results)
{
	char *uri AUTO_FREE = malloc(3 * strlen(results->path) + sizeof("file:?immutable=1"));
	char *wal AUTO_FREE = NULL;
	struct stat st;
	char *to = uri;

	if (!uri || asprintf(&wal, "%s-wal", results->path) < 0)
		return SQLITE_NOMEM;
	if (stat(wal, &st) == 0 && st.st_size > 0)
		return SQLITE_READONLY;
	to = stpcpy(to, "file:");
	for (const char *p = results->path; *p; p++)
		to += sprintf(to, strchr("%?#", *p) ? "%%%02x" : "%c", (unsigned char)*p);
	strcpy(to, "?immutable=1");
	sqlite3_close(results->db);
	return sqlite3_open_v2(uri, &results->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
}

static int check_version(struct results *results, bool *fresh, struct err *e)
{
	int64_t version = 0, application = 0, tables = 0;
	int rc = plain(results, "SAVEPOINT look");

	/* The tables first: from them on all three are of one moment, whoever is just making the
	 * store. */
	if (rc == SQLITE_OK)
		rc = first_int(results, "SELECT count(*) FROM sqlite_master", &tables);
	if (rc == SQLITE_OK)
		rc = first_int(results, "PRAGMA user_version", &version);
	if (rc == SQLITE_OK)
		rc = first_int(results, "PRAGMA application_id", &application);
	plain(results, "RELEASE look");
	if (rc != SQLITE_OK)
		return results_failed(results, rc, "read", e);
	*fresh = !version && !application && !tables;
	if (*fresh)
		return 0;
	if (application != RESULTS_APPLICATION)
		return results_failed(results, SQLITE_NOTADB, "read", e);
	if (version <= RESULTS_VERSION)
		return 0;
	err_impossible(
		e, "cannot read %s: a newer coldpress wrote it (format %lld, this one knows %d)",
		results->path, (long long)version, RESULTS_VERSION);
	return err_hint(e, "use that coldpress, or another file");
}

/* Two programs may find the file empty at once: the second waits, looks again and finds it made. */
static int create_schema(struct results *results, struct err *e)
{
	char numbers[96];
	bool fresh;
	int ret = results_begin(results, e);

	if (ret == 0)
		ret = check_version(results, &fresh, e);
	if (ret == 0 && fresh) {
		snprintf(numbers, sizeof(numbers),
			 "PRAGMA application_id=%d;PRAGMA user_version=%d;", RESULTS_APPLICATION,
			 RESULTS_VERSION);
		int rc = plain(results, schema);

		if (rc == SQLITE_OK)
			rc = plain(results, numbers);
		if (rc != SQLITE_OK)
			ret = results_failed(results, rc, "write to", e);
	}
	if (ret == 0)
		return results_commit(results, e);
	results_rollback(results);
	return ret;
}

/* Version 1 had no calibration: its table stands last in the schema and is made where it is
 * missing. */
static int upgrade(struct results *results, struct err *e)
{
	const char *added = strstr(schema, "CREATE TABLE IF NOT EXISTS calibration");
	char number[48];
	int64_t version;
	int rc = first_int(results, "PRAGMA user_version", &version);

	if (rc == SQLITE_OK && version >= RESULTS_VERSION)
		return 0;
	snprintf(number, sizeof(number), "PRAGMA user_version=%d;", RESULTS_VERSION);
	if (rc == SQLITE_OK)
		rc = plain(results, added);
	if (rc == SQLITE_OK)
		rc = plain(results, number);
	return rc == SQLITE_OK ? 0 : results_failed(results, rc, "write to", e);
}

/* SQLite does not wait for others where the kind of log changes: it says busy at once. */
static int keep_log(struct results *results)
{
	uint64_t until = monotonic_ns() + BUSY_TIMEOUT_MS * NS_PER_MS;
	int rc;

	while (((rc = plain(results, "PRAGMA journal_mode=WAL")) & 0xff) == SQLITE_BUSY &&
	       monotonic_ns() < until)
		sleep_ns(10 * NS_PER_MS);
	return rc;
}

static int open_for_writing(struct results *results, struct err *e)
{
	bool fresh;
	int ret = check_version(results, &fresh, e);
	int rc;

	if (ret)
		return ret;
	if (fresh) {
		ret = create_schema(results, e);
		if (ret)
			return ret;
	}
	ret = upgrade(results, e);
	if (ret)
		return ret;
	rc = keep_log(results);
	if (rc == SQLITE_OK)
		rc = plain(results, "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;");
	return rc == SQLITE_OK ? 0 : results_failed(results, rc, "write to", e);
}

static int open_for_reading(struct results *results, struct err *e)
{
	int64_t tables;
	bool fresh;
	int ret;
	int rc = first_int(results, "SELECT count(*) FROM sqlite_master", &tables);

	/* The log needs files beside the results; where they cannot be made, nobody can be writing
	 * either. */
	if ((rc & 0xff) == SQLITE_CANTOPEN || (rc & 0xff) == SQLITE_READONLY)
		rc = open_immutable(results);
	if (rc == SQLITE_OK)
		rc = plain(results, "PRAGMA query_only=ON");
	if (rc != SQLITE_OK)
		return results_failed(results, rc, "read", e);
	ret = check_version(results, &fresh, e);
	if (ret == 0 && fresh)
		return results_failed(results, SQLITE_NOTADB, "read", e);
	return ret;
}

int results_open(struct results **ret, const char *path, enum results_mode mode,
		 const struct results_owner *owner, struct err *e)
{
	struct results *results AUTO_RESULTS = calloc(1, sizeof(*results));
	struct err unwanted;
	struct stat st;
	int r, rc;

	e = e ? e : &unwanted;
	if (!results || !(results->path = strdup(path)))
		return err_set(e, ENOMEM, "cannot open %s", path);
	if (mode == RESULTS_WRITE) {
		r = create_file(path, owner, e);
		if (r)
			return r;
	} else if (access(path, R_OK) < 0 || stat(path, &st) < 0) {
		return err_set(e, errno, "cannot read %s", path);
	} else if (!S_ISREG(st.st_mode)) {
		return err_say(e, EINVAL, "cannot read %s: it is no regular file", path);
	}
	/* Reading opens for writing too where it may: only then SQLite tidies -wal and -shm away at
	 * the end.
	 */
	rc = sqlite3_open_v2(path, &results->db, SQLITE_OPEN_READWRITE, NULL);
	if (rc != SQLITE_OK)
		return results_failed(results, rc, "open", e);
	sqlite3_extended_result_codes(results->db, 1);
	sqlite3_busy_timeout(results->db, BUSY_TIMEOUT_MS);
	/* A file from elsewhere may hold views and triggers that call what they should not. */
	sqlite3_db_config(results->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(results->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	r = mode == RESULTS_WRITE ? open_for_writing(results, e) : open_for_reading(results, e);
	if (r)
		return r;
	*ret = results;
	results = NULL;
	return 0;
}

void results_close(struct results *results)
{
	if (!results)
		return;
	sqlite3_close(results->db);
	free(results->path);
	free(results);
}

int results_begin(struct results *results, struct err *e)
{
	return change(results, e, "BEGIN IMMEDIATE", "");
}

int results_commit(struct results *results, struct err *e)
{
	return change(results, e, "COMMIT", "");
}

void results_rollback(struct results *results)
{
	plain(results, "ROLLBACK");
}

struct sqlite3 *results_sqlite(struct results *results)
{
	return results->db;
}

/* ---- what was asked, and where ---- */

int results_experiment_add(struct results *results, const struct results_experiment *experiment,
			   struct results_id *ret, struct err *e)
{
	char seed[24];
	struct results_id id;
	int r = id_new(&id, e);

	if (r)
		return r;
	snprintf(seed, sizeof(seed), "%llu", (unsigned long long)experiment->seed);
	r = change(results, e,
		   "INSERT INTO experiment (id, started_unix_ns, argv, command, seed, limit_ratio, "
		   "blocks, settings, version, state) VALUES (?,?,?,?,?,?,?,?,?,'running')",
		   "susssduss", id.text, unix_ns(), experiment->argv, experiment->command, seed,
		   experiment->limit_ratio, experiment->blocks, experiment->settings_json,
		   experiment->version);
	if (r == 0)
		*ret = id;
	return r;
}

int results_experiment_end(struct results *results, const struct results_id *experiment,
			   enum results_experiment_state state, const char *answer,
			   const char *recommended, struct err *e)
{
	int r = change(results, e,
		       "UPDATE experiment SET ended_unix_ns=?, state=?, answer=?, recommended=? "
		       "WHERE id=?",
		       "ussss", unix_ns(), experiment_states[state], answer, recommended,
		       experiment->text);

	return changed_one(results, r, experiment, e);
}

int results_environment(struct results *results, const struct results_id *experiment,
			const char *key, const char *value, struct err *e)
{
	return change(results, e,
		      "INSERT OR REPLACE INTO environment (experiment, key, value) VALUES (?,?,?)",
		      "sss", experiment->text, key, value);
}

int results_note(struct results *results, const struct results_id *experiment,
		 enum results_note_kind kind, const char *about, const char *reason, struct err *e)
{
	return change(results, e,
		      "INSERT INTO note (experiment, seq, kind, about, reason) SELECT ?1, (SELECT "
		      "count(*) FROM note WHERE experiment=?1), ?2, ?3, ?4",
		      "ssss", experiment->text, note_kinds[kind], about, reason);
}

int results_workload_add(struct results *results, const struct results_id *experiment,
			 const char *name, const char *argv, uid_t uid, struct results_id *ret,
			 struct err *e)
{
	struct results_id id;
	int r = id_new(&id, e);

	if (r)
		return r;
	r = change(results, e,
		   "INSERT INTO workload (id, experiment, name, argv, uid) VALUES (?,?,?,?,?)",
		   "ssssi", id.text, experiment->text, name, argv,
		   uid == (uid_t)-1 ? MISSING_I64 : (int64_t)uid);
	if (r == 0)
		*ret = id;
	return r;
}

int results_pool_add(struct results *results, const struct results_id *experiment,
		     const struct results_pool *pool, struct results_id *ret, struct err *e)
{
	struct results_id id;
	int r = id_new(&id, e);

	if (r)
		return r;
	r = change(results, e,
		   "INSERT INTO pool_config (id, experiment, algorithm, size_bytes, "
		   "mem_limit_bytes, priority) VALUES (?,?,?,?,?,?)",
		   "sssuui", id.text, experiment->text, pool->algorithm, pool->size_bytes,
		   pool->mem_limit_bytes, pool->priority);
	if (r == 0)
		*ret = id;
	return r;
}

int results_cell_add(struct results *results, const struct results_id *workload,
		     const struct results_id *pool, const char *arm, uint64_t limit_bytes,
		     struct results_id *ret, struct err *e)
{
	struct results_id id;
	int r = id_new(&id, e);

	if (r)
		return r;
	r = change(
		results, e,
		"INSERT INTO cell (id, workload, pool_config, arm, limit_bytes) VALUES (?,?,?,?,?)",
		"ssssu", id.text, workload->text, pool ? pool->text : NULL, arm, limit_bytes);
	if (r == 0)
		*ret = id;
	return r;
}

/* ---- what ran ---- */

int results_run_begin(struct results *results, const struct results_id *cell, uint64_t block,
		      uint64_t position, enum results_run_kind kind, struct results_id *ret,
		      struct err *e)
{
	struct results_id id;
	int r = id_new(&id, e);

	if (r)
		return r;
	if (!sqlite3_get_autocommit(results->db))
		return err_say(e, EINVAL, "cannot begin a run in %s: a transaction is open",
			       results->path);
	r = change(results, e,
		   "INSERT INTO run (id, cell, block, position, kind, state, started_unix_ns, "
		   "started_ns) VALUES (?,?,?,?,?,'running',?,?)",
		   "ssuusuu", id.text, cell->text, block, position, run_kinds[kind], unix_ns(),
		   monotonic_ns());
	if (r == 0)
		*ret = id;
	return r;
}

int results_run_end(struct results *results, const struct results_id *run,
		    enum results_run_state state, const char *reason, struct err *e)
{
	int r = change(results, e, "UPDATE run SET state=?, reason=?, ended_ns=? WHERE id=?",
		       "ssus", run_states[state], reason, monotonic_ns(), run->text);

	return changed_one(results, r, run, e);
}

int results_metric(struct results *results, const struct results_id *run, const char *name,
		   const char *unit, double value, struct err *e)
{
	return change(results, e,
		      "INSERT OR REPLACE INTO metric (run, name, unit, value) VALUES (?,?,?,?)",
		      "sssd", run->text, name, unit, value);
}

/* False: the field is no figure. */
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
		int r;

		if (!field_number(field, record, &value))
			continue;
		r = results_metric(results, run, field->name, field->unit, value, e);
		if (r)
			return r;
	}
	return 0;
}

int results_sample(struct results *results, const struct results_id *run, const char *name,
		   uint64_t t_ns, double value, struct err *e)
{
	return change(results, e,
		      "INSERT OR REPLACE INTO sample (run, name, t_ns, value) VALUES (?,?,?,?)",
		      "ssud", run->text, name, t_ns, value);
}

int results_page_hist(struct results *results, const struct results_id *run, const char *codec,
		      const char *page_class, uint64_t bin_bytes, double pages, struct err *e)
{
	return change(results, e,
		      "INSERT OR REPLACE INTO page_hist (run, codec, class, bin_bytes, pages) "
		      "VALUES (?,?,?,?,?)",
		      "sssud", run->text, codec, page_class, bin_bytes, pages);
}

int results_artifact(struct results *results, const struct results_id *run, const char *name,
		     const char *path, const char *text, struct err *e)
{
	return change(results, e,
		      "INSERT OR REPLACE INTO artifact (run, name, path, text) VALUES (?,?,?,?)",
		      "ssss", run->text, name, path, text);
}

/* ---- what was concluded ---- */

int results_prediction(struct results *results, const struct results_id *cell, const char *name,
		       const char *unit, double predicted, double measured, struct err *e)
{
	return change(
		results, e,
		"INSERT INTO prediction (cell, name, unit, predicted, measured) VALUES (?,?,?,?,?) "
		"ON CONFLICT (cell, name) DO UPDATE SET predicted = coalesce(excluded.predicted, "
		"predicted), measured = coalesce(excluded.measured, measured)",
		"sssdd", cell->text, name, unit, predicted, measured);
}

int results_ranking(struct results *results, const struct results_id *workload,
		    const struct results_ranking *ranking, struct err *e)
{
	return change(results, e,
		      "INSERT OR REPLACE INTO ranking (workload, place, codec, tier, eligible, "
		      "recommended, fair_score, value_gib_per_core, saved_slot_bytes, "
		      "saved_codec_bytes, total_bytes, compress_cpu_ms, decompress_cpu_ms, "
		      "readback_factor, reason) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
		      "sussiidddddddds", workload->text,
		      ranking->place ? ranking->place : MISSING_U64, ranking->codec, ranking->tier,
		      (int64_t)ranking->eligible, (int64_t)ranking->recommended,
		      ranking->fair_score, ranking->value_gib_per_core, ranking->saved_slot_bytes,
		      ranking->saved_codec_bytes, ranking->total_bytes, ranking->compress_cpu_ms,
		      ranking->decompress_cpu_ms, ranking->readback_factor, ranking->reason);
}

int results_interrupt(struct results *results, uint64_t *ret_experiments, struct err *e)
{
	int r = results_begin(results, e);
	uint64_t n = 0;

	if (r)
		return r;
	r = change(results, e,
		   "UPDATE run SET state='failed', reason='coldpress ended before the run did' "
		   "WHERE state='running'",
		   "");
	if (r == 0)
		r = change(results, e,
			   "UPDATE experiment SET state='interrupted' WHERE state='running'", "");
	n = (uint64_t)sqlite3_changes(results->db);
	if (r == 0)
		r = results_commit(results, e);
	if (r) {
		results_rollback(results);
		return r;
	}
	*ret_experiments = n;
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* store.c - the store in SQLite. One helper binds and steps every statement; each public call is one INSERT
 * or UPDATE through it.
 *
 * It does not decide what a figure means and does not read figures back: readers bring their own SELECT.
 */
#include "store.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <sys/random.h>
#include <sys/stat.h>

#define STORE_VERSION	  2
#define STORE_APPLICATION 0x436f5072 /* "CoPr" */
#define BUSY_TIMEOUT_MS	  10000

static const char schema[] =
#include "schema.h"
	;

struct store {
	struct sqlite3 *db;
	char *path;
};

static const char *const experiment_states[] = {"running", "done", "interrupted", "failed"};
static const char *const note_kinds[] = {"skipped", "warning", "info"};
static const char *const run_kinds[] = {"reference", "warmup", "timed", "probed"};
static const char *const run_states[] = {"running", "ok",	    "failed",	"timeout",
					 "oom",	    "contaminated", "unsettled"};

/* ---- errors ----------------------------------------------------------------------------------------------
 */

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

static int store_failed(const struct store *store, int rc, const char *doing, struct err *e)
{
	int code = errno_of(store->db, rc);
	struct err unwanted;

	e = e ? e : &unwanted; /* err_hint takes the code from there */
	switch (code) {
	case ENOSPC:
		err_set(e, code, "cannot %s %s", doing, store->path);
		return err_hint(e, "make room on its filesystem (df -h), or choose another place for it");
	case EROFS:
		err_say(e, code, "cannot %s %s: the file or its directory is read-only", doing, store->path);
		return err_hint(e, "choose a directory that can be written");
	case EBUSY:
		err_say(e, code, "cannot %s %s: another program has held it for %d s", doing, store->path,
			BUSY_TIMEOUT_MS / 1000);
		return err_hint(e, "see who has it: fuser -v %s", store->path);
	case EBADMSG:
		err_say(e, code, "cannot %s %s: it is no coldpress store, or it is damaged", doing,
			store->path);
		return err_hint(e, "a damaged one shows in: sqlite3 %s 'PRAGMA integrity_check'",
				store->path);
	case EINVAL:
		return err_say(e, code, "cannot %s %s: %s", doing, store->path, sqlite3_errmsg(store->db));
	default:
		return err_set(e, code, "cannot %s %s", doing, store->path);
	}
}

/* ---- the one way into SQLite -------------------------------------------------------------------- */

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
static int change(struct store *store, struct err *e, const char *sql, const char *types, ...)
{
	struct sqlite3_stmt *st;
	va_list ap;
	int rc = sqlite3_prepare_v2(store->db, sql, -1, &st, NULL);

	va_start(ap, types);
	for (int at = 1; rc == SQLITE_OK && types[at - 1]; at++)
		rc = bind(st, at, types[at - 1], &ap);
	va_end(ap);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	sqlite3_finalize(st);
	return rc == SQLITE_DONE ? 0 : store_failed(store, rc, "write to", e);
}

/* An UPDATE of the row with this key. */
static int changed_one(struct store *store, int ret, const struct store_id *id, struct err *e)
{
	if (ret == 0 && sqlite3_changes(store->db) == 0)
		return err_say(e, ENOENT, "cannot write to %s: it has no row %s", store->path, id->text);
	return ret;
}

/* Statements of our own without values; keeps SQLite's code for those who look at it. */
static int plain(struct store *store, const char *sql)
{
	return sqlite3_exec(store->db, sql, NULL, NULL, NULL);
}

static int first_int(struct store *store, const char *sql, int64_t *ret)
{
	struct sqlite3_stmt *st;
	int rc = sqlite3_prepare_v2(store->db, sql, -1, &st, NULL);

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
static int id_new(struct store_id *ret, struct err *e)
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
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2],
		 b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
	return 0;
}

/* ---- open, close -------------------------------------------------------------------------------- */

/* The file itself, so that its owner is right before SQLite writes a byte: SQLite gives -wal and -shm the
 * owner of the database when root creates them.
 */
static int create_file(const char *path, const struct store_owner *owner, struct err *e)
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
static int open_immutable(struct store *store)
{
	char *uri AUTO_FREE = malloc(3 * strlen(store->path) + sizeof("file:?immutable=1"));
	char *wal AUTO_FREE = NULL;
	struct stat st;
	char *to = uri;

	if (!uri || asprintf(&wal, "%s-wal", store->path) < 0)
		return SQLITE_NOMEM;
	if (stat(wal, &st) == 0 && st.st_size > 0)
		return SQLITE_READONLY;
	to = stpcpy(to, "file:");
	for (const char *p = store->path; *p; p++)
		to += sprintf(to, strchr("%?#", *p) ? "%%%02x" : "%c", (unsigned char)*p);
	strcpy(to, "?immutable=1");
	sqlite3_close(store->db);
	return sqlite3_open_v2(uri, &store->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
}

static int check_version(struct store *store, bool *fresh, struct err *e)
{
	int64_t version = 0, application = 0, tables = 0;
	int rc = plain(store, "SAVEPOINT look");

	/* The tables first: from them on all three are of one moment, whoever is just making the store. */
	if (rc == SQLITE_OK)
		rc = first_int(store, "SELECT count(*) FROM sqlite_master", &tables);
	if (rc == SQLITE_OK)
		rc = first_int(store, "PRAGMA user_version", &version);
	if (rc == SQLITE_OK)
		rc = first_int(store, "PRAGMA application_id", &application);
	plain(store, "RELEASE look");
	if (rc != SQLITE_OK)
		return store_failed(store, rc, "read", e);
	*fresh = !version && !application && !tables;
	if (*fresh)
		return 0;
	if (application != STORE_APPLICATION)
		return store_failed(store, SQLITE_NOTADB, "read", e);
	if (version <= STORE_VERSION)
		return 0;
	err_impossible(e, "cannot read %s: a newer coldpress wrote it (format %lld, this one knows %d)",
		       store->path, (long long)version, STORE_VERSION);
	return err_hint(e, "use that coldpress, or another file");
}

/* Two programs may find the file empty at once: the second waits, looks again and finds it made. */
static int create_schema(struct store *store, struct err *e)
{
	char numbers[96];
	bool fresh;
	int ret = store_begin(store, e);

	if (ret == 0)
		ret = check_version(store, &fresh, e);
	if (ret == 0 && fresh) {
		snprintf(numbers, sizeof(numbers), "PRAGMA application_id=%d;PRAGMA user_version=%d;",
			 STORE_APPLICATION, STORE_VERSION);
		int rc = plain(store, schema);

		if (rc == SQLITE_OK)
			rc = plain(store, numbers);
		if (rc != SQLITE_OK)
			ret = store_failed(store, rc, "write to", e);
	}
	if (ret == 0)
		return store_commit(store, e);
	store_rollback(store);
	return ret;
}

/* Version 1 had no calibration: its table stands last in the schema and is made where it is missing. */
static int upgrade(struct store *store, struct err *e)
{
	const char *added = strstr(schema, "CREATE TABLE IF NOT EXISTS calibration");
	char number[48];
	int64_t version;
	int rc = first_int(store, "PRAGMA user_version", &version);

	if (rc == SQLITE_OK && version >= STORE_VERSION)
		return 0;
	snprintf(number, sizeof(number), "PRAGMA user_version=%d;", STORE_VERSION);
	if (rc == SQLITE_OK)
		rc = plain(store, added);
	if (rc == SQLITE_OK)
		rc = plain(store, number);
	return rc == SQLITE_OK ? 0 : store_failed(store, rc, "write to", e);
}

/* SQLite does not wait for others where the kind of log changes: it says busy at once. */
static int keep_log(struct store *store)
{
	uint64_t until = monotonic_ns() + BUSY_TIMEOUT_MS * NS_PER_MS;
	int rc;

	while (((rc = plain(store, "PRAGMA journal_mode=WAL")) & 0xff) == SQLITE_BUSY && monotonic_ns() < until)
		sleep_ns(10 * NS_PER_MS);
	return rc;
}

static int open_for_writing(struct store *store, struct err *e)
{
	bool fresh;
	int ret = check_version(store, &fresh, e);
	int rc;

	if (ret)
		return ret;
	if (fresh) {
		ret = create_schema(store, e);
		if (ret)
			return ret;
	}
	ret = upgrade(store, e);
	if (ret)
		return ret;
	rc = keep_log(store);
	if (rc == SQLITE_OK)
		rc = plain(store, "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;");
	return rc == SQLITE_OK ? 0 : store_failed(store, rc, "write to", e);
}

static int open_for_reading(struct store *store, struct err *e)
{
	int64_t tables;
	bool fresh;
	int ret;
	int rc = first_int(store, "SELECT count(*) FROM sqlite_master", &tables);

	/* The log needs files beside the store; where they cannot be made, nobody can be writing either. */
	if ((rc & 0xff) == SQLITE_CANTOPEN || (rc & 0xff) == SQLITE_READONLY)
		rc = open_immutable(store);
	if (rc == SQLITE_OK)
		rc = plain(store, "PRAGMA query_only=ON");
	if (rc != SQLITE_OK)
		return store_failed(store, rc, "read", e);
	ret = check_version(store, &fresh, e);
	if (ret == 0 && fresh)
		return store_failed(store, SQLITE_NOTADB, "read", e);
	return ret;
}

int store_open(struct store **ret, const char *path, enum store_mode mode, const struct store_owner *owner,
	       struct err *e)
{
	struct store *store AUTO_STORE = calloc(1, sizeof(*store));
	struct err unwanted;
	struct stat st;
	int r, rc;

	e = e ? e : &unwanted;
	if (!store || !(store->path = strdup(path)))
		return err_set(e, ENOMEM, "cannot open %s", path);
	if (mode == STORE_WRITE) {
		r = create_file(path, owner, e);
		if (r)
			return r;
	} else if (access(path, R_OK) < 0 || stat(path, &st) < 0) {
		return err_set(e, errno, "cannot read %s", path);
	} else if (!S_ISREG(st.st_mode)) {
		return err_say(e, EINVAL, "cannot read %s: it is no regular file", path);
	}
	/* Reading opens for writing too where it may: only then SQLite tidies -wal and -shm away at the end.
	 */
	rc = sqlite3_open_v2(path, &store->db, SQLITE_OPEN_READWRITE, NULL);
	if (rc != SQLITE_OK)
		return store_failed(store, rc, "open", e);
	sqlite3_extended_result_codes(store->db, 1);
	sqlite3_busy_timeout(store->db, BUSY_TIMEOUT_MS);
	/* A file from elsewhere may hold views and triggers that call what they should not. */
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	r = mode == STORE_WRITE ? open_for_writing(store, e) : open_for_reading(store, e);
	if (r)
		return r;
	*ret = store;
	store = NULL;
	return 0;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	sqlite3_close(store->db);
	free(store->path);
	free(store);
}

int store_begin(struct store *store, struct err *e)
{
	return change(store, e, "BEGIN IMMEDIATE", "");
}

int store_commit(struct store *store, struct err *e)
{
	return change(store, e, "COMMIT", "");
}

void store_rollback(struct store *store)
{
	plain(store, "ROLLBACK");
}

struct sqlite3 *store_sqlite(struct store *store)
{
	return store->db;
}

/* ---- what was asked, and where ------------------------------------------------------------------ */

int store_experiment_add(struct store *store, const struct store_experiment *experiment, struct store_id *ret,
			 struct err *e)
{
	char seed[24];
	struct store_id id;
	int r = id_new(&id, e);

	if (r)
		return r;
	snprintf(seed, sizeof(seed), "%llu", (unsigned long long)experiment->seed);
	r = change(store, e,
		   "INSERT INTO experiment (id, started_unix_ns, argv, command, seed, limit_ratio, blocks, "
		   "settings,"
		   " version, state) VALUES (?,?,?,?,?,?,?,?,?,'running')",
		   "susssduss", id.text, unix_ns(), experiment->argv, experiment->command, seed,
		   experiment->limit_ratio, experiment->blocks, experiment->settings_json,
		   experiment->version);
	if (r == 0)
		*ret = id;
	return r;
}

int store_experiment_end(struct store *store, const struct store_id *experiment,
			 enum store_experiment_state state, const char *answer, const char *recommended,
			 struct err *e)
{
	int r = change(store, e,
		       "UPDATE experiment SET ended_unix_ns=?, state=?, answer=?, recommended=? WHERE id=?",
		       "ussss", unix_ns(), experiment_states[state], answer, recommended, experiment->text);

	return changed_one(store, r, experiment, e);
}

int store_environment(struct store *store, const struct store_id *experiment, const char *key,
		      const char *value, struct err *e)
{
	return change(store, e, "INSERT OR REPLACE INTO environment (experiment, key, value) VALUES (?,?,?)",
		      "sss", experiment->text, key, value);
}

int store_note(struct store *store, const struct store_id *experiment, enum store_note_kind kind,
	       const char *about, const char *reason, struct err *e)
{
	return change(store, e,
		      "INSERT INTO note (experiment, seq, kind, about, reason) SELECT ?1,"
		      " (SELECT count(*) FROM note WHERE experiment=?1), ?2, ?3, ?4",
		      "ssss", experiment->text, note_kinds[kind], about, reason);
}

int store_workload_add(struct store *store, const struct store_id *experiment, const char *name,
		       const char *argv, uid_t uid, struct store_id *ret, struct err *e)
{
	struct store_id id;
	int r = id_new(&id, e);

	if (r)
		return r;
	r = change(store, e, "INSERT INTO workload (id, experiment, name, argv, uid) VALUES (?,?,?,?,?)",
		   "ssssi", id.text, experiment->text, name, argv,
		   uid == (uid_t)-1 ? MISSING_I64 : (int64_t)uid);
	if (r == 0)
		*ret = id;
	return r;
}

int store_pool_add(struct store *store, const struct store_id *experiment, const struct store_pool *pool,
		   struct store_id *ret, struct err *e)
{
	struct store_id id;
	int r = id_new(&id, e);

	if (r)
		return r;
	r = change(
		store, e,
		"INSERT INTO pool_config (id, experiment, algorithm, size_bytes, mem_limit_bytes, priority)"
		" VALUES (?,?,?,?,?,?)",
		"sssuui", id.text, experiment->text, pool->algorithm, pool->size_bytes, pool->mem_limit_bytes,
		pool->priority);
	if (r == 0)
		*ret = id;
	return r;
}

int store_cell_add(struct store *store, const struct store_id *workload, const struct store_id *pool,
		   const char *arm, uint64_t limit_bytes, struct store_id *ret, struct err *e)
{
	struct store_id id;
	int r = id_new(&id, e);

	if (r)
		return r;
	r = change(store, e,
		   "INSERT INTO cell (id, workload, pool_config, arm, limit_bytes) VALUES (?,?,?,?,?)",
		   "ssssu", id.text, workload->text, pool ? pool->text : NULL, arm, limit_bytes);
	if (r == 0)
		*ret = id;
	return r;
}

/* ---- what ran ----------------------------------------------------------------------------------- */

int store_run_begin(struct store *store, const struct store_id *cell, uint64_t block, uint64_t position,
		    enum store_run_kind kind, struct store_id *ret, struct err *e)
{
	struct store_id id;
	int r = id_new(&id, e);

	if (r)
		return r;
	if (!sqlite3_get_autocommit(store->db))
		return err_say(e, EINVAL, "cannot begin a run in %s: a transaction is open", store->path);
	r = change(store, e,
		   "INSERT INTO run (id, cell, block, position, kind, state, started_unix_ns, started_ns)"
		   " VALUES (?,?,?,?,?,'running',?,?)",
		   "ssuusuu", id.text, cell->text, block, position, run_kinds[kind], unix_ns(),
		   monotonic_ns());
	if (r == 0)
		*ret = id;
	return r;
}

int store_run_end(struct store *store, const struct store_id *run, enum store_run_state state,
		  const char *reason, struct err *e)
{
	int r = change(store, e, "UPDATE run SET state=?, reason=?, ended_ns=? WHERE id=?", "ssus",
		       run_states[state], reason, monotonic_ns(), run->text);

	return changed_one(store, r, run, e);
}

int store_metric(struct store *store, const struct store_id *run, const char *name, const char *unit,
		 double value, struct err *e)
{
	return change(store, e, "INSERT OR REPLACE INTO metric (run, name, unit, value) VALUES (?,?,?,?)",
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

int store_record(struct store *store, const struct store_id *run, const struct record_type *type,
		 const void *record, struct err *e)
{
	for (size_t i = 0; i < type->n_fields; i++) {
		const struct field *field = &type->fields[i];
		double value;
		int r;

		if (!field_number(field, record, &value))
			continue;
		r = store_metric(store, run, field->name, field->unit, value, e);
		if (r)
			return r;
	}
	return 0;
}

int store_sample(struct store *store, const struct store_id *run, const char *name, uint64_t t_ns,
		 double value, struct err *e)
{
	return change(store, e, "INSERT OR REPLACE INTO sample (run, name, t_ns, value) VALUES (?,?,?,?)",
		      "ssud", run->text, name, t_ns, value);
}

int store_page_hist(struct store *store, const struct store_id *run, const char *codec,
		    const char *page_class, uint64_t bin_bytes, double pages, struct err *e)
{
	return change(
		store, e,
		"INSERT OR REPLACE INTO page_hist (run, codec, class, bin_bytes, pages) VALUES (?,?,?,?,?)",
		"sssud", run->text, codec, page_class, bin_bytes, pages);
}

int store_artifact(struct store *store, const struct store_id *run, const char *name, const char *path,
		   const char *text, struct err *e)
{
	return change(store, e, "INSERT OR REPLACE INTO artifact (run, name, path, text) VALUES (?,?,?,?)",
		      "ssss", run->text, name, path, text);
}

/* ---- what was concluded ------------------------------------------------------------------------- */

int store_prediction(struct store *store, const struct store_id *cell, const char *name, const char *unit,
		     double predicted, double measured, struct err *e)
{
	return change(store, e,
		      "INSERT INTO prediction (cell, name, unit, predicted, measured) VALUES (?,?,?,?,?)"
		      " ON CONFLICT (cell, name) DO UPDATE SET"
		      " predicted = coalesce(excluded.predicted, predicted),"
		      " measured = coalesce(excluded.measured, measured)",
		      "sssdd", cell->text, name, unit, predicted, measured);
}

int store_ranking(struct store *store, const struct store_id *workload, const struct store_ranking *ranking,
		  struct err *e)
{
	return change(store, e,
		      "INSERT OR REPLACE INTO ranking (workload, place, codec, tier, eligible, recommended,"
		      " fair_score, value_gib_per_core, saved_slot_bytes, saved_codec_bytes, total_bytes,"
		      " compress_cpu_ms, decompress_cpu_ms, readback_factor, reason)"
		      " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
		      "sussiidddddddds", workload->text, ranking->place ? ranking->place : MISSING_U64,
		      ranking->codec, ranking->tier, (int64_t)ranking->eligible,
		      (int64_t)ranking->recommended, ranking->fair_score, ranking->value_gib_per_core,
		      ranking->saved_slot_bytes, ranking->saved_codec_bytes, ranking->total_bytes,
		      ranking->compress_cpu_ms, ranking->decompress_cpu_ms, ranking->readback_factor,
		      ranking->reason);
}

int store_interrupt(struct store *store, uint64_t *ret_experiments, struct err *e)
{
	int r = store_begin(store, e);
	uint64_t n = 0;

	if (r)
		return r;
	r = change(store, e,
		   "UPDATE run SET state='failed', reason='coldpress ended before the run did' WHERE "
		   "state='running'",
		   "");
	if (r == 0)
		r = change(store, e, "UPDATE experiment SET state='interrupted' WHERE state='running'", "");
	n = (uint64_t)sqlite3_changes(store->db);
	if (r == 0)
		r = store_commit(store, e);
	if (r) {
		store_rollback(store);
		return r;
	}
	*ret_experiments = n;
	return 0;
}

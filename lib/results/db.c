/* SPDX-License-Identifier: GPL-2.0-only */
/* db.c - one helper binds and steps every statement that writes; SQLite's codes become errors. */
#include "db.h"

#include <sqlite3.h>
#include <stdarg.h>
#include <sys/random.h>

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

int results_failed(const struct results *results, int rc, const char *doing, struct err *e)
{
	int code = errno_of(results->db, rc);
	struct err unwanted;

	e = e ? e : &unwanted; /* err_hint takes the code from there */
	switch (code) {
	case ENOSPC:
		err_set(e, code, "cannot %s %s", doing, results->path);
		return err_hint(
			e, "free some space on its filesystem (df -h), or choose another place");
	case EROFS:
		err_say(e, code, "cannot %s %s: the file or its directory is read-only", doing,
			results->path);
		return err_hint(e, "choose a directory that can be written");
	case EBUSY:
		err_say(e, code, "cannot %s %s: another program has locked it for %d s", doing,
			results->path, RESULTS_BUSY_TIMEOUT_MS / 1000);
		return err_hint(e, "see which: fuser -v %s", results->path);
	case EBADMSG:
		err_say(e, code,
			"cannot %s %s: it is not a results database of coldpress, or it is damaged",
			doing, results->path);
		return err_hint(e, "check it: sqlite3 %s 'PRAGMA integrity_check'", results->path);
	case EINVAL:
		return err_say(e, code, "cannot %s %s: %s", doing, results->path,
			       sqlite3_errmsg(results->db));
	default:
		return err_set(e, code, "cannot %s %s", doing, results->path);
	}
}

/* ---- statements ---- */

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

uint64_t results_unix_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return timespec_ns(&ts);
}

/* A UUID version 7 (RFC 9562, 5.7): 48 bits of milliseconds, the rest random. */
static int id_new(struct results_id *ret, struct err *e)
{
	uint64_t ms = results_unix_ns() / NS_PER_MS;
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

/* One statement without result rows; its first value is `first` where that is not NULL. */
static int change(struct results *results, struct err *e, const char *sql, const char *first,
		  const char *types, va_list *ap)
{
	struct sqlite3_stmt *st;
	int at = 1, rc = sqlite3_prepare_v2(results->db, sql, -1, &st, NULL);

	if (rc == SQLITE_OK && first)
		rc = sqlite3_bind_text(st, at++, first, -1, SQLITE_STATIC);
	for (; rc == SQLITE_OK && *types; types++)
		rc = bind(st, at++, *types, ap);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	sqlite3_finalize(st);
	return rc == SQLITE_DONE ? 0 : results_failed(results, rc, "write to", e);
}

int results_change(struct results *results, struct err *e, const char *sql, const char *types, ...)
{
	va_list ap;
	int rc;

	va_start(ap, types);
	rc = change(results, e, sql, NULL, types, &ap);
	va_end(ap);
	return rc;
}

int results_insert(struct results *results, struct results_id *ret, struct err *e, const char *sql,
		   const char *types, ...)
{
	struct results_id id;
	va_list ap;
	int rc = id_new(&id, e);

	if (rc)
		return rc;
	va_start(ap, types);
	rc = change(results, e, sql, id.text, types, &ap);
	va_end(ap);
	if (!rc)
		*ret = id;
	return rc;
}

int results_changed_one(struct results *results, int rc, const struct results_id *id, struct err *e)
{
	if (rc == 0 && sqlite3_changes(results->db) == 0)
		return err_say(e, ENOENT, "cannot write to %s: it has no row %s", results->path,
			       id->text);
	return rc;
}

int results_plain(struct results *results, const char *sql)
{
	return sqlite3_exec(results->db, sql, NULL, NULL, NULL);
}

int results_first_int(struct results *results, const char *sql, int64_t *ret)
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

/* ---- transactions ---- */

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
	return results_change(results, e, "BEGIN IMMEDIATE", "");
}

int results_commit(struct results *results, struct err *e)
{
	return results_change(results, e, "COMMIT", "");
}

void results_rollback(struct results *results)
{
	results_plain(results, "ROLLBACK");
}

struct sqlite3 *results_sqlite(struct results *results)
{
	return results->db;
}

/* ---- reading ---- */

struct sqlite3_stmt *results_ask(struct results *results, const char *sql, const char *value)
{
	struct sqlite3_stmt *st = NULL;

	if (sqlite3_prepare_v2(results->db, sql, -1, &st, NULL) == SQLITE_OK && value)
		sqlite3_bind_text(st, 1, value, -1, SQLITE_TRANSIENT);
	return st;
}

void results_answered(struct sqlite3_stmt *st)
{
	sqlite3_finalize(st);
}

int results_next(struct results *results, struct sqlite3_stmt *st, struct err *e)
{
	int rc = st ? sqlite3_step(st) : SQLITE_CORRUPT;

	if (rc == SQLITE_ROW || rc == SQLITE_DONE)
		return rc == SQLITE_ROW;
	return results_failed(results, rc, "read", e);
}

double results_number(struct sqlite3_stmt *st, int column)
{
	int type = sqlite3_column_type(st, column);

	return type == SQLITE_FLOAT || type == SQLITE_INTEGER ? sqlite3_column_double(st, column)
							      : MISSING_F64;
}

const char *results_text(struct sqlite3_stmt *st, int column)
{
	return (const char *)sqlite3_column_text(st, column) ?: "";
}

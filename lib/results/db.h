/* SPDX-License-Identifier: GPL-2.0-only */
/* db.h - the connection to a results database: statements, transactions, keys, errors.
 *
 * Each writing call is its own transaction unless it stands between results_begin and
 * results_commit. All strings are hostile and reach SQLite as bound values only.
 */
#ifndef COLDPRESS_RESULTS_DB_H
#define COLDPRESS_RESULTS_DB_H

#include "lib/base/err.h"

struct sqlite3;

struct results {
	struct sqlite3 *db;
	char *path;
};

struct results_id {
	char text[37]; /* a UUID, NUL-terminated */
};

/* results_close - NULL-safe. A transaction that was not committed is rolled back. */
void results_close(struct results *results);

static inline void results_close_(struct results **results)
{
	results_close(*results);
}
#define AUTO_RESULTS __attribute__((cleanup(results_close_)))

/* results_begin .. results_commit - several calls as one; results_rollback forgets them. They do
 * not nest.
 */
int results_begin(struct results *results, struct err *e);
int results_commit(struct results *results, struct err *e);
void results_rollback(struct results *results);

/* results_sqlite - the connection, for readers that prepare their own SELECT. */
struct sqlite3 *results_sqlite(struct results *results);

#define RESULTS_BUSY_TIMEOUT_MS 10000

/* results_change - one statement without result rows. types has a letter for each value: s const
 * char * (NULL is NULL), u uint64_t, i int64_t, d double (their missing values are NULL).
 */
int results_change(struct results *results, struct err *e, const char *sql, const char *types, ...);

/* results_insert - the same for a new row: its first value is a new key, *ret. */
int results_insert(struct results *results, struct results_id *ret, struct err *e, const char *sql,
		   const char *types, ...);

/* results_changed_one - -ENOENT where the UPDATE that returned rc found no row with this key. */
int results_changed_one(struct results *results, int rc, const struct results_id *id,
			struct err *e);

/* results_plain, results_first_int - statements of our own without values; they return SQLite's
 * code. results_failed - turns it into -errno; doing: "read", "write to".
 */
int results_plain(struct results *results, const char *sql);
int results_first_int(struct results *results, const char *sql, int64_t *ret);
int results_failed(const struct results *results, int rc, const char *doing, struct err *e);

uint64_t results_unix_ns(void);

/* ---- reading ---- */

struct sqlite3_stmt;

/* results_ask - a SELECT with at most one text value; NULL where it cannot be made, which
 * results_next reports.
 */
struct sqlite3_stmt *results_ask(struct results *results, const char *sql, const char *value);

void results_answered(struct sqlite3_stmt *st);

static inline void results_answered_(struct sqlite3_stmt **st)
{
	results_answered(*st);
}
#define AUTO_ASK __attribute__((cleanup(results_answered_)))

/* results_next - 1 a row, 0 the end, or -errno: a database that stops answering must not look like
 * one that has less.
 */
int results_next(struct results *results, struct sqlite3_stmt *st, struct err *e);

/* results_number - a column of the row; NaN where it is NULL or no number. */
double results_number(struct sqlite3_stmt *st, int column);

/* results_text - "" where it is NULL; lives until the next row. */
const char *results_text(struct sqlite3_stmt *st, int column);

#endif

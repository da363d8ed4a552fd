/* SPDX-License-Identifier: GPL-2.0-only */
/* open.c - opens the results database, and brings one of an earlier version up to date.
 *
 * A file opened for reading is never written: one of an earlier version is copied into memory and
 * brought up to date there.
 */
#include "open.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "comparison.h"

#define RESULTS_VERSION     3
#define RESULTS_APPLICATION 0x436f5072 /* "CoPr" */

static const char schema[] =
#include "schema.h"
	;

/* ---- as the user ---- */

/* SQLite opens by path, again and again, and its system calls are one set a process, without a
 * context: so this is one of the process, too. */
static struct caller sqlite_user;

/* SQLite has made the path free of links before: one that is on the way now was put there since. */
static int open_path(const char *path, int flags, int mode)
{
	const struct open_how how = { .flags = (uint64_t)(unsigned int)flags,
				      .mode = flags & O_CREAT ? (uint64_t)(unsigned int)mode : 0,
				      .resolve = RESOLVE_NO_SYMLINKS };
	int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));

	/* Before 5.6, or denied by a filter that does not know it. */
	return fd < 0 && (errno == ENOSYS || errno == EPERM) ? open(path, flags, mode) : fd;
}

static int sqlite_open(const char *path, int flags, int mode)
{
	struct caller_root root;
	int fd;

	caller_enter(&sqlite_user, &root);
	fd = open_path(path, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, mode);
	caller_leave(&root);
	return fd;
}

static int sqlite_unlink(const char *path)
{
	struct caller_root root;
	int rc;

	caller_enter(&sqlite_user, &root);
	rc = unlink(path);
	caller_leave(&root);
	return rc;
}

static int become(const struct caller *user, struct err *e)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
	int rc = 0;

	if (user)
		sqlite_user = *user;
	else
		rc = caller_read(&sqlite_user, e);
	if (rc)
		return rc;
	if (!vfs || vfs->iVersion < 3 ||
	    vfs->xSetSystemCall(vfs, "open", (sqlite3_syscall_ptr)sqlite_open) ||
	    vfs->xSetSystemCall(vfs, "unlink", (sqlite3_syscall_ptr)sqlite_unlink))
		return err_say(e, ENOTSUP,
			       "this SQLite does not let its files be opened as a user");
	return 0;
}

/* The file itself, which is the user's before SQLite writes a byte. */
static int create_file(const char *path, struct err *e)
{
	int fd AUTO_CLOSE = caller_open(&sqlite_user, path, O_RDWR | O_CREAT, 0644, e);

	if (fd >= 0)
		return 0;
	if (fd == -EINVAL || fd == -ELOOP || fd == -EISDIR) {
		err_say(e, EEXIST, "cannot open %s: it is not a regular file", path);
		return err_hint(e, "remove it, or choose another place");
	}
	return err_hint(e, "its directory must exist and be writable by user %u", sqlite_user.uid);
}

static int check_file(const char *path, struct err *e)
{
	struct caller_root root;
	struct stat st = { 0 };
	int rc;

	caller_enter(&sqlite_user, &root);
	rc = faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) < 0 || stat(path, &st) < 0 ? -errno : 0;
	caller_leave(&root);
	if (rc)
		return err_set(e, rc, "cannot read %s", path);
	return S_ISREG(st.st_mode)
		       ? 0
		       : err_say(e, EINVAL, "cannot read %s: it is not a regular file", path);
}

/* The path without links, as it is now; writing, the last place is left, which must be no link.
 * NULL without memory, or where it has gone. */
static char *resolve(const char *path, enum results_mode mode)
{
	const char *slash = strrchr(path, '/');
	struct caller_root root;
	AUTO_FREE char *dir = !slash ? strdup(".") : strndup(path, (size_t)(slash - path) + 1);
	AUTO_FREE char *real = NULL;
	char *ret = NULL;

	caller_enter(&sqlite_user, &root);
	real = mode == RESULTS_READ ? realpath(path, NULL) : dir ? realpath(dir, NULL) : NULL;
	caller_leave(&root);
	if (!real || asprintf(&ret, "%s%s%s", real, mode == RESULTS_READ ? "" : "/",
			      mode == RESULTS_READ ? ""
			      : slash              ? slash + 1
						   : path) < 0)
		return NULL;
	return ret;
}

/* Immutable: without locks and without files beside it. Only for a file that nobody writes. */
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

enum format { FORMAT_CURRENT, FORMAT_EARLIER, FORMAT_EMPTY };

static int check_version(struct results *results, enum format *ret, struct err *e)
{
	int64_t version = 0, application = 0, tables = 0;
	int rc = results_plain(results, "SAVEPOINT look");

	/* The tables first: from them on all three are of one moment, whoever is just making the
	 * file. */
	if (rc == SQLITE_OK)
		rc = results_first_int(results, "SELECT count(*) FROM sqlite_master", &tables);
	if (rc == SQLITE_OK)
		rc = results_first_int(results, "PRAGMA user_version", &version);
	if (rc == SQLITE_OK)
		rc = results_first_int(results, "PRAGMA application_id", &application);
	results_plain(results, "RELEASE look");
	if (rc != SQLITE_OK)
		return results_failed(results, rc, "read", e);
	*ret = !version && !application && !tables ? FORMAT_EMPTY
	       : version < RESULTS_VERSION         ? FORMAT_EARLIER
						   : FORMAT_CURRENT;
	if (*ret == FORMAT_EMPTY)
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

static int set_version(struct results *results)
{
	char numbers[96];

	snprintf(numbers, sizeof(numbers), "PRAGMA application_id=%d;PRAGMA user_version=%d;",
		 RESULTS_APPLICATION, RESULTS_VERSION);
	return results_plain(results, numbers);
}

/* The tables; or for a database of an earlier version those that came later, which stand last in
 * the schema: calibration from version 2, comparison from version 3. Comparisons follow from the
 * runs, so that old studies are reported as new ones are.
 */
static int make_tables(struct results *results, enum format format, struct err *e)
{
	const char *later = strstr(schema, "CREATE TABLE IF NOT EXISTS calibration");
	int rc = results_plain(results, format == FORMAT_EMPTY ? schema : later);

	if (rc == SQLITE_OK)
		rc = set_version(results);
	if (rc != SQLITE_OK)
		return results_failed(results, rc, "write to", e);
	return format == FORMAT_EARLIER ? results_compare_all(results, e) : 0;
}

/* Two programs may find the file empty at once: the second waits, looks again and finds it made. */
static int bring_up_to_date(struct results *results, struct err *e)
{
	enum format format = FORMAT_EMPTY;
	int rc = results_begin(results, e);

	if (rc)
		return rc;
	rc = check_version(results, &format, e);
	if (!rc && format != FORMAT_CURRENT)
		rc = make_tables(results, format, e);
	if (!rc)
		return results_commit(results, e);
	results_rollback(results);
	return rc;
}

/* A file from elsewhere may hold views and triggers that call what they should not. */
static void distrust(struct sqlite3 *db)
{
	sqlite3_extended_result_codes(db, 1);
	sqlite3_busy_timeout(db, RESULTS_BUSY_TIMEOUT_MS);
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
}

/* The file as it is now, in memory. */
static int copy_into_memory(struct results *results)
{
	struct sqlite3 *copy = NULL;
	struct sqlite3_backup *backup;
	int rc = sqlite3_open(":memory:", &copy);

	backup = rc == SQLITE_OK ? sqlite3_backup_init(copy, "main", results->db, "main") : NULL;
	if (backup) {
		sqlite3_backup_step(backup, -1);
		sqlite3_backup_finish(backup);
	}
	rc = sqlite3_errcode(copy);
	if (rc != SQLITE_OK) {
		sqlite3_close(copy);
		return rc;
	}
	distrust(copy);
	sqlite3_close(results->db);
	results->db = copy;
	return SQLITE_OK;
}

/* SQLite does not wait for others where the kind of log changes: it says busy at once. */
static int keep_log(struct results *results)
{
	uint64_t until = monotonic_ns() + RESULTS_BUSY_TIMEOUT_MS * NS_PER_MS;
	int rc;

	while (((rc = results_plain(results, "PRAGMA journal_mode=WAL")) & 0xff) == SQLITE_BUSY &&
	       monotonic_ns() < until)
		sleep_ns(10 * NS_PER_MS);
	return rc;
}

static int open_for_writing(struct results *results, struct err *e)
{
	enum format format = FORMAT_EMPTY;
	int rc = check_version(results, &format, e);

	if (!rc && format != FORMAT_CURRENT)
		rc = bring_up_to_date(results, e);
	if (rc)
		return rc;
	rc = keep_log(results);
	if (rc == SQLITE_OK)
		rc = results_plain(results, "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;");
	return rc == SQLITE_OK ? 0 : results_failed(results, rc, "write to", e);
}

static int open_for_reading(struct results *results, struct err *e)
{
	enum format format = FORMAT_EMPTY;
	int64_t tables;
	int rc = results_first_int(results, "SELECT count(*) FROM sqlite_master", &tables);

	/* The log needs files beside the database; where they cannot be made, nobody can be writing
	 * either.
	 */
	if ((rc & 0xff) == SQLITE_CANTOPEN || (rc & 0xff) == SQLITE_READONLY)
		rc = open_immutable(results);
	if (rc == SQLITE_OK)
		rc = results_plain(results, "PRAGMA query_only=ON");
	if (rc != SQLITE_OK)
		return results_failed(results, rc, "read", e);
	rc = check_version(results, &format, e);
	if (!rc && format == FORMAT_EMPTY)
		return results_failed(results, SQLITE_NOTADB, "read", e);
	if (rc || format == FORMAT_CURRENT)
		return rc;
	rc = copy_into_memory(results);
	return rc == SQLITE_OK ? bring_up_to_date(results, e)
			       : results_failed(results, rc, "read", e);
}

int results_open(struct results **ret, const char *path, enum results_mode mode,
		 const struct caller *user, struct err *e)
{
	struct results *results AUTO_RESULTS = calloc(1, sizeof(*results));
	AUTO_FREE char *full = NULL;
	struct err unwanted;
	int rc;

	e = e ? e : &unwanted;
	if (results)
		results->path = strdup(path);
	if (!results || !results->path)
		return err_set(e, ENOMEM, "cannot open %s", path);
	rc = become(user, e);
	if (!rc)
		rc = mode == RESULTS_WRITE ? create_file(path, e) : check_file(path, e);
	if (rc)
		return rc;
	full = resolve(path, mode);
	if (!full)
		return err_set(e, errno, "cannot open %s", path);
	/* Reading opens for writing too where it may: only then SQLite tidies -wal and -shm away at
	 * the end.
	 */
	rc = sqlite3_open_v2(full, &results->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW,
			     NULL);
	if (rc != SQLITE_OK)
		return results_failed(results, rc, "open", e);
	distrust(results->db);
	/* A sort must not fail for want of a directory for temporary files. */
	results_plain(results, "PRAGMA temp_store=MEMORY");
	rc = mode == RESULTS_WRITE ? open_for_writing(results, e) : open_for_reading(results, e);
	if (rc)
		return rc;
	*ret = results;
	results = NULL;
	return 0;
}

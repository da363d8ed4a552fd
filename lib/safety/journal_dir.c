/* SPDX-License-Identifier: GPL-2.0-only */
/* journal_dir.c - the state directory, its lock, and reading the journals in it. */
#include "journal_dir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "lib/base/dir.h"
#include "lib/base/rights.h"
#include "lib/base/stop.h"
#include "lib/kernel/procfs.h"

#define DEFAULT_DIR       "/run/coldpress"
#define LOCK_POLL_NS      (20 * NS_PER_MS)
#define JOURNAL_BYTES_MAX ((off_t)(4 * MIB)) /* the longest study writes a tenth of it */

/* Behind a slash or a dot lstat would look through a link; from another directory, `recover` would
 * not find a relative one. */
static int state_path(char buf[SYSROOT_PATH_MAX], const char *dir, struct err *e)
{
	size_t n = strlen(dir);
	const char *last;

	while (n > 1 && dir[n - 1] == '/')
		n--;
	if (snprintf(buf, SYSROOT_PATH_MAX, "%.*s", (int)n, dir) >= SYSROOT_PATH_MAX)
		return err_set(e, ENAMETOOLONG, "cannot use $COLDPRESS_STATE_DIR");
	last = strrchr(buf, '/');
	if (*buf == '/' && !str_eq(last, "/.") && !str_eq(last, "/.."))
		return 0;
	err_usage(e, "COLDPRESS_STATE_DIR '%s' is not an absolute path of a directory", dir);
	return err_hint(e, "name it from the root, as in /run/coldpress");
}

int journal_state_dir(char buf[SYSROOT_PATH_MAX], struct err *e)
{
	const char *given = getenv("COLDPRESS_STATE_DIR"),
		   *dir = given && *given ? given : DEFAULT_DIR;
	struct stat st;
	int rc = state_path(buf, dir, e);

	if (rc)
		return rc;
	if (mkdir(buf, 0700) && errno != EEXIST) {
		int code = err_set(e, errno, "cannot make the state directory %s", buf);

		if (rights_missing(RIGHTS_CHANGE))
			rights_hint(e);
		else
			err_hint(e, "set COLDPRESS_STATE_DIR to a writable place");
		return code;
	}
	if (lstat(buf, &st))
		return err_set(e, errno, "cannot stat the state directory %s", buf);
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 022)) {
		err_say(e, EPERM, "the state directory %s is not ours alone", buf);
		return err_hint(e,
				"it must be a directory of uid %u that no other user may write to",
				(unsigned)geteuid());
	}
	return 0;
}

int journal_lock(uint64_t wait_ns, struct err *e)
{
	char dir[SYSROOT_PATH_MAX - 8], path[SYSROOT_PATH_MAX];
	uint64_t end_ns = monotonic_ns() + wait_ns;
	int rc = journal_state_dir(path, e);

	if (rc)
		return rc;
	if (snprintf(dir, sizeof(dir), "%s", path) >= (int)sizeof(dir))
		return err_set(e, ENAMETOOLONG, "cannot open the lock");
	snprintf(path, sizeof(path), "%s/lock", dir);
	AUTO_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return err_set(e, errno, "cannot open %s", path);
	while (flock(fd, LOCK_EX | LOCK_NB)) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_set(e, errno, "cannot lock %s", path);
		if (stop_requested())
			return err_say(e, EINTR,
				       "stopped while waiting for another command that changes the "
				       "machine");
		if (monotonic_ns() >= end_ns) {
			err_say(e, EBUSY, "another command is changing the machine now");
			return err_hint(e, "wait for it, or find the process: fuser -v %s", path);
		}
		sleep_ns(LOCK_POLL_NS);
	}
	rc = fd;
	fd = -1;
	return rc;
}

/* ---- one journal ---- */

void journal_free(struct journal *j)
{
	if (!j)
		return;
	journal_file_done(&j->file);
	if (j->fd >= 0)
		close(j->fd);
	free(j);
}

static void auto_free(struct journal **j)
{
	journal_free(*j);
}

#define AUTO_JOURNAL __attribute__((cleanup(auto_free)))

static bool has_suffix(const char *name)
{
	size_t n = strlen(name), suffix = strlen(JOURNAL_SUFFIX);

	return n > suffix && str_eq(name + n - suffix, JOURNAL_SUFFIX);
}

struct journal *journal_alloc(const char *path)
{
	struct journal *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	j->fd = -1;
	snprintf(j->path, sizeof(j->path), "%s", path);
	return j;
}

bool journal_exists(const struct journal *j)
{
	struct stat ours, there;

	return fstat(j->fd, &ours) == 0 && stat(j->path, &there) == 0 &&
	       ours.st_ino == there.st_ino && ours.st_dev == there.st_dev;
}

/* Its name: "NAME" of ".../NAME.book". */
static void set_name(struct journal *j)
{
	const char *base = strrchr(j->path, '/');

	snprintf(j->file.name, sizeof(j->file.name), "%.*s", (int)sizeof(j->file.name) - 1,
		 base ? base + 1 : j->path);
	if (has_suffix(j->file.name))
		j->file.name[strlen(j->file.name) - strlen(JOURNAL_SUFFIX)] = '\0';
}

static int read_file(struct journal *j, struct err *e)
{
	AUTO_FREE char *text = NULL;
	ssize_t n = sysroot_read_alloc(NULL, &text, e, "%s", j->path);

	if (n < 0)
		return (int)n;
	int rc = journal_file_parse(text, (size_t)n, &j->file);

	set_name(j);
	if (rc) {
		err_set(e, rc, "cannot parse the journal %s", j->path);
		err_hint(e, "`ram_pool recover --force` removes its device and the file");
	}
	return rc;
}

/* So that what is appended starts a line. */
static int cut_torn_line(struct journal *j, struct err *e)
{
	char last[1];
	off_t end = lseek(j->fd, 0, SEEK_END);

	while (end > 0 && pread(j->fd, last, 1, end - 1) == 1 && *last != '\n')
		end--;
	return end < 0 || ftruncate(j->fd, end)
		       ? err_set(e, errno, "cannot cut a torn line off the journal %s", j->path)
		       : 0;
}

/* Whether another process has the journal; take: locks it where none has. An OFD lock can be
 * queried without being taken, so readers disturb no one; it lives as long as the descriptor, in
 * children too. */
static int lock_file(int fd, bool take, bool *live)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(fd, take ? F_OFD_SETLK : F_OFD_GETLK, &lock) == 0) {
		*live = !take && lock.l_type != F_UNLCK;
		return 0;
	}
	*live = take && (errno == EAGAIN || errno == EACCES);
	return *live ? 0 : -errno;
}

/* Looked at before it is opened, which alone does something to a device or a pipe. Nobody but us
 * may change the directory in between. */
static int open_regular(struct journal *j, struct err *e)
{
	struct stat st;

	if (lstat(j->path, &st))
		return err_set(e, errno, "cannot open the journal %s", j->path);
	if (!S_ISREG(st.st_mode) || st.st_size > JOURNAL_BYTES_MAX) {
		err_say(e, S_ISREG(st.st_mode) ? EBADMSG : EINVAL, "%s is no journal", j->path);
		return err_hint(e, "find out what it is, then remove it");
	}
	j->fd = open(j->path, O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	return j->fd < 0 ? err_set(e, errno, "cannot open the journal %s", j->path) : 0;
}

int journal_load(struct journal **ret, const char *path, bool take, struct err *e)
{
	bool live = false, garbled;

	AUTO_JOURNAL struct journal *j = journal_alloc(path);

	if (!j)
		return err_set(e, ENOMEM, "cannot open the journal %s", path);
	int rc = open_regular(j, e);

	if (rc)
		return rc;
	rc = lock_file(j->fd, take, &live);
	if (rc)
		return err_set(e, rc, "cannot lock the journal %s", path);
	if (!journal_exists(j))
		return err_set(e, ENOENT, "cannot open the journal %s", path);
	rc = read_file(j, e);
	garbled = rc == -EBADMSG && take && !live;
	if (!rc && take && !live)
		rc = cut_torn_line(j, e);
	if (rc && !garbled)
		return rc;
	*ret = j;
	j = NULL;
	return live ? err_say(e, EBUSY, "process %d is using %s", (int)(*ret)->file.pid,
			      (*ret)->file.name)
		    : rc;
}

int journal_remove(struct journal *j, struct err *e)
{
	return unlink(j->path) ? err_set(e, errno, "cannot remove %s", j->path) : 0;
}

void journal_setting_value(char *text)
{
	char *open = strchr(text, '['), *close = open ? strchr(open, ']') : NULL;

	text[strcspn(text, "\n")] = '\0';
	if (!close)
		return;
	*close = '\0';
	memmove(text, open + 1, (size_t)(close - open));
}

/* ---- all journals ---- */

int journal_each(journal_each_fn *fn, void *ctx, bool take, struct err *e)
{
	char dir[SYSROOT_PATH_MAX], path[SYSROOT_PATH_MAX];
	int rc = journal_state_dir(dir, e);
	AUTO_DIR DIR *list = rc ? NULL : opendir(dir);

	if (!list)
		return rc ? rc : err_set(e, errno, "cannot list %s", dir);
	for (struct dirent *entry; !rc && (entry = readdir(list));) {
		struct journal *j = NULL;
		struct err why = { .code = 0 };

		if (!has_suffix(entry->d_name) ||
		    snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name) >= (int)sizeof(path))
			continue;
		rc = journal_load(&j, path, take, &why);
		rc = rc == -ENOENT ? 0 : fn(ctx, j, rc, &why);
		journal_free(j);
	}
	return rc;
}

struct visit {
	journal_visit_fn *fn;
	void *ctx;
	char boot_id[PROCFS_BOOT_ID_MAX];
	struct err unreadable; /* of the first journal that is */
};

static int visit_journal(void *ctx, struct journal *j, int rc, const struct err *why)
{
	struct visit *visit = ctx;

	/* What is no regular file (-EINVAL) is nobody's journal: only recovery speaks of it. */
	if (!j && rc != -EINVAL && visit->unreadable.code == 0)
		visit->unreadable = *why;
	if (!j || !str_eq(j->file.boot_id, visit->boot_id))
		return 0;
	return visit->fn(visit->ctx, &j->file, rc == -EBUSY);
}

int journal_visit(journal_visit_fn *fn, void *ctx, struct err *e)
{
	struct visit visit = { .fn = fn, .ctx = ctx };
	int rc = procfs_boot_id(NULL, visit.boot_id, e);

	if (!rc)
		rc = journal_each(visit_journal, &visit, false, e);
	if (rc)
		return rc;
	if (visit.unreadable.code && e)
		*e = visit.unreadable;
	return visit.unreadable.code;
}

struct setting {
	const char *path, *except; /* name of the journal that asks */
	char *old;
	bool held;
};

static int find_setting(void *ctx, const struct journal_file *file, bool live UNUSED)
{
	struct setting *setting = ctx;

	for (size_t i = 0; i < file->n && !str_eq(file->name, setting->except); i++) {
		const struct journal_entry *entry = &file->entries[i];

		if (entry->kind != JOURNAL_SETTING || entry->undone ||
		    !str_eq(entry->path, setting->path))
			continue;
		snprintf(setting->old, JOURNAL_OLD_MAX, "%s", entry->old);
		setting->held = true;
	}
	return 0;
}

bool journal_setting_held(const struct journal *j, const char *path, char old[JOURNAL_OLD_MAX])
{
	struct setting setting = { .path = path, .except = j->file.name, .old = old };

	journal_visit(find_setting, &setting, NULL);
	return setting.held;
}

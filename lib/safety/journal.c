/* SPDX-License-Identifier: GPL-2.0-only */
/* journal.c - the state directory, the locks, and writing one's own book.
 *
 * A line is one write(2) to a file opened to append: it is there whole after kill -9, or torn at
 * the very end and then left out by readers. No fsync: against a crash of the kernel there is
 * nothing to undo.
 */
#include "journal_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "lib/kernel/procfs.h"
#include "lib/base/stop.h"

#define DEFAULT_DIR  "/run/coldpress"
#define LOCK_POLL_NS (20 * NS_PER_MS)

#define JOURNAL_BYTES_MAX ((off_t)(4 * MIB)) /* the longest study writes a tenth of it */

int journal_state_dir(char buf[SYSROOT_PATH_MAX], struct err *e)
{
	const char *given = getenv("COLDPRESS_STATE_DIR"),
		   *dir = given && *given ? given : DEFAULT_DIR;
	struct stat st;

	if (snprintf(buf, SYSROOT_PATH_MAX, "%s", dir) >= SYSROOT_PATH_MAX)
		return err_set(e, ENAMETOOLONG, "cannot use $COLDPRESS_STATE_DIR");
	if (mkdir(buf, 0700) && errno != EEXIST) {
		int code = err_set(e, errno, "cannot make the state directory %s", buf);

		err_hint(e, geteuid() ? "run it as root"
				      : "set COLDPRESS_STATE_DIR to a place that can be written");
		return code;
	}
	if (lstat(buf, &st))
		return err_set(e, errno, "cannot look at the state directory %s", buf);
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 022)) {
		err_say(e, EPERM, "the state directory %s is not ours alone", buf);
		return err_hint(e, "it must be a directory of uid %u that nobody else may write to",
				(unsigned)geteuid());
	}
	return 0;
}

int journal_lock(uint64_t wait_ns, struct err *e)
{
	char dir[SYSROOT_PATH_MAX - 8], path[SYSROOT_PATH_MAX];
	uint64_t end_ns = monotonic_ns() + wait_ns;
	int r = journal_state_dir(path, e);

	if (r)
		return r;
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
			return err_hint(e, "wait for it, or see who holds it: fuser -v %s", path);
		}
		sleep_ns(LOCK_POLL_NS);
	}
	r = fd;
	fd = -1;
	return r;
}

/* ---- the file ---- */

void journal_free(struct journal *j)
{
	if (!j)
		return;
	journal_file_done(&j->book);
	if (j->fd >= 0)
		close(j->fd);
	free(j);
}

static void journal_free_(struct journal **j)
{
	journal_free(*j);
}

#define AUTO_JOURNAL __attribute__((cleanup(journal_free_)))

static struct json_object *object_new(void)
{
	return json_object_new_object();
}

/* json-c's add functions answer -1 without memory; such a line lacks a key, and journal_line()
 * takes it back.
 */
static void add_number(struct json_object *object, const char *key, uint64_t value)
{
	json_object_object_add(object, key, json_object_new_uint64(value));
}

static void add_string(struct json_object *object, const char *key, const char *value)
{
	json_object_object_add(object, key, json_object_new_string(value));
}

static void add_device(struct json_object *object, const struct zram_device *device)
{
	add_number(object, "zram", device->id);
	add_number(object, "dev", device->dev);
	add_number(object, "diskseq", device->diskseq);
}

static void put_object(struct json_object **object)
{
	json_object_put(*object);
}

int journal_line(struct journal *j, struct json_object *line, struct err *e)
{
	__attribute__((cleanup(put_object))) struct json_object *object = line;
	AUTO_FREE char *bytes = NULL;
	off_t before = lseek(j->fd, 0, SEEK_END);
	const char *text =
		object ? json_object_to_json_string_ext(object, JSON_C_TO_STRING_NOSLASHESCAPE)
		       : NULL;
	int len = text ? asprintf(&bytes, "%s\n", text) : -1;

	if (len < 0)
		return err_set(e, ENOMEM, "cannot write to the journal");
	ssize_t n = write(j->fd, bytes, (size_t)len);

	if (n != len) {
		int code = n < 0 ? errno : ENOSPC;

		if (n > 0 &&
		    ftruncate(j->fd, before)) /* else the torn line would spoil the next one */
			code = errno;
		return err_set(e, code, "cannot write to the journal %s", j->path);
	}
	int r = journal_file_line(&j->book, bytes, (size_t)len - 1);

	if (r && ftruncate(j->fd, before))
		r = -errno;
	return r ? err_set(e, r, "cannot keep the journal %s", j->path) : 0;
}

/* "NAME" from ".../NAME.book". */
static void take_name(struct journal_file *book, const char *path)
{
	const char *base = strrchr(path, '/');

	snprintf(book->name, sizeof(book->name), "%s", base ? base + 1 : path);
	size_t n = strlen(book->name), suffix = strlen(JOURNAL_SUFFIX);

	if (n >= suffix && str_eq(book->name + n - suffix, JOURNAL_SUFFIX))
		book->name[n - suffix] = '\0';
}

static struct journal *journal_alloc(const char *path)
{
	struct journal *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	j->fd = -1;
	snprintf(j->path, sizeof(j->path), "%s", path);
	return j;
}

/* The lock is on the file the path names: not on one that recovery removed between open and flock.
 */
static bool still_there(const struct journal *j)
{
	struct stat ours, there;

	return fstat(j->fd, &ours) == 0 && stat(j->path, &there) == 0 &&
	       ours.st_ino == there.st_ino && ours.st_dev == there.st_dev;
}

static int read_book(struct journal *j, struct err *e)
{
	AUTO_FREE char *text = NULL;
	ssize_t n = sysroot_read_alloc(NULL, &text, e, "%s", j->path);

	if (n < 0)
		return (int)n;
	int r = journal_file_parse(text, (size_t)n, &j->book);

	if (r) {
		err_set(e, r, "cannot understand the journal %s", j->path);
		return err_hint(
			e, "look at what it names, put that back by hand, then remove the file");
	}
	take_name(&j->book, j->path);
	return 0;
}

/* Cuts a torn last line off, so that what we append stands alone. */
static int mend(struct journal *j, struct err *e)
{
	char last[1];
	off_t end = lseek(j->fd, 0, SEEK_END);

	while (end > 0 && pread(j->fd, last, 1, end - 1) == 1 && *last != '\n')
		end--;
	return end < 0 || ftruncate(j->fd, end)
		       ? err_set(e, errno, "cannot mend the journal %s", j->path)
		       : 0;
}

/* Whether somebody else has the book; take: it is ours when nobody has. An OFD lock can be asked
 * for without being taken, so that readers do not get in the way; it lives as long as the
 * descriptor, in children too.
 */
static int lock_book(int fd, bool take, bool *live)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (take && fcntl(fd, F_OFD_SETLK, &lock) == 0) {
		*live = false;
		return 0;
	}
	if (take && errno != EAGAIN && errno != EACCES)
		return -errno;
	*live = true;
	if (take)
		return 0;
	if (fcntl(fd, F_OFD_GETLK, &lock))
		return -errno;
	*live = lock.l_type != F_UNLCK;
	return 0;
}

int journal_open_book(struct journal **ret, const char *path, bool take, struct err *e)
{
	bool live = false;

	AUTO_JOURNAL struct journal *j = journal_alloc(path);

	if (!j)
		return err_set(e, ENOMEM, "cannot open the journal %s", path);
	j->fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
	if (j->fd < 0)
		return err_set(e, errno, "cannot open the journal %s", path);
	struct stat st;
	int r = fstat(j->fd, &st) ? -errno : 0;

	if (r == 0 && (!S_ISREG(st.st_mode) || st.st_size > JOURNAL_BYTES_MAX)) {
		err_say(e, EBADMSG, "%s is no journal of ours", path);
		return err_hint(e, "see what it is, then remove it");
	}
	r = r ? r : lock_book(j->fd, take, &live);
	if (r)
		return err_set(e, r, "cannot lock the journal %s", path);
	if (!still_there(j))
		return err_set(e, ENOENT, "cannot open the journal %s", path);
	if (take && !live)
		r = mend(j, e);
	if (r || (r = read_book(j, e)))
		return r;
	*ret = j;
	j = NULL;
	return live ? err_say(e, EBUSY, "process %d is at work on %s", (int)(*ret)->book.pid,
			      (*ret)->book.name)
		    : 0;
}

int journal_remove(struct journal *j, struct err *e)
{
	return unlink(j->path) ? err_set(e, errno, "cannot remove %s", j->path) : 0;
}

/* ---- opening and closing ---- */

bool journal_name_valid(const char *name)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

	return *name && *name != '.' && !name[strspn(name, allowed)];
}

static int book_path(const char *name, char path[SYSROOT_PATH_MAX], struct err *e)
{
	char dir[SYSROOT_PATH_MAX];
	int r = journal_state_dir(dir, e);

	if (r)
		return r;
	if (!journal_name_valid(name) || strlen(name) > 100)
		return err_usage(
			e, "'%s' is no name: letters, digits, '.', '_' and '-', at most 100", name);
	if (snprintf(path, SYSROOT_PATH_MAX, "%s/%s" JOURNAL_SUFFIX, dir, name) >= SYSROOT_PATH_MAX)
		return err_set(e, ENAMETOOLONG, "cannot open the journal of %s", name);
	return 0;
}

static int write_head(struct journal *j, struct err *e)
{
	struct json_object *head = object_new();
	char boot_id[PROCFS_BOOT_ID_MAX];
	int r = procfs_boot_id(NULL, boot_id, e);

	if (r) {
		json_object_put(head);
		return r;
	}
	add_number(head, "v", 1);
	add_string(head, "boot", boot_id);
	add_number(head, "pid", (uint64_t)getpid());
	return journal_line(j, head, e);
}

int journal_open_named(struct journal **ret, const char *name, struct err *e)
{
	char path[SYSROOT_PATH_MAX];
	int r = book_path(name, path, e);

	if (r)
		return r;
	for (;;) {
		AUTO_JOURNAL struct journal *j = journal_alloc(path);

		if (!j)
			return err_set(e, ENOMEM, "cannot open the journal %s", path);
		j->fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (j->fd < 0)
			return err_set(e, errno, "cannot make the journal %s", path);
		struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

		if (fcntl(j->fd, F_OFD_SETLKW, &lock)) {
			r = -errno;
			unlink(path);
			return err_set(e, r, "cannot lock the journal %s", path);
		}
		if (!still_there(j)) /* recovery was quicker: it takes an empty book for a dead
					owner's */
			continue;
		take_name(&j->book, path);
		r = write_head(j, e);
		if (r) {
			journal_remove(j, NULL);
			return r;
		}
		*ret = j;
		j = NULL;
		return 0;
	}
}

int journal_open(struct journal **ret, const char *owner, struct err *e)
{
	struct procfs_stat self;
	char name[128];
	int r = procfs_stat_read(NULL, getpid(), &self, e);

	if (r)
		return r;
	snprintf(name, sizeof(name), "%s.%d.%llu", owner, (int)getpid(),
		 (unsigned long long)self.start_ticks);
	return journal_open_named(ret, name, e);
}

int journal_adopt(struct journal **ret, const char *name, struct err *e)
{
	char path[SYSROOT_PATH_MAX], boot_id[PROCFS_BOOT_ID_MAX];
	AUTO_JOURNAL struct journal *j = NULL;
	int r = book_path(name, path, e);

	if (r || (r = procfs_boot_id(NULL, boot_id, e)) ||
	    (r = journal_open_book(&j, path, true, e)))
		return r;
	if (!str_eq(j->book.boot_id, boot_id))
		return err_say(e, ENOENT, "%s is of an earlier boot", name);
	*ret = j;
	j = NULL;
	return 0;
}

void journal_close(struct journal *j)
{
	size_t open_entries = 0;

	if (!j)
		return;
	for (size_t i = 0; i < j->book.n; i++)
		open_entries += !j->book.entries[i].undone;
	if (open_entries == 0)
		journal_remove(j, NULL);
	journal_free(j);
}

/* ---- entries ---- */

static struct json_object *entry_new(const struct journal *j, const char *kind)
{
	struct json_object *object = object_new();

	add_number(object, "id", j->book.n + 1);
	add_string(object, "kind", kind);
	return object;
}

static int intent(struct journal *j, struct json_object *line, unsigned int *ret, struct err *e)
{
	int r = journal_line(j, line, e);

	if (r == 0)
		*ret = j->book.entries[j->book.n - 1].id;
	return r;
}

int journal_process(struct journal *j, pid_t pid, unsigned int *ret, struct err *e)
{
	struct procfs_stat stat;
	int r = procfs_stat_read(NULL, pid, &stat, e);

	if (r)
		return r;
	struct json_object *line = entry_new(j, "process");

	add_number(line, "pid", (uint64_t)pid);
	add_number(line, "start", stat.start_ticks);
	return intent(j, line, ret, e);
}

int journal_cgroup(struct journal *j, const char *path, unsigned int *ret, struct err *e)
{
	struct json_object *line = entry_new(j, "cgroup");

	add_string(line, "path", path);
	return intent(j, line, ret, e);
}

static int intent_on(struct journal *j, const char *kind, const struct zram_device *device,
		     unsigned int *ret, struct err *e)
{
	struct json_object *line = entry_new(j, kind);

	add_device(line, device);
	return intent(j, line, ret, e);
}

int journal_swap(struct journal *j, const struct zram_device *device, unsigned int *ret,
		 struct err *e)
{
	return intent_on(j, "swap", device, ret, e);
}

int journal_taken(struct journal *j, const struct zram_device *device, unsigned int *ret,
		  struct err *e)
{
	return intent_on(j, "taken", device, ret, e);
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

int journal_setting(struct journal *j, const char *path, unsigned int *ret, struct err *e)
{
	char old[JOURNAL_OLD_MAX];
	ssize_t n = sysroot_read(NULL, old, sizeof(old), e, "%s", path);

	if (n < 0)
		return (int)n;
	journal_setting_value(old);
	journal_setting_held(j, path, old);
	struct json_object *line = entry_new(j, "setting");

	add_string(line, "path", path);
	add_string(line, "old", old);
	return intent(j, line, ret, e);
}

int journal_path(struct journal *j, const char *path, unsigned int *ret, struct err *e)
{
	struct stat st;

	if (lstat(path, &st) == 0)
		return err_set(e, EEXIST, "cannot make %s", path);
	struct json_object *line = entry_new(j, "path");

	add_string(line, "path", path);
	return intent(j, line, ret, e);
}

static uint64_t wall_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / NS_PER_MS;
}

int journal_zram(struct journal *j, unsigned int *ret, struct err *e)
{
	struct zram_list list;
	int r = zram_list_read(NULL, &list, e);

	if (r)
		return r;
	struct json_object *line = entry_new(j, "zram"), *before = json_object_new_array();

	for (size_t i = 0; i < list.n; i++) {
		struct json_object *device = object_new();

		add_device(device, &list.devices[i]);
		json_object_array_add(before, device);
	}
	add_number(line, "time_ms", wall_ms());
	json_object_object_add(line, "before", before);
	return intent(j, line, ret, e);
}

static struct json_object *state_new(unsigned int id, const char *state)
{
	struct json_object *object = object_new();

	add_number(object, "id", id);
	add_string(object, "state", state);
	return object;
}

int journal_zram_added(struct journal *j, unsigned int id, const struct zram_device *device,
		       struct err *e)
{
	struct json_object *line = state_new(id, "added");

	add_device(line, device);
	return journal_line(j, line, e);
}

int journal_done(struct journal *j, unsigned int id, struct err *e)
{
	return journal_line(j, state_new(id, "done"), e);
}

int journal_undone(struct journal *j, unsigned int id, struct err *e)
{
	return journal_line(j, state_new(id, "undone"), e);
}

int journal_ready(struct journal *j, pid_t owner, uint64_t mark, const char *words, struct err *e)
{
	struct procfs_stat stat = { .start_ticks = 0 };
	int r = owner ? procfs_stat_read(NULL, owner, &stat, e) : 0;

	if (r)
		return r;
	struct json_object *line = object_new();

	json_object_object_add(line, "ready", json_object_new_boolean(true));
	add_string(line, "words", words);
	add_number(line, "owner", (uint64_t)owner);
	add_number(line, "owner_start", stat.start_ticks);
	add_number(line, "mark", mark);
	return journal_line(j, line, e);
}

int journal_unready(struct journal *j, struct err *e)
{
	struct json_object *line = object_new();

	json_object_object_add(line, "ready", json_object_new_boolean(false));
	return journal_line(j, line, e);
}

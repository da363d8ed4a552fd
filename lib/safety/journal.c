/* SPDX-License-Identifier: GPL-2.0-only */
/* journal.c - opens and writes one's own journal.
 *
 * A line is one write(2) to a file opened to append: after kill -9 it is there whole, or torn at
 * the very end and then ignored by readers. No fsync: after a crash of the kernel nothing is left
 * to undo.
 */
#include "journal.h"

#include <fcntl.h>
#include <json-c/json.h>
#include <sys/stat.h>

#include "lib/kernel/procfs.h"

/* ---- lines ---- */

/* json-c's add functions answer -1 without memory; such a line lacks a key, and append() refuses
 * it. */
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

/* One line to the file, then to the entries in memory, which checks it as readers will. */
static int append_text(struct journal *j, const char *text, struct err *e)
{
	AUTO_FREE char *line = NULL;
	off_t before = lseek(j->fd, 0, SEEK_END);
	int len = text ? asprintf(&line, "%s\n", text) : -1, rc;

	if (len < 0)
		return err_set(e, ENOMEM, "cannot write to the journal");
	ssize_t n = write(j->fd, line, (size_t)len);

	rc = n < 0 ? -errno : n != len ? -ENOSPC : 0;
	if (!rc)
		rc = journal_file_line(&j->file, line, (size_t)len - 1);
	/* A torn or wrong line would spoil the next one. */
	if (rc && n > 0 && ftruncate(j->fd, before))
		rc = -errno;
	return rc ? err_set(e, rc, "cannot write to the journal %s", j->path) : 0;
}

/* Frees the object. */
static int append(struct journal *j, struct json_object *object, struct err *e)
{
	int rc = append_text(
		j, json_object_to_json_string_ext(object, JSON_C_TO_STRING_NOSLASHESCAPE), e);

	json_object_put(object);
	return rc;
}

/* ---- opening and closing ---- */

bool journal_name_valid(const char *name)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

	return *name && *name != '.' && !name[strspn(name, allowed)];
}

static int path_of(const char *name, char path[SYSROOT_PATH_MAX], struct err *e)
{
	char dir[SYSROOT_PATH_MAX];
	int rc = journal_state_dir(dir, e);

	if (rc)
		return rc;
	if (!journal_name_valid(name) || strlen(name) > 100)
		return err_usage(
			e,
			"'%s' is not a valid name: at most 100 letters, digits, '.', '_' and '-'",
			name);
	if (snprintf(path, SYSROOT_PATH_MAX, "%s/%s" JOURNAL_SUFFIX, dir, name) >= SYSROOT_PATH_MAX)
		return err_set(e, ENAMETOOLONG, "cannot open the journal of %s", name);
	return 0;
}

static int write_head(struct journal *j, struct err *e)
{
	char boot_id[PROCFS_BOOT_ID_MAX];
	int rc = procfs_boot_id(NULL, boot_id, e);

	if (rc)
		return rc;
	struct json_object *head = json_object_new_object();

	add_number(head, "v", 1);
	add_string(head, "boot", boot_id);
	add_number(head, "pid", (uint64_t)getpid());
	return append(j, head, e);
}

/* Creates and locks the file. -EAGAIN recovery took the empty journal for a dead owner's. */
static int create_file(struct journal *j, struct err *e)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	j->fd = open(j->path, O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (j->fd < 0)
		return err_set(e, errno, "cannot make the journal %s", j->path);
	if (fcntl(j->fd, F_OFD_SETLKW, &lock)) {
		int code = errno;

		unlink(j->path);
		return err_set(e, code, "cannot lock the journal %s", j->path);
	}
	return journal_exists(j) ? 0 : -EAGAIN;
}

int journal_open_named(struct journal **ret, const char *name, struct err *e)
{
	char path[SYSROOT_PATH_MAX];
	struct journal *j;
	int rc = path_of(name, path, e);

	if (rc)
		return rc;
	do {
		j = journal_alloc(path);
		if (!j)
			return err_set(e, ENOMEM, "cannot open the journal %s", path);
		rc = create_file(j, e);
		if (rc == 0) {
			snprintf(j->file.name, sizeof(j->file.name), "%s", name);
			rc = write_head(j, e);
			if (rc)
				journal_remove(j, NULL);
		}
		if (rc)
			journal_free(j);
	} while (rc == -EAGAIN);
	if (rc == 0)
		*ret = j;
	return rc;
}

int journal_open(struct journal **ret, const char *owner, struct err *e)
{
	struct procfs_stat self;
	char name[128];
	int rc = procfs_stat_read(NULL, getpid(), &self, e);

	if (rc)
		return rc;
	snprintf(name, sizeof(name), "%s.%d.%llu", owner, (int)getpid(),
		 (unsigned long long)self.start_ticks);
	return journal_open_named(ret, name, e);
}

int journal_adopt(struct journal **ret, const char *name, struct err *e)
{
	char path[SYSROOT_PATH_MAX], boot_id[PROCFS_BOOT_ID_MAX];
	struct journal *j = NULL;
	int rc = path_of(name, path, e);

	if (!rc)
		rc = procfs_boot_id(NULL, boot_id, e);
	if (!rc)
		rc = journal_load(&j, path, true, e);
	if (!rc && !str_eq(j->file.boot_id, boot_id))
		rc = err_say(e, ENOENT, "the journal %s is of an earlier boot", name);
	if (rc)
		journal_free(j);
	else
		*ret = j;
	return rc;
}

void journal_close(struct journal *j)
{
	size_t open_entries = 0;

	if (!j)
		return;
	for (size_t i = 0; i < j->file.n; i++)
		open_entries += !j->file.entries[i].undone;
	if (open_entries == 0)
		journal_remove(j, NULL);
	journal_free(j);
}

/* ---- entries ---- */

static struct json_object *entry_new(const struct journal *j, enum journal_kind kind)
{
	struct json_object *object = json_object_new_object();

	add_number(object, "id", j->file.n + 1);
	add_string(object, "kind", journal_kind_name(kind));
	return object;
}

static int intent(struct journal *j, struct json_object *line, unsigned int *ret, struct err *e)
{
	int rc = append(j, line, e);

	if (rc == 0)
		*ret = j->file.entries[j->file.n - 1].id;
	return rc;
}

static int intent_path(struct journal *j, enum journal_kind kind, const char *path,
		       const char *old_value, unsigned int *ret, struct err *e)
{
	struct json_object *line = entry_new(j, kind);

	add_string(line, "path", path);
	if (old_value)
		add_string(line, "old", old_value);
	return intent(j, line, ret, e);
}

static int intent_device(struct journal *j, enum journal_kind kind,
			 const struct zram_device *device, unsigned int *ret, struct err *e)
{
	struct json_object *line = entry_new(j, kind);

	add_device(line, device);
	return intent(j, line, ret, e);
}

int journal_process(struct journal *j, pid_t pid, unsigned int *ret, struct err *e)
{
	struct procfs_stat stat;
	int rc = procfs_stat_read(NULL, pid, &stat, e);

	if (rc)
		return rc;
	struct json_object *line = entry_new(j, JOURNAL_PROCESS);

	add_number(line, "pid", (uint64_t)pid);
	add_number(line, "start", stat.start_ticks);
	return intent(j, line, ret, e);
}

int journal_cgroup(struct journal *j, const char *path, unsigned int *ret, struct err *e)
{
	return intent_path(j, JOURNAL_CGROUP, path, NULL, ret, e);
}

int journal_swap(struct journal *j, const struct zram_device *device, unsigned int *ret,
		 struct err *e)
{
	return intent_device(j, JOURNAL_SWAP, device, ret, e);
}

int journal_taken(struct journal *j, const struct zram_device *device, unsigned int *ret,
		  struct err *e)
{
	return intent_device(j, JOURNAL_TAKEN, device, ret, e);
}

int journal_setting(struct journal *j, const char *path, unsigned int *ret, struct err *e)
{
	char old_value[JOURNAL_OLD_MAX];
	ssize_t n = sysroot_read(NULL, old_value, sizeof(old_value), e, "%s", path);

	if (n < 0)
		return (int)n;
	journal_setting_value(old_value);
	journal_setting_held(j, path, old_value);
	return intent_path(j, JOURNAL_SETTING, path, old_value, ret, e);
}

int journal_path(struct journal *j, const char *path, unsigned int *ret, struct err *e)
{
	struct stat st;

	if (lstat(path, &st) == 0)
		return err_set(e, EEXIST, "cannot make %s", path);
	return intent_path(j, JOURNAL_PATH, path, NULL, ret, e);
}

int journal_zram(struct journal *j, unsigned int *ret, struct err *e)
{
	struct timespec now;
	struct zram_list list;
	int rc = zram_list_read(NULL, &list, e);

	if (rc)
		return rc;
	struct json_object *line = entry_new(j, JOURNAL_ZRAM), *before = json_object_new_array();

	for (size_t i = 0; i < list.n; i++) {
		struct json_object *device = json_object_new_object();

		add_device(device, &list.devices[i]);
		json_object_array_add(before, device);
	}
	clock_gettime(CLOCK_REALTIME, &now);
	add_number(line, "time_ms", timespec_ns(&now) / NS_PER_MS);
	json_object_object_add(line, "before", before);
	return intent(j, line, ret, e);
}

static int append_state(struct journal *j, unsigned int id, const char *state,
			const struct zram_device *device, struct err *e)
{
	struct json_object *line = json_object_new_object();

	add_number(line, "id", id);
	add_string(line, "state", state);
	if (device)
		add_device(line, device);
	return append(j, line, e);
}

int journal_zram_added(struct journal *j, unsigned int id, const struct zram_device *device,
		       struct err *e)
{
	return append_state(j, id, "added", device, e);
}

int journal_done(struct journal *j, unsigned int id, struct err *e)
{
	return append_state(j, id, "done", NULL, e);
}

int journal_undone(struct journal *j, unsigned int id, struct err *e)
{
	return append_state(j, id, "undone", NULL, e);
}

int journal_ready(struct journal *j, pid_t owner, uint64_t mark, const char *text, struct err *e)
{
	struct procfs_stat stat = { .start_ticks = 0 };
	int rc = owner ? procfs_stat_read(NULL, owner, &stat, e) : 0;

	if (rc)
		return rc;
	struct json_object *line = json_object_new_object();

	json_object_object_add(line, "ready", json_object_new_boolean(true));
	add_string(line, "words", text);
	add_number(line, "owner", (uint64_t)owner);
	add_number(line, "owner_start", stat.start_ticks);
	add_number(line, "mark", mark);
	return append(j, line, e);
}

int journal_unready(struct journal *j, struct err *e)
{
	struct json_object *line = json_object_new_object();

	json_object_object_add(line, "ready", json_object_new_boolean(false));
	return append(j, line, e);
}

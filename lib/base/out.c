/* SPDX-License-Identifier: GPL-2.0-only */
/* out.c - sinks: records as text, JSON lines or CSV, on stdout or into a file.
 *
 * Each type gets a layout when its first record comes; layout.c makes the text. Records collect in
 * one buffer, which goes to the kernel when 64 KiB are full. A file is written as PATH.PID-N.tmp
 * beside itself.
 */
#include "out.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/stat.h>

#include "layout.h"
#include "nearest.h"
#include "stop.h"
#include "text.h"

#define OUT_BUFFER_BYTES (64 * KIB)
#define OUT_STOP_WAIT_MS 1000 /* how long a reader that does not read may delay our end */

struct out {
	enum out_format format;
	int fd;
	int error;       /* sticks */
	bool unbuffered; /* a terminal */
	enum out_time time;
	char path[PATH_MAX]; /* or "standard output" */
	char temporary[PATH_MAX +
		       32]; /* written in place of path; "" where that is no regular file */
	struct layout *layouts;
	const struct layout *last; /* whose head was printed */
	struct text text;
};

/* ---- layouts ---- */

static const struct field *field_named(const struct record_type *type, const char *name)
{
	for (size_t i = 0; i < type->n_fields; i++)
		if (str_eq(type->fields[i].name, name))
			return &type->fields[i];
	return NULL;
}

static int unknown_field(const struct record_type *type, const char *name, struct err *e)
{
	struct nearest near = nearest_begin(name);
	struct text names = { 0 };

	for (size_t i = 0; i < type->n_fields; i++) {
		nearest_offer(&near, type->fields[i].name);
		text_item(&names, type->fields[i].name);
	}
	if (near.best)
		err_usage(e, "%s has no field '%s'; did you mean %s?", type->name, name, near.best);
	else
		err_usage(e, "%s has no field '%s'", type->name, name);
	err_hint(e, "its fields are %.*s", (int)names.n, names.n ? names.s : "");
	text_done(&names);
	return -EINVAL;
}

/* Of these fields, or all; found before an earlier one of the same type. */
static int layout_make(struct out *out, const struct record_type *type,
		       const struct opt_list *names, struct err *e)
{
	const size_t n = names ? names->n : type->n_fields;
	const struct field *ts = field_named(type, "ts_ns");
	struct layout *layout = layout_new(type, n + 1);

	if (!layout)
		return err_set(e, ENOMEM, "cannot write records");
	if (ts && out->time != OUT_TIME_MONOTONIC) {
		layout->time = *ts;
		layout->time.name = "time";
		layout->time.type = FIELD_UTC;
		layout_add(layout, &layout->time);
	}
	for (size_t i = 0; i < n; i++) {
		const struct field *field =
			names ? field_named(type, names->items[i]) : &type->fields[i];

		if (names && !field) {
			free(layout);
			return unknown_field(type, names->items[i], e);
		}
		if (names || field != ts || out->time != OUT_TIME_UTC)
			layout_add(layout, field);
	}
	layout->next = out->layouts;
	out->layouts = layout;
	return 0;
}

static const struct layout *layout_get(struct out *out, const struct record_type *type)
{
	const struct layout *layout = out->last;

	if (layout && layout->type == type)
		return layout;
	for (layout = out->layouts; layout && layout->type != type; layout = layout->next)
		;
	if (!layout && !layout_make(out, type, NULL, NULL))
		layout = out->layouts;
	return layout;
}

int out_select(struct out *out, const struct record_type *type, const struct opt_list *names,
	       struct err *e)
{
	return names && names->n ? layout_make(out, type, names, e) : 0;
}

int out_select_any(struct out *out, const struct record_type *const *types,
		   const struct opt_list *names, struct err *e)
{
	int rc = out_select(out, types[0], names, e);

	for (size_t i = 1; types[i]; i++) {
		if (types[i] != &end_record_type && !out_select(out, types[i], names, NULL))
			rc = 0;
	}
	return rc;
}

void out_set_time(struct out *out, enum out_time time)
{
	out->time = time;
}

/* ---- records ---- */

static bool lost(uint64_t n)
{
	return n != 0 && n != MISSING_U64;
}

/* Text and CSV are one table, so losses go to stderr. */
static void print_losses(const struct layout *layout, const struct end_record *end)
{
	struct text t = { 0 };

	if (!lost(end->dropped) && !lost(end->missed) && !lost(end->unmatched))
		return;
	layout_put_line(&t, layout, end);
	if (!t.failed)
		fwrite(t.s, 1, t.n, stderr);
	text_done(&t);
}

static int out_settle(struct out *out)
{
	if (out->text.failed && !out->error)
		out->error = -ENOMEM;
	if (!out->error && (out->unbuffered || out->text.n >= OUT_BUFFER_BYTES))
		return out_flush(out);
	return out->error;
}

/* An empty line goes between tables, and before each further card. */
static bool wants_gap(const struct out *out, const struct layout *next)
{
	if (!out->last || out->format == OUT_JSON)
		return false;
	if (out->format == OUT_CSV)
		return out->last != next;
	return next->type->style == RECORD_CARD ||
	       (next->type->style == RECORD_TABLE && out->last != next);
}

int out_record(struct out *out, const struct record_type *type, const void *record)
{
	const struct layout *layout;

	if (out->error)
		return out->error;
	layout = layout_get(out, type);
	if (!layout)
		return out->error = -ENOMEM;
	if (type == &end_record_type && out->format != OUT_JSON) {
		print_losses(layout, record);
		return 0;
	}
	if (wants_gap(out, layout))
		text_put(&out->text, "\n", 1);
	if (out->format == OUT_JSON)
		layout_put_json(&out->text, layout, record);
	else if (out->format == OUT_CSV)
		layout_put_csv(&out->text, layout, record, out->last != layout);
	else
		layout_put_text(&out->text, layout, record, out->last != layout);
	out->last = layout;
	return out_settle(out);
}

int out_line(struct out *out, const char *fmt, ...)
{
	AUTO_FREE char *line = NULL;
	va_list ap;
	int len;

	if (out->error || out->format != OUT_TEXT)
		return out->error;
	va_start(ap, fmt);
	len = vasprintf(&line, fmt, ap);
	va_end(ap);
	if (len < 0) {
		line = NULL;
		return out->error = -ENOMEM;
	}
	text_put(&out->text, line, (size_t)len);
	text_put(&out->text, "\n", 1);
	return out_settle(out);
}

/* ---- files ---- */

/* After a request to stop a reader that does not read must not hold us: wait for it a little, then
 * write no more than poll promises to fit. */
static int wait_writable(int fd, size_t *len)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	if (!stop_requested())
		return poll(&p, 1, -1) < 0 && errno != EINTR ? -errno : 0;
	*len = MIN(*len, (size_t)PIPE_BUF);
	return poll(&p, 1, OUT_STOP_WAIT_MS) == 0 ? -ETIMEDOUT : 0;
}

int out_flush(struct out *out)
{
	size_t done = 0;

	while (!out->error && done < out->text.n) {
		size_t len = out->text.n - done;
		ssize_t n;

		if (stop_requested())
			out->error = wait_writable(out->fd, &len);
		if (out->error)
			break;
		n = write(out->fd, out->text.s + done, len);
		if (n >= 0)
			done += (size_t)n;
		else if (errno == EAGAIN)
			out->error = wait_writable(out->fd, &len);
		else if (errno != EINTR)
			out->error = -errno;
	}
	out->text.n = 0;
	return out->error;
}

/* A file that is replaced keeps its mode and, where permitted, its owner. */
static int open_beside(struct out *out, const struct stat *earlier, struct err *e)
{
	char *name = out->temporary;

	out->fd = -1;
	for (int i = 0; i < 100 && out->fd < 0; i++) {
		snprintf(name, sizeof(out->temporary), "%s.%ld-%d.tmp", out->path, (long)getpid(),
			 i);
		out->fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (out->fd < 0 && errno != EEXIST)
			break;
	}
	if (out->fd < 0) {
		*name = '\0';
		return err_set(e, errno, "cannot create %s", out->path);
	}
	if (earlier && (fchown(out->fd, earlier->st_uid, earlier->st_gid) < 0 ||
			fchmod(out->fd, earlier->st_mode & 0777) < 0))
		errno = 0; /* a new file of ours will do */
	return 0;
}

/* The rule of fs.protected_symlinks, for every directory: a link is followed where it belongs to
 * us, to root or to the owner of the directory. */
static int check_link(const char *path, const struct stat *link, struct err *e)
{
	const char *slash = strrchr(path, '/');
	AUTO_FREE char *dir = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	struct stat st;

	if (link->st_uid == geteuid() || link->st_uid == 0)
		return 0;
	if (dir && stat(dir, &st) == 0 && st.st_uid == link->st_uid)
		return 0;
	err_say(e, EPERM,
		"cannot write %s: it is a symbolic link of user %u in a directory of another user",
		path, (unsigned int)link->st_uid);
	return err_hint(e, "remove the link, or name its target");
}

static bool is_standard_output(const struct stat *st)
{
	struct stat standard;

	return fstat(STDOUT_FILENO, &standard) == 0 && standard.st_dev == st->st_dev &&
	       standard.st_ino == st->st_ino;
}

/* A pipe, a device or a socket. Not to follow a link that was made since we looked. */
static int open_special(struct out *out, bool linked, struct err *e)
{
	out->fd = open(out->path, O_WRONLY | O_CLOEXEC | O_NOCTTY | (linked ? 0 : O_NOFOLLOW));
	return out->fd < 0 ? err_set(e, errno, "cannot write %s", out->path) : 0;
}

static int open_path(struct out *out, const char *path, struct err *e)
{
	struct stat link, st;
	bool linked = lstat(path, &link) == 0 && S_ISLNK(link.st_mode);
	bool exists = stat(path, &st) == 0;
	bool regular = exists && S_ISREG(st.st_mode);
	int rc;

	if (!*path)
		return err_usage(e, "the name of the output file is empty");
	if (strlen(path) >= sizeof(out->path))
		return err_set(e, ENAMETOOLONG, "cannot write %s", path);
	rc = linked ? check_link(path, &link, e) : 0;
	if (rc)
		return rc;
	if (exists && S_ISDIR(st.st_mode))
		return err_set(e, EISDIR, "cannot write %s", path);
	strcpy(out->path, path);
	if (linked && regular && !realpath(path, out->path))
		return err_set(e, errno, "cannot write %s", path);
	if (!exists)
		return open_beside(out, NULL, e);
	if (is_standard_output(&st)) /* /dev/stdout, which may append */
		return 0;
	return regular ? open_beside(out, &st, e) : open_special(out, linked, e);
}

static void out_free(struct out *out)
{
	while (out->layouts) {
		struct layout *layout = out->layouts;

		out->layouts = layout->next;
		free(layout);
	}
	if (out->fd > STDERR_FILENO)
		close(out->fd);
	text_done(&out->text);
	free(out);
}

int out_new(struct out **ret, enum out_format format, const char *path, struct err *e)
{
	struct out *out = calloc(1, sizeof(*out));
	int rc = 0;

	if (!out)
		return err_set(e, ENOMEM, "cannot write records");
	out->format = format;
	out->fd = STDOUT_FILENO;
	strcpy(out->path, "standard output");
	if (path && !str_eq(path, "-"))
		rc = open_path(out, path, e);
	if (rc == 0 && !text_reserve(&out->text, 2 * OUT_BUFFER_BYTES))
		rc = err_set(e, ENOMEM, "cannot write records");
	if (rc < 0) {
		out_discard(out);
		return rc;
	}
	out->unbuffered = isatty(out->fd);
	*ret = out;
	return 0;
}

static int out_finish(struct out *out, struct err *e)
{
	int rc = out_flush(out);

	if (rc == -EPIPE && !*out->temporary)
		return 0;
	if (rc == -ETIMEDOUT)
		return err_say(e, ETIMEDOUT, "%s: its reader stopped reading", out->path);
	if (rc == 0 && *out->temporary &&
	    (fsync(out->fd) < 0 || rename(out->temporary, out->path) < 0))
		rc = -errno;
	if (rc == 0)
		return 0;
	rc = err_set(e, rc, "cannot write %s", out->path);
	if (rc == -ENOSPC || rc == -EDQUOT)
		err_hint(e, "free space there, or write elsewhere with --output FILE%s",
			 *out->temporary ? "; the earlier file is unchanged" : "");
	return rc;
}

int out_close(struct out *out, struct err *e)
{
	int rc = out_finish(out, e);

	if (rc < 0 && *out->temporary)
		unlink(out->temporary);
	out_free(out);
	return rc;
}

void out_discard(struct out *out)
{
	if (!out)
		return;
	if (*out->temporary)
		unlink(out->temporary);
	else
		out_flush(out);
	out_free(out);
}

/* ---- single strings ---- */

const char *out_escape(const char *bytes, size_t n, char *buf, size_t len)
{
	struct text t = { 0 };
	size_t used;

	if (!len)
		return buf;
	/* An escape is at most four times its bytes: what could not fit is not looked at. */
	text_escaped(&t, bytes, MIN(n, len), "");
	used = t.n;
	if (n > len || used >= len || t.failed) {
		used = MIN(used, len > 4 ? len - 4 : 0);
		while (used && ((unsigned char)t.s[used] & 0xc0) == 0x80)
			used--;
	}
	if (used)
		memcpy(buf, t.s, used);
	snprintf(buf + used, len - used, "%s", n > len || t.n >= len ? "..." : "");
	text_done(&t);
	return buf;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* out.c - sinks: records as text, JSON lines or CSV, on stdout or into a file.
 *
 * Each type gets a layout when its first record comes; layout.c makes the text. Records collect in
 * one buffer, which goes to the kernel when 64 KiB are full.
 *
 * A stream that finds the disk full gives up its last lines for the end record: the block that they
 * were in is the file's own. What was given up is counted by its line feeds, since a record of JSON
 * is one line.
 */
#include "out.h"

#include <poll.h>
#include <stdarg.h>

#include "layout.h"
#include "nearest.h"
#include "out_file.h"
#include "stop.h"
#include "text.h"

#define OUT_BUFFER_BYTES (64 * KIB)
#define OUT_STOP_WAIT_MS 1000 /* how long a reader that does not read may delay our end */
#define OUT_END_BYTES    1024 /* for an end record */

struct out {
	enum out_format format;
	struct out_file file;
	int error;       /* sticks */
	bool cut;        /* a stream that failed, back to whole lines; it has space for the end */
	uint64_t n_lost; /* lines that were taken, but are not in that file */
	bool unbuffered; /* a terminal */
	enum out_time time;
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
static void print_losses(const struct out *out, const struct layout *layout,
			 const struct end_record *end)
{
	struct text t = { 0 };

	if (!out->error && !lost(end->dropped) && !lost(end->missed) && !lost(end->unmatched))
		return;
	layout_put_line(&t, layout, end);
	if (!t.failed)
		fwrite(t.s, 1, t.n, stderr);
	text_done(&t);
}

/* The record was taken: an error of the flush is that of the next call. */
static int out_settle(struct out *out)
{
	if (out->text.failed)
		return out->error = -ENOMEM;
	if (out->unbuffered || out->text.n >= OUT_BUFFER_BYTES)
		out_flush(out);
	return 0;
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

/* The end of a stream that failed: into the space that was left for it, and to stderr. */
static int end_partial(struct out *out, const struct end_record *end)
{
	const struct layout *layout = layout_get(out, &end_record_type);
	struct end_record partial = *end;
	const uint64_t n = MIN(out->n_lost, end->emitted);
	struct text t = { 0 };

	partial.emitted -= n;
	partial.dropped = (lost(end->dropped) ? end->dropped : 0) + n;
	partial.reason = "partial";
	if (!layout)
		return out->error;
	print_losses(out, layout, &partial);
	if (out->format == OUT_JSON)
		layout_put_json(&t, layout, &partial);
	if (out->cut && !t.failed && t.n <= OUT_END_BYTES &&
	    write(out->file.fd, t.s, t.n) != (ssize_t)t.n)
		out_file_cut(&out->file, 0); /* the space is gone: no half of a line */
	text_done(&t);
	return out->error;
}

int out_record(struct out *out, const struct record_type *type, const void *record)
{
	const struct layout *layout;

	if (out->error && type == &end_record_type && out->file.stream && out->error != -EPIPE)
		return end_partial(out, record);
	if (out->error)
		return out->error;
	layout = layout_get(out, type);
	if (!layout)
		return out->error = -ENOMEM;
	if (type == &end_record_type && out->format != OUT_JSON) {
		print_losses(out, layout, record);
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

/* Back to whole lines, with space for the end record. */
static void cut_stream(struct out *out, size_t done)
{
	ssize_t n = out_file_cut(&out->file, out->format == OUT_JSON ? OUT_END_BYTES : 0);

	for (size_t i = done; i < out->text.n; i++)
		out->n_lost += out->text.s[i] == '\n';
	out->cut = n >= 0;
	out->n_lost += (uint64_t)MAX(n, (ssize_t)0);
}

int out_flush(struct out *out)
{
	size_t done = 0;

	if (!out->error && out->file.stream)
		out->error = out_file_place(&out->file);

	while (!out->error && done < out->text.n) {
		size_t len = out->text.n - done;
		ssize_t n;

		if (stop_requested())
			out->error = wait_writable(out->file.fd, &len);
		if (out->error)
			break;
		n = write(out->file.fd, out->text.s + done, len);
		if (n >= 0)
			done += (size_t)n;
		else if (errno == EAGAIN)
			out->error = wait_writable(out->file.fd, &len);
		else if (errno != EINTR)
			out->error = -errno;
	}
	if (out->error && out->text.n && out->file.stream)
		cut_stream(out, done);
	out->text.n = 0;
	return out->error;
}

static void out_free(struct out *out)
{
	while (out->layouts) {
		struct layout *layout = out->layouts;

		out->layouts = layout->next;
		free(layout);
	}
	if (out->file.fd > STDERR_FILENO)
		close(out->file.fd);
	text_done(&out->text);
	free(out);
}

static int out_make(struct out **ret, enum out_format format, const char *path, bool stream,
		    struct err *e)
{
	struct out *out = calloc(1, sizeof(*out));
	int rc = 0;

	if (!out)
		return err_set(e, ENOMEM, "cannot write records");
	out->format = format;
	out->file.fd = STDOUT_FILENO;
	strcpy(out->file.path, "standard output");
	if (path && !str_eq(path, "-"))
		rc = out_file_open(&out->file, path, e);
	out->file.stream = stream && *out->file.temporary;
	if (rc == 0 && !text_reserve(&out->text, 2 * OUT_BUFFER_BYTES))
		rc = err_set(e, ENOMEM, "cannot write records");
	if (rc < 0) {
		out_discard(out);
		return rc;
	}
	out->unbuffered = isatty(out->file.fd);
	*ret = out;
	return 0;
}

int out_new(struct out **ret, enum out_format format, const char *path, struct err *e)
{
	return out_make(ret, format, path, false, e);
}

int out_new_stream(struct out **ret, enum out_format format, const char *path, struct err *e)
{
	return out_make(ret, format, path, true, e);
}

static int out_finish(struct out *out, struct err *e)
{
	const bool whole = *out->file.temporary && !out->file.stream;
	int rc = out_flush(out);

	if (rc == -EPIPE && !whole)
		return 0;
	if (rc == -ETIMEDOUT)
		return err_say(e, ETIMEDOUT, "%s: its reader stopped reading", out->file.path);
	if (rc == 0 && (whole || out->file.stream) && fsync(out->file.fd) < 0)
		rc = -errno;
	if (rc == 0)
		rc = out_file_place(&out->file);
	if (rc == 0)
		return 0;
	rc = err_set(e, rc, "cannot write %s", out->file.path);
	if (out->cut)
		err_hint(e, "the file has all whole records until then, and an end record in JSON");
	else if (rc == -ENOSPC || rc == -EDQUOT)
		err_hint(e, "free space there, or name a file in another place%s",
			 whole ? "; the earlier file is unchanged" : "");
	return rc;
}

int out_close(struct out *out, struct err *e)
{
	int rc = out_finish(out, e);

	if (rc < 0 && *out->file.temporary)
		unlink(out->file.temporary);
	out_free(out);
	return rc;
}

void out_discard(struct out *out)
{
	if (!out)
		return;
	if (*out->file.temporary)
		unlink(out->file.temporary);
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

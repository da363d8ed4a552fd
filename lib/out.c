/* SPDX-License-Identifier: GPL-2.0-only */
/* out.c - sinks: records as text, JSON lines or CSV, on stdout or into a file.
 *
 * Each type gets a plan when its first record comes: the chosen fields with their ready-made JSON keys and
 * column widths. Records collect in one buffer, which goes to the kernel when 64 KiB are full. A file is
 * written as PATH.PID.tmp beside itself. Knows nothing of what records mean.
 */
#include "out.h"

#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/stat.h>

#include "nearest.h"
#include "stop.h"
#include "text.h"
#include "units.h"

#define OUT_BUFFER_BYTES	(64 * KIB)
#define OUT_STOP_WAIT_MS	1000	/* how long a reader that does not read may hold up our end */

struct column {
	const struct field *field;
	char *key;		/* `,"name":` */
	size_t key_len;
	size_t width;		/* tables, cards */
};

struct plan {
	const struct record_type *type;
	struct column *columns;
	size_t n;
	char *begin;		/* `{"type":"name","v":1` */
	size_t begin_len;
	struct plan *next;
};

struct out {
	enum out_format format;
	int fd;
	int error;		/* sticks */
	bool unbuffered;	/* a terminal */
	char *path;		/* "standard output" where it is that */
	char *temporary;	/* what is written; NULL where path is no regular file */
	struct plan *plans;
	const struct plan *last;	/* whose head was printed */
	struct text text;
};

/* ---- plans ------------------------------------------------------------------------------------------- */

static size_t column_width(const struct field *f)
{
	size_t width = 10;

	switch (f->type) {
	case FIELD_U64:
	case FIELD_I64:
		width = str_eq(f->unit, "bytes") || str_eq(f->unit, "ns") ? 12 : 8;
		break;
	case FIELD_U32:
	case FIELD_F64:
		width = 8;
		break;
	case FIELD_HEX:
		width = 18;
		break;
	case FIELD_BOOL:
		width = 3;
		break;
	case FIELD_STRING:
	case FIELD_SERIES:
		width = 16;
		break;
	case FIELD_CHARS:
		width = MIN(MAX(f->size, (size_t)2) - 1, (size_t)24);
		break;
	}
	return MAX(width, strlen(f->name));
}

static void plan_free(struct plan *plan)
{
	for (size_t i = 0; i < plan->n; i++)
		free(plan->columns[i].key);
	free(plan->columns);
	free(plan->begin);
	free(plan);
}

static int plan_add(struct plan *plan, const struct field *field)
{
	struct column *column = &plan->columns[plan->n];
	int len = asprintf(&column->key, ",\"%s\":", field->name);

	if (len < 0)
		return -ENOMEM;
	column->field = field;
	column->key_len = (size_t)len;
	column->width = column_width(field);
	plan->n++;
	return 0;
}

/* n_columns may exceed the type's fields: a selection may name one twice. */
static struct plan *plan_new(const struct record_type *type, size_t n_columns)
{
	struct plan *plan = calloc(1, sizeof(*plan));
	int len;

	if (!plan)
		return NULL;
	plan->type = type;
	plan->columns = calloc(MAX(n_columns, (size_t)1), sizeof(*plan->columns));
	len = asprintf(&plan->begin, "{\"type\":\"%s\",\"v\":%u", type->name, type->version);
	if (len < 0)
		plan->begin = NULL;
	plan->begin_len = (size_t)len;
	if (!plan->columns || !plan->begin) {
		plan_free(plan);
		return NULL;
	}
	return plan;
}

static struct plan *plan_find(const struct out *out, const struct record_type *type)
{
	struct plan *plan = out->plans;

	while (plan && plan->type != type)
		plan = plan->next;
	return plan;
}

static const struct plan *plan_get(struct out *out, const struct record_type *type)
{
	struct plan *plan = plan_find(out, type);
	int rc = 0;

	if (plan)
		return plan;
	plan = plan_new(type, type->n_fields);
	if (!plan)
		return NULL;
	for (size_t i = 0; i < type->n_fields && rc == 0; i++)
		rc = plan_add(plan, &type->fields[i]);
	if (rc < 0) {
		plan_free(plan);
		return NULL;
	}
	plan->next = out->plans;
	out->plans = plan;
	return plan;
}

static const struct field *field_named(const struct record_type *type, const char *name, struct err *e)
{
	struct nearest near = nearest_begin(name);
	struct text names = { 0 };

	for (size_t i = 0; i < type->n_fields; i++) {
		if (str_eq(type->fields[i].name, name))
			return &type->fields[i];
		nearest_offer(&near, type->fields[i].name);
		text_str(&names, i ? ", " : "");
		text_str(&names, type->fields[i].name);
	}
	if (near.best)
		err_usage(e, "%s has no field \"%s\"; did you mean %s?", type->name, name, near.best);
	else
		err_usage(e, "%s has no field \"%s\"", type->name, name);
	err_hint(e, "its fields are %.*s", (int)names.n, names.n ? names.s : "");
	text_done(&names);
	return NULL;
}

int out_select(struct out *out, const struct record_type *type, const struct opt_list *names, struct err *e)
{
	struct plan *plan;
	int rc = 0;

	if (!names || !names->n)
		return 0;
	plan = plan_new(type, names->n);
	if (!plan)
		return err_set(e, ENOMEM, "cannot select fields of %s", type->name);
	for (size_t i = 0; i < names->n && rc == 0; i++) {
		const struct field *field = field_named(type, names->items[i], e);

		if (!field)
			rc = -EINVAL;
		else if (plan_add(plan, field) < 0)
			rc = err_set(e, ENOMEM, "cannot select fields of %s", type->name);
	}
	if (rc < 0) {
		plan_free(plan);
		return rc;
	}
	plan->next = out->plans;	/* found before an earlier one of the same type */
	out->plans = plan;
	return 0;
}

/* ---- values ------------------------------------------------------------------------------------------ */

/* A string field's bytes; .s NULL when it is missing or no string. */
static const char *field_bytes(const struct field *f, const void *at, size_t *n)
{
	const char *s = f->type == FIELD_CHARS ? at : *(const char *const *)at;

	*n = f->type == FIELD_CHARS ? strnlen(s, f->size) : strlen(s);
	return s;
}

static bool is_string(const struct field *f)
{
	return f->type == FIELD_STRING || f->type == FIELD_CHARS;
}

/* What is written the same way in all formats. */
static void put_integer(struct text *t, const struct field *f, const void *at)
{
	switch (f->type) {
	case FIELD_U64:
		text_u64(t, *(const uint64_t *)at);
		break;
	case FIELD_I64:
		text_i64(t, *(const int64_t *)at);
		break;
	case FIELD_U32:
		text_u64(t, *(const uint32_t *)at);
		break;
	case FIELD_HEX:
		text_hex(t, *(const uint64_t *)at);
		break;
	default:
		break;
	}
}

static void put_exact(struct text *t, double v, const char *missing)
{
	if (isfinite(v))
		text_shortest(t, v);
	else
		text_str(t, missing);
}

static void put_series(struct text *t, const struct series *series, const char *separator, const char *missing)
{
	for (size_t i = 0; i < series->n; i++) {
		text_str(t, i ? separator : "");
		put_exact(t, series->values[i], missing);
	}
}

static void json_value(struct text *t, const struct field *f, const void *record)
{
	const void *at = (const char *)record + f->offset;
	const char *s;
	size_t n;

	if (record_missing(f, record)) {
		text_put(t, "null", 4);
	} else if (is_string(f)) {
		s = field_bytes(f, at, &n);
		text_json_string(t, s, n);
	} else if (f->type == FIELD_F64) {
		put_exact(t, *(const double *)at, "null");
	} else if (f->type == FIELD_BOOL) {
		text_str(t, *(const bool *)at ? "true" : "false");
	} else if (f->type == FIELD_SERIES) {
		text_put(t, "[", 1);
		put_series(t, at, ",", "null");
		text_put(t, "]", 1);
	} else if (f->type == FIELD_HEX) {
		text_put(t, "\"", 1);
		text_hex(t, *(const uint64_t *)at);
		text_put(t, "\"", 1);
	} else {
		put_integer(t, f, at);
	}
}

/* A value as people read it; strings escaped, not quoted. */
static void text_value(struct text *t, const struct field *f, const void *record)
{
	const void *at = (const char *)record + f->offset;
	const char *s;
	size_t n;

	if (record_missing(f, record)) {
		text_put(t, "-", 1);
	} else if (is_string(f)) {
		s = field_bytes(f, at, &n);
		text_escaped(t, s, n, "");
	} else if (f->type == FIELD_F64) {
		text_fixed(t, *(const double *)at, f->decimals);
	} else if (f->type == FIELD_BOOL) {
		text_str(t, *(const bool *)at ? "yes" : "no");
	} else if (f->type == FIELD_SERIES) {
		put_series(t, at, ",", "-");
	} else {
		put_integer(t, f, at);
	}
}

/* A value behind `key=`: in quotes where it is empty, could be taken for a missing one, or would end early. */
static void line_value(struct text *t, const struct field *f, const void *record)
{
	const char *s;
	size_t n;
	bool quote;

	if (!is_string(f) || record_missing(f, record)) {
		text_value(t, f, record);
		return;
	}
	s = field_bytes(f, (const char *)record + f->offset, &n);
	quote = n == 0 || (n == 1 && *s == '-');
	for (size_t i = 0; i < n && !quote; i++)
		quote = s[i] == ' ' || s[i] == '=' || s[i] == '"' || s[i] == '\\' || (unsigned char)s[i] < 0x20;
	text_str(t, quote ? "\"" : "");
	text_escaped(t, s, n, "\"");
	text_str(t, quote ? "\"" : "");
}

static void csv_string(struct text *t, const char *s, size_t n)
{
	struct text escaped = { 0 };
	bool quote;

	text_escaped(&escaped, s, n, "");
	t->failed = t->failed || escaped.failed;
	quote = n == 0 || memchr(s, ',', n) || memchr(s, '"', n) || s[0] == ' ' || s[n - 1] == ' ';
	text_str(t, quote ? "\"" : "");
	for (size_t i = 0; i < escaped.n; i++)
		text_put(t, escaped.s[i] == '"' ? "\"\"" : escaped.s + i, escaped.s[i] == '"' ? 2 : 1);
	text_str(t, quote ? "\"" : "");
	text_done(&escaped);
}

/* An empty cell is a missing value, "" an empty string. Numbers of a series are separated by semicolons. */
static void csv_value(struct text *t, const struct field *f, const void *record)
{
	const void *at = (const char *)record + f->offset;
	const char *s;
	size_t n;

	if (record_missing(f, record))
		return;
	if (is_string(f)) {
		s = field_bytes(f, at, &n);
		csv_string(t, s, n);
	} else if (f->type == FIELD_F64) {
		put_exact(t, *(const double *)at, "");
	} else if (f->type == FIELD_BOOL) {
		text_str(t, *(const bool *)at ? "true" : "false");
	} else if (f->type == FIELD_SERIES) {
		put_series(t, at, ";", "");
	} else {
		put_integer(t, f, at);
	}
}

/* ---- records ----------------------------------------------------------------------------------------- */

static void put_json(struct text *t, const struct plan *plan, const void *record)
{
	text_put(t, plan->begin, plan->begin_len);
	for (size_t i = 0; i < plan->n; i++) {
		text_put(t, plan->columns[i].key, plan->columns[i].key_len);
		json_value(t, plan->columns[i].field, record);
	}
	text_put(t, "}\n", 2);
}

static void put_csv(struct text *t, const struct plan *plan, const void *record, bool head)
{
	for (size_t i = 0; head && i < plan->n; i++) {
		text_str(t, i ? "," : "");
		text_str(t, plan->columns[i].field->name);
	}
	text_str(t, head ? "\n" : "");
	for (size_t i = 0; i < plan->n; i++) {
		text_str(t, i ? "," : "");
		csv_value(t, plan->columns[i].field, record);
	}
	text_put(t, "\n", 1);
}

static void put_line(struct text *t, const struct plan *plan, const void *record)
{
	text_str(t, plan->type->name);
	for (size_t i = 0; i < plan->n; i++) {
		text_put(t, " ", 1);
		text_str(t, plan->columns[i].field->name);
		text_put(t, "=", 1);
		line_value(t, plan->columns[i].field, record);
	}
	text_put(t, "\n", 1);
}

/* Pads what was put since `from` to the column's width: numbers to the right, words to the left. A word in the
 * last column stays as long as it is.
 */
static void pad(struct text *t, size_t from, const struct column *column, bool last)
{
	bool words = is_string(column->field) || column->field->type == FIELD_BOOL;
	size_t len = t->n - from, columns, room;

	if (t->failed)
		return;
	columns = text_columns(t->s + from, len);
	room = columns < column->width ? column->width - columns : 0;
	if (words && last)
		return;
	text_fill(t, ' ', room);
	if (!words && room && !t->failed) {
		memmove(t->s + from + room, t->s + from, len);
		memset(t->s + from, ' ', room);
	}
}

static void put_table(struct text *t, const struct plan *plan, const void *record, bool head)
{
	for (int row = head ? 0 : 1; row < 2; row++) {
		for (size_t i = 0; i < plan->n; i++) {
			size_t from;

			text_str(t, i ? "  " : "");
			from = t->n;
			if (row == 0)
				text_str(t, plan->columns[i].field->name);
			else
				text_value(t, plan->columns[i].field, record);
			pad(t, from, &plan->columns[i], i + 1 == plan->n);
		}
		text_put(t, "\n", 1);
	}
}

static void put_card_unit(struct text *t, const struct field *f, const void *record)
{
	char buf[UNITS_TEXT_MAX];
	uint64_t v;

	if (!*f->unit || record_missing(f, record))
		return;
	text_put(t, " ", 1);
	text_str(t, f->unit);
	if (f->type != FIELD_U64)
		return;
	v = *(const uint64_t *)((const char *)record + f->offset);
	if (str_eq(f->unit, "bytes") && v >= KIB)
		units_format_size(v, buf);
	else if (str_eq(f->unit, "ns") && v >= NS_PER_US)
		units_format_duration(v, buf);
	else
		return;
	text_str(t, " (");
	text_str(t, buf);
	text_put(t, ")", 1);
}

static void put_card(struct text *t, const struct plan *plan, const void *record)
{
	size_t width = 0;

	for (size_t i = 0; i < plan->n; i++)
		width = MAX(width, strlen(plan->columns[i].field->name));
	text_str(t, plan->type->name);
	text_put(t, "\n", 1);
	for (size_t i = 0; i < plan->n; i++) {
		const struct field *f = plan->columns[i].field;

		text_str(t, "  ");
		text_str(t, f->name);
		text_fill(t, ' ', width - strlen(f->name) + 2);
		text_value(t, f, record);
		put_card_unit(t, f, record);
		text_put(t, "\n", 1);
	}
}

static void put_text(struct out *out, const struct plan *plan, const void *record)
{
	switch (plan->type->style) {
	case RECORD_LINE:
		put_line(&out->text, plan, record);
		break;
	case RECORD_TABLE:
		put_table(&out->text, plan, record, out->last != plan);
		break;
	case RECORD_CARD:
		put_card(&out->text, plan, record);
		break;
	}
}

static bool lost(uint64_t n)
{
	return n != 0 && n != MISSING_U64;
}

/* Text and CSV hold one table; its end is told apart from it, where there is a loss to tell. */
static void tell_end(const struct plan *plan, const struct end_record *end)
{
	struct text t = { 0 };

	if (!lost(end->dropped) && !lost(end->missed) && !lost(end->unmatched))
		return;
	put_line(&t, plan, end);
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

int out_record(struct out *out, const struct record_type *type, const void *record)
{
	const struct plan *plan;

	if (out->error)
		return out->error;
	plan = out->last && out->last->type == type ? out->last : plan_get(out, type);
	if (!plan)
		return out->error = -ENOMEM;
	if (type == &end_record_type && out->format != OUT_JSON) {
		tell_end(plan, record);
		return 0;
	}
	if (out->format != OUT_JSON && out->last && out->last != plan && type->style != RECORD_LINE)
		text_put(&out->text, "\n", 1);
	if (out->format == OUT_JSON)
		put_json(&out->text, plan, record);
	else if (out->format == OUT_CSV)
		put_csv(&out->text, plan, record, out->last != plan);
	else
		put_text(out, plan, record);
	out->last = plan;
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

/* ---- files -------------------------------------------------------------------------------------------- */

/* After a request to stop, a reader that does not read must not hold us: wait for it a little, then give
 * it no more than what poll said there is room for.
 */
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

/* The file that is to be replaced keeps its mode and, where we may, its owner. */
static int open_beside(struct out *out, const struct stat *earlier, struct err *e)
{
	for (int i = 0; i < 100; i++) {
		free(out->temporary);
		if (asprintf(&out->temporary, "%s.%ld-%d.tmp", out->path, (long)getpid(), i) < 0) {
			out->temporary = NULL;
			return err_set(e, ENOMEM, "cannot write %s", out->path);
		}
		out->fd = open(out->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (out->fd >= 0 || errno != EEXIST)
			break;
	}
	if (out->fd < 0) {
		int code = errno;

		free(out->temporary);
		out->temporary = NULL;
		return err_set(e, code, "cannot create %s", out->path);
	}
	if (earlier && (fchown(out->fd, earlier->st_uid, earlier->st_gid) < 0 ||
			fchmod(out->fd, earlier->st_mode & 0777) < 0))
		errno = 0;	/* a new file of ours is as good */
	return 0;
}

static int open_path(struct out *out, const char *path, struct err *e)
{
	struct stat st;
	bool there = stat(path, &st) == 0;

	if (there && S_ISDIR(st.st_mode))
		return err_set(e, EISDIR, "cannot write %s", path);
	out->path = there ? realpath(path, NULL) : strdup(path);
	if (!out->path)
		return err_set(e, errno, "cannot write %s", path);
	if (!there || S_ISREG(st.st_mode))
		return open_beside(out, there ? &st : NULL, e);
	out->fd = open(out->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	return out->fd < 0 ? err_set(e, errno, "cannot write %s", path) : 0;
}

static void out_free(struct out *out)
{
	while (out->plans) {
		struct plan *plan = out->plans;

		out->plans = plan->next;
		plan_free(plan);
	}
	if (out->fd > STDERR_FILENO)
		close(out->fd);
	text_done(&out->text);
	free(out->temporary);
	free(out->path);
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
	if (path && !str_eq(path, "-"))
		rc = open_path(out, path, e);
	else if (!(out->path = strdup("standard output")))
		rc = err_set(e, ENOMEM, "cannot write records");
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

	if (rc == -EPIPE && !out->temporary)
		return 0;
	if (rc == -ETIMEDOUT)
		return err_say(e, ETIMEDOUT, "%s: the reader did not take the rest", out->path);
	if (rc == 0 && out->temporary && (fsync(out->fd) < 0 || rename(out->temporary, out->path) < 0))
		rc = -errno;
	if (rc == 0)
		return 0;
	rc = err_set(e, rc, "cannot write %s", out->path);
	if (rc == -ENOSPC || rc == -EDQUOT)
		err_hint(e, "make room there, or write elsewhere with --output FILE%s",
			 out->temporary ? "; an earlier file is as it was" : "");
	return rc;
}

int out_close(struct out *out, struct err *e)
{
	int rc = out_finish(out, e);

	if (rc < 0 && out->temporary)
		unlink(out->temporary);
	out_free(out);
	return rc;
}

void out_discard(struct out *out)
{
	if (!out)
		return;
	if (out->temporary)
		unlink(out->temporary);
	else
		out_flush(out);
	out_free(out);
}

/* ---- single strings ------------------------------------------------------------------------------------ */

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

void out_json_string(FILE *f, const char *bytes, size_t n)
{
	struct text t = { 0 };

	text_json_string(&t, bytes, n);
	fwrite(t.s, 1, t.n, f);
	text_done(&t);
}

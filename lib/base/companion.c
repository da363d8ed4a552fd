/* SPDX-License-Identifier: GPL-2.0-only */
/* companion.c - starts companion programs on memory files, reads their JSON lines. */
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "companion.h"
#include "stop.h"

#define POLL_NS (2 * NS_PER_MS)

int companion_path(const char *name, char *buf, size_t len, struct err *e)
{
	static const char *const places[] = { "", "/../libexec/coldpress" };
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char *dir;

	if (n < 0)
		return err_set(e, errno, "cannot read /proc/self/exe");
	self[n] = '\0';
	dir = dirname(self);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		int used = snprintf(buf, len, "%s%s/%s", dir, places[i], name);

		if (used > 0 && (size_t)used < len && access(buf, X_OK) == 0)
			return 0;
	}
	err_say(e, ENOENT, "there is no program '%s' of coldpress", name);
	return err_hint(e,
			"looked in %s and %s/../libexec/coldpress; `make` builds it, `coldpress "
			"--help` lists them",
			dir, dir);
}

static int start(struct companion *s, const char *const argv[], const struct caller *user,
		 const char *input, size_t len, struct err *e)
{
	char path[PATH_MAX];
	struct spawn how = {
		.path = path, .argv = argv, .user = user, .death_signal = SIGTERM, .own_group = true
	};
	int rc;

	*s = (struct companion){ .in_fd = -1, .out_fd = -1, .err_fd = -1 };
	snprintf(s->name, sizeof(s->name), "%s", argv[0]);
	rc = companion_path(argv[0], path, sizeof(path), e);
	if (rc)
		return rc;
	s->in_fd = memfd_create("stdin", MFD_CLOEXEC);
	s->out_fd = memfd_create("stdout", MFD_CLOEXEC);
	s->err_fd = memfd_create("stderr", MFD_CLOEXEC);
	if (s->in_fd < 0 || s->out_fd < 0 || s->err_fd < 0)
		return err_set(e, errno, "cannot make a memory file for %s", argv[0]);
	if (len && pwrite(s->in_fd, input, len, 0) != (ssize_t)len)
		return err_set(e, ENOMEM, "cannot hand %zu bytes to %s", len, argv[0]);
	how.in_fd = s->in_fd;
	how.out_fd = s->out_fd;
	how.err_fd = s->err_fd;
	return spawn(&s->child, &how, e);
}

int companion_start(struct companion *s, const char *const argv[], struct err *e)
{
	return start(s, argv, NULL, NULL, 0, e);
}

int companion_start_with_input(struct companion *s, const char *const argv[], const char *input,
			       size_t len, struct err *e)
{
	return start(s, argv, NULL, input, len, e);
}

int companion_start_as(struct companion *s, const struct caller *user, const char *const argv[],
		       struct err *e)
{
	return start(s, argv, user, NULL, 0, e);
}

bool companion_ended(struct companion *s)
{
	return child_ended(&s->child);
}

static char *text_of(int fd, size_t *len)
{
	struct stat st;
	char *text;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st))
		return NULL;
	text = malloc((size_t)st.st_size + 1);
	if (!text)
		return NULL;
	n = pread(fd, text, (size_t)st.st_size, 0);
	*len = n > 0 ? (size_t)n : 0;
	text[*len] = '\0';
	return text;
}

/* The program's own words: its last "name: what" line, and the hint behind it. */
static int failure(const struct companion *s, struct err *e)
{
	size_t len = 0;
	AUTO_FREE char *text = text_of(s->err_fd, &len);
	char prefix[48], *line, *hint;
	int code = child_exit_code(&s->child);

	if (WIFSIGNALED(s->child.status))
		return err_say(e, EIO, "%s was ended by signal %d", s->name,
			       WTERMSIG(s->child.status));
	snprintf(prefix, sizeof(prefix), "%s: ", s->name);
	line = text ? strstr(text, prefix) : NULL;
	for (char *next = line; next; next = strstr(line + 1, prefix))
		line = next;
	if (!line)
		return err_say(e, EIO, "%s ended with status %d", s->name, code);
	hint = strchr(line, '\n');
	if (hint)
		*hint++ = '\0';
	err_say(e, EIO, "%s", line);
	if (e)
		e->exit = code;
	if (hint && str_starts(hint, "  ")) {
		hint[strcspn(hint, "\n")] = '\0';
		err_hint(e, "%s", hint + 2);
	}
	return -EIO;
}

int companion_finish(struct companion *s, int signal, uint64_t timeout_ns, struct err *e)
{
	int rc;

	if (signal && !child_ended(&s->child))
		kill(s->child.pid, signal);
	do
		rc = child_wait(&s->child, timeout_ns);
	while (rc == -EINTR); /* the caller passes a request to stop on, or does not */
	if (rc) {
		child_done(&s->child);
		return err_say(e, ETIMEDOUT, "%s did not end in time", s->name);
	}
	return child_exit_code(&s->child) ? failure(s, e) : 0;
}

void companion_done(struct companion *s)
{
	if (s->child.pid)
		companion_finish(s, SIGTERM, 5 * NS_PER_S, NULL);
	child_done(&s->child);
	if (s->in_fd >= 0)
		close(s->in_fd);
	if (s->out_fd >= 0)
		close(s->out_fd);
	if (s->err_fd >= 0)
		close(s->err_fd);
	s->in_fd = s->out_fd = s->err_fd = -1;
}

int companion_run(struct companion *s, const char *const argv[], uint64_t timeout_ns, struct err *e)
{
	int rc = companion_start(s, argv, e);

	return rc ? rc : companion_finish(s, 0, timeout_ns, e);
}

static int is_type(void *ctx, const char *type, struct json_object *record)
{
	(void)record;
	return str_eq(type, ctx);
}

int companion_await(struct companion *s, const char *type, uint64_t timeout_ns, struct err *e)
{
	uint64_t deadline = monotonic_ns() + timeout_ns;

	for (;;) {
		bool ended = companion_ended(s);

		if (companion_each(s, is_type, (void *)(uintptr_t)type))
			return 0;
		if (ended)
			return failure(s, e) ? -ECHILD : 0;
		if (stop_requested())
			return err_set(e, EINTR, "waiting for %s", s->name);
		if (monotonic_ns() > deadline)
			return err_say(e, ETIMEDOUT, "%s was not ready in time", s->name);
		sleep_ns(POLL_NS);
	}
}

char *companion_text(const struct companion *s, size_t *len)
{
	return text_of(s->out_fd, len);
}

static int each_line(char *text, companion_record_fn *fn, void *ctx)
{
	char *rest = text, *line;
	int rc = 0;

	/* What has no newline yet is still being written. */
	while (!rc && text && (line = strsep(&rest, "\n")) && rest) {
		struct json_object *record = json_tokener_parse(line);

		if (record && json_object_is_type(record, json_type_object)) {
			const char *type = record_string(record, "type");

			rc = fn(ctx, type ? type : "", record);
		}
		json_object_put(record);
	}
	return rc;
}

int companion_each(const struct companion *s, companion_record_fn *fn, void *ctx)
{
	size_t len;
	AUTO_FREE char *text = text_of(s->out_fd, &len);

	return each_line(text, fn, ctx);
}

int companion_each_line(const char *text, companion_record_fn *fn, void *ctx)
{
	AUTO_FREE char *copy = strdup(text);

	return each_line(copy, fn, ctx);
}

uint64_t record_u64(struct json_object *record, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(record, key, &value) ||
	    !json_object_is_type(value, json_type_int))
		return MISSING_U64;
	return json_object_get_uint64(value);
}

double record_f64(struct json_object *record, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(record, key, &value) ||
	    !(json_object_is_type(value, json_type_double) ||
	      json_object_is_type(value, json_type_int)))
		return MISSING_F64;
	return json_object_get_double(value);
}

const char *record_string(struct json_object *record, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(record, key, &value) ||
	    !json_object_is_type(value, json_type_string))
		return NULL;
	return json_object_get_string(value);
}

static void read_field(struct json_object *record, const struct field *field, void *to)
{
	struct json_object *value;

	switch (field->type) {
	case FIELD_U64:
		*(uint64_t *)to = record_u64(record, field->name);
		break;
	case FIELD_F64:
		*(double *)to = record_f64(record, field->name);
		break;
	case FIELD_BOOL:
		*(bool *)to = json_object_object_get_ex(record, field->name, &value) &&
			      json_object_get_boolean(value);
		break;
	case FIELD_STRING:
		*(const char **)to = record_string(record, field->name);
		break;
	default:
		memset(to, 0, field->size);
	}
}

bool record_read(struct json_object *record, const struct record_type *type, void *ret)
{
	const char *name = record_string(record, "type");

	if (!name || !str_eq(name, type->name) || record_u64(record, "v") != type->version)
		return false;
	for (size_t i = 0; i < type->n_fields; i++)
		read_field(record, &type->fields[i], (char *)ret + type->fields[i].offset);
	return true;
}

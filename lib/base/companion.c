/* SPDX-License-Identifier: GPL-2.0-only */
/* companion.c - starts companion programs on memory files, reads their JSON lines. */
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <sys/wait.h>

#include "companion.h"
#include "stop.h"

#define POLL_NS (2 * NS_PER_MS)

int companion_path(const char *name, char *buf, size_t len, struct err *e)
{
	/* The build directory; and once installed from bin, and from libexec/coldpress. */
	static const char *const places[] = { "", "/../libexec/coldpress", "/../../bin" };
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
	err_impossible(e, "program %s not found", name);
	return err_hint(e,
			"looked in %s, %s/../libexec/coldpress and %s/../../bin; `make` builds it",
			dir, dir, dir);
}

int companion_start_as(struct companion *s, const struct caller *user, const char *const argv[],
		       struct err *e)
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
	s->in_fd = spawn_memory(NULL, 0);
	s->out_fd = spawn_memory(NULL, 0);
	s->err_fd = spawn_memory(NULL, 0);
	if (s->in_fd < 0 || s->out_fd < 0 || s->err_fd < 0)
		return err_set(e, errno, "cannot create memory files for %s", argv[0]);
	how.in_fd = s->in_fd;
	how.out_fd = s->out_fd;
	how.err_fd = s->err_fd;
	return spawn(&s->child, &how, e);
}

int companion_start(struct companion *s, const char *const argv[], struct err *e)
{
	return companion_start_as(s, NULL, argv, e);
}

bool companion_ended(struct companion *s)
{
	return child_ended(&s->child);
}

/* Its own error message: the last "name: what" line, and the hint after it. */
static int failure(const struct companion *s, struct err *e)
{
	size_t len = 0;
	AUTO_FREE char *text = spawn_memory_text(s->err_fd, &len);
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
	const uint64_t end_ns = monotonic_ns() + timeout_ns;
	int rc;

	if (signal && !child_ended(&s->child))
		kill(s->child.pid, signal);
	do
		rc = child_wait(&s->child, end_ns - MIN(monotonic_ns(), end_ns));
	while (rc == -EINTR); /* whether a request to stop is passed on is the caller's choice */
	if (rc) {
		child_done(&s->child);
		return err_say(e, ETIMEDOUT, "%s did not end in time", s->name);
	}
	return child_exit_code(&s->child) ? failure(s, e) : 0;
}

void companion_done(struct companion *s)
{
	int *const fds[] = { &s->in_fd, &s->out_fd, &s->err_fd };

	if (s->child.pid)
		companion_finish(s, SIGTERM, 5 * NS_PER_S, NULL);
	child_done(&s->child);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
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
	return spawn_memory_text(s->out_fd, len);
}

int companion_each(const struct companion *s, record_fn *fn, void *ctx)
{
	size_t len;
	AUTO_FREE char *text = spawn_memory_text(s->out_fd, &len);

	return text ? record_each_line(text, fn, ctx) : 0;
}

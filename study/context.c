/* SPDX-License-Identifier: GPL-2.0-only */
/* context.c - notes, and files with the caller's rights. */
#include "context.h"

#include <fcntl.h>
#include <stdarg.h>
#include <sys/fsuid.h>
#include <sys/stat.h>

void study_note(struct study *s, enum results_note_kind kind, const char *about, const char *fmt,
		...)
{
	char reason[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	if (kind == RESULTS_NOTE_WARNING)
		term_warn("%s: %s", about, reason);
	else
		term_say("%s: %s", about, reason);
	if (s->results && results_note(s->results, &s->experiment, kind, about, reason, NULL))
		term_warn("the note above could not be stored");
}

void study_as_caller(const struct study *s)
{
	if (geteuid() == 0) {
		setfsgid(s->user.gid);
		setfsuid(s->user.uid);
	}
}

void study_as_root(void)
{
	setfsuid(geteuid());
	setfsgid(getegid());
}

/* A FIFO or device of this name would be waited for, or written to. */
static int only_regular(int fd)
{
	struct stat st;

	if (fd < 0)
		return -errno;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && !ftruncate(fd, 0))
		return fd;
	close(fd);
	return -EEXIST;
}

int study_open_file(const struct study *s, const char *name, int flags, struct err *e)
{
	char path[SYSROOT_PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", s->config->dir, name);
	study_as_caller(s);
	fd = only_regular(open(path, flags | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644));
	study_as_root();
	return fd >= 0 ? fd : err_set(e, -fd, "cannot write %s", path);
}

int study_open_output(const struct study *s, const struct study_target *target, struct err *e)
{
	char name[sizeof(target->name) + sizeof(".output")];

	snprintf(name, sizeof(name), "%s.output", target->name);
	return study_open_file(s, name, O_WRONLY, e);
}

int study_failed_target(const struct study *s, const struct study_target *target,
			const char *reason, struct err *e)
{
	err_say(e, ECHILD, "%s failed without any limit: %s", target->name, reason);
	return err_hint(e, "see its output in %s/%s.output", s->config->dir, target->name);
}

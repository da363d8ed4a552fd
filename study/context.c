/* SPDX-License-Identifier: GPL-2.0-only */
/* context.c - notes, and files with the caller's rights. */
#include "context.h"

#include <fcntl.h>
#include <stdarg.h>
#include <sys/fsuid.h>

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

int study_open_output(const struct study *s, const struct study_target *target, struct err *e)
{
	char path[SYSROOT_PATH_MAX];
	int fd, saved;

	snprintf(path, sizeof(path), "%s/%s.output", s->config->dir, target->name);
	study_as_caller(s);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	saved = errno;
	study_as_root();
	return fd >= 0 ? fd : err_set(e, saved, "cannot write %s", path);
}

int study_failed_target(const struct study *s, const struct study_target *target,
			const char *reason, struct err *e)
{
	err_say(e, ECHILD, "%s failed without any limit: %s", target->name, reason);
	return err_hint(e, "see its output in %s/%s.output", s->config->dir, target->name);
}

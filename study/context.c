/* SPDX-License-Identifier: GPL-2.0-only */
/* context.c - notes, and files with the caller's rights. */
#include "context.h"

#include <fcntl.h>
#include <stdarg.h>

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

int study_open_file(const struct study *s, const char *name, int flags, struct err *e)
{
	char path[SYSROOT_PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", s->config->dir, name);
	return caller_open(&s->user, path, flags | O_CREAT | O_TRUNC, 0644, e);
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

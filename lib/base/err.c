/* SPDX-License-Identifier: GPL-2.0-only */
/* err.c - fills struct err. The texts are cut where too long, never overrun. */
#include <stdarg.h>

#include "err.h"

#undef err_set
#undef err_say
#undef err_usage
#undef err_impossible
#undef err_hint

static int fill(struct err *e, int code, int exit_code, const char *fmt, va_list ap)
{
	code = code > 0 ? -code : code < 0 ? code : -EIO;
	if (!e)
		return code;
	e->code = code;
	e->exit = exit_code;
	e->hint[0] = '\0';
	vsnprintf(e->what, sizeof(e->what), fmt, ap);
	return code;
}

int err_set(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;
	size_t used;

	va_start(ap, fmt);
	code = fill(e, code, EXIT_FAILED, fmt, ap);
	va_end(ap);
	if (!e)
		return code;
	used = strlen(e->what);
	snprintf(e->what + used, sizeof(e->what) - used, ": %s", strerror(-code));
	return code == -EMFILE ? err_hint(e, "allow it more of them first, e.g. ulimit -n 1024")
			       : code;
}

int err_say(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	code = fill(e, code, EXIT_FAILED, fmt, ap);
	va_end(ap);
	return code;
}

int err_usage(struct err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(e, EINVAL, EXIT_USAGE, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

int err_impossible(struct err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(e, ENOTSUP, EXIT_IMPOSSIBLE, fmt, ap);
	va_end(ap);
	return -ENOTSUP;
}

int err_hint(struct err *e, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return -EIO;
	va_start(ap, fmt);
	vsnprintf(e->hint, sizeof(e->hint), fmt, ap);
	va_end(ap);
	return e->code;
}

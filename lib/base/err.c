/* SPDX-License-Identifier: GPL-2.0-only */
/* err.c - fills struct err. A text that is too long is cut. */
#include <stdarg.h>

#include "err.h"

int err_fill(struct err *e, int code, int exit_code, bool reason, const char *fmt, ...)
{
	va_list ap;
	size_t used;

	code = code > 0 ? -code : code < 0 ? code : -EIO;
	if (!e)
		return code;
	e->code = code;
	e->exit = exit_code;
	e->hint[0] = '\0';
	va_start(ap, fmt);
	vsnprintf(e->what, sizeof(e->what), fmt, ap);
	va_end(ap);
	if (!reason)
		return code;
	used = strlen(e->what);
	snprintf(e->what + used, sizeof(e->what) - used, ": %s", strerror(-code));
	return code == -EMFILE ? err_hint(e, "raise the limit of open files, e.g. ulimit -n 1024")
			       : code;
}

int err_fill_hint(struct err *e, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return -EIO;
	va_start(ap, fmt);
	vsnprintf(e->hint, sizeof(e->hint), fmt, ap);
	va_end(ap);
	return e->code;
}

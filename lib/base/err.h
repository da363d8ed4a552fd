/* SPDX-License-Identifier: GPL-2.0-only */
/* err.h - one error: what failed, on what, and what to do about it.
 *
 * The library fills a struct err and returns -errno; only a program's main prints it (term_error).
 * A function that takes `struct err *e` accepts NULL from callers who need the code alone.
 */
#ifndef COLDPRESS_BASE_ERR_H
#define COLDPRESS_BASE_ERR_H

#include "base.h"

/* Exit codes common to all programs. */
enum {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_IMPOSSIBLE = 77, /* this machine lacks a feature, a privilege or a tool */
};

struct err {
	int code;       /* negative errno */
	int exit;       /* which of the exit codes above the program should end with */
	char what[384]; /* "cannot write 1 to /sys/block/zram3/reset: Device or resource busy" */
	char hint[384]; /* "end the process that has it open: fuser /dev/zram3"; may be empty */
};

int err_fill(struct err *e, int code, int exit_code, bool reason, const char *fmt, ...)
	PRINTF_LIKE(5, 6);
int err_fill_hint(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* For compilers and static analysis, which do not see into err.c. */
static inline int err_not_0(int code)
{
	if (code == 0)
		__builtin_unreachable();
	return code;
}

/* err_set - the operation failed (exit 1). code is an errno, either sign; 0 becomes EIO. The text
 * gets ": strerror(code)" appended. Returns the negative errno, to be returned at once.
 */
#define err_set(e, code, ...) err_not_0(err_fill(e, code, EXIT_FAILED, true, __VA_ARGS__))

/* err_say - as err_set, but the text stands alone: for failures that no errno describes. */
#define err_say(e, code, ...) err_not_0(err_fill(e, code, EXIT_FAILED, false, __VA_ARGS__))

/* err_usage - the command line is wrong (exit 2). Returns -EINVAL. */
#define err_usage(e, ...) err_not_0(err_fill(e, EINVAL, EXIT_USAGE, false, __VA_ARGS__))

/* err_impossible - this machine lacks a feature, a privilege or a tool (exit 77). -ENOTSUP. */
#define err_impossible(e, ...) err_not_0(err_fill(e, ENOTSUP, EXIT_IMPOSSIBLE, false, __VA_ARGS__))

/* err_hint - adds what to do. Returns e->code (-EIO where e is NULL). */
#define err_hint(e, ...) err_not_0(err_fill_hint(e, __VA_ARGS__))

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* err.h - one error: what failed, on what, and what to do about it.
 *
 * The library fills a struct err and returns -errno; only a program's main prints it, with
 * term_error (term.h). A function that takes `struct err *e` accepts NULL from callers who need the
 * code alone.
 */
#ifndef COLDPRESS_BASE_ERR_H
#define COLDPRESS_BASE_ERR_H

#include "base.h"

/* Exit codes common to all programs. */
enum {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_IMPOSSIBLE =
		77, /* this machine cannot do it: a feature, a right or a tool is missing */
};

struct err {
	int code;       /* negative errno */
	int exit;       /* which of the exit codes above the program should end with */
	char what[384]; /* "cannot write 1 to /sys/block/zram3/reset: Device or resource busy" */
	char hint[384]; /* "end the process that has it open: fuser /dev/zram3"; may be empty */
};

/* err_set - the operation failed (exit 1). code is an errno, either sign; 0 becomes EIO.
 * The text gets ": strerror(code)" appended. Returns the negative errno, to be returned at once.
 */
int err_set(struct err *e, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* err_say - as err_set, but the text stands alone: for failures that no errno describes. */
int err_say(struct err *e, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* err_usage - the caller's words are wrong (exit 2). Returns -EINVAL. */
int err_usage(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* err_impossible - this machine lacks what it takes (exit 77). Returns -ENOTSUP. */
int err_impossible(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* err_hint - adds what to do. Returns e->code (-EIO where e is NULL), so that `return
 * err_hint(...)` reads well. */
int err_hint(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

#ifdef __clang_analyzer__
/* The analyzer sees one file at a time: here it learns that these never return 0. */
#define err_set(...)        (err_set(__VA_ARGS__), -EIO)
#define err_say(...)        (err_say(__VA_ARGS__), -EIO)
#define err_usage(...)      (err_usage(__VA_ARGS__), -EINVAL)
#define err_impossible(...) (err_impossible(__VA_ARGS__), -ENOTSUP)
#define err_hint(...)       (err_hint(__VA_ARGS__), -EIO)
#endif

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* companion.h - the other programs of coldpress, run for the records they print.
 *
 * A companion reads and writes memory files, so that neither side waits on a full pipe. It has a
 * process group of its own: ^C reaches us alone, and we end it in order. It gets SIGTERM when we
 * die.
 */
#ifndef COLDPRESS_BASE_COMPANION_H
#define COLDPRESS_BASE_COMPANION_H

#include "record_json.h"
#include "spawn.h"

#define COMPANION_ARGS_MAX 32

struct companion {
	struct child child;
	int in_fd, out_fd, err_fd; /* memory files: its standard streams */
	char name[32];
};

/* companion_path - where the program is: in our directory, ../libexec/coldpress or ../../bin.
 *
 * errors  -ENOTSUP (exit 77) in none of them
 */
int companion_path(const char *name, char *buf, size_t len, struct err *e);

/* companion_start - runs argv (argv[0] a program's name, NULL at the end). companion_done is needed
 * also after a failure.
 */
int companion_start(struct companion *s, const char *const argv[], struct err *e);

/* companion_start_as - the same as this user. */
int companion_start_as(struct companion *s, const struct caller *user, const char *const argv[],
		       struct err *e);

/* companion_ended - whether it has ended; does not wait. */
bool companion_ended(struct companion *s);

/* companion_await - waits for a record of this type. -ETIMEDOUT; -ECHILD it ended before. */
int companion_await(struct companion *s, const char *type, uint64_t timeout_ns, struct err *e);

/* companion_finish - sends signal (0 = none) and waits for the end, at most timeout_ns, then kills.
 *
 * errors  the program's own message, where it did not exit 0, with its exit code in e->exit
 */
int companion_finish(struct companion *s, int signal, uint64_t timeout_ns, struct err *e);

/* companion_done - kills it if it still runs, closes. Idempotent. */
void companion_done(struct companion *s);

/* companion_run - start and finish in one. */
int companion_run(struct companion *s, const char *const argv[], uint64_t timeout_ns,
		  struct err *e);

/* companion_each - record_each_line (record_json.h) of what it has printed so far. */
int companion_each(const struct companion *s, record_fn *fn, void *ctx);

/* companion_text - what it has printed so far, NUL-terminated, to be freed; NULL: no memory. */
char *companion_text(const struct companion *s, size_t *len);

#endif

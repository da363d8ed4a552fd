/* SPDX-License-Identifier: GPL-2.0-only */
/* companion.h - the other programs of coldpress, run for their JSON lines.
 *
 * A companion writes into memory files of ours, so neither it nor we ever wait on a full pipe; its
 * lines are read once it has ended (or, for `ready`, while it runs). It is in a process group of
 * its own, so that ^C reaches us alone and we end it in order, and it gets SIGTERM when we die.
 */
#ifndef COLDPRESS_BASE_COMPANION_H
#define COLDPRESS_BASE_COMPANION_H

#include <json-c/json.h>

#include "record.h"
#include "spawn.h"

#define COMPANION_ARGS_MAX 32

struct companion {
	struct child child;
	int in_fd, out_fd, err_fd; /* memory files: what it reads, what it printed */
	char name[32];
};

/* companion_path - where the program is: beside us, or in ../libexec/coldpress. -ENOENT with both
 * places named. */
int companion_path(const char *name, char *buf, size_t len, struct err *e);

/* companion_start - runs argv (argv[0] a program's name, NULL at the end). companion_done in any
 * case. */
int companion_start(struct companion *s, const char *const argv[], struct err *e);

/* companion_start_with_input - the same with bytes on its standard input, which is empty otherwise.
 */
int companion_start_with_input(struct companion *s, const char *const argv[], const char *input,
			       size_t len, struct err *e);

/* companion_start_as - the same as a user, groups included, who need not be us. */
int companion_start_as(struct companion *s, const struct caller *user, const char *const argv[],
		       struct err *e);

/* companion_ended - whether it has; never waits. */
bool companion_ended(struct companion *s);

/* companion_await - waits until a record of this type was printed. -ETIMEDOUT; -ECHILD it ended
 * without. */
int companion_await(struct companion *s, const char *type, uint64_t timeout_ns, struct err *e);

/* companion_finish - sends signal (0 = none) and waits for the end, at most timeout_ns, then kills.
 *
 * errors  what the program said on stderr, when it did not exit 0, with its exit code in e->exit
 */
int companion_finish(struct companion *s, int signal, uint64_t timeout_ns, struct err *e);

/* companion_done - kills it if it still runs, closes. Idempotent. */
void companion_done(struct companion *s);

/* companion_run - start and finish in one. */
int companion_run(struct companion *s, const char *const argv[], uint64_t timeout_ns,
		  struct err *e);

/* companion_each - calls fn for every record printed so far, in order; stops at its first non-zero.
 */
typedef int companion_record_fn(void *ctx, const char *type, struct json_object *record);
int companion_each(const struct companion *s, companion_record_fn *fn, void *ctx);

/* companion_text - all it printed so far, NUL-terminated, to be freed; NULL without memory. */
char *companion_text(const struct companion *s, size_t *len);

/* companion_each_line - as companion_each, of a text that was kept. */
int companion_each_line(const char *text, companion_record_fn *fn, void *ctx);

/* Members of a record; missing, null or of another type gives the missing value. Strings live as
 * the record does. */
uint64_t record_u64(struct json_object *record, const char *key);
double record_f64(struct json_object *record, const char *key);
const char *record_string(struct json_object *record, const char *key);

/* record_read - a record as its own table has it, into the struct that the table is of: what the
 * line lacks is missing, strings live as the record does, series are left out (missing). False: it
 * is of another type or version.
 */
bool record_read(struct json_object *record, const struct record_type *type, void *ret);

#endif

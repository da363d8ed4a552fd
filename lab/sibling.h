/* SPDX-License-Identifier: GPL-2.0-only */
/* sibling.h - the other programs of coldpress, run for their JSON lines.
 *
 * A sibling writes into memory files of ours, so neither it nor we ever wait on a full pipe; its lines are
 * read once it has ended (or, for `ready`, while it runs). It is in a process group of its own, so that ^C
 * reaches us alone and we end it in order, and it gets SIGTERM when we die.
 */
#ifndef COLDPRESS_LAB_SIBLING_H
#define COLDPRESS_LAB_SIBLING_H

#include <json-c/json.h>

#include "cage.h"
#include "record.h"

#define SIBLING_ARGS_MAX 32

struct sibling {
	pid_t pid;		/* 0 = not running */
	int in_fd, out_fd, err_fd;	/* memory files: what it reads, what it printed */
	int status;		/* of waitpid, once ended */
	char name[32];
};

/* sibling_path - where the program is: beside us, or in ../libexec/coldpress. -ENOENT with both places named. */
int sibling_path(const char *name, char *buf, size_t len, struct err *e);

/* sibling_start - runs argv (argv[0] a program's name, NULL at the end). sibling_done in any case. */
int sibling_start(struct sibling *s, const char *const argv[], struct err *e);

/* sibling_start_with_input - the same with bytes on its standard input, which is empty otherwise. */
int sibling_start_with_input(struct sibling *s, const char *const argv[], const char *input, size_t len,
			     struct err *e);

/* sibling_start_as - the same as a user, groups included, who need not be us. */
int sibling_start_as(struct sibling *s, const struct cage_user *user, const char *const argv[], struct err *e);

/* sibling_ended - whether it has; never waits. */
bool sibling_ended(struct sibling *s);

/* sibling_await - waits until a record of this type was printed. -ETIMEDOUT; -ECHILD it ended without. */
int sibling_await(struct sibling *s, const char *type, uint64_t timeout_ns, struct err *e);

/* sibling_finish - sends signal (0 = none) and waits for the end, at most timeout_ns, then kills.
 *
 * errors  what the program said on stderr, when it did not exit 0, with its exit code in e->exit
 */
int sibling_finish(struct sibling *s, int signal, uint64_t timeout_ns, struct err *e);

/* sibling_done - kills it if it still runs, closes. Idempotent. */
void sibling_done(struct sibling *s);

/* sibling_run - start and finish in one. */
int sibling_run(struct sibling *s, const char *const argv[], uint64_t timeout_ns, struct err *e);

/* sibling_each - calls fn for every record printed so far, in order; stops at its first non-zero. */
typedef int sibling_record_fn(void *ctx, const char *type, struct json_object *record);
int sibling_each(const struct sibling *s, sibling_record_fn *fn, void *ctx);

/* sibling_text - all it printed so far, NUL-terminated, to be freed; NULL without memory. */
char *sibling_text(const struct sibling *s, size_t *len);

/* sibling_each_line - as sibling_each, of a text that was kept. */
int sibling_each_line(const char *text, sibling_record_fn *fn, void *ctx);

/* Members of a record; missing, null or of another type gives the missing value. Strings live as the record does. */
uint64_t record_u64(struct json_object *record, const char *key);
double record_f64(struct json_object *record, const char *key);
const char *record_string(struct json_object *record, const char *key);


/* record_read - a record as its own table has it, into the struct that the table is of: what the line lacks is missing,
 * strings live as the record does, series are left out (missing). False: it is of another type or version.
 */
bool record_read(struct json_object *record, const struct record_type *type, void *ret);

#endif

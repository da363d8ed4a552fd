/* SPDX-License-Identifier: GPL-2.0-only */
/* spawn.h - starts a program as a child process, waits for it, ends it.
 *
 * A struct spawn that holds argv alone starts it as posix_spawnp would; each further member changes
 * one thing. spawn returns when the program runs, so a program that cannot be run is an error of
 * spawn and not an exit status.
 */
#ifndef COLDPRESS_BASE_SPAWN_H
#define COLDPRESS_BASE_SPAWN_H

#include <sys/resource.h>

#include "caller.h"

#define SPAWN_NULL (-1) /* as a standard stream: /dev/null */

struct spawn {
	const char *path;          /* the program; NULL: argv[0], looked up in PATH */
	const char *const *argv;   /* ends with NULL */
	int in_fd, out_fd, err_fd; /* standard streams; 0: inherited */
	const struct caller *user; /* NULL: unchanged */
	const char *dir;           /* working directory; NULL: unchanged */
	const char *const *env; /* "NAME=value" sets, "NAME" unsets; ends with NULL; may be NULL */
	int death_signal;       /* sent to it when we die; 0: none */
	unsigned int cpu_limit_s; /* RLIMIT_CPU; 0: unchanged */
	bool own_group;  /* a process group of its own (^C reaches us alone), all signals at default
			  */
	bool any_tracer; /* Yama: processes other than we may read its memory */
	bool held;       /* not run before spawn_release */
};

struct child {
	const char *name;    /* argv[0], for messages */
	pid_t pid;           /* 0: none, or ended */
	int pidfd;           /* readable once it has ended */
	int status;          /* of waitpid; once it has ended */
	struct rusage usage; /* the same */
	int go_fd, exec_fd;  /* while it is held */
};

/* spawn - starts the program.
 *
 * errors  of fork, of becoming the user, or of execvp (-ENOENT: no such program); there is no child
 * then
 */
int spawn(struct child *ret, const struct spawn *how, struct err *e);

/* spawn_release - lets a held child run its program. Errors as of spawn; the child remains to be
 * waited for and ends with 127 (no such program) or 126.
 */
int spawn_release(struct child *c, struct err *e);

/* child_ended - whether it has ended (or never was); does not wait. */
bool child_ended(struct child *c);

/* child_wait - waits for its end.
 *
 * errors  -ETIMEDOUT; -EINTR a stop was requested meanwhile (a later call waits on)
 */
int child_wait(struct child *c, uint64_t timeout_ns);

/* child_exit_code - of an ended child, as a shell has it: 128 + N where signal N ended it. */
int child_exit_code(const struct child *c);

/* child_done - kills it where it still runs, and frees what struct child holds. Idempotent. */
void child_done(struct child *c);

/* spawn_memory - an anonymous memory file that holds these bytes, for a standard stream: neither
 * side waits on a full pipe. A descriptor, or -errno.
 */
int spawn_memory(const void *bytes, size_t len);

/* spawn_memory_text - what such a file holds now, NUL-terminated, to be freed; NULL: no memory. */
char *spawn_memory_text(int fd, size_t *len);

#endif

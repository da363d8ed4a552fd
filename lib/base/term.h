/* SPDX-License-Identifier: GPL-2.0-only */
/* term.h - messages on stderr: progress with the time left on a terminal, one line a step
 * elsewhere.
 *
 * TERM=dumb and -q are respected. Nothing here writes to stdout.
 */
#ifndef COLDPRESS_BASE_TERM_H
#define COLDPRESS_BASE_TERM_H

#include "err.h"

enum term_level { TERM_QUIET = -1, TERM_NORMAL = 0, TERM_VERBOSE = 1 };

void term_set_level(enum term_level level);

/* term_say - a line on stderr at TERM_NORMAL and above; term_detail at TERM_VERBOSE only. Control
 * bytes are escaped, so hostile names may be printed. term_warn is never silenced and starts with
 * "warning: ".
 */
#define term_say(...)    term_print(TERM_NORMAL, "", __VA_ARGS__)
#define term_detail(...) term_print(TERM_VERBOSE, "", __VA_ARGS__)
#define term_warn(...)   term_print(TERM_QUIET, "warning: ", __VA_ARGS__)
void term_print(enum term_level level, const char *prefix, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* term_error - "PROGRAM: what\n  hint\n". Never silenced. Returns e->exit, for main to return. */
int term_error(const struct err *e, const char *program);

struct term_progress {
	uint64_t begin_ns;
	double done, total; /* in any unit; time left is extrapolated from their ratio */
	bool live;          /* stderr is a terminal */
	char label[96];
};

void term_progress_begin(struct term_progress *p, double total);

/* term_progress_step - a named step begins: one line where stderr is not a terminal. */
void term_progress_step(struct term_progress *p, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* term_progress_update - redraws the line on a terminal; silent elsewhere. */
void term_progress_update(struct term_progress *p, double done);

void term_progress_end(struct term_progress *p);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* term.h - words for people on stderr: progress with time left on a terminal, one line a step
 * elsewhere.
 *
 * NO_COLOR, TERM=dumb and -q are respected. Nothing here writes to stdout.
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
void term_say(const char *fmt, ...) PRINTF_LIKE(1, 2);
void term_detail(const char *fmt, ...) PRINTF_LIKE(1, 2);
void term_warn(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* term_error - "PROGRAM: what\n  hint\n". Never silenced. Returns e->exit, for main to return. */
int term_error(const struct err *e, const char *program);

struct term_progress {
	uint64_t begin_ns;
	double done, total; /* in any unit; time left is extrapolated from their ratio */
	bool live;          /* stderr is a terminal */
	char label[96];
};

void term_progress_begin(struct term_progress *p, double total);

/* term_progress_step - a named step begins; elsewhere than on a terminal it prints one line. */
void term_progress_step(struct term_progress *p, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* term_progress_update - redraws the line on a terminal; silent elsewhere. */
void term_progress_update(struct term_progress *p, double done);

void term_progress_end(struct term_progress *p);

#endif

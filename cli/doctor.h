/* SPDX-License-Identifier: GPL-2.0-only */
/* doctor.h - what was found out about the machine, one row a thing, in the order it was looked at.
 */
#ifndef COLDPRESS_CLI_DOCTOR_H
#define COLDPRESS_CLI_DOCTOR_H

#include "lib/base/sysroot.h"

/* How a thing stands. OFF is a choice or harmless; LIMITED works in part; MISSING does not. */
enum doctor_status { DOCTOR_OK, DOCTOR_OFF, DOCTOR_LIMITED, DOCTOR_MISSING };

struct doctor_check {
	const char *area, *item; /* "pool", "zram" */
	const char *status;      /* "ok", "off", "limited", "missing" */
	char detail[320];        /* what is there */
	const char *enables;     /* which commands of ours it is for */
	char remedy[320];     /* the command that would give it; "" where there is nothing to do */
	const char *left_out; /* what a study goes without when it is missing; NULL = nothing */
};

#define DOCTOR_CHECKS 80

struct doctor {
	const struct sysroot *root; /* NULL = this machine; else nothing is tried out */
	struct doctor_check checks[DOCTOR_CHECKS];
	size_t n;
};

/* doctor_add - a row. The caller may fill remedy and left_out of what comes back. */
struct doctor_check *doctor_add(struct doctor *d, const char *area, const char *item,
				enum doctor_status status, const char *enables, const char *fmt,
				...) PRINTF_LIKE(6, 7);

/* doctor_remedy - what would help. */
void doctor_remedy(struct doctor_check *check, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* doctor_look - every check. Needs no rights; with fewer rights it sees less and says so. */
void doctor_look(struct doctor *d);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* doctor.h - the checks of `coldpress doctor`: one row each, in the order they ran. */
#ifndef COLDPRESS_CLI_DOCTOR_H
#define COLDPRESS_CLI_DOCTOR_H

#include "lib/base/sysroot.h"

/* OFF is a choice or harmless; LIMITED works in part; MISSING does not work. */
enum doctor_status { DOCTOR_OK, DOCTOR_OFF, DOCTOR_LIMITED, DOCTOR_MISSING };

struct doctor_check {
	const char *area, *item; /* "pool", "zram" */
	const char *status;      /* "ok", "off", "limited", "missing" */
	char detail[320];        /* what was found */
	const char *enables;     /* commands that use it */
	char remedy[320];        /* command that provides it; "" = none */
	const char *left_out;    /* part of a study left out when missing; NULL = none */
};

#define DOCTOR_CHECKS 80

struct doctor {
	const struct sysroot *root; /* NULL = this machine; else no trial loads */
	struct doctor_check checks[DOCTOR_CHECKS];
	size_t n;
};

/* doctor_add - adds a row; the caller may fill remedy and left_out of the returned one. */
struct doctor_check *doctor_add(struct doctor *d, const char *area, const char *item,
				enum doctor_status status, const char *enables, const char *fmt,
				...) PRINTF_LIKE(6, 7);

/* doctor_remedy - sets the remedy of a row. */
void doctor_remedy(struct doctor_check *check, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* doctor_look - runs every check. Needs no rights; what it cannot see without them is reported. */
void doctor_look(struct doctor *d);

#endif

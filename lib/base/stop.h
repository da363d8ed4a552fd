/* SPDX-License-Identifier: GPL-2.0-only */
/* stop.h - INT, TERM, HUP and PIPE set a flag; loops look at it and end cleanly. */
#ifndef COLDPRESS_BASE_STOP_H
#define COLDPRESS_BASE_STOP_H

#include "err.h"

/* stop_install - handlers without SA_RESTART, so that sleeping calls return EINTR. Once, early in
 * main. An ignored HUP (nohup) stays ignored.
 */
int stop_install(struct err *e);

/* stop_requested - the signal that asked to stop, or 0. */
int stop_requested(void);

#endif

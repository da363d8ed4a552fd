/* SPDX-License-Identifier: GPL-2.0-only */
/* stop.h - INT, TERM, HUP and PIPE set a flag, which loops check to end in order. */
#ifndef COLDPRESS_BASE_STOP_H
#define COLDPRESS_BASE_STOP_H

#include "err.h"

/* stop_install - once, early in main. Sleeping calls return EINTR. An ignored HUP stays so. */
int stop_install(struct err *e);

/* stop_requested - the signal that asked to stop, or 0. */
int stop_requested(void);

#endif

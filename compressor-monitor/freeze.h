/* SPDX-License-Identifier: GPL-2.0-only */
/* freeze.h - processes stopped for as long as we look, whatever becomes of us.
 *
 * By ptrace: no signal reaches the process or its parent, no control group is needed, and the
 * kernel lets go of the process when its tracer ends, kill -9 included. System calls that stops
 * interrupt (epoll_wait) return EINTR, as after a SIGSTOP.
 */
#ifndef COLDPRESS_MONITOR_FREEZE_H
#define COLDPRESS_MONITOR_FREEZE_H

#include "lib/base/err.h"

/* Zero before use. */
struct freeze {
	struct frozen_thread {
		pid_t tid;
		int signal; /* that was on its way, to be delivered; 0 = none */
	} * threads;
	size_t n;
};

/* freeze_process - all its threads, those it starts meanwhile too, within 5 s. Ended is no error.
 *
 * errors  -EPERM it is traced by another (gdb, strace), or not ours to stop; -ETIMEDOUT a thread
 * does not stop; -EINVAL this process, or init; -ENOMEM. Those that stopped stay so until
 * freeze_done.
 */
int freeze_process(struct freeze *f, pid_t pid, struct err *e);

/* freeze_done - they go on. */
void freeze_done(struct freeze *f);

#endif

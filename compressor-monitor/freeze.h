/* SPDX-License-Identifier: GPL-2.0-only */
/* freeze.h - stops processes while their pool is read, and never longer than this process lives.
 *
 * By ptrace: no signal reaches the process or its parent, no cgroup is needed, and the kernel
 * resumes the process when its tracer ends, even by SIGKILL. System calls that a stop interrupts
 * (epoll_wait) return EINTR, as after a SIGSTOP.
 */
#ifndef COLDPRESS_MONITOR_FREEZE_H
#define COLDPRESS_MONITOR_FREEZE_H

#include "lib/base/err.h"

/* Zero before use. */
struct freeze {
	struct frozen_thread {
		pid_t tid;
		int signal; /* to deliver when it is resumed; 0 = none */
	} * threads;
	size_t n;
};

/* freeze_process - stops all threads, including new ones, within 5 s. A process that ended is no
 * error.
 *
 * errors  -EPERM it is traced by another process (gdb, strace), or of another user; -ETIMEDOUT a
 * thread does not stop; -EINVAL this process, or init; -ENOMEM. Threads that stopped stay stopped
 * until freeze_done.
 */
int freeze_process(struct freeze *f, pid_t pid, struct err *e);

/* freeze_done - resumes them. */
void freeze_done(struct freeze *f);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* forks.c - forks from a thread: the child has only that thread and calls only async-signal-safe
 * functions.
 */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "forks.h"

#define STATUS_NO_FORK 71 /* EX_OSERR */

/* Waits for it, also across signals. -EAGAIN it could not fork; -ECHILD it failed. */
static int reap(pid_t pid, struct rusage *usage)
{
	int status;

	while (wait4(pid, &status, 0, usage) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0                ? 0
	       : WIFEXITED(status) && WEXITSTATUS(status) == STATUS_NO_FORK ? -EAGAIN
									    : -ECHILD;
}

/* The child. Each but the last forks the next one, which continues the loop, and waits for it. */
static _Noreturn void child_main(const struct worker *w, void (*last)(const struct worker *w))
{
	struct rusage usage;

	for (uint64_t left = w->config->depth;; left--) {
		pid_t pid;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (left <= 1) {
			last(w);
			_exit(1);
		}
		pid = fork();
		if (pid)
			_exit(pid < 0 || reap(pid, &usage) ? STATUS_NO_FORK : 0);
	}
}

bool fork_chain(struct worker *w, void (*last)(const struct worker *w))
{
	const uint64_t begin = monotonic_ns();
	struct rusage usage = { 0 };
	pid_t pid = fork();
	int rc;

	if (!pid)
		child_main(w, last);
	rc = pid < 0 ? -errno : reap(pid, &usage);
	if (rc) {
		w->error = -rc;
		return false;
	}
	w->forks += w->config->depth;
	w->child_minor_faults += (uint64_t)usage.ru_minflt;
	worker_count(w, begin);
	return true;
}

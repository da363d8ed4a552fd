/* SPDX-License-Identifier: GPL-2.0-only */
/* freeze.c - seizes and interrupts every thread of a process until its list of threads shows no new
 * one. */
#include "freeze.h"

#include <ctype.h>
#include <dirent.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>

#define WAIT_NS (5 * NS_PER_S)
#define POLL_NS (200 * NS_PER_US)

static bool holds(const struct freeze *f, pid_t tid)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->threads[i].tid == tid)
			return true;
	return false;
}

/* 1 = stopped, *signal is to be delivered later; 0 = it ended; -ETIMEDOUT. */
static int wait_stopped(pid_t tid, uint64_t end_ns, int *signal)
{
	for (;;) {
		int status;
		pid_t got = waitpid(tid, &status, __WALL | WNOHANG);

		if (got == tid && WIFSTOPPED(status)) {
			*signal = status >> 16 == PTRACE_EVENT_STOP ? 0 : WSTOPSIG(status);
			return 1;
		}
		if (got == tid || (got < 0 && errno != EINTR))
			return 0;
		if (monotonic_ns() > end_ns)
			return -ETIMEDOUT;
		nanosleep(&(struct timespec){ .tv_nsec = POLL_NS }, NULL);
	}
}

static int refused(pid_t pid, int code, struct err *e)
{
	err_set(e, code, "cannot stop process %d", (int)pid);
	return err_hint(
		e, "it may be traced by a debugger, or kernel.yama.ptrace_scope may forbid it");
}

/* Listed before it stops, so that it is resumed in any case. */
static int freeze_thread(struct freeze *f, pid_t pid, pid_t tid, uint64_t end_ns, struct err *e)
{
	struct frozen_thread *bigger = reallocarray(f->threads, f->n + 1, sizeof(*bigger));
	int rc;

	if (!bigger)
		return err_set(e, ENOMEM, "cannot stop process %d", (int)pid);
	f->threads = bigger;
	if (ptrace(PTRACE_SEIZE, tid, NULL, NULL))
		return errno == ESRCH ? 0 : refused(pid, errno, e);
	f->threads[f->n++] = (struct frozen_thread){ .tid = tid };
	if (ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) && errno != ESRCH)
		return refused(pid, errno, e);
	rc = wait_stopped(tid, end_ns, &f->threads[f->n - 1].signal);
	if (rc == 0)
		f->n--;
	return rc < 0 ? err_set(e, -rc, "process %d does not stop", (int)pid) : 0;
}

/* Threads that are not in the list yet; *fresh: whether there were any. */
static int freeze_threads(struct freeze *f, pid_t pid, uint64_t end_ns, bool *fresh, struct err *e)
{
	char path[64];
	struct dirent *entry;
	DIR *tasks;
	int rc = 0;

	*fresh = false;
	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	tasks = opendir(path);
	while (tasks && !rc && (entry = readdir(tasks))) {
		pid_t tid = (pid_t)atoi(entry->d_name);
		size_t before = f->n;

		if (!isdigit((unsigned char)entry->d_name[0]) || holds(f, tid))
			continue;
		rc = freeze_thread(f, pid, tid, end_ns, e);
		*fresh |= f->n > before;
	}
	if (tasks)
		closedir(tasks);
	return rc;
}

int freeze_process(struct freeze *f, pid_t pid, struct err *e)
{
	uint64_t end_ns = monotonic_ns() + WAIT_NS;
	bool fresh = true;
	int rc = 0;

	if (pid == 1 || pid == getpid())
		return err_say(e, EINVAL, "refusing to stop process %d", (int)pid);
	while (!rc && fresh)
		rc = freeze_threads(f, pid, end_ns, &fresh, e);
	return rc;
}

/* A thread that did not stop in time cannot be detached: the kernel does it when this process ends.
 */
void freeze_done(struct freeze *f)
{
	for (size_t i = 0; i < f->n; i++)
		ptrace(PTRACE_DETACH, f->threads[i].tid, NULL,
		       (void *)(intptr_t)f->threads[i].signal);
	free(f->threads);
	*f = (struct freeze){ 0 };
}

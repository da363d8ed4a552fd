/* SPDX-License-Identifier: GPL-2.0-only */
/* swap_back.c - swapoff with a deadline, ^C and progress.
 *
 * The kernel swaps in process by process and checks for a signal only between two of them
 * (try_to_unuse in mm/swapfile.c), so the call may continue for seconds. It is made in a child with
 * every signal blocked: only our SIGKILL ends it, and the swap is in use again. The child inherits
 * our descriptors, so our locks are held until it has ended, too.
 */
#include "swap.h"

#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "lib/base/stop.h"
#include "lib/base/units.h"

#define LOOK_NS        (100 * NS_PER_MS)
#define CHILD_WAIT_NS  (5 * NS_PER_S) /* for the child to end after SIGKILL */
#define SHRINK_WAIT_NS NS_PER_S

static _Noreturn void child_main(int fd, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent) /* gone before that */
		_exit(EINTR);
	_exit(-swap_off(fd, NULL));
}

static pid_t spawn(int fd)
{
	sigset_t all, before;
	pid_t parent = getpid(), pid;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid == 0)
		child_main(fd, parent);
	int code = errno;

	sigprocmask(SIG_SETMASK, &before, NULL);
	return pid < 0 ? -code : pid;
}

/* 0 it has ended; -ETIMEDOUT, -EINTR it was killed; -EINPROGRESS it does not end. */
static int wait_for(pid_t pid, int pidfd, const struct zram_device *device,
		    const struct swap_back *how)
{
	uint64_t end_ns = monotonic_ns() + how->timeout_ns, now_ns;
	struct pollfd ended = { .fd = pidfd, .events = POLLIN };
	int why = 0;

	for (;;) {
		now_ns = monotonic_ns();
		if (!why) {
			why = how->stoppable && stop_requested() ? -EINTR
			      : now_ns >= end_ns                 ? -ETIMEDOUT
								 : 0;
			if (why) {
				kill(pid, SIGKILL);
				end_ns = now_ns + CHILD_WAIT_NS;
			}
		}
		uint64_t left_ns = end_ns > now_ns ? end_ns - now_ns : 0;

		if (poll(&ended, 1, (int)((MIN(left_ns, LOOK_NS) + NS_PER_MS - 1) / NS_PER_MS)) > 0)
			return why;
		if (why && monotonic_ns() >= end_ns)
			return -EINPROGRESS;
		if (how->progress)
			how->progress(how->ctx, swap_used_bytes(device));
	}
}

/* One call of swapoff. Returns what wait_for does, else the call's own -errno. */
static int try_once(int fd, const struct zram_device *device, const struct swap_back *how)
{
	pid_t pid = spawn(fd);
	int status = 0;

	if (pid < 0)
		return pid;
	AUTO_CLOSE int pidfd = pidfd_open(pid, 0);

	if (pidfd < 0) {
		int code = errno;

		kill(pid, SIGKILL);
		return -code;
	}
	int why = wait_for(pid, pidfd, device, how);

	if (why == -EINPROGRESS)
		return why;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status))
		return -WEXITSTATUS(status);
	if (!swap_in_use(device)) /* also where a signal came just after it */
		return 0;
	return WIFEXITED(status) ? -EINVAL : why ? why : -EINTR;
}

/* Whether less is swapped out within a second: a process that the OOM killer ended frees its pages.
 */
static bool has_shrunk(const struct zram_device *device, uint64_t used_bytes)
{
	uint64_t end_ns = monotonic_ns() + SHRINK_WAIT_NS;

	while (swap_used_bytes(device) >= used_bytes) {
		if (monotonic_ns() >= end_ns)
			return false;
		sleep_ns(LOOK_NS);
	}
	return true;
}

static int failed(const struct zram_device *device, const struct swap_back *how, int code,
		  struct err *e)
{
	char text[UNITS_TEXT_MAX];

	switch (code) {
	case -EINTR:
		return err_say(e, EINTR, "stopped; zram%u is in use as before", device->id);
	case -ETIMEDOUT:
		err_say(e, ETIMEDOUT,
			"the pages were not swapped in after %s; zram%u is in use as before",
			units_format_duration(how->timeout_ns, text), device->id);
		return err_hint(e, "allow more time, for example --timeout 1h");
	case -EINPROGRESS:
		err_say(e, EINPROGRESS,
			"stopped waiting: the kernel is swapping in one process from zram%u and "
			"cannot be interrupted",
			device->id);
		return err_hint(e, "it stops after that process; the rest stays in use; "
				   "`ram_pool recover` continues");
	}
	err_set(e, code, "cannot disable the swap on zram%u", device->id);
	return err_hint(e, "end processes that have pages in it, then try again");
}

int swap_back(int fd, const struct zram_device *device, const struct swap_back *how, struct err *e)
{
	struct swap_back left = *how;
	uint64_t begin_ns = monotonic_ns(), used_bytes;
	int rc;

	do {
		uint64_t elapsed_ns = monotonic_ns() - begin_ns;

		left.timeout_ns = how->timeout_ns > elapsed_ns ? how->timeout_ns - elapsed_ns : 0;
		used_bytes = swap_used_bytes(device);
		rc = try_once(fd, device, &left);
	} while (rc == -ENOMEM && has_shrunk(device, used_bytes));
	return rc ? failed(device, how, rc, e) : 0;
}

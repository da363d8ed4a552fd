/* SPDX-License-Identifier: GPL-2.0-only */
/* swap_back.c - swapoff with a deadline, ^C and progress.
 *
 * The kernel brings pages back process by process and looks for a signal only between one and the
 * next (try_to_unuse in mm/swapfile.c), so the call may go on for seconds whatever is asked of it.
 * It is made in a child, which has every signal blocked: only our SIGKILL ends it, and then the
 * kernel puts what is left back to use. The child has our descriptors: the locks we hold are held
 * until it, too, has gone.
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
#define CHILD_WAIT_NS  (5 * NS_PER_S) /* for the child to end once it was told to */
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

/* Until it has ended, 0; -ETIMEDOUT, -EINTR it was told to end, and has; -EINPROGRESS it has not.
 */
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

/* Whether less is in it than there was, in a moment: who was ended for lack of memory gives up its
 * pages. */
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
			"the pages were not back after %s; zram%u is in use as before",
			units_format_duration(how->timeout_ns, text), device->id);
		return err_hint(e, "see what slows the machine down, or allow more: --timeout 1h");
	case -EINPROGRESS:
		err_say(e, EINPROGRESS,
			"stopped waiting: the kernel brings the pages of one process back from "
			"zram%u and cannot be interrupted there",
			device->id);
		return err_hint(e, "it ends with that process; what is left stays in use; "
				   "`ram_pool recover` goes on from there");
	}
	err_set(e, code, "cannot take back the pages of zram%u", device->id);
	return err_hint(e, "end what has pages in it, then try again");
}

int swap_back(int fd, const struct zram_device *device, const struct swap_back *how, struct err *e)
{
	struct swap_back left = *how;
	uint64_t begin_ns = monotonic_ns(), used_bytes;
	int r;

	do {
		uint64_t elapsed_ns = monotonic_ns() - begin_ns;

		left.timeout_ns = how->timeout_ns > elapsed_ns ? how->timeout_ns - elapsed_ns : 0;
		used_bytes = swap_used_bytes(device);
		r = try_once(fd, device, &left);
	} while (r == -ENOMEM && has_shrunk(device, used_bytes));
	return r ? failed(device, how, r, e) : 0;
}

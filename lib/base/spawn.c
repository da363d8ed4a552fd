/* SPDX-License-Identifier: GPL-2.0-only */
/* spawn.c - fork, the changes a child makes to itself, exec.
 *
 * The child waits on a pipe: one byte releases it, at once or by spawn_release; its end (we died,
 * or gave up) ends the child. It reports a failure as an errno through a second pipe that exec
 * closes.
 */
#include "spawn.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "stop.h"

#define POLL_NS (100 * NS_PER_MS) /* how soon a request to stop is seen */

/* ---- in the child ---- */

static int set_streams(const struct spawn *how)
{
	const int from[] = { how->in_fd, how->out_fd, how->err_fd };

	for (int i = 0; i < (int)ARRAY_SIZE(from); i++) {
		int fd = from[i] == SPAWN_NULL ? open("/dev/null", O_RDWR | O_CLOEXEC) : from[i];

		if (fd < 0 || (fd && dup2(fd, i) < 0))
			return -errno;
	}
	return 0;
}

static int set_user(const struct caller *user)
{
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return caller_become(user);
}

/* Returns 0 or -errno. */
static int prepare(const struct spawn *how, pid_t parent)
{
	const struct rlimit cpu = { how->cpu_limit_s, how->cpu_limit_s };
	int rc;

	if (how->own_group) {
		setpgid(0, 0);
		for (int sig = 1; sig < SIGRTMIN; sig++)
			signal(sig, SIG_DFL);
	}
	if (how->cpu_limit_s)
		setrlimit(RLIMIT_CPU, &cpu);
	rc = how->user ? set_user(how->user) : 0;
	if (rc)
		return rc;
	/* After the change of user, which clears it; the parent may have died before. */
	if (how->death_signal)
		prctl(PR_SET_PDEATHSIG, how->death_signal);
	if (how->death_signal && getppid() != parent)
		return -ESRCH;
	if (how->any_tracer)
		prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
	for (const char *const *change = how->env; change && *change; change++)
		putenv((char *)(uintptr_t)*change);
	rc = set_streams(how);
	if (rc)
		return rc;
	return how->dir && chdir(how->dir) ? -errno : 0;
}

static _Noreturn void run_child(const struct spawn *how, pid_t parent, int go_fd, int exec_fd)
{
	int code = prepare(how, parent);
	char go;

	if (read(go_fd, &go, 1) != 1)
		_exit(127);
	if (!code) {
		execvp(how->path ? how->path : how->argv[0], (char *const *)(uintptr_t)how->argv);
		code = -errno;
	}

	ssize_t n UNUSED = write(exec_fd, &code, sizeof(code));

	_exit(code == -ENOENT ? 127 : 126);
}

/* ---- in the parent ---- */

static void close_fd(int *fd)
{
	if (*fd > 0)
		close(*fd);
	*fd = -1;
}

/* Waits for exec. Returns 0 or the child's -errno. */
static int await_exec(struct child *c)
{
	int code;
	ssize_t n;

	do
		n = read(c->exec_fd, &code, sizeof(code));
	while (n < 0 && errno == EINTR);
	close_fd(&c->exec_fd);
	return n == sizeof(code) ? code : 0;
}

int spawn_release(struct child *c, struct err *e)
{
	int rc = write(c->go_fd, "", 1) == 1 ? await_exec(c) : -EPIPE;

	close_fd(&c->go_fd);
	return rc ? err_set(e, rc, "cannot run %s", c->name) : 0;
}

int spawn(struct child *ret, const struct spawn *how, struct err *e)
{
	struct child c = { .name = how->argv[0], .pidfd = -1 };
	pid_t parent = getpid();
	int go[2], exec[2], rc;

	*ret = c;
	if (pipe2(go, O_CLOEXEC))
		return err_set(e, errno, "cannot start %s", c.name);
	if (pipe2(exec, O_CLOEXEC)) {
		rc = err_set(e, errno, "cannot start %s", c.name);
		close(go[0]);
		close(go[1]);
		return rc;
	}
	c.pid = fork();
	if (c.pid == 0) {
		close(go[1]);
		run_child(how, parent, go[0], exec[1]);
	}
	rc = c.pid < 0 ? err_set(e, errno, "cannot start %s", c.name) : 0;
	c.pid = MAX(c.pid, 0);
	close(go[0]);
	close(exec[1]);
	c.go_fd = go[1];
	c.exec_fd = exec[0];
	/* Before it may run and end: where SIGCHLD is ignored, it would be reaped at once. */
	if (!rc) {
		c.pidfd = pidfd_open(c.pid, 0);
		if (c.pidfd < 0)
			rc = err_set(e, errno, "cannot watch %s", c.name);
	}
	if (!rc && !how->held)
		rc = spawn_release(&c, e);
	if (rc)
		child_done(&c);
	else
		*ret = c;
	return rc;
}

/* Returns whether it has ended. A child that was reaped elsewhere has no status: not a success. */
static bool reap(struct child *c, int flags)
{
	pid_t pid;

	if (!c->pid)
		return true;
	do
		pid = wait4(c->pid, &c->status, flags, &c->usage);
	while (pid < 0 && errno == EINTR);
	if (pid == 0)
		return false;
	if (pid < 0)
		c->status = W_EXITCODE(255, 0);
	c->pid = 0;
	return true;
}

bool child_ended(struct child *c)
{
	return reap(c, WNOHANG);
}

int child_wait(struct child *c, uint64_t timeout_ns)
{
	const uint64_t begin_ns = monotonic_ns();
	const bool stopping = stop_requested();

	while (!child_ended(c)) {
		struct pollfd ended = { .fd = c->pidfd, .events = POLLIN };
		uint64_t spent_ns = monotonic_ns() - begin_ns;

		if (!stopping && stop_requested())
			return -EINTR;
		if (spent_ns >= timeout_ns)
			return -ETIMEDOUT;
		poll(&ended, 1, (int)(MIN(timeout_ns - spent_ns, POLL_NS) / NS_PER_MS) + 1);
	}
	return 0;
}

int child_exit_code(const struct child *c)
{
	return WIFSIGNALED(c->status) ? 128 + WTERMSIG(c->status) : WEXITSTATUS(c->status);
}

void child_done(struct child *c)
{
	close_fd(&c->go_fd);
	close_fd(&c->exec_fd);
	if (c->pid)
		kill(c->pid, SIGKILL);
	reap(c, 0);
	close_fd(&c->pidfd);
}

int spawn_memory(const void *bytes, size_t len)
{
	int fd = memfd_create("stream", MFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (!len || pwrite(fd, bytes, len, 0) == (ssize_t)len)
		return fd;
	close(fd);
	return -ENOMEM;
}

char *spawn_memory_text(int fd, size_t *len)
{
	struct stat st;
	char *text;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st))
		return NULL;
	text = malloc((size_t)st.st_size + 1);
	if (!text)
		return NULL;
	n = pread(fd, text, (size_t)st.st_size, 0);
	*len = n > 0 ? (size_t)n : 0;
	text[*len] = '\0';
	return text;
}

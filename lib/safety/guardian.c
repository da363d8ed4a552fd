/* SPDX-License-Identifier: GPL-2.0-only */
/* guardian.c - runs a command as its parent, reaps its orphans, and kills them when the supervisor
 * ends.
 *
 * A process of its own, so that the command is killed even after kill -9 of the supervisor, and so
 * that waiting for any child takes no other child from the supervisor. As it is the subreaper, its
 * RUSAGE_CHILDREN is the exact usage of all processes of the command.
 */
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "guardian.h"
#include "journal_undo.h"
#include "lib/base/rights.h"
#include "lib/base/units.h"

/* Where descriptors are once the guardian runs: 0, 1, 2 the command's, then these. */
enum { FD_LIFELINE = 3, FD_REPORT, FD_FREE };

/* What the command writes when it could not become what was asked for. */
struct exec_failure {
	int code; /* errno; 0 = none */
	enum guardian_step step;
};

struct guardian {
	const struct guardian_task *task;
	pid_t pid; /* the command; 0 = reaped */
	int go_fd, exec_fd;
	bool drained;
};

static void send(const struct guardian_report *report)
{
	ssize_t n UNUSED = write(FD_REPORT, report, sizeof(*report));
}

/* The command could not be forked: reports why and ends. */
static _Noreturn void refuse(int report_fd, int code)
{
	const struct guardian_report report = { .kind = GUARDIAN_FORKED, .value = code };
	ssize_t n UNUSED = write(report_fd, &report, sizeof(report));

	_exit(1);
}

/* Puts the five descriptors where they belong and closes every other one: a lock or pipe of the
 * supervisor that stayed open here would outlive it. -EMFILE. */
static int settle_descriptors(const int stdio_fds[3], int lifeline_fd, int report_fd)
{
	const int from[] = { stdio_fds[0], stdio_fds[1], stdio_fds[2], lifeline_fd, report_fd };
	int high[ARRAY_SIZE(from)];

	for (size_t i = 0; i < ARRAY_SIZE(from); i++) {
		int fd = from[i] < 0 ? open("/dev/null", O_RDWR) : from[i];

		high[i] = fd < 0 ? -1 : fcntl(fd, F_DUPFD, FD_FREE);
		if (high[i] < 0)
			return -errno;
	}
	for (int i = 0; i < (int)ARRAY_SIZE(from); i++)
		dup2(high[i], i);
	close_range(FD_FREE, ~0U, 0);
	fcntl(FD_LIFELINE, F_SETFD, FD_CLOEXEC);
	fcntl(FD_REPORT, F_SETFD, FD_CLOEXEC);
	return 0;
}

/* The guardian closes the command's streams, or their readers would wait for it too. */
static void drop_streams(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int i = 0; i < FD_LIFELINE; i++)
		dup2(fd, i);
	if (fd >= FD_LIFELINE)
		close(fd);
}

static void set_signals(void (*handler)(int))
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGQUIT };

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		signal(signals[i], handler);
}

static void raise_oom_score(int wanted)
{
	char text[16];
	ssize_t n = sysroot_read(NULL, text, sizeof(text), NULL, "/proc/self/oom_score_adj");

	if (n <= 0 || atoi(text) >= wanted)
		return;
	snprintf(text, sizeof(text), "%d", wanted);
	sysroot_write(NULL, text, NULL, "/proc/self/oom_score_adj");
}

/* The forked command: waits for its release, then becomes what was asked for. */
static _Noreturn void command_main(const struct guardian_task *task, pid_t guardian, int go_fd,
				   int exec_fd)
{
	const struct rlimit no_core = { 0, 0 }; /* a core file holds pages */
	struct exec_failure failed = { .step = GUARDIAN_STEP_RUN };
	sigset_t none;
	char go;

	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (read(go_fd, &go, 1) != 1)
		_exit(127);
	raise_oom_score(task->oom_score_adj);
	setrlimit(RLIMIT_CORE, &no_core);
	/* Has no effect on kernels without network namespaces. */
	if (task->no_network && !rights_missing(RIGHT(CAP_SYS_ADMIN)))
		unshare(CLONE_NEWNET);
	failed.code = -caller_become(task->user);
	if (failed.code) {
		failed.step = GUARDIAN_STEP_USER;
	} else if (task->cwd && chdir(task->cwd)) {
		failed.code = errno;
		failed.step = GUARDIAN_STEP_DIRECTORY;
	}
	/* After the change of user, which clears it; the parent may have died before. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != guardian)
		_exit(127);
	set_signals(SIG_DFL);
	if (!failed.code) {
		execvp(task->argv[0], task->argv);
		failed.code = errno;
	}

	ssize_t n UNUSED = write(exec_fd, &failed, sizeof(failed));

	_exit(127);
}

static int start_command(struct guardian *g)
{
	const pid_t self = getpid();
	int go[2], exec[2];

	if (pipe2(go, O_CLOEXEC) || pipe2(exec, O_CLOEXEC))
		return -errno;
	g->pid = fork();
	if (g->pid < 0)
		return -errno;
	if (!g->pid) {
		close(go[1]);
		close(exec[0]);
		command_main(g->task, self, go[0], exec[1]);
	}
	close(go[0]);
	close(exec[1]);
	g->go_fd = go[1];
	g->exec_fd = exec[0];
	return 0;
}

/* Lets the command exec and reports the result: a successful exec closes the pipe. */
static void release(struct guardian *g)
{
	struct exec_failure failed = { 0 };
	struct guardian_report report = { .kind = GUARDIAN_EXEC, .ns = monotonic_ns() };
	ssize_t n = write(g->go_fd, "r", 1);

	if (n == 1 && read(g->exec_fd, &failed, sizeof(failed)) == sizeof(failed)) {
		report.value = failed.code;
		report.step = failed.step;
	}
	close(g->go_fd);
	close(g->exec_fd);
	send(&report);
}

static void report_usage(void)
{
	struct guardian_report report = { .kind = GUARDIAN_DRAINED, .ns = monotonic_ns() };
	struct rusage usage;

	getrusage(RUSAGE_CHILDREN, &usage);
	report.user_ns = (uint64_t)usage.ru_utime.tv_sec * NS_PER_S +
			 (uint64_t)usage.ru_utime.tv_usec * NS_PER_US;
	report.system_ns = (uint64_t)usage.ru_stime.tv_sec * NS_PER_S +
			   (uint64_t)usage.ru_stime.tv_usec * NS_PER_US;
	report.minor_faults = (uint64_t)usage.ru_minflt;
	report.major_faults = (uint64_t)usage.ru_majflt;
	report.max_rss_bytes = (uint64_t)usage.ru_maxrss * KIB;
	send(&report);
}

static void reap(struct guardian *g)
{
	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, WNOHANG);

		if (pid == 0)
			return;
		if (pid < 0)
			break;
		if (pid == g->pid) {
			const struct guardian_report report = { .kind = GUARDIAN_EXITED,
								.value = status,
								.ns = monotonic_ns() };

			g->pid = 0;
			send(&report);
		}
	}
	if (!g->pid && !g->drained) {
		g->drained = true;
		report_usage();
	}
}

/* Children of killed ones become ours and are killed in the next round. */
void guardian_kill_children(void)
{
	char text[4096], *at, *word;
	uint64_t pid;

	for (int round = 0; round < 1000 && waitpid(-1, NULL, WNOHANG) >= 0; round++) {
		if (sysroot_read(NULL, text, sizeof(text), NULL, "/proc/self/task/%d/children",
				 getpid()) < 0)
			return;
		for (at = text; (word = strsep(&at, " "));)
			if (!units_parse_u64(word, &pid, NULL))
				kill((pid_t)pid, SIGKILL);
		sleep_ns(NS_PER_MS);
	}
}

static _Noreturn void finish(const struct guardian *g)
{
	const struct guardian_task *task = g->task;

	if (g->pid)
		kill(g->pid, SIGKILL);
	if (task->group)
		cgroup_kill(task->group, 5 * NS_PER_S, NULL);
	guardian_kill_children();
	if (task->group)
		cgroup_remove(task->group, 5 * NS_PER_S, NULL);
	if (task->scratch)
		journal_remove_tree(task->scratch, NULL);
	_exit(0);
}

_Noreturn void guardian_main(const struct guardian_task *task, int lifeline_fd, int report_fd)
{
	struct guardian g = { .task = task };
	struct signalfd_siginfo info;
	struct pollfd fds[2] = { { .fd = FD_LIFELINE, .events = POLLIN }, { .events = POLLIN } };
	sigset_t child;
	char byte;
	int rc = settle_descriptors(task->stdio_fds, lifeline_fd, report_fd);

	if (rc)
		refuse(report_fd, rc);
	setsid();
	set_signals(SIG_IGN);
	prctl(PR_SET_NAME, "coldpress-guard");
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_SETMASK, &child, NULL);
	rc = start_command(&g);
	if (rc)
		refuse(FD_REPORT, rc);
	send(&(struct guardian_report){ .kind = GUARDIAN_FORKED, .value = g.pid });
	drop_streams();
	if (chdir("/"))
		_exit(1);
	fds[1].fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			finish(&g);
		while (read(fds[1].fd, &info, sizeof(info)) > 0)
			;
		if (fds[0].revents) {
			if (read(FD_LIFELINE, &byte, 1) != 1)
				finish(&g);
			release(&g);
		}
		reap(&g);
	}
}

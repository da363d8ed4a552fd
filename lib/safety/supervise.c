/* SPDX-License-Identifier: GPL-2.0-only */
/* supervise.c - the supervisor's side: creates the group, watches the command, ends it, removes
 * everything. */
#include "supervise.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "guardian.h"
#include "journal.h"
#include "journal_undo.h"
#include "lib/base/stop.h"
#include "lib/base/units.h"
#include "lib/kernel/procfs.h"

#define SAMPLE_NS   (100 * NS_PER_MS)
#define KILL_NS     (5 * NS_PER_S) /* how long a killed process may take to be gone */
#define NO_GRACE_NS 0

const char *supervise_state_name(enum supervise_state state)
{
	static const char *const names[] = { "held",    "running", "ok", "failed",
					     "timeout", "aborted", "oom" };

	return (size_t)state < ARRAY_SIZE(names) ? names[state] : "unknown";
}

void supervise_config_init(struct supervise_config *config)
{
	struct procfs_meminfo memory;

	*config = (struct supervise_config){
		.name = "command",
		.stdin_fd = -1,
		.stdout_fd = STDOUT_FILENO,
		.stderr_fd = STDERR_FILENO,
		.memory_bytes = MISSING_U64,
		.swap_bytes = MISSING_U64,
		.pids = 4096,
		.duration_ns = SUPERVISE_DURATION_DEFAULT_NS,
		.psi_full_percent = MISSING_F64,
		.grace_ns = 2 * NS_PER_S,
		.oom_score_adj = 500,
	};
	if (!procfs_meminfo_read(NULL, &memory, NULL))
		config->reserve_bytes = supervise_reserve_bytes(memory.total_bytes);
}

/* ---- setting up ---- */

/* Marks each journal entry; the first failure is returned. */
static int mark_entries(struct supervised *supervised,
			int (*mark)(struct journal *, unsigned int, struct err *), struct err *e)
{
	int first = 0;

	for (size_t i = 0; i < ARRAY_SIZE(supervised->journal_ids); i++) {
		int rc = 0;

		if (supervised->journal_ids[i])
			rc = mark(supervised->config.journal, supervised->journal_ids[i], e);
		first = first ? first : rc;
	}
	return first;
}

static void forget_entries(struct supervised *supervised)
{
	memset(supervised->journal_ids, 0, sizeof(supervised->journal_ids));
}

/* Names the group and the scratch directory: never used twice while this process lives. */
static void make_name(const struct supervised *supervised, char name[64])
{
	static unsigned int serial;

	snprintf(name, 64, "coldpress.%d.%u.%s", getpid(), ++serial, supervised->config.name);
}

/* Writes the group to the journal, then creates it. */
static int create_group(struct supervised *supervised, struct err *e)
{
	struct cgroup *group = &supervised->group;
	struct journal *j = supervised->config.journal;
	int rc = 0;

	for (size_t tree = 0; j && !rc && tree < CGROUP_TREES; tree++)
		if (group->dir[tree][0])
			rc = journal_cgroup(j, group->dir[tree], &supervised->journal_ids[tree], e);
	if (!rc)
		rc = cgroup_create(group, e);
	if (!rc) {
		supervised->grouped = true;
		return mark_entries(supervised, journal_done, e);
	}
	mark_entries(supervised, journal_undone, NULL);
	forget_entries(supervised);
	return rc;
}

static int limit_memory(const struct supervised *supervised, struct err *e)
{
	const uint64_t memory = supervised->config.memory_bytes;
	const uint64_t swap = supervised->config.swap_bytes;

	if (memory == MISSING_U64 && swap == MISSING_U64)
		return 0;
	if (memory < SUPERVISE_MEMORY_FLOOR_BYTES)
		return err_say(e, EINVAL,
			       "a memory limit below %llu MiB would only trigger the OOM killer",
			       (unsigned long long)(SUPERVISE_MEMORY_FLOOR_BYTES / MIB));
	return cgroup_limit_memory(&supervised->group, memory, swap, e);
}

static int make_group(struct supervised *supervised, const char *name, struct err *e)
{
	struct cgroup_layout layout;
	int rc = cgroup_layout_read(NULL, &layout, e);

	if (!rc)
		rc = cgroup_place(&layout, name, &supervised->group, e);
	if (!rc)
		rc = create_group(supervised, e);
	if (!rc && supervised->config.pids != MISSING_U64)
		rc = cgroup_limit_pids(&supervised->group, supervised->config.pids, e);
	if (!rc)
		rc = cgroup_group_oom(&supervised->group, e);
	if (!rc)
		rc = limit_memory(supervised, e);
	return rc;
}

/* A directory of this name that exists is somebody else's: refused, not used. */
static int make_scratch(struct supervised *supervised, const char *name, struct err *e)
{
	struct journal *j = supervised->config.journal;
	char path[sizeof(supervised->scratch)];
	int rc = 0;

	if (!supervised->config.scratch_below)
		return 0;
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", supervised->config.scratch_below, name) >=
	    sizeof(path))
		return err_set(e, ENAMETOOLONG, "cannot make a directory below %s",
			       supervised->config.scratch_below);
	if (j)
		rc = journal_path(j, path, &supervised->journal_ids[CGROUP_TREES], e);
	if (rc)
		return rc;
	if (mkdir(path, 0700))
		return err_set(e, errno, "cannot make the directory %s", path);
	memcpy(supervised->scratch, path, sizeof(path));
	if (geteuid() == 0 && lchown(path, supervised->user.uid, supervised->user.gid))
		return err_set(e, errno, "cannot give %s to user %u", path, supervised->user.uid);
	return 0;
}

/* In the forked process. */
static _Noreturn void be_guardian(const struct supervised *supervised, int lifeline_fd,
				  int report_fd)
{
	const struct supervise_config *config = &supervised->config;
	const char *scratch = supervised->scratch[0] ? supervised->scratch : NULL;
	const struct guardian_task task = {
		.argv = config->argv,
		.cwd = config->cwd ? config->cwd : scratch,
		.scratch = scratch,
		.group = supervised->grouped ? &supervised->group : NULL,
		.user = &supervised->user,
		.stdio_fds = { config->stdin_fd, config->stdout_fd, config->stderr_fd },
		.oom_score_adj = config->oom_score_adj,
		.no_network = config->no_network,
	};

	guardian_main(&task, lifeline_fd, report_fd);
}

static int start_guardian(struct supervised *supervised, struct err *e)
{
	int lifeline[2], report[2];

	if (pipe2(lifeline, O_CLOEXEC))
		return err_set(e, errno, "cannot make a pipe");
	supervised->lifeline_fd = lifeline[1];
	if (pipe2(report, O_CLOEXEC)) {
		close(lifeline[0]);
		return err_set(e, errno, "cannot make a pipe");
	}
	supervised->report_fd = report[0];
	fcntl(supervised->report_fd, F_SETFL, O_NONBLOCK);
	supervised->guardian_pid = fork();
	if (!supervised->guardian_pid)
		be_guardian(supervised, lifeline[0], report[1]);
	close(lifeline[0]);
	close(report[1]);
	if (supervised->guardian_pid < 0) {
		supervised->guardian_pid = 0;
		return err_set(e, errno, "cannot fork");
	}
	return 0;
}

/* ---- reports of the guardian ---- */

static void take_exit(struct supervised *supervised, const struct guardian_report *report)
{
	struct supervise_result *result = &supervised->result;
	int status = report->value;

	supervised->pid = 0;
	if (supervised->begin_ns)
		result->wall_ns = report->ns - supervised->begin_ns;
	result->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	result->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	if (supervised->state > SUPERVISE_RUNNING)
		return; /* we ended it and know why */
	supervised->state =
		WIFEXITED(status) && !WEXITSTATUS(status) ? SUPERVISE_OK : SUPERVISE_FAILED;
	if (result->signal)
		snprintf(result->why, sizeof(result->why), "ended by signal %d (%s)",
			 result->signal, strsignal(result->signal));
	else if (result->exit_status)
		snprintf(result->why, sizeof(result->why), "exit status %d", result->exit_status);
}

static void take_usage(struct supervised *supervised, const struct guardian_report *report)
{
	supervised->drained = true;
	supervised->result.user_ns = report->user_ns;
	supervised->result.system_ns = report->system_ns;
	supervised->result.minor_fault_count = report->minor_faults;
	supervised->result.major_fault_count = report->major_faults;
	supervised->result.max_rss_bytes = report->max_rss_bytes;
}

/* The next report, waiting for it at most wait_ns.
 *
 * returns  1 taken, 0 none came, -EPIPE the guardian is gone
 */
static int take_report(struct supervised *supervised, uint64_t wait_ns, struct guardian_report *ret)
{
	struct pollfd fd = { .fd = supervised->report_fd, .events = POLLIN };
	ssize_t n = -1;

	if (supervised->report_fd < 0)
		return -EPIPE;
	if (poll(&fd, 1, (int)(wait_ns / NS_PER_MS)) > 0)
		n = read(supervised->report_fd, ret, sizeof(*ret));
	if (n == 0)
		return -EPIPE;
	if (n != sizeof(*ret))
		return 0;
	if (ret->kind == GUARDIAN_FORKED)
		supervised->pid = MAX(ret->value, 0);
	else if (ret->kind == GUARDIAN_EXITED)
		take_exit(supervised, ret);
	else if (ret->kind == GUARDIAN_DRAINED)
		take_usage(supervised, ret);
	return 1;
}

/* Takes reports until one of this kind came. -ETIMEDOUT, -EPIPE. */
static int await_report(struct supervised *supervised, enum guardian_report_kind kind,
			uint64_t timeout_ns, struct guardian_report *ret)
{
	const uint64_t begin = monotonic_ns();

	for (;;) {
		const uint64_t spent = monotonic_ns() - begin;
		int rc;

		if (spent > timeout_ns)
			return -ETIMEDOUT;
		rc = take_report(supervised, MIN(timeout_ns - spent, SAMPLE_NS), ret);
		if (rc < 0 || (rc && ret->kind == kind))
			return rc < 0 ? rc : 0;
	}
}

/* ---- ending ---- */

/* TERM, grace, KILL to all; the state stays what the reason for it is. */
static void end_all(struct supervised *supervised, uint64_t grace_ns)
{
	struct guardian_report report;

	if (supervised->pid && supervised->state != SUPERVISE_HELD && grace_ns) {
		if (!supervised->grouped || cgroup_signal(&supervised->group, SIGTERM, NULL))
			kill(-supervised->pid, SIGTERM);
		await_report(supervised, GUARDIAN_EXITED, grace_ns, &report);
	}
	/* The guardian reaps the command, so its PID may be another's by now: the group is safer.
	 */
	if (supervised->grouped)
		cgroup_kill(&supervised->group, KILL_NS, NULL);
	else if (supervised->pid)
		kill(supervised->pid, SIGKILL);
	if (supervised->pid)
		await_report(supervised, GUARDIAN_EXITED, KILL_NS, &report);
}

static void end_as(struct supervised *supervised, enum supervise_state state, uint64_t grace_ns,
		   const char *fmt, ...) PRINTF_LIKE(4, 5);

static void end_as(struct supervised *supervised, enum supervise_state state, uint64_t grace_ns,
		   const char *fmt, ...)
{
	const bool held = supervised->state == SUPERVISE_HELD;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(supervised->result.why, sizeof(supervised->result.why), fmt, ap);
	va_end(ap);
	supervised->state = state;
	end_all(supervised, held ? NO_GRACE_NS : grace_ns);
}

/* ---- watching ---- */

static void check_bounds(struct supervised *supervised)
{
	const struct supervise_config *config = &supervised->config;
	char text[UNITS_TEXT_MAX], why[WATCH_WHY_MAX];

	if (config->duration_ns != MISSING_U64 &&
	    monotonic_ns() - supervised->begin_ns >= config->duration_ns)
		end_as(supervised, SUPERVISE_TIMEOUT, config->grace_ns, "not done after %s",
		       units_format_duration(config->duration_ns, text));
	else if (watch_check(&supervised->watch, why))
		end_as(supervised, SUPERVISE_ABORTED, NO_GRACE_NS, "%s", why);
}

int supervise_poll(struct supervised *supervised, struct err *e)
{
	struct guardian_report report;
	int rc;

	while ((rc = take_report(supervised, 0, &report)) > 0)
		;
	if (rc == -EPIPE && supervised->state <= SUPERVISE_RUNNING)
		end_as(supervised, SUPERVISE_ABORTED, NO_GRACE_NS, "its guardian was killed");
	if (supervised->state == SUPERVISE_HELD)
		return err_say(e, EINVAL, "a held command is waited for before its release");
	if (supervised->state == SUPERVISE_RUNNING &&
	    monotonic_ns() - supervised->sampled_ns >= SAMPLE_NS) {
		supervised->sampled_ns = monotonic_ns();
		watch_sample(&supervised->watch, supervised->grouped ? &supervised->group : NULL);
		check_bounds(supervised);
	}
	return supervised->state > SUPERVISE_RUNNING;
}

int supervise_wait(struct supervised *supervised, struct err *e)
{
	for (;;) {
		struct pollfd fd = { .fd = supervised->report_fd, .events = POLLIN };
		int rc = supervise_poll(supervised, e);

		if (rc)
			return MIN(rc, 0);
		if (stop_requested())
			return err_set(e, EINTR, "stopped while '%s' ran",
				       supervised->config.argv[0]);
		poll(&fd, 1, (int)(SAMPLE_NS / NS_PER_MS));
	}
}

/* ---- start, release, stop ---- */

static void init(struct supervised *supervised, const struct supervise_config *config)
{
	*supervised = (struct supervised){
		.config = *config,
		.lifeline_fd = -1,
		.report_fd = -1,
		.state = SUPERVISE_HELD,
		.watch = { .memory_bytes = config->memory_bytes,
			   .reserve_bytes = config->reserve_bytes,
			   .full_pool = config->abort_on_full_pool,
			   .psi_full_percent = config->psi_full_percent,
			   .used_bytes = MISSING_U64,
			   .peak_bytes = MISSING_U64,
			   .peak_swap_bytes = MISSING_U64 },
	};
	/* every figure is missing so far */
	memset(&supervised->result, 0xff, sizeof(supervised->result));
	supervised->result.exit_status = -1;
	supervised->result.signal = 0;
	supervised->result.why[0] = '\0';
}

/* Group, scratch directory, guardian; the command is forked and waits. */
static int set_up(struct supervised *supervised, struct err *e)
{
	const struct supervise_config *config = &supervised->config;
	struct guardian_report report;
	struct err no_group = { .code = 0 };
	char name[64];
	int rc;

	make_name(supervised, name);
	rc = make_group(supervised, name, &no_group);
	if (rc &&
	    !(config->group_optional && no_group.exit == EXIT_IMPOSSIBLE && !supervised->grouped)) {
		*e = no_group;
		return rc;
	}
	rc = make_scratch(supervised, name, e);
	if (!rc)
		rc = start_guardian(supervised, e);
	if (rc)
		return rc;
	if (await_report(supervised, GUARDIAN_FORKED, KILL_NS, &report))
		return err_say(e, EAGAIN, "cannot start '%s': its process could not be created",
			       config->argv[0]);
	if (report.value < 0)
		return err_set(e, report.value, "cannot start '%s'", config->argv[0]);
	return supervised->grouped ? cgroup_enter(&supervised->group, supervised->pid, e) : 0;
}

int supervise_start(struct supervised *supervised, const struct supervise_config *config,
		    struct err *e)
{
	struct err why = { .code = 0 };
	int rc = 0;

	init(supervised, config);
	if (!config->argv || !config->argv[0] || !config->argv[0][0])
		return err_usage(e, "the command to run is missing");
	if (config->user)
		supervised->user = *config->user;
	else
		rc = caller_read(&supervised->user, &why);
	if (!rc)
		rc = set_up(supervised, &why);
	if (!rc && !config->held)
		rc = supervise_release(supervised, &why);
	if (!rc)
		return 0;
	if (e)
		*e = why;
	supervise_stop(supervised, NULL, NULL);
	return rc;
}

static int exec_error(const struct supervised *supervised, const struct guardian_report *report,
		      struct err *e)
{
	const char *name = supervised->config.argv[0];

	if (report->step == GUARDIAN_STEP_USER)
		return err_set(e, report->value, "cannot become user %u to run '%s'",
			       supervised->user.uid, name);
	if (report->step == GUARDIAN_STEP_DIRECTORY)
		return err_set(e, report->value, "cannot enter %s to run '%s'",
			       supervised->config.cwd, name);
	return err_set(e, report->value, "cannot run '%s'", name);
}

int supervise_release(struct supervised *supervised, struct err *e)
{
	struct guardian_report report;
	int rc;

	if (supervised->state != SUPERVISE_HELD)
		return err_say(e, EINVAL, "'%s' is released already", supervised->config.argv[0]);
	rc = write(supervised->lifeline_fd, "r", 1) == 1
		     ? await_report(supervised, GUARDIAN_EXEC, KILL_NS, &report)
		     : -EPIPE;
	if (rc == -ETIMEDOUT)
		return err_say(e, ETIMEDOUT, "cannot run '%s': it did not start within %llu s",
			       supervised->config.argv[0],
			       (unsigned long long)(KILL_NS / NS_PER_S));
	if (rc)
		return err_say(e, EPIPE, "cannot run '%s': its guardian was killed",
			       supervised->config.argv[0]);
	if (report.value) {
		supervised->state = SUPERVISE_FAILED;
		snprintf(supervised->result.why, sizeof(supervised->result.why),
			 "could not be run: %s", strerror(report.value));
		return exec_error(supervised, &report, e);
	}
	supervised->begin_ns = report.ns;
	supervised->state = SUPERVISE_RUNNING;
	return 0;
}

/* The group's last values. An OOM kill explains a command that failed. */
static void take_last(struct supervised *supervised)
{
	struct supervise_result *result = &supervised->result;

	if (cgroup_stat_read(&supervised->group, &result->last, NULL))
		return;
	watch_peak_swap(&supervised->watch, result->last.swap_bytes);
	if (supervised->state != SUPERVISE_FAILED || result->last.oom_kill_count == MISSING_U64 ||
	    !result->last.oom_kill_count)
		return;
	supervised->state = SUPERVISE_OOM;
	snprintf(result->why, sizeof(result->why),
		 "the kernel killed %llu of its processes for lack of memory",
		 (unsigned long long)result->last.oom_kill_count);
}

static int remove_all(struct supervised *supervised, struct err *e)
{
	int rc = 0;

	if (supervised->grouped)
		rc = cgroup_remove(&supervised->group, KILL_NS, e);
	if (!rc && supervised->scratch[0])
		rc = journal_remove_tree(supervised->scratch, e);
	if (!rc)
		rc = mark_entries(supervised, journal_undone, e);
	supervised->grouped = false;
	supervised->scratch[0] = '\0';
	forget_entries(supervised);
	if (supervised->lifeline_fd >= 0)
		close(supervised->lifeline_fd);
	supervised->lifeline_fd = -1;
	if (supervised->guardian_pid)
		while (waitpid(supervised->guardian_pid, NULL, 0) < 0 && errno == EINTR)
			;
	supervised->guardian_pid = 0;
	if (supervised->report_fd >= 0)
		close(supervised->report_fd);
	supervised->report_fd = -1;
	return rc;
}

int supervise_stop(struct supervised *supervised, struct supervise_result *ret, struct err *e)
{
	struct guardian_report report;
	int rc;

	if (supervised->guardian_pid)
		while (take_report(supervised, 0, &report) > 0)
			;
	if (supervised->state <= SUPERVISE_RUNNING)
		end_as(supervised, SUPERVISE_ABORTED, supervised->config.grace_ns, "stopped");
	else
		end_all(supervised, NO_GRACE_NS);
	if (supervised->guardian_pid && !supervised->drained)
		await_report(supervised, GUARDIAN_DRAINED, KILL_NS, &report);
	if (supervised->grouped)
		take_last(supervised);
	rc = remove_all(supervised, e);
	supervised->result.state = supervised->state;
	supervised->result.peak_bytes = supervised->watch.peak_bytes;
	supervised->result.peak_swap_bytes = supervised->watch.peak_swap_bytes;
	if (ret)
		*ret = supervised->result;
	return rc;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* supervise.c - the supervisor's side: creates the group, watches the command, ends it, removes
 * everything. */
#include "supervise.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
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

int supervise_memory_read(struct procfs_meminfo *ret, struct err *e)
{
	struct cgroup_layout layout;
	int rc = procfs_meminfo_read(NULL, ret, e);

	if (!rc && !cgroup_layout_read(NULL, &layout, NULL))
		cgroup_bound(&layout, ret);
	return rc;
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
	if (!supervise_memory_read(&memory, NULL))
		config->reserve_bytes = supervise_reserve_bytes(memory.total_bytes);
}

/* ---- setting up ---- */

/* Marks each journal entry; the first failure is returned. */
static int mark_entries(struct supervised *s,
			int (*mark)(struct journal *, unsigned int, struct err *), struct err *e)
{
	int first = 0;

	for (size_t i = 0; i < ARRAY_SIZE(s->journal_ids); i++) {
		int rc = 0;

		if (s->journal_ids[i])
			rc = mark(s->config.journal, s->journal_ids[i], e);
		first = first ? first : rc;
	}
	return first;
}

static void forget_entries(struct supervised *s)
{
	memset(s->journal_ids, 0, sizeof(s->journal_ids));
}

/* Names the group and the scratch directory: never used twice while this process lives. */
static void make_name(const struct supervised *s, char name[64])
{
	static unsigned int serial;

	snprintf(name, 64, "coldpress.%d.%u.%s", getpid(), ++serial, s->config.name);
}

/* Writes the group to the journal, then creates it. */
static int create_group(struct supervised *s, struct err *e)
{
	struct cgroup *group = &s->group;
	struct journal *j = s->config.journal;
	int rc = 0;

	for (size_t tree = 0; j && !rc && tree < CGROUP_TREES; tree++)
		if (group->dir[tree][0])
			rc = journal_cgroup(j, group->dir[tree], &s->journal_ids[tree], e);
	if (!rc)
		rc = cgroup_create(group, e);
	if (!rc) {
		s->grouped = true;
		return mark_entries(s, journal_done, e);
	}
	mark_entries(s, journal_undone, NULL);
	forget_entries(s);
	return rc;
}

static int limit_memory(const struct supervised *s, struct err *e)
{
	const uint64_t memory = s->config.memory_bytes;
	const uint64_t swap = s->config.swap_bytes;

	if (memory == MISSING_U64 && swap == MISSING_U64)
		return 0;
	if (memory < SUPERVISE_MEMORY_FLOOR_BYTES)
		return err_say(e, EINVAL,
			       "a memory limit below %llu MiB would only trigger the OOM killer",
			       (unsigned long long)(SUPERVISE_MEMORY_FLOOR_BYTES / MIB));
	return cgroup_limit_memory(&s->group, memory, swap, e);
}

static int make_group(struct supervised *s, const char *name, struct err *e)
{
	struct cgroup_layout layout;
	int rc = cgroup_layout_read(NULL, &layout, e);

	if (!rc)
		rc = cgroup_place(&layout, name, &s->group, e);
	if (!rc)
		rc = create_group(s, e);
	if (!rc && s->config.pids != MISSING_U64)
		rc = cgroup_limit_pids(&s->group, s->config.pids, e);
	if (!rc)
		rc = cgroup_group_oom(&s->group, e);
	if (!rc)
		rc = limit_memory(s, e);
	return rc;
}

/* A directory of this name that exists is somebody else's: refused, not used. */
static int make_scratch(struct supervised *s, const char *name, struct err *e)
{
	struct journal *j = s->config.journal;
	char path[sizeof(s->scratch)];
	int rc = 0;

	if (!s->config.scratch_below)
		return 0;
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", s->config.scratch_below, name) >=
	    sizeof(path))
		return err_set(e, ENAMETOOLONG, "cannot make a directory below %s",
			       s->config.scratch_below);
	if (j)
		rc = journal_path(j, path, &s->journal_ids[CGROUP_TREES], e);
	if (rc)
		return rc;
	if (mkdir(path, 0700))
		return err_set(e, errno, "cannot make the directory %s", path);
	memcpy(s->scratch, path, sizeof(path));
	if (s->user.uid != geteuid() && lchown(path, s->user.uid, s->user.gid))
		return err_set(e, errno, "cannot give %s to user %u", path, s->user.uid);
	return 0;
}

/* In the forked process. */
static _Noreturn void be_guardian(const struct supervised *s, int lifeline_fd, int report_fd)
{
	const struct supervise_config *config = &s->config;
	const char *scratch = s->scratch[0] ? s->scratch : NULL;
	const struct guardian_task task = {
		.argv = config->argv,
		.cwd = config->cwd ? config->cwd : scratch,
		.scratch = scratch,
		.group = s->grouped ? &s->group : NULL,
		.user = &s->user,
		.stdio_fds = { config->stdin_fd, config->stdout_fd, config->stderr_fd },
		.oom_score_adj = config->oom_score_adj,
		.no_network = config->no_network,
	};

	guardian_main(&task, lifeline_fd, report_fd);
}

static int start_guardian(struct supervised *s, struct err *e)
{
	int lifeline[2], report[2];

	if (pipe2(lifeline, O_CLOEXEC))
		return err_set(e, errno, "cannot make a pipe");
	s->lifeline_fd = lifeline[1];
	if (pipe2(report, O_CLOEXEC)) {
		close(lifeline[0]);
		return err_set(e, errno, "cannot make a pipe");
	}
	s->report_fd = report[0];
	fcntl(s->report_fd, F_SETFL, O_NONBLOCK);
	s->guardian_pid = fork();
	if (!s->guardian_pid)
		be_guardian(s, lifeline[0], report[1]);
	close(lifeline[0]);
	close(report[1]);
	if (s->guardian_pid < 0) {
		s->guardian_pid = 0;
		return err_set(e, errno, "cannot fork");
	}
	return 0;
}

/* ---- reports of the guardian ---- */

static void take_exit(struct supervised *s, const struct guardian_report *report)
{
	struct supervise_result *result = &s->result;
	int status = report->value;

	s->pid = 0;
	if (s->begin_ns)
		result->wall_ns = report->ns - s->begin_ns;
	result->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	result->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	if (s->state > SUPERVISE_RUNNING)
		return; /* we ended it and know why */
	s->state = WIFEXITED(status) && !WEXITSTATUS(status) ? SUPERVISE_OK : SUPERVISE_FAILED;
	if (result->signal)
		snprintf(result->why, sizeof(result->why), "ended by signal %d (%s)",
			 result->signal, strsignal(result->signal));
	else if (result->exit_status)
		snprintf(result->why, sizeof(result->why), "exit status %d", result->exit_status);
}

static void take_usage(struct supervised *s, const struct guardian_report *report)
{
	s->drained = true;
	s->result.user_ns = report->user_ns;
	s->result.system_ns = report->system_ns;
	s->result.minor_fault_count = report->minor_faults;
	s->result.major_fault_count = report->major_faults;
	s->result.max_rss_bytes = report->max_rss_bytes;
}

/* The next report, waiting for it at most wait_ns.
 *
 * returns  1 taken, 0 none came, -EPIPE the guardian is gone
 */
static int take_report(struct supervised *s, uint64_t wait_ns, struct guardian_report *ret)
{
	struct pollfd fd = { .fd = s->report_fd, .events = POLLIN };
	ssize_t n = -1;

	if (s->report_fd < 0)
		return -EPIPE;
	if (poll(&fd, 1, (int)(wait_ns / NS_PER_MS)) > 0)
		n = read(s->report_fd, ret, sizeof(*ret));
	if (n == 0)
		return -EPIPE;
	if (n != sizeof(*ret))
		return 0;
	if (ret->kind == GUARDIAN_FORKED)
		s->pid = MAX(ret->value, 0);
	else if (ret->kind == GUARDIAN_EXITED)
		take_exit(s, ret);
	else if (ret->kind == GUARDIAN_DRAINED)
		take_usage(s, ret);
	return 1;
}

/* Takes reports until one of this kind came. -ETIMEDOUT, -EPIPE. */
static int await_report(struct supervised *s, enum guardian_report_kind kind, uint64_t timeout_ns,
			struct guardian_report *ret)
{
	const uint64_t begin = monotonic_ns();

	for (;;) {
		const uint64_t spent = monotonic_ns() - begin;
		int rc;

		if (spent > timeout_ns)
			return -ETIMEDOUT;
		rc = take_report(s, MIN(timeout_ns - spent, SAMPLE_NS), ret);
		if (rc < 0 || (rc && ret->kind == kind))
			return rc < 0 ? rc : 0;
	}
}

/* ---- ending ---- */

/* TERM, grace, KILL to all; the state is left as it is. */
static void end_all(struct supervised *s, uint64_t grace_ns)
{
	struct guardian_report report;

	if (s->pid && s->state != SUPERVISE_HELD && grace_ns) {
		if (!s->grouped || cgroup_signal(&s->group, SIGTERM, NULL))
			kill(-s->pid, SIGTERM);
		await_report(s, GUARDIAN_EXITED, grace_ns, &report);
	}
	/* The guardian reaps the command, so its PID may be another's by now: the group is safer.
	 */
	if (s->grouped)
		cgroup_kill(&s->group, KILL_NS, NULL);
	else if (s->pid)
		kill(s->pid, SIGKILL);
	if (s->pid)
		await_report(s, GUARDIAN_EXITED, KILL_NS, &report);
}

static void end_as(struct supervised *s, enum supervise_state state, uint64_t grace_ns,
		   const char *why)
{
	const bool held = s->state == SUPERVISE_HELD;

	snprintf(s->result.why, sizeof(s->result.why), "%s", why);
	s->state = state;
	end_all(s, held ? NO_GRACE_NS : grace_ns);
}

/* ---- watching ---- */

/* Whether a limit of the group was taken away, by whomever: what ran since was not limited. */
static bool limits_lost(const struct supervised *s, char why[WATCH_WHY_MAX])
{
	const struct supervise_config *config = &s->config;
	struct err e;

	if (!s->grouped || !cgroup_limits_check(&s->group, config->memory_bytes, config->swap_bytes,
						config->pids, &e))
		return false;
	snprintf(why, WATCH_WHY_MAX, "%.*s", WATCH_WHY_MAX - 1, e.what);
	return true;
}

static void check_bounds(struct supervised *s)
{
	const struct supervise_config *config = &s->config;
	char text[UNITS_TEXT_MAX], why[WATCH_WHY_MAX];

	if (config->duration_ns != MISSING_U64 &&
	    monotonic_ns() - s->begin_ns >= config->duration_ns) {
		snprintf(why, sizeof(why), "not done after %s",
			 units_format_duration(config->duration_ns, text));
		end_as(s, SUPERVISE_TIMEOUT, config->grace_ns, why);
	} else if (limits_lost(s, why) || watch_check(&s->watch, why)) {
		end_as(s, SUPERVISE_ABORTED, NO_GRACE_NS, why);
	}
}

int supervise_poll(struct supervised *s, struct err *e)
{
	struct guardian_report report;
	int rc;

	while ((rc = take_report(s, 0, &report)) > 0)
		;
	if (rc == -EPIPE && s->state <= SUPERVISE_RUNNING)
		end_as(s, SUPERVISE_ABORTED, NO_GRACE_NS, "its guardian was killed");
	if (s->state == SUPERVISE_HELD)
		return err_say(e, EINVAL, "a held command is waited for before its release");
	if (s->state == SUPERVISE_RUNNING && monotonic_ns() - s->sampled_ns >= SAMPLE_NS) {
		s->sampled_ns = monotonic_ns();
		watch_sample(&s->watch, s->grouped ? &s->group : NULL);
		check_bounds(s);
	}
	return s->state > SUPERVISE_RUNNING;
}

int supervise_wait(struct supervised *s, struct err *e)
{
	for (;;) {
		struct pollfd fd = { .fd = s->report_fd, .events = POLLIN };
		int rc = supervise_poll(s, e);

		if (rc)
			return MIN(rc, 0);
		if (stop_requested())
			return err_set(e, EINTR, "stopped while '%s' ran", s->config.argv[0]);
		poll(&fd, 1, (int)(SAMPLE_NS / NS_PER_MS));
	}
}

/* ---- start, release, stop ---- */

static void init(struct supervised *s, const struct supervise_config *config)
{
	*s = (struct supervised){
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
	memset(&s->result, 0xff, sizeof(s->result));
	s->result.exit_status = -1;
	s->result.signal = 0;
	s->result.why[0] = '\0';
	cgroup_layout_read(NULL, &s->watch.layout, NULL);
}

/* Group, scratch directory, guardian; the command is forked and waits. */
static int set_up(struct supervised *s, struct err *e)
{
	const struct supervise_config *config = &s->config;
	struct guardian_report report;
	struct err no_group = { .code = 0 };
	char name[64];
	int rc;

	make_name(s, name);
	rc = make_group(s, name, &no_group);
	if (rc && !(config->group_optional && no_group.exit == EXIT_IMPOSSIBLE && !s->grouped)) {
		*e = no_group;
		return rc;
	}
	rc = make_scratch(s, name, e);
	if (!rc)
		rc = start_guardian(s, e);
	if (rc)
		return rc;
	if (await_report(s, GUARDIAN_FORKED, KILL_NS, &report))
		return err_say(e, EAGAIN, "cannot start '%s': its process could not be created",
			       config->argv[0]);
	if (report.value < 0)
		return err_set(e, report.value, "cannot start '%s'", config->argv[0]);
	return s->grouped ? cgroup_enter(&s->group, s->pid, e) : 0;
}

int supervise_start(struct supervised *s, const struct supervise_config *config, struct err *e)
{
	struct err why = { .code = 0 };
	int rc = 0;

	init(s, config);
	if (!config->argv || !config->argv[0] || !config->argv[0][0])
		return err_usage(e, "the command to run is missing");
	if (config->user)
		s->user = *config->user;
	else
		rc = caller_read(&s->user, &why);
	if (!rc)
		rc = set_up(s, &why);
	if (!rc && !config->held)
		rc = supervise_release(s, &why);
	if (!rc)
		return 0;
	if (e)
		*e = why;
	supervise_stop(s, NULL, NULL);
	return rc;
}

static int exec_error(const struct supervised *s, const struct guardian_report *report,
		      struct err *e)
{
	const char *name = s->config.argv[0];

	if (report->step == GUARDIAN_STEP_USER)
		return err_set(e, report->value, "cannot become user %u to run '%s'", s->user.uid,
			       name);
	if (report->step == GUARDIAN_STEP_DIRECTORY)
		return err_set(e, report->value, "cannot enter %s to run '%s'",
			       s->config.cwd ? s->config.cwd : s->scratch, name);
	return err_set(e, report->value, "cannot run '%s'", name);
}

int supervise_release(struct supervised *s, struct err *e)
{
	struct guardian_report report;
	int rc;

	if (s->state != SUPERVISE_HELD)
		return err_say(e, EINVAL, "'%s' is released already", s->config.argv[0]);
	rc = write(s->lifeline_fd, "r", 1) == 1 ? await_report(s, GUARDIAN_EXEC, KILL_NS, &report)
						: -EPIPE;
	if (rc == -ETIMEDOUT)
		return err_say(e, ETIMEDOUT, "cannot run '%s': it did not start within %llu s",
			       s->config.argv[0], (unsigned long long)(KILL_NS / NS_PER_S));
	if (rc)
		return err_say(e, EPIPE, "cannot run '%s': its guardian was killed",
			       s->config.argv[0]);
	if (report.value) {
		s->state = SUPERVISE_FAILED;
		snprintf(s->result.why, sizeof(s->result.why), "could not be run: %s",
			 strerror(report.value));
		return exec_error(s, &report, e);
	}
	s->begin_ns = report.ns;
	s->state = SUPERVISE_RUNNING;
	return 0;
}

/* The group's last values. An OOM kill explains a command that failed. */
static void take_last(struct supervised *s)
{
	struct supervise_result *result = &s->result;

	/* Since the last sample, too. */
	if ((s->state == SUPERVISE_OK || s->state == SUPERVISE_FAILED) &&
	    limits_lost(s, result->why))
		s->state = SUPERVISE_ABORTED;

	if (cgroup_stat_read(&s->group, &result->last, NULL))
		return;
	watch_peak_swap(&s->watch, result->last.swap_bytes);
	if (s->state != SUPERVISE_FAILED || result->last.oom_kill_count == MISSING_U64 ||
	    !result->last.oom_kill_count)
		return;
	s->state = SUPERVISE_OOM;
	snprintf(result->why, sizeof(result->why),
		 "the kernel killed %llu of its processes for lack of memory",
		 (unsigned long long)result->last.oom_kill_count);
}

static int remove_all(struct supervised *s, struct err *e)
{
	int rc = 0;

	if (s->grouped)
		rc = cgroup_remove(&s->group, KILL_NS, e);
	if (!rc && s->scratch[0])
		rc = journal_remove_tree(s->scratch, e);
	if (!rc)
		rc = mark_entries(s, journal_undone, e);
	s->grouped = false;
	s->scratch[0] = '\0';
	forget_entries(s);
	if (s->lifeline_fd >= 0)
		close(s->lifeline_fd);
	s->lifeline_fd = -1;
	if (s->guardian_pid)
		while (waitpid(s->guardian_pid, NULL, 0) < 0 && errno == EINTR)
			;
	s->guardian_pid = 0;
	if (s->report_fd >= 0)
		close(s->report_fd);
	s->report_fd = -1;
	return rc;
}

int supervise_stop(struct supervised *s, struct supervise_result *ret, struct err *e)
{
	struct guardian_report report;
	int rc;

	if (s->guardian_pid)
		while (take_report(s, 0, &report) > 0)
			;
	if (s->state <= SUPERVISE_RUNNING)
		end_as(s, SUPERVISE_ABORTED, s->config.grace_ns, "stopped");
	else
		end_all(s, NO_GRACE_NS);
	if (s->guardian_pid && !s->drained)
		await_report(s, GUARDIAN_DRAINED, KILL_NS, &report);
	if (s->grouped)
		take_last(s);
	rc = remove_all(s, e);
	s->result.state = s->state;
	s->result.peak_bytes = s->watch.peak_bytes;
	s->result.peak_swap_bytes = s->watch.peak_swap_bytes;
	if (ret)
		*ret = s->result;
	return rc;
}

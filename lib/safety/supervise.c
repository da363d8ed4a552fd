/* SPDX-License-Identifier: GPL-2.0-only */
/* supervise.c - the maker's side: builds the supervised, watches it, ends it, takes it down. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "guardian.h"
#include "journal.h"
#include "journal_file.h"
#include "lib/kernel/procfs.h"
#include "lib/kernel/psi.h"
#include "lib/base/stop.h"
#include "lib/kernel/swap.h"
#include "lib/base/units.h"
#include "lib/kernel/zsmalloc.h"

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
		.name = "cage",
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

/* ---- building ---- */

static int note_group(struct supervised *supervised, struct err *e)
{
	struct journal *j = supervised->config.journal;

	for (size_t tree = 0; j && tree < CGROUP_TREES; tree++) {
		int rc;

		if (!supervised->group.dir[tree][0])
			continue;
		rc = journal_cgroup(j, supervised->group.dir[tree], &supervised->journal_ids[tree],
				    e);
		if (rc)
			return rc;
		supervised->journaled[tree] = true;
	}
	return 0;
}

static int settle_journal(struct supervised *supervised,
			  int (*how)(struct journal *, unsigned int, struct err *), struct err *e)
{
	int first = 0;

	for (size_t i = 0; i < ARRAY_SIZE(supervised->journaled); i++) {
		int rc = supervised->journaled[i]
				 ? how(supervised->config.journal, supervised->journal_ids[i], e)
				 : 0;

		first = first ? first : rc;
	}
	return first;
}

/* Names the group and the scratch directory: never used twice while this process lives. */
static void make_name(const struct supervised *supervised, char name[64])
{
	static unsigned int serial;

	snprintf(name, 64, "coldpress.%d.%u.%s", getpid(), ++serial, supervised->config.name);
}

static int make_group(struct supervised *supervised, const char *name, struct err *e)
{
	struct cgroup_layout layout;
	int rc;

	rc = cgroup_layout_read(NULL, &layout, e);
	if (rc)
		return rc;
	rc = cgroup_place(&layout, name, &supervised->group, e);
	if (!rc)
		rc = note_group(supervised, e);
	if (!rc)
		rc = cgroup_create(&supervised->group, e);
	if (rc) {
		settle_journal(supervised, journal_undone, NULL);
		memset(supervised->journaled, 0, sizeof(supervised->journaled));
		return rc;
	}
	supervised->grouped = true;
	rc = settle_journal(supervised, journal_done, e);
	if (!rc && supervised->config.pids != MISSING_U64)
		rc = cgroup_limit_pids(&supervised->group, supervised->config.pids, e);
	if (!rc)
		rc = cgroup_group_oom(&supervised->group, e);
	if (!rc && (supervised->config.memory_bytes != MISSING_U64 ||
		    supervised->config.swap_bytes != MISSING_U64))
		rc = supervise_limit(supervised, supervised->config.memory_bytes,
				     supervised->config.swap_bytes, e);
	return rc;
}

/* A name that is taken already is somebody else's directory: refused, not used. */
static int make_scratch(struct supervised *supervised, const char *name, struct err *e)
{
	struct journal *j = supervised->config.journal;
	char path[sizeof(supervised->scratch)];
	int rc;

	if (!supervised->config.scratch_below)
		return 0;
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", supervised->config.scratch_below, name) >=
	    sizeof(path))
		return err_set(e, ENAMETOOLONG, "cannot make a directory below %s",
			       supervised->config.scratch_below);
	rc = j ? journal_path(j, path, &supervised->journal_ids[CGROUP_TREES], e) : 0;
	if (rc)
		return rc;
	supervised->journaled[CGROUP_TREES] = j != NULL;
	if (mkdir(path, 0700))
		return err_set(e, errno, "cannot make the directory %s", path);
	memcpy(supervised->scratch, path, sizeof(path));
	if (geteuid() == 0 && lchown(path, supervised->user.uid, supervised->user.gid))
		return err_set(e, errno, "cannot give %s to user %u", path, supervised->user.uid);
	return 0;
}

int supervise_remove_scratch(const struct supervised *supervised, struct err *e)
{
	char path[sizeof(supervised->scratch)], what[256];
	const struct journal_entry entry = { .kind = JOURNAL_PATH, .path = path };

	memcpy(path, supervised->scratch, sizeof(path));
	return path[0] ? journal_undo(&entry, (struct journal_how){ .force = false }, what, e) : 0;
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
		guardian_main(supervised, lifeline[0], report[1]);
	close(lifeline[0]);
	close(report[1]);
	if (supervised->guardian_pid < 0) {
		supervised->guardian_pid = 0;
		return err_set(e, errno, "cannot fork");
	}
	return 0;
}

/* ---- what the guardian says ---- */

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
	if (ret->kind == REPORT_FORKED)
		supervised->pid = MAX(ret->value, 0);
	else if (ret->kind == REPORT_EXITED)
		take_exit(supervised, ret);
	else if (ret->kind == REPORT_DRAINED)
		take_usage(supervised, ret);
	return 1;
}

/* Takes reports until one of this kind came. -ETIMEDOUT, -EPIPE. */
static int await_report(struct supervised *supervised, enum report_kind kind, uint64_t timeout_ns,
			struct guardian_report *ret)
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
		await_report(supervised, REPORT_EXITED, grace_ns, &report);
	}
	/* The command is the guardian's to reap, so its number may be another's by now: the group
	 * is surer. */
	if (supervised->grouped)
		cgroup_kill(&supervised->group, KILL_NS, NULL);
	else if (supervised->pid)
		kill(supervised->pid, SIGKILL);
	if (supervised->pid)
		await_report(supervised, REPORT_EXITED, KILL_NS, &report);
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

static void raise_peak(uint64_t *peak, uint64_t value)
{
	if (value != MISSING_U64 && (*peak == MISSING_U64 || value > *peak))
		*peak = value;
}

static void sample(struct supervised *supervised)
{
	struct cgroup_stat stat;

	supervised->used_bytes = MISSING_U64;
	if (!supervised->grouped || cgroup_stat_read(&supervised->group, &stat, NULL))
		return;
	if (stat.anon_bytes != MISSING_U64 && stat.shmem_bytes != MISSING_U64)
		supervised->used_bytes = stat.anon_bytes + stat.shmem_bytes;
	raise_peak(&supervised->result.peak_bytes, supervised->used_bytes);
	raise_peak(&supervised->result.peak_swap_bytes, stat.swap_bytes);
}

/* A zram swap at its memory limit, where the next page may find no slot: nearer to it than a zspage
 * is large. Beyond it writes fail, and pages stay in memory that is short already.
 */
static bool full_pool(unsigned int *ret)
{
	struct procfs_swaps swaps;
	struct zram_list list;

	if (procfs_swaps_read(NULL, &swaps, NULL) || zram_list_read(NULL, &list, NULL))
		return false;
	for (size_t i = 0; i < list.n; i++) {
		struct zram_mm_stat stat;

		if (!swap_find(&swaps, &list.devices[i]) ||
		    zram_mm_stat_read(NULL, list.devices[i].id, &stat, NULL) || !stat.limit_bytes ||
		    stat.used_bytes + ZSMALLOC_CHAIN_MAX * PAGE_BYTES <= stat.limit_bytes)
			continue;
		*ret = list.devices[i].id;
		return true;
	}
	return false;
}

/* What may be gone before the next look, and the kill that follows it, took effect: twice what went
 * since the last one, but no more than the group's own limit leaves it.
 */
static uint64_t fall_bytes(const struct supervised *supervised, uint64_t available_bytes)
{
	const uint64_t limit = supervised->config.memory_bytes, used = supervised->used_bytes;
	const uint64_t fell = supervised->available_bytes > available_bytes
				      ? supervised->available_bytes - available_bytes
				      : 0;

	if (limit == MISSING_U64 || used == MISSING_U64)
		return 2 * fell;
	return MIN(2 * fell, limit > used ? limit - used : 0);
}

/* Memory is short, or will be at once: no grace. Returns whether it ended the command. */
static bool keep_reserve(struct supervised *supervised)
{
	const uint64_t reserve = supervised->config.reserve_bytes;
	struct procfs_meminfo memory;
	uint64_t falls;
	char text[UNITS_TEXT_MAX];

	if (!reserve || procfs_meminfo_read(NULL, &memory, NULL))
		return false;
	falls = fall_bytes(supervised, memory.available_bytes);
	supervised->available_bytes = memory.available_bytes;
	if (memory.available_bytes >= reserve + falls)
		return false;
	end_as(supervised, SUPERVISE_ABORTED, NO_GRACE_NS, "available memory %s the reserve of %s",
	       memory.available_bytes < reserve ? "fell below" : "was about to fall below",
	       units_format_size(reserve, text));
	return true;
}

static void check_bounds(struct supervised *supervised)
{
	const struct supervise_config *config = &supervised->config;
	struct psi psi;
	unsigned int zram;
	char text[UNITS_TEXT_MAX];

	if (config->duration_ns != MISSING_U64 &&
	    monotonic_ns() - supervised->begin_ns >= config->duration_ns) {
		end_as(supervised, SUPERVISE_TIMEOUT, config->grace_ns, "not done after %s",
		       units_format_duration(config->duration_ns, text));
		return;
	}
	if (keep_reserve(supervised))
		return;
	if (config->abort_on_full_pool && supervised->result.peak_swap_bytes != MISSING_U64 &&
	    supervised->result.peak_swap_bytes && full_pool(&zram)) {
		end_as(supervised, SUPERVISE_ABORTED, NO_GRACE_NS, "the pool on zram%u is full",
		       zram);
		return;
	}
	if (config->psi_full_percent >= 0 && !psi_read(NULL, "/proc/pressure/memory", &psi, NULL) &&
	    psi.full.avg10 > config->psi_full_percent)
		end_as(supervised, SUPERVISE_ABORTED, NO_GRACE_NS,
		       "the machine stalled on memory for %.1f %% of 10 s", psi.full.avg10);
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
		return err_say(e, EINVAL, "a held command was waited for before its release");
	if (supervised->state == SUPERVISE_RUNNING &&
	    monotonic_ns() - supervised->sampled_ns >= SAMPLE_NS) {
		supervised->sampled_ns = monotonic_ns();
		sample(supervised);
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

/* ---- the life of a cage ---- */

int supervise_start(struct supervised *supervised, const struct supervise_config *config,
		    struct err *e)
{
	struct guardian_report report;
	struct err why = { 0 };
	char name[64];
	int rc;

	*supervised = (struct supervised){
		.config = *config, .lifeline_fd = -1, .report_fd = -1, .state = SUPERVISE_HELD
	};
	memset(&supervised->result, 0xff,
	       sizeof(supervised->result)); /* every figure is missing so far */
	supervised->result.exit_status = -1;
	supervised->result.signal = 0;
	supervised->result.why[0] = '\0';
	if (!config->argv || !config->argv[0] || !config->argv[0][0])
		return err_usage(e, "there is no command to run");
	if (config->user)
		supervised->user = *config->user;
	rc = config->user ? 0 : caller_read(&supervised->user, e);
	make_name(supervised, name);
	if (!rc)
		rc = make_group(supervised, name, &why);
	if (rc && why.exit == EXIT_IMPOSSIBLE && config->group_optional && !supervised->grouped)
		rc = 0;
	if (!rc)
		rc = make_scratch(supervised, name, &why);
	if (!rc)
		rc = start_guardian(supervised, &why);
	if (!rc && await_report(supervised, REPORT_FORKED, KILL_NS, &report))
		rc = err_say(&why, EAGAIN, "cannot start '%s': no process could be made for it",
			     config->argv[0]);
	if (!rc && report.value < 0)
		rc = err_set(&why, report.value, "cannot start '%s'", config->argv[0]);
	if (!rc && supervised->grouped)
		rc = cgroup_enter(&supervised->group, supervised->pid, &why);
	if (!rc && !config->held)
		rc = supervise_release(supervised, &why);
	if (rc) {
		if (e && why.code)
			*e = why;
		supervise_stop(supervised, NULL, NULL);
	}
	return rc;
}

static int exec_error(const struct supervised *supervised, const struct guardian_report *report,
		      struct err *e)
{
	const char *name = supervised->config.argv[0];

	if (report->step == STEP_USER)
		return err_set(e, report->value, "cannot become user %u to run '%s'",
			       supervised->user.uid, name);
	if (report->step == STEP_DIRECTORY)
		return err_set(e, report->value, "cannot enter %s to run '%s'",
			       supervised->config.cwd, name);
	return err_set(e, report->value, "cannot run '%s'", name);
}

int supervise_release(struct supervised *supervised, struct err *e)
{
	struct guardian_report report;
	int rc;

	if (supervised->state != SUPERVISE_HELD)
		return err_say(e, EINVAL, "'%s' was released before", supervised->config.argv[0]);
	rc = write(supervised->lifeline_fd, "r", 1) == 1
		     ? await_report(supervised, REPORT_EXEC, KILL_NS, &report)
		     : -EPIPE;
	if (rc == -ETIMEDOUT)
		return err_say(e, ETIMEDOUT, "cannot run '%s': it did not begin within %llu s",
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

int supervise_limit(struct supervised *supervised, uint64_t memory_bytes, uint64_t swap_bytes,
		    struct err *e)
{
	if (!supervised->grouped)
		return err_say(e, ENOTSUP, "memory cannot be bounded without a control group");
	if (memory_bytes < SUPERVISE_MEMORY_FLOOR_BYTES)
		return err_say(e, EINVAL,
			       "a memory limit below %llu MiB would only make the kernel kill",
			       (unsigned long long)(SUPERVISE_MEMORY_FLOOR_BYTES / MIB));
	return cgroup_limit_memory(&supervised->group, memory_bytes, swap_bytes, e);
}

ssize_t supervise_pids(const struct supervised *supervised, pid_t *pids, size_t max, struct err *e)
{
	if (supervised->grouped)
		return cgroup_pids(&supervised->group, pids, max, e);
	if (supervised->pid && max)
		pids[0] = supervised->pid;
	return supervised->pid != 0;
}

/* The group's last figures. A kill by the kernel in it explains a command that failed. */
static void take_last(struct supervised *supervised)
{
	struct supervise_result *result = &supervised->result;

	if (cgroup_stat_read(&supervised->group, &result->last, NULL))
		return;
	raise_peak(&result->peak_swap_bytes, result->last.swap_bytes);
	if (supervised->state != SUPERVISE_FAILED || result->last.oom_kill_count == MISSING_U64 ||
	    !result->last.oom_kill_count)
		return;
	supervised->state = SUPERVISE_OOM;
	snprintf(result->why, sizeof(result->why),
		 "the kernel killed %llu of its processes for lack of memory",
		 (unsigned long long)result->last.oom_kill_count);
}

static int take_down(struct supervised *supervised, struct err *e)
{
	int rc = 0;

	if (supervised->grouped)
		rc = cgroup_remove(&supervised->group, KILL_NS, e);
	if (!rc)
		rc = supervise_remove_scratch(supervised, e);
	if (!rc)
		rc = settle_journal(supervised, journal_undone, e);
	supervised->grouped = false;
	supervised->scratch[0] = '\0';
	memset(supervised->journaled, 0, sizeof(supervised->journaled));
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
		await_report(supervised, REPORT_DRAINED, KILL_NS, &report);
	if (supervised->grouped)
		take_last(supervised);
	rc = take_down(supervised, e);
	supervised->result.state = supervised->state;
	if (ret)
		*ret = supervised->result;
	return rc;
}

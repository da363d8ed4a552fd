/* SPDX-License-Identifier: GPL-2.0-only */
/* cage.c - the maker's side: builds the cage, watches it, ends it, takes it down. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "cage_guardian.h"
#include "journal.h"
#include "journal_book.h"
#include "procfs.h"
#include "psi.h"
#include "stop.h"
#include "swap.h"
#include "units.h"
#include "zsmalloc.h"

#define SAMPLE_NS	(100 * NS_PER_MS)
#define KILL_NS		(5 * NS_PER_S)	/* how long a killed process may take to be gone */
#define NO_GRACE_NS	0

const char *cage_state_name(enum cage_state state)
{
	static const char *const names[] = { "held", "running", "ok", "failed", "timeout", "aborted", "oom" };

	return (size_t)state < ARRAY_SIZE(names) ? names[state] : "unknown";
}

void cage_config_init(struct cage_config *config)
{
	struct procfs_meminfo memory;

	*config = (struct cage_config){
		.name = "cage",
		.stdin_fd = -1,
		.stdout_fd = STDOUT_FILENO,
		.stderr_fd = STDERR_FILENO,
		.memory_bytes = MISSING_U64,
		.swap_bytes = MISSING_U64,
		.pids = 4096,
		.duration_ns = CAGE_DURATION_DEFAULT_NS,
		.psi_full_percent = MISSING_F64,
		.grace_ns = 2 * NS_PER_S,
		.oom_score_adj = 500,
	};
	if (!procfs_meminfo_read(NULL, &memory, NULL))
		config->reserve_bytes = cage_reserve_bytes(memory.total_bytes);
}

/* ---- building ------------------------------------------------------------------------------------------ */

static int note_group(struct cage *cage, struct err *e)
{
	struct journal *j = cage->config.journal;

	for (size_t tree = 0; j && tree < CGROUP_TREES; tree++) {
		int rc;

		if (!cage->group.dir[tree][0])
			continue;
		rc = journal_cgroup(j, cage->group.dir[tree], &cage->journal_ids[tree], e);
		if (rc)
			return rc;
		cage->journaled[tree] = true;
	}
	return 0;
}

static int settle_journal(struct cage *cage, int (*how)(struct journal *, unsigned int, struct err *), struct err *e)
{
	int first = 0;

	for (size_t i = 0; i < ARRAY_SIZE(cage->journaled); i++) {
		int rc = cage->journaled[i] ? how(cage->config.journal, cage->journal_ids[i], e) : 0;

		first = first ? first : rc;
	}
	return first;
}

/* Names the group and the scratch directory: never used twice while this process lives. */
static void make_name(const struct cage *cage, char name[64])
{
	static unsigned int serial;

	snprintf(name, 64, "coldpress.%d.%u.%s", getpid(), ++serial, cage->config.name);
}

static int make_group(struct cage *cage, const char *name, struct err *e)
{
	struct cgroup_layout layout;
	int rc;

	rc = cgroup_layout_read(NULL, &layout, e);
	if (rc)
		return rc;
	rc = cgroup_place(&layout, name, &cage->group, e);
	if (!rc)
		rc = note_group(cage, e);
	if (!rc)
		rc = cgroup_create(&cage->group, e);
	if (rc) {
		settle_journal(cage, journal_undone, NULL);
		memset(cage->journaled, 0, sizeof(cage->journaled));
		return rc;
	}
	cage->grouped = true;
	rc = settle_journal(cage, journal_done, e);
	if (!rc && cage->config.pids != MISSING_U64)
		rc = cgroup_limit_pids(&cage->group, cage->config.pids, e);
	if (!rc)
		rc = cgroup_group_oom(&cage->group, e);
	if (!rc && (cage->config.memory_bytes != MISSING_U64 || cage->config.swap_bytes != MISSING_U64))
		rc = cage_limit(cage, cage->config.memory_bytes, cage->config.swap_bytes, e);
	return rc;
}

/* A name that is taken already is somebody else's directory: refused, not used. */
static int make_scratch(struct cage *cage, const char *name, struct err *e)
{
	struct journal *j = cage->config.journal;
	char path[sizeof(cage->scratch)];
	int rc;

	if (!cage->config.scratch_below)
		return 0;
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", cage->config.scratch_below, name) >= sizeof(path))
		return err_set(e, ENAMETOOLONG, "cannot make a directory below %s", cage->config.scratch_below);
	rc = j ? journal_path(j, path, &cage->journal_ids[CGROUP_TREES], e) : 0;
	if (rc)
		return rc;
	cage->journaled[CGROUP_TREES] = j != NULL;
	if (mkdir(path, 0700))
		return err_set(e, errno, "cannot make the directory %s", path);
	memcpy(cage->scratch, path, sizeof(path));
	if (geteuid() == 0 && lchown(path, cage->user.uid, cage->user.gid))
		return err_set(e, errno, "cannot give %s to user %u", path, cage->user.uid);
	return 0;
}

int cage_remove_scratch(const struct cage *cage, struct err *e)
{
	char path[sizeof(cage->scratch)], what[256];
	const struct journal_entry entry = { .kind = JOURNAL_PATH, .path = path };

	memcpy(path, cage->scratch, sizeof(path));
	return path[0] ? journal_undo(&entry, (struct journal_how){.force = false}, what, e) : 0;
}

static int start_guardian(struct cage *cage, struct err *e)
{
	int lifeline[2], report[2];

	if (pipe2(lifeline, O_CLOEXEC))
		return err_set(e, errno, "cannot make a pipe");
	cage->lifeline_fd = lifeline[1];
	if (pipe2(report, O_CLOEXEC)) {
		close(lifeline[0]);
		return err_set(e, errno, "cannot make a pipe");
	}
	cage->report_fd = report[0];
	fcntl(cage->report_fd, F_SETFL, O_NONBLOCK);
	cage->guardian_pid = fork();
	if (!cage->guardian_pid)
		guardian_main(cage, lifeline[0], report[1]);
	close(lifeline[0]);
	close(report[1]);
	if (cage->guardian_pid < 0) {
		cage->guardian_pid = 0;
		return err_set(e, errno, "cannot fork");
	}
	return 0;
}

/* ---- what the guardian says ------------------------------------------------------------------------------ */

static void take_exit(struct cage *cage, const struct guardian_report *report)
{
	struct cage_result *result = &cage->result;
	int status = report->value;

	cage->pid = 0;
	if (cage->begin_ns)
		result->wall_ns = report->ns - cage->begin_ns;
	result->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	result->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	if (cage->state > CAGE_RUNNING)
		return;		/* we ended it and know why */
	cage->state = WIFEXITED(status) && !WEXITSTATUS(status) ? CAGE_OK : CAGE_FAILED;
	if (result->signal)
		snprintf(result->why, sizeof(result->why), "ended by signal %d (%s)", result->signal,
			 strsignal(result->signal));
	else if (result->exit_status)
		snprintf(result->why, sizeof(result->why), "exit status %d", result->exit_status);
}

static void take_usage(struct cage *cage, const struct guardian_report *report)
{
	cage->drained = true;
	cage->result.user_ns = report->user_ns;
	cage->result.system_ns = report->system_ns;
	cage->result.minor_fault_count = report->minor_faults;
	cage->result.major_fault_count = report->major_faults;
	cage->result.max_rss_bytes = report->max_rss_bytes;
}

/* The next report, waiting for it at most wait_ns.
 *
 * returns  1 taken, 0 none came, -EPIPE the guardian is gone
 */
static int take_report(struct cage *cage, uint64_t wait_ns, struct guardian_report *ret)
{
	struct pollfd fd = { .fd = cage->report_fd, .events = POLLIN };
	ssize_t n = -1;

	if (cage->report_fd < 0)
		return -EPIPE;
	if (poll(&fd, 1, (int)(wait_ns / NS_PER_MS)) > 0)
		n = read(cage->report_fd, ret, sizeof(*ret));
	if (n == 0)
		return -EPIPE;
	if (n != sizeof(*ret))
		return 0;
	if (ret->kind == REPORT_FORKED)
		cage->pid = MAX(ret->value, 0);
	else if (ret->kind == REPORT_EXITED)
		take_exit(cage, ret);
	else if (ret->kind == REPORT_DRAINED)
		take_usage(cage, ret);
	return 1;
}

/* Takes reports until one of this kind came. -ETIMEDOUT, -EPIPE. */
static int await_report(struct cage *cage, enum report_kind kind, uint64_t timeout_ns, struct guardian_report *ret)
{
	const uint64_t begin = monotonic_ns();

	for (;;) {
		const uint64_t spent = monotonic_ns() - begin;
		int rc;

		if (spent > timeout_ns)
			return -ETIMEDOUT;
		rc = take_report(cage, MIN(timeout_ns - spent, SAMPLE_NS), ret);
		if (rc < 0 || (rc && ret->kind == kind))
			return rc < 0 ? rc : 0;
	}
}

/* ---- ending ------------------------------------------------------------------------------------------------ */

/* TERM, grace, KILL to all; the state stays what the reason for it is. */
static void end_all(struct cage *cage, uint64_t grace_ns)
{
	struct guardian_report report;

	if (cage->pid && cage->state != CAGE_HELD && grace_ns) {
		if (!cage->grouped || cgroup_signal(&cage->group, SIGTERM, NULL))
			kill(-cage->pid, SIGTERM);
		await_report(cage, REPORT_EXITED, grace_ns, &report);
	}
	/* The command is the guardian's to reap, so its number may be another's by now: the group is surer. */
	if (cage->grouped)
		cgroup_kill(&cage->group, KILL_NS, NULL);
	else if (cage->pid)
		kill(cage->pid, SIGKILL);
	if (cage->pid)
		await_report(cage, REPORT_EXITED, KILL_NS, &report);
}

static void end_as(struct cage *cage, enum cage_state state, uint64_t grace_ns, const char *fmt, ...)
	PRINTF_LIKE(4, 5);

static void end_as(struct cage *cage, enum cage_state state, uint64_t grace_ns, const char *fmt, ...)
{
	const bool held = cage->state == CAGE_HELD;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(cage->result.why, sizeof(cage->result.why), fmt, ap);
	va_end(ap);
	cage->state = state;
	end_all(cage, held ? NO_GRACE_NS : grace_ns);
}

/* ---- watching ------------------------------------------------------------------------------------------------ */

static void raise_peak(uint64_t *peak, uint64_t value)
{
	if (value != MISSING_U64 && (*peak == MISSING_U64 || value > *peak))
		*peak = value;
}

static void sample(struct cage *cage)
{
	struct cgroup_stat stat;

	cage->used_bytes = MISSING_U64;
	if (!cage->grouped || cgroup_stat_read(&cage->group, &stat, NULL))
		return;
	if (stat.anon_bytes != MISSING_U64 && stat.shmem_bytes != MISSING_U64)
		cage->used_bytes = stat.anon_bytes + stat.shmem_bytes;
	raise_peak(&cage->result.peak_bytes, cage->used_bytes);
	raise_peak(&cage->result.peak_swap_bytes, stat.swap_bytes);
}

/* A zram swap at its memory limit, where the next page may find no slot: nearer to it than a zspage is large. Beyond
 * it writes fail, and pages stay in memory that is short already.
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

/* What may be gone before the next look, and the kill that follows it, took effect: twice what went since the last
 * one, but no more than the group's own limit leaves it.
 */
static uint64_t fall_bytes(const struct cage *cage, uint64_t available_bytes)
{
	const uint64_t limit = cage->config.memory_bytes, used = cage->used_bytes;
	const uint64_t fell = cage->available_bytes > available_bytes ? cage->available_bytes - available_bytes : 0;

	if (limit == MISSING_U64 || used == MISSING_U64)
		return 2 * fell;
	return MIN(2 * fell, limit > used ? limit - used : 0);
}

/* Memory is short, or will be at once: no grace. Returns whether it ended the command. */
static bool keep_reserve(struct cage *cage)
{
	const uint64_t reserve = cage->config.reserve_bytes;
	struct procfs_meminfo memory;
	uint64_t falls;
	char text[UNITS_TEXT_MAX];

	if (!reserve || procfs_meminfo_read(NULL, &memory, NULL))
		return false;
	falls = fall_bytes(cage, memory.available_bytes);
	cage->available_bytes = memory.available_bytes;
	if (memory.available_bytes >= reserve + falls)
		return false;
	end_as(cage, CAGE_ABORTED, NO_GRACE_NS, "available memory %s the reserve of %s",
	       memory.available_bytes < reserve ? "fell below" : "was about to fall below",
	       units_format_size(reserve, text));
	return true;
}

static void check_bounds(struct cage *cage)
{
	const struct cage_config *config = &cage->config;
	struct psi psi;
	unsigned int zram;
	char text[UNITS_TEXT_MAX];

	if (config->duration_ns != MISSING_U64 && monotonic_ns() - cage->begin_ns >= config->duration_ns) {
		end_as(cage, CAGE_TIMEOUT, config->grace_ns, "not done after %s",
		       units_format_duration(config->duration_ns, text));
		return;
	}
	if (keep_reserve(cage))
		return;
	if (config->abort_on_full_pool && cage->result.peak_swap_bytes != MISSING_U64 &&
	    cage->result.peak_swap_bytes && full_pool(&zram)) {
		end_as(cage, CAGE_ABORTED, NO_GRACE_NS, "the pool on zram%u is full", zram);
		return;
	}
	if (config->psi_full_percent >= 0 && !psi_read(NULL, "/proc/pressure/memory", &psi, NULL) &&
	    psi.full.avg10 > config->psi_full_percent)
		end_as(cage, CAGE_ABORTED, NO_GRACE_NS, "the machine stalled on memory for %.1f %% of 10 s",
		       psi.full.avg10);
}

int cage_poll(struct cage *cage, struct err *e)
{
	struct guardian_report report;
	int rc;

	while ((rc = take_report(cage, 0, &report)) > 0)
		;
	if (rc == -EPIPE && cage->state <= CAGE_RUNNING)
		end_as(cage, CAGE_ABORTED, NO_GRACE_NS, "its guardian was killed");
	if (cage->state == CAGE_HELD)
		return err_say(e, EINVAL, "a held command was waited for before its release");
	if (cage->state == CAGE_RUNNING && monotonic_ns() - cage->sampled_ns >= SAMPLE_NS) {
		cage->sampled_ns = monotonic_ns();
		sample(cage);
		check_bounds(cage);
	}
	return cage->state > CAGE_RUNNING;
}

int cage_wait(struct cage *cage, struct err *e)
{
	for (;;) {
		struct pollfd fd = { .fd = cage->report_fd, .events = POLLIN };
		int rc = cage_poll(cage, e);

		if (rc)
			return MIN(rc, 0);
		if (stop_requested())
			return err_set(e, EINTR, "stopped while '%s' ran", cage->config.argv[0]);
		poll(&fd, 1, (int)(SAMPLE_NS / NS_PER_MS));
	}
}

/* ---- the life of a cage ---------------------------------------------------------------------------------------- */

int cage_start(struct cage *cage, const struct cage_config *config, struct err *e)
{
	struct guardian_report report;
	struct err why = { 0 };
	char name[64];
	int rc;

	*cage = (struct cage){ .config = *config, .lifeline_fd = -1, .report_fd = -1, .state = CAGE_HELD };
	memset(&cage->result, 0xff, sizeof(cage->result));	/* every figure is missing so far */
	cage->result.exit_status = -1;
	cage->result.signal = 0;
	cage->result.why[0] = '\0';
	if (!config->argv || !config->argv[0] || !config->argv[0][0])
		return err_usage(e, "there is no command to run");
	if (config->user)
		cage->user = *config->user;
	rc = config->user ? 0 : cage_user_caller(&cage->user, e);
	make_name(cage, name);
	if (!rc)
		rc = make_group(cage, name, &why);
	if (rc && why.exit == EXIT_IMPOSSIBLE && config->group_optional && !cage->grouped)
		rc = 0;
	if (!rc)
		rc = make_scratch(cage, name, &why);
	if (!rc)
		rc = start_guardian(cage, &why);
	if (!rc && await_report(cage, REPORT_FORKED, KILL_NS, &report))
		rc = err_say(&why, EAGAIN, "cannot start '%s': no process could be made for it", config->argv[0]);
	if (!rc && report.value < 0)
		rc = err_set(&why, report.value, "cannot start '%s'", config->argv[0]);
	if (!rc && cage->grouped)
		rc = cgroup_enter(&cage->group, cage->pid, &why);
	if (!rc && !config->held)
		rc = cage_release(cage, &why);
	if (rc) {
		if (e && why.code)
			*e = why;
		cage_stop(cage, NULL, NULL);
	}
	return rc;
}

static int exec_error(const struct cage *cage, const struct guardian_report *report, struct err *e)
{
	const char *name = cage->config.argv[0];

	if (report->step == STEP_USER)
		return err_set(e, report->value, "cannot become user %u to run '%s'", cage->user.uid, name);
	if (report->step == STEP_DIRECTORY)
		return err_set(e, report->value, "cannot enter %s to run '%s'", cage->config.cwd, name);
	return err_set(e, report->value, "cannot run '%s'", name);
}

int cage_release(struct cage *cage, struct err *e)
{
	struct guardian_report report;
	int rc;

	if (cage->state != CAGE_HELD)
		return err_say(e, EINVAL, "'%s' was released before", cage->config.argv[0]);
	rc = write(cage->lifeline_fd, "r", 1) == 1 ? await_report(cage, REPORT_EXEC, KILL_NS, &report) : -EPIPE;
	if (rc == -ETIMEDOUT)
		return err_say(e, ETIMEDOUT, "cannot run '%s': it did not begin within %llu s", cage->config.argv[0],
			       (unsigned long long)(KILL_NS / NS_PER_S));
	if (rc)
		return err_say(e, EPIPE, "cannot run '%s': its guardian was killed", cage->config.argv[0]);
	if (report.value) {
		cage->state = CAGE_FAILED;
		snprintf(cage->result.why, sizeof(cage->result.why), "could not be run: %s", strerror(report.value));
		return exec_error(cage, &report, e);
	}
	cage->begin_ns = report.ns;
	cage->state = CAGE_RUNNING;
	return 0;
}

int cage_limit(struct cage *cage, uint64_t memory_bytes, uint64_t swap_bytes, struct err *e)
{
	if (!cage->grouped)
		return err_say(e, ENOTSUP, "memory cannot be bounded without a control group");
	if (memory_bytes < CAGE_MEMORY_FLOOR_BYTES)
		return err_say(e, EINVAL, "a memory limit below %llu MiB would only make the kernel kill",
			       (unsigned long long)(CAGE_MEMORY_FLOOR_BYTES / MIB));
	return cgroup_limit_memory(&cage->group, memory_bytes, swap_bytes, e);
}

ssize_t cage_pids(const struct cage *cage, pid_t *pids, size_t max, struct err *e)
{
	if (cage->grouped)
		return cgroup_pids(&cage->group, pids, max, e);
	if (cage->pid && max)
		pids[0] = cage->pid;
	return cage->pid != 0;
}

/* The group's last figures. A kill by the kernel in it explains a command that failed. */
static void take_last(struct cage *cage)
{
	struct cage_result *result = &cage->result;

	if (cgroup_stat_read(&cage->group, &result->last, NULL))
		return;
	raise_peak(&result->peak_swap_bytes, result->last.swap_bytes);
	if (cage->state != CAGE_FAILED || result->last.oom_kill_count == MISSING_U64 || !result->last.oom_kill_count)
		return;
	cage->state = CAGE_OOM;
	snprintf(result->why, sizeof(result->why), "the kernel killed %llu of its processes for lack of memory",
		 (unsigned long long)result->last.oom_kill_count);
}

static int take_down(struct cage *cage, struct err *e)
{
	int rc = 0;

	if (cage->grouped)
		rc = cgroup_remove(&cage->group, KILL_NS, e);
	if (!rc)
		rc = cage_remove_scratch(cage, e);
	if (!rc)
		rc = settle_journal(cage, journal_undone, e);
	cage->grouped = false;
	cage->scratch[0] = '\0';
	memset(cage->journaled, 0, sizeof(cage->journaled));
	if (cage->lifeline_fd >= 0)
		close(cage->lifeline_fd);
	cage->lifeline_fd = -1;
	if (cage->guardian_pid)
		while (waitpid(cage->guardian_pid, NULL, 0) < 0 && errno == EINTR)
			;
	cage->guardian_pid = 0;
	if (cage->report_fd >= 0)
		close(cage->report_fd);
	cage->report_fd = -1;
	return rc;
}

int cage_stop(struct cage *cage, struct cage_result *ret, struct err *e)
{
	struct guardian_report report;
	int rc;

	if (cage->guardian_pid)
		while (take_report(cage, 0, &report) > 0)
			;
	if (cage->state <= CAGE_RUNNING)
		end_as(cage, CAGE_ABORTED, cage->config.grace_ns, "stopped");
	else
		end_all(cage, NO_GRACE_NS);
	if (cage->guardian_pid && !cage->drained)
		await_report(cage, REPORT_DRAINED, KILL_NS, &report);
	if (cage->grouped)
		take_last(cage);
	rc = take_down(cage, e);
	cage->result.state = cage->state;
	if (ret)
		*ret = cage->result;
	return rc;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* study_bare.c - the reference run of somebody who may not make groups: the command as a plain
 * child, scanned.
 *
 * Its memory is that of the first process alone, and there is no limit, no pool and no probe. The
 * store gets the run all the same.
 */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "lib/kernel/procfs.h"
#include "lib/base/spawn.h"
#include "lib/base/stop.h"
#include "lib/safety/guardian.h"
#include "study.h"

#define SAMPLE_NS (50 * NS_PER_MS)

static int start(const struct study *s, const struct study_target *target, struct child *ret,
		 struct err *e)
{
	char path[SYSROOT_PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s.output", s->config->out_dir, target->name);

	AUTO_CLOSE int output = study_open_as_caller(s, path);

	if (output < 0)
		return err_set(e, errno, "cannot write %s", path);
	return spawn(ret,
		     &(struct spawn){ .argv = (const char *const *)target->argv,
				      .in_fd = SPAWN_NULL,
				      .out_fd = output,
				      .err_fd = output,
				      .death_signal = SIGKILL,
				      .own_group = true,
				      .any_tracer = true },
		     e);
}

/* Until it ends, or must. */
static int watch(struct study *s, struct study_target *target, struct child *child,
		 struct study_scanner *scanner, struct err *e)
{
	uint64_t deadline = monotonic_ns() + s->config->timeout_ns;
	const pid_t pid = child->pid;
	char pid_text[16];

	snprintf(pid_text, sizeof(pid_text), "%d", (int)pid);
	while (!child_ended(child)) {
		struct procfs_status now;

		if (stop_requested() || monotonic_ns() > deadline) {
			kill(-pid, SIGKILL);
			child_done(child);
			return stop_requested()
				       ? err_set(e, EINTR, "stopped")
				       : err_say(e, ETIMEDOUT, "%s took longer than --timeout",
						 target->name);
		}
		if (!procfs_status_read(NULL, pid, &now, NULL) &&
		    now.rss_anon_bytes != MISSING_U64) {
			uint64_t ram =
				now.rss_anon_bytes +
				(now.rss_shmem_bytes == MISSING_U64 ? 0 : now.rss_shmem_bytes);

			target->reference.ram_bytes_peak =
				MAX(target->reference.ram_bytes_peak, ram);
			study_scan_step(s, target, scanner, "--pid", pid_text, ram);
		}
		sleep_ns(SAMPLE_NS);
	}
	kill(-pid, SIGKILL); /* whatever it left in its group */
	return 0;
}

static uint64_t timeval_ns(struct timeval tv)
{
	return (uint64_t)tv.tv_sec * NS_PER_S + (uint64_t)tv.tv_usec * NS_PER_US;
}

int study_run_bare(struct study *s, struct study_target *target, struct err *e)
{
	struct study_run *run = &target->reference;
	struct study_scanner scanner = { 0 };
	struct child child;
	uint64_t begin;
	struct results_id id;
	int rc;

	*run = (struct study_run){
		.target = target->name,
		.arm = "none",
		.kind = "reference",
		.state = "ok",
		.state_code = RESULTS_RUN_OK,
		.pages_out = MISSING_U64,
		.pages_in = MISSING_U64,
		.readback_factor = MISSING_F64,
		.residence_ns = MISSING_U64,
		.survival_p50_ns = MISSING_U64,
		.censored_ratio = MISSING_F64,
		.freed_unread = MISSING_U64,
		.write_p50_ns = MISSING_U64,
		.write_p99_ns = MISSING_U64,
		.read_p50_ns = MISSING_U64,
		.read_p99_ns = MISSING_U64,
		.pool_ns = MISSING_U64,
		.pool_page_ns = MISSING_U64,
		.psi_some_us = MISSING_U64,
		.psi_full_us = MISSING_U64,
		.major_latency_p50_ns = MISSING_U64,
		.major_latency_p99_ns = MISSING_U64,
		.major_latency_max_ns = MISSING_U64,
		.foreign_swap_bytes = MISSING_U64,
		.ram_bytes_mean = MISSING_U64,
		.footprint_bytes_mean = MISSING_U64,
	};
	term_progress_step(&s->progress, "%s: reference run, scanned", target->name);
	rc = results_run_begin(s->results, &target->arms[0].cell, 0, 0, RESULTS_RUN_REFERENCE, &id,
			       e);
	if (rc)
		return rc;
	begin = monotonic_ns();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	rc = start(s, target, &child, e);
	if (rc)
		return rc;
	rc = watch(s, target, &child, &scanner, e);
	study_scan_end(s, target, &scanner);
	guardian_kill_children(); /* what left its process group */
	child_done(&child);
	if (rc)
		return rc;
	run->wall_ns = monotonic_ns() - begin;
	run->user_ns = timeval_ns(child.usage.ru_utime);
	run->system_ns = timeval_ns(child.usage.ru_stime);
	run->minor_faults = (uint64_t)child.usage.ru_minflt;
	run->major_faults = (uint64_t)child.usage.ru_majflt;
	run->footprint_bytes_peak = run->ram_bytes_peak;
	run->exit_status = WIFEXITED(child.status) ? WEXITSTATUS(child.status) : MISSING_I64;
	s->runs_done++;
	if (run->exit_status != 0) {
		err_say(e, ECHILD, "%s did not succeed", target->name);
		return err_hint(e, "what it printed is in %s/%s.output", s->config->out_dir,
				target->name);
	}
	rc = results_record(s->results, &id, &study_run_type, run, e);
	if (!rc)
		rc = study_scan_store(s, target, &id, e);
	if (!rc)
		rc = results_run_end(s->results, &id, RESULTS_RUN_OK, NULL, e);
	if (!rc && s->config->format != OUT_TEXT)
		out_record(s->out, &study_run_type, run);
	return rc;
}

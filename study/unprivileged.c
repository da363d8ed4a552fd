/* SPDX-License-Identifier: GPL-2.0-only */
/* study_bare.c - the reference run of somebody who may not make groups: the command as a plain
 * child, scanned.
 *
 * Its memory is that of the first process alone, and there is no limit, no pool and no probe. The
 * store gets the run all the same.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "lib/kernel/procfs.h"
#include "lib/base/stop.h"
#include "lib/safety/guardian.h"
#include "study.h"

#define SAMPLE_NS (50 * NS_PER_MS)

static pid_t start(const struct study *s, const struct study_target *target, struct err *e)
{
	char path[SYSROOT_PATH_MAX];
	pid_t parent = getpid(), pid;

	snprintf(path, sizeof(path), "%s/%s.output", s->config->out_dir, target->name);

	AUTO_CLOSE int output = study_open_as_caller(s, path),
		       input = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (output < 0 || input < 0)
		return err_set(e, errno, "cannot write %s", output < 0 ? path : "/dev/null");
	pid = fork();
	if (pid < 0)
		return err_set(e, errno, "cannot start %s", target->argv[0]);
	if (pid) {
		setpgid(pid, pid); /* here too: it may have to be killed by its group before it has
				      run */
		return pid;
	}
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* The scan is another child of ours: where Yama asks for it, let it read. */
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
	if (getppid() != parent || dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0)
		_exit(127);
	for (int sig = 1; sig < 32; sig++)
		signal(sig, SIG_DFL);
	execvp(target->argv[0], target->argv);
	dprintf(2, "cannot run '%s': %s\n", target->argv[0], strerror(errno));
	_exit(127);
}

/* Until it ends, or must. Returns its wait status, or -errno. */
static int watch(struct study *s, struct study_target *target, pid_t pid,
		 struct study_scanner *scanner, struct rusage *usage, struct err *e)
{
	uint64_t deadline = monotonic_ns() + s->config->timeout_ns;
	char pid_text[16];
	int status;

	snprintf(pid_text, sizeof(pid_text), "%d", (int)pid);
	while (wait4(pid, &status, WNOHANG, usage) == 0) {
		struct procfs_status now;

		if (stop_requested() || monotonic_ns() > deadline) {
			kill(-pid, SIGKILL);
			wait4(pid, &status, 0, usage);
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
	return status;
}

static uint64_t timeval_ns(struct timeval tv)
{
	return (uint64_t)tv.tv_sec * NS_PER_S + (uint64_t)tv.tv_usec * NS_PER_US;
}

int study_run_bare(struct study *s, struct study_target *target, struct err *e)
{
	struct study_run *run = &target->reference;
	struct study_scanner scanner = { 0 };
	struct rusage usage = { 0 };
	uint64_t begin;
	struct results_id id;
	int rc, status;
	pid_t pid;

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
	pid = start(s, target, e);
	if (pid < 0)
		return (int)pid;
	status = watch(s, target, pid, &scanner, &usage, e);
	study_scan_end(s, target, &scanner);
	guardian_kill_children(); /* what left its process group */
	if (status < 0)
		return status;
	run->wall_ns = monotonic_ns() - begin;
	run->user_ns = timeval_ns(usage.ru_utime);
	run->system_ns = timeval_ns(usage.ru_stime);
	run->minor_faults = (uint64_t)usage.ru_minflt;
	run->major_faults = (uint64_t)usage.ru_majflt;
	run->footprint_bytes_peak = run->ram_bytes_peak;
	run->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : MISSING_I64;
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

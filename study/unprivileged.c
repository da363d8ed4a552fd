/* SPDX-License-Identifier: GPL-2.0-only */
/* unprivileged.c - the command as a plain child, sampled and scanned.
 *
 * Its memory is that of the first process alone, and there is no limit, no pool and no probe.
 */
#include "unprivileged.h"

#include <math.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "configuration.h"
#include "input.h"
#include "lib/base/spawn.h"
#include "lib/base/stop.h"
#include "lib/kernel/procfs.h"
#include "lib/safety/guardian.h"
#include "run.h"
#include "scan.h"

#define SAMPLE_NS (50 * NS_PER_MS)

static int start(const struct study *s, const struct study_target *target, struct child *ret,
		 struct err *e)
{
	AUTO_CLOSE int output = study_open_output(s, target, e);
	int input = study_input_rewind(s);

	if (output < 0)
		return output;
	return spawn(ret,
		     &(struct spawn){ .argv = (const char *const *)target->argv,
				      .in_fd = input < 0 ? SPAWN_NULL : input,
				      .out_fd = output,
				      .err_fd = output,
				      .death_signal = SIGKILL,
				      .own_group = true,
				      .any_tracer = true },
		     e);
}

/* Until it ends, or must. */
static int watch(struct study *s, struct study_target *target, struct child *child,
		 struct metrics *m, struct study_scanner *scanner, struct err *e)
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

			m->ram_bytes_peak = fmax(m->ram_bytes_peak, (double)ram);
			study_scan_step(s, target, scanner, "--pid", pid_text, ram);
		}
		sleep_ns(SAMPLE_NS);
	}
	kill(-pid, SIGKILL); /* whatever it left in its group */
	return 0;
}

static double timeval_ns(struct timeval tv)
{
	return (double)tv.tv_sec * NS_PER_S + (double)tv.tv_usec * NS_PER_US;
}

/* Runs it to its end; metrics that a plain child gives. */
static int run_child(struct study *s, struct study_target *target, struct run_record *record,
		     struct err *e)
{
	struct metrics *m = &record->run.metrics;
	struct study_scanner scanner = { 0 };
	uint64_t begin = monotonic_ns();
	struct child child;
	int rc;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	rc = start(s, target, &child, e);
	if (rc)
		return rc;
	rc = watch(s, target, &child, m, &scanner, e);
	study_scan_end(target, &scanner);
	guardian_kill_children(); /* what left its process group */
	child_done(&child);
	if (rc)
		return rc;
	m->wall_ns = (double)(monotonic_ns() - begin);
	m->user_ns = timeval_ns(child.usage.ru_utime);
	m->system_ns = timeval_ns(child.usage.ru_stime);
	m->minor_faults = (double)child.usage.ru_minflt;
	m->major_faults = (double)child.usage.ru_majflt;
	m->footprint_bytes_peak = m->ram_bytes_peak;
	record->exit_status = WIFEXITED(child.status) ? WEXITSTATUS(child.status) : MISSING_I64;
	return 0;
}

int study_run_unprivileged(struct study *s, struct study_target *target, struct err *e)
{
	struct study_configuration *none = &target->configurations[0];
	struct run_record record;
	char why[48];
	int rc;

	run_record_init(&record, target->name, none->name, RESULTS_RUN_REFERENCE, 0, 0);
	term_progress_step(&s->progress, "%s: reference run, with page scan", target->name);
	rc = results_run_begin(s->results, &none->cell, 0, 0, RESULTS_RUN_REFERENCE, &record.run.id,
			       e);
	if (!rc)
		rc = run_child(s, target, &record, e);
	if (rc)
		return rc;
	s->runs_done++;
	if (record.exit_status != 0 && (uint64_t)record.exit_status != s->config->accept_exit) {
		snprintf(why, sizeof(why), "exit status %lld", (long long)record.exit_status);
		return study_failed_target(
			s, target, record.exit_status == MISSING_I64 ? "ended by a signal" : why,
			e);
	}
	run_record_end(&record, RESULTS_RUN_OK, "");
	rc = study_configuration_run(none, &record.run);
	if (!rc)
		rc = study_scan_store(s, target, &record.run.id, e);
	return rc ? rc : study_run_finish(s, &record, e);
}

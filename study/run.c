/* SPDX-License-Identifier: GPL-2.0-only */
/* run.c - pool up, command under its cgroup limits, probes attached, started, sampled, removed.
 *
 * Timed runs carry counters only: files of the cgroup, of the pool's device and /proc/swaps, 20
 * times a second. The reference and the probed runs also carry page_fault --summary, the probed
 * ones pool_probe, and the reference the page scan.
 */
#include "run.h"

#include <math.h>

#include "backend.h"
#include "busy.h"
#include "configuration.h"
#include "foreign.h"
#include "input.h"
#include "lib/base/stop.h"
#include "lib/kernel/procfs.h"
#include "lib/kernel/psi.h"
#include "lib/safety/supervise.h"
#include "probes.h"
#include "samples.h"
#include "scan.h"

#define SAMPLE_NS          (50 * NS_PER_MS)
#define POLL_NS            (5 * NS_PER_MS)
#define SETTLE_WINDOW_NS   (200 * NS_PER_MS)
#define SETTLE_NS          (5 * NS_PER_S)
#define SETTLE_STALL_SHARE 0.01

/* What one run holds while it lasts. */
struct live_run {
	struct study *study;
	struct study_target *target;
	const struct study_configuration *configuration;
	const struct run_plan *plan;
	struct run_record *record;
	struct backend_pool pool;
	struct backend_io before;
	struct supervised supervised;
	struct supervise_result result;
	struct study_probes probes;
	struct study_scanner *scanner; /* the reference run's */
	struct samples samples;
	struct foreign foreign;
	struct busy busy;
};

/* ---- quiet before the run ---- */

/* Nothing swapped and next to no stall for a window; PSI averages would remember the run before for
 * a minute.
 */
static bool settle(struct study *s)
{
	uint64_t deadline = monotonic_ns() + SETTLE_NS;

	while (monotonic_ns() < deadline && !stop_requested()) {
		struct procfs_vmstat v0, v1;
		struct psi p0, p1;
		bool psi = !psi_read(NULL, "/proc/pressure/memory", &p0, NULL);

		if (procfs_vmstat_read(NULL, &v0, NULL))
			return true;
		busy_begin(&s->busy);
		sleep_ns(SETTLE_WINDOW_NS);
		busy_end(&s->busy);
		if (procfs_vmstat_read(NULL, &v1, NULL))
			return true;
		psi = psi && !psi_read(NULL, "/proc/pressure/memory", &p1, NULL);
		if (v0.pswpin == v1.pswpin && v0.pswpout == v1.pswpout &&
		    (!psi || (double)(p1.some.total_us - p0.some.total_us) * NS_PER_US <
				     SETTLE_STALL_SHARE * SETTLE_WINDOW_NS))
			return true;
	}
	return false;
}

/* ---- samples ---- */

static uint64_t zero_if_missing(uint64_t value)
{
	return value == MISSING_U64 ? 0 : value;
}

static void take_sample(struct live_run *r)
{
	const struct study_backend *backend = r->pool.backend;
	struct backend_sample pool = { MISSING_F64, MISSING_F64, MISSING_F64 };
	struct cgroup_stat group;

	if (cgroup_stat_read(&r->supervised.group, &group, NULL))
		return;
	if (backend->sample && backend->sample(&r->pool, &pool))
		return;
	foreign_sample(&r->foreign, &group, pool.orig_bytes);
	samples_add(&r->samples, &(struct sample){
					 .t_ns = monotonic_ns() - r->supervised.begin_ns,
					 .ram_bytes = (double)(zero_if_missing(group.anon_bytes) +
							       zero_if_missing(group.shmem_bytes)),
					 .huge_bytes = metric_u64(group.anon_huge_bytes),
					 .swap_bytes = metric_u64(group.swap_bytes),
					 .pool_orig_bytes = pool.orig_bytes,
					 .pool_compr_bytes = pool.compr_bytes,
					 .pool_used_bytes = pool.used_bytes,
				 });
}

/* ---- the command ---- */

static int supervise_up(struct live_run *r, int output_fd, struct err *e)
{
	struct supervise_config config;

	supervise_config_init(&config);
	config.name = "study";
	config.argv = r->target->argv;
	config.user = &r->study->user;
	config.stdin_fd = study_input_rewind(r->study);
	config.stdout_fd = config.stderr_fd = output_fd;
	config.duration_ns = r->study->config->timeout_ns;
	if (r->plan->abort_ns)
		config.duration_ns = MIN(config.duration_ns, r->plan->abort_ns);
	config.memory_bytes = r->configuration->limit_bytes;
	config.held = true;
	config.journal = r->study->journal;
	return supervise_start(&r->supervised, &config, e);
}

/* A directory with the cgroup's cgroup.procs. */
static const char *members_dir(const struct cgroup *group)
{
	return group->dir[CGROUP_TREE_UNIFIED][0] ? group->dir[CGROUP_TREE_UNIFIED]
						  : group->dir[CGROUP_TREE_MEMORY];
}

static void show_progress(struct live_run *r, uint64_t now)
{
	const struct results_run *reference = study_reference(r->target);
	double expected = reference ? reference->metrics.wall_ns : MISSING_F64;
	double elapsed = (double)(now - r->supervised.begin_ns);

	if (expected > 0)
		term_progress_update(&r->study->progress,
				     r->study->runs_done + MIN(0.95, elapsed / expected));
}

static int watch(struct live_run *r, struct err *e)
{
	uint64_t next = 0;
	int rc = 0;

	while (!rc && !stop_requested()) {
		uint64_t now = monotonic_ns();

		rc = supervise_poll(&r->supervised, e);
		if (rc)
			break;
		if (now >= next) {
			take_sample(r);
			next = now + SAMPLE_NS;
			if (r->scanner && r->samples.n)
				study_scan_step(
					r->study, r->target, r->scanner, "--cgroup",
					members_dir(&r->supervised.group),
					(uint64_t)r->samples.items[r->samples.n - 1].ram_bytes);
			show_progress(r, now);
		}
		sleep_ns(POLL_NS);
	}
	if (stop_requested())
		return err_set(e, EINTR, "stopped");
	return rc < 0 ? rc : 0;
}

/* ---- what came of it ---- */

/* An exit status that the user calls a success. */
static bool accepted(const struct live_run *r)
{
	return r->result.state == SUPERVISE_FAILED && !r->result.signal &&
	       r->result.exit_status > 0 &&
	       (uint64_t)r->result.exit_status == r->study->config->accept_exit;
}

static void judge(const struct live_run *r, bool settled, struct run_record *ret)
{
	static const enum results_run_state states[] = {
		[SUPERVISE_HELD] = RESULTS_RUN_FAILED,     [SUPERVISE_RUNNING] = RESULTS_RUN_FAILED,
		[SUPERVISE_OK] = RESULTS_RUN_OK,           [SUPERVISE_FAILED] = RESULTS_RUN_FAILED,
		[SUPERVISE_TIMEOUT] = RESULTS_RUN_TIMEOUT, [SUPERVISE_ABORTED] = RESULTS_RUN_FAILED,
		[SUPERVISE_OOM] = RESULTS_RUN_OOM,
	};
	enum results_run_state state = accepted(r) ? RESULTS_RUN_OK : states[r->result.state];
	char reason[sizeof(ret->run.reason)];

	snprintf(reason, sizeof(reason), "%s", r->result.why);
	if (state != RESULTS_RUN_OK) {
		if (!reason[0])
			snprintf(reason, sizeof(reason), "exit status %d", r->result.exit_status);
	} else if (foreign_text(&r->foreign, reason, sizeof(reason))) {
		state = RESULTS_RUN_CONTAMINATED;
	} else if (!settled) {
		state = RESULTS_RUN_UNSETTLED;
		snprintf(reason, sizeof(reason),
			 "the machine was still swapping or stalling before the run");
	}
	run_record_end(ret, state, reason);
}

/* Where pool_probe is missing, from this study or this run. Timed runs do without both where probed
 * ones have it.
 */
static bool by_counters(const struct live_run *r, const struct results_run *run)
{
	return !run->by_probe && (r->study->no_pool_probe || run->kind == RESULTS_RUN_PROBED);
}

static void fill(struct live_run *r, struct run_record *ret)
{
	const struct study_backend *backend = r->pool.backend;
	const struct supervise_result *result = &r->result;
	struct metrics *m = &ret->run.metrics;
	struct backend_io after;
	double mean_pages;

	m->wall_ns = metric_u64(result->wall_ns);
	m->user_ns = metric_u64(result->user_ns);
	m->system_ns = metric_u64(result->system_ns);
	m->minor_faults = metric_u64(result->minor_fault_count);
	m->major_faults = metric_u64(result->major_fault_count);
	m->psi_some_us = metric_u64(result->last.stall_some_us);
	m->psi_full_us = metric_u64(result->last.stall_full_us);
	m->others_cpu_ratio = busy_others_ratio(&r->busy, m->user_ns + m->system_ns);
	m->refault_file_pages = metric_u64(result->last.refault_file_pages);
	if (r->pool.device_path[0])
		m->foreign_swap_bytes = (double)r->foreign.others_bytes;
	ret->exit_status =
		result->signal || result->exit_status < 0 ? MISSING_I64 : result->exit_status;
	mean_pages = samples_summarise(
		&r->samples, backend->fixed_bytes ? backend->fixed_bytes(&r->pool) : MISSING_U64,
		m);
	if (!backend->io || backend->io(&r->pool, &after, NULL))
		return;
	m->pages_out = (double)(after.written_bytes - r->before.written_bytes) / PAGE_BYTES;
	m->pages_in = (double)(after.read_bytes - r->before.read_bytes) / PAGE_BYTES;
	if (m->pages_out > 0 && by_counters(r, &ret->run)) {
		m->readback_factor = m->pages_in / m->pages_out;
		m->residence_ns = mean_pages * m->wall_ns / m->pages_out; /* Little's law */
	}
}

int study_run_finish(struct study *s, const struct run_record *run, struct err *e)
{
	int rc = results_record(s->results, &run->run.id, &study_run_type, run, e);

	if (!rc)
		rc = results_run_end(s->results, &run->run.id, run->run.state,
				     run->run.reason[0] ? run->run.reason : NULL, e);
	if (!rc && s->config->output.format != OUT_TEXT)
		out_record(s->out, &study_run_type, run);
	return rc;
}

static int store_run(struct live_run *r, const struct run_record *run, struct err *e)
{
	struct results *results = r->study->results;
	int rc = results_begin(results, e);

	if (!rc)
		rc = samples_store(&r->samples, results, &r->record->run.id, e);
	if (!rc && r->probes.pool_record)
		rc = results_artifact(results, &r->record->run.id, "pool_probe", NULL,
				      r->probes.pool_record, e);
	if (!rc && r->scanner)
		rc = study_scan_store(r->study, r->target, &r->record->run.id, e);
	if (!rc)
		rc = study_run_finish(r->study, run, e);
	if (!rc)
		rc = results_commit(results, e);
	if (rc)
		results_rollback(results);
	return rc;
}

/* What could not be removed ends the study; where something else does already, it is a warning. */
static int not_removed(struct live_run *r, int rc, const struct err *why, struct err *e)
{
	r->study->left_behind = true;
	if (rc) {
		term_warn("%s", why->what);
		return rc;
	}
	*e = *why;
	return why->code;
}

/* ---- one run ---- */

static int start(struct live_run *r, int output_fd, struct err *e)
{
	const struct study_backend *backend = r->pool.backend;
	const struct results_run *reference = study_reference(r->target);
	int rc = 0;

	if (backend->up && reference)
		rc = backend->up(&r->pool, (uint64_t)reference->metrics.ram_bytes_peak,
				 &r->study->left_behind, e);
	if (!rc && backend->io)
		rc = backend->io(&r->pool, &r->before, e);
	return rc ? rc : supervise_up(r, output_fd, e);
}

/* Pool and cgroup are removed by the caller and supervise_stop, whatever comes of it. */
static int run_inside(struct live_run *r, bool settled, struct err *e)
{
	const enum results_run_kind kind = r->plan->kind;
	AUTO_CLOSE int output_fd = study_open_output(r->study, r->target, e);
	struct study_scanner scanner = { 0 };
	struct err why = { 0 };
	int stopped, rc = output_fd < 0 ? output_fd : start(r, output_fd, e);

	if (rc)
		return rc;
	if (kind == RESULTS_RUN_REFERENCE || kind == RESULTS_RUN_PROBED)
		study_probes_start(r->study, r->supervised.group.dir[CGROUP_TREE_UNIFIED],
				   r->pool.device_path, &r->probes);
	if (kind == RESULTS_RUN_REFERENCE)
		r->scanner = &scanner;
	foreign_begin(&r->foreign, r->pool.device_path, r->supervised.guardian_pid);
	busy_begin(&r->busy);
	rc = supervise_release(&r->supervised, e);
	if (!rc)
		rc = watch(r, e);
	busy_end(&r->busy);
	if (r->scanner)
		study_scan_end(r->target, &scanner);
	stopped = supervise_stop(&r->supervised, &r->result, &why);
	study_probes_stop(r->study, &r->probes, &r->record->run);
	if (stopped)
		rc = not_removed(r, rc, &why, e);
	if (rc)
		return rc;
	foreign_end(&r->foreign);
	fill(r, r->record);
	judge(r, settled, r->record);
	return store_run(r, r->record, e);
}

static void announce(struct study *s, const struct study_target *target,
		     const struct study_configuration *configuration, const struct run_plan *plan,
		     const struct run_record *record)
{
	if (plan->label)
		term_progress_step(&s->progress, "%s", plan->label);
	else
		term_progress_step(&s->progress, "%s: %s run, configuration %s", target->name,
				   record->kind, configuration->name);
}

int study_run_once(struct study *s, struct study_target *target,
		   struct study_configuration *configuration, const struct run_plan *plan,
		   struct err *e)
{
	struct run_record record;
	struct live_run r = {
		.study = s,
		.target = target,
		.configuration = configuration,
		.plan = plan,
		.record = &record,
		.pool = { .backend = configuration->backend,
			  .algorithm = study_algorithm(configuration) },
	};
	struct err why = { 0 };
	bool settled;
	int rc;

	run_record_init(&record, target->name, configuration->name, plan->kind, plan->block,
			plan->position);
	announce(s, target, configuration, plan, &record);
	settled = settle(s);
	if (stop_requested())
		return err_set(e, EINTR, "stopped");
	rc = results_run_begin(s->results, &configuration->cell, plan->block, plan->position,
			       plan->kind, &record.run.id, e);
	if (rc)
		return rc;
	rc = run_inside(&r, settled, e);
	if (r.pool.up && r.pool.backend->down(&r.pool, &why))
		rc = not_removed(&r, rc, &why, e);
	samples_done(&r.samples);
	free(r.probes.pool_record);
	if (!rc) { /* one that was cut off is in the results, and is no result */
		rc = study_configuration_run(configuration, &record.run);
		s->runs_done++;
	}
	term_progress_update(&s->progress, s->runs_done);
	if (!rc && record.run.state != RESULTS_RUN_OK &&
	    !(plan->abort_ns && record.run.state == RESULTS_RUN_TIMEOUT))
		study_note(s, RESULTS_NOTE_WARNING, target->name, "%s run under %s: %s, %s",
			   record.kind, configuration->name, record.state, record.run.reason);
	return rc;
}

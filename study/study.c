/* SPDX-License-Identifier: GPL-2.0-only */
/* study.c - `coldpress study`: options, the order of runs, clean-up.
 *
 * For each target: one reference run without a limit, scanned and probed, whose peak of anonymous
 * and shared memory is the 100 %; then under the limit one probed run for each algorithm, which
 * also warms everything up; then blocks of timed runs, one of each configuration in shuffled order.
 * Everything is stored as it happens; the answer and the report come last. Nothing stays on the
 * machine: pools are bound to this process, cgroups have guardians, and `coldpress recover` removes
 * what a kill -9 leaves.
 */
#include "answer.h"
#include "backend.h"
#include "config.h"
#include "input.h"
#include "lib/analysis/policy.h"
#include "lib/base/companion.h"
#include "lib/base/stop.h"
#include "lib/base/units.h"
#include "prepare.h"
#include "run.h"
#include "targets.h"
#include "unprivileged.h"

/* Below it a cgroup spends its time on the kernel's own needs. */
#define LIMIT_FLOOR_BYTES (16 * MIB)

static const char *const savings_choices[] = {
	[POLICY_SLOT] = "slot", [POLICY_CODEC] = "codec", NULL
};

#define S struct study_config
const struct opt study_options[] = {
	OPT_SHARE(0, "limit", S, limit_ratio,
		  "limit the command to this share of its own peak of anonymous and shared memory"),
	OPT_LIST(0, "algo", S, algorithms,
		 "pool algorithms to try; default all that the kernel has", .metavar = "NAME,..."),
	OPT_U64(0, "blocks", S, blocks,
		"timed runs of each configuration; time is decided from 6 on, bytes with any "
		"number",
		.min = 1, .max = STUDY_BLOCKS_MAX),
	OPT_DIR(0, "dir", S, dir,
		"directory for the results database, the report and the command's output"),
	OPT_U64(0, "seed", S, seed, "seed of the order of runs"),
	OPT_DURATION(0, "timeout", S, timeout_ns, "kill a run that takes longer", .min = NS_PER_S,
		     .max = 3600 * NS_PER_S),
	OPT_SHARE(0, "floor", S, floor_ratio, "smallest savings at which a codec is considered"),
	OPT_F64(0, "heavy-below", S, heavy_below,
		"largest readback factor (swap-ins per swap-out) at which heavy codecs, zstd and "
		"deflate, are considered"),
	OPT_F64(0, "price", S, price_gib_per_core,
		"GiB-seconds of RAM that a heavy codec must save for each extra CPU-second"),
	OPT_FILE(0, "db", S, db,
		 "results database with calibrations of this machine (compressor_monitor calibrate "
		 "--db), by which CPU times are scaled to the kernel's codecs; default the study's "
		 "own"),
	OPT_FLAG(0, "no-calibration", S, no_calibration,
		 "rank by the libraries' CPU times, not scaled"),
	OPT_CHOICE(0, "savings", S, savings, savings_choices,
		   "which bytes count as saved: RAM of the pool, or compressed bytes"),
	OPT_FLAG(0, "demo", S, demo, "two blocks of the built-in targets, under three minutes"),
	OPT_OUTPUT(S, output),
	OPT_RENAMED("out", "--dir DIR"),
	OPT_RENAMED("kernel-costs", "--db FILE"),
	OPT_END
};
#undef S

/* ---- one target ---- */

/* choice NULL: none. */
static int add_configuration(struct study *s, struct study_target *target,
			     const struct study_choice *choice, struct err *e)
{
	struct study_configuration *c = &target->configurations[target->n_configurations];
	const struct study_backend *backend = choice ? choice->backend : &backend_none;
	const char *algorithm = choice ? choice->algorithm : NULL;
	struct results_pool pool = { algorithm, MISSING_U64, MISSING_U64, MISSING_I64 };
	struct results_id id;
	int rc = 0;

	*c = (struct study_configuration){
		.backend = backend,
		.algorithm = algorithm,
		.name = choice ? choice->name : backend->name,
	};
	if (algorithm)
		rc = results_pool_add(s->results, &s->experiment, &pool, &id, e);
	if (!rc)
		rc = results_cell_add(s->results, &target->workload, algorithm ? &id : NULL,
				      c->name, backend->limited ? target->limit_bytes : MISSING_U64,
				      &c->cell, e);
	target->n_configurations += !rc;
	return rc;
}

/* What the command holds, and that it works at all. */
static int reference_run(struct study *s, struct study_target *target, struct err *e)
{
	const struct results_run *reference = study_reference(target);
	int rc;

	if (s->unprivileged)
		rc = study_run_unprivileged(s, target, e);
	else
		rc = study_run_once(s, target, &target->configurations[0], RESULTS_RUN_REFERENCE, 0,
				    0, e);
	if (rc)
		return rc;
	if (!results_run_counts(reference))
		return study_failed_target(s, target, reference->reason, e);
	if (target->scan.present)
		return 0;
	err_say(e, ENODATA,
		"%s cannot be studied: it had less than 4 MiB of memory, or too short a time for a "
		"page scan",
		target->name);
	return err_hint(e, "give it more work: a study needs 0.1 s at its peak");
}

/* Sets the limit, or notes why there cannot be one. */
static bool set_limit(struct study *s, struct study_target *target)
{
	double peak = study_reference(target)->metrics.ram_bytes_peak;
	uint64_t limit = (uint64_t)(s->config->limit_ratio * peak) / PAGE_BYTES * PAGE_BYTES;
	char have[UNITS_TEXT_MAX], need[UNITS_TEXT_MAX];

	if (s->no_pool)
		return false;
	target->limit_bytes = limit;
	if (limit >= LIMIT_FLOOR_BYTES)
		return true;
	study_note(
		s, RESULTS_NOTE_SKIPPED, target->name,
		"its peak of %s is too small for a limit of %.0f %%, a cgroup needs %s; the answer "
		"comes from the page scan alone",
		units_format_size((uint64_t)peak, have), s->config->limit_ratio * 100,
		units_format_size(LIMIT_FLOOR_BYTES, need));
	return false;
}

/* With less in the pool than the floor, nothing worth having can be saved: kernel memory and page
 * tables alone push a few pages out of a cgroup limited to all that it needs.
 */
static bool limit_takes_effect(const struct study *s, const struct study_target *target,
			       const struct results_run *run)
{
	return run->metrics.pool_orig_bytes_peak >=
	       s->config->floor_ratio * study_reference(target)->metrics.ram_bytes_peak;
}

/* One run of each pool, with probes. */
static int probed_runs(struct study *s, struct study_target *target, struct err *e)
{
	bool effect = false, measured = false;

	for (size_t i = 1; i < target->n_configurations; i++) {
		struct study_configuration *c = &target->configurations[i];
		const struct results_run *run = &c->runs[0];
		int rc = study_run_once(s, target, c, RESULTS_RUN_PROBED, 0, (unsigned int)i, e);

		if (rc)
			return rc;
		if (!results_run_counts(run))
			continue;
		measured = true;
		effect = effect || limit_takes_effect(s, target, run);
	}
	if (measured && !effect)
		study_note(
			s, RESULTS_NOTE_WARNING, target->name,
			"the limit had no effect: hardly any page was swapped out; try a smaller "
			"--limit");
	return 0;
}

static int timed_blocks(struct study *s, struct study_target *target, struct err *e)
{
	size_t order[STUDY_CONFIGURATIONS_MAX];
	int rc = 0;

	for (unsigned int block = 1; block <= s->config->blocks && !rc; block++) {
		prng_shuffle(&s->rng, order, target->n_configurations);
		for (unsigned int i = 0; i < target->n_configurations && !rc; i++)
			rc = study_run_once(s, target, &target->configurations[order[i]],
					    RESULTS_RUN_TIMED, block, i, e);
	}
	return rc;
}

static int study_one(struct study *s, struct study_target *target, struct err *e)
{
	AUTO_FREE char *argv = results_quote_argv(target->argv);
	int rc = results_workload_add(s->results, &s->experiment, target->name, argv, s->user.uid,
				      &target->workload, e);

	if (!rc)
		rc = add_configuration(s, target, NULL, e);
	if (!rc)
		rc = reference_run(s, target, e);
	if (rc || !set_limit(s, target))
		return rc;
	for (size_t i = 0; i < s->n_choices && !rc; i++)
		rc = add_configuration(s, target, &s->choices[i], e);
	if (!rc)
		rc = probed_runs(s, target, e);
	return rc ? rc : timed_blocks(s, target, e);
}

/* ---- the whole ---- */

static int write_report(struct study *s, struct err *e)
{
	char db[SYSROOT_PATH_MAX], page[SYSROOT_PATH_MAX];
	struct companion report;
	int rc;

	snprintf(db, sizeof(db), "%s/study.db", s->config->dir);
	snprintf(page, sizeof(page), "%s/report.html", s->config->dir);

	const char *const argv[] = { "report",           "--db",     db,   "--experiment",
				     s->experiment.text, "--output", page, NULL };

	rc = companion_start_as(&report, &s->user, argv, e);
	if (!rc)
		rc = companion_finish(&report, 0, 60 * NS_PER_S, e);
	companion_done(&report);
	if (!rc)
		term_say("report: %s", page);
	return rc;
}

static int run_all(struct study *s, struct err *e)
{
	double pools = s->no_pool ? 0 : (double)s->n_choices;
	double timed = s->no_pool ? 0 : (pools + 1) * (double)s->config->blocks;
	int rc = 0;

	term_progress_begin(&s->progress, (double)s->n_targets * (1 + pools + timed));
	for (size_t i = 0; i < s->n_targets && !rc; i++)
		rc = study_one(s, &s->targets[i], e);
	term_progress_end(&s->progress);
	if (!rc)
		rc = study_answer(s, e);
	if (!rc && out_flush(s->out))
		rc = err_set(e, EIO, "cannot print the answer");
	return rc ? rc : write_report(s, e);
}

/* Into the results database, whatever ended the study. */
static void end_early(struct study *s, enum results_experiment_state state, const char *why)
{
	uint64_t unfinished;

	if (!s->results)
		return;
	results_experiment_end(s->results, &s->experiment, state, why, NULL, NULL);
	results_interrupt(s->results, &unfinished, NULL);
}

static void interrupted(struct study *s)
{
	term_progress_end(&s->progress);
	end_early(s, RESULTS_EXPERIMENT_INTERRUPTED,
		  "Interrupted; the runs until then are in the results database.");
	term_say("stopped: %.0f runs are in %s/study.db; %s", s->runs_done, s->config->dir,
		 s->left_behind ? "to remove what is left on the machine: coldpress recover"
				: "nothing is left on the machine");
}

/* Events of a study are its runs. */
static void print_end(struct study *s)
{
	struct end_record end = {
		.seen = (uint64_t)s->runs_done,
		.emitted = (uint64_t)s->runs_done,
		.missed = MISSING_U64,
		.unmatched = MISSING_U64,
		.reason = stop_requested() ? "signal" : "done",
	};

	out_record(s->out, &end_record_type, &end);
}

static int check_settings(const struct study_config *settings, struct err *e)
{
	if (!settings->dir[0])
		return err_usage(e, "--dir needs a directory");
	if (!(settings->heavy_below >= 0) || !(settings->price_gib_per_core >= 0))
		return err_usage(e, "--heavy-below and --price are 0 or more");
	if (!(settings->limit_ratio > 0 && settings->limit_ratio <= 1))
		return err_usage(e, "--limit is a share of the command's own peak, above 0 %% and "
				    "at most 100 %%");
	if (settings->no_calibration && settings->db)
		return err_usage(e, "--no-calibration and --db FILE exclude each other");
	return 0;
}

static int run_study(struct study *s, const struct study_config *settings, int argc, char **argv,
		     struct err *e)
{
	char why[400];
	int rc = study_prepare(s, settings, argv, why, sizeof(why), e);

	if (!rc && argc > 0) {
		study_target_add(s, argv);
		rc = study_input_open(s, e);
	}
	if (!rc && argc == 0)
		rc = study_targets_add(s, e);
	if (!rc)
		rc = run_all(s, e);
	if (rc && stop_requested()) {
		interrupted(s);
		rc = 0;
	} else if (rc) {
		end_early(s, RESULTS_EXPERIMENT_FAILED, e->what);
	}
	for (size_t i = 0; i < s->n_targets; i++)
		free(s->targets[i].scan.lines);
	results_close(s->results);
	journal_close(s->journal);
	return rc;
}

int study_run(void *context, int argc, char **argv, int *exit_code UNUSED, struct err *e)
{
	struct study_config *settings = context;
	AUTO_FREE struct study *s = calloc(1, sizeof(*s)); /* too large for a stack */
	int rc = s ? check_settings(settings, e) : err_set(e, ENOMEM, "cannot begin a study");

	if (!rc && settings->db) /* known before the first run rather than after the last one */
		rc = study_read_calibrations(s, settings->db, e);
	if (rc)
		return rc;
	if (settings->demo)
		settings->blocks = MIN(settings->blocks, 2);
	s->config = settings;
	s->input_fd = -1;
	term_set_level(settings->output.quiet     ? TERM_QUIET
		       : settings->output.verbose ? TERM_VERBOSE
						  : TERM_NORMAL);
	prng_seed(&s->rng, settings->seed);
	rc = out_new(&s->out, (enum out_format)settings->output.format, settings->output.path, e);
	if (rc)
		return rc;
	rc = run_study(s, settings, argc, argv, e);
	if (rc) {
		out_discard(s->out);
		return rc;
	}
	print_end(s);
	return out_close(s->out, e);
}

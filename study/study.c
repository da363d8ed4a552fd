/* SPDX-License-Identifier: GPL-2.0-only */
/* study.c - `coldpress study`: options, the order of runs, clean-up.
 *
 * For each target: one reference run without a limit, scanned and probed, whose peak of anonymous
 * and shared memory is the 100 %. Then the search for the smallest RAM within a bound of slowdown
 * (search.c), or the limits that were given (fixed.c).
 * Everything is stored as it happens; the answer and the report come last. Nothing stays on the
 * machine: pools are bound to this process, cgroups have guardians, and `coldpress recover` removes
 * what a kill -9 leaves.
 */
#include "answer.h"
#include "config.h"
#include "configuration.h"
#include "fixed.h"
#include "input.h"
#include "lib/analysis/policy.h"
#include "lib/base/companion.h"
#include "lib/base/stop.h"
#include "lib/base/units.h"
#include "prepare.h"
#include "resume.h"
#include "run.h"
#include "score.h"
#include "search.h"
#include "targets.h"
#include "unprivileged.h"

static const char *const better_choices[] = {
	[STUDY_BETTER_LOWER] = "lower", [STUDY_BETTER_HIGHER] = "higher", NULL
};

#define DEMO_BUDGET_NS (45 * NS_PER_S) /* for each of two targets, without their reference runs */

static const char *const savings_choices[] = {
	[POLICY_SLOT] = "slot", [POLICY_CODEC] = "codec", NULL
};

#define S struct study_config
const struct opt study_options[] = {
	OPT_SHARE(0, "max-slowdown", S, max_slowdown_ratio,
		  "how much more time the command may take"),
	OPT_DURATION(
		0, "budget", S, budget_ns,
		"time for the study of one command; default 40 reference runs, at least 2m, at "
		"most 15m",
		.min = 10 * NS_PER_S, .max = 24 * 3600 * NS_PER_S),
	OPT_STRING(0, "metric", S, metric,
		   "compare runs by a number that the command prints, not by time: the last match "
		   "of this extended regular expression, its first group if it has one",
		   .metavar = "REGEX"),
	OPT_CHOICE(0, "better", S, better, better_choices, "which values of --metric are better"),
	OPT_U64(0, "accept-exit", S, accept_exit,
		"exit status of the command that is a success too, as 0 is", .max = 255),
	OPT_LIST(0, "limit", S, limits,
		 "no search: measure at these shares of the command's own peak of anonymous and "
		 "shared memory, e.g. 50%,75%",
		 .metavar = "SHARE,..."),
	OPT_DIR(0, "resume", S, resume,
		"go on with the unfinished search in this directory: its command, its options"),
	OPT_LIST(0, "algo", S, algorithms,
		 "pool algorithms to try; default all that the kernel has", .metavar = "NAME,..."),
	OPT_U64(0, "blocks", S, blocks,
		"with --limit: timed runs of each configuration; time is decided from 6 on, bytes "
		"with any number",
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
	OPT_FLAG(0, "demo", S, demo, "the built-in targets, smaller, in two minutes"),
	OPT_OUTPUT(S, output),
	OPT_RENAMED("out", "--dir DIR"),
	OPT_RENAMED("kernel-costs", "--db FILE"),
	OPT_END
};
#undef S

/* ---- one target ---- */

/* Too little to limit or too short to measure. */
static int cannot_study(const struct study_target *target, struct err *e)
{
	const struct metrics *m = &study_reference(target)->metrics;
	char time[UNITS_TEXT_MAX], peak[UNITS_TEXT_MAX] = "0 B";

	if (m->ram_bytes_peak > 0)
		units_format_size((uint64_t)m->ram_bytes_peak, peak);
	err_say(e, ENODATA,
		"%s cannot be studied: it had less than 4 MiB of memory, or too short a time for a "
		"page scan (peak %s, %s)",
		target->name, peak, units_format_duration((uint64_t)m->wall_ns, time));
	return err_hint(e, "give it more work: a study needs 0.1 s at its peak");
}

/* What the command holds, and that it works at all. */
static int reference_run(struct study *s, struct study_target *target, struct err *e)
{
	struct run_plan plan = { .kind = RESULTS_RUN_REFERENCE };
	int rc = 0;

	if (s->unprivileged)
		rc = study_run_unprivileged(s, target, e);
	else if (!study_reference(target)) /* a study that goes on has it */
		rc = study_run_once(s, target, &target->configurations[0], &plan, e);
	if (rc)
		return rc;
	if (!results_run_counts(study_reference(target)))
		return study_failed_target(s, target, study_reference(target)->reason, e);
	return target->scan.present ? 0 : cannot_study(target, e);
}

static int study_one(struct study *s, struct study_target *target, struct err *e)
{
	AUTO_FREE char *argv = results_quote_argv(target->argv);
	struct study_configuration *none;
	int rc;

	if (s->config->resume)
		rc = study_resume_target(s, target, e);
	else
		rc = results_workload_add(s->results, &s->experiment, target->name, argv,
					  s->user.uid, &target->workload, e);
	if (!rc)
		rc = study_configuration_get(s, target, NULL, MISSING_U64, MISSING_F64, &none, e);
	if (!rc)
		rc = reference_run(s, target, e);
	if (rc || s->no_pool)
		return rc;
	return s->config->n_limits ? study_fixed(s, target, e) : study_search(s, target, e);
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

/* What the finished runs say, whatever ended them. */
static int conclude(struct study *s, enum results_experiment_state state, struct err *e)
{
	int rc = study_answer(s, state, e);

	if (!rc && out_flush(s->out))
		rc = err_set(e, EIO, "cannot print the answer");
	return rc ? rc : write_report(s, e);
}

/* A search has an answer at any time, once there is a target with one. */
static bool can_answer(const struct study *s)
{
	for (size_t i = 0; i < s->n_targets; i++)
		if (s->targets[i].search)
			return true;
	return false;
}

static int run_all(struct study *s, struct err *e)
{
	struct err why = { 0 };
	int rc = 0;

	term_progress_begin(&s->progress,
			    (double)s->n_targets * (1 + (s->no_pool ? 0 : study_fixed_runs(s))));
	for (size_t i = 0; i < s->n_targets && !rc; i++)
		rc = study_one(s, &s->targets[i], e);
	term_progress_end(&s->progress);
	if (!rc)
		return conclude(s, RESULTS_EXPERIMENT_DONE, e);
	if (!can_answer(s))
		return rc;
	if (conclude(s,
		     stop_requested() ? RESULTS_EXPERIMENT_INTERRUPTED : RESULTS_EXPERIMENT_FAILED,
		     &why))
		term_warn("%s", why.what);
	s->answered = true;
	return rc;
}

/* Into the results database, whatever ended the study. */
static void end_early(struct study *s, enum results_experiment_state state, const char *why)
{
	uint64_t unfinished;

	if (!s->results)
		return;
	if (!s->answered)
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
	if (!(settings->max_slowdown_ratio > 0 && settings->max_slowdown_ratio <= 4))
		return err_usage(e, "--max-slowdown is above 0 %% and at most 400 %%");
	if (settings->no_calibration && settings->db)
		return err_usage(e, "--no-calibration and --db FILE exclude each other");
	return study_score_check(settings, e);
}

/* The shares of --limit. */
static int read_limits(struct study_config *settings, struct err *e)
{
	for (size_t i = 0; i < settings->limits.n; i++) {
		double *ratio = &settings->limit_ratios[settings->n_limits];
		struct err why = { 0 };

		if (settings->n_limits == ARRAY_SIZE(settings->limit_ratios))
			return err_usage(e, "--limit takes at most %d shares", STUDY_LIMITS_MAX);
		if (units_parse_share(settings->limits.items[i], ratio, &why))
			return err_usage(e, "--limit %s", why.what);
		if (*ratio <= 0 || *ratio > 1)
			return err_usage(e,
					 "--limit '%s' must be above 0 %% and at most 100 %% of "
					 "the command's own peak",
					 settings->limits.items[i]);
		settings->n_limits++;
	}
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
	for (size_t i = 0; i < s->n_targets; i++) {
		free(s->targets[i].scan.lines);
		search_free(s->targets[i].search);
		study_configurations_done(&s->targets[i]);
	}
	results_close(s->results);
	journal_close(s->journal);
	return rc;
}

int study_run(void *context, int argc, char **argv, int *exit_code UNUSED, struct err *e)
{
	struct study_config *settings = context;
	AUTO_FREE struct study *s = calloc(1, sizeof(*s)); /* too large for a stack */
	int rc = s ? 0 : err_set(e, ENOMEM, "cannot begin a study");

	if (!rc && settings->resume)
		rc = study_resume_options(s, settings, &argc, &argv, e);
	if (!rc)
		rc = check_settings(settings, e);
	if (!rc)
		rc = read_limits(settings, e);
	if (!rc && settings->db) /* known before the first run rather than after the last one */
		rc = study_read_calibrations(s, settings->db, e);
	if (rc)
		return rc;
	if (settings->demo && settings->budget_ns == MISSING_U64)
		settings->budget_ns = DEMO_BUDGET_NS;
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

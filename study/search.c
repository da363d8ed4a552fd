/* SPDX-License-Identifier: GPL-2.0-only */
/* search.c - the engine's questions as runs, and runs as its answers.
 *
 * The reference run with its page scan is the engine's warm-up. Every answer is stored with its
 * run, so that a study that was ended goes on from there.
 */
#include "search.h"

#include <math.h>

#include "configuration.h"
#include "lib/base/record_json.h"
#include "lib/base/units.h"
#include "rank.h"
#include "resume.h"
#include "run.h"
#include "score.h"

#define OTHERS_RATIO 0.25 /* of the CPUs */

/* ---- what the engine needs to know first ---- */

/* The algorithms in the order of the policy; those that it does not know stand last. */
static void order_choices(struct study *s, const struct study_target *target)
{
	struct study_choice ordered[STUDY_CHOICES_MAX];
	AUTO_FREE struct ranking *ranking = calloc(1, sizeof(*ranking));
	bool taken[STUDY_CHOICES_MAX] = { false };
	size_t n = 0;

	if (!ranking || !target->scan.present)
		return;
	study_rank(s, target, POLICY_READBACK_WARM, MISSING_F64, ranking);
	for (size_t i = 0; i < ranking->n; i++)
		for (size_t k = 0; k < s->n_choices; k++) {
			const char *label =
				codec_for_kernel(s->choices[k].algorithm, s->crypto, NULL);

			if (taken[k] || !label || !str_eq(label, ranking->candidates[i].label))
				continue;
			taken[k] = true;
			ordered[n++] = s->choices[k];
		}
	for (size_t k = 0; k < s->n_choices; k++)
		if (!taken[k])
			ordered[n++] = s->choices[k];
	memcpy(s->choices, ordered, n * sizeof(ordered[0]));
}

/* RAM left of what is swapped out, by the page scan. */
static double predicted_ratio(const struct study *s, const struct study_target *target, size_t algo)
{
	double pages = (double)target->scan.summary.population_pages;
	struct study_prediction p;

	if (!target->scan.present || !(pages > 0))
		return MISSING_F64;
	p = study_predict(&target->scan, s->choices[algo].algorithm, s->crypto, s->zeromap, pages);
	return p.used_bytes / (pages * PAGE_BYTES);
}

static int begin(struct study *s, struct study_target *target, struct err *e)
{
	double peak = study_reference(target)->metrics.ram_bytes_peak;
	struct search_config config = {
		.max_slowdown = s->config->max_slowdown_ratio,
		.budget_ns = s->config->budget_ns == MISSING_U64 ? 0 : s->config->budget_ns,
		.seed = s->config->seed,
		.n_algos = MIN(s->n_choices, (size_t)SEARCH_ALGOS),
		.floor_ratio = fmax(0.1, (double)STUDY_LIMIT_FLOOR_BYTES / peak),
	};
	char size[UNITS_TEXT_MAX];
	int rc;

	if (!(peak * 0.95 >= (double)STUDY_LIMIT_FLOOR_BYTES)) {
		study_note(s, RESULTS_NOTE_SKIPPED, target->name,
			   "its peak of %s is too small for a limit, a cgroup needs 16 MiB; the "
			   "answer comes from the page scan alone",
			   units_format_size((uint64_t)peak, size));
		return 1;
	}
	order_choices(s, target); /* the same one where a study goes on: it has the same scan */
	for (size_t i = 0; i < config.n_algos; i++)
		config.predicted_ratio[i] = predicted_ratio(s, target, i);
	rc = search_new(&config, &target->search);
	return rc ? err_set(e, -rc, "cannot begin a search") : 0;
}

/* ---- one run ---- */

/* Of the run that has just ended. */
static double cost_of(const struct study *s, const struct study_target *target,
		      const struct results_run *run)
{
	if (!s->config->metric || run->state == RESULTS_RUN_TIMEOUT)
		return run->metrics.wall_ns;
	return study_score_cost(s, target);
}

static enum search_outcome outcome_of(const struct results_run *run)
{
	switch (run->state) {
	case RESULTS_RUN_OK:
	case RESULTS_RUN_UNSETTLED:
		return SEARCH_OK;
	case RESULTS_RUN_TIMEOUT:
		return SEARCH_ABORTED;
	case RESULTS_RUN_OOM:
		return SEARCH_KILLED;
	case RESULTS_RUN_CONTAMINATED:
		return SEARCH_CONTAMINATED;
	default:
		return SEARCH_FAILED;
	}
}

/* A run that chooses a limit and was ended early while others took the CPUs says nothing. */
static enum search_outcome final_outcome(const struct search_ask *ask,
					 const struct results_run *run, double cost)
{
	enum search_outcome outcome = outcome_of(run);

	if (outcome == SEARCH_OK && isnan(cost))
		return SEARCH_FAILED;
	if (outcome == SEARCH_ABORTED && ask->phase == SEARCH_BRACKET &&
	    run->metrics.others_cpu_ratio > OTHERS_RATIO)
		return SEARCH_CONTAMINATED;
	return outcome;
}

static struct search_run result_of(const struct study *s, const struct study_target *target,
				   const struct search_ask *ask, const struct results_run *run,
				   uint64_t wall_ns)
{
	const struct metrics *m = &run->metrics;
	double cost = cost_of(s, target, run);

	return (struct search_run){
		.ask = *ask,
		.outcome = final_outcome(ask, run, cost),
		.cost = cost,
		.elapsed_ns = isnan(m->wall_ns) ? 0 : (uint64_t)m->wall_ns,
		.wall_ns = wall_ns,
		.ram_mean_bytes = m->footprint_bytes_mean,
		.ram_peak_bytes = m->footprint_bytes_peak,
		.stall_ratio = m->psi_some_us * NS_PER_US / m->wall_ns,
	};
}

static int store(struct study *s, const struct study_target *target, const struct search_run *run,
		 const struct results_id *id, bool retried, struct err *e)
{
	const struct search_ask *ask = &run->ask;
	struct search_run_record record = {
		.target = target->name,
		.run = ask->run,
		.phase = search_run_phases[ask->phase],
		.algorithm = ask->algo == SEARCH_NO_ALGO ? NULL : s->choices[ask->algo].name,
		.limit_ratio = ask->limit_ratio,
		.limit_bytes = ask->limit_bytes,
		.stage = ask->phase == SEARCH_PAIRED ? ask->stage : MISSING_U64,
		.block = ask->phase == SEARCH_PAIRED ? ask->block : MISSING_U64,
		.warm_up = ask->warm_up,
		.oom_retried = retried,
		.outcome = search_run_outcomes[run->outcome],
		.cost = run->cost,
		.elapsed_ns = run->elapsed_ns,
		.wall_ns = run->wall_ns,
		.ram_mean_bytes = run->ram_mean_bytes,
		.ram_peak_bytes = run->ram_peak_bytes,
		.stall_ratio = run->stall_ratio,
	};
	AUTO_FREE char *text = record_text(&search_run_type, &record);

	if (!text)
		return err_set(e, ENOMEM, "cannot store a run");
	if (s->config->output.format != OUT_TEXT)
		out_record(s->out, &search_run_type, &record);
	return results_artifact(s->results, id, "search", NULL, text, e);
}

/* Pairs of all stages have blocks of their own. */
static struct run_plan plan_of(const struct search_ask *ask)
{
	struct run_plan plan = { .kind = RESULTS_RUN_WARMUP, .abort_ns = ask->abort_ns };

	if (ask->phase == SEARCH_PROBED)
		plan.kind = RESULTS_RUN_PROBED;
	if (ask->phase == SEARCH_PAIRED) {
		plan.kind = RESULTS_RUN_TIMED;
		plan.block = (unsigned int)(ask->stage * STUDY_BLOCKS_MAX + ask->block + 1);
	}
	return plan;
}

/* What is tried now, how far it is, and how long it will take. */
static void show_plan(struct study *s, const struct study_target *target,
		      const struct search_ask *ask, char *buf, size_t len)
{
	char what[96] = "without a limit", left[UNITS_TEXT_MAX] = "", size[UNITS_TEXT_MAX];
	uint64_t left_ns, elapsed = monotonic_ns() - s->progress.begin_ns;
	size_t runs;

	search_progress(target->search, &runs, &left_ns);
	if (ask->algo != SEARCH_NO_ALGO)
		snprintf(what, sizeof(what), "%s at %.0f %% (%s)", s->choices[ask->algo].name,
			 100 * ask->limit_ratio, units_format_size(ask->limit_bytes, size));
	if (left_ns != MISSING_U64) {
		/* The line's own time left is by the ratio of these two. */
		s->progress.total = (double)(elapsed + left_ns);
		s->runs_done = (double)elapsed;
		if (!s->progress.live)
			snprintf(left, sizeof(left), ", %llu s left",
				 (unsigned long long)(left_ns / NS_PER_S));
	}
	snprintf(buf, len, "%zu/%zu %s: %s, %s%s", ask->run + 1, MAX(runs, ask->run + 1),
		 target->name, search_run_phases[ask->phase], what, left);
}

/* Killed under its limit while the pool was not full: it may be the kernel's stale statistics of
 * the cgroup rather than too little RAM.
 */
static bool oom_with_space(const struct study_target *target, const struct results_run *run)
{
	double peak = study_reference(target)->metrics.ram_bytes_peak;

	return run->state == RESULTS_RUN_OOM && !(run->metrics.pool_used_bytes_peak > peak);
}

static int make_run(struct study *s, struct study_target *target, const struct search_ask *ask,
		    struct search_run *ret, struct err *e)
{
	bool pool = ask->algo != SEARCH_NO_ALGO, retried = false;
	struct run_plan plan = plan_of(ask);
	uint64_t begin_ns = monotonic_ns();
	struct study_configuration *c;
	const struct results_run *run;
	char label[160];
	int rc = study_configuration_get(s, target, pool ? &s->choices[ask->algo] : NULL,
					 pool ? ask->limit_bytes : MISSING_U64,
					 pool ? ask->limit_ratio : MISSING_F64, &c, e);

	if (rc)
		return rc;
	show_plan(s, target, ask, label, sizeof(label));
	plan.label = label;
	do {
		rc = study_run_once(s, target, c, &plan, e);
		if (rc)
			return rc;
		run = &c->runs[c->n - 1];
		if (retried || !oom_with_space(target, run))
			break;
		retried = true;
		study_note(s, RESULTS_NOTE_WARNING, target->name,
			   "the OOM killer ended it under %s although the pool was not full: tried "
			   "again",
			   c->name);
	} while (true);
	*ret = result_of(s, target, ask, run, monotonic_ns() - begin_ns);
	return store(s, target, ret, &run->id, retried, e);
}

/* The scanned reference run answers the first question, unless that was stored. */
static int first_answer(struct study *s, struct study_target *target, struct err *e)
{
	const struct results_run *reference = study_reference(target);
	struct search_ask ask;
	struct search_run run;
	int rc;

	if (!search_next(target->search, &ask) || ask.run)
		return 0;
	run = result_of(s, target, &ask, reference, (uint64_t)reference->metrics.wall_ns);
	if (s->config->metric && isnan(run.cost))
		return err_say(e, EINVAL, "--metric '%s' found no positive number in %s/%s.output",
			       s->config->metric, s->config->dir, target->name);
	rc = store(s, target, &run, &reference->id, false, e);
	return rc ? rc : search_add(target->search, &run);
}

int study_search(struct study *s, struct study_target *target, struct err *e)
{
	struct search_ask ask;
	int rc = begin(s, target, e);

	if (rc)
		return rc < 0 ? rc : 0;
	if (s->config->resume)
		rc = study_resume_search(s, target, e);
	if (!rc)
		rc = first_answer(s, target, e);
	while (!rc && search_next(target->search, &ask)) {
		struct search_run run;

		rc = make_run(s, target, &ask, &run, e);
		if (!rc)
			rc = search_add(target->search, &run);
	}
	return rc;
}

const struct study_configuration *study_search_point(const struct study *s,
						     const struct study_target *target, size_t algo,
						     double limit_ratio)
{
	char name[sizeof(target->configurations[0].name)];

	if (algo == SEARCH_NO_ALGO)
		return &target->configurations[0];
	snprintf(name, sizeof(name), "%s@%.4g%%", s->choices[algo].name, 100 * limit_ratio);
	for (size_t i = 0; i < target->n_configurations; i++)
		if (str_eq(target->configurations[i].name, name))
			return &target->configurations[i];
	return NULL;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* fixed.c - one probed run of each configuration, which also warms everything up; then blocks of
 * timed runs, one of each configuration in shuffled order.
 */
#include "fixed.h"

#include "configuration.h"
#include "lib/base/units.h"
#include "run.h"

/* Every algorithm at this limit; or a note why there cannot be one. */
static int add_limit(struct study *s, struct study_target *target, double ratio, struct err *e)
{
	double peak = study_reference(target)->metrics.ram_bytes_peak;
	uint64_t limit = (uint64_t)(ratio * peak) / PAGE_BYTES * PAGE_BYTES;
	char have[UNITS_TEXT_MAX], need[UNITS_TEXT_MAX];
	struct study_configuration *c;
	int rc = 0;

	if (limit < STUDY_LIMIT_FLOOR_BYTES) {
		study_note(s, RESULTS_NOTE_SKIPPED, target->name,
			   "its peak of %s is too small for a limit of %.0f %%, a cgroup needs %s; "
			   "the answer comes from the page scan alone",
			   units_format_size((uint64_t)peak, have), ratio * 100,
			   units_format_size(STUDY_LIMIT_FLOOR_BYTES, need));
		return 0;
	}
	for (size_t i = 0; i < s->n_choices && !rc; i++)
		rc = study_configuration_get(s, target, &s->choices[i], limit,
					     s->config->n_limits > 1 ? ratio : MISSING_F64, &c, e);
	return rc;
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
		struct run_plan plan = { .kind = RESULTS_RUN_PROBED, .position = (unsigned int)i };
		int rc = study_run_once(s, target, c, &plan, e);

		if (rc)
			return rc;
		if (!results_run_counts(&c->runs[0]))
			continue;
		measured = true;
		effect = effect || limit_takes_effect(s, target, &c->runs[0]);
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
	size_t order[STUDY_CONFIGURATIONS_MAX] = { 0 };
	struct run_plan plan = { .kind = RESULTS_RUN_TIMED };
	int rc = 0;

	for (plan.block = 1; plan.block <= s->config->blocks && !rc; plan.block++) {
		prng_shuffle(&s->rng, order, target->n_configurations);
		for (plan.position = 0; plan.position < target->n_configurations && !rc;
		     plan.position++)
			rc = study_run_once(
				s, target, &target->configurations[order[plan.position]], &plan, e);
	}
	return rc;
}

int study_fixed(struct study *s, struct study_target *target, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < s->config->n_limits && !rc; i++)
		rc = add_limit(s, target, s->config->limit_ratios[i], e);
	if (!rc && target->n_configurations > 1)
		rc = probed_runs(s, target, e);
	if (!rc && target->n_configurations > 1)
		rc = timed_blocks(s, target, e);
	return rc;
}

double study_fixed_runs(const struct study *s)
{
	double pools = (double)(s->n_choices * s->config->n_limits);

	return pools + (pools + 1) * (double)s->config->blocks;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* search.c - the state of a search, advanced by one finished run at a time. */
#include <math.h>

#include "search.h"
#include "search_stage.h"

#define REFERENCE_MIN    5
#define REFERENCE_MAX    15
#define REFERENCE_SHARE  0.12 /* of the budget, where that is more than the least number of runs */
#define SEARCH_SHARE     0.28 /* of what the reference runs left */
#define CONTAMINATED_MAX 3

uint64_t search_budget_ns(uint64_t reference_ns)
{
	const uint64_t least = 120 * NS_PER_S, most = 900 * NS_PER_S;
	uint64_t budget;

	if (mul_overflows(reference_ns, UINT64_C(40), &budget))
		return most;
	return MIN(most, MAX(least, budget));
}

/* ---- reference ---- */

/* NaN below 2. */
static double sample_sd(const double *x, size_t n)
{
	double mean = 0, squares = 0;

	for (size_t i = 0; i < n; i++)
		mean += x[i] / (double)n;
	for (size_t i = 0; i < n; i++)
		squares += (x[i] - mean) * (x[i] - mean);
	return n < 2 ? MISSING_F64 : sqrt(squares / (double)(n - 1));
}

static void summarize_reference(struct search *s)
{
	struct search_reference *ref = &s->reference;
	double wall = 0, ram = 0, cost[REFERENCE_MAX * 2], log_cost[REFERENCE_MAX * 2];
	bool warm_only = s->n_runs == 1;

	*ref = (struct search_reference){ 0 };
	for (size_t i = 0; i < s->n_runs; i++) {
		const struct search_run *run = &s->run[i];

		if (run->ask.phase != SEARCH_REFERENCE || (run->ask.warm_up && !warm_only))
			continue;
		if (run->outcome == SEARCH_FAILED || run->outcome == SEARCH_KILLED ||
		    !(run->cost > 0)) {
			ref->failed++;
			continue;
		}
		cost[ref->runs] = run->cost;
		log_cost[ref->runs++] = log(run->cost);
		wall += (double)run->wall_ns;
		ram += run->ram_mean_bytes;
		ref->ram_peak_bytes = MAX(ref->ram_peak_bytes, run->ram_peak_bytes);
		ref->slowest_ns = MAX(ref->slowest_ns, (double)run->elapsed_ns);
	}
	ref->cost = stats_median(cost, ref->runs);
	ref->spread = paired_spread(log_cost, ref->runs);
	ref->log_sd = sample_sd(log_cost, ref->runs);
	ref->wall_ns = ref->runs ? wall / (double)ref->runs : 0;
	ref->ram_mean_bytes = ref->runs ? ram / (double)ref->runs : MISSING_F64;
}

/* At least 5 for a coefficient of variation, 2 where even those would take a third of the budget.
 */
static size_t references_wanted(const struct search *s)
{
	double fit = (double)s->budget_ns / s->reference.wall_ns;

	if (!(s->reference.wall_ns > 0))
		return REFERENCE_MIN;
	if (fit < 3 * REFERENCE_MIN)
		return MAX((size_t)2, (size_t)(fit / 3));
	return MIN((size_t)REFERENCE_MAX,
		   MAX((size_t)REFERENCE_MIN, (size_t)(fit * REFERENCE_SHARE)));
}

static bool plan_reference(struct search *s)
{
	size_t done = s->reference.runs;

	if (s->n_runs && s->reference.failed > 1 + done) {
		s->phase = SEARCH_DONE;
		return true;
	}
	if (s->n_runs <= s->reference_wanted + s->reference.failed &&
	    s->n_runs < REFERENCE_MAX * 2 && (s->n_runs < 2 || search_fits(s, 1))) {
		search_ask_for(s, SEARCH_REFERENCE, SEARCH_NO_ALGO, 1);
		s->next.warm_up = !s->n_runs;
		return true;
	}
	s->search_until_ns = s->spent_ns + search_time(s, SEARCH_SHARE);
	s->phase = done >= 2 ? SEARCH_BRACKET : SEARCH_DONE;
	return false;
}

/* ---- search ---- */

/* The waiting algorithm that is predicted to leave the least RAM; without predictions the first. */
static size_t next_waiting(const struct search *s)
{
	size_t next = SEARCH_NO_ALGO;
	double least = INFINITY;

	for (size_t i = 0; i < s->config.n_algos; i++) {
		double ratio = s->config.predicted_ratio[i];

		if (s->algo[i].track != SEARCH_WAITS)
			continue;
		if (next == SEARCH_NO_ALGO || ratio < least) {
			next = i;
			least = isnan(ratio) ? (double)INFINITY : ratio;
		}
	}
	return next;
}

/* Every limit above the largest one beyond the target needs more RAM than that one did. */
static bool cannot_win(const struct search *s, size_t algo)
{
	const struct bracket *b = &s->algo[algo].bracket;
	struct bracket_rule rule;
	double limit, best_ram = INFINITY, within, beyond;

	if (search_best_algo(s, algo, &limit, &best_ram) == SEARCH_NO_ALGO)
		return false;
	search_rule(s, &rule);
	bracket_ends(b, &rule, &within, &beyond);
	for (size_t i = 0; i < b->n; i++)
		if (b->point[i].limit_ratio == beyond && b->point[i].ram_runs)
			return b->point[i].ram_sum / b->point[i].ram_runs >=
			       (1 - SEARCH_SAME_RAM) * best_ram;
	return false;
}

/* A further algorithm begins at the ends of the best one's bracket, or at the largest limit tried.
 */
static void start_at_best(struct search *s, size_t algo)
{
	double limit, ram = INFINITY, within, beyond;
	size_t best = search_best_algo(s, algo, &limit, &ram);
	struct bracket_rule rule;

	for (size_t i = 0; best == SEARCH_NO_ALGO && i < s->config.n_algos; i++)
		if (s->algo[i].bracket.n)
			s->algo[algo].start = s->algo[i].bracket.point[0].limit_ratio;
	if (best == SEARCH_NO_ALGO)
		return;
	search_rule(s, &rule);
	bracket_ends(&s->algo[best].bracket, &rule, &within, &beyond);
	s->algo[algo].start = limit;
	s->algo[algo].then = beyond;
}

static bool plan_bracket(struct search *s)
{
	struct bracket_rule rule;
	size_t algo = 0;

	search_rule(s, &rule);
	for (;;) {
		double next;

		while (algo < s->config.n_algos && s->algo[algo].track != SEARCH_ACTIVE)
			algo++;
		if (algo == s->config.n_algos) {
			algo = next_waiting(s);
			if (algo == SEARCH_NO_ALGO)
				break;
			start_at_best(s, algo);
			s->algo[algo].track = SEARCH_ACTIVE;
		}
		if (!s->config.n_limits && !s->n_stages && cannot_win(s, algo)) {
			s->algo[algo].track = SEARCH_DROPPED;
			continue;
		}
		next = bracket_next(&s->algo[algo].bracket, &rule, s->algo[algo].start,
				    s->algo[algo].then);
		if (next > 0 && !(s->config.n_limits && s->config.n_algos == 1) &&
		    (double)s->spent_ns + s->reference.wall_ns <= (double)s->search_until_ns) {
			search_ask_for(s, SEARCH_BRACKET, algo, next);
			return true;
		}
		s->algo[algo].track = s->algo[algo].bracket.n ? SEARCH_CLOSED : SEARCH_DROPPED;
	}
	s->phase = SEARCH_PAIRED;
	return false;
}

/* The finalist for the probed run: of the last claim that held, else of the first stage. */
static bool plan_probed(struct search *s)
{
	const struct search_stage *st = s->stage;

	for (size_t i = 0; i < s->n_stages; i++)
		if (s->stage[i].claims && s->stage[i].outcome[s->stage[i].winner] == PAIRED_HOLDS)
			st = &s->stage[i];
	if (!s->n_stages || !search_fits(s, 1) ||
	    s->run[s->n_runs - 1].ask.phase == SEARCH_PROBED) {
		s->phase = SEARCH_DONE;
		return true;
	}
	search_ask_for(s, SEARCH_PROBED, st->algo[st->winner], st->limit_ratio[st->winner]);
	return true;
}

static void plan(struct search *s)
{
	for (bool planned = false; !planned;) {
		switch (s->phase) {
		case SEARCH_REFERENCE:
			planned = plan_reference(s);
			break;
		case SEARCH_BRACKET:
			planned = plan_bracket(s);
			break;
		case SEARCH_PAIRED:
			planned = search_plan_stages(s);
			break;
		case SEARCH_PROBED:
			planned = plan_probed(s);
			break;
		case SEARCH_DONE:
			planned = true;
			break;
		}
	}
}

/* ---- what a run changes ---- */

static void add_to_bracket(struct search *s, const struct search_run *run)
{
	struct search_algo *a = &s->algo[run->ask.algo];
	struct bracket_run r = {
		.log_slowdown = log(run->cost / s->reference.cost),
		.stall_ratio = run->stall_ratio,
		.ram_ratio = run->ram_mean_bytes / s->reference.ram_mean_bytes,
		.aborted = run->outcome == SEARCH_ABORTED,
		.killed = run->outcome == SEARCH_KILLED || run->outcome == SEARCH_FAILED ||
			  !(run->cost > 0),
	};

	a->failed += run->outcome == SEARCH_FAILED;
	if (run->outcome == SEARCH_CONTAMINATED && a->contaminated++ < CONTAMINATED_MAX)
		return;
	bracket_add(&a->bracket, run->ask.limit_ratio, &r);
}

static int keep_run(struct search *s, const struct search_run *run)
{
	if (s->n_runs == s->cap_runs) {
		size_t cap = MAX((size_t)64, 2 * s->cap_runs);
		struct search_run *grown = reallocarray(s->run, cap, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		s->run = grown;
		s->cap_runs = cap;
	}
	s->run[s->n_runs++] = *run;
	s->spent_ns += run->wall_ns;
	return 0;
}

int search_add(struct search *s, const struct search_run *run)
{
	int rc;

	if (s->phase == SEARCH_DONE || run->ask.run != s->next.run ||
	    run->ask.phase != s->next.phase || run->ask.algo != s->next.algo ||
	    fabs(run->ask.limit_ratio - s->next.limit_ratio) > 1e-9)
		return -EINVAL;
	rc = keep_run(s, run);
	if (rc)
		return rc;
	s->run[s->n_runs - 1].ask = s->next;
	if (s->phase == SEARCH_REFERENCE) {
		summarize_reference(s);
		s->budget_ns = s->config.budget_ns
				       ? s->config.budget_ns
				       : search_budget_ns((uint64_t)s->reference.wall_ns);
		s->reference_wanted = references_wanted(s);
	} else if (s->phase == SEARCH_BRACKET) {
		add_to_bracket(s, run);
	} else if (s->phase == SEARCH_PAIRED) {
		if (search_block_complete(s))
			search_after_block(s);
	}
	plan(s);
	return 0;
}

/* ---- life ---- */

static bool valid(const struct search_config *c)
{
	if (!c->n_algos || c->n_algos > SEARCH_ALGOS || c->n_limits > SEARCH_LIMITS ||
	    !(c->max_slowdown > 0) || !(c->max_slowdown <= 4))
		return false;
	for (size_t i = 0; i < c->n_limits; i++)
		if (!(c->limit_ratio[i] > 0) || !(c->limit_ratio[i] < 1) ||
		    (i && c->limit_ratio[i] >= c->limit_ratio[i - 1]))
			return false;
	return true;
}

int search_new(const struct search_config *config, struct search **ret)
{
	struct search *s;

	if (!valid(config))
		return -EINVAL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->config = *config;
	plan(s);
	*ret = s;
	return 0;
}

void search_free(struct search *s)
{
	if (!s)
		return;
	free(s->run);
	free(s);
}

bool search_next(const struct search *s, struct search_ask *ret)
{
	if (s->phase == SEARCH_DONE)
		return false;
	*ret = s->next;
	return true;
}

void search_progress(const struct search *s, size_t *ret_runs, uint64_t *ret_left_ns)
{
	double wall = s->reference.wall_ns, left = (double)s->budget_ns - (double)s->spent_ns,
	       more = 0;

	if (s->phase == SEARCH_DONE || !(wall > 0)) {
		*ret_runs = s->n_runs + (s->phase != SEARCH_DONE);
		*ret_left_ns = s->phase == SEARCH_DONE ? 0 : MISSING_U64;
		return;
	}
	more = MAX(1.0, floor(left / wall));
	if (s->phase == SEARCH_PAIRED && s->sequence_over && s->n_stages) {
		const struct search_stage *st = &s->stage[s->n_stages - 1];

		more = MIN(more, (double)((st->planned - MIN(st->planned, st->blocks) + 1) *
						  (st->n_algos + 1) +
					  1));
	} else if (s->phase == SEARCH_PROBED) {
		more = 1;
	}
	*ret_runs = s->n_runs + (size_t)more;
	*ret_left_ns = (uint64_t)MAX(0.0, MIN(left, more * wall * 1.02));
}

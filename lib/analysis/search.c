/* SPDX-License-Identifier: GPL-2.0-only */
/* search.c - the state of a search, advanced by one finished run at a time. */
#include <math.h>

#include "search.h"

#define REFERENCE_MIN   5
#define REFERENCE_MAX   15
#define REFERENCE_SHARE 0.12 /* of the budget, where that is more than the least number of runs */
#define SEARCH_SHARE    0.28 /* of what the reference runs left */
#define ABORT_RATIO     1.3  /* of the slowest reference run: a search run is ended */
#define PAIRED_ABORT    3.0  /* a paired one: it is a value, so it may take longer */
#define ABORTED_LOG     2.3  /* what an aborted run counts in a pair: beyond every bound */
#define SD_FLOOR        0.003
#define CLOSE_RAM       0.03 /* a second finalist is within this of the first */
#define SAME_RAM        0.01 /* no gain below this */
#define NEXT_LIMIT      0.975 /* a further stage's limit is below this part of the last one */
#define ALPHA           0.05
#define FIRST_PLANNED   0.75 /* of many pairs that fit: a stage's most */
#define SCORE_ERROR     0.7 /* of a run's spread: what a limit's score can be off */
#define TARGET_LEAST    0.2 /* of the bound: no target below it */
#define FIRST_SHARE     0.6 /* of the pairs that fit: what the first stage is planned with */
#define CONTAMINATED_MAX 3

uint64_t search_budget_ns(uint64_t reference_ns)
{
	const uint64_t least = 120 * NS_PER_S, most = 900 * NS_PER_S;
	uint64_t budget;

	if (mul_overflows(reference_ns, UINT64_C(40), &budget))
		return most;
	return MIN(most, MAX(least, budget));
}

/* ---- what the state says ---- */

static double log_bound(const struct search *s)
{
	return log(1 + s->config.max_slowdown);
}

/* Standard deviation of a pair's log ratio: of the last stage with enough pairs, else from the reference. */
static double pair_sd(const struct search *s)
{
	struct search_pairs pairs;
	struct stats_moments m = { 0 };

	for (size_t i = s->n_stages; i-- > 0;) {
		search_pairs(s, i, s->stage[i].winner, &pairs);
		if (pairs.n < PAIRED_MIN)
			continue;
		for (size_t j = 0; j < pairs.n; j++)
			stats_add(&m, pairs.log_cost[j]);
		return MAX(SD_FLOOR, sqrt(stats_variance(&m)));
	}
	return sqrt(2) * MAX(SD_FLOOR, s->reference.log_sd);
}

/* Pairs of one reference and n_algos limited runs that fit, with the probed run kept in reserve. */
static double pairs_that_fit(const struct search *s, size_t n_algos, uint64_t from_ns)
{
	double wall = s->reference.wall_ns, left = (double)s->budget_ns - (double)from_ns - 1.3 * wall;

	return MAX(0.0, floor(left / (wall * (1 + 1.04 * (double)n_algos))));
}

double search_target(const struct search *s)
{
	double pairs = pairs_that_fit(s, 1, MAX(s->spent_ns, s->search_until_ns));
	double n = MIN(pairs * FIRST_SHARE, PAIRED_MAX);
	/* The score of a limit is uncertain itself: as if the pairs spread more. */
	double sd = hypot(pair_sd(s), SCORE_ERROR * s->reference.log_sd * sqrt(n));

	return MAX(TARGET_LEAST * log_bound(s), log_bound(s) - paired_margin(sd, n));
}

void search_rule(const struct search *s, struct bracket_rule *ret)
{
	*ret = (struct bracket_rule){
		.target = s->config.n_limits ? log_bound(s) : search_target(s),
		.run_sd = MAX(SD_FLOOR, s->reference.log_sd) * 1.1,
		.floor_ratio = s->config.floor_ratio > 0 ? s->config.floor_ratio : 0.1,
		.fixed = s->config.limit_ratio,
		.n_fixed = s->config.n_limits,
		.repeats = 3,
	};
}

/* Which limit of an algorithm is the smallest within the target, and its RAM; false: none below 1. */
static bool best_of(const struct search *s, size_t algo, double *ret_limit, double *ret_ram)
{
	struct bracket_rule rule;
	double within, beyond, ram;

	search_rule(s, &rule);
	bracket_ends(&s->algo[algo].bracket, &rule, &within, &beyond);
	if (within >= 1)
		return false;
	ram = bracket_ram(&s->algo[algo].bracket, within);
	*ret_limit = within;
	*ret_ram = isnan(ram) ? within : ram;
	return true;
}

/* The algorithm with the least RAM within the target, `but` excepted; SEARCH_NO_ALGO: none. */
static size_t best_algo(const struct search *s, size_t but, double *ret_limit, double *ret_ram)
{
	size_t best = SEARCH_NO_ALGO;
	double limit, ram;

	for (size_t i = 0; i < s->config.n_algos; i++) {
		if (i == but || s->algo[i].track == SEARCH_WAITS ||
		    !best_of(s, i, &limit, &ram) || (best != SEARCH_NO_ALGO && ram >= *ret_ram))
			continue;
		best = i;
		*ret_limit = limit;
		*ret_ram = ram;
	}
	return best;
}

/* ---- pairs ---- */

struct block_run {
	const struct search_run *reference, *limited;
};

static bool usable(const struct search_run *run)
{
	return run && (run->outcome == SEARCH_OK || run->outcome == SEARCH_ABORTED) && run->cost > 0;
}

static void add_pair(struct search_pairs *pairs, const struct block_run *block)
{
	const struct search_run *a = block->reference, *b = block->limited;
	double log_cost = log(b->cost / a->cost);

	if (b->outcome == SEARCH_ABORTED)
		log_cost = MAX(log_cost, ABORTED_LOG);
	pairs->log_cost[pairs->n] = log_cost;
	pairs->log_ram[pairs->n++] = log(b->ram_mean_bytes / a->ram_mean_bytes);
	pairs->ram_mean_bytes += b->ram_mean_bytes;
	pairs->ram_peak_bytes += b->ram_peak_bytes;
	pairs->reference_mean_bytes += a->ram_mean_bytes;
	pairs->reference_peak_bytes += a->ram_peak_bytes;
	pairs->elapsed_ns += (double)b->elapsed_ns;
}

void search_pairs(const struct search *s, size_t stage, size_t which, struct search_pairs *ret)
{
	struct block_run block[PAIRED_MAX * 2] = { 0 };
	const struct search_stage *st = &s->stage[stage];
	double n;

	for (size_t i = 0; i < s->n_runs; i++) {
		const struct search_run *run = &s->run[i];

		if (run->ask.phase != SEARCH_PAIRED || run->ask.stage != stage)
			continue;
		if (run->ask.algo == SEARCH_NO_ALGO)
			block[run->ask.block].reference = run;
		else if (run->ask.algo == st->algo[which])
			block[run->ask.block].limited = run;
	}
	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < st->blocks; i++) {
		const struct search_run *b = block[i].limited;

		if (!block[i].reference || !b)
			continue;
		ret->kills += b->outcome == SEARCH_KILLED || b->outcome == SEARCH_FAILED;
		ret->last_usable = usable(block[i].reference) && usable(b);
		if (ret->last_usable)
			add_pair(ret, &block[i]);
		else
			ret->excluded++;
	}
	n = (double)ret->n;
	ret->ram_mean_bytes /= n;
	ret->ram_peak_bytes /= n;
	ret->reference_mean_bytes /= n;
	ret->reference_peak_bytes /= n;
	ret->elapsed_ns /= n;
}

/* ---- asking ---- */

static void ask(struct search *s, enum search_phase phase, size_t algo, double limit_ratio)
{
	double bytes = limit_ratio * s->reference.ram_peak_bytes;

	s->next = (struct search_ask){ .run = s->n_runs, .phase = phase, .algo = algo };
	s->next.limit_ratio = algo == SEARCH_NO_ALGO ? 1 : limit_ratio;
	if (algo != SEARCH_NO_ALGO && bytes > 0)
		s->next.limit_bytes = (uint64_t)(bytes / PAGE_BYTES) * PAGE_BYTES;
	if (phase == SEARCH_BRACKET)
		s->next.abort_ns = (uint64_t)(ABORT_RATIO * s->reference.slowest_ns);
	else if (phase == SEARCH_PAIRED)
		s->next.abort_ns = (uint64_t)(PAIRED_ABORT * s->reference.slowest_ns);
}

static bool fits(const struct search *s, double walls)
{
	return (double)s->spent_ns + walls * s->reference.wall_ns <= (double)s->budget_ns;
}

/* ---- reference ---- */

static void summarize_reference(struct search *s)
{
	struct search_reference *ref = &s->reference;
	struct stats_moments logs = { 0 }, wall = { 0 }, ram = { 0 };
	double cost[REFERENCE_MAX * 2];
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
		cost[ref->runs++] = run->cost;
		stats_add(&logs, log(run->cost));
		stats_add(&wall, (double)run->wall_ns);
		stats_add(&ram, run->ram_mean_bytes);
		ref->ram_peak_bytes = MAX(ref->ram_peak_bytes, run->ram_peak_bytes);
		ref->slowest_ns = MAX(ref->slowest_ns, (double)run->elapsed_ns);
	}
	ref->cost = stats_median(cost, ref->runs);
	ref->log_sd = logs.n < 2 ? MISSING_F64 : sqrt(stats_variance(&logs));
	ref->wall_ns = wall.mean;
	ref->ram_mean_bytes = ram.mean;
}

/* At least 5 for a coefficient of variation, 2 where even those would take a third of the budget. */
static size_t references_wanted(const struct search *s)
{
	double fit = (double)s->budget_ns / s->reference.wall_ns;

	if (fit < 3 * REFERENCE_MIN)
		return MAX((size_t)2, (size_t)(fit / 3));
	return MIN((size_t)REFERENCE_MAX, MAX((size_t)REFERENCE_MIN, (size_t)(fit * REFERENCE_SHARE)));
}

static bool plan_reference(struct search *s)
{
	size_t done = s->reference.runs;

	if (s->n_runs && s->reference.failed > 1 + done) {
		s->phase = SEARCH_DONE;
		return true;
	}
	if (s->n_runs <= s->reference_wanted + s->reference.failed &&
	    s->n_runs < REFERENCE_MAX * 2 && (s->n_runs < 2 || fits(s, 1))) {
		ask(s, SEARCH_REFERENCE, SEARCH_NO_ALGO, 1);
		s->next.warm_up = !s->n_runs;
		return true;
	}
	s->search_until_ns = s->spent_ns +
			     (uint64_t)(SEARCH_SHARE * (double)(s->budget_ns - MIN(s->budget_ns, s->spent_ns)));
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

	if (best_algo(s, algo, &limit, &best_ram) == SEARCH_NO_ALGO)
		return false;
	search_rule(s, &rule);
	bracket_ends(b, &rule, &within, &beyond);
	for (size_t i = 0; i < b->n; i++)
		if (b->point[i].limit_ratio == beyond && b->point[i].ram_runs)
			return b->point[i].ram_sum / b->point[i].ram_runs >= (1 - SAME_RAM) * best_ram;
	return false;
}

/* A further algorithm begins at the ends of the best one's bracket. */
static void start_at_best(struct search *s, size_t algo)
{
	double limit, ram = INFINITY, within, beyond;
	size_t best = best_algo(s, algo, &limit, &ram);
	struct bracket_rule rule;

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
		if (!s->config.n_limits && cannot_win(s, algo)) {
			s->algo[algo].track = SEARCH_DROPPED;
			continue;
		}
		next = bracket_next(&s->algo[algo].bracket, &rule, s->algo[algo].start,
				    s->algo[algo].then);
		if (next > 0 && (double)s->spent_ns + s->reference.wall_ns <= (double)s->search_until_ns) {
			ask(s, SEARCH_BRACKET, algo, next);
			return true;
		}
		s->algo[algo].track = s->algo[algo].bracket.n ? SEARCH_CLOSED : SEARCH_DROPPED;
	}
	s->phase = SEARCH_PAIRED;
	return false;
}

/* ---- stages ---- */

static struct search_stage *add_stage(struct search *s, size_t algo, double limit, double alpha)
{
	struct search_stage *st = &s->stage[s->n_stages++];

	*st = (struct search_stage){
		.n_algos = 1, .algo = { algo }, .limit_ratio = { limit }, .alpha = alpha, .claims = true
	};
	return st;
}

/* Pairs for a stage: what its expected distance from the bound takes, or all that fit. */
static void plan_pairs(const struct search *s, struct search_stage *st, double log_slowdown)
{
	double fit = MIN(pairs_that_fit(s, st->n_algos, s->spent_ns), PAIRED_MAX);
	double distance = fabs(log_bound(s) - log_slowdown);
	size_t needed = paired_needed(1.3 * pair_sd(s), distance);

	needed = MIN(needed, (size_t)PAIRED_MAX);
	if (fit >= 20)
		fit *= FIRST_PLANNED;
	st->planned = MIN((size_t)fit, MAX(needed + needed / 4, (size_t)PAIRED_LOOK_MIN));
}

/* No limit was within the target: is the largest one tried really beyond the bound? */
static void first_stage_without_candidate(struct search *s, const struct bracket_rule *rule)
{
	size_t best = SEARCH_NO_ALGO;
	double least = INFINITY;

	for (size_t i = 0; i < s->config.n_algos; i++) {
		const struct bracket *b = &s->algo[i].bracket;
		double score;

		if (!b->n)
			continue;
		score = bracket_slowdown(b, rule, b->point[0].limit_ratio);
		if (score < least) {
			least = score;
			best = i;
		}
	}
	s->sequence_over = true;
	if (best == SEARCH_NO_ALGO)
		return;
	plan_pairs(s, add_stage(s, best, s->algo[best].bracket.point[0].limit_ratio, ALPHA), least);
}

static void add_second_finalist(struct search *s, struct search_stage *st, double ram)
{
	double limit, second_ram = INFINITY;
	size_t second = best_algo(s, st->algo[0], &limit, &second_ram);

	if (second == SEARCH_NO_ALGO || second_ram > ram * (1 + CLOSE_RAM) ||
	    pairs_that_fit(s, 2, s->spent_ns) < (double)(st->planned + st->planned / 4))
		return;
	st->algo[1] = second;
	st->limit_ratio[1] = limit;
	st->n_algos = 2;
	st->alpha /= 2;
}

static void first_stage(struct search *s)
{
	struct bracket_rule rule;
	struct search_stage *st;
	double limit, ram = INFINITY;
	size_t best;

	search_rule(s, &rule);
	best = best_algo(s, SEARCH_NO_ALGO, &limit, &ram);
	if (best == SEARCH_NO_ALGO) {
		first_stage_without_candidate(s, &rule);
		return;
	}
	st = add_stage(s, best, limit, ALPHA);
	plan_pairs(s, st, bracket_slowdown(&s->algo[best].bracket, &rule, limit));
	add_second_finalist(s, st, ram);
}

/* Given limits are all measured, from the largest down; the claim ends with the first that fails. */
static void next_fixed_stage(struct search *s)
{
	size_t i = s->n_stages, left = s->config.n_limits - i;
	struct search_stage *st;
	double limit, ram = INFINITY;
	size_t best;

	if (!left) {
		s->sequence_over = true;
		return;
	}
	best = i ? s->stage[0].algo[0] : best_algo(s, SEARCH_NO_ALGO, &limit, &ram);
	st = add_stage(s, best == SEARCH_NO_ALGO ? 0 : best, s->config.limit_ratio[i], ALPHA);
	st->planned = (size_t)MIN(pairs_that_fit(s, 1, s->spent_ns) / (double)left, PAIRED_MAX);
	st->claims = !i || (s->stage[i - 1].claims && s->stage[i - 1].outcome[0] == PAIRED_HOLDS);
}

/* A smaller limit with what is left of the budget. */
static void go_on(struct search *s, const struct search_stage *last)
{
	size_t algo = last->algo[last->winner];
	const struct bracket *b = &s->algo[algo].bracket;
	double pairs = MIN(pairs_that_fit(s, 1, s->spent_ns), PAIRED_MAX), within, beyond, target, limit;
	bool both = last->n_algos == 1 ||
		    (last->outcome[0] == PAIRED_HOLDS && last->outcome[1] == PAIRED_HOLDS);
	double alpha = last->n_algos == 2 && both ? 2 * last->alpha : last->alpha;
	struct bracket_rule rule;

	if (pairs < PAIRED_MIN || s->n_stages == SEARCH_STAGES)
		return;
	search_rule(s, &rule);
	target = log_bound(s) - paired_margin(pair_sd(s), pairs);
	rule.target = log_bound(s);
	bracket_ends(b, &rule, &within, &beyond);
	limit = bracket_limit(b, &rule, target, beyond > 0 ? beyond : b->point[b->n - 1].limit_ratio);
	if (limit > NEXT_LIMIT * last->limit_ratio[last->winner])
		return;
	s->sequence_over = false;
	plan_pairs(s, add_stage(s, algo, limit, alpha), bracket_slowdown(b, &rule, limit));
}

static void next_stage(struct search *s)
{
	const struct search_stage *last = s->n_stages ? &s->stage[s->n_stages - 1] : NULL;

	if (s->config.n_limits) {
		next_fixed_stage(s);
		return;
	}
	if (!last) {
		first_stage(s);
		return;
	}
	s->sequence_over = true;
	if (last->outcome[last->winner] == PAIRED_HOLDS)
		go_on(s, last);
}

/* The cell of a block at place i: SEARCH_NO_ALGO or a finalist. Each block has its own order. */
static size_t cell_of(const struct search *s, const struct search_stage *st, size_t block, size_t i)
{
	struct prng rng;
	size_t order[3];

	prng_seed(&rng, s->config.seed ^ (s->n_stages * UINT64_C(1000003) + block));
	prng_shuffle(&rng, order, st->n_algos + 1);
	return order[i];
}

static bool ask_in_stage(struct search *s, struct search_stage *st)
{
	size_t stage = s->n_stages - 1, in_block = 0, cell;

	for (size_t i = s->n_runs; i-- > 0 && s->run[i].ask.phase == SEARCH_PAIRED;)
		in_block += st->blocks && s->run[i].ask.stage == stage &&
			    s->run[i].ask.block == st->blocks - 1;
	if (!st->blocks || in_block == st->n_algos + 1) {
		if (!fits(s, 1 + 1.04 * (double)st->n_algos) ||
		    st->blocks >= st->planned + st->planned / 2 + 1)
			return false;
		st->blocks++;
		in_block = 0;
	}
	cell = cell_of(s, st, st->blocks - 1, in_block);
	if (cell == 0)
		ask(s, SEARCH_PAIRED, SEARCH_NO_ALGO, 1);
	else
		ask(s, SEARCH_PAIRED, st->algo[cell - 1], st->limit_ratio[cell - 1]);
	s->next.stage = stage;
	s->next.block = st->blocks - 1;
	return true;
}

static bool plan_paired(struct search *s)
{
	for (;;) {
		struct search_stage *st = s->n_stages ? &s->stage[s->n_stages - 1] : NULL;

		if (st && !st->done) {
			if (st->planned >= PAIRED_MIN && ask_in_stage(s, st))
				return true;
			st->done = true;
			st->cut_short = true;
			continue;
		}
		if (!s->sequence_over)
			next_stage(s);
		if (s->sequence_over && (!s->n_stages || s->stage[s->n_stages - 1].done)) {
			s->phase = SEARCH_PROBED;
			return false;
		}
	}
}

/* The finalist for the probed run: of the last claim that held, else of the first stage. */
static bool plan_probed(struct search *s)
{
	const struct search_stage *st = s->stage;

	for (size_t i = 0; i < s->n_stages; i++)
		if (s->stage[i].claims && s->stage[i].outcome[s->stage[i].winner] == PAIRED_HOLDS)
			st = &s->stage[i];
	if (!s->n_stages || !fits(s, 1) || s->run[s->n_runs - 1].ask.phase == SEARCH_PROBED) {
		s->phase = SEARCH_DONE;
		return true;
	}
	ask(s, SEARCH_PROBED, st->algo[st->winner], st->limit_ratio[st->winner]);
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
			planned = plan_paired(s);
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
		.killed = run->outcome == SEARCH_KILLED || run->outcome == SEARCH_FAILED,
	};

	a->failed += run->outcome == SEARCH_FAILED;
	if (run->outcome == SEARCH_CONTAMINATED && a->contaminated++ < CONTAMINATED_MAX)
		return;
	bracket_add(&a->bracket, run->ask.limit_ratio, &r);
}

static void decide(struct search *s, struct search_stage *st, size_t which)
{
	struct search_pairs pairs;
	struct paired_test log;

	search_pairs(s, s->n_stages - 1, which, &pairs);
	if (pairs.kills > 1) {
		st->outcome[which] = PAIRED_EXCEEDS;
		return;
	}
	if (!paired_looks_now(st->planned, pairs.n) && fits(s, 1 + 1.04 * (double)st->n_algos))
		return;
	if (paired_test(pairs.log_cost, pairs.n, log_bound(s),
			paired_alpha(st->alpha, st->planned, pairs.n), &log))
		return;
	st->outcome[which] = log.outcome;
	/* Futile: half of the pairs lie beyond the bound. */
	if (log.outcome == PAIRED_OPEN && pairs.n < st->planned && log.log.estimate > log_bound(s))
		st->done = st->n_algos == 1;
}

static void choose_winner(struct search *s, struct search_stage *st)
{
	struct search_pairs a, b;
	bool first = st->outcome[0] == PAIRED_HOLDS, second = st->outcome[1] == PAIRED_HOLDS;

	if (st->n_algos == 1)
		return;
	search_pairs(s, s->n_stages - 1, 0, &a);
	search_pairs(s, s->n_stages - 1, 1, &b);
	if (first != second)
		st->winner = second;
	else
		st->winner = b.ram_mean_bytes < a.ram_mean_bytes;
}

/* The latest pair tells where the next limit is, too. */
static void pair_to_bracket(struct search *s, const struct search_stage *st, size_t which,
			    const struct search_pairs *pairs)
{
	const struct bracket_run r = {
		.log_slowdown = pairs->log_cost[pairs->n - 1],
		.stall_ratio = MISSING_F64,
		.ram_ratio = exp(pairs->log_ram[pairs->n - 1]),
		.aborted = pairs->log_cost[pairs->n - 1] >= ABORTED_LOG,
	};

	bracket_add(&s->algo[st->algo[which]].bracket, st->limit_ratio[which], &r);
}

static void after_block(struct search *s)
{
	struct search_stage *st = &s->stage[s->n_stages - 1];
	struct search_pairs pairs;
	bool open = false;

	for (size_t i = 0; i < st->n_algos; i++) {
		if (st->outcome[i] == PAIRED_OPEN)
			decide(s, st, i);
		search_pairs(s, s->n_stages - 1, i, &pairs);
		if (pairs.n && pairs.n + pairs.excluded == st->blocks && pairs.last_usable)
			pair_to_bracket(s, st, i, &pairs);
		open |= st->outcome[i] == PAIRED_OPEN && pairs.n < st->planned;
	}
	st->done |= !open;
	choose_winner(s, st);
}

static bool block_complete(const struct search *s)
{
	const struct search_ask *last = &s->run[s->n_runs - 1].ask;
	size_t n = 0;

	for (size_t i = s->n_runs; i-- > 0 && s->run[i].ask.phase == SEARCH_PAIRED;)
		n += s->run[i].ask.stage == last->stage && s->run[i].ask.block == last->block;
	return n == s->stage[last->stage].n_algos + 1;
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
		s->budget_ns = s->config.budget_ns ? s->config.budget_ns
						   : search_budget_ns((uint64_t)s->reference.wall_ns);
		s->reference_wanted = references_wanted(s);
	} else if (s->phase == SEARCH_BRACKET) {
		add_to_bracket(s, run);
	} else if (s->phase == SEARCH_PAIRED) {
		if (block_complete(s))
			after_block(s);
	}
	plan(s);
	return 0;
}

/* ---- life ---- */

static bool valid(const struct search_config *c)
{
	if (!c->n_algos || c->n_algos > SEARCH_ALGOS || c->n_limits > SEARCH_LIMITS ||
	    !(c->max_slowdown > 0) || !(c->max_slowdown < 10))
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
	double wall = s->reference.wall_ns, left = (double)s->budget_ns - (double)s->spent_ns, more = 0;

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

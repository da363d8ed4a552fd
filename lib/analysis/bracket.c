/* SPDX-License-Identifier: GPL-2.0-only */
/* bracket.c - steps down from the largest limit, then bisection in the log of the limit. */
#include <math.h>

#include "bracket.h"

#define STEP           0.85
#define RESOLUTION     1.055 /* ratio of the bracket's ends at which it is narrow enough */
#define KILLED_LOG     2.3   /* score of a limit at which the program is killed */
/* A stall share becomes a slowdown by a factor that the runs themselves give, drawn to 1 as if they
 * had had this much stall besides; what is uncertain about it. */
#define STALL_PRIOR    0.05
#define STALL_RELATIVE 0.3
#define STALL_ABSOLUTE 0.004

/* Beyond BRACKET_RUNS values the slowest is left out. */
static void insert_log(struct bracket_point *p, double log_slowdown)
{
	size_t n = MIN(p->runs - 1u, BRACKET_RUNS - 1u), i = n;

	for (; i > 0 && p->log[i - 1] > log_slowdown; i--)
		p->log[i] = p->log[i - 1];
	p->log[i] = log_slowdown;
}

/* The median; of two runs far apart the faster one, as noise makes runs slow, not fast. */
static double middle_log(const struct bracket_point *p, double run_sd)
{
	size_t n = MIN(p->runs, (unsigned int)BRACKET_RUNS);

	if (n == 2 && p->log[1] - p->log[0] > 3 * run_sd)
		return p->log[0];
	return n % 2 ? p->log[n / 2] : (p->log[n / 2 - 1] + p->log[n / 2]) / 2;
}

int bracket_add(struct bracket *b, double limit_ratio, const struct bracket_run *run)
{
	size_t i = 0;
	struct bracket_point *p;

	while (i < b->n && b->point[i].limit_ratio > limit_ratio * (1 + 1e-9))
		i++;
	p = &b->point[i];
	if (i == b->n || p->limit_ratio < limit_ratio * (1 - 1e-9)) {
		if (b->n == BRACKET_POINTS)
			return -ENOSPC;
		memmove(p + 1, p, (b->n - i) * sizeof(*p));
		*p = (struct bracket_point){ .limit_ratio = limit_ratio };
		b->n++;
	}
	if (run->killed) {
		p->kills++;
		return 0;
	}
	p->runs++;
	p->aborted += run->aborted;
	insert_log(p, run->log_slowdown);
	if (run->stall_ratio >= 0 && run->stall_ratio < 1) {
		p->stall_sum += -log(1 - run->stall_ratio);
		p->stall_runs++;
	}
	if (!isnan(run->ram_ratio)) {
		p->ram_sum += run->ram_ratio;
		p->ram_runs++;
	}
	return 0;
}

/* Log slowdown per -log(1 - stall share), over the runs that have both. */
static double stall_factor(const struct bracket *b, double run_sd)
{
	double slowdown = STALL_PRIOR, stall = STALL_PRIOR;

	for (size_t i = 0; i < b->n; i++) {
		const struct bracket_point *p = &b->point[i];

		if (!p->stall_runs)
			continue;
		slowdown += middle_log(p, run_sd) * p->stall_runs;
		stall += p->stall_sum;
	}
	return MIN(3.0, MAX(0.5, slowdown / stall));
}

/* A point's log slowdown and its variance: time and stall share, weighted by their precision. */
static double point_score(const struct bracket_point *p, double factor, double run_sd,
			  double *ret_variance)
{
	double n = p->runs, time, time_variance, stall, stall_variance, weight;

	*ret_variance = 1e-6;
	if (!p->runs)
		return p->kills > 1 ? KILLED_LOG : 0;
	time = middle_log(p, run_sd);
	time_variance = run_sd * run_sd / n + 1e-6;
	if (p->aborted * 2 > p->runs || !p->stall_runs) {
		*ret_variance = time_variance;
		return time;
	}
	stall = factor * p->stall_sum / p->stall_runs;
	stall_variance = pow(STALL_RELATIVE * stall, 2) + pow(STALL_ABSOLUTE, 2) / p->stall_runs;
	weight = stall_variance / (stall_variance + time_variance);
	*ret_variance = weight * time_variance;
	return weight * time + (1 - weight) * stall;
}

/* Scores that do not fall as the limit does, by pooling neighbours that violate it. */
static void monotone_scores(const struct bracket *b, const struct bracket_rule *rule, double *score,
			    double *variance)
{
	double factor = stall_factor(b, rule->run_sd), value[BRACKET_POINTS],
	       weight[BRACKET_POINTS];
	size_t members[BRACKET_POINTS], blocks = 0, at = 0;

	for (size_t i = 0; i < b->n; i++) {
		value[blocks] = point_score(&b->point[i], factor, rule->run_sd, &variance[i]);
		weight[blocks] = 1 / variance[i];
		members[blocks++] = 1;
		while (blocks > 1 && value[blocks - 2] > value[blocks - 1]) {
			double sum = weight[blocks - 2] + weight[blocks - 1];

			value[blocks - 2] = (value[blocks - 2] * weight[blocks - 2] +
					     value[blocks - 1] * weight[blocks - 1]) /
					    sum;
			weight[blocks - 2] = sum;
			members[blocks - 2] += members[blocks - 1];
			blocks--;
		}
	}
	for (size_t i = 0; i < blocks; i++)
		for (size_t j = 0; j < members[i]; j++)
			score[at++] = MAX(0.0, value[i]);
}

void bracket_ends(const struct bracket *b, const struct bracket_rule *rule, double *ret_within,
		  double *ret_beyond)
{
	double score[BRACKET_POINTS], variance[BRACKET_POINTS];

	monotone_scores(b, rule, score, variance);
	*ret_within = 1;
	*ret_beyond = 0;
	for (size_t i = 0; i < b->n; i++) {
		if (score[i] > rule->target) {
			*ret_beyond = b->point[i].limit_ratio;
			return;
		}
		*ret_within = b->point[i].limit_ratio;
	}
}

/* A point at the edge of the bracket that one more run could move to the other side; 0 when none.
 * One slow run is not enough to end the way down, unless it had to be aborted.
 */
static double uncertain_limit(const struct bracket *b, const struct bracket_rule *rule,
			      double within, double beyond)
{
	double score[BRACKET_POINTS], variance[BRACKET_POINTS];

	monotone_scores(b, rule, score, variance);
	for (size_t i = 0; i < b->n; i++) {
		const struct bracket_point *p = &b->point[i];

		if (p->limit_ratio != within && p->limit_ratio != beyond)
			continue;
		if (!p->runs || p->runs >= rule->repeats || p->aborted)
			continue;
		if (p->limit_ratio == beyond && p->runs == 1)
			return p->limit_ratio;
		if (fabs(score[i] - rule->target) < 0.7 * sqrt(variance[i]))
			return p->limit_ratio;
	}
	return 0;
}

/* An OOM kill can come from stale statistics of the group: one more try, then it counts. */
static double killed_once(const struct bracket *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->point[i].kills == 1 && !b->point[i].runs)
			return b->point[i].limit_ratio;
	return 0;
}

static double next_fixed(const struct bracket *b, const struct bracket_rule *rule)
{
	for (size_t i = 0; i < rule->n_fixed; i++) {
		bool tried = false;

		for (size_t j = 0; j < b->n; j++)
			tried |= fabs(b->point[j].limit_ratio - rule->fixed[i]) < 1e-6;
		if (!tried)
			return rule->fixed[i];
	}
	return 0;
}

/* The last step saved nothing: what the program no longer holds is in the pool. */
static bool ram_stopped_falling(const struct bracket *b)
{
	const struct bracket_point *last = &b->point[b->n - 1], *before = last - 1;

	return b->n >= 2 && last->ram_runs && before->ram_runs &&
	       last->ram_sum / last->ram_runs > 0.99 * before->ram_sum / before->ram_runs;
}

double bracket_next(const struct bracket *b, const struct bracket_rule *rule, double start,
		    double then)
{
	double again = killed_once(b), within, beyond;

	if (again > 0)
		return again;
	if (rule->n_fixed)
		return next_fixed(b, rule);
	if (!b->n)
		return start > 0 ? start : STEP;
	if (b->n == BRACKET_POINTS)
		return 0;
	bracket_ends(b, rule, &within, &beyond);
	again = uncertain_limit(b, rule, within, beyond);
	if (again > 0)
		return again;
	if (beyond > 0)
		return within / beyond <= RESOLUTION ? 0 : sqrt(within * beyond);
	if (then > 0 && then < within)
		return then;
	if (bracket_slowdown(b, rule, within) < rule->target / 4 &&
	    within * STEP * STEP >= rule->floor_ratio)
		return within * STEP * STEP;
	if (within * STEP < rule->floor_ratio || ram_stopped_falling(b))
		return 0;
	return within * STEP;
}

/* y at x between (x0, y0) and (x1, y1), x in logs. */
static double between(double x, double x0, double y0, double x1, double y1)
{
	return y0 + (y1 - y0) * (log(x) - log(x0)) / (log(x1) - log(x0));
}

double bracket_slowdown(const struct bracket *b, const struct bracket_rule *rule,
			double limit_ratio)
{
	double score[BRACKET_POINTS], variance[BRACKET_POINTS], x0 = 1, y0 = 0;

	monotone_scores(b, rule, score, variance);
	for (size_t i = 0; i < b->n; i++) {
		double x1 = b->point[i].limit_ratio, y1 = score[i];

		if (limit_ratio >= x1)
			return x1 < x0 ? between(limit_ratio, x0, y0, x1, y1) : y1;
		x0 = x1;
		y0 = y1;
	}
	return y0;
}

double bracket_ram(const struct bracket *b, double limit_ratio)
{
	double x0 = 1, y0 = 1;
	bool measured = false;

	for (size_t i = 0; i < b->n; i++) {
		const struct bracket_point *p = &b->point[i];
		double x1 = p->limit_ratio, y1 = p->ram_sum / p->ram_runs;

		if (!p->ram_runs || p->aborted == p->runs)
			continue;
		if (limit_ratio >= x1)
			return x1 < x0 ? between(limit_ratio, x0, y0, x1, y1) : y1;
		x0 = x1;
		y0 = y1;
		measured = true;
	}
	return measured ? y0 : MISSING_F64;
}

double bracket_limit(const struct bracket *b, const struct bracket_rule *rule, double log_slowdown,
		     double smallest)
{
	double low = log(smallest), high = 0;

	if (bracket_slowdown(b, rule, smallest) <= log_slowdown)
		return smallest;
	for (int i = 0; i < 30; i++) {
		double middle = (low + high) / 2;

		if (bracket_slowdown(b, rule, exp(middle)) <= log_slowdown)
			high = middle;
		else
			low = middle;
	}
	return exp(high);
}

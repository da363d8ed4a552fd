/* SPDX-License-Identifier: GPL-2.0-only */
/* sweep.c - what the policy would choose at other readback factors and prices, and which codecs
 * nothing beats in both bytes and CPU. The figures are those of the scan: nothing is measured
 * again.
 */
#include <math.h>

#include "rank.h"

#define FACTOR_MAX 16.0
#define FACTOR_MIN (1.0 / 1024)       /* below it, 0 stands for all */
#define STEP       1.0905077326652577 /* 2^(1/8): ranges narrower than this may be passed over */
#define HALVINGS   40

struct sweep {
	struct policy_settings settings;
	struct policy_candidate candidates[SCAN_CODECS_MAX];
	size_t n;
};

static int choice_at(const struct sweep *sweep, double price, double factor)
{
	struct policy_settings settings = sweep->settings;
	struct policy_verdict verdicts[SCAN_CODECS_MAX];

	settings.price_gib_per_core = price;
	settings.readback_factor = factor;
	return policy_rank(&settings, sweep->candidates, sweep->n, verdicts);
}

/* The factor between low and high from which the choice is no longer that at low. */
static double flip_between(const struct sweep *sweep, double price, double low, double high)
{
	int before = choice_at(sweep, price, low);

	for (int i = 0; i < HALVINGS; i++) {
		double middle = (low + high) / 2;

		if (choice_at(sweep, price, middle) == before)
			low = middle;
		else
			high = middle;
	}
	return high;
}

static int sweep_price(const struct sweep *sweep, double price, rank_sweep_take *take, void *arg)
{
	double begin = 0, at = 0;
	int choice = choice_at(sweep, price, 0), r = 0;

	while (!r && at < FACTOR_MAX) {
		double next = MIN(FACTOR_MAX, MAX(at * STEP, FACTOR_MIN));
		int then = choice_at(sweep, price, next);

		if (then != choice || next == FACTOR_MAX) {
			double flip =
				then != choice ? flip_between(sweep, price, at, next) : FACTOR_MAX;
			struct rank_sweep_record record = {
				.price_gib_per_core = price,
				.from_factor = begin,
				.to_factor = flip,
				.choice = choice == POLICY_NOTHING ? NULL
								   : sweep->candidates[choice].name,
			};

			r = take(arg, &record);
			begin = flip;
			choice = then;
		}
		at = next;
	}
	return r;
}

int rank_sweep(const struct rank_config *config, const struct scan_result *scan,
	       rank_sweep_take *take, void *arg)
{
	static const double prices[] = { 0.5, 1, 2, 4, 8, 16, 32 };
	struct sweep sweep = { .settings = rank_settings(config) };
	int r = 0;

	sweep.n = rank_candidates(config, scan, sweep.candidates);
	for (size_t i = 0; !r && i < ARRAY_SIZE(prices); i++)
		r = sweep_price(&sweep, prices[i], take, arg);
	return r;
}

/* ---- the Pareto front ---- */
static bool may_be_taken(const struct rank_candidate_record *c)
{
	return isfinite(c->fair_score) && c->saved_bytes > 0;
}

/* Nothing costs less and saves as much, or costs as much and saves more; of equals the first in
 * rank stands. */
static bool on_front(const struct rank_result *ranking, size_t i)
{
	const struct rank_candidate_record *c = &ranking->candidates[i];

	for (size_t k = 0; k < ranking->n; k++) {
		const struct rank_candidate_record *o = &ranking->candidates[k];
		bool equal = o->cost_cpu_ms == c->cost_cpu_ms && o->saved_bytes == c->saved_bytes;

		if (k != i && may_be_taken(o) && o->cost_cpu_ms <= c->cost_cpu_ms &&
		    o->saved_bytes >= c->saved_bytes && (!equal || k < i))
			return false;
	}
	return may_be_taken(c);
}

static int by_cost(const void *a, const void *b)
{
	const struct rank_front_record *x = a, *y = b;

	return (x->cost_cpu_ms > y->cost_cpu_ms) - (x->cost_cpu_ms < y->cost_cpu_ms);
}

size_t rank_front(const struct rank_result *ranking, struct rank_front_record *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < ranking->n; i++) {
		const struct rank_candidate_record *c = &ranking->candidates[i];

		if (on_front(ranking, i))
			ret[n++] = (struct rank_front_record){
				.label = c->label,
				.cost_cpu_ms = c->cost_cpu_ms,
				.saved_bytes = c->saved_bytes,
			};
	}
	qsort(ret, n, sizeof(*ret), by_cost);
	for (size_t i = 0; i < n; i++)
		ret[i].extra_bytes_per_ms =
			(ret[i].saved_bytes - (i ? ret[i - 1].saved_bytes : 0)) /
			(ret[i].cost_cpu_ms - (i ? ret[i - 1].cost_cpu_ms : 0));
	return n;
}

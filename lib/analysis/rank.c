/* SPDX-License-Identifier: GPL-2.0-only */
/* rank.c - turns measured codecs into candidates, asks the policy, orders and explains its
 * verdicts. Pure.
 */
#include "rank.h"

#include <math.h>

#define BASELINE      "lz4:1"
#define KERNEL_PREFIX "kernel:" /* labels of codecs that were measured in the kernel itself */
#define NS_PER_MS_F64 1e6

#define FACTOR_MAX 16.0
#define FACTOR_MIN (1.0 / 1024)       /* the sweep's first step above 0 */
#define STEP       1.0905077326652577 /* 2^(1/8): ranges narrower than this may be passed over */
#define HALVINGS   40

/* Calibrations with exact models come first. NULL: none has this codec as its model. */
static const struct calibration *calibration_of(const struct rank_query *query, const char *label)
{
	for (size_t i = 0; i < query->n_calibrations; i++)
		if (str_eq(query->calibrations[i].model, label))
			return &query->calibrations[i];
	return NULL;
}

static double ms_of(uint64_t ns, double factor)
{
	return ns == MISSING_U64 ? MISSING_F64 : (double)ns * factor / NS_PER_MS_F64;
}

static void candidates_of(const struct rank_query *query, const struct rank_codec *codecs, size_t n,
			  struct policy_candidate *ret)
{
	for (size_t i = 0; i < n; i++) {
		const struct rank_codec *c = &codecs[i];
		const struct calibration *cal = calibration_of(query, c->label);
		double orig = (double)c->orig_bytes;

		ret[i] = (struct policy_candidate){
			.name = c->label,
			.tier = c->heavy ? POLICY_HEAVY : POLICY_FAST,
			.baseline = str_eq(c->label, BASELINE),
			.failed = c->failed,
			.orig_bytes = orig,
			.saved_codec_bytes = orig - (double)c->codec_bytes,
			.saved_slot_bytes = orig - (double)c->slot_bytes,
			.compress_cpu_ms =
				ms_of(c->compress_cpu_ns, cal ? cal->compress_factor : 1),
			.decompress_cpu_ms =
				ms_of(c->decompress_cpu_ns, cal ? cal->decompress_factor : 1),
		};
	}
}

static void fill(const struct rank_query *query, const struct policy_candidate *c,
		 const struct policy_verdict *v, struct rank_candidate *ret)
{
	const struct calibration *cal = calibration_of(query, c->name);

	*ret = (struct rank_candidate){
		.rank = v->rank ? v->rank : MISSING_U64,
		.target = query->target,
		.label = c->name,
		.tier = c->tier == POLICY_HEAVY ? "heavy" : "fast",
		.saved_slot_ratio = c->saved_slot_bytes / c->orig_bytes,
		.saved_codec_ratio = c->saved_codec_bytes / c->orig_bytes,
		.saved_bytes = v->saved_bytes,
		.compress_cpu_ms = c->compress_cpu_ms,
		.decompress_cpu_ms = c->decompress_cpu_ms,
		.cost_cpu_ms = v->cost_cpu_ms,
		.fair_score = v->fair_score,
		.vs_baseline_ratio = v->vs_baseline_ratio,
		.value_gib_per_core =
			isfinite(v->value_gib_per_core) ? v->value_gib_per_core : MISSING_F64,
		.reason = policy_reason_name(v->reason),
	};
	snprintf(ret->costs, sizeof(ret->costs), "%s%s%s",
		 cal || str_starts(c->name, KERNEL_PREFIX) ? "kernel" : "library", cal ? " " : "",
		 cal ? cal->algorithm : "");
	policy_explain(&query->policy, c, v, ret->why, sizeof(ret->why));
}

static void day_of(uint64_t unix_ns, char *buf, size_t len)
{
	time_t s = (time_t)(unix_ns / NS_PER_S);
	struct tm tm;

	if (!gmtime_r(&s, &tm) || !strftime(buf, len, "%Y-%m-%d", &tm))
		snprintf(buf, len, "unknown date");
}

/* "study.db: lz4 of 2026-11-26 (error 0.6 %), ..." */
static void name_calibrations(const struct rank_query *query, const struct rank_codec *codecs,
			      size_t n, char *buf, size_t len)
{
	size_t at = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		const struct calibration *cal = calibration_of(query, codecs[i].label);
		char day[32], error[32] = "not checked";
		double worst;

		if (!cal || at >= len)
			continue;
		worst = MAX(fabs(cal->compress_error_ratio), fabs(cal->decompress_error_ratio));
		day_of(cal->taken_unix_ns, day, sizeof(day));
		if (isfinite(worst))
			snprintf(error, sizeof(error), "error %.1f %%", 100 * worst);
		at += (size_t)snprintf(buf + at, len - at, "%s%s %s of %s (%s)",
				       at ? "," : query->calibration_source, at ? "" : ":",
				       cal->algorithm, day, error);
	}
}

static void decide(const struct rank_query *query, const struct policy_candidate *c,
		   const struct policy_verdict *v, struct ranking *ret)
{
	ret->choice = c->name;
	ret->decision = c->tier == POLICY_HEAVY ? "heavy" : c->baseline ? "baseline" : "fast";
	ret->saved_ratio = v->saved_ratio;
	ret->cost_cpu_ms = v->cost_cpu_ms;
	snprintf(ret->answer, sizeof(ret->answer), "%s saves %.1f %% of the %s: %s", c->name,
		 100 * v->saved_ratio, query->policy.savings == POLICY_SLOT ? "memory" : "bytes",
		 ret->candidates[0].why);
}

void rank_codecs(const struct rank_query *query, const struct rank_codec *codecs, size_t n,
		 struct ranking *ret)
{
	struct policy_candidate candidates[RANK_CODECS_MAX];
	struct policy_verdict verdicts[RANK_CODECS_MAX];
	size_t ineligible = n;
	int chosen;

	candidates_of(query, codecs, n, candidates);
	chosen = policy_rank(&query->policy, candidates, n, verdicts);
	ret->n = n;
	/* Ranks are 1, 2, 3, ...: each names its place; the others fill the end. */
	for (size_t i = n; i-- > 0;) {
		size_t place = verdicts[i].rank ? verdicts[i].rank - 1 : --ineligible;

		fill(query, &candidates[i], &verdicts[i], &ret->candidates[place]);
	}
	name_calibrations(query, codecs, n, ret->calibration, sizeof(ret->calibration));
	ret->choice = NULL;
	ret->decision = "leave_alone";
	ret->saved_ratio = ret->cost_cpu_ms = MISSING_F64;
	snprintf(ret->answer, sizeof(ret->answer),
		 "no codec saves enough for its CPU time: leave this memory uncompressed");
	if (chosen != POLICY_NOTHING)
		decide(query, &candidates[chosen], &verdicts[chosen], ret);
}

/* ---- the choice at other readback factors and prices ---- */
struct sweep {
	struct policy_settings policy;
	struct policy_candidate candidates[RANK_CODECS_MAX];
	size_t n;
};

static int choice_at(const struct sweep *sweep, double factor)
{
	struct policy_settings policy = sweep->policy;
	struct policy_verdict verdicts[RANK_CODECS_MAX];

	policy.readback_factor = factor;
	return policy_rank(&policy, sweep->candidates, sweep->n, verdicts);
}

/* The factor between low and high from which the choice is no longer the one at low. */
static double flip_between(const struct sweep *sweep, double low, double high)
{
	int before = choice_at(sweep, low);

	for (int i = 0; i < HALVINGS; i++) {
		double middle = (low + high) / 2;

		if (choice_at(sweep, middle) == before)
			low = middle;
		else
			high = middle;
	}
	return high;
}

static int sweep_price(const struct sweep *sweep,
		       int (*take)(void *ctx, const struct rank_range *range), void *ctx)
{
	struct rank_range range = { .price_gib_per_core = sweep->policy.price_gib_per_core };
	double at = 0;
	int choice = choice_at(sweep, 0), rc = 0;

	while (!rc && at < FACTOR_MAX) {
		double next = MIN(FACTOR_MAX, MAX(at * STEP, FACTOR_MIN));
		int then = choice_at(sweep, next);

		if (then != choice || next == FACTOR_MAX) {
			range.to_factor =
				then != choice ? flip_between(sweep, at, next) : FACTOR_MAX;
			range.choice =
				choice == POLICY_NOTHING ? NULL : sweep->candidates[choice].name;
			rc = take(ctx, &range);
			range.from_factor = range.to_factor;
			choice = then;
		}
		at = next;
	}
	return rc;
}

int rank_sweep(const struct rank_query *query, const struct rank_codec *codecs, size_t n,
	       int (*take)(void *ctx, const struct rank_range *range), void *ctx)
{
	static const double prices[] = { 0.5, 1, 2, 4, 8, 16, 32 };
	struct sweep sweep = { .policy = query->policy, .n = n };
	int rc = 0;

	candidates_of(query, codecs, n, sweep.candidates);
	for (size_t i = 0; !rc && i < ARRAY_SIZE(prices); i++) {
		sweep.policy.price_gib_per_core = prices[i];
		rc = sweep_price(&sweep, take, ctx);
	}
	return rc;
}

/* ---- the Pareto front ---- */
static bool has_values(const struct rank_candidate *c)
{
	return isfinite(c->fair_score) && c->saved_bytes > 0;
}

/* Nothing costs less and saves as much, or costs as much and saves more; of equals the first in
 * rank stands. */
static bool on_front(const struct ranking *ranking, size_t i)
{
	const struct rank_candidate *c = &ranking->candidates[i];

	for (size_t k = 0; k < ranking->n; k++) {
		const struct rank_candidate *o = &ranking->candidates[k];
		bool equal = o->cost_cpu_ms == c->cost_cpu_ms && o->saved_bytes == c->saved_bytes;

		if (k != i && has_values(o) && o->cost_cpu_ms <= c->cost_cpu_ms &&
		    o->saved_bytes >= c->saved_bytes && (!equal || k < i))
			return false;
	}
	return has_values(c);
}

static int by_cost(const void *a, const void *b)
{
	const struct rank_front *x = a, *y = b;

	return (x->cost_cpu_ms > y->cost_cpu_ms) - (x->cost_cpu_ms < y->cost_cpu_ms);
}

size_t rank_pareto(const struct ranking *ranking, struct rank_front *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < ranking->n; i++) {
		const struct rank_candidate *c = &ranking->candidates[i];

		if (on_front(ranking, i))
			ret[n++] = (struct rank_front){
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

/* SPDX-License-Identifier: GPL-2.0-only */
/* rank.c - turns measured codecs into candidates, asks the policy, orders and explains its
 * verdicts. Pure.
 */
#include "rank.h"

#include <math.h>

#include "prng.h"

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

/* Zero and same-filled pages need no codec and no slot: they are saved whole. */
static double of_memory(const struct rank_query *query, double coded_bytes, double saved_bytes)
{
	const double same = (double)query->same_bytes;

	return (same + saved_bytes) / (same + coded_bytes);
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
		.chosen = v->reason == POLICY_WON_PRICE || v->reason == POLICY_WON_WRITE ||
			  v->reason == POLICY_WON_RECOMPRESS,
		.saved_slot_ratio = of_memory(query, c->orig_bytes, c->saved_slot_bytes),
		.saved_codec_ratio = of_memory(query, c->orig_bytes, c->saved_codec_bytes),
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

const char *rank_name(const char *choice, const char *recompress, char *buf, size_t len)
{
	snprintf(buf, len, "%s%s%s", choice ?: "none", recompress ? " + " : "", recompress ?: "");
	return buf;
}

/* ---- the decision ---- */
static const char *decision_of(const struct rank_query *query, const struct policy_candidate *c,
			       const struct policy_choice *choice, const struct ranking *ranking)
{
	if (choice->codec == POLICY_NOTHING)
		return ranking->no_codec_ratio > 0 &&
				       ranking->no_codec_ratio >= query->policy.floor_ratio
			       ? "no_codec"
			       : "leave_alone";
	if (choice->recompress != POLICY_NOTHING)
		return "two_stage";
	c += choice->codec;
	return c->tier == POLICY_HEAVY ? "heavy" : c->baseline ? "baseline" : "fast";
}

/* Why no codec was chosen. */
static const char *why_none(const struct ranking *ranking)
{
	if (ranking->no_codec_ratio == 1)
		return "all pages are zero or same-filled";
	for (size_t i = 0; i < ranking->n; i++)
		if (ranking->candidates[i].rank != MISSING_U64)
			return "no codec is worth its CPU time at this price and residence";
	return "no codec saves enough for its CPU time";
}

static const char *why_chosen(const struct rank_query *query, const struct policy_choice *choice,
			      const struct policy_candidate *c, const struct policy_verdict *v,
			      char *buf, size_t len)
{
	if (choice->recompress == POLICY_NOTHING)
		return policy_explain(&query->policy, &c[choice->codec], &v[choice->codec], buf,
				      len);
	snprintf(buf, len, "%s writes pages, %s recompresses those older than %.3g s",
		 c[choice->codec].name, c[choice->recompress].name, query->policy.residence_s);
	return buf;
}

static void answer(const struct rank_query *query, struct ranking *ret)
{
	const char *what = query->policy.savings == POLICY_SLOT ? "memory" : "bytes";
	const double none = 100 * ret->no_codec_ratio;
	char name[80], same[80] = "";

	if (none > 0)
		snprintf(same, sizeof(same),
			 " (%.1f %% are zero or same-filled pages, which need no codec)", none);
	if (ret->choice)
		snprintf(ret->answer, sizeof(ret->answer), "%s saves %.1f %% of the %s%s: %s",
			 rank_name(ret->choice, ret->recompress, name, sizeof(name)),
			 100 * ret->saved_ratio, what, same, ret->why);
	else if (str_eq(ret->decision, "no_codec"))
		snprintf(ret->answer, sizeof(ret->answer),
			 "zero and same-filled pages need no codec: a pool saves %.1f %% of the %s "
			 "without "
			 "one%s%s",
			 none, what, none < 100 ? "; for the rest, " : ": ", ret->why);
	else
		snprintf(ret->answer, sizeof(ret->answer), "%s: leave this memory uncompressed%s",
			 ret->why, same);
}

static void decide(const struct rank_query *query, const struct policy_candidate *c,
		   const struct policy_verdict *v, const struct policy_choice *choice,
		   struct ranking *ret)
{
	const bool chosen = choice->codec != POLICY_NOTHING;
	const double coded = ret->n ? c[0].orig_bytes : 0;

	ret->no_codec_ratio = of_memory(query, coded, 0);
	ret->decision = decision_of(query, c, choice, ret);
	ret->choice = chosen ? c[choice->codec].name : NULL;
	ret->recompress = choice->recompress != POLICY_NOTHING ? c[choice->recompress].name : NULL;
	ret->cost_cpu_ms = chosen ? choice->cost_cpu_ms : MISSING_F64;
	ret->saved_ratio = chosen || str_eq(ret->decision, "no_codec")
				   ? of_memory(query, chosen ? c[choice->codec].orig_bytes : coded,
					       choice->saved_bytes)
				   : MISSING_F64;
	if (chosen)
		why_chosen(query, choice, c, v, ret->why, sizeof(ret->why));
	else
		snprintf(ret->why, sizeof(ret->why), "%s", why_none(ret));
	answer(query, ret);
}

/* ---- how sure it is: a bootstrap over random groups of the measured pages ---- */

/* Weights of the groups in a redraw. The part of the memory that was measured stays as it is: if
 * that is all of it, every weight is 1 (finite-population correction).
 */
static void redraw(struct prng *rng, double unsampled_ratio, double *weights)
{
	const double part = sqrt(unsampled_ratio);

	for (size_t g = 0; g < RANK_GROUPS; g++)
		weights[g] = 1 - part;
	for (size_t g = 0; g < RANK_GROUPS; g++)
		weights[prng_below(rng, RANK_GROUPS)] += part;
}

static void weigh(const struct rank_codec *codec, const double *weights, struct rank_codec *ret)
{
	double sums[5] = { 0 };

	for (size_t g = 0; g < RANK_GROUPS; g++) {
		const struct rank_group *group = &codec->groups[g];

		sums[0] += weights[g] * (double)group->orig_bytes;
		sums[1] += weights[g] * (double)group->codec_bytes;
		sums[2] += weights[g] * (double)group->slot_bytes;
		sums[3] += weights[g] * (double)group->compress_cpu_ns;
		sums[4] += weights[g] * (double)group->decompress_cpu_ns;
	}
	*ret = *codec;
	ret->orig_bytes = (uint64_t)llround(sums[0]);
	ret->codec_bytes = (uint64_t)llround(sums[1]);
	ret->slot_bytes = (uint64_t)llround(sums[2]);
	ret->compress_cpu_ns = (uint64_t)llround(sums[3]);
	ret->decompress_cpu_ns = (uint64_t)llround(sums[4]);
}

static bool has_groups(const struct rank_codec *codecs, size_t n)
{
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		if (!codecs[i].groups)
			return false;
		any |= codecs[i].orig_bytes > 0;
	}
	return any;
}

/* Wins of every choice: [0][0] none, [i + 1][0] codec i, [i + 1][k + 1] with k for idle pages. */
struct wins {
	unsigned int of[RANK_CODECS_MAX + 1][RANK_CODECS_MAX + 1];
};

static void count_wins(const struct rank_query *query, const struct rank_codec *codecs, size_t n,
		       struct wins *ret)
{
	struct prng rng;

	prng_seed(&rng, 1);
	for (size_t draw = 0; draw < RANK_REDRAWS; draw++) {
		struct rank_codec drawn[RANK_CODECS_MAX];
		struct policy_candidate candidates[RANK_CODECS_MAX];
		struct policy_verdict verdicts[RANK_CODECS_MAX];
		struct policy_choice choice;
		double weights[RANK_GROUPS];

		redraw(&rng, query->unsampled_ratio, weights);
		for (size_t i = 0; i < n; i++)
			weigh(&codecs[i], weights, &drawn[i]);
		candidates_of(query, drawn, n, candidates);
		policy_decide(&query->policy, candidates, n, verdicts, &choice);
		ret->of[choice.codec + 1][choice.recompress + 1]++;
	}
}

static void measure_sureness(const struct rank_query *query, const struct rank_codec *codecs,
			     size_t n, const struct policy_choice *choice,
			     struct rank_sureness *ret)
{
	struct wins wins = { 0 };
	unsigned int most = 0, *chosen = &wins.of[choice->codec + 1][choice->recompress + 1];

	*ret = (struct rank_sureness){ .win_ratio = MISSING_F64, .runner_up_ratio = MISSING_F64 };
	if (!has_groups(codecs, n))
		return;
	count_wins(query, codecs, n, &wins);
	ret->win_ratio = *chosen / (double)RANK_REDRAWS;
	*chosen = 0;
	for (size_t i = 0; i <= n; i++)
		for (size_t k = 0; k <= n; k++) {
			if (wins.of[i][k] <= most)
				continue;
			most = wins.of[i][k];
			rank_name(i ? codecs[i - 1].label : NULL, k ? codecs[k - 1].label : NULL,
				  ret->runner_up, sizeof(ret->runner_up));
			ret->runner_up_ratio = most / (double)RANK_REDRAWS;
		}
}

void rank_codecs(const struct rank_query *query, const struct rank_codec *codecs, size_t n,
		 struct ranking *ret)
{
	struct policy_candidate candidates[RANK_CODECS_MAX];
	struct policy_verdict verdicts[RANK_CODECS_MAX];
	struct policy_choice choice;
	size_t ineligible = n;

	candidates_of(query, codecs, n, candidates);
	policy_decide(&query->policy, candidates, n, verdicts, &choice);
	ret->n = n;
	/* Ranks are 1, 2, 3, ...: each names its place; the others fill the end. */
	for (size_t i = n; i-- > 0;) {
		size_t place = verdicts[i].rank ? verdicts[i].rank - 1 : --ineligible;

		fill(query, &candidates[i], &verdicts[i], &ret->candidates[place]);
	}
	name_calibrations(query, codecs, n, ret->calibration, sizeof(ret->calibration));
	decide(query, candidates, verdicts, &choice, ret);
	ret->saved_low_ratio = ret->saved_high_ratio = MISSING_F64;
	if (choice.codec != POLICY_NOTHING && choice.recompress == POLICY_NOTHING &&
	    query->policy.savings == POLICY_SLOT) {
		ret->saved_low_ratio = codecs[choice.codec].memory_low_ratio;
		ret->saved_high_ratio = codecs[choice.codec].memory_high_ratio;
	}
	measure_sureness(query, codecs, n, &choice, &ret->sureness);
}

/* ---- the choice at other readback factors and prices ---- */
struct sweep {
	struct policy_settings policy;
	struct policy_candidate candidates[RANK_CODECS_MAX];
	size_t n;
};

static struct policy_choice choice_at(const struct sweep *sweep, double factor)
{
	struct policy_settings policy = sweep->policy;
	struct policy_verdict verdicts[RANK_CODECS_MAX];
	struct policy_choice ret;

	policy.readback_factor = factor;
	policy_decide(&policy, sweep->candidates, sweep->n, verdicts, &ret);
	return ret;
}

static bool is_same(const struct policy_choice *a, const struct policy_choice *b)
{
	return a->codec == b->codec && a->recompress == b->recompress;
}

/* The factor between low and high from which the choice is no longer the one at low. */
static double flip_between(const struct sweep *sweep, double low, double high)
{
	const struct policy_choice before = choice_at(sweep, low);

	for (int i = 0; i < HALVINGS; i++) {
		double middle = (low + high) / 2;
		struct policy_choice then = choice_at(sweep, middle);

		if (is_same(&then, &before))
			low = middle;
		else
			high = middle;
	}
	return high;
}

static const char *name_of(const struct sweep *sweep, int i)
{
	return i == POLICY_NOTHING ? NULL : sweep->candidates[i].name;
}

static int sweep_price(const struct sweep *sweep,
		       int (*take)(void *ctx, const struct rank_range *range), void *ctx)
{
	struct rank_range range = { .price_gib_per_core = sweep->policy.price_gib_per_core };
	struct policy_choice choice = choice_at(sweep, 0);
	double at = 0;
	int rc = 0;

	while (!rc && at < FACTOR_MAX) {
		double next = MIN(FACTOR_MAX, MAX(at * STEP, FACTOR_MIN));
		struct policy_choice then = choice_at(sweep, next);
		bool same = is_same(&then, &choice);

		if (!same || next == FACTOR_MAX) {
			range.to_factor = same ? FACTOR_MAX : flip_between(sweep, at, next);
			range.choice = name_of(sweep, choice.codec);
			range.recompress = name_of(sweep, choice.recompress);
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

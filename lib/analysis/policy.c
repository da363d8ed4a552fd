/* SPDX-License-Identifier: GPL-2.0-only */
/* policy.c - the fairness policy, step by step as the header numbers them. Pure. */
#include "policy.h"

#include <math.h>
#include <stdio.h>

#define BYTES_PER_GIB 1073741824.0
#define MS_PER_S      1000.0

static double saved_bytes(const struct policy_settings *s, const struct policy_candidate *c)
{
	return s->savings == POLICY_SLOT ? c->saved_slot_bytes : c->saved_codec_bytes;
}

/* Step 1: values of one candidate, and whether it is eligible. */
static struct policy_verdict judge(const struct policy_settings *s,
				   const struct policy_candidate *c)
{
	struct policy_verdict v = {
		.saved_bytes = saved_bytes(s, c),
		.cost_cpu_ms = c->compress_cpu_ms + s->readback_factor * c->decompress_cpu_ms,
		.vs_baseline_ratio = NAN,
		.value_gib_per_core = NAN,
		.fair_score = NAN,
	};

	v.saved_ratio = v.saved_bytes / c->orig_bytes;
	if (c->failed) {
		v.reason = POLICY_INELIGIBLE_FAILED;
	} else if (!isfinite(v.saved_ratio) || !isfinite(v.cost_cpu_ms) || v.cost_cpu_ms <= 0) {
		v.reason = POLICY_INELIGIBLE_NO_VALUE;
	} else {
		v.fair_score = v.saved_bytes / v.cost_cpu_ms;
		v.eligible = v.saved_ratio >= s->floor_ratio && v.saved_bytes > 0;
		v.reason = v.eligible ? POLICY_LOST_SCORE : POLICY_INELIGIBLE_FLOOR;
	}
	return v;
}

static bool beats(const struct policy_candidate *c, const struct policy_verdict *v, size_t a, int b)
{
	if (b == POLICY_NOTHING)
		return true;
	if (v[a].fair_score != v[b].fair_score)
		return v[a].fair_score > v[b].fair_score;
	return c[a].baseline && !c[b].baseline;
}

/* Step 2. */
static int best_fast(const struct policy_candidate *c, size_t n, const struct policy_verdict *v)
{
	int best = POLICY_NOTHING;

	for (size_t i = 0; i < n; i++)
		if (v[i].eligible && c[i].tier == POLICY_FAST && beats(c, v, i, best))
			best = (int)i;
	return best;
}

/* Step 3: what a heavy candidate's extra CPU buys over the choice so far (against nothing if there
 * is none). */
static bool repays_cpu(const struct policy_settings *s, struct policy_verdict *v,
		       const struct policy_verdict *choice)
{
	double extra_bytes = v->saved_bytes - (choice ? choice->saved_bytes : 0);
	double extra_ms = v->cost_cpu_ms - (choice ? choice->cost_cpu_ms : 0);

	/* Cheaper and saving more needs no price. */
	v->value_gib_per_core = extra_ms <= 0 ? (extra_bytes > 0 ? HUGE_VAL : (double)NAN)
					      : extra_bytes / BYTES_PER_GIB * s->residence_s /
							(extra_ms / MS_PER_S);
	if (s->readback_factor > s->heavy_below)
		v->reason = POLICY_LOST_READBACK;
	else if (extra_bytes <= 0)
		v->reason = POLICY_LOST_NO_GAIN;
	else if (v->value_gib_per_core < s->price_gib_per_core)
		v->reason = POLICY_LOST_PRICE;
	else
		return true;
	return false;
}

static int best_heavy(const struct policy_settings *s, const struct policy_candidate *c, size_t n,
		      struct policy_verdict *v, int fast)
{
	int best = POLICY_NOTHING;

	for (size_t i = 0; i < n; i++) {
		if (!v[i].eligible || c[i].tier != POLICY_HEAVY)
			continue;
		if (repays_cpu(s, &v[i], fast == POLICY_NOTHING ? NULL : &v[fast]) &&
		    beats(c, v, i, best))
			best = (int)i;
	}
	return best;
}

/* Eligible candidates in the order they would be taken: the choice, then fast ones, then heavy ones
 * by score. */
static void number(const struct policy_candidate *c, size_t n, struct policy_verdict *v, int chosen)
{
	for (size_t i = 0; i < n; i++) {
		v[i].rank = v[i].eligible;
		for (size_t j = 0; v[i].eligible && j < n && (int)i != chosen; j++) {
			if (!v[j].eligible || j == i)
				continue;
			if ((int)j == chosen || c[j].tier < c[i].tier ||
			    (c[j].tier == c[i].tier &&
			     (beats(c, v, j, (int)i) || (!beats(c, v, i, (int)j) && j < i))))
				v[i].rank++;
		}
	}
}

int policy_rank(const struct policy_settings *settings, const struct policy_candidate *candidates,
		size_t n, struct policy_verdict *verdicts)
{
	double baseline_score = NAN;
	int fast, heavy;

	for (size_t i = 0; i < n; i++) {
		verdicts[i] = judge(settings, &candidates[i]);
		if (candidates[i].baseline)
			baseline_score = verdicts[i].fair_score;
	}
	for (size_t i = 0; i < n; i++)
		if (baseline_score > 0)
			verdicts[i].vs_baseline_ratio = verdicts[i].fair_score / baseline_score;

	fast = best_fast(candidates, n, verdicts);
	heavy = best_heavy(settings, candidates, n, verdicts, fast);
	if (fast != POLICY_NOTHING)
		verdicts[fast].reason =
			heavy == POLICY_NOTHING ? POLICY_WON_SCORE : POLICY_LOST_TO_HEAVY;
	if (heavy != POLICY_NOTHING)
		verdicts[heavy].reason = POLICY_WON_PRICE;
	number(candidates, n, verdicts, heavy != POLICY_NOTHING ? heavy : fast);
	return heavy != POLICY_NOTHING ? heavy : fast;
}

const char *policy_reason_name(enum policy_reason reason)
{
	static const char *const names[] = {
		[POLICY_WON_SCORE] = "won_score",
		[POLICY_WON_PRICE] = "won_price",
		[POLICY_LOST_SCORE] = "lost_score",
		[POLICY_LOST_TO_HEAVY] = "lost_to_heavy",
		[POLICY_LOST_READBACK] = "lost_readback",
		[POLICY_LOST_PRICE] = "lost_price",
		[POLICY_LOST_NO_GAIN] = "lost_no_gain",
		[POLICY_INELIGIBLE_FLOOR] = "ineligible_floor",
		[POLICY_INELIGIBLE_FAILED] = "ineligible_failed",
		[POLICY_INELIGIBLE_NO_VALUE] = "ineligible_no_value",
	};

	return names[reason];
}

const char *policy_explain(const struct policy_settings *s, const struct policy_candidate *c,
			   const struct policy_verdict *v, char *buf, size_t len)
{
	switch (v->reason) {
	case POLICY_WON_SCORE:
		snprintf(buf, len,
			 "best score of the fast tier, and no heavy codec repays its extra CPU");
		break;
	case POLICY_WON_PRICE:
		snprintf(buf, len, "its extra CPU buys %.1f GiB per core; the price is %.1f",
			 v->value_gib_per_core, s->price_gib_per_core);
		break;
	case POLICY_LOST_SCORE:
		snprintf(buf, len, "another codec of the %s tier scores better",
			 c->tier == POLICY_FAST ? "fast" : "heavy");
		break;
	case POLICY_LOST_TO_HEAVY:
		snprintf(buf, len,
			 "best score of the fast tier, but a heavy codec repays its extra CPU");
		break;
	case POLICY_LOST_READBACK:
		snprintf(buf, len,
			 "heavy codecs need a readback factor of at most %.3g; it is %.3g",
			 s->heavy_below, s->readback_factor);
		break;
	case POLICY_LOST_PRICE:
		snprintf(buf, len, "its extra CPU buys %.1f GiB per core, below the price of %.1f",
			 v->value_gib_per_core, s->price_gib_per_core);
		break;
	case POLICY_LOST_NO_GAIN:
		snprintf(buf, len, "saves no more than the best codec of the fast tier");
		break;
	case POLICY_INELIGIBLE_FLOOR:
		snprintf(buf, len, "saves %.1f %%, below the floor of %.1f %%",
			 100 * v->saved_ratio, 100 * s->floor_ratio);
		break;
	case POLICY_INELIGIBLE_FAILED:
		snprintf(buf, len, "a page did not decompress to its original");
		break;
	case POLICY_INELIGIBLE_NO_VALUE:
		snprintf(buf, len, "a value that it is judged by is missing");
		break;
	}
	return buf;
}

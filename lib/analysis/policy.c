/* SPDX-License-Identifier: GPL-2.0-only */
/* policy.c - the fairness policy, step by step as the header numbers them. Pure. */
#include "policy.h"

#include <math.h>
#include <stdio.h>

#define BYTES_PER_GIB 1073741824.0
#define MS_PER_S      1000.0

/* What policy_decide was given. */
struct inputs {
	const struct policy_settings *s;
	const struct policy_candidate *c;
	size_t n;
	struct policy_verdict *v;
};

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
	} else if (c->orig_bytes == 0) {
		v.reason = POLICY_INELIGIBLE_NO_PAGES;
	} else if (!isfinite(v.saved_ratio) || !isfinite(v.cost_cpu_ms) || v.cost_cpu_ms <= 0) {
		v.reason = POLICY_INELIGIBLE_NO_VALUE;
	} else {
		v.fair_score = v.saved_bytes / v.cost_cpu_ms;
		v.eligible = v.saved_ratio >= s->floor_ratio && v.saved_bytes > 0;
		v.reason = v.eligible ? POLICY_LOST_PRICE : POLICY_INELIGIBLE_FLOOR;
	}
	return v;
}

/* Step 2. Of equals the first stands before the second. */
static bool ranks_before(const struct inputs *in, size_t a, size_t b)
{
	if (in->v[a].fair_score != in->v[b].fair_score)
		return in->v[a].fair_score > in->v[b].fair_score;
	if (in->c[a].baseline != in->c[b].baseline)
		return in->c[a].baseline;
	return a < b;
}

static void number(const struct inputs *in)
{
	for (size_t i = 0; i < in->n; i++) {
		in->v[i].rank = in->v[i].eligible;
		for (size_t j = 0; in->v[i].eligible && j < in->n; j++)
			in->v[i].rank += in->v[j].eligible && j != i && ranks_before(in, j, i);
	}
}

/* ---- step 3 ---- */
static double value_of(const struct policy_settings *s, double extra_bytes, double extra_ms)
{
	return extra_ms > 0 ? extra_bytes / BYTES_PER_GIB * s->residence_s / (extra_ms / MS_PER_S)
			    : HUGE_VAL;
}

static bool is_point(const struct inputs *in, size_t i)
{
	return in->v[i].eligible &&
	       (in->c[i].tier == POLICY_FAST || in->s->readback_factor <= in->s->heavy_below);
}

static struct policy_choice alone(const struct inputs *in, size_t i)
{
	return (struct policy_choice){
		.codec = (int)i,
		.recompress = POLICY_NOTHING,
		.saved_bytes = in->v[i].saved_bytes,
		.cost_cpu_ms = in->v[i].cost_cpu_ms,
	};
}

/* A fast codec, and a heavy one for its idle pages. */
static struct policy_choice both(const struct inputs *in, size_t fast, size_t heavy)
{
	const double back = in->s->readback_factor, stay = 1 - back;
	struct policy_choice ret = alone(in, fast);

	ret.recompress = (int)heavy;
	ret.saved_bytes += back * (in->v[heavy].saved_bytes - in->v[fast].saved_bytes);
	ret.cost_cpu_ms += stay * (in->c[fast].decompress_cpu_ms + in->c[heavy].compress_cpu_ms);
	return ret;
}

static bool is_pair(const struct inputs *in, size_t fast, size_t heavy)
{
	return in->s->recompress && in->s->readback_factor < 1 && in->v[fast].eligible &&
	       in->v[heavy].eligible && in->c[fast].tier == POLICY_FAST &&
	       in->c[heavy].tier == POLICY_HEAVY;
}

/* Whether the step from `at` to `to` buys more than the one to `best`; of equals the larger one,
 * then the one that ranks first.
 */
static bool is_better_step(const struct inputs *in, const struct policy_choice *at,
			   const struct policy_choice *to, const struct policy_choice *best)
{
	double extra_bytes = to->saved_bytes - at->saved_bytes, value, value_best;

	if (!(extra_bytes > 0))
		return false;
	if (best->codec == POLICY_NOTHING)
		return true;
	value = value_of(in->s, extra_bytes, to->cost_cpu_ms - at->cost_cpu_ms);
	value_best = value_of(in->s, best->saved_bytes - at->saved_bytes,
			      best->cost_cpu_ms - at->cost_cpu_ms);
	if (value != value_best)
		return value > value_best;
	if (to->saved_bytes != best->saved_bytes)
		return to->saved_bytes > best->saved_bytes;
	return in->v[to->codec].rank < in->v[best->codec].rank;
}

/* The step that buys most for its extra CPU; codec POLICY_NOTHING: no point saves more. */
static struct policy_choice next_step(const struct inputs *in, const struct policy_choice *at,
				      bool pairs)
{
	struct policy_choice best = { .codec = POLICY_NOTHING };

	for (size_t i = 0; i < in->n; i++) {
		struct policy_choice to = alone(in, i);

		if (is_point(in, i) && is_better_step(in, at, &to, &best))
			best = to;
		for (size_t k = 0; pairs && k < in->n; k++) {
			if (!is_pair(in, i, k))
				continue;
			to = both(in, i, k);
			if (is_better_step(in, at, &to, &best))
				best = to;
		}
	}
	return best;
}

static struct policy_choice climb(const struct inputs *in)
{
	struct policy_choice at = { POLICY_NOTHING, POLICY_NOTHING, 0, 0 };

	for (;;) {
		struct policy_choice to = next_step(in, &at, true);

		if (to.codec == POLICY_NOTHING ||
		    value_of(in->s, to.saved_bytes - at.saved_bytes,
			     to.cost_cpu_ms - at.cost_cpu_ms) < in->s->price_gib_per_core)
			return at;
		at = to;
	}
}

/* What each candidate buys beyond the last step of the front that costs less. */
static void value_all(const struct inputs *in)
{
	struct policy_choice at = { POLICY_NOTHING, POLICY_NOTHING, 0, 0 };

	do {
		for (size_t i = 0; i < in->n; i++) {
			struct policy_verdict *v = &in->v[i];

			if (!v->eligible || v->cost_cpu_ms <= at.cost_cpu_ms)
				continue;
			v->value_gib_per_core = value_of(in->s, v->saved_bytes - at.saved_bytes,
							 v->cost_cpu_ms - at.cost_cpu_ms);
			v->first_step = at.codec == POLICY_NOTHING;
		}
		at = next_step(in, &at, false);
	} while (at.codec != POLICY_NOTHING);
}

/* Whether another point saves as much for no more CPU; of equals the one that ranks first stands.
 */
static bool is_beaten(const struct inputs *in, size_t i)
{
	for (size_t k = 0; k < in->n; k++) {
		const struct policy_verdict *v = &in->v[k], *o = &in->v[i];

		if (k == i || !is_point(in, k) || v->saved_bytes < o->saved_bytes ||
		    v->cost_cpu_ms > o->cost_cpu_ms)
			continue;
		if (v->saved_bytes != o->saved_bytes || v->cost_cpu_ms != o->cost_cpu_ms ||
		    ranks_before(in, k, i))
			return true;
	}
	return false;
}

static enum policy_reason reason_of(const struct inputs *in, size_t i,
				    const struct policy_choice *choice)
{
	if ((int)i == choice->codec)
		return choice->recompress == POLICY_NOTHING ? POLICY_WON_PRICE : POLICY_WON_WRITE;
	if ((int)i == choice->recompress)
		return POLICY_WON_RECOMPRESS;
	if (!is_point(in, i))
		return POLICY_LOST_READBACK;
	if (is_beaten(in, i))
		return POLICY_LOST_NO_GAIN;
	return in->v[i].value_gib_per_core < in->s->price_gib_per_core ? POLICY_LOST_PRICE
								       : POLICY_LOST_TO_CHOICE;
}

void policy_decide(const struct policy_settings *settings,
		   const struct policy_candidate *candidates, size_t n,
		   struct policy_verdict *verdicts, struct policy_choice *ret)
{
	const struct inputs in = { settings, candidates, n, verdicts };
	double baseline_score = NAN;

	for (size_t i = 0; i < n; i++) {
		verdicts[i] = judge(settings, &candidates[i]);
		if (candidates[i].baseline)
			baseline_score = verdicts[i].fair_score;
	}
	for (size_t i = 0; i < n; i++)
		if (baseline_score > 0)
			verdicts[i].vs_baseline_ratio = verdicts[i].fair_score / baseline_score;
	number(&in);
	value_all(&in);
	*ret = climb(&in);
	for (size_t i = 0; i < n; i++)
		if (verdicts[i].eligible)
			verdicts[i].reason = reason_of(&in, i, ret);
}

int policy_rank(const struct policy_settings *settings, const struct policy_candidate *candidates,
		size_t n, struct policy_verdict *verdicts)
{
	struct policy_settings s = *settings;
	struct policy_choice choice;

	s.recompress = false;
	policy_decide(&s, candidates, n, verdicts, &choice);
	return choice.codec;
}

const char *policy_reason_name(enum policy_reason reason)
{
	static const char *const names[] = {
		[POLICY_WON_PRICE] = "won_price",
		[POLICY_WON_WRITE] = "won_write",
		[POLICY_WON_RECOMPRESS] = "won_recompress",
		[POLICY_LOST_TO_CHOICE] = "lost_to_choice",
		[POLICY_LOST_READBACK] = "lost_readback",
		[POLICY_LOST_PRICE] = "lost_price",
		[POLICY_LOST_NO_GAIN] = "lost_no_gain",
		[POLICY_INELIGIBLE_FLOOR] = "ineligible_floor",
		[POLICY_INELIGIBLE_FAILED] = "ineligible_failed",
		[POLICY_INELIGIBLE_NO_PAGES] = "ineligible_no_pages",
		[POLICY_INELIGIBLE_NO_VALUE] = "ineligible_no_value",
	};

	return names[reason];
}

const char *policy_explain(const struct policy_settings *s, const struct policy_candidate *c,
			   const struct policy_verdict *v, char *buf, size_t len)
{
	const char *cpu = v->first_step ? "CPU" : "extra CPU";

	switch (v->reason) {
	case POLICY_WON_PRICE:
		snprintf(buf, len, "its %s buys %.1f GiB per core; the price is %.1f", cpu,
			 v->value_gib_per_core, s->price_gib_per_core);
		break;
	case POLICY_WON_WRITE:
		snprintf(buf, len, "writes pages; a heavy codec recompresses those that are idle");
		break;
	case POLICY_WON_RECOMPRESS:
		snprintf(buf, len, "recompresses pages that are idle, older than %.3g s",
			 s->residence_s);
		break;
	case POLICY_LOST_TO_CHOICE:
		snprintf(buf, len,
			 "its %s buys %.1f GiB per core, and a further step is worth the price too",
			 cpu, v->value_gib_per_core);
		break;
	case POLICY_LOST_READBACK:
		snprintf(buf, len,
			 "heavy codecs need a readback factor of at most %.3g; it is %.3g",
			 s->heavy_below, s->readback_factor);
		break;
	case POLICY_LOST_PRICE:
		snprintf(buf, len, "its %s buys %.1f GiB per core, below the price of %.1f", cpu,
			 v->value_gib_per_core, s->price_gib_per_core);
		break;
	case POLICY_LOST_NO_GAIN:
		snprintf(buf, len, "another codec saves as much for no more CPU");
		break;
	case POLICY_INELIGIBLE_FLOOR:
		snprintf(buf, len, "saves %.1f %%, below the floor of %.1f %%",
			 100 * v->saved_ratio, 100 * s->floor_ratio);
		break;
	case POLICY_INELIGIBLE_FAILED:
		snprintf(buf, len, "a page did not decompress to its original");
		break;
	case POLICY_INELIGIBLE_NO_PAGES:
		snprintf(buf, len, "no page needs a codec: all are zero or same-filled");
		break;
	case POLICY_INELIGIBLE_NO_VALUE:
		snprintf(buf, len, "a value that it is judged by is missing");
		break;
	}
	(void)c;
	return buf;
}

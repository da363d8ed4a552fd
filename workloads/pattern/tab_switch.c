/* SPDX-License-Identifier: GPL-2.0-only */
/* tab_switch.c - twelve tabs with one in use at a time, as in the tab-switching benchmarks of
 * browsers.
 *
 * A visit touches each page of its tab once in order, then makes as many random touches in it.
 * After a pause another tab is chosen at random, each with half the probability of the one used
 * after it. A touch is cold when its page was not used for at least one whole visit.
 */
#include "workloads/gen/worker.h"

#define TABS 12

struct tabs {
	struct phase visit;
	uint8_t recent[TABS]; /* the tabs, the active one first */
};

static void prepare(struct worker *w)
{
	struct tabs *t = w->state;

	for (uint8_t i = 0; i < TABS; i++)
		t->recent[i] = i;
}

/* Chooses the next tab and moves it to the front. */
static void turn(struct worker *w, struct tabs *t)
{
	const uint64_t r = worker_random(w, t->visit.number) | UINT64_C(1) << (TABS - 2);
	const size_t at = 1 + (size_t)__builtin_ctzll(r);
	const uint8_t tab = t->recent[at];

	memmove(t->recent + 1, t->recent, at);
	t->recent[0] = tab;
}

static void step(struct worker *w)
{
	struct tabs *t = w->state;
	const uint64_t size = MAX(w->pages / TABS, 1);
	uint64_t r, page;

	if (phase_next(&t->visit, w, 2 * size))
		turn(w, t);
	r = phase_random(&t->visit, w);
	page = (t->recent[0] * size + (t->visit.touches < size ? t->visit.touches : r % size)) %
	       w->pages;
	phase_touch(&t->visit, w, page, mixture_hash(r, 1));
}

const struct pattern pattern_tab_switch = {
	.name = "tab_switch",
	.summary = "touch one of twelve tabs at a time, with returns to older ones",
	.measures = "latency of returning to pages of different age",
	.touch = TOUCH_MIX,
	.populates = true,
	.state_bytes = sizeof(struct tabs),
	.prepare = prepare,
	.step = step,
};

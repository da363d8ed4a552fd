/* SPDX-License-Identifier: GPL-2.0-only */
/* tab_switch.c - many regions of which one is in use; which is next is drawn from how long ago it
 * was used.
 *
 * Twelve tabs, as in the tab-switching benchmarks of browsers. A visit touches each page of its tab
 * once in order and then as often at random; after a pause another tab is drawn, each older one
 * half as likely as the one before. A touch is cold when its page sat out at least one whole visit.
 */
#include "workloads/gen/worker.h"

#define TABS 12

struct tabs {
	uint32_t visit;       /* from 1; 0 = not begun */
	uint64_t touches;     /* in this visit */
	uint8_t recent[TABS]; /* the tabs, the active one first */
};

static void prepare(struct worker *w)
{
	struct tabs *t = w->state;

	for (uint8_t i = 0; i < TABS; i++)
		t->recent[i] = i;
}

/* Draws the next tab and moves it to the front. */
static void turn(struct worker *w, struct tabs *t)
{
	const uint64_t r = worker_random(w, ++t->visit) | UINT64_C(1) << (TABS - 2);
	const size_t at = 1 + (size_t)__builtin_ctzll(r);
	const uint8_t tab = t->recent[at];

	memmove(t->recent + 1, t->recent, at);
	t->recent[0] = tab;
	t->touches = 0;
}

static void step(struct worker *w)
{
	struct tabs *t = w->state;
	const uint64_t size = MAX(w->pages / TABS, 1);
	uint64_t r, page;

	if (!t->visit || t->touches == 2 * size) {
		if (t->visit)
			worker_idle(w, w->config->idle_ns);
		turn(w, t);
	}
	r = mixture_hash(w->seed ^ (uint64_t)t->visit << 32, t->touches);
	page = (t->recent[0] * size + (t->touches < size ? t->touches : r % size)) % w->pages;
	t->touches++;
	worker_touch(w, page, worker_writes(w, mixture_hash(r, 1)),
		     w->used[page] && t->visit - w->used[page] >= 2);
	w->used[page] = t->visit;
}

extern const struct pattern pattern_tab_switch;
const struct pattern pattern_tab_switch = {
	.name = "tab_switch",
	.summary = "twelve tabs, one in use; returns to older ones after a drawn time",
	.signals = "latency of coming back to what was left, by how long ago",
	.touch = TOUCH_MIX,
	.populates = true,
	.state_bytes = sizeof(struct tabs),
	.prepare = prepare,
	.step = step,
};

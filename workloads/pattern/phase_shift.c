/* SPDX-License-Identifier: GPL-2.0-only */
/* phase_shift.c - a working set of a quarter of the region that moves on by half its size.
 *
 * A phase touches random pages of the set, four times as many as it has, then the set moves: half
 * of it stays, half is new. What was left behind stays cold until the set comes round again.
 */
#include "workloads/gen/worker.h"

struct shift {
	uint32_t phase;   /* from 1; 0 = not begun */
	uint64_t touches; /* in this phase */
};

static void step(struct worker *w)
{
	struct shift *s = w->state;
	const uint64_t size = MAX(w->pages / 4, 1);
	uint64_t r, page;

	if (!s->phase || s->touches == 4 * size) {
		if (s->phase)
			worker_idle(w, w->config->idle_ns);
		s->phase++;
		s->touches = 0;
	}
	r = mixture_hash(w->seed ^ (uint64_t)s->phase << 32, s->touches++);
	page = ((s->phase - 1) * MAX(size / 2, 1) + r % size) % w->pages;
	worker_touch(w, page, worker_writes(w, mixture_hash(r, 1)),
		     w->used[page] && s->phase - w->used[page] >= 2);
	w->used[page] = s->phase;
}

extern const struct pattern pattern_phase_shift;
const struct pattern pattern_phase_shift = {
	.name = "phase_shift",
	.summary = "a working set that moves through the region, half of it at a time",
	.signals = "how fast reclaim follows a working set that moves",
	.touch = TOUCH_MIX,
	.populates = true,
	.state_bytes = sizeof(struct shift),
	.step = step,
};

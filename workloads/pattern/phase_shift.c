/* SPDX-License-Identifier: GPL-2.0-only */
/* phase_shift.c - a working set of a quarter of the region that moves by half its size.
 *
 * A phase makes four times as many random touches as the set has pages, then the set moves: half of
 * its pages stay, half are new. Pages that left the set are cold until it has gone through the
 * region.
 */
#include "workloads/gen/worker.h"

static void step(struct worker *w)
{
	struct phase *phase = w->state;
	const uint64_t size = MAX(w->pages / 4, 1);
	uint64_t r, page;

	phase_next(phase, w, 4 * size);
	r = phase_random(phase, w);
	page = ((phase->number - 1) * MAX(size / 2, 1) + r % size) % w->pages;
	phase_touch(phase, w, page, mixture_hash(r, 1));
}

const struct pattern pattern_phase_shift = {
	.name = "phase_shift",
	.summary = "touch a working set that moves through the region by half its size",
	.measures = "how fast reclaim follows a moving working set",
	.touch = TOUCH_MIX,
	.populates = true,
	.state_bytes = sizeof(struct phase),
	.step = step,
};

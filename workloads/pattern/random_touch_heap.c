/* SPDX-License-Identifier: GPL-2.0-only */
/* random_touch_heap.c - touches pages of a filled heap at random, each as likely as any other.
 *
 * The worst case for any guess about what is used next. A touch is cold when its page was not among
 * the last `pages` touches, as one in e is not.
 */
#include "workloads/gen/worker.h"

static void step(struct worker *w)
{
	const uint64_t r = worker_random(w, w->operations), page = r % w->pages;
	const uint32_t now = (uint32_t)w->operations + 1, last = w->used[page];

	worker_touch(w, page, worker_writes(w, mixture_hash(r, 1)), last && now - last > w->pages);
	w->used[page] = now;
}

extern const struct pattern pattern_random_touch_heap;
const struct pattern pattern_random_touch_heap = {
	.name = "random_touch_heap",
	.summary = "touch pages of a filled heap at random",
	.signals = "readback without locality: the worst case for a pool",
	.touch = TOUCH_MIX,
	.populates = true,
	.step = step,
};

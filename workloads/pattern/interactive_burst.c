/* SPDX-License-Identifier: GPL-2.0-only */
/* interactive_burst.c - bursts of activity on one of four sets of pages, pauses, and returns to
 * older sets.
 *
 * The share of a worker is four sets of equal size. A burst goes through one set, page by page in a
 * scattered order, and then as often again over the hottest quarter of it. Which set is next is
 * drawn, never the same twice in a row: so sets go hot, cold and hot again. On a return one page in
 * five (--similarity) is another than last time, drawn from the whole share. A touch is cold when
 * its page sat out at least one whole burst.
 */
#include "workloads/gen/worker.h"

#define SETS 4

struct burst {
	uint32_t number;         /* from 1; 0 = not begun */
	uint64_t set;            /* which one is active */
	uint64_t touches;        /* of this burst so far */
	uint64_t stride, offset; /* the scattered order: (touch * stride + offset) % set size */
};

static uint64_t set_pages(const struct worker *w)
{
	return MAX(w->pages / SETS, 1);
}

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
	while (b) {
		const uint64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

static void begin(struct worker *w, struct burst *b)
{
	const uint64_t size = set_pages(w), r = mixture_hash(w->seed, ++b->number);

	b->set = b->number == 1 ? r % SETS : (b->set + 1 + r % (SETS - 1)) % SETS;
	b->offset = (r >> 8) % size;
	/* A step that has no divisor in common with the size visits every page once. */
	b->stride = (r >> 16) % size | 1;
	while (common_divisor(b->stride, size) != 1)
		b->stride += 2;
	b->touches = 0;
}

static uint64_t next_page(const struct worker *w, const struct burst *b, uint64_t r)
{
	const uint64_t size = set_pages(w), first = b->set * size % w->pages;
	const double drawn = (double)(r >> 11) * 0x1p-53;

	if (b->touches >= size)
		return (first + (r >> 8) % MAX(size / 4, 1)) % w->pages;
	if (drawn >= w->config->similarity)
		return mixture_hash(r, 1) % w->pages;
	return (first + (b->touches * b->stride + b->offset) % size) % w->pages;
}

static void step(struct worker *w)
{
	struct burst *b = w->state;
	uint64_t page, r;

	if (!b->number || b->touches == 2 * set_pages(w)) {
		if (b->number)
			worker_idle(w, w->config->idle_ns);
		begin(w, b);
	}
	r = mixture_hash(w->seed ^ (uint64_t)b->number << 32, b->touches);
	page = next_page(w, b, r);
	b->touches++;
	worker_touch(w, page, worker_writes(w, mixture_hash(r, 2)),
		     w->used[page] && b->number - w->used[page] >= 2);
	w->used[page] = b->number;
}

extern const struct pattern pattern_interactive_burst;
const struct pattern pattern_interactive_burst = {
	.name = "interactive_burst",
	.summary = "bursts on one of four sets of pages, pauses, returns to sets gone cold",
	.signals = "latency of the first touch after cold, readback of what was swapped out",
	.touch = TOUCH_MIX,
	.populates = true,
	.state_bytes = sizeof(struct burst),
	.step = step,
};

/* SPDX-License-Identifier: GPL-2.0-only */
/* interactive_burst.c - bursts of touches on one of four sets of pages, with pauses and returns to
 * older sets.
 *
 * A worker's share is four sets of equal size. A burst touches each page of one set in a scattered
 * order, then makes as many touches in the first quarter of the set. The next set is random, never
 * the same twice in a row, so that sets become hot, cold and hot again. On a return one page in
 * five
 * (--similarity) is replaced by a random page of the share. A touch is cold when its page was not
 * used for at least one whole burst.
 */
#include "workloads/gen/worker.h"

#define SETS 4

struct burst {
	struct phase phase;
	uint64_t set;            /* the active one */
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
	const uint64_t size = set_pages(w), r = mixture_hash(w->seed, b->phase.number);

	b->set = b->phase.number == 1 ? r % SETS : (b->set + 1 + r % (SETS - 1)) % SETS;
	b->offset = (r >> 8) % size;
	/* A stride that is coprime to the size visits every page once. */
	b->stride = (r >> 16) % size | 1;
	while (common_divisor(b->stride, size) != 1)
		b->stride += 2;
}

static uint64_t next_page(const struct worker *w, const struct burst *b, uint64_t r)
{
	const uint64_t size = set_pages(w), first = b->set * size % w->pages;
	const double drawn = (double)(r >> 11) * 0x1p-53;

	if (b->phase.touches >= size)
		return (first + (r >> 8) % MAX(size / 4, 1)) % w->pages;
	if (drawn >= w->config->similarity)
		return mixture_hash(r, 1) % w->pages;
	return (first + (b->phase.touches * b->stride + b->offset) % size) % w->pages;
}

static void step(struct worker *w)
{
	struct burst *b = w->state;
	uint64_t r;

	if (phase_next(&b->phase, w, 2 * set_pages(w)))
		begin(w, b);
	r = phase_random(&b->phase, w);
	phase_touch(&b->phase, w, next_page(w, b, r), mixture_hash(r, 2));
}

const struct pattern pattern_interactive_burst = {
	.name = "interactive_burst",
	.summary =
		"touch one of four sets of pages in bursts, with pauses and returns to cold sets",
	.measures = "latency of the first touch of cold pages, swap-in",
	.touch = TOUCH_MIX,
	.populates = true,
	.state_bytes = sizeof(struct burst),
	.step = step,
};

/* SPDX-License-Identifier: GPL-2.0-only */
/* anon_streamer.c - writes page after page through the region, again and again.
 *
 * Every page is as far from its next use as it can be: under a limit each touch of a round after
 * the first meets a page that was reclaimed. Like a batch job that sweeps through its data.
 */
#include "workloads/gen/worker.h"

struct stream {
	uint64_t at;    /* the next page */
	uint32_t round; /* from 0 */
};

static void step(struct worker *w)
{
	struct stream *s = w->state;
	const uint64_t page = s->at;

	worker_touch(w, page, worker_writes(w, mixture_hash(w->seed, page + s->round * w->pages)),
		     s->round > 0);
	if (++s->at == w->pages) {
		s->at = 0;
		s->round++;
	}
}

extern const struct pattern pattern_anon_streamer;
const struct pattern pattern_anon_streamer = {
	.name = "anon_streamer",
	.summary = "write through the region page by page, again and again",
	.signals = "anonymous faults, reclaim and swap-out at a steady rate, no reuse",
	.touch = TOUCH_WRITE,
	.state_bytes = sizeof(struct stream),
	.step = step,
};

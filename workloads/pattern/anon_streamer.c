/* SPDX-License-Identifier: GPL-2.0-only */
/* anon_streamer.c - writes the pages of the region in order, in rounds, like a batch job that
 * sweeps through its data.
 *
 * The time to the next use is the longest possible one for every page: under a memory limit each
 * touch after the first round hits a reclaimed page.
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

const struct pattern pattern_anon_streamer = {
	.name = "anon_streamer",
	.summary = "write the pages of the region in order, in rounds",
	.measures = "anonymous faults, reclaim and swap-out at a steady rate, without reuse",
	.touch = TOUCH_WRITE,
	.state_bytes = sizeof(struct stream),
	.step = step,
};

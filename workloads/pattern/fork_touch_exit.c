/* SPDX-License-Identifier: GPL-2.0-only */
/* fork_touch_exit.c - forks processes that write --pages pages shared with their parent, and exit,
 * like a server that forks for every request. Each of the writes is a copy-on-write fault.
 */
#include "forks.h"

static int check(const struct gen_config *config, struct err *e)
{
	const uint64_t share = config->region_bytes / PAGE_BYTES / config->workers;

	if (config->pages <= share)
		return 0;
	return err_usage(e, "--pages %llu is more than a worker's share of the region, %llu",
			 (unsigned long long)config->pages, (unsigned long long)share);
}

/* Consecutive pages from a random one. */
static void touch(const struct worker *w)
{
	const uint64_t first = worker_random(w, w->forks) % w->pages;

	for (uint64_t i = 0; i < w->config->pages; i++)
		*(volatile uint64_t *)(w->region + (first + i) % w->pages * PAGE_BYTES) = i;
	_exit(0);
}

static void step(struct worker *w)
{
	if (fork_chain(w, touch))
		w->fresh_pages += w->config->pages;
}

const struct pattern pattern_fork_touch_exit = {
	.name = "fork_touch_exit",
	.summary = "fork processes that write --pages pages shared with their parent and exit",
	.measures = "copy-on-write faults, set-up and teardown of page tables",
	.forks = true,
	.populates = true,
	.check = check,
	.step = step,
};

/* SPDX-License-Identifier: GPL-2.0-only */
/* fork_touch_exit.c - processes that write --pages pages they share with their parent, and end.
 *
 * Each of those writes is a copy-on-write fault. Like a server that forks for every request.
 */
#include "forks.h"

static int check(const struct gen_config *config, struct err *e)
{
	const uint64_t share = config->region_bytes / PAGE_BYTES / config->workers;

	if (config->pages <= share)
		return 0;
	return err_usage(e, "--pages %llu are more than a worker's share of the region, %llu",
			 (unsigned long long)config->pages, (unsigned long long)share);
}

/* A run of pages that begins where the number of this fork says. */
static void touch(const struct worker *w)
{
	const uint64_t first = worker_random(w, w->forks) % w->pages;

	for (uint64_t i = 0; i < w->config->pages; i++)
		*(volatile uint64_t *)(w->region + (first + i) % w->pages * PAGE_BYTES) = i;
	_exit(0);
}

static void step(struct worker *w)
{
	const uint64_t before = w->forks;

	fork_chain(w, touch);
	if (w->forks > before)
		w->fresh_pages += w->config->pages;
}

extern const struct pattern pattern_fork_touch_exit;
const struct pattern pattern_fork_touch_exit = {
	.name = "fork_touch_exit",
	.summary = "fork processes that write --pages pages of their parent's and end",
	.signals = "copy-on-write faults, page tables made and torn down",
	.forks = true,
	.populates = true,
	.check = check,
	.step = step,
};

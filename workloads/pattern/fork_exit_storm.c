/* SPDX-License-Identifier: GPL-2.0-only */
/* fork_exit_storm.c - processes that are born and end at once, as fast as it goes. */
#include "forks.h"

static void leave(const struct worker *w UNUSED)
{
	_exit(0);
}

static void step(struct worker *w)
{
	fork_chain(w, leave);
}

extern const struct pattern pattern_fork_exit_storm;
const struct pattern pattern_fork_exit_storm = {
	.name = "fork_exit_storm",
	.summary = "fork processes that end at once, in chains of --depth",
	.signals = "cost of fork and exit; counts for proc_create",
	.forks = true,
	.step = step,
};

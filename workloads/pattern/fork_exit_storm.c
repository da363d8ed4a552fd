/* SPDX-License-Identifier: GPL-2.0-only */
/* fork_exit_storm.c - forks processes that exit at once. */
#include "forks.h"

static void leave(const struct worker *w UNUSED)
{
	_exit(0);
}

static void step(struct worker *w)
{
	fork_chain(w, leave);
}

const struct pattern pattern_fork_exit_storm = {
	.name = "fork_exit_storm",
	.summary = "fork processes that exit at once, in chains of --depth",
	.measures = "cost of fork and exit",
	.forks = true,
	.step = step,
};

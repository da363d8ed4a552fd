/* SPDX-License-Identifier: GPL-2.0-only */
/* replay.c - pages like those of a process that was scanned: the same classes in the same order, as
 * compressible.
 *
 * A trace knows no access times, so pages are touched at random, each as likely as any other; a
 * touch is cold when its page was not among the last `pages` touches. No content was recorded and
 * none is made again.
 */
#include "workloads/gen/worker.h"

static void step(struct worker *w)
{
	const uint64_t r = worker_random(w, w->operations), page = r % w->pages;
	const uint32_t now = (uint32_t)w->operations + 1, last = w->used[page];

	worker_touch(w, page, worker_writes(w, mixture_hash(r, 1)), last && now - last > w->pages);
	w->used[page] = now;
}

static int check(const struct gen_config *config, struct err *e)
{
	if (config->trace_path)
		return 0;
	err_usage(e, "replay needs --trace FILE");
	return err_hint(e,
			"record one with `compressor_monitor scan --pid PID --all --record FILE`");
}

extern const struct pattern pattern_replay;
const struct pattern pattern_replay = {
	.name = "replay",
	.summary = "touch at random pages that are like those of a recorded trace (--trace)",
	.signals = "what a pool makes of a real program's pages, without the program",
	.touch = TOUCH_MIX,
	.populates = true,
	.traced = true,
	.check = check,
	.step = step,
};

/* SPDX-License-Identifier: GPL-2.0-only */
/* replay.c - pages like those of a scanned process: the same classes in the same order, with the
 * same compressed sizes.
 *
 * A trace has no access times, so pages are touched at random, each with the same probability. It
 * has no page contents either: pages are synthetic.
 */
#include "workloads/gen/worker.h"

static int check(const struct gen_config *config, struct err *e)
{
	if (config->trace_path)
		return 0;
	err_usage(e, "the pattern replay needs --trace FILE");
	return err_hint(e,
			"record one with `compressor_monitor scan --pid PID --all --record FILE`");
}

const struct pattern pattern_replay = {
	.name = "replay",
	.summary = "touch, at random, pages like those of a recorded trace (--trace)",
	.measures = "how a real program's pages compress in a pool, without the program",
	.touch = TOUCH_MIX,
	.populates = true,
	.traced = true,
	.check = check,
	.step = worker_touch_any,
};

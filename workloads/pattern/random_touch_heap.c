/* SPDX-License-Identifier: GPL-2.0-only */
/* random_touch_heap.c - touches pages of a filled heap at random, each with the same probability:
 * the worst case for any prediction of the next use. A touch is cold when its page was not among
 * the last `pages` touches, which holds for one in e.
 */
#include "workloads/gen/worker.h"

const struct pattern pattern_random_touch_heap = {
	.name = "random_touch_heap",
	.summary = "touch pages of a filled heap at random",
	.measures = "swap-in without locality: the worst case for a pool",
	.touch = TOUCH_MIX,
	.populates = true,
	.step = worker_touch_any,
};

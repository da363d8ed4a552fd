/* SPDX-License-Identifier: GPL-2.0-only */
/* live.h - a watch on a terminal: each pool as a few lines with sparklines, drawn again in place.
 */
#ifndef RAM_POOL_LIVE_H
#define RAM_POOL_LIVE_H

#include "lib/base/out.h"
#include "pool.h"

#define LIVE_SAMPLES 48

struct live {
	struct live_pool {
		char name[POOL_NAME_MAX];
		double used[LIVE_SAMPLES], written[LIVE_SAMPLES], read[LIVE_SAMPLES];
		size_t n; /* samples so far */
	} pools[POOLS_MAX];
	size_t n_pools, lines, up; /* lines of this drawing, and of the last one */
};

/* live_wanted - text to a terminal that can move its cursor. */
bool live_wanted(const struct opt_output *output);

/* live_sparkline - values as a row of bars, oldest first, the highest as a full one; buf has 3
 * bytes for each and one more. ascii: for a terminal without UTF-8.
 */
char *live_sparkline(const double *values, size_t n, bool ascii, char *buf);

/* live_begin, then live_draw for each pool: one drawing, over the last one. */
void live_begin(struct live *live);
int live_draw(struct live *live, const struct pool_watch *watch, const struct pool_status *status,
	      struct out *out);

#endif

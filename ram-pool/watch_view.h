/* SPDX-License-Identifier: GPL-2.0-only */
/* watch_view.h - `status --watch` on a terminal: a few lines with sparklines per pool, redrawn in
 * place.
 */
#ifndef RAM_POOL_WATCH_VIEW_H
#define RAM_POOL_WATCH_VIEW_H

#include "lib/base/out.h"
#include "status.h"

#define WATCH_VIEW_SAMPLES 48

struct watch_view {
	struct watch_view_pool {
		double used[WATCH_VIEW_SAMPLES], written[WATCH_VIEW_SAMPLES],
			read[WATCH_VIEW_SAMPLES];
		size_t n; /* samples so far */
	} pools[POOLS_MAX];
	size_t lines, up; /* lines of this drawing, and of the last one */
};

/* watch_view_wanted - whether records go to a terminal as text, and it can move its cursor. */
bool watch_view_wanted(const struct opt_output *output);

/* watch_view_begin - one drawing over the last one; then watch_view_draw for each pool. */
void watch_view_begin(struct watch_view *view);
int watch_view_draw(struct watch_view *view, size_t pool, const struct pool_status *status,
		    struct out *out);

#endif

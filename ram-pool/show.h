/* SPDX-License-Identifier: GPL-2.0-only */
/* show.h - what `ram_pool status` prints: each pool once, its size classes, or a watch. */
#ifndef RAM_POOL_SHOW_H
#define RAM_POOL_SHOW_H

#include "lib/base/out.h"
#include "pool.h"

struct show_request {
	const char *name; /* only this one; NULL = all */
	uint64_t watch_ns,
		duration_ns; /* between looks, and of all; watch_ns MISSING_U64: one look */
	pid_t pid;           /* whose pool it is; 0, NULL = nobody is named */
	const char *cgroup;
	bool classes, deep;
	bool draw; /* a watch as lines with sparklines, in place */
};

/* show_pools - *seen: pools that were looked at; *records: that were printed. A pool that goes is
 * left out from then on.
 */
int show_pools(const struct show_request *request, const struct pools *pools, struct out *out,
	       uint64_t *seen, uint64_t *records, struct err *e);

#endif

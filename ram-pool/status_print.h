/* SPDX-License-Identifier: GPL-2.0-only */
/* status_print.h - what `ram_pool status` prints: each pool once, its size classes, or a watch. */
#ifndef RAM_POOL_STATUS_PRINT_H
#define RAM_POOL_STATUS_PRINT_H

#include "lib/base/out.h"
#include "pool.h"

struct status_request {
	const char *name;     /* only this pool; NULL = all */
	uint64_t watch_ns;    /* interval of a watch; MISSING_U64: no watch */
	uint64_t duration_ns; /* of a watch; MISSING_U64: until ^C */
	pid_t pid;            /* the owner; 0, NULL = nobody is named */
	const char *cgroup;
	bool classes, deep;
	bool draw; /* a watch is drawn with sparklines, in place */
};

/* status_print - *seen: pools there are; *records: records printed. A pool that is removed
 * meanwhile is left out from then on.
 */
int status_print(const struct status_request *request, const struct pools *pools, struct out *out,
		 uint64_t *seen, uint64_t *records, struct err *e);

#endif

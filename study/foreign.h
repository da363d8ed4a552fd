/* SPDX-License-Identifier: GPL-2.0-only */
/* foreign.h - whether the pages in a run's pool are the command's own.
 *
 * The kernel counts a page that processes share after a fork once for the cgroup, and drops it from
 * the count while it is in RAM for one of them and in the pool for another: the two counters differ
 * then with nobody to blame. A run is contaminated only where other processes are seen to have
 * pages in swap that they did not have before, or the cgroup's pages are in another swap.
 */
#ifndef COLDPRESS_STUDY_FOREIGN_H
#define COLDPRESS_STUDY_FOREIGN_H

#include "lib/kernel/cgroup.h"

struct foreign {
	const char *device; /* "": it is no swap, and nothing is checked */
	pid_t guardian;     /* of the command: all others are not its descendants */
	uint64_t others_before_bytes, looked_ns;
	unsigned int streak;
	uint64_t others_bytes;    /* swapped out by other processes since the start, at most */
	uint64_t elsewhere_bytes; /* of the command, in another swap, at most */
};

/* foreign_begin - before the command runs. */
void foreign_begin(struct foreign *f, const char *device, pid_t guardian);

/* foreign_sample - the pool's use against what the cgroup has in swap; orig_bytes: held by the
 * pool. Looks at other processes where they differ twice running.
 */
void foreign_sample(struct foreign *f, const struct cgroup_stat *group, double orig_bytes);

/* foreign_end - once the command and its cgroup are gone: what is in the pool still. */
void foreign_end(struct foreign *f);

/* foreign_text - why the run is contaminated; false: it is not. */
bool foreign_text(const struct foreign *f, char *buf, size_t len);

#endif

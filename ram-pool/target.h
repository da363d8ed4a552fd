/* SPDX-License-Identifier: GPL-2.0-only */
/* target.h - the anonymous pages of another process: which are in RAM or in swap, and moving them.
 *
 * Works on unmodified programs, and does not read the contents. What has moved is read from
 * /proc/PID/pagemap, before and after; the kernel's answer to a request does not tell.
 */
#ifndef RAM_POOL_TARGET_H
#define RAM_POOL_TARGET_H

#include "lib/base/err.h"

enum target_state { TARGET_PRESENT, TARGET_SWAPPED };

/* Runs of adjacent pages, by address; none reaches over a line of maps, since the kernel advises on
 * one mapping, or not. */
struct target_pages {
	struct target_run {
		uint64_t address, n_pages;
	} * runs;
	size_t n, capacity;
	uint64_t n_pages;
};

void target_pages_done(struct target_pages *pages);

/* An open process. Its PID may be used again once it has ended: what was read by that number counts
 * only if the process, by its pidfd, is still there afterwards. */
struct target {
	pid_t pid;
	int pidfd, pagemap_fd;
	unsigned int swap_types; /* for pagemap_decode */
};

/* errors  -ESRCH no such process, or one without memory (a kernel thread, a zombie); -EACCES
 * another user's, and we are not root
 */
int target_open(struct target *ret, pid_t pid, struct err *e);
void target_close(struct target *target);

/* target_find - at most max private anonymous pages in this state, from low addresses up. */
int target_find(const struct target *target, enum target_state state, uint64_t max,
		struct target_pages *ret, struct err *e);

/* target_count - how many of these pages are in this state now. */
int target_count(const struct target *target, const struct target_pages *pages,
		 enum target_state state, uint64_t *ret, struct err *e);

/* Pages on which the kernel gives no advice, by the kind of their mapping (can_madv_lru_vma in
 * mm/madvise.c). */
struct target_refused {
	uint64_t locked_pages, hugetlb_pages, pfnmap_pages;
	uint64_t unmapped_pages; /* since they were found */
};

/* target_advise - process_madvise over all runs: MADV_PAGEOUT, MADV_WILLNEED. A run that is refused
 * is counted, and all others are advised on. */
int target_advise(const struct target *target, const struct target_pages *pages, int advice,
		  struct target_refused *ret, struct err *e);

/* target_read - reads one byte of each page from this process: the kernel swaps the page in *and*
 * maps it, so that the target does not fault.
 *
 * page_ns  NULL, or space for pages->n_pages times: then each call reads one page, and *n_timed
 *          (0 before) is how many pages were read; unmapped pages have no time
 */
int target_read(const struct target *target, const struct target_pages *pages, double *page_ns,
		size_t *n_timed, struct err *e);

#endif

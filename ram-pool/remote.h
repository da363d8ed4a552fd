/* SPDX-License-Identifier: GPL-2.0-only */
/* remote.h - another process's anonymous pages: which are in RAM and which are out, and moving
 * them.
 *
 * Works on unmodified programs. What the kernel was asked for is never taken for what it did: every
 * figure comes from /proc/PID/pagemap, read before and after. Contents are not looked at.
 */
#ifndef RAM_POOL_REMOTE_H
#define RAM_POOL_REMOTE_H

#include "lib/base/err.h"

enum remote_state { REMOTE_PRESENT, REMOTE_SWAPPED };

/* Runs of neighbouring pages, by address. */
struct remote_pages {
	struct remote_run {
		uint64_t address, n_pages;
	} * runs;
	size_t n, capacity;
	uint64_t n_pages;
};

void remote_pages_done(struct remote_pages *pages);

/* An open process; its number cannot come to mean another one while it is open. */
struct remote {
	pid_t pid;
	int pidfd, pagemap_fd;
};

/* errors  -ESRCH no such process, or one without memory: a kernel thread, a zombie; -EACCES another
 * user's, and we are not root
 */
int remote_open(struct remote *ret, pid_t pid, struct err *e);
void remote_close(struct remote *remote);

/* remote_find - anonymous private pages in this state, at most max of them, from low addresses up.
 */
int remote_find(const struct remote *remote, enum remote_state state, uint64_t max,
		struct remote_pages *ret, struct err *e);

/* remote_count - how many of these pages are in this state now. */
int remote_count(const struct remote *remote, const struct remote_pages *pages,
		 enum remote_state state, uint64_t *ret, struct err *e);

/* remote_advise - process_madvise over all runs: MADV_PAGEOUT, MADV_WILLNEED. What cannot be moved
 * is passed over. */
int remote_advise(const struct remote *remote, const struct remote_pages *pages, int advice,
		  struct err *e);

/* remote_prefault - reads one byte of each page from here: the kernel brings it back *and* maps it,
 * so that the process itself does not fault.
 */
int remote_prefault(const struct remote *remote, const struct remote_pages *pages, struct err *e);

/* remote_touch - as remote_prefault, one page a call in the order of addresses, each timed.
 *
 * page_ns  room for pages->n_pages figures; *n of them are filled: pages that were gone have none
 */
int remote_touch(const struct remote *remote, const struct remote_pages *pages, double *page_ns,
		 size_t *n, struct err *e);

#endif

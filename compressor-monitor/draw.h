/* SPDX-License-Identifier: GPL-2.0-only */
/* draw.h - a random sample of a process's or a file's pages, copied to memory. */
#ifndef COLDPRESS_MONITOR_DRAW_H
#define COLDPRESS_MONITOR_DRAW_H

#include "lib/kernel/page.h"

struct draw {
	pid_t pid;        /* 0 = file */
	const char *file; /* its pages; of a process those that can be swapped */
	uint64_t seed;
	size_t max; /* pages */
};

/* draw_pages - reads them in the order of their addresses and keeps those that need a codec:
 * neither zero nor same-filled. *ret_pages is page-aligned and to be freed.
 *
 * errors  page_open_pid's, page_open_file's and page_walk's own; -ENOMEM
 */
int draw_pages(const struct draw *draw, char **ret_pages, size_t *ret_n, struct err *e);

#endif

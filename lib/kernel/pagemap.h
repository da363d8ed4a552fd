/* SPDX-License-Identifier: GPL-2.0-only */
/* pagemap.h - /proc/PID/pagemap: opening it, and decoding its entries
 * (Documentation/admin-guide/mm/pagemap.rst); /proc/kpageflags of the page frames in them.
 *
 * A pagemap stays bound to the address space it was opened on: after an exec or exit it reads
 * empty. So a process that ended is noticed, even where its PID is used again.
 */
#ifndef COLDPRESS_KERNEL_PAGEMAP_H
#define COLDPRESS_KERNEL_PAGEMAP_H

#include "lib/base/err.h"

enum pagemap_state {
	PAGEMAP_EMPTY,
	PAGEMAP_PRESENT,
	PAGEMAP_SWAPPED,
	PAGEMAP_GUARD,   /* a guard region (MADV_GUARD_INSTALL, Linux 6.13; told apart from 6.15) */
	PAGEMAP_SPECIAL, /* in the form of a swap entry, but not in swap: under migration, poisoned,
			    in device memory, a marker of userfaultfd */
};

struct pagemap_page {
	enum pagemap_state state;
	bool file;                        /* of a file, or shared anonymous memory */
	bool exclusive;                   /* mapped once */
	bool soft_dirty, write_protected; /* the latter by userfaultfd */
	uint64_t frame;                   /* if present; 0 = hidden, without CAP_SYS_ADMIN */
};

/* pagemap_decode - one entry, where swap areas have types below swap_types. Pure. Where frames are
 * hidden, so are the types: then only guard regions and what userfaultfd protects are told from
 * swapped pages. */
struct pagemap_page pagemap_decode(uint64_t entry, unsigned int swap_types);

/* pagemap_swap_types - for pagemap_decode, by /proc/swaps now; 0 where no swap area is active. */
unsigned int pagemap_swap_types(void);

/* pagemap_open - a descriptor of the process's pagemap, or -errno.
 *
 * errors  -ESRCH no such process, or it has no memory of its own (a kernel thread, a zombie);
 *         -EACCES it belongs to another user, and we are not root
 */
int pagemap_open(pid_t pid, struct err *e);

/* pagemap_no_memory - -ESRCH: the process ended, or is a kernel thread. */
int pagemap_no_memory(pid_t pid, struct err *e);

/* What /proc/kpageflags says of a page frame. */
struct pagemap_flags {
	bool lazyfree;    /* MADV_FREE: anonymous and not backed by swap, unless written again */
	bool zero;        /* the kernel's shared page of zeros, small or huge */
	bool unevictable; /* locked by a process, or as shared memory */
};

/* pagemap_flags_read - of one frame; all false where it cannot be read. fd of /proc/kpageflags. */
struct pagemap_flags pagemap_flags_read(int fd, uint64_t frame);

#endif

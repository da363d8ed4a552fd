/* SPDX-License-Identifier: GPL-2.0-only */
/* pagemap.h - /proc/PID/pagemap: opening it, and the bits of an entry
 * (Documentation/admin-guide/mm/pagemap.rst).
 *
 * A pagemap stays bound to the address space it was opened on: after an exec or exit it reads
 * empty. So a process that ended is noticed, even where its PID is used again.
 */
#ifndef COLDPRESS_KERNEL_PAGEMAP_H
#define COLDPRESS_KERNEL_PAGEMAP_H

#include "lib/base/err.h"

#define PAGEMAP_PRESENT        (UINT64_C(1) << 63)
#define PAGEMAP_SWAP           (UINT64_C(1) << 62)
#define PAGEMAP_FILE           (UINT64_C(1) << 61) /* of a file, or shared anonymous memory */
#define PAGEMAP_MMAP_EXCLUSIVE (UINT64_C(1) << 56) /* mapped once */
#define PAGEMAP_PFN            ((UINT64_C(1) << 55) - 1)

/* pagemap_open - a descriptor of the process's pagemap, or -errno.
 *
 * errors  -ESRCH no such process, or it has no memory of its own (a kernel thread, a zombie);
 *         -EACCES it belongs to another user, and we are not root
 */
int pagemap_open(pid_t pid, struct err *e);

/* pagemap_no_memory - -ESRCH: the process ended, or is a kernel thread. */
int pagemap_no_memory(pid_t pid, struct err *e);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* page_entry.h - bits of an entry of /proc/PID/pagemap (Documentation/admin-guide/mm/pagemap.rst).
 *
 * A pagemap stays bound to the address space it was opened on: after an exec or exit it reads
 * empty, which is how a source that ended is told, even where its PID is used again.
 */
#ifndef COLDPRESS_KERNEL_PAGEMAP_H
#define COLDPRESS_KERNEL_PAGEMAP_H

#include "lib/base/base.h"

#define ENTRY_PRESENT   (UINT64_C(1) << 63)
#define ENTRY_SWAPPED   (UINT64_C(1) << 62)
#define ENTRY_FILE      (UINT64_C(1) << 61) /* a file's page or shared anonymous memory */
#define ENTRY_EXCLUSIVE (UINT64_C(1) << 56) /* mapped once */
#define ENTRY_FRAME     ((UINT64_C(1) << 55) - 1)

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* swap.h - a zram device as swap: its header, on, off, and its line in /proc/swaps.
 *
 * Goes by descriptors that zram_open() has checked, never by a path that may have changed. Journal the intent
 * (journal_swap) before swap_on().
 */
#ifndef COLDPRESS_SWAP_H
#define COLDPRESS_SWAP_H

#include "procfs.h"
#include "zram.h"

#define SWAP_PRIORITY_MAX 32767	/* SWAP_FLAG_PRIO_MASK */

/* swap_format - writes a version 1 swap header, as mkswap(8) does, and waits until the device has it. */
int swap_format(int fd, const char *label, struct err *e);

/* swap_on - errors -EINVAL no header; -EBUSY already swap or held; -EPERM not root */
int swap_on(int fd, int priority, struct err *e);

/* swap_off - brings every page back into RAM first, which may take seconds.
 *
 * returns  0, also when it is no swap now
 * errors   -EINTR a signal came: it is swap as before; -ENOMEM there is not enough RAM
 */
int swap_off(int fd, struct err *e);

/* swap_find - the device's line, NULL when it is no swap or its node is gone. */
const struct procfs_swap *swap_find(const struct procfs_swaps *swaps, const struct zram_device *device);

/* swap_next_priority - one above the highest in use, at least 0, so that the device comes first.
 *
 * errors  -ERANGE one already has the kernel's highest; it is named
 */
int swap_next_priority(const struct procfs_swaps *swaps, int *ret, struct err *e);

#endif

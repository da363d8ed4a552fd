/* SPDX-License-Identifier: GPL-2.0-only */
/* swap.h - a zram device as swap: its header, on, off, and its line in /proc/swaps.
 *
 * Takes descriptors that zram_open() has checked, never a path that may have changed. Journal the
 * intent (journal_swap) before swap_on().
 */
#ifndef COLDPRESS_KERNEL_SWAP_H
#define COLDPRESS_KERNEL_SWAP_H

#include "cgroup.h"
#include "procfs.h"
#include "zram.h"

#define SWAP_PRIORITY_MAX 32767 /* SWAP_FLAG_PRIO_MASK */

/* swap_format - writes a version 1 swap header, as mkswap(8) does, and flushes it. */
int swap_format(int fd, const char *label, struct err *e);

#define SWAP_LABEL_MAX 17

/* swap_label_read - the label in a header, up to 16 characters. -EINVAL no swap header. */
int swap_label_read(int fd, char ret[SWAP_LABEL_MAX], struct err *e);

/* swap_on - errors -EINVAL no header; -EBUSY already swap, or open; -EPERM not root */
int swap_on(int fd, int priority, struct err *e);

/* swap_off - reads every page back into RAM first, which may take seconds. 0 also when it is no
 * swap.
 *
 * errors   -EINTR a signal came, it is swap as before; -ENOMEM not enough RAM
 */
int swap_off(int fd, struct err *e);

struct swap_back {
	uint64_t timeout_ns;
	bool stoppable;                                   /* ^C ends it */
	void (*progress)(void *ctx, uint64_t left_bytes); /* ten times a second; NULL = none */
	void *ctx;
};

#define SWAP_BACK_NS (10 * 60 * NS_PER_S)

/* swap_back - swap_off that ends: when all pages are in RAM, on ^C, or after its timeout. Tries
 * again after -ENOMEM as long as less is swapped out each time: the OOM killer may have ended a
 * process.
 *
 * errors  -EINTR ^C, -ETIMEDOUT: it is swap as before; -EINPROGRESS either, but the kernel cannot
 *         stop before the end of the current process, and holds the caller's locks until then;
 *         else swap_off's own
 */
int swap_back(int fd, const struct zram_device *device, const struct swap_back *how, struct err *e);

/* ---- swap_room.c: whether the pages fit into RAM ---- */

/* swap_room_memory - refuses where used_bytes of swap exceed the available memory. Pure. */
int swap_room_memory(const struct procfs_meminfo *meminfo, uint64_t used_bytes, struct err *e);

/* swap_room_group - refuses where they exceed what a group's limit allows: the kernel charges pages
 * that are swapped in whatever the limit is, and would kill its processes. Of the group's pages in
 * swap at most used_bytes are in the pool. Pure. */
int swap_room_group(const struct cgroup_swap *group, uint64_t used_bytes, struct err *e);

/* swap_room_check - both, for the device and every group with pages in swap. -ENOMEM refused. */
int swap_room_check(const struct zram_device *device, struct err *e);

/* ---- its line in /proc/swaps ---- */

/* swap_find - the device's line; NULL when it is no swap, or its node was removed. */
const struct procfs_swap *swap_find(const struct procfs_swaps *swaps,
				    const struct zram_device *device);

/* swap_used_bytes - what is swapped out to it; 0 also when it is no swap. */
uint64_t swap_used_bytes(const struct zram_device *device);
bool swap_in_use(const struct zram_device *device);

/* swap_next_priority - one above the highest in use, at least 0, so that the device is used first.
 *
 * errors  -ERANGE a swap has the kernel's highest priority already; e names it
 */
int swap_next_priority(const struct procfs_swaps *swaps, int *ret, struct err *e);

#endif

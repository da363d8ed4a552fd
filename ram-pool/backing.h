/* SPDX-License-Identifier: GPL-2.0-only */
/* backing.h - where cold pages may be written back to: a free block device, or a file behind a loop
 * device.
 */
#ifndef RAM_POOL_BACKING_H
#define RAM_POOL_BACKING_H

#include "lib/base/err.h"

struct backing {
	char device[512]; /* the block device to name to zram */
	int fd;           /* keeps a loop device until zram has it; -1 = none */
};

/* backing_open - what was there must be unused and empty, for it will be overwritten.
 *
 * errors  -EBUSY in use; -EEXIST it holds something; usage: too small, or neither file nor block
 * device
 */
int backing_open(struct backing *ret, const char *path, struct err *e);

/* backing_close - once zram has the device, or never will. */
void backing_close(struct backing *backing);

/* backing_whole - whether a device that zram writes back to is still there; else words says what is
 * wrong. Of a loop device: whether its file is as long as it was.
 */
bool backing_whole(const char *device, char *words, size_t len);

#endif

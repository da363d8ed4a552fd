/* SPDX-License-Identifier: GPL-2.0-only */
/* backing.h - the backing device for cold pages: an unused block device, or a file behind a loop
 * device.
 */
#ifndef RAM_POOL_BACKING_H
#define RAM_POOL_BACKING_H

#include "lib/base/err.h"

struct backing {
	char device[512]; /* block device to name to zram */
	int fd;           /* keeps a loop device until zram has it; -1 = none */
};

/* backing_open - the file or device must be unused and empty: it will be overwritten.
 *
 * errors  -EBUSY in use; -EEXIST not empty; usage: too small, or neither file nor block device
 */
int backing_open(struct backing *ret, const char *path, struct err *e);

/* backing_close - once zram has the device, or will not get it. */
void backing_close(struct backing *backing);

/* backing_whole - whether a device that zram writes back to still exists, and, of a loop device,
 * whether its file is as long as it was; else text says what is wrong.
 */
bool backing_whole(const char *device, char *text, size_t len);

#endif

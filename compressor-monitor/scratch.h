/* SPDX-License-Identifier: GPL-2.0-only */
/* scratch.h - a zram device of our own for the length of a measurement, journalled and taken away
 * again. */
#ifndef COLDPRESS_MONITOR_SCRATCH_H
#define COLDPRESS_MONITOR_SCRATCH_H

#include "lib/kernel/zram_config.h"

#define SCRATCH_MAX_BYTES (512 * MIB) /* of pages: memory, if none of them compresses */

struct journal;

struct scratch {
	struct journal *journal; /* NULL = not open */
	struct zram_device device;
	int fd; /* O_RDWR | O_DIRECT */
};

/* scratch_algorithms - what this kernel's zram offers, from a device that is there, or from one
 * that is added to ask.
 *
 * errors  exit 77 no zram or no root
 */
int scratch_algorithms(struct zram_algorithms *ret, struct err *e);

/* scratch_open - a device set up as config says, but for its dictionary, which is given as bytes
 * (len 0 = none). Whatever scratch_open says, scratch_close must follow.
 *
 * errors  as zram_setup
 */
int scratch_open(struct scratch *ret, const struct zram_config *config, const void *dictionary,
		 size_t len, struct err *e);

/* scratch_close - takes it away. Something may hold it for a moment: waits ZRAM_BUSY_NS. */
int scratch_close(struct scratch *scratch, struct err *e);

/* scratch_transfer - whole pages to (out) or from the device by direct I/O, in requests of at most
 * request bytes, so that the kernel compresses and decompresses on this thread. buf is
 * page-aligned. -EIO short; pwrite's, pread's own */
int scratch_transfer(const struct scratch *scratch, char *buf, size_t bytes, size_t request,
		     off_t at, bool out);

/* scratch_discard - frees what a part of the device holds. */
int scratch_discard(const struct scratch *scratch, off_t at, size_t bytes);

#endif

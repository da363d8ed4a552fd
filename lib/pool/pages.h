/* SPDX-License-Identifier: GPL-2.0-only */
/* pages.h - the pages that a zram device holds, read back by direct I/O: nothing is written,
 * nothing is swapped in, no page cache is filled. Reads count in the device's statistics, and a
 * page that was read is not idle afterwards.
 */
#ifndef COLDPRESS_POOL_PAGES_H
#define COLDPRESS_POOL_PAGES_H

#include "lib/kernel/page.h"
#include "lib/kernel/zram.h"

/* pool_pages_fd - a descriptor for direct reads, and the size of the device; or -errno. Buffers,
 * lengths and offsets have to be whole pages. */
int pool_pages_fd(const struct zram_device *device, uint64_t *disk_bytes, struct err *e);

/* pool_pages_read - whole pages from an offset on. Returns bytes, 0 at the end of the device. -EIO
 * short read; else read's own. */
ssize_t pool_pages_read(int fd, uint64_t disk_bytes, void *buf, size_t len, uint64_t at,
			struct err *e);

struct pool_pages {
	struct zram_device device;
	uint64_t disk_bytes;
	struct zram_mm_stat stat; /* when it was opened */
	struct zram_io_stat io;
	bool surplus; /* more pages were found than it had */
};

/* pool_pages_open - a pool by "zram3" or "/dev/zram3", which must be one that a journal of ours
 * lists; source is then read as a file of its slots.
 *
 * errors  usage: not a zram device's name; -ENODEV no such device; -EPERM in no journal
 */
int pool_pages_open(struct pool_pages *ret, const char *name, struct page_source *source,
		    struct err *e);

/* pool_pages_walk - offers every used slot to the sample, as source `index`, counted in this
 * stratum; the header of a swap area is left out. A kernel without debugging options does not
 * report which slots are used: those that do not read as zeros are, and as many of the others as
 * mm_stat counts more.
 *
 * errors  -ENOMEM; -EINTR asked to stop; read's own
 */
int pool_pages_walk(struct pool_pages *pool, const struct page_source *source, uint32_t index,
		    struct page_stratum *stratum, struct page_sample *sample, struct err *e);

/* pool_pages_copy - copies the sampled pages into memory and makes source and sample refer to the
 * copy.
 *
 * returns  1 done; 0 they are more than a quarter of the available memory: nothing was changed
 * errors   -ENOMEM; -EINTR asked to stop; read's own
 */
int pool_pages_copy(struct page_source *source, struct page_sample *sample, struct err *e);

/* pool_pages_changed - whether pages were written to the pool or freed since it was opened. */
bool pool_pages_changed(const struct pool_pages *pool);

#endif

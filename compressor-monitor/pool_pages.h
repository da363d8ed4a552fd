/* SPDX-License-Identifier: GPL-2.0-only */
/* pool_pages.h - the pages that a pool of ours holds, read back from its device by direct I/O:
 * nothing is written, nothing is swapped in, no page cache is filled.
 */
#ifndef COLDPRESS_MONITOR_POOL_PAGES_H
#define COLDPRESS_MONITOR_POOL_PAGES_H

#include "lib/kernel/page.h"
#include "lib/kernel/zram.h"

struct pool_pages {
	struct zram_device device;
	struct zram_mm_stat stat; /* when it was opened */
	struct zram_io_stat io;
	bool surplus; /* more pages were found than it had */
};

/* pool_pages_open - a device by "zram3" or "/dev/zram3", which must be one that our journal made or
 * took; source is then read as a file of its slots.
 *
 * errors  usage: not a zram device's name; -ENODEV there is none; -EPERM not ours; else journal's
 * and open's own
 */
int pool_pages_open(struct pool_pages *ret, const char *name, struct page_source *source,
		    struct err *e);

/* pool_pages_walk - offers every used slot to the sample, as source `index`, counted in this
 * stratum; the header of a swap area is none. No kernel tells which slots are used without
 * debugging built in: those that read as other than zeros are, and of those that read as zeros as
 * many as mm_stat leaves over, whichever they be.
 *
 * errors  -ENOMEM; -EINTR asked to stop; read's own
 */
int pool_pages_walk(struct pool_pages *pool, const struct page_source *source, uint32_t index,
		    struct page_stratum *stratum, struct page_sample *sample, struct err *e);

/* pool_pages_copy - reads the drawn pages into memory, where source and sample have them from then
 * on.
 *
 * ret     1 = done; 0 = they are more than a quarter of the memory that is available: nothing was
 * changed errors  -ENOMEM; -EINTR asked to stop; read's own
 */
int pool_pages_copy(struct page_source *source, struct page_sample *sample, struct err *e);

/* pool_pages_changed - whether pages came to the pool or left it since it was opened. */
bool pool_pages_changed(const struct pool_pages *pool);

#endif

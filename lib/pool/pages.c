/* SPDX-License-Identifier: GPL-2.0-only */
/* pages.c - reads the pages of a pool from its device, and finds its used slots by reading up to
 * the last that can be one. */
#include "pages.h"

#include <fcntl.h>
#include <sys/mman.h>

#include "lib/base/stop.h"
#include "lib/kernel/procfs.h"
#include "lib/safety/journal_dir.h"
#include "lib/safety/supervise.h"

#define READ_BYTES ((size_t)MIB)
#define READ_PAGES (READ_BYTES / PAGE_BYTES)

int pool_pages_fd(const struct zram_device *device, uint64_t *disk_bytes, struct err *e)
{
	int rc = zram_disk_bytes(NULL, device->id, disk_bytes, e);

	return rc ? rc : zram_open(device, O_RDONLY | O_DIRECT, e);
}

ssize_t pool_pages_read(int fd, uint64_t disk_bytes, void *buf, size_t len, uint64_t at,
			struct err *e)
{
	size_t want = at < disk_bytes ? MIN(len, disk_bytes - at) : 0;
	ssize_t n = want ? pread(fd, buf, want, (off_t)at) : 0;

	if (n < 0)
		return err_set(e, errno, "cannot read the pool at %lu", at);
	if (n % (ssize_t)PAGE_BYTES)
		return err_say(e, EIO, "cannot read the pool at %lu: short read of %zd bytes", at,
			       n);
	return n;
}

struct search {
	const struct zram_device *device;
	bool ours;
};

static int search_journal(void *ctx, const struct journal_file *file, bool live UNUSED)
{
	struct search *s = ctx;

	for (size_t i = 0; !s->ours && i < file->n; i++) {
		const struct journal_entry *entry = &file->entries[i];

		s->ours = (entry->kind == JOURNAL_ZRAM || entry->kind == JOURNAL_TAKEN) &&
			  entry->has_device && !entry->undone &&
			  entry->device.id == s->device->id &&
			  entry->device.dev == s->device->dev &&
			  entry->device.diskseq == s->device->diskseq;
	}
	return 0;
}

static int check_ours(const struct zram_device *device, struct err *e)
{
	struct search search = { .device = device };
	int rc = journal_visit(search_journal, &search, e);

	if (search.ours)
		return 0;
	if (rc)
		return rc;
	err_say(e, EPERM, "zram%u is not a pool of ram_pool: its pages are not read", device->id);
	return err_hint(e, "list the pools: ram_pool status");
}

int pool_pages_open(struct pool_pages *ret, const char *name, struct page_source *source,
		    struct err *e)
{
	struct pool_pages pool = { .surplus = false };
	unsigned int id = 0;
	int rc;

	if (zram_name_parse(name, &id))
		return err_usage(e, "--zram takes a device such as /dev/zram1, not '%s'", name);
	rc = zram_identify(NULL, id, &pool.device, e);
	if (!rc)
		rc = check_ours(&pool.device, e);
	if (rc)
		return rc;

	AUTO_CLOSE int fd = pool_pages_fd(&pool.device, &pool.disk_bytes, e);

	if (fd < 0)
		return fd;
	rc = zram_mm_stat_read(NULL, id, &pool.stat, e);
	if (!rc)
		rc = zram_io_stat_read(NULL, id, &pool.io, e);
	if (rc)
		return rc;
	*source = (struct page_source){ .fd = fd, .mem_fd = -1 };
	*ret = pool;
	fd = -1;
	return 0;
}

/* mkswap wrote it: it is no swapped-out page. */
static bool is_swap_header(const char *page)
{
	static const char mark[] = "SWAPSPACE2";

	return memcmp(page + PAGE_BYTES - (sizeof(mark) - 1), mark, sizeof(mark) - 1) == 0;
}

struct slots {
	uint64_t used, found; /* without the header */
	uint64_t zero_at;     /* a slot that reads as zeros; MISSING_U64 = none was seen */
	struct page_ref ref;
	struct page_sample *sample;
};

static bool is_zero(const char *page)
{
	return page[0] == 0 && memcmp(page, page + 1, PAGE_BYTES - 1) == 0;
}

static int take_slots(struct slots *s, const char *buf, size_t len, uint64_t at)
{
	for (size_t i = 0; i < len; i += PAGE_BYTES) {
		s->ref.address = at + i;
		if (at + i == 0 && is_swap_header(buf)) {
			s->used -= s->used > 0;
			continue;
		}
		if (is_zero(buf + i)) {
			s->zero_at = s->ref.address;
			continue;
		}
		s->found++;
		if (page_sample_offer(s->sample, &s->ref))
			return -ENOMEM;
	}
	return 0;
}

int pool_pages_walk(struct pool_pages *pool, const struct page_source *source, uint32_t index,
		    struct page_stratum *stratum, struct page_sample *sample, struct err *e)
{
	AUTO_FREE char *buf = aligned_alloc(PAGE_BYTES, READ_BYTES);
	struct slots slots = {
		.used = pool->stat.orig_bytes / PAGE_BYTES,
		.zero_at = MISSING_U64,
		.ref = { .source = index, .kind = stratum->kind },
		.sample = sample,
	};
	uint64_t zeros = 0;
	ssize_t n;
	int rc = 0;

	if (!buf)
		return err_set(e, ENOMEM, "cannot read zram%u", pool->device.id);
	for (uint64_t at = 0; !rc && slots.found < slots.used; at += (uint64_t)n) {
		if (stop_requested())
			return err_say(e, EINTR, "stopped before all of zram%u was read",
				       pool->device.id);
		n = pool_pages_read(source->fd, pool->disk_bytes, buf, READ_BYTES, at, e);
		if (n < 0)
			return (int)n;
		if (n == 0)
			break;
		rc = take_slots(&slots, buf, (size_t)n, at);
	}
	pool->surplus = slots.found > slots.used;
	if (slots.zero_at != MISSING_U64 && !pool->surplus)
		zeros = slots.used - slots.found;
	slots.ref.address = slots.zero_at;
	for (uint64_t i = 0; !rc && i < zeros; i++)
		rc = page_sample_offer(sample, &slots.ref);
	stratum->pages = slots.found + zeros;
	return rc ? err_set(e, rc, "cannot list the pages of zram%u", pool->device.id) : 0;
}

static int copy_pages(struct page_source *source, const struct page_sample *sample, char *to,
		      struct err *e)
{
	enum page_got got[READ_PAGES];

	for (size_t at = 0; at < sample->n; at += READ_PAGES) {
		int rc = stop_requested() ? err_say(e, EINTR, "stopped before the pool was read")
					  : page_read(source, sample->refs + at,
						      MIN(sample->n - at, READ_PAGES),
						      to + at * PAGE_BYTES, got, e);

		if (rc)
			return rc;
	}
	return 0;
}

int pool_pages_copy(struct page_source *source, struct page_sample *sample, struct err *e)
{
	const size_t bytes = sample->n * PAGE_BYTES;
	AUTO_CLOSE int fd = memfd_create("pages of a pool", MFD_CLOEXEC);
	struct procfs_meminfo memory;
	char *to = MAP_FAILED;
	int rc = supervise_memory_read(&memory, e);

	if (rc)
		return rc;
	if (bytes > memory.available_bytes / 4)
		return 0;
	if (fd >= 0 && !ftruncate(fd, (off_t)bytes))
		to = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (to == MAP_FAILED)
		return err_set(e, errno, "cannot copy the pages of the pool");
	page_sample_sort(sample, 0, sample->n);
	rc = copy_pages(source, sample, to, e);
	munmap(to, bytes);
	if (rc)
		return rc;
	for (size_t i = 0; i < sample->n; i++)
		sample->refs[i].address = i * PAGE_BYTES;
	page_close(source);
	source->fd = fd;
	fd = -1;
	return 1;
}

bool pool_pages_changed(const struct pool_pages *pool)
{
	struct zram_mm_stat stat;
	struct zram_io_stat io;

	if (zram_mm_stat_read(NULL, pool->device.id, &stat, NULL) ||
	    zram_io_stat_read(NULL, pool->device.id, &io, NULL))
		return true;
	return pool->surplus || stat.orig_bytes != pool->stat.orig_bytes ||
	       stat.compr_bytes != pool->stat.compr_bytes || io.notify_free != pool->io.notify_free;
}

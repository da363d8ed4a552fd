/* SPDX-License-Identifier: GPL-2.0-only */
/* pool_pages.c - finds the used slots of a pool by reading all of it, up to the last that can be
 * one. */
#include "pool_pages.h"

#include <fcntl.h>
#include <sys/mman.h>

#include "lib/safety/journal.h"
#include "lib/kernel/procfs.h"
#include "lib/base/stop.h"

#define READ_BYTES ((size_t)MIB)
#define READ_PAGES (READ_BYTES / PAGE_BYTES)

struct search {
	const struct zram_device *device;
	bool ours;
};

static int look_in_book(void *ctx, const struct journal_file *book, bool live UNUSED)
{
	struct search *s = ctx;

	for (size_t i = 0; !s->ours && i < book->n; i++) {
		const struct journal_entry *entry = &book->entries[i];

		s->ours = (entry->kind == JOURNAL_ZRAM || entry->kind == JOURNAL_TAKEN) &&
			  entry->has_device && !entry->undone &&
			  entry->device.id == s->device->id &&
			  entry->device.dev == s->device->dev &&
			  entry->device.diskseq == s->device->diskseq;
	}
	return 0;
}

int pool_pages_open(struct pool_pages *ret, const char *name, struct page_source *source,
		    struct err *e)
{
	struct search search = { .device = &ret->device };
	char dir[SYSROOT_PATH_MAX];
	unsigned int id = 0;
	int r, fd;

	memset(ret, 0, sizeof(*ret));
	if (zram_name_parse(name, &id))
		return err_usage(e, "--zram: a device such as /dev/zram1, not '%s'", name);
	if ((r = zram_identify(NULL, id, &ret->device, e)) || (r = journal_state_dir(dir, e)) ||
	    ((r = journal_visit(look_in_book, &search, e)) && !search.ours))
		return r;
	if (!search.ours) {
		err_say(e, EPERM, "zram%u is no pool of ours: its pages are not read", id);
		return err_hint(e, "`ram_pool status` lists those that `ram_pool setup` made");
	}
	fd = zram_open(&ret->device, dir, O_RDONLY | O_DIRECT, e);
	if (fd < 0)
		return fd;
	if ((r = zram_mm_stat_read(NULL, id, &ret->stat, e)) ||
	    (r = zram_io_stat_read(NULL, id, &ret->io, e))) {
		close(fd);
		return r;
	}
	*source = (struct page_source){ .fd = fd };
	return 0;
}

static bool is_zero(const char *page)
{
	const uint64_t *words = (const uint64_t *)(const void *)page;

	for (size_t i = 0; i < PAGE_BYTES / sizeof(*words); i++)
		if (words[i])
			return false;
	return true;
}

/* mkswap wrote it: no page of anybody. */
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
	uint64_t bytes, zeros;
	int r = zram_disk_bytes(NULL, pool->device.id, &bytes, e);

	if (!buf)
		r = err_set(e, ENOMEM, "cannot read zram%u", pool->device.id);
	for (uint64_t at = 0; !r && at < bytes && slots.found < slots.used; at += READ_BYTES) {
		size_t len = MIN(READ_BYTES, (size_t)(bytes - at));

		if (stop_requested())
			return err_say(e, EINTR, "stopped before all of zram%u was looked at",
				       pool->device.id);
		errno = 0;
		if (pread(source->fd, buf, len, (off_t)at) != (ssize_t)len)
			return err_set(e, errno ? errno : EIO, "cannot read zram%u at %lu",
				       pool->device.id, at);
		r = take_slots(&slots, buf, len, at);
		if (r)
			err_set(e, r, "cannot list the pages of zram%u", pool->device.id);
	}
	pool->surplus = slots.found > slots.used;
	zeros = slots.zero_at != MISSING_U64 && !pool->surplus ? slots.used - slots.found : 0;
	slots.ref.address = slots.zero_at;
	for (uint64_t i = 0; !r && i < zeros; i++)
		r = page_sample_offer(sample, &slots.ref);
	stratum->pages = slots.found + zeros;
	return r;
}

static int copy_pages(struct page_source *source, const struct page_sample *sample, char *to,
		      struct err *e)
{
	enum page_got got[READ_PAGES];

	for (size_t at = 0; at < sample->n; at += READ_PAGES) {
		int r = stop_requested() ? err_say(e, EINTR, "stopped before the pool was read")
					 : page_read(source, sample->refs + at,
						     MIN(sample->n - at, READ_PAGES),
						     to + at * PAGE_BYTES, got, e);

		if (r)
			return r;
	}
	return 0;
}

int pool_pages_copy(struct page_source *source, struct page_sample *sample, struct err *e)
{
	const size_t bytes = sample->n * PAGE_BYTES;
	AUTO_CLOSE int fd = memfd_create("pages of a pool", MFD_CLOEXEC);
	struct procfs_meminfo memory;
	char *to = MAP_FAILED;
	int r = procfs_meminfo_read(NULL, &memory, e);

	if (r)
		return r;
	if (bytes > memory.available_bytes / 4)
		return 0;
	if (fd >= 0 && !ftruncate(fd, (off_t)bytes))
		to = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (to == MAP_FAILED)
		return err_set(e, errno, "cannot copy the pages of the pool");
	page_sample_sort(sample, 0, sample->n);
	r = copy_pages(source, sample, to, e);
	munmap(to, bytes);
	if (r)
		return r;
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

/* SPDX-License-Identifier: GPL-2.0-only */
/* status.c - what a pool holds and what it costs, every column by its meaning. */
#include <stdarg.h>

#include "backing.h"
#include "pool.h"
#include "lib/kernel/zram_config.h"

#define F(m, t, u, what, ...) FIELD(struct pool_status, m, t, u, what, ##__VA_ARGS__)

static const struct field pool_status_fields[] = {
	F(name, FIELD_STRING, "", "what it was called at setup"),
	F(device, FIELD_STRING, "", "its block device"),
	F(id, FIELD_U64, "", "the N of zramN"),
	F(state, FIELD_STRING, "",
	  "ready; busy: being set up or removed; broken: `ram_pool recover` removes it"),
	F(owner, FIELD_U64, "",
	  "PID of the process it goes with; missing when it stays until it is reset"),
	F(use, FIELD_STRING, "",
	  "swap, or device: what setup calls raw or ext4, since what is on it by now is its "
	  "user's"),
	F(algorithm, FIELD_STRING, "", "codec"),
	F(second_algorithm, FIELD_STRING, "", "codec for cold pages; missing without one"),
	F(backing, FIELD_STRING, "", "block device for cold pages; missing without one"),
	F(size_bytes, FIELD_U64, "bytes", "uncompressed bytes it takes at most"),
	F(orig_bytes, FIELD_U64, "bytes",
	  "uncompressed bytes it holds, same-filled pages included"),
	F(compr_bytes, FIELD_U64, "bytes",
	  "codec bytes; an incompressible page counts whole, a same-filled one 0"),
	F(compression_ratio, FIELD_F64, "ratio", "orig_bytes / compr_bytes"),
	F(used_bytes, FIELD_U64, "bytes",
	  "RAM it takes, fragmentation included, without slot table and handles"),
	F(used_max_bytes, FIELD_U64, "bytes", "highest used_bytes so far"),
	F(limit_bytes, FIELD_U64, "bytes",
	  "used_bytes may not exceed this; missing when there is no limit"),
	F(limit_share, FIELD_F64, "ratio", "used_bytes / limit_bytes"),
	F(overhead_bytes, FIELD_I64, "bytes",
	  "used_bytes - compr_bytes: rounding to slots, and holes"),
	F(slot_table_bytes, FIELD_U64, "bytes",
	  "16 bytes for each page of its size: RAM that the kernel counts nowhere (24 with access "
	  "times)"),
	F(compact_bytes, FIELD_I64, "bytes",
	  "what writing to its `compact` would give back; missing where neither debugfs nor --deep "
	  "says"),
	F(compact_source, FIELD_STRING, "",
	  "where that is from: debugfs, deep, or deep, approximate"),
	F(saved_bytes, FIELD_I64, "bytes", "orig_bytes - used_bytes"),
	F(same_pages, FIELD_U64, "pages", "pages of one repeated word"),
	F(same_share, FIELD_F64, "ratio", "same pages / pages held"),
	F(incompressible_pages, FIELD_U64, "pages", "pages kept as they are"),
	F(incompressible_ever_pages, FIELD_U64, "pages", "pages ever kept as they are"),
	F(compacted_pages, FIELD_U64, "pages", "freed by compaction so far"),
	F(incompressible_share, FIELD_F64, "ratio", "incompressible pages / pages held"),
	F(swap_used_bytes, FIELD_U64, "bytes", "pages swapped to it; missing when it is no swap"),
	F(priority, FIELD_I64, "", "swap priority"),
	F(reads, FIELD_U64, "", "reads that ended, failed ones included"),
	F(read_bytes, FIELD_U64, "bytes", "read from it, what failed included"),
	F(writes, FIELD_U64, "", "writes that ended, failed ones included"),
	F(written_bytes, FIELD_U64, "bytes", "written to it, what failed included"),
	F(failed_reads, FIELD_U64, "", "reads that failed"),
	F(failed_writes, FIELD_U64, "",
	  "writes that failed, most often for the limit; their pages stayed in RAM"),
	F(invalid_io, FIELD_U64, "", "requests that were not whole pages"),
	F(freed_slots, FIELD_U64, "pages",
	  "pages given up by their owners: swap slots freed, blocks discarded"),
	F(backing_pages, FIELD_U64, "pages", "on the backing device; missing without one"),
	F(backing_read_pages, FIELD_U64, "pages", "read from it"),
	F(backing_written_pages, FIELD_U64, "pages", "written to it"),
	F(oom_kill_count, FIELD_U64, "",
	  "processes that the OOM killer has ended since the set-up, anywhere on the machine; the "
	  "warning says where"),
	F(foreign_bytes, FIELD_U64, "bytes",
	  "at least so much of swap_used_bytes is not the owner's; missing where none is named and "
	  "it is bound to none"),
	F(warning, FIELD_STRING, "", "what should be looked at; missing when nothing"),
};

const struct record_type pool_status_type =
	RECORD_TYPE("pool_status", 1, RECORD_CARD, pool_status_fields, "one pool now");

#undef F
#define F(m, t, u, what, ...) FIELD(struct pool_watch, m, t, u, what, ##__VA_ARGS__)

static const struct field pool_watch_fields[] = {
	F(time_ms, FIELD_U64, "ms", "since the watch began"),
	F(name, FIELD_STRING, "", "which pool"),
	F(orig_bytes, FIELD_U64, "bytes", "uncompressed bytes it holds"),
	F(used_bytes, FIELD_U64, "bytes", "RAM it takes"),
	F(compression_ratio, FIELD_F64, "ratio", "orig_bytes / codec bytes"),
	F(limit_share, FIELD_F64, "ratio", "used_bytes / its limit"),
	F(swap_used_bytes, FIELD_U64, "bytes", "pages swapped to it"),
	F(read_pages_per_s, FIELD_F64, "pages/s", "read since the last look", .decimals = 0),
	F(written_pages_per_s, FIELD_F64, "pages/s", "written since the last look", .decimals = 0),
	F(failed_writes, FIELD_U64, "", "writes that failed, ever"),
};

const struct record_type pool_watch_type = RECORD_TYPE(
	"pool_watch", 1, RECORD_TABLE, pool_watch_fields, "one pool at one moment of a watch");

static double pages_per_s(uint64_t before, uint64_t now, uint64_t elapsed_ns)
{
	return (double)(now - before) / PAGE_BYTES * 1e9 / (double)elapsed_ns;
}

void pool_watch_compare(const struct pool_status *before, const struct pool_status *now,
			uint64_t elapsed_ns, struct pool_watch *ret)
{
	*ret = (struct pool_watch){
		.name = now->name,
		.orig_bytes = now->orig_bytes,
		.used_bytes = now->used_bytes,
		.swap_used_bytes = now->swap_used_bytes,
		.failed_writes = now->failed_writes,
		.compression_ratio = now->compression_ratio,
		.limit_share = now->limit_share,
		.read_pages_per_s = pages_per_s(before->read_bytes, now->read_bytes, elapsed_ns),
		.written_pages_per_s =
			pages_per_s(before->written_bytes, now->written_bytes, elapsed_ns),
	};
}

bool zswap_enabled(void)
{
	char text[8];

	return sysroot_read(NULL, text, sizeof(text), NULL,
			    "/sys/module/zswap/parameters/enabled") > 0 &&
	       *text == 'Y';
}

static double share(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / (double)whole : MISSING_F64;
}

void pool_status_warn(struct pool_status *status, const char *fmt, ...)
{
	size_t n = strlen(status->warning_text);
	va_list args;

	if (n && n + 2 < sizeof(status->warning_text)) {
		strcpy(status->warning_text + n, "; ");
		n += 2;
	}
	va_start(args, fmt);
	vsnprintf(status->warning_text + n, sizeof(status->warning_text) - n, fmt, args);
	va_end(args);
	status->warning = status->warning_text;
}

static void take_mm_stat(const struct zram_mm_stat *mm, struct pool_status *s)
{
	s->orig_bytes = mm->orig_bytes;
	s->compr_bytes = mm->compr_bytes;
	s->used_bytes = mm->used_bytes;
	s->used_max_bytes = mm->used_max_bytes;
	s->limit_bytes = mm->limit_bytes ? mm->limit_bytes : MISSING_U64;
	s->limit_share = share(mm->used_bytes, mm->limit_bytes);
	s->compression_ratio = share(mm->orig_bytes, mm->compr_bytes);
	s->overhead_bytes = (int64_t)mm->used_bytes - (int64_t)mm->compr_bytes;
	s->saved_bytes = (int64_t)mm->orig_bytes - (int64_t)mm->used_bytes;
	s->incompressible_ever_pages = mm->huge_since_pages;
	s->compacted_pages = mm->compacted_pages;
	s->same_pages = mm->same_pages;
	s->same_share = share(mm->same_pages, mm->orig_bytes / PAGE_BYTES);
	s->incompressible_pages = mm->huge_pages;
	s->incompressible_share = share(mm->huge_pages, mm->orig_bytes / PAGE_BYTES);
}

/* The one that comes before all others is enough: what is above it is above them. */
static void warn_of_others(const struct procfs_swaps *swaps, const struct procfs_swap *own,
			   struct pool_status *s)
{
	const struct procfs_swap *first = NULL;

	for (size_t i = 0; i < swaps->n; i++)
		if (&swaps->swaps[i] != own &&
		    swaps->swaps[i].priority >= (first ? first->priority + 1 : own->priority))
			first = &swaps->swaps[i];
	if (first)
		pool_status_warn(
			s, "%s (priority %d) %s: reset and set up with a higher --priority",
			first->path, first->priority,
			first->priority > own->priority ? "comes first" : "takes turns with it");
}

static int take_swap(const struct pool *pool, struct pool_status *s, struct err *e)
{
	struct procfs_swaps swaps;
	int r = procfs_swaps_read(NULL, &swaps, e);

	if (r)
		return r;
	const struct procfs_swap *swap = swap_find(&swaps, &pool->device);

	s->use = pool->swap ? "swap" : "device";
	if (s->size_bytes == 0)
		pool_status_warn(s, "somebody has reset its device: `ram_pool reset` removes it");
	s->swap_used_bytes = swap ? swap->used_bytes : MISSING_U64;
	s->priority = swap ? swap->priority : MISSING_I64;
	if (!swap && pool->swap)
		pool_status_warn(s, "it is not in use as swap");
	if (swap)
		warn_of_others(&swaps, swap, s);
	return 0;
}

/* What the cold tier has taken; missing where there is none. */
static void take_backing(unsigned int id, struct pool_status *s)
{
	struct zram_bd_stat bd;
	char trouble[384];

	s->backing_pages = s->backing_read_pages = s->backing_written_pages = MISSING_U64;
	if (zram_second_algorithm(NULL, id, s->second_text) == 0)
		s->second_algorithm = s->second_text;
	if (zram_backing(NULL, id, s->backing_text, sizeof(s->backing_text)))
		return;
	s->backing = s->backing_text;
	if (zram_bd_stat_read(NULL, id, &bd, NULL))
		return;
	s->backing_pages = bd.count_pages;
	s->backing_read_pages = bd.read_pages;
	s->backing_written_pages = bd.written_pages;
	if (!backing_whole(s->backing, trouble, sizeof(trouble)))
		pool_status_warn(s, "%s", trouble);
}

/* Words, from figures already there. */
static void take_warnings(const struct pool *pool, struct pool_status *s)
{
	s->state = pool->ready ? "ready" : pool->live ? "busy" : "broken";
	if (pool->ready && pool->owner_gone)
		s->state = "broken";
	if (str_eq(s->state, "busy"))
		pool_status_warn(s, "it is being set up or removed: wait, or `ram_pool recover`");
	if (str_eq(s->state, "broken"))
		pool_status_warn(s, "its owner has gone: `ram_pool recover` removes it");
	/* All but the header of it, and what a CPU holds back: no swap is used to the last page. */
	if (s->swap_used_bytes != MISSING_U64 && s->swap_used_bytes > s->size_bytes / 10 * 9)
		pool_status_warn(s, "it is nearly full");
	if (s->limit_share > 0.9)
		pool_status_warn(s, "it is near its memory limit");
	if (s->failed_writes)
		pool_status_warn(s, "writes failed: pages stayed in RAM");
	if (zswap_enabled() && pool->swap)
		pool_status_warn(s, "zswap takes pages before they get here; turn it off with "
				    "`echo N >/sys/module/zswap/parameters/enabled`");
}

int pool_status_read(const struct pool *pool, struct pool_status *ret, struct err *e)
{
	unsigned int id = pool->device.id;
	struct zram_algorithms algorithms;
	struct zram_block_stat block;
	struct zram_mm_stat mm;
	struct zram_io_stat io;
	int r;

	*ret = (struct pool_status){ .id = id,
				     .compact_bytes = MISSING_I64,
				     .foreign_bytes = MISSING_U64,
				     .oom_kill_count = MISSING_U64,
				     .owner = pool->owner ? (uint64_t)pool->owner : MISSING_U64 };
	if (!zram_present(NULL, &pool->device)) /* its number may be another's by now */
		return err_say(e, ENODEV, "zram%u has gone", id);
	if ((r = zram_mm_stat_read(NULL, id, &mm, e)) ||
	    (r = zram_io_stat_read(NULL, id, &io, e)) ||
	    (r = zram_block_stat_read(NULL, id, &block, e)) ||
	    (r = zram_algorithms_read(NULL, id, &algorithms, e)) ||
	    (r = zram_disk_bytes(NULL, id, &ret->size_bytes, e)))
		return r == -ENOENT ? -ENODEV : r;
	take_mm_stat(&mm, ret);
	ret->reads = block.reads;
	ret->read_bytes = block.read_bytes;
	ret->writes = block.writes;
	ret->written_bytes = block.written_bytes;
	ret->failed_reads = io.failed_reads;
	ret->failed_writes = io.failed_writes;
	ret->invalid_io = io.invalid_io;
	ret->freed_slots = io.notify_free;
	ret->slot_table_bytes = ret->size_bytes / PAGE_BYTES * 16;
	take_backing(id, ret);
	memcpy(ret->name_text, pool->name, sizeof(ret->name_text));
	memcpy(ret->algorithm_text, algorithms.names[algorithms.current],
	       sizeof(ret->algorithm_text));
	snprintf(ret->device_text, sizeof(ret->device_text), "/dev/zram%u", id);
	ret->name = ret->name_text;
	ret->algorithm = ret->algorithm_text;
	ret->device = ret->device_text;
	r = take_swap(pool, ret, e);
	if (r)
		return r;
	take_warnings(pool, ret);
	pool_owner_oom(pool, ret);
	return 0;
}

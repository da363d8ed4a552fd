/* SPDX-License-Identifier: GPL-2.0-only */
/* status.c - what a pool holds and what it costs, every column by its meaning. */
#include "status.h"

#include <stdarg.h>

#include "backing.h"
#include "lib/kernel/zram_config.h"

#define F(m, t, u, what, ...) FIELD(struct pool_status, m, t, u, what, ##__VA_ARGS__)
#define NOW(m, n, u, what)    FIELD_IN(struct pool_status, now.m, n, FIELD_U64, u, what)
#define ORIG                  NOW(mm.orig_bytes, "orig_bytes", "bytes", "uncompressed bytes in the pool")
#define USED \
	NOW(mm.used_bytes, "used_bytes", "bytes", \
	    "RAM of the pool, including size-class rounding and unused objects")
#define RATIO       F(compression_ratio, FIELD_F64, "ratio", "orig_bytes / compr_bytes")
#define LIMIT_SHARE F(limit_share, FIELD_F64, "ratio", "used_bytes / limit_bytes")
#define SWAP_USED   F(swap_used_bytes, FIELD_U64, "bytes", "swap in use; missing: not swap")
#define FAILED_WRITES \
	NOW(io.failed_writes, "failed_writes", "", "failed writes; their pages stayed in RAM")

static const struct field pool_status_fields[] = {
	F(name, FIELD_CHARS, "", "name given at setup"),
	F(device, FIELD_CHARS, "", "block device"),
	F(id, FIELD_U64, "", "N of zramN"),
	F(state, FIELD_STRING, "",
	  "ready; busy: setup or reset is running; broken: setup or reset was killed, or the owner "
	  "ended: run `ram_pool recover`"),
	F(owner, FIELD_U64, "", "PID of the `coldpress study` that made the pool; missing: none"),
	F(use, FIELD_STRING, "", "swap, or device (set up with --raw or --fs)"),
	F(algorithm, FIELD_CHARS, "", "compression algorithm"),
	F(second_algorithm, FIELD_STRING, "",
	  "algorithm for recompression of cold pages; missing: none"),
	F(backing, FIELD_STRING, "", "backing device for cold pages; missing: none"),
	F(size_bytes, FIELD_U64, "bytes", "capacity in uncompressed bytes (disksize)"),
	ORIG,
	NOW(mm.compr_bytes, "compr_bytes", "bytes",
	    "compressed bytes; an incompressible page counts 4096, a same-filled page 0"),
	RATIO,
	USED,
	NOW(mm.used_max_bytes, "used_max_bytes", "bytes", "highest used_bytes so far"),
	NOW(mm.limit_bytes, "limit_bytes", "bytes", "memory limit; missing: none"),
	LIMIT_SHARE,
	F(overhead_bytes, FIELD_I64, "bytes",
	  "used_bytes - compr_bytes: size-class rounding and unused objects"),
	F(slot_table_bytes, FIELD_U64, "bytes",
	  "RAM of zram's table of entries (slot table), not in used_bytes: per page of size_bytes "
	  "16 bytes, or 24 where the kernel tracks access times; missing: not known"),
	F(compact_bytes, FIELD_I64, "bytes",
	  "RAM that `ram_pool compact` would free; missing: neither debugfs nor --deep"),
	F(compact_source, FIELD_STRING, "",
	  "origin of compact_bytes. `debugfs`; `deep`: every page was read and compressed; `deep, "
	  "approximate`: by a codec whose output differs from the kernel's"),
	F(saved_bytes, FIELD_I64, "bytes", "orig_bytes - used_bytes"),
	NOW(mm.same_pages, "same_pages", "pages",
	    "same-filled pages (one repeated word, or zeros): no object, only the table entry"),
	F(same_share, FIELD_F64, "ratio", "same-filled pages / pages in the pool"),
	NOW(mm.huge_pages, "incompressible_pages", "pages",
	    "incompressible pages in the pool: stored uncompressed (zram: huge)"),
	NOW(mm.huge_since_pages, "incompressible_ever_pages", "pages",
	    "incompressible pages written since setup"),
	NOW(mm.compacted_pages, "compacted_pages", "pages",
	    "pages of RAM freed by compaction since setup"),
	F(incompressible_share, FIELD_F64, "ratio", "incompressible pages / pages in the pool"),
	SWAP_USED,
	F(priority, FIELD_I64, "", "swap priority"),
	NOW(block.reads, "reads", "requests", "completed reads, failed ones included"),
	NOW(block.read_bytes, "read_bytes", "bytes", "bytes read, failed reads included"),
	NOW(block.writes, "writes", "requests", "completed writes, failed ones included"),
	NOW(block.written_bytes, "written_bytes", "bytes", "bytes written, failed writes included"),
	NOW(io.failed_reads, "failed_reads", "", "failed reads"),
	FAILED_WRITES,
	NOW(io.invalid_io, "invalid_io", "", "requests not aligned to pages"),
	NOW(io.notify_free, "freed_slots", "pages", "swap slots freed, blocks discarded"),
	NOW(bd.count_pages, "backing_pages", "pages", "pages on the backing device; missing: none"),
	NOW(bd.read_pages, "backing_read_pages", "pages", "pages read from the backing device"),
	NOW(bd.written_pages, "backing_written_pages", "pages",
	    "pages written to the backing device"),
	F(oom_kill_count, FIELD_U64, "", "OOM kills on this machine since setup"),
	F(foreign_bytes, FIELD_U64, "bytes",
	  "lower bound of the pool's swap in use that is not the owner's (--pid, --cgroup, or "
	  "owner); "
	  "missing: no owner"),
	F(warning, FIELD_STRING, "", "problems, separated by semicolons; missing: none"),
};

const struct record_type pool_status_type = RECORD_TYPE(
	"pool_status", 1, RECORD_CARD, pool_status_fields, "one pool: contents, RAM and counters");

static const struct field pool_watch_fields[] = {
	F(time_ms, FIELD_U64, "ms", "time since the start of --watch"),
	F(name, FIELD_CHARS, "", "name of the pool"),
	ORIG,
	USED,
	RATIO,
	LIMIT_SHARE,
	SWAP_USED,
	F(read_pages_per_s, FIELD_F64, "pages/s", "pages read in the last interval", .decimals = 0),
	F(written_pages_per_s, FIELD_F64, "pages/s", "pages written in the last interval",
	  .decimals = 0),
	FAILED_WRITES,
};

const struct record_type pool_watch_type = RECORD_TYPE(
	"pool_watch", 1, RECORD_TABLE, pool_watch_fields, "one sample of one pool (--watch)");

static double pages_per_s(uint64_t before, uint64_t now, uint64_t elapsed_ns)
{
	return (double)(now - before) / PAGE_BYTES * 1e9 / (double)elapsed_ns;
}

void pool_status_rates(const struct pool_status *before, uint64_t elapsed_ns,
		       struct pool_status *now)
{
	const struct zram_block_stat *from = &before->now.block, *to = &now->now.block;

	now->read_pages_per_s = pages_per_s(from->read_bytes, to->read_bytes, elapsed_ns);
	now->written_pages_per_s = pages_per_s(from->written_bytes, to->written_bytes, elapsed_ns);
}

bool zswap_enabled(void)
{
	char text[8];

	return sysroot_read(NULL, text, sizeof(text), NULL,
			    "/sys/module/zswap/parameters/enabled") > 0 &&
	       *text == 'Y';
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

static double share(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / (double)whole : MISSING_F64;
}

static void set_ratios(struct pool_status *s)
{
	struct zram_mm_stat *mm = &s->now.mm;
	uint64_t pages = mm->orig_bytes / PAGE_BYTES;

	s->limit_share = share(mm->used_bytes, mm->limit_bytes);
	if (!mm->limit_bytes)
		mm->limit_bytes = MISSING_U64;
	s->compression_ratio = share(mm->orig_bytes, mm->compr_bytes);
	s->overhead_bytes = (int64_t)mm->used_bytes - (int64_t)mm->compr_bytes;
	s->saved_bytes = (int64_t)mm->orig_bytes - (int64_t)mm->used_bytes;
	s->same_share = share(mm->same_pages, pages);
	s->incompressible_share = share(mm->huge_pages, pages);
}

/* The swap that the kernel uses first is named; it comes before all others. */
static void warn_of_others(const struct procfs_swaps *swaps, const struct procfs_swap *own,
			   struct pool_status *s)
{
	const struct procfs_swap *first = NULL;

	for (size_t i = 0; i < swaps->n; i++)
		if (&swaps->swaps[i] != own &&
		    swaps->swaps[i].priority >= (first ? first->priority + 1 : own->priority))
			first = &swaps->swaps[i];
	if (first)
		pool_status_warn(s,
				 "%s (priority %d) is used %s: reset, and set up with a higher "
				 "--priority",
				 first->path, first->priority,
				 first->priority > own->priority ? "before the pool" : "in turn");
}

static int read_swap(const struct pool *pool, struct pool_status *s, struct err *e)
{
	struct procfs_swaps swaps;
	int rc = procfs_swaps_read(NULL, &swaps, e);

	if (rc)
		return rc;
	const struct procfs_swap *swap = swap_find(&swaps, &pool->device);

	s->use = pool->swap ? "swap" : "device";
	if (s->size_bytes == 0)
		pool_status_warn(s, "another program has reset the device: `ram_pool reset` "
				    "removes the pool");
	if (swap) {
		s->swap_used_bytes = swap->used_bytes;
		s->priority = swap->priority;
		warn_of_others(&swaps, swap, s);
	} else if (pool->swap) {
		pool_status_warn(s, "not in use as swap");
	}
	return 0;
}

static void read_cold_tier(unsigned int id, struct pool_status *s)
{
	char trouble[384];

	if (zram_second_algorithm(NULL, id, s->second_text) == 0)
		s->second_algorithm = s->second_text;
	if (zram_backing(NULL, id, s->backing_text, sizeof(s->backing_text))) {
		s->now.bd = (struct zram_bd_stat){ MISSING_U64, MISSING_U64, MISSING_U64 };
		return;
	}
	s->backing = s->backing_text;
	if (!backing_whole(s->backing, trouble, sizeof(trouble)))
		pool_status_warn(s, "%s", trouble);
}

static void warn_of_state(const struct pool *pool, struct pool_status *s)
{
	s->state = pool->ready ? "ready" : pool->live ? "busy" : "broken";
	if (pool->ready && pool->owner_gone)
		s->state = "broken";
	if (str_eq(s->state, "busy"))
		pool_status_warn(s, "setup or reset is running: wait, or `ram_pool recover`");
	if (str_eq(s->state, "broken"))
		pool_status_warn(s, "its owner has ended: `ram_pool recover` removes the pool");
}

static void warn_of_use(const struct pool *pool, struct pool_status *s)
{
	/* Swap is never used to the last page: a CPU holds some back, and there is the header. */
	if (s->swap_used_bytes != MISSING_U64 && s->swap_used_bytes > s->size_bytes / 10 * 9)
		pool_status_warn(s, "nearly full");
	if (s->limit_share > 0.9)
		pool_status_warn(s, "near the memory limit");
	if (s->now.io.failed_writes)
		pool_status_warn(s, "writes failed: pages stayed in RAM");
	if (zswap_enabled() && pool->swap)
		pool_status_warn(s, "zswap is enabled and stores pages before the pool gets them: "
				    "`echo N >/sys/module/zswap/parameters/enabled` disables it");
}

int pool_status_read(const struct pool *pool, struct pool_status *ret, struct err *e)
{
	unsigned int id = pool->device.id;
	struct zram_algorithms algorithms;

	memset(ret, 0, sizeof(*ret));
	record_clear(&pool_status_type, ret);
	int rc = pool_counters_read(pool, &ret->now, e);

	if (rc == 0)
		rc = zram_algorithms_read(NULL, id, &algorithms, e);
	if (rc == 0)
		rc = zram_disk_bytes(NULL, id, &ret->size_bytes, e);
	if (rc)
		return rc == -ENOENT ? -ENODEV : rc;
	ret->id = id;
	if (pool->owner)
		ret->owner = (uint64_t)pool->owner;
	memcpy(ret->name, pool->name, sizeof(ret->name));
	memcpy(ret->algorithm, algorithms.names[algorithms.current], sizeof(ret->algorithm));
	snprintf(ret->device, sizeof(ret->device), "/dev/zram%u", id);
	set_ratios(ret);
	ret->slot_table_bytes = zram_table_bytes(NULL, id, ret->size_bytes);
	read_cold_tier(id, ret);
	rc = read_swap(pool, ret, e);
	if (rc)
		return rc;
	warn_of_state(pool, ret);
	warn_of_use(pool, ret);
	pool_owner_oom(pool, ret);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* classes.c - how full the size classes of a pool are: from debugfs, else by reading the pool
 * itself.
 *
 * The deep way compresses every page with the library codec that stands for the kernel's, counts
 * slots by the model of lib/zsmalloc, and so knows what the same pages would take without holes.
 */
#include "classes.h"

#include "contents.h"
#include "lib/base/stop.h"

#define LOCK_WAIT_NS (30 * NS_PER_S)
#define CHUNK_BYTES  ((size_t)(256 * KIB))

#define F(m, t, u, what, ...) FIELD(struct pool_class, m, t, u, what, ##__VA_ARGS__)

static const struct field pool_class_fields[] = {
	F(name, FIELD_STRING, "", "which pool"),
	F(size_bytes, FIELD_U64, "bytes", "of a slot"),
	F(used_objects, FIELD_U64, "", "slots in use"),
	F(allocated_objects, FIELD_U64, "", "slots there are; missing in a deep look"),
	F(zspage_pages, FIELD_U64, "pages", "that slots are cut from at a time"),
	F(used_bytes, FIELD_U64, "bytes",
	  "RAM of the class; in a deep look what it needs without holes"),
	F(freeable_bytes, FIELD_U64, "bytes",
	  "of that compaction would give back; missing in a deep look"),
	F(source, FIELD_STRING, "", "debugfs; deep: every page read and compressed again"),
};
#undef F

const struct record_type pool_class_type =
	RECORD_TYPE("pool_class", 1, RECORD_TABLE, pool_class_fields,
		    "one size class of a pool that has slots");

int pool_classes_read(const struct pool *pool, struct pool_classes *ret)
{
	struct pool_classes classes = { .source = "debugfs" };
	AUTO_FREE char *text = NULL;
	ssize_t n = sysroot_read_alloc(
		NULL, &text, NULL, "/sys/kernel/debug/zsmalloc/zram%u/classes", pool->device.id);
	int r = n < 0 ? -ENOENT : zsmalloc_use_parse(text, (size_t)n, classes.classes, &classes.n);

	if (r)
		return -ENOENT;
	for (size_t i = 0; i < classes.n; i++)
		classes.compact_bytes += (int64_t)(classes.classes[i].freeable_pages * PAGE_BYTES);
	*ret = classes;
	return 0;
}

static int read_all(const struct contents *c, struct zsmalloc_pool *model, struct err *e)
{
	AUTO_FREE char *chunk = aligned_alloc(PAGE_BYTES, CHUNK_BYTES);
	ssize_t n = 0;

	if (!chunk)
		return err_set(e, ENOMEM, "cannot read the pool");
	for (uint64_t at = 0; (n = contents_read(c, chunk, CHUNK_BYTES, at, e)) > 0;
	     at += (uint64_t)n) {
		if (stop_requested())
			return err_say(e, EINTR, "stopped while reading the pool");
		for (ssize_t i = 0; i < n; i += PAGE_BYTES) {
			size_t len = contents_pack(c, chunk + i, &c->codec);

			if (len) /* a page of one word has no slot */
				zsmalloc_pool_add(model, len);
		}
	}
	return (int)n;
}

static void take_model(const struct zsmalloc_pool *pool, struct pool_classes *ret)
{
	for (unsigned int i = 0; i < ZSMALLOC_CLASSES; i++) {
		const struct zsmalloc_class *class = &pool->model->classes[i];
		uint64_t n = pool->objects[i];

		if (n == 0)
			continue;
		ret->classes[ret->n++] = (struct zsmalloc_use){
			.size_bytes = class->size_bytes,
			.used_objects = n,
			.allocated_objects = MISSING_U64,
			.pages = (n + class->objects - 1) / class->objects * class->pages,
			.zspage_pages = class->pages,
			.freeable_pages = MISSING_U64,
		};
	}
}

int pool_classes_deep(const struct pool *pool, struct pool_classes *ret, struct err *e)
{
	struct pool_classes classes = { .source = "deep" };
	struct contents contents;
	struct zsmalloc_pool filled = { .model = &contents.model };
	struct zram_mm_stat mm;
	int r = contents_open(&contents, pool, e);

	if (r == -ENOTSUP)
		err_hint(e, "a kernel with CONFIG_ZSMALLOC_STAT shows the classes in debugfs");
	if (r == 0)
		r = read_all(&contents, &filled, e);
	if (contents.approximate)
		classes.source = "deep, approximate";
	if (r == 0)
		r = zram_mm_stat_read(NULL, pool->device.id, &mm, e);
	if (r == 0) {
		take_model(&filled, &classes);
		classes.compact_bytes =
			(int64_t)mm.used_bytes - (int64_t)zsmalloc_pool_used_bytes(&filled);
		*ret = classes;
	}
	contents_close(&contents);
	return r;
}

#define F(m, t, u, what, ...) FIELD(struct pool_compact, m, t, u, what, ##__VA_ARGS__)

static const struct field pool_compact_fields[] = {
	F(name, FIELD_STRING, "", "which pool"),
	F(used_before_bytes, FIELD_U64, "bytes", "RAM it took before"),
	F(used_after_bytes, FIELD_U64, "bytes",
	  "and after; other pages may have come and gone meanwhile"),
	F(compacted_pages, FIELD_U64, "pages", "that compaction freed, by the kernel's count"),
	F(elapsed_ns, FIELD_U64, "ns", "what it took"),
};
#undef F

const struct record_type pool_compact_type =
	RECORD_TYPE("pool_compact", 1, RECORD_CARD, pool_compact_fields, "one compaction");

int pool_compact(const struct pool *pool, struct pool_compact *ret, struct err *e)
{
	struct zram_mm_stat before, after;
	AUTO_CLOSE int lock = journal_lock(LOCK_WAIT_NS, e);

	if (lock < 0)
		return lock;
	if (!zram_present(NULL, &pool->device))
		return err_say(e, ENODEV, "zram%u has gone", pool->device.id);
	int r = zram_mm_stat_read(NULL, pool->device.id, &before, e);
	uint64_t begin_ns = monotonic_ns();

	if (r || (r = zram_write(NULL, &pool->device, "compact", "1", e)))
		return r;
	uint64_t elapsed_ns = monotonic_ns() - begin_ns;

	if ((r = zram_mm_stat_read(NULL, pool->device.id, &after, e)))
		return r;
	*ret = (struct pool_compact){
		.name = pool->name,
		.used_before_bytes = before.used_bytes,
		.used_after_bytes = after.used_bytes,
		.compacted_pages = after.compacted_pages - before.compacted_pages,
		.elapsed_ns = elapsed_ns,
	};
	return 0;
}

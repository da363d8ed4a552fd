/* SPDX-License-Identifier: GPL-2.0-only */
/* classes.c - how full the size classes of a pool are: from debugfs, or by reading the pool.
 *
 * The deep way compresses every page with the library codec that matches the kernel's, and counts
 * objects by the model of lib/kernel/zsmalloc.h: what the same pages would take without unused
 * objects.
 */
#include "classes.h"

#include "contents.h"
#include "lib/base/stop.h"

#define CHUNK_BYTES ((size_t)(256 * KIB))

#define F(m, t, u, what) FIELD(struct pool_class, m, t, u, what)
#define USE(m, u, what)  FIELD_IN(struct pool_class, use.m, #m, FIELD_U64, u, what)

static const struct field pool_class_fields[] = {
	F(name, FIELD_STRING, "", "name of the pool"),
	USE(size_bytes, "bytes", "size of an object"),
	USE(used_objects, "", "objects in use"),
	USE(allocated_objects, "", "objects allocated; missing with --deep"),
	USE(zspage_pages, "pages", "pages per zspage"),
	F(used_bytes, FIELD_U64, "bytes",
	  "RAM used; with --deep: predicted RAM without unused objects"),
	F(freeable_bytes, FIELD_U64, "bytes",
	  "RAM that compaction would free; missing with --deep"),
	F(source, FIELD_STRING, "",
	  "`debugfs`; `deep`: every page was read and compressed; `deep, approximate`: by a codec "
	  "whose output differs from the kernel's"),
};
#undef F

const struct record_type pool_class_type =
	RECORD_TYPE("pool_class", 1, RECORD_TABLE, pool_class_fields,
		    "one size class of a pool that has objects in use");

int pool_classes_read(const struct pool *pool, struct pool_classes *ret)
{
	struct pool_classes classes = { .source = "debugfs" };
	AUTO_FREE char *text = NULL;
	ssize_t n = sysroot_read_alloc(
		NULL, &text, NULL, "/sys/kernel/debug/zsmalloc/zram%u/classes", pool->device.id);
	int rc = n < 0 ? -ENOENT : zsmalloc_use_parse(text, (size_t)n, classes.classes, &classes.n);

	if (rc)
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

			if (len) /* a same-filled page has no object */
				zsmalloc_pool_add(model, len);
		}
	}
	return (int)n;
}

static void copy_model(const struct zsmalloc_pool *pool, struct pool_classes *ret)
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
	int rc = contents_open(&contents, pool, e);

	if (rc == -ENOTSUP)
		err_hint(e, "a kernel with CONFIG_ZSMALLOC_STAT shows the classes in debugfs");
	if (rc == 0)
		rc = read_all(&contents, &filled, e);
	if (rc == 0)
		rc = zram_mm_stat_read(NULL, pool->device.id, &mm, e);
	if (rc == 0) {
		if (contents.approximate)
			classes.source = "deep, approximate";
		copy_model(&filled, &classes);
		classes.compact_bytes =
			(int64_t)mm.used_bytes - (int64_t)zsmalloc_pool_used_bytes(&filled);
		*ret = classes;
	}
	contents_close(&contents);
	return rc;
}

#define F(m, t, u, what)     FIELD(struct pool_compact, m, t, u, what)
#define IN(m, n, t, u, what) FIELD_IN(struct pool_compact, m, n, t, u, what)

static const struct field pool_compact_fields[] = {
	F(name, FIELD_STRING, "", "name of the pool"),
	IN(before.mm.used_bytes, "used_before_bytes", FIELD_U64, "bytes", "RAM of the pool before"),
	IN(after.mm.used_bytes, "used_after_bytes", FIELD_U64, "bytes",
	   "RAM of the pool after; includes writes and reads during the compaction"),
	F(compacted_pages, FIELD_U64, "pages",
	  "pages of RAM freed (growth of mm_stat pages_compacted)"),
	F(elapsed_ns, FIELD_U64, "ns", "time of the compaction"),
};
#undef F
#undef IN

const struct record_type pool_compact_type =
	RECORD_TYPE("pool_compact", 1, RECORD_CARD, pool_compact_fields, "one compaction");

int pool_compact(const struct pool *pool, struct pool_compact *ret, struct err *e)
{
	struct pool_compact record = { .name = pool->name };
	AUTO_CLOSE int lock = journal_lock(LOCK_WAIT_NS, e);

	if (lock < 0)
		return lock;
	int rc = pool_counters_read(pool, &record.before, e);
	uint64_t begin_ns = monotonic_ns();

	if (rc == 0)
		rc = zram_write(NULL, &pool->device, "compact", "1", e);
	record.elapsed_ns = monotonic_ns() - begin_ns;
	if (rc == 0)
		rc = pool_counters_read(pool, &record.after, e);
	if (rc)
		return rc;
	record.compacted_pages = record.after.mm.compacted_pages - record.before.mm.compacted_pages;
	*ret = record;
	return 0;
}

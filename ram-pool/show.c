/* SPDX-License-Identifier: GPL-2.0-only */
/* show.c - what `ram_pool status` prints: each pool once, its size classes, or a watch. */
#include "show.h"

#include "classes.h"
#include "live.h"
#include "lib/base/stop.h"

static bool chosen(const struct show_request *request, const struct pool *pool)
{
	return !request->name || str_eq(request->name, pool->name);
}

static int watch(const struct show_request *request, const struct pools *pools, struct out *out,
		 uint64_t *n, struct err *e)
{
	static struct pool_status looks[POOLS_MAX][2];
	static struct live live;
	uint64_t begin_ns = monotonic_ns(), last_ns = begin_ns;
	int r = 0;

	for (unsigned int turn = 0; !stop_requested(); turn++) {
		uint64_t now_ns = monotonic_ns(), passed_ns = now_ns - begin_ns, left = 0;

		live_begin(&live);

		for (size_t i = 0; i < pools->n; i++) {
			const struct pool_status *before = &looks[i][(turn + 1) % 2];
			struct pool_status *now = &looks[i][turn % 2];
			struct pool_watch record;

			if (!chosen(request, &pools->pools[i]) ||
			    pool_status_read(&pools->pools[i], now, NULL))
				continue;
			left++;
			if (turn == 0)
				continue;
			pool_watch_compare(before, now, now_ns - last_ns, &record);
			record.time_ms = passed_ns / NS_PER_MS;
			r = request->draw ? live_draw(&live, &record, now, out)
					  : out_record(out, &pool_watch_type, &record);
			++*n;
		}
		if (r || left == 0 || passed_ns >= request->duration_ns)
			break;
		if ((r = out_flush(out)))
			break;
		last_ns = now_ns;
		sleep_ns(MIN(request->watch_ns, request->duration_ns - passed_ns));
	}
	return r && r != -EPIPE ? err_set(e, r, "cannot write the watch") : r;
}

/* As the kernel says, unless a deep look is asked for; n counts records. */
static int show_classes(const struct show_request *request, const struct pool *pool,
			struct out *out, uint64_t *n, struct err *e)
{
	static struct pool_classes classes;
	int r = request->deep ? pool_classes_deep(pool, &classes, e)
			      : pool_classes_read(pool, &classes);

	if (r == -ENOENT && !request->deep) {
		err_impossible(e, "this kernel does not show the size classes of %s", pool->name);
		return err_hint(e, "one with CONFIG_ZSMALLOC_STAT does, in debugfs; or read the "
				   "pool itself: --deep");
	}
	for (size_t i = 0; r == 0 && i < classes.n; i++, ++*n) {
		const struct zsmalloc_use *use = &classes.classes[i];
		const struct pool_class record = {
			.name = pool->name,
			.source = classes.source,
			.size_bytes = use->size_bytes,
			.used_objects = use->used_objects,
			.allocated_objects = use->allocated_objects,
			.zspage_pages = use->zspage_pages,
			.used_bytes = use->pages * PAGE_BYTES,
			.freeable_bytes = use->freeable_pages == MISSING_U64
						  ? MISSING_U64
						  : use->freeable_pages * PAGE_BYTES,
		};

		out_record(out, &pool_class_type, &record);
	}
	return r;
}

/* What compaction would give: from debugfs, or deep where that is asked for; missing else. */
static int take_compact(const struct show_request *request, const struct pool *pool,
			struct pool_status *status, struct err *e)
{
	static struct pool_classes classes;
	int r = request->deep ? pool_classes_deep(pool, &classes, e)
			      : pool_classes_read(pool, &classes);

	if (r)
		return request->deep ? r : 0;
	status->compact_bytes = classes.compact_bytes;
	status->compact_source = classes.source;
	return 0;
}

static int show_pool(const struct show_request *request, const struct pool *pool, struct out *out,
		     uint64_t *records, struct err *e)
{
	struct pool_status status;
	int r = pool_status_read(pool, &status, e);

	if (r || request->classes)
		return r ? r : show_classes(request, pool, out, records, e);
	if ((r = take_compact(request, pool, &status, e)) ||
	    (r = pool_owner_compare(pool, request->pid, request->cgroup, &status, e)))
		return r;
	out_record(out, &pool_status_type, &status);
	++*records;
	return 0;
}

int show_pools(const struct show_request *request, const struct pools *pools, struct out *out,
	       uint64_t *seen, uint64_t *records, struct err *e)
{
	*seen = *records = 0;
	for (size_t i = 0; i < pools->n; i++) {
		if (!chosen(request, &pools->pools[i]))
			continue;
		int r = request->watch_ns == MISSING_U64
				? show_pool(request, &pools->pools[i], out, records, e)
				: 0;

		if (r == -ENODEV) /* removed since */
			continue;
		if (r)
			return r;
		++*seen;
	}
	return request->watch_ns == MISSING_U64 ? 0 : watch(request, pools, out, records, e);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* status_print.c - what `ram_pool status` prints: each pool once, its size classes, or a watch. */
#include "status_print.h"

#include "classes.h"
#include "lib/base/stop.h"
#include "watch_view.h"

struct watch {
	const struct status_request *request;
	const struct pools *pools;
	struct out *out;
	struct watch_view view;
	struct pool_status readings[POOLS_MAX][2];
};

static bool chosen(const struct status_request *request, const struct pool *pool)
{
	return !request->name || str_eq(request->name, pool->name);
}

/* One reading of each pool, and what has changed since the one before; turn counts from 0. *left:
 * pools that still exist.
 */
static int watch_turn(struct watch *w, unsigned int turn, uint64_t passed_ns, uint64_t elapsed_ns,
		      size_t *left, uint64_t *records)
{
	int rc = 0;

	*left = 0;
	watch_view_begin(&w->view);
	for (size_t i = 0; i < w->pools->n && rc == 0; i++) {
		const struct pool_status *before = &w->readings[i][(turn + 1) % 2];
		struct pool_status *now = &w->readings[i][turn % 2];

		if (!chosen(w->request, &w->pools->pools[i]) ||
		    pool_status_read(&w->pools->pools[i], now, NULL))
			continue;
		++*left;
		if (turn == 0)
			continue;
		pool_status_rates(before, elapsed_ns, now);
		now->time_ms = passed_ns / NS_PER_MS;
		rc = w->request->draw ? watch_view_draw(&w->view, i, now, w->out)
				      : out_record(w->out, &pool_watch_type, now);
		*records += rc == 0;
	}
	return rc ? rc : out_flush(w->out);
}

static int watch(const struct status_request *request, const struct pools *pools, struct out *out,
		 uint64_t *records, struct err *e)
{
	AUTO_FREE struct watch *w = calloc(1, sizeof(*w));
	uint64_t begin_ns = monotonic_ns(), last_ns = begin_ns;
	int rc = 0;

	if (!w)
		return err_set(e, ENOMEM, "cannot watch pools");
	w->request = request;
	w->pools = pools;
	w->out = out;
	for (unsigned int turn = 0; !stop_requested(); turn++) {
		uint64_t now_ns = monotonic_ns(), passed_ns = now_ns - begin_ns;
		size_t left;

		rc = watch_turn(w, turn, passed_ns, now_ns - last_ns, &left, records);
		if (rc || left == 0 || passed_ns >= request->duration_ns)
			break;
		last_ns = now_ns;
		sleep_ns(MIN(request->watch_ns, request->duration_ns - passed_ns));
	}
	return rc == -EPIPE ? rc : 0; /* another error of the sink is that of out_close */
}

static void print_classes(const struct pool *pool, const struct pool_classes *classes,
			  struct out *out, uint64_t *records)
{
	for (size_t i = 0; i < classes->n; i++, ++*records) {
		const struct zsmalloc_use *use = &classes->classes[i];
		const struct pool_class record = {
			.name = pool->name,
			.source = classes->source,
			.use = *use,
			.used_bytes = use->pages * PAGE_BYTES,
			.freeable_bytes = use->freeable_pages == MISSING_U64
						  ? MISSING_U64
						  : use->freeable_pages * PAGE_BYTES,
		};

		out_record(out, &pool_class_type, &record);
	}
}

static int print_pool(const struct status_request *request, const struct pool *pool,
		      struct out *out, uint64_t *records, struct err *e)
{
	struct pool_classes classes = { .compact_bytes = MISSING_I64 };
	struct pool_status status;
	int rc = pool_status_read(pool, &status, e);

	if (rc)
		return rc;
	rc = request->deep ? pool_classes_deep(pool, &classes, e)
			   : pool_classes_read(pool, &classes);
	if (rc == -ENOENT && !request->deep && request->classes) {
		err_impossible(e, "this kernel does not show the size classes of pool %s",
			       pool->name);
		return err_hint(e, "use a kernel with CONFIG_ZSMALLOC_STAT and debugfs, or --deep");
	}
	if (rc && (request->deep || request->classes))
		return rc;
	if (request->classes) {
		print_classes(pool, &classes, out, records);
		return 0;
	}
	status.compact_bytes = classes.compact_bytes;
	status.compact_source = classes.source;
	rc = pool_owner_compare(pool, request->pid, request->cgroup, &status, e);
	if (rc)
		return rc;
	out_record(out, &pool_status_type, &status);
	++*records;
	return 0;
}

int status_print(const struct status_request *request, const struct pools *pools, struct out *out,
		 uint64_t *seen, uint64_t *records, struct err *e)
{
	bool once = request->watch_ns == MISSING_U64;

	*seen = *records = 0;
	for (size_t i = 0; i < pools->n; i++) {
		if (!chosen(request, &pools->pools[i]))
			continue;
		int rc = once ? print_pool(request, &pools->pools[i], out, records, e) : 0;

		if (rc == -ENODEV) /* removed meanwhile */
			continue;
		if (rc)
			return rc;
		++*seen;
	}
	return once ? 0 : watch(request, pools, out, records, e);
}

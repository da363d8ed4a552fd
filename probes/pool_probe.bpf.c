// SPDX-License-Identifier: GPL-2.0-only
/* pool_probe.bpf.c - pages written to zram devices and read again: counts, times and residence.
 *
 * zram serves a request in the context of the task that made it, between block_bio_queue and
 * block_bio_complete. Its sector is the swap slot: the time of the last write is stored by slot.
 */
#include "bpf/stream.bpf.h"
#include "pool_probe.h"

#define REQ_OP_MASK  0xff
#define REQ_OP_READ  0
#define REQ_OP_WRITE 1
#define PAGE_SHIFT   12
#define SECTOR_SHIFT 9
#define UNKNOWN      (~0ULL)

const volatile struct pool_device devices[POOL_DEVICES] = {};
const volatile enum pool_by by = BY_NONE;
const volatile bool single = false;  /* also an event for each page */
const volatile bool nothing = false; /* empty programs: the cost of the hooks alone */

struct request {
	struct by_key key; /* with --by */
	char comm[16];     /* with --by or --events, at the begin */
	__u64 cgroup;      /* from here to tid: with --events */
	__u32 pid, tid;
	__u64 begin_ns, first_slot;
	__u32 pages, device;
	bool write;
};

MAP(HASH, by_pools, struct by_key, struct by_pool, BY_KEYS, BPF_F_NO_PREALLOC);

/* The initial value of an entry of by_pools: too large for the stack. */
MAP_ONE(PERCPU_ARRAY, no_pool, struct by_pool);

MAP(HASH, requests, __u64, struct request, 16384, 0);

/* By slot, one device after the other: 16 bytes a page; a hash would need as much for its buckets
 * alone. max_entries is set to the pages of the devices.
 */
MAP(ARRAY, pages, __u32, struct pool_page, 1, BPF_F_MMAPABLE);

MAP_ONE(PERCPU_ARRAY, sums, struct pool_sums);

/* Index of a device in the list; POOL_DEVICES: it is not watched. */
static __always_inline __u32 device_index(__u32 dev)
{
	__u32 i = 0;

	for (; i < POOL_DEVICES && devices[i].dev; i++) {
		if (devices[i].dev == dev)
			return i;
	}
	return POOL_DEVICES;
}

static __always_inline void by_key(struct by_key *key)
{
	if (by == BY_COMM)
		bpf_get_current_comm(key->word, sizeof(key->word));
	else if (by == BY_CGROUP)
		key->word[0] = bpf_get_current_cgroup_id();
	else if (by == BY_PID)
		key->word[0] = current_ids() >> 32;
}

/* The entry of a request's group, created if missing. The name is that at the begin of the request:
 * it may end in the context of another task.
 */
static __always_inline struct by_pool *by_pool(const struct request *request)
{
	const struct by_key *key = &request->key;
	struct by_pool *pool = bpf_map_lookup_elem(&by_pools, key), *none;

	if (pool)
		return pool;
	none = only(&no_pool);
	if (!none)
		return NULL;
	__builtin_memcpy(none->comm, request->comm, sizeof(none->comm));
	bpf_map_update_elem(&by_pools, key, none, BPF_NOEXIST);
	return bpf_map_lookup_elem(&by_pools, key);
}

static __always_inline void count_by(struct pool_sums *s, const struct request *request,
				     __u64 latency_ns)
{
	struct by_pool *pool = by_pool(request);
	struct pool_traffic *traffic;

	if (!pool) {
		s->others += request->pages;
		return;
	}
	traffic = request->write ? &pool->write : &pool->read;
	__sync_fetch_and_add(&traffic->pages, request->pages);
	hist_add_shared(&traffic->time, latency_ns);
}

/* (bio) since 5.9; before, (queue, bio). Pages that the filter excludes are counted as seen here,
 * others when the request ends.
 */
TRACEPOINT(block_bio_queue)
{
	struct bio *bio = (void *)arg[0];
	struct request request = {};
	struct pool_sums *s = only(&sums);
	struct probe_counts *c = counts();
	__u32 op = BPF_CORE_READ(bio, bi_opf) & REQ_OP_MASK;
	__u64 key = (__u64)bio;

	if (nothing || op > REQ_OP_WRITE || !s || !c)
		return 0;
	request.device = device_index(BPF_CORE_READ(bio, bi_bdev, bd_dev));
	if (request.device == POOL_DEVICES)
		return 0;
	request.write = op == REQ_OP_WRITE;
	request.pages = BPF_CORE_READ(bio, bi_iter.bi_size) >> PAGE_SHIFT;
	if (!wanted()) {
		struct pool_traffic *traffic = request.write ? &s->write : &s->read;

		traffic->filtered += request.pages;
		c->seen += request.pages;
		c->filtered += request.pages;
		return 0;
	}
	request.first_slot = BPF_CORE_READ(bio, bi_iter.bi_sector) >> (PAGE_SHIFT - SECTOR_SHIFT);
	if (by)
		by_key(&request.key);
	if (by || single)
		bpf_get_current_comm(request.comm, sizeof(request.comm));
	if (single) {
		__u64 id = current_ids();

		request.pid = id >> 32;
		request.tid = (__u32)id;
		request.cgroup = bpf_get_current_cgroup_id();
	}
	request.begin_ns = bpf_ktime_get_ns();
	if (bpf_map_update_elem(&requests, &key, &request, 0))
		s->unmatched++;
	return 0;
}

/* Of a page read. */
struct stay {
	__u64 residence_ns, reads;
};

static __always_inline void page_written(struct pool_sums *s, struct pool_page *page, __u64 now)
{
	if (page->ns && !page->reads)
		hist_add(&s->unread_age, now - page->ns);
	page->ns = now;
	page->reads = 0;
}

static __always_inline void page_read(struct pool_sums *s, struct pool_page *page,
				      const struct request *request, __u64 now, struct stay *ret)
{
	struct by_pool *pool;

	if (!page->ns) {
		s->unknown++;
		return;
	}
	ret->residence_ns = now - page->ns;
	ret->reads = ++page->reads;
	if (ret->reads > 1)
		return;
	hist_add(&s->residence, ret->residence_ns);
	pool = by ? by_pool(request) : NULL;
	if (pool)
		hist_add_shared(&pool->residence, ret->residence_ns);
}

/* One page of a request that has ended; called by bpf_loop (5.17): a folio has up to 512. */
struct walk {
	struct request request;
	__u64 now, latency_ns;
	bool failed;
};

static __always_inline void submit_page(const struct walk *walk, __u64 slot,
					const struct stay *stay)
{
	const struct request *request = &walk->request;
	struct pool_event *event = reserve(sizeof(*event));

	if (!event)
		return;
	event->ts_ns = request->begin_ns;
	event->latency_ns = walk->latency_ns;
	event->residence_ns = stay->residence_ns;
	event->reads = stay->reads;
	event->slot = slot;
	event->cgroup = request->cgroup;
	event->pid = request->pid;
	event->tid = request->tid;
	event->device = request->device;
	event->pages = request->pages;
	event->write = request->write;
	event->failed = walk->failed;
	__builtin_memcpy(event->comm, request->comm, sizeof(event->comm));
	submit(event);
}

static long page_done(__u32 i, void *ctx)
{
	struct walk *walk = ctx;
	__u64 slot = walk->request.first_slot + i;
	__u32 device = walk->request.device, place;
	struct stay stay = { UNKNOWN, walk->request.write ? UNKNOWN : 0 };
	struct pool_sums *s = only(&sums);
	struct pool_page *page = NULL;

	if (device < POOL_DEVICES && slot < devices[device].pages) {
		place = devices[device].first_page + (__u32)slot;
		page = bpf_map_lookup_elem(&pages, &place);
	}
	if (s && !walk->failed) {
		if (!page && walk->request.write)
			s->untracked++;
		else if (!page)
			s->unknown++;
		else if (walk->request.write)
			page_written(s, page, walk->now);
		else
			page_read(s, page, &walk->request, walk->now, &stay);
	}
	if (single)
		submit_page(walk, slot, &stay);
	return 0;
}

/* (queue, bio) since 2.6; only for requests that block_bio_queue announced. */
TRACEPOINT(block_bio_complete)
{
	struct bio *bio = (void *)arg[1];
	__u64 key = (__u64)bio;
	struct walk walk = { .now = bpf_ktime_get_ns() };
	struct request *found = bpf_map_lookup_elem(&requests, &key);
	struct pool_sums *s = only(&sums);
	struct probe_counts *c = counts();
	struct pool_traffic *traffic;

	if (nothing || !found || !s || !c)
		return 0;
	walk.request = *found;
	bpf_map_delete_elem(&requests, &key);
	walk.latency_ns = walk.now - walk.request.begin_ns;
	walk.failed = BPF_CORE_READ(bio, bi_status) != 0;
	c->seen += walk.request.pages;
	traffic = walk.request.write ? &s->write : &s->read;
	if (walk.failed) {
		traffic->failed += walk.request.pages;
	} else {
		traffic->pages += walk.request.pages;
		hist_add(&traffic->time, walk.latency_ns);
		if (by)
			count_by(s, &walk.request, walk.latency_ns);
	}
	bpf_loop(walk.request.pages, page_done, &walk, 0);
	return 0;
}

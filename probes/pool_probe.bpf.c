// SPDX-License-Identifier: GPL-2.0-only
/* pool_probe.bpf.c - each page that goes into a zram device and comes back: counted, timed, and how
 * long it was in.
 *
 * A request to zram is served in the context of the task that made it, between block_bio_queue and
 * block_bio_complete. Its sector is the swap slot: what was stored there and when is kept by slot.
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
const volatile bool single = false;  /* each page into the ring too */
const volatile bool nothing = false; /* what the attachments alone cost */

struct request {
	struct by_key key; /* with --by */
	char comm[16];     /* from here to tid: with --events */
	__u64 cgroup;
	__u32 pid, tid;
	__u64 begin_ns, first_slot;
	__u32 pages, device;
	bool store;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, BY_KEYS);
	__type(key, struct by_key);
	__type(value, struct by_pool);
} by_pools SEC(".maps");

/* What a new entry begins with: too large for the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct by_pool);
} no_pool SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, struct request);
} requests SEC(".maps");

/* By slot, one device behind the other: 16 bytes a page, where a hash would take as much for its
 * buckets alone. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* set to the pages of the devices */
	__type(key, __u32);
	__type(value, struct stored);
} pages SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pool_sums);
} sums SEC(".maps");

static __always_inline struct pool_sums *pool_sums(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&sums, &zero);
}

/* The place of a device in the list; POOL_DEVICES: it is not watched. */
static __always_inline __u32 device_index(__u32 dev)
{
	__u32 i = 0;

	for (; i < POOL_DEVICES && devices[i].dev; i++) {
		if (devices[i].dev == dev)
			return i;
	}
	return POOL_DEVICES;
}

static __always_inline void add(__u64 *histogram, __u64 value)
{
	__u64 bucket = hist_bucket(value);

	if (bucket < HIST_BUCKETS)
		histogram[bucket]++;
}

/* The same where several CPUs share it. */
static __always_inline void add_shared(__u64 *histogram, __u64 value)
{
	__u64 bucket = hist_bucket(value);

	if (bucket < HIST_BUCKETS)
		__sync_fetch_and_add(&histogram[bucket], 1);
}

static __always_inline void by_key(struct by_key *key)
{
	if (by == BY_COMM)
		bpf_get_current_comm(key->word, sizeof(key->word));
	else if (by == BY_CGROUP)
		key->word[0] = bpf_get_current_cgroup_id();
	else if (by == BY_PID)
		key->word[0] = bpf_get_current_pid_tgid() >> 32;
}

/* The entry of a key, made where there is none; the request ends in the context of the task that
 * made it. */
static __always_inline struct by_pool *by_pool(const struct by_key *key)
{
	struct by_pool *known = bpf_map_lookup_elem(&by_pools, key), *none;
	__u32 zero = 0;

	if (known)
		return known;
	none = bpf_map_lookup_elem(&no_pool, &zero);
	if (!none)
		return NULL;
	bpf_get_current_comm(none->comm, sizeof(none->comm));
	bpf_map_update_elem(&by_pools, key, none, BPF_NOEXIST);
	return bpf_map_lookup_elem(&by_pools, key);
}

static __always_inline void count_by(struct pool_sums *s, const struct request *request,
				     __u64 latency_ns)
{
	struct by_pool *pool = by_pool(&request->key);
	struct by_way *way;

	if (!pool) {
		s->others += request->pages;
		return;
	}
	way = request->store ? &pool->store : &pool->load;
	__sync_fetch_and_add(&way->pages, request->pages);
	__sync_fetch_and_add(&way->requests, 1);
	__sync_fetch_and_add(&way->total_ns, latency_ns);
	if (latency_ns > way->max_ns)
		way->max_ns = latency_ns;
	add_shared(way->latency, latency_ns);
}

static __always_inline void residence_by(const struct by_key *key, __u64 residence_ns)
{
	struct by_pool *pool = by_pool(key);

	if (!pool)
		return;
	__sync_fetch_and_add(&pool->first_loads, 1);
	if (residence_ns > pool->residence_max_ns)
		pool->residence_max_ns = residence_ns;
	add_shared(pool->residence, residence_ns);
}

/* (bio) since 5.9; before, (queue, bio). Pages are counted as seen here where a filter leaves them
 * out, else when the request ends.
 */
TRACEPOINT(block_bio_queue)
{
	struct bio *bio = (void *)arg[0];
	struct request request = {};
	struct pool_sums *s = pool_sums();
	struct probe_counts *c = counts();
	__u32 op = BPF_CORE_READ(bio, bi_opf) & REQ_OP_MASK;
	__u64 key = (__u64)bio;

	if (nothing || op > REQ_OP_WRITE || !s || !c)
		return 0;
	request.device = device_index(BPF_CORE_READ(bio, bi_bdev, bd_dev));
	if (request.device == POOL_DEVICES)
		return 0;
	request.store = op == REQ_OP_WRITE;
	request.pages = BPF_CORE_READ(bio, bi_iter.bi_size) >> PAGE_SHIFT;
	if (!wanted()) {
		struct pool_way *way = request.store ? &s->store : &s->load;

		way->filtered += request.pages;
		c->seen += request.pages;
		c->filtered += request.pages;
		return 0;
	}
	request.first_slot = BPF_CORE_READ(bio, bi_iter.bi_sector) >> (PAGE_SHIFT - SECTOR_SHIFT);
	if (by)
		by_key(&request.key);
	if (single) {
		__u64 id = bpf_get_current_pid_tgid();

		request.pid = id >> 32;
		request.tid = (__u32)id;
		request.cgroup = bpf_get_current_cgroup_id();
		bpf_get_current_comm(request.comm, sizeof(request.comm));
	}
	request.begin_ns = bpf_ktime_get_ns();
	if (bpf_map_update_elem(&requests, &key, &request, 0))
		s->unmatched++;
	return 0;
}

/* What became of the page that this request stored or loaded. */
struct fate {
	__u64 residence_ns, loads;
};

static __always_inline void page_stored(struct pool_sums *s, struct stored *page, __u64 now)
{
	if (page->ns && !page->loads) {
		s->replaced++;
		add(s->replaced_age, now - page->ns);
	}
	page->ns = now;
	page->loads = 0;
}

static __always_inline void page_loaded(struct pool_sums *s, struct stored *page,
					const struct by_key *key, __u64 now, struct fate *ret)
{
	__u64 residence_ns;

	if (!page->ns) {
		s->unknown++;
		return;
	}
	residence_ns = now - page->ns;
	ret->residence_ns = residence_ns;
	ret->loads = ++page->loads;
	if (ret->loads > 1)
		return;
	s->first_loads++;
	add(s->residence, residence_ns);
	if (residence_ns > s->residence_max_ns)
		s->residence_max_ns = residence_ns;
	if (by)
		residence_by(key, residence_ns);
}

/* One page of a request that has ended; called by bpf_loop (5.17), for a folio is up to 512 of
 * them. */
struct walk {
	struct request request;
	__u64 now, latency_ns;
	bool failed;
};

static __always_inline void hand_over(const struct walk *walk, __u64 slot, const struct fate *fate)
{
	const struct request *request = &walk->request;
	struct pool_event *event = reserve(sizeof(*event));

	if (!event)
		return;
	event->ts_ns = request->begin_ns;
	event->latency_ns = walk->latency_ns;
	event->residence_ns = fate->residence_ns;
	event->loads = fate->loads;
	event->slot = slot;
	event->cgroup = request->cgroup;
	event->pid = request->pid;
	event->tid = request->tid;
	event->device = request->device;
	event->pages = request->pages;
	event->store = request->store;
	event->failed = walk->failed;
	__builtin_memcpy(event->comm, request->comm, sizeof(event->comm));
	submit(event);
}

static long page_done(__u32 i, void *ctx)
{
	struct walk *walk = ctx;
	__u64 slot = walk->request.first_slot + i;
	__u32 device = walk->request.device, place;
	struct fate fate = { UNKNOWN, walk->request.store ? UNKNOWN : 0 };
	struct pool_sums *s = pool_sums();
	struct stored *page = NULL;

	if (device < POOL_DEVICES && slot < devices[device].pages) {
		place = devices[device].first_page + (__u32)slot;
		page = bpf_map_lookup_elem(&pages, &place);
	}
	if (s && !walk->failed) {
		if (!page && walk->request.store)
			s->untracked++;
		else if (!page)
			s->unknown++;
		else if (walk->request.store)
			page_stored(s, page, walk->now);
		else
			page_loaded(s, page, &walk->request.key, walk->now, &fate);
	}
	if (single)
		hand_over(walk, slot, &fate);
	return 0;
}

/* (queue, bio) since 2.6; only for requests that block_bio_queue announced. */
TRACEPOINT(block_bio_complete)
{
	struct bio *bio = (void *)arg[1];
	__u64 key = (__u64)bio;
	struct walk walk = { .now = bpf_ktime_get_ns() };
	struct request *found = bpf_map_lookup_elem(&requests, &key);
	struct pool_sums *s = pool_sums();
	struct probe_counts *c = counts();
	struct pool_way *way;

	if (nothing || !found || !s || !c)
		return 0;
	walk.request = *found;
	bpf_map_delete_elem(&requests, &key);
	walk.latency_ns = walk.now - walk.request.begin_ns;
	walk.failed = BPF_CORE_READ(bio, bi_status) != 0;
	c->seen += walk.request.pages;
	way = walk.request.store ? &s->store : &s->load;
	if (walk.failed) {
		way->failed += walk.request.pages;
	} else {
		way->pages += walk.request.pages;
		way->requests++;
		way->total_ns += walk.latency_ns;
		if (walk.latency_ns > way->max_ns)
			way->max_ns = walk.latency_ns;
		add(way->latency, walk.latency_ns);
		if (by)
			count_by(s, &walk.request, walk.latency_ns);
	}
	bpf_loop(walk.request.pages, page_done, &walk, 0);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/* pool_probe.bpf.c - each page that goes into a zram device and comes back: counted, timed, and how long it was in.
 *
 * A request to zram is served in the context of the task that made it, between block_bio_queue and
 * block_bio_complete. Its sector is the swap slot: what was stored there and when is kept by slot.
 */
#include "stream.bpf.h"
#include "pool_probe.h"

#define REQ_OP_MASK    0xff
#define REQ_OP_READ    0
#define REQ_OP_WRITE   1
#define PAGE_SHIFT     12
#define SECTOR_SHIFT   9

const volatile __u32 devices[POOL_DEVICES] = {};	/* the kernel's own dev_t; 0 ends the list */

const volatile enum pool_by by = BY_NONE;

struct request {
	struct by_key key;	/* with --by */
	__u64 begin_ns, first_slot;
	__u32 pages, dev;
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

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);	/* set to the pages of the devices */
	__type(key, struct slot);
	__type(value, struct stored);
} slots SEC(".maps");

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

static __always_inline bool ours(__u32 dev)
{
	for (int i = 0; i < POOL_DEVICES && devices[i]; i++) {
		if (devices[i] == dev)
			return true;
	}
	return false;
}

static __always_inline void add(__u64 *histogram, __u64 value)
{
	__u32 bucket = hist_bucket(value);

	if (bucket < HIST_BUCKETS)
		histogram[bucket]++;
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

/* The entry of a key, made where there is none; the request ends in the context of the task that made it. */
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

static __always_inline void count_by(struct pool_sums *s, const struct request *request, __u64 latency_ns)
{
	struct by_pool *pool = by_pool(&request->key);

	if (!pool) {
		s->others += request->pages;
		return;
	}
	__sync_fetch_and_add(request->store ? &pool->stores : &pool->loads, request->pages);
	__sync_fetch_and_add(request->store ? &pool->store_ns : &pool->load_ns, latency_ns);
}

static __always_inline void residence_by(const struct by_key *key, __u64 residence_ns)
{
	struct by_pool *pool = by_pool(key);
	__u32 bucket = hist_bucket(residence_ns);

	if (!pool)
		return;
	__sync_fetch_and_add(&pool->first_loads, 1);
	if (residence_ns > pool->residence_max_ns)
		pool->residence_max_ns = residence_ns;
	if (bucket < HIST_BUCKETS)
		__sync_fetch_and_add(&pool->residence[bucket], 1);
}

/* (bio) since 5.9; before, (queue, bio). */
TRACEPOINT(block_bio_queue)
{
	struct bio *bio = (void *)arg[0];
	struct request request = {};
	struct pool_sums *s;
	__u32 op = BPF_CORE_READ(bio, bi_opf) & REQ_OP_MASK;
	__u64 key = (__u64)bio;

	request.dev = BPF_CORE_READ(bio, bi_bdev, bd_dev);
	if (op > REQ_OP_WRITE || !ours(request.dev) || !admit())
		return 0;
	request.store = op == REQ_OP_WRITE;
	request.first_slot = BPF_CORE_READ(bio, bi_iter.bi_sector) >> (PAGE_SHIFT - SECTOR_SHIFT);
	request.pages = BPF_CORE_READ(bio, bi_iter.bi_size) >> PAGE_SHIFT;
	if (by)
		by_key(&request.key);
	request.begin_ns = bpf_ktime_get_ns();
	if (bpf_map_update_elem(&requests, &key, &request, 0) && (s = pool_sums()))
		s->unmatched++;
	return 0;
}

static __always_inline void page_stored(struct pool_sums *s, struct slot *slot, __u64 now)
{
	struct stored *known = bpf_map_lookup_elem(&slots, slot);
	struct stored stored = { .ns = now };

	if (known) {
		if (!known->loads) {
			s->replaced++;
			add(s->replaced_age, now - known->ns);
		}
		*known = stored;
	} else if (bpf_map_update_elem(&slots, slot, &stored, 0)) {
		s->untracked++;
	}
}

static __always_inline void page_loaded(struct pool_sums *s, struct slot *slot, const struct by_key *key, __u64 now)
{
	struct stored *known = bpf_map_lookup_elem(&slots, slot);
	__u64 residence_ns;

	if (!known) {
		s->unknown++;
		return;
	}
	if (known->loads++)
		return;
	residence_ns = now - known->ns;
	s->first_loads++;
	add(s->residence, residence_ns);
	if (residence_ns > s->residence_max_ns)
		s->residence_max_ns = residence_ns;
	if (by)
		residence_by(key, residence_ns);
}

/* One page of a request that has ended; called by bpf_loop (5.17), for a folio is up to 512 of them. */
struct walk {
	struct request request;
	__u64 now;
};

static long page_done(__u32 i, void *ctx)
{
	struct walk *walk = ctx;
	struct slot slot = { .number = walk->request.first_slot + i, .dev = walk->request.dev };
	struct pool_sums *s = pool_sums();

	if (s && walk->request.store)
		page_stored(s, &slot, walk->now);
	else if (s)
		page_loaded(s, &slot, &walk->request.key, walk->now);
	return 0;
}

/* (queue, bio) since 2.6; only for requests that block_bio_queue announced. */
TRACEPOINT(block_bio_complete)
{
	__u64 key = arg[1], latency_ns;
	struct walk walk = { .now = bpf_ktime_get_ns() };
	struct request *found = bpf_map_lookup_elem(&requests, &key);
	struct pool_sums *s = pool_sums();
	struct pool_way *way;

	if (!found || !s)
		return 0;
	walk.request = *found;
	bpf_map_delete_elem(&requests, &key);
	latency_ns = walk.now - walk.request.begin_ns;
	way = walk.request.store ? &s->store : &s->load;
	way->pages += walk.request.pages;
	way->requests++;
	way->total_ns += latency_ns;
	if (latency_ns > way->max_ns)
		way->max_ns = latency_ns;
	add(way->latency, latency_ns);
	if (by)
		count_by(s, &walk.request, latency_ns);
	bpf_loop(walk.request.pages, page_done, &walk, 0);
	return 0;
}

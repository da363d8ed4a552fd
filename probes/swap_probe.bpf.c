// SPDX-License-Identifier: GPL-2.0-only
/* swap_probe.bpf.c - counts the vmscan tracepoints per CPU, times reclaim, and keeps who caused the latest event.
 *
 * A reclaim begins and ends in the same task, one at a time: its begin is kept with the task. The only arguments
 * in use are how many pages were reclaimed, and the folio that was written.
 */
#include "common.bpf.h"
#include "swap_probe.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct swap_counts);
} swap_counts SEC(".maps");

#define barrier() asm volatile("" ::: "memory")

/* When the task's present reclaim began, 0 for none. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} begins SEC(".maps");

static __always_inline void time_reclaim(struct swap_reclaim *r, __u64 now, __u64 pages)
{
	__u64 *begin_ns = bpf_task_storage_get(&begins, bpf_get_current_task_btf(), 0, 0), ns;
	__u32 bucket;

	r->pages += pages;
	if (!begin_ns || !*begin_ns)
		return;
	ns = now - *begin_ns;
	*begin_ns = 0;
	r->timed++;
	r->total_ns += ns;
	if (ns > r->max_ns)
		r->max_ns = ns;
	bucket = hist_bucket(ns);
	if (bucket < HIST_BUCKETS)
		r->latency[bucket]++;
}

static __always_inline void begin_reclaim(__u64 now)
{
	__u64 *begin_ns = bpf_task_storage_get(&begins, bpf_get_current_task_btf(), 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (begin_ns)
		*begin_ns = now;
}

/* pages: of the reclaim that ends with this event; anon: the event is a write, of an anonymous folio. */
static __always_inline int count(enum swap_key key, __u64 pages, bool anon)
{
	__u32 zero = 0;
	struct swap_counts *c = bpf_map_lookup_elem(&swap_counts, &zero);
	__u64 now = bpf_ktime_get_ns();

	if (!c)
		return 0;
	if (key == SWAP_DIRECT_BEGIN || key == SWAP_MEMCG_BEGIN || key == SWAP_KSWAPD_WAKE)
		begin_reclaim(now);
	c->begun++;
	barrier();
	c->count[key]++;
	c->write_anon += anon;
	if (key == SWAP_DIRECT_END)
		time_reclaim(&c->reclaim[SWAP_DIRECT], now, pages);
	else if (key == SWAP_MEMCG_END)
		time_reclaim(&c->reclaim[SWAP_MEMCG], now, pages);
	else if (key == SWAP_KSWAPD_SLEEP)
		time_reclaim(&c->reclaim[SWAP_KSWAPD], now, 0);
	c->last_ns = now;
	c->last_pid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(c->last_comm, sizeof(c->last_comm));
	barrier();
	c->done++;
	return 0;
}

#define COUNT(name, key)                                                        \
	TRACEPOINT(name)                                                        \
	{                                                                       \
		return count(key, 0, false);                                    \
	}                                                                       \
	CLASSIC(vmscan, name)                                                   \
	{                                                                       \
		return count(key, 0, false);                                    \
	}

/* (nr_reclaimed) since 2.6. */
#define COUNT_END(name, key)                                                                        \
	TRACEPOINT(name)                                                                            \
	{                                                                                           \
		return count(key, arg[0], false);                                                   \
	}                                                                                           \
	CLASSIC(vmscan, name)                                                                       \
	{                                                                                           \
		struct trace_event_raw_mm_vmscan_direct_reclaim_end_template *record = ctx;         \
	\
		return count(key, record->nr_reclaimed, false);                                     \
	}

COUNT(mm_vmscan_kswapd_wake, SWAP_KSWAPD_WAKE)
COUNT(mm_vmscan_kswapd_sleep, SWAP_KSWAPD_SLEEP)
COUNT(mm_vmscan_direct_reclaim_begin, SWAP_DIRECT_BEGIN)
COUNT_END(mm_vmscan_direct_reclaim_end, SWAP_DIRECT_END)
COUNT(mm_vmscan_memcg_reclaim_begin, SWAP_MEMCG_BEGIN)
COUNT_END(mm_vmscan_memcg_reclaim_end, SWAP_MEMCG_END)
COUNT(mm_vmscan_reclaim_pages, SWAP_RECLAIM_PAGES)
COUNT(mm_vmscan_writepage, SWAP_WRITE_FOLIO)

/* (folio) since 5.18. The lowest bit of its mapping says anonymous. */
TRACEPOINT(mm_vmscan_write_folio)
{
	struct folio *folio = (void *)arg[0];

	return count(SWAP_WRITE_FOLIO, 0, (__u64)BPF_CORE_READ(folio, mapping) & 1);
}

CLASSIC(vmscan, mm_vmscan_write_folio)
{
	return count(SWAP_WRITE_FOLIO, 0, false);
}

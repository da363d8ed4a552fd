// SPDX-License-Identifier: GPL-2.0-only
/* swap_probe.bpf.c - counts the vmscan tracepoints per CPU, times reclaim, and stores the task of
 * the last event.
 *
 * A reclaim begins and ends in the same task, one at a time: its begin is in a table by TID. The
 * only arguments in use are the number of pages reclaimed, and the folio written.
 */
#include "bpf/common.bpf.h"
#include "swap_probe.h"

MAP_ONE(PERCPU_ARRAY, swap_counts, struct swap_counts);

const volatile enum swap_by by = SWAP_BY_NONE;

/* Number of the current interval: the longest stall is stored per interval. */
MAP_ONE(ARRAY, epochs, __u64);

/* The task's current reclaim. That of kswapd lasts until it sleeps: it wakes
 * again, without a sleep event, from naps of up to 100 ms (kswapd_try_to_sleep).
 */
struct reclaim_begin {
	__u64 ns, kind;
};

/* By TID, allocated beforehand: the tracepoints run with preemption off, where a kernel with
 * PREEMPT_RT may not allocate as task storage does. Where it is full, the end is unmatched.
 */
MAP(HASH, begins, __u32, struct reclaim_begin, SWAP_RECLAIMS_MAX, 0);

static __always_inline struct reclaim_begin *begin_of_task(void)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();

	return bpf_map_lookup_elem(&begins, &tid);
}

MAP(PERCPU_HASH, stalls, struct swap_who, struct swap_stalls, SWAP_WHO_MAX, 0);

static __always_inline struct swap_stalls *stalls_of(struct swap_who *who)
{
	static const struct swap_stalls none;
	struct task_struct *task = (void *)bpf_get_current_task();

	if (by == SWAP_BY_PROCESS) {
		who->id = current_ids() >> 32;
		who->start_ns = BPF_CORE_READ(task, group_leader, start_time);
	} else {
		who->id = bpf_get_current_cgroup_id();
	}
	if (!bpf_map_lookup_elem(&stalls, who))
		bpf_map_update_elem(&stalls, who, &none, BPF_NOEXIST);
	return bpf_map_lookup_elem(&stalls, who);
}

/* kind: SWAP_DIRECT or SWAP_MEMCG. */
static __always_inline void stalled(struct swap_counts *c, enum swap_kind kind, __u64 now, __u64 ns,
				    __u64 pages)
{
	struct swap_who who = {};
	struct swap_stalls *s = stalls_of(&who);
	__u64 *epoch = only(&epochs), this_epoch, i;

	if (!s || !epoch) {
		c->unlisted++;
		return;
	}
	this_epoch = *epoch;
	i = this_epoch & 1;
	s->count[kind & 1]++;
	s->total_ns[kind & 1] += ns;
	s->pages[kind & 1] += pages;
	if (s->max_epoch[i] != this_epoch || s->max_ns[i] < ns)
		s->max_ns[i] = ns;
	s->max_epoch[i] = this_epoch;
	s->last_ns = now;
	s->cgroup = bpf_get_current_cgroup_id();
	bpf_get_current_comm(s->comm, sizeof(s->comm));
}

static __always_inline void forget_begin(void)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();

	bpf_map_delete_elem(&begins, &tid);
}

static __always_inline void time_reclaim(struct swap_counts *c, enum swap_kind kind, __u64 now,
					 __u64 pages)
{
	struct reclaim_begin *begin = begin_of_task();
	struct swap_reclaim *r = &c->reclaim[kind];
	__u64 ns;

	r->pages += pages;
	if (!begin) {
		r->unmatched++;
		return;
	}
	ns = now - begin->ns;
	forget_begin();
	hist_add(&r->time, ns);
	if (by != SWAP_BY_NONE && kind != SWAP_KSWAPD)
		stalled(c, kind, now, ns, pages);
}

/* kswapd goes on where it has begun already. */
static __always_inline void begin_reclaim(enum swap_kind kind, __u64 now)
{
	struct reclaim_begin begin = { now, kind };
	__u32 tid = (__u32)bpf_get_current_pid_tgid();

	bpf_map_update_elem(&begins, &tid, &begin, kind == SWAP_KSWAPD ? BPF_NOEXIST : 0);
}

/* pages: of the reclaim that ends with this event; anon: the event is a write, to swap. */
static __always_inline int count(enum swap_key key, __u64 pages, bool anon)
{
	struct swap_counts *c = only(&swap_counts);
	__u64 now = bpf_ktime_get_ns();

	if (!c)
		return 0;
	if (key == SWAP_DIRECT_BEGIN)
		begin_reclaim(SWAP_DIRECT, now);
	else if (key == SWAP_MEMCG_BEGIN)
		begin_reclaim(SWAP_MEMCG, now);
	else if (key == SWAP_KSWAPD_WAKE)
		begin_reclaim(SWAP_KSWAPD, now);
	fetch_add(&c->begun, 1);
	c->count[key]++;
	c->write_anon += anon;
	if (key == SWAP_DIRECT_END)
		time_reclaim(c, SWAP_DIRECT, now, pages);
	else if (key == SWAP_MEMCG_END)
		time_reclaim(c, SWAP_MEMCG, now, pages);
	else if (key == SWAP_KSWAPD_SLEEP)
		time_reclaim(c, SWAP_KSWAPD, now, 0);
	c->last_ns = now;
	c->last_pid = current_ids() >> 32;
	bpf_get_current_comm(c->last_comm, sizeof(c->last_comm));
	fetch_add(&c->done, 1);
	return 0;
}

/* Part of a reclaim, on one LRU list; the begin tells which reclaim. Not an event of its
 * own. */
static __always_inline int shrunk(__u64 scanned, __u64 freed)
{
	struct swap_counts *c = only(&swap_counts);
	struct reclaim_begin *begin = begin_of_task();
	__u64 kind;

	if (!c || !begin)
		return 0;
	kind = begin->kind;
	if (kind >= SWAP_KINDS)
		return 0;
	fetch_add(&c->begun, 1);
	c->reclaim[kind].scanned += scanned;
	c->reclaim[kind].shrunk += freed;
	fetch_add(&c->done, 1);
	return 0;
}

#define COUNT(name, key) \
	TRACEPOINT(name) \
	{ \
		return count(key, 0, false); \
	} \
	CLASSIC(vmscan, name) \
	{ \
		return count(key, 0, false); \
	}

/* (nr_reclaimed) since 2.6. */
#define COUNT_END(name, key) \
	TRACEPOINT(name) \
	{ \
		return count(key, arg[0], false); \
	} \
	CLASSIC(vmscan, name) \
	{ \
		struct trace_event_raw_mm_vmscan_direct_reclaim_end_template *record = ctx; \
\
		return count(key, record->nr_reclaimed, false); \
	}

COUNT(mm_vmscan_kswapd_wake, SWAP_KSWAPD_WAKE)
COUNT(mm_vmscan_kswapd_sleep, SWAP_KSWAPD_SLEEP)
COUNT(mm_vmscan_direct_reclaim_begin, SWAP_DIRECT_BEGIN)
COUNT_END(mm_vmscan_direct_reclaim_end, SWAP_DIRECT_END)
COUNT(mm_vmscan_memcg_reclaim_begin, SWAP_MEMCG_BEGIN)
COUNT_END(mm_vmscan_memcg_reclaim_end, SWAP_MEMCG_END)
COUNT(mm_vmscan_reclaim_pages, SWAP_RECLAIM_PAGES)
COUNT(mm_vmscan_writepage, SWAP_WRITE_FOLIO)

/* Written to swap, as in the kernel's own record: a folio of anonymous memory or of a tmpfs. */
static __always_inline bool swap_backed(struct folio *folio)
{
	struct folio___long *before = (void *)folio;
	__u64 flags = bpf_core_field_exists(folio->flags.f) ? BPF_CORE_READ(folio, flags.f)
							    : BPF_CORE_READ(before, flags);

	return flags >> bpf_core_enum_value(enum pageflags, PG_swapbacked) & 1;
}

/* (folio) since 5.18. */
TRACEPOINT(mm_vmscan_write_folio)
{
	return count(SWAP_WRITE_FOLIO, 0, swap_backed((void *)arg[0]));
}

CLASSIC(vmscan, mm_vmscan_write_folio)
{
	struct trace_event_raw_mm_vmscan_write_folio *record = ctx;

	return count(SWAP_WRITE_FOLIO, 0, record->reclaim_flags & 1 /* RECLAIM_WB_ANON */);
}

/* (nid, nr_scanned, nr_reclaimed, stat, priority, file) since 4.x; with the multi-generation LRU
 * since 6.8. */
TRACEPOINT(mm_vmscan_lru_shrink_inactive)
{
	return shrunk(arg[1], arg[2]);
}

CLASSIC(vmscan, mm_vmscan_lru_shrink_inactive)
{
	struct trace_event_raw_mm_vmscan_lru_shrink_inactive *record = ctx;

	return shrunk(record->nr_scanned, record->nr_reclaimed);
}

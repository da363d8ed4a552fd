// SPDX-License-Identifier: GPL-2.0-only
/* swap_probe.bpf.c - counts the vmscan tracepoints per CPU, and keeps who caused the latest one there.
 *
 * No arguments are looked at, so that the same body serves tp_btf, raw_tp and classic programs on any kernel.
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

static __always_inline int count(enum swap_key key)
{
	__u32 zero = 0;
	struct swap_counts *c = bpf_map_lookup_elem(&swap_counts, &zero);

	if (!c)
		return 0;
	c->begun++;
	barrier();
	c->count[key]++;
	c->last_ns = bpf_ktime_get_ns();
	c->last_pid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(c->last_comm, sizeof(c->last_comm));
	barrier();
	c->done++;
	return 0;
}

#define COUNT(name, key)                                                        \
	TRACEPOINT(name)                                                        \
	{                                                                       \
		return count(key);                                              \
	}                                                                       \
	CLASSIC(vmscan, name)                                                   \
	{                                                                       \
		return count(key);                                              \
	}

COUNT(mm_vmscan_kswapd_wake, SWAP_KSWAPD_WAKE)
COUNT(mm_vmscan_kswapd_sleep, SWAP_KSWAPD_SLEEP)
COUNT(mm_vmscan_direct_reclaim_begin, SWAP_DIRECT_BEGIN)
COUNT(mm_vmscan_direct_reclaim_end, SWAP_DIRECT_END)
COUNT(mm_vmscan_reclaim_pages, SWAP_RECLAIM_PAGES)
COUNT(mm_vmscan_write_folio, SWAP_WRITE_FOLIO)
COUNT(mm_vmscan_writepage, SWAP_WRITE_FOLIO)

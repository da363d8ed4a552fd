/* SPDX-License-Identifier: GPL-2.0-only */
/* swap_probe.h - what the BPF side of swap_probe hands over: running counts per CPU, and who came last there. */
#ifndef COLDPRESS_SWAP_PROBE_H
#define COLDPRESS_SWAP_PROBE_H

#include "../bpf/hist.h"

enum swap_key {
	SWAP_KSWAPD_WAKE,
	SWAP_KSWAPD_SLEEP,
	SWAP_DIRECT_BEGIN,
	SWAP_DIRECT_END,
	SWAP_RECLAIM_PAGES,
	SWAP_WRITE_FOLIO,
	SWAP_MEMCG_BEGIN,
	SWAP_MEMCG_END,
	SWAP_KEYS
};

/* Who reclaims: a task that found no free page, one whose cgroup is at its limit, kswapd. */
enum swap_way { SWAP_DIRECT, SWAP_MEMCG, SWAP_KSWAPD, SWAP_WAYS };

/* Reclaims that ended and whose begin was seen. */
struct swap_reclaim {
	__u64 timed, total_ns, max_ns;
	__u64 pages;			/* of all that ended; kswapd's tracepoints do not say */
	__u64 latency[HIST_BUCKETS];
};

/* One event writes `begun` first and `done` last: a copy in which they differ was taken in between. */
struct swap_counts {
	__u64 begun;
	__u64 count[SWAP_KEYS];
	__u64 write_anon;	/* of the folios written, the anonymous ones */
	struct swap_reclaim reclaim[SWAP_WAYS];
	__u64 last_ns;		/* CLOCK_MONOTONIC of the latest event, 0 for none: orders the CPUs */
	__u32 last_pid, unused;
	char last_comm[16];
	__u64 done;
};

#endif

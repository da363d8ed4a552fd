/* SPDX-License-Identifier: GPL-2.0-only */
/* swap_probe.h - what the BPF side of swap_probe hands over: running counts per CPU, and who came
 * last there. */
#ifndef COLDPRESS_SWAP_PROBE_H
#define COLDPRESS_SWAP_PROBE_H

#include "bpf/hist.h"

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
	__u64 pages;           /* of all that ended; kswapd's tracepoints do not say */
	__u64 scanned, shrunk; /* of it: pages looked at and freed on the LRU lists */
	__u64 unmatched;       /* ended, and their begin was not seen */
	__u64 latency[HIST_BUCKETS];
};

/* Who stalled: with SWAP_BY_PROCESS the process, with its leader's start, so that no PID is taken
 * for another's; with SWAP_BY_CGROUP the group alone.
 */
enum swap_by { SWAP_BY_NONE, SWAP_BY_PROCESS, SWAP_BY_CGROUP };

struct swap_who {
	__u64 id, start_ns;
};

/* What it waited for, per CPU: direct reclaim and that for a cgroup's limit (SWAP_DIRECT,
 * SWAP_MEMCG). */
struct swap_stalls {
	__u64 count[2], total_ns[2], pages[2];
	__u64 max_ns[2], max_epoch[2]; /* the longest of an interval and of the one before: index
					  epoch & 1 */
	__u64 last_ns, cgroup;         /* of the latest, with its name and group */
	char comm[16];
};

#define SWAP_WHO_MAX 4096

/* One event writes `begun` first and `done` last: a copy in which they differ was taken in between.
 */
struct swap_counts {
	__u64 begun;
	__u64 count[SWAP_KEYS];
	__u64 write_anon; /* of the folios written, those to swap */
	__u64 unlisted;   /* stalls that found no room among those by process or cgroup */
	struct swap_reclaim reclaim[SWAP_WAYS];
	__u64 last_ns; /* CLOCK_MONOTONIC of the latest event, 0 for none: orders the CPUs */
	__u32 last_pid, unused;
	char last_comm[16];
	__u64 done;
};

#endif

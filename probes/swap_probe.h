/* SPDX-License-Identifier: GPL-2.0-only */
/* swap_probe.h - what the BPF side of swap_probe passes on: running counts per CPU, and the task of
 * the last event.
 */
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

/* Who reclaims: a task without a free page, a task whose cgroup is at its limit, kswapd. */
enum swap_kind { SWAP_DIRECT, SWAP_MEMCG, SWAP_KSWAPD, SWAP_KINDS };

struct swap_reclaim {
	struct hist time;      /* of reclaims that ended and whose begin was seen */
	__u64 pages;           /* of all that ended; the tracepoints of kswapd have no number */
	__u64 scanned, shrunk; /* of these, pages scanned and freed on the LRU lists */
	__u64 unmatched;       /* ended without a begin */
};

/* Who stalled: with SWAP_BY_PROCESS the process and its leader's start time, which tells reused
 * PIDs apart; with SWAP_BY_CGROUP only the cgroup.
 */
enum swap_by { SWAP_BY_NONE, SWAP_BY_PROCESS, SWAP_BY_CGROUP };

struct swap_who {
	__u64 id, start_ns;
};

/* Its stalls, per CPU; index SWAP_DIRECT or SWAP_MEMCG. */
struct swap_stalls {
	__u64 count[2], total_ns[2], pages[2];
	__u64 max_ns[2], max_epoch[2]; /* longest of an interval; index epoch & 1 */
	__u64 last_ns, cgroup;         /* of the last one, with its name below */
	char comm[16];
};

#define SWAP_WHO_MAX      4096
#define SWAP_RECLAIMS_MAX 8192 /* tasks that reclaim at once */

/* An event writes `begun` first and `done` last: a copy in which they differ is inconsistent, and
 * of one in which they do not, an event may have begun meanwhile: two copies that are equal are
 * not.
 */
struct swap_counts {
	__u64 begun;
	__u64 count[SWAP_KEYS];
	__u64 write_anon; /* of the folios written, those written to swap */
	__u64 unlisted;   /* stalls that did not fit into the map of processes or cgroups */
	struct swap_reclaim reclaim[SWAP_KINDS];
	__u64 last_ns; /* CLOCK_MONOTONIC of the last event, 0: none; orders the CPUs */
	__u32 last_pid, unused;
	char last_comm[16];
	__u64 done;
};

#endif

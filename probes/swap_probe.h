/* SPDX-License-Identifier: GPL-2.0-only */
/* swap_probe.h - what the BPF side of swap_probe hands over: running counts per CPU, and who came last there. */
#ifndef COLDPRESS_SWAP_PROBE_H
#define COLDPRESS_SWAP_PROBE_H

enum swap_key {
	SWAP_KSWAPD_WAKE,
	SWAP_KSWAPD_SLEEP,
	SWAP_DIRECT_BEGIN,
	SWAP_DIRECT_END,
	SWAP_RECLAIM_PAGES,
	SWAP_WRITE_FOLIO,
	SWAP_KEYS
};

/* One event writes `begun` first and `done` last: a copy in which they differ was taken in between. */
struct swap_counts {
	__u64 begun;
	__u64 count[SWAP_KEYS];
	__u64 last_ns;		/* CLOCK_MONOTONIC of the latest event, 0 for none: orders the CPUs */
	__u32 last_pid, unused;
	char last_comm[16];
	__u64 done;
};

#endif

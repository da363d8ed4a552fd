/* SPDX-License-Identifier: GPL-2.0-only */
/* pool_probe.h - what the BPF side of pool_probe hands over: sums per CPU. A page is 4 KiB, its slot the place. */
#ifndef COLDPRESS_POOL_PROBE_H
#define COLDPRESS_POOL_PROBE_H

#include "../bpf/hist.h"

#define POOL_DEVICES 8

struct slot {
	__u64 number;
	__u32 dev, unused;
};

/* The page that was last stored in a slot. */
struct stored {
	__u64 ns;	/* CLOCK_MONOTONIC */
	__u64 loads;
};

enum pool_by { BY_NONE, BY_PID, BY_COMM, BY_CGROUP };

#define BY_KEYS 4096	/* of 5 KiB each, taken when needed; more are counted as others */

/* pid: { tgid }, comm: its bytes, cgroup: { id }; of the task that makes the request. */
struct by_key {
	__u64 word[2];
};

/* Of all CPUs, added to atomically. */
struct by_pool {
	__u64 stores, loads, store_ns, load_ns;
	__u64 first_loads, residence_max_ns;
	__u64 residence[HIST_BUCKETS];
	char comm[16];
};

struct pool_way {
	__u64 pages, requests;
	__u64 total_ns, max_ns;
	__u64 latency[HIST_BUCKETS];	/* of requests */
};

struct pool_sums {
	struct pool_way store, load;
	__u64 replaced;			/* stores over a slot whose page was never loaded: it had been freed */
	__u64 first_loads;		/* loads that were the first since the store of the page */
	__u64 unknown;			/* loads of pages stored before the probe began */
	__u64 untracked;		/* stores for which there was no room to note the time */
	__u64 unmatched;		/* requests that ended without their begin being seen, or for want of room */
	__u64 residence_max_ns;
	__u64 residence[HIST_BUCKETS];	/* from store to first load */
	__u64 replaced_age[HIST_BUCKETS];	/* of replaced pages, from store to the store over it */
	__u64 others;			/* pages that found no room in the table of --by */
};

#endif

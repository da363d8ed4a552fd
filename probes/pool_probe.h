/* SPDX-License-Identifier: GPL-2.0-only */
/* pool_probe.h - what the BPF side of pool_probe hands over: sums per CPU, and with --events each
 * page.
 *
 * A page is 4 KiB, its slot the place of it on the device, which for a swap is the kernel's swap
 * slot.
 */
#ifndef COLDPRESS_POOL_PROBE_H
#define COLDPRESS_POOL_PROBE_H

#include "bpf/hist.h"

#define POOL_DEVICES 8

struct pool_device {
	__u32 dev;        /* the kernel's own dev_t; 0: none, and none behind it */
	__u32 first_page; /* index in the map "pages" of its slot 0 */
	__u32 pages;
};

/* The page that was last stored in a slot. */
struct stored {
	__u64 ns; /* CLOCK_MONOTONIC; 0: none since the probe began */
	__u64 loads;
};

enum pool_by { BY_NONE, BY_PID, BY_COMM, BY_CGROUP };

#define BY_KEYS 4096 /* of 15 KiB each, taken when needed; more are counted as others */

/* pid: { tgid }, comm: its bytes, cgroup: { id }; of the task that makes the request. */
struct by_key {
	__u64 word[2];
};

struct by_way {
	__u64 pages, requests, total_ns, max_ns;
	__u64 latency[HIST_BUCKETS]; /* of requests */
};

/* Of all CPUs, added to atomically. */
struct by_pool {
	struct by_way store, load;
	__u64 first_loads, residence_max_ns;
	__u64 residence[HIST_BUCKETS];
	char comm[16];
};

struct pool_way {
	__u64 pages, requests;
	__u64 total_ns, max_ns;
	__u64 failed;   /* pages of requests that ended in an error; in none of the others */
	__u64 filtered; /* pages that a filter left out */
	__u64 latency[HIST_BUCKETS]; /* of requests */
};

struct pool_sums {
	struct pool_way store, load;
	__u64 replaced;    /* stores over a slot whose page was never loaded: it had been freed */
	__u64 first_loads; /* loads that were the first since the store of the page */
	__u64 unknown;     /* loads of pages stored before the probe began */
	__u64 untracked;   /* stores for which there was no room to note the time */
	__u64 unmatched;   /* requests for which there was no room until they ended */
	__u64 residence_max_ns;
	__u64 residence[HIST_BUCKETS];    /* from store to first load */
	__u64 replaced_age[HIST_BUCKETS]; /* of replaced pages, from store to the store over it */
	__u64 others;                     /* pages that found no room in the table of --by */
};

/* One page, handed over when its request has ended. */
struct pool_event {
	__u64 ts_ns;        /* CLOCK_MONOTONIC, when the request began */
	__u64 latency_ns;   /* of the request, of however many pages */
	__u64 residence_ns; /* load: since its store, ~0: it was stored before the probe began;
			       store: ~0 */
	__u64 slot, cgroup;
	__u64 loads; /* load: how many since its store, this one too; 0: not known; store: ~0 */
	__u32 pid, tid;
	__u32 device;        /* index in the list of devices */
	__u32 pages;         /* of the request */
	__u32 store, failed; /* 0 or 1 */
	char comm[16];
};

#endif

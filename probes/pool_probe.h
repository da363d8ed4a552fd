/* SPDX-License-Identifier: GPL-2.0-only */
/* pool_probe.h - what the BPF side of pool_probe hands over: sums per CPU. A page is 4 KiB, its slot the place. */
#ifndef COLDPRESS_POOL_PROBE_H
#define COLDPRESS_POOL_PROBE_H

#include "../bpf/hist.h"

#define POOL_DEVICES 8

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
};

#endif

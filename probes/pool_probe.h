/* SPDX-License-Identifier: GPL-2.0-only */
/* pool_probe.h - what the BPF side of pool_probe passes on: sums per CPU, and with --events each
 * page.
 *
 * A page is 4 KiB; its slot is its index on the device, which of a swap device is the kernel's swap
 * slot.
 */
#ifndef COLDPRESS_POOL_PROBE_H
#define COLDPRESS_POOL_PROBE_H

#include "bpf/hist.h"

#define POOL_DEVICES 8

struct pool_device {
	__u32 dev;        /* the kernel's dev_t; 0: end of the list */
	__u32 first_page; /* index in the map "pages" of its slot 0 */
	__u32 pages;
};

/* The page that was last written to a slot. */
struct pool_page {
	__u64 ns; /* CLOCK_MONOTONIC of the write; 0: none since the probe began */
	__u64 reads;
};

enum pool_by { BY_NONE, BY_PID, BY_COMM, BY_CGROUP };

#define BY_KEYS \
	4096 /* 15 KiB each, allocated when needed; further groups are counted as others \
	      */

/* pid: { tgid }, comm: its bytes, cgroup: { id }; of the task that makes the request. */
struct by_key {
	__u64 word[2];
};

/* The writes or the reads. */
struct pool_traffic {
	__u64 pages;
	__u64 failed;     /* pages of requests that ended in an error; not in the others */
	__u64 filtered;   /* pages that the filter excluded */
	struct hist time; /* of requests */
};

/* Shared by all CPUs, added to atomically. */
struct by_pool {
	struct pool_traffic write, read;
	struct hist residence; /* from write to first read */
	char comm[16];
};

/* Per CPU. */
struct pool_sums {
	struct pool_traffic write, read;
	__u64 unknown;   /* reads of pages written before the probe began */
	__u64 untracked; /* writes whose time could not be stored */
	__u64 unmatched; /* requests that could not be stored until they ended */
	__u64 others;    /* pages that did not fit into the table of --by */
	struct hist residence;
	struct hist unread_age; /* of pages overwritten before any read, from write to write */
};

/* One page, passed on when its request has ended. */
struct pool_event {
	__u64 ts_ns;        /* CLOCK_MONOTONIC, begin of the request */
	__u64 latency_ns;   /* of the request, of any number of pages */
	__u64 residence_ns; /* read: since the write, ~0 if before the probe began; write: ~0 */
	__u64 slot, cgroup;
	__u64 reads; /* read: number since the write, with this one, 0: not known; write: ~0 */
	__u32 pid, tid;
	__u32 device;        /* index in the list of devices */
	__u32 pages;         /* of the request */
	__u32 write, failed; /* 0 or 1 */
	char comm[16];
};

#endif

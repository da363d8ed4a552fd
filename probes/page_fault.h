/* SPDX-License-Identifier: GPL-2.0-only */
/* page_fault.h - what the BPF side of page_fault hands over: single events, or sums per CPU. */
#ifndef COLDPRESS_PAGE_FAULT_H
#define COLDPRESS_PAGE_FAULT_H

#include "../bpf/hist.h"

enum fault_mode {
	FAULT_TRACE_PIPE,	/* a line each with bpf_printk */
	FAULT_STREAM,		/* a record each in the ring */
	FAULT_SUMMARY,		/* sums and a latency histogram, nothing for a single event */
	FAULT_NOTHING,		/* attached as for a summary, with empty bodies: what the hooks alone cost */
};

struct fault_event {
	__u64 ts_ns;		/* CLOCK_MONOTONIC, at entry */
	__u64 addr, ip;
	__u32 pid, tid;
	__u32 user;		/* entered from user mode, else from the kernel */
	__u32 unused;
	char comm[16];
};

struct fault_sums {
	__u64 user, kernel;		/* entries */
	__u64 minor, major;		/* completions that pass the filter */
	__u64 minor_runs, major_runs;	/* completions the programs were run for, whatever the filter says */
	__u64 unmatched;		/* major completions without an entry seen before */
	__u64 total_ns, max_ns;		/* of the major ones that matched, entry to completion */
	__u64 latency[HIST_BUCKETS];
};

#endif

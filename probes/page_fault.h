/* SPDX-License-Identifier: GPL-2.0-only */
/* page_fault.h - what the BPF side of page_fault hands over: single events, or sums per CPU. */
#ifndef COLDPRESS_PAGE_FAULT_H
#define COLDPRESS_PAGE_FAULT_H

#include "../bpf/hist.h"

enum fault_mode {
	FAULT_TRACE_PIPE,	/* a line each with bpf_printk */
	FAULT_STREAM,		/* a record each in the ring, made at entry */
	FAULT_COMPLETED,	/* a record each in the ring, made at completion: with class and latency */
	FAULT_SUMMARY,		/* sums and a latency histogram, nothing for a single event */
	FAULT_NOTHING,		/* attached as for a summary, with empty bodies: what the hooks alone cost */
};

enum fault_access { ACCESS_UNKNOWN, ACCESS_READ, ACCESS_WRITE, ACCESS_EXEC };
enum fault_class { CLASS_UNKNOWN, CLASS_MINOR, CLASS_MAJOR };

/* What is known at entry, and kept for the completion. */
struct fault_entry {
	__u64 ts_ns;		/* CLOCK_MONOTONIC, at entry; 0: was not seen */
	__u64 addr, ip;
	__u32 user;		/* entered from user mode, else from the kernel */
	__u32 access;		/* enum fault_access */
};

struct fault_event {
	struct fault_entry entry;
	__u64 latency_ns;	/* entry to completion; of no meaning without a class or an entry */
	__u32 pid, tid;
	__u32 class;		/* enum fault_class */
	__u32 unused;
	char comm[16];
};

enum fault_by { BY_NONE, BY_PID, BY_COMM, BY_CGROUP, BY_REGION, BY_IP };

#define REGION_SHIFT 21		/* 2 MiB */
#define BY_KEYS	     16384	/* more are counted as others */
#define BY_MAJORS    4096	/* of them with major faults: 5 KiB each, taken when needed */

/* pid: { tgid }, comm: its bytes, cgroup: { id }, region: { tgid, address }, ip: { tgid, address }. */
struct by_key {
	__u64 word[2];
};

/* Per CPU. */
struct by_faults {
	__u64 entries;
	char comm[16];		/* of the latest one on this CPU */
};

/* Of all CPUs, added to atomically: major faults are rare and slow. */
struct by_major {
	__u64 major, timed, total_ns, max_ns;
	__u64 latency[HIST_BUCKETS];
};

struct fault_sums {
	__u64 user, kernel;		/* entries */
	__u64 minor, major;		/* completions that pass the filter */
	__u64 minor_runs, major_runs;	/* completions the programs were run for, whatever the filter says */
	__u64 unmatched;		/* major completions without an entry seen before */
	__u64 others;			/* entries that found no room in the table of --by */
	__u64 total_ns, max_ns;		/* of the major ones that matched, entry to completion */
	__u64 latency[HIST_BUCKETS];
};

#endif

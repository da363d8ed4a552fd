/* SPDX-License-Identifier: GPL-2.0-only */
/* page_fault.h - what the BPF side of page_fault hands over: single events, or sums per CPU. */
#ifndef COLDPRESS_PAGE_FAULT_H
#define COLDPRESS_PAGE_FAULT_H

#include "bpf/hist.h"

enum fault_mode {
	FAULT_TRACE_PIPE, /* a line each with bpf_printk */
	FAULT_STREAM,     /* a record each in the ring, made at entry */
	FAULT_COMPLETED, /* a record each in the ring, made at completion: with class and latency */
	FAULT_SUMMARY,   /* sums and a latency histogram, nothing for a single event */
	FAULT_STACKS,    /* at completion: the stacks, counted */
	FAULT_NOTHING, /* attached as for a summary, with empty bodies: what the hooks alone cost */
};

enum fault_access { ACCESS_UNKNOWN, ACCESS_READ, ACCESS_WRITE, ACCESS_EXEC };
enum fault_class { CLASS_UNKNOWN, CLASS_MINOR, CLASS_MAJOR };

/* What is known at entry, and kept for the completion. */
struct fault_entry {
	__u64 ts_ns; /* CLOCK_MONOTONIC, at entry; 0: was not seen */
	__u64 addr, ip;
	__u32 user;   /* entered from user mode, else from the kernel */
	__u32 access; /* enum fault_access */
};

#define FAULT_SLOTS 32768 /* tasks whose present fault is kept, by tid */

struct fault_slot {
	struct fault_entry entry;
	__u32 tid;
	__u32 unused;
	__u64 completed; /* faults of the task before: a summary may leave out later entries */
	__u64 unused2;   /* a cache line each */
};

/* Entries that a CPU times in a summary of major latencies: reading the clock costs as much as all
 * the rest. Where more come than this, they are minor ones in a row; a major one gives enough for
 * those around it.
 */
#define CLOCK_SAVED    4096      /* at once, after a quiet time */
#define CLOCK_EVERY_NS (1 << 15) /* one more: 30,000 a second */
#define CLOCK_MAJOR    512       /* after a major fault at least */

struct fault_event {
	struct fault_entry entry;
	__u64 latency_ns; /* entry to completion; of no meaning without a class or an entry */
	__u32 pid, tid;
	__u32 class; /* enum fault_class */
	__u32 unused;
	char comm[16];
};

/* By what the reader knows whether the mappings it has read are those of a fault. */
struct fault_space {
	__u64 stack; /* where the first thread's begins: another one once the process runs another
			program */
	__u64 generation; /* another one once its mappings changed */
};

struct fault_event_mapped {
	struct fault_event event;
	struct fault_space space;
};

/* With --by mapping: an entry (class unknown), or a completion that is timed or major. */
struct fault_mapped {
	struct fault_space space;
	__u64 addr, latency_ns;
	__u32 tgid;
	__u16 class; /* enum fault_class */
	__u16 timed; /* latency_ns is known */
};

enum fault_latency { LATENCY_NONE, LATENCY_MAJOR, LATENCY_ALL }; /* which faults a summary times */
enum fault_by { BY_NONE, BY_PID, BY_COMM, BY_CGROUP, BY_REGION, BY_IP, BY_MAPPING };

#define REGION_SHIFT   21    /* 2 MiB */
#define BY_KEYS        16384 /* more are counted as others */
#define BY_TIMES       4096  /* of them with times: 5 KiB each, taken when needed */
#define BY_RECENT_BITS 10
#define BY_RECENT      (1 << BY_RECENT_BITS)

/* pid: { tgid }, comm: its bytes, cgroup: { id }, region: { tgid, address }, ip: { tgid, address }.
 * The groups of BY_MAPPING are the reader's.
 */
struct by_key {
	__u64 word[2];
};

struct by_time_key {
	struct by_key by;
	__u64 class;
};

/* Per CPU. */
struct by_faults {
	__u64 entries;
	__u64 comm[2]; /* task of the latest one on this CPU */
};

/* Per CPU: what is not in the table by_faults yet. */
struct by_recent {
	struct by_key key;
	struct by_faults faults;
};

/* Per CPU; those of a group are of all CPUs, added to atomically. */
struct fault_times {
	__u64 count;                   /* completions that pass the filter */
	__u64 timed, total_ns, max_ns; /* of those whose entry was seen, entry to completion */
	__u64 latency[HIST_BUCKETS];
};

#define STACK_DEPTH 127   /* frames, the kernel's own limit by default */
#define STACKS      65536 /* different ones, in all processes */

/* Whose stack, and a hash of its addresses. The value is how often it was seen. */
struct stack_key {
	__u32 tgid;
	__u32 unused;
	__u64 mm; /* another one once the process runs another program */
	__u64 comm[2];
	__u64 hash;
};

/* A stack that was not seen before; ends behind its last address. */
struct stack_event {
	struct stack_key key;
	__u32 user, kernel;          /* addresses, innermost first */
	__u64 addr[2 * STACK_DEPTH]; /* the user's, then the kernel's */
};

struct fault_sums {
	__u64 user, kernel, filtered; /* entries */
	__u64 clock_left;             /* entries that may be timed */
	__u64 clock_jiffy, clock_ns;  /* when there were none left */
	__u64 wake_jiffy;             /* when the reader was woken for mappings */
	struct fault_space woken;     /* and for whose */
	__u64 unmatched; /* completions to be timed without an entry seen, or timed, before */
	__u64 others;    /* faults that found no room in the table of --by or of --stacks */
	__u64 runs[3];   /* by enum fault_class: completions, whatever the filter says */
	struct fault_times times[3]; /* by enum fault_class; the first is not used */
};

#endif

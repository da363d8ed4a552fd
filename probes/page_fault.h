/* SPDX-License-Identifier: GPL-2.0-only */
/* page_fault.h - what the BPF side of page_fault passes on: single events, or sums per CPU. */
#ifndef COLDPRESS_PAGE_FAULT_H
#define COLDPRESS_PAGE_FAULT_H

#include "bpf/hist.h"

enum fault_mode {
	FAULT_TRACE_PIPE, /* a line each with bpf_printk */
	FAULT_STREAM,     /* a record each in the ring, made at entry */
	FAULT_COMPLETED, /* a record each in the ring, made at completion: with class and latency */
	FAULT_SUMMARY,   /* sums and a latency histogram, nothing for a single event */
	FAULT_STACKS,    /* at completion: the stacks, counted */
	FAULT_NOTHING,   /* as for a summary, with empty bodies: the cost of the hooks alone */
};

enum fault_access { ACCESS_UNKNOWN, ACCESS_READ, ACCESS_WRITE, ACCESS_EXEC };
enum fault_class { CLASS_UNKNOWN, CLASS_MINOR, CLASS_MAJOR };

/* What is known at entry; saved until the completion. */
struct fault_entry {
	__u64 ts_ns; /* CLOCK_MONOTONIC, at entry; 0: was not seen */
	__u64 addr, ip;
	__u32 user;   /* entered from user mode, else from the kernel */
	__u32 access; /* enum fault_access */
};

#define FAULT_SLOTS 32768 /* tasks whose current fault is saved, by tid */

struct fault_slot {
	struct fault_entry entry;
	__u32 tid;
	__u32 unused;
	__u64 completed; /* faults of the task so far: a summary may skip later entries */
	__u64 unused2;   /* one cache line per slot */
};

/* How many entries a CPU times in a summary of major latencies: reading the clock costs as much as
 * all the rest. More entries than that are minor faults in a row.
 */
#define CLOCK_SAVED    4096      /* at most, after a time without entries */
#define CLOCK_EVERY_NS (1 << 15) /* one more per this time: 30,000 a second */
#define CLOCK_MAJOR    512       /* at least, after a major fault */

struct fault_event {
	struct fault_entry entry;
	__u64 latency_ns; /* entry to completion; undefined without a class or an entry */
	__u32 pid, tid;
	__u32 class; /* enum fault_class */
	__u32 unused;
	char comm[16];
};

/* Tells the reader whether the mappings that it has read are those of a fault. */
struct fault_space {
	__u64 stack;      /* start of the first thread's stack: differs after exec */
	__u64 generation; /* differs after a change of the mappings */
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
#define BY_KEYS        16384 /* further groups are counted as others */
#define BY_TIMES       4096  /* groups with times: 5 KiB each, allocated when needed */
#define BY_RECENT_BITS 10
#define BY_RECENT      (1 << BY_RECENT_BITS)

/* pid: { tgid }, comm: its bytes, cgroup: { id }, region and ip: { tgid, address }. The groups of
 * BY_MAPPING are kept by the reader.
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

/* Per CPU: counts that are not in the map by_faults yet. */
struct by_recent {
	struct by_key key;
	struct by_faults faults;
};

/* Per CPU; those of a group are shared by all CPUs and added to atomically. */
struct fault_times {
	__u64 count;      /* completions that pass the filter */
	struct hist time; /* entry to completion, of those whose entry was seen */
};

#define STACK_DEPTH 127   /* frames, the kernel's own limit by default */
#define STACKS      65536 /* different ones, of all processes */

/* Whose stack, and a hash of its addresses. The value is the number of faults. */
struct stack_key {
	__u32 tgid;
	__u32 unused;
	__u64 mm; /* differs after exec */
	__u64 comm[2];
	__u64 hash;
};

/* A stack at its first fault; ends after its last address. */
struct stack_event {
	struct stack_key key;
	__u32 user, kernel;          /* addresses, innermost first */
	__u64 addr[2 * STACK_DEPTH]; /* the user's, then the kernel's */
};

struct fault_sums {
	__u64 user, kernel, filtered; /* entries */
	__u64 clock_left;             /* entries that may be timed */
	__u64 clock_jiffy, clock_ns;  /* when none were left */
	__u64 wake_jiffy;             /* when the reader was woken to read mappings */
	struct fault_space woken;     /* and whose */
	__u64 unmatched; /* completions to be timed whose entry was not seen, or not timed */
	__u64 others;    /* faults that did not fit into the table of --by or of --stacks */
	__u64 runs[3];   /* by enum fault_class: completions, before the filter */
	struct fault_times times[3]; /* by enum fault_class; the first is not used */
};

#endif

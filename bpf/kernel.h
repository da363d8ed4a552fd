/* SPDX-License-Identifier: GPL-2.0-only */
/* kernel.h - the kernel's types as far as the probes use them, relocated at load time (CO-RE).
 *
 * Only the members in use are declared: libbpf finds their offsets in the running kernel's BTF. The
 * constants are of the stable interface (linux/bpf.h), repeated here because its headers need a
 * target's own asm/.
 */
#ifndef COLDPRESS_BPF_KERNEL_H
#define COLDPRESS_BPF_KERNEL_H

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed char __s8;
typedef short __s16;
typedef int __s32;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef _Bool bool;
#define true 1
#define false 0

enum {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_HASH = 5,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_CGROUP_ARRAY = 8,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_RINGBUF = 27,
};
enum {
	BPF_NOEXIST = 1,
	BPF_F_NO_PREALLOC = 1,
	BPF_F_MMAPABLE = 1 << 10,
	BPF_RB_NO_WAKEUP = 1,
	BPF_RB_FORCE_WAKEUP = 2,
	BPF_F_USER_STACK = 1 << 8,
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct kernfs_node {
	__u64 id;
};

struct cgroup {
	struct kernfs_node *kn;
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

struct cred {
	struct {
		__u32 val;
	} uid;
};

struct list_head {
	struct list_head *next;
};

struct signal_struct {
	struct {
		int counter;
	} live;
	int nr_threads;
	struct list_head thread_head;
	unsigned int flags;
	int group_exit_code;
	__u64 utime, stime;
	unsigned long min_flt, maj_flt, maxrss;
	unsigned long long sum_sched_runtime;
};

struct mm_struct {
	unsigned long arg_start, arg_end, start_stack, total_vm;
	int map_count;
};

struct thread_info {
	unsigned long flags;
	__u32 status; /* x86 */
};

struct rq {
	__u64 clock, clock_task;
};

struct cfs_rq {
	struct rq *rq; /* CONFIG_FAIR_GROUP_SCHED */
};

struct ns_common {
	unsigned int inum;
};

struct pid_namespace {
	struct ns_common ns;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;
	struct upid numbers[1]; /* one for each namespace from the initial one down to its own */
};

struct task_struct {
	struct thread_info thread_info;
	int pid, tgid, exit_state, exit_code;
	struct list_head thread_node;
	__u64 start_time, utime, stime;
	unsigned long min_flt, maj_flt;
	struct {
		__u64 sum_exec_runtime, exec_start;
		struct cfs_rq *cfs_rq; /* CONFIG_FAIR_GROUP_SCHED */
	} se;
	struct task_struct *real_parent, *group_leader;
	struct pid *thread_pid;
	struct signal_struct *signal;
	struct mm_struct *mm;
	struct css_set *cgroups;
	const struct cred *real_cred;
	char comm[16];
};

struct block_device {
	__u32 bd_dev;
};

struct bio {
	struct block_device *bi_bdev; /* 5.12 */
	__u32 bi_opf;
	__u8 bi_status; /* 4.13; 0: all went well */
	struct {
		__u64 bi_sector;
		__u32 bi_size;
	} bi_iter;
};

struct folio { /* 6.18; before, folio___long */
	struct {
		__u64 f;
	} flags;
};

struct folio___long { /* 5.16 */
	__u64 flags;
};

enum pageflags {
	PG_swapbacked,
};

struct linux_binprm {
	const char *filename;
};

#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long ip, di, si, dx, orig_ax;
};
#define REGS_IP ip
#elif defined(__TARGET_ARCH_arm64)
struct pt_regs {
	__u64 pc, regs[31], orig_x0;
	__s32 syscallno;
};
#define REGS_IP pc
#endif

/* The context of a program on a perf event. On arm64 its regs are a struct user_pt_regs with that
 * member. */
struct bpf_perf_event_data {
	struct pt_regs regs;
	__u64 addr;
};

/* The record of exceptions:page_fault_*; renamed from x86_exceptions by 6.18, layout unchanged. */
struct trace_event_raw_exceptions {
	unsigned long address, ip, error_code;
};
struct trace_event_raw_x86_exceptions {
	unsigned long address, ip, error_code;
};

/* The records of mm_vmscan_direct_reclaim_end and of its memcg twin. */
struct trace_event_raw_mm_vmscan_direct_reclaim_end_template {
	unsigned long nr_reclaimed;
};

struct trace_event_raw_mm_vmscan_write_folio {
	int reclaim_flags;
};

struct trace_event_raw_mm_vmscan_lru_shrink_inactive {
	unsigned long nr_scanned, nr_reclaimed;
};

#pragma clang attribute pop

#endif

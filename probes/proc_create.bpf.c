// SPDX-License-Identifier: GPL-2.0-only
/* proc_create.bpf.c - forks, execs and exits: lines in trace_pipe or records in the ring.
 *
 * No classic variants: the record of a fork has no thread group of the child, so that a thread
 * cannot be told from a process, and its layout changed (parent_comm became __data_loc by 6.18).
 */
#include "bpf/stream.bpf.h"
#include "proc_create.h"

#define SIGNAL_GROUP_EXIT 4

const volatile bool to_trace_pipe = true; /* else into the ring */
const volatile bool with_threads = false;
const volatile bool by_tree = false; /* only processes in the map "tree" */
const volatile __u32 max_argv = 4096;
const volatile __u32 only_ppid = 0; /* only processes with this parent; 0: all */

/* CLOCK_MONOTONIC less the scheduler's clock, updated by the reader; 0: not known. */
MAP_ONE(ARRAY, clock_behind_ns, __u64);

/* Processes of the tree that --tree selects; each fork of one adds its child. */
MAP(HASH, tree, __u32, __u32, 65536, BPF_F_NO_PREALLOC);

/* Records too large for the stack, and of a size that is not known beforehand. */
MAP_ONE(PERCPU_ARRAY, scratch, struct exec_event);
MAP_ONE(PERCPU_ARRAY, failed_scratch, struct exec_failed_event);

/* Number of threads that a process has had, of those that create one: the others have one. */
struct process {
	__u64 start_ns;
	__u64 pid;
};

MAP(HASH, threads, struct process, __u32, 65536, BPF_F_NO_PREALLOC);

/* Processes whose exit was reported, on kernels where two threads can both be the last one. */
struct ended {
	__u64 signal, start_ns;
};

MAP(LRU_HASH, reported, struct ended, __u32, 4096, 0);

/* Passes a record of this size on, or counts it as dropped. */
static __always_inline void output(void *event, __u64 bytes)
{
	struct probe_counts *c;

	if (bpf_ringbuf_output(&events, event, bytes, BPF_RB_NO_WAKEUP) && (c = counts()))
		c->dropped++;
}

/* Whether the current process is in the tree of --tree, or none was given. */
static __always_inline bool in_tree(void)
{
	__u32 pid = by_tree ? current_ids() >> 32 : 0;

	return !by_tree || bpf_map_lookup_elem(&tree, &pid);
}

static __always_inline bool child_of(__u32 ppid)
{
	return !only_ppid || only_ppid == ppid;
}

static __always_inline struct process process_of(struct task_struct *leader)
{
	return (struct process){ BPF_CORE_READ(leader, start_time),
				 bpf_get_current_pid_tgid() >> 32 };
}

/* The current process has created a thread; at the first one, nr_threads has the number so far. */
static __always_inline void count_thread(struct task_struct *parent)
{
	struct process key = process_of(BPF_CORE_READ(parent, group_leader));
	__u32 now = BPF_CORE_READ(parent, signal, nr_threads),
	      *n = bpf_map_lookup_elem(&threads, &key);

	if (n)
		__sync_fetch_and_add(n, 1);
	else
		bpf_map_update_elem(&threads, &key, &now, BPF_NOEXIST);
}

/* Counts the event; true when it is wanted. */
static __always_inline bool admit_here(bool member)
{
	if (!admit())
		return false;
	if (!member)
		count_filtered();
	return member;
}

static __always_inline void describe(struct task_event *event, enum task_kind kind,
				     struct task_struct *task)
{
	__u64 id = current_ids();

	event->ts_ns = bpf_ktime_get_ns();
	event->cgroup = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
	event->kind = kind;
	event->pid = id >> 32;
	event->tid = (__u32)id;
	event->child = 0;
	event->uid = BPF_CORE_READ(task, real_cred, uid.val);
	bpf_get_current_comm(event->comm, sizeof(event->comm));
}

/* (parent, child), both struct task_struct *, since 4.x. The current task is the parent. */
TRACEPOINT(sched_process_fork)
{
	struct task_struct *parent = (void *)arg[0], *child = (void *)arg[1];
	__u32 id = tid_of(child), ppid;
	bool thread = BPF_CORE_READ(child, pid) != BPF_CORE_READ(child, tgid);
	struct task_event *event;
	bool member = in_tree();

	if (by_tree && member && !thread)
		bpf_map_update_elem(&tree, &id, &(__u32){ 0 }, 0);
	if (thread && !to_trace_pipe)
		count_thread(parent);
	ppid = tgid_of(BPF_CORE_READ(parent, real_parent));
	if (!admit_here(member && child_of(thread ? ppid : current_ids() >> 32)))
		return 0;
	if (thread && !with_threads) {
		count_filtered();
		return 0;
	}
	if (to_trace_pipe) {
		bpf_printk("hello world %d", id);
		return 0;
	}
	event = reserve(sizeof(*event));
	if (!event)
		return 0;
	describe(event, thread ? TASK_THREAD : TASK_FORK, child);
	event->ppid = ppid;
	event->child = id;
	submit(event);
	return 0;
}

/* (task, old_pid, bprm) since 3.4: called when nothing can fail any more. The arguments lie where
 * the new program finds them, whoever called: execve, execveat, a thread that is not the leader
 * (old_pid is its TID then; now it has the leader's).
 */
TRACEPOINT(sched_process_exec)
{
	struct task_struct *task = (void *)arg[0];
	struct linux_binprm *bprm = (void *)arg[2];
	struct exec_event *event;
	unsigned long begin, bytes;
	__u32 ppid = tgid_of(BPF_CORE_READ(task, real_parent));

	if (!admit_here(in_tree() && child_of(ppid)))
		return 0;
	event = only(&scratch);
	if (!event)
		return 0;
	describe(&event->task, TASK_EXEC, task);
	/* The number of another thread that called has gone with it in other namespaces. */
	if ((__u32)arg[1] != (__u32)BPF_CORE_READ(task, pid))
		event->task.tid = pid_space ? PID_OUTSIDE : (__u32)arg[1];
	event->task.ppid = ppid;
	bpf_probe_read_kernel_str(event->path, sizeof(event->path), BPF_CORE_READ(bprm, filename));
	begin = BPF_CORE_READ(task, mm, arg_start);
	bytes = BPF_CORE_READ(task, mm, arg_end) - begin;
	event->argv_bytes = bytes;
	if (bytes > max_argv)
		bytes = max_argv;
	if (bytes > EXEC_ARGV_MAX)
		bytes = EXEC_ARGV_MAX;
	if (bpf_probe_read_user(event->argv, bytes, (void *)begin))
		bytes = 0;
	event->argv_read = bytes;
	output(event, __builtin_offsetof(struct exec_event, argv) + bytes);
	return 0;
}

/* The addresses of path and arguments of a call of execve or execveat; false: another call.
 * Processes of the other word size are skipped: their calls have other numbers.
 */
static __always_inline bool exec_call(struct pt_regs *regs, __u64 *path, __u64 *argv)
{
	struct task_struct *task = (void *)bpf_get_current_task();
#if defined(__TARGET_ARCH_x86)
	__u64 call = BPF_CORE_READ(regs, orig_ax);

	if ((call != 59 && call != 322) ||
	    BPF_CORE_READ(task, thread_info.status) & 2 /* TS_COMPAT */)
		return false;
	*path = call == 59 ? BPF_CORE_READ(regs, di) : BPF_CORE_READ(regs, si);
	*argv = call == 59 ? BPF_CORE_READ(regs, si) : BPF_CORE_READ(regs, dx);
#else
	__s32 call = BPF_CORE_READ(regs, syscallno);

	if ((call != 221 && call != 281) ||
	    BPF_CORE_READ(task, thread_info.flags) >> 22 & 1 /* TIF_32BIT */)
		return false;
	*path = call == 221 ? BPF_CORE_READ(regs, orig_x0) : BPF_CORE_READ(regs, regs[1]);
	*argv = call == 221 ? BPF_CORE_READ(regs, regs[1]) : BPF_CORE_READ(regs, regs[2]);
#endif
	return true;
}

struct argv_reader {
	__u64 argv, at, cut;
};

/* Appends one argument; 1 ends the loop. */
static long read_argument(__u32 i, struct argv_reader *reader)
{
	/* 64 bits wide: a verifier loses the bounds of narrower values that are widened. */
	__u64 at = reader->at, room, arg = 0;
	struct exec_failed_event *event = only(&failed_scratch);
	__s64 n;

	if (!event ||
	    bpf_probe_read_user(&arg, sizeof(arg), (void *)(reader->argv + i * sizeof(arg)))) {
		reader->cut = 1;
		return 1;
	}
	if (!arg)
		return 1;
	room = at < max_argv ? max_argv - at : 0;
	if (room > EXEC_ARG_MAX)
		room = EXEC_ARG_MAX;
	if (!room || at >= EXEC_ARGV_MAX) {
		reader->cut = 1;
		return 1;
	}
	n = bpf_probe_read_user_str(event->argv + at, room, (void *)arg);
	if (n <= 0 || n > EXEC_ARG_MAX) {
		reader->cut = 1;
		return 1;
	}
	reader->at = at + (__u64)n;
	/* As long as the space left: perhaps cut. */
	if ((__u64)n == room)
		reader->cut = 1;
	return 0;
}

/* (regs, ret) since 2.6: every system call of the machine, so only with --failed. */
TRACEPOINT(sys_exit)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__s64 ret = (__s64)arg[1], n;
	struct exec_failed_event *event;
	struct argv_reader reader = {};
	__u32 ppid;
	__u64 path;

	if (ret >= 0 || ret < -4095 || !exec_call((void *)arg[0], &path, &reader.argv))
		return 0;
	ppid = tgid_of(BPF_CORE_READ(task, real_parent));
	if (!admit_here(in_tree() && child_of(ppid)))
		return 0;
	event = only(&failed_scratch);
	if (!event)
		return 0;
	describe(&event->task, TASK_EXEC_FAILED, task);
	event->task.ppid = ppid;
	event->error = (__u32)-ret;
	n = path ? bpf_probe_read_user_str(event->path, sizeof(event->path), (void *)path) : 0;
	event->path_read = n > 0 ? (__u32)n : 0;
	if (reader.argv && bpf_loop(EXEC_ARGS_MAX, read_argument, &reader, 0) == EXEC_ARGS_MAX)
		reader.cut = 1;
	if (reader.at > EXEC_ARGV_MAX)
		reader.at = EXEC_ARGV_MAX;
	event->argv_read = (__u32)reader.at;
	event->argv_cut = (__u32)reader.cut;
	output(event, __builtin_offsetof(struct exec_failed_event, argv) + reader.at);
	return 0;
}

/* Whether the process ends with this thread. */
static __always_inline bool last_thread(const __u64 *arg, struct task_struct *task)
{
	struct ended key = {};

	if (bpf_core_field_exists(struct trace_event_raw_sched_process_exit, group_dead))
		return arg[1];
	/* The count is decremented before: the last two threads may both see 0. The first one
	 * reports.
	 */
	if (BPF_CORE_READ(task, signal, live.counter))
		return false;
	key.signal = (__u64)BPF_CORE_READ(task, signal);
	key.start_ns = BPF_CORE_READ(task, group_leader, start_time);
	return bpf_map_update_elem(&reported, &key, &(__u32){ 0 }, BPF_NOEXIST) == 0;
}

/* Number of threads that the current process has had; 0: it created none. */
static __always_inline __u32 forget_threads(struct task_struct *leader)
{
	struct process key = process_of(leader);
	__u32 *n = bpf_map_lookup_elem(&threads, &key), had = n ? *n : 0;

	if (n)
		bpf_map_delete_elem(&threads, &key);
	return had;
}

/* Time that the current task ran since its runtime was last updated, as in each tick; most short
 * tasks end before the first. That is the advance of clock_task, which excludes interrupts and
 * stolen time, up to the last update of the run queue's clock, and the time since then.
 */
static __always_inline __u64 not_yet_counted(struct task_struct *task)
{
	__u64 *behind_ns = only(&clock_behind_ns);
	struct rq *rq;
	__s64 ns;

	if (!behind_ns || !*behind_ns || !bpf_core_field_exists(task->se.cfs_rq))
		return 0;
	rq = BPF_CORE_READ(task, se.cfs_rq, rq);
	ns = (__s64)(bpf_ktime_get_ns() - *behind_ns - BPF_CORE_READ(rq, clock)) +
	     (__s64)(BPF_CORE_READ(rq, clock_task) - BPF_CORE_READ(task, se.exec_start));
	/* The two clocks are compared to a microsecond. */
	return ns > 0 ? ns : 0;
}

/* The sum of released threads in signal, plus this thread, plus a leader that ended before it. */
#define TOTAL(in_signal, in_task) \
	(BPF_CORE_READ(signal, in_signal) + BPF_CORE_READ(task, in_task) + \
	 (leader == task ? 0 : BPF_CORE_READ(leader, in_task)))

/* (task), and (task, group_dead) by 6.18; the current task is the one that ends. max RSS is in
 * signal on all. */
TRACEPOINT(sched_process_exit)
{
	struct task_struct *task = (void *)arg[0];
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);
	struct signal_struct *signal = BPF_CORE_READ(task, signal);
	struct exit_event *event;
	bool member = in_tree(), last = last_thread(arg, task);
	__u32 pid = current_ids() >> 32, ppid = tgid_of(BPF_CORE_READ(leader, real_parent));
	__u32 had = last ? forget_threads(leader) : 0;

	if (by_tree && member && last)
		bpf_map_delete_elem(&tree, &pid);
	if (!admit_here(member && child_of(ppid)))
		return 0;
	if (!last) {
		count_filtered();
		return 0;
	}
	event = reserve(sizeof(*event));
	if (!event)
		return 0;
	describe(&event->task, TASK_EXIT, task);
	event->task.ppid = ppid;
	event->lifetime_ns = event->task.ts_ns - BPF_CORE_READ(leader, start_time);
	event->cpu_ns = TOTAL(sum_sched_runtime, se.sum_exec_runtime) + not_yet_counted(task);
	event->user_ns = TOTAL(utime, utime);
	event->system_ns = TOTAL(stime, stime);
	event->max_rss_pages = BPF_CORE_READ(signal, maxrss);
	event->minor_faults = TOTAL(min_flt, min_flt);
	event->major_faults = TOTAL(maj_flt, maj_flt);
	event->status = BPF_CORE_READ(signal, flags) & SIGNAL_GROUP_EXIT
				? BPF_CORE_READ(signal, group_exit_code)
				: BPF_CORE_READ(leader, exit_code);
	event->threads = had;
	submit(event);
	return 0;
}

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

/* Processes of the tree that --tree selects; each fork of one adds its child. */
MAP(HASH, tree, __u32, __u32, 65536, BPF_F_NO_PREALLOC);

/* Processes of the tree that did not fit into it. */
MAP_ONE(ARRAY, left_out, __u64);

/* Records too large for the stack, and of a size that is not known beforehand. */
MAP_ONE(PERCPU_ARRAY, scratch, struct exec_event);

#include "proc_create_exit.bpf.h"

/* Passes a record of this size on, or counts it as dropped. */
static __always_inline void output(void *event, __u64 bytes)
{
	struct probe_counts *c;

	if (bpf_ringbuf_output(&events, event, bytes, BPF_RB_NO_WAKEUP) && (c = counts()))
		c->dropped++;
}

_Static_assert(EXEC_PATH_MAX < 8192 && 8192 <= EXEC_ARG_MAX, "output_exec() masks with 8191");

/* Passes an exec on; path_read: what reading the path behind the arguments returned. */
static __always_inline void output_exec(struct exec_event *event, __u64 argv_read, __s64 path_read)
{
	__u64 n = path_read > 0 ? path_read : 0;

	/* Bounds for the verifier of 6.1, hidden from the compiler as in hist_bucket(). */
	asm volatile("%0 &= 8191" : "+r"(n));
	event->path_read = n;
	output(event, __builtin_offsetof(struct exec_event, text) + argv_read + n);
}

/* Whether the current process is in the tree of --tree, or none was given. */
static __always_inline bool in_tree(void)
{
	__u32 pid = by_tree ? current_ids() >> 32 : 0;

	return !by_tree || bpf_map_lookup_elem(&tree, &pid);
}

static __always_inline void add_to_tree(__u32 pid)
{
	__u64 *others = only(&left_out);

	if (bpf_map_update_elem(&tree, &pid, &(__u32){ 0 }, 0) && others)
		__sync_fetch_and_add(others, 1);
}

static __always_inline bool child_of(__u32 ppid)
{
	return !only_ppid || only_ppid == ppid;
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
		add_to_tree(id);
	if (!to_trace_pipe)
		forget_mark(BPF_CORE_READ(child, pid));
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
	unsigned long begin;
	__u64 bytes; /* 64 bits wide: a verifier loses the bounds of values that are widened */
	__u32 ppid = tgid_of(BPF_CORE_READ(task, real_parent));

	/* The thread that called exec has the PID of the first one, which has ended. */
	forget_mark(bpf_get_current_pid_tgid() >> 32);
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
	event->error = 0;
	begin = BPF_CORE_READ(task, mm, arg_start);
	bytes = BPF_CORE_READ(task, mm, arg_end) - begin;
	event->argv_cut = bytes > max_argv;
	if (bytes > max_argv)
		bytes = max_argv;
	if (bytes > EXEC_ARGV_MAX)
		bytes = EXEC_ARGV_MAX;
	if (bpf_probe_read_user(event->text, bytes, (void *)begin)) {
		event->argv_cut = bytes > 0;
		bytes = 0;
	}
	event->argv_read = bytes;
	output_exec(event, bytes,
		    bpf_probe_read_kernel_str(event->text + bytes, EXEC_PATH_MAX,
					      BPF_CORE_READ(bprm, filename)));
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
	struct exec_event *event = only(&scratch);
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
	n = bpf_probe_read_user_str(event->text + at, room, (void *)arg);
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
	__s64 ret = (__s64)arg[1];
	struct exec_event *event;
	struct argv_reader reader = {};
	__u64 path, at;
	__u32 ppid;

	if (ret >= 0 || ret < -4095 || !exec_call((void *)arg[0], &path, &reader.argv))
		return 0;
	ppid = tgid_of(BPF_CORE_READ(task, real_parent));
	if (!admit_here(in_tree() && child_of(ppid)))
		return 0;
	event = only(&scratch);
	if (!event)
		return 0;
	describe(&event->task, TASK_EXEC_FAILED, task);
	event->task.ppid = ppid;
	event->error = (__u32)-ret;
	if (reader.argv && bpf_loop(EXEC_ARGS_MAX, read_argument, &reader, 0) == EXEC_ARGS_MAX)
		reader.cut = 1;
	at = reader.at;
	if (at > EXEC_ARGV_MAX)
		at = EXEC_ARGV_MAX;
	event->argv_read = (__u32)at;
	event->argv_cut = (__u32)reader.cut;
	output_exec(event, at,
		    path ? bpf_probe_read_user_str(event->text + at, EXEC_PATH_MAX, (void *)path)
			 : 0);
	return 0;
}

/* (task, ...); the current task is the one that ends, and the process with the last of its threads
 * that comes here, which need not be the last one that the kernel counted. max RSS is in signal.
 */
TRACEPOINT(sched_process_exit)
{
	struct task_struct *task = (void *)arg[0];
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);
	struct signal_struct *signal = BPF_CORE_READ(task, signal);
	struct exit_event *event;
	struct usage sum;
	__u32 threads = 0;
	bool member = in_tree(), last = last_exit(task, leader, signal, &sum, &threads);
	__u32 pid = current_ids() >> 32, ppid = tgid_of(BPF_CORE_READ(leader, real_parent));

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
	event->cpu_ns = sum.cpu_ns;
	event->user_ns = sum.user_ns;
	event->system_ns = sum.system_ns;
	event->max_rss_pages = BPF_CORE_READ(signal, maxrss);
	event->minor_faults = sum.minor_faults;
	event->major_faults = sum.major_faults;
	event->status = BPF_CORE_READ(signal, flags) & SIGNAL_GROUP_EXIT
				? BPF_CORE_READ(signal, group_exit_code)
				: BPF_CORE_READ(leader, exit_code);
	event->threads = threads;
	submit(event);
	return 0;
}

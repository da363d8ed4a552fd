// SPDX-License-Identifier: GPL-2.0-only
/* proc_create.bpf.c - sched_process_fork into a line in trace_pipe or a record in the ring.
 *
 * There is no classic variant: the record that one sees carries no thread group of the child, so a thread could
 * not be told from a process, and its layout changed (parent_comm became __data_loc by 6.18).
 */
#include "stream.bpf.h"
#include "proc_create.h"

const volatile bool to_trace_pipe = true;	/* else into the ring */
const volatile bool with_threads = false;

/* (parent, child), both struct task_struct *, since 4.x. The current task is the parent. */
TRACEPOINT(sched_process_fork)
{
	struct task_struct *parent = (void *)arg[0], *child = (void *)arg[1];
	__u32 id = BPF_CORE_READ(child, pid);
	bool thread = id != (__u32)BPF_CORE_READ(child, tgid);
	struct probe_counts *c;
	struct task_event *event;

	if (!admit())
		return 0;
	if (thread && !with_threads) {
		if ((c = counts()))
			c->filtered++;
		return 0;
	}
	if (to_trace_pipe) {
		bpf_printk("hello world %d", id);
		return 0;
	}
	event = reserve(sizeof(*event));
	if (!event)
		return 0;
	event->ts_ns = bpf_ktime_get_ns();
	event->cgroup = BPF_CORE_READ(child, cgroups, dfl_cgrp, kn, id);
	event->pid = BPF_CORE_READ(parent, tgid);
	event->tid = BPF_CORE_READ(parent, pid);
	event->ppid = BPF_CORE_READ(parent, real_parent, tgid);
	event->child = id;
	event->uid = BPF_CORE_READ(child, real_cred, uid.val);
	event->thread = thread;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	submit(event);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* proc_create.h - what the BPF side of proc_create hands over: one fixed-width record for each new task. */
#ifndef COLDPRESS_PROC_CREATE_H
#define COLDPRESS_PROC_CREATE_H

struct task_event {
	__u64 ts_ns;	/* CLOCK_MONOTONIC */
	__u64 cgroup;	/* the child's in the v2 hierarchy: the inode number of its directory */
	__u32 pid, tid;	/* who forked */
	__u32 ppid;
	__u32 child;	/* the new task's own id: a PID, or a TID where thread is set */
	__u32 uid;	/* real one */
	__u32 thread;
	char comm[16];
};

#endif

// SPDX-License-Identifier: GPL-2.0-only
/* pid.bpf.h - processes and threads by the numbers that the probe's own PID namespace shows.
 *
 * A task has a number in its namespace and in each one above it. The reader, its user and /proc use
 * those of the reader's namespace, the helpers of BPF those of the initial one.
 */
#ifndef COLDPRESS_PID_BPF_H
#define COLDPRESS_PID_BPF_H

#define PID_LEVELS 33 /* the kernel's MAX_PID_NS_LEVEL and the initial namespace */

/* Inode number of the reader's PID namespace; 0: it is the initial one, and nothing is looked up.
 */
const volatile __u32 pid_space = 0;

/* PID_OUTSIDE: the task is not visible in the reader's namespace. bpf_get_ns_current_pid_tgid would
 * miss tasks in namespaces below the reader's, and tasks other than the current one.
 */
static __noinline __u32 number_of(struct task_struct *task)
{
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	__u32 level = BPF_CORE_READ(pid, level);

	for (__u32 i = 0; i < PID_LEVELS && i <= level; i++) {
		struct upid *at = (void *)pid + bpf_core_field_offset(pid->numbers) +
				  (level - i) * bpf_core_type_size(struct upid);

		if (BPF_CORE_READ(at, ns, ns.inum) == pid_space)
			return BPF_CORE_READ(at, nr);
	}
	return PID_OUTSIDE;
}

static __always_inline __u32 tid_of(struct task_struct *task)
{
	return pid_space ? number_of(task) : (__u32)BPF_CORE_READ(task, pid);
}

static __always_inline __u32 tgid_of(struct task_struct *task)
{
	return pid_space ? number_of(BPF_CORE_READ(task, group_leader))
			 : (__u32)BPF_CORE_READ(task, tgid);
}

/* As bpf_get_current_pid_tgid. */
static __always_inline __u64 current_ids(void)
{
	struct task_struct *task;

	if (!pid_space)
		return bpf_get_current_pid_tgid();
	task = (void *)bpf_get_current_task();
	return (__u64)tgid_of(task) << 32 | tid_of(task);
}

#endif

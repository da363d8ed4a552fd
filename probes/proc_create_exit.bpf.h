// SPDX-License-Identifier: GPL-2.0-only
/* proc_create_exit.bpf.h - the CPU time and faults of a process: added up at the end of each of its
 * threads.
 *
 * The kernel adds up a thread when it is released, a while after its end. Threads that end at the
 * same time may be in neither place: not in the sum of the released ones, and not seen by the last
 * one. So each thread adds to the sum of its process here. The first thread that sees that no
 * thread lives (of two that see it, one: closing) looks for those that have not come here yet: they
 * are awaited, and the last of them reports. Whether a thread has come here or is awaited is a mark
 * by TID, set with one atomic operation, so that of the two either sees the other.
 */
#ifndef COLDPRESS_PROC_CREATE_EXIT_BPF_H
#define COLDPRESS_PROC_CREATE_EXIT_BPF_H

/* CLOCK_MONOTONIC less the scheduler's clock, updated by the reader; 0: not known. */
MAP_ONE(ARRAY, clock_behind_ns, __u64);

struct usage {
	__u64 cpu_ns, user_ns, system_ns, minor_faults, major_faults;
};

struct process {
	__u64 start_ns; /* of its first thread */
	__u64 pid;
};

/* Of a process with several threads, from the first creation or end of one that was seen. */
struct group {
	struct usage ended; /* threads that have ended */
	__u64 threads;      /* number over the lifetime; 0: no creation was seen */
	__u64 closing;      /* ends of threads when none lived */
	__u64 awaited;      /* threads that have not come here when closing began */
};

MAP(HASH, groups, struct process, struct group, THREADED_MAX, 0);

/* Two bits for each TID, of those that ended. */
#define PID_MAX_LIMIT (1 << 22)
#define MARKS         32 /* of a word */
#define MARK_ENDED    1ULL
#define MARK_AWAITED  2ULL

MAP(ARRAY, marks, __u32, __u64, PID_MAX_LIMIT / MARKS, 0);

/* Sets a mark of a thread; returns the marks it had. */
static __always_inline __u64 set_mark(__u32 tid, __u64 mark)
{
	__u32 i = tid / MARKS, shift = tid % MARKS * 2;
	__u64 *word = bpf_map_lookup_elem(&marks, &i);

	return word ? fetch_or(word, mark << shift) >> shift : 0;
}

/* A new task has this TID. */
static __always_inline void forget_mark(__u32 tid)
{
	__u32 i = tid / MARKS, shift = tid % MARKS * 2;
	__u64 *word = bpf_map_lookup_elem(&marks, &i), mine = (MARK_ENDED | MARK_AWAITED) << shift;

	if (word && *word & mine)
		__sync_fetch_and_and(word, ~mine);
}

static __always_inline struct process process_of(struct task_struct *leader)
{
	return (struct process){ BPF_CORE_READ(leader, start_time),
				 bpf_get_current_pid_tgid() >> 32 };
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

static __always_inline struct usage usage_of(struct task_struct *task)
{
	return (struct usage){
		.cpu_ns = BPF_CORE_READ(task, se.sum_exec_runtime),
		.user_ns = BPF_CORE_READ(task, utime),
		.system_ns = BPF_CORE_READ(task, stime),
		.minor_faults = BPF_CORE_READ(task, min_flt),
		.major_faults = BPF_CORE_READ(task, maj_flt),
	};
}

static __always_inline void add_usage(struct usage *to, const struct usage *from)
{
	__sync_fetch_and_add(&to->cpu_ns, from->cpu_ns);
	__sync_fetch_and_add(&to->user_ns, from->user_ns);
	__sync_fetch_and_add(&to->system_ns, from->system_ns);
	__sync_fetch_and_add(&to->minor_faults, from->minor_faults);
	__sync_fetch_and_add(&to->major_faults, from->major_faults);
}

/* What threads used that ended before the probe was attached: those released, and a first thread
 * that others outlive. Right only where the process has no entry in groups afterwards: then no
 * thread has come here that may have been released meanwhile.
 */
static __always_inline struct usage ended_before(struct task_struct *task,
						 struct task_struct *leader,
						 struct signal_struct *signal)
{
	struct usage first = {}, ret = {
		.cpu_ns = BPF_CORE_READ(signal, sum_sched_runtime),
		.user_ns = BPF_CORE_READ(signal, utime),
		.system_ns = BPF_CORE_READ(signal, stime),
		.minor_faults = BPF_CORE_READ(signal, min_flt),
		.major_faults = BPF_CORE_READ(signal, maj_flt),
	};

	if (leader != task && BPF_CORE_READ(leader, exit_state))
		first = usage_of(leader);
	ret.cpu_ns += first.cpu_ns;
	ret.user_ns += first.user_ns;
	ret.system_ns += first.system_ns;
	ret.minor_faults += first.minor_faults;
	ret.major_faults += first.major_faults;
	return ret;
}

/* The entry of the current process, created if missing; NULL: the table is full. */
static __always_inline struct group *group_of(const struct process *key, struct task_struct *task,
					      struct task_struct *leader,
					      struct signal_struct *signal)
{
	struct group *group = bpf_map_lookup_elem(&groups, key), first = {};

	if (group)
		return group;
	first.ended = ended_before(task, leader, signal);
	bpf_map_update_elem(&groups, key, &first, BPF_NOEXIST);
	return bpf_map_lookup_elem(&groups, key);
}

/* The current process has created a thread; at the first one, nr_threads has the number so far. */
static __always_inline void count_thread(struct task_struct *parent)
{
	struct task_struct *leader = BPF_CORE_READ(parent, group_leader);
	struct signal_struct *signal = BPF_CORE_READ(parent, signal);
	struct process key = process_of(leader);
	struct group *group = group_of(&key, parent, leader, signal);

	if (group)
		__sync_fetch_and_add(&group->threads,
				     group->threads ? 1 : BPF_CORE_READ(signal, nr_threads));
}

/* ---- the end of a process ---- */

struct awaiting {
	__u64 task, node, end, awaited; /* the current task; list of threads; number so far */
};

/* One thread of the list; 1 ends the loop. One that ended before the probe was attached, and is a
 * zombie now, is not awaited.
 */
static long await_thread(__u32 i, struct awaiting *a)
{
	struct task_struct *task =
		(void *)(a->node - bpf_core_field_offset(struct task_struct, thread_node));

	if (a->node == a->end)
		return 1;
	if ((__u64)task != a->task && !BPF_CORE_READ(task, exit_state) &&
	    !(set_mark(BPF_CORE_READ(task, pid), MARK_AWAITED) & MARK_ENDED))
		a->awaited++;
	a->node = (__u64)BPF_CORE_READ(task, thread_node.next);
	return 0;
}

/* Number of threads that have not come here yet. They are in the list until they have. */
static __always_inline __u64 await_threads(struct task_struct *task, struct signal_struct *signal)
{
	struct awaiting a = { .task = (__u64)task, .end = (__u64)&signal->thread_head };

	a.node = (__u64)BPF_CORE_READ(signal, thread_head.next);
	bpf_loop(PID_MAX_LIMIT, await_thread, &a, 0);
	return a.awaited;
}

/* Adds what the current task used; whether it is the last one of its process that comes here: then
 * *sum is that of all threads, and *threads their number (0: not known).
 */
static __always_inline bool last_exit(struct task_struct *task, struct task_struct *leader,
				      struct signal_struct *signal, struct usage *sum,
				      __u32 *threads)
{
	bool none_lives = !BPF_CORE_READ(signal, live.counter);
	struct process key = process_of(leader);
	struct usage own = usage_of(task);
	struct group *group = bpf_map_lookup_elem(&groups, &key);
	__u64 waiting;

	own.cpu_ns += not_yet_counted(task);
	if (!group && BPF_CORE_READ(signal, nr_threads) > 1)
		group = group_of(&key, task, leader, signal);
	if (!group) { /* the only thread; or the table is full */
		*sum = ended_before(task, leader, signal);
		add_usage(sum, &own);
		return none_lives;
	}
	add_usage(&group->ended, &own);
	if (set_mark(bpf_get_current_pid_tgid(), MARK_ENDED) & MARK_AWAITED)
		waiting = fetch_add(&group->awaited, -1) - 1;
	else if (none_lives && !fetch_add(&group->closing, 1))
		waiting = await_threads(task, signal),
		waiting += fetch_add(&group->awaited, waiting);
	else
		return false;
	if (waiting)
		return false;
	*sum = group->ended;
	*threads = group->threads;
	bpf_map_delete_elem(&groups, &key);
	return true;
}

#endif

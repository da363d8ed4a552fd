/* SPDX-License-Identifier: GPL-2.0-only */
/* proc_create.h - what the BPF side of proc_create passes on: a record for each fork, exec and
 * exit. */
#ifndef COLDPRESS_PROC_CREATE_H
#define COLDPRESS_PROC_CREATE_H

enum task_kind { TASK_FORK, TASK_THREAD, TASK_EXEC, TASK_EXEC_FAILED, TASK_EXIT };

/* How every record begins. */
struct task_event {
	__u64 ts_ns;    /* CLOCK_MONOTONIC */
	__u64 cgroup;   /* inode number of the cgroup2 directory; of the child, if any */
	__u32 kind;     /* enum task_kind */
	__u32 pid, tid; /* current task; exec: the thread that called it */
	__u32 ppid;
	__u32 child; /* fork: PID of the new process; thread: TID of the new thread; else 0 */
	__u32 uid;   /* real; of the child, if any */
	char comm[16];
};

/* The kernel's PATH_MAX, and what it puts before the path of a descriptor (execveat). */
#define EXEC_PATH_MAX (4096 + 64)
#define EXEC_ARGV_MAX 16384
#define EXEC_ARG_MAX  8192 /* bytes of one argument of an exec that failed */
#define EXEC_ARGS_MAX 1024 /* arguments of an exec that failed */

/* Only the bytes up to the end of the path are passed on. */
struct exec_event {
	struct task_event task;
	__u32 error;     /* an errno; 0: the exec succeeded */
	__u32 argv_read; /* bytes of the arguments at the begin of text; each ends with NUL */
	__u32 argv_cut;  /* there were more, or some could not be read */
	__u32 path_read; /* bytes of the path after them with its NUL; 0: could not be read;
			    EXEC_PATH_MAX: it may be longer */
	char text[EXEC_ARGV_MAX + EXEC_ARG_MAX];
};

#define THREADED_MAX \
	16384 /* processes with several threads at once; of more, sums may lack a thread */

/* The whole process: all its threads. */
struct exit_event {
	struct task_event task;
	__u64 lifetime_ns;
	__u64 cpu_ns, user_ns, system_ns;
	__u64 max_rss_pages, minor_faults, major_faults;
	__u32 status;  /* as wait(2) gives it */
	__u32 threads; /* number over its lifetime; 0: none was created while the probe was attached
			*/
};

#endif

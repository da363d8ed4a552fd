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

#define EXEC_PATH_MAX 256
#define EXEC_ARGV_MAX 16384
#define EXEC_ARG_MAX  8192 /* bytes of one argument of an exec that failed */
#define EXEC_ARGS_MAX 1024 /* arguments of an exec that failed */

/* Only the bytes up to the end of argv are passed on. */
struct exec_event {
	struct task_event task;
	__u32 argv_bytes; /* length in the program, before any cut */
	__u32 argv_read;  /* bytes of argv below, each argument ends with NUL */
	char path[EXEC_PATH_MAX];
	char argv[EXEC_ARGV_MAX];
};

/* Only the bytes up to the end of argv are passed on, at most EXEC_ARGV_MAX. */
struct exec_failed_event {
	struct task_event task;
	__u32 error;     /* an errno */
	__u32 path_read; /* bytes of path with its NUL; 0: could not be read */
	__u32 argv_read; /* bytes of argv below, each argument ends with NUL */
	__u32 argv_cut;  /* there were more arguments, or some could not be read */
	char path[EXEC_PATH_MAX];
	char argv[EXEC_ARGV_MAX + EXEC_ARG_MAX];
};

/* The whole process: all its threads that have ended. */
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

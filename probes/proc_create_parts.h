/* SPDX-License-Identifier: GPL-2.0-only */
/* proc_create_parts.h - the parts of proc_create's user side and what they share.
 *
 *	proc_create.c		options, hooks, the command behind --
 *	proc_create_records.c	single events as records
 *	proc_create_summary.c	--summary: events counted by task name, parent or cgroup
 *	proc_create_tree.c	--draw-tree: the processes as a tree, at the end
 *	proc_create_clock.c	the scheduler's clock
 */
#ifndef COLDPRESS_PROC_CREATE_PARTS_H
#define COLDPRESS_PROC_CREATE_PARTS_H

#include "lib/bpf/probe.h"
#include "lib/kernel/cgroup_paths.h"
#include "proc_create.h"

#define PIDS_MAX (1u << 22) /* the kernel's PID_MAX_LIMIT */

#define CGROUP_PATH_MEANING \
	"path of that directory below the mount point; missing if it was removed before the " \
	"lookup"

/* ---- single events ---- */
extern const struct record_type fork_type, thread_type, exec_type, failed_type, exit_type;

struct records {
	const struct probe *probe;
	struct cgroup_paths *paths;
	uint8_t *forked; /* a bit for each PID whose fork was seen; NULL: not followed */
};

/* records_init - before the first event.
 *
 * follow  all processes are traced: an exit without a fork means that the fork was lost
 * errors  -ENOMEM
 */
int records_init(struct records *ret, const struct probe *p, bool follow, struct err *e);
void records_done(struct records *records);

/* records_emit - the record of one event; returns what out_record did. */
int records_emit(const struct records *records, struct out *out, const struct task_event *task);

/* records_follow - once for each event, in order: 1 for the exit of a process that began since the
 * probe was attached and whose fork was not seen; else 0.
 */
uint64_t records_follow(struct records *records, const struct task_event *task);

/* ---- --summary ---- */
enum summary_by { SUMMARY_BY_COMM, SUMMARY_BY_PARENT, SUMMARY_BY_CGROUP };

extern const struct record_type comm_summary_type, parent_summary_type, cgroup_summary_type;

struct summary; /* opaque */

/* summary_new - the first interval begins now. errors  -ENOMEM */
int summary_new(struct summary **ret, enum summary_by by, struct cgroup_paths *paths,
		uint64_t now_ns, struct err *e);
void summary_free(struct summary *summary);

/* summary_add - one event. -ENOMEM. */
int summary_add(struct summary *summary, const struct task_event *task);

/* summary_print - a record for each group with an event, most events first; returns what out_record
 * did.
 *
 * total  of the whole time; else of the interval, which ends here
 */
int summary_print(struct summary *summary, struct out *out, uint64_t now_ns, bool total);

/* ---- --draw-tree ---- */
extern const struct record_type tree_type;

struct tree; /* opaque */

/* tree_new - errors  -ENOMEM */
int tree_new(struct tree **ret, struct err *e);
void tree_free(struct tree *tree);

/* tree_add - one event, in order. */
void tree_add(struct tree *tree, const struct task_event *task);

/* tree_print - a record for each process, after the process that forked it; reports on stderr the
 * processes that did not fit.
 */
int tree_print(const struct tree *tree, struct out *out);

/* ---- clock ---- */

/* How far the scheduler's clock, which counts CPU time, is behind CLOCK_MONOTONIC, which BPF
 * programs read. They drift apart while NTP adjusts CLOCK_MONOTONIC, by at most 100 ns in 200 ms.
 */
struct sched_clock {
	int fd; /* -1: not open */
	void *ring;
	char *page; /* the page that faults */
};

/* sched_clock_open - for the calling thread. errors  as perf_event_open(2), e.g. -EACCES */
int sched_clock_open(struct sched_clock *ret, struct err *e);

/* sched_clock_behind_ns - to a microsecond; 0: not known. */
uint64_t sched_clock_behind_ns(struct sched_clock *c);
void sched_clock_close(struct sched_clock *c);

#endif

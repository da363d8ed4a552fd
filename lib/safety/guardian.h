/* SPDX-License-Identifier: GPL-2.0-only */
/* guardian.h - the process between a supervisor and its command: parent of the command, reaper of
 * its orphans, and their end when the supervisor ends.
 */
#ifndef COLDPRESS_SAFETY_GUARDIAN_H
#define COLDPRESS_SAFETY_GUARDIAN_H

#include "lib/base/caller.h"
#include "lib/kernel/cgroup.h"

/* What a guardian is to run; of the supervisor's memory, which the fork copies. */
struct guardian_task {
	char *const *argv;
	const char *cwd;            /* NULL = as the supervisor's */
	const char *scratch;        /* removed with the group; NULL = none */
	const struct cgroup *group; /* killed and removed at the end; NULL = none */
	const struct caller *user;
	int stdio_fds[3]; /* -1 = /dev/null */
	int oom_score_adj;
	bool no_network;
};

enum guardian_report_kind {
	GUARDIAN_FORKED, /* value: pid of the command, which waits for its release; negative: -errno
			  */
	GUARDIAN_EXEC,   /* value: 0, or the errno with which step failed; ns: begin */
	GUARDIAN_EXITED, /* value: wait status of the command; ns: end */
	GUARDIAN_DRAINED, /* no process is left; the usage of all */
};

enum guardian_step { GUARDIAN_STEP_USER, GUARDIAN_STEP_DIRECTORY, GUARDIAN_STEP_RUN };

/* One message from the guardian; smaller than PIPE_BUF, so each is written and read whole. */
struct guardian_report {
	enum guardian_report_kind kind;
	enum guardian_step step;
	int value;
	uint64_t ns;
	uint64_t user_ns, system_ns, minor_faults, major_faults, max_rss_bytes;
};

/* guardian_main - the forked process; never returns. A byte on the lifeline releases the command;
 * its end of file means that the supervisor is gone: kill, remove, exit. */
_Noreturn void guardian_main(const struct guardian_task *task, int lifeline_fd, int report_fd);

/* guardian_kill_children - for a subreaper without a group: kills and reaps all its children. */
void guardian_kill_children(void);

#endif

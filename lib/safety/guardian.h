/* SPDX-License-Identifier: GPL-2.0-only */
/* supervise_guardian.h - the process between a cage's maker and its command. For supervise.c alone.
 */
#ifndef COLDPRESS_SAFETY_GUARDIAN_H
#define COLDPRESS_SAFETY_GUARDIAN_H

#include "supervise.h"

enum report_kind {
	REPORT_FORKED,  /* value: pid of the command, which waits for its release; negative: the
			 * errno of why there  is none */
	REPORT_EXEC,    /* value: 0, or the errno with which step failed; ns: begin */
	REPORT_EXITED,  /* value: wait status of the command; ns: end */
	REPORT_DRAINED, /* no process is left; the usage of all */
};

enum exec_step { STEP_USER, STEP_DIRECTORY, STEP_RUN };

/* One message from the guardian; smaller than PIPE_BUF, so each is written and read whole. */
struct guardian_report {
	enum report_kind kind;
	enum exec_step step;
	int value;
	uint64_t ns;
	uint64_t user_ns, system_ns, minor_faults, major_faults, max_rss_bytes;
};

/* supervise_remove_scratch - the directory with all below; nothing where there is none. */
int supervise_remove_scratch(const struct supervised *supervised, struct err *e);

/* guardian_main - the forked process; never returns. A byte on the lifeline releases the command,
 * its end of file means that the maker is gone: kill, remove, exit.
 */
_Noreturn void guardian_main(const struct supervised *supervised, int lifeline_fd, int report_fd);

#endif

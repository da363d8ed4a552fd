/* SPDX-License-Identifier: GPL-2.0-only */
/* rights.h - what this process may do to the machine, and in which namespaces it is.
 *
 * User ID 0 says little: in a user namespace of its own any user has it, and every capability, none
 * of which reaches devices, swap, tracing or the system's control groups.
 */
#ifndef COLDPRESS_BASE_RIGHTS_H
#define COLDPRESS_BASE_RIGHTS_H

#include <linux/capability.h>

#include "err.h"

#define RIGHT(cap) (UINT64_C(1) << (cap))

/* To change devices, swap, limits and settings. */
#define RIGHTS_CHANGE (RIGHT(CAP_SYS_ADMIN) | RIGHT(CAP_DAC_OVERRIDE))

/* To load probes; before 5.8, and still, CAP_SYS_ADMIN includes both. */
#define RIGHTS_PROBE (RIGHT(CAP_BPF) | RIGHT(CAP_PERFMON))

/* rights_initial_user - whether user IDs are those of the initial user namespace. */
bool rights_initial_user(void);

/* rights_missing - those of `needed` (bits RIGHT(CAP_...)) that are not effective in the initial
 * user namespace; CAP_SYS_ADMIN stands for CAP_BPF and CAP_PERFMON.
 */
uint64_t rights_missing(uint64_t needed);

/* rights_parse - the same from the texts of /proc/PID/uid_map and status; "" where there is none.
 */
uint64_t rights_parse(const char *uid_map, const char *status, uint64_t needed);
bool rights_parse_initial(const char *uid_map);

/* rights_names - "CAP_BPF and CAP_PERFMON". */
void rights_names(uint64_t rights, char *buf, size_t len);

/* rights_check - 0 where none is missing; else exit 77: what needs them, which are missing, and how
 * to get them.
 */
int rights_check(uint64_t needed, const char *what, struct err *e);

/* rights_hint - how to get a right that was refused: sudo, or outside of the container. */
int rights_hint(struct err *e);

/* rights_explain - after a file could not be opened or written: exit 77 and a hint in *e where a
 * right, a read-only mount or a /proc with subset=pid is the cause. Returns e->code.
 */
int rights_explain(const char *path, struct err *e);

/* rights_processes - 0 where /proc numbers processes as this process's PID namespace does; else
 * exit 77. what: "--pid".
 */
int rights_processes(const char *what, struct err *e);

/* rights_pid_space - the inode number of this process's PID namespace; 0: the initial one.
 *
 * errors  exit 77 /proc is not mounted, or is that of a namespace where we are not visible
 */
int rights_pid_space(uint32_t *ret, struct err *e);

#endif

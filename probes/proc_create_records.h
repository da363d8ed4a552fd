/* SPDX-License-Identifier: GPL-2.0-only */
/* proc_create_records.h - single events of proc_create as records, and what all that becomes of
 * them needs. */
#ifndef COLDPRESS_PROC_CREATE_RECORDS_H
#define COLDPRESS_PROC_CREATE_RECORDS_H

#include <linux/types.h>

#include "lib/base/out.h"
#include "lib/bpf/probe.h"
#include "proc_create.h"

extern const struct record_type fork_type, thread_type, exec_type, failed_type, exit_type;

/* records_begin - before the first event.
 *
 * follow  all processes are looked at: an end whose fork was not seen is one that was lost
 * errors  -ENOMEM
 */
int records_begin(const struct probe *p, bool follow, struct err *e);
void records_end(void);

/* records_emit - the record of one event; returns what out_record did. */
int records_emit(struct out *out, const struct task_event *task);

/* records_follow - once for each event, in their order: 1 for the end of a process that began since
 * the probe was ready, and whose fork was not seen; else 0.
 */
uint64_t records_follow(const struct task_event *task);

/* records_began_before - the process is older than the probe. */
bool records_began_before(const struct exit_event *exit);

/* records_cgroup_path - below the mount point of cgroup2; NULL where it went before. Good until
 * records_end. */
const char *records_cgroup_path(uint64_t cgroup);

#endif

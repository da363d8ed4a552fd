/* SPDX-License-Identifier: GPL-2.0-only */
/* proc_create_summary.h - proc_create --summary: the same events, counted by name, parent or
 * cgroup. */
#ifndef COLDPRESS_PROC_CREATE_SUMMARY_H
#define COLDPRESS_PROC_CREATE_SUMMARY_H

#include <linux/types.h>

#include "lib/base/out.h"
#include "proc_create.h"

enum summary_by { SUMMARY_BY_COMM, SUMMARY_BY_PARENT, SUMMARY_BY_CGROUP };

extern const struct record_type comm_summary_type, parent_summary_type, cgroup_summary_type;

/* summary_begin - the time from now on is the first interval. */
void summary_begin(enum summary_by by, uint64_t now_ns);
void summary_end(void);

/* summary_add - one event. -ENOMEM. */
int summary_add(const struct task_event *task);

/* summary_print - a record for each group that had an event, the busiest first; returns what
 * out_record did.
 *
 * total  of the whole time; else of the interval, which ends with this
 */
int summary_print(struct out *out, uint64_t now_ns, bool total);

#endif

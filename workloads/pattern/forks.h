/* SPDX-License-Identifier: GPL-2.0-only */
/* forks.h - shared by the fork patterns: a chain of processes, each the parent of the next. */
#ifndef COLDPRESS_WORKLOADS_PATTERN_FORKS_H
#define COLDPRESS_WORKLOADS_PATTERN_FORKS_H

#include "workloads/gen/worker.h"

/* fork_chain - one operation: --depth processes, each forked by the previous one, which waits for
 * it. The last one runs `last`, which calls _exit(0) or exec on success. Counts forks, faults and
 * the operation; false where it failed, with w->error.
 */
bool fork_chain(struct worker *w, void (*last)(const struct worker *w));

#endif

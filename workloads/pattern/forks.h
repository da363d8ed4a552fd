/* SPDX-License-Identifier: GPL-2.0-only */
/* forks.h - what the three fork patterns share: a chain of processes, each the parent of the next.
 */
#ifndef COLDPRESS_WORKLOADS_PATTERN_FORKS_H
#define COLDPRESS_WORKLOADS_PATTERN_FORKS_H

#include "workloads/gen/worker.h"

/* fork_chain - one operation: --depth processes, each forked by the one before it, which waits for
 * it. The last one runs `last`, which ends it with _exit(0) if all went well. Counts forks, faults
 * and the operation.
 */
void fork_chain(struct worker *w, void (*last)(const struct worker *w));

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* page_fault_stacks.h - page_fault --stacks: where in the code faults come from, as flame-graph
 * tools read it. */
#ifndef COLDPRESS_PAGE_FAULT_STACKS_H
#define COLDPRESS_PAGE_FAULT_STACKS_H

#include "lib/bpf/probe.h"

struct page_fault;
struct stacks; /* opaque: the kernel's symbols, and the maps of each process that faulted */

extern const struct record_type stacks_type;

/* stacks_new - before probe_attach, which drops the right to the kernel's addresses. Sets
 * p->reads_processes. */
int stacks_new(struct probe *p, struct stacks **ret, struct err *e);

/* stacks_trace - counts until it is time to stop, then writes the folded stacks. Fills p->end but
 * for what the caller knows of missed runs. Stacks that found no place are said on stderr.
 */
int stacks_trace(struct probe *p, const struct page_fault *skel, struct stacks *stacks,
		 struct err *e);

/* NULL-safe. */
void stacks_free(struct stacks *stacks);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* page_fault_parts.h - the parts of page_fault's user side and what they share.
 *
 *	page_fault.c		options, hooks, single faults, the sums of all
 *	page_fault_by.c		--by: groups, counted in the kernel or, by mapping, here
 *	page_fault_mapping.c	which mapping an address of a process belongs to
 *	page_fault_stacks.c	--stacks
 *	page_fault_symbol.c	names of functions by address
 */
#ifndef COLDPRESS_PAGE_FAULT_PARTS_H
#define COLDPRESS_PAGE_FAULT_PARTS_H

#include "lib/bpf/latency.h"
#include "lib/bpf/probe.h"
#include "lib/kernel/maps.h"
#include "page_fault.h"

struct config {
	struct probe_options probe;
	bool summary, minor, mapping, stacks, nothing;
	int fault, by, latency; /* -1: not given */
	uint64_t sample, top;
};

/* One run of the program; the callbacks' ctx. */
struct run {
	struct probe p;
	const struct config *config;
	struct page_fault *skel;
	struct stacks *stacks;        /* NULL without --stacks */
	struct mapping_cache *cache;  /* NULL without --mapping and --by mapping */
	struct mapped_groups *groups; /* NULL without --by mapping */
};

extern const char *const by_choices[]; /* one less than enum fault_by */

static inline enum fault_by by(const struct config *c)
{
	return (enum fault_by)(c->by + 1);
}

static inline enum fault_latency latency(const struct config *c)
{
	return c->latency < 0 ? LATENCY_MAJOR : (enum fault_latency)c->latency;
}

/* Fields PREFIX_mean_ns to PREFIX_max_ns of the struct latency PREFIX_times. */
#define TIME_FIELDS(s, prefix, which, limits) \
	LATENCY_FIELD(s, prefix##_times, #prefix, mean_ns, \
		      "mean latency (entry to completion) of " which), \
		LATENCY_FIELD(s, prefix##_times, #prefix, p50_ns, \
			      "median latency of " which "; within 3.2 %"), \
		LATENCY_FIELD(s, prefix##_times, #prefix, p90_ns, \
			      "90th percentile of the latency of " which "; within 3.2 %"), \
		LATENCY_FIELD(s, prefix##_times, #prefix, p99_ns, \
			      "99th percentile of the latency of " which "; within 3.2 %"), \
		LATENCY_FIELD(s, prefix##_times, #prefix, max_ns, \
			      "maximum latency of " which limits)

/* ---- groups ---- */
extern const struct record_type by_type;

/* by_mapping_new - the groups of --by mapping. errors  -ENOMEM */
int by_mapping_new(struct mapped_groups **ret, struct err *e);
void by_mapping_free(struct mapped_groups *groups);

/* by_mapping_add - adds one event of the ring (struct fault_mapped) to its group; a callback. */
int by_mapping_add(void *run, const void *event, size_t bytes);

/* by_print - a record for each of the first --top groups; reports faults that are in none. */
int by_print(struct run *run, const struct fault_sums *s, struct err *e);

/* ---- mappings ---- */
struct mapping_cache; /* opaque: the maps of processes that faulted lately */

/* mapping_cache_new - NULL: no memory. */
struct mapping_cache *mapping_cache_new(void);

/* mapping_cache_find - the mapping of addr in the process now or, after its end, at the last read.
 * NULL where that is not known: counted. Valid until the next call.
 */
const struct mapping *mapping_cache_find(struct mapping_cache *cache, uint32_t tgid,
					 const struct fault_space *space, uint64_t addr);
uint64_t mapping_cache_unknown(const struct mapping_cache *cache);

/* NULL-safe. */
void mapping_cache_free(struct mapping_cache *cache);

/* ---- stacks ---- */
struct stacks; /* opaque: the kernel's symbols, and the maps of each process that faulted */

extern const struct record_type stacks_type;

/* stacks_new - before probe_attach, which drops the right to read the kernel's addresses. Sets
 * p->reads_processes.
 */
int stacks_new(struct probe *p, struct stacks **ret, struct err *e);

/* stacks_trace - counts until it is time to stop, then writes the folded stacks. Fills p->end
 * except for missed and dropped.
 */
int stacks_trace(struct run *run, struct err *e);

/* NULL-safe. */
void stacks_free(struct stacks *stacks);

#endif

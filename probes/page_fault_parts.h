/* SPDX-License-Identifier: GPL-2.0-only */
/* page_fault_parts.h - the parts of page_fault's user side and what passes between them.
 *
 *	page_fault.c		options, hooks, single faults, the sums of all
 *	page_fault_by.c		--by: groups, counted in the kernel or, by mapping, here
 *	page_fault_mapping.c	what an address of a process belongs to
 *	page_fault_stacks.c	--stacks
 */
#ifndef COLDPRESS_PAGE_FAULT_PARTS_H
#define COLDPRESS_PAGE_FAULT_PARTS_H

#include "lib/base/opt.h"
#include "lib/bpf/probe.h"
#include "lib/kernel/maps.h"
#include "page_fault.h"

struct page_fault;

struct config {
	struct probe_options probe;
	bool summary, minor, mapping, stacks, nothing;
	int class, by, latency; /* -1: not given */
	uint64_t sample, top;
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

/* What a class of faults took. */
struct times {
	uint64_t mean_ns, p50_ns, p90_ns, p99_ns, max_ns;
};

#define TIME_FIELDS(s, class, which, longest) \
	FIELD_OF(s, class, mean_ns, "of the " which ", entry to completion"), \
		FIELD_OF(s, class, p50_ns, "half of the " which " took no longer; within 3.2 %"), \
		FIELD_OF(s, class, p90_ns, "90 % took no longer; within 3.2 %"), \
		FIELD_OF(s, class, p99_ns, "99 % took no longer; within 3.2 %"), \
		FIELD_OF(s, class, max_ns, longest)
#define FIELD_OF(s, class, m, what) \
	{ \
		.name = #class "_" #m, .unit = "ns", .type = FIELD_U64, \
		.offset = offsetof(s, class##_times.m), .size = sizeof(uint64_t), \
		.meaning = (what) \
	}

struct times times(const struct fault_times *t);

/* ---- groups ---- */
extern const struct record_type by_type;

/* by_mapping_new, by_mapping_free - the groups of --by mapping; one at a time, for the ring's
 * callback gets no other. by_mapping_add is that callback.
 */
int by_mapping_new(struct err *e);
int by_mapping_add(struct out *out, const void *event, size_t bytes);
void by_mapping_free(void);

/* by_print - a record for each of the first --top groups; says how many faults are in none. */
int by_print(struct probe *p, const struct page_fault *skel, const struct config *c,
	     const struct fault_sums *s, struct err *e);

/* ---- mappings ---- */
struct mapping_cache; /* opaque: the maps of processes that faulted lately */

/* mapping_cache_new - NULL: no memory. */
struct mapping_cache *mapping_cache_new(void);

/* mapping_cache_find - what addr belongs to, as the process has it mapped now or, once it is gone,
 * had when it was looked at last. NULL where that cannot be known: counted. Lives until the next
 * call.
 */
const struct mapping *mapping_cache_find(struct mapping_cache *cache, uint32_t tgid,
					 const struct fault_space *space, uint64_t addr);
uint64_t mapping_cache_unknown(const struct mapping_cache *cache);

/* NULL-safe. */
void mapping_cache_free(struct mapping_cache *cache);

#endif

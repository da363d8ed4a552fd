/* SPDX-License-Identifier: GPL-2.0-only */
/* worker.h - one thread of a pattern: its pages, its touches, what it measured; and the descriptor
 * of a pattern.
 *
 * A pattern decides which page is touched next, and how; the worker touches, times, refreshes and
 * counts. Everything a worker needs besides its region is made and touched before it is measured,
 * so that the faults counted are the region's.
 */
#ifndef COLDPRESS_WORKLOADS_GEN_WORKER_H
#define COLDPRESS_WORKLOADS_GEN_WORKER_H

#include "histogram.h"
#include "spec.h"
#include "trace.h"

struct pattern;

struct worker {
	const struct gen_config *config;
	const struct pattern *pattern;
	const struct mixture *mixture;
	const struct trace *trace;  /* what pages hold instead; NULL = none */
	uint64_t index;             /* of this worker */
	uint64_t seed;              /* of its sequence */
	uint8_t *region;            /* its share */
	uint64_t pages, first_page; /* how many; the first one's number in the whole region */
	uint32_t *generation;       /* of each page: how often it was refreshed */
	uint32_t *
		used; /* of each page: when it was touched last, as the pattern counts; 0 = never */
	uint64_t limit; /* operations; UINT64_MAX = none */
	uint64_t begin_ns, deadline_ns, now_ns;
	uint64_t gap_ns,
		due_ns; /* --rate: between operations, and when the next is due; 0 = none */
	void *state;    /* the pattern's own, state_bytes of it, zero at first */
	/* measured */
	uint64_t operations, populate_ns, idle_ns, end_ns;
	uint64_t forks, execs, fresh_pages, child_minor_faults;
	int error; /* errno that ended it early; 0 = none */
	uint64_t minor_faults, major_faults;
	uint64_t checksum; /* of what was read: keeps the loads alive */
	struct histogram *all, *cold;
};

struct pattern {
	const char *name;
	const char *summary; /* one line */
	const char *signals; /* what it makes visible, for lists */
	enum touch touch;    /* what `default` means */
	bool populates;      /* the region is filled before the first operation */
	bool traced;         /* its pages are those of --trace */
	bool forks;          /* its operations make processes */
	size_t state_bytes;
	int (*check)(const struct gen_config *config,
		     struct err *e);       /* of its own options; NULL = nothing to */
	void (*prepare)(struct worker *w); /* fills the state, not timed; NULL = zeros will do */
	void (*step)(struct worker *w);    /* exactly one operation, pauses before it included */
};

/* pattern_at - NULL behind the last. pattern_find - errors  exit 2, naming those there are */
const struct pattern *pattern_at(size_t i);
int pattern_find(const char *name, const struct pattern **ret, struct err *e);

/* pattern_trace - for a traced pattern: reads its trace, and sets the region to its size. Else
 * ret->n is 0. */
int pattern_trace(const struct pattern *pattern, struct gen_config *config, struct trace *ret,
		  struct err *e);

/* pattern_check - gen_config_check and what the pattern itself asks for. Exit 2. */
int pattern_check(const struct pattern *pattern, const struct gen_config *config, struct err *e);

/* worker_touch - touches one page and counts it as one operation. cold: it was out of use. write:
 * its contents are refreshed afterwards, which is not timed.
 */
void worker_touch(struct worker *w, uint64_t page, bool write, bool cold);

/* worker_writes - whether this touch writes, as --touch and the pattern want it; of a mix it is one
 * in four. */
bool worker_writes(const struct worker *w, uint64_t random);

/* worker_count - counts one operation that was no touch and began at begin_ns. */
void worker_count(struct worker *w, uint64_t begin_ns);

/* worker_random - the worker's number for this step, the same for the same seed. */
static inline uint64_t worker_random(const struct worker *w, uint64_t step)
{
	return mixture_hash(w->seed, step);
}

/* worker_idle - sleeps, until the deadline at the latest. */
void worker_idle(struct worker *w, uint64_t ns);

/* workers_run - the whole run: maps the region, starts the threads, waits for them, adds up.
 *
 * errors  -ENOMEM the region or a thread could not be had; a fork's or mapping's own
 */
int workers_run(const struct gen_config *config, const struct pattern *pattern,
		const struct trace *trace, struct workload_result *ret, struct err *e);

#endif

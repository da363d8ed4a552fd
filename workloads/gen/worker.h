/* SPDX-License-Identifier: GPL-2.0-only */
/* worker.h - one thread of a pattern, and the descriptor of a pattern.
 *
 * A pattern decides which page is touched next, and how; the worker touches it, measures the
 * latency, refills written pages and counts. All other memory of a worker is allocated and touched
 * before the measurement, so that the faults counted are those of the region.
 */
#ifndef COLDPRESS_WORKLOADS_GEN_WORKER_H
#define COLDPRESS_WORKLOADS_GEN_WORKER_H

#include <pthread.h>

#include "bpf/hist.h"
#include "spec.h"
#include "trace.h"

struct pattern;

struct worker {
	const struct gen_config *config;
	const struct pattern *pattern;
	const struct mixture *mixture;
	const struct trace *trace;  /* of a traced pattern, in place of mixture; else NULL */
	uint64_t seed;              /* of this worker's access order */
	uint8_t *region;            /* this worker's share */
	uint64_t pages, first_page; /* of the share; the first page's number in the whole region */
	uint32_t *generation;       /* of each page: how often it was filled */
	uint32_t *used; /* of each page: last touch, in the pattern's count; 0 = never */
	uint64_t limit; /* operations; UINT64_MAX = none */
	uint64_t begin_ns, deadline_ns, now_ns;
	uint64_t gap_ns, due_ns; /* --rate: between operations, and time of the next; 0 = none */
	void *state;             /* of the pattern: state_bytes, zero at first */
	pthread_t thread;
	pthread_barrier_t *start; /* of all workers */
	/* measured */
	uint64_t operations, populate_ns, idle_ns, end_ns;
	uint64_t forks, execs, fresh_pages, child_minor_faults;
	int error; /* errno that ended it early; 0 = none */
	uint64_t minor_faults, major_faults;
	uint64_t checksum; /* of all that was read: keeps the compiler from dropping the loads */
	struct hist *all, *cold;
};

struct pattern {
	const char *name;
	const char *summary;  /* one line */
	const char *measures; /* one line, for lists */
	enum touch touch;     /* meaning of --touch default */
	bool populates;       /* the region is filled before the first operation */
	bool traced;          /* its pages are those of --trace */
	bool forks;           /* its operations are processes */
	size_t state_bytes;
	/* Checks the pattern's own options; NULL = none. */
	int (*check)(const struct gen_config *config, struct err *e);
	/* Fills the state, not measured; NULL = zeros. */
	void (*prepare)(struct worker *w);
	/* Exactly one operation, with the pauses before it. */
	void (*step)(struct worker *w);
};

/* The list of patterns: a new one is a file in pattern/ and a line here. */
#define PATTERNS(X) \
	X(pattern_anon_streamer) \
	X(pattern_fork_exec_storm) \
	X(pattern_fork_exit_storm) \
	X(pattern_fork_touch_exit) \
	X(pattern_interactive_burst) \
	X(pattern_mmap_churn) \
	X(pattern_phase_shift) \
	X(pattern_random_touch_heap) \
	X(pattern_replay) \
	X(pattern_tab_switch) \
	X(pattern_zipf_cache)

#define DECLARE_PATTERN(p) extern const struct pattern p;
PATTERNS(DECLARE_PATTERN)

/* pattern_at - NULL after the last. pattern_find - errors  exit 2, with the list of names */
const struct pattern *pattern_at(size_t i);
int pattern_find(const char *name, const struct pattern **out, struct err *e);

/* pattern_trace - for a traced pattern: reads its trace and sets the region to its size. For others
 * *out is left as it is.
 */
int pattern_trace(const struct pattern *pattern, struct gen_config *config, struct trace *out,
		  struct err *e);

/* pattern_check - gen_config_check, and the pattern's own check. Exit 2. */
int pattern_check(const struct pattern *pattern, const struct gen_config *config, struct err *e);

/* worker_touch - touches one page and counts one operation. cold: the page was out of use. write:
 * the page is refilled afterwards, which is not measured.
 */
void worker_touch(struct worker *w, uint64_t page, bool write, bool cold);

/* worker_touch_aged - worker_touch; cold is a page that was not among the last w->pages touches. */
void worker_touch_aged(struct worker *w, uint64_t page, bool write);

/* worker_touch_any - worker_touch_aged of a random page, each with the same probability. */
void worker_touch_any(struct worker *w);

/* A sequence of touches, after which the pattern pauses and moves on: a burst, a visit, a phase. */
struct phase {
	uint32_t number;  /* from 1; 0 = not begun */
	uint64_t touches; /* in this phase so far */
};

/* phase_next - begins the next phase where this one has had `length` touches, after --idle; true
 * where it did.
 */
bool phase_next(struct phase *phase, struct worker *w, uint64_t length);

/* phase_random - the random number of the next touch. */
uint64_t phase_random(const struct phase *phase, const struct worker *w);

/* phase_touch - worker_touch; cold is a page that was not used for at least one whole phase. random
 * decides, with --touch, whether it writes.
 */
void phase_touch(struct phase *phase, struct worker *w, uint64_t page, uint64_t random);

/* worker_writes - whether this touch writes, by --touch and the pattern; one in four of a mix. */
bool worker_writes(const struct worker *w, uint64_t random);

/* worker_count - counts one operation that is not a touch and began at begin_ns. */
void worker_count(struct worker *w, uint64_t begin_ns);

/* worker_random - the random number of this step, the same for the same seed. */
static inline uint64_t worker_random(const struct worker *w, uint64_t step)
{
	return mixture_hash(w->seed, step);
}

/* worker_idle - sleeps, until the deadline at the latest. */
void worker_idle(struct worker *w, uint64_t ns);

/* workers_run - a whole run: maps the region, runs the threads, adds up their counts. trace: that
 * of a traced pattern; one without pages = none.
 *
 * errors  -ENOMEM for the region or a thread; those of the pattern's fork or mmap
 */
int workers_run(const struct gen_config *config, const struct pattern *pattern,
		const struct trace *trace, struct workload_result *out, struct err *e);

#endif

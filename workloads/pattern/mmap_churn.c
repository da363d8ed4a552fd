/* SPDX-License-Identifier: GPL-2.0-only */
/* mmap_churn.c - maps, fills and unmaps memory in pieces of many sizes, like an allocator that
 * returns memory to the kernel at once.
 *
 * One operation unmaps the oldest of sixteen mappings and maps and fills a new one. Its size is
 * uniform with a mean of a sixteenth of the region, so that all mappings together fill the region
 * on average.
 */
#include <sys/mman.h>

#include "workloads/gen/worker.h"

#define LIVE 16

struct churn {
	void *maps[LIVE];
	uint64_t pages[LIVE];
	uint64_t number;
};

static void step(struct worker *w)
{
	struct churn *c = w->state;
	const size_t slot = c->number % LIVE;
	const uint64_t r = worker_random(w, c->number), mean = MAX(w->pages / LIVE, 1),
		       begin = monotonic_ns();
	const uint64_t pages = 1 + r % (2 * mean - 1);
	uint8_t *at;

	if (c->maps[slot])
		munmap(c->maps[slot], c->pages[slot] * PAGE_BYTES);
	at = mmap(NULL, pages * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		  0);
	c->maps[slot] = at == MAP_FAILED ? NULL : at;
	if (!c->maps[slot]) {
		w->error = errno;
		return;
	}
	madvise(at, pages * PAGE_BYTES, w->config->thp ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	for (uint64_t i = 0; i < pages; i++)
		mixture_fill(at + i * PAGE_BYTES, w->mixture, w->config->seed,
			     w->first_page + i % w->pages, c->number);
	c->pages[slot] = pages;
	w->fresh_pages += pages;
	c->number++;
	worker_count(w, begin);
}

const struct pattern pattern_mmap_churn = {
	.name = "mmap_churn",
	.summary = "map, fill and unmap memory in pieces of many sizes",
	.measures = "rates of faults and frees, page tables, short-lived pages",
	.touch = TOUCH_WRITE,
	.state_bytes = sizeof(struct churn),
	.step = step,
};

/* SPDX-License-Identifier: GPL-2.0-only */
/* page_fault_mapping.c - which mapping an address belongs to, from /proc/PID/maps, read as rarely
 * as possible.
 *
 * Maps are read at the first fault of a process, and again when a fault shows that they changed,
 * but not before the faults that were in the ring at the last read are processed. Of a process that
 * has ended, or has run another program, the maps read before are used.
 */
#include "page_fault_parts.h"
#include "lib/base/sysroot.h"

#define PROCESSES 512
#define AGAIN_NS  (5 * NS_PER_MS)

struct process {
	uint32_t tgid;
	struct fault_space space;
	bool gone;
	uint64_t read_ns;
	struct maps_tmpfs tmpfs;
	struct maps maps;
};

/* Indexed by PID modulo PROCESSES; a process replaces another one in its slot. */
struct mapping_cache {
	uint64_t unknown;
	struct process process[PROCESSES];
};

/* False where the stack begins elsewhere: the process has run another program since the fault. */
static bool is_of(const struct maps *maps, const struct fault_space *space)
{
	const struct mapping *stack = maps_find(maps, space->stack);

	return stack && stack->kind == MAPPING_STACK;
}

static void read_maps(struct process *process, uint64_t generation)
{
	struct maps maps = { 0 };
	char *text = NULL;
	ssize_t n = sysroot_read_alloc(NULL, &text, NULL, "/proc/%u/maps", process->tgid);

	process->read_ns = monotonic_ns();
	process->space.generation = generation;
	if (n <= 0 || maps_parse(text, &process->tmpfs, &maps)) {
		free(text);
		process->gone = true;
	} else if (!is_of(&maps, &process->space)) {
		maps_done(&maps);
		process->gone = true;
	} else {
		maps_done(&process->maps);
		process->maps = maps;
	}
}

static bool may_reread(const struct process *process)
{
	return !process->gone && monotonic_ns() - process->read_ns >= AGAIN_NS;
}

const struct mapping *mapping_cache_find(struct mapping_cache *cache, uint32_t tgid,
					 const struct fault_space *space, uint64_t addr)
{
	struct process *process = &cache->process[tgid % PROCESSES];
	const struct mapping *found;

	if (process->tgid != tgid || process->space.stack != space->stack) {
		maps_done(&process->maps);
		*process = (struct process){ .tgid = tgid, .space = *space };
		maps_tmpfs_read((pid_t)tgid, &process->tmpfs);
		read_maps(process, space->generation);
	} else if (process->space.generation != space->generation && may_reread(process)) {
		read_maps(process, space->generation);
	}
	found = maps_find(&process->maps, addr);
	if (!found && may_reread(process)) { /* a stack that grew */
		read_maps(process, space->generation);
		found = maps_find(&process->maps, addr);
	}
	cache->unknown += !found;
	return found;
}

uint64_t mapping_cache_unknown(const struct mapping_cache *cache)
{
	return cache->unknown;
}

struct mapping_cache *mapping_cache_new(void)
{
	return calloc(1, sizeof(struct mapping_cache));
}

void mapping_cache_free(struct mapping_cache *cache)
{
	for (size_t i = 0; cache && i < PROCESSES; i++)
		maps_done(&cache->process[i].maps);
	free(cache);
}

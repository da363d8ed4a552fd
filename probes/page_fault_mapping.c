/* SPDX-License-Identifier: GPL-2.0-only */
/* page_fault_mapping.c - what an address of a process belongs to, of its /proc/PID/maps, read as
 * seldom as may be.
 *
 * Maps are read when a process is met, and again once a fault says that they changed, but not
 * before all faults that were in the ring at the last look are through. A process that has ended,
 * or runs another program by now, is known by what was read before, if anything was.
 */
#include "page_fault_parts.h"
#include "lib/base/sysroot.h"

#define PROCESSES 512
#define AGAIN_NS  (5 * NS_PER_MS)

struct known {
	uint32_t tgid;
	struct fault_space space;
	bool gone;
	uint64_t read_ns;
	struct maps_tmpfs tmpfs;
	struct maps maps;
};

/* A process has its place by its number; one that comes to it puts the other out. */
struct mapping_cache {
	uint64_t unknown;
	struct known known[PROCESSES];
};

/* Another program's stack begins elsewhere: then these are not the maps that the fault was in. */
static bool is_of(const struct maps *maps, const struct fault_space *space)
{
	const struct mapping *stack = maps_find(maps, space->stack);

	return stack && stack->kind == MAPPING_STACK;
}

static void read_maps(struct known *k, uint64_t generation)
{
	struct maps maps = { 0 };
	char *text = NULL;
	ssize_t n = sysroot_read_alloc(NULL, &text, NULL, "/proc/%u/maps", k->tgid);

	k->read_ns = monotonic_ns();
	k->space.generation = generation;
	if (n <= 0 || maps_parse(text, &k->tmpfs, &maps)) {
		free(text);
		k->gone = true;
	} else if (!is_of(&maps, &k->space)) {
		maps_done(&maps);
		k->gone = true;
	} else {
		maps_done(&k->maps);
		k->maps = maps;
	}
}

static bool may_differ(const struct known *k)
{
	return !k->gone && monotonic_ns() - k->read_ns >= AGAIN_NS;
}

const struct mapping *mapping_cache_find(struct mapping_cache *cache, uint32_t tgid,
					 const struct fault_space *space, uint64_t addr)
{
	struct known *k = &cache->known[tgid % PROCESSES];
	const struct mapping *found;

	if (k->tgid != tgid || k->space.stack != space->stack) {
		maps_done(&k->maps);
		*k = (struct known){ .tgid = tgid, .space = *space };
		maps_tmpfs_read((pid_t)tgid, &k->tmpfs);
		read_maps(k, space->generation);
	} else if (k->space.generation != space->generation && may_differ(k)) {
		read_maps(k, space->generation);
	}
	found = maps_find(&k->maps, addr);
	if (!found && may_differ(k)) { /* a stack that grew */
		read_maps(k, space->generation);
		found = maps_find(&k->maps, addr);
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
		maps_done(&cache->known[i].maps);
	free(cache);
}

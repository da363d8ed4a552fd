/* SPDX-License-Identifier: GPL-2.0-only */
/* watch.c - samples a group and decides when its command has to end. Ends nothing itself. */
#include "watch.h"

#include "lib/base/units.h"
#include "lib/kernel/procfs.h"
#include "lib/kernel/psi.h"
#include "lib/kernel/swap.h"
#include "lib/kernel/zsmalloc.h"

static void raise_peak(uint64_t *peak, uint64_t value)
{
	if (value != MISSING_U64 && (*peak == MISSING_U64 || value > *peak))
		*peak = value;
}

void watch_peak_swap(struct watch *watch, uint64_t swap_bytes)
{
	raise_peak(&watch->peak_swap_bytes, swap_bytes);
}

void watch_sample(struct watch *watch, const struct cgroup *group)
{
	struct cgroup_stat stat;

	watch->used_bytes = MISSING_U64;
	if (!group || cgroup_stat_read(group, &stat, NULL))
		return;
	if (stat.anon_bytes != MISSING_U64 && stat.shmem_bytes != MISSING_U64)
		watch->used_bytes = stat.anon_bytes + stat.shmem_bytes;
	raise_peak(&watch->peak_bytes, watch->used_bytes);
	watch_peak_swap(watch, stat.swap_bytes);
}

/* A zram swap whose next page may find no slot: nearer to its memory limit than a zspage is large.
 * Beyond it writes fail, and pages stay in memory that is short already. */
static bool full_pool(unsigned int *ret)
{
	struct procfs_swaps swaps;
	struct zram_list list;

	if (procfs_swaps_read(NULL, &swaps, NULL) || zram_list_read(NULL, &list, NULL))
		return false;
	for (size_t i = 0; i < list.n; i++) {
		struct zram_mm_stat stat;

		if (!swap_find(&swaps, &list.devices[i]) ||
		    zram_mm_stat_read(NULL, list.devices[i].id, &stat, NULL) || !stat.limit_bytes ||
		    stat.used_bytes + ZSMALLOC_CHAIN_MAX * PAGE_BYTES <= stat.limit_bytes)
			continue;
		*ret = list.devices[i].id;
		return true;
	}
	return false;
}

/* How far MemAvailable may fall before the next check and the kill that follows it: twice as far as
 * since the last one, but not by more than the group's own limit leaves it. */
static uint64_t fall_bytes(const struct watch *watch, uint64_t available_bytes)
{
	const uint64_t limit = watch->memory_bytes, used = watch->used_bytes;
	const uint64_t fell = watch->available_bytes > available_bytes
				      ? watch->available_bytes - available_bytes
				      : 0;

	if (limit == MISSING_U64 || used == MISSING_U64)
		return 2 * fell;
	return MIN(2 * fell, limit > used ? limit - used : 0);
}

static bool reserve_broken(struct watch *watch, char why[WATCH_WHY_MAX])
{
	struct procfs_meminfo memory;
	uint64_t falls;
	char text[UNITS_TEXT_MAX];

	if (!watch->reserve_bytes || procfs_meminfo_read(NULL, &memory, NULL))
		return false;
	cgroup_bound(&watch->layout, &memory);
	falls = fall_bytes(watch, memory.available_bytes);
	watch->available_bytes = memory.available_bytes;
	if (memory.available_bytes >= watch->reserve_bytes + falls)
		return false;
	snprintf(why, WATCH_WHY_MAX, "available memory %s the reserve of %s",
		 memory.available_bytes < watch->reserve_bytes ? "fell below"
							       : "was about to fall below",
		 units_format_size(watch->reserve_bytes, text));
	return true;
}

bool watch_check(struct watch *watch, char why[WATCH_WHY_MAX])
{
	struct psi psi;
	unsigned int zram;

	if (reserve_broken(watch, why))
		return true;
	if (watch->full_pool && watch->peak_swap_bytes != MISSING_U64 && watch->peak_swap_bytes &&
	    full_pool(&zram)) {
		snprintf(why, WATCH_WHY_MAX, "the pool on zram%u is full", zram);
		return true;
	}
	if (!(watch->psi_full_percent >= 0) ||
	    psi_read(NULL, "/proc/pressure/memory", &psi, NULL) ||
	    !(psi.full.avg10 > watch->psi_full_percent))
		return false;
	snprintf(why, WATCH_WHY_MAX, "the machine stalled on memory for %.1f %% of 10 s",
		 psi.full.avg10);
	return true;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* swap_room.c - whether the pages in a swap fit into RAM and into the limits of their groups. */
#include "cgroup.h"
#include "swap.h"
#include "lib/base/units.h"

int swap_room_memory(const struct procfs_meminfo *meminfo, uint64_t used_bytes, struct err *e)
{
	char a[UNITS_TEXT_MAX], b[UNITS_TEXT_MAX];

	if (meminfo->available_bytes == MISSING_U64 || used_bytes <= meminfo->available_bytes)
		return 0;
	err_say(e, ENOMEM, "the pool holds %s, but only %s of memory is available to swap it in",
		units_format_size(used_bytes, a), units_format_size(meminfo->available_bytes, b));
	return err_hint(e, "end processes that use it first, or risk the OOM killer with --force");
}

int swap_room_group(const struct cgroup_swap *group, uint64_t used_bytes, struct err *e)
{
	char a[UNITS_TEXT_MAX], b[UNITS_TEXT_MAX], c[UNITS_TEXT_MAX];
	uint64_t need = MIN(group->swap_bytes, used_bytes);

	if (group->room_bytes == MISSING_U64 || need <= group->room_bytes)
		return 0;
	err_say(e, ENOMEM,
		"up to %s of the cgroup %s are in the pool, but its limit of %s leaves only "
		"%s",
		units_format_size(need, a), group->path, units_format_size(group->limit_bytes, b),
		units_format_size(group->room_bytes, c));
	return err_hint(
		e,
		"raise the limit in %s or end its processes; or risk the OOM killer with --force",
		group->dir);
}

struct owners {
	uint64_t used_bytes;
	struct err *e;
};

static int check_owner(void *ctx, const struct cgroup_swap *group)
{
	const struct owners *owners = ctx;

	return swap_room_group(group, owners->used_bytes, owners->e);
}

int swap_room_check(const struct zram_device *device, struct err *e)
{
	struct owners owners = { .used_bytes = swap_used_bytes(device), .e = e };
	struct procfs_meminfo meminfo;
	struct cgroup_layout layout;
	int rc;

	if (owners.used_bytes == 0)
		return 0;
	rc = procfs_meminfo_read(NULL, &meminfo, e);
	if (!rc)
		rc = swap_room_memory(&meminfo, owners.used_bytes, e);
	if (!rc)
		rc = cgroup_layout_read(NULL, &layout, e);
	return rc ? rc : cgroup_swap_visit(&layout, check_owner, &owners);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* foreign.c - /proc/swaps against the cgroup's counters, and VmSwap of all other processes. */
#include "foreign.h"

#include "lib/base/units.h"
#include "lib/kernel/procfs.h"

#define FOREIGN_BYTES MIB /* the two counters are not read at one moment */
#define FOREIGN_SHARE 0.02
/* What a CPU first fills of a swap it has begun on, whatever its priority. */
#define CLUSTER_BYTES (2 * MIB)
#define LOOK_NS       NS_PER_S /* walking /proc takes milliseconds */

static uint64_t zero_if_missing(uint64_t value)
{
	return value == MISSING_U64 ? 0 : value;
}

/* In swap, of all processes but the guardian's descendants. */
static uint64_t others_swapped(pid_t guardian)
{
	uint64_t sum = 0;
	size_t n;
	AUTO_FREE struct procfs_relation *list = procfs_relations(&n);

	if (!list)
		return 0;
	procfs_descendants_mark(list, n, guardian);
	for (size_t i = 0; i < n; i++) {
		struct procfs_status status;

		if (!list[i].inside && !procfs_status_read(NULL, list[i].pid, &status, NULL))
			sum += zero_if_missing(status.swap_bytes);
	}
	return sum;
}

static void look(struct foreign *f)
{
	uint64_t now = others_swapped(f->guardian);

	if (now > f->others_before_bytes)
		f->others_bytes = MAX(f->others_bytes, now - f->others_before_bytes);
	f->looked_ns = monotonic_ns();
}

/* Bytes of the pool's device in use, as the kernel's swap map has it. -ENODATA where it is no swap.
 */
static int swap_used(const struct foreign *f, uint64_t *ret, size_t *n_swaps)
{
	struct procfs_swaps swaps;
	int rc = f->device[0] ? procfs_swaps_read(NULL, &swaps, NULL) : -ENODATA;

	if (rc)
		return rc;
	*ret = 0;
	*n_swaps = swaps.n;
	for (size_t i = 0; i < swaps.n; i++) {
		if (str_eq(swaps.swaps[i].path, f->device))
			*ret = swaps.swaps[i].used_bytes;
	}
	return 0;
}

void foreign_begin(struct foreign *f, const char *device, pid_t guardian)
{
	*f = (struct foreign){ .device = device, .guardian = guardian };
	if (device[0])
		f->others_before_bytes = others_swapped(guardian);
}

void foreign_sample(struct foreign *f, const struct cgroup_stat *group, double orig_bytes)
{
	uint64_t used, high, slack = FOREIGN_BYTES;
	size_t n_swaps;

	if (group->swap_bytes == MISSING_U64 || swap_used(f, &used, &n_swaps))
		return;
	if (n_swaps > 1)
		slack += CLUSTER_BYTES * (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
	slack = MAX(slack, (uint64_t)(FOREIGN_SHARE * orig_bytes));
	high = group->swap_bytes + zero_if_missing(group->swap_cached_bytes);
	if (used <= high + slack && group->swap_bytes <= used + slack) {
		f->streak = 0;
		return;
	}
	if (++f->streak < 2)
		return;
	if (used < group->swap_bytes && n_swaps > 1)
		f->elsewhere_bytes = MAX(f->elsewhere_bytes, group->swap_bytes - used);
	else if (used > high && monotonic_ns() > f->looked_ns + LOOK_NS)
		look(f);
}

void foreign_end(struct foreign *f)
{
	uint64_t left;
	size_t n_swaps;

	if (!swap_used(f, &left, &n_swaps) && left > FOREIGN_BYTES)
		look(f);
}

bool foreign_text(const struct foreign *f, char *buf, size_t len)
{
	char size[UNITS_TEXT_MAX];

	if (f->others_bytes > FOREIGN_BYTES)
		snprintf(buf, len, "other processes swapped out %s during the run",
			 units_format_size(f->others_bytes, size));
	else if (f->elsewhere_bytes)
		snprintf(buf, len, "up to %s of its pages were in another swap than the pool",
			 units_format_size(f->elsewhere_bytes, size));
	else
		return false;
	return true;
}

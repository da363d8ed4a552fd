/* SPDX-License-Identifier: GPL-2.0-only */
/* bounds.c - how large a pool may be on this machine. Pure. */
#include "pool.h"

#include "lib/base/units.h"
#include "lib/safety/supervise.h"

int pool_bounds_check(const struct procfs_meminfo *meminfo, uint64_t promised_bytes,
		      uint64_t size_bytes, uint64_t *limit_bytes, struct err *e)
{
	uint64_t reserve = supervise_reserve_bytes(meminfo->total_bytes), taken, bound = 0;
	uint64_t size_bound = meminfo->total_bytes * 2;
	char a[UNITS_TEXT_MAX], b[UNITS_TEXT_MAX];

	if (meminfo->available_bytes != MISSING_U64 &&
	    !add_overflows(reserve, promised_bytes, &taken) && meminfo->available_bytes > taken)
		bound = (meminfo->available_bytes - taken) / 2;
	uint64_t limit = *limit_bytes == MISSING_U64 ? MIN(size_bytes / 2, bound) : *limit_bytes;

	if (size_bytes > size_bound) {
		err_usage(e, "--size %s is more than %s, twice the memory of this machine",
			  units_format_size(size_bytes, a), units_format_size(size_bound, b));
		return err_hint(e, "give a smaller --size");
	}
	if (limit > bound || limit < PAGE_BYTES) {
		err_usage(e, "--mem-limit %s is more than %s", units_format_size(limit, a),
			  units_format_size(bound, b));
		return err_hint(e,
				"the bound is half of the memory available above a reserve of %s "
				"and the limits of other pools; give a smaller --mem-limit",
				units_format_size(reserve, a));
	}
	*limit_bytes = limit;
	return 0;
}

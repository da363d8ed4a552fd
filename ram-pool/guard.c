/* SPDX-License-Identifier: GPL-2.0-only */
/* guard.c - how large a pool may be on this machine. Pure. */
#include "pool.h"

#include "lib/safety/supervise.h"
#include "lib/base/units.h"

uint64_t pool_limit_bound_bytes(const struct procfs_meminfo *meminfo, uint64_t promised_bytes)
{
	uint64_t taken = supervise_reserve_bytes(meminfo->total_bytes);

	if (meminfo->available_bytes == MISSING_U64 ||
	    add_overflows(taken, promised_bytes, &taken) || meminfo->available_bytes <= taken)
		return 0;
	return (meminfo->available_bytes - taken) / 2;
}

int pool_guard(const struct procfs_meminfo *meminfo, uint64_t promised_bytes, uint64_t size_bytes,
	       uint64_t *limit_bytes, struct err *e)
{
	uint64_t size_bound = meminfo->total_bytes * 2,
		 bound = pool_limit_bound_bytes(meminfo, promised_bytes);
	uint64_t limit = *limit_bytes == MISSING_U64 ? MIN(size_bytes / 2, bound) : *limit_bytes;
	char a[UNITS_TEXT_MAX], b[UNITS_TEXT_MAX], c[UNITS_TEXT_MAX];

	if (size_bytes > size_bound) {
		err_usage(e, "--size %s is more than %s, twice the memory of this machine",
			  units_format_size(size_bytes, a), units_format_size(size_bound, b));
		return err_hint(e, "no codec makes that much fit: ask for less");
	}
	if (limit > bound || limit < PAGE_BYTES) {
		err_usage(e, "--mem-limit %s is more than %s", units_format_size(limit, a),
			  units_format_size(bound, b));
		return err_hint(e,
				"that is half of what is available above a reserve of %s and the "
				"limits of other pools; ask for less",
				units_format_size(supervise_reserve_bytes(meminfo->total_bytes),
						  c));
	}
	*limit_bytes = limit;
	return 0;
}

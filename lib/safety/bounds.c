/* SPDX-License-Identifier: GPL-2.0-only */
/* bounds.c - how large and how long a load may be. Decides; changes nothing. */
#include "supervise.h"
#include "lib/base/units.h"

uint64_t supervise_reserve_bytes(uint64_t mem_total_bytes)
{
	return MAX(MIN(512 * MIB, mem_total_bytes / 8), mem_total_bytes / 10);
}

uint64_t supervise_size_bound_bytes(uint64_t mem_available_bytes, uint64_t reserve_bytes)
{
	return mem_available_bytes > reserve_bytes ? (mem_available_bytes - reserve_bytes) / 2 : 0;
}

int supervise_check_size(uint64_t request_bytes, uint64_t bound_bytes, bool allow_large,
			 struct err *e)
{
	char request[UNITS_TEXT_MAX], bound[UNITS_TEXT_MAX];

	if (request_bytes <= bound_bytes || allow_large)
		return 0;
	err_usage(e, "%s is over the safe bound of %s: half of (available memory - reserve)",
		  units_format_size(request_bytes, request), units_format_size(bound_bytes, bound));
	return err_hint(e, "ask for less, or lift this bound with --unsafe-allow-large");
}

int supervise_check_duration(uint64_t request_ns, uint64_t cap_ns, bool allow_long, struct err *e)
{
	char request[UNITS_TEXT_MAX], cap[UNITS_TEXT_MAX];

	if (request_ns <= cap_ns || allow_long)
		return 0;
	err_usage(e, "%s is over the safe bound of %s", units_format_duration(request_ns, request),
		  units_format_duration(cap_ns, cap));
	return err_hint(e, "ask for less, or lift this bound with --unsafe-allow-long");
}

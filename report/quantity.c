/* SPDX-License-Identifier: GPL-2.0-only */
/* quantity.c - the table of figures, and numbers with their thousands. */
#include "quantity.h"

#include <math.h>

const struct quantity_kind quantity_kinds[QUANTITIES] = {
	[WALL_NS] = { "wall_ns", "Wall time", NULL, UNIT_NS, 1 },
	[USER_NS] = { "user_ns", "CPU, user", NULL, UNIT_NS, 1 },
	[SYSTEM_NS] = { "system_ns", "CPU, system",
			"Compressing and decompressing for the program is in here.", UNIT_NS, 1 },
	[PSI_SOME_US] = { "psi_some_us", "Stalled on memory, some task",
			  "Pressure stall of the program's cgroup: at least one task waited for "
			  "memory.",
			  UNIT_NS, 1000 },
	[PSI_FULL_US] = { "psi_full_us", "Stalled on memory, all tasks", NULL, UNIT_NS, 1000 },
	[MAJOR_FAULTS] = { "major_faults", "Major faults", NULL, UNIT_COUNT, 1 },
	[MINOR_FAULTS] = { "minor_faults", "Minor faults", NULL, UNIT_COUNT, 1 },
	[MAJOR_LATENCY_P50_NS] = { "major_latency_p50_ns", "Major fault latency, median", NULL,
				   UNIT_NS, 1 },
	[MAJOR_LATENCY_P99_NS] = { "major_latency_p99_ns", "Major fault latency, p99", NULL,
				   UNIT_NS, 1 },
	[MAJOR_LATENCY_MAX_NS] = { "major_latency_max_ns", "Major fault latency, largest", NULL,
				   UNIT_NS, 1 },
	[PAGES_OUT] = { "pages_out", "Pages swapped out", NULL, UNIT_COUNT, 1 },
	[PAGES_IN] = { "pages_in", "Pages swapped in", NULL, UNIT_COUNT, 1 },
	[READBACK_FACTOR] = { "readback_factor", "Readback factor",
			      "Pages loaded / pages stored: pool_probe's, from the probed run. "
			      "Where that probe cannot be had, by the device's counters.",
			      UNIT_RATIO, 1 },
	[RESIDENCE_NS] = { "residence_ns", "Out of memory, mean",
			   "How long a page stays out: the area below the share of pages still out "
			   "at each age (pool_probe, Kaplan-Meier). Without that probe, by "
			   "Little's law.",
			   UNIT_NS, 1 },
	[SURVIVAL_P50_NS] = { "survival_p50_ns", "Half of them back after",
			      "Half of all pages stored were loaded again by this age; a dash "
			      "where fewer were.",
			      UNIT_NS, 1 },
	[CENSORED_PERCENT] = { "censored_ratio", "Never loaded",
			       "Pages never loaded / pages stored.", UNIT_PERCENT, 100 },
	[RESULTS_P50_NS] = { "write_p50_ns", "A store in the device, median", NULL, UNIT_NS, 1 },
	[RESULTS_P99_NS] = { "write_p99_ns", "A store in the device, p99", NULL, UNIT_NS, 1 },
	[LOAD_P50_NS] = { "read_p50_ns", "A load in the device, median", NULL, UNIT_NS, 1 },
	[LOAD_P99_NS] = { "read_p99_ns", "A load in the device, p99", NULL, UNIT_NS, 1 },
	[POOL_NS] = { "pool_ns", "In-pool CPU",
		      "Time that all stores and loads spent in the pool's device, from request to "
		      "end.",
		      UNIT_NS, 1 },
	[POOL_PAGE_NS] = { "pool_page_ns", "In-pool CPU for each page", NULL, UNIT_NS, 1 },
	[RAM_BYTES_PEAK] = { "ram_bytes_peak", "Program's RAM, peak",
			     "Anonymous and shared memory that is resident.", UNIT_BYTES, 1 },
	[RAM_BYTES_MEAN] = { "ram_bytes_mean", "Program's RAM, mean", NULL, UNIT_BYTES, 1 },
	[SWAP_BYTES_PEAK] = { "swap_bytes_peak", "Swapped out, peak", NULL, UNIT_BYTES, 1 },
	[POOL_ORIG_BYTES_PEAK] = { "pool_orig_bytes_peak", "Pool: holds, peak",
				   "The pool's pages before compression (mm_stat orig_data_size).",
				   UNIT_BYTES, 1 },
	[POOL_COMPR_BYTES_PEAK] = { "pool_compr_bytes_peak", "Pool: compressed, peak",
				    "The codec's own bytes (mm_stat compr_data_size).", UNIT_BYTES,
				    1 },
	[POOL_USED_BYTES_PEAK] = { "pool_used_bytes_peak", "Pool: RAM used, peak",
				   "With the slots' waste (mm_stat mem_used_total).", UNIT_BYTES,
				   1 },
	[POOL_USED_BYTES_MEAN] = { "pool_used_bytes_mean", "Pool: RAM used, mean", NULL, UNIT_BYTES,
				   1 },
	[SLOT_TABLE_BYTES] = { "slot_table_bytes", "Pool: slot table",
			       "The kernel's table of slots, by the device's size; mm_stat leaves "
			       "it out.",
			       UNIT_BYTES, 1 },
	[FOREIGN_SWAP_BYTES] = { "foreign_swap_bytes", "Others' pages in the pool",
				 "Swap is global; a run with too much of this is called "
				 "contaminated.",
				 UNIT_BYTES, 1 },
	[SLOWDOWN_RATIO] = { NULL, "Slowdown",
			     "Wall time / wall time without limit in the same block.", UNIT_RATIO,
			     1 },
	[CPU_NS] = { NULL, "CPU time", "User + system.", UNIT_NS, 1 },
	[FOOTPRINT_BYTES_PEAK] = { "footprint_bytes_peak", "RAM really used, peak",
				   "Program's RAM + pool's RAM + slot table, summed at each "
				   "sample.",
				   UNIT_BYTES, 1 },
	[FOOTPRINT_BYTES_MEAN] = { "footprint_bytes_mean", "RAM really used, mean",
				   "The mean over the run: a run that takes longer holds its "
				   "memory longer.",
				   UNIT_BYTES, 1 },
	[SAVED_BYTES] = { NULL, "RAM saved, net",
			  "Median peak of RAM really used without limit - peak of RAM really used.",
			  UNIT_BYTES, 1 },
	[SAVED_PERCENT] = { NULL, "RAM saved, net share",
			    "RAM saved / RAM really used without limit.", UNIT_PERCENT, 1 },
};

struct scale scale_for(enum unit unit, double largest)
{
	static const char *const sizes[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	static const char *const times[] = { "ns", "µs", "ms", "s" };
	struct scale s = { .divisor = 1, .unit = "" };
	double v = isfinite(largest) ? fabs(largest) : 0;
	size_t i = 0;

	switch (unit) {
	case UNIT_BYTES:
		for (; v >= 1024 && i + 1 < ARRAY_SIZE(sizes); i++, v /= 1024)
			s.divisor *= 1024;
		s.unit = sizes[i];
		break;
	case UNIT_NS:
		for (; v >= 1000 && i + 1 < ARRAY_SIZE(times); i++, v /= 1000)
			s.divisor *= 1000;
		s.unit = times[i];
		break;
	case UNIT_COUNT:
		return s;
	case UNIT_RATIO:
		s.unit = "×";
		s.decimals = 3;
		return s;
	case UNIT_PERCENT:
		s.unit = "%";
		s.decimals = 1;
		return s;
	}
	if (s.divisor > 1)
		s.decimals = v >= 100 ? 1 : v >= 10 ? 2 : 3;
	return s;
}

const char *scale_format(const struct scale *scale, double value, char buf[QUANTITY_TEXT_MAX])
{
	char plain[QUANTITY_TEXT_MAX];
	char *to = buf;
	size_t whole;
	int n = snprintf(plain, sizeof(plain), "%.*f", scale->decimals,
			 fabs(value / scale->divisor));

	if (isnan(value) || n < 0 || n > 24)
		return strcpy(buf, isnan(value) ? "–" : "> 10²⁰");
	if (value < 0)
		to = stpcpy(to, "−");
	whole = strcspn(plain, ".");
	for (size_t i = 0; i < whole; i++) {
		if (i && (whole - i) % 3 == 0)
			to = stpcpy(to, "\u202f");
		*to++ = plain[i];
	}
	strcpy(to, plain + whole);
	return buf;
}

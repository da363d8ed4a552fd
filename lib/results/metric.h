/* SPDX-License-Identifier: GPL-2.0-only */
/* metric.h - what is measured of a run, each metric declared once, in METRICS.
 *
 * One line there gives the member of struct metrics that a study fills, the field of its records,
 * the row in the results database, the comparison of configurations, and the row with its label in
 * the report. Values are doubles, NaN = missing.
 */
#ifndef COLDPRESS_RESULTS_METRIC_H
#define COLDPRESS_RESULTS_METRIC_H

#include "lib/base/record.h"

/* Of a stored value; a share is a ratio that people read in percent. */
enum metric_unit {
	METRIC_BYTES,
	METRIC_NS,
	METRIC_US,
	METRIC_PAGES,
	METRIC_FAULTS,
	METRIC_RATIO,
	METRIC_SHARE,
	METRIC_UNITS
};

enum metric_better { METRIC_LESS, METRIC_MORE, METRIC_EITHER };

/* The runs that a configuration's value is from. */
enum metric_take {
	METRIC_TIMED,   /* median of the timed runs; without any, of the instrumented ones */
	METRIC_PROBED,  /* pool_probe's, from the probed run; without that probe as above */
	METRIC_DERIVED, /* computed by the comparison (compare.h), then as METRIC_TIMED */
};

enum metric_group {
	METRIC_TIME,
	METRIC_MEMORY,
	METRIC_POOL,
	METRIC_TRAFFIC,
	METRIC_FAULT,
	METRIC_GROUPS
};

/* M(arg, name, unit, group, better, take, label, meaning): label NULL = in records only. */
#define METRICS(M, arg) \
	M(arg, slowdown_ratio, RATIO, TIME, LESS, DERIVED, "Slowdown", \
	  "wall_ns / wall_ns of the configuration none in the same block; over blocks: exp of " \
	  "the " \
	  "Hodges-Lehmann estimate of the log ratios") \
	M(arg, wall_ns, NS, TIME, LESS, TIMED, "Wall time", \
	  "from the start of the command to its end") \
	M(arg, cpu_ns, NS, TIME, LESS, DERIVED, "CPU time", "user + system") \
	M(arg, user_ns, NS, TIME, LESS, TIMED, "CPU, user", "user CPU of the whole cgroup") \
	M(arg, system_ns, NS, TIME, LESS, TIMED, "CPU, system", \
	  "system CPU of the whole cgroup, including compression and decompression done for it") \
	M(arg, kernel_page_ns, NS, TIME, LESS, DERIVED, "System CPU per page", \
	  "(system_ns - median system_ns of the configuration none) / (pages_out + pages_in)") \
	M(arg, others_cpu_ratio, SHARE, TIME, LESS, TIMED, "CPU taken by others", \
	  "CPU time of all CPUs that others took during the run, steal included") \
	M(arg, psi_some_us, US, TIME, LESS, TIMED, "Memory stall, some", \
	  "time in which at least one task of the cgroup waited for memory (PSI)") \
	M(arg, psi_full_us, US, TIME, LESS, TIMED, "Memory stall, full", \
	  "time in which all tasks of the cgroup waited for memory (PSI)") \
	M(arg, saved_ratio, SHARE, MEMORY, MORE, DERIVED, "RAM saved, net share", \
	  "saved_bytes / median footprint_bytes_peak of the configuration none") \
	M(arg, saved_bytes, BYTES, MEMORY, MORE, DERIVED, "RAM saved, net", \
	  "median footprint_bytes_peak of the configuration none - footprint_bytes_peak") \
	M(arg, footprint_bytes_peak, BYTES, MEMORY, LESS, TIMED, "RAM in total, peak", \
	  "maximum over samples of resident anonymous and shared memory + mem_used_total of the " \
	  "pool + slot_table_bytes; file pages and kernel memory are not in it") \
	M(arg, footprint_bytes_mean, BYTES, MEMORY, LESS, TIMED, "RAM in total, mean", \
	  "mean over the run of resident anonymous and shared memory + mem_used_total of the " \
	  "pool " \
	  "+ slot_table_bytes") \
	M(arg, ram_bytes_peak, BYTES, MEMORY, LESS, TIMED, "Program's RAM, peak", \
	  "maximum of the resident anonymous and shared memory") \
	M(arg, ram_bytes_mean, BYTES, MEMORY, LESS, TIMED, "Program's RAM, mean", \
	  "mean over the run of the resident anonymous and shared memory") \
	M(arg, huge_bytes_mean, BYTES, MEMORY, EITHER, TIMED, "Huge pages, mean", \
	  "anonymous memory in transparent huge pages; swapping splits them") \
	M(arg, swap_bytes_peak, BYTES, MEMORY, EITHER, TIMED, "Swapped out, peak", \
	  "maximum of the cgroup's swap") \
	M(arg, pool_used_bytes_peak, BYTES, POOL, LESS, TIMED, "Pool: RAM used, peak", \
	  "maximum of mem_used_total (mm_stat): with size-class rounding and unused objects") \
	M(arg, pool_used_bytes_mean, BYTES, POOL, LESS, TIMED, "Pool: RAM used, mean", \
	  "mean of mem_used_total over the run") \
	M(arg, pool_compr_bytes_peak, BYTES, POOL, LESS, TIMED, "Pool: compressed, peak", \
	  "maximum of compr_data_size (mm_stat): compressed bytes, without rounding") \
	M(arg, pool_orig_bytes_peak, BYTES, POOL, EITHER, TIMED, "Pool: uncompressed, peak", \
	  "maximum of orig_data_size (mm_stat): pages in the pool * 4096") \
	M(arg, slot_table_bytes, BYTES, POOL, LESS, TIMED, "Pool: table of entries", \
	  "zram's table of entries (slot table): 16 or 24 bytes per page of the device's size, " \
	  "as the kernel's type has it; not in mm_stat") \
	M(arg, foreign_swap_bytes, BYTES, POOL, LESS, TIMED, "Others' pages in the pool", \
	  "swapped out by other processes during the run, looked for when the cgroup's swap and " \
	  "the use of the pool differ; more than 1 MiB contaminates a run") \
	M(arg, pool_used_bytes_full, BYTES, POOL, LESS, TIMED, NULL, \
	  "mem_used_total at the sample with the most pages in the pool") \
	M(arg, pool_compr_bytes_full, BYTES, POOL, LESS, TIMED, NULL, \
	  "compr_data_size at the sample with the most pages in the pool") \
	M(arg, pages_out, PAGES, TRAFFIC, EITHER, TIMED, "Swap-outs", \
	  "pages written to the pool's device") \
	M(arg, pages_in, PAGES, TRAFFIC, LESS, TIMED, "Swap-ins", \
	  "pages read from the pool's device") \
	M(arg, refault_file_pages, PAGES, TRAFFIC, LESS, TIMED, "File refaults", \
	  "page cache of the cgroup that was evicted and read again (workingset_refault_file)") \
	M(arg, readback_factor, RATIO, TRAFFIC, LESS, PROBED, "Readback factor", \
	  "swap-ins per swap-out; if the probed run has it, missing in the timed runs") \
	M(arg, residence_ns, NS, TRAFFIC, MORE, PROBED, "Mean residence (restricted mean)", \
	  "mean residence: the restricted mean (Kaplan-Meier) of pool_probe; without the probe " \
	  "(by_probe false): mean pages in the pool * wall_ns / pages_out") \
	M(arg, survival_p50_ns, NS, TRAFFIC, MORE, PROBED, "Median residence (Kaplan-Meier)", \
	  "median residence (Kaplan-Meier) of all pages written; missing if less than half were " \
	  "read") \
	M(arg, censored_ratio, SHARE, TRAFFIC, EITHER, PROBED, "Not reloaded", \
	  "pages written but not read while the pool was watched / pages written") \
	M(arg, freed_unread, PAGES, TRAFFIC, EITHER, PROBED, "Freed unread", \
	  "lower bound of the pages freed without a read") \
	M(arg, write_p50_ns, NS, TRAFFIC, LESS, PROBED, "Write latency, median", \
	  "median latency of a write request in the zram device") \
	M(arg, write_p99_ns, NS, TRAFFIC, LESS, PROBED, "Write latency, p99", \
	  "99th percentile of the latency of a write request in the zram device") \
	M(arg, read_p50_ns, NS, TRAFFIC, LESS, PROBED, "Read latency, median", \
	  "median latency of a read request in the zram device") \
	M(arg, read_p99_ns, NS, TRAFFIC, LESS, PROBED, "Read latency, p99", \
	  "99th percentile of the latency of a read request in the zram device") \
	M(arg, pool_ns, NS, TRAFFIC, LESS, PROBED, "In-pool CPU", \
	  "sum of the latencies of all requests in the zram device: CPU time unless preempted") \
	M(arg, pool_page_ns, NS, TRAFFIC, LESS, PROBED, "In-pool CPU per page", \
	  "pool_ns / pages written or read") \
	M(arg, major_faults, FAULTS, FAULT, LESS, TIMED, "Major faults", \
	  "page faults that read from swap or disk") \
	M(arg, minor_faults, FAULTS, FAULT, LESS, TIMED, "Minor faults", \
	  "page faults that needed no device") \
	M(arg, major_latency_p50_ns, NS, FAULT, LESS, PROBED, "Major fault latency, median", \
	  "median latency of a major fault (page_fault)") \
	M(arg, major_latency_p99_ns, NS, FAULT, LESS, PROBED, "Major fault latency, p99", \
	  "99th percentile of the latency of a major fault") \
	M(arg, major_latency_max_ns, NS, FAULT, LESS, PROBED, "Major fault latency, largest", \
	  "maximum latency of a major fault")

#define METRIC_MEMBER_(arg, name, ...) double name;
/* The values of one run, or of one configuration. */
struct metrics {
	METRICS(METRIC_MEMBER_, )
};

#define METRIC_INDEX_(arg, name, ...) METRIC_##name,
enum { METRICS(METRIC_INDEX_, ) METRICS_N };

struct metric {
	const char *name;
	enum metric_unit unit;
	enum metric_group group;
	enum metric_better better;
	enum metric_take take;
	const char *label, *meaning;
};

extern const struct metric metrics[METRICS_N];
extern const char *const metric_unit_names[METRIC_UNITS];    /* as records have them: "bytes" */
extern const char *const metric_group_labels[METRIC_GROUPS]; /* for people: "Time" */

/* metric_value - the place of metrics[i] in ret. */
static inline double *metric_value(struct metrics *ret, size_t i)
{
	return (double *)(void *)ret + i;
}

/* metric_get - the value of metrics[i]. */
static inline double metric_get(const struct metrics *m, int i)
{
	return ((const double *)(const void *)m)[i];
}

/* metrics_clear - every value missing. */
void metrics_clear(struct metrics *ret);

/* metric_find - index of the metric with this name; -1: not found. */
int metric_find(const char *name);

/* metric_u64 - a counter as a value. */
static inline double metric_u64(uint64_t v)
{
	return v == MISSING_U64 ? MISSING_F64 : (double)v;
}

/* METRIC_FIELDS(struct s, member) - the fields of a record for a member that is a struct metrics.
 * METRIC_MEASURED_FIELDS - the same without derived ones.
 */
#define METRIC_FIELDS(s, member)          METRICS(METRIC_FIELD_, (s, member))
#define METRIC_MEASURED_FIELDS(s, member) METRICS(METRIC_MEASURED_FIELD_, (s, member))
#define METRIC_FIELD_(arg, metric, unit_, group_, better_, take_, label_, what) \
	{ \
		.name = #metric, \
		.unit = METRIC_UNIT_##unit_, \
		.type = FIELD_F64, \
		.offset = METRIC_OFFSET_ arg + offsetof(struct metrics, metric), \
		.size = sizeof(double), \
		.meaning = (what), \
		.decimals = METRIC_DECIMALS_##unit_, \
	},
#define METRIC_MEASURED_FIELD_(arg, metric, unit_, group_, better_, take_, label_, what) \
	METRIC_IF_##take_(METRIC_FIELD_(arg, metric, unit_, group_, better_, take_, label_, what))
#define METRIC_IF_TIMED(...)  __VA_ARGS__
#define METRIC_IF_PROBED(...) __VA_ARGS__
#define METRIC_IF_DERIVED(...)
#define METRIC_OFFSET_(s, member) offsetof(s, member)

#define METRIC_UNIT_BYTES  "bytes"
#define METRIC_UNIT_NS     "ns"
#define METRIC_UNIT_US     "us"
#define METRIC_UNIT_PAGES  "pages"
#define METRIC_UNIT_FAULTS "faults"
#define METRIC_UNIT_RATIO  "ratio"
#define METRIC_UNIT_SHARE  "ratio"

/* Digits in text, as struct field counts them: 0 = 3, -1 = none. */
#define METRIC_DECIMALS_BYTES  (-1)
#define METRIC_DECIMALS_NS     (-1)
#define METRIC_DECIMALS_US     (-1)
#define METRIC_DECIMALS_PAGES  (-1)
#define METRIC_DECIMALS_FAULTS (-1)
#define METRIC_DECIMALS_RATIO  0
#define METRIC_DECIMALS_SHARE  0

#endif

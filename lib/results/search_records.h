/* SPDX-License-Identifier: GPL-2.0-only */
/* search_records.h - a study's search for the smallest RAM: its runs, curve and verdict. Written by
 * the study, as records and into artifacts of runs ("search", "curve", "verdict"); read by a study
 * that goes on, and by the report.
 */
#ifndef COLDPRESS_RESULTS_SEARCH_RECORDS_H
#define COLDPRESS_RESULTS_SEARCH_RECORDS_H

#include "lib/base/record.h"

/* In the order of enum search_phase and enum search_outcome. */
extern const char *const search_run_phases[], *const search_run_outcomes[];

/* One run, as the search engine asked for it and was told of it (lib/analysis/search.h). */
struct search_run_record {
	const char *target, *phase, *algorithm, *outcome;
	uint64_t run, limit_bytes, stage, block;
	double limit_ratio;
	bool warm_up, oom_retried;
	double cost;
	uint64_t elapsed_ns, wall_ns;
	double ram_mean_bytes, ram_peak_bytes, stall_ratio;
};

struct curve_record {
	const char *target, *algorithm, *source;
	double limit_ratio, limit_bytes, ram_bytes, ram_ratio;
	double slowdown_ratio, slowdown_low_ratio, slowdown_high_ratio;
	uint64_t n, n_aborted, n_killed;
	double swap_ins_per_s, major_latency_p99_ns, refault_file_pages, cpu_ratio;
};

struct verdict_record {
	const char *target, *verdict, *why;
	bool partial;
	const char *algorithm, *second, *text;
	double max_slowdown_ratio, limit_bytes, limit_ratio;
	double slowdown_ratio, slowdown_low_ratio, slowdown_high_ratio, confidence_ratio;
	uint64_t pairs, runs;
	double ram_bytes, reference_ram_bytes, saved_ratio, ram_bytes_peak,
		reference_ram_bytes_peak, ram_time_ratio;
	double huge_bytes, reference_huge_bytes;
	double reference_spread_ratio, beyond_ratio;
	uint64_t more_pairs, more_ns;
	double others_cpu_ratio;
};

extern const struct record_type search_run_type, curve_type, verdict_type;

#endif

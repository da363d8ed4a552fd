/* SPDX-License-Identifier: GPL-2.0-only */
/* search_records.c - the fields of a search. */
#include "search_records.h"

const char *const search_run_phases[] = { "reference", "search", "paired", "probed", NULL };
const char *const search_run_outcomes[] = { "ok",     "aborted",      "killed",
					    "failed", "contaminated", NULL };

#define RUN(m, t, u, what, ...) FIELD(struct search_run_record, m, t, u, what, ##__VA_ARGS__)
static const struct field run_fields[] = {
	RUN(target, FIELD_STRING, "", "name of the program under study"),
	RUN(run, FIELD_U64, "", "place in the search, from 0"),
	RUN(phase, FIELD_STRING, "", "reference, search, paired or probed"),
	RUN(algorithm, FIELD_STRING, "", "of the pool; missing: no limit, no pool"),
	RUN(limit_ratio, FIELD_F64, "ratio", "limit / largest peak of the reference runs"),
	RUN(limit_bytes, FIELD_U64, "bytes", "limit; 0: none"),
	RUN(stage, FIELD_U64, "", "of a paired run: which limit is tested, from 0"),
	RUN(block, FIELD_U64, "", "of a paired run: shuffled block in the stage, from 0"),
	RUN(warm_up, FIELD_BOOL, "", "in no statistic"),
	RUN(outcome, FIELD_STRING, "", "ok, aborted, killed, failed or contaminated"),
	RUN(oom_retried, FIELD_BOOL, "",
	    "the kernel's OOM killer had ended it although the pool was not full; this is the "
	    "second "
	    "try"),
	RUN(cost, FIELD_F64, "", "what is compared, less is better: ns, or 1 / --metric",
	    .decimals = -1),
	RUN(elapsed_ns, FIELD_U64, "ns", "time of the command"),
	RUN(wall_ns, FIELD_U64, "ns", "time of the run, with pool and waiting"),
	RUN(ram_mean_bytes, FIELD_F64, "bytes", "program + pool + slot table, mean",
	    .decimals = -1),
	RUN(ram_peak_bytes, FIELD_F64, "bytes", "the same, peak", .decimals = -1),
	RUN(stall_ratio, FIELD_F64, "ratio", "share of the time stalled on memory (PSI some)"),
};
const struct record_type search_run_type = RECORD_TYPE(
	"study_search_run", 1, RECORD_CARD, run_fields, "one run of the search for the least RAM");

#define CURVE(m, t, u, what, ...) FIELD(struct curve_record, m, t, u, what, ##__VA_ARGS__)
static const struct field curve_fields[] = {
	CURVE(target, FIELD_STRING, "", "name of the program under study"),
	CURVE(algorithm, FIELD_STRING, "", "of the pool"),
	CURVE(source, FIELD_STRING, "",
	      "pairs: of blocks with a reference run; search: of runs that chose the limit, "
	      "without an interval"),
	CURVE(limit_bytes, FIELD_F64, "bytes", "limit of the cgroup", .decimals = -1),
	CURVE(limit_ratio, FIELD_F64, "ratio", "limit / largest peak of the reference runs"),
	CURVE(ram_bytes, FIELD_F64, "bytes", "mean of program + pool + slot table", .decimals = -1),
	CURVE(ram_ratio, FIELD_F64, "ratio", "that / the mean of the reference runs"),
	CURVE(slowdown_ratio, FIELD_F64, "ratio",
	      "time / time of the reference - 1; at least this where runs were aborted"),
	CURVE(slowdown_low_ratio, FIELD_F64, "ratio", "lower bound, one-sided; pairs only"),
	CURVE(slowdown_high_ratio, FIELD_F64, "ratio", "upper bound, one-sided; pairs only"),
	CURVE(n, FIELD_U64, "runs", "runs, or pairs, behind it"),
	CURVE(n_aborted, FIELD_U64, "runs", "of them ended early: hopelessly slow"),
	CURVE(n_killed, FIELD_U64, "runs", "runs that the OOM killer ended, or that failed"),
	CURVE(swap_ins_per_s, FIELD_F64, "pages/s", "swap-ins / wall time, mean of the runs"),
	CURVE(major_latency_p99_ns, FIELD_F64, "ns",
	      "99th percentile of major faults; of the probed run", .decimals = -1),
	CURVE(refault_file_pages, FIELD_F64, "pages",
	      "page cache that was evicted and read again, mean of the runs", .decimals = -1),
	CURVE(cpu_ratio, FIELD_F64, "ratio", "CPU time / CPU time of the reference runs, means"),
};
const struct record_type curve_type =
	RECORD_TYPE("study_curve", 1, RECORD_CARD, curve_fields,
		    "slowdown at one limit: a point of the curve of a search");

#define VERDICT(m, t, u, what, ...) FIELD(struct verdict_record, m, t, u, what, ##__VA_ARGS__)
static const struct field verdict_fields[] = {
	VERDICT(target, FIELD_STRING, "", "name of the program under study"),
	VERDICT(verdict, FIELD_STRING, "",
		"saves, tie (saves, and two algorithms cannot be told apart), none, or undecided"),
	VERDICT(why, FIELD_STRING, "", "what decides, or what is missing"),
	VERDICT(partial, FIELD_BOOL, "", "stopped, or cut short by the budget"),
	VERDICT(algorithm, FIELD_STRING, "", "of the pool that the verdict is about"),
	VERDICT(second, FIELD_STRING, "", "of a tie: the other one"),
	VERDICT(max_slowdown_ratio, FIELD_F64, "ratio", "the bound, --max-slowdown"),
	VERDICT(limit_bytes, FIELD_F64, "bytes", "limit of the cgroup", .decimals = -1),
	VERDICT(limit_ratio, FIELD_F64, "ratio", "limit / largest peak of the reference runs"),
	VERDICT(slowdown_ratio, FIELD_F64, "ratio",
		"Hodges-Lehmann estimate of time / time of the reference in the same block, - 1"),
	VERDICT(slowdown_low_ratio, FIELD_F64, "ratio", "lower bound, one-sided"),
	VERDICT(slowdown_high_ratio, FIELD_F64, "ratio", "upper bound, one-sided"),
	VERDICT(confidence_ratio, FIELD_F64, "ratio", "of each bound"),
	VERDICT(pairs, FIELD_U64, "pairs", "blocks behind it"),
	VERDICT(runs, FIELD_U64, "runs", "of the whole search"),
	VERDICT(ram_bytes, FIELD_F64, "bytes", "mean of program + pool + slot table",
		.decimals = -1),
	VERDICT(reference_ram_bytes, FIELD_F64, "bytes",
		"the same of the reference runs of the same blocks: the only baseline",
		.decimals = -1),
	VERDICT(saved_ratio, FIELD_F64, "ratio", "1 - ram_bytes / reference_ram_bytes"),
	VERDICT(ram_bytes_peak, FIELD_F64, "bytes", "mean of the peaks", .decimals = -1),
	VERDICT(reference_ram_bytes_peak, FIELD_F64, "bytes", "the same of the reference runs",
		.decimals = -1),
	VERDICT(ram_time_ratio, FIELD_F64, "ratio", "mean RAM x time / the reference's"),
	VERDICT(huge_bytes, FIELD_F64, "bytes",
		"mean of anonymous memory in transparent huge pages", .decimals = -1),
	VERDICT(reference_huge_bytes, FIELD_F64, "bytes", "the same of the reference runs",
		.decimals = -1),
	VERDICT(reference_spread_ratio, FIELD_F64, "ratio",
		"standard deviation of the reference runs' log times"),
	VERDICT(beyond_ratio, FIELD_F64, "ratio", "largest smaller limit that broke the bound"),
	VERDICT(more_pairs, FIELD_U64, "pairs", "undecided: as many more would decide"),
	VERDICT(more_ns, FIELD_U64, "ns", "undecided: and as much time"),
	VERDICT(others_cpu_ratio, FIELD_F64, "ratio",
		"CPUs' time that others took between the runs, steal included"),
	VERDICT(text, FIELD_STRING, "", "the verdict as one line"),
};
const struct record_type verdict_type =
	RECORD_TYPE("study_verdict", 1, RECORD_CARD, verdict_fields,
		    "the smallest RAM at which a program keeps the bound of slowdown");

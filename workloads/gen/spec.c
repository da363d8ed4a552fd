/* SPDX-License-Identifier: GPL-2.0-only */
/* spec.c - the fields of the result, and the checks of the options. */
#include "lib/base/out.h"
#include "lib/base/term.h"
#include "spec.h"

const char *const touch_choices[] = { "default", "read", "write", "mix", NULL };

uint64_t gen_duration_ns(const struct gen_config *config)
{
	if (config->duration_ns != MISSING_U64)
		return config->duration_ns;
	return (config->operations == MISSING_U64 ? 20 : 300) * NS_PER_S;
}

int gen_config_mixture(const struct gen_config *config, struct mixture *out, struct err *e)
{
	const struct mixture *named;
	int rc;

	if (config->target_ratio == config->target_ratio)
		return mixture_for_ratio(config->target_ratio, out, e);
	rc = mixture_find(config->page_profile, &named, e);
	if (!rc)
		*out = *named;
	return rc;
}

int gen_config_check(const struct gen_config *config, struct err *e)
{
	struct mixture mixture;

	if (config->region_bytes / PAGE_BYTES < config->workers)
		return err_usage(e, "--region has %llu pages, too few for %llu workers",
				 (unsigned long long)(config->region_bytes / PAGE_BYTES),
				 (unsigned long long)config->workers);
	if (config->operations != MISSING_U64 && config->operations < config->workers)
		return err_usage(e, "--operations %llu is too few for %llu workers",
				 (unsigned long long)config->operations,
				 (unsigned long long)config->workers);
	if (config->similarity > 1)
		return err_usage(e, "--similarity must be at most 100%%");
	if (!(config->theta >= 0 && config->theta <= 0.999))
		return err_usage(e, "--theta %g is not between 0 and 0.999", config->theta);
	if (config->set_share > 1)
		return err_usage(e, "--set-share must be at most 100%%");
	return gen_config_mixture(config, &mixture, e);
}

int gen_output_open(const struct gen_output *output, struct out **out, struct err *e)
{
	struct opt_output common = output->common;

	if (output->json)
		common.format = OUT_JSON;
	return out_open(out, &common, e);
}

#define U64(m, u, what) FIELD(struct workload_result, m, FIELD_U64, u, what)
#define STRING(m, what) FIELD(struct workload_result, m, FIELD_STRING, "", what)
/* Element i of the array m. */
#define ITEM(n, m, i, t, u, what) \
	{ \
		.name = (n), .unit = (u), .type = (t), \
		.offset = offsetof(struct workload_result, m[i]), .size = sizeof(uint64_t), \
		.meaning = (what) \
	}
#define KIND_PAGES(kind, n, contain) \
	ITEM(n "_pages", kind_pages, kind, FIELD_U64, "pages", \
	     "pages of the region that were filled with " contain),
#define KIND_TARGET(kind, n, contain) \
	ITEM(n "_target_ratio", kind_target_ratio, kind, FIELD_F64, "ratio", \
	     "share of " n " pages in the page profile; missing with --trace"),
#define LATENCIES(m, n, of) \
	ITEM(n "_p50_ns", m, 0, FIELD_U64, "ns", "median latency of " of), \
		ITEM(n "_p90_ns", m, 1, FIELD_U64, "ns", "90th percentile of the latency of " of), \
		ITEM(n "_p99_ns", m, 2, FIELD_U64, "ns", "99th percentile of the latency of " of), \
		ITEM(n "_max_ns", m, 3, FIELD_U64, "ns", "maximum latency of " of)

static const struct field fields[] = {
	STRING(pattern, "name of the pattern"),
	STRING(page_profile, "page profile; `ratio`: --target-ratio; `trace`: --trace"),
	STRING(state, "ok, failed, timeout, aborted or oom"),
	STRING(why, "why the run ended early; missing when state is ok"),
	U64(seed, "", "seed of page contents and access order"),
	U64(region_bytes, "bytes", "memory of all workers in total, in whole pages"),
	U64(workers, "threads", "threads that ran concurrently"),
	U64(duration_ns, "ns", "time from the first operation to the last, including idle time"),
	U64(populate_ns, "ns",
	    "time to fill the region before the first operation; 0 for patterns that do not fill "
	    "it"),
	U64(idle_ns, "ns", "time slept between bursts and for --rate; mean of the workers"),
	U64(operations, "operations",
	    "operations done: page touches; forks or mappings in fork patterns and mmap_churn"),
	FIELD(struct workload_result, rate_per_s, FIELD_F64, "1/s",
	      "operations / (duration_ns - idle_ns)"),
	LATENCIES(latency_ns, "latency", "an operation; a touch without its refill"),
	U64(cold_touches, "operations",
	    "first touches of pages that were not used during the previous burst, visit or phase; "
	    "in "
	    "patterns without bursts: during as many touches as the worker has pages"),
	LATENCIES(cold_touch_ns, "cold_touch", "a cold touch"),
	U64(forks, "processes",
	    "processes forked, all reaped; missing for patterns that do not fork"),
	U64(execs, "processes", "forked processes that executed another program"),
	U64(fresh_pages, "pages", "pages written in forked processes or in new mappings"),
	U64(child_minor_faults, "faults",
	    "minor faults of the forked processes, from fork to exit"),
	U64(minor_faults, "faults", "minor faults of the workers"),
	U64(major_faults, "faults", "major faults of the workers"),
	U64(user_ns, "ns", "user CPU time of the generator"),
	U64(system_ns, "ns", "system CPU time of the generator"),
	U64(peak_rss_bytes, "bytes", "maximum resident set size of the generator"),
	U64(peak_group_bytes, "bytes",
	    "maximum of anonymous + shared memory of its cgroup, sampled every 100 ms"),
	U64(peak_swap_bytes, "bytes", "maximum swap of its cgroup, sampled every 100 ms"),
	U64(memory_limit_bytes, "bytes", "memory limit of its cgroup"),
	PAGE_KINDS(KIND_PAGES) PAGE_KINDS(KIND_TARGET)
};

const struct record_type workload_result_type =
	RECORD_TYPE("workload_result", 2, RECORD_CARD, fields, "one run of a pattern");

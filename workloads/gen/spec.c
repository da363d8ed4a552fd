/* SPDX-License-Identifier: GPL-2.0-only */
/* spec.c - the result's fields and the checks of a request. */
#include "lib/base/out.h"
#include "spec.h"
#include "lib/base/term.h"

const char *const touch_choices[] = { "default", "read", "write", "mix", NULL };

uint64_t gen_duration_ns(const struct gen_config *config)
{
	if (config->duration_ns != MISSING_U64)
		return config->duration_ns;
	return (config->operations == MISSING_U64 ? 20 : 300) * NS_PER_S;
}

int gen_config_mixture(const struct gen_config *config, struct mixture *ret, struct err *e)
{
	const struct mixture *named;
	int rc;

	if (config->target_ratio == config->target_ratio)
		return mixture_for_ratio(config->target_ratio, ret, e);
	rc = mixture_find(config->contents, &named, e);
	if (!rc)
		*ret = *named;
	return rc;
}

int gen_config_check(const struct gen_config *config, struct err *e)
{
	struct mixture mixture;

	if (config->region_bytes / PAGE_BYTES < config->workers)
		return err_usage(e, "--region holds %llu pages, too few for %llu workers",
				 (unsigned long long)(config->region_bytes / PAGE_BYTES),
				 (unsigned long long)config->workers);
	if (config->operations != MISSING_U64 && config->operations < config->workers)
		return err_usage(e, "--operations %llu are too few for %llu workers",
				 (unsigned long long)config->operations,
				 (unsigned long long)config->workers);
	if (config->similarity > 1)
		return err_usage(e, "--similarity is a share: at most 100%%");
	if (!(config->theta >= 0 && config->theta <= 0.999))
		return err_usage(e, "--theta %g is not in 0 to 0.999", config->theta);
	if (config->set_share > 1)
		return err_usage(e, "--set-share is a share: at most 100%%");
	return gen_config_mixture(config, &mixture, e);
}

int gen_output_open(const struct gen_output *output, struct out **ret, struct err *e)
{
	const struct opt_output *common = &output->common;

	term_set_level(common->quiet ? TERM_QUIET : common->verbose ? TERM_VERBOSE : TERM_NORMAL);
	return out_new(ret, output->json ? OUT_JSON : (enum out_format)common->format, common->path,
		       e);
}

#define U64(m, u, what) FIELD(struct workload_result, m, FIELD_U64, u, what)
#define F64(m, what)    FIELD(struct workload_result, m, FIELD_F64, "ratio", what)
#define STRING(m, what) FIELD(struct workload_result, m, FIELD_STRING, "", what)

static const struct field fields[] = {
	STRING(pattern, "which pattern ran"),
	STRING(contents,
	       "which mixture filled the pages; `ratio` by --target-ratio, `trace` by --trace"),
	STRING(state, "ok, failed, timeout, aborted or oom"),
	STRING(why, "what ended it before its time; missing when ok"),
	U64(seed, "", "of contents and sequence"),
	U64(region_bytes, "bytes", "memory of all workers together, in whole pages"),
	U64(workers, "threads", "threads that ran at once"),
	U64(duration_ns, "ns", "from the first operation to the last, idle times included"),
	U64(populate_ns, "ns",
	    "filling the region before the first operation; 0 where the pattern does not"),
	U64(idle_ns, "ns", "slept between bursts and for --rate, mean of the workers"),
	U64(operations, "operations",
	    "page touches; forks and mappings where the pattern is made of those"),
	FIELD(struct workload_result, rate_per_s, FIELD_F64, "1/s",
	      "operations / (duration - idle)"),
	U64(latency_p50_ns, "ns",
	    "of one operation; of a touch the first load or store, without refreshing"),
	U64(latency_p90_ns, "ns", "of one operation"),
	U64(latency_p99_ns, "ns", "of one operation"),
	U64(latency_max_ns, "ns", "of one operation"),
	U64(cold_touches, "operations",
	    "touches of a page that was out of use for a burst or more"),
	U64(cold_touch_p50_ns, "ns", "of one cold touch"),
	U64(cold_touch_p90_ns, "ns", "of one cold touch"),
	U64(cold_touch_p99_ns, "ns", "of one cold touch"),
	U64(cold_touch_max_ns, "ns", "of one cold touch"),
	U64(forks, "processes",
	    "processes forked, all of them reaped; missing where the pattern forks none"),
	U64(execs, "processes", "of these, that ran another program"),
	U64(fresh_pages, "pages", "pages written by processes or in mappings that operations made"),
	U64(child_minor_faults, "faults",
	    "of forked processes, those of starting and ending included"),
	U64(minor_faults, "faults", "of the workers while they populated and ran"),
	U64(major_faults, "faults", "of the workers while they populated and ran"),
	U64(user_ns, "ns", "CPU time of the whole generator"),
	U64(system_ns, "ns", "CPU time of the whole generator in the kernel"),
	U64(peak_rss_bytes, "bytes", "largest resident size of the generator"),
	U64(peak_group_bytes, "bytes",
	    "largest sample of anonymous and shared memory of its group"),
	U64(peak_swap_bytes, "bytes", "largest sample of its group's swap"),
	U64(memory_limit_bytes, "bytes", "of its group"),
	U64(zero_pages, "pages", "pages of the region that hold zeros"),
	U64(same_pages, "pages", "one 8-byte word repeated"),
	U64(duplicate_pages, "pages", "copies of one of 16 pages"),
	U64(sparse_pages, "pages", "mostly zero"),
	U64(pointer_pages, "pages", "records of pointers and small numbers"),
	U64(text_pages, "pages", "log lines and prose"),
	U64(compressed_pages, "pages", "compressed data behind small headers"),
	U64(random_pages, "pages", "random bytes"),
	F64(zero_target_ratio,
	    "share of the region that should hold zeros; missing in a replay, as those below"),
	F64(same_target_ratio, "that should be one 8-byte word repeated"),
	F64(duplicate_target_ratio, "that should be copies of one of 16 pages"),
	F64(sparse_target_ratio, "that should be mostly zero"),
	F64(pointer_target_ratio, "that should be records of pointers"),
	F64(text_target_ratio, "that should be log lines and prose"),
	F64(compressed_target_ratio, "that should be compressed data"),
	F64(random_target_ratio, "that should be random bytes"),
};

const struct record_type workload_result_type =
	RECORD_TYPE("workload_result", 1, RECORD_CARD, fields, "one run of a pattern");

void workload_result_init(struct workload_result *result)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		void *at = (char *)result + fields[i].offset;

		if (fields[i].type == FIELD_U64)
			*(uint64_t *)at = MISSING_U64;
		else if (fields[i].type == FIELD_F64)
			*(double *)at = MISSING_F64;
		else
			*(const char **)at = NULL;
	}
}

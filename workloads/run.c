/* SPDX-License-Identifier: GPL-2.0-only */
/* run.c - `workload run`: refuses what is over the bounds, then runs workload-gen in a cage. */
#include <libgen.h>
#include <limits.h>

#include "caged.h"
#include "workloads/gen/worker.h"
#include "lib/safety/journal.h"
#include "lib/base/out.h"
#include "lib/kernel/procfs.h"
#include "lib/base/stop.h"
#include "lib/base/units.h"
#include "workload.h"

#define SLACK_NS       (5 * NS_PER_S) /* for the generator to print and go, beyond its own duration */
#define OVERHEAD_BYTES (64 * MIB)     /* its code, stacks and tables */
#define SPARE_PIDS     16
#define STALL_PERCENT  50.0 /* of 10 s in which the whole machine waited for memory */

const struct opt run_options[] = {
	GEN_OPTIONS(struct workload_config, run.gen),
	OPT_SIZE(0, "memory-limit", struct workload_config, run.memory_limit_bytes,
		 "of its group: less than the region makes it swap; default what the region takes",
		 .min = SUPERVISE_MEMORY_FLOOR_BYTES),
	RESERVE_OPTION(run.reserve_bytes),
	GEN_OUTPUT(struct workload_config, run.output),
	OPT_FLAG(0, "unsafe-allow-large", struct workload_config, run.allow_large,
		 "take a region of more than half of what is available above the reserve"),
	OPT_FLAG(0, "unsafe-allow-long", struct workload_config, run.allow_long,
		 "take a duration of more than 5 min"),
	OPT_END
};

int safe_size(uint64_t region_bytes, bool allow_large, uint64_t *reserve_bytes, struct err *e)
{
	struct procfs_meminfo memory;
	char asked[UNITS_TEXT_MAX], least[UNITS_TEXT_MAX];
	uint64_t floor;
	int rc = procfs_meminfo_read(NULL, &memory, e);

	if (rc)
		return rc;
	floor = supervise_reserve_bytes(memory.total_bytes);
	if (*reserve_bytes == MISSING_U64)
		*reserve_bytes = floor;
	if (*reserve_bytes < floor)
		return err_usage(e, "--reserve %s is less than this machine needs: %s",
				 units_format_size(*reserve_bytes, asked),
				 units_format_size(floor, least));
	return supervise_check_size(
		region_bytes, supervise_size_bound_bytes(memory.available_bytes, *reserve_bytes),
		allow_large, e);
}

/* A trace is read here only to know that it is one, and how large a region it asks for. */
static int check(struct run_config *run, const struct pattern *pattern, struct err *e)
{
	struct trace trace;
	int rc = pattern_trace(pattern, &run->gen, &trace, e);

	trace_done(&trace);
	if (!rc)
		rc = pattern_check(pattern, &run->gen, e);
	if (!rc)
		rc = supervise_check_duration(gen_duration_ns(&run->gen), SUPERVISE_DURATION_CAP_NS,
					      run->allow_long, e);
	return rc ? rc : safe_size(run->gen.region_bytes, run->allow_large, &run->reserve_bytes, e);
}

int generator_find(char path[PATH_MAX], struct err *e)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n < 0)
		return err_set(e, errno, "cannot tell where this program is");
	self[n] = '\0';
	return snprintf(path, PATH_MAX, "%s/workload-gen", dirname(self)) < PATH_MAX
		       ? 0
		       : err_set(e, ENAMETOOLONG, "cannot name workload-gen");
}

/* Every option as it stands now, defaults too: what the generator does is on its command line. */
static int add_options(struct words *words, const struct run_config *run)
{
	static const struct opt options[] = { GEN_OPTIONS(struct run_config, gen), OPT_END };
	char value[PATH_MAX];
	int rc = 0;

	for (const struct opt *o = options; o->name && !rc; o++) {
		opt_format_value(o, run, value, sizeof(value));
		if (o->type == OPT_TYPE_FLAG)
			rc = words_add(words, "--%s%s", str_eq(value, "true") ? "" : "no-",
				       o->name);
		else if (*value)
			rc = words_add(words, "--%s=%s", o->name, value);
	}
	return rc ? rc : words_add(words, "--json");
}

/* The cage's word on how it ended weighs more than the generator's, which may not have come to say
 * any. */
static void merge(const struct supervise_result *caged, const struct run_config *run,
		  const char *pattern, struct workload_result *ret)
{
	if (!ret->pattern) {
		ret->pattern = pattern;
		ret->contents = run->gen.target_ratio == run->gen.target_ratio ? "ratio"
									       : run->gen.contents;
		ret->seed = run->gen.seed;
		ret->workers = run->gen.workers;
		ret->region_bytes = run->gen.region_bytes / PAGE_BYTES * PAGE_BYTES;
	}
	if (caged->state != SUPERVISE_OK && (!ret->state || !str_eq(ret->state, "timeout"))) {
		ret->state = supervise_state_name(caged->state);
		ret->why = caged->why;
	} else if (!ret->state) {
		ret->state = "failed";
		ret->why = "the generator printed no result";
	}
	ret->peak_group_bytes = caged->peak_bytes;
	ret->peak_swap_bytes = caged->peak_swap_bytes;
	ret->memory_limit_bytes = run->memory_limit_bytes;
}

static int print(struct out *out, const struct workload_result *result, struct err *e)
{
	const struct end_record end = { .seen = 1,
					.emitted = 1,
					.missed = MISSING_U64,
					.unmatched = MISSING_U64,
					.reason = stop_requested() ? "signal" : "done" };

	out_record(out, &workload_result_type, result);
	out_record(out, &end_record_type, &end);
	return out_close(out, e);
}

static void configure(struct supervise_config *supervised, const struct run_config *run,
		      const struct pattern *pattern, char **argv, struct journal *journal)
{
	supervise_config_init(supervised);
	supervised->name = "workload";
	supervised->argv = argv;
	supervised->memory_bytes = run->memory_limit_bytes;
	supervised->pids =
		run->gen.workers * (pattern->forks ? run->gen.depth + 1 : 1) + SPARE_PIDS;
	supervised->duration_ns = gen_duration_ns(&run->gen) + SLACK_NS;
	supervised->reserve_bytes = run->reserve_bytes;
	supervised->journal = journal;
	supervised->abort_on_full_pool = true;
	/* Under a limit that makes it swap, stalls are what was asked for. */
	if (run->memory_limit_bytes >= run->gen.region_bytes)
		supervised->psi_full_percent = STALL_PERCENT;
}

/* Runs it to its end, whatever that is. A failure to start is an error; all else is in the results.
 */
static int run_caged(const struct run_config *run, const struct pattern *pattern,
		     struct journal *journal, struct supervise_result *caged,
		     struct caged_output *output, struct err *e)
{
	struct words words = { 0 };
	struct supervise_config config;
	char path[PATH_MAX];
	int rc = generator_find(path, e);

	if (!rc && (words_add(&words, "%s", path) || words_add(&words, "%s", pattern->name) ||
		    add_options(&words, run)))
		rc = err_set(e, ENOMEM, "cannot make the command line");
	if (!rc) {
		configure(&config, run, pattern, words.argv, journal);
		rc = caged_run(&config, false, NULL, caged, output, e);
	}
	words_done(&words);
	return rc;
}

int run_run(void *config, int argc, char **argv, int *exit_code, struct err *e)
{
	struct run_config *run = &((struct workload_config *)config)->run;
	const struct pattern *pattern;
	AUTO_OUT struct out *out = NULL;
	struct journal *journal = NULL;
	struct json_object *keep = NULL;
	struct workload_result result;
	struct supervise_result caged;
	struct caged_output output = { 0 };
	int rc;

	if (argc == 2 && str_eq(argv[0], "replay") && !run->gen.trace_path) {
		if (!argv[1][0])
			return err_usage(e, "the name of the trace is empty");
		run->gen.trace_path = argv[1];
		argc = 1;
	}
	if (argc != 1)
		return err_usage(e, argc ? "one pattern at a time"
					 : "which pattern? `workload list` tells them");
	rc = pattern_find(argv[0], &pattern, e);
	if (!rc)
		rc = check(run, pattern, e);
	if (!rc)
		rc = gen_output_open(&run->output, &out, e);
	if (!rc)
		rc = stop_install(e);
	if (!rc && geteuid() == 0)
		rc = journal_open(&journal, "workload", e);
	if (rc)
		return rc;
	if (run->memory_limit_bytes == MISSING_U64)
		run->memory_limit_bytes =
			run->gen.region_bytes + run->gen.region_bytes / 256 + OVERHEAD_BYTES;
	rc = run_caged(run, pattern, journal, &caged, &output, e);
	journal_close(journal);
	if (rc) {
		caged_output_done(&output);
		return rc;
	}
	workload_result_init(&result);
	result_parse(output.text ? output.text : "", &result, &keep, NULL);
	merge(&caged, run, pattern->name, &result);
	rc = print(out, &result, e);
	out = NULL;
	*exit_code = str_eq(result.state, "ok") || stop_requested() ? EXIT_DONE : EXIT_FAILED;
	result_free(keep);
	caged_output_done(&output);
	return rc;
}

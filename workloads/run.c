/* SPDX-License-Identifier: GPL-2.0-only */
/* run.c - `workload run`: checks the request against the bounds, then runs workload-gen under
 * limits.
 */
#include "lib/base/companion.h"
#include "lib/base/out.h"
#include "lib/base/stop.h"
#include "workloads/gen/worker.h"
#include "workload.h"

/* For the generator to print and exit, in addition to its own duration. */
#define SLACK_NS       (5 * NS_PER_S)
/* The generator's code, stacks and tables. */
#define OVERHEAD_BYTES (64 * MIB)
#define SPARE_PIDS     16
/* PSI `full` of the whole machine over 10 s. */
#define STALL_PERCENT  50.0

const struct opt run_options[] = { GEN_OPTIONS(struct workload_config, run.gen), GEN_RENAMED,
				   LOAD_LIMITS_OPTIONS(struct workload_config, run.limits),
				   GEN_OUTPUT(struct workload_config, run.output), OPT_END };

/* The generator reads the trace again; here it gives the size of the region. */
static int check(struct run_config *run, const struct pattern *pattern, struct err *e)
{
	struct trace trace = { 0 };
	int rc = pattern_trace(pattern, &run->gen, &trace, e);

	trace_done(&trace);
	if (!rc)
		rc = pattern_check(pattern, &run->gen, e);
	if (!rc)
		rc = load_check(&run->limits, run->gen.region_bytes, gen_duration_ns(&run->gen), e);
	return rc;
}

/* Every option with its current value, defaults too: the command line says all that is run. */
static int add_options(struct args *args, const struct run_config *run)
{
	static const struct opt options[] = { GEN_OPTIONS(struct run_config, gen), OPT_END };
	char value[PATH_MAX];
	int rc = 0;

	for (const struct opt *o = options; o->name && !rc; o++) {
		opt_format_value(o, run, value, sizeof(value));
		if (o->type == OPT_TYPE_FLAG)
			rc = args_add(args, "--%s%s", str_eq(value, "true") ? "" : "no-", o->name);
		else if (*value)
			rc = args_add(args, "--%s=%s", o->name, value);
	}
	return rc ? rc : args_add(args, "--json");
}

/* How the supervisor saw it end takes precedence over the generator's own state, which it may have
 * had no time to print.
 */
static void merge(const struct supervise_result *ended, const struct run_config *run,
		  const char *pattern, struct workload_result *out)
{
	if (!out->pattern) {
		out->pattern = pattern;
		out->page_profile = run->gen.target_ratio == run->gen.target_ratio
					    ? "ratio"
					    : run->gen.page_profile;
		out->seed = run->gen.seed;
		out->workers = run->gen.workers;
		out->region_bytes = run->gen.region_bytes / PAGE_BYTES * PAGE_BYTES;
	}
	if (ended->state != SUPERVISE_OK && (!out->state || !str_eq(out->state, "timeout"))) {
		out->state = supervise_state_name(ended->state);
		out->why = ended->why;
	} else if (!out->state) {
		out->state = "failed";
		out->why = "the generator printed no result";
	}
	out->peak_group_bytes = ended->peak_bytes;
	out->peak_swap_bytes = ended->peak_swap_bytes;
	out->memory_limit_bytes = run->limits.memory_bytes;
}

/* Runs it to its end; only a failure to start is an error. */
static int run_generator(const struct run_config *run, const struct pattern *pattern,
			 struct args *args, struct supervise_result *ended,
			 struct load_output *output, struct err *e)
{
	struct supervise_config config;
	char path[PATH_MAX];
	int rc = companion_path("workload-gen", path, sizeof(path), e);

	if (rc)
		return rc;
	if (args_add(args, "%s", path) || args_add(args, "%s", pattern->name) ||
	    add_options(args, run))
		return err_set(e, ENOMEM, "cannot build the command line");
	load_config_init(&config, "workload", args->argv, &run->limits);
	config.pids = run->gen.workers * (pattern->forks ? run->gen.depth + 1 : 1) + SPARE_PIDS;
	config.duration_ns = gen_duration_ns(&run->gen) + SLACK_NS;
	/* A limit below the region makes it swap, and so stall: that is intended. */
	if (run->limits.memory_bytes >= run->gen.region_bytes)
		config.psi_full_percent = STALL_PERCENT;
	return load_run(&config, false, NULL, ended, output, e);
}

static int run_pattern(const struct run_config *run, const struct pattern *pattern,
		       struct out **out, int *exit_code, struct err *e)
{
	struct load_output output = { 0 };
	struct workload_result result;
	struct supervise_result ended;
	struct json_object *line = NULL;
	struct args args = { 0 };
	int rc = run_generator(run, pattern, &args, &ended, &output, e);

	args_done(&args);
	if (!rc) {
		line = json_tokener_parse(output.text ? output.text : "");
		if (!record_read(line, &workload_result_type, &result))
			record_clear(&workload_result_type, &result);
		merge(&ended, run, pattern->name, &result);
		out_record(*out, &workload_result_type, &result);
		*exit_code = load_exit_code(result.state);
		rc = load_print_end(out, 1, e);
		json_object_put(line);
	}
	load_output_done(&output);
	return rc;
}

/* `run replay FILE` is short for `run replay --trace FILE`. */
static int find_pattern(struct run_config *run, int argc, char **argv, const struct pattern **out,
			struct err *e)
{
	if (!argc)
		return err_usage(e, "no pattern given; `workload list` lists them");
	if (argc == 2 && str_eq(argv[0], "replay") && !run->gen.trace_path) {
		if (!argv[1][0])
			return err_usage(e, "the name of the trace is empty");
		run->gen.trace_path = argv[1];
	} else if (argc != 1) {
		return err_usage(e, "only one pattern can run at a time");
	}
	return pattern_find(argv[0], out, e);
}

int run_run(void *config, int argc, char **argv, int *exit_code, struct err *e)
{
	struct run_config *run = &((struct workload_config *)config)->run;
	const struct pattern *pattern;
	AUTO_OUT struct out *out = NULL;
	int rc = find_pattern(run, argc, argv, &pattern, e);

	if (!rc)
		rc = check(run, pattern, e);
	if (!rc)
		rc = gen_output_open(&run->output, &out, e);
	if (!rc)
		rc = stop_install(e);
	if (rc)
		return rc;
	if (run->limits.memory_bytes == MISSING_U64)
		run->limits.memory_bytes =
			run->gen.region_bytes + run->gen.region_bytes / 256 + OVERHEAD_BYTES;
	return run_pattern(run, pattern, &out, exit_code, e);
}

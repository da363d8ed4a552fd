/* SPDX-License-Identifier: GPL-2.0-only */
/* main.c - workload-gen: runs one pattern in this process, limited only by its own options.
 *
 * This process is what is measured: it links no BPF, no database and no codec. `workload run` runs
 * it with limits on memory and processes, a deadline and cleanup.
 */
#include "lib/base/out.h"
#include "lib/base/stop.h"
#include "worker.h"

struct program_config {
	struct gen_config run;
	struct gen_output output;
};

static struct program_config config = { .run = GEN_CONFIG_DEFAULTS };
static const struct opt options[] = { GEN_OPTIONS(struct program_config, run), GEN_RENAMED,
				      GEN_OUTPUT(struct program_config, output), OPT_END };

static void judge(const struct gen_config *run, struct workload_result *result)
{
	if (stop_requested()) {
		result->state = "aborted";
		result->why = "stopped by a signal";
	} else if (!result->operations) {
		result->state = "timeout";
		result->why = "the duration was over before the region was filled";
	} else if (run->operations != MISSING_U64 && result->operations < run->operations) {
		result->state = "timeout";
		result->why = "the duration was over before all operations were done";
	} else {
		result->state = "ok";
	}
}

static int run_pattern(void *arg, int argc, char **argv, int *exit_code, struct err *e)
{
	struct program_config *all = arg;
	struct gen_config *run = &all->run;
	const struct pattern *pattern;
	struct workload_result result;
	struct trace trace = { 0 };
	AUTO_OUT struct out *out = NULL;
	struct out *closing;
	int rc;

	if (argc != 1)
		return err_usage(e, argc ? "only one pattern can run at a time"
					 : "no pattern given; `workload list` lists them");
	rc = pattern_find(argv[0], &pattern, e);
	if (!rc)
		rc = pattern_trace(pattern, run, &trace, e);
	if (!rc)
		rc = pattern_check(pattern, run, e);
	if (!rc)
		rc = stop_install(e);
	if (!rc)
		rc = gen_output_open(&all->output, &out, e);
	if (rc)
		return rc;
	record_clear(&workload_result_type, &result);
	rc = workers_run(run, pattern, &trace, &result, e);
	trace_done(&trace);
	if (rc)
		return rc;
	judge(run, &result);
	*exit_code = str_eq(result.state, "timeout") ? EXIT_FAILED : EXIT_DONE;
	out_record(out, &workload_result_type, &result);
	closing = out;
	out = NULL;
	return out_close(closing, e);
}

int main(int argc, char **argv)
{
	static const struct opt_command commands[] = {
		{ .synopsis = "PATTERN",
		  .summary = "run one pattern",
		  .options = options,
		  .operands = OPT_OPERANDS_ANY,
		  .run = run_pattern },
		{ .run = NULL },
	};
	static const struct opt_program program = {
		.name = "workload-gen",
		.summary = "run one workload pattern in this process, without limits",
		.description = "The generator of `workload run`, which adds limits on memory, "
			       "processes and time. `workload list` lists the patterns.",
		.commands = commands,
		.config = &config,
	};

	return opt_main(&program, argc, argv);
}

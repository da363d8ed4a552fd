/* SPDX-License-Identifier: GPL-2.0-only */
/* main.c - workload: the command line. */
#include "lib/base/out.h"
#include "workload.h"

static struct workload_config config = {
	.run = { .gen = GEN_CONFIG_DEFAULTS, .limits = LOAD_LIMITS_DEFAULTS },
	.wrap = { .params = { .region_bytes = 128 * MIB,
			      .duration_ns = 20 * NS_PER_S,
			      .workers = 1,
			      .seed = 42 },
		  .limits = LOAD_LIMITS_DEFAULTS },
};

static const struct opt_command commands[] = {
	{ .name = "run",
	  .synopsis = "PATTERN",
	  .summary = "run a workload pattern under limits and print what it measured",
	  .description =
		  "The pattern runs in its own process, as the user who called sudo, in a "
		  "cgroup with limits on memory and processes, with a deadline. It is killed "
		  "when `workload` exits for any reason. An operation is one page touch (load "
		  "or store), or one fork or mapping. A cold touch is the first touch of a "
		  "page that was not used during the previous burst (interactive_burst), "
		  "visit (tab_switch) or phase (phase_shift), or, in patterns without bursts, "
		  "during as many touches as the worker has pages.",
	  .examples = "workload run interactive_burst --region 256MiB --duration 20s\n"
		      "workload run anon_streamer --region 256MiB --memory-limit 128MiB --json   # "
		      "half of the region is swapped out\n",
	  .options = run_options,
	  .operands = OPT_OPERANDS_ANY,
	  .run = run_run },
	{ .name = "list",
	  .summary = "list workload patterns and page profiles",
	  .options = list_options,
	  .operands = OPT_OPERANDS_NONE,
	  .run = list_run },
	{ .name = "wrap",
	  .synopsis = "TOOL PROFILE",
	  .summary = "run a third-party load generator under limits and parse its results",
	  .description =
		  "Has the limits of `workload run`. A run that reports no operations counts as "
		  "failed, whatever its exit status. `workload tools` lists the tools and their "
		  "built-in profiles (sets of arguments for the tool).\n\n"
		  "A PROFILE with a slash is the path of a YAML file with the keys tool, summary "
		  "and arguments. `arguments` is a list of command-line arguments for the tool, "
		  "not a shell command. In them {region}, {share}, {workers}, {seconds} and "
		  "{seed} are replaced by the values of the options ({share}: the region of one "
		  "worker), and {generator} by the path of workload-gen. With such a file "
		  "the tool never runs as root.",
	  .examples = "workload wrap stress-ng vm-mixed --region 128MiB --duration 20s --json\n"
		      "workload wrap fio ./mine.yaml --region 64MiB\n",
	  .options = wrap_options,
	  .operands = OPT_OPERANDS_ANY,
	  .run = wrap_run },
	{ .name = "tools",
	  .summary = "list the third-party tools: installed or not, version, how to install",
	  .options = list_options,
	  .operands = OPT_OPERANDS_NONE,
	  .run = tools_run },
	{ .run = NULL },
};

int main(int argc, char **argv)
{
	static const struct record_type *const records[] = {
		&workload_result_type, &workload_pattern_type,
		&page_profile_type,    &wrap_result_type,
		&wrap_value_type,      &workload_tool_type,
		&end_record_type,      NULL,
	};
	static const struct opt_program program = {
		.name = "workload",
		.summary = "memory and process workloads with known page profiles, under limits",
		.commands = commands,
		.config = &config,
		.records = records,
	};

	return opt_main(&program, argc, argv);
}

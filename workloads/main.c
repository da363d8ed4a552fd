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
	  .description = "The pattern runs in its own process, as the user who called sudo, in a "
			 "cgroup with limits on memory and processes, with a deadline. It is ended "
			 "with this program, whatever ends that.",
	  .examples = "workload run interactive_burst --region 256MiB --duration 20s\n"
		      "workload run anon_streamer --region 256MiB --memory-limit 128MiB --json   # "
		      "half of the region is swapped\n",
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
		  "The limits are those of a pattern. A run without operations has failed, "
		  "whatever its exit status. `workload tools` lists tools and profiles. A "
		  "PROFILE with a slash in it is a YAML file with the keys tool, summary and "
		  "arguments: a list of command-line arguments, in which {region}, {share}, "
		  "{workers}, {seconds} and {seed} are replaced by the values of the options. "
		  "It is not a shell command, and it never runs as root.",
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

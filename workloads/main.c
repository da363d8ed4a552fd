/* SPDX-License-Identifier: GPL-2.0-only */
/* main.c - workload: bounded loads on memory and processes. */
#include "lib/base/out.h"
#include "workload.h"

static struct workload_config config = {
	.run = { .gen = GEN_CONFIG_DEFAULTS,
		 .memory_limit_bytes = MISSING_U64,
		 .reserve_bytes = MISSING_U64 },
	.wrap = { .region_bytes = 128 * MIB,
		  .duration_ns = 20 * NS_PER_S,
		  .workers = 1,
		  .seed = 42,
		  .memory_limit_bytes = MISSING_U64,
		  .reserve_bytes = MISSING_U64 },
};

static const struct opt_command commands[] = {
	{ .name = "run",
	  .synopsis = "PATTERN",
	  .summary = "run a pattern in a cage and tell what it measured",
	  .description = "The pattern runs in a process of its own, as the user who called sudo, "
			 "in a control group with limits on memory and processes, with a deadline, "
			 "and goes with this one.",
	  .examples = "workload run interactive_burst --region 256MiB --duration 20s\n"
		      "workload run anon_streamer --region 256MiB --memory-limit 128MiB --json   # "
		      "half of it swaps\n",
	  .options = run_options,
	  .operands = OPT_OPERANDS_ANY,
	  .run = run_run },
	{ .name = "list",
	  .summary = "tell the patterns and the contents of pages",
	  .options = list_options,
	  .operands = OPT_OPERANDS_NONE,
	  .run = list_run },
	{ .name = "wrap",
	  .synopsis = "TOOL PROFILE",
	  .summary = "run another's load generator in a cage and read it",
	  .description = "Bounded like a pattern. What the tool says is read and judged: a run "
			 "that did no operations has failed, whatever its exit code. `workload "
			 "tools` tells tools and profiles. A PROFILE with a slash in it is a YAML "
			 "file with the keys tool, summary and words: words of the command line, "
			 "in which {region}, {share}, {workers}, {seconds} and {seed} stand for "
			 "the options. It is data, not a shell line, and never runs as root.",
	  .examples = "workload wrap stress-ng vm-mixed --region 128MiB --duration 20s --json\n"
		      "workload wrap fio ./mine.yaml --region 64MiB\n",
	  .options = wrap_options,
	  .operands = OPT_OPERANDS_ANY,
	  .run = wrap_run },
	{ .name = "tools",
	  .summary = "tell which of those tools are here, and how to get them",
	  .options = tools_options,
	  .operands = OPT_OPERANDS_NONE,
	  .run = tools_run },
	{ .run = NULL },
};

int main(int argc, char **argv)
{
	static const struct record_type *const records[] = {
		&workload_result_type,   &workload_pattern_type,
		&workload_contents_type, &wrap_result_type,
		&wrap_figure_type,       &wrap_tool_type,
		&end_record_type,        NULL,
	};
	static const struct opt_program program = {
		.name = "workload",
		.summary = "bounded loads on memory and processes with known page contents",
		.commands = commands,
		.config = &config,
		.records = records,
	};

	return opt_main(&program, argc, argv);
}

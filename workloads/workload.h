/* SPDX-License-Identifier: GPL-2.0-only */
/* workload.h - the subcommands of `workload`: their configuration, options and records. */
#ifndef COLDPRESS_WORKLOADS_WORKLOAD_H
#define COLDPRESS_WORKLOADS_WORKLOAD_H

#include "load.h"
#include "workloads/gen/spec.h"
#include "workloads/wrap/wrap.h"

struct run_config {
	struct gen_config gen;
	struct load_limits limits;
	struct gen_output output;
};

struct wrap_config {
	struct wrap_params params;
	struct load_limits limits;
	const char *raw_path; /* NULL = the raw report is not kept */
	struct gen_output output;
};

struct list_config {
	struct gen_output output;
};

struct workload_config {
	struct run_config run;
	struct wrap_config wrap;
	struct list_config list;
};

/* Each takes a struct workload_config; opt.h documents run. */
extern const struct opt run_options[], list_options[], wrap_options[];
int run_run(void *config, int argc, char **argv, int *exit_code, struct err *e);
int list_run(void *config, int argc, char **argv, int *exit_code, struct err *e);
int wrap_run(void *config, int argc, char **argv, int *exit_code, struct err *e);
int tools_run(void *config, int argc, char **argv, int *exit_code, struct err *e);

/* What they print, with workload_result_type. */
extern const struct record_type workload_pattern_type, page_profile_type, workload_tool_type;
extern const struct record_type wrap_value_type, wrap_result_type;

#endif

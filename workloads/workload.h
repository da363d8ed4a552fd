/* SPDX-License-Identifier: GPL-2.0-only */
/* workload.h - the commands of the supervisor: what each takes, and where main.c finds them. */
#ifndef COLDPRESS_WORKLOADS_WORKLOAD_H
#define COLDPRESS_WORKLOADS_WORKLOAD_H

#include <limits.h>

#include "workloads/gen/spec.h"

struct run_config {
	struct gen_config gen;
	struct gen_output output;
	uint64_t memory_limit_bytes; /* MISSING_U64 = what the region takes */
	uint64_t reserve_bytes;      /* MISSING_U64 = supervise_reserve_bytes of this machine */
	bool allow_large, allow_long;
};

struct list_config {
	struct gen_output output;
};

struct wrap_config {
	uint64_t region_bytes, duration_ns, workers, seed;
	uint64_t memory_limit_bytes; /* MISSING_U64 = what the region takes */
	uint64_t reserve_bytes;      /* MISSING_U64 = supervise_reserve_bytes of this machine */
	const char *checkout;        /* NULL = by the tool's environment variable */
	const char *generator;       /* the path of workload-gen, once it is known */
	const char *raw_path;        /* NULL = the raw report is not kept */
	bool own_profile;            /* from a file: never as root */
	bool allow_large, allow_long;
	struct gen_output output;
};

struct workload_config {
	struct run_config run;
	struct wrap_config wrap;
	struct list_config list;
};

/* Each runs with a struct workload_config; see opt.h for the contract of run. */
extern const struct opt run_options[];
int run_run(void *config, int argc, char **argv, int *exit_code, struct err *e);

/* What must stay available on this machine, for commands that have it as reserve_bytes. */
#define RESERVE_OPTION(m) \
	OPT_SIZE(0, "reserve", struct workload_config, m, \
		 "memory that must stay available: the run is killed before less is; default the " \
		 "larger of 512MiB and a tenth of all, below 4GiB an eighth, and no less")

/* safe_size - refuses (exit 2) a region over the bound or a reserve below the default; fills in the
 * reserve that was not given.
 */
int safe_size(uint64_t region_bytes, bool allow_large, uint64_t *reserve_bytes, struct err *e);

extern const struct opt list_options[];
int list_run(void *config, int argc, char **argv, int *exit_code, struct err *e);

extern const struct opt wrap_options[], tools_options[];
int wrap_run(void *config, int argc, char **argv, int *exit_code, struct err *e);
int tools_run(void *config, int argc, char **argv, int *exit_code, struct err *e);

/* What they print, besides workload_result_type. */
extern const struct record_type workload_pattern_type, workload_contents_type;
extern const struct record_type wrap_figure_type, wrap_result_type, wrap_tool_type;

/* generator_find - the path of workload-gen: beside this program, in the tree and where it is
 * installed. */
int generator_find(char path[PATH_MAX], struct err *e);

/* result_parse - the line that workload-gen printed, into ret. *keep holds the strings: to be given
 * to result_free once ret is no longer used.
 *
 * errors  -EBADMSG it is no workload_result
 */
struct json_object;
int result_parse(const char *line, struct workload_result *ret, struct json_object **keep,
		 struct err *e);
void result_free(struct json_object *keep);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* wrap.c - `workload wrap`: runs a third-party load generator under limits and parses its results.
 *
 * It runs as the user who called sudo, in a scratch directory that is removed afterwards. Exit
 * status 0 is not enough: a run that reports no operations has failed.
 */
#include <fcntl.h>

#include "lib/base/caller.h"
#include "lib/base/companion.h"
#include "lib/base/rights.h"
#include "lib/base/out.h"
#include "lib/base/stop.h"
#include "lib/base/term.h"
#include "lib/base/text.h"
#include "lib/base/units.h"
#include "workload.h"

/* To start, to end its children and to report. */
#define SLACK_NS       (10 * NS_PER_S)
#define OVERHEAD_BYTES (256 * MIB)
#define PIDS           512

const struct opt wrap_options[] = {
	OPT_SIZE(0, "region", struct workload_config, wrap.params.region_bytes,
		 "memory of all workers in total", .min = 1 * MIB),
	OPT_DURATION('d', "duration", struct workload_config, wrap.params.duration_ns,
		     "run time of the tool, in whole seconds", .min = NS_PER_S),
	OPT_U64(0, "workers", struct workload_config, wrap.params.workers,
		"number of processes or threads of the tool", .min = 1, .max = 64),
	OPT_U64(0, "seed", struct workload_config, wrap.params.seed, "seed for the tool", .min = 1,
		.max = INT32_MAX),
	LOAD_LIMITS_OPTIONS(struct workload_config, wrap.limits),
	OPT_DIR(0, "checkout", struct workload_config, wrap.params.checkout,
		"checkout of mmtests or phoronix-test-suite, which are run from their sources"),
	OPT_FILE(0, "raw", struct workload_config, wrap.raw_path,
		 "write the tool's own report to this file, which must not exist"),
	GEN_OUTPUT(struct workload_config, wrap.output),
	OPT_END
};

/* ---- records ---- */

struct value_record {
	const char *tool, *profile, *name, *unit;
	double value;
};

static const struct field value_fields[] = {
	FIELD(struct value_record, tool, FIELD_STRING, "", "name of the tool"),
	FIELD(struct value_record, profile, FIELD_STRING, "", "profile that was run"),
	FIELD(struct value_record, name, FIELD_STRING, "", "name of the value"),
	FIELD(struct value_record, value, FIELD_F64, "", "the value"),
	FIELD(struct value_record, unit, FIELD_STRING, "", "unit of the value"),
};
const struct record_type wrap_value_type = RECORD_TYPE("wrap_value", 1, RECORD_TABLE, value_fields,
						       "a value that a third-party tool reported");

struct wrap_result {
	const char *tool, *version, *profile, *command, *state, *why, *raw_file;
	uint64_t seed, region_bytes, workers, duration_ns;
	double operations;
	uint64_t user_ns, system_ns, minor_faults, major_faults, peak_group_bytes, peak_swap_bytes,
		memory_limit_bytes;
};

#define R(m, t, u, what) FIELD(struct wrap_result, m, t, u, what)

static const struct field result_fields[] = {
	R(tool, FIELD_STRING, "", "name of the tool"),
	R(version, FIELD_STRING, "", "version that the tool prints; missing if it prints none"),
	R(profile, FIELD_STRING, "", "profile that was run"),
	R(command, FIELD_STRING, "", "command line"),
	R(state, FIELD_STRING, "", "ok, unsupported, failed, timeout, oom or aborted"),
	R(why, FIELD_STRING, "", "why the run did not succeed; missing when state is ok"),
	R(raw_file, FIELD_STRING, "", "file with the tool's own report; missing without --raw"),
	R(seed, FIELD_U64, "", "seed for the tool"),
	R(region_bytes, FIELD_U64, "bytes", "memory of all workers in total"),
	R(workers, FIELD_U64, "", "number of processes or threads of the tool"),
	R(duration_ns, FIELD_U64, "ns", "time from start to end of the tool"),
	FIELD(struct wrap_result, operations, FIELD_F64, "operations",
	      "operations as the tool counts them; comparable only for the same profile and "
	      "version",
	      .decimals = -1),
	R(user_ns, FIELD_U64, "ns", "user CPU time of all its processes"),
	R(system_ns, FIELD_U64, "ns", "system CPU time of all its processes"),
	R(minor_faults, FIELD_U64, "faults", "minor faults of all its processes"),
	R(major_faults, FIELD_U64, "faults", "major faults of all its processes"),
	R(peak_group_bytes, FIELD_U64, "bytes",
	  "maximum of anonymous + shared memory of its cgroup, sampled every 100 ms"),
	R(peak_swap_bytes, FIELD_U64, "bytes", "maximum swap of its cgroup, sampled every 100 ms"),
	R(memory_limit_bytes, FIELD_U64, "bytes", "memory limit of its cgroup"),
};
const struct record_type wrap_result_type =
	RECORD_TYPE("wrap_result", 1, RECORD_CARD, result_fields, "one run of a third-party tool");

/* ---- one run ---- */

struct wrap_job {
	const struct wrap_config *config;
	const struct wrap_tool *tool;
	const struct wrap_profile *profile;
	struct wrap_profile own; /* from a file: never run as root */
	struct args own_args;
	struct args args;
	struct text command;
	struct wrap_values values;
	struct wrap_result result;
	struct err why; /* of a run that did not succeed */
	char version[128];
};

/* State and, where that is not ok, why: from how it ended and from its report. */
static void judge(struct wrap_job *job, const struct supervise_result *ended, char *text)
{
	const struct wrap_tool *tool = job->tool;
	struct err *why = &job->why;
	const char *state = supervise_state_name(ended->state);

	job->values = (struct wrap_values){ .tool = tool->name, .operations = MISSING_F64 };
	if (ended->state != SUPERVISE_OK)
		err_say(why, EIO, "%s", ended->why);
	else if (tool->parse(text, &job->values, why) < 0) /* with a bad value none counts */
		job->values = (struct wrap_values){ .operations = MISSING_F64 };
	else if (!(job->values.operations > 0))
		err_say(why, EIO, "it exited with status 0 but did no operations");
	if (ended->state == SUPERVISE_OK && why->code)
		state = "failed";
	for (size_t i = 0; i < ARRAY_SIZE(tool->unsupported); i++)
		if (ended->state == SUPERVISE_FAILED && tool->unsupported[i] &&
		    ended->exit_status == tool->unsupported[i])
			state = "unsupported";
	job->result.state = state;
	job->result.why = why->code ? why->what : NULL;
	job->result.operations = job->values.operations;
}

/* The last line that a failed tool printed, for the user. */
static void print_last_line(const struct wrap_tool *tool, char *text)
{
	size_t n = strlen(text);
	const char *line;

	while (n && text[n - 1] == '\n')
		text[--n] = '\0';
	line = strrchr(text, '\n');
	if (n)
		term_say("last output of %s: %s", tool->name, line ? line + 1 : text);
}

/* A new file, so that no file is overwritten and no link followed; made before the tool runs. *out
 * is -1 without --raw.
 */
static int open_raw(const char *path, int *out, struct err *e)
{
	struct caller user;
	int rc = path ? caller_read(&user, e) : 0;

	*out = -1;
	if (!path || rc)
		return rc;
	rc = caller_open(&user, path, O_WRONLY | O_CREAT | O_EXCL, 0644, e);
	if (rc >= 0)
		*out = rc;
	if (rc != -EEXIST)
		return MIN(rc, 0);
	err_say(e, EEXIST, "%s exists already; --raw does not overwrite files", path);
	return err_hint(e, "name a new file");
}

static int write_raw(int fd, const char *path, const char *text, struct err *e)
{
	const size_t len = strlen(text);

	for (size_t done = 0; fd >= 0 && done < len;) {
		const ssize_t n = write(fd, text + done, len - done);

		if (n < 0)
			return err_set(e, errno, "cannot write %s", path);
		done += (size_t)n;
	}
	return 0;
}

/* The first that can be written to: /tmp may be read only. Not TMPDIR, which may be closed to the
 * user that the tool runs as. */
static const char *scratch_place(void)
{
	static const char *const places[] = { "/tmp", "/var/tmp", "/dev/shm" };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (access(places[i], W_OK) == 0)
			return places[i];
	return places[0];
}

static void configure(struct supervise_config *config, const struct wrap_job *job)
{
	/* Without a user who called sudo: the kernel's overflow uid. */
	static const struct caller nobody = { .uid = 65534,
					      .gid = 65534,
					      .groups = { 65534 },
					      .n_groups = 1,
					      .home = "/",
					      .shell = "/bin/sh" };
	const struct wrap_tool *tool = job->tool;

	load_config_init(config, tool->name, job->args.argv, &job->config->limits);
	config->scratch_below = tool->scratch_below ? tool->scratch_below : scratch_place();
	config->pids = PIDS;
	config->duration_ns =
		job->config->params.duration_ns + (tool->slack_ns ? tool->slack_ns : SLACK_NS);
	config->no_network = true;
	if ((tool->checkout_env || job->profile == &job->own) &&
	    rights_missing(RIGHT(CAP_SETUID)) == 0 && !getenv("SUDO_UID"))
		config->user = &nobody;
}

static void fill(struct wrap_job *job, const struct supervise_result *ended)
{
	struct wrap_result *to = &job->result;

	to->duration_ns = ended->wall_ns;
	to->user_ns = ended->user_ns;
	to->system_ns = ended->system_ns;
	to->minor_faults = ended->minor_fault_count;
	to->major_faults = ended->major_fault_count;
	to->peak_group_bytes = ended->peak_bytes;
	to->peak_swap_bytes = ended->peak_swap_bytes;
}

/* Runs the tool and judges the run; only a failure to start it is an error. */
static int run_tool(struct wrap_job *job, struct err *e)
{
	const char *raw_path = job->config->raw_path;
	struct load_output output = { 0 };
	struct supervise_result ended;
	struct supervise_config config;
	char empty[1] = "", *text;
	AUTO_CLOSE int raw = -1;
	int rc = open_raw(raw_path, &raw, e);

	if (rc)
		return rc;
	configure(&config, job);
	rc = load_run(&config, true, job->tool->report, &ended, &output, e);
	if (!rc) {
		text = job->tool->report ? output.report : output.text;
		text = text ? text : empty;
		rc = write_raw(raw, raw_path, text, e);
		fill(job, &ended);
		judge(job, &ended, text);
		/* parse() may have cut the report into lines; a report file leaves output.text. */
		if (job->why.code && output.text)
			print_last_line(job->tool, output.text);
	} else if (raw >= 0) {
		unlink(raw_path);
	}
	load_output_done(&output);
	return rc;
}

/* Its command line, its version, its run, its records. */
static int run_job(struct wrap_job *job, const char *path, struct out **out, int *exit_code,
		   struct err *e)
{
	const struct wrap_params *params = &job->config->params;
	const struct wrap_tool *tool = job->tool;
	int rc;

	if (args_add(&job->args, "%s", path) || wrap_args_add(&job->args, params, tool->args) ||
	    wrap_args_add(&job->args, params, job->profile->args) ||
	    wrap_args_add(&job->args, params, tool->last_args))
		return err_set(e, ENOMEM, "cannot build the command line of %s", tool->name);
	for (size_t i = 0; i < job->args.n; i++) {
		text_str(&job->command, i ? " " : "");
		text_str(&job->command, job->args.argv[i]);
	}
	text_put(&job->command, "", 1);
	wrap_tool_version(tool, params, path, job->version, sizeof(job->version));
	job->result = (struct wrap_result){
		.tool = tool->name,
		.version = job->version[0] ? job->version : NULL,
		.profile = job->profile->name,
		.command = job->command.failed ? NULL : job->command.s,
		.raw_file = job->config->raw_path,
		.seed = params->seed,
		.region_bytes = params->region_bytes,
		.workers = params->workers,
		.memory_limit_bytes = job->config->limits.memory_bytes,
	};
	rc = run_tool(job, e);
	if (rc)
		return rc;
	for (size_t i = 0; i < job->values.n; i++) {
		const struct wrap_value *value = &job->values.items[i];

		out_record(*out, &wrap_value_type,
			   &(struct value_record){ tool->name, job->profile->name, value->name,
						   value->unit, value->value });
	}
	out_record(*out, &wrap_result_type, &job->result);
	*exit_code = load_exit_code(job->result.state);
	return load_print_end(out, job->values.n + 1, e);
}

/* ---- the command ---- */

static int check_share(const struct wrap_params *params, const struct wrap_tool *tool,
		       struct err *e)
{
	const uint64_t share = params->region_bytes / params->workers;
	char given[UNITS_TEXT_MAX], below[UNITS_TEXT_MAX];
	uint64_t power = 1;

	if (!tool->share_is_power_of_two || (share & (share - 1)) == 0)
		return 0;
	while (power <= share / 2)
		power *= 2;
	err_usage(e, "%s needs a power of two for each worker, not %s", tool->name,
		  units_format_size(share, given));
	return err_hint(e, "the next smaller one is --region %s",
			units_format_size(power * params->workers, below));
}

static int find_profile(struct wrap_job *job, const char *name, struct err *e)
{
	int rc;

	if (!strchr(name, '/'))
		return wrap_profile_find(job->tool, name, &job->profile, e);
	rc = wrap_profile_load(name, job->tool, &job->own_args, e);
	job->own = (struct wrap_profile){ name, NULL, (const char *const *)job->own_args.argv };
	job->profile = &job->own;
	return rc;
}

/* With tool and profile known: checks, then runs. */
static int run_checked(struct wrap_config *wrap, struct wrap_job *job, int *exit_code,
		       struct err *e)
{
	struct wrap_params *params = &wrap->params;
	char path[PATH_MAX], generator[PATH_MAX];
	AUTO_OUT struct out *out = NULL;
	int rc = check_share(params, job->tool, e);

	if (!rc)
		rc = load_check(&wrap->limits, params->region_bytes, params->duration_ns, e);
	if (!rc)
		rc = wrap_tool_locate(job->tool, params, path, e);
	if (!rc)
		rc = companion_path("workload-gen", generator, sizeof(generator), e);
	if (!rc)
		rc = gen_output_open(&wrap->output, &out, e);
	if (!rc)
		rc = stop_install(e);
	if (rc)
		return rc;
	if (wrap->limits.memory_bytes == MISSING_U64)
		wrap->limits.memory_bytes = params->region_bytes + OVERHEAD_BYTES;
	params->generator = generator;
	return run_job(job, path, &out, exit_code, e);
}

int wrap_run(void *config, int argc, char **argv, int *exit_code, struct err *e)
{
	struct wrap_config *wrap = &((struct workload_config *)config)->wrap;
	struct wrap_job job = { .config = wrap };
	int rc;

	if (argc != 2)
		return err_usage(e, "needs a tool and a profile; `workload tools` lists them");
	rc = wrap_tool_find(argv[0], &job.tool, e);
	if (!rc)
		rc = find_profile(&job, argv[1], e);
	if (!rc)
		rc = run_checked(wrap, &job, exit_code, e);
	args_done(&job.args);
	args_done(&job.own_args);
	text_done(&job.command);
	return rc;
}

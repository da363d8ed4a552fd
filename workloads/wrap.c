/* SPDX-License-Identifier: GPL-2.0-only */
/* wrap.c - `workload wrap` and `workload tools`: other people's load generators, bounded and read.
 *
 * A tool runs like a pattern: in a supervised, as the user who called sudo, in a scratch directory
 * that goes with it. Its exit code alone is not believed: without operations in what it reports the
 * run has failed.
 */
#include <fcntl.h>
#include <limits.h>

#include "caged.h"
#include "lib/safety/journal.h"
#include "lib/base/out.h"
#include "lib/base/stop.h"
#include "lib/base/term.h"
#include "lib/base/units.h"
#include "workload.h"
#include "workloads/wrap/wrap.h"

#define SLACK_NS       (10 * NS_PER_S) /* to start, to end its children and to report */
#define OVERHEAD_BYTES (256 * MIB)
#define PIDS           512
#define VERSION_NS     (5 * NS_PER_S)

const struct opt wrap_options[] = {
	OPT_SIZE(0, "region", struct workload_config, wrap.region_bytes,
		 "memory of all workers together", .min = 1 * MIB),
	OPT_DURATION('d', "duration", struct workload_config, wrap.duration_ns,
		     "how long it works, in whole seconds", .min = NS_PER_S),
	OPT_U64(0, "workers", struct workload_config, wrap.workers,
		"processes or threads of the tool", .min = 1, .max = 64),
	OPT_U64(0, "seed", struct workload_config, wrap.seed, "handed to the tool", .min = 1,
		.max = INT32_MAX),
	OPT_SIZE(0, "memory-limit", struct workload_config, wrap.memory_limit_bytes,
		 "of its group: less than the region makes it swap; default what the region takes",
		 .min = SUPERVISE_MEMORY_FLOOR_BYTES),
	RESERVE_OPTION(wrap.reserve_bytes),
	OPT_DIR(0, "checkout", struct workload_config, wrap.checkout,
		"where the tool's source is, for those that come as a checkout"),
	OPT_FILE(0, "raw", struct workload_config, wrap.raw_path,
		 "keep what the tool reported in this new file"),
	OPT_FLAG(0, "unsafe-allow-large", struct workload_config, wrap.allow_large,
		 "take a region of more than half of what is available above the reserve"),
	OPT_FLAG(0, "unsafe-allow-long", struct workload_config, wrap.allow_long,
		 "take a duration of more than 5 min"),
	GEN_OUTPUT(struct workload_config, wrap.output),
	OPT_END
};

const struct opt tools_options[] = { GEN_OUTPUT(struct workload_config, list.output), OPT_END };

/* ---- records ---- */

struct figure_record {
	const char *tool, *profile, *name, *unit;
	double value;
};

static const struct field figure_fields[] = {
	FIELD(struct figure_record, tool, FIELD_STRING, "", "the tool"),
	FIELD(struct figure_record, profile, FIELD_STRING, "", "how it was used"),
	FIELD(struct figure_record, name, FIELD_STRING, "", "the tool's figure"),
	FIELD(struct figure_record, value, FIELD_F64, "", "its value, in its unit"),
	FIELD(struct figure_record, unit, FIELD_STRING, "", "the unit"),
};
const struct record_type wrap_figure_type = RECORD_TYPE(
	"wrap_figure", 1, RECORD_TABLE, figure_fields, "a figure that a wrapped tool reported");

struct wrap_result {
	const char *tool, *version, *profile, *command, *state, *why, *raw_file;
	uint64_t seed, region_bytes, workers, duration_ns;
	double operations;
	uint64_t user_ns, system_ns, minor_faults, major_faults, peak_group_bytes, peak_swap_bytes,
		memory_limit_bytes;
};

#define R(m, t, u, what) FIELD(struct wrap_result, m, t, u, what)

static const struct field result_fields[] = {
	R(tool, FIELD_STRING, "", "the tool"),
	R(version, FIELD_STRING, "", "what it says of itself; missing when absent"),
	R(profile, FIELD_STRING, "", "how it was used"),
	R(command, FIELD_STRING, "", "its words, joined by spaces"),
	R(state, FIELD_STRING, "", "ok, absent, unsupported, failed, timeout, oom or aborted"),
	R(why, FIELD_STRING, "", "what was wrong; missing when ok"),
	R(raw_file, FIELD_STRING, "", "what it reported, as it was; missing without --raw"),
	R(seed, FIELD_U64, "", "handed to the tool"),
	R(region_bytes, FIELD_U64, "bytes", "memory of all workers together"),
	R(workers, FIELD_U64, "", "processes or threads of the tool"),
	R(duration_ns, FIELD_U64, "ns", "from its start to its end"),
	R(operations, FIELD_F64, "operations",
	  "what the tool counts as its work; compares with its own kind only"),
	R(user_ns, FIELD_U64, "ns", "CPU time of all its processes"),
	R(system_ns, FIELD_U64, "ns", "CPU time of all its processes in the kernel"),
	R(minor_faults, FIELD_U64, "faults", "of all its processes"),
	R(major_faults, FIELD_U64, "faults", "of all its processes"),
	R(peak_group_bytes, FIELD_U64, "bytes",
	  "largest sample of anonymous and shared memory of its group"),
	R(peak_swap_bytes, FIELD_U64, "bytes", "largest sample of its group's swap"),
	R(memory_limit_bytes, FIELD_U64, "bytes", "of its group"),
};
const struct record_type wrap_result_type =
	RECORD_TYPE("wrap_result", 1, RECORD_CARD, result_fields, "one run of a wrapped tool");

struct tool_record {
	const char *name, *path, *version, *profiles, *state, *get;
};

static const struct field tool_fields[] = {
	FIELD(struct tool_record, name, FIELD_STRING, "", "the tool"),
	FIELD(struct tool_record, state, FIELD_STRING, "", "ok or absent"),
	FIELD(struct tool_record, version, FIELD_STRING, "", "what it says of itself"),
	FIELD(struct tool_record, path, FIELD_STRING, "", "the program in PATH, or the checkout"),
	FIELD(struct tool_record, profiles, FIELD_STRING, "",
	      "the ways `workload wrap` can use it"),
	FIELD(struct tool_record, get, FIELD_STRING, "", "how to get it"),
};
const struct record_type wrap_tool_type =
	RECORD_TYPE("workload_tool", 1, RECORD_TABLE, tool_fields, "a tool that can be wrapped");

/* ---- the command line ---- */

/* The program's path, as execvp would find it. */
static bool find_program(const char *name, char path[PATH_MAX])
{
	AUTO_FREE char *places = strdup(getenv("PATH") ? getenv("PATH") : "/usr/bin:/bin");
	char *at = places, *place;

	while ((place = strsep(&at, ":")))
		if (*place && snprintf(path, PATH_MAX, "%s/%s", place, name) < PATH_MAX &&
		    !access(path, X_OK))
			return true;
	return false;
}

static const char *how_to_get(const struct wrap_tool *tool, char *buf, size_t len)
{
	static const struct {
		const char *program, *command;
	} managers[] = {
		{ "/usr/bin/apt-get", "sudo apt-get install" },
		{ "/usr/bin/dnf", "sudo dnf install" },
		{ "/usr/bin/pacman", "sudo pacman -S" },
	};

	if (tool->checkout_env) {
		snprintf(buf, len, "git clone %s, then --checkout DIR or %s=DIR",
			 tool->checkout_url, tool->checkout_env);
		return buf;
	}
	for (size_t i = 0; i < ARRAY_SIZE(managers); i++) {
		if (access(managers[i].program, X_OK))
			continue;
		snprintf(buf, len, "%s %s", managers[i].command, tool->package);
		return buf;
	}
	snprintf(buf, len, "the package %s of your distribution", tool->package);
	return buf;
}

/* What stands for the placeholder of this name, or NULL: there is no such. */
static const char *value_of(const struct wrap_config *wrap, const char *name, size_t len,
			    char buf[24])
{
	const struct {
		const char *name;
		uint64_t value;
	} known[] = {
		{ "region", wrap->region_bytes },
		/* whole pages, as some tools refuse anything else */
		{ "share", wrap->region_bytes / wrap->workers / PAGE_BYTES * PAGE_BYTES },
		{ "workers", wrap->workers },
		{ "seconds", wrap->duration_ns / NS_PER_S },
		{ "seed", wrap->seed },
	};

	if (len == strlen("checkout") && !memcmp(name, "checkout", len))
		return wrap->checkout;
	if (len == strlen("generator") && !memcmp(name, "generator", len))
		return wrap->generator;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (strlen(known[i].name) != len || memcmp(name, known[i].name, len))
			continue;
		snprintf(buf, 24, "%llu", (unsigned long long)known[i].value);
		return buf;
	}
	return NULL;
}

const char wrap_placeholder_names[] = "region share workers seconds seed generator";

bool wrap_is_placeholder(const char *name, size_t len)
{
	const struct wrap_config any = { .workers = 1, .generator = "" };
	char buf[24];

	return value_of(&any, name, len, buf) != NULL;
}

/* One word with its placeholders filled in; braces around anything else stay. */
static int add_word(struct words *to, const struct wrap_config *wrap, const char *from)
{
	AUTO_FREE char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return -ENOMEM;
	while (*from) {
		const char *close = *from == '{' ? strchr(from, '}') : NULL;
		char buf[24];
		const char *value =
			close ? value_of(wrap, from + 1, (size_t)(close - from - 1), buf) : NULL;

		if (value)
			fputs(value, f);
		else
			fputc(*from, f);
		from = value ? close + 1 : from + 1;
	}
	return fclose(f) ? -ENOMEM : words_add(to, "%s", text);
}

static int add_words(struct words *to, const struct wrap_config *wrap, const char *const *from)
{
	int rc = 0;

	for (; from && *from && !rc; from++)
		rc = add_word(to, wrap, *from);
	return rc;
}

/* Whether the tool can be run: its program, the programs that it calls, its checkout.
 *
 * errors  exit 77, saying what is missing and how to get it
 */
static int find_tool(const struct wrap_tool *tool, struct wrap_config *wrap, char path[PATH_MAX],
		     struct err *e)
{
	char needed[PATH_MAX], get[256];

	if (tool->checkout_env) {
		if (!wrap->checkout)
			wrap->checkout = getenv(tool->checkout_env);
		if (!wrap->checkout) {
			err_impossible(e,
				       "%s is absent: it comes as a checkout, and none was named",
				       tool->name);
			return err_hint(e, "%s", how_to_get(tool, get, sizeof(get)));
		}
		if (snprintf(needed, sizeof(needed), "%s/%s", wrap->checkout,
			     tool->checkout_file) >= PATH_MAX ||
		    access(needed, R_OK))
			return err_set(e, errno, "%s is no checkout of %s: cannot read %s in it",
				       wrap->checkout, tool->name, tool->checkout_file);
	}
	for (const char *const *need = tool->needs; need && *need; need++) {
		if (find_program(*need, needed))
			continue;
		err_impossible(e, "%s needs the program %s, which is not in PATH", tool->name,
			       *need);
		return err_hint(e, "install the package that has %s", *need);
	}
	if (find_program(tool->program, path))
		return 0;
	err_impossible(e, "%s is absent: there is no such program in PATH", tool->name);
	return err_hint(e, "%s", how_to_get(tool, get, sizeof(get)));
}

/* ---- running it ---- */

/* The first line that the tool prints when asked for its version; "" in buf when that cannot be
 * had. */
static void ask_version(const struct wrap_tool *tool, const struct wrap_config *wrap,
			const char *path, char *buf, size_t len)
{
	struct caged_output output = { 0 };
	struct words words = { 0 };
	struct supervise_config config;
	struct supervise_result result;

	buf[0] = '\0';
	if (!tool->version_words)
		return;
	supervise_config_init(&config);
	config.name = "version";
	config.duration_ns = VERSION_NS;
	config.pids = 64;
	if (words_add(&words, "%s", path) == 0 &&
	    add_words(&words, wrap, tool->version_words) == 0) {
		config.argv = words.argv;
		if (caged_run(&config, true, NULL, &result, &output, NULL) == 0 && output.text)
			snprintf(buf, len, "%.*s", (int)strcspn(output.text, "\n"), output.text);
	}
	caged_output_done(&output);
	words_done(&words);
}

static void configure(struct supervise_config *supervised, const struct wrap_config *wrap,
		      const struct wrap_tool *tool, char **argv, struct journal *journal)
{
	supervise_config_init(supervised);
	supervised->name = tool->name;
	supervised->argv = argv;
	supervised->scratch_below = tool->scratch_below;
	supervised->memory_bytes = wrap->memory_limit_bytes;
	supervised->pids = PIDS;
	supervised->duration_ns = wrap->duration_ns + (tool->slack_ns ? tool->slack_ns : SLACK_NS);
	supervised->reserve_bytes = wrap->reserve_bytes;
	supervised->journal = journal;
	supervised->abort_on_full_pool = true;
	supervised->no_network = true;
}

/* From how it ended and from what it said: the state and, where that is not ok, why. */
static void judge(const struct wrap_tool *tool, const struct supervise_result *caged,
		  const char *text, struct wrap_figures *figures, struct wrap_result *ret,
		  struct err *why)
{
	ret->state = supervise_state_name(caged->state);
	if (caged->state != SUPERVISE_OK)
		err_say(why, EIO, "%s", caged->why);
	else if (tool->parse(text, figures, why) == 0 && !(figures->operations > 0))
		err_say(why, EIO, "it ended well but did no operations");
	if (caged->state == SUPERVISE_FAILED && tool->unsupported(caged->exit_status))
		ret->state = "unsupported";
	else if (caged->state == SUPERVISE_OK && why->code)
		ret->state = "failed";
	ret->why = why->code ? why->what : NULL;
	ret->operations = figures->operations;
}

/* The last words of a tool that failed, for people. */
static void tell_last_words(const struct wrap_tool *tool, char *text)
{
	size_t n = strlen(text);
	const char *line;

	while (n && text[n - 1] == '\n')
		text[--n] = '\0';
	line = strrchr(text, '\n');
	if (n)
		term_say("%s said last: %s", tool->name, line ? line + 1 : text);
}

/* A new file, so that nothing is written over and no link is followed; before the tool runs. -1:
 * none is wanted. */
static int open_raw(const char *path, int *ret, struct err *e)
{
	*ret = path ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644) : -1;
	if (!path || *ret >= 0)
		return 0;
	if (errno != EEXIST)
		return err_set(e, errno, "cannot make %s", path);
	err_say(e, EEXIST, "%s is there already, and --raw writes over nothing", path);
	return err_hint(e, "name a new file");
}

static int keep_raw(int fd, const char *path, const char *text, struct err *e)
{
	const size_t len = text ? strlen(text) : 0;

	for (size_t done = 0; fd >= 0 && done < len;) {
		const ssize_t n = write(fd, text + done, len - done);

		if (n < 0)
			return err_set(e, errno, "cannot write %s", path);
		done += (size_t)n;
	}
	return 0;
}

static int print(struct out *out, const struct wrap_result *result,
		 const struct wrap_figures *figures, struct err *e)
{
	const struct end_record end = { .seen = figures->n + 1,
					.emitted = figures->n + 1,
					.missed = MISSING_U64,
					.unmatched = MISSING_U64,
					.reason = stop_requested() ? "signal" : "done" };

	for (size_t i = 0; i < figures->n; i++)
		out_record(out, &wrap_figure_type,
			   &(struct figure_record){ result->tool, result->profile,
						    figures->items[i].name, figures->items[i].unit,
						    figures->items[i].value });
	out_record(out, &wrap_result_type, result);
	out_record(out, &end_record_type, &end);
	return out_close(out, e);
}

static char *join(const struct words *words)
{
	size_t len = 1;
	char *text, *at;

	for (size_t i = 0; i < words->n; i++)
		len += strlen(words->argv[i]) + 1;
	text = at = malloc(len);
	if (!text)
		return NULL;
	for (size_t i = 0; i < words->n; i++)
		at += sprintf(at, "%s%s", i ? " " : "", words->argv[i]);
	return text;
}

static void fill(struct wrap_result *ret, const struct wrap_config *wrap,
		 const struct supervise_result *caged)
{
	ret->duration_ns = caged->wall_ns;
	ret->user_ns = caged->user_ns;
	ret->system_ns = caged->system_ns;
	ret->minor_faults = caged->minor_fault_count;
	ret->major_faults = caged->major_fault_count;
	ret->peak_group_bytes = caged->peak_bytes;
	ret->peak_swap_bytes = caged->peak_swap_bytes;
	ret->memory_limit_bytes = wrap->memory_limit_bytes;
	ret->raw_file = wrap->raw_path;
}

/* For what must not run as root where nobody called sudo: the kernel's overflow uid. */
static const struct caller nobody = { .uid = 65534,
				      .gid = 65534,
				      .groups = { 65534 },
				      .n_groups = 1,
				      .home = "/",
				      .shell = "/bin/sh" };

/* Runs the tool and judges it; a failure to run it at all is a state, too. */
static int run_tool(const struct wrap_config *wrap, const struct wrap_tool *tool,
		    const struct words *words, struct journal *journal,
		    struct wrap_figures *figures, struct wrap_result *ret, struct err *why,
		    struct err *e)
{
	struct caged_output output = { 0 };
	struct supervise_result caged;
	struct supervise_config config;
	const char *text;
	AUTO_CLOSE int raw = -1;
	int rc = open_raw(wrap->raw_path, &raw, e);

	if (rc)
		return rc;
	configure(&config, wrap, tool, words->argv, journal);
	if ((tool->unprivileged || wrap->own_profile) && geteuid() == 0 && !getenv("SUDO_UID"))
		config.user = &nobody;
	rc = caged_run(&config, true, tool->report, &caged, &output, e);
	if (!rc) {
		text = tool->report ? output.report : output.text;
		fill(ret, wrap, &caged);
		judge(tool, &caged, text ? text : "", figures, ret, why);
		rc = keep_raw(raw, wrap->raw_path, text, e);
		if (why->code && output.text)
			tell_last_words(tool, output.text);
	} else if (raw >= 0) {
		unlink(wrap->raw_path);
	}
	caged_output_done(&output);
	return rc;
}

static int check_share(const struct wrap_config *wrap, const struct wrap_tool *tool, struct err *e)
{
	const uint64_t share = wrap->region_bytes / wrap->workers;
	char given[UNITS_TEXT_MAX], below[UNITS_TEXT_MAX];
	uint64_t power = 1;

	if (!tool->share_is_power_of_two || (share & (share - 1)) == 0)
		return 0;
	while (power <= share / 2)
		power *= 2;
	err_usage(e, "%s takes a power of two for each worker, not %s", tool->name,
		  units_format_size(share, given));
	return err_hint(e, "the next below is --region %s",
			units_format_size(power * wrap->workers, below));
}

static int check(struct wrap_config *wrap, const struct wrap_tool *tool, struct err *e)
{
	int rc = supervise_check_duration(wrap->duration_ns, SUPERVISE_DURATION_CAP_NS,
					  wrap->allow_long, e);

	if (!rc)
		rc = check_share(wrap, tool, e);
	return rc ? rc : safe_size(wrap->region_bytes, wrap->allow_large, &wrap->reserve_bytes, e);
}

/* The tool is there: its words, its version, its run. */
static int wrap_present(const struct wrap_config *wrap, const struct wrap_tool *tool,
			const struct wrap_profile *profile, const char *path, struct out *out,
			int *exit_code, struct err *e)
{
	struct wrap_figures figures = { .operations = MISSING_F64 };
	struct wrap_result result = { .tool = tool->name,
				      .profile = profile->name,
				      .seed = wrap->seed,
				      .region_bytes = wrap->region_bytes,
				      .workers = wrap->workers };
	AUTO_FREE char *command = NULL;
	struct journal *journal = NULL;
	struct words words = { 0 };
	char version[128];
	struct err why = { 0 };
	int rc = geteuid() == 0 ? journal_open(&journal, "wrap", e) : 0;

	if (!rc && (words_add(&words, "%s", path) || add_words(&words, wrap, tool->words) ||
		    add_words(&words, wrap, profile->words) ||
		    add_words(&words, wrap, tool->last_words) || !(command = join(&words))))
		rc = err_set(e, ENOMEM, "cannot make the command line of %s", tool->name);
	if (!rc) {
		ask_version(tool, wrap, path, version, sizeof(version));
		result.version = version[0] ? version : NULL;
		result.command = command;
		rc = run_tool(wrap, tool, &words, journal, &figures, &result, &why, e);
	}
	journal_close(journal);
	words_done(&words);
	if (rc)
		return rc;
	*exit_code = str_eq(result.state, "ok") || stop_requested() ? EXIT_DONE
		     : str_eq(result.state, "unsupported")          ? EXIT_IMPOSSIBLE
								    : EXIT_FAILED;
	return print(out, &result, &figures, e);
}

int wrap_run(void *config, int argc, char **argv, int *exit_code, struct err *e)
{
	struct wrap_config *wrap = &((struct workload_config *)config)->wrap;
	const struct wrap_tool *tool;
	const struct wrap_profile *profile = NULL;
	struct wrap_profile_file *own = NULL;
	AUTO_OUT struct out *out = NULL;
	struct out *taken;
	char path[PATH_MAX], generator[PATH_MAX];
	int rc;

	if (argc != 2)
		return err_usage(e, "a tool and a profile: `workload tools` tells them");
	rc = wrap_tool_find(argv[0], &tool, e);
	if (!rc && strchr(argv[1], '/')) {
		rc = wrap_profile_load(argv[1], tool, &own, e);
		wrap->own_profile = true;
		profile = own ? wrap_profile_of(own) : NULL;
	} else if (!rc) {
		rc = wrap_profile_find(tool, argv[1], &profile, e);
	}
	if (!rc)
		rc = check(wrap, tool, e);
	if (!rc)
		rc = find_tool(tool, wrap, path, e);
	if (!rc)
		rc = generator_find(generator, e);
	if (!rc)
		rc = gen_output_open(&wrap->output, &out, e);
	if (!rc)
		rc = stop_install(e);
	if (!rc) {
		if (wrap->memory_limit_bytes == MISSING_U64)
			wrap->memory_limit_bytes = wrap->region_bytes + OVERHEAD_BYTES;
		wrap->generator = generator;
		taken = out;
		out = NULL;
		rc = wrap_present(wrap, tool, profile, path, taken, exit_code, e);
	}
	wrap_profile_unload(own);
	return rc;
}

int tools_run(void *config, int argc UNUSED, char **argv UNUSED, int *exit_code UNUSED,
	      struct err *e)
{
	const struct list_config *list = &((struct workload_config *)config)->list;
	struct end_record end = { .missed = MISSING_U64,
				  .unmatched = MISSING_U64,
				  .reason = "done" };
	const struct wrap_tool *tool;
	struct out *out;
	int rc = gen_output_open(&list->output, &out, e);

	if (rc)
		return rc;
	for (size_t i = 0; (tool = wrap_tool_at(i)); i++, end.seen++, end.emitted++) {
		char path[PATH_MAX], version[128] = "", get[256], profiles[256] = "";
		struct wrap_config wrap = { .workers = 1 };
		const bool there = find_tool(tool, &wrap, path, NULL) == 0;
		struct tool_record row;
		size_t used = 0;

		for (const struct wrap_profile *p = tool->profiles; p->name; p++)
			used += (size_t)snprintf(profiles + used, sizeof(profiles) - used, "%s%s",
						 used ? "," : "", p->name);
		if (there)
			ask_version(tool, &wrap, path, version, sizeof(version));
		row.name = tool->name;
		row.state = there ? "ok" : "absent";
		row.path = !there ? NULL : wrap.checkout ? wrap.checkout : path;
		row.version = *version ? version : NULL;
		row.profiles = profiles;
		row.get = how_to_get(tool, get, sizeof(get));
		out_record(out, &wrap_tool_type, &row);
	}
	out_record(out, &end_record_type, &end);
	return out_close(out, e);
}

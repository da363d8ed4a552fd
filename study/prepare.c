/* SPDX-License-Identifier: GPL-2.0-only */
/* prepare.c - checks what the machine can do and opens what a study writes to. */
#include "prepare.h"

#include <fcntl.h>
#include <json-c/json.h>
#include <sys/stat.h>

#include "backend.h"
#include "config.h"
#include "environment.h"
#include "lib/base/rights.h"
#include "lib/base/stop.h"
#include "lib/kernel/cgroup.h"
#include "lib/kernel/procfs.h"
#include "version.h"

#define BACKEND_ROW_(name) &backend_##name,
static const struct study_backend *const backends[] = { STUDY_BACKENDS(BACKEND_ROW_) };

static int make_dir(struct study *s, struct err *e)
{
	const char *dir = s->config->dir;
	struct caller_root root;
	int rc = 0;

	caller_enter(&s->user, &root);
	if (mkdir(dir, 0755) && errno != EEXIST)
		rc = err_set(e, errno, "cannot make the directory %s", dir);
	else if (access(dir, R_OK | X_OK) || faccessat(AT_FDCWD, dir, W_OK, AT_EACCESS))
		rc = err_set(e, errno, "cannot write into %s", dir);
	caller_leave(&root);
	return rc ? err_hint(e, "choose another one with --dir DIR") : 0;
}

/* What prevents a pool here, or NULL. The text is in buf. */
static const char *why_no_pool(char *buf, size_t len)
{
	struct cgroup_layout layout;
	struct err e = { 0 };
	bool any = false;

	if (rights_check(RIGHTS_CHANGE, "a pool, a limit and probes", &e)) {
		snprintf(buf, len, "%s: %s", e.what, e.hint);
		return buf;
	}
	for (size_t i = 0; i < ARRAY_SIZE(backends) && !any; i++)
		any = backends[i]->algorithms && !backends[i]->available(&e);
	if (!any) {
		snprintf(buf, len, "%s", e.what);
		return buf;
	}
	if (cgroup_layout_read(NULL, &layout, &e) || layout.mode == CGROUP_NONE)
		return "this machine has no cgroup memory controller to limit the command with";
	return NULL;
}

#define CHOICES_MAX 64

/* Every algorithm of every backend that works here. */
static int all_choices(struct study *s, struct study_choice *ret, size_t *n, struct err *e)
{
	*n = 0;
	for (size_t b = 0; b < ARRAY_SIZE(backends); b++) {
		const struct study_backend *backend = backends[b];
		struct zram_algorithms have;
		int rc;

		if (!backend->algorithms || backend->available(NULL))
			continue;
		rc = backend->algorithms(&have, e);
		if (rc)
			return rc;
		s->crypto = have.crypto;
		for (size_t i = 0; i < have.n && *n < CHOICES_MAX; i++) {
			struct study_choice *choice = &ret[(*n)++];

			choice->backend = backend;
			snprintf(choice->algorithm, sizeof(choice->algorithm), "%s", have.names[i]);
			snprintf(choice->name, sizeof(choice->name), "%.15s%.31s", backend->prefix,
				 have.names[i]);
		}
	}
	return 0;
}

static const struct study_choice *find_choice(const struct study_choice *choices, size_t n,
					      const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(choices[i].name, name))
			return &choices[i];
	return NULL;
}

static int unknown_choice(const struct study_choice *have, size_t n, const char *name,
			  struct err *e)
{
	char names[256] = "";

	for (size_t i = 0; i < n; i++)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), " %s", have[i].name);
	err_usage(e, "this kernel has no pool algorithm '%s'", name);
	return err_hint(e, "it has:%s", names);
}

/* The algorithms asked for, or all. */
static int choose_pools(struct study *s, struct err *e)
{
	const struct opt_list *asked = &s->config->algorithms;
	struct study_choice have[CHOICES_MAX];
	size_t n;
	int rc = all_choices(s, have, &n, e);

	if (rc)
		return rc;
	for (size_t i = 0; i < (asked->n ? asked->n : n); i++) {
		const struct study_choice *choice =
			asked->n ? find_choice(have, n, asked->items[i]) : &have[i];

		if (!choice)
			return unknown_choice(have, n, asked->items[i], e);
		if (s->n_choices < ARRAY_SIZE(s->choices) &&
		    !find_choice(s->choices, s->n_choices, choice->name))
			s->choices[s->n_choices++] = *choice;
	}
	return 0;
}

static int other_study(void *ctx, const struct journal_file *file, bool live)
{
	pid_t *other = ctx;

	if (live && str_starts(file->name, "study.") && file->pid != getpid())
		*other = file->pid;
	return 0;
}

static int open_journal(struct study *s, struct err *e)
{
	pid_t other = 0;
	int rc = journal_open(&s->journal, "study", e);

	if (!rc)
		rc = journal_visit(other_study, &other, e);
	if (rc == -EBADMSG) /* a journal that cannot be parsed is no running study's */
		rc = 0;
	if (!rc && other) {
		err_say(e, EBUSY,
			"another study is running, process %d: only one can run at a time, "
			"since swap is system-wide",
			(int)other);
		return err_hint(e, "wait for it, or stop it: kill %d", (int)other);
	}
	return rc;
}

/* As it was typed, from the kernel's copy. */
static char **own_argv(char **ret_bytes)
{
	ssize_t n = sysroot_read_alloc(NULL, ret_bytes, NULL, "/proc/self/cmdline");
	char **argv = n > 0 ? calloc((size_t)n + 1, sizeof(*argv)) : NULL;
	size_t argc = 0;

	for (char *at = *ret_bytes; argv && at < *ret_bytes + n; at += strlen(at) + 1)
		argv[argc++] = at;
	return argv;
}

static char *own_command_line(void)
{
	AUTO_FREE char *bytes = NULL;
	AUTO_FREE char **argv = own_argv(&bytes);

	return argv ? results_quote_argv(argv) : NULL;
}

/* What --resume needs. */
static void add_command_line(struct json_object *settings)
{
	AUTO_FREE char *bytes = NULL, *cwd = getcwd(NULL, 0);
	AUTO_FREE char **argv = own_argv(&bytes);
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; argv && argv[i]; i++)
		json_object_array_add(list, json_object_new_string(argv[i]));
	json_object_object_add(settings, "argv", list);
	json_object_object_add(settings, "cwd", cwd ? json_object_new_string(cwd) : NULL);
}

static char *settings_json(const void *options)
{
	struct json_object *object = json_object_new_object();
	char value[256], *text;

	for (const struct opt *o = study_options; o->name; o++) {
		if (o->type == OPT_TYPE_RENAMED)
			continue;
		opt_format_value(o, options, value, sizeof(value));
		json_object_object_add(object, o->name, json_object_new_string(value));
	}
	add_command_line(object);
	text = strdup(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN));
	json_object_put(object);
	return text;
}

static int open_results(struct study *s, const void *options, char *const *command, struct err *e)
{
	AUTO_FREE char *settings = settings_json(options);
	AUTO_FREE char *quoted = command[0] ? results_quote_argv(command) : NULL;
	AUTO_FREE char *whole = own_command_line();
	struct results_experiment experiment = {
		.argv = whole ? whole : "",
		.command = quoted,
		.seed = s->config->seed,
		.limit_ratio = s->config->n_limits ? s->config->limit_ratios[0] : MISSING_F64,
		.blocks = s->config->n_limits ? s->config->blocks : 0,
		.settings_json = settings ? settings : "{}",
		.version = COLDPRESS_VERSION " " COLDPRESS_REVISION,
	};
	char path[SYSROOT_PATH_MAX];
	uint64_t interrupted;
	int rc;

	snprintf(path, sizeof(path), "%s/study.db", s->config->dir);
	rc = results_open(&s->results, path, RESULTS_WRITE, &s->user, e);
	if (!rc)
		rc = results_interrupt(s->results, &interrupted, e);
	if (!rc && s->config->experiment) {
		snprintf(s->experiment.text, sizeof(s->experiment.text), "%s",
			 s->config->experiment);
		return results_experiment_again(s->results, &s->experiment, e);
	}
	if (!rc)
		rc = results_experiment_add(s->results, &experiment, &s->experiment, e);
	return rc ? rc : study_environment_store(s, e);
}

/* ---- calibrations ---- */

/* Those of this machine; none is no error. */
static int read_calibrations(struct study *s, struct results *results, const char *path,
			     struct err *e)
{
	struct results_machine machine;
	ssize_t n;

	results_machine_read(NULL, &machine);
	n = results_calibrations_get(results, &machine, s->calibrations, e);
	if (n < 0)
		return (int)n;
	s->n_calibrations = (size_t)n;
	snprintf(s->calibrations_path, sizeof(s->calibrations_path), "%s", path);
	return 0;
}

int study_read_calibrations(struct study *s, const char *path, struct err *e)
{
	struct results *results AUTO_RESULTS = NULL;
	struct results_machine machine;
	int rc = results_open(&results, path, RESULTS_READ, NULL, e);

	if (!rc)
		rc = read_calibrations(s, results, path, e);
	if (rc || s->n_calibrations)
		return rc;
	results_machine_read(NULL, &machine);
	err_say(e, ENODATA, "--db: %s has no calibration of this machine (Linux %s, %s)", path,
		machine.kernel, machine.cpu);
	return err_hint(e, "measure it: compressor_monitor calibrate --file FILE --db %s", path);
}

/* The study's own results, unless a file was named or none are to be used. */
static int own_calibrations(struct study *s, struct err *e)
{
	char own[SYSROOT_PATH_MAX];
	int rc;

	if (s->config->no_calibration || s->config->db)
		return 0;
	snprintf(own, sizeof(own), "%s/study.db", s->config->dir);
	rc = read_calibrations(s, s->results, own, e);
	if (!rc && !s->n_calibrations)
		study_note(s, RESULTS_NOTE_INFO, "CPU times",
			   "codecs are ranked by the libraries' CPU times; to use the kernel's: "
			   "compressor_monitor calibrate --file FILE --db %s",
			   own);
	return rc;
}

/* ---- all ---- */

int study_prepare(struct study *s, const void *options, char *const *command, char *why,
		  size_t why_len, struct err *e)
{
	struct procfs_vmstat vmstat;
	const char *how;
	int rc = rights_processes("a study", e);

	if (!rc)
		rc = caller_read(&s->user, e);
	if (!rc)
		rc = stop_install(e);
	if (!rc)
		rc = make_dir(s, e);
	s->no_pool = why_no_pool(why, why_len);
	s->unprivileged = rights_missing(RIGHTS_CHANGE) != 0;
	if (!rc && !s->no_pool)
		rc = choose_pools(s, e);
	if (!rc && !s->unprivileged)
		rc = open_journal(s, e);
	if (!rc)
		rc = zsmalloc_detect(&s->slots, NULL, &how, e);
	s->zeromap = !procfs_vmstat_read(NULL, &vmstat, NULL) && vmstat.swpout_zero != MISSING_U64;
	if (!rc)
		rc = open_results(s, options, command, e);
	if (rc)
		return rc;
	if (s->no_pool)
		study_note(s, RESULTS_NOTE_SKIPPED, "pool, limit and probes",
			   "%s; the answer comes from the page scan alone", s->no_pool);
	return own_calibrations(s, e);
}

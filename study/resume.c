/* SPDX-License-Identifier: GPL-2.0-only */
/* resume.c - reads one study back. The engine is deterministic: the same runs bring it to the same
 * question.
 */
#include "resume.h"

#include <json-c/json.h>
#include <linux/limits.h>
#include <math.h>

#include "configuration.h"
#include "lib/base/opt_parse.h"
#include "lib/base/record_json.h"
#include "lib/results/comparison.h"
#include "lib/results/search_records.h"
#include "scan.h"

/* ---- options ---- */

/* "" where it is no string. */
static const char *word_at(struct json_object *list, size_t i)
{
	const char *word = json_object_get_string(json_object_array_get_idx(list, i));

	return word ? word : "";
}

/* The command line after "study"; it lives as long as the process. */
static int saved_argv(struct json_object *settings, int *argc, char ***argv, struct err *e)
{
	struct json_object *list = json_object_object_get(settings, "argv");
	size_t n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
	size_t from = 0;
	char **words;

	while (from < n && !str_eq(word_at(list, from), "study"))
		from++;
	if (from == n)
		return err_say(e, ENOENT, "--resume: the study has no command line to repeat");
	words = calloc(n - from + 1, sizeof(*words));
	if (!words)
		return err_set(e, ENOMEM, "cannot read the command line of the study");
	for (size_t i = from; i < n; i++) {
		words[i - from] = strdup(word_at(list, i));
		if (!words[i - from]) {
			free(words);
			return err_set(e, ENOMEM, "cannot read the command line of the study");
		}
	}
	*argc = (int)(n - from);
	*argv = words;
	return 0;
}

static int take_settings(struct study_config *settings, const char *json, int *argc, char ***argv,
			 struct err *e)
{
	struct json_object *saved = json_tokener_parse(json);
	const char *cwd = record_string(saved, "cwd");
	struct study_config fresh = STUDY_DEFAULTS;
	struct opt_parser parser = { .options = study_options, .config = &fresh };
	int rc = saved_argv(saved, argc, argv, e);

	if (!rc && cwd && chdir(cwd))
		rc = err_set(e, errno, "cannot enter %s", cwd);
	json_object_put(saved);
	parser.argc = *argc;
	parser.argv = *argv;
	if (!rc)
		rc = opt_parse(&parser, e);
	if (rc)
		return rc;
	if (fresh.limits.n)
		return err_usage(e, "--resume: only a search can go on, not a study with --limit");
	fresh.resume = settings->resume;
	fresh.output = settings->output;
	*settings = fresh;
	*argv += parser.first_operand;
	*argc -= parser.first_operand;
	return 0;
}

int study_resume_options(struct study *s UNUSED, struct study_config *settings, int *argc,
			 char ***argv, struct err *e)
{
	struct results *results AUTO_RESULTS = NULL;
	char path[SYSROOT_PATH_MAX], *dir = realpath(settings->resume, NULL);
	int rc;

	if (*argc > 0)
		return err_usage(e, "--resume DIR repeats the command of the study: give none");
	if (!dir)
		return err_set(e, errno, "cannot find %s", settings->resume);
	snprintf(path, sizeof(path), "%s/study.db", dir);
	rc = results_open(&results, path, RESULTS_READ, NULL, e);
	if (rc)
		return rc;

	struct sqlite3_stmt *st AUTO_ASK = results_ask(
		results, "SELECT id, settings FROM experiment ORDER BY rowid DESC LIMIT 1", NULL);

	rc = results_next(results, st, e);
	if (rc < 0)
		return rc;
	if (!rc)
		return err_say(e, ENOENT, "--resume: %s has no study", path);
	settings->resume = dir;

	char *id = strdup(results_text(st, 0)); /* lives as long as the settings */

	rc = take_settings(settings, results_text(st, 1), argc, argv, e);
	settings->dir = dir;
	settings->experiment = id;
	return rc;
}

/* ---- what was run ---- */

static const struct study_choice *choice_of(struct study *s, const char *name)
{
	size_t len = strcspn(name, "@");

	for (size_t i = 0; i < s->n_choices; i++)
		if (strlen(s->choices[i].name) == len && !strncmp(s->choices[i].name, name, len))
			return &s->choices[i];
	return NULL;
}

static int take_cell(struct study *s, struct study_target *target, struct sqlite3_stmt *st,
		     struct err *e)
{
	struct comparison comparison;
	double limit = results_number(st, 2);
	struct study_configuration *c =
		study_configuration_insert(target, choice_of(s, results_text(st, 1)),
					   isnan(limit) ? MISSING_U64 : (uint64_t)limit,
					   results_text(st, 1));
	int rc;

	if (!c)
		return err_say(e, ENOSPC, "%s: too many limits and algorithms", target->name);
	snprintf(c->cell.text, sizeof(c->cell.text), "%s", results_text(st, 0));
	rc = results_cell_get(s->results, c->cell.text, &c->runs, &c->n, &comparison, e);
	c->capacity = c->n;
	return rc;
}

/* Runs that were cut off are no results. */
static void drop_unfinished(struct study_configuration *c)
{
	size_t kept = 0;

	for (size_t i = 0; i < c->n; i++)
		if (!isnan(c->runs[i].metrics.wall_ns))
			c->runs[kept++] = c->runs[i];
	c->n = kept;
}

static int take_scan(struct study *s, struct study_target *target, struct err *e)
{
	const struct results_run *reference = study_reference(target);

	if (!reference)
		return 0;

	struct sqlite3_stmt *st AUTO_ASK =
		results_ask(s->results, "SELECT text FROM artifact WHERE name='scan' AND run=?",
			    reference->id.text);
	int rc = results_next(s->results, st, e);

	if (rc > 0)
		study_scan_take(target, results_text(st, 0));
	return MIN(rc, 0);
}

static int find_workload(struct study *s, struct study_target *target, struct err *e)
{
	struct sqlite3_stmt *st AUTO_ASK = results_ask(
		s->results, "SELECT id, name FROM workload WHERE experiment=?", s->experiment.text);
	int rc;

	while ((rc = results_next(s->results, st, e)) > 0)
		if (str_eq(results_text(st, 1), target->name)) {
			snprintf(target->workload.text, sizeof(target->workload.text), "%s",
				 results_text(st, 0));
			return 0;
		}
	return rc ? rc : -ENOENT;
}

int study_resume_target(struct study *s, struct study_target *target, struct err *e)
{
	AUTO_FREE char *argv = results_quote_argv(target->argv);
	int rc = find_workload(s, target, e);

	if (rc == -ENOENT)
		return results_workload_add(s->results, &s->experiment, target->name, argv,
					    s->user.uid, &target->workload, e);
	if (rc)
		return rc;

	struct sqlite3_stmt *st AUTO_ASK =
		results_ask(s->results,
			    "SELECT id, arm, limit_bytes FROM cell WHERE workload=? ORDER BY rowid",
			    target->workload.text);

	while ((rc = results_next(s->results, st, e)) > 0) {
		rc = take_cell(s, target, st, e);
		if (rc)
			return rc;
		drop_unfinished(&target->configurations[target->n_configurations - 1]);
	}
	return rc ? rc : take_scan(s, target, e);
}

/* ---- what the engine was told ---- */

static int word_index(const char *const *words, const char *word)
{
	for (int i = 0; words[i]; i++)
		if (word && str_eq(words[i], word))
			return i;
	return -1;
}

struct told {
	const struct study *study;
	const struct study_target *target;
};

static int tell(void *ctx, const char *type UNUSED, struct json_object *json)
{
	const struct told *told = ctx;
	const struct study_target *target = told->target;
	const char *algorithm;
	struct search_run_record record;
	struct search_ask ask;
	int outcome;

	if (!record_read(json, &search_run_type, &record) || !search_next(target->search, &ask))
		return 0;
	outcome = word_index(search_run_outcomes, record.outcome);
	algorithm = ask.algo == SEARCH_NO_ALGO ? "" : told->study->choices[ask.algo].name;
	if (record.run != ask.run || outcome < 0 ||
	    word_index(search_run_phases, record.phase) != (int)ask.phase ||
	    !str_eq(record.algorithm ?: "", algorithm))
		return 1;

	struct search_run run = {
		.ask = ask,
		.outcome = (enum search_outcome)outcome,
		.cost = record.cost,
		.elapsed_ns = record.elapsed_ns,
		.wall_ns = record.wall_ns,
		.ram_mean_bytes = record.ram_mean_bytes,
		.ram_peak_bytes = record.ram_peak_bytes,
		.stall_ratio = record.stall_ratio,
	};

	run.ask.limit_ratio = record.limit_ratio; /* the engine compares it with its own */
	return search_add(target->search, &run);
}

int study_resume_search(struct study *s, struct study_target *target, struct err *e)
{
	struct sqlite3_stmt *st AUTO_ASK =
		results_ask(s->results,
			    "SELECT a.text FROM artifact a JOIN run r ON r.id = a.run JOIN cell c "
			    "ON c.id = r.cell WHERE c.workload=? AND a.name = 'search' ORDER BY "
			    "json_extract(a.text, '$.run'), r.rowid",
			    target->workload.text);
	struct told ctx = { s, target };
	struct search_ask ask = { .run = 0 };
	size_t told = 0;
	int rc;

	while ((rc = results_next(s->results, st, e)) > 0) {
		if (record_each_line(results_text(st, 0), tell, &ctx)) {
			term_warn("%s: run %zu of the study is not what the search asks for now; "
				  "it goes on from there",
				  target->name, told);
			return 0;
		}
		told++;
	}
	if (!rc && search_next(target->search, &ask))
		term_say("%s: goes on after %zu runs", target->name, told);
	return rc;
}

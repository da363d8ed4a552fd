/* SPDX-License-Identifier: GPL-2.0-only */
/* data.c - SELECTs. Lists are small (runs, not faults), so they are read whole. What is not in the
 * database stays NaN.
 */
#include "data.h"

#include <json-c/json.h>
#include <math.h>
#include <stdarg.h>
#include <sqlite3.h>

#define ADD(list, n) ((list) = data_add((list), &(n), sizeof(*(list))), &(list)[(n)-1])

static void out_of_memory(void)
{
	fputs("report: out of memory\n", stderr);
	exit(EXIT_FAILED);
}

static void *data_add(void *list, size_t *n, size_t size)
{
	char *grown = reallocarray(list, *n + 1, size);

	if (!grown)
		out_of_memory();
	memset(grown + *n * size, 0, size);
	++*n;
	return grown;
}

/* ---- reading ---- */

static bool row(struct stored_study *study, struct sqlite3_stmt *st)
{
	int rc = results_next(study->results, st, NULL);

	study->failed |= rc < 0;
	return rc > 0;
}

/* A copy that lives as long as the study; NULL where the column is. */
static char *text_of(struct stored_study *study, struct sqlite3_stmt *st, int at)
{
	const char *s = (const char *)sqlite3_column_text(st, at);
	char **copy;

	if (!s)
		return NULL;
	copy = ADD(study->texts, study->n_texts);
	*copy = strdup(s);
	if (!*copy)
		out_of_memory();
	return *copy;
}

/* The columns of a row; types has a letter for each: s char **, i int64_t *, b bool *, d double *.
 */
static void read_row(struct stored_study *study, struct sqlite3_stmt *st, const char *types, ...)
{
	va_list ap;

	va_start(ap, types);
	for (int at = 0; types[at]; at++) {
		switch (types[at]) {
		case 's':
			*va_arg(ap, char **) = text_of(study, st, at);
			break;
		case 'i':
			*va_arg(ap, int64_t *) = sqlite3_column_int64(st, at);
			break;
		case 'b':
			*va_arg(ap, bool *) = sqlite3_column_int(st, at) != 0;
			break;
		default:
			*va_arg(ap, double *) = results_number(st, at);
		}
	}
	va_end(ap);
}

#define STAYS_MAX 64

/* From the record that pool_probe left: two arrays of one length. What is none of ours says
 * nothing. */
static void load_stays(struct stored_study *study, struct configuration *c)
{
	struct sqlite3_stmt *st AUTO_ASK = results_ask(
		study->results,
		"SELECT a.text FROM artifact a JOIN run r ON r.id = a.run WHERE r.cell=? AND "
		"a.name = 'pool_probe' AND r.state IN ('ok', 'unsettled') ORDER BY r.rowid LIMIT 1",
		c->id);
	const char *text = row(study, st) ? (const char *)sqlite3_column_text(st, 0) : NULL;
	struct json_object *record = text ? json_tokener_parse(text) : NULL, *ages, *out;

	if (json_object_object_get_ex(record, "survival_age_ns", &ages) &&
	    json_object_object_get_ex(record, "survival", &out) &&
	    json_object_is_type(ages, json_type_array) &&
	    json_object_is_type(out, json_type_array)) {
		size_t n = MIN(json_object_array_length(ages), json_object_array_length(out));

		for (size_t i = 0; i < MIN(n, (size_t)STAYS_MAX); i++) {
			struct stay *stay = ADD(c->stays, c->n_stays);

			stay->age_ns = json_object_get_double(json_object_array_get_idx(ages, i));
			stay->share = json_object_get_double(json_object_array_get_idx(out, i));
		}
	}
	json_object_put(record);
}

/* Of a search only the configurations that decide: the others are points of its curve. */
static bool search_only(const struct configuration *c)
{
	for (size_t i = 0; i < c->n_runs; i++)
		if (c->runs[i].kind != RESULTS_RUN_WARMUP)
			return false;
	return c->n_runs > 0;
}

static void load_curve(struct stored_study *study, struct target *target)
{
	struct sqlite3_stmt *st AUTO_ASK = results_ask(
		study->results,
		"SELECT a.text FROM artifact a JOIN run r ON r.id = a.run JOIN cell c ON c.id = "
		"r.cell WHERE c.workload=? AND a.name='curve' ORDER BY r.rowid DESC LIMIT 1",
		target->id);

	if (row(study, st))
		target->curve = text_of(study, st, 0);
}

static void load_configurations(struct stored_study *study, struct target *target)
{
	struct sqlite3_stmt *st AUTO_ASK =
		results_ask(study->results,
			    "SELECT id, arm, limit_bytes FROM cell WHERE workload=? ORDER BY arm "
			    "<> 'none', rowid",
			    target->id);

	while (row(study, st)) {
		struct configuration *c = ADD(target->configurations, target->n_configurations);

		read_row(study, st, "ssd", &c->id, &c->name, &c->limit_bytes);
		if (results_cell_get(study->results, c->id, &c->runs, &c->n_runs, &c->comparison,
				     NULL))
			study->failed = true;
		load_stays(study, c);
		if (!study->failed && search_only(c)) {
			free(c->runs);
			target->n_configurations--;
		}
	}
}

static void load_rankings(struct stored_study *study, struct target *target)
{
	struct sqlite3_stmt *st AUTO_ASK = results_ask(
		study->results,
		"SELECT codec, tier, reason, place, recommended, fair_score, "
		"value_gib_per_core, saved_slot_bytes, saved_codec_bytes, total_bytes, "
		"compress_cpu_ms, decompress_cpu_ms, readback_factor FROM ranking WHERE "
		"workload=? ORDER BY place IS NULL, place, saved_slot_bytes DESC",
		target->id);

	while (row(study, st)) {
		struct ranking *r = ADD(target->rankings, target->n_rankings);

		read_row(study, st, "sssibdddddddd", &r->codec, &r->tier, &r->reason, &r->place,
			 &r->recommended, &r->fair_score, &r->value_gib_per_core,
			 &r->saved_slot_bytes, &r->saved_codec_bytes, &r->total_bytes,
			 &r->compress_cpu_ms, &r->decompress_cpu_ms, &r->readback_factor);
	}
}

static void load_predictions(struct stored_study *study, struct target *target)
{
	struct sqlite3_stmt *st AUTO_ASK = results_ask(
		study->results,
		"SELECT c.arm, p.name, p.predicted, p.measured, p.predicted / p.measured - 1 "
		"FROM prediction p JOIN cell c "
		"ON c.id = p.cell WHERE c.workload=? ORDER BY c.rowid, p.name",
		target->id);

	while (row(study, st)) {
		struct prediction *p = ADD(target->predictions, target->n_predictions);

		read_row(study, st, "ssddd", &p->configuration, &p->name, &p->predicted,
			 &p->measured, &p->error_ratio);
	}
}

/* Of one run, the first that has any: pages of several scans must not be added up. */
static void load_bins(struct stored_study *study, struct target *target)
{
	struct sqlite3_stmt *st AUTO_ASK = results_ask(
		study->results,
		"SELECT codec, bin_bytes, sum(pages) FROM page_hist WHERE run = (SELECT h.run "
		"FROM page_hist h JOIN run r ON r.id = h.run JOIN cell c ON c.id = r.cell "
		"WHERE c.workload=? ORDER BY r.rowid LIMIT 1) GROUP BY codec, bin_bytes ORDER "
		"BY codec, bin_bytes",
		target->id);

	while (row(study, st)) {
		struct bin *b = ADD(target->bins, target->n_bins);

		read_row(study, st, "sdd", &b->codec, &b->bin_bytes, &b->pages);
	}
}

static void load_targets(struct stored_study *study)
{
	struct sqlite3_stmt *st AUTO_ASK =
		results_ask(study->results,
			    "SELECT id, name, argv FROM workload WHERE experiment=? ORDER BY rowid",
			    study->id);

	while (row(study, st)) {
		struct target *s = ADD(study->targets, study->n_targets);

		read_row(study, st, "sss", &s->id, &s->name, &s->argv);
		load_configurations(study, s);
		load_curve(study, s);
		load_rankings(study, s);
		load_predictions(study, s);
		load_bins(study, s);
	}
}

static void load_pairs(struct stored_study *study)
{
	struct sqlite3_stmt *env AUTO_ASK =
		results_ask(study->results,
			    "SELECT key, value FROM environment WHERE experiment=? ORDER BY key",
			    study->id);
	struct sqlite3_stmt *notes AUTO_ASK =
		results_ask(study->results,
			    "SELECT kind, about, reason FROM note WHERE experiment=? ORDER BY seq",
			    study->id);

	while (row(study, env)) {
		struct pair *p = ADD(study->environment, study->n_environment);

		read_row(study, env, "ss", &p->key, &p->value);
		if (str_eq(p->key, "slot_break_even_bytes") && p->value)
			study->break_even_bytes = results_number(env, 1);
	}
	while (row(study, notes)) {
		struct pair *p = ADD(study->notes, study->n_notes);

		read_row(study, notes, "sss", &p->kind, &p->key, &p->value);
	}
}

static void load_experiment(struct stored_study *study, struct sqlite3_stmt *st)
{
	read_row(study, st, "ssssssssdi", &study->id, &study->started, &study->argv, &study->seed,
		 &study->settings, &study->version, &study->state, &study->answer,
		 &study->limit_ratio, &study->blocks);
	study->recommended = text_of(study, st, 10);
}

int data_load(struct stored_study *ret, struct results *results, const char *id, struct err *e)
{
	bool latest = !id || str_eq(id, "latest");
	struct stored_study study = { .results = results, .break_even_bytes = MISSING_F64 };
	struct sqlite3_stmt *st AUTO_ASK = results_ask(
		results,
		"SELECT id, datetime(started_unix_ns / 1000000000, 'unixepoch') || ' UTC', "
		"argv, seed, settings, version, state, answer, limit_ratio, blocks, recommended "
		"FROM "
		"experiment WHERE ?1 IS NULL OR substr(id, 1, length(?1)) = ?1 ORDER BY "
		"started_unix_ns DESC, id DESC LIMIT 2",
		latest ? NULL : id);

	/* One view of the file, also while a study writes to it; it ends with the connection. */
	results_plain(results, "BEGIN");
	if (!row(&study, st)) {
		err_say(e, ENOENT,
			latest ? "no study in the results database"
			       : "no study %s in the results database",
			id);
		return err_hint(e, "list its studies: coldpress report --db FILE --list");
	}
	load_experiment(&study, st);
	if (!latest && row(&study, st)) {
		data_done(&study);
		err_usage(e, "more than one study id begins with %s", id);
		return err_hint(e, "give more of the id: coldpress report --db FILE --list");
	}
	load_pairs(&study);
	load_targets(&study);
	if (study.failed) {
		data_done(&study);
		return err_say(e, EBADMSG, "cannot read the results database: it is damaged");
	}
	*ret = study;
	return 0;
}

/* ---- time series ---- */

static bool has_samples(struct stored_study *study, const struct results_run *run)
{
	struct sqlite3_stmt *st AUTO_ASK = results_ask(
		study->results, "SELECT 1 FROM sample WHERE run=? LIMIT 1", run->id.text);

	return row(study, st);
}

/* Smaller is better: does it count, what kind, how far from the median wall time. */
static double unfitness(const struct configuration *c, const struct results_run *run)
{
	double off = fabs(run->metrics.wall_ns / data_value(c, METRIC_wall_ns)->value - 1);

	return (results_run_counts(run) ? 0 : 1e6) + (run->kind == RESULTS_RUN_TIMED ? 0 : 1e3) +
	       (isfinite(off) ? fmin(off, 99) : 99);
}

int data_series(struct stored_study *study, const struct configuration *c, struct point **ret,
		size_t *n)
{
	const struct results_run *run = NULL;
	struct point *points = NULL;
	size_t found = 0;

	for (size_t i = 0; i < c->n_runs; i++)
		if ((!run || unfitness(c, &c->runs[i]) < unfitness(c, run)) &&
		    has_samples(study, &c->runs[i]))
			run = &c->runs[i];
	if (!run)
		return -ENOENT;
	struct sqlite3_stmt *st AUTO_ASK = results_ask(
		study->results,
		"SELECT t_ns / 1e9, max(value) FILTER (WHERE name='ram_bytes'), max(value) "
		"FILTER (WHERE name='pool_used_bytes'), max(value) FILTER (WHERE "
		"name='swap_bytes') FROM sample WHERE run=? GROUP BY t_ns ORDER BY t_ns",
		run->id.text);
	while (row(study, st)) {
		struct point *p = ADD(points, found);

		*p = (struct point){ results_number(st, 0), results_number(st, 1),
				     results_number(st, 2), results_number(st, 3) };
	}
	*ret = points;
	*n = found;
	return 0;
}

/* ---- done ---- */

static void target_done(struct target *target)
{
	for (size_t i = 0; i < target->n_configurations; i++) {
		free(target->configurations[i].runs);
		free(target->configurations[i].stays);
	}
	free(target->configurations);
	free(target->rankings);
	free(target->predictions);
	free(target->bins);
}

void data_done(struct stored_study *study)
{
	for (size_t i = 0; i < study->n_targets; i++)
		target_done(&study->targets[i]);
	for (size_t i = 0; i < study->n_texts; i++)
		free(study->texts[i]);
	free(study->targets);
	free(study->environment);
	free(study->notes);
	free(study->texts);
	*study = (struct stored_study){ 0 };
}

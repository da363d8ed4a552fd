/* SPDX-License-Identifier: GPL-2.0-only */
/* report.c - `coldpress report`: a study from the store as one page that opens offline.
 *
 * It reads nothing but the store and measures nothing: two runs on one store give the same page.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "lib/base/opt.h"
#include "lib/base/out.h"
#include "lib/base/record.h"
#include "lib/base/term.h"
#include "page.h"

#include <sqlite3.h>

struct report_config {
	const char *db, *experiment, *out, *pdf;
	bool list, quiet;
	int format;
};

static struct report_config config = {
	.db = RESULTS_USUAL_PATH,
	.experiment = "latest",
	.out = "report.html",
	.format = OUT_TEXT,
};

/* ---- --list ---- */

struct study_record {
	const char *id, *started, *state, *command;
	uint64_t runs;
};

static const struct field study_fields[] = {
	FIELD(struct study_record, id, FIELD_STRING, "",
	      "what --experiment takes, or its beginning"),
	FIELD(struct study_record, started, FIELD_STRING, "", "wall clock, UTC"),
	FIELD(struct study_record, state, FIELD_STRING, "", "running, done, interrupted or failed"),
	FIELD(struct study_record, runs, FIELD_U64, "", "runs that were begun"),
	FIELD(struct study_record, command, FIELD_STRING, "",
	      "what was studied, or the trigger; missing: the built-in targets"),
};

static const struct record_type study_type =
	RECORD_TYPE("study", 1, RECORD_TABLE, study_fields, "one study in the store");

static int list_rows(struct out *out, struct sqlite3_stmt *st, uint64_t *n)
{
	int rc;

	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct study_record record = {
			.id = (const char *)sqlite3_column_text(st, 0),
			.started = (const char *)sqlite3_column_text(st, 1),
			.state = (const char *)sqlite3_column_text(st, 2),
			.command = (const char *)sqlite3_column_text(st, 3),
			.runs = (uint64_t)sqlite3_column_int64(st, 4),
		};

		if (out_record(out, &study_type, &record))
			break;
		++*n;
	}
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : -EBADMSG;
}

static int list(struct results *results, const struct report_config *c, struct err *e)
{
	struct end_record end = { .missed = MISSING_U64,
				  .unmatched = MISSING_U64,
				  .reason = "done" };
	struct sqlite3_stmt *st = NULL;
	struct out *out;
	int closed, r = out_new(&out, (enum out_format)c->format, NULL, e);

	if (r)
		return r;
	r = -EBADMSG;
	if (sqlite3_prepare_v2(results_sqlite(results),
			       "SELECT id, datetime(started_unix_ns / 1000000000, 'unixepoch'), "
			       "state, command, (SELECT count(*) FROM run r JOIN cell c ON c.id = "
			       "r.cell JOIN workload w ON w.id = c.workload WHERE w.experiment = "
			       "experiment.id) FROM experiment ORDER BY started_unix_ns, id",
			       -1, &st, NULL) == SQLITE_OK)
		r = list_rows(out, st, &end.emitted);
	sqlite3_finalize(st);
	end.seen = end.emitted;
	if (r == 0 && c->format == OUT_JSON)
		out_record(out, &end_record_type, &end);
	closed = out_close(out, e);
	return r ? err_say(e, r, "cannot read %s: it is damaged", c->db) : closed;
}

/* ---- the page ---- */

static int write_page(const struct report_config *c, const struct text *page, struct err *e)
{
	struct out *out;
	int r;

	if (page->failed)
		return err_set(e, ENOMEM, "cannot build the page");
	r = out_new(&out, OUT_TEXT, c->out, e);
	if (r)
		return r;
	/* Cut before the last line feed: out_line adds one. */
	out_line(out, "%.*s", (int)(page->n - 1), page->s);
	return out_close(out, e);
}

static int make_page(struct results *results, const struct report_config *c, struct err *e)
{
	struct plotter plotter = { .pdf_dir = c->pdf };
	struct text page = { 0 };
	struct study study;
	int r = data_load(&study, results, c->experiment, e);

	if (r)
		return r;
	page_put(&page, &plotter, &study);
	r = study.failed ? err_say(e, EBADMSG, "cannot read %s: it is damaged", c->db)
			 : write_page(c, &page, e);
	if (r == 0 && plotter.absent)
		term_warn("gnuplot is not installed: the page has tables only");
	else if (r == 0 && plotter.failed)
		term_warn("gnuplot failed on %u of %u figures: the page says why", plotter.failed,
			  plotter.failed + plotter.drawn);
	if (r == 0 && !str_eq(c->out, "-"))
		term_say("wrote %s: targets %zu, figures %u", c->out, study.n_targets,
			 plotter.drawn);
	text_done(&page);
	data_done(&study);
	return r;
}

static int report_run(void *cfg, int argc UNUSED, char **argv UNUSED, int *exit_code UNUSED,
		      struct err *e)
{
	const struct report_config *c = cfg;
	struct results *results AUTO_RESULTS = NULL;
	struct stat st;
	int r;

	if (c->quiet)
		term_set_level(TERM_QUIET);
	if (c->pdf && (stat(c->pdf, &st) < 0 || !S_ISDIR(st.st_mode))) {
		err_say(e, ENOTDIR, "cannot write figures to %s: it is no directory", c->pdf);
		return err_hint(e, "make it first: mkdir -p DIR");
	}
	r = results_open(&results, c->db, RESULTS_READ, NULL, e);
	if (r == -ENOENT)
		err_hint(e,
			 "a study leaves it as study.db in its --out directory: name it with --db");
	if (r)
		return r;
	return c->list ? list(results, c, e) : make_page(results, c, e);
}

static const struct opt report_options[] = {
	OPT_FILE(0, "db", struct report_config, db,
		 "the store: study.db in the --out directory of a study"),
	OPT_STRING(0, "experiment", struct report_config, experiment,
		   "which study: its id or the beginning of it, or latest", .metavar = "ID"),
	OPT_FILE('o', "out", struct report_config, out, "where the page goes; - is stdout"),
	OPT_DIR(0, "pdf", struct report_config, pdf,
		"also write each figure as PDF into this directory"),
	OPT_FLAG(0, "list", struct report_config, list,
		 "list the studies that the store holds, and stop"),
	OPT_CHOICE('f', "format", struct report_config, format, opt_format_choices, "of --list"),
	OPT_FLAG('q', "quiet", struct report_config, quiet,
		 "no words on stderr but errors and warnings"),
	OPT_END
};

static const struct opt_command report_commands[] = {
	{
		.summary = "write a study as one HTML page",
		.description =
			"The page opens offline: the answer in plain words, figures with their "
			"numbers, what was left out and why, the machine, and how to repeat it.",
		.examples = "coldpress report --db results/study.db --out report.html   # the "
			    "latest study\n"
			    "coldpress report --db results/study.db --list   # which there are",
		.options = report_options,
		.run = report_run,
	},
	{ .run = NULL },
};

int main(int argc, char **argv)
{
	static const struct opt_program program = {
		.name = "report",
		.summary = "a study from the store as one page",
		.commands = report_commands,
		.config = &config,
	};

	return opt_main(&program, argc, argv);
}

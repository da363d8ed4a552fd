/* SPDX-License-Identifier: GPL-2.0-only */
/* report.c - `coldpress report`: a study as one page that opens offline.
 *
 * It reads nothing but the results database and computes nothing: two runs on one database give the
 * same page.
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
	const char *db, *experiment, *dir;
	bool list;
	struct opt_output output;
};

static struct report_config config = {
	.db = RESULTS_USUAL_PATH,
	.experiment = "latest",
	.output.format = -1,
};

/* ---- --list ---- */

struct study_record {
	const char *id, *started, *state, *command;
	uint64_t runs;
};

static const struct field study_fields[] = {
	FIELD(struct study_record, id, FIELD_STRING, "", "ID of the study, for --experiment"),
	FIELD(struct study_record, started, FIELD_STRING, "", "start of the study, UTC"),
	FIELD(struct study_record, state, FIELD_STRING, "", "running, done, interrupted or failed"),
	FIELD(struct study_record, runs, FIELD_U64, "", "runs that were started"),
	FIELD(struct study_record, command, FIELD_STRING, "",
	      "command under study, or of a pool trigger; or the built-in targets"),
};

static const struct record_type study_type =
	RECORD_TYPE("study", 1, RECORD_TABLE, study_fields, "one study in the results database");

static int list(struct results *results, const struct report_config *c, struct err *e)
{
	struct end_record end = { .missed = MISSING_U64,
				  .unmatched = MISSING_U64,
				  .reason = "done" };
	struct sqlite3_stmt *st AUTO_ASK = results_ask(
		results,
		"SELECT id, datetime(started_unix_ns / 1000000000, 'unixepoch'), state, "
		"coalesce(command, (SELECT 'built-in targets: ' || group_concat(name, ', ') FROM "
		"workload WHERE experiment = experiment.id)), "
		"(SELECT count(*) FROM run r JOIN cell c ON c.id = r.cell JOIN workload w ON w.id "
		"= "
		"c.workload WHERE w.experiment = experiment.id) FROM experiment ORDER BY "
		"started_unix_ns, id",
		NULL);
	struct out *out;
	int closed, rc = out_new(&out, (enum out_format)MAX(c->output.format, OUT_TEXT),
				 c->output.path, e);

	if (rc)
		return rc;
	while ((rc = results_next(results, st, e)) > 0) {
		struct study_record record = {
			.id = (const char *)sqlite3_column_text(st, 0),
			.started = (const char *)sqlite3_column_text(st, 1),
			.state = (const char *)sqlite3_column_text(st, 2),
			.command = (const char *)sqlite3_column_text(st, 3),
			.runs = (uint64_t)sqlite3_column_int64(st, 4),
		};

		if (out_record(out, &study_type, &record))
			break;
		end.emitted++;
	}
	end.seen = end.emitted;
	if (rc >= 0 && c->output.format == OUT_JSON)
		out_record(out, &end_record_type, &end);
	closed = out_close(out, rc < 0 ? NULL : e);
	return rc < 0 ? rc : closed;
}

/* ---- the page ---- */

static const char *page_path(const struct report_config *c)
{
	return c->output.path ? c->output.path : "report.html";
}

static int write_page(const struct report_config *c, const struct text *page, struct err *e)
{
	struct out *out;
	int rc;

	if (page->failed)
		return err_set(e, ENOMEM, "cannot build the page");
	rc = out_new(&out, OUT_TEXT, page_path(c), e);
	if (rc)
		return rc;
	/* Cut before the last line feed: out_line adds one. */
	out_line(out, "%.*s", (int)(page->n - 1), page->s);
	return out_close(out, e);
}

static int make_page(struct results *results, const struct report_config *c, struct err *e)
{
	struct plotter plotter = { .pdf_dir = c->dir };
	struct text page = { 0 };
	struct stored_study study;
	int rc = data_load(&study, results, c->experiment, e);

	if (rc)
		return rc;
	page_put(&page, &plotter, &study);
	rc = study.failed ? err_say(e, EBADMSG, "cannot read %s: it is damaged", c->db)
			  : write_page(c, &page, e);
	if (!rc && plotter.absent)
		term_warn("gnuplot is not installed: the page has tables only");
	else if (!rc && plotter.failed)
		term_warn("gnuplot failed on %u of %u plots: the page says why", plotter.failed,
			  plotter.failed + plotter.drawn);
	if (!rc && !str_eq(page_path(c), "-"))
		term_say("wrote %s: targets %zu, plots %u", page_path(c), study.n_targets,
			 plotter.drawn);
	text_done(&page);
	data_done(&study);
	return rc;
}

/* What can fail is found before the database is read. */
static int check(const struct report_config *c, struct err *e)
{
	if (!c->list && c->output.format >= 0) {
		err_usage(e, "--format is for --list: the page of a study is HTML");
		return err_hint(e, "add --list, or leave out --format");
	}
	if (!c->dir || mkdir(c->dir, 0777) == 0)
		return 0;
	if (errno == EEXIST) {
		AUTO_CLOSE int dir = open(c->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (dir >= 0 && faccessat(dir, ".", W_OK, 0) == 0)
			return 0;
	}
	return err_set(e, errno, "cannot write plots to %s", c->dir);
}

static int report_run(void *cfg, int argc UNUSED, char **argv UNUSED, int *exit_code UNUSED,
		      struct err *e)
{
	const struct report_config *c = cfg;
	struct results *results AUTO_RESULTS = NULL;
	int rc;

	if (c->output.quiet)
		term_set_level(TERM_QUIET);
	rc = check(c, e);
	if (rc)
		return rc;
	rc = results_open(&results, c->db, RESULTS_READ, NULL, e);
	if (rc == -ENOENT)
		err_hint(e, "a study writes study.db into its --dir: name the file with --db");
	if (rc)
		return rc;
	return c->list ? list(results, c, e) : make_page(results, c, e);
}

static const struct opt report_options[] = {
	OPT_FILE(0, "db", struct report_config, db,
		 "results database: study.db in the --dir of a study"),
	OPT_STRING(0, "experiment", struct report_config, experiment,
		   "study to show: its ID, a prefix of the ID, or `latest`", .metavar = "ID"),
	OPT_DIR(0, "dir", struct report_config, dir,
		"also write each plot as a PDF file to this directory; it is created if it is "
		"missing"),
	OPT_FLAG(0, "list", struct report_config, list,
		 "list the studies in the results database and exit"),
	OPT_FILE('o', "output", struct report_config, output.path,
		 "write the output to FILE, which is replaced only on success; -: standard output; "
		 "default report.html, with --list standard output"),
	OPT_CHOICE('f', "format", struct report_config, output.format, opt_format_choices,
		   "format of --list; default text"),
	OPT_FLAG('q', "quiet", struct report_config, output.quiet,
		 "print only warnings and errors on standard error, no progress"),
	OPT_RENAMED("out", "--output FILE"),
	OPT_RENAMED("pdf", "--dir DIR"),
	OPT_END
};

static const struct opt_command report_commands[] = {
	{
		.summary = "write the results of a study to one HTML page",
		.description = "The page needs no network. It shows the recommendation, plots with "
			       "their values, what was not measured and why, the machine, and how "
			       "to repeat the study.",
		.examples = "coldpress report --db results/study.db --output report.html   # the "
			    "latest study\n"
			    "coldpress report --db results/study.db --list   # all studies",
		.options = report_options,
		.run = report_run,
	},
	{ .run = NULL },
};

int main(int argc, char **argv)
{
	static const struct record_type *const records[] = { &study_type, &end_record_type, NULL };
	static const struct opt_program program = {
		.name = "report",
		.summary = "write the results of a study to one HTML page",
		.commands = report_commands,
		.records = records,
		.config = &config,
	};

	return opt_main(&program, argc, argv);
}

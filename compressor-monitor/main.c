/* SPDX-License-Identifier: GPL-2.0-only */
/* main.c - compressor_monitor: the RAM of pages in a compressed pool, and the choice of a codec by
 * RAM saved per CPU time.
 *
 * The defaults and the output; options.c has the option tables, *_main.c the subcommands.
 */
#include "lib/base/out.h"
#include "lib/base/stop.h"
#include "lib/base/term.h"
#include "monitor.h"
#include "trace.h"

#define COLUMNS_MAX 32

/* The columns of text output, unless --fields names others. */
static int select_fields(const struct monitor_config *c, const struct record_type *type,
			 const char *columns, struct out *out, struct err *e)
{
	AUTO_FREE char *text = strdup(columns);
	const char *items[COLUMNS_MAX];
	struct opt_list usual = { items, 0 };

	if (c->fields.n)
		return out_select(out, type, &c->fields, e);
	if (c->output.format != OUT_TEXT)
		return out_select(out, type, NULL, e);
	if (!text)
		return err_set(e, ENOMEM, "cannot choose the columns");
	for (char *name = strtok(text, ","); name && usual.n < COLUMNS_MAX;
	     name = strtok(NULL, ","))
		items[usual.n++] = name;
	return out_select(out, type, &usual, e);
}

int monitor_open(const struct monitor_config *c, const struct record_type *type,
		 const char *columns, struct out **ret, struct err *e)
{
	int rc = stop_install(e);

	term_set_level(c->output.quiet     ? TERM_QUIET
		       : c->output.verbose ? TERM_VERBOSE
					   : TERM_NORMAL);
	if (!rc)
		rc = out_new(ret, (enum out_format)c->output.format, c->output.path, e);
	if (rc)
		return rc;
	rc = select_fields(c, type, columns, *ret, e);
	if (rc)
		out_discard(*ret);
	return rc;
}

int monitor_close(struct out *out, uint64_t n, struct err *e)
{
	struct end_record end = {
		.seen = n,
		.emitted = n,
		.missed = MISSING_U64,
		.unmatched = MISSING_U64,
		.reason = stop_requested() ? "signal" : "done",
	};

	out_record(out, &end_record_type, &end);
	return out_close(out, e);
}

int main(int argc, char **argv)
{
	static const char *codecs[] = { CODEC_SCAN_DEFAULT };
	static struct monitor_config config = {
		.scan = { .codecs = { codecs, ARRAY_SIZE(codecs) },
			  .pages = 4096,
			  .seed = 1,
			  .chain = MISSING_U64,
			  .threads = MISSING_U64,
			  .by = -1 },
		.rank = { .policy = POLICY_DEFAULTS,
			  .readback = MISSING_F64,
			  .residence_ns = MISSING_U64,
			  .duration_ns = 10 * NS_PER_S,
			  .class = -1 },
		.bench = { .max_size_bytes = MIB,
			   .page_bytes = PAGE_BYTES,
			   .runs = 5,
			   .warmups = 2,
			   .cpu = MISSING_U64,
			   .seed = 1 },
		.calibrate = { .pages = 4096, .runs = 5, .seed = 1 },
	};
	static const struct record_type *const records[] = {
		&scan_summary_type,
		&scan_mapping_type,
		&scan_class_type,
		&scan_codec_type,
		&scan_class_codec_type,
		&scan_group_type,
		&scan_hist_type,
		&scan_estimate_type,
		&page_trace_type,
		&page_run_type,
		&rank_candidate_type,
		&rank_class_type,
		&rank_decision_type,
		&rank_sweep_type,
		&rank_front_type,
		&bench_type,
		&calibrate_type,
		&end_record_type,
		NULL,
	};
	static const struct opt_program program = {
		.name = "compressor_monitor",
		.summary =
			"measure how pages compress, and choose a codec by RAM saved per CPU time",
		.commands = monitor_commands,
		.config = &config,
		.records = records,
	};

	return opt_main(&program, argc, argv);
}

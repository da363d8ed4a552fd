/* SPDX-License-Identifier: GPL-2.0-only */
/* calibrate_main.c - the subcommand calibrate: prints every row, and saves its factors. */
#include "lib/base/out.h"
#include "lib/base/stop.h"
#include "monitor.h"

static const char columns[] =
	"algorithm,model,compr_bytes,compr_error_ratio,compress_ns,"
	"model_compress_ns,compress_factor,compress_error_ratio,decompress_ns,"
	"model_decompress_ns,decompress_factor,decompress_error_ratio";

struct calibrate_outs {
	struct out *out;
	struct results *results; /* may be NULL */
	struct results_machine machine;
	const char *source;
	uint64_t rows;
	struct err *e;
};

/* A row without a model has no factors. */
static int save_row(const struct calibrate_outs *outs, const struct calibrate_record *row)
{
	struct calibration c = {
		.approximate = row->approximate,
		.pages = row->pages,
		.compress_ns = row->compress_ns,
		.decompress_ns = row->decompress_ns,
		.compress_factor = row->compress_factor,
		.decompress_factor = row->decompress_factor,
		.compress_error_ratio = row->compress_error_ratio,
		.decompress_error_ratio = row->decompress_error_ratio,
		.compr_error_ratio = row->compr_error_ratio,
	};

	if (!row->model)
		return 0;
	snprintf(c.algorithm, sizeof(c.algorithm), "%s", row->algorithm);
	snprintf(c.model, sizeof(c.model), "%s", row->model);
	snprintf(c.source, sizeof(c.source), "%s", outs->source);
	return results_calibration_put(outs->results, &outs->machine, &c, outs->e);
}

static int take_algorithm(void *ctx, const struct calibrate_record *row)
{
	struct calibrate_outs *outs = ctx;
	int rc = out_record(outs->out, &calibrate_type, row);

	outs->rows++;
	if (!rc && outs->results)
		rc = save_row(outs, row);
	return rc ? rc : out_flush(outs->out);
}

static int open_db(const struct monitor_config *c, struct calibrate_outs *outs, char *source,
		   size_t len, struct err *e)
{
	if (c->calibrate.pid)
		snprintf(source, len, "pid %d", (int)c->calibrate.pid);
	else
		snprintf(source, len, "file %s", c->calibrate.file);
	outs->source = source;
	results_machine_read(NULL, &outs->machine);
	return c->calibrate.db
		       ? results_open(&outs->results, c->calibrate.db, RESULTS_WRITE, NULL, e)
		       : 0;
}

int calibrate_main(void *config, int argc UNUSED, char **argv UNUSED, int *exit_code UNUSED,
		   struct err *e)
{
	const struct monitor_config *c = config;
	struct calibrate_outs outs = { .e = e };
	char source[256];
	int rc;

	if (!c->calibrate.pid == !c->calibrate.file)
		return err_usage(e, "give one source of pages: --pid PID or --file FILE");
	rc = open_db(c, &outs, source, sizeof(source), e);
	if (!rc)
		rc = monitor_open(c, &calibrate_type, columns, &outs.out, e);
	if (rc) {
		results_close(outs.results);
		return rc;
	}
	rc = calibrate_run(&c->calibrate, take_algorithm, &outs, e);
	results_close(outs.results);
	if (rc && rc != -EPIPE && !stop_requested()) {
		out_discard(outs.out);
		return rc;
	}
	return monitor_close(outs.out, outs.rows, e);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* bench_main.c - the subcommand bench: prints every row as it is measured. */
#include "lib/base/out.h"
#include "lib/base/stop.h"
#include "lib/base/term.h"
#include "monitor.h"

static const char columns[] = "label,corpus,class,size_bytes,cache,ratio,saved_slot_ratio,"
			      "compress_mib_per_s,compress_ns,compress_p99_ns,decompress_mib_per_s,"
			      "decompress_ns,decompress_p99_ns,validation";

struct bench_outs {
	struct out *out, *results; /* results may be NULL */
	uint64_t rows;
};

static int take_row(void *ctx, const struct bench_record *row)
{
	struct bench_outs *outs = ctx;
	int rc = out_record(outs->out, &bench_type, row);

	outs->rows++;
	if (!rc && outs->results)
		rc = out_record(outs->results, &bench_type, row);
	return rc ? rc : out_flush(outs->out);
}

static int open_results(const struct monitor_config *c, struct out **ret, struct err *e)
{
	static const char usual[] = "compressor-monitor/results.csv";
	const char *path = c->results;

	if (!path && access("compressor-monitor", W_OK) == 0)
		path = usual;
	*ret = NULL;
	if (!path)
		return 0;
	term_say("rows are also written to %s", path);
	return out_new(ret, OUT_CSV, path, e);
}

int bench_main(void *config, int argc UNUSED, char **argv UNUSED, int *exit_code, struct err *e)
{
	const struct monitor_config *c = config;
	struct bench_outs outs = { 0 };
	bool failed = false;
	int rc = monitor_open(c, &bench_type, columns, &outs.out, e);

	if (rc)
		return rc;
	rc = open_results(c, &outs.results, e);
	if (!rc)
		rc = bench_run(&c->bench, take_row, &outs, &failed, e);
	if (rc && rc != -EPIPE) {
		out_discard(outs.results);
		out_discard(outs.out);
		return rc;
	}
	if (failed)
		*exit_code = EXIT_FAILED;
	rc = outs.results ? out_close(outs.results, e) : 0;
	if (rc) {
		out_discard(outs.out);
		return rc;
	}
	return monitor_close(outs.out, outs.rows, e);
}

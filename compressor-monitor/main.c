/* SPDX-License-Identifier: GPL-2.0-only */
/* main.c - compressor_monitor: what pages would cost in a compressed pool, and which codec is worth
 * it.
 *
 * Options and printing; scan.c, bench.c, kernel.c and rank.c do the work.
 */
#include "bench.h"
#include "earlier.h"
#include "figure.h"
#include "kernel.h"
#include "lib/base/out.h"
#include "rank.h"
#include "scan.h"
#include "lib/base/stop.h"
#include "lib/base/term.h"
#include "trace.h"

struct config {
	struct scan_config scan;
	struct rank_config rank;
	struct bench_config bench;
	struct kernel_config kernel;
	const char *results;
	int format;
	const char *output;
	struct opt_list fields;
	bool quiet, verbose;
};

#define TARGET_OPTIONS \
	OPT_LIST('p', "pid", struct config, scan.pids, \
		 "scan this process; may be given several times", .metavar = "PID"), \
		OPT_PID(0, "tree", struct config, scan.tree, \
			"scan this process and all that descend from it"), \
		OPT_FILE('c', "cgroup", struct config, scan.cgroup, \
			 "scan the processes in this cgroup directory", .metavar = "PATH"), \
		OPT_FLAG(0, "system", struct config, scan.system, \
			 "scan every process, what they share counted once"), \
		OPT_FILE(0, "file", struct config, scan.file, \
			 "scan this file, as if memory held it"), \
		OPT_STRING(0, "zram", struct config, scan.zram, \
			   "scan what is in this pool of ours, read back from its device; --pid, " \
			   "--tree or --cgroup are its owners, stopped meanwhile", \
			   .metavar = "DEVICE"), \
		OPT_LIST(0, "include", struct config, scan.include, \
			 "also take file pages, which are dropped rather than swapped: 'file'", \
			 .metavar = "KIND"), \
		OPT_U64(0, "pages", struct config, scan.pages, \
			"how many of the present pages to draw", .min = 1, .max = UINT32_MAX), \
		OPT_STRING(0, "precision", struct config, scan.precision, \
			   "draw as many pages as it takes to know the saved share of memory to " \
			   "this at 95 %, e.g. 1pt", \
			   .metavar = "POINTS"), \
		OPT_FLAG(0, "all", struct config, scan.all, "take every present page"), \
		OPT_U64(0, "seed", struct config, scan.seed, "of the draw"), \
		OPT_U64(0, "threads", struct config, scan.threads, \
			"read and measure on this many threads; default one for each CPU that it " \
			"may run on", \
			.min = 1, .max = 1024), \
		OPT_LIST(0, "codecs", struct config, scan.codecs, \
			 "codecs and levels, e.g. lz4:1,zstd:3; default " \
			 "lz4:1,lzo-rle,zstd:1,zstd:3,deflate:1", \
			 .metavar = "LIST"), \
		OPT_U64(0, "chain", struct config, scan.chain, \
			"largest zspage of the slot model, in pages: 8, or 4 before Linux 6.3; " \
			"default the running kernel's", \
			.min = ZSMALLOC_CHAIN_MIN, .max = ZSMALLOC_CHAIN_MAX)

#define COMMON_OPTIONS \
	OPT_CHOICE('f', "format", struct config, format, opt_format_choices, "how to print"), \
		OPT_FILE('o', "output", struct config, output, "print into this file"), \
		OPT_FLAG('q', "quiet", struct config, quiet, "no progress"), \
		OPT_FLAG('v', "verbose", struct config, verbose, "say more on the way")

static const struct opt scan_options[] = {
	TARGET_OPTIONS,
	OPT_FILE(0, "record", struct config, scan.record,
		 "write the classes of the pages that were read into this file, in the order of "
		 "their addresses: JSON lines, no contents"),
	OPT_FLAG(0, "estimate", struct config, scan.estimate,
		 "decide by a look at 320 bytes of each page, too, and tell how often that was "
		 "right for each codec"),
	OPT_CHOICE(0, "by", struct config, scan.by, scan_by_choices,
		   "also say what each codec makes of anonymous, shared and file memory apart; or "
		   "of each mapping too"),
	OPT_LIST(0, "fields", struct config, fields,
		 "of the codecs' records, these fields in this order", .metavar = "LIST"),
	COMMON_OPTIONS,
	OPT_END
};

static const struct opt rank_options[] = {
	TARGET_OPTIONS,
	OPT_FILE(0, "json", struct config, rank.json,
		 "rank an earlier scan, printed with --format json"),
	OPT_FILE(0, "csv", struct config, rank.csv, "rank earlier results of bench"),
	OPT_F64(0, "readback", struct config, rank.readback,
		"expected read-backs per page compressed; default by --class", .metavar = "FACTOR"),
	OPT_STRING(0, "readback-from", struct config, rank.readback_from,
		   "measure it: the last study in this store (also how long pages stay out), or "
		   "this process, with pool_probe",
		   .metavar = "STORE|PID"),
	OPT_STRING(0, "subject", struct config, rank.subject,
		   "of a store with several: this subject's", .metavar = "NAME"),
	OPT_DURATION(0, "watch", struct config, rank.watch_ns, "how long to watch a process",
		     .min = NS_PER_MS, .max = 86400 * NS_PER_S),
	OPT_STRING(0, "kernel-costs", struct config, rank.kernel_costs,
		   "scale CPU times to the kernel's codecs by this results, which must have what "
		   "calibrate --store kept of this machine; default the store of --readback-from, "
		   "else " RESULTS_USUAL_PATH ", where it has",
		   .metavar = "STORE"),
	OPT_FLAG(0, "no-calibration", struct config, rank.no_calibration,
		 "CPU times of the libraries, as measured"),
	OPT_CHOICE(0, "class", struct config, rank.class, rank_class_choices,
		   "how warm the memory is: a readback factor of 4, 1 or 0.1"),
	OPT_SHARE(0, "floor", struct config, rank.policy.floor_ratio,
		  "savings from which a codec is eligible"),
	OPT_F64(0, "heavy-below", struct config, rank.policy.heavy_below,
		"largest readback factor at which heavy codecs are considered",
		.metavar = "FACTOR"),
	OPT_F64(0, "price", struct config, rank.policy.price_gib_per_core,
		"what a heavy codec's extra CPU must buy: GiB-seconds of memory saved per "
		"CPU-second (GiB per core)",
		.metavar = "GIB"),
	OPT_DURATION(0, "residence", struct config, rank.residence_ns,
		     "how long pages stay out of memory; default as --readback-from measured, else "
		     "120s"),
	OPT_FLAG(0, "sweep", struct config, rank.sweep,
		 "also say where the choice flips as readback factor and price change"),
	OPT_FILE(0, "figure", struct config, rank.figure,
		 "draw the last ranking, saved bytes against CPU, into this SVG file"),
	OPT_CHOICE(0, "savings", struct config, rank.savings, rank_savings_choices,
		   "which bytes decide: memory in the pool, or compressed data"),
	OPT_LIST(0, "fields", struct config, fields,
		 "of the candidates' records, these fields in this order", .metavar = "LIST"),
	COMMON_OPTIONS,
	OPT_END
};

static const struct opt bench_options[] = {
	OPT_LIST(0, "codecs", struct config, bench.codecs,
		 "codecs and levels, e.g. lz4:1,zstd:3,zstd-dict:3:16KiB,kernel:lz4 (zram's own; "
		 "kernel: all); default lz4:1,lzo1x-1,zstd:1,zstd:3,deflate:1",
		 .metavar = "LIST"),
	OPT_LIST(0, "levels", struct config, bench.levels,
		 "levels and ranges of them for the codecs named without one, those that each has, "
		 "e.g. 1..19,-5; of all codecs that have levels where none is named",
		 .metavar = "LIST"),
	OPT_FLAG(0, "full-sweep", struct config, bench.full_sweep,
		 "every codec at all levels of interest"),
	OPT_FLAG(0, "by-class", struct config, bench.by_class,
		 "then each codec again on the pages of each class apart, for rank --csv to decide "
		 "by class"),
	OPT_LIST(
		0, "corpora", struct config, bench.corpora,
		"repetitive, unique, mixed_50_50, contents:NAME (pages as workload makes them, see "
		"`workload list`), pid:PID, paths of files or directories; default the first three",
		.metavar = "LIST"),
	OPT_CHOICE(0, "cache", struct config, bench.cache, bench_cache_choices,
		   "hot: every pass over the same bytes; cold: over copies that cycle past the "
		   "last-level cache; both"),
	OPT_SIZE(0, "max-size", struct config, bench.max_size_bytes,
		 "end of the ladder of sizes, which starts at 1KiB and grows by four", .min = KIB,
		 .max = GIB),
	OPT_SIZE(0, "page", struct config, bench.page_bytes, "how much is compressed at a time",
		 .min = KIB, .max = 2 * MIB),
	OPT_U64(0, "runs", struct config, bench.runs, "to take the median of", .min = 1,
		.max = 1000),
	OPT_U64(0, "warmups", struct config, bench.warmups, "passes before them", .min = 1,
		.max = 1000),
	OPT_U64(0, "cpu", struct config, bench.cpu, "run on this CPU", .max = 1023),
	OPT_U64(0, "seed", struct config, bench.seed, "of the corpora"),
	OPT_FILE(
		0, "results", struct config, results,
		"also write CSV here; compressor-monitor/results.csv where there is such a folder"),
	OPT_LIST(0, "fields", struct config, fields, "of the rows, these fields in this order",
		 .metavar = "LIST"),
	COMMON_OPTIONS,
	OPT_END
};

static const struct opt calibrate_options[] = {
	OPT_PID('p', "pid", struct config, kernel.pid, "take pages of this process"),
	OPT_FILE(0, "file", struct config, kernel.file, "take pages of this file"),
	OPT_LIST(0, "algorithms", struct config, kernel.algorithms,
		 "as zram names them; default all that this kernel offers", .metavar = "LIST"),
	OPT_U64(0, "pages", struct config, kernel.pages, "how many to draw at most", .min = 1,
		.max = 65536),
	OPT_U64(0, "runs", struct config, kernel.runs, "to take the median of", .min = 1,
		.max = 100),
	OPT_U64(0, "seed", struct config, kernel.seed, "of the draw"),
	OPT_FILE(0, "store", struct config, kernel.results,
		 "also keep the factors in this results, for rank and for coldpress study"),
	OPT_LIST(0, "fields", struct config, fields, "of the rows, these fields in this order",
		 .metavar = "LIST"),
	COMMON_OPTIONS,
	OPT_END
};

/* Text has room for the figures that people compare; JSON and CSV have them all. */
static const char *scan_columns[] = { "label",
				      "saved_codec_ratio",
				      "saved_slot_ratio",
				      "saved_slot_low_ratio",
				      "saved_slot_high_ratio",
				      "huge_pages",
				      "compress_ns",
				      "decompress_ns",
				      "pool_bytes",
				      "validation" };
static const char *rank_columns[] = {
	"rank", "label", "saved_slot_ratio", "saved_codec_ratio", "cost_cpu_ms", "fair_score", "why"
};
static const char *bench_columns[] = { "label",
				       "corpus",
				       "class",
				       "size_bytes",
				       "cache",
				       "ratio",
				       "saved_slot_ratio",
				       "compress_mib_per_s",
				       "compress_ns",
				       "compress_p99_ns",
				       "decompress_mib_per_s",
				       "decompress_ns",
				       "decompress_p99_ns",
				       "validation" };
static const char *calibrate_columns[] = { "algorithm",         "model",
					   "compr_bytes",       "compr_error_ratio",
					   "compress_ns",       "model_compress_ns",
					   "compress_factor",   "compress_error_ratio",
					   "decompress_ns",     "model_decompress_ns",
					   "decompress_factor", "decompress_error_ratio" };

static int open_out(const struct config *c, const struct record_type *type, const char **columns,
		    size_t n, struct out **ret, struct err *e)
{
	struct opt_list usual = { columns, n };
	int r = stop_install(e);

	term_set_level(c->quiet ? TERM_QUIET : c->verbose ? TERM_VERBOSE : TERM_NORMAL);
	if (!r)
		r = out_new(ret, (enum out_format)c->format, c->output, e);
	if (r)
		return r;
	r = out_select(*ret, type,
		       c->fields.n             ? &c->fields
		       : c->format == OUT_TEXT ? &usual
					       : NULL,
		       e);
	if (r)
		out_discard(*ret);
	return r;
}

static void print_end(struct out *out, const struct scan_summary_record *s)
{
	struct end_record end = {
		.seen = s->population_pages,
		.emitted = s->sampled_pages,
		.dropped = s->skipped_swapped_pages + s->gone_pages,
		.missed = MISSING_U64,
		.unmatched = MISSING_U64,
		.reason = s->partial ? "partial" : "done",
	};

	end.filtered = end.seen - end.emitted - end.dropped; /* not drawn */
	out_record(out, &end_record_type, &end);
}

static void print_classes(struct out *out, const struct scan_result *result)
{
	for (size_t class = 0; class < PAGE_CLASSES; class ++)
		for (size_t i = 0; i < result->n_codecs; i++)
			if (result->by_class[class][i].pages)
				out_record(out, &scan_class_codec_type,
					   &result->by_class[class][i]);
}

static void print_hist(struct out *out, const struct scan_result *result)
{
	for (size_t i = 0; i < result->n_codecs; i++)
		for (size_t bin = 0; bin < SCAN_BINS; bin++) {
			struct scan_hist_record record = { result->codecs[i].label,
							   bin ? "coded" : "same_filled",
							   bin * SCAN_BIN_BYTES,
							   result->bins[i][bin] };

			if (record.pages)
				out_record(out, &scan_hist_type, &record);
		}
}

/* Kinds of which there is nothing are left out, and mappings too of which nothing was drawn. */
static void print_mappings(struct out *out, const struct scan_result *result, int by)
{
	for (size_t i = 0; i < result->n_mappings; i++) {
		const struct scan_mapping_record *row = &result->mappings[i];

		if (row->mapping ? by == SCAN_BY_MAPPING && row->sampled_pages : row->pages > 0)
			out_record(out, &scan_mapping_type, row);
	}
}

static int scan_main(void *config, int argc UNUSED, char **argv UNUSED, int *exit_code,
		     struct err *e)
{
	static struct scan_result result;
	const struct config *c = config;
	struct out *out;
	int r = open_out(c, &scan_codec_type, scan_columns, ARRAY_SIZE(scan_columns), &out, e),
	    closed;

	if (r)
		return r;
	r = scan_run(&c->scan, &result, e);
	if (!result.whole) {
		scan_result_done(&result);
		out_discard(out);
		return r;
	}
	out_record(out, &scan_summary_type, &result.summary);
	for (size_t i = 0; i < PAGE_CLASSES; i++)
		out_record(out, &scan_class_type, &result.classes[i]);
	for (size_t i = 0; i < result.n_codecs; i++)
		out_record(out, &scan_codec_type, &result.codecs[i]);
	for (size_t i = 0; c->scan.estimate && i < result.n_codecs; i++)
		out_record(out, &scan_estimate_type, &result.estimates[i]);
	if (c->format == OUT_JSON || c->scan.by >= 0)
		print_mappings(out, &result, c->scan.by);
	if (c->format == OUT_JSON) {
		print_classes(out, &result);
		print_hist(out, &result);
	}
	print_end(out, &result.summary);
	if (result.failed)
		*exit_code = EXIT_FAILED;
	scan_result_done(&result);
	closed = out_close(out, e);
	return r ? r : closed;
}

/* ---- bench ---- */
struct bench_outs {
	struct out *out, *results; /* results may be NULL */
	uint64_t rows;
};

static int take_row(void *arg, const struct bench_record *row)
{
	struct bench_outs *outs = arg;
	int r = out_record(outs->out, &bench_type, row);

	outs->rows++;
	if (!r && outs->results)
		r = out_record(outs->results, &bench_type, row);
	return r ? r : out_flush(outs->out);
}

static int open_results(const struct config *c, struct out **ret, struct err *e)
{
	static const char usual[] = "compressor-monitor/results.csv";
	const char *path = c->results;

	if (!path && access("compressor-monitor", W_OK) == 0)
		path = usual;
	*ret = NULL;
	if (!path)
		return 0;
	term_say("results go to %s too", path);
	return out_new(ret, OUT_CSV, path, e);
}

static int bench_main(void *config, int argc UNUSED, char **argv UNUSED, int *exit_code,
		      struct err *e)
{
	const struct config *c = config;
	struct bench_outs outs = { 0 };
	struct end_record end = { .missed = MISSING_U64,
				  .unmatched = MISSING_U64,
				  .reason = "done" };
	bool failed;
	int r = open_out(c, &bench_type, bench_columns, ARRAY_SIZE(bench_columns), &outs.out, e);

	if (r)
		return r;
	r = open_results(c, &outs.results, e);
	if (!r)
		r = bench_run(&c->bench, take_row, &outs, &failed, e);
	if (r && r != -EPIPE) {
		out_discard(outs.results);
		out_discard(outs.out);
		return r;
	}
	end.seen = end.emitted = outs.rows;
	if (stop_requested())
		end.reason = "signal";
	out_record(outs.out, &end_record_type, &end);
	if (failed)
		*exit_code = EXIT_FAILED;
	r = outs.results ? out_close(outs.results, e) : 0;
	if (r) {
		out_discard(outs.out);
		return r;
	}
	return out_close(outs.out, e);
}

/* ---- calibrate ---- */
struct calibrate_outs {
	struct out *out;
	struct results *results; /* may be NULL */
	struct results_machine machine;
	const char *source;
	uint64_t rows;
	struct err *e;
};

/* A row without a model has nothing to keep. */
static int keep_row(const struct calibrate_outs *outs, const struct kernel_record *row)
{
	struct results_calibration c = {
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

static int take_algorithm(void *arg, const struct kernel_record *row)
{
	struct calibrate_outs *outs = arg;
	int r = out_record(outs->out, &kernel_type, row);

	outs->rows++;
	if (!r && outs->results)
		r = keep_row(outs, row);
	return r ? r : out_flush(outs->out);
}

static int open_store(const struct config *c, struct calibrate_outs *outs, char *source, size_t len,
		      struct err *e)
{
	if (c->kernel.pid)
		snprintf(source, len, "pid %d", (int)c->kernel.pid);
	else
		snprintf(source, len, "file %s", c->kernel.file);
	outs->source = source;
	results_machine_read(NULL, &outs->machine);
	return c->kernel.results
		       ? results_open(&outs->results, c->kernel.results, RESULTS_WRITE, NULL, e)
		       : 0;
}

static int calibrate_main(void *config, int argc UNUSED, char **argv UNUSED, int *exit_code UNUSED,
			  struct err *e)
{
	const struct config *c = config;
	struct calibrate_outs outs = { .e = e };
	struct end_record end = { .missed = MISSING_U64,
				  .unmatched = MISSING_U64,
				  .reason = "done" };
	char source[256];
	int r;

	if (!c->kernel.pid == !c->kernel.file)
		return err_usage(e, "give the pages to calibrate on: --pid PID or --file FILE");
	r = open_store(c, &outs, source, sizeof(source), e);
	if (!r)
		r = open_out(c, &kernel_type, calibrate_columns, ARRAY_SIZE(calibrate_columns),
			     &outs.out, e);
	if (r) {
		results_close(outs.results);
		return r;
	}
	r = kernel_run(&c->kernel, take_algorithm, &outs, e);
	results_close(outs.results);
	if (r && r != -EPIPE && !stop_requested()) {
		out_discard(outs.out);
		return r;
	}
	if (stop_requested())
		end.reason = "signal";
	end.seen = end.emitted = outs.rows;
	out_record(outs.out, &end_record_type, &end);
	return out_close(outs.out, e);
}

/* ---- rank ---- */
static int take_range(void *arg, const struct rank_sweep_record *range)
{
	return out_record(arg, &rank_sweep_type, range);
}

static int print_ranking(struct out *out, const struct rank_config *config,
			 const struct scan_result *scan, uint64_t *n, size_t *n_classes,
			 struct err *e)
{
	static struct rank_result result;
	struct rank_front_record front[SCAN_CODECS_MAX];
	size_t n_front;

	int r;

	/* The figure first: what fails should fail before there is output. */
	rank_codecs(config, scan, &result);
	r = config->figure ? figure_write(config->figure, &result, e) : 0;
	if (r)
		return r;
	for (size_t i = 0; i < result.n; i++)
		out_record(out, &rank_candidate_type, &result.candidates[i]);
	n_front = rank_front(&result, front);
	for (size_t i = 0; i < n_front; i++)
		out_record(out, &rank_front_type, &front[i]);
	for (size_t i = 0; i < result.n_classes; i++)
		out_record(out, &rank_class_type, &result.classes[i]);
	out_record(out, &rank_decision_type, &result.decision);
	if (config->sweep)
		rank_sweep(config, scan, take_range, out);
	*n += result.n;
	*n_classes = result.n_classes;
	return 0;
}

static int rank_earlier(const struct rank_config *config, struct out *out, uint64_t *n,
			struct err *e)
{
	struct earlier earlier;
	size_t classes = 0, n_classes;
	int r = config->json ? earlier_read_json(config->json, &earlier, e)
			     : earlier_read_csv(config->csv, &earlier, e);

	for (size_t i = 0; !r && i < earlier.n; i++) {
		r = print_ranking(out, config, &earlier.results[i], n, &n_classes, e);
		classes += r ? 0 : n_classes;
	}
	if (!r && !classes)
		term_say("no decision by class: %s has no figures of each (%s)",
			 config->json ?: config->csv,
			 config->json ? "scan --format json" : "bench --by-class");
	earlier_done(&earlier);
	return r;
}

static int rank_fresh(const struct config *c, struct out *out, uint64_t *n, int *exit_code,
		      struct err *e)
{
	static struct scan_result scan;
	size_t n_classes;
	int r = scan_run(&c->scan, &scan, e);

	if (r) {
		scan_result_done(&scan);
		return r;
	}
	out_record(out, &scan_summary_type, &scan.summary);
	r = print_ranking(out, &c->rank, &scan, n, &n_classes, e);
	scan_result_done(&scan);
	if (r)
		return r;
	if (scan.failed)
		*exit_code = EXIT_FAILED;
	return 0;
}

static int rank_main(void *config, int argc UNUSED, char **argv UNUSED, int *exit_code,
		     struct err *e)
{
	struct config *c = config;
	struct end_record end = { .missed = MISSING_U64,
				  .unmatched = MISSING_U64,
				  .reason = "done" };
	bool fresh = c->scan.pids.n || c->scan.tree || c->scan.cgroup || c->scan.system ||
		     c->scan.file || c->scan.zram;
	struct out *out;
	int r;

	if (fresh + (c->rank.json != NULL) + (c->rank.csv != NULL) > 1)
		return err_usage(e, "give a target to scan, or --json, or --csv with earlier "
				    "results: not several");
	r = rank_prepare(&c->rank, e);
	if (r)
		return r;
	r = open_out(c, &rank_candidate_type, rank_columns, ARRAY_SIZE(rank_columns), &out, e);
	if (r)
		return r;
	r = c->rank.json || c->rank.csv ? rank_earlier(&c->rank, out, &end.seen, e)
					: rank_fresh(c, out, &end.seen, exit_code, e);
	if (r) {
		out_discard(out);
		return r;
	}
	end.emitted = end.seen;
	out_record(out, &end_record_type, &end);
	return out_close(out, e);
}

static const struct opt_command commands[] = {
	{
		.name = "scan",
		.summary = "sample pages and measure what each codec makes of them",
		.description = "Draws pages at random among those present, reads each once, and "
			       "runs it through every codec both ways. Nothing is swapped in and "
			       "nothing is written.",
		.examples = "compressor_monitor scan --pid $$   # the shell you type this in\n"
			    "compressor_monitor scan --file /usr/bin/gdb --all   # a file, every "
			    "page of it\n"
			    "compressor_monitor scan --zram /dev/zram1 --pid 4242   # what of it "
			    "is in the pool\n",
		.options = scan_options,
		.operands = OPT_OPERANDS_NONE,
		.run = scan_main,
	},
	{
		.name = "bench",
		.summary = "measure codecs at levels over corpora and sizes: made ones, files, "
			   "directories, processes",
		.description = "Cuts each corpus into pages and compresses every one by itself, as "
			       "memory is.",
		.examples = "compressor_monitor bench --max-size 256KiB   # the usual codecs, a "
			    "short ladder\n"
			    "compressor_monitor bench --full-sweep --cpu 1   # every codec and "
			    "level; takes minutes\n"
			    "compressor_monitor bench --codecs zstd --levels 1..9 --corpora pid:$$ "
			    "  # this shell\n"
			    "compressor_monitor bench --codecs zstd-dict:3:16KiB --corpora "
			    "/usr/lib   # a dictionary\n",
		.options = bench_options,
		.operands = OPT_OPERANDS_NONE,
		.run = bench_main,
	},
	{
		.name = "calibrate",
		.summary =
			"measure the kernel's own codecs beside the libraries', on the same pages",
		.description = "Writes pages to a scratch zram device, for each algorithm a new "
			       "one, and reads them back by direct I/O. Half of the pages give the "
			       "factor between kernel and library, the other half tells how far it "
			       "holds. Needs root; the device is removed again.",
		.examples =
			"compressor_monitor calibrate --file /usr/bin/gdb   # pages of a program\n",
		.options = calibrate_options,
		.operands = OPT_OPERANDS_NONE,
		.run = calibrate_main,
	},
	{
		.name = "rank",
		.summary = "say which codec is worth its CPU, if any, and why the others are not",
		.description = "fair_score = bytes_saved / (compress_cpu_ms + readback_factor * "
			       "decompress_cpu_ms) within a tier; a heavy codec is taken for cold "
			       "memory when its extra savings are worth its extra CPU.",
		.examples = "compressor_monitor rank --pid 4242 --class cold   # memory that is "
			    "hardly read back\n"
			    "compressor_monitor rank --json scan.json --readback 0.02   # a "
			    "measured factor\n",
		.options = rank_options,
		.operands = OPT_OPERANDS_NONE,
		.run = rank_main,
	},
	{ 0 }
};

int main(int argc, char **argv)
{
	static struct config config = {
		.scan = { .pages = 4096, .seed = 1, .chain = MISSING_U64, .threads = MISSING_U64, .by = -1 },
		.rank = {
			.policy = POLICY_DEFAULTS,
			.readback = MISSING_F64,
			.residence_ns = MISSING_U64,
			.watch_ns = 10 * NS_PER_S,
			.class = RANK_WARM,
		},
		.bench = {
			.max_size_bytes = MIB,
			.page_bytes = PAGE_BYTES,
			.runs = 5,
			.warmups = 2,
			.cpu = MISSING_U64,
			.seed = 1,
		},
		.kernel = { .pages = 4096, .runs = 5, .seed = 1 },
	};
	static const struct record_type *const records[] = {
		&scan_summary_type,   &scan_mapping_type,     &scan_class_type,
		&scan_codec_type,     &scan_class_codec_type, &scan_hist_type,
		&scan_estimate_type,  &page_trace_type,       &page_run_type,
		&rank_candidate_type, &rank_class_type,       &rank_decision_type,
		&rank_sweep_type,     &rank_front_type,       &bench_type,
		&kernel_type,         &end_record_type,       NULL,
	};
	static const struct opt_program program = {
		.name = "compressor_monitor",
		.summary = "what pages cost in a compressed pool, and which codec is worth it",
		.commands = commands,
		.config = &config,
		.records = records,
	};

	return opt_main(&program, argc, argv);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* bench.c - for every corpus, size and codec: warm-ups, then runs of as many passes as make a time worth reading.
 *
 * A corpus is cut into pages, each compressed by itself, as memory is. The working set is the corpus: caches are
 * hot as far as they hold it, and the ladder of sizes is there to leave them. Slots are given for 4 KiB pages.
 */
#include "bench.h"

#include <math.h>
#include <sched.h>

#include "codec/codec.h"
#include "corpus.h"
#include "stats.h"
#include "stop.h"
#include "term.h"
#include "zsmalloc.h"

#define LADDER_FROM	(1 * KIB)
#define LADDER_STEP	4
#define RUN_NS		(2 * NS_PER_MS)	/* a run is at least this long: a clock read is 0.01 % of it */

static const char *usual_codecs[] = { "lz4:1", "lzo1x-1", "zstd:1", "zstd:3", "deflate:1" };
static const char *all_codecs[] = {
	"lz4:1", "lz4:2", "lz4:4", "lz4:8", "lz4:16", "lz4hc:3", "lz4hc:6", "lz4hc:9", "lz4hc:12", "lzo1x-1", "snappy",
	"zstd:-5", "zstd:-3", "zstd:-1", "zstd:1", "zstd:2", "zstd:3", "zstd:4", "zstd:5", "zstd:6", "zstd:7", "zstd:8",
	"zstd:9", "zstd:10", "zstd:11", "zstd:12", "zstd:13", "zstd:14", "zstd:15", "zstd:16", "zstd:17", "zstd:18",
	"zstd:19", "deflate:1", "deflate:6", "deflate:12", "zlib:1", "zlib:6",
};
static const char *usual_corpora[] = { "repetitive", "unique", "mixed_50_50" };

enum direction { COMPRESS, DECOMPRESS, DIRECTIONS };

struct page_slot {
	size_t at, len;		/* in the corpus */
	char *compressed;
	ssize_t compressed_len;
};

struct bench {
	const struct bench_config *config;
	const struct zsmalloc_model *model;
	struct codec_run run;
	char *corpus, *back, *compressed;
	struct page_slot *pages;
	size_t n_pages, bound;
	bool bad;		/* a call failed */
	double *page_ns;	/* every page of every run */
	double *wall_ns, *cpu_ns, *process_ns;	/* of one pass; one for each run */
};

static void one_page(struct bench *b, struct page_slot *p, enum direction d)
{
	const struct codec *codec = b->run.codec;

	if (d == COMPRESS) {
		p->compressed_len = codec->compress(b->run.state, b->corpus + p->at, p->len, p->compressed, b->bound);
		b->bad |= p->compressed_len < 0;
	} else if (p->compressed_len >= 0) {
		ssize_t n = codec->decompress(b->run.state, p->compressed, (size_t)p->compressed_len, b->back + p->at,
					      p->len);

		b->bad |= n != (ssize_t)p->len;
	}
}

static void one_pass(struct bench *b, enum direction d)
{
	for (size_t i = 0; i < b->n_pages; i++)
		one_page(b, &b->pages[i], d);
}

/* Each page by itself, for the spread between pages; the clock's 30 ns or so are in every value. */
static void pass_by_page(struct bench *b, enum direction d, double *ns)
{
	uint64_t before = monotonic_ns();

	for (size_t i = 0; i < b->n_pages; i++) {
		uint64_t now;

		one_page(b, &b->pages[i], d);
		now = monotonic_ns();
		ns[i] = (double)(now - before);
		before = now;
	}
}

/* Warm-ups, which also tell how many passes fill a run. */
static uint64_t warm_up(struct bench *b, enum direction d)
{
	uint64_t shortest = UINT64_MAX;

	for (uint64_t i = 0; i < MAX(b->config->warmups, UINT64_C(1)); i++) {
		uint64_t begin = monotonic_ns();

		one_pass(b, d);
		shortest = MIN(shortest, MAX(monotonic_ns() - begin, UINT64_C(1)));
	}
	return RUN_NS / shortest + 1;
}

static void time_direction(struct bench *b, enum direction d, uint64_t *passes)
{
	*passes = warm_up(b, d);
	for (uint64_t i = 0; i < b->config->runs && !stop_requested(); i++) {
		uint64_t process = process_cpu_ns(), cpu = thread_cpu_ns(), wall = monotonic_ns();

		for (uint64_t k = 0; k < *passes; k++)
			one_pass(b, d);
		b->wall_ns[i] = (double)(monotonic_ns() - wall) / (double)*passes;
		b->cpu_ns[i] = (double)(thread_cpu_ns() - cpu) / (double)*passes;
		b->process_ns[i] = (double)(process_cpu_ns() - process) / (double)*passes;
		pass_by_page(b, d, b->page_ns + i * b->n_pages);
	}
}

/* The record's figures of both directions have the same order: these point to them. */
struct times {
	uint64_t *wall_ns, *cpu_ns, *process_cpu_ns;
	double *mib_per_s, *p50_ns, *p10_ns, *p90_ns, *p99_ns;
};

static void report_times(struct bench *b, uint64_t size, struct times t)
{
	size_t runs = b->config->runs, n = runs * b->n_pages;
	double cpu = stats_median(b->cpu_ns, runs);

	*t.wall_ns = (uint64_t)llround(stats_median(b->wall_ns, runs));
	*t.cpu_ns = (uint64_t)llround(cpu);
	*t.process_cpu_ns = (uint64_t)llround(stats_median(b->process_ns, runs));
	*t.mib_per_s = (double)size / (double)MIB / (cpu / (double)NS_PER_S);
	stats_sort(b->page_ns, n);
	*t.p10_ns = stats_quantile(b->page_ns, n, 0.1);
	*t.p50_ns = stats_quantile(b->page_ns, n, 0.5);
	*t.p90_ns = stats_quantile(b->page_ns, n, 0.9);
	*t.p99_ns = stats_quantile(b->page_ns, n, 0.99);
}

static void report_bytes(const struct bench *b, struct bench_record *row)
{
	double slots = 0, orig = (double)row->orig_bytes;

	for (size_t i = 0; i < b->n_pages; i++) {
		size_t len = b->pages[i].compressed_len < 0 ? b->pages[i].len : (size_t)b->pages[i].compressed_len;

		row->codec_bytes += len;
		slots += zsmalloc_slot_bytes(b->model, len);
	}
	row->ratio = orig / (double)row->codec_bytes;
	row->saved_codec_ratio = 1 - (double)row->codec_bytes / orig;
	row->slot_bytes = MISSING_U64;
	row->saved_slot_ratio = MISSING_F64;
	if (row->page_bytes == PAGE_BYTES && row->size_bytes % PAGE_BYTES == 0) {
		row->slot_bytes = (uint64_t)llround(slots);
		row->saved_slot_ratio = 1 - slots / orig;
	}
}

static void measure(struct bench *b, const char *corpus, uint64_t size, struct bench_record *row)
{
	*row = (struct bench_record){
		.label = b->run.label,
		.codec = b->run.codec->name,
		.level = b->run.codec->level_word ? b->run.level : MISSING_I64,
		.heavy = b->run.codec->heavy,
		.corpus = corpus,
		.size_bytes = size,
		.page_bytes = b->config->page_bytes,
		.runs = b->config->runs,
		.warmups = b->config->warmups,
		.orig_bytes = size,
	};
	b->bad = false;
	time_direction(b, COMPRESS, &row->passes);
	report_times(b, size,
		     (struct times){ &row->compress_wall_ns, &row->compress_cpu_ns, &row->compress_process_cpu_ns,
				     &row->compress_mib_per_s, &row->compress_ns, &row->compress_p10_ns,
				     &row->compress_p90_ns, &row->compress_p99_ns });
	memset(b->back, 0, size);
	time_direction(b, DECOMPRESS, &(uint64_t){ 0 });
	report_times(b, size,
		     (struct times){ &row->decompress_wall_ns, &row->decompress_cpu_ns, &row->decompress_process_cpu_ns,
				     &row->decompress_mib_per_s, &row->decompress_ns, &row->decompress_p10_ns,
				     &row->decompress_p90_ns, &row->decompress_p99_ns });
	report_bytes(b, row);
	row->validation = b->bad || memcmp(b->corpus, b->back, size) != 0 ? "FAIL" : "PASS";
}

static void release(struct bench *b)
{
	free(b->compressed);
	free(b->pages);
	free(b->page_ns);
	b->compressed = NULL;
	b->pages = NULL;
	b->page_ns = NULL;
	codec_close(&b->run);
}

/* Cuts the corpus into pages for this codec. */
static int prepare(struct bench *b, const char *spec, uint64_t size, struct err *e)
{
	uint64_t page = b->config->page_bytes;
	int r = codec_open(&b->run, spec, e);

	if (r)
		return r;
	b->n_pages = (size + page - 1) / page;
	b->bound = b->run.codec->bound(MIN(size, page));
	b->compressed = calloc(b->n_pages, b->bound);
	b->pages = calloc(b->n_pages, sizeof(*b->pages));
	b->page_ns = calloc(b->n_pages * b->config->runs, sizeof(*b->page_ns));
	if (!b->compressed || !b->pages || !b->page_ns) {
		release(b);
		return err_set(e, ENOMEM, "cannot bench %s", spec);
	}
	for (size_t i = 0; i < b->n_pages; i++)
		b->pages[i] = (struct page_slot){ .at = i * page, .len = MIN(page, size - i * page),
						  .compressed = b->compressed + i * b->bound };
	return 0;
}

static struct opt_list codecs_of(const struct bench_config *c)
{
	if (c->codecs.n)
		return c->codecs;
	return c->full_sweep ? (struct opt_list){ all_codecs, ARRAY_SIZE(all_codecs) }
			     : (struct opt_list){ usual_codecs, ARRAY_SIZE(usual_codecs) };
}

/* What can be known to fail before the first row is printed. */
static int check(const struct bench_config *c, const struct opt_list *codecs, const struct opt_list *corpora,
		 struct err *e)
{
	struct codec_run run;
	cpu_set_t set;
	bool has;

	for (size_t i = 0; i < codecs->n; i++) {
		int r = codec_open(&run, codecs->items[i], e);

		if (r)
			return r;
		codec_close(&run);
	}
	for (size_t i = 0; i < corpora->n; i++) {
		uint64_t size = LADDER_FROM;
		int r;

		do
			r = corpus_has(corpora->items[i], size, &has, e);
		while (!r && !has && (size *= LADDER_STEP) <= c->max_size_bytes);
		if (r)
			return r;
		if (!has)
			return err_say(e, ENODATA, "%s has no size from 1 KiB to --max-size", corpora->items[i]);
	}
	if (c->cpu == MISSING_U64)
		return 0;
	CPU_ZERO(&set);
	CPU_SET(c->cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		return err_usage(e, "--cpu: this process may not run on CPU %lu", c->cpu);
	return 0;
}

/* All codecs on one corpus of one size. */
static int bench_size(struct bench *b, const char *corpus, uint64_t size, const struct opt_list *codecs,
		      int (*take)(void *, const struct bench_record *), void *arg, bool *failed, struct err *e)
{
	int r = corpus_fill(corpus, b->config->seed, b->corpus, size, e);

	for (size_t i = 0; !r && i < codecs->n && !stop_requested(); i++) {
		struct bench_record row;

		r = prepare(b, codecs->items[i], size, e);
		if (r)
			return r;
		measure(b, corpus, size, &row);
		*failed |= str_eq(row.validation, "FAIL");
		if (!stop_requested())	/* a row cut short is no row */
			r = take(arg, &row);
		release(b);
	}
	return r;
}

static int bench_all(struct bench *b, const struct opt_list *codecs, const struct opt_list *corpora,
		     int (*take)(void *, const struct bench_record *), void *arg, bool *failed, struct err *e)
{
	for (size_t c = 0; c < corpora->n; c++)
		for (uint64_t size = LADDER_FROM; size <= b->config->max_size_bytes; size *= LADDER_STEP) {
			const char *corpus = corpora->items[c];
			bool has;
			int r = corpus_has(corpus, size, &has, e);

			if (!r && has) {
				term_say("%s, %lu KiB", corpus, size / KIB);
				r = bench_size(b, corpus, size, codecs, take, arg, failed, e);
			}
			if (r)
				return r;
		}
	return 0;
}

int bench_run(const struct bench_config *config, int (*take)(void *arg, const struct bench_record *row), void *arg,
	      bool *failed, struct err *e)
{
	struct opt_list codecs = codecs_of(config), corpora = config->corpora;
	AUTO_FREE double *times = calloc(3 * config->runs, sizeof(*times));
	AUTO_FREE char *corpus = malloc(config->max_size_bytes), *back = malloc(config->max_size_bytes);
	struct zsmalloc_model model;
	struct bench b = { .config = config, .model = &model, .corpus = corpus, .back = back };
	const char *how;
	int r;

	if (!times || !corpus || !back)
		return err_set(e, ENOMEM, "cannot bench");
	b.wall_ns = times;
	b.cpu_ns = times + config->runs;
	b.process_ns = times + 2 * config->runs;
	if (!corpora.n)
		corpora = (struct opt_list){ usual_corpora, ARRAY_SIZE(usual_corpora) };
	*failed = false;
	r = check(config, &codecs, &corpora, e);
	if (!r)
		r = zsmalloc_detect(&model, NULL, &how, e);
	return r ? r : bench_all(&b, &codecs, &corpora, take, arg, failed, e);
}

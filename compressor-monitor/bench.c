/* SPDX-License-Identifier: GPL-2.0-only */
/* bench.c - for every corpus, size and codec: warm-ups, then runs of enough passes for the clock's
 * resolution.
 *
 * A corpus is cut into pages, each compressed on its own, as in a compressed pool. Hot: every pass
 * is over the same bytes. Cold: passes take turns over copies of the corpus, in random order,
 * together twice the last-level cache, so that it has evicted a copy before its next turn. Slots
 * are computed for 4 KiB pages.
 */
#include "bench.h"

#include <math.h>
#include <sched.h>

#include "bench_kernel.h"
#include "lib/codec/codec.h"
#include "corpus.h"
#include "llc.h"
#include "specs.h"
#include "lib/kernel/page.h"
#include "lib/analysis/stats.h"
#include "lib/base/stop.h"
#include "lib/base/term.h"
#include "lib/kernel/zsmalloc.h"

#define LADDER_FROM (1 * KIB)
#define LADDER_STEP 4
#define RUN_NS      (2 * NS_PER_MS) /* a run is at least this long: a clock read is 0.01 % of it */

#define COLD_TIMES  2           /* the last-level cache that the copies are together */
#define COLD_MAX    (512 * MIB) /* of copies: more takes too much memory */
#define TRAIN_TIMES 100         /* the dictionary to train on, as libzstd advises */

const char *const bench_cache_choices[] = { "hot", "cold", "both", NULL };
static const char *usual_corpora[] = { "repetitive", "unique", "mixed_50_50" };

enum direction { COMPRESS, DECOMPRESS, DIRECTIONS };

struct page_slot {
	size_t at, len; /* in the copies of the corpus */
	char *compressed;
	ssize_t compressed_len;
};

struct bench {
	const struct bench_config *config;
	bench_take *take;
	void *ctx;
	bool failed;
	struct opt_list specs;
	const struct zsmalloc_model *model;
	uint64_t llc_bytes;
	struct codec_run run;
	struct corpus source;
	size_t corpus_size, size, copies;           /* size: of its pages of the class */
	enum page_class class;                      /* PAGE_CLASSES = all pages */
	char *corpus, *back, *compressed, *samples; /* corpus and back: all copies */
	struct page_slot *pages;                    /* of all copies */
	size_t *order, turn;                        /* index into order of the next copy */
	size_t n_pages, bound;                      /* pages of one copy */
	bool bad;                                   /* a call failed */
	double *page_ns;                            /* every page of every run */
	double *wall_ns, *cpu_ns, *process_ns;      /* of one pass; one for each run */
};

static void one_page(struct bench *b, struct page_slot *p, enum direction d)
{
	const struct codec *codec = b->run.codec;

	if (d == COMPRESS) {
		p->compressed_len = codec->compress(b->run.state, b->corpus + p->at, p->len,
						    p->compressed, b->bound);
		b->bad |= p->compressed_len < 0;
	} else if (p->compressed_len >= 0) {
		ssize_t n = codec->decompress(b->run.state, p->compressed,
					      (size_t)p->compressed_len, b->back + p->at, p->len);

		b->bad |= n != (ssize_t)p->len;
	}
}

static struct page_slot *next_copy(struct bench *b)
{
	return b->pages + b->order[b->turn++ % MAX(b->copies, (size_t)1)] * b->n_pages;
}

static void one_pass(struct bench *b, enum direction d)
{
	struct page_slot *pages = next_copy(b);

	for (size_t i = 0; i < b->n_pages; i++)
		one_page(b, &pages[i], d);
}

/* Each page on its own, for the spread between pages; each value has the clock's 30 ns or so. */
static void pass_by_page(struct bench *b, enum direction d, double *ns)
{
	struct page_slot *pages = next_copy(b);
	uint64_t before = monotonic_ns();

	for (size_t i = 0; i < b->n_pages; i++) {
		uint64_t now;

		one_page(b, &pages[i], d);
		now = monotonic_ns();
		ns[i] = (double)(now - before);
		before = now;
	}
}

/* Warm-ups; returns how many passes a run needs. Touches every copy, so that all memory is mapped.
 */
static uint64_t warm_up(struct bench *b, enum direction d)
{
	uint64_t n = MAX(b->config->warmups, (uint64_t)b->copies), shortest = UINT64_MAX;

	for (uint64_t i = 0; i < n && (i < b->copies || !stop_requested()); i++) {
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

static void report_times(struct bench *b, struct bench_times *ret)
{
	size_t runs = b->config->runs, n = runs * b->n_pages;
	double cpu = stats_median(b->cpu_ns, runs);

	stats_sort(b->page_ns, n);
	*ret = (struct bench_times){
		.wall_ns = (uint64_t)llround(stats_median(b->wall_ns, runs)),
		.cpu_ns = (uint64_t)llround(cpu),
		.process_cpu_ns = (uint64_t)llround(stats_median(b->process_ns, runs)),
		.mib_per_s = (double)b->size / (double)MIB / (cpu / (double)NS_PER_S),
		.ns = stats_quantile(b->page_ns, n, 0.5),
		.p10_ns = stats_quantile(b->page_ns, n, 0.1),
		.p90_ns = stats_quantile(b->page_ns, n, 0.9),
		.p99_ns = stats_quantile(b->page_ns, n, 0.99),
	};
}

/* What zram would store: 4 KiB pages only. */
static void report_slots(const struct bench *b, struct bench_record *row)
{
	struct zsmalloc_pool pool = { .model = b->model };
	double slots = 0;

	row->used_bytes = MISSING_U64;
	row->stored_bytes = row->slot_bytes = row->same_pages = row->huge_pages = MISSING_U64;
	row->saved_slot_ratio = MISSING_F64;
	if (row->page_bytes != PAGE_BYTES || row->size_bytes % PAGE_BYTES)
		return;
	row->stored_bytes = row->same_pages = row->huge_pages = 0;
	for (size_t i = 0; i < b->n_pages; i++) {
		ssize_t len = b->pages[i].compressed_len;
		bool huge = len < 0 || (size_t)len >= b->model->huge_bytes;

		if (page_classify(b->corpus + b->pages[i].at) <= PAGE_SAME_FILLED) {
			row->same_pages++;
			continue;
		}
		row->huge_pages += huge;
		row->stored_bytes += huge ? PAGE_BYTES : (size_t)len;
		slots += zsmalloc_slot_bytes(b->model, huge ? PAGE_BYTES : (size_t)len);
		zsmalloc_pool_add(&pool, huge ? PAGE_BYTES : (size_t)len);
	}
	row->used_bytes = zsmalloc_pool_used_bytes(&pool);
	row->slot_bytes = (uint64_t)llround(slots);
	row->saved_slot_ratio = 1 - slots / (double)row->orig_bytes;
}

static void report_bytes(const struct bench *b, struct bench_record *row)
{
	for (size_t i = 0; i < b->n_pages; i++)
		row->codec_bytes += b->pages[i].compressed_len < 0
					    ? b->pages[i].len
					    : (size_t)b->pages[i].compressed_len;
	row->ratio = (double)row->orig_bytes / (double)row->codec_bytes;
	row->saved_codec_ratio = 1 - (double)row->codec_bytes / (double)row->orig_bytes;
	report_slots(b, row);
}

/* The working set is the pages and their compressed data. */
static void report_cache(const struct bench *b, struct bench_record *row)
{
	row->working_set_bytes = b->copies * (row->orig_bytes + row->codec_bytes);
	row->llc_bytes = b->llc_bytes;
	row->cache = b->llc_bytes == MISSING_U64                                ? NULL
		     : b->copies * row->orig_bytes >= COLD_TIMES * b->llc_bytes ? "cold"
		     : row->working_set_bytes <= b->llc_bytes                   ? "hot"
										: "partly";
}

static void measure(struct bench *b, struct bench_record *row)
{
	uint64_t size = b->size;
	bool same;

	*row = (struct bench_record){
		.label = b->run.label,
		.codec = b->run.codec->name,
		.mode = b->run.dictionary_bytes ? "dictionary" : "library",
		.dictionary_bytes = b->run.dictionary_bytes ? b->run.dictionary_bytes : MISSING_U64,
		.level = b->run.codec->level_word ? b->run.level : MISSING_I64,
		.heavy = b->run.codec->heavy,
		.corpus = b->source.name,
		.size_bytes = size,
		.page_bytes = b->config->page_bytes,
		.runs = b->config->runs,
		.warmups = b->config->warmups,
		.orig_bytes = size,
		.io_write_ns = MISSING_F64,
		.io_read_ns = MISSING_F64,
	};
	b->bad = false;
	time_direction(b, COMPRESS, &row->passes);
	report_times(b, &row->compress);
	memset(b->back, 0, b->copies * size);
	time_direction(b, DECOMPRESS, &(uint64_t){ 0 });
	report_times(b, &row->decompress);
	report_bytes(b, row);
	same = memcmp(b->corpus, b->back, b->copies * size) == 0;
	row->validation = b->bad || !same ? "FAIL" : "PASS";
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

/* Size of the dictionary of this spec; 0 = none. */
static int dictionary_of(const char *spec, size_t *ret, struct err *e)
{
	struct kernel_spec kernel = { 0 };
	struct codec_run run = { 0 };
	int rc = kernel_spec_is(spec) ? kernel_spec_parse(spec, &kernel, e)
				      : codec_parse(&run, spec, e);

	if (!rc)
		*ret = kernel_spec_is(spec) ? kernel.dictionary_bytes : run.dictionary_bytes;
	return rc;
}

/* Pages that are not measured; returns how many. */
static size_t fill_samples(struct bench *b, size_t dictionary_bytes)
{
	return corpus_fill_beyond(&b->source, b->corpus_size, b->config->page_bytes, b->samples,
				  TRAIN_TIMES * dictionary_bytes) /
	       b->config->page_bytes;
}

/* Opens the codec, trained where it needs it on pages that are not measured. */
static int open_codec(struct bench *b, const char *spec, struct err *e)
{
	struct codec_samples samples = { b->samples, b->config->page_bytes, 0 };
	size_t bytes;
	int rc = dictionary_of(spec, &bytes, e);

	if (rc)
		return rc;
	samples.n = fill_samples(b, bytes);
	return codec_open_trained(&b->run, spec, &samples, e);
}

/* Cuts the copies of the corpus into pages for this codec. */
static int prepare(struct bench *b, const char *spec, struct err *e)
{
	uint64_t page = b->config->page_bytes, size = b->size;
	int rc = open_codec(b, spec, e);

	if (rc)
		return rc;
	b->n_pages = (size + page - 1) / page;
	b->bound = b->run.codec->bound(MIN(size, page));
	b->compressed = calloc(b->copies * b->n_pages, b->bound);
	b->pages = calloc(b->copies * b->n_pages, sizeof(*b->pages));
	b->page_ns = calloc(b->n_pages * b->config->runs, sizeof(*b->page_ns));
	if (!b->compressed || !b->pages || !b->page_ns) {
		release(b);
		return err_set(e, ENOMEM, "cannot set up the bench of %s", spec);
	}
	for (size_t i = 0; i < b->copies * b->n_pages; i++) {
		size_t copy = i / b->n_pages, at = i % b->n_pages * page;

		b->pages[i] = (struct page_slot){ .at = copy * size + at,
						  .len = MIN(page, size - at),
						  .compressed = b->compressed + i * b->bound };
	}
	return 0;
}

/* What can fail is checked before the first row is printed. */
static int check(const struct bench_config *c, const struct opt_list *corpora, struct err *e)
{
	cpu_set_t set;

	for (size_t i = 0; i < corpora->n; i++) {
		uint64_t size = LADDER_FROM;
		struct corpus corpus;
		bool has;
		int rc = corpus_open(&corpus, corpora->items[i], c->seed, c->max_size_bytes, e);

		if (rc)
			return rc;
		do
			has = corpus_has(&corpus, size);
		while (!has && (size *= LADDER_STEP) <= c->max_size_bytes);
		corpus_close(&corpus);
		if (!has && c->corpora.n)
			return err_say(
				e, ENODATA,
				"%s is smaller than 1 KiB, or --max-size is too small for it",
				corpora->items[i]);
		if (!has)
			term_say("%s is left out: --max-size is too small for it",
				 corpora->items[i]);
	}
	if (c->cpu == MISSING_U64)
		return 0;
	CPU_ZERO(&set);
	CPU_SET(c->cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		return err_usage(e, "--cpu: this process may not run on CPU %lu", c->cpu);
	return 0;
}

static size_t whole_pages(size_t bytes)
{
	return (bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
}

/* Moves the pages of one class to the front; returns their bytes. */
static size_t keep_class(char *pages, size_t size, enum page_class class)
{
	size_t kept = 0;

	for (size_t at = 0; at < size; at += PAGE_BYTES)
		if (page_classify(pages + at) == class) {
			memmove(pages + kept, pages + at, PAGE_BYTES);
			kept += PAGE_BYTES;
		}
	return kept;
}

static int fill_copies(struct bench *b, struct err *e)
{
	struct prng rng;

	free(b->corpus);
	free(b->back);
	free(b->order);
	b->corpus = aligned_alloc(PAGE_BYTES, whole_pages(b->copies * b->size));
	b->back = aligned_alloc(PAGE_BYTES, whole_pages(b->copies * b->size));
	b->order = calloc(b->copies, sizeof(*b->order));
	if (!b->corpus || !b->back || !b->order)
		return err_set(e, ENOMEM, "cannot hold %zu times %zu bytes", b->copies, b->size);
	corpus_fill(&b->source, b->corpus, b->size);
	if (b->class != PAGE_CLASSES)
		b->size = keep_class(b->corpus, b->size, b->class);
	for (size_t i = 1; i < b->copies; i++)
		memcpy(b->corpus + i * b->size, b->corpus, b->size);
	prng_seed(&rng, b->config->seed);
	prng_shuffle(&rng, b->order, b->copies);
	return 0;
}

/* One of the kernel's codecs, on whole pages. */
static int bench_kernel(struct bench *b, const char *text, struct bench_record *row, struct err *e)
{
	struct codec_samples samples = { b->samples, PAGE_BYTES, 0 };
	static struct kernel_spec spec; /* its label is in the row */
	const struct kernel_bench bench = {
		.spec = &spec,
		.samples = &samples,
		.corpus = b->corpus,
		.back = b->back,
		.order = b->order,
		.size = b->size,
		.copies = b->copies,
		.runs = b->config->runs,
		.warmups = b->config->warmups,
	};
	int rc = kernel_spec_parse(text, &spec, e);

	if (rc)
		return rc;
	samples.n = fill_samples(b, spec.dictionary_bytes);
	rc = kernel_bench_run(&bench, row, e);
	row->corpus = b->source.name;
	return rc == -EINTR && stop_requested() ? 0 : rc;
}

static int bench_library(struct bench *b, const char *spec, struct bench_record *row, struct err *e)
{
	int rc = prepare(b, spec, e);

	if (rc)
		return rc;
	measure(b, row);
	release(b);
	return 0;
}

/* All codecs on one corpus of one size. Without pages left to train its dictionary on, a codec is
 * skipped. */
static int bench_size(struct bench *b, struct err *e)
{
	int rc;

	b->size = b->corpus_size;
	rc = fill_copies(b, e);
	for (size_t i = 0; !rc && b->size && i < b->specs.n && !stop_requested(); i++) {
		const char *spec = b->specs.items[i];
		struct bench_record row;

		if (kernel_spec_is(spec) && b->size % PAGE_BYTES)
			continue;
		rc = kernel_spec_is(spec) ? bench_kernel(b, spec, &row, e)
					  : bench_library(b, spec, &row, e);
		if (rc == -ENODATA) {
			term_say("%s, %zu bytes, %s skipped: %s", b->source.name, b->size, spec,
				 e ? e->what : "too few pages to train on");
			rc = 0;
			continue;
		}
		if (rc)
			return rc;
		if (stop_requested()) /* the row is incomplete */
			break;
		row.size_bytes = b->corpus_size;
		row.class = b->class == PAGE_CLASSES ? NULL : page_class_name(b->class);
		report_cache(b, &row);
		b->failed |= str_eq(row.validation, "FAIL");
		rc = b->take(b->ctx, &row);
	}
	return rc;
}

/* The same, with one copy, and with as many as it takes to leave the last-level cache. */
static int bench_caches(struct bench *b, struct err *e)
{
	int cache = b->config->cache, rc = 0;

	b->copies = 1;
	b->class = PAGE_CLASSES;
	if (cache != BENCH_COLD)
		rc = bench_size(b, e);
	/* Pages that need a codec; smaller sizes have none. */
	for (b->class = PAGE_SAME_FILLED + 1; !rc && b->config->by_class && b->class < PAGE_CLASSES;
	     b->class ++)
		if (b->corpus_size % PAGE_BYTES == 0)
			rc = bench_size(b, e);
	b->class = PAGE_CLASSES;
	if (rc || cache == BENCH_HOT || stop_requested())
		return rc;
	b->copies =
		MAX((COLD_TIMES * b->llc_bytes + b->corpus_size - 1) / b->corpus_size, UINT64_C(1));
	return bench_size(b, e);
}

static int bench_corpus(struct bench *b, const char *name, size_t train, struct err *e)
{
	uint64_t max = b->config->max_size_bytes;
	int rc = corpus_open(&b->source, name, b->config->seed, max + train, e);

	if (rc)
		return rc;
	for (b->corpus_size = LADDER_FROM; !rc && b->corpus_size <= max && !stop_requested();
	     b->corpus_size *= LADDER_STEP)
		if (corpus_has(&b->source, b->corpus_size)) {
			term_say("%s, %lu KiB", name, b->corpus_size / KIB);
			rc = bench_caches(b, e);
		}
	corpus_close(&b->source);
	return rc;
}

/* Bytes to train the largest dictionary on; 0 = no dictionaries. */
static size_t training_bytes(const struct opt_list *specs)
{
	size_t largest = 0;

	for (size_t i = 0; i < specs->n; i++) {
		size_t bytes = 0;

		dictionary_of(specs->items[i], &bytes, NULL);
		largest = MAX(largest, bytes);
	}
	return TRAIN_TIMES * largest;
}

static int set_up(struct bench *b, const struct opt_list *corpora, size_t *train, struct err *e)
{
	const struct bench_config *c = b->config;
	int rc;

	if (c->by_class && (c->page_bytes != PAGE_BYTES || c->cache != BENCH_HOT))
		return err_usage(e, "--by-class needs --page 4KiB and --cache hot");
	rc = specs_for_bench(&c->codecs, c->full_sweep, c->page_bytes, &b->specs, e);
	if (!rc)
		rc = check(c, corpora, e);
	if (rc)
		return rc;
	b->llc_bytes = llc_bytes(NULL, c->cpu);
	if (c->cache != BENCH_HOT && b->llc_bytes == MISSING_U64)
		return err_impossible(
			e, "--cache: the kernel does not report the size of the last-level cache");
	if (c->cache != BENCH_HOT && COLD_TIMES * b->llc_bytes > COLD_MAX)
		return err_impossible(e,
				      "--cache: twice the last-level cache of %lu MiB is more "
				      "memory than bench uses",
				      b->llc_bytes / MIB);
	*train = training_bytes(&b->specs);
	b->samples = malloc(MAX(*train, (size_t)1));
	return b->samples ? 0 : err_set(e, ENOMEM, "cannot set up the bench");
}

int bench_run(const struct bench_config *config, bench_take *take, void *ctx, bool *failed,
	      struct err *e)
{
	struct opt_list corpora = config->corpora;
	AUTO_FREE double *times = calloc(3 * config->runs, sizeof(*times));
	struct zsmalloc_model model;
	struct bench b = { .config = config, .take = take, .ctx = ctx, .model = &model };
	const char *how;
	size_t train = 0;
	int rc;

	if (!times)
		return err_set(e, ENOMEM, "cannot set up the bench");
	b.wall_ns = times;
	b.cpu_ns = times + config->runs;
	b.process_ns = times + 2 * config->runs;
	if (!corpora.n)
		corpora = (struct opt_list){ usual_corpora, ARRAY_SIZE(usual_corpora) };
	rc = set_up(&b, &corpora, &train, e);
	if (!rc)
		rc = zsmalloc_detect(&model, NULL, &how, e);
	for (size_t i = 0; !rc && i < corpora.n && !stop_requested(); i++)
		rc = bench_corpus(&b, corpora.items[i], train, e);
	*failed = b.failed;
	free(b.corpus);
	free(b.back);
	free(b.order);
	free(b.samples);
	return rc;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* measure.c - runs batches of pages through every codec, both ways, on this thread's CPU clock.
 *
 * One clock read covers a batch, as a read costs about as much as decompressing a page of zeros.
 * The pages of a batch are in cache when a codec gets them, unlike pages under reclaim: times are
 * those of the codec, not of memory. They have no kernel overhead either.
 */
#include "measure.h"

#include <math.h>

#include "groups.h"
#include "lib/codec/codec.h"
#include "lib/analysis/estimate.h"
#include "lib/analysis/stats.h"

#define BATCH_PAGES 32

/* A growing list of per-page times, one for each batch. */
struct times {
	double *ns;
	size_t n, allocated;
	uint64_t total_ns;
};

/* Results of one codec. */
struct codec_sums {
	struct zsmalloc_pool pool;
	uint64_t mismatched_pages;
	uint64_t bins[SCAN_BINS];
	uint64_t estimated[2][2]; /* pages: [compressible][estimated compressible] */
	struct class_sums {
		uint64_t pages, codec_bytes, compress_ns, decompress_ns;
		double slot_bytes;
	} classes[PAGE_CLASSES];
	struct group_sums groups[RANK_GROUPS];
};

struct codec_measure {
	struct codec_run run;
	char *compressed; /* BATCH_PAGES * bound */
	size_t bound;
	struct codec_sums sums;
	struct stratum_sums *strata; /* n_strata of them */
	struct times compress, decompress;
};

/* Pages of one page class, so that the time of a batch belongs to it. They stay in the caller's
 * memory until measure_hold copies those that wait for a full batch.
 */
struct batch {
	char held[BATCH_PAGES * PAGE_BYTES];
	const char *pages[BATCH_PAGES];
	uint32_t strata[BATCH_PAGES];
	uint8_t groups[BATCH_PAGES];
	enum page_class class;
	size_t n;
	bool fits[2]
		 [BATCH_PAGES]; /* by the estimator, for codecs without and with entropy coding */
};

/* Results of one thread; measure_join adds them up. */
struct measure {
	struct codec_measure *codecs;
	size_t n_codecs;
	struct batch *batches; /* PAGE_CLASSES of them */
	char *back;            /* BATCH_PAGES * PAGE_BYTES */
	size_t n_strata;
	uint64_t pages, same_pages;
	bool estimate;
	uint64_t estimate_ns; /* to estimate all pages for one kind of codec */
};

/* Space for n more. */
static int times_grow(struct times *t, size_t n)
{
	size_t allocated = MAX(MAX(t->allocated * 2, t->n + n), (size_t)128);
	double *bigger;

	if (t->n + n <= t->allocated)
		return 0;
	bigger = reallocarray(t->ns, allocated, sizeof(*bigger));
	if (!bigger)
		return -ENOMEM;
	t->ns = bigger;
	t->allocated = allocated;
	return 0;
}

static int times_add(struct times *t, uint64_t ns, size_t pages)
{
	if (times_grow(t, 1))
		return -ENOMEM;
	t->total_ns += ns;
	t->ns[t->n++] = (double)ns / (double)pages;
	return 0;
}

/* Adds the times of one to those of the other, and takes them from it. */
static int join_times(struct times *into, struct times *from)
{
	if (times_grow(into, from->n))
		return -ENOMEM;
	if (from->n)
		memcpy(into->ns + into->n, from->ns, from->n * sizeof(*from->ns));
	into->n += from->n;
	into->total_ns += from->total_ns;
	from->n = from->total_ns = 0;
	return 0;
}

static int codec_measure_open(struct codec_measure *s, const char *spec,
			      const struct zsmalloc_model *model, struct err *e)
{
	int rc = codec_open(&s->run, spec, e);

	if (rc)
		return rc;
	s->sums.pool.model = model;
	s->bound = s->run.codec->bound(PAGE_BYTES);
	s->compressed = malloc(BATCH_PAGES * s->bound);
	return s->compressed ? 0 : err_set(e, ENOMEM, "cannot set up codec %s", s->run.label);
}

void measure_free(struct measure *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->n_codecs; i++) {
		struct codec_measure *s = &m->codecs[i];

		codec_close(&s->run);
		free(s->compressed);
		free(s->strata);
		free(s->compress.ns);
		free(s->decompress.ns);
	}
	free(m->codecs);
	free(m->batches);
	free(m->back);
	free(m);
}

int measure_new(struct measure **ret, const struct opt_list *specs,
		const struct zsmalloc_model *model, struct err *e)
{
	struct measure *m = calloc(1, sizeof(*m));
	int rc = 0;

	if (m) {
		m->codecs = calloc(specs->n, sizeof(*m->codecs));
		m->batches = calloc(PAGE_CLASSES, sizeof(*m->batches));
		m->back = aligned_alloc(PAGE_BYTES, (size_t)BATCH_PAGES * PAGE_BYTES);
	}
	if (!m || !m->codecs || !m->batches || !m->back)
		rc = err_set(e, ENOMEM, "cannot set up the codecs");
	for (size_t i = 0; !rc && i < specs->n; i++) {
		m->n_codecs++;
		rc = codec_measure_open(&m->codecs[i], specs->items[i], model, e);
	}
	if (rc) {
		measure_free(m);
		return rc;
	}
	*ret = m;
	return 0;
}

static void compress_batch(const struct batch *b, struct codec_measure *s, ssize_t *len)
{
	for (size_t i = 0; i < b->n; i++)
		len[i] = s->run.codec->compress(s->run.state, b->pages[i], PAGE_BYTES,
						s->compressed + i * s->bound, s->bound);
}

/* Decompresses the pages that zram would store compressed, or (raw) those it would not; returns how
 * many. */
static size_t decompress_batch(const struct measure *m, const struct batch *b,
			       struct codec_measure *s, const ssize_t *len, bool raw, ssize_t *got)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++) {
		if (len[i] < 0 || (len[i] >= s->sums.pool.model->huge_bytes) != raw)
			continue;
		got[i] = s->run.codec->decompress(s->run.state, s->compressed + i * s->bound,
						  (size_t)len[i], m->back + i * PAGE_BYTES,
						  PAGE_BYTES);
		n++;
	}
	return n;
}

struct slot {
	double bytes, square;
};

/* To 1/256 byte, and a whole square byte: sums of them are exact in a double (up to 2^29 pages),
 * and so do not depend on the order, which depends on the threads.
 */
static struct slot slot_of(const struct zsmalloc_model *model, size_t len)
{
	const uint64_t parts = (uint64_t)(zsmalloc_slot_bytes(model, len) * 256 + 0.5);

	return (struct slot){ (double)parts / 256, (double)((parts * parts + (1 << 15)) >> 16) };
}

/* One batch both ways. zram does not decompress pages that it stores raw: those are checked, not
 * timed. */
static int run_batch(const struct measure *m, const struct batch *b, struct codec_measure *s)
{
	struct class_sums *sums = &s->sums.classes[b->class];
	ssize_t len[BATCH_PAGES], got[BATCH_PAGES] = { 0 };
	uint64_t begin, middle, end;
	size_t kept;
	int rc;

	if (!s->compress.n) { /* once untimed: codecs allocate at first use */
		compress_batch(b, s, len);
		decompress_batch(m, b, s, len, false, got);
	}
	begin = thread_cpu_ns();
	compress_batch(b, s, len);
	middle = thread_cpu_ns();
	kept = decompress_batch(m, b, s, len, false, got);
	end = thread_cpu_ns();
	decompress_batch(m, b, s, len, true, got);

	for (size_t i = 0; i < b->n; i++) {
		size_t bytes = len[i] < 0 ? PAGE_BYTES : (size_t)len[i];
		struct slot slot = slot_of(s->sums.pool.model, bytes);
		struct stratum_sums *stratum = &s->strata[b->strata[i]];

		s->sums.mismatched_pages +=
			len[i] < 0 || got[i] != PAGE_BYTES ||
			memcmp(m->back + i * PAGE_BYTES, b->pages[i], PAGE_BYTES) != 0;
		s->sums.estimated[bytes < s->sums.pool.model->huge_bytes]
				 [b->fits[s->run.codec->entropy][i]]++;
		sums->codec_bytes += bytes;
		sums->slot_bytes += slot.bytes;
		s->sums.bins[(MIN(bytes, (size_t)PAGE_BYTES) + SCAN_BIN_BYTES - 1) /
			     SCAN_BIN_BYTES]++;
		zsmalloc_pool_add(&s->sums.pool, bytes);
		group_add(&s->sums.groups[b->groups[i]], b->class,
			  bytes < s->sums.pool.model->huge_bytes, bytes, slot.bytes);
		stratum->pages++;
		stratum->coded_pages++;
		stratum->codec_bytes += bytes;
		stratum->slot_bytes += slot.bytes;
		stratum->slot_squares += slot.square;
	}
	sums->pages += b->n;
	sums->compress_ns += middle - begin;
	sums->decompress_ns += kept ? end - middle : 0;
	rc = times_add(&s->compress, middle - begin, b->n);
	return rc || !kept ? rc : times_add(&s->decompress, end - middle, kept);
}

/* Timed with one of the two rules, as for one codec. */
static void estimate_batch(struct measure *m, struct batch *b)
{
	const unsigned int huge_bytes = m->codecs[0].sums.pool.model->huge_bytes;
	struct estimate_features features[BATCH_PAGES];
	const uint64_t begin = thread_cpu_ns();

	for (size_t i = 0; i < b->n; i++) {
		features[i] = estimate_look(b->pages[i]);
		b->fits[false][i] = estimate_fits(&features[i], false, huge_bytes);
	}
	m->estimate_ns += thread_cpu_ns() - begin;
	for (size_t i = 0; i < b->n; i++)
		b->fits[true][i] = estimate_fits(&features[i], true, huge_bytes);
}

static int flush_batch(struct measure *m, struct batch *b)
{
	if (m->estimate && b->n)
		estimate_batch(m, b);
	for (size_t i = 0; b->n && i < m->n_codecs; i++) {
		int rc = run_batch(m, b, &m->codecs[i]);

		if (rc)
			return rc;
	}
	m->pages += b->n;
	b->n = 0;
	return 0;
}

/* Space for strata up to this one. */
static int grow_strata(struct measure *m, uint32_t stratum)
{
	size_t n = MAX((size_t)stratum + 1, m->n_strata * 2);

	for (size_t i = 0; i < m->n_codecs; i++) {
		struct stratum_sums *bigger = reallocarray(m->codecs[i].strata, n, sizeof(*bigger));

		if (!bigger)
			return -ENOMEM;
		memset(bigger + m->n_strata, 0, (n - m->n_strata) * sizeof(*bigger));
		m->codecs[i].strata = bigger;
	}
	m->n_strata = n;
	return 0;
}

/* From the sampled pages to all of them. */
static int estimate_all(struct measure *m, const struct codec_measure *s,
			const struct page_strata *strata, struct strata_estimate *ret)
{
	if (strata->n > m->n_strata && grow_strata(m, (uint32_t)strata->n - 1))
		return -ENOMEM;
	return strata_estimate(s->strata, strata->items, strata->n, ret);
}

int measure_flush(struct measure *m)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < PAGE_CLASSES; i++)
		rc = flush_batch(m, &m->batches[i]);
	return rc;
}

void measure_estimate(struct measure *m)
{
	m->estimate = true;
}

int measure_page(struct measure *m, const void *page, enum page_class class, uint32_t stratum,
		 uint64_t place)
{
	struct batch *b = &m->batches[class];

	if (stratum >= m->n_strata && grow_strata(m, stratum))
		return -ENOMEM;

	if (class == PAGE_ZERO || class == PAGE_SAME_FILLED) {
		m->same_pages++;
		for (size_t i = 0; i < m->n_codecs; i++)
			m->codecs[i].strata[stratum].pages++;
		return 0;
	}
	b->class = class;
	b->strata[b->n] = stratum;
	b->groups[b->n] = group_of(place);
	b->pages[b->n++] = page;
	return b->n == BATCH_PAGES ? flush_batch(m, b) : 0;
}

static void class_sums_add(struct class_sums *to, const struct class_sums *from)
{
	to->pages += from->pages;
	to->codec_bytes += from->codec_bytes;
	to->compress_ns += from->compress_ns;
	to->decompress_ns += from->decompress_ns;
	to->slot_bytes += from->slot_bytes;
}

static int join_codec(struct codec_measure *into, struct codec_measure *from, size_t n_strata)
{
	for (size_t i = 0; i < n_strata; i++)
		strata_add(&into->strata[i], &from->strata[i]);
	for (size_t i = 0; i < ZSMALLOC_CLASSES; i++)
		into->sums.pool.objects[i] += from->sums.pool.objects[i];
	into->sums.pool.stored_bytes += from->sums.pool.stored_bytes;
	into->sums.pool.huge_pages += from->sums.pool.huge_pages;
	into->sums.mismatched_pages += from->sums.mismatched_pages;
	for (size_t i = 0; i < SCAN_BINS; i++)
		into->sums.bins[i] += from->sums.bins[i];
	for (size_t i = 0; i < 4; i++)
		into->sums.estimated[i / 2][i % 2] += from->sums.estimated[i / 2][i % 2];
	for (size_t i = 0; i < PAGE_CLASSES; i++)
		class_sums_add(&into->sums.classes[i], &from->sums.classes[i]);
	groups_join(into->sums.groups, from->sums.groups);
	if (n_strata)
		memset(from->strata, 0, n_strata * sizeof(*from->strata));
	from->sums = (struct codec_sums){ .pool.model = from->sums.pool.model };
	return join_times(&into->compress, &from->compress) ||
			       join_times(&into->decompress, &from->decompress)
		       ? -ENOMEM
		       : 0;
}

int measure_join(struct measure *into, struct measure *from)
{
	int rc = from->n_strata > into->n_strata ? grow_strata(into, (uint32_t)from->n_strata - 1)
						 : 0;

	for (size_t i = 0; !rc && i < into->n_codecs; i++)
		rc = join_codec(&into->codecs[i], &from->codecs[i], from->n_strata);
	into->pages += from->pages;
	into->same_pages += from->same_pages;
	into->estimate_ns += from->estimate_ns;
	from->pages = from->same_pages = from->estimate_ns = 0;
	return rc;
}

void measure_hold(struct measure *m)
{
	for (size_t class = 0; class < PAGE_CLASSES; class ++) {
		struct batch *b = &m->batches[class];

		for (size_t i = 0; i < b->n; i++) {
			char *held = b->held + i * PAGE_BYTES;

			if (b->pages[i] != held)
				memcpy(held, b->pages[i], PAGE_BYTES);
			b->pages[i] = held;
		}
	}
}

int measure_sample_size(struct measure *m, double half_width_ratio,
			const struct page_strata *strata, uint64_t population, uint64_t *ret)
{
	const double n = (double)(m->pages + m->same_pages), left = 1 / n - 1 / (double)population;
	double most = n;
	int rc = measure_flush(m);

	for (size_t i = 0; !rc && m->pages > 1 && i < m->n_codecs; i++) {
		struct strata_estimate estimate;
		double times;

		rc = estimate_all(m, &m->codecs[i], strata, &estimate);
		if (rc)
			break;
		times = half_width_ratio * PAGE_BYTES * 2 /
			(estimate.of_all.high - estimate.of_all.low);
		/* The square of the width is proportional to 1 / n - 1 / population. Not if it is
		 * missing or 0. */
		if (times < 1)
			most = MAX(most, 1 / (1 / (double)population + times * times * left));
	}
	if (!rc)
		*ret = MIN((uint64_t)ceil(most), population);
	return rc;
}

static double quantile(const struct times *t, double p)
{
	return stats_quantile(t->ns, t->n, p);
}

/* The pool of the whole population, with its interval. */
static void predict_pool(const struct measure *m, const struct codec_measure *s, double slot_bytes,
			 uint64_t population, const struct stats_interval *mean,
			 struct scan_codec_record *ret)
{
	double drawn = (double)(m->pages + m->same_pages), factor = (double)population / drawn;

	ret->pool_bytes = zsmalloc_pool_scaled_bytes(&s->sums.pool, factor);
	ret->pool_unused_bytes =
		(uint64_t)llround(zsmalloc_pool_holes_bytes(&s->sums.pool, factor));
	ret->pool_low_bytes = ret->pool_high_bytes = MISSING_U64;
	if (isnan(mean->low))
		return;

	double half = (mean->high - mean->estimate) * (double)population;
	/* What weighting the mappings adds to the mean of the sampled pages. */
	double weighed = (double)ret->pool_bytes +
			 (mean->estimate - slot_bytes / drawn) * (double)population;

	ret->pool_bytes = (uint64_t)llround(MAX(0.0, weighed));
	ret->pool_low_bytes = (uint64_t)MAX(0.0, (double)ret->pool_bytes - half);
	ret->pool_high_bytes = (uint64_t)((double)ret->pool_bytes + half);
}

/* What is the same for all pages and for those of one class. */
static struct scan_codec_record report_sums(const struct codec_measure *s,
					    const struct class_sums *sums)
{
	const double orig = (double)sums->pages * PAGE_BYTES;

	return (struct scan_codec_record){
		.codec = s->run.codec->name,
		.level = s->run.codec->level_word ? s->run.level : MISSING_I64,
		.heavy = s->run.codec->heavy,
		.pages = sums->pages,
		.orig_bytes = sums->pages * PAGE_BYTES,
		.codec_bytes = sums->codec_bytes,
		.slot_bytes = (uint64_t)llround(sums->slot_bytes),
		.saved_codec_ratio = 1 - (double)sums->codec_bytes / orig, /* NaN for no pages */
		.compress_cpu_ns = sums->compress_ns,
		.decompress_cpu_ns = sums->decompress_ns,
		.validation = s->sums.mismatched_pages ? "FAIL" : "PASS",
	};
}

static struct scan_codec_record report(const struct measure *m, struct codec_measure *s,
				       uint64_t population, const struct strata_estimate *estimate)
{
	const struct stats_interval *slot = &estimate->of_coded;
	struct class_sums all = { 0 };
	struct scan_codec_record ret;

	for (size_t i = 0; i < PAGE_CLASSES; i++)
		class_sums_add(&all, &s->sums.classes[i]);
	ret = report_sums(s, &all);
	ret.stored_bytes = s->sums.pool.stored_bytes;
	ret.saved_slot_ratio = 1 - slot->estimate / PAGE_BYTES;
	ret.saved_slot_low_ratio = 1 - slot->high / PAGE_BYTES;
	ret.saved_slot_high_ratio = 1 - slot->low / PAGE_BYTES;
	ret.saved_memory_ratio = 1 - estimate->of_all.estimate / PAGE_BYTES;
	ret.saved_memory_low_ratio = 1 - estimate->of_all.high / PAGE_BYTES;
	ret.saved_memory_high_ratio = 1 - estimate->of_all.low / PAGE_BYTES;
	ret.huge_pages = s->sums.pool.huge_pages;
	ret.mismatched_pages = s->sums.mismatched_pages;
	stats_sort(s->compress.ns, s->compress.n);
	stats_sort(s->decompress.ns, s->decompress.n);
	ret.compress_ns = quantile(&s->compress, 0.5);
	ret.compress_p90_ns = quantile(&s->compress, 0.9);
	ret.decompress_ns = quantile(&s->decompress, 0.5);
	ret.decompress_p90_ns = quantile(&s->decompress, 0.9);
	predict_pool(m, s, all.slot_bytes, population, &estimate->of_all, &ret);
	return ret;
}

static void report_groups(const struct codec_measure *s, struct rank_group *ret)
{
	uint64_t compress_ns[PAGE_CLASSES], decompress_ns[PAGE_CLASSES];

	for (size_t class = 0; class < PAGE_CLASSES; class ++) {
		compress_ns[class] = s->sums.classes[class].compress_ns;
		decompress_ns[class] = s->sums.classes[class].decompress_ns;
	}
	groups_report(s->sums.groups, compress_ns, decompress_ns, ret);
}

static struct scan_estimate_record report_estimate(const struct measure *m,
						   const struct codec_measure *s, const char *label)
{
	const uint64_t right = s->sums.estimated[true][true] + s->sums.estimated[false][false];

	return (struct scan_estimate_record){
		.label = label,
		.pages = m->pages,
		.true_compressible = s->sums.estimated[true][true],
		.false_compressible = s->sums.estimated[false][true],
		.true_incompressible = s->sums.estimated[false][false],
		.false_incompressible = s->sums.estimated[true][false],
		.agree_ratio =
			(double)right / (double)m->pages, /* NaN, that is missing, for no pages */
		.estimate_ns = (double)m->estimate_ns / (double)m->pages,
		.speed_ratio = (double)s->compress.total_ns / (double)m->estimate_ns,
	};
}

const struct stratum_sums *measure_strata(const struct measure *m, size_t i, size_t *n)
{
	*n = m->n_strata;
	return m->codecs[i].strata;
}

int measure_report(struct measure *m, const struct page_strata *strata, uint64_t population,
		   struct scan_result *ret)
{
	int rc = measure_flush(m);

	if (rc)
		return rc;
	ret->n_codecs = m->n_codecs;
	for (size_t i = 0; i < m->n_codecs; i++) {
		struct strata_estimate estimate;

		rc = estimate_all(m, &m->codecs[i], strata, &estimate);
		if (rc)
			return rc;
		ret->codecs[i] = report(m, &m->codecs[i], population, &estimate);
		snprintf(ret->labels[i], sizeof(ret->labels[i]), "%s", m->codecs[i].run.label);
		ret->codecs[i].label = ret->labels[i];
		for (size_t class = 0; class < PAGE_CLASSES; class ++) {
			ret->by_class[class][i] =
				report_sums(&m->codecs[i], &m->codecs[i].sums.classes[class]);
			ret->by_class[class][i].label = ret->labels[i];
		}
		report_groups(&m->codecs[i], ret->groups[i]);
		ret->estimates[i] = report_estimate(m, &m->codecs[i], ret->labels[i]);
		memcpy(ret->bins[i], m->codecs[i].sums.bins, sizeof(ret->bins[i]));
		ret->bins[i][0] = m->same_pages;
		ret->failed |= ret->codecs[i].mismatched_pages != 0;
	}
	return 0;
}

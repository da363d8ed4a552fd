/* SPDX-License-Identifier: GPL-2.0-only */
/* measure.c - runs batches of pages through every codec, both ways, on this thread's CPU clock.
 *
 * One clock read covers a batch, as a read costs about as much as decompressing a page of zeros.
 * The pages of a batch are in cache when a codec gets them, unlike pages under reclaim: times are
 * those of the codec, not of memory. They have no kernel overhead either.
 */
#include "measure.h"
#include "measure_state.h"

#include "lib/analysis/estimate.h"
#include "lib/analysis/stats.h"

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
	s->kept = calloc(PAGE_CLASSES, sizeof(*s->kept));
	return s->compressed && s->kept
		       ? 0
		       : err_set(e, ENOMEM, "cannot set up codec %s", s->run.label);
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
		for (size_t class = 0; s->kept && class < PAGE_CLASSES; class ++)
			free(s->kept[class].data);
		free(s->kept);
		free(s->compress.ns);
		free(s->decompress.ns);
	}
	free(m->codecs);
	free(m->batches);
	free(m->back);
	free(m);
}

/* What a pair of clock reads measures of itself: the median of some. */
static uint64_t clock_cost_ns(void)
{
	double ns[101];

	for (size_t i = 0; i < ARRAY_SIZE(ns); i++) {
		uint64_t begin = thread_cpu_ns();

		ns[i] = (double)(thread_cpu_ns() - begin);
	}
	return (uint64_t)stats_median(ns, ARRAY_SIZE(ns));
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
		m->clock_ns = clock_cost_ns();
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

static uint64_t net_ns(const struct measure *m, uint64_t begin, uint64_t end)
{
	return end - begin > m->clock_ns ? end - begin - m->clock_ns : 0;
}

static int add_decompress(struct codec_measure *s, enum page_class class, uint64_t ns, size_t pages)
{
	s->sums.classes[class].decompress_ns += ns;
	return pages ? times_add(&s->decompress, ns, pages) : 0;
}

/* Decompresses those that wait, timed. */
static int flush_kept(const struct measure *m, struct codec_measure *s, enum page_class class)
{
	struct kept *kept = &s->kept[class];
	const size_t n = kept->n;
	uint64_t begin;

	if (!n)
		return 0;
	begin = thread_cpu_ns();
	for (size_t i = 0; i < n; i++)
		s->run.codec->decompress(s->run.state, kept->data + i * s->bound, kept->len[i],
					 m->back, PAGE_BYTES);
	kept->n = 0;
	return add_decompress(s, class, net_ns(m, begin, thread_cpu_ns()), n);
}

/* The few of a batch that zram would keep compressed. */
static int keep(const struct measure *m, const struct batch *b, struct codec_measure *s,
		const ssize_t *len)
{
	struct kept *kept = &s->kept[b->class];

	for (size_t i = 0; i < b->n; i++) {
		int rc = kept->n == BATCH_PAGES ? flush_kept(m, s, b->class) : 0;

		if (!rc && !kept->data)
			kept->data = malloc(BATCH_PAGES * s->bound);
		if (rc || !kept->data)
			return -ENOMEM;
		if (len[i] < 0 || len[i] >= s->sums.pool.model->huge_bytes)
			continue;
		memcpy(kept->data + kept->n * s->bound, s->compressed + i * s->bound,
		       (size_t)len[i]);
		kept->len[kept->n++] = (size_t)len[i];
	}
	return 0;
}

static void add_page(const struct measure *m, const struct batch *b, struct codec_measure *s,
		     size_t i, ssize_t len, ssize_t got)
{
	struct class_sums *sums = &s->sums.classes[b->class];
	size_t bytes = len < 0 ? PAGE_BYTES : (size_t)len;
	struct slot slot = slot_of(s->sums.pool.model, bytes);
	struct stratum_sums *stratum = &s->strata[b->strata[i]];

	s->sums.mismatched_pages += len < 0 || got != PAGE_BYTES ||
				    memcmp(m->back + i * PAGE_BYTES, b->pages[i], PAGE_BYTES) != 0;
	s->sums.estimated[bytes < s->sums.pool.model->huge_bytes]
			 [b->fits[s->run.codec->entropy][i]]++;
	sums->codec_bytes += bytes;
	sums->slot_bytes += slot.bytes;
	s->sums.codec_squares += bytes * bytes;
	s->sums.bins[(MIN(bytes, (size_t)PAGE_BYTES) + SCAN_BIN_BYTES - 1) / SCAN_BIN_BYTES]++;
	zsmalloc_pool_add(&s->sums.pool, bytes);
	group_add(&s->sums.groups[b->groups[i]], b->class, bytes < s->sums.pool.model->huge_bytes,
		  bytes, slot.bytes);
	stratum->pages++;
	stratum->coded_pages++;
	stratum->codec_bytes += bytes;
	stratum->slot_bytes += slot.bytes;
	stratum->slot_squares += slot.square;
}

/* One batch both ways. zram does not decompress pages that it stores raw: those are checked, not
 * timed. Fewer than half a batch of the others are checked now, and timed with those of later
 * batches: alone, the clock would be much of their time. */
static int run_batch(const struct measure *m, const struct batch *b, struct codec_measure *s)
{
	ssize_t len[BATCH_PAGES] = { 0 }, got[BATCH_PAGES] = { 0 };
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

	for (size_t i = 0; i < b->n; i++)
		add_page(m, b, s, i, len[i], got[i]);
	s->sums.classes[b->class].pages += b->n;
	s->sums.classes[b->class].compress_ns += net_ns(m, begin, middle);
	rc = times_add(&s->compress, net_ns(m, begin, middle), b->n);
	if (!rc && kept)
		rc = kept < BATCH_PAGES / 2
			     ? keep(m, b, s, len)
			     : add_decompress(s, b->class, net_ns(m, middle, end), kept);
	return rc;
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
	m->estimate_ns += net_ns(m, begin, thread_cpu_ns());
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

int measure_grow_strata(struct measure *m, uint32_t stratum)
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

int measure_flush(struct measure *m)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < PAGE_CLASSES; i++)
		rc = flush_batch(m, &m->batches[i]);
	for (size_t i = 0; !rc && i < m->n_codecs * PAGE_CLASSES; i++)
		rc = flush_kept(m, &m->codecs[i / PAGE_CLASSES], i % PAGE_CLASSES);
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

	if (stratum >= m->n_strata && measure_grow_strata(m, stratum))
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

int measure_unread(struct measure *m, uint32_t stratum)
{
	if (stratum >= m->n_strata && measure_grow_strata(m, stratum))
		return -ENOMEM;
	for (size_t i = 0; i < m->n_codecs; i++)
		m->codecs[i].strata[stratum].unread_pages++;
	m->unread_pages++;
	return 0;
}

void measure_class_add(struct class_sums *to, const struct class_sums *from)
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
	into->sums.codec_squares += from->sums.codec_squares;
	for (size_t i = 0; i < SCAN_BINS; i++)
		into->sums.bins[i] += from->sums.bins[i];
	for (size_t i = 0; i < 4; i++)
		into->sums.estimated[i / 2][i % 2] += from->sums.estimated[i / 2][i % 2];
	for (size_t i = 0; i < PAGE_CLASSES; i++)
		measure_class_add(&into->sums.classes[i], &from->sums.classes[i]);
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
	int rc = from->n_strata > into->n_strata
			 ? measure_grow_strata(into, (uint32_t)from->n_strata - 1)
			 : 0;

	for (size_t i = 0; !rc && i < into->n_codecs; i++)
		rc = join_codec(&into->codecs[i], &from->codecs[i], from->n_strata);
	into->pages += from->pages;
	into->same_pages += from->same_pages;
	into->unread_pages += from->unread_pages;
	into->estimate_ns += from->estimate_ns;
	from->pages = from->same_pages = from->unread_pages = from->estimate_ns = 0;
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

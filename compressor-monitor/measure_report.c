/* SPDX-License-Identifier: GPL-2.0-only */
/* measure_report.c - from the sampled pages to all of them: sizes, times and pools with intervals.
 */
#include "measure.h"
#include "measure_state.h"

#include <math.h>

#include "lib/analysis/stats.h"

#define DIFFERENT_PAGES 20 /* a variance of fewer that differ says little */
#define DIFFERENT_BOUND 30 /* 95 %: how many are expected at most where fewer than 20 were seen */

/* From the sampled pages to all of them. */
static int estimate_all(struct measure *m, const struct codec_measure *s,
			const struct page_strata *strata, struct strata_estimate *ret)
{
	if (strata->n > m->n_strata && measure_grow_strata(m, (uint32_t)strata->n - 1))
		return -ENOMEM;
	return strata_estimate(s->strata, strata->items, strata->n, ret);
}

/* Sampled pages but for those whose lengths lie closest together. */
static uint64_t different_pages(const struct measure *m, const struct codec_measure *s)
{
	uint64_t most = m->same_pages;

	for (size_t i = 0; i < SCAN_BINS; i++)
		most = MAX(most, s->sums.bins[i]);
	return m->pages + m->same_pages - most;
}

int measure_sample_size(struct measure *m, double half_width_ratio,
			const struct page_strata *strata, uint64_t population, uint64_t *ret)
{
	const double n = (double)(m->pages + m->same_pages), left = 1 / n - 1 / (double)population;
	double most = n;
	int rc = measure_flush(m);

	for (size_t i = 0; !rc && m->pages && i < m->n_codecs; i++) {
		struct strata_estimate estimate;
		double times;

		rc = estimate_all(m, &m->codecs[i], strata, &estimate);
		if (rc)
			break;
		times = half_width_ratio * PAGE_BYTES * 2 /
			(estimate.of_read.high - estimate.of_read.low);
		/* The square of the width is proportional to 1 / n - 1 / population. Not if it is
		 * missing or 0. */
		if (times < 1)
			most = MAX(most, 1 / (1 / (double)population + times * times * left));
		if (different_pages(m, &m->codecs[i]) < DIFFERENT_PAGES)
			most = MAX(most, MIN(2 * n, DIFFERENT_BOUND / half_width_ratio));
	}
	if (!rc)
		*ret = MIN((uint64_t)ceil(most), population);
	return rc;
}

/* Median and 90th percentile of batches. */
static void report_times(struct times *t, double *median, double *low, double *high, double *p90)
{
	struct stats_interval interval;

	stats_sort(t->ns, t->n);
	interval = stats_quantile_interval(t->ns, t->n, 0.5);
	*median = interval.estimate;
	*low = interval.low;
	*high = interval.high;
	*p90 = stats_quantile(t->ns, t->n, 0.9);
}

/* Of 1 - codec_bytes / orig_bytes: pages were drawn from all mappings alike. */
static void report_codec_ratio(const struct measure *m, const struct codec_measure *s,
			       uint64_t codec_bytes, uint64_t population,
			       struct scan_codec_record *ret)
{
	const double n = (double)m->pages, unread = (double)m->unread_pages, all = n + unread,
		     bound = (double)s->bound;
	struct stats_mean low = { .n = all, .most = bound, .mean = (double)codec_bytes / all };
	struct stats_mean high = low;
	double squares = (double)s->sums.codec_squares / all;

	low.left = high.left = 1 - (all + (double)m->same_pages) / (double)population;
	low.variance = MAX(0.0, squares - low.mean * low.mean) / all * low.left;
	high.mean += bound * unread / all;
	squares += bound * bound * unread / all;
	high.variance = MAX(0.0, squares - high.mean * high.mean) / all * high.left;
	ret->saved_codec_low_ratio = 1 - stats_mean_interval(&high).high / PAGE_BYTES;
	ret->saved_codec_high_ratio = 1 - stats_mean_interval(&low).low / PAGE_BYTES;
}

/* What the last zspages of the size classes can add to the pool, or take from it: of a sampled
 * class they are full anywhere between not and all, in the pool and in the prediction (the variance
 * of such a difference is a sixth). A class without a sampled page may have one for each page that
 * lies in such classes, whose share is that of classes with a single page (Good 1953); 95 % each.
 */
static void rounding_error(const struct zsmalloc_pool *pool, double drawn, double population,
			   double *known, double *unseen)
{
	double squares = 0, single = 0, others = 0, pages;

	for (size_t i = 0; i < ZSMALLOC_CLASSES; i++) {
		const double bytes = (double)pool->model->classes[i].pages * PAGE_BYTES;

		squares += pool->objects[i] ? bytes * bytes / 6 : 0;
		single += pool->objects[i] == 1;
		others += pool->objects[i] ? 0 : bytes;
	}
	pages = (single + 2 * sqrt(single) + 3) / drawn * (population - drawn);
	*known = stats_normal_quantile(0.975) * sqrt(squares);
	*unseen = MIN(others, pages * pool->model->chain * PAGE_BYTES);
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

	/* What weighting the mappings adds to the mean of the sampled pages. */
	double weighed = (double)ret->pool_bytes +
			 (mean->estimate - slot_bytes / drawn) * (double)population;
	/* Slots are shares of full zspages: what the pool has more for those that are not full. */
	double rounding = (double)ret->pool_bytes - slot_bytes * factor;
	double half = (mean->high - mean->low) / 2 * (double)population;
	double known, unseen, more;

	rounding_error(&s->sums.pool, drawn, (double)population, &known, &unseen);
	more = half > 0 ? hypot(half, known) - half : 0;
	unseen = half > 0 ? unseen : 0;

	ret->pool_bytes = isnan(weighed) ? MISSING_U64 : (uint64_t)llround(MAX(0.0, weighed));
	ret->pool_low_bytes =
		(uint64_t)llround(MAX(0.0, mean->low * (double)population + rounding - more));
	ret->pool_high_bytes =
		(uint64_t)llround(mean->high * (double)population + rounding + more + unseen);
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
		measure_class_add(&all, &s->sums.classes[i]);
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
	report_times(&s->compress, &ret.compress_ns, &ret.compress_low_ns, &ret.compress_high_ns,
		     &ret.compress_p90_ns);
	report_times(&s->decompress, &ret.decompress_ns, &ret.decompress_low_ns,
		     &ret.decompress_high_ns, &ret.decompress_p90_ns);
	report_codec_ratio(m, s, all.codec_bytes, population, &ret);
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

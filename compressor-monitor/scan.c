/* SPDX-License-Identifier: GPL-2.0-only */
/* scan.c - runs a scan: open the target, walk its pages, draw a sample, read each page once,
 * measure.
 *
 * Swapped-out pages stay in swap. Processes may end, execute another program or unmap memory during
 * the scan: the result covers what was read, and the summary says what is missing.
 */
#include "scan.h"
#include "scan_state.h"
#include "specs.h"
#include "lib/base/stop.h"
#include "lib/base/units.h"

#define KINDS       4
#define PILOT_PAGES 512u /* read first, to compute how many --precision needs */

static void scan_done(struct scan *s)
{
	freeze_done(&s->freeze);
	scan_close_sources(s);
	page_set_done(&s->set);
	page_sample_done(&s->sample);
	measure_free(s->measure);
	duplicates_free(s->duplicates);
	trace_free(s->trace);
	scan_read_done(s);
}

static int kinds_of(const struct scan_config *c, unsigned int *ret, struct err *e)
{
	*ret = c->file ? PAGE_KIND_FILE : PAGE_KIND_SWAPPABLE;
	for (size_t i = 0; i < c->include.n; i++) {
		if (!str_eq(c->include.items[i], "file"))
			return err_usage(e, "--include: the only kind is 'file', not '%s'",
					 c->include.items[i]);
		*ret |= PAGE_KIND_FILE;
	}
	return 0;
}

/* ---- the steps ---- */
static int choose_model(struct scan *s, struct scan_summary_record *summary, struct err *e)
{
	uint64_t chain = s->config->chain;
	int rc;

	if (chain == MISSING_U64) {
		rc = zsmalloc_detect(&s->model, NULL, &summary->chain_source, e);
	} else {
		/* Kernels before 6.3 have 4 and the older rule; one size class differs. */
		rc = zsmalloc_init(&s->model, (unsigned int)chain,
				   chain == 4 ? ZSMALLOC_BEST_PERCENT : ZSMALLOC_LEAST_WASTE);
		summary->chain_source = "option";
	}
	summary->chain = s->model.chain;
	return rc;
}

/* "1pt" is one percentage point. */
static int parse_precision(const char *text, double *ret, struct err *e)
{
	char number[32] = "";
	double points;
	size_t len = strlen(text);

	if (len > 2 && len - 2 < sizeof(number) && str_eq(text + len - 2, "pt"))
		memcpy(number, text, len - 2);
	if (!*number || units_parse_f64(number, &points, NULL) || !(points >= 0.01 && points <= 50))
		return err_usage(e, "--precision must be from 0.01pt to 50pt, e.g. 1pt, not '%s'",
				 text);
	*ret = points / 100;
	return 0;
}

/* Pages to keep while walking: --pages, or as many as the largest possible spread needs if one page
 * in four needs a codec.
 */
static int capacity_of(struct scan *s, size_t *ret, struct err *e)
{
	const struct scan_config *c = s->config;
	int rc = 0;

	*ret = c->all ? SIZE_MAX : c->pages;
	if (!c->precision)
		return 0;
	if (c->all)
		return err_usage(e, "--all reads every page: leave out --precision");
	rc = parse_precision(c->precision, &s->half_width_ratio, e);
	if (!rc) /* shares lie within 0 and 1: no standard deviation is above a half */
		*ret = MAX(PILOT_PAGES,
			   4 * stats_sample_size(0.5, s->half_width_ratio, SIZE_MAX, 0.95));
	return rc;
}

static int set_up(struct scan *s, struct scan_result *ret, struct err *e)
{
	size_t capacity;
	int rc;

	rc = specs_expand(&s->config->codecs, &s->codecs, e);
	if (rc)
		return rc;
	if (s->codecs.n > SCAN_CODECS_MAX)
		return err_usage(e, "--codec: at most %d at once", SCAN_CODECS_MAX);
	rc = capacity_of(s, &capacity, e);
	if (!rc)
		rc = choose_model(s, &ret->summary, e);
	if (!rc)
		rc = measure_new(&s->measure, &s->codecs, &s->model, e);
	if (!rc)
		rc = scan_open_target(s, ret->target, sizeof(ret->target), e);
	if (rc)
		return rc;
	s->duplicates = duplicates_new();
	if (!s->duplicates)
		return err_set(e, ENOMEM, "cannot set up the scan");
	s->census.strata = &ret->strata;
	page_sample_init(&s->sample, capacity, s->config->seed);
	return s->config->record ? trace_new(&s->trace, s->config->record, e) : 0;
}

/* No result: because of a signal, or of the target. */
static int nothing_read(const char *why, struct err *e)
{
	return stop_requested() ? err_say(e, EINTR, "stopped by a signal before a page was read")
				: err_say(e, ENODATA, "%s", why);
}

static int walk_pool(struct scan *s, struct err *e)
{
	struct page_strata *strata = s->census.strata;
	uint32_t stratum;

	if (page_strata_find(strata, s->config->zram, PAGE_KIND_SWAPPABLE, &stratum))
		return err_set(e, ENOMEM, "cannot set up the scan");
	s->census.anon_pages = s->census.shmem_pages = s->census.file_pages = MISSING_U64;
	s->census.swapped_pages = s->census.again_pages = MISSING_U64;
	s->census.lazyfree_pages = s->census.locked_pages = MISSING_U64;
	s->census.shared_zero_pages = s->census.guard_pages = MISSING_U64;
	s->census.special_pages = MISSING_U64;
	return pool_pages_walk(&s->pool, &s->sources[0], 0, &strata->items[stratum], &s->sample, e);
}

/* Resumes the owners of a pool, once; changes to the pool after that do not matter. */
static void resume_owners(struct scan *s, struct scan_result *ret)
{
	if (!s->config->zram || ret->summary.stopped_ns != MISSING_U64)
		return;
	s->pool_changed = pool_pages_changed(&s->pool);
	freeze_done(&s->freeze);
	ret->summary.stopped_ns = s->stopped_at_ns ? monotonic_ns() - s->stopped_at_ns : 0;
}

/* Owners are stopped only while the pool is read, not while it is compressed. */
static int copy_pool(struct scan *s, struct scan_result *ret, struct err *e)
{
	int rc = s->n_stopped ? pool_pages_copy(&s->sources[0], &s->sample, e) : 0;

	if (rc > 0)
		resume_owners(s, ret);
	else if (!rc && s->n_stopped)
		term_say("the owners of the pool stay stopped until the scan ends: not enough "
			 "memory to copy %zu pages",
			 s->sample.n);
	return MIN(rc, 0);
}

static int walk(struct scan *s, struct scan_result *ret, struct err *e)
{
	unsigned int kinds;
	int rc = kinds_of(s->config, &kinds, e);

	if (!rc && s->config->zram) {
		rc = walk_pool(s, e);
		if (!rc && !s->sample.seen)
			return err_say(e, ENODATA, "pool %s is empty", s->config->zram);
		return rc ? rc : copy_pool(s, ret, e);
	}

	for (size_t i = 0; !rc && i < s->n_sources && !stop_requested(); i++) {
		rc = page_walk(&s->sources[i], (uint32_t)i, kinds, &s->set, &s->census, &s->sample,
			       e);
		if (rc == -ESRCH && (s->n_sources > 1 || s->sample.seen)) {
			s->sources[i].ended = true;
			rc = 0;
		}
	}
	if (!rc && !s->sample.seen)
		return nothing_read("no page of the target is in memory and could be swapped out",
				    e);
	return rc;
}

/* The spread in the pilot gives the number of pages; as a larger sample may show a larger spread,
 * more follow until the interval is as narrow as requested or no page is left. Stopping by the
 * width of an interval lowers its coverage (Chow and Robbins 1965, Annals of Mathematical
 * Statistics 36: not in the limit); after a pilot of this size 1,000 repeats show no loss
 * (bench/scan.sh).
 */
static int read_until_precise(struct scan *s, struct term_progress *progress,
			      struct scan_result *ret, struct err *e)
{
	size_t read = 0, to = MIN(s->sample.n, (size_t)PILOT_PAGES);
	int rc = 0;

	page_sample_shuffle(&s->sample);
	while (!rc && !s->stopped && read < to) {
		uint64_t wanted, got;

		rc = scan_read_range(s, read, to, progress, ret, e);
		read = to;
		got = ret->summary.sampled_pages;
		if (rc || !got)
			continue;
		rc = measure_sample_size(s->measure, s->half_width_ratio, &ret->strata,
					 s->sample.seen, &wanted);
		if (rc)
			err_set(e, rc, "not enough memory for the times");
		else if (wanted > got && read == s->sample.n && read < s->sample.seen)
			term_say("--precision %s not reached: too few of the %zu sampled pages "
				 "need a codec",
				 s->config->precision, read);
		else if (wanted > got) /* a few more, to need fewer steps */
			to = MIN(s->sample.n, read + (wanted - got) + read / 64);
	}
	return rc;
}

static int read_sample(struct scan *s, struct scan_result *ret, struct err *e)
{
	struct term_progress progress;
	int rc;

	term_progress_begin(&progress, (double)s->sample.n);
	term_progress_step(&progress, "compressing at most %zu of %lu pages", s->sample.n,
			   s->sample.seen);
	rc = s->half_width_ratio > 0 ? read_until_precise(s, &progress, ret, e)
				     : scan_read_range(s, 0, s->sample.n, &progress, ret, e);
	term_progress_end(&progress);
	if (!rc && !ret->summary.sampled_pages)
		return nothing_read("no page of the target could be read: all were swapped out, "
				    "unmapped or not permitted to be read",
				    e);
	return rc;
}

static void say_partial(const struct scan *s, struct scan_result *ret)
{
	size_t ended = s->n_vanished;

	for (size_t i = 0; i < s->n_sources; i++)
		ended += s->sources[i].ended;
	if (s->stopped)
		snprintf(ret->partial, sizeof(ret->partial), "stopped by a signal");
	else if (s->config->zram && s->pool_changed)
		snprintf(ret->partial, sizeof(ret->partial), "the pool changed while it was read%s",
			 s->n_stopped ? "" : ": --pid, --tree or --cgroup would stop its owners");
	else if (ended)
		snprintf(ret->partial, sizeof(ret->partial),
			 "%zu of %zu processes ended or executed another program during the scan",
			 ended, s->n_sources + s->n_vanished);
	else if (s->n_forbidden)
		snprintf(ret->partial, sizeof(ret->partial),
			 "%zu processes of other users skipped: no permission", s->n_forbidden);
	else if (ret->summary.denied_pages)
		snprintf(ret->partial, sizeof(ret->partial),
			 "the kernel does not let %lu sampled pages be read",
			 ret->summary.denied_pages);
	else if (ret->summary.gone_pages)
		snprintf(ret->partial, sizeof(ret->partial), "%lu sampled pages were unmapped",
			 ret->summary.gone_pages);
	else if (ret->summary.skipped_swapped_pages)
		snprintf(ret->partial, sizeof(ret->partial),
			 "%lu sampled pages were swapped out before they were read",
			 ret->summary.skipped_swapped_pages);
	ret->summary.partial = ret->partial[0] ? ret->partial : NULL;
}

/* What was offered, less what should not have been. */
static uint64_t population_pages(const struct scan *s)
{
	return s->sample.seen - MIN(s->sample.seen, s->census.lazyfree_mixed_pages);
}

static void report_class(const struct scan *s, struct scan_result *ret, enum page_class class)
{
	const struct scan_summary_record *summary = &ret->summary;
	struct scan_class_record *row = &ret->classes[class];
	const double unread = (double)(summary->gone_pages + summary->denied_pages +
				       summary->skipped_swapped_pages),
		     drawn = (double)summary->sampled_pages + unread,
		     lazyfree = (double)s->census.lazyfree_mixed_pages,
		     offered = (double)s->sample.seen;
	struct stats_interval share =
		stats_share_interval((double)row->pages, unread, drawn, 1 - drawn / offered);

	row->class = page_class_name(class);
	row->share_ratio = share.estimate;
	stats_take_out(&share, offered, lazyfree, 1);
	row->share_low_ratio = share.low;
	row->share_high_ratio = share.high;
}

static void summarize(const struct scan *s, struct scan_result *ret)
{
	struct scan_summary_record *summary = &ret->summary;

	const uint64_t population = population_pages(s);

	for (size_t i = 0; i < PAGE_CLASSES; i++)
		report_class(s, ret, i);
	summary->target = ret->target;
	summary->population_pages = population;
	summary->population_bytes = population * PAGE_BYTES;
	summary->anon_pages = s->census.anon_pages;
	summary->shmem_pages = s->census.shmem_pages;
	summary->file_pages = s->census.file_pages;
	summary->swapped_pages = s->census.swapped_pages;
	summary->again_pages = s->census.again_pages;
	summary->lazyfree_pages = s->census.lazyfree_pages;
	summary->lazyfree_mixed_pages = s->census.lazyfree_mixed_pages;
	summary->locked_pages = s->census.locked_pages;
	summary->shared_zero_pages = s->census.shared_zero_pages;
	summary->guard_pages = s->census.guard_pages;
	summary->special_pages = s->census.special_pages;
	summary->zero_pages = ret->classes[PAGE_ZERO].pages;
	summary->same_pages = ret->classes[PAGE_SAME_FILLED].pages;
	summary->seed = s->config->seed;
	summary->threads = s->n_workers;
	summary->stopped_processes = s->config->zram ? s->n_stopped : MISSING_U64;
	for (size_t i = 0; i < s->n_sources; i++)
		summary->swapin_pages += s->sources[i].swapin_pages;
	say_partial(s, ret);
}

/* ---- by mapping ---- */
const char *const scan_by_choices[] = { "kind", "mapping", NULL };

static void add_sums(struct scan_mapping_record *row, const struct page_stratum *stratum,
		     const struct stratum_sums *sums)
{
	row->pages += stratum->pages;
	row->sampled_pages += sums->pages;
	row->unread_pages += sums->unread_pages;
	row->same_pages += sums->pages - sums->coded_pages;
	row->orig_bytes += sums->coded_pages * PAGE_BYTES;
	row->codec_bytes += sums->codec_bytes;
	row->slot_bytes += (uint64_t)(sums->slot_bytes + 0.5);
}

/* The interval of one mapping, or of those of a kind: the others have no pages. */
static int estimate_row(struct scan_mapping_record *row, const struct page_stratum *strata,
			const struct stratum_sums *sums, size_t n)
{
	struct strata_estimate estimate;
	int rc = strata_estimate(sums, strata, n, &estimate);

	if (rc)
		return rc;
	row->saved_slot_ratio = 1 - estimate.of_coded.estimate / PAGE_BYTES;
	row->saved_slot_low_ratio = 1 - estimate.of_coded.high / PAGE_BYTES;
	row->saved_slot_high_ratio = 1 - estimate.of_coded.low / PAGE_BYTES;
	return 0;
}

static int estimate_kind(struct scan_mapping_record *row, const struct page_strata *strata,
			 enum page_kind kind, const struct stratum_sums *sums)
{
	AUTO_FREE struct page_stratum *of_kind = calloc(strata->n + 1, sizeof(*of_kind));

	if (!of_kind)
		return -ENOMEM;
	for (size_t at = 0; at < strata->n; at++)
		if (strata->items[at].kind == kind) {
			of_kind[at] = strata->items[at];
			add_sums(row, &of_kind[at], &sums[at]);
		}
	return estimate_row(row, of_kind, sums, strata->n);
}

static int by_size(const void *a, const void *b)
{
	const struct scan_mapping_record *x = a, *y = b;

	if (x->pages != y->pages)
		return x->pages < y->pages ? 1 : -1;
	/* Pointers order them: mappings as the strata, labels as in the result. */
	if (x->mapping != y->mapping)
		return (x->mapping > y->mapping) - (x->mapping < y->mapping);
	return (x->label > y->label) - (x->label < y->label);
}

static int add_rows(const struct scan *s, struct scan_result *ret, size_t i)
{
	static const enum page_kind kinds[KINDS] = { PAGE_KIND_ANON, PAGE_KIND_SHMEM,
						     PAGE_KIND_FILE, PAGE_KIND_SWAPPABLE };
	size_t n;
	const struct stratum_sums *sums = measure_strata(s->measure, i, &n);
	struct scan_mapping_record *mappings =
		ret->mappings + KINDS * ret->n_codecs + i * ret->strata.n;
	int rc = 0;

	for (size_t k = 0; !rc && k < KINDS; k++) {
		struct scan_mapping_record *row = &ret->mappings[k * ret->n_codecs + i];

		*row = (struct scan_mapping_record){ .kind = page_kind_name(kinds[k]),
						     .label = ret->labels[i] };
		rc = estimate_kind(row, &ret->strata, kinds[k], sums);
	}
	for (size_t at = 0; !rc && at < ret->strata.n; at++) {
		const struct page_stratum *stratum = &ret->strata.items[at];

		mappings[at] = (struct scan_mapping_record){ .mapping = stratum->name,
							     .kind = page_kind_name(stratum->kind),
							     .label = ret->labels[i] };
		add_sums(&mappings[at], stratum, &sums[at]);
		rc = estimate_row(&mappings[at], stratum, &sums[at], 1);
	}
	return rc;
}

static int list_mappings(const struct scan *s, struct scan_result *ret)
{
	size_t kinds = KINDS * ret->n_codecs;
	int rc = 0;

	ret->mappings = calloc(kinds + ret->strata.n * ret->n_codecs, sizeof(*ret->mappings));
	if (!ret->mappings)
		return -ENOMEM;
	for (size_t i = 0; !rc && i < ret->n_codecs; i++)
		rc = add_rows(s, ret, i);
	if (rc)
		return rc;
	ret->n_mappings = kinds + ret->strata.n * ret->n_codecs;
	qsort(ret->mappings + kinds, ret->n_mappings - kinds, sizeof(*ret->mappings), by_size);
	return 0;
}

void scan_result_done(struct scan_result *result)
{
	free(result->mappings);
	page_strata_done(&result->strata);
	result->mappings = NULL;
	result->n_mappings = 0;
}

int scan_run(const struct scan_config *config, struct scan_result *ret, struct err *e)
{
	struct scan s = { .config = config };
	uint64_t begin = monotonic_ns(), cpu_begin = process_cpu_ns();
	int rc;

	memset(ret, 0, sizeof(*ret));
	ret->summary.stopped_ns = MISSING_U64;
	rc = set_up(&s, ret, e);
	if (!rc)
		rc = walk(&s, ret, e);
	if (!rc)
		rc = scan_read_begin(&s, e);
	if (!rc)
		rc = read_sample(&s, ret, e);
	if (!rc) {
		rc = measure_report(s.measure, &ret->strata, population_pages(&s), ret);
		if (!rc)
			rc = list_mappings(&s, ret);
		if (rc)
			err_set(e, rc, "not enough memory for the results");
		ret->whole = !rc;
		resume_owners(&s, ret);
		summarize(&s, ret);
		ret->summary.elapsed_ns = monotonic_ns() - begin;
		ret->summary.cpu_ns = process_cpu_ns() - cpu_begin;
	}
	if (!rc && s.trace)
		rc = trace_close(s.trace, ret->summary.partial != NULL, e);
	scan_done(&s);
	return rc;
}

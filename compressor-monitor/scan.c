/* SPDX-License-Identifier: GPL-2.0-only */
/* scan.c - from a target to its figures: open, walk, draw, read each drawn page once, measure.
 *
 * Pages that are in swap stay there. Processes may end, execute something else or unmap meanwhile: what was
 * read counts, and the summary says what is missing.
 */
#include "scan.h"

#include <ctype.h>
#include <dirent.h>
#include <sys/resource.h>

#include "duplicates.h"
#include "freeze.h"
#include "measure.h"
#include "pool_pages.h"
#include "procfs.h"
#include "stop.h"
#include "term.h"
#include "trace.h"
#include "units.h"

#define CHUNK_PAGES	256
#define KINDS		4
#define PILOT_PAGES	512u	/* read first, to know how many it takes for --precision */

struct scan {
	const struct scan_config *config;
	struct page_source *sources;
	size_t n_sources, n_vanished;	/* vanished: listed by the cgroup, but gone before they were opened */
	size_t n_forbidden;		/* of other users: may not be read */
	struct page_set set;
	struct page_census census;
	struct page_sample sample;
	struct zsmalloc_model model;
	struct measure *measure;
	struct duplicates *duplicates;
	struct pool_pages pool;		/* where one is scanned */
	struct freeze freeze;
	size_t n_stopped;
	struct trace *trace;		/* NULL = not asked for */
	char *chunk;
	double half_width_ratio;	/* wanted; 0 = the number of pages is given */
	bool stopped;
};

static void close_sources(struct scan *s)
{
	for (size_t i = 0; i < s->n_sources; i++)
		page_close(&s->sources[i]);
	free(s->sources);
	s->sources = NULL;
	s->n_sources = 0;
}

static void scan_done(struct scan *s)
{
	freeze_done(&s->freeze);
	close_sources(s);
	page_set_done(&s->set);
	page_sample_done(&s->sample);
	measure_free(s->measure);
	duplicates_free(s->duplicates);
	trace_free(s->trace);
	free(s->chunk);
}

/* ---- targets ---------------------------------------------------------------------------------------- */
static int add_source(struct scan *s, const struct page_source *source, struct err *e)
{
	struct page_source *bigger = reallocarray(s->sources, s->n_sources + 1, sizeof(*bigger));

	if (!bigger)
		return err_set(e, ENOMEM, "cannot list the processes to scan");
	s->sources = bigger;
	s->sources[s->n_sources++] = *source;
	return 0;
}

static int add_pid(struct scan *s, pid_t pid, struct err *e)
{
	struct page_source source;
	int r = page_open_pid(&source, pid, e);

	for (size_t i = 0; !r && i < s->n_sources; i++)
		if (s->sources[i].pid == pid) {
			page_close(&source);
			return 0;
		}
	return r ? r : add_source(s, &source, e);
}

static int open_pids(struct scan *s, struct err *e)
{
	for (size_t i = 0; i < s->config->pids.n; i++) {
		uint64_t pid;
		int r = units_parse_u64(s->config->pids.items[i], &pid, e);

		if (r || pid < 1 || pid > INT32_MAX)
			return err_usage(e, "--pid: '%s' is not a process ID", s->config->pids.items[i]);
		r = add_pid(s, (pid_t)pid, e);
		if (r)
			return r;
	}
	return 0;
}

/* The group's own processes, not those of groups below it, and not this one. */
static int open_cgroup(struct scan *s, struct err *e)
{
	AUTO_FREE char *path = NULL;
	AUTO_FCLOSE FILE *procs = NULL;
	int pid, fields, r = 0;

	if (asprintf(&path, "%s/cgroup.procs", s->config->cgroup) < 0) {
		path = NULL;
		return err_set(e, ENOMEM, "cannot open cgroup %s", s->config->cgroup);
	}
	procs = fopen(path, "re");
	if (!procs) {
		err_set(e, errno, "cannot open %s", path);
		return err_hint(e, "give the directory of the group, e.g. /sys/fs/cgroup/NAME");
	}
	while (!r && (fields = fscanf(procs, "%d", &pid)) == 1) {
		if (pid == getpid())
			continue;
		r = add_pid(s, pid, e);
		if (r == -ESRCH) {
			s->n_vanished++;
			r = 0;
		}
	}
	if (!r && !s->n_sources)
		return err_say(e, ESRCH, "no process to scan in cgroup %s", s->config->cgroup);
	return r;
}

struct relation {
	pid_t pid, parent;
	bool inside;
};

/* Every process there is, with its parent; those that end meanwhile are not among them. NULL = not to be had. */
static struct relation *list_relations(size_t *n)
{
	struct relation *list = NULL;
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	for (*n = 0; proc && (entry = readdir(proc));) {
		struct relation *bigger;
		struct procfs_stat stat;
		struct err ignored = { 0 };

		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    procfs_stat_read(NULL, (pid_t)atoi(entry->d_name), &stat, &ignored))
			continue;
		bigger = reallocarray(list, *n + 1, sizeof(*list));
		if (!bigger) {
			free(list);
			list = NULL;
			break;
		}
		list = bigger;
		list[(*n)++] = (struct relation){ .pid = stat.pid, .parent = stat.ppid };
	}
	if (proc)
		closedir(proc);
	return list;
}

/* Marks what descends from those marked already. Orphans have another parent, and are nobody's descendants. */
static void mark_descendants(struct relation *list, size_t n)
{
	for (bool more = true; more;) {
		more = false;
		for (size_t i = 0; i < n; i++)
			for (size_t k = 0; !list[i].inside && k < n; k++)
				if (list[k].inside && list[k].pid == list[i].parent)
					more = list[i].inside = true;
	}
}

/* The process, its children, theirs and so on, but for this one: as they are now, not those that will be. */
static int open_tree(struct scan *s, struct err *e)
{
	AUTO_FREE struct relation *list = NULL;
	size_t n;
	int r = add_pid(s, s->config->tree, e);

	list = r ? NULL : list_relations(&n);
	if (!list)
		return r ? r : err_set(e, ENOMEM, "cannot list the descendants of process %d", (int)s->config->tree);
	for (size_t i = 0; i < n; i++)
		list[i].inside = list[i].pid == s->config->tree;
	mark_descendants(list, n);
	for (size_t i = 0; !r && i < n; i++) {
		if (!list[i].inside || list[i].pid == s->config->tree || list[i].pid == getpid())
			continue;
		r = add_pid(s, list[i].pid, e);
		if (r == -ESRCH) {
			s->n_vanished++;
			r = 0;
		}
	}
	return r;
}

/* As many descriptors as we may have: each process takes one. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* Every process but this one. Kernel threads have no memory of their own; without root those of other users are
 * left out, and the summary says how many.
 */
static int open_system(struct scan *s, struct err *e)
{
	size_t n;
	AUTO_FREE struct relation *list = list_relations(&n);
	int r = 0;

	raise_descriptor_limit();
	if (!list)
		return err_set(e, ENOMEM, "cannot list the processes");
	for (size_t i = 0; !r && i < n; i++) {
		if (list[i].pid == getpid())
			continue;
		r = add_pid(s, list[i].pid, e);
		s->n_forbidden += r == -EACCES;
		if (r == -ESRCH || r == -EACCES)
			r = 0;
	}
	return r || s->n_sources ? r : err_say(e, EACCES, "not one process may be read");
}

static int open_file(struct scan *s, struct err *e)
{
	struct page_source source;
	int r = page_open_file(&source, s->config->file, e);

	return r ? r : add_source(s, &source, e);
}

static int open_owners(struct scan *s, struct err *e)
{
	return s->config->cgroup ? open_cgroup(s, e) : s->config->tree ? open_tree(s, e) : open_pids(s, e);
}

/* Again until nobody is new: before they are all stopped, they may have children. */
static int stop_owners(struct scan *s, struct err *e)
{
	int r = 0;

	for (size_t stopped = 0, before = SIZE_MAX; !r && s->n_sources != before;) {
		before = s->n_sources;
		r = open_owners(s, e);
		for (; !r && stopped < s->n_sources; stopped++)
			r = freeze_process(&s->freeze, s->sources[stopped].pid, e);
	}
	s->n_stopped = s->n_sources;
	s->n_vanished = 0;
	close_sources(s);
	return r;
}

static int open_pool(struct scan *s, struct err *e)
{
	const struct scan_config *c = s->config;
	struct page_source source;
	int r = pool_pages_open(&s->pool, c->zram, &source, e);

	if (r)
		return r;
	page_close(&source);
	r = c->pids.n || c->tree || c->cgroup ? stop_owners(s, e) : 0;
	/* Once more, as what the pool held before they stopped is of no interest. */
	if (!r)
		r = pool_pages_open(&s->pool, c->zram, &source, e);
	return r ? r : add_source(s, &source, e);
}

static int open_target(struct scan *s, char *name, size_t len, struct err *e)
{
	const struct scan_config *c = s->config;

	if (c->zram) {
		if ((c->pids.n > 0) + (c->tree != 0) + (c->cgroup != NULL) > 1 || c->system || c->file)
			return err_usage(e, "with --zram goes one of --pid, --tree and --cgroup: who is stopped "
					    "meanwhile");
		snprintf(name, len, "pool %s", c->zram);
		return open_pool(s, e);
	}
	if ((c->pids.n > 0) + (c->tree != 0) + (c->cgroup != NULL) + c->system + (c->file != NULL) != 1) {
		err_usage(e, "give one target: --pid PID (several times if need be), --tree PID, --cgroup PATH, "
			     "--system, --file FILE or --zram DEVICE");
		return err_hint(e, "e.g. --pid $$ looks at the shell you type this in");
	}
	if (c->cgroup) {
		snprintf(name, len, "cgroup %s", c->cgroup);
		return open_cgroup(s, e);
	}
	if (c->system) {
		snprintf(name, len, "every process");
		return open_system(s, e);
	}
	if (c->tree) {
		snprintf(name, len, "pid %d and its descendants", (int)c->tree);
		return open_tree(s, e);
	}
	if (c->file) {
		snprintf(name, len, "file %s", c->file);
		return open_file(s, e);
	}
	if (c->pids.n == 1)
		snprintf(name, len, "pid %s", c->pids.items[0]);
	else
		snprintf(name, len, "%zu processes from pid %s", c->pids.n, c->pids.items[0]);
	return open_pids(s, e);
}

static int kinds_of(const struct scan_config *c, unsigned int *ret, struct err *e)
{
	*ret = c->file ? PAGE_KIND_FILE : PAGE_KIND_SWAPPABLE;
	for (size_t i = 0; i < c->include.n; i++) {
		if (!str_eq(c->include.items[i], "file"))
			return err_usage(e, "--include: there is only 'file', not '%s'", c->include.items[i]);
		*ret |= PAGE_KIND_FILE;
	}
	return 0;
}

/* ---- the steps -------------------------------------------------------------------------------------- */
static int choose_model(struct scan *s, struct scan_summary_record *summary, struct err *e)
{
	uint64_t chain = s->config->chain;
	int r;

	if (chain == MISSING_U64) {
		r = zsmalloc_detect(&s->model, NULL, &summary->chain_source, e);
	} else {
		/* Kernels before 6.3 have 4 and the older rule; the one class that differs is not worth an option. */
		r = zsmalloc_init(&s->model, (unsigned int)chain,
				  chain == 4 ? ZSMALLOC_BEST_PERCENT : ZSMALLOC_LEAST_WASTE);
		summary->chain_source = "option";
	}
	summary->chain = s->model.chain;
	return r;
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
		return err_usage(e, "--precision: points from 0.01pt to 50pt, e.g. 1pt, not '%s'", text);
	*ret = points / 100;
	return 0;
}

/* Pages to keep while walking: those asked for, or as many as the worst spread there can be would take. */
static int capacity_of(struct scan *s, size_t *ret, struct err *e)
{
	const struct scan_config *c = s->config;
	int r = 0;

	*ret = c->all ? SIZE_MAX : c->pages;
	if (!c->precision)
		return 0;
	if (c->all)
		return err_usage(e, "--all leaves nothing for --precision to decide: give one of them");
	r = parse_precision(c->precision, &s->half_width_ratio, e);
	if (!r)	/* shares lie within 0 and 1: no standard deviation is above a half */
		*ret = MAX(PILOT_PAGES, stats_sample_size(0.5, s->half_width_ratio, SIZE_MAX, 0.95));
	return r;
}

static int set_up(struct scan *s, struct scan_result *ret, struct err *e)
{
	static const char *default_codecs[] = { "lz4:1", "lzo1x-1", "zstd:1", "zstd:3", "deflate:1" };
	struct opt_list codecs = s->config->codecs;
	size_t capacity;
	int r;

	if (!codecs.n)
		codecs = (struct opt_list){ default_codecs, ARRAY_SIZE(default_codecs) };
	if (codecs.n > SCAN_CODECS_MAX)
		return err_usage(e, "--codecs: at most %d at once", SCAN_CODECS_MAX);
	r = capacity_of(s, &capacity, e);
	if (!r)
		r = choose_model(s, &ret->summary, e);
	if (!r)
		r = measure_new(&s->measure, &codecs, &s->model, e);
	if (!r)
		r = open_target(s, ret->target, sizeof(ret->target), e);
	if (r)
		return r;
	if (s->config->estimate)
		measure_estimate(s->measure);
	s->chunk = aligned_alloc(PAGE_BYTES, (size_t)CHUNK_PAGES * PAGE_BYTES);
	s->duplicates = duplicates_new();
	if (!s->chunk || !s->duplicates)
		return err_set(e, ENOMEM, "cannot set up the scan");
	s->census.strata = &ret->strata;
	page_sample_init(&s->sample, capacity, s->config->seed);
	return s->config->record ? trace_new(&s->trace, s->config->record, e) : 0;
}

static int walk_pool(struct scan *s, struct err *e)
{
	struct page_strata *strata = s->census.strata;
	uint32_t stratum;

	if (page_strata_find(strata, s->config->zram, PAGE_KIND_SWAPPABLE, &stratum))
		return err_set(e, ENOMEM, "cannot set up the scan");
	s->census.anon_pages = s->census.shmem_pages = s->census.file_pages = MISSING_U64;
	s->census.swapped_pages = s->census.again_pages = MISSING_U64;
	return pool_pages_walk(&s->pool, &s->sources[0], 0, &strata->items[stratum], &s->sample, e);
}

static int walk(struct scan *s, struct err *e)
{
	unsigned int kinds;
	int r = kinds_of(s->config, &kinds, e);

	if (!r && s->config->zram) {
		r = walk_pool(s, e);
		if (!r && !s->sample.seen)
			return err_say(e, ENODATA, "no page is in pool %s", s->config->zram);
		return r;
	}

	for (size_t i = 0; !r && i < s->n_sources; i++) {
		r = page_walk(&s->sources[i], (uint32_t)i, kinds, &s->set, &s->census, &s->sample, e);
		if (r == -ESRCH && (s->n_sources > 1 || s->sample.seen)) {
			s->sources[i].ended = true;
			r = 0;
		}
	}
	if (!r && !s->sample.seen)
		return err_say(e, ENODATA, "not one page of the target is present in memory");
	return r;
}

static int take_page(struct scan *s, const struct page_ref *ref, const char *page, struct scan_result *ret)
{
	enum page_class class = page_classify(page);
	bool same_filled = class == PAGE_ZERO || class == PAGE_SAME_FILLED;
	int r = same_filled ? 0 : duplicates_add(s->duplicates, page);

	if (r < 0)
		return r;
	ret->summary.duplicate_pages += (uint64_t)r;
	ret->classes[class].pages++;
	ret->summary.sampled_pages++;
	ret->summary.accessed_pages += s->sources[ref->source].pid != 0;
	r = measure_page_of(s->measure, page, class, ref->stratum);
	return r || !s->trace ? r : trace_add(s->trace, ref, class, page);
}

static int take_chunk(struct scan *s, const struct page_ref *refs, size_t n, struct scan_result *ret, struct err *e)
{
	enum page_got got[CHUNK_PAGES];
	int r = page_read(&s->sources[refs[0].source], refs, n, s->chunk, got, e);

	if (r)
		return r;
	for (size_t i = 0; i < n; i++) {
		ret->summary.skipped_swapped_pages += got[i] == PAGE_SWAPPED;
		ret->summary.gone_pages += got[i] == PAGE_GONE;
		if (got[i] != PAGE_READ)
			continue;
		r = take_page(s, &refs[i], s->chunk + i * PAGE_BYTES, ret);
		if (r)
			return err_set(e, r, "cannot keep the figures of the pages");
	}
	return 0;
}

/* The drawn pages from `from` to before `to`. */
static int read_range(struct scan *s, size_t from, size_t to, struct term_progress *progress, struct scan_result *ret,
		      struct err *e)
{
	const struct page_ref *refs = s->sample.refs;
	int r = 0;

	page_sample_sort(&s->sample, from, to);
	for (size_t at = from, n; !r && !s->stopped && at < to; at += n) {
		for (n = 1; n < CHUNK_PAGES && at + n < to && refs[at + n].source == refs[at].source; n++)
			;
		s->stopped = stop_requested() != 0;
		if (!s->stopped)
			r = take_chunk(s, refs + at, n, ret, e);
		term_progress_update(progress, (double)(at + n));
	}
	return r;
}

/* Where a precision is asked for, in two stages: the spread within a pilot tells how many pages it takes. There is
 * no third, as looking again and again until the interval fits would make it too narrow.
 */
static int read_sample(struct scan *s, struct scan_result *ret, struct err *e)
{
	struct term_progress progress;
	size_t pilot = s->half_width_ratio > 0 ? MIN(s->sample.n, (size_t)PILOT_PAGES) : 0;
	uint64_t n = s->sample.n;
	int r = 0;

	term_progress_begin(&progress, (double)n);
	term_progress_step(&progress, "compressing at most %lu of %lu pages", n, s->sample.seen);
	if (pilot) {
		page_sample_shuffle(&s->sample);
		r = read_range(s, 0, pilot, &progress, ret, e);
		if (!r && ret->summary.sampled_pages) {
			r = measure_sample_size(s->measure, s->half_width_ratio, &ret->strata, s->sample.seen,
						&n);
			if (r)
				err_set(e, r, "cannot keep the times");
			n = MIN(n, (uint64_t)s->sample.n);
		}
	}
	if (!r)
		r = read_range(s, pilot, n, &progress, ret, e);
	term_progress_end(&progress);
	if (!r && !ret->summary.sampled_pages)
		return err_say(e, ENODATA, "not one page of the target could be read: they were swapped out, unmapped "
					   "or ended meanwhile");
	return r;
}

static void say_partial(const struct scan *s, struct scan_result *ret)
{
	size_t ended = s->n_vanished;

	for (size_t i = 0; i < s->n_sources; i++)
		ended += s->sources[i].ended;
	if (s->stopped)
		snprintf(ret->partial, sizeof(ret->partial), "stopped by a signal");
	else if (s->config->zram && pool_pages_changed(&s->pool))
		snprintf(ret->partial, sizeof(ret->partial), "pages came to the pool or left it while it was read%s",
			 s->n_stopped ? "" : ": --pid, --tree and --cgroup stop its owners meanwhile");
	else if (ended)
		snprintf(ret->partial, sizeof(ret->partial),
			 "%zu of %zu processes ended or executed another program during the scan", ended,
			 s->n_sources + s->n_vanished);
	else if (s->n_forbidden)
		snprintf(ret->partial, sizeof(ret->partial), "left out: %zu processes of others, which may not be read",
			 s->n_forbidden);
	else if (ret->summary.gone_pages)
		snprintf(ret->partial, sizeof(ret->partial), "%lu drawn pages were unmapped or are not readable",
			 ret->summary.gone_pages);
	else if (ret->summary.skipped_swapped_pages)
		snprintf(ret->partial, sizeof(ret->partial), "%lu drawn pages were swapped out before they were read",
			 ret->summary.skipped_swapped_pages);
	ret->summary.partial = ret->partial[0] ? ret->partial : NULL;
}

static void summarize(const struct scan *s, struct scan_result *ret)
{
	struct scan_summary_record *summary = &ret->summary;

	for (size_t i = 0; i < PAGE_CLASSES; i++) {
		ret->classes[i].class = page_class_name(i);
		ret->classes[i].share_ratio = (double)ret->classes[i].pages / (double)summary->sampled_pages;
	}
	summary->target = ret->target;
	summary->population_pages = s->sample.seen;
	summary->population_bytes = s->sample.seen * PAGE_BYTES;
	summary->anon_pages = s->census.anon_pages;
	summary->shmem_pages = s->census.shmem_pages;
	summary->file_pages = s->census.file_pages;
	summary->swapped_pages = s->census.swapped_pages;
	summary->again_pages = s->census.again_pages;
	summary->zero_pages = ret->classes[PAGE_ZERO].pages;
	summary->same_pages = ret->classes[PAGE_SAME_FILLED].pages;
	summary->seed = s->config->seed;
	summary->stopped_processes = s->config->zram ? s->n_stopped : MISSING_U64;
	for (size_t i = 0; i < s->n_sources; i++)
		summary->swapin_pages += s->sources[i].swapin_pages;
	say_partial(s, ret);
}

/* ---- by mapping ------------------------------------------------------------------------------------- */
const char *const scan_by_choices[] = { "kind", "mapping", NULL };

static void add_sums(struct scan_mapping_record *row, const struct page_stratum *stratum,
		     const struct stratum_sums *sums)
{
	row->pages += stratum->pages;
	row->sampled_pages += sums->pages;
	row->same_pages += sums->pages - sums->coded_pages;
	row->orig_bytes += sums->coded_pages * PAGE_BYTES;
	row->codec_bytes += sums->codec_bytes;
	row->slot_bytes += (uint64_t)(sums->slot_bytes + 0.5);
	row->saved_slot_ratio = 1 - (double)row->slot_bytes / (double)row->orig_bytes;	/* NaN for none */
}

static int by_size(const void *a, const void *b)
{
	const struct scan_mapping_record *x = a, *y = b;

	if (x->pages != y->pages)
		return x->pages < y->pages ? 1 : -1;
	/* Names and codecs have their places: those of the strata, and of the labels within the result. */
	if (x->mapping != y->mapping)
		return (x->mapping > y->mapping) - (x->mapping < y->mapping);
	return (x->label > y->label) - (x->label < y->label);
}

static void add_rows(const struct scan *s, struct scan_result *ret, size_t i)
{
	static const enum page_kind kinds[KINDS] = { PAGE_KIND_ANON, PAGE_KIND_SHMEM, PAGE_KIND_FILE,
						     PAGE_KIND_SWAPPABLE };
	size_t n;
	const struct stratum_sums *sums = measure_strata(s->measure, i, &n);
	struct scan_mapping_record *mappings = ret->mappings + KINDS * ret->n_codecs + i * ret->strata.n;

	for (size_t k = 0; k < KINDS; k++) {
		struct scan_mapping_record *row = &ret->mappings[k * ret->n_codecs + i];

		*row = (struct scan_mapping_record){ .kind = page_kind_name(kinds[k]), .label = ret->labels[i] };
		for (size_t at = 0; at < ret->strata.n; at++)
			if (ret->strata.items[at].kind == kinds[k])
				add_sums(row, &ret->strata.items[at], &sums[at]);
	}
	for (size_t at = 0; at < ret->strata.n; at++) {
		mappings[at] = (struct scan_mapping_record){ .mapping = ret->strata.items[at].name,
							     .kind = page_kind_name(ret->strata.items[at].kind),
							     .label = ret->labels[i] };
		add_sums(&mappings[at], &ret->strata.items[at], &sums[at]);
	}
}

static int list_mappings(const struct scan *s, struct scan_result *ret)
{
	size_t kinds = KINDS * ret->n_codecs;

	ret->mappings = calloc(kinds + ret->strata.n * ret->n_codecs, sizeof(*ret->mappings));
	if (!ret->mappings)
		return -ENOMEM;
	for (size_t i = 0; i < ret->n_codecs; i++)
		add_rows(s, ret, i);
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
	int r;

	memset(ret, 0, sizeof(*ret));
	r = set_up(&s, ret, e);
	if (!r)
		r = walk(&s, e);
	if (!r)
		r = read_sample(&s, ret, e);
	if (!r) {
		r = measure_report_strata(s.measure, &ret->strata, s.sample.seen, ret);
		if (!r)
			r = list_mappings(&s, ret);
		if (r)
			err_set(e, r, "cannot keep the figures");
		summarize(&s, ret);
		freeze_done(&s.freeze);
		ret->summary.elapsed_ns = monotonic_ns() - begin;
		ret->summary.cpu_ns = process_cpu_ns() - cpu_begin;
	}
	if (!r && s.trace)
		r = trace_close(s.trace, ret->summary.partial != NULL, e);
	scan_done(&s);
	return r;
}

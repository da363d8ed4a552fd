/* SPDX-License-Identifier: GPL-2.0-only */
/* scan_read.c - each thread reads a window of sampled pages, classifies, hashes and measures them,
 * and takes the next.
 *
 * A window fits into the second-level cache, so that a page is fetched from memory only once, when
 * the kernel copies it. Each thread has its own codecs, results and copies of the sources; results
 * are added up at the end. The sums are of whole numbers, so that they do not depend on the number
 * of threads.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "scan_state.h"
#include "lib/base/stop.h"

#define WINDOW_PAGES 128u

/* What is shared while a range is read. */
struct reading {
	struct scan *scan;
	struct term_progress *progress;
	size_t to;
	atomic_size_t next;
	atomic_bool failed;
};

struct counts {
	uint64_t classes[PAGE_CLASSES];
	uint64_t sampled_pages, duplicate_pages, accessed_pages;
	uint64_t skipped_swapped_pages, gone_pages, denied_pages;
};

struct scan_worker {
	struct reading *reading;
	struct page_source *sources; /* n_sources of them: reading changes them */
	struct measure *measure;
	struct trace *trace;
	char *window; /* WINDOW_PAGES */
	struct counts counts;
	struct err err;
	int result;
	bool started;
	pthread_t thread;
};

size_t scan_threads(const struct scan_config *config)
{
	cpu_set_t cpus;

	if (config->threads != MISSING_U64)
		return config->threads;
	return sched_getaffinity(0, sizeof(cpus), &cpus) ? 1 : (size_t)CPU_COUNT(&cpus);
}

static int worker_init(struct scan_worker *w, const struct scan *s, struct err *e)
{
	int rc = measure_new(&w->measure, &s->codecs, &s->model, e);

	if (!rc && s->trace)
		rc = trace_new(&w->trace, NULL, e);
	if (rc)
		return rc;
	if (s->config->estimate)
		measure_estimate(w->measure);
	w->sources = calloc(s->n_sources, sizeof(*w->sources));
	w->window = aligned_alloc(PAGE_BYTES, (size_t)WINDOW_PAGES * PAGE_BYTES);
	if (!w->sources || !w->window)
		return err_set(e, ENOMEM, "cannot set up the scan");
	memcpy(w->sources, s->sources, s->n_sources * sizeof(*w->sources));
	return 0;
}

int scan_read_begin(struct scan *s, struct err *e)
{
	size_t n = MIN(scan_threads(s->config), (s->sample.n + WINDOW_PAGES - 1) / WINDOW_PAGES);
	int rc = 0;

	s->workers = calloc(n, sizeof(*s->workers));
	if (!s->workers || duplicates_expect(s->duplicates, s->sample.n))
		return err_set(e, ENOMEM, "cannot set up the scan");
	while (!rc && s->n_workers < n)
		rc = worker_init(&s->workers[s->n_workers++], s, e);
	return rc;
}

void scan_read_done(struct scan *s)
{
	for (size_t i = 0; i < s->n_workers; i++) {
		measure_free(s->workers[i].measure);
		trace_free(s->workers[i].trace);
		free(s->workers[i].sources);
		free(s->workers[i].window);
	}
	free(s->workers);
	s->workers = NULL;
	s->n_workers = 0;
}

/* The pages of a window that could be read. */
static int take_pages(struct scan_worker *w, const struct page_ref *refs, size_t n,
		      const enum page_got *got)
{
	struct page_hash hashes[WINDOW_PAGES];
	ssize_t again, hashed = 0;
	int rc = 0;

	for (size_t i = 0; !rc && i < n; i++) {
		const char *page = w->window + i * PAGE_BYTES;
		enum page_class class;

		w->counts.skipped_swapped_pages += got[i] == PAGE_SWAPPED;
		w->counts.gone_pages += got[i] == PAGE_GONE;
		w->counts.denied_pages += got[i] == PAGE_DENIED;
		if (got[i] != PAGE_READ) {
			rc = measure_unread(w->measure, refs[i].stratum);
			continue;
		}
		class = page_classify(page);
		w->counts.classes[class]++;
		w->counts.sampled_pages++;
		w->counts.accessed_pages += w->sources[refs[i].source].pid != 0;
		if (class != PAGE_ZERO && class != PAGE_SAME_FILLED)
			duplicates_hash(w->reading->scan->duplicates, page, &hashes[hashed++]);
		rc = measure_page(w->measure, page, class, refs[i].stratum,
				  (uint64_t)(&refs[i] - w->reading->scan->sample.refs));
		if (!rc && w->trace)
			rc = trace_add(w->trace, &refs[i], class, page);
	}
	again = rc ? rc : duplicates_add(w->reading->scan->duplicates, hashes, (size_t)hashed);
	if (again < 0)
		return (int)again;
	w->counts.duplicate_pages += (uint64_t)again;
	measure_hold(w->measure);
	return 0;
}

/* n pages of one source. */
static int read_window(struct scan_worker *w, const struct page_ref *refs, size_t n)
{
	enum page_got got[WINDOW_PAGES];
	int rc = page_read(&w->sources[refs[0].source], refs, n, w->window, got, &w->err);

	if (rc)
		return rc;
	rc = take_pages(w, refs, n, got);
	return rc ? err_set(&w->err, rc, "not enough memory for the results") : 0;
}

static int read_windows(struct scan_worker *w)
{
	struct reading *reading = w->reading;
	const struct page_ref *refs = reading->scan->sample.refs;
	int rc = 0;

	while (!rc && !stop_requested() && !atomic_load(&reading->failed)) {
		size_t at = atomic_fetch_add(&reading->next, WINDOW_PAGES), n;
		size_t end = MIN(at + WINDOW_PAGES, reading->to);

		if (at >= reading->to)
			break;
		if (w == reading->scan->workers)
			term_progress_update(reading->progress, (double)at);
		for (; !rc && at < end; at += n) {
			for (n = 1; at + n < end && refs[at + n].source == refs[at].source; n++)
				;
			rc = read_window(w, refs + at, n);
		}
	}
	if (!rc && measure_flush(w->measure))
		rc = err_set(&w->err, ENOMEM, "not enough memory for the results");
	return rc;
}

static void *run_worker(void *ctx)
{
	struct scan_worker *w = ctx;

	w->result = read_windows(w);
	if (w->result)
		atomic_store(&w->reading->failed, true);
	return NULL;
}

static int join_worker(struct scan *s, struct scan_worker *w, struct scan_result *ret)
{
	struct scan_summary_record *summary = &ret->summary;

	for (size_t i = 0; i < PAGE_CLASSES; i++)
		ret->classes[i].pages += w->counts.classes[i];
	summary->sampled_pages += w->counts.sampled_pages;
	summary->duplicate_pages += w->counts.duplicate_pages;
	summary->skipped_swapped_pages += w->counts.skipped_swapped_pages;
	summary->gone_pages += w->counts.gone_pages;
	summary->denied_pages += w->counts.denied_pages;
	summary->accessed_pages += w->counts.accessed_pages;
	w->counts = (struct counts){ 0 };
	for (size_t i = 0; i < s->n_sources; i++) {
		s->sources[i].ended |= w->sources[i].ended;
		s->sources[i].swapin_pages += w->sources[i].swapin_pages;
		w->sources[i].swapin_pages = 0;
	}
	if (measure_join(s->measure, w->measure) || (s->trace && trace_join(s->trace, w->trace)))
		return -ENOMEM;
	return 0;
}

int scan_read_range(struct scan *s, size_t from, size_t to, struct term_progress *progress,
		    struct scan_result *ret, struct err *e)
{
	struct reading reading = { .scan = s, .progress = progress, .to = to, .next = from };
	int rc = 0;

	page_sample_sort(&s->sample, from, to);
	for (size_t i = 0; i < s->n_workers; i++) {
		struct scan_worker *w = &s->workers[i];

		w->reading = &reading;
		/* This thread is the first; if one cannot be started, the others do its work. */
		w->started = i > 0 && from + i * WINDOW_PAGES < to &&
			     !pthread_create(&w->thread, NULL, run_worker, w);
	}
	run_worker(&s->workers[0]);
	for (size_t i = 0; i < s->n_workers; i++) {
		struct scan_worker *w = &s->workers[i];

		if (w->started)
			pthread_join(w->thread, NULL);
		if (w->result && !rc) {
			*e = w->err;
			rc = w->result;
		}
		if (!rc && join_worker(s, w, ret))
			rc = err_set(e, ENOMEM, "not enough memory for the results");
	}
	s->stopped = stop_requested() && atomic_load(&reading.next) < to;
	return rc;
}

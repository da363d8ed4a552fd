/* SPDX-License-Identifier: GPL-2.0-only */
/* worker.c - the measuring loop, and the threads. */
#include <sys/mman.h>
#include <sys/resource.h>

#include "lib/base/stop.h"
#include "worker.h"

struct crew {
	struct worker *workers;
	uint64_t n;
	pthread_barrier_t start;
	uint8_t *region;
	uint64_t pages;
};

static void *map(size_t bytes, int flags)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags,
			-1, 0);

	return at == MAP_FAILED ? NULL : at;
}

static uint8_t *page_at(const struct worker *w, uint64_t page)
{
	return w->region + page * PAGE_BYTES;
}

static void refresh(struct worker *w, uint64_t page)
{
	const uint64_t index = w->first_page + page, seed = w->config->seed;
	const struct trace_run *run = w->trace ? trace_run_of(w->trace, index) : NULL;

	if (run)
		mixture_fill_sized(page_at(w, page), run->kind, run->lz4_bytes, seed, index,
				   w->generation[page]++);
	else
		mixture_fill(page_at(w, page), w->mixture, seed, index, w->generation[page]++);
}

bool worker_writes(const struct worker *w, uint64_t random)
{
	const enum touch asked = (enum touch)w->config->touch;
	const enum touch touch = asked == TOUCH_DEFAULT ? w->pattern->touch : asked;

	return touch == TOUCH_WRITE || (touch == TOUCH_MIX && (random >> 62) == 0);
}

void worker_idle(struct worker *w, uint64_t ns)
{
	const uint64_t begin = monotonic_ns();
	const uint64_t until = MIN(begin + ns, w->deadline_ns);

	while ((w->now_ns = monotonic_ns()) < until && !stop_requested())
		sleep_ns(until - w->now_ns);
	w->idle_ns += w->now_ns - begin;
}

/* Waits until the next operation is due. Late operations are not caught up: a burst would be a
 * different load.
 */
static void pace(struct worker *w)
{
	if (w->now_ns < w->due_ns)
		worker_idle(w, w->due_ns - w->now_ns);
	w->due_ns = MAX(w->due_ns, w->now_ns) + w->gap_ns;
}

void worker_touch(struct worker *w, uint64_t page, bool write, bool cold)
{
	volatile uint64_t *word = (volatile uint64_t *)page_at(w, page);
	const uint64_t begin = monotonic_ns();
	uint64_t took;

	if (write)
		*word = begin;
	else
		w->checksum += *word;
	w->now_ns = monotonic_ns();
	took = w->now_ns - begin;
	hist_add(w->all, took);
	if (cold)
		hist_add(w->cold, took);
	w->operations++;
	if (write)
		refresh(w, page);
}

void worker_touch_aged(struct worker *w, uint64_t page, bool write)
{
	const uint32_t now = (uint32_t)w->operations + 1, last = w->used[page];

	worker_touch(w, page, write, last && now - last > w->pages);
	w->used[page] = now;
}

void worker_touch_any(struct worker *w)
{
	const uint64_t random = worker_random(w, w->operations);

	worker_touch_aged(w, random % w->pages, worker_writes(w, mixture_hash(random, 1)));
}

bool phase_next(struct phase *phase, struct worker *w, uint64_t length)
{
	if (phase->number && phase->touches < length)
		return false;
	if (phase->number)
		worker_idle(w, w->config->idle_ns);
	phase->number++;
	phase->touches = 0;
	return true;
}

uint64_t phase_random(const struct phase *phase, const struct worker *w)
{
	return mixture_hash(w->seed ^ (uint64_t)phase->number << 32, phase->touches);
}

void phase_touch(struct phase *phase, struct worker *w, uint64_t page, uint64_t random)
{
	const uint32_t last = w->used[page];

	phase->touches++;
	worker_touch(w, page, worker_writes(w, random), last && phase->number - last >= 2);
	w->used[page] = phase->number;
}

void worker_count(struct worker *w, uint64_t begin_ns)
{
	w->now_ns = monotonic_ns();
	hist_add(w->all, w->now_ns - begin_ns);
	w->operations++;
}

/* Fills every page of the share; false where the deadline came first. */
static bool populate(struct worker *w)
{
	const uint64_t begin = w->now_ns;
	uint64_t page = 0;

	for (; page < w->pages && w->now_ns < w->deadline_ns && !stop_requested(); page++) {
		refresh(w, page);
		if (page % 64 == 0)
			w->now_ns = monotonic_ns();
	}
	w->now_ns = monotonic_ns();
	w->populate_ns = w->now_ns - begin;
	return page == w->pages;
}

static void work(struct worker *w)
{
	if (w->pattern->populates && !populate(w))
		return;
	w->begin_ns = w->due_ns = w->now_ns;
	while (w->operations < w->limit && w->now_ns < w->deadline_ns && !w->error &&
	       !stop_requested()) {
		if (w->gap_ns)
			pace(w);
		w->pattern->step(w);
	}
	w->end_ns = w->now_ns;
}

/* Runs a few operations on a small region of its own, so that code, stack and vDSO are mapped and
 * only faults of the real region are counted. Not for patterns that fork: probes would see those
 * processes.
 */
static void warm_up(const struct worker *real)
{
	const uint64_t pages = MIN(real->pages, 16);
	const size_t state_bytes = MAX(real->pattern->state_bytes, 1);
	struct worker w = *real;

	w.region = map(pages * PAGE_BYTES, MAP_POPULATE);
	w.generation = map(2 * PAGE_BYTES, MAP_POPULATE);
	w.state = map(state_bytes, MAP_POPULATE);
	if (w.region && w.generation && w.state) {
		w.used = w.generation + PAGE_BYTES / sizeof(*w.generation);
		w.pages = pages;
		w.gap_ns = 0;
		w.limit = 4 * pages;
		if (w.pattern->prepare)
			w.pattern->prepare(&w);
		w.now_ns = monotonic_ns();
		w.deadline_ns = w.now_ns + 10 * NS_PER_MS;
		work(&w);
		memset(real->all, 0, sizeof(*real->all));
		memset(real->cold, 0, sizeof(*real->cold));
	}
	if (w.region)
		munmap(w.region, pages * PAGE_BYTES);
	if (w.generation)
		munmap(w.generation, 2 * PAGE_BYTES);
	if (w.state)
		munmap(w.state, state_bytes);
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	struct rusage before, after;

	if (!w->pattern->forks)
		warm_up(w);
	if (w->pattern->prepare)
		w->pattern->prepare(w);
	getrusage(RUSAGE_THREAD, &after);
	pthread_barrier_wait(w->start);
	getrusage(RUSAGE_THREAD, &before);
	w->now_ns = monotonic_ns();
	w->deadline_ns = w->now_ns + gen_duration_ns(w->config);
	work(w);
	getrusage(RUSAGE_THREAD, &after);
	w->minor_faults = (uint64_t)(after.ru_minflt - before.ru_minflt);
	w->major_faults = (uint64_t)(after.ru_majflt - before.ru_majflt);
	return NULL;
}

/* The share of worker i of n: the remainder goes to the first workers. */
static uint64_t share(uint64_t things, uint64_t n, uint64_t i)
{
	return things / n + (i < things % n);
}

static int make_worker(struct crew *crew, uint64_t i, const struct worker *common,
		       uint64_t first_page)
{
	struct worker *w = &crew->workers[i];
	const struct gen_config *config = common->config;

	*w = *common;
	w->seed = mixture_hash(config->seed, UINT64_C(1) << 32 | i);
	w->region = crew->region + first_page * PAGE_BYTES;
	w->pages = share(crew->pages, crew->n, i);
	w->first_page = first_page;
	w->limit = config->operations == MISSING_U64 ? UINT64_MAX
						     : share(config->operations, crew->n, i);
	w->gap_ns = config->rate == MISSING_U64 ? 0 : NS_PER_S * crew->n / config->rate;
	w->generation = map(w->pages * sizeof(uint32_t), MAP_POPULATE);
	w->used = map(w->pages * sizeof(uint32_t), MAP_POPULATE);
	w->state = map(MAX(w->pattern->state_bytes, 1), MAP_POPULATE);
	w->all = map(sizeof(struct hist), MAP_POPULATE);
	w->cold = map(sizeof(struct hist), MAP_POPULATE);
	return w->generation && w->used && w->state && w->all && w->cold ? 0 : -ENOMEM;
}

static int make_workers(struct crew *crew, const struct worker *common, struct err *e)
{
	uint64_t first_page = 0;

	crew->region = map(crew->pages * PAGE_BYTES, 0);
	if (!crew->region)
		return err_set(e, ENOMEM, "cannot map the region");
	/* Fails on kernels without transparent huge pages, where there is nothing to advise. */
	madvise(crew->region, crew->pages * PAGE_BYTES,
		common->config->thp ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	for (uint64_t i = 0; i < crew->n; i++) {
		if (make_worker(crew, i, common, first_page))
			return err_set(e, ENOMEM, "cannot allocate worker %llu",
				       (unsigned long long)i + 1);
		first_page += crew->workers[i].pages;
	}
	return 0;
}

/* Runs all of them. Where one cannot be started the process ends with the error: the others wait
 * at the barrier for ever.
 */
static int run_threads(struct crew *crew, struct err *e)
{
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 256 * KIB);
	pthread_barrier_init(&crew->start, NULL, (unsigned int)crew->n);
	for (uint64_t i = 0; i < crew->n; i++) {
		struct worker *w = &crew->workers[i];
		int rc;

		w->start = &crew->start;
		rc = pthread_create(&w->thread, &attr, worker_main, w);
		if (rc)
			return err_set(e, rc, "cannot start worker %llu",
				       (unsigned long long)i + 1);
	}
	for (uint64_t i = 0; i < crew->n; i++)
		pthread_join(crew->workers[i].thread, NULL);
	pthread_attr_destroy(&attr);
	pthread_barrier_destroy(&crew->start);
	return 0;
}

static uint64_t timeval_ns(const struct timeval *tv)
{
	return (uint64_t)tv->tv_sec * NS_PER_S + (uint64_t)tv->tv_usec * NS_PER_US;
}

static void count_kinds(const struct worker *w, uint64_t counts[MIXTURE_KINDS])
{
	for (uint64_t page = 0; page < w->pages; page++) {
		const uint64_t index = w->first_page + page;

		if (w->generation[page])
			counts[w->trace ? trace_run_of(w->trace, index)->kind
					: mixture_kind_of(w->mixture, w->config->seed, index)]++;
	}
}

static void fill_latencies(const struct hist *h, uint64_t out[4])
{
	out[0] = hist_quantile(h, 0.5);
	out[1] = hist_quantile(h, 0.9);
	out[2] = hist_quantile(h, 0.99);
	out[3] = h->n ? h->max : MISSING_U64;
}

static void add_up(const struct crew *crew, struct workload_result *out)
{
	struct hist *all = crew->workers[0].all, *cold = crew->workers[0].cold;
	const bool forks = crew->workers[0].pattern->forks;
	uint64_t begin = UINT64_MAX, end = 0;
	struct rusage usage;

	out->operations = out->minor_faults = out->major_faults = out->fresh_pages = 0;
	out->populate_ns = out->idle_ns = 0;
	if (forks)
		out->forks = out->execs = out->child_minor_faults = 0;
	memset(out->kind_pages, 0, sizeof(out->kind_pages));
	for (uint64_t i = 0; i < crew->n; i++) {
		const struct worker *w = &crew->workers[i];

		if (i) {
			hist_merge(all, w->all);
			hist_merge(cold, w->cold);
		}
		if (w->end_ns) {
			begin = MIN(begin, w->begin_ns);
			end = MAX(end, w->end_ns);
		}
		out->populate_ns = MAX(out->populate_ns, w->populate_ns);
		out->idle_ns += w->idle_ns;
		out->operations += w->operations;
		out->minor_faults += w->minor_faults;
		out->major_faults += w->major_faults;
		out->fresh_pages += w->fresh_pages;
		if (forks) {
			out->forks += w->forks;
			out->execs += w->execs;
			out->child_minor_faults += w->child_minor_faults;
		}
		count_kinds(w, out->kind_pages);
	}
	out->duration_ns = end > begin ? end - begin : 0;
	out->idle_ns /= MAX(crew->n, (size_t)1);
	if (out->duration_ns > out->idle_ns)
		out->rate_per_s =
			(double)out->operations * 1e9 / (double)(out->duration_ns - out->idle_ns);
	fill_latencies(all, out->latency_ns);
	out->cold_touches = cold->n;
	fill_latencies(cold, out->cold_touch_ns);
	getrusage(RUSAGE_SELF, &usage);
	out->user_ns = timeval_ns(&usage.ru_utime);
	out->system_ns = timeval_ns(&usage.ru_stime);
	out->peak_rss_bytes = (uint64_t)usage.ru_maxrss * KIB;
}

/* The error of the first worker that has one. */
static int worker_error(const struct crew *crew, struct err *e)
{
	for (uint64_t i = 0; i < crew->n; i++) {
		const struct worker *w = &crew->workers[i];

		if (w->error)
			return err_set(e, w->error,
				       "%s failed after %llu operations of worker %llu",
				       w->pattern->name, (unsigned long long)w->operations,
				       (unsigned long long)i + 1);
	}
	return 0;
}

int workers_run(const struct gen_config *config, const struct pattern *pattern,
		const struct trace *trace, struct workload_result *out, struct err *e)
{
	struct crew crew = { .n = config->workers, .pages = config->region_bytes / PAGE_BYTES };
	AUTO_FREE struct worker *workers = crew.workers = calloc(crew.n, sizeof(*workers));
	struct mixture mixture;
	const struct worker common = { .config = config,
				       .pattern = pattern,
				       .mixture = &mixture,
				       .trace = trace->n ? trace : NULL };
	int rc = gen_config_mixture(config, &mixture, e);

	if (!rc && !workers)
		rc = err_set(e, ENOMEM, "cannot allocate the workers");
	if (!rc)
		rc = make_workers(&crew, &common, e);
	if (!rc)
		rc = run_threads(&crew, e);
	if (!rc)
		rc = worker_error(&crew, e);
	if (rc)
		return rc;
	out->pattern = pattern->name;
	out->page_profile = trace->n ? "trace" : mixture.name;
	out->seed = config->seed;
	out->workers = crew.n;
	out->region_bytes = crew.pages * PAGE_BYTES;
	for (size_t i = 0; i < MIXTURE_KINDS && !trace->n; i++)
		out->kind_target_ratio[i] = mixture.permille[i] / 1000.0;
	add_up(&crew, out);
	return 0;
}

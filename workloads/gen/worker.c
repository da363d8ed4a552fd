/* SPDX-License-Identifier: GPL-2.0-only */
/* worker.c - the timing loop. */
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "lib/base/stop.h"
#include "worker.h"

struct crew {
	struct worker *workers;
	pthread_t *threads;
	uint64_t n;
	pthread_barrier_t start;
	uint8_t *region;
	uint64_t pages;
};

/* Arguments of one thread. */
struct seat {
	struct worker *worker;
	pthread_barrier_t *start;
};

static void *map(size_t bytes)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

/* The same, each page of it touched now. */
static void *map_touched(size_t bytes)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

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

/* Waits until the next operation is due. Falling behind is not made up for: a burst would be
 * another load. */
static void pace(struct worker *w)
{
	if (w->now_ns < w->due_ns)
		worker_idle(w, w->due_ns - w->now_ns);
	w->due_ns = MAX(w->due_ns, w->now_ns) + w->gap_ns;
}

void worker_touch(struct worker *w, uint64_t page, bool write, bool cold)
{
	volatile uint64_t *word = (volatile uint64_t *)page_at(w, page);
	uint64_t begin, took;

	begin = monotonic_ns();
	if (write)
		*word = begin;
	else
		w->checksum += *word;
	w->now_ns = monotonic_ns();
	took = w->now_ns - begin;
	histogram_add(w->all, took);
	if (cold)
		histogram_add(w->cold, took);
	w->operations++;
	if (write)
		refresh(w, page);
}

void worker_count(struct worker *w, uint64_t begin_ns)
{
	w->now_ns = monotonic_ns();
	histogram_add(w->all, w->now_ns - begin_ns);
	w->operations++;
}

/* Fills every page of the share; false when time ran out first. */
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

/* Runs a few operations on a region of its own first: code, stack and vDSO are mapped then, and the
 * faults counted are the region's alone. Not where operations are processes: those would be counted
 * from outside.
 */
static void warm_up(const struct worker *real)
{
	struct worker w = *real;
	const uint64_t pages = MIN(real->pages, 16);

	w.region = map_touched(pages * PAGE_BYTES);
	w.generation = map_touched(2 * PAGE_BYTES);
	w.state = map_touched(MAX(real->pattern->state_bytes, 1));
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
		munmap(w.state, MAX(real->pattern->state_bytes, 1));
}

static void *worker_main(void *arg)
{
	struct seat *seat = arg;
	struct worker *w = seat->worker;
	struct rusage before, after;

	if (!w->pattern->forks)
		warm_up(w);
	if (w->pattern->prepare)
		w->pattern->prepare(w);
	getrusage(RUSAGE_THREAD, &after);
	pthread_barrier_wait(seat->start);
	getrusage(RUSAGE_THREAD, &before);
	w->now_ns = monotonic_ns();
	w->deadline_ns = w->now_ns + gen_duration_ns(w->config);
	work(w);
	getrusage(RUSAGE_THREAD, &after);
	w->minor_faults = (uint64_t)(after.ru_minflt - before.ru_minflt);
	w->major_faults = (uint64_t)(after.ru_majflt - before.ru_majflt);
	return NULL;
}

/* The share of worker i of n things: the first ones take what does not divide. */
static uint64_t share(uint64_t things, uint64_t n, uint64_t i)
{
	return things / n + (i < things % n);
}

static int make_worker(struct crew *crew, uint64_t i, const struct gen_config *config,
		       const struct pattern *pattern, const struct mixture *mixture,
		       uint64_t first_page)
{
	struct worker *w = &crew->workers[i];
	const uint64_t pages = share(crew->pages, crew->n, i);

	*w = (struct worker){
		.config = config,
		.pattern = pattern,
		.mixture = mixture,
		.index = i,
		.seed = mixture_hash(config->seed, UINT64_C(1) << 32 | i),
		.region = crew->region + first_page * PAGE_BYTES,
		.pages = pages,
		.first_page = first_page,
		.limit = config->operations == MISSING_U64 ? UINT64_MAX
							   : share(config->operations, crew->n, i),
		.gap_ns = config->rate == MISSING_U64 ? 0 : NS_PER_S * crew->n / config->rate,
		.generation = map_touched(pages * sizeof(uint32_t)),
		.used = map_touched(pages * sizeof(uint32_t)),
		.state = map_touched(MAX(pattern->state_bytes, 1)),
		.all = map_touched(sizeof(struct histogram)),
		.cold = map_touched(sizeof(struct histogram)),
	};
	return w->generation && w->used && w->state && w->all && w->cold ? 0 : -ENOMEM;
}

/* Starts them all or, where one cannot be started, none: the barrier is for all. */
static int run_threads(struct crew *crew, struct seat *seats, struct err *e)
{
	pthread_attr_t attr;
	int rc = 0;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 256 * KIB);
	pthread_barrier_init(&crew->start, NULL, (unsigned int)crew->n);
	for (uint64_t i = 0; i < crew->n && !rc; i++) {
		seats[i] = (struct seat){ .worker = &crew->workers[i], .start = &crew->start };
		rc = pthread_create(&crew->threads[i], &attr, worker_main, &seats[i]);
		if (rc)
			return err_set(e, rc, "cannot start worker %llu",
				       (unsigned long long)i + 1);
	}
	for (uint64_t i = 0; i < crew->n; i++)
		pthread_join(crew->threads[i], NULL);
	pthread_attr_destroy(&attr);
	pthread_barrier_destroy(&crew->start);
	return 0;
}

static uint64_t timeval_ns(const struct timeval *tv)
{
	return (uint64_t)tv->tv_sec * NS_PER_S + (uint64_t)tv->tv_usec * NS_PER_US;
}

static void count_kinds(const struct crew *crew, struct workload_result *ret)
{
	uint64_t *const counts[MIXTURE_KINDS] = {
		[MIXTURE_ZERO] = &ret->zero_pages,
		[MIXTURE_SAME] = &ret->same_pages,
		[MIXTURE_DUPLICATE] = &ret->duplicate_pages,
		[MIXTURE_SPARSE] = &ret->sparse_pages,
		[MIXTURE_POINTER] = &ret->pointer_pages,
		[MIXTURE_TEXT] = &ret->text_pages,
		[MIXTURE_COMPRESSED] = &ret->compressed_pages,
		[MIXTURE_RANDOM] = &ret->random_pages,
	};

	for (size_t i = 0; i < MIXTURE_KINDS; i++)
		*counts[i] = 0;
	for (uint64_t i = 0; i < crew->n; i++) {
		const struct worker *w = &crew->workers[i];

		for (uint64_t page = 0; page < w->pages; page++) {
			const uint64_t index = w->first_page + page;

			if (w->generation[page])
				++*counts[w->trace ? trace_run_of(w->trace, index)->kind
						   : mixture_kind_of(w->mixture, w->config->seed,
								     index)];
		}
	}
}

/* The shares that the mixture asks for, beside what count_kinds tells. */
static void tell_targets(const struct mixture *mixture, struct workload_result *ret)
{
	double *const targets[MIXTURE_KINDS] = {
		[MIXTURE_ZERO] = &ret->zero_target_ratio,
		[MIXTURE_SAME] = &ret->same_target_ratio,
		[MIXTURE_DUPLICATE] = &ret->duplicate_target_ratio,
		[MIXTURE_SPARSE] = &ret->sparse_target_ratio,
		[MIXTURE_POINTER] = &ret->pointer_target_ratio,
		[MIXTURE_TEXT] = &ret->text_target_ratio,
		[MIXTURE_COMPRESSED] = &ret->compressed_target_ratio,
		[MIXTURE_RANDOM] = &ret->random_target_ratio,
	};

	for (size_t i = 0; i < MIXTURE_KINDS; i++)
		*targets[i] = mixture->permille[i] / 1000.0;
}

static void add_up(const struct crew *crew, struct workload_result *ret)
{
	struct histogram *all = crew->workers[0].all, *cold = crew->workers[0].cold;
	uint64_t begin = UINT64_MAX, end = 0, idle = 0, populate_max = 0;
	struct rusage usage;

	ret->operations = ret->minor_faults = ret->major_faults = ret->fresh_pages = 0;
	if (crew->workers[0].pattern->forks)
		ret->forks = ret->execs = ret->child_minor_faults = 0;
	for (uint64_t i = 0; i < crew->n; i++) {
		const struct worker *w = &crew->workers[i];

		if (i) {
			histogram_merge(all, w->all);
			histogram_merge(cold, w->cold);
		}
		if (w->end_ns) {
			begin = MIN(begin, w->begin_ns);
			end = MAX(end, w->end_ns);
		}
		populate_max = MAX(populate_max, w->populate_ns);
		idle += w->idle_ns;
		ret->operations += w->operations;
		ret->minor_faults += w->minor_faults;
		ret->major_faults += w->major_faults;
		ret->fresh_pages += w->fresh_pages;
		if (!w->pattern->forks)
			continue;
		ret->forks += w->forks;
		ret->execs += w->execs;
		ret->child_minor_faults += w->child_minor_faults;
	}
	ret->duration_ns = end > begin ? end - begin : 0;
	ret->populate_ns = populate_max;
	ret->idle_ns = idle / crew->n;
	if (ret->duration_ns > ret->idle_ns)
		ret->rate_per_s =
			(double)ret->operations * 1e9 / (double)(ret->duration_ns - ret->idle_ns);
	ret->latency_p50_ns = histogram_quantile(all, 0.5);
	ret->latency_p90_ns = histogram_quantile(all, 0.9);
	ret->latency_p99_ns = histogram_quantile(all, 0.99);
	ret->latency_max_ns = all->n ? all->max : MISSING_U64;
	ret->cold_touches = cold->n;
	ret->cold_touch_p50_ns = histogram_quantile(cold, 0.5);
	ret->cold_touch_p90_ns = histogram_quantile(cold, 0.9);
	ret->cold_touch_p99_ns = histogram_quantile(cold, 0.99);
	ret->cold_touch_max_ns = cold->n ? cold->max : MISSING_U64;
	getrusage(RUSAGE_SELF, &usage);
	ret->user_ns = timeval_ns(&usage.ru_utime);
	ret->system_ns = timeval_ns(&usage.ru_stime);
	ret->peak_rss_bytes = (uint64_t)usage.ru_maxrss * KIB;
	count_kinds(crew, ret);
}

int workers_run(const struct gen_config *config, const struct pattern *pattern,
		const struct trace *trace, struct workload_result *ret, struct err *e)
{
	struct crew crew = { .n = config->workers, .pages = config->region_bytes / PAGE_BYTES };
	AUTO_FREE struct worker *workers = crew.workers = calloc(crew.n, sizeof(*workers));
	AUTO_FREE pthread_t *threads = crew.threads = calloc(crew.n, sizeof(*threads));
	AUTO_FREE struct seat *seats = calloc(crew.n, sizeof(*seats));
	struct mixture mixture;
	uint64_t first_page = 0;
	int rc = gen_config_mixture(config, &mixture, e);

	if (rc)
		return rc;
	crew.region = map(crew.pages * PAGE_BYTES);
	if (!workers || !threads || !seats || !crew.region)
		return err_set(e, ENOMEM, "cannot map the region");
	/* Where the kernel has no huge pages there is nothing to advise. */
	madvise(crew.region, crew.pages * PAGE_BYTES,
		config->thp ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	for (uint64_t i = 0; i < crew.n; i++) {
		if (make_worker(&crew, i, config, pattern, &mixture, first_page))
			return err_set(e, ENOMEM, "cannot make worker %llu",
				       (unsigned long long)i + 1);
		workers[i].trace = trace->n ? trace : NULL;
		first_page += workers[i].pages;
	}
	rc = run_threads(&crew, seats, e);
	for (uint64_t i = 0; i < crew.n && !rc; i++)
		if (workers[i].error)
			rc = err_set(e, workers[i].error,
				     "%s could not go on after %llu operations of worker %llu",
				     pattern->name, (unsigned long long)workers[i].operations,
				     (unsigned long long)i + 1);
	if (rc)
		return rc;
	ret->pattern = pattern->name;
	ret->contents = trace->n ? "trace" : mixture.name;
	ret->seed = config->seed;
	ret->workers = crew.n;
	ret->region_bytes = crew.pages * PAGE_BYTES;
	add_up(&crew, ret);
	if (!trace->n)
		tell_targets(&mixture, ret);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* pool_probe.c - what happens inside a compressed pool, page by page: stores, loads, and how long a
 * page stayed.
 *
 * Watches the requests to zram devices, where a page's sector is its swap slot: no addresses need
 * to be followed. A page that swap frees without reading it makes no request: it shows when its
 * slot is stored to again, or stays among the unread ones. What the hook cannot see is told by what
 * the devices and /proc/vmstat count.
 */
#include <bpf/bpf.h>
#include <sys/mman.h>

#include "pool_probe_parts.h"
#include "lib/bpf/probe.h"
#include "pool_probe.skel.h"
#include "lib/base/term.h"

struct config {
	struct probe_options probe;
	struct opt_list devices;
	int by;
	uint64_t top;
	bool events, nothing;
};

/* While the probe runs. emit has no argument for it. */
static struct running {
	struct pool_probe *skel;
	struct watched watched;
	struct pool_edge before, after;
} running;

static void add_way(struct pool_way *to, const struct pool_way *from)
{
	to->pages += from->pages;
	to->requests += from->requests;
	to->total_ns += from->total_ns;
	to->failed += from->failed;
	to->filtered += from->filtered;
	to->max_ns = MAX(to->max_ns, from->max_ns);
	for (size_t i = 0; i < HIST_BUCKETS; i++)
		to->latency[i] += from->latency[i];
}

/* The sums of all CPUs added up. */
static int read_sums(struct pool_sums *ret, struct err *e)
{
	int cpus = libbpf_num_possible_cpus();
	AUTO_FREE struct pool_sums *each = calloc((size_t)MAX(cpus, 1), sizeof(*each));
	uint32_t zero = 0;

	if (!each || bpf_map_lookup_elem(bpf_map__fd(running.skel->maps.sums), &zero, each))
		return err_set(e, each ? errno : ENOMEM, "cannot read the sums");
	memset(ret, 0, sizeof(*ret));
	for (int cpu = 0; cpu < cpus; cpu++) {
		const struct pool_sums *s = &each[cpu];

		add_way(&ret->store, &s->store);
		add_way(&ret->load, &s->load);
		ret->replaced += s->replaced;
		ret->first_loads += s->first_loads;
		ret->unknown += s->unknown;
		ret->untracked += s->untracked;
		ret->unmatched += s->unmatched;
		ret->residence_max_ns = MAX(ret->residence_max_ns, s->residence_max_ns);
		ret->others += s->others;
		for (size_t i = 0; i < HIST_BUCKETS; i++) {
			ret->residence[i] += s->residence[i];
			ret->replaced_age[i] += s->replaced_age[i];
		}
	}
	return 0;
}

/* Pages that were not loaded yet, by how long they have been out: what is known of their residence.
 */
static int add_unread(uint64_t n, uint64_t now_ns, __u64 censored[HIST_BUCKETS], struct err *e)
{
	size_t bytes = n * sizeof(struct stored), page = (size_t)sysconf(_SC_PAGESIZE);
	const struct stored *pages;

	bytes = (bytes + page - 1) / page * page;
	pages = mmap(NULL, bytes, PROT_READ, MAP_SHARED, bpf_map__fd(running.skel->maps.pages), 0);
	if (pages == MAP_FAILED)
		return err_set(e, errno, "cannot read the slots");
	for (uint64_t i = 0; i < n; i++) {
		if (pages[i].ns && !pages[i].loads)
			censored[hist_bucket(now_ns > pages[i].ns ? now_ns - pages[i].ns : 0)]++;
	}
	munmap((void *)pages, bytes);
	return 0;
}

/* ---- --by ---- */

struct by_row {
	struct by_key key;
	uint64_t pages;
};

static int more_first(const void *a, const void *b)
{
	const struct by_row *x = a, *y = b;

	return x->pages < y->pages ? 1 : x->pages > y->pages ? -1 : 0;
}

static int print_top(struct probe *p, const struct config *c, struct err *e)
{
	int map = bpf_map__fd(running.skel->maps.by_pools), r = 0;
	AUTO_FREE struct by_row *rows = calloc(BY_KEYS, sizeof(*rows));
	AUTO_FREE struct by_pool *pool = calloc(1, sizeof(*pool));
	size_t n = 0;

	if (!rows || !pool)
		return err_set(e, ENOMEM, "cannot read the counts by key");
	while (n < BY_KEYS &&
	       !bpf_map_get_next_key(map, n ? &rows[n - 1].key : NULL, &rows[n].key)) {
		if (!bpf_map_lookup_elem(map, &rows[n].key, pool))
			rows[n].pages = pool->store.pages + pool->load.pages;
		n++;
	}
	qsort(rows, n, sizeof(*rows), more_first);
	for (size_t i = 0; i < n && i < c->top && r == 0; i++) {
		if (!bpf_map_lookup_elem(map, &rows[i].key, pool))
			r = pool_print_by(p->out, (enum pool_by)(c->by + 1), &rows[i].key, pool);
	}
	return r;
}

/* ---- the run ---- */

static int emit(struct out *out, const void *event, size_t bytes UNUSED)
{
	return pool_print_page(out, &running.watched, event);
}

static void look(void *edge)
{
	pool_edge_read(&running.watched, edge);
}

/* Until it is time to stop, then detached. */
static int collect(struct probe *p, const struct config *c, struct err *e)
{
	if (p->kernel.rw_page)
		term_say(
			"this kernel hands single pages to zram past the block layer (rw_page): "
			"only folios of more than one are seen, going out; what is not is counted");
	look(&running.before);
	p->before_detach = look;
	p->before_detach_ctx = &running.after;
	if (c->events) {
		probe_ready(p, "watching pages come and go; the sums come at the end");
		return probe_stream(p, emit, e);
	}
	/* Single pages are in the sums: none is emitted. */
	probe_ready(p, "attached; the sums come at the end, after --duration or ^C");
	probe_sleep(p);
	return probe_finish(p, e);
}

static int summarize(struct probe *p, const struct config *c, struct err *e)
{
	struct pool_summary record;
	struct pool_sums s = { 0 };
	char words[512];
	int r = collect(p, c, e);

	if (!r)
		r = read_sums(&s, e);
	if (!r)
		r = add_unread(running.watched.pages, p->end_ns, s.replaced_age, e);
	if (r)
		return r;
	pool_summary_fill(&s, s.replaced_age, p->end_ns - p->begin_ns, &record);
	record.rw_page = p->kernel.rw_page;
	pool_summary_reconcile(&s, &running.watched, &running.before, &running.after, words,
			       sizeof(words), &record);
	record.missed = p->end.missed;
	p->end.unmatched = record.unmatched;
	if (record.blind)
		term_warn("%s", record.unseen);
	else if (record.unseen)
		term_say("not seen: %s", record.unseen);
	if (s.others)
		term_warn("%llu pages found no room in the table of --by and are in the sums alone",
			  (unsigned long long)s.others);
	if (p->sink_error)
		return 0;
	r = c->by >= 0 ? print_top(p, c, e) : 0;
	return r ? r : out_record(p->out, &pool_summary_type, &record);
}

static int watch(struct probe *p, void *config, struct err *e)
{
	static const char *const hooks[] = { "block_bio_queue", "block_bio_complete" };
	const struct config *c = config;
	int r = PROBE_OPEN(running.skel, pool_probe, e);

	if (!r)
		r = probe_filter(&c->probe, &running.skel->rodata->filter, e);
	for (size_t i = 0; i < ARRAY_SIZE(hooks) && r == 0; i++)
		r = probe_use(p, running.skel->obj, hooks[i]) ? 0 : probe_no_hook(p, hooks[i], e);
	if (!r)
		r = watched_find(&c->devices, &running.watched, e);
	if (!r)
		r = out_select(p->out, c->events ? &pool_page_type : &pool_summary_type,
			       &c->probe.fields, e);
	if (r)
		return r;
	running.skel->rodata->by = (enum pool_by)(c->by + 1);
	running.skel->rodata->single = c->events;
	running.skel->rodata->nothing = c->nothing;
	memcpy((void *)running.skel->rodata->devices, running.watched.devices,
	       sizeof(running.watched.devices));
	bpf_map__set_max_entries(running.skel->maps.pages, (uint32_t)MAX(running.watched.pages, 1));
	if (c->by < 0)
		bpf_map__set_max_entries(running.skel->maps.by_pools, 1);
	r = probe_load(p, running.skel->obj, c->events, e);
	if (!r)
		r = probe_attach(p, e);
	return r ? r : summarize(p, c, e);
}

static int run(void *config, int argc UNUSED, char **argv UNUSED, int *exit_code UNUSED,
	       struct err *e)
{
	struct config *c = config;
	struct probe p;
	int r;

	if (c->probe.format < 0)
		c->probe.format = OUT_TEXT;
	if (!c->events && c->probe.max_events != MISSING_U64)
		return err_usage(e, "--max-events works on single pages: add --events");
	r = probe_run(&p, &c->probe, watch, c, e);
	pool_probe__destroy(running.skel);
	return r;
}

static const struct opt options[] = {
	PROBE_OPT_OUTPUT(struct config, probe),
	PROBE_OPT_STREAM(struct config, probe),
	PROBE_OPT_FILTER(struct config, probe),
	OPT_LIST(0, "device", struct config, devices,
		 "these zram devices; without it each that is in use as swap", .metavar = "PATH"),
	OPT_FLAG(0, "events", struct config, events,
		 "a record for each page stored and loaded too, as they come; --fields and "
		 "--max-events are of these"),
	OPT_CHOICE(0, "by", struct config, by, pool_by_choices,
		   "a record for each of these too: who made the requests"),
	OPT_U64(0, "top", struct config, top,
		"with --by: as many records, those with the most pages first", .min = 1),
	OPT_FLAG(0, "nothing", struct config, nothing,
		 "look at nothing: what the attachments alone cost", .hidden = true),
	OPT_END
};

static struct config config = { .probe = PROBE_DEFAULTS, .by = -1, .top = 10 };

static const struct opt_command commands[] = {
	{
		.summary = "sum up what goes into a zram pool and comes back",
		.description =
			"Counts and times each page stored in and loaded from zram devices, and "
			"how long it stayed, until --duration or ^C; then prints one record, "
			"before it those of --by, and before these with --events one for each "
			"page. What no request was seen for is told by what the devices and "
			"/proc/vmstat counted in the same time. Filters look at the task that "
			"makes the request, which in reclaim is not always the owner of the page.",
		.examples =
			"pool_probe -d 1m                          # every zram device in use as "
			"swap\n"
			"pool_probe --format json --device /dev/zram1   # one of them, until ^C\n"
			"pool_probe --by cgroup -d 10s             # who stored and loaded, how "
			"long it took them\n"
			"pool_probe --events --format json -o pages.json   # each page, with its "
			"slot and its stay\n",
		.options = options,
		.run = run,
	},
	{ .run = NULL },
};

int main(int argc, char **argv)
{
	static const struct record_type *const records[] = { &pool_page_type, &pool_by_type,
							     &pool_summary_type, &end_record_type,
							     NULL };
	const struct opt_program program = {
		.name = "pool_probe",
		.summary = "sum up what goes into a zram pool and comes back",
		.commands = commands,
		.config = &config,
		.records = records,
	};

	return opt_main(&program, argc, argv);
}

// SPDX-License-Identifier: GPL-2.0-only
/* pool_probe.c - swap-outs and swap-ins of a compressed pool, page by page: counts, times,
 * residence.
 *
 * Watches the requests to zram devices, where a page's sector is its swap slot: no addresses need
 * to be followed. A page that swap frees unread makes no request: it is known when its slot is
 * written again, or counts as unread. Pages that the hook does not see are computed from the
 * counters of the devices and of /proc/vmstat.
 */
#include <bpf/bpf.h>
#include <sys/mman.h>

#include "lib/base/term.h"
#include "pool_probe_parts.h"

#include "pool_probe.skel.h"

struct config {
	struct probe_options probe;
	struct opt_list devices;
	int by;
	uint64_t top;
	bool events, nothing;
};

/* One run of the program; the callbacks' ctx. */
struct run {
	struct probe p;
	const struct config *config;
	struct pool_probe *skel;
	struct watched watched;
	struct pool_edge before, after;
};

static void add_traffic(struct pool_traffic *to, const struct pool_traffic *from)
{
	to->pages += from->pages;
	to->failed += from->failed;
	to->filtered += from->filtered;
	hist_merge(&to->time, &from->time);
}

static void add_sums(void *sum, const void *cpu)
{
	struct pool_sums *to = sum;
	const struct pool_sums *from = cpu;

	add_traffic(&to->write, &from->write);
	add_traffic(&to->read, &from->read);
	to->unknown += from->unknown;
	to->untracked += from->untracked;
	to->unmatched += from->unmatched;
	to->others += from->others;
	hist_merge(&to->residence, &from->residence);
	hist_merge(&to->unread_age, &from->unread_age);
}

/* Adds the pages of the slots that were not read yet, by the time since their write. */
static int add_unread(const struct run *run, struct hist *unread, struct err *e)
{
	uint64_t n = run->watched.pages, now_ns = run->p.end_ns;
	size_t bytes = n * sizeof(struct pool_page), page = (size_t)sysconf(_SC_PAGESIZE);
	const struct pool_page *pages;

	bytes = (bytes + page - 1) / page * page;
	pages = mmap(NULL, bytes, PROT_READ, MAP_SHARED, bpf_map__fd(run->skel->maps.pages), 0);
	if (pages == MAP_FAILED)
		return err_set(e, errno, "cannot read the table of swap slots");
	for (uint64_t i = 0; i < n; i++) {
		if (pages[i].ns && !pages[i].reads)
			hist_add(unread, now_ns > pages[i].ns ? now_ns - pages[i].ns : 0);
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

static int print_top(const struct run *run, struct err *e)
{
	const struct config *c = run->config;
	int map = bpf_map__fd(run->skel->maps.by_pools), rc = 0;
	AUTO_FREE struct by_row *rows = calloc(BY_KEYS, sizeof(*rows));
	AUTO_FREE struct by_pool *pool = calloc(1, sizeof(*pool));
	size_t n = 0;

	if (!rows || !pool)
		return err_set(e, ENOMEM, "cannot read the counts of --by");
	while (n < BY_KEYS &&
	       !bpf_map_get_next_key(map, n ? &rows[n - 1].key : NULL, &rows[n].key)) {
		if (!bpf_map_lookup_elem(map, &rows[n].key, pool))
			rows[n].pages = pool->write.pages + pool->read.pages;
		n++;
	}
	qsort(rows, n, sizeof(*rows), more_first);
	for (size_t i = 0; i < n && i < c->top && rc == 0; i++) {
		if (!bpf_map_lookup_elem(map, &rows[i].key, pool))
			rc = pool_print_by(run->p.out, (enum pool_by)(c->by + 1), &rows[i].key,
					   pool);
	}
	return rc;
}

/* ---- one run ---- */

static int emit(void *ctx, const void *event, size_t bytes UNUSED)
{
	const struct run *run = ctx;

	return pool_print_page(run->p.out, &run->watched, event);
}

static void before_detach(void *ctx)
{
	struct run *run = ctx;

	pool_edge_read(&run->watched, &run->after);
}

/* Until it is time to stop; then detaches. */
static int collect(struct run *run, struct err *e)
{
	struct probe *p = &run->p;

	if (p->kernel.rw_page)
		term_say("this kernel passes single pages to zram past the block layer (rw_page): "
			 "the probe sees only writes of whole folios and counts the other pages");
	pool_edge_read(&run->watched, &run->before);
	p->calls.before_detach = before_detach;
	if (run->config->events) {
		p->calls.emit = emit;
		probe_ready(p, "watching swap-outs and swap-ins; the sums are printed at the end");
		return probe_stream(p, e);
	}
	/* Single pages are in the sums: none is emitted. */
	probe_ready(p, "attached; the sums are printed at the end, after --duration or ^C");
	probe_sleep(p);
	return probe_finish(p, e);
}

static int summarize(struct run *run, struct err *e)
{
	struct probe *p = &run->p;
	struct pool_summary record;
	struct pool_sums s;
	struct hist unread;
	char text[1024]; /* longer than the longest description: four numbers and 230 bytes, and two
			    times two numbers and 150 bytes */
	int rc = collect(run, e);

	if (!rc)
		rc = probe_sum(bpf_map__fd(run->skel->maps.sums), sizeof(s), add_sums, &s, e);
	if (rc)
		return rc;
	unread = s.unread_age;
	rc = add_unread(run, &unread, e);
	if (rc)
		return rc;
	pool_summary_fill(&s, &unread, p->end_ns - p->begin_ns, &record);
	record.rw_page = p->kernel.rw_page;
	pool_summary_reconcile(&s, &run->watched, &run->before, &run->after, text, sizeof(text),
			       &record);
	record.missed = p->end.missed;
	p->end.unmatched = record.unmatched;
	if (record.blind)
		term_warn("%s", record.unseen);
	else if (record.unseen)
		term_say("not seen by the probe: %s", record.unseen);
	if (s.others)
		term_warn("%llu pages are only in the summary: the table of --by was full",
			  (unsigned long long)s.others);
	if (p->sink_error)
		return 0;
	rc = run->config->by >= 0 ? print_top(run, e) : 0;
	return rc ? rc : out_record(p->out, &pool_summary_type, &record);
}

static int attach(struct run *run, struct err *e)
{
	const struct config *c = run->config;
	struct probe *p = &run->p;
	int rc = PROBE_OPEN(p, run->skel, pool_probe, e);

	if (!rc)
		rc = probe_filter(&c->probe, &run->skel->rodata->filter, e);
	if (!rc)
		rc = probe_require(p, "block_bio_queue", e);
	if (!rc)
		rc = probe_require(p, "block_bio_complete", e);
	if (!rc)
		rc = watched_find(&c->devices, &run->watched, e);
	if (!rc)
		rc = out_select(p->out, c->events ? &pool_page_type : &pool_summary_type,
				&c->probe.fields, e);
	if (rc)
		return rc;
	run->skel->rodata->pid_space = run->p.pid_space;
	run->skel->rodata->by = (enum pool_by)(c->by + 1);
	run->skel->rodata->single = c->events;
	run->skel->rodata->nothing = c->nothing;
	memcpy((void *)run->skel->rodata->devices, run->watched.devices,
	       sizeof(run->watched.devices));
	bpf_map__set_max_entries(run->skel->maps.pages, (uint32_t)MAX(run->watched.pages, 1));
	if (c->by < 0)
		bpf_map__set_max_entries(run->skel->maps.by_pools, 1);
	rc = probe_load(p, c->events, e);
	return rc ? rc : probe_attach(p, e);
}

static int trace(void *ctx, struct err *e)
{
	int rc = attach(ctx, e);

	return rc ? rc : summarize(ctx, e);
}

static int run(void *config, int argc UNUSED, char **argv UNUSED, int *exit_code UNUSED,
	       struct err *e)
{
	struct config *c = config;
	struct run run = { .config = c };
	int rc;

	if (c->probe.format < 0)
		c->probe.format = OUT_TEXT;
	if (!c->events && c->probe.max_events != MISSING_U64)
		return err_usage(e, "--max-events counts page records: add --events");
	rc = probe_run(&run.p, &c->probe, trace, &run, e);
	pool_probe__destroy(run.skel);
	return rc;
}

static const struct opt options[] = {
	PROBE_OPT_OUTPUT(struct config, probe),
	PROBE_OPT_STREAM(struct config, probe),
	PROBE_OPT_FILTER(struct config, probe),
	OPT_LIST(0, "device", struct config, devices,
		 "zram devices to watch; default: every zram device in use as swap",
		 .metavar = "PATH"),
	OPT_FLAG(0, "events", struct config, events,
		 "also print a record for each page written or read; then --fields and "
		 "--max-events apply to these records"),
	OPT_CHOICE(0, "by", struct config, by, pool_by_choices,
		   "also print a record for each process, task name or cgroup that made requests"),
	OPT_U64(0, "top", struct config, top, "with --by: show the N groups with the most pages",
		.metavar = "N", .min = 1),
	OPT_FLAG(0, "nothing", struct config, nothing, "empty programs, for bench/pool.sh",
		 .hidden = true),
	OPT_END
};

static const struct opt_command command = {
	.summary = "count and time swap-outs and swap-ins of zram pools",
	.description =
		"Counts and times the pages written to and read from zram devices until --duration "
		"or ^C. A write is a swap-out, a read is a swap-in. Residence is the time from the "
		"write of a page to its first read. Order of the output: page records (--events), "
		"group records (--by), one summary record. Some swap-outs and swap-ins make no "
		"request to a device: zero-filled pages, pages in zswap, and single pages on "
		"kernels with rw_page. The kernel's counters give their number. Filters test the "
		"task that makes the request; in reclaim that is not always the owner of the "
		"page.",
	.examples = "pool_probe -d 1m                          # every zram device in use as swap\n"
		    "pool_probe --format json --device /dev/zram1   # one device, until ^C\n"
		    "pool_probe --by cgroup -d 10s             # swap-ins, swap-outs and latency "
		    "per cgroup\n"
		    "pool_probe --events --format json -o pages.json   # each page, with swap "
		    "slot and residence\n",
	.options = options,
	.run = run,
};

int main(int argc, char **argv)
{
	static const struct record_type *const records[] = { &pool_page_type, &pool_by_type,
							     &pool_summary_type, &end_record_type,
							     NULL };
	struct config config = { .probe = PROBE_DEFAULTS, .by = -1, .top = 10 };

	return probe_main("pool_probe", &command, records, &config, argc, argv);
}

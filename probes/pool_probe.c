/* SPDX-License-Identifier: GPL-2.0-only */
/* pool_probe.c - what happens inside a compressed pool, page by page: stores, loads, and how long a page stayed.
 *
 * Watches the requests to zram devices, where a page's sector is its swap slot: no addresses need to be followed.
 * A page that swap frees without reading it makes no request: it shows when its slot is stored to again, or stays
 * among the unread ones. Pages that the kernel keeps as a bit (all zero, from 6.12) reach no device.
 */
#include <bpf/bpf.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "opt.h"
#include "pool_probe.h"
#include "probe.h"
#include "pool_probe.skel.h"
#include "procfs.h"
#include "sysroot.h"
#include "term.h"
#include "zram.h"

struct config {
	struct probe_options probe;
	struct opt_list devices;
	int by;
	uint64_t top;
};

/* One less than enum pool_by. */
static const char *const by_choices[] = { "pid", "comm", "cgroup", NULL };

/* The devices that are watched, as far as /sys knows them. */
struct watched {
	unsigned int ids[POOL_DEVICES];
	size_t n;
	uint64_t pages;
};

/* Ages at which the share of pages still out is given. */
static const double ages_ns[] = { 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12 };

struct pool_record {
	uint64_t duration_ns;
	uint64_t stores, loads;
	double readback_factor;
	uint64_t store_mean_ns, store_p50_ns, store_p99_ns, store_max_ns;
	uint64_t load_mean_ns, load_p50_ns, load_p99_ns, load_max_ns;
	uint64_t first_loads, replaced, unread;
	uint64_t residence_p50_ns, residence_p90_ns, residence_max_ns;
	uint64_t unknown, untracked, unmatched, missed;
	uint64_t survival_p50_ns;
	struct series survival_age_ns, survival;
	uint64_t freed;
};

#define POOL(m, unit, what) FIELD(struct pool_record, m, FIELD_U64, unit, what)

static const struct field pool_fields[] = {
	POOL(duration_ns, "ns", "how long was looked"),
	POOL(stores, "pages", "pages written to the devices"),
	POOL(loads, "pages", "pages read from them"),
	FIELD(struct pool_record, readback_factor, FIELD_F64, "ratio", "loads / stores"),
	POOL(store_mean_ns, "ns", "time in the device for each page stored"),
	POOL(store_p50_ns, "ns", "half of the requests to store took no longer; within 3.2 %"),
	POOL(store_p99_ns, "ns", "99 % of them took no longer; within 3.2 %"),
	POOL(store_max_ns, "ns", "the longest; exact"),
	POOL(load_mean_ns, "ns", "time in the device for each page loaded"),
	POOL(load_p50_ns, "ns", "half of the requests to load took no longer; within 3.2 %"),
	POOL(load_p99_ns, "ns", "99 % of them took no longer; within 3.2 %"),
	POOL(load_max_ns, "ns", "the longest; exact"),
	POOL(first_loads, "pages", "stored pages that were loaded, once or more"),
	POOL(replaced, "pages", "stored pages whose slot was stored to again before any load: freed unread"),
	POOL(unread, "pages", "stored pages not loaded by the end: still out, or freed unread"),
	POOL(residence_p50_ns, "ns",
	     "from store to first load, of those loaded: half were back after this long"),
	POOL(residence_p90_ns, "ns", "90 % of those loaded were back after this long; within 3.2 %"),
	POOL(residence_max_ns, "ns", "the longest of those loaded; exact"),
	POOL(unknown, "pages", "loads of pages stored before the probe began"),
	POOL(untracked, "pages", "stores whose time could not be kept: not in the residence"),
	POOL(unmatched, "requests",
	     "requests whose end could not be matched to their begin: not counted as pages"),
	POOL(missed, "requests", "runs of a program that the kernel skipped"),
	POOL(survival_p50_ns, "ns",
	     "half of all pages stored were back after this long, those still out counted as "
	     "such (Kaplan-Meier); missing where fewer came back; within 3.2 %"),
	FIELD(struct pool_record, survival_age_ns, FIELD_SERIES, "ns",
	      "ages, as far as any page was watched that long"),
	FIELD(struct pool_record, survival, FIELD_SERIES, "ratio",
	      "pages still out at each of them, likewise"),
	POOL(freed, "pages",
	     "slots that the devices were told to free, read or not, whoever had them (notify_free)"),
};

struct by_record {
	const char *by;
	uint64_t pid, cgroup;
	const char *comm;
	uint64_t stores, loads;
	double readback_factor;
	uint64_t store_mean_ns, load_mean_ns, first_loads, residence_p50_ns, residence_p90_ns, residence_max_ns;
};

static const struct field by_fields[] = {
	FIELD(struct by_record, by, FIELD_STRING, "", "what the requests are grouped by"),
	FIELD(struct by_record, pid, FIELD_U64, "", "by pid: process that made the requests"),
	FIELD(struct by_record, comm, FIELD_STRING, "", "by comm: name; by pid: name of one of its threads"),
	FIELD(struct by_record, cgroup, FIELD_U64, "", "by cgroup: inode number of the cgroup2 directory"),
	FIELD(struct by_record, stores, FIELD_U64, "pages", "pages written to the devices"),
	FIELD(struct by_record, loads, FIELD_U64, "pages", "pages read from them"),
	FIELD(struct by_record, readback_factor, FIELD_F64, "ratio", "loads / stores"),
	FIELD(struct by_record, store_mean_ns, FIELD_U64, "ns", "time in the device for each page stored"),
	FIELD(struct by_record, load_mean_ns, FIELD_U64, "ns", "time in the device for each page loaded"),
	FIELD(struct by_record, first_loads, FIELD_U64, "pages", "of its loads the first ones since the store"),
	FIELD(struct by_record, residence_p50_ns, FIELD_U64, "ns", "of these, from store to load; within 3.2 %"),
	FIELD(struct by_record, residence_p90_ns, FIELD_U64, "ns", "likewise"),
	FIELD(struct by_record, residence_max_ns, FIELD_U64, "ns", "the longest; exact but for two CPUs at once"),
};

static const struct record_type by_type =
	RECORD_TYPE("pool_probe_by", 1, RECORD_TABLE, by_fields, "those who stored and loaded most");

static const struct record_type pool_type =
	RECORD_TYPE("pool_probe_summary", 1, RECORD_CARD, pool_fields, "traffic of the pool over the whole time");

static uint64_t per(uint64_t sum, uint64_t n)
{
	return n ? sum / n : MISSING_U64;
}

static void add_way(struct pool_way *to, const struct pool_way *from)
{
	to->pages += from->pages;
	to->requests += from->requests;
	to->total_ns += from->total_ns;
	to->max_ns = MAX(to->max_ns, from->max_ns);
	for (size_t i = 0; i < HIST_BUCKETS; i++)
		to->latency[i] += from->latency[i];
}

/* The sums of all CPUs added up. */
static int read_sums(const struct pool_probe *skel, struct pool_sums *ret, struct err *e)
{
	int cpus = libbpf_num_possible_cpus();
	AUTO_FREE struct pool_sums *each = calloc((size_t)MAX(cpus, 1), sizeof(*each));
	uint32_t zero = 0;

	if (!each || bpf_map_lookup_elem(bpf_map__fd(skel->maps.sums), &zero, each))
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

static void fill(const struct probe *p, const struct pool_sums *s, struct pool_record *ret)
{
	const struct pool_way *in = &s->store, *out = &s->load;

	*ret = (struct pool_record){
		.duration_ns = p->end_ns - p->begin_ns,
		.stores = in->pages,
		.loads = out->pages,
		.readback_factor = in->pages ? (double)out->pages / (double)in->pages : MISSING_F64,
		.store_mean_ns = per(in->total_ns, in->pages),
		.store_p50_ns = hist_quantile(in->latency, in->requests, 0.50, in->max_ns),
		.store_p99_ns = hist_quantile(in->latency, in->requests, 0.99, in->max_ns),
		.store_max_ns = in->requests ? in->max_ns : MISSING_U64,
		.load_mean_ns = per(out->total_ns, out->pages),
		.load_p50_ns = hist_quantile(out->latency, out->requests, 0.50, out->max_ns),
		.load_p99_ns = hist_quantile(out->latency, out->requests, 0.99, out->max_ns),
		.load_max_ns = out->requests ? out->max_ns : MISSING_U64,
		.first_loads = s->first_loads,
		.replaced = s->replaced,
		.unread = in->pages - s->untracked - s->replaced - s->first_loads,
		.residence_p50_ns = hist_quantile(s->residence, s->first_loads, 0.50, s->residence_max_ns),
		.residence_p90_ns = hist_quantile(s->residence, s->first_loads, 0.90, s->residence_max_ns),
		.residence_max_ns = s->first_loads ? s->residence_max_ns : MISSING_U64,
		.unknown = s->unknown,
		.untracked = s->untracked,
		.unmatched = s->unmatched,
		.missed = probe_missed(p),
	};
}

/* Pages that were not loaded yet, by how long they have been out: what is known of their residence. */
static void add_unread(const struct pool_probe *skel, uint64_t now_ns, __u64 censored[HIST_BUCKETS])
{
	int slots = bpf_map__fd(skel->maps.slots);
	const struct slot *previous = NULL;
	struct slot slot, before;
	struct stored page;

	for (; !bpf_map_get_next_key(slots, previous, &slot); previous = &before) {
		before = slot;
		if (!bpf_map_lookup_elem(slots, &slot, &page) && !page.loads)
			censored[hist_bucket(now_ns > page.ns ? now_ns - page.ns : 0)]++;
	}
}

/* The share of pages that are still out at each age (Kaplan and Meier, JASA 53, 1958): a page that was loaded is an
 * event at its residence, one that was not is known to have been out as long as it was watched. values is room
 * for the series.
 */
static void fill_survival(const struct pool_sums *s, const __u64 censored[HIST_BUCKETS],
			  double values[ARRAY_SIZE(ages_ns)], struct pool_record *ret)
{
	uint64_t at_risk = 0;
	double out = 1;
	size_t age = 0;

	for (uint32_t b = 0; b < HIST_BUCKETS; b++)
		at_risk += s->residence[b] + censored[b];
	ret->survival_p50_ns = MISSING_U64;
	for (uint32_t b = 0; b < HIST_BUCKETS && at_risk; b++) {
		while (age < ARRAY_SIZE(ages_ns) && ages_ns[age] <= (double)hist_low(b))
			values[age++] = out;
		out *= 1 - (double)s->residence[b] / (double)at_risk;
		at_risk -= s->residence[b] + censored[b];
		if (out <= 0.5 && ret->survival_p50_ns == MISSING_U64)
			ret->survival_p50_ns = (hist_low(b) + hist_low(b + 1) - 1) / 2;
	}
	ret->survival_age_ns = (struct series){ age ? ages_ns : NULL, age };
	ret->survival = (struct series){ age ? values : NULL, age };
}

/* Slots freed so far, of all devices watched; missing where one does not say. */
static uint64_t freed(const struct watched *watched)
{
	struct zram_io_stat stat;
	uint64_t sum = 0;

	for (size_t i = 0; i < watched->n; i++) {
		if (zram_io_stat_read(NULL, watched->ids[i], &stat, NULL))
			return MISSING_U64;
		sum += stat.notify_free;
	}
	return sum;
}

struct by_row {
	struct by_key key;
	struct by_pool pool;
};

static int more_first(const void *a, const void *b)
{
	const struct by_row *x = a, *y = b;
	uint64_t of_x = x->pool.stores + x->pool.loads, of_y = y->pool.stores + y->pool.loads;

	return of_x < of_y ? 1 : of_x > of_y ? -1 : 0;
}

static int print_row(struct probe *p, enum pool_by by, struct by_row *row)
{
	const struct by_pool *pool = &row->pool;
	char comm[PROBE_COMM_LEN] = "";
	struct by_record record = {
		.by = by_choices[by - 1],
		.pid = by == BY_PID ? row->key.word[0] : MISSING_U64,
		.cgroup = by == BY_CGROUP ? row->key.word[0] : MISSING_U64,
		.comm = by == BY_CGROUP ? NULL : comm,
		.stores = pool->stores,
		.loads = pool->loads,
		.readback_factor = pool->stores ? (double)pool->loads / (double)pool->stores : MISSING_F64,
		.store_mean_ns = per(pool->store_ns, pool->stores),
		.load_mean_ns = per(pool->load_ns, pool->loads),
		.first_loads = pool->first_loads,
		.residence_p50_ns = hist_quantile(pool->residence, pool->first_loads, 0.50, pool->residence_max_ns),
		.residence_p90_ns = hist_quantile(pool->residence, pool->first_loads, 0.90, pool->residence_max_ns),
		.residence_max_ns = pool->first_loads ? pool->residence_max_ns : MISSING_U64,
	};

	memcpy(comm, by == BY_COMM ? (const char *)row->key.word : pool->comm, sizeof(comm) - 1);
	return out_record(p->out, &by_type, &record);
}

static int print_top(struct probe *p, const struct pool_probe *skel, const struct config *c, struct err *e)
{
	int map = bpf_map__fd(skel->maps.by_pools), r = 0;
	AUTO_FREE struct by_row *rows = calloc(BY_KEYS, sizeof(*rows));
	size_t n = 0;

	if (!rows)
		return err_set(e, ENOMEM, "cannot read the counts by key");
	while (n < BY_KEYS && !bpf_map_get_next_key(map, n ? &rows[n - 1].key : NULL, &rows[n].key)) {
		bpf_map_lookup_elem(map, &rows[n].key, &rows[n].pool);
		n++;
	}
	qsort(rows, n, sizeof(*rows), more_first);
	for (size_t i = 0; i < n && i < c->top && r == 0; i++)
		r = print_row(p, (enum pool_by)(c->by + 1), &rows[i]);
	return r;
}

static int summarize(struct probe *p, const struct pool_probe *skel, const struct config *c,
		     const struct watched *watched, struct err *e)
{
	uint64_t freed_before = freed(watched), freed_now;
	double survival[ARRAY_SIZE(ages_ns)];
	struct pool_record record;
	struct probe_counts counts;
	struct pool_sums s;
	int r;

	probe_ready(p, "attached; the sums come at the end, after --duration or ^C");
	probe_sleep(p);
	probe_detach(p);
	r = probe_counts(p, &counts, e);
	if (!r)
		r = read_sums(skel, &s, e);
	if (r)
		return r;
	freed_now = freed(watched);
	fill(p, &s, &record);
	add_unread(skel, p->end_ns, s.replaced_age);
	fill_survival(&s, s.replaced_age, survival, &record);
	record.freed = freed_before == MISSING_U64 || freed_now == MISSING_U64 ? MISSING_U64 : freed_now - freed_before;
	if (s.others)
		term_warn("%llu pages found no room in the table of --by and are in the sums alone",
			  (unsigned long long)s.others);
	r = c->by >= 0 ? print_top(p, skel, c, e) : 0;
	if (r)
		return r;
	/* Single requests are in the sums: none is emitted. */
	p->end.seen = counts.seen;
	p->end.filtered = counts.filtered;
	p->end.missed = record.missed;
	p->end.unmatched = record.unmatched;
	return out_record(p->out, &pool_type, &record);
}

/* Adds the zram device at path to those watched. */
static int add_device(struct pool_probe *skel, const char *path, struct watched *watched, struct err *e)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	uint64_t bytes;
	struct stat st;
	int r;

	if (watched->n == POOL_DEVICES)
		return err_usage(e, "--device: no more than %d at once", POOL_DEVICES);
	if (!str_starts(name, "zram") || stat(path, &st) || !S_ISBLK(st.st_mode))
		return err_usage(e, "--device %s is no zram device, e.g. /dev/zram1", path);
	r = sysroot_read_u64(NULL, &bytes, e, "/sys/block/%s/disksize", name);
	if (r)
		return r;
	/* As the kernel has it: 12 bits and 20. */
	skel->rodata->devices[watched->n] = major(st.st_rdev) << 20 | minor(st.st_rdev);
	watched->ids[watched->n++] = (unsigned int)strtoul(name + strlen("zram"), NULL, 10);
	watched->pages += bytes / PAGE_BYTES;
	return 0;
}

static int add_devices(struct pool_probe *skel, const struct config *c, struct watched *watched, struct err *e)
{
	struct procfs_swaps swaps;
	int r = 0;

	for (size_t i = 0; i < c->devices.n && r == 0; i++)
		r = add_device(skel, c->devices.items[i], watched, e);
	if (r || c->devices.n)
		return r;
	r = procfs_swaps_read(NULL, &swaps, e);
	for (size_t i = 0; r == 0 && i < swaps.n; i++) {
		if (str_starts(swaps.swaps[i].path, "/dev/zram") && !swaps.swaps[i].deleted)
			r = add_device(skel, swaps.swaps[i].path, watched, e);
	}
	if (r || watched->n)
		return r;
	err_say(e, ENODEV, "no zram device is in use as swap");
	return err_hint(e, "set one up with ram_pool setup, or name one: --device /dev/zram1");
}

static int watch(struct probe *p, struct pool_probe *skel, const struct config *c, struct err *e)
{
	static const char *const hooks[] = { "block_bio_queue", "block_bio_complete" };
	struct probe_filter filter;
	struct watched watched = { 0 };
	int r = probe_filter(&c->probe, &filter, e);

	for (size_t i = 0; i < ARRAY_SIZE(hooks) && r == 0; i++)
		r = probe_use(p, skel->obj, hooks[i]) ? 0 : probe_no_hook(p, hooks[i], e);
	if (!r)
		r = add_devices(skel, c, &watched, e);
	if (!r)
		r = out_select(p->out, &pool_type, &c->probe.fields, e);
	if (r)
		return r;
	skel->rodata->filter = filter;
	bpf_map__set_max_entries(skel->maps.slots, (uint32_t)MIN(MAX(watched.pages, 1), UINT32_MAX));
	skel->rodata->by = (enum pool_by)(c->by + 1);
	if (c->by < 0)
		bpf_map__set_max_entries(skel->maps.by_pools, 1);
	r = probe_load(p, skel->obj, false, e);
	if (!r)
		r = probe_attach(p, e);
	return r ? r : summarize(p, skel, c, &watched, e);
}

static int run(void *config, int argc UNUSED, char **argv UNUSED, int *exit_code UNUSED, struct err *e)
{
	struct config *c = config;
	struct pool_probe *skel = NULL;
	struct probe p;
	int r;

	if (c->probe.format < 0)
		c->probe.format = OUT_TEXT;
	r = probe_open(&p, &c->probe, e);
	if (!r && !(skel = pool_probe__open()))
		r = err_set(e, errno, "cannot open the probe's programs");
	if (!r)
		r = watch(&p, skel, c, e);
	if (!r)
		r = probe_close(&p, e);
	probe_done(&p);
	pool_probe__destroy(skel);
	return r;
}

static const struct opt options[] = {
	PROBE_OPT_OUTPUT(struct config, probe),
	PROBE_OPT_FILTER(struct config, probe),
	OPT_LIST(0, "device", struct config, devices, "these zram devices; without it each that is in use as swap",
		 .metavar = "PATH"),
	OPT_CHOICE(0, "by", struct config, by, by_choices, "a record for each of these too: who made the requests"),
	OPT_U64(0, "top", struct config, top, "with --by: as many records, those with the most pages first", .min = 1),
	OPT_LIST(0, "fields", struct config, probe.fields, "only these fields of the record, in this order"),
	OPT_END
};

static struct config config = { .probe = PROBE_DEFAULTS, .by = -1, .top = 10 };

static const struct opt_command commands[] = {
	{
		.summary = "sum up what goes into a zram pool and comes back",
		.description = "Counts and times each page stored in and loaded from zram devices, and how long it "
			       "stayed, until --duration or ^C; then prints one record, before it those of --by. "
			       "Filters look at the task that makes the request, which in reclaim is not always the "
			       "owner of the page.",
		.examples = "pool_probe -d 1m                          # every zram device in use as swap\n"
			    "pool_probe --format json --device /dev/zram1   # one of them, until ^C\n",
		.options = options,
		.run = run,
	},
	{ .run = NULL },
};

int main(int argc, char **argv)
{
	static const struct record_type *const records[] = { &by_type, &pool_type, &end_record_type, NULL };
	const struct opt_program program = {
		.name = "pool_probe",
		.summary = "sum up what goes into a zram pool and comes back",
		.commands = commands,
		.config = &config,
		.records = records,
	};

	return opt_main(&program, argc, argv);
}

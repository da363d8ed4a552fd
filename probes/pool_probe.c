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

struct config {
	struct probe_options probe;
	struct opt_list devices;
};

struct pool_record {
	uint64_t duration_ns;
	uint64_t stores, loads;
	double readback_factor;
	uint64_t store_mean_ns, store_p50_ns, store_p99_ns, store_max_ns;
	uint64_t load_mean_ns, load_p50_ns, load_p99_ns, load_max_ns;
	uint64_t first_loads, replaced, unread;
	uint64_t residence_p50_ns, residence_p90_ns, residence_max_ns;
	uint64_t unknown, untracked, unmatched, missed;
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
	POOL(residence_p50_ns, "ns", "from store to first load, of those loaded: half were back after this long"),
	POOL(residence_p90_ns, "ns", "90 % of those loaded were back after this long; within 3.2 %"),
	POOL(residence_max_ns, "ns", "the longest of those loaded; exact"),
	POOL(unknown, "pages", "loads of pages stored before the probe began"),
	POOL(untracked, "pages", "stores whose time could not be kept: not in the residence"),
	POOL(unmatched, "requests", "requests whose end could not be matched to their begin: not counted as pages"),
	POOL(missed, "requests", "runs of a program that the kernel skipped"),
};

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
		for (size_t i = 0; i < HIST_BUCKETS; i++)
			ret->residence[i] += s->residence[i];
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

static int summarize(struct probe *p, const struct pool_probe *skel, struct err *e)
{
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
	fill(p, &s, &record);
	/* Single requests are in the sums: none is emitted. */
	p->end.seen = counts.seen;
	p->end.filtered = counts.filtered;
	p->end.missed = record.missed;
	p->end.unmatched = record.unmatched;
	return out_record(p->out, &pool_type, &record);
}

/* Adds the zram device at path to those watched; *pages grows by its size. */
static int add_device(struct pool_probe *skel, const char *path, size_t *n, uint64_t *pages, struct err *e)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	uint64_t bytes;
	struct stat st;
	int r;

	if (*n == POOL_DEVICES)
		return err_usage(e, "--device: no more than %d at once", POOL_DEVICES);
	if (!str_starts(name, "zram") || stat(path, &st) || !S_ISBLK(st.st_mode))
		return err_usage(e, "--device %s is no zram device, e.g. /dev/zram1", path);
	r = sysroot_read_u64(NULL, &bytes, e, "/sys/block/%s/disksize", name);
	if (r)
		return r;
	/* As the kernel has it: 12 bits and 20. */
	skel->rodata->devices[(*n)++] = major(st.st_rdev) << 20 | minor(st.st_rdev);
	*pages += bytes / PAGE_BYTES;
	return 0;
}

static int add_devices(struct pool_probe *skel, const struct config *c, uint64_t *pages, struct err *e)
{
	struct procfs_swaps swaps;
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; i < c->devices.n && r == 0; i++)
		r = add_device(skel, c->devices.items[i], &n, pages, e);
	if (r || c->devices.n)
		return r;
	r = procfs_swaps_read(NULL, &swaps, e);
	for (size_t i = 0; r == 0 && i < swaps.n; i++) {
		if (str_starts(swaps.swaps[i].path, "/dev/zram") && !swaps.swaps[i].deleted)
			r = add_device(skel, swaps.swaps[i].path, &n, pages, e);
	}
	if (r || n)
		return r;
	err_say(e, ENODEV, "no zram device is in use as swap");
	return err_hint(e, "set one up with ram_pool setup, or name one: --device /dev/zram1");
}

static int watch(struct probe *p, struct pool_probe *skel, const struct config *c, struct err *e)
{
	static const char *const hooks[] = { "block_bio_queue", "block_bio_complete" };
	struct probe_filter filter;
	uint64_t pages = 0;
	int r = probe_filter(&c->probe, &filter, e);

	for (size_t i = 0; i < ARRAY_SIZE(hooks) && r == 0; i++)
		r = probe_use(p, skel->obj, hooks[i]) ? 0 : probe_no_hook(p, hooks[i], e);
	if (!r)
		r = add_devices(skel, c, &pages, e);
	if (!r)
		r = out_select(p->out, &pool_type, &c->probe.fields, e);
	if (r)
		return r;
	skel->rodata->filter = filter;
	bpf_map__set_max_entries(skel->maps.slots, (uint32_t)MIN(MAX(pages, 1), UINT32_MAX));
	r = probe_load(p, skel->obj, false, e);
	if (!r)
		r = probe_attach(p, e);
	return r ? r : summarize(p, skel, e);
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
	OPT_LIST(0, "fields", struct config, probe.fields, "only these fields of the record, in this order"),
	OPT_END
};

static struct config config = { .probe = PROBE_DEFAULTS };

static const struct opt_command commands[] = {
	{
		.summary = "sum up what goes into a zram pool and comes back",
		.description = "Counts and times each page stored in and loaded from zram devices, and how long it "
			       "stayed, until --duration or ^C; then prints one record. Filters look at the task that "
			       "makes the request, which in reclaim is not always the owner of the page.",
		.examples = "pool_probe -d 1m                          # every zram device in use as swap\n"
			    "pool_probe --format json --device /dev/zram1   # one of them, until ^C\n",
		.options = options,
		.run = run,
	},
	{ .run = NULL },
};

int main(int argc, char **argv)
{
	static const struct record_type *const records[] = { &pool_type, &end_record_type, NULL };
	const struct opt_program program = {
		.name = "pool_probe",
		.summary = "sum up what goes into a zram pool and comes back",
		.commands = commands,
		.config = &config,
		.records = records,
	};

	return opt_main(&program, argc, argv);
}

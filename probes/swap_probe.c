/* SPDX-License-Identifier: GPL-2.0-only */
/* swap_probe.c - reclaim pressure, one line or record an interval: what the vmscan tracepoints counted in it.
 *
 * The kernel has no tracepoint for a page that is swapped in or out; these are a proxy. Records add what
 * /proc/vmstat counted in the same interval. A key without a hook in this kernel is `-` or null, never 0.
 */
#include <bpf/bpf.h>

#include "opt.h"
#include "probe.h"
#include "procfs.h"
#include "psi.h"
#include "swap_probe.h"
#include "swap_probe.skel.h"
#include "term.h"

struct config {
	struct probe_options probe;
	uint64_t interval_ns;
};

struct swap_record {
	uint64_t ts;
	uint64_t kswapd_wake, kswapd_sleep, direct_begin, direct_end, reclaim_pages, write_folio;
	uint64_t last_pid;
	const char *last_comm;
	uint64_t ts_ns, interval_ns;
	uint64_t pswpin, pswpout, zswpin, zswpout, pgmajfault, allocstall;
	uint64_t pgscan_kswapd, pgscan_direct, pgsteal_kswapd, pgsteal_direct, refault_anon, refault_file, oom_kill;
	uint64_t write_anon, memcg_begin, memcg_end;
	uint64_t direct_ns, direct_pages, direct_p50_ns, direct_p99_ns, direct_max_ns;
	uint64_t memcg_ns, memcg_pages, memcg_p50_ns, memcg_p99_ns, memcg_max_ns;
	uint64_t kswapd_ns, kswapd_p50_ns, kswapd_p99_ns, kswapd_max_ns;
	double direct_efficiency, kswapd_efficiency;
	uint64_t psi_some_us, psi_full_us;
};

#define DELTA(m, what) FIELD(struct swap_record, m, FIELD_U64, "events", "in the interval: " what)

#define PAGES(m, what) FIELD(struct swap_record, m, FIELD_U64, "pages", "in the interval: " what)
#define TIME(m, unit, what) FIELD(struct swap_record, m, FIELD_U64, unit, what)
#define RECLAIM(way, what) \
	TIME(way##_ns, "ns", "time that " what " took, of those ended in the interval"), \
	TIME(way##_p50_ns, "ns", "half of them took no longer; within 3.2 %"), \
	TIME(way##_p99_ns, "ns", "99 % of them took no longer; within 3.2 %"), \
	TIME(way##_max_ns, "ns", "the longest of them; within 3.2 %")

static const struct field swap_fields[] = {
	FIELD(struct swap_record, ts, FIELD_U64, "s", "wall clock at the end of the interval, since 1970"),
	DELTA(kswapd_wake, "kswapd woken"),
	DELTA(kswapd_sleep, "kswapd gone to sleep"),
	DELTA(direct_begin, "direct reclaim begun by a task that needed memory"),
	DELTA(direct_end, "direct reclaim ended"),
	DELTA(reclaim_pages, "rounds of page-out on request (madvise, DAMON)"),
	DELTA(write_folio, "folios, of a file or anonymous, given to writeback or swap"),
	FIELD(struct swap_record, last_pid, FIELD_U64, "", "process of the latest event on any CPU"),
	FIELD(struct swap_record, last_comm, FIELD_STRING, "", "its thread's name"),
	FIELD(struct swap_record, ts_ns, FIELD_U64, "ns", "CLOCK_MONOTONIC at the end of the interval"),
	FIELD(struct swap_record, interval_ns, FIELD_U64, "ns", "length of the interval as it was"),
	DELTA(pswpin, "pages read from swap devices"),
	DELTA(pswpout, "pages written to swap devices"),
	DELTA(zswpin, "pages taken from zswap"),
	DELTA(zswpout, "pages stored in zswap"),
	DELTA(pgmajfault, "major faults"),
	DELTA(allocstall, "allocations that stalled in direct reclaim, all zones"),
	DELTA(pgscan_kswapd, "pages scanned by kswapd"),
	DELTA(pgscan_direct, "pages scanned by direct reclaim"),
	DELTA(pgsteal_kswapd, "pages reclaimed by kswapd"),
	DELTA(pgsteal_direct, "pages reclaimed by direct reclaim"),
	DELTA(refault_anon, "anonymous pages faulted back soon after reclaim (workingset_refault_anon)"),
	DELTA(refault_file, "file pages likewise (workingset_refault_file)"),
	DELTA(oom_kill, "processes killed for want of memory"),
	DELTA(write_anon, "of write_folio the anonymous ones; missing with classic hooks and before 5.18"),
	DELTA(memcg_begin, "reclaim begun since a cgroup was at its limit"),
	DELTA(memcg_end, "such reclaim ended"),
	RECLAIM(direct, "direct reclaim"),
	PAGES(direct_pages, "pages that direct reclaim freed, by its tracepoint"),
	RECLAIM(memcg, "reclaim for a cgroup's limit"),
	PAGES(memcg_pages, "pages that reclaim for a cgroup's limit freed"),
	RECLAIM(kswapd, "kswapd, awake"),
	FIELD(struct swap_record, direct_efficiency, FIELD_F64, "ratio", "pgsteal_direct / pgscan_direct"),
	FIELD(struct swap_record, kswapd_efficiency, FIELD_F64, "ratio", "pgsteal_kswapd / pgscan_kswapd"),
	TIME(psi_some_us, "us", "in the interval: time in which some task waited for memory (PSI)"),
	TIME(psi_full_us, "us", "in the interval: time in which all of them did"),
};

static const struct record_type swap_type =
	RECORD_TYPE("swap_probe", 1, RECORD_LINE, swap_fields, "reclaim in one interval");

/* What this kernel has a hook for. */
struct have {
	bool key[SWAP_KEYS], write_anon;
};

/* Everything that only grows, at one moment. */
struct sample {
	uint64_t ns;
	struct swap_counts swap;	/* of all CPUs; last_* of the latest event on any */
	struct procfs_vmstat vmstat;
	uint64_t some_us, full_us;	/* PSI of memory; missing where the kernel has none */
};

static void add_reclaim(struct swap_reclaim *sum, const struct swap_reclaim *cpu)
{
	sum->timed += cpu->timed;
	sum->total_ns += cpu->total_ns;
	sum->max_ns = MAX(sum->max_ns, cpu->max_ns);
	sum->pages += cpu->pages;
	for (size_t i = 0; i < HIST_BUCKETS; i++)
		sum->latency[i] += cpu->latency[i];
}

static void add_cpu(struct swap_counts *sum, const struct swap_counts *cpu)
{
	for (size_t key = 0; key < SWAP_KEYS; key++)
		sum->count[key] += cpu->count[key];
	sum->write_anon += cpu->write_anon;
	for (size_t way = 0; way < SWAP_WAYS; way++)
		add_reclaim(&sum->reclaim[way], &cpu->reclaim[way]);
	if (cpu->last_ns <= sum->last_ns)
		return;
	sum->last_ns = cpu->last_ns;
	sum->last_pid = cpu->last_pid;
	memcpy(sum->last_comm, cpu->last_comm, sizeof(sum->last_comm));
}

/* All CPUs added up. One that was in the middle of an event is looked at again. */
static int read_counts(const struct swap_probe *skel, struct swap_counts *ret, struct err *e)
{
	int cpus = libbpf_num_possible_cpus(), left = cpus;
	AUTO_FREE struct swap_counts *each = calloc((size_t)MAX(cpus, 1), sizeof(*each));
	AUTO_FREE bool *added = calloc((size_t)MAX(cpus, 1), sizeof(*added));
	struct swap_counts sum = { 0 };
	uint32_t zero = 0;

	if (!each || !added)
		return err_set(e, ENOMEM, "cannot read the counts");
	while (left > 0) {
		if (bpf_map_lookup_elem(bpf_map__fd(skel->maps.swap_counts), &zero, each))
			return err_set(e, errno, "cannot read the counts");
		for (int cpu = 0; cpu < cpus; cpu++) {
			if (added[cpu] || each[cpu].begun != each[cpu].done)
				continue;
			add_cpu(&sum, &each[cpu]);
			added[cpu] = true;
			left--;
		}
	}
	*ret = sum;
	return 0;
}

static int take(const struct swap_probe *skel, struct sample *ret, struct err *e)
{
	struct psi psi;
	bool has_psi = !psi_read(NULL, "/proc/pressure/memory", &psi, NULL);
	int r = read_counts(skel, &ret->swap, e);

	if (!r)
		r = procfs_vmstat_read(NULL, &ret->vmstat, e);
	ret->some_us = has_psi ? psi.some.total_us : MISSING_U64;
	ret->full_us = has_psi ? psi.full.total_us : MISSING_U64;
	ret->ns = monotonic_ns();
	return r;
}

static uint64_t delta(uint64_t before, uint64_t now)
{
	return before == MISSING_U64 || now == MISSING_U64 ? MISSING_U64 : now - before;
}

/* What one way of reclaim did between two samples. */
struct reclaim_figures {
	uint64_t total_ns, p50_ns, p99_ns, max_ns, pages;
};

static struct reclaim_figures reclaimed(const struct sample *a, const struct sample *b, enum swap_way way, bool have)
{
	const struct swap_reclaim *before = &a->swap.reclaim[way], *now = &b->swap.reclaim[way];
	uint64_t n = now->timed - before->timed;
	__u64 latency[HIST_BUCKETS];

	if (!have)
		return (struct reclaim_figures){ MISSING_U64, MISSING_U64, MISSING_U64, MISSING_U64, MISSING_U64 };
	for (size_t i = 0; i < HIST_BUCKETS; i++)
		latency[i] = now->latency[i] - before->latency[i];
	return (struct reclaim_figures){
		.total_ns = now->total_ns - before->total_ns,
		.p50_ns = hist_quantile(latency, n, 0.50, now->max_ns),
		.p99_ns = hist_quantile(latency, n, 0.99, now->max_ns),
		.max_ns = hist_quantile(latency, n, 1.00, now->max_ns),
		.pages = now->pages - before->pages,
	};
}

static double ratio(uint64_t part, uint64_t whole)
{
	return part == MISSING_U64 || whole == MISSING_U64 || !whole ? MISSING_F64 : (double)part / (double)whole;
}

/* The figures beyond the specification's, for records. */
static void fill_reclaim(const struct sample *a, const struct sample *b, const struct have *have,
			 struct swap_record *ret)
{
	struct reclaim_figures direct = reclaimed(a, b, SWAP_DIRECT, have->key[SWAP_DIRECT_END]);
	struct reclaim_figures memcg = reclaimed(a, b, SWAP_MEMCG, have->key[SWAP_MEMCG_END]);
	struct reclaim_figures kswapd = reclaimed(a, b, SWAP_KSWAPD, have->key[SWAP_KSWAPD_SLEEP]);

	ret->direct_ns = direct.total_ns;
	ret->direct_pages = direct.pages;
	ret->direct_p50_ns = direct.p50_ns;
	ret->direct_p99_ns = direct.p99_ns;
	ret->direct_max_ns = direct.max_ns;
	ret->memcg_ns = memcg.total_ns;
	ret->memcg_pages = memcg.pages;
	ret->memcg_p50_ns = memcg.p50_ns;
	ret->memcg_p99_ns = memcg.p99_ns;
	ret->memcg_max_ns = memcg.max_ns;
	ret->kswapd_ns = kswapd.total_ns;
	ret->kswapd_p50_ns = kswapd.p50_ns;
	ret->kswapd_p99_ns = kswapd.p99_ns;
	ret->kswapd_max_ns = kswapd.max_ns;
	ret->write_anon = have->write_anon ? b->swap.write_anon - a->swap.write_anon : MISSING_U64;
	ret->direct_efficiency = ratio(ret->pgsteal_direct, ret->pgscan_direct);
	ret->kswapd_efficiency = ratio(ret->pgsteal_kswapd, ret->pgscan_kswapd);
	ret->psi_some_us = delta(a->some_us, b->some_us);
	ret->psi_full_us = delta(a->full_us, b->full_us);
}

/* comm is room for the name that the record points to. */
static void fill(const struct sample *a, const struct sample *b, const struct have *have, char comm[PROBE_COMM_LEN],
		 struct swap_record *ret)
{
	const struct procfs_vmstat *v = &a->vmstat, *w = &b->vmstat;
	uint64_t n[SWAP_KEYS];

	for (size_t key = 0; key < SWAP_KEYS; key++)
		n[key] = have->key[key] ? b->swap.count[key] - a->swap.count[key] : MISSING_U64;
	memcpy(comm, b->swap.last_comm, PROBE_COMM_LEN);
	*ret = (struct swap_record){
		.ts = (uint64_t)time(NULL),
		.kswapd_wake = n[SWAP_KSWAPD_WAKE],
		.kswapd_sleep = n[SWAP_KSWAPD_SLEEP],
		.direct_begin = n[SWAP_DIRECT_BEGIN],
		.direct_end = n[SWAP_DIRECT_END],
		.reclaim_pages = n[SWAP_RECLAIM_PAGES],
		.write_folio = n[SWAP_WRITE_FOLIO],
		.last_pid = b->swap.last_ns ? b->swap.last_pid : MISSING_U64,
		.last_comm = b->swap.last_ns ? comm : NULL,
		.ts_ns = b->ns,
		.interval_ns = b->ns - a->ns,
		.pswpin = delta(v->pswpin, w->pswpin),
		.pswpout = delta(v->pswpout, w->pswpout),
		.zswpin = delta(v->zswpin, w->zswpin),
		.zswpout = delta(v->zswpout, w->zswpout),
		.pgmajfault = delta(v->pgmajfault, w->pgmajfault),
		.allocstall = delta(v->allocstall, w->allocstall),
		.pgscan_kswapd = delta(v->pgscan_kswapd, w->pgscan_kswapd),
		.pgscan_direct = delta(v->pgscan_direct, w->pgscan_direct),
		.pgsteal_kswapd = delta(v->pgsteal_kswapd, w->pgsteal_kswapd),
		.pgsteal_direct = delta(v->pgsteal_direct, w->pgsteal_direct),
		.refault_anon = delta(v->workingset_refault_anon, w->workingset_refault_anon),
		.refault_file = delta(v->workingset_refault_file, w->workingset_refault_file),
		.oom_kill = delta(v->oom_kill, w->oom_kill),
		.memcg_begin = n[SWAP_MEMCG_BEGIN],
		.memcg_end = n[SWAP_MEMCG_END],
	};
	fill_reclaim(a, b, have, ret);
}

static const char *number(uint64_t n, char buf[24])
{
	if (n == MISSING_U64)
		return "-";
	snprintf(buf, 24, "%llu", (unsigned long long)n);
	return buf;
}

/* The specification's line. */
static int print_line(struct out *out, const struct swap_record *r, char comm[PROBE_COMM_LEN])
{
	char b[8][24];

	comm_printable(comm);
	return out_line(out,
			"swap_probe ts=%s kswapd_wake=%s kswapd_sleep=%s direct_begin=%s direct_end=%s "
			"reclaim_pages=%s write_folio=%s last_pid=%s last_comm=%s",
			number(r->ts, b[0]), number(r->kswapd_wake, b[1]), number(r->kswapd_sleep, b[2]),
			number(r->direct_begin, b[3]), number(r->direct_end, b[4]), number(r->reclaim_pages, b[5]),
			number(r->write_folio, b[6]), number(r->last_pid, b[7]), r->last_comm ? comm : "-");
}

/* A cgroup's own limit leaves the direct columns near zero: says once where to look, when such reclaim takes 5 % of
 * the time of one CPU and ten times what direct reclaim does. Reclaim through memory.reclaim looks the same.
 */
static void remark(const struct swap_record *r, bool *said)
{
	if (*said || r->memcg_ns == MISSING_U64 || r->memcg_ns < r->interval_ns / 20 || r->memcg_ns / 10 < r->direct_ns)
		return;
	*said = true;
	term_say("a cgroup reclaims at its own limit, which the direct columns do not show: %llu times, %llu ms of an "
		 "interval of %llu ms; see memory.pressure and memory.events of the cgroup of pid %llu (%s)",
		 (unsigned long long)r->memcg_end, (unsigned long long)(r->memcg_ns / NS_PER_MS),
		 (unsigned long long)(r->interval_ns / NS_PER_MS), (unsigned long long)r->last_pid, r->last_comm);
}

static int print(struct probe *p, const struct sample *before, const struct sample *now, const struct have *have,
		 bool *said)
{
	char comm[PROBE_COMM_LEN];
	struct swap_record record;
	int r;

	fill(before, now, have, comm, &record);
	remark(&record, said);
	if (p->options->format < 0)
		r = print_line(p->out, &record, comm);
	else
		r = out_record(p->out, &swap_type, &record);
	if (r == 0)
		r = out_flush(p->out);
	if (r == 0) {
		p->end.seen++;
		p->end.emitted++;
	}
	return r;
}

static const char *wait_until(struct probe *p, uint64_t deadline_ns)
{
	const char *reason = NULL;
	uint64_t now;

	while (!reason && (now = monotonic_ns()) < deadline_ns)
		reason = probe_wait(p, deadline_ns - now);
	return reason;
}

static int watch(struct probe *p, const struct swap_probe *skel, const struct config *c, const struct have *have,
		 struct err *e)
{
	struct sample before, now;
	bool said = false;
	int r = take(skel, &before, e);

	if (r)
		return r;
	probe_ready(p, "counting reclaim; stop with ^C");
	for (uint64_t next = p->begin_ns + c->interval_ns; !p->end.reason; next += c->interval_ns) {
		p->end.reason = wait_until(p, next);
		if (p->end.reason)
			break;
		r = take(skel, &now, e);
		if (r)
			return r;
		p->sink_error = print(p, &before, &now, have, &said);
		if (p->sink_error)
			p->end.reason = p->sink_error == -EPIPE ? "reader" : "partial";
		else if (p->end.emitted >= p->options->max_events)
			p->end.reason = "done";
		before = now;
	}
	probe_detach(p);
	p->end.missed = probe_missed(p);
	return 0;
}

/* Which keys this kernel has a hook for; says on stderr which it has not. */
static int use_hooks(struct probe *p, struct bpf_object *object, struct have *have, struct err *e)
{
	static const struct {
		const char *hook, *key;
	} hooks[SWAP_KEYS] = {
		[SWAP_KSWAPD_WAKE] = { "mm_vmscan_kswapd_wake", "kswapd_wake" },
		[SWAP_KSWAPD_SLEEP] = { "mm_vmscan_kswapd_sleep", "kswapd_sleep" },
		[SWAP_DIRECT_BEGIN] = { "mm_vmscan_direct_reclaim_begin", "direct_begin" },
		[SWAP_DIRECT_END] = { "mm_vmscan_direct_reclaim_end", "direct_end" },
		[SWAP_RECLAIM_PAGES] = { "mm_vmscan_reclaim_pages", "reclaim_pages" },
		[SWAP_WRITE_FOLIO] = { "mm_vmscan_write_folio", "write_folio" },
		[SWAP_MEMCG_BEGIN] = { "mm_vmscan_memcg_reclaim_begin", "memcg_begin" },
		[SWAP_MEMCG_END] = { "mm_vmscan_memcg_reclaim_end", "memcg_end" },
	};
	size_t n = 0;

	for (size_t key = 0; key < SWAP_KEYS; key++) {
		have->key[key] = probe_use(p, object, hooks[key].hook);
		if (key == SWAP_WRITE_FOLIO)
			have->write_anon = have->key[key] && p->options->hook != PROBE_CLASSIC;
		if (!have->key[key] && key == SWAP_WRITE_FOLIO)
			have->key[key] = probe_use(p, object, "mm_vmscan_writepage");
		n += have->key[key];
		if (!have->key[key])
			term_say("%s is `-`: this kernel has no tracepoint vmscan:%s", hooks[key].key, hooks[key].hook);
	}
	return n ? 0 : probe_no_hook(p, hooks[0].hook, e);
}

static int run(void *config, int argc UNUSED, char **argv UNUSED, int *exit_code UNUSED, struct err *e)
{
	const struct config *c = config;
	struct swap_probe *skel = NULL;
	struct have have = { 0 };
	struct probe p;
	int r;

	if (c->probe.format < 0 && c->probe.timestamps != OUT_TIME_MONOTONIC)
		return err_usage(e, "--timestamps works on records: add --format text, json or csv");
	r = probe_open(&p, &c->probe, e);

	if (!r && !(skel = swap_probe__open()))
		r = err_set(e, errno, "cannot open the probe's programs");
	if (!r)
		r = out_select(p.out, &swap_type, &c->probe.fields, e);
	if (!r)
		r = use_hooks(&p, skel->obj, &have, e);
	if (!r)
		r = probe_load(&p, skel->obj, false, e);
	if (!r)
		r = probe_attach(&p, e);
	if (!r)
		r = watch(&p, skel, c, &have, e);
	if (!r)
		r = probe_close(&p, e);
	probe_done(&p);
	swap_probe__destroy(skel);
	return r;
}

static const struct opt options[] = {
	PROBE_OPT_OUTPUT(struct config, probe),
	OPT_DURATION('i', "interval", struct config, interval_ns, "a line or record this often", .min = NS_PER_MS),
	OPT_LIST(0, "fields", struct config, probe.fields, "only these fields of each record, in this order"),
	OPT_U64(0, "max-events", struct config, probe.max_events, "stop after this many lines or records", .min = 1),
	OPT_END
};

static struct config config = { .probe = PROBE_DEFAULTS, .interval_ns = NS_PER_S };

static const struct opt_command commands[] = {
	{
		.summary = "count reclaim events, a line a second",
		.description = "Without --format, prints `swap_probe ts=... kswapd_wake=... last_comm=...` for each "
			       "interval: how often each vmscan tracepoint fired in it, and who caused the latest of "
			       "them so far. With --format, records with the same keys and what /proc/vmstat counted. "
			       "When a cgroup's own limit is what forces reclaim, the direct columns stay near zero: "
			       "the memcg ones of records show it, and a line on stderr.",
		.examples = "swap_probe                       # a line a second until ^C\n"
			    "swap_probe --format csv -i 100ms -d 10s   # a hundred rows\n",
		.options = options,
		.run = run,
	},
	{ .run = NULL },
};

int main(int argc, char **argv)
{
	static const struct record_type *const records[] = { &swap_type, &end_record_type, NULL };
	const struct opt_program program = {
		.name = "swap_probe",
		.summary = "count the kernel's reclaim events",
		.commands = commands,
		.config = &config,
		.records = records,
	};

	return opt_main(&program, argc, argv);
}

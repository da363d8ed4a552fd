/* SPDX-License-Identifier: GPL-2.0-only */
/* swap_probe.c - reclaim pressure, one line or record an interval: what the vmscan tracepoints
 * counted in it.
 *
 * The kernel has no tracepoint for a page that is swapped in or out; these are a proxy. Records add
 * what /proc/vmstat counted in the same interval. A key without a hook in this kernel is `-` or
 * null, never 0.
 */
#include <bpf/bpf.h>

#include "lib/base/opt.h"
#include "lib/bpf/probe.h"
#include "lib/kernel/procfs.h"
#include "lib/kernel/psi.h"
#include "swap_probe.h"
#include "swap_probe.skel.h"
#include "swap_probe_stalls.h"
#include "lib/base/term.h"
#include "lib/kernel/zram.h"

struct config {
	struct probe_options probe;
	uint64_t interval_ns, top;
	int by; /* -1, else enum swap_by - 1 */
	bool histogram;
};

struct swap_record {
	uint64_t ts;
	uint64_t kswapd_wake, kswapd_sleep, direct_begin, direct_end, reclaim_pages, write_folio;
	uint64_t last_pid;
	const char *last_comm;
	uint64_t ts_ns, interval_ns;
	uint64_t pswpin, pswpout, zswpin, zswpout, pgmajfault, allocstall;
	uint64_t pgscan_kswapd, pgscan_direct, pgsteal_kswapd, pgsteal_direct, refault_anon,
		refault_file, oom_kill;
	uint64_t write_anon, memcg_begin, memcg_end;
	uint64_t direct_ns, direct_pages, direct_p50_ns, direct_p99_ns, direct_max_ns;
	uint64_t memcg_ns, memcg_pages, memcg_p50_ns, memcg_p99_ns, memcg_max_ns;
	uint64_t kswapd_ns, kswapd_p50_ns, kswapd_p99_ns, kswapd_max_ns;
	double direct_efficiency, kswapd_efficiency;
	uint64_t psi_some_us, psi_full_us;
	uint64_t memcg_scanned;
	double memcg_efficiency;
	uint64_t swpin_zero, swpout_zero, zswpwb;
	uint64_t swap_used_bytes, zram_orig_bytes, zram_used_bytes, zswap_orig_bytes,
		zswap_used_bytes;
};

#define DELTA(m, what) FIELD(struct swap_record, m, FIELD_U64, "events", "in the interval: " what)

#define PAGES(m, what) FIELD(struct swap_record, m, FIELD_U64, "pages", "in the interval: " what)
#define NOW(m, what) \
	FIELD(struct swap_record, m, FIELD_U64, "bytes", "at the end of the interval: " what)
#define TIME(m, unit, what) FIELD(struct swap_record, m, FIELD_U64, unit, what)
#define RECLAIM(way, what) \
	TIME(way##_ns, "ns", "time that " what " took, of those ended in the interval"), \
		TIME(way##_p50_ns, "ns", "half of them took no longer; within 3.2 %"), \
		TIME(way##_p99_ns, "ns", "99 % of them took no longer; within 3.2 %"), \
		TIME(way##_max_ns, "ns", "the longest of them; within 3.2 %")

static const struct field swap_fields[] = {
	FIELD(struct swap_record, ts, FIELD_U64, "s",
	      "wall clock at the end of the interval, since 1970"),
	DELTA(kswapd_wake, "kswapd woken"),
	DELTA(kswapd_sleep, "kswapd gone to sleep"),
	DELTA(direct_begin, "direct reclaim begun by a task that needed memory"),
	DELTA(direct_end, "direct reclaim ended"),
	DELTA(reclaim_pages, "rounds of page-out on request (madvise, DAMON)"),
	DELTA(write_folio, "folios given to swap, or to writeback of their file"),
	FIELD(struct swap_record, last_pid, FIELD_U64, "",
	      "process of the latest event on any CPU"),
	FIELD(struct swap_record, last_comm, FIELD_STRING, "", "its thread's name"),
	FIELD(struct swap_record, ts_ns, FIELD_U64, "ns",
	      "CLOCK_MONOTONIC at the end of the interval"),
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
	DELTA(refault_anon,
	      "anonymous pages faulted back soon after reclaim (workingset_refault_anon)"),
	DELTA(refault_file, "file pages likewise (workingset_refault_file)"),
	DELTA(oom_kill, "processes killed for want of memory"),
	DELTA(write_anon,
	      "of write_folio those to swap: anonymous memory and tmpfs; missing before 5.18"),
	DELTA(memcg_begin, "reclaim begun since a cgroup was at its limit"),
	DELTA(memcg_end, "such reclaim ended"),
	RECLAIM(direct, "direct reclaim"),
	PAGES(direct_pages, "pages that direct reclaim freed, by its tracepoint"),
	RECLAIM(memcg, "reclaim for a cgroup's limit"),
	PAGES(memcg_pages, "pages that reclaim for a cgroup's limit freed"),
	RECLAIM(kswapd, "kswapd, from wake to sleep with naps of up to 100 ms,"),
	FIELD(struct swap_record, direct_efficiency, FIELD_F64, "ratio",
	      "pgsteal_direct / pgscan_direct"),
	FIELD(struct swap_record, kswapd_efficiency, FIELD_F64, "ratio",
	      "pgsteal_kswapd / pgscan_kswapd"),
	TIME(psi_some_us, "us", "in the interval: time in which some task waited for memory (PSI)"),
	TIME(psi_full_us, "us", "in the interval: time in which all of them did"),
	PAGES(memcg_scanned, "pages that reclaim for a cgroup's limit looked at on the LRU lists"),
	FIELD(struct swap_record, memcg_efficiency, FIELD_F64, "ratio",
	      "of memcg_scanned, the share that it freed"),
	PAGES(swpin_zero,
	      "pages of zeros that came back from swap, of which the kernel keeps a bit (6.12)"),
	PAGES(swpout_zero,
	      "pages of zeros that went to it: they reach no device, and are not in pswpout"),
	PAGES(zswpwb, "pages that zswap wrote on to a swap device"),
	NOW(swap_used_bytes, "in use on all swaps"),
	NOW(zram_orig_bytes, "what all zram devices hold, before compression; missing without one"),
	NOW(zram_used_bytes, "memory that they take for it"),
	NOW(zswap_orig_bytes,
	    "what zswap holds, before compression; missing where the kernel has none"),
	NOW(zswap_used_bytes, "memory that it takes for it"),
};

struct histogram_record {
	const char *way;
	uint64_t low_ns, high_ns, count;
	double share, cumulative_share;
};

static const struct field histogram_fields[] = {
	FIELD(struct histogram_record, way, FIELD_STRING, "", "direct, memcg or kswapd"),
	FIELD(struct histogram_record, low_ns, FIELD_U64, "ns",
	      "reclaims that took at least this long"),
	FIELD(struct histogram_record, high_ns, FIELD_U64, "ns",
	      "and less than this; missing: no bound"),
	FIELD(struct histogram_record, count, FIELD_U64, "events", "how many did"),
	FIELD(struct histogram_record, share, FIELD_F64, "ratio", "count / reclaims of this kind"),
	FIELD(struct histogram_record, cumulative_share, FIELD_F64, "ratio",
	      "share of those shorter than high_ns"),
};

static const struct record_type histogram_type = RECORD_TYPE(
	"reclaim_histogram", 1, RECORD_TABLE, histogram_fields,
	"with --histogram: how long reclaim took, from beginning to end, a power of two a record");

static const struct record_type swap_type =
	RECORD_TYPE("swap_probe", 1, RECORD_LINE, swap_fields, "reclaim in one interval");

/* What this kernel has a hook for. */
struct have {
	bool key[SWAP_KEYS], write_anon, scanned;
};

/* Everything that only grows, at one moment. */
struct sample {
	uint64_t ns;
	struct swap_counts swap; /* of all CPUs; last_* of the latest event on any */
	struct procfs_vmstat vmstat;
	uint64_t some_us, full_us; /* PSI of memory; missing where the kernel has none */
	uint64_t zram_orig_bytes, zram_used_bytes; /* missing without a device */
	struct procfs_meminfo meminfo;
};

static void add_reclaim(struct swap_reclaim *sum, const struct swap_reclaim *cpu)
{
	sum->timed += cpu->timed;
	sum->total_ns += cpu->total_ns;
	sum->max_ns = MAX(sum->max_ns, cpu->max_ns);
	sum->pages += cpu->pages;
	sum->scanned += cpu->scanned;
	sum->shrunk += cpu->shrunk;
	sum->unmatched += cpu->unmatched;
	for (size_t i = 0; i < HIST_BUCKETS; i++)
		sum->latency[i] += cpu->latency[i];
}

static void add_cpu(struct swap_counts *sum, const struct swap_counts *cpu)
{
	for (size_t key = 0; key < SWAP_KEYS; key++)
		sum->count[key] += cpu->count[key];
	sum->write_anon += cpu->write_anon;
	sum->unlisted += cpu->unlisted;
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

/* A device that goes meanwhile is left out. */
static void read_zram(struct sample *ret)
{
	struct zram_list list;

	ret->zram_orig_bytes = ret->zram_used_bytes = MISSING_U64;
	if (zram_list_read(NULL, &list, NULL) || !list.n)
		return;
	ret->zram_orig_bytes = ret->zram_used_bytes = 0;
	for (size_t i = 0; i < list.n; i++) {
		struct zram_mm_stat stat;

		if (zram_mm_stat_read(NULL, list.devices[i].id, &stat, NULL))
			continue;
		ret->zram_orig_bytes += stat.orig_bytes;
		ret->zram_used_bytes += stat.used_bytes;
	}
}

static int take(const struct swap_probe *skel, struct sample *ret, struct err *e)
{
	struct psi psi;
	bool has_psi = !psi_read(NULL, "/proc/pressure/memory", &psi, NULL);
	int r = read_counts(skel, &ret->swap, e);

	if (!r)
		r = procfs_vmstat_read(NULL, &ret->vmstat, e);
	if (!r)
		r = procfs_meminfo_read(NULL, &ret->meminfo, e);
	read_zram(ret);
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

static struct reclaim_figures reclaimed(const struct sample *a, const struct sample *b,
					enum swap_way way, bool have)
{
	const struct swap_reclaim *before = &a->swap.reclaim[way], *now = &b->swap.reclaim[way];
	uint64_t n = now->timed - before->timed;
	__u64 latency[HIST_BUCKETS];

	if (!have)
		return (struct reclaim_figures){ MISSING_U64, MISSING_U64, MISSING_U64, MISSING_U64,
						 MISSING_U64 };
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
	return part == MISSING_U64 || whole == MISSING_U64 || !whole ? MISSING_F64
								     : (double)part / (double)whole;
}

/* The figures beyond the specification's, for records. */
static void fill_reclaim(const struct sample *a, const struct sample *b, const struct have *have,
			 struct swap_record *ret)
{
	struct reclaim_figures direct = reclaimed(a, b, SWAP_DIRECT, have->key[SWAP_DIRECT_END]);
	struct reclaim_figures memcg = reclaimed(a, b, SWAP_MEMCG, have->key[SWAP_MEMCG_END]);
	struct reclaim_figures kswapd = reclaimed(a, b, SWAP_KSWAPD, have->key[SWAP_KSWAPD_SLEEP]);
	const struct swap_reclaim *before = &a->swap.reclaim[SWAP_MEMCG],
				  *now = &b->swap.reclaim[SWAP_MEMCG];

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
	ret->memcg_scanned = have->scanned ? now->scanned - before->scanned : MISSING_U64;
	/* The multi-generation LRU before 6.8 frees pages and does not say what it looked at. */
	if (have->scanned && ret->memcg_pages && !ret->memcg_scanned)
		ret->memcg_scanned = MISSING_U64;
	ret->memcg_efficiency = ratio(now->shrunk - before->shrunk, ret->memcg_scanned);
}

/* What swap, zram and zswap hold at the end of the interval. */
static void fill_occupancy(const struct sample *b, struct swap_record *ret)
{
	const struct procfs_meminfo *m = &b->meminfo;

	ret->swap_used_bytes =
		m->swap_total_bytes == MISSING_U64 || m->swap_free_bytes == MISSING_U64
			? MISSING_U64
			: m->swap_total_bytes - m->swap_free_bytes;
	ret->zram_orig_bytes = b->zram_orig_bytes;
	ret->zram_used_bytes = b->zram_used_bytes;
	ret->zswap_orig_bytes = m->zswapped_bytes;
	ret->zswap_used_bytes = m->zswap_bytes;
}

/* comm is room for the name that the record points to. */
static void fill(const struct sample *a, const struct sample *b, const struct have *have,
		 char comm[PROBE_COMM_LEN], struct swap_record *ret)
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
		.swpin_zero = delta(v->swpin_zero, w->swpin_zero),
		.swpout_zero = delta(v->swpout_zero, w->swpout_zero),
		.zswpwb = delta(v->zswpwb, w->zswpwb),
	};
	fill_reclaim(a, b, have, ret);
	fill_occupancy(b, ret);
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
			"swap_probe ts=%s kswapd_wake=%s kswapd_sleep=%s direct_begin=%s "
			"direct_end=%s reclaim_pages=%s write_folio=%s last_pid=%s last_comm=%s",
			number(r->ts, b[0]), number(r->kswapd_wake, b[1]),
			number(r->kswapd_sleep, b[2]), number(r->direct_begin, b[3]),
			number(r->direct_end, b[4]), number(r->reclaim_pages, b[5]),
			number(r->write_folio, b[6]), number(r->last_pid, b[7]),
			r->last_comm ? comm : "-");
}

/* A cgroup's own limit leaves the direct columns near zero: says once where to look, when such
 * reclaim takes 5 % of the time of one CPU and ten times what direct reclaim does. Reclaim through
 * memory.reclaim looks the same.
 */
static void remark(const struct swap_record *r, bool *said)
{
	if (*said || r->memcg_ns == MISSING_U64 || r->memcg_ns < r->interval_ns / 20 ||
	    r->memcg_ns / 10 < r->direct_ns)
		return;
	*said = true;
	term_say("a cgroup reclaims at its own limit, which the direct columns do not show: %llu "
		 "times, %llu ms of an interval of %llu ms; see memory.pressure and memory.events "
		 "of the cgroup of pid %llu (%s)",
		 (unsigned long long)r->memcg_end, (unsigned long long)(r->memcg_ns / NS_PER_MS),
		 (unsigned long long)(r->interval_ns / NS_PER_MS), (unsigned long long)r->last_pid,
		 r->last_comm);
}

/* What lasts as long as the probe looks. */
struct watch {
	struct probe *probe;
	struct swap_probe *skel;
	const struct config *config;
	struct have have;
	struct stalls *stalls; /* NULL without --by */
	bool said;
};

static int print(struct watch *w, const struct sample *before, const struct sample *now)
{
	struct probe *p = w->probe;
	char comm[PROBE_COMM_LEN];
	struct swap_record record;
	int r;

	fill(before, now, &w->have, comm, &record);
	remark(&record, &w->said);
	if (p->options->format < 0)
		r = print_line(p->out, &record, comm);
	else
		r = out_record(p->out, &swap_type, &record);
	if (r == 0 && w->stalls)
		r = stalls_print(w->stalls, p->out, w->config->top, now->ns, record.interval_ns);
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

/* A power of two a record, from the shortest reclaim of this kind to the longest; none where there
 * was none. */
static int print_histogram(struct out *out, const char *way, const struct swap_reclaim *a,
			   const struct swap_reclaim *b)
{
	uint64_t n = b->timed - a->timed, below = 0;
	int r = 0;

	/* The buckets below HIST_SUB are one wide each: the first record has them all. */
	for (size_t i = 0; i < HIST_BUCKETS && below < n && r == 0; i += HIST_SUB) {
		struct histogram_record record = {
			.way = way,
			.low_ns = hist_low((uint32_t)i),
			.high_ns = i + HIST_SUB < HIST_BUCKETS ? hist_low((uint32_t)(i + HIST_SUB))
							       : MISSING_U64,
		};

		for (size_t j = i; j < i + HIST_SUB; j++)
			record.count += b->latency[j] - a->latency[j];
		below += record.count;
		record.share = (double)record.count / (double)n;
		record.cumulative_share = (double)below / (double)n;
		if (below)
			r = out_record(out, &histogram_type, &record);
	}
	return r;
}

static int print_histograms(struct watch *w, const struct sample *first, const struct sample *last)
{
	static const char *const ways[SWAP_WAYS] = { "direct", "memcg", "kswapd" };
	int r = 0;

	for (size_t way = 0; way < SWAP_WAYS && r == 0; way++)
		r = print_histogram(w->probe->out, ways[way], &first->swap.reclaim[way],
				    &last->swap.reclaim[way]);
	return r;
}

/* One interval: from the last sample, which becomes this one. */
static int step(struct watch *w, struct sample *before, struct err *e)
{
	struct probe *p = w->probe;
	struct sample now;
	int r = take(w->skel, &now, e);

	if (!r && w->stalls)
		r = stalls_take(w->stalls, e);
	if (r)
		return r;
	p->sink_error = print(w, before, &now);
	if (p->sink_error)
		p->end.reason = p->sink_error == -EPIPE ? "reader" : "partial";
	else if (p->end.emitted >= p->options->max_events)
		p->end.reason = "done";
	*before = now;
	return 0;
}

/* After the last interval: what is told of the whole time, and the account. */
static int account(struct watch *w, const struct sample *first, struct err *e)
{
	struct probe *p = w->probe;
	struct sample last;
	int r;

	probe_detach(p);
	r = take(w->skel, &last, e);
	if (r)
		return r;
	if (w->config->histogram && !p->sink_error)
		p->sink_error = print_histograms(w, first, &last);
	if (last.swap.unlisted)
		term_warn("%llu stalls found no room in the table of --by",
			  (unsigned long long)last.swap.unlisted);
	p->end.missed = probe_missed(p);
	p->end.unmatched = 0;
	for (size_t way = 0; way < SWAP_WAYS; way++)
		p->end.unmatched += last.swap.reclaim[way].unmatched;
	return 0;
}

static int watch(struct watch *w, struct err *e)
{
	struct probe *p = w->probe;
	struct sample first, before;
	uint64_t duration_ns = p->options->duration_ns, next;
	int r = take(w->skel, &first, e);

	if (!r && w->stalls)
		r = stalls_take(w->stalls, e);
	if (r)
		return r;
	before = first;
	probe_ready(p, "counting reclaim; stop with ^C");
	for (next = w->config->interval_ns; !p->end.reason; next += w->config->interval_ns) {
		/* However late: each interval that ends within the duration has its record, and no
		 * other. */
		p->end.reason = wait_until(p, next > duration_ns ? UINT64_MAX : p->begin_ns + next);
		if (!p->end.reason)
			r = step(w, &before, e);
		if (r)
			return r;
	}
	return account(w, &first, e);
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
			have->write_anon = have->key[key];
		if (!have->key[key] && key == SWAP_WRITE_FOLIO)
			have->key[key] = probe_use(p, object, "mm_vmscan_writepage");
		n += have->key[key];
		if (!have->key[key])
			term_say("%s is `-`: this kernel has no tracepoint vmscan:%s",
				 hooks[key].key, hooks[key].hook);
	}
	have->scanned =
		have->key[SWAP_MEMCG_END] && probe_use(p, object, "mm_vmscan_lru_shrink_inactive");
	return n ? 0 : probe_no_hook(p, hooks[0].hook, e);
}

static const struct record_type *const records[] = { &swap_type, &stall_type, &histogram_type,
						     &end_record_type, NULL };

static int begin(struct watch *w, struct err *e)
{
	const struct config *c = w->config;
	struct probe *p = w->probe;
	int r = PROBE_OPEN(w->skel, swap_probe, e);

	if (!r)
		r = out_select_any(p->out, records, &c->probe.fields, e);
	if (!r)
		r = use_hooks(p, w->skel->obj, &w->have, e);
	if (r)
		return r;
	w->skel->rodata->by = (enum swap_by)(c->by + 1);
	if (c->by < 0)
		bpf_map__set_max_entries(w->skel->maps.stalls, 1);
	r = probe_load(p, w->skel->obj, false, e);
	if (!r && c->by >= 0)
		r = stalls_new(&w->stalls, w->skel->rodata->by, bpf_map__fd(w->skel->maps.stalls),
			       bpf_map__fd(w->skel->maps.epochs), e);
	return r ? r : probe_attach(p, e);
}

static int trace(struct probe *p, void *watching, struct err *e)
{
	struct watch *w = watching;
	int r;

	w->probe = p;
	r = begin(w, e);
	return r ? r : watch(w, e);
}

static int run(void *config, int argc UNUSED, char **argv UNUSED, int *exit_code UNUSED,
	       struct err *e)
{
	const struct config *c = config;
	struct watch w = { .config = c };
	struct probe p;
	int r;

	if (c->probe.format < 0 && c->probe.timestamps != OUT_TIME_MONOTONIC)
		return err_usage(e,
				 "--timestamps works on records: add --format text, json or csv");
	r = probe_run(&p, &c->probe, trace, &w, e);
	stalls_free(w.stalls);
	swap_probe__destroy(w.skel);
	return r;
}

static const char *const by_choices[] = { "process", "cgroup", NULL };

static const struct opt options[] = {
	PROBE_OPT_OUTPUT(struct config, probe),
	OPT_DURATION('i', "interval", struct config, interval_ns, "a line or record this often",
		     .min = NS_PER_MS),
	OPT_LIST(0, "fields", struct config, probe.fields,
		 "only these fields of each record, in this order"),
	OPT_U64(0, "max-events", struct config, probe.max_events, "stop after this many intervals",
		.min = 1),
	OPT_CHOICE(0, "by", struct config, by, by_choices,
		   "after each interval's line who stalled in it, in direct reclaim or for a "
		   "cgroup's limit, the longest first"),
	OPT_U64(0, "top", struct config, top, "with --by: as many of them", .min = 1,
		.max = SWAP_WHO_MAX),
	OPT_FLAG(0, "histogram", struct config, histogram,
		 "at the end how long reclaim took, each kind by itself"),
	OPT_END
};

static struct config config = {
	.probe = PROBE_DEFAULTS, .interval_ns = NS_PER_S, .top = 10, .by = -1
};

static const struct opt_command commands[] = {
	{
		.summary = "count reclaim events, a line a second",
		.description =
			"Without --format, prints `swap_probe ts=... kswapd_wake=... "
			"last_comm=...` for each interval: how often each vmscan tracepoint fired "
			"in it, and who caused the latest of them so far. With --format, records "
			"with the same keys and what /proc/vmstat counted. When a cgroup's own "
			"limit is what forces reclaim, the direct columns stay near zero: the "
			"memcg ones of records show it, and a line on stderr.",
		.examples =
			"swap_probe                       # a line a second until ^C\n"
			"swap_probe --format csv -i 100ms -d 10s   # a hundred rows\n"
			"swap_probe --by process --top 3          # and who waited for reclaim\n"
			"swap_probe --histogram -i 1h -d 1m       # how long reclaim took, in one "
			"minute\n",
		.options = options,
		.run = run,
	},
	{ .run = NULL },
};

int main(int argc, char **argv)
{
	const struct opt_program program = {
		.name = "swap_probe",
		.summary = "count the kernel's reclaim events",
		.commands = commands,
		.config = &config,
		.records = records,
	};

	return opt_main(&program, argc, argv);
}

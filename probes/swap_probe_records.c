// SPDX-License-Identifier: GPL-2.0-only
/* swap_probe_records.c - the difference of two samples as a line, a record or histograms. */
#include "swap_probe_parts.h"

#include "bpf/abi.h"
#include "lib/base/term.h"
#include "lib/bpf/latency.h"
#include "lib/bpf/probe_options.h"

struct swap_record {
	uint64_t ts, ts_ns, interval_ns, last_pid;
	const char *last_comm;
	uint64_t count[SWAP_KEYS], write_anon;
	struct procfs_vmstat vmstat; /* differences */
	struct latency time[SWAP_KINDS];
	uint64_t direct_pages, memcg_pages, memcg_scanned;
	double direct_efficiency, kswapd_efficiency, memcg_efficiency;
	uint64_t psi_some_us, psi_full_us;
	uint64_t swap_used_bytes, zram_orig_bytes, zram_used_bytes, zswap_orig_bytes,
		zswap_used_bytes;
};

#define OTHER(m, t, u, what) FIELD(struct swap_record, m, t, u, what)
#define COUNT(name, m, what) \
	FIELD_AT(#name, struct swap_record, m, FIELD_U64, "events", "in the interval: " what)
#define VMSTAT(name, what)  COUNT(name, vmstat.name, what)
#define VMPAGES(name, what) PAGES(name, vmstat.name, what)
#define PAGES(name, m, what) \
	FIELD_AT(#name, struct swap_record, m, FIELD_U64, "pages", "in the interval: " what)
#define NOW(m, what) OTHER(m, FIELD_U64, "bytes", "at the end of the interval: " what)
#define RECLAIM(name, kind, what) \
	FIELD_AT(name "_ns", struct swap_record, time[kind].total_ns, FIELD_U64, "ns", \
		 "total time of the " what " that ended in the interval"), \
		LATENCY_FIELD(struct swap_record, time[kind], name, p50_ns, \
			      "median time of the " what "; within 3.2 %"), \
		LATENCY_FIELD(struct swap_record, time[kind], name, p99_ns, \
			      "99th percentile of the time of the " what "; within 3.2 %"), \
		LATENCY_FIELD(struct swap_record, time[kind], name, max_ns, \
			      "maximum time of the " what "; within 3.2 %")

static const struct field swap_fields[] = {
	OTHER(ts, FIELD_U64, "s", "Unix time at the end of the interval"),
	COUNT(kswapd_wake, count[SWAP_KSWAPD_WAKE], "wake-ups of kswapd"),
	COUNT(kswapd_sleep, count[SWAP_KSWAPD_SLEEP], "number of times kswapd went to sleep"),
	COUNT(direct_begin, count[SWAP_DIRECT_BEGIN], "direct reclaims started"),
	COUNT(direct_end, count[SWAP_DIRECT_END], "direct reclaims ended"),
	COUNT(reclaim_pages, count[SWAP_RECLAIM_PAGES],
	      "calls that page out on request, e.g. madvise or DAMON (tracepoint "
	      "mm_vmscan_reclaim_pages)"),
	COUNT(write_folio, count[SWAP_WRITE_FOLIO], "folios written to swap or to their file"),
	OTHER(last_pid, FIELD_U64, "", "process of the most recent event on any CPU"),
	OTHER(last_comm, FIELD_STRING, "", "name of the thread of that event"),
	OTHER(ts_ns, FIELD_U64, "ns", "CLOCK_MONOTONIC at the end of the interval"),
	OTHER(interval_ns, FIELD_U64, "ns", "measured length of the interval"),
	VMPAGES(pswpin, "pages read from all swap devices and files: swap-ins"),
	VMPAGES(pswpout, "pages written to all swap devices and files: swap-outs"),
	VMPAGES(zswpin, "pages loaded from zswap"),
	VMPAGES(zswpout, "pages stored in zswap"),
	VMSTAT(pgmajfault, "major faults"),
	VMSTAT(allocstall, "allocations that stalled in direct reclaim, all zones"),
	VMPAGES(pgscan_kswapd, "pages scanned by kswapd"),
	VMPAGES(pgscan_direct, "pages scanned by direct reclaim"),
	VMPAGES(pgsteal_kswapd, "pages reclaimed by kswapd"),
	VMPAGES(pgsteal_direct, "pages reclaimed by direct reclaim"),
	PAGES(refault_anon, vmstat.workingset_refault_anon,
	      "refaults of anonymous pages (workingset_refault_anon)"),
	PAGES(refault_file, vmstat.workingset_refault_file,
	      "refaults of file pages (workingset_refault_file)"),
	VMSTAT(oom_kill, "processes killed by the OOM killer"),
	COUNT(write_anon, write_anon,
	      "folios written to swap (anonymous memory and tmpfs); part of write_folio; missing "
	      "before Linux 5.18"),
	COUNT(memcg_begin, count[SWAP_MEMCG_BEGIN], "reclaims for a cgroup's limit started"),
	COUNT(memcg_end, count[SWAP_MEMCG_END], "reclaims for a cgroup's limit ended"),
	RECLAIM("direct", SWAP_DIRECT, "direct reclaims"),
	PAGES(direct_pages, direct_pages,
	      "pages freed by direct reclaim (tracepoint mm_vmscan_direct_reclaim_end)"),
	RECLAIM("memcg", SWAP_MEMCG, "reclaims for a cgroup's limit"),
	PAGES(memcg_pages, memcg_pages, "pages freed by reclaim for a cgroup's limit"),
	RECLAIM("kswapd", SWAP_KSWAPD,
		"runs of kswapd (from wake to sleep, including naps of up to 100 ms)"),
	OTHER(direct_efficiency, FIELD_F64, "ratio", "pgsteal_direct / pgscan_direct"),
	OTHER(kswapd_efficiency, FIELD_F64, "ratio", "pgsteal_kswapd / pgscan_kswapd"),
	OTHER(psi_some_us, FIELD_U64, "us",
	      "in the interval: time in which some task stalled on memory (PSI)"),
	OTHER(psi_full_us, FIELD_U64, "us",
	      "in the interval: time in which all tasks stalled on memory (PSI)"),
	PAGES(memcg_scanned, memcg_scanned,
	      "pages scanned on the LRU lists by reclaim for a cgroup's limit"),
	OTHER(memcg_efficiency, FIELD_F64, "ratio",
	      "share of the pages in memcg_scanned that were freed"),
	PAGES(swpin_zero, vmstat.swpin_zero,
	      "zero-filled pages swapped in: the kernel keeps a bit for each; missing before Linux "
	      "6.12"),
	PAGES(swpout_zero, vmstat.swpout_zero,
	      "zero-filled pages swapped out: they reach no device and are not in pswpout; missing "
	      "before Linux 6.12"),
	PAGES(zswpwb, vmstat.zswpwb, "pages written back by zswap to a swap device"),
	NOW(swap_used_bytes, "swap in use on all swap devices and files"),
	NOW(zram_orig_bytes, "data in all zram devices, uncompressed; missing without a device"),
	NOW(zram_used_bytes, "RAM used by all zram devices"),
	NOW(zswap_orig_bytes, "data in zswap, uncompressed; missing if the kernel has no zswap"),
	NOW(zswap_used_bytes, "RAM used by zswap"),
};

struct histogram_record {
	const char *way;
	uint64_t low_ns, high_ns, count;
	double share, cumulative_share;
};

#define BIN(m, t, u, what) FIELD(struct histogram_record, m, FIELD_##t, u, what)

static const struct field histogram_fields[] = {
	BIN(way, STRING, "", "kind of reclaim: direct, memcg or kswapd"),
	BIN(low_ns, U64, "ns", "lower bound of the durations"),
	BIN(high_ns, U64, "ns", "upper bound of the durations, exclusive; missing: no bound"),
	BIN(count, U64, "events", "reclaims with a duration from low_ns to high_ns"),
	BIN(share, F64, "ratio", "count / reclaims of this kind"),
	BIN(cumulative_share, F64, "ratio", "share of reclaims shorter than high_ns"),
};

const struct record_type histogram_type = RECORD_TYPE(
	"reclaim_histogram", 1, RECORD_TABLE, histogram_fields,
	"with --histogram: histogram of reclaim durations; one record per power of two");

const struct record_type swap_type = RECORD_TYPE("swap_probe", 1, RECORD_LINE, swap_fields,
						 "counts and times of reclaim in one interval");

static uint64_t delta(uint64_t before, uint64_t now)
{
	return before == MISSING_U64 || now == MISSING_U64 ? MISSING_U64 : now - before;
}

/* Every member of the struct is a uint64_t. */
static void vmstat_delta(const struct procfs_vmstat *before, const struct procfs_vmstat *now,
			 struct procfs_vmstat *ret)
{
	uint64_t a[sizeof(*ret) / sizeof(uint64_t)], b[ARRAY_SIZE(a)];

	memcpy(a, before, sizeof(a));
	memcpy(b, now, sizeof(b));
	for (size_t i = 0; i < ARRAY_SIZE(a); i++)
		b[i] = delta(a[i], b[i]);
	memcpy(ret, b, sizeof(b));
}

/* Times of one kind of reclaim between two samples; max is that of its bucket. */
static struct latency reclaim_times(const struct swap_reclaim *before,
				    const struct swap_reclaim *now)
{
	struct hist h = { .n = now->time.n - before->time.n,
			  .total = now->time.total - before->time.total,
			  .max = now->time.max };
	struct latency ret;

	for (size_t i = 0; i < HIST_BUCKETS; i++)
		h.bucket[i] = now->time.bucket[i] - before->time.bucket[i];
	ret = latency_of(&h);
	ret.max_ns = hist_quantile(&h, 1.00);
	return ret;
}

static double ratio(uint64_t part, uint64_t whole)
{
	return part == MISSING_U64 || whole == MISSING_U64 || !whole ? MISSING_F64
								     : (double)part / (double)whole;
}

/* The fields of records beyond the specification's line. */
static void fill_reclaim(const struct sample *a, const struct sample *b, const struct have *have,
			 struct swap_record *ret)
{
	static const enum swap_key ends[] = { SWAP_DIRECT_END, SWAP_MEMCG_END, SWAP_KSWAPD_SLEEP };
	const struct swap_reclaim *before = a->swap.reclaim, *now = b->swap.reclaim;
	const struct procfs_vmstat *v = &ret->vmstat;

	for (size_t kind = 0; kind < SWAP_KINDS; kind++) {
		if (have->key[ends[kind]])
			ret->time[kind] = reclaim_times(&before[kind], &now[kind]);
	}
	if (have->key[SWAP_DIRECT_END])
		ret->direct_pages = now[SWAP_DIRECT].pages - before[SWAP_DIRECT].pages;
	if (have->key[SWAP_MEMCG_END])
		ret->memcg_pages = now[SWAP_MEMCG].pages - before[SWAP_MEMCG].pages;
	if (have->write_anon)
		ret->write_anon = b->swap.write_anon - a->swap.write_anon;
	if (have->scanned)
		ret->memcg_scanned = now[SWAP_MEMCG].scanned - before[SWAP_MEMCG].scanned;
	/* The multi-generation LRU before 6.8 frees pages without an event for those scanned. */
	if (ret->memcg_pages && !ret->memcg_scanned)
		ret->memcg_scanned = MISSING_U64;
	ret->memcg_efficiency =
		ratio(now[SWAP_MEMCG].shrunk - before[SWAP_MEMCG].shrunk, ret->memcg_scanned);
	ret->direct_efficiency = ratio(v->pgsteal_direct, v->pgscan_direct);
	ret->kswapd_efficiency = ratio(v->pgsteal_kswapd, v->pgscan_kswapd);
	ret->psi_some_us = delta(a->some_us, b->some_us);
	ret->psi_full_us = delta(a->full_us, b->full_us);
}

/* The contents of swap, zram and zswap at the end of the interval. */
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

/* comm is the buffer of the name that the record points to. */
static void fill(const struct sample *a, const struct sample *b, const struct have *have,
		 char comm[PROBE_COMM_LEN], struct swap_record *ret)
{
	record_clear(&swap_type, ret);
	ret->ts = (uint64_t)time(NULL);
	ret->ts_ns = b->ns;
	ret->interval_ns = b->ns - a->ns;
	for (size_t key = 0; key < SWAP_KEYS; key++) {
		if (have->key[key])
			ret->count[key] = b->swap.count[key] - a->swap.count[key];
	}
	memcpy(comm, b->swap.last_comm, PROBE_COMM_LEN);
	if (b->swap.last_ns) {
		ret->last_pid = probe_pid(b->swap.last_pid);
		ret->last_comm = comm;
	}
	vmstat_delta(&a->vmstat, &b->vmstat, &ret->vmstat);
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
			number(r->ts, b[0]), number(r->count[SWAP_KSWAPD_WAKE], b[1]),
			number(r->count[SWAP_KSWAPD_SLEEP], b[2]),
			number(r->count[SWAP_DIRECT_BEGIN], b[3]),
			number(r->count[SWAP_DIRECT_END], b[4]),
			number(r->count[SWAP_RECLAIM_PAGES], b[5]),
			number(r->count[SWAP_WRITE_FOLIO], b[6]), number(r->last_pid, b[7]),
			r->last_comm ? comm : "-");
}

/* Reclaim for a cgroup's limit is not in the direct columns: reports it once, when it takes 5 % of
 * the time of one CPU and ten times the time of direct reclaim. Reclaim by memory.reclaim looks the
 * same.
 */
static void report_memcg(const struct swap_record *r, bool *reported)
{
	uint64_t memcg_ns = r->time[SWAP_MEMCG].total_ns;
	char pid[24];

	if (*reported || memcg_ns == MISSING_U64 || memcg_ns < r->interval_ns / 20 ||
	    memcg_ns / 10 < r->time[SWAP_DIRECT].total_ns)
		return;
	*reported = true;
	term_say("reclaim for a cgroup's limit, which the direct columns do not include: %llu "
		 "times, %llu ms in an interval of %llu ms; see memory.pressure and memory.events "
		 "of the cgroup of pid %s (%s)",
		 (unsigned long long)r->count[SWAP_MEMCG_END],
		 (unsigned long long)(memcg_ns / NS_PER_MS),
		 (unsigned long long)(r->interval_ns / NS_PER_MS), number(r->last_pid, pid),
		 r->last_comm);
}

int swap_print(struct out *out, bool line, const struct sample *before, const struct sample *now,
	       const struct have *have, bool *reported)
{
	char comm[PROBE_COMM_LEN];
	struct swap_record record;

	fill(before, now, have, comm, &record);
	report_memcg(&record, reported);
	return line ? print_line(out, &record, comm) : out_record(out, &swap_type, &record);
}

/* A power of two a record, from the shortest reclaim of this kind to the longest. */
static int print_histogram(struct out *out, const char *kind, const struct hist *a,
			   const struct hist *b)
{
	uint64_t n = b->n - a->n, below = 0;
	int rc = 0;

	/* The first HIST_SUB buckets are one wide each: the first record has them all. */
	for (size_t i = 0; i < HIST_BUCKETS && below < n && rc == 0; i += HIST_SUB) {
		struct histogram_record record = {
			.way = kind,
			.low_ns = hist_low((uint32_t)i),
			.high_ns = i + HIST_SUB < HIST_BUCKETS ? hist_low((uint32_t)(i + HIST_SUB))
							       : MISSING_U64,
		};

		for (size_t j = i; j < i + HIST_SUB; j++)
			record.count += b->bucket[j] - a->bucket[j];
		below += record.count;
		record.share = (double)record.count / (double)n;
		record.cumulative_share = (double)below / (double)n;
		if (below)
			rc = out_record(out, &histogram_type, &record);
	}
	return rc;
}

int swap_print_histograms(struct out *out, const struct sample *first, const struct sample *last)
{
	static const char *const kinds[SWAP_KINDS] = { "direct", "memcg", "kswapd" };
	int rc = 0;

	for (size_t kind = 0; kind < SWAP_KINDS && rc == 0; kind++)
		rc = print_histogram(out, kinds[kind], &first->swap.reclaim[kind].time,
				     &last->swap.reclaim[kind].time);
	return rc;
}

// SPDX-License-Identifier: GPL-2.0-only
/* pool_probe_records.c - sums and single pages as records: quantiles, survival, and pages that the
 * hook did not see.
 */
#include <stdarg.h>

#include "lib/bpf/latency.h"
#include "pool_probe_parts.h"

static const double ages_ns[POOL_AGES] = {
	1e5, 3e5, 1e6, 3e6, 1e7, 3e7, 1e8, 3e8, 1e9, 3e9, 1e10, 3e10, 1e11, 3e11, 1e12,
};

struct by_record {
	const char *by;
	uint64_t pid, cgroup;
	const char *comm;
	struct pool_summary sums; /* of the group; only what fill_traffic fills */
};

#define SUM(m, unit, what) FIELD_AT(#m, struct by_record, sums.m, FIELD_U64, unit, what)
#define RACED              "; may be too low if two CPUs set it at the same time"
#define TIMES(op) \
	SUM(op##_p50_ns, "ns", "median latency of a " #op " request; within 3.2 %"), \
		SUM(op##_p99_ns, "ns", \
		    "99th percentile of the latency of a " #op " request; within 3.2 %"), \
		SUM(op##_max_ns, "ns", "maximum latency of a " #op " request" RACED)

static const struct field by_fields[] = {
	FIELD(struct by_record, by, FIELD_STRING, "", "kind of group"),
	FIELD(struct by_record, pid, FIELD_U64, "", "by pid: process that made the requests"),
	FIELD(struct by_record, comm, FIELD_STRING, "",
	      "by comm: task name; by pid: name of one of the threads"),
	FIELD(struct by_record, cgroup, FIELD_U64, "",
	      "by cgroup: inode number of the cgroup2 directory"),
	SUM(writes, "pages", "pages written to the zram devices: swap-outs"),
	SUM(reads, "pages", "pages read from the zram devices: swap-ins"),
	FIELD_AT("readback_factor", struct by_record, sums.readback_factor, FIELD_F64, "ratio",
		 "reads / writes: swap-ins per swap-out"),
	SUM(write_mean_ns, "ns", "mean time in the zram device per page written"),
	SUM(read_mean_ns, "ns", "mean time in the zram device per page read"),
	SUM(first_reads, "pages", "pages read for the first time since their write"),
	SUM(residence_p50_ns, "ns",
	    "median residence of first_reads (time from the write to the first read); within 3.2 "
	    "%"),
	SUM(residence_p90_ns, "ns",
	    "90th percentile of the residence of first_reads; within 3.2 %"),
	SUM(residence_max_ns, "ns", "maximum residence of first_reads" RACED),
	TIMES(write),
	TIMES(read),
};

const struct record_type pool_by_type =
	RECORD_TYPE("pool_probe_by", 2, RECORD_TABLE, by_fields,
		    "with --by: swap-outs and swap-ins of a group of tasks; most pages first");

struct page_record {
	const char *op, *device;
	uint64_t slot;
	uint64_t pid, tid;
	char comm[PROBE_COMM_LEN];
	uint64_t cgroup, ts_ns, latency_ns, residence_ns, reads;
	uint32_t pages;
	bool failed;
};

#define PAGE(m, t, u, what) FIELD(struct page_record, m, FIELD_##t, u, what)

static const struct field page_fields[] = {
	PAGE(op, STRING, "", "write (swap-out) or read (swap-in)"),
	PAGE(device, STRING, "", "name of the zram device, e.g. zram1"),
	PAGE(slot, U64, "pages", "swap slot: index of the page on the device"),
	PAGE(pid, U64, "",
	     "process that made the request; missing: not visible in the PID namespace of the "
	     "probe"),
	PAGE(tid, U64, "", "thread that made the request; missing under the same condition as pid"),
	PAGE(comm, CHARS, "", "name of the thread"),
	PAGE(cgroup, U64, "", "inode number of the cgroup2 directory of the task"),
	PAGE(ts_ns, U64, "ns", "CLOCK_MONOTONIC at the start of the request"),
	PAGE(latency_ns, U64, "ns", "time from the start to the completion of the request"),
	PAGE(pages, U32, "pages", "number of pages in the request; each has a record of its own"),
	PAGE(residence_ns, U64, "ns",
	     "read: time since the write of this page, at its first and each later read; missing "
	     "if the page was written before the probe was attached"),
	PAGE(reads, U64, "reads",
	     "read: number of reads since the write, this one included; 0: unknown (the write was "
	     "not seen, or "
	     "the read failed)"),
	PAGE(failed, BOOL, "", "the request ended in an error"),
};

const struct record_type pool_page_type = RECORD_TYPE(
	"pool_probe_page", 2, RECORD_LINE, page_fields, "with --events: a page written or read");

static uint64_t per(uint64_t sum, uint64_t n)
{
	return n ? sum / n : MISSING_U64;
}

static void fill_traffic(const struct pool_traffic *write, const struct pool_traffic *read,
			 const struct hist *residence, struct pool_summary *ret)
{
	struct latency w = latency_of(&write->time), r = latency_of(&read->time),
		       stay = latency_of(residence);

	ret->writes = write->pages;
	ret->reads = read->pages;
	if (write->pages)
		ret->readback_factor = (double)read->pages / (double)write->pages;
	ret->write_ns = w.total_ns;
	ret->write_mean_ns = per(w.total_ns, write->pages);
	ret->write_p50_ns = w.p50_ns;
	ret->write_p99_ns = w.p99_ns;
	ret->write_max_ns = w.max_ns;
	ret->read_ns = r.total_ns;
	ret->read_mean_ns = per(r.total_ns, read->pages);
	ret->read_p50_ns = r.p50_ns;
	ret->read_p99_ns = r.p99_ns;
	ret->read_max_ns = r.max_ns;
	ret->first_reads = residence->n;
	ret->residence_p50_ns = stay.p50_ns;
	ret->residence_p90_ns = stay.p90_ns;
	ret->residence_max_ns = stay.max_ns;
}

/* The share of pages not reloaded at each age (Kaplan and Meier, JASA 53, 1958): a page that was
 * read is an event at its residence, a page that was not read is censored at the time it was
 * watched.
 */
static void fill_survival(const struct pool_sums *s, const struct hist *unread,
			  struct pool_summary *ret)
{
	uint64_t at_risk = s->residence.n + unread->n;
	double share = 1, area = 0;
	size_t age = 0;

	if (at_risk)
		ret->censored_share = (double)unread->n / (double)at_risk;
	for (uint32_t b = 0; b < HIST_BUCKETS && at_risk; b++) {
		double middle = (double)(hist_low(b) + hist_low(b + 1) - 1) / 2, before = share;

		while (age < POOL_AGES && ages_ns[age] <= (double)hist_low(b))
			ret->survival_values[age++] = share;
		share *= 1 - (double)s->residence.bucket[b] / (double)at_risk;
		at_risk -= s->residence.bucket[b] + unread->bucket[b];
		/* Events are in the middle of a bucket; the area ends with the last page watched.
		 */
		area += before * (middle - (double)hist_low(b));
		if (at_risk)
			area += share * ((double)hist_low(b + 1) - middle);
		else
			ret->survival_mean_ns = (uint64_t)area;
		if (share <= 0.5 && ret->survival_p50_ns == MISSING_U64)
			ret->survival_p50_ns = (uint64_t)middle;
	}
	ret->survival_age_ns = (struct series){ age ? ages_ns : NULL, age };
	ret->survival = (struct series){ age ? ret->survival_values : NULL, age };
}

void pool_summary_fill(const struct pool_sums *s, const struct hist *unread, uint64_t duration_ns,
		       struct pool_summary *ret)
{
	record_clear(&pool_summary_type, ret);
	fill_traffic(&s->write, &s->read, &s->residence, ret);
	ret->duration_ns = duration_ns;
	ret->replaced = s->unread_age.n;
	ret->unread = s->write.pages - s->untracked - ret->replaced - ret->first_reads;
	ret->failed_writes = s->write.failed;
	ret->failed_reads = s->read.failed;
	ret->unknown = s->unknown;
	ret->untracked = s->untracked;
	ret->unmatched = s->unmatched;
	fill_survival(s, unread, ret);
}

/* ---- pages that the hook did not see ---- */

static uint64_t grown(uint64_t before, uint64_t after)
{
	return before == MISSING_U64 || after == MISSING_U64 || after < before ? MISSING_U64
									       : after - before;
}

static uint64_t or_zero(uint64_t value)
{
	return value == MISSING_U64 ? 0 : value;
}

/* Pages counted by the devices or swap, less those seen; missing where neither counts. */
static uint64_t unseen(uint64_t by_device, uint64_t by_swap, bool all_swaps,
		       const struct pool_traffic *seen)
{
	uint64_t counted = all_swaps ? MAX(or_zero(by_device), or_zero(by_swap)) : by_device;
	uint64_t pages = seen->pages + seen->failed + seen->filtered;

	if (by_device == MISSING_U64 && (!all_swaps || by_swap == MISSING_U64))
		return MISSING_U64;
	/* Pages seen before the first read of the counters are not unseen. */
	return counted > pages ? counted - pages : 0;
}

/* No request of this direction was seen, and more pages are unseen than can be in flight at the
 * start and the end.
 */
static bool is_blind(const struct pool_traffic *seen, uint64_t unseen_pages)
{
	return seen->pages + seen->failed + seen->filtered == 0 &&
	       or_zero(unseen_pages) > (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
}

/* Clears what needs both directions: where folios are written in requests and single pages are read
 * without, the factor would be 0 and the residence endless.
 */
static void clear_residence(struct pool_summary *ret)
{
	ret->readback_factor = ret->censored_share = MISSING_F64;
	ret->unread = ret->replaced = ret->freed_unread = MISSING_U64;
	ret->residence_p50_ns = ret->residence_p90_ns = ret->residence_max_ns = MISSING_U64;
	ret->survival_p50_ns = ret->survival_mean_ns = MISSING_U64;
	ret->survival = ret->survival_age_ns = (struct series){ NULL, 0 };
}

PRINTF_LIKE(3, 4)
static void append(char *buf, size_t len, const char *fmt, ...)
{
	size_t at = strlen(buf);
	va_list ap;

	if (at)
		at += (size_t)snprintf(buf + at, len - at, "; ");
	if (at >= len)
		return;
	va_start(ap, fmt);
	vsnprintf(buf + at, len - at, fmt, ap);
	va_end(ap);
}

static void describe_unseen(const struct pool_summary *s, char *buf, size_t len)
{
	unsigned long long writes = or_zero(s->unseen_writes), reads = or_zero(s->unseen_reads);

	buf[0] = '\0';
	if (s->blind)
		append(buf, len,
		       "%llu of %llu pages written and %llu of %llu pages read made no request%s; "
		       "readback factor and residence cannot be computed",
		       writes, writes + (unsigned long long)s->writes, reads,
		       reads + (unsigned long long)s->reads,
		       s->rw_page ? ": this kernel passes single pages to zram past the block "
				    "layer (rw_page in block_device_operations)"
				  : " that was seen, for an unknown reason");
	else if (writes || reads)
		append(buf, len,
		       "the kernel counted %llu pages written and %llu pages read that made no "
		       "request the probe saw",
		       writes, reads);
	if (or_zero(s->swpout_zero) || or_zero(s->swpin_zero))
		append(buf, len,
		       "%llu pages swapped out and %llu swapped in were zero-filled: the kernel "
		       "keeps a bit and makes no request",
		       (unsigned long long)or_zero(s->swpout_zero),
		       (unsigned long long)or_zero(s->swpin_zero));
	if (or_zero(s->zswpout) || or_zero(s->zswpin))
		append(buf, len, "zswap stored %llu pages and loaded %llu: they made no request",
		       (unsigned long long)or_zero(s->zswpout),
		       (unsigned long long)or_zero(s->zswpin));
}

void pool_summary_reconcile(const struct pool_sums *s, const struct watched *watched,
			    const struct pool_edge *before, const struct pool_edge *after,
			    char *buf, size_t len, struct pool_summary *ret)
{
	const struct procfs_vmstat *b = &before->vmstat, *a = &after->vmstat;

	ret->freed = grown(before->freed, after->freed);
	ret->held = after->held;
	ret->held_before = before->held;
	ret->same = after->same;
	ret->freed_unread = MISSING_U64;
	if (after->held != MISSING_U64)
		ret->freed_unread =
			ret->replaced + (ret->unread > after->held ? ret->unread - after->held : 0);
	ret->device_writes = grown(before->written, after->written);
	ret->device_reads = grown(before->read, after->read);
	ret->pswpout = grown(b->pswpout, a->pswpout);
	ret->pswpin = grown(b->pswpin, a->pswpin);
	ret->swpout_zero = grown(b->swpout_zero, a->swpout_zero);
	ret->swpin_zero = grown(b->swpin_zero, a->swpin_zero);
	ret->zswpout = grown(b->zswpout, a->zswpout);
	ret->zswpin = grown(b->zswpin, a->zswpin);
	ret->unseen_writes =
		unseen(ret->device_writes, ret->pswpout, watched->all_swaps, &s->write);
	ret->unseen_reads = unseen(ret->device_reads, ret->pswpin, watched->all_swaps, &s->read);
	ret->blind =
		is_blind(&s->write, ret->unseen_writes) || is_blind(&s->read, ret->unseen_reads);
	if (ret->blind)
		clear_residence(ret);
	describe_unseen(ret, buf, len);
	ret->unseen = buf[0] ? buf : NULL;
}

/* ---- groups and single pages ---- */

/* One less than enum pool_by. */
const char *const pool_by_choices[] = { "pid", "comm", "cgroup", NULL };

int pool_print_by(struct out *out, enum pool_by by, const struct by_key *key,
		  const struct by_pool *pool)
{
	char comm[PROBE_COMM_LEN] = "";
	struct by_record record;

	record_clear(&pool_by_type, &record);
	record.by = pool_by_choices[by - 1];
	if (by == BY_PID)
		record.pid = probe_pid((uint32_t)key->word[0]);
	if (by == BY_CGROUP)
		record.cgroup = key->word[0];
	else
		record.comm = comm;
	fill_traffic(&pool->write, &pool->read, &pool->residence, &record.sums);
	memcpy(comm, by == BY_COMM ? (const char *)key->word : pool->comm, sizeof(comm) - 1);
	return out_record(out, &pool_by_type, &record);
}

int pool_print_page(struct out *out, const struct watched *watched, const struct pool_event *event)
{
	struct page_record record = {
		.op = event->write ? "write" : "read",
		.device = event->device < watched->n ? watched->names[event->device] : NULL,
		.slot = event->slot,
		.pid = probe_pid(event->pid),
		.tid = probe_pid(event->tid),
		.cgroup = event->cgroup,
		.ts_ns = event->ts_ns,
		.latency_ns = event->latency_ns,
		.residence_ns = event->residence_ns,
		.reads = event->reads,
		.pages = event->pages,
		.failed = event->failed,
	};

	memcpy(record.comm, event->comm, sizeof(record.comm));
	return out_record(out, &pool_page_type, &record);
}

// SPDX-License-Identifier: GPL-2.0-only
/* pool_probe_records.c - sums and single pages as records: quantiles, survival, and what the hook
 * did not see. */
#include <stdarg.h>

#include "lib/base/out.h"
#include "pool_probe_parts.h"
#include "lib/bpf/probe.h"

static const double ages_ns[POOL_AGES] = {
	1e5, 3e5, 1e6, 3e6, 1e7, 3e7, 1e8, 3e8, 1e9, 3e9, 1e10, 3e10, 1e11, 3e11, 1e12,
};

struct by_record {
	const char *by;
	uint64_t pid, cgroup;
	const char *comm;
	uint64_t stores, loads;
	double readback_factor;
	uint64_t write_mean_ns, read_mean_ns, first_loads, residence_p50_ns, residence_p90_ns,
		residence_max_ns;
	uint64_t write_p50_ns, write_p99_ns, write_max_ns, read_p50_ns, read_p99_ns, read_max_ns;
};

static const struct field by_fields[] = {
	FIELD(struct by_record, by, FIELD_STRING, "", "what the requests are grouped by"),
	FIELD(struct by_record, pid, FIELD_U64, "", "by pid: process that made the requests"),
	FIELD(struct by_record, comm, FIELD_STRING, "",
	      "by comm: name; by pid: name of one of its threads"),
	FIELD(struct by_record, cgroup, FIELD_U64, "",
	      "by cgroup: inode number of the cgroup2 directory"),
	FIELD(struct by_record, stores, FIELD_U64, "pages", "pages written to the devices"),
	FIELD(struct by_record, loads, FIELD_U64, "pages", "pages read from them"),
	FIELD(struct by_record, readback_factor, FIELD_F64, "ratio", "loads / stores"),
	FIELD(struct by_record, write_mean_ns, FIELD_U64, "ns",
	      "time in the device for each page stored"),
	FIELD(struct by_record, read_mean_ns, FIELD_U64, "ns",
	      "time in the device for each page loaded"),
	FIELD(struct by_record, first_loads, FIELD_U64, "pages",
	      "of its loads the first ones since the store"),
	FIELD(struct by_record, residence_p50_ns, FIELD_U64, "ns",
	      "of these, from store to load; within 3.2 %"),
	FIELD(struct by_record, residence_p90_ns, FIELD_U64, "ns", "likewise"),
	FIELD(struct by_record, residence_max_ns, FIELD_U64, "ns",
	      "the longest; exact but for two CPUs at once"),
	FIELD(struct by_record, write_p50_ns, FIELD_U64, "ns",
	      "half of its requests to store took no longer"),
	FIELD(struct by_record, write_p99_ns, FIELD_U64, "ns", "99 % of them; both within 3.2 %"),
	FIELD(struct by_record, write_max_ns, FIELD_U64, "ns",
	      "the longest; exact but for two CPUs at once"),
	FIELD(struct by_record, read_p50_ns, FIELD_U64, "ns",
	      "half of its requests to load took no longer"),
	FIELD(struct by_record, read_p99_ns, FIELD_U64, "ns", "99 % of them; both within 3.2 %"),
	FIELD(struct by_record, read_max_ns, FIELD_U64, "ns",
	      "the longest; exact but for two CPUs at once"),
};

const struct record_type pool_by_type = RECORD_TYPE("pool_probe_by", 1, RECORD_TABLE, by_fields,
						    "those who stored and loaded most");

struct page_record {
	const char *op, *device;
	uint64_t slot;
	uint32_t pid, tid;
	char comm[PROBE_COMM_LEN];
	uint64_t cgroup, ts_ns, latency_ns, residence_ns, loads;
	uint32_t pages;
	bool failed;
};

static const struct field page_fields[] = {
	FIELD(struct page_record, op, FIELD_STRING, "", "store or load"),
	FIELD(struct page_record, device, FIELD_STRING, "", "e.g. zram1"),
	FIELD(struct page_record, slot, FIELD_U64, "pages",
	      "place on the device: of a swap its slot"),
	FIELD(struct page_record, pid, FIELD_U32, "", "process that made the request"),
	FIELD(struct page_record, tid, FIELD_U32, "", "thread of it"),
	FIELD(struct page_record, comm, FIELD_CHARS, "", "name of the thread"),
	FIELD(struct page_record, cgroup, FIELD_U64, "", "inode number of its cgroup2 directory"),
	FIELD(struct page_record, ts_ns, FIELD_U64, "ns", "CLOCK_MONOTONIC when the request began"),
	FIELD(struct page_record, latency_ns, FIELD_U64, "ns",
	      "until it had ended: of the whole request"),
	FIELD(struct page_record, pages, FIELD_U32, "pages", "of the request; each has a record"),
	FIELD(struct page_record, residence_ns, FIELD_U64, "ns",
	      "load: since the store of the page; missing where that was before the probe began"),
	FIELD(struct page_record, loads, FIELD_U64, "loads",
	      "load: how many since then, this one too; 0: not known"),
	FIELD(struct page_record, failed, FIELD_BOOL, "", "the request ended in an error"),
};

const struct record_type pool_page_type = RECORD_TYPE(
	"pool_probe_page", 1, RECORD_LINE, page_fields, "with --events: one page stored or loaded");

static uint64_t per(uint64_t sum, uint64_t n)
{
	return n ? sum / n : MISSING_U64;
}

/* The share of pages that are still out at each age (Kaplan and Meier, JASA 53, 1958): a page that
 * was loaded is an event at its residence, one that was not is known to have been out as long as it
 * was watched.
 */
static void fill_survival(const struct pool_sums *s, const __u64 censored[HIST_BUCKETS],
			  struct pool_summary *ret)
{
	uint64_t at_risk = 0, never = 0;
	double out = 1, area = 0;
	size_t age = 0;

	for (uint32_t b = 0; b < HIST_BUCKETS; b++) {
		at_risk += s->residence[b] + censored[b];
		never += censored[b];
	}
	ret->survival_p50_ns = MISSING_U64;
	ret->survival_mean_ns = MISSING_U64;
	ret->censored_share = at_risk ? (double)never / (double)at_risk : MISSING_F64;
	for (uint32_t b = 0; b < HIST_BUCKETS && at_risk; b++) {
		double middle = (double)(hist_low(b) + hist_low(b + 1) - 1) / 2, before = out;

		while (age < POOL_AGES && ages_ns[age] <= (double)hist_low(b))
			ret->survival_values[age++] = out;
		out *= 1 - (double)s->residence[b] / (double)at_risk;
		at_risk -= s->residence[b] + censored[b];
		/* Pages come back in the middle of a bucket; where none is left to watch, the area
		 * ends there. */
		area += before * (middle - (double)hist_low(b));
		if (at_risk)
			area += out * ((double)hist_low(b + 1) - middle);
		else
			ret->survival_mean_ns = (uint64_t)area;
		if (out <= 0.5 && ret->survival_p50_ns == MISSING_U64)
			ret->survival_p50_ns = (uint64_t)middle;
	}
	ret->survival_age_ns = (struct series){ age ? ages_ns : NULL, age };
	ret->survival = (struct series){ age ? ret->survival_values : NULL, age };
}

void pool_summary_fill(const struct pool_sums *s, const __u64 censored[HIST_BUCKETS],
		       uint64_t duration_ns, struct pool_summary *ret)
{
	const struct pool_way *in = &s->store, *out = &s->load;

	*ret = (struct pool_summary){
		.duration_ns = duration_ns,
		.stores = in->pages,
		.loads = out->pages,
		.readback_factor = in->pages ? (double)out->pages / (double)in->pages : MISSING_F64,
		.write_ns = in->total_ns,
		.write_mean_ns = per(in->total_ns, in->pages),
		.write_p50_ns = hist_quantile(in->latency, in->requests, 0.50, in->max_ns),
		.write_p99_ns = hist_quantile(in->latency, in->requests, 0.99, in->max_ns),
		.write_max_ns = in->requests ? in->max_ns : MISSING_U64,
		.read_ns = out->total_ns,
		.read_mean_ns = per(out->total_ns, out->pages),
		.read_p50_ns = hist_quantile(out->latency, out->requests, 0.50, out->max_ns),
		.read_p99_ns = hist_quantile(out->latency, out->requests, 0.99, out->max_ns),
		.read_max_ns = out->requests ? out->max_ns : MISSING_U64,
		.first_loads = s->first_loads,
		.replaced = s->replaced,
		.unread = in->pages - s->untracked - s->replaced - s->first_loads,
		.residence_p50_ns =
			hist_quantile(s->residence, s->first_loads, 0.50, s->residence_max_ns),
		.residence_p90_ns =
			hist_quantile(s->residence, s->first_loads, 0.90, s->residence_max_ns),
		.residence_max_ns = s->first_loads ? s->residence_max_ns : MISSING_U64,
		.failed_stores = in->failed,
		.failed_loads = out->failed,
		.unknown = s->unknown,
		.untracked = s->untracked,
		.unmatched = s->unmatched,
	};
	fill_survival(s, censored, ret);
}

/* ---- what the hook did not see ---- */

static uint64_t grown(uint64_t before, uint64_t after)
{
	return before == MISSING_U64 || after == MISSING_U64 || after < before ? MISSING_U64
									       : after - before;
}

static uint64_t known(uint64_t value)
{
	return value == MISSING_U64 ? 0 : value;
}

/* Of pages that others counted, those that were not seen; missing where nobody counted. */
static uint64_t unseen(uint64_t by_device, uint64_t by_swap, bool all_swaps,
		       const struct pool_way *seen)
{
	uint64_t counted = all_swaps ? MAX(known(by_device), known(by_swap)) : by_device;
	uint64_t pages = seen->pages + seen->failed + seen->filtered;

	if (by_device == MISSING_U64 && (!all_swaps || by_swap == MISSING_U64))
		return MISSING_U64;
	/* Seen before the first look at the counts: not unseen. */
	return counted > pages ? counted - pages : 0;
}

/* Pages moved and not one request of this way was seen; more of them than can be under way at the
 * edges. */
static bool way_blind(const struct pool_way *way, uint64_t unseen_pages)
{
	return way->pages + way->failed + way->filtered == 0 &&
	       known(unseen_pages) > (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
}

/* What needs both ways. Where folios go out as requests and single pages come back without, a
 * factor of 0 and a stay for ever would be said of pages that are long back.
 */
static void forget_stays(struct pool_summary *ret)
{
	ret->readback_factor = ret->censored_share = MISSING_F64;
	ret->unread = ret->replaced = ret->freed_unread = MISSING_U64;
	ret->residence_p50_ns = ret->residence_p90_ns = ret->residence_max_ns = MISSING_U64;
	ret->survival_p50_ns = ret->survival_mean_ns = MISSING_U64;
	ret->survival = ret->survival_age_ns = (struct series){ NULL, 0 };
}

PRINTF_LIKE(3, 4)
static void put_words(char *buf, size_t len, const char *fmt, ...)
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

static void say_unseen(const struct pool_summary *r, char *buf, size_t len)
{
	unsigned long long stores = known(r->unseen_stores), loads = known(r->unseen_loads);

	buf[0] = '\0';
	if (r->blind)
		put_words(buf, len,
			  "%llu of %llu pages stored and %llu of %llu loaded made no request%s; no "
			  "factor and no stay can be had from the rest",
			  stores, stores + (unsigned long long)r->stores, loads,
			  loads + (unsigned long long)r->loads,
			  r->rw_page ? ": this kernel hands single pages to zram past the block "
				       "layer (rw_page in its block_device_operations)"
				     : " that was seen, for a reason that is not known");
	else if (stores || loads)
		put_words(buf, len,
			  "%llu pages stored and %llu loaded, by the kernel's own counts, made no "
			  "request that was seen",
			  stores, loads);
	if (known(r->swpout_zero) || known(r->swpin_zero))
		put_words(buf, len,
			  "%llu pages out and %llu in were all zero: kept as a bit, no device sees "
			  "them",
			  (unsigned long long)known(r->swpout_zero),
			  (unsigned long long)known(r->swpin_zero));
	if (known(r->zswpout) || known(r->zswpin))
		put_words(buf, len, "zswap took %llu pages and gave back %llu without a device",
			  (unsigned long long)known(r->zswpout),
			  (unsigned long long)known(r->zswpin));
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
	ret->device_stores = grown(before->written, after->written);
	ret->device_loads = grown(before->read, after->read);
	ret->pswpout = grown(b->pswpout, a->pswpout);
	ret->pswpin = grown(b->pswpin, a->pswpin);
	ret->swpout_zero = grown(b->swpout_zero, a->swpout_zero);
	ret->swpin_zero = grown(b->swpin_zero, a->swpin_zero);
	ret->zswpout = grown(b->zswpout, a->zswpout);
	ret->zswpin = grown(b->zswpin, a->zswpin);
	ret->unseen_stores =
		unseen(ret->device_stores, ret->pswpout, watched->all_swaps, &s->store);
	ret->unseen_loads = unseen(ret->device_loads, ret->pswpin, watched->all_swaps, &s->load);
	ret->blind =
		way_blind(&s->store, ret->unseen_stores) || way_blind(&s->load, ret->unseen_loads);
	if (ret->blind)
		forget_stays(ret);
	say_unseen(ret, buf, len);
	ret->unseen = buf[0] ? buf : NULL;
}

/* ---- groups and single pages ---- */

/* One less than enum pool_by. */
const char *const pool_by_choices[] = { "pid", "comm", "cgroup", NULL };

int pool_print_by(struct out *out, enum pool_by by, const struct by_key *key,
		  const struct by_pool *pool)
{
	const struct by_way *in = &pool->store, *back = &pool->load;
	char comm[PROBE_COMM_LEN] = "";
	struct by_record record = {
		.by = pool_by_choices[by - 1],
		.pid = by == BY_PID ? key->word[0] : MISSING_U64,
		.cgroup = by == BY_CGROUP ? key->word[0] : MISSING_U64,
		.comm = by == BY_CGROUP ? NULL : comm,
		.stores = in->pages,
		.loads = back->pages,
		.readback_factor =
			in->pages ? (double)back->pages / (double)in->pages : MISSING_F64,
		.write_mean_ns = per(in->total_ns, in->pages),
		.write_p50_ns = hist_quantile(in->latency, in->requests, 0.50, in->max_ns),
		.write_p99_ns = hist_quantile(in->latency, in->requests, 0.99, in->max_ns),
		.write_max_ns = in->requests ? in->max_ns : MISSING_U64,
		.read_mean_ns = per(back->total_ns, back->pages),
		.read_p50_ns = hist_quantile(back->latency, back->requests, 0.50, back->max_ns),
		.read_p99_ns = hist_quantile(back->latency, back->requests, 0.99, back->max_ns),
		.read_max_ns = back->requests ? back->max_ns : MISSING_U64,
		.first_loads = pool->first_loads,
		.residence_p50_ns = hist_quantile(pool->residence, pool->first_loads, 0.50,
						  pool->residence_max_ns),
		.residence_p90_ns = hist_quantile(pool->residence, pool->first_loads, 0.90,
						  pool->residence_max_ns),
		.residence_max_ns = pool->first_loads ? pool->residence_max_ns : MISSING_U64,
	};

	memcpy(comm, by == BY_COMM ? (const char *)key->word : pool->comm, sizeof(comm) - 1);
	return out_record(out, &pool_by_type, &record);
}

int pool_print_page(struct out *out, const struct watched *watched, const struct pool_event *event)
{
	struct page_record record = {
		.op = event->store ? "store" : "load",
		.device = event->device < watched->n ? watched->names[event->device] : NULL,
		.slot = event->slot,
		.pid = event->pid,
		.tid = event->tid,
		.cgroup = event->cgroup,
		.ts_ns = event->ts_ns,
		.latency_ns = event->latency_ns,
		.residence_ns = event->residence_ns,
		.loads = event->loads,
		.pages = event->pages,
		.failed = event->failed,
	};

	memcpy(record.comm, event->comm, sizeof(record.comm));
	return out_record(out, &pool_page_type, &record);
}

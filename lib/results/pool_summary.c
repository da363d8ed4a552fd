// SPDX-License-Identifier: GPL-2.0-only
/* pool_summary.c - the fields of pool_probe's record of a whole run. */
#include "pool_summary.h"

#define POOL(m, unit, what) FIELD(struct pool_summary, m, FIELD_U64, unit, what)
#define TIMES(op, name) \
	POOL(op##_mean_ns, "ns", "mean time in the zram device per page " name), \
		POOL(op##_p50_ns, "ns", "median latency of a " #op " request; within 3.2 %"), \
		POOL(op##_p99_ns, "ns", \
		     "99th percentile of the latency of a " #op " request; within 3.2 %"), \
		POOL(op##_max_ns, "ns", "maximum latency of a " #op " request; exact")

static const struct field pool_fields[] = {
	POOL(duration_ns, "ns", "time the probe was attached"),
	POOL(writes, "pages", "pages written to the zram devices: swap-outs"),
	POOL(reads, "pages", "pages read from the zram devices: swap-ins"),
	FIELD(struct pool_summary, readback_factor, FIELD_F64, "ratio",
	      "reads / writes: swap-ins per swap-out"),
	POOL(write_ns, "ns",
	     "time of all write requests in the zram device: CPU time, unless the task is "
	     "preempted"),
	TIMES(write, "written"),
	POOL(read_ns, "ns",
	     "time of all read requests in the zram device: CPU time, unless the task is "
	     "preempted"),
	TIMES(read, "read"),
	POOL(first_reads, "pages", "pages read for the first time since their write"),
	POOL(replaced, "pages",
	     "pages whose swap slot was written again before any read: they were freed unread"),
	POOL(unread, "pages",
	     "pages neither read nor replaced by the end: still in the pool, or freed"),
	POOL(freed_unread, "pages",
	     "lower bound of the pages freed without a read: replaced + (unread - held, if "
	     "positive)"),
	POOL(residence_p50_ns, "ns",
	     "median residence of the pages read (time from the write to the first read); within "
	     "3.2 %"),
	POOL(residence_p90_ns, "ns",
	     "90th percentile of the residence of the pages read; within 3.2 %"),
	POOL(residence_max_ns, "ns", "maximum residence of the pages read; exact"),
	POOL(survival_p50_ns, "ns",
	     "median residence of all pages written (Kaplan-Meier: pages not read are censored at "
	     "the time they were watched); missing if the estimate stays above one half; within "
	     "3.2 %"),
	POOL(survival_mean_ns, "ns",
	     "mean residence of all pages written (restricted mean): the area under the survival "
	     "curve up to the longest time that a page was watched; residence after that time is "
	     "not included"),
	FIELD(struct pool_summary, censored_share, FIELD_F64, "ratio",
	      "share of all pages written that were not read while they were watched"),
	FIELD(struct pool_summary, survival_age_ns, FIELD_SERIES, "ns",
	      "ages of the values in survival, up to the longest time that a page was watched"),
	FIELD(struct pool_summary, survival, FIELD_SERIES, "ratio",
	      "share of pages not reloaded at these ages (Kaplan-Meier); an upper bound: a page "
	      "freed unread counts as in the pool until its swap slot is written again"),
	POOL(failed_writes, "pages",
	     "pages whose write ended in an error, e.g. at the pool's limit; not counted in "
	     "writes"),
	POOL(failed_reads, "pages", "pages whose read ended in an error; not counted in reads"),
	POOL(held_before, "pages",
	     "pages in the zram devices at the start (mm_stat orig_data_size)"),
	POOL(held, "pages", "pages in the zram devices at the end (mm_stat orig_data_size)"),
	POOL(same, "pages",
	     "same-filled pages (one repeated word) among held: they have no zsmalloc object "
	     "(mm_stat "
	     "same_pages)"),
	POOL(freed, "pages",
	     "pages that swap freed in the zram devices, read or not (notify_free)"),
	POOL(device_writes, "pages", "pages written, as counted by the zram devices (stat)"),
	POOL(device_reads, "pages", "pages read, as counted by the zram devices (stat)"),
	POOL(pswpout, "pages", "pages written to all swap devices and files (/proc/vmstat)"),
	POOL(pswpin, "pages", "pages read from all swap devices and files (/proc/vmstat)"),
	POOL(swpout_zero, "pages",
	     "zero-filled pages swapped out: the kernel keeps a bit and makes no request; missing "
	     "before Linux 6.12"),
	POOL(swpin_zero, "pages", "zero-filled pages swapped in; missing before Linux 6.12"),
	POOL(zswpout, "pages",
	     "pages stored in zswap (they reach no device); missing without zswap"),
	POOL(zswpin, "pages", "pages loaded from zswap; missing without zswap"),
	POOL(unseen_writes, "pages",
	     "device_writes - pages seen, filtered or failed, at least 0; if every swap is "
	     "watched, pswpout instead of device_writes if it is larger"),
	POOL(unseen_reads, "pages",
	     "device_reads - pages seen, filtered or failed, at least 0; if every swap is watched, "
	     "pswpin instead of device_reads if it is larger"),
	FIELD(struct pool_summary, rw_page, FIELD_BOOL, "",
	      "this kernel can pass single swap pages to a device without a block-layer request "
	      "(rw_page in block_device_operations)"),
	FIELD(struct pool_summary, blind, FIELD_BOOL, "",
	      "the kernel counted pages written, or pages read, and the probe saw no request of "
	      "that kind: readback factor and residence are missing"),
	FIELD(struct pool_summary, unseen, FIELD_STRING, "",
	      "description of the pages that the probe did not see; missing: none"),
	POOL(unknown, "pages", "pages read that were written before the probe was attached"),
	POOL(untracked, "pages",
	     "pages written whose time could not be stored: not included in residence"),
	POOL(unmatched, "requests",
	     "requests whose start could not be stored: their pages are not counted"),
	POOL(missed, "requests", "runs of a BPF program that the kernel skipped"),
};

const struct record_type pool_summary_type =
	RECORD_TYPE("pool_probe_summary", 2, RECORD_CARD, pool_fields,
		    "swap-outs to and swap-ins from zram pools while the probe was attached");

// SPDX-License-Identifier: GPL-2.0-only
/* pool_summary.c - the fields of pool_probe's record of a whole run. */
#include "pool_summary.h"

#define POOL(m, unit, what) FIELD(struct pool_summary, m, FIELD_U64, unit, what)

static const struct field pool_fields[] = {
	POOL(duration_ns, "ns", "time the probe was attached"),
	POOL(writes, "pages", "pages written to the devices"),
	POOL(reads, "pages", "pages read from the devices"),
	FIELD(struct pool_summary, readback_factor, FIELD_F64, "ratio",
	      "reads / writes: swap-ins per swap-out"),
	POOL(write_ns, "ns",
	     "time of all writes in the device: CPU time of the writing tasks, unless preempted"),
	POOL(write_mean_ns, "ns", "mean time in the device per page written"),
	POOL(write_p50_ns, "ns", "median time of a write request; within 3.2 %"),
	POOL(write_p99_ns, "ns", "99th percentile; within 3.2 %"),
	POOL(write_max_ns, "ns", "maximum; exact"),
	POOL(read_ns, "ns", "time of all reads in the device: CPU time, as write_ns"),
	POOL(read_mean_ns, "ns", "mean time in the device per page read"),
	POOL(read_p50_ns, "ns", "median time of a read request; within 3.2 %"),
	POOL(read_p99_ns, "ns", "99th percentile; within 3.2 %"),
	POOL(read_max_ns, "ns", "maximum; exact"),
	POOL(first_reads, "pages", "written pages that were read at least once"),
	POOL(replaced, "pages",
	     "written pages whose slot was written again before any read: freed unread"),
	POOL(unread, "pages", "written pages not read by the end: still in the pool, or freed"),
	POOL(freed_unread, "pages",
	     "lower bound of the written pages that were freed unread: replaced, and unread pages "
	     "that the devices no longer hold"),
	POOL(residence_p50_ns, "ns",
	     "median time from write to first read, of the pages read; within 3.2 %"),
	POOL(residence_p90_ns, "ns", "90th percentile; within 3.2 %"),
	POOL(residence_max_ns, "ns", "maximum; exact"),
	POOL(survival_p50_ns, "ns",
	     "median residence of all pages written (Kaplan-Meier: pages not read are censored); "
	     "missing where less than half were read; within 3.2 %"),
	POOL(survival_mean_ns, "ns",
	     "mean residence of all pages written, restricted to the time they were watched: the "
	     "area below survival; too low by what pages not read still stay"),
	FIELD(struct pool_summary, censored_share, FIELD_F64, "ratio",
	      "pages not reloaded while they were watched / all pages written"),
	FIELD(struct pool_summary, survival_age_ns, FIELD_SERIES, "ns",
	      "ages, up to the longest time that a page was watched"),
	FIELD(struct pool_summary, survival, FIELD_SERIES, "ratio",
	      "share of pages not reloaded at these ages (Kaplan-Meier); at most too high, since a "
	      "page freed unread counts as in the pool until its slot is written again"),
	POOL(failed_writes, "pages",
	     "writes that ended in an error, e.g. at a pool's limit; not in other fields"),
	POOL(failed_reads, "pages", "reads that ended in an error"),
	POOL(held_before, "pages", "pages in the devices at the start (mm_stat orig_data_size)"),
	POOL(held, "pages", "pages in the devices at the end (mm_stat orig_data_size)"),
	POOL(same, "pages",
	     "of held, pages filled with one word, which use no memory (mm_stat same_pages)"),
	POOL(freed, "pages", "slots freed in the devices, read or not (notify_free)"),
	POOL(device_writes, "pages", "pages written, by the devices' own count (stat)"),
	POOL(device_reads, "pages", "pages read, by the devices' own count (stat)"),
	POOL(pswpout, "pages", "pages written to swaps of any kind (/proc/vmstat)"),
	POOL(pswpin, "pages", "pages read from swaps of any kind (/proc/vmstat)"),
	POOL(swpout_zero, "pages",
	     "zero-filled pages swapped out, kept as a bit: no device sees them; missing before "
	     "6.12"),
	POOL(swpin_zero, "pages", "zero-filled pages swapped in"),
	POOL(zswpout, "pages",
	     "pages that zswap stored before they reached a device; missing without zswap"),
	POOL(zswpin, "pages", "pages loaded from zswap"),
	POOL(unseen_writes, "pages",
	     "device_writes, or pswpout where that is more and every swap is watched, less the "
	     "pages seen, filtered and failed"),
	POOL(unseen_reads, "pages", "the same for reads: device_reads or pswpin"),
	FIELD(struct pool_summary, rw_page, FIELD_BOOL, "",
	      "this kernel passes single swap pages to a device past the block layer, where the "
	      "device allows it (rw_page in its block_device_operations)"),
	FIELD(struct pool_summary, blind, FIELD_BOOL, "",
	      "pages were written, or read, and no such request was seen: readback factor and "
	      "residence are missing"),
	FIELD(struct pool_summary, unseen, FIELD_STRING, "",
	      "pages that the hook did not see, as text; missing: none"),
	POOL(unknown, "pages", "reads of pages written before the probe began"),
	POOL(untracked, "pages", "writes whose time could not be stored: not in the residence"),
	POOL(unmatched, "requests",
	     "requests whose end could not be matched to their begin: not counted as pages"),
	POOL(missed, "requests", "runs of a BPF program that the kernel skipped"),
};

const struct record_type pool_summary_type =
	RECORD_TYPE("pool_probe_summary", 2, RECORD_CARD, pool_fields,
		    "traffic of the pool while the probe was attached");

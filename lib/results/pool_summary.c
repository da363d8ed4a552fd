// SPDX-License-Identifier: GPL-2.0-only
/* pool_summary.c - the fields of pool_probe's record of a whole run. */
#include "pool_summary.h"

#define POOL(m, unit, what) FIELD(struct pool_summary, m, FIELD_U64, unit, what)

static const struct field pool_fields[] = {
	POOL(duration_ns, "ns", "how long was looked"),
	POOL(stores, "pages", "pages written to the devices"),
	POOL(loads, "pages", "pages read from them"),
	FIELD(struct pool_summary, readback_factor, FIELD_F64, "ratio", "loads / stores"),
	POOL(write_ns, "ns",
	     "time in the device of all stores: CPU time of those who stored, unless they were "
	     "preempted"),
	POOL(write_mean_ns, "ns", "time in the device for each page stored"),
	POOL(write_p50_ns, "ns", "half of the requests to store took no longer; within 3.2 %"),
	POOL(write_p99_ns, "ns", "99 % of them took no longer; within 3.2 %"),
	POOL(write_max_ns, "ns", "the longest; exact"),
	POOL(read_ns, "ns", "time in the device of all loads, likewise"),
	POOL(read_mean_ns, "ns", "time in the device for each page loaded"),
	POOL(read_p50_ns, "ns", "half of the requests to load took no longer; within 3.2 %"),
	POOL(read_p99_ns, "ns", "99 % of them took no longer; within 3.2 %"),
	POOL(read_max_ns, "ns", "the longest; exact"),
	POOL(first_loads, "pages", "stored pages that were loaded, once or more"),
	POOL(replaced, "pages",
	     "stored pages whose slot was stored to again before any load: freed unread"),
	POOL(unread, "pages", "stored pages not loaded by the end: still out, or freed unread"),
	POOL(freed_unread, "pages",
	     "at least so many stored pages were freed without a load: replaced, and those unread "
	     "that the devices cannot hold any more"),
	POOL(residence_p50_ns, "ns",
	     "from store to first load, of those loaded: half were back after this long"),
	POOL(residence_p90_ns, "ns",
	     "90 % of those loaded were back after this long; within 3.2 %"),
	POOL(residence_max_ns, "ns", "the longest of those loaded; exact"),
	POOL(survival_p50_ns, "ns",
	     "half of all pages stored were back after this long, those still out counted as such "
	     "(Kaplan-Meier); missing where fewer came back; within 3.2 %"),
	POOL(survival_mean_ns, "ns",
	     "mean time out, as far as pages were watched: the area below survival; at most too "
	     "low by those still out at the end"),
	FIELD(struct pool_summary, censored_share, FIELD_F64, "ratio",
	      "pages never loaded while they were watched / all pages stored"),
	FIELD(struct pool_summary, survival_age_ns, FIELD_SERIES, "ns",
	      "ages, as far as any page was watched that long"),
	FIELD(struct pool_summary, survival, FIELD_SERIES, "ratio",
	      "pages still out at each of them, likewise"),
	POOL(failed_stores, "pages",
	     "stores that ended in an error, as at a pool's limit; in no other figure"),
	POOL(failed_loads, "pages", "loads that did"),
	POOL(held_before, "pages", "in them at the beginning"),
	POOL(held, "pages", "in the devices at the end (mm_stat orig_data_size)"),
	POOL(same, "pages",
	     "of those held at the end, filled with one word: no memory (mm_stat same_pages)"),
	POOL(freed, "pages",
	     "slots that the devices were told to free, read or not, whoever had them "
	     "(notify_free)"),
	POOL(device_stores, "pages", "pages written by the devices' own count (stat)"),
	POOL(device_loads, "pages", "pages read by it"),
	POOL(pswpout, "pages", "written to swaps of any kind in that time (/proc/vmstat)"),
	POOL(pswpin, "pages", "read from them"),
	POOL(swpout_zero, "pages",
	     "all zero, kept as a bit: no device sees them; missing before 6.12"),
	POOL(swpin_zero, "pages", "such pages that came back"),
	POOL(zswpout, "pages",
	     "that zswap took before they reached a device; missing without zswap"),
	POOL(zswpin, "pages", "that it gave back"),
	POOL(unseen_stores, "pages",
	     "device_stores, or pswpout where that is more and every swap is watched, less those "
	     "seen, filtered and failed ones among them"),
	POOL(unseen_loads, "pages", "likewise"),
	FIELD(struct pool_summary, rw_page, FIELD_BOOL, "",
	      "this kernel hands single swap pages past the block layer, where a device allows it "
	      "(rw_page in its block_device_operations)"),
	FIELD(struct pool_summary, blind, FIELD_BOOL, "",
	      "pages were stored, or loaded, and not one request of that way was seen: factor and "
	      "stays are missing"),
	FIELD(struct pool_summary, unseen, FIELD_STRING, "",
	      "what the hook did not see, in words; missing: nothing"),
	POOL(unknown, "pages", "loads of pages stored before the probe began"),
	POOL(untracked, "pages", "stores whose time could not be kept: not in the residence"),
	POOL(unmatched, "requests",
	     "requests whose end could not be matched to their begin: not counted as pages"),
	POOL(missed, "requests", "runs of a program that the kernel skipped"),
};

const struct record_type pool_summary_type =
	RECORD_TYPE("pool_probe_summary", 1, RECORD_CARD, pool_fields,
		    "traffic of the pool over the whole time");

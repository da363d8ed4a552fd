/* SPDX-License-Identifier: GPL-2.0-only */
/* swap_probe_parts.h - the parts of swap_probe's user side and what they share.
 *
 *	swap_probe.c		options, hooks, samples, intervals
 *	swap_probe_records.c	samples -> lines, records, histograms
 *	swap_probe_stalls.c	--by: stalls in reclaim by process or cgroup, per interval
 */
#ifndef COLDPRESS_SWAP_PROBE_PARTS_H
#define COLDPRESS_SWAP_PROBE_PARTS_H

#include <linux/types.h>

#include "lib/base/out.h"
#include "lib/kernel/procfs.h"
#include "swap_probe.h"

/* Which hooks this kernel has. */
struct have {
	bool key[SWAP_KEYS], write_anon, scanned;
};

/* The counters at one moment. */
struct sample {
	uint64_t ns;
	struct swap_counts swap; /* of all CPUs; last_* of the last event on any */
	struct procfs_vmstat vmstat;
	uint64_t some_us, full_us; /* PSI of memory; missing where the kernel has none */
	uint64_t zram_orig_bytes, zram_used_bytes; /* missing without a device */
	struct procfs_meminfo meminfo;
};

extern const struct record_type swap_type, histogram_type;

/* swap_print - one interval as a record or, with line, as the specification's line; returns what
 * out_record did. *reported: reclaim for a cgroup's limit was reported on stderr.
 */
int swap_print(struct out *out, bool line, const struct sample *before, const struct sample *now,
	       const struct have *have, bool *reported);

/* swap_print_histograms - the times of each kind of reclaim between two samples. */
int swap_print_histograms(struct out *out, const struct sample *first, const struct sample *last);

/* ---- stalls ---- */
extern const struct record_type stall_type;

struct stalls; /* opaque: the sums at the last two samples */

/* stalls_new - begins the first interval.
 *
 * map     the BPF side's "stalls"
 * epochs  its map of that name: the number of the interval
 * errors  -ENOMEM
 */
int stalls_new(struct stalls **ret, enum swap_by by, int map, int epochs, struct err *e);
void stalls_free(struct stalls *stalls);

/* stalls_sample - ends an interval and begins the next one. */
int stalls_sample(struct stalls *stalls, struct err *e);

/* stalls_print - a record for each of the `top` longest stalls between the last two samples;
 * returns what out_record did.
 */
int stalls_print(struct stalls *stalls, struct out *out, size_t top, uint64_t ts_ns,
		 uint64_t interval_ns);

#endif

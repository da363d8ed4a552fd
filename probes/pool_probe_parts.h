/* SPDX-License-Identifier: GPL-2.0-only */
/* pool_probe_parts.h - the parts of pool_probe's user side and what passes between them.
 *
 *	pool_probe.c		options, hooks, the order of things
 *	pool_probe_devices.c	the devices, and what they and /proc/vmstat count themselves
 *	pool_probe_records.c	sums -> records; changes nothing
 */
#ifndef COLDPRESS_POOL_PROBE_PARTS_H
#define COLDPRESS_POOL_PROBE_PARTS_H

#include <linux/types.h>

#include "lib/base/err.h"
#include "lib/base/opt.h"
#include "pool_probe.h"
#include "lib/results/pool_summary.h"
#include "lib/kernel/procfs.h"
#include "lib/base/record.h"

/* The devices that are watched, as far as /sys knows them. */
struct watched {
	struct pool_device devices[POOL_DEVICES];
	unsigned int ids[POOL_DEVICES]; /* the N of zramN */
	char names[POOL_DEVICES][16];
	size_t n;
	uint64_t pages; /* of all */
	bool all_swaps; /* every swap of the machine is one of them */
};

/* watched_find - those named; where none is, each zram device that is in use as swap.
 *
 * errors  usage: no zram device, or too many; -ENODEV no zram device is swap
 */
int watched_find(const struct opt_list *paths, struct watched *ret, struct err *e);

/* What grows, and what the devices hold, at one moment; what could not be read is missing. */
struct pool_edge {
	uint64_t written, read; /* pages, by the devices' own `stat` */
	uint64_t freed;         /* slots, by io_stat */
	uint64_t held, same;    /* pages, by mm_stat */
	struct procfs_vmstat vmstat;
};

void pool_edge_read(const struct watched *watched, struct pool_edge *ret);

extern const struct record_type pool_by_type, pool_page_type;

/* pool_summary_fill - from the sums of all CPUs. censored: pages never loaded, by how long they
 * have been out. ret is not to be moved afterwards.
 */
void pool_summary_fill(const struct pool_sums *s, const __u64 censored[HIST_BUCKETS],
		       uint64_t duration_ns, struct pool_summary *ret);

/* pool_summary_reconcile - what the devices and /proc/vmstat counted between the two moments,
 * against what was seen; words of it into buf, which ret keeps.
 */
void pool_summary_reconcile(const struct pool_sums *s, const struct watched *watched,
			    const struct pool_edge *before, const struct pool_edge *after,
			    char *buf, size_t len, struct pool_summary *ret);

/* In the order of enum pool_by, without its first. */
extern const char *const pool_by_choices[];

/* pool_print_by - the record of one group. */
struct out;
int pool_print_by(struct out *out, enum pool_by by, const struct by_key *key,
		  const struct by_pool *pool);

/* pool_print_page - one page of a request, whatever comes out of the ring. */
int pool_print_page(struct out *out, const struct watched *watched, const struct pool_event *event);

#endif

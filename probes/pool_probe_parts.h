/* SPDX-License-Identifier: GPL-2.0-only */
/* pool_probe_parts.h - the parts of pool_probe's user side and what they share.
 *
 *	pool_probe.c		options, hooks, one run
 *	pool_probe_devices.c	the devices, their own counters and those of /proc/vmstat
 *	pool_probe_records.c	sums -> records; pure
 */
#ifndef COLDPRESS_POOL_PROBE_PARTS_H
#define COLDPRESS_POOL_PROBE_PARTS_H

#include "lib/bpf/probe.h"
#include "lib/kernel/procfs.h"
#include "lib/results/pool_summary.h"
#include "pool_probe.h"

/* The devices that are watched, from /sys. */
struct watched {
	struct pool_device devices[POOL_DEVICES];
	unsigned int ids[POOL_DEVICES]; /* the N of zramN */
	char names[POOL_DEVICES][16];
	size_t n;
	uint64_t pages; /* of all */
	bool all_swaps; /* every swap of the machine is watched */
};

/* watched_find - the devices of --device; without it, each zram device in use as swap.
 *
 * errors  usage: not a zram device, or too many; -ENODEV no zram device is swap
 */
int watched_find(const struct opt_list *paths, struct watched *ret, struct err *e);

/* Counters and contents of the devices at one moment; what could not be read is missing. */
struct pool_edge {
	uint64_t written, read; /* pages, by the devices' own `stat` */
	uint64_t freed;         /* slots, by io_stat */
	uint64_t held, same;    /* pages, by mm_stat */
	struct procfs_vmstat vmstat;
};

void pool_edge_read(const struct watched *watched, struct pool_edge *ret);

extern const struct record_type pool_by_type, pool_page_type;

/* pool_summary_fill - from the sums of all CPUs. unread: pages never read, by the time they were
 * watched. ret must not be moved afterwards.
 */
void pool_summary_fill(const struct pool_sums *s, const struct hist *unread, uint64_t duration_ns,
		       struct pool_summary *ret);

/* pool_summary_reconcile - compares what the devices and /proc/vmstat counted between two moments
 * with what was seen; ret->unseen, a description, is in buf.
 */
void pool_summary_reconcile(const struct pool_sums *s, const struct watched *watched,
			    const struct pool_edge *before, const struct pool_edge *after,
			    char *buf, size_t len, struct pool_summary *ret);

/* In the order of enum pool_by, without its first. */
extern const char *const pool_by_choices[];

/* pool_print_by - the record of one group. */
int pool_print_by(struct out *out, enum pool_by by, const struct by_key *key,
		  const struct by_pool *pool);

/* pool_print_page - the record of one event of the ring. */
int pool_print_page(struct out *out, const struct watched *watched, const struct pool_event *event);

#endif

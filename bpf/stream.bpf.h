// SPDX-License-Identifier: GPL-2.0-only
/* stream.bpf.h - filter, event counters and the ring buffer of probes that stream single events.
 *
 * Every event is counted as seen, and once more where it does not become a record.
 */
#ifndef COLDPRESS_STREAM_BPF_H
#define COLDPRESS_STREAM_BPF_H

#include "common.bpf.h"

const volatile struct probe_filter filter = { .uid = ~0u };

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 26);
} events SEC(".maps");

MAP_ONE(PERCPU_ARRAY, counters, struct probe_counts);
MAP_ONE(CGROUP_ARRAY, cgroups, __u32);

static __always_inline struct probe_counts *counts(void)
{
	return only(&counters);
}

/* Whether the current task passes the filter. The loader knows the constants and removes the
 * branches of filters that are not in use.
 */
static __always_inline bool wanted(void)
{
	if (filter.tgid && filter.tgid != current_ids() >> 32)
		return false;
	if (filter.uid != ~0u && filter.uid != (__u32)bpf_get_current_uid_gid())
		return false;
	if (filter.by_cgroup && bpf_current_task_under_cgroup(&cgroups, 0) != 1)
		return false;
	if (filter.by_comm) {
		__u64 comm[2] = {};

		bpf_get_current_comm(comm, sizeof(comm));
		if (comm[0] != filter.comm[0] || comm[1] != filter.comm[1])
			return false;
	}
	return true;
}

static __always_inline void count_filtered(void)
{
	struct probe_counts *c = counts();

	if (c)
		c->filtered++;
}

/* Counts the event; true when it passes the filter. */
static __always_inline bool admit(void)
{
	struct probe_counts *c = counts();

	if (!c)
		return false;
	c->seen++;
	if (wanted())
		return true;
	c->filtered++;
	return false;
}

/* Space for one record in the ring; NULL, and the event counted as dropped, where it is full. */
static __always_inline void *reserve(__u64 bytes)
{
	void *record = bpf_ringbuf_reserve(&events, bytes, 0);
	struct probe_counts *c;

	if (!record && (c = counts()))
		c->dropped++;
	return record;
}

/* The reader polls on a timer: a wake-up for each record would cost ten times the record. */
static __always_inline void submit(void *record)
{
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
}

#endif

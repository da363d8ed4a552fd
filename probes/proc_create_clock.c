// SPDX-License-Identifier: GPL-2.0-only
/* proc_create_clock.c - compares the scheduler's clock with CLOCK_MONOTONIC.
 *
 * A software event on page faults of this thread has the scheduler's time of each: a fault on a
 * page of our own, between two reads of CLOCK_MONOTONIC, compares the two.
 */
#include "proc_create_parts.h"

#include <linux/perf_event.h>
#include <sys/mman.h>
#include <sys/syscall.h>

/* More than one comparison only where one was interrupted. */
#define TRIES    3
#define CLOSE_NS 5000

int sched_clock_open(struct sched_clock *ret, struct err *e)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_PAGE_FAULTS,
		.sample_period = 1,
		.sample_type = PERF_SAMPLE_TIME,
		.exclude_kernel = 1,
		.exclude_hv = 1,
	};
	int rc;

	*ret = (struct sched_clock){ .ring = MAP_FAILED, .page = MAP_FAILED };
	ret->fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	if (ret->fd >= 0)
		ret->ring =
			mmap(NULL, 2 * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, ret->fd, 0);
	if (ret->ring != MAP_FAILED)
		ret->page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (ret->page != MAP_FAILED)
		return 0;
	rc = err_set(e, errno, "cannot read the scheduler's clock");
	sched_clock_close(ret);
	return rc;
}

/* Empties the ring; the time of the last fault, 0: none. */
static uint64_t last_fault(struct sched_clock *c)
{
	struct perf_event_mmap_page *meta = c->ring;
	const char *data = (const char *)c->ring + PAGE_BYTES;
	uint64_t head = __atomic_load_n(&meta->data_head, __ATOMIC_ACQUIRE), at = meta->data_tail,
		 time = 0;

	/* Records consist of whole words, which do not wrap. */
	while (at < head) {
		struct perf_event_header header;

		memcpy(&header, data + at % PAGE_BYTES, sizeof(header));
		if (header.type == PERF_RECORD_SAMPLE)
			memcpy(&time, data + (at + sizeof(header)) % PAGE_BYTES, sizeof(time));
		at += header.size;
	}
	__atomic_store_n(&meta->data_tail, head, __ATOMIC_RELEASE);
	return time;
}

uint64_t sched_clock_behind_ns(struct sched_clock *c)
{
	uint64_t behind = 0, closest = UINT64_MAX;

	for (int i = 0; i < TRIES && closest > CLOSE_NS && c->fd >= 0; i++) {
		uint64_t before, after, time;

		madvise(c->page, PAGE_BYTES, MADV_DONTNEED);
		last_fault(c);
		before = monotonic_ns();
		*(volatile char *)c->page = 1;
		after = monotonic_ns();
		time = last_fault(c);
		if (!time || after - before >= closest)
			continue;
		closest = after - before;
		behind = before + closest / 2 - time;
	}
	return behind;
}

void sched_clock_close(struct sched_clock *c)
{
	if (c->page && c->page != MAP_FAILED)
		munmap(c->page, PAGE_BYTES);
	if (c->ring && c->ring != MAP_FAILED)
		munmap(c->ring, 2 * PAGE_BYTES);
	if (c->fd >= 0)
		close(c->fd);
	*c = (struct sched_clock){ .fd = -1 };
}

// SPDX-License-Identifier: GPL-2.0-only
/* swap_probe_stalls.c - the sums by process or cgroup, read once an interval and compared with the
 * sample before.
 *
 * The kernel side only adds. Processes that have ended are deleted from its map; cgroups stay. The
 * samples are sorted.
 */
#include "swap_probe_parts.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <signal.h>

#include "lib/bpf/probe_options.h"
#include "lib/kernel/cgroup_paths.h"

struct stall_record {
	uint64_t ts_ns;
	uint64_t pid;
	const char *comm;
	uint64_t cgroup;
	const char *cgroup_path;
	uint64_t stalls, stall_ns, mean_ns, max_ns, direct, direct_ns, memcg, memcg_ns, pages;
	double stall_share;
};

#define STALL(m, t, u, what) FIELD(struct stall_record, m, FIELD_##t, u, what)

static const struct field stall_fields[] = {
	STALL(ts_ns, U64, "ns", "CLOCK_MONOTONIC at the end of the interval"),
	STALL(pid, U64, "", "process; missing with --by cgroup"),
	STALL(comm, STRING, "", "name of the last thread that stalled"),
	STALL(cgroup, U64, "", "inode number of the cgroup2 directory of the process"),
	STALL(cgroup_path, STRING, "",
	      "path of that directory below the mount point; missing if it was removed before "
	      "the lookup"),
	STALL(stalls, U64, "events", "stalls in reclaim that ended in the interval"),
	STALL(stall_ns, U64, "ns", "time of these stalls, all threads added up"),
	STALL(mean_ns, U64, "ns", "stall_ns / stalls"),
	STALL(max_ns, U64, "ns", "longest of these stalls; exact"),
	STALL(direct, U64, "events", "stalls in direct reclaim"),
	STALL(direct_ns, U64, "ns", "time of the stalls in direct reclaim"),
	STALL(memcg, U64, "events", "stalls in reclaim for a cgroup's limit"),
	STALL(memcg_ns, U64, "ns", "time of the stalls in reclaim for a cgroup's limit"),
	STALL(pages, U64, "pages", "pages freed in these stalls"),
	STALL(stall_share, F64, "ratio",
	      "stall_ns / interval_ns; above 1 if several threads stalled at once"),
};

const struct record_type stall_type =
	RECORD_TYPE("reclaim_stall", 1, RECORD_LINE, stall_fields,
		    "with --by: stalls in reclaim of a process or cgroup in one interval");

/* One process or group: all CPUs added up. */
struct sum {
	struct swap_who who;
	uint64_t count[2], total_ns[2], pages[2], max_ns, last_ns, cgroup;
	char comm[16];
};

struct list {
	struct sum sums[SWAP_WHO_MAX];
	size_t n;
};

struct stalls {
	enum swap_by by;
	int map, epochs, cpus;
	uint64_t epoch; /* number of the current interval, from 1 */
	struct swap_stalls *each;
	struct cgroup_paths *paths;
	struct list lists[2], *before, *now;
	struct sum grown[SWAP_WHO_MAX];
};

static int begin_interval(struct stalls *s, struct err *e)
{
	uint32_t zero = 0;

	s->epoch++;
	if (bpf_map_update_elem(s->epochs, &zero, &s->epoch, BPF_ANY))
		return err_set(e, errno, "cannot start an interval");
	return 0;
}

int stalls_new(struct stalls **ret, enum swap_by by, int map, int epochs, struct err *e)
{
	struct stalls *s = calloc(1, sizeof(*s));
	int rc = 0;

	if (s) {
		s->by = by;
		s->map = map;
		s->epochs = epochs;
		s->cpus = MAX(libbpf_num_possible_cpus(), 1);
		s->each = calloc((size_t)s->cpus, sizeof(*s->each));
		s->before = &s->lists[0];
		s->now = &s->lists[1];
	}
	if (!s || !s->each)
		rc = err_set(e, ENOMEM, "cannot store stalls");
	if (!rc)
		rc = cgroup_paths_new(&s->paths, NULL, e);
	if (!rc)
		rc = begin_interval(s, e);
	if (rc)
		stalls_free(s);
	else
		*ret = s;
	return rc;
}

void stalls_free(struct stalls *s)
{
	if (!s)
		return;
	cgroup_paths_free(s->paths);
	free(s->each);
	free(s);
}

static void add_cpus(const struct stalls *s, uint64_t epoch, struct sum *ret)
{
	for (int cpu = 0; cpu < s->cpus; cpu++) {
		const struct swap_stalls *each = &s->each[cpu];

		for (size_t kind = 0; kind < 2; kind++) {
			ret->count[kind] += each->count[kind];
			ret->total_ns[kind] += each->total_ns[kind];
			ret->pages[kind] += each->pages[kind];
		}
		if (each->max_epoch[epoch & 1] == epoch)
			ret->max_ns = MAX(ret->max_ns, each->max_ns[epoch & 1]);
		if (each->last_ns <= ret->last_ns)
			continue;
		ret->last_ns = each->last_ns;
		ret->cgroup = each->cgroup;
		memcpy(ret->comm, each->comm, sizeof(ret->comm));
	}
}

static int by_who(const void *a, const void *b)
{
	const struct sum *x = a, *y = b;

	if (x->who.id != y->who.id)
		return x->who.id < y->who.id ? -1 : 1;
	return x->who.start_ns < y->who.start_ns ? -1 : x->who.start_ns > y->who.start_ns;
}

int stalls_sample(struct stalls *s, struct err *e)
{
	struct list *last = s->before;
	struct swap_who who, *previous = NULL;
	uint64_t ended = s->epoch;
	int rc = begin_interval(s, e);

	s->before = s->now;
	s->now = last;
	s->now->n = 0;
	/* Only this process deletes keys, and not in this loop: no key is read twice or skipped. */
	while (!rc && s->now->n < SWAP_WHO_MAX && !bpf_map_get_next_key(s->map, previous, &who)) {
		struct sum *sum = &s->now->sums[s->now->n++];

		*sum = (struct sum){ .who = who };
		if (bpf_map_lookup_elem(s->map, &who, s->each))
			return err_set(e, errno, "cannot read stalls");
		add_cpus(s, ended, sum);
		previous = &sum->who;
	}
	qsort(s->now->sums, s->now->n, sizeof(*s->now->sums), by_who);
	return rc;
}

static uint64_t stall_ns(const struct sum *sum)
{
	return sum->total_ns[SWAP_DIRECT] + sum->total_ns[SWAP_MEMCG];
}

static int longest_first(const void *a, const void *b)
{
	const struct sum *x = a, *y = b;

	return stall_ns(x) < stall_ns(y) ? 1 : stall_ns(x) > stall_ns(y) ? -1 : by_who(a, b);
}

/* The stalls between the samples, into s->grown; deletes processes that have ended from the
 * kernel's map.
 */
static size_t compare(struct stalls *s)
{
	size_t n = 0;

	for (size_t j = 0; j < s->now->n; j++) {
		struct sum sum = s->now->sums[j];
		const struct sum *before = bsearch(&sum, s->before->sums, s->before->n,
						   sizeof(*s->before->sums), by_who);

		for (size_t kind = 0; before && kind < 2; kind++) {
			sum.count[kind] -= before->count[kind];
			sum.total_ns[kind] -= before->total_ns[kind];
			sum.pages[kind] -= before->pages[kind];
		}
		if (sum.count[SWAP_DIRECT] + sum.count[SWAP_MEMCG])
			s->grown[n++] = sum;
		else if (s->by == SWAP_BY_PROCESS && sum.who.id != PID_OUTSIDE &&
			 kill((pid_t)sum.who.id, 0) && errno == ESRCH)
			bpf_map_delete_elem(s->map, &sum.who);
	}
	return n;
}

int stalls_print(struct stalls *s, struct out *out, size_t top, uint64_t ts_ns,
		 uint64_t interval_ns)
{
	size_t n = compare(s);
	int rc = 0;

	qsort(s->grown, n, sizeof(*s->grown), longest_first);
	for (size_t i = 0; i < MIN(n, top) && rc == 0; i++) {
		const struct sum *sum = &s->grown[i];
		uint64_t count = sum->count[SWAP_DIRECT] + sum->count[SWAP_MEMCG];
		bool process = s->by == SWAP_BY_PROCESS;
		char comm[sizeof(sum->comm) + 1] = "";
		struct stall_record record = {
			.ts_ns = ts_ns,
			.pid = process ? probe_pid((uint32_t)sum->who.id) : MISSING_U64,
			.comm = comm,
			.cgroup = process ? sum->cgroup : sum->who.id,
			.stalls = count,
			.stall_ns = stall_ns(sum),
			.mean_ns = stall_ns(sum) / count,
			.max_ns = sum->max_ns,
			.direct = sum->count[SWAP_DIRECT],
			.direct_ns = sum->total_ns[SWAP_DIRECT],
			.memcg = sum->count[SWAP_MEMCG],
			.memcg_ns = sum->total_ns[SWAP_MEMCG],
			.pages = sum->pages[SWAP_DIRECT] + sum->pages[SWAP_MEMCG],
			.stall_share = (double)stall_ns(sum) / (double)interval_ns,
		};

		memcpy(comm, sum->comm, sizeof(sum->comm));
		record.cgroup_path = cgroup_paths_find(s->paths, record.cgroup);
		rc = out_record(out, &stall_type, &record);
	}
	return rc;
}

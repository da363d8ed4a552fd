// SPDX-License-Identifier: GPL-2.0-only
/* proc_create_summary.c - the events of each group added up, for the interval and the whole time.
 *
 * A group is a task name, a parent or a cgroup. The table holds 1,024 of them; events of further
 * groups are counted in one without a name.
 */
#include "lib/bpf/latency.h"
#include "lib/kernel/procfs.h"
#include "proc_create_parts.h"

struct counts {
	uint64_t forks, threads, execs, exec_failures, exits, failures, cpu_ns;
};

struct summary_record {
	uint64_t ts_ns, interval_ns;
	bool total;
	const char *comm;
	uint64_t parent, cgroup;
	const char *cgroup_path;
	struct counts n;
	double forks_per_s;
	struct latency lifetime;
};

#define SUMMARY(m, t, unit, what) FIELD(struct summary_record, m, FIELD_##t, unit, what)
#define COUNT(m, unit, what)      FIELD_AT(#m, struct summary_record, n.m, FIELD_U64, unit, what)
#define TIMES \
	SUMMARY(ts_ns, U64, "ns", "CLOCK_MONOTONIC at the end of the interval"), \
		SUMMARY(interval_ns, U64, "ns", "length of the interval"), \
		SUMMARY(total, BOOL, "", "true: the whole run; false: one interval")

#define COUNTS(forks_what, whose) \
	COUNT(forks, "events", forks_what), \
		COUNT(threads, "events", "with --threads: new threads of " whose), \
		COUNT(execs, "events", "programs run by " whose), \
		COUNT(exec_failures, "events", "with --failed: execs that failed"), \
		COUNT(exits, "events", whose " that ended"), \
		COUNT(failures, "events", \
		      whose " that ended with an exit code other than 0 or by a signal"), \
		SUMMARY(forks_per_s, F64, "1/s", "forks per second of the interval"), \
		LATENCY_FIELD(struct summary_record, lifetime, "lifetime", p50_ns, \
			      "median lifetime of " whose " that ended; within 3.2 %"), \
		LATENCY_FIELD(struct summary_record, lifetime, "lifetime", p99_ns, \
			      "99th percentile of the lifetime of " whose \
			      " that ended; within 3.2 %"), \
		LATENCY_FIELD(struct summary_record, lifetime, "lifetime", max_ns, \
			      "maximum lifetime of " whose " that ended; exact"), \
		COUNT(cpu_ns, "ns", "CPU time of " whose " that ended")

static const struct field comm_fields[] = {
	TIMES,
	COUNTS("forks by tasks with this name", "processes with this name"),
	SUMMARY(comm, STRING, "", "task name; missing: all names beyond the first 1,024"),
};

static const struct field parent_fields[] = {
	TIMES,
	SUMMARY(parent, U64, "", "parent process; missing: all parents beyond the first 1,024"),
	COUNTS("forks by the parent", "its children"),
	SUMMARY(comm, STRING, "",
		"name of the parent at its last fork; missing if it ended before the lookup"),
};

static const struct field cgroup_fields[] = {
	TIMES,
	SUMMARY(cgroup, U64, "",
		"inode number of the cgroup2 directory; missing: all cgroups beyond the first "
		"1,024"),
	COUNTS("forks in the cgroup", "processes in the cgroup"),
	SUMMARY(cgroup_path, STRING, "", CGROUP_PATH_MEANING),
};

const struct record_type comm_summary_type =
	RECORD_TYPE("process_summary", 1, RECORD_TABLE, comm_fields,
		    "with --summary: events of tasks with the same name");
const struct record_type parent_summary_type =
	RECORD_TYPE("parent_summary", 1, RECORD_TABLE, parent_fields,
		    "with --summary --by parent: events of the children of a process");
const struct record_type cgroup_summary_type =
	RECORD_TYPE("cgroup_summary", 1, RECORD_TABLE, cgroup_fields,
		    "with --summary --by cgroup: events in a cgroup");

#define GROUPS_MAX 1024
#define SLOTS      (2 * GROUPS_MAX)

struct sums {
	struct counts n;
	struct hist lifetime; /* of those that ended */
};

struct key {
	char comm[16];
	uint64_t id;
};

struct group {
	struct key key;
	char comm[64]; /* of a parent; "" not known */
	struct sums total, interval;
};

struct summary {
	enum summary_by by;
	struct cgroup_paths *paths;
	uint64_t begin_ns, interval_begin_ns;
	struct group *slots[SLOTS]; /* open addressing */
	struct group *rest;         /* events of groups that did not fit; NULL: none yet */
	size_t n;
};

int summary_new(struct summary **ret, enum summary_by by, struct cgroup_paths *paths,
		uint64_t now_ns, struct err *e)
{
	struct summary *summary = calloc(1, sizeof(*summary));

	if (!summary)
		return err_set(e, ENOMEM, "cannot store the sums");
	summary->by = by;
	summary->paths = paths;
	summary->begin_ns = summary->interval_begin_ns = now_ns;
	*ret = summary;
	return 0;
}

void summary_free(struct summary *summary)
{
	for (size_t i = 0; summary && i < SLOTS; i++)
		free(summary->slots[i]);
	if (summary)
		free(summary->rest);
	free(summary);
}

static size_t hash(const struct key *key)
{
	uint64_t words[3];
	uint64_t h = 0;

	memcpy(words, key, sizeof(words));
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		h = (h ^ words[i]) * UINT64_C(0x9e3779b97f4a7c15);
	return (size_t)(h >> 40) % SLOTS;
}

static struct key key_of(const struct summary *summary, const struct task_event *task)
{
	struct key key = { 0 };
	size_t n = strnlen(task->comm, sizeof(task->comm));

	switch (summary->by) {
	case SUMMARY_BY_COMM:
		memcpy(key.comm, task->comm, n);
		break;
	case SUMMARY_BY_PARENT:
		key.id = probe_pid(task->kind == TASK_FORK ? task->pid : task->ppid);
		break;
	case SUMMARY_BY_CGROUP:
		key.id = task->cgroup;
		break;
	}
	return key;
}

/* The name of a parent: from its own fork, else from /proc, once. */
static void name_parent(struct group *group, const struct task_event *task, bool is_new)
{
	struct procfs_stat stat;

	if (task->kind == TASK_FORK)
		snprintf(group->comm, sizeof(group->comm), "%.16s", task->comm);
	else if (is_new && !procfs_stat_read(NULL, (pid_t)group->key.id, &stat, NULL))
		snprintf(group->comm, sizeof(group->comm), "%s", stat.comm);
}

static struct group *group_of(struct summary *summary, const struct task_event *task)
{
	struct key key = key_of(summary, task);
	size_t i = hash(&key);
	struct group **slot;
	bool is_new;

	while (summary->slots[i] && memcmp(&summary->slots[i]->key, &key, sizeof(key)))
		i = (i + 1) % SLOTS;
	slot = summary->slots[i] || summary->n < GROUPS_MAX ? &summary->slots[i] : &summary->rest;
	is_new = !*slot;
	if (is_new) {
		*slot = calloc(1, sizeof(**slot));
		if (!*slot)
			return NULL;
		(*slot)->key = key;
		summary->n += slot != &summary->rest;
	}
	if (summary->by == SUMMARY_BY_PARENT && slot != &summary->rest)
		name_parent(*slot, task, is_new);
	return *slot;
}

static void add(struct sums *sums, const struct task_event *task)
{
	const struct exit_event *exit = (const struct exit_event *)task;
	struct counts *n = &sums->n;

	n->forks += task->kind == TASK_FORK;
	n->threads += task->kind == TASK_THREAD;
	n->execs += task->kind == TASK_EXEC;
	n->exec_failures += task->kind == TASK_EXEC_FAILED;
	if (task->kind != TASK_EXIT)
		return;
	n->exits++;
	n->failures += exit->status != 0;
	n->cpu_ns += exit->cpu_ns;
	hist_add(&sums->lifetime, exit->lifetime_ns);
}

int summary_add(struct summary *summary, const struct task_event *task)
{
	struct group *group = group_of(summary, task);

	if (!group)
		return -ENOMEM;
	add(&group->total, task);
	add(&group->interval, task);
	return 0;
}

/* A group's sums of the whole time or of the interval, for sorting. */
struct row {
	struct group *group;
	const struct sums *sums;
	uint64_t events;
};

static struct row row_of(struct group *group, bool total)
{
	const struct sums *sums = total ? &group->total : &group->interval;
	const struct counts *n = &sums->n;

	return (struct row){ group, sums,
			     n->forks + n->threads + n->execs + n->exec_failures + n->exits };
}

static int by_events(const void *a, const void *b)
{
	uint64_t x = ((const struct row *)a)->events, y = ((const struct row *)b)->events;

	return x < y ? 1 : x > y ? -1 : 0;
}

/* record has the times; the rest is filled here. */
static int print_group(const struct summary *summary, struct out *out, const struct group *group,
		       const struct sums *sums, struct summary_record record)
{
	static const struct record_type *const types[] = { &comm_summary_type, &parent_summary_type,
							   &cgroup_summary_type };
	char comm[sizeof(group->key.comm) + 1] = "";

	record.parent = record.cgroup = MISSING_U64;
	if (group != summary->rest) {
		memcpy(comm, group->key.comm, sizeof(group->key.comm));
		record.parent = record.cgroup = group->key.id;
		if (summary->by == SUMMARY_BY_COMM)
			record.comm = comm;
		else if (*group->comm)
			record.comm = group->comm;
		if (summary->by == SUMMARY_BY_CGROUP)
			record.cgroup_path = cgroup_paths_find(summary->paths, group->key.id);
	}
	record.n = sums->n;
	record.forks_per_s = (double)sums->n.forks * (double)NS_PER_S / (double)record.interval_ns;
	record.lifetime = latency_of(&sums->lifetime);
	return out_record(out, types[summary->by], &record);
}

int summary_print(struct summary *summary, struct out *out, uint64_t now_ns, bool total)
{
	uint64_t begin_ns = total ? summary->begin_ns : summary->interval_begin_ns;
	struct summary_record record = { .ts_ns = now_ns,
					 .interval_ns = now_ns - begin_ns,
					 .total = total };
	struct row rows[GROUPS_MAX + 1];
	size_t n = 0;
	int rc = 0;

	for (size_t i = 0; i < SLOTS; i++) {
		if (summary->slots[i])
			rows[n++] = row_of(summary->slots[i], total);
	}
	if (summary->rest)
		rows[n++] = row_of(summary->rest, total);
	qsort(rows, n, sizeof(*rows), by_events);
	for (size_t i = 0; i < n && rows[i].events; i++) {
		if (rc == 0)
			rc = print_group(summary, out, rows[i].group, rows[i].sums, record);
		if (!total)
			rows[i].group->interval = (struct sums){ 0 };
	}
	if (!total)
		summary->interval_begin_ns = now_ns;
	return rc;
}

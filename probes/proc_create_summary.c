// SPDX-License-Identifier: GPL-2.0-only
/* proc_create_summary.c - the events of each group added up, for the interval and for the whole
 * time.
 *
 * A group is a name, a parent or a cgroup. There is room for 1,024 of them; events of further ones
 * go to one without a name. emit has no argument for the table: it is of this run of the program.
 */
#include "proc_create_summary.h"

#include "bpf/hist.h"
#include "proc_create_records.h"
#include "lib/kernel/procfs.h"

struct summary_record {
	uint64_t ts_ns, interval_ns;
	bool total;
	const char *comm;
	uint64_t parent, cgroup;
	const char *cgroup_path;
	uint64_t forks, threads, execs, exec_failures, exits, failures;
	double forks_per_s;
	uint64_t lifetime_p50_ns, lifetime_p99_ns, lifetime_max_ns, cpu_ns;
};

#define TIMES \
	FIELD(struct summary_record, ts_ns, FIELD_U64, "ns", \
	      "CLOCK_MONOTONIC at the end of the interval"), \
		FIELD(struct summary_record, interval_ns, FIELD_U64, "ns", \
		      "its length; of a total, the time looked"), \
		FIELD(struct summary_record, total, FIELD_BOOL, "", \
		      "of the whole time, at the end")

#define COUNTS(whose, own) \
	FIELD(struct summary_record, forks, FIELD_U64, "events", \
	      "processes that " whose " began"), \
		FIELD(struct summary_record, threads, FIELD_U64, "events", \
		      "with --threads: threads of " own), \
		FIELD(struct summary_record, execs, FIELD_U64, "events", "programs run by " own), \
		FIELD(struct summary_record, exec_failures, FIELD_U64, "events", \
		      "with --failed: execs that failed"), \
		FIELD(struct summary_record, exits, FIELD_U64, "events", own " that ended"), \
		FIELD(struct summary_record, failures, FIELD_U64, "events", \
		      "of them with an exit code or by a signal"), \
		FIELD(struct summary_record, forks_per_s, FIELD_F64, "1/s", "forks / interval"), \
		FIELD(struct summary_record, lifetime_p50_ns, FIELD_U64, "ns", \
		      "half of those that ended lived no longer; within 3.2 %"), \
		FIELD(struct summary_record, lifetime_p99_ns, FIELD_U64, "ns", \
		      "99 % of them lived no longer; within 3.2 %"), \
		FIELD(struct summary_record, lifetime_max_ns, FIELD_U64, "ns", \
		      "the longest; exact"), \
		FIELD(struct summary_record, cpu_ns, FIELD_U64, "ns", \
		      "CPU time of all that ended")

static const struct field comm_fields[] = {
	TIMES,
	COUNTS("tasks of this name", "processes of this name"),
	FIELD(struct summary_record, comm, FIELD_STRING, "",
	      "name of the task; missing: of all those beyond the first 1,024 names"),
};

static const struct field parent_fields[] = {
	TIMES,
	FIELD(struct summary_record, parent, FIELD_U64, "",
	      "process whose children these are; missing: of all those beyond the first 1,024"),
	COUNTS("it", "its children"),
	FIELD(struct summary_record, comm, FIELD_STRING, "",
	      "its name, as it last forked; missing where it ended before it was asked for"),
};

static const struct field cgroup_fields[] = {
	TIMES,
	FIELD(struct summary_record, cgroup, FIELD_U64, "",
	      "inode number of the cgroup2 directory; missing: of all those beyond the first "
	      "1,024"),
	COUNTS("began in it", "processes in it"),
	FIELD(struct summary_record, cgroup_path, FIELD_STRING, "",
	      "that directory below the mount; missing when it went before it was looked for"),
};

const struct record_type comm_summary_type =
	RECORD_TYPE("process_summary", 1, RECORD_TABLE, comm_fields,
		    "with --summary: what tasks of one name did");
const struct record_type parent_summary_type =
	RECORD_TYPE("parent_summary", 1, RECORD_TABLE, parent_fields,
		    "with --summary --by parent: what the children of one did");
const struct record_type cgroup_summary_type =
	RECORD_TYPE("cgroup_summary", 1, RECORD_TABLE, cgroup_fields,
		    "with --summary --by cgroup: what happened in one");

#define GROUPS_MAX 1024
#define SLOTS      (2 * GROUPS_MAX)

struct sums {
	uint64_t forks, threads, execs, exec_failures, exits, failures, lifetime_max_ns, cpu_ns;
	__u64 lifetime[HIST_BUCKETS];
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

static struct {
	enum summary_by by;
	uint64_t begin_ns, interval_begin_ns;
	struct group *slots[SLOTS]; /* open addressing */
	struct group *rest;         /* those that found no room; NULL: none yet */
	size_t n;
} table;

void summary_begin(enum summary_by by, uint64_t now_ns)
{
	table.by = by;
	table.begin_ns = table.interval_begin_ns = now_ns;
}

void summary_end(void)
{
	for (size_t i = 0; i < SLOTS; i++)
		free(table.slots[i]);
	free(table.rest);
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

static struct key key_of(const struct task_event *task)
{
	struct key key = { 0 };
	size_t n = strnlen(task->comm, sizeof(task->comm));

	switch (table.by) {
	case SUMMARY_BY_COMM:
		memcpy(key.comm, task->comm, n);
		break;
	case SUMMARY_BY_PARENT:
		key.id = task->kind == TASK_FORK ? task->pid : task->ppid;
		break;
	case SUMMARY_BY_CGROUP:
		key.id = task->cgroup;
		break;
	}
	return key;
}

/* The name of a parent, from itself where it forks, else from /proc once. */
static void name_parent(struct group *group, const struct task_event *task, bool is_new)
{
	struct procfs_stat stat;

	if (task->kind == TASK_FORK)
		snprintf(group->comm, sizeof(group->comm), "%.16s", task->comm);
	else if (is_new && !procfs_stat_read(NULL, (pid_t)group->key.id, &stat, NULL))
		snprintf(group->comm, sizeof(group->comm), "%s", stat.comm);
}

static struct group *group_of(const struct task_event *task)
{
	struct key key = key_of(task);
	size_t i = hash(&key);
	struct group **slot;
	bool is_new;

	while (table.slots[i] && memcmp(&table.slots[i]->key, &key, sizeof(key)))
		i = (i + 1) % SLOTS;
	slot = table.slots[i] || table.n < GROUPS_MAX ? &table.slots[i] : &table.rest;
	is_new = !*slot;
	if (is_new) {
		*slot = calloc(1, sizeof(**slot));
		if (!*slot)
			return NULL;
		(*slot)->key = key;
		table.n += slot != &table.rest;
	}
	if (table.by == SUMMARY_BY_PARENT && slot != &table.rest)
		name_parent(*slot, task, is_new);
	return *slot;
}

static void add(struct sums *sums, const struct task_event *task)
{
	const struct exit_event *exit = (const struct exit_event *)task;

	sums->forks += task->kind == TASK_FORK;
	sums->threads += task->kind == TASK_THREAD;
	sums->execs += task->kind == TASK_EXEC;
	sums->exec_failures += task->kind == TASK_EXEC_FAILED;
	if (task->kind != TASK_EXIT)
		return;
	sums->exits++;
	sums->failures += exit->status != 0;
	sums->cpu_ns += exit->cpu_ns;
	sums->lifetime_max_ns = MAX(sums->lifetime_max_ns, exit->lifetime_ns);
	sums->lifetime[hist_bucket(exit->lifetime_ns)]++;
}

int summary_add(const struct task_event *task)
{
	struct group *group = group_of(task);

	if (!group)
		return -ENOMEM;
	add(&group->total, task);
	add(&group->interval, task);
	return 0;
}

static uint64_t events(const struct sums *sums)
{
	return sums->forks + sums->threads + sums->execs + sums->exec_failures + sums->exits;
}

static int more_in_all(const void *a, const void *b)
{
	uint64_t x = events(&(*(const struct group *const *)a)->total);
	uint64_t y = events(&(*(const struct group *const *)b)->total);

	return x < y ? 1 : x > y ? -1 : 0;
}

static int more_of_late(const void *a, const void *b)
{
	uint64_t x = events(&(*(const struct group *const *)a)->interval);
	uint64_t y = events(&(*(const struct group *const *)b)->interval);

	return x < y ? 1 : x > y ? -1 : 0;
}

static int print_group(struct out *out, const struct group *group, const struct sums *sums,
		       struct summary_record record)
{
	static const struct record_type *const types[] = { &comm_summary_type, &parent_summary_type,
							   &cgroup_summary_type };
	bool named = group != table.rest;
	char comm[sizeof(group->key.comm) + 1] = "";

	memcpy(comm, group->key.comm, sizeof(group->key.comm));
	record.comm = !named                        ? NULL
		      : table.by == SUMMARY_BY_COMM ? comm
		      : *group->comm                ? group->comm
						    : NULL;
	record.parent = record.cgroup = named ? group->key.id : MISSING_U64;
	if (table.by == SUMMARY_BY_CGROUP && named)
		record.cgroup_path = records_cgroup_path(group->key.id);
	record.forks = sums->forks;
	record.threads = sums->threads;
	record.execs = sums->execs;
	record.exec_failures = sums->exec_failures;
	record.exits = sums->exits;
	record.failures = sums->failures;
	record.forks_per_s = (double)sums->forks / ((double)record.interval_ns / (double)NS_PER_S);
	record.lifetime_p50_ns =
		hist_quantile(sums->lifetime, sums->exits, 0.50, sums->lifetime_max_ns);
	record.lifetime_p99_ns =
		hist_quantile(sums->lifetime, sums->exits, 0.99, sums->lifetime_max_ns);
	record.lifetime_max_ns = sums->exits ? sums->lifetime_max_ns : MISSING_U64;
	record.cpu_ns = sums->cpu_ns;
	return out_record(out, types[table.by], &record);
}

int summary_print(struct out *out, uint64_t now_ns, bool total)
{
	uint64_t begin_ns = total ? table.begin_ns : table.interval_begin_ns;
	struct summary_record record = { .ts_ns = now_ns,
					 .interval_ns = now_ns - begin_ns,
					 .total = total };
	struct group *groups[GROUPS_MAX + 1];
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; i < SLOTS; i++) {
		if (table.slots[i])
			groups[n++] = table.slots[i];
	}
	if (table.rest)
		groups[n++] = table.rest;
	qsort(groups, n, sizeof(void *), total ? more_in_all : more_of_late);
	for (size_t i = 0; i < n && r == 0; i++) {
		struct sums *sums = total ? &groups[i]->total : &groups[i]->interval;

		if (events(sums))
			r = print_group(out, groups[i], sums, record);
	}
	for (size_t i = 0; i < n && !total; i++) {
		if (events(&groups[i]->interval))
			groups[i]->interval = (struct sums){ 0 };
	}
	if (!total)
		table.interval_begin_ns = now_ns;
	return r;
}

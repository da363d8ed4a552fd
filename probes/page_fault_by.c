/* SPDX-License-Identifier: GPL-2.0-only */
/* page_fault_by.c - page_fault --by: faults per group, most major faults first.
 *
 * Groups are counted in the kernel, per CPU, and added up here; those of --by mapping are counted
 * here, since the mapping of an address is read from /proc.
 */
#include <bpf/bpf.h>

#include "lib/base/term.h"
#include "page_fault_parts.h"

#include "page_fault.skel.h"

/* One less than enum fault_by. */
const char *const by_choices[] = { "pid", "comm", "cgroup", "region", "ip", "mapping", NULL };

struct by_record {
	const char *by;
	uint64_t pid, cgroup, addr;
	const char *comm, *mapping, *file;
	uint64_t faults, major;
	double major_share;
	struct latency major_times, minor_times;
};

#define RACED                "; may be too low if two CPUs set it at the same time"
#define GROUP(m, t, u, what) FIELD(struct by_record, m, FIELD_##t, u, what)

static const struct field by_fields[] = {
	GROUP(by, STRING, "", "kind of group"),
	GROUP(pid, U64, "", "by pid, region and ip: process"),
	GROUP(comm, STRING, "",
	      "by comm: task name; by pid, region and ip: name of one of the threads"),
	GROUP(cgroup, U64, "", "by cgroup: inode number of the cgroup2 directory"),
	GROUP(addr, HEX, "",
	      "by region: first address of the region; by ip: address of the faulting instruction"),
	GROUP(mapping, STRING, "",
	      "by mapping: anon, heap, stack (of the first thread), shmem or file; missing if "
	      "unknown"),
	GROUP(file, STRING, "", "by mapping: last part of the file's path"),
	GROUP(faults, U64, "faults", "fault entries"),
	GROUP(major, U64, "faults", "major faults completed"),
	GROUP(major_share, F64, "ratio", "major / faults"),
	TIME_FIELDS(struct by_record, major, "major faults", RACED),
	TIME_FIELDS(struct by_record, minor, "minor faults (--latency all)", RACED),
};

const struct record_type by_type =
	RECORD_TYPE("page_fault_by", 1, RECORD_TABLE, by_fields,
		    "page faults of a group; most major faults first, then most faults");

struct by_row {
	struct by_key key;
	uint64_t faults, major;
	char comm[PROBE_COMM_LEN];
	const struct mapped_row *mapped; /* by mapping */
};

struct by_rows {
	struct by_row *row;
	size_t n;
};

static int by_key_order(const void *a, const void *b)
{
	const struct by_row *x = a, *y = b;

	for (size_t i = 0; i < ARRAY_SIZE(x->key.word); i++) {
		if (x->key.word[i] != y->key.word[i])
			return x->key.word[i] < y->key.word[i] ? -1 : 1;
	}
	return 0;
}

static int more_first(const void *a, const void *b)
{
	const struct by_row *x = a, *y = b;

	if (x->major != y->major)
		return x->major < y->major ? 1 : -1;
	return x->faults < y->faults ? 1 : x->faults > y->faults ? -1 : by_key_order(a, b);
}

static void add_row(struct by_rows *rows, const struct by_key *key, const struct by_faults *faults)
{
	struct by_row *row = &rows->row[rows->n++];

	*row = (struct by_row){ .key = *key, .faults = faults->entries };
	memcpy(row->comm, faults->comm, sizeof(row->comm));
}

/* The groups in the map by_faults: one row per key. */
static void add_table(struct by_rows *rows, int map, struct by_faults *each, int cpus)
{
	struct by_key key, *previous = NULL;

	for (size_t n = 0; n < BY_KEYS && !bpf_map_get_next_key(map, previous, &key); n++) {
		struct by_faults sum = { 0 };

		previous = &key;
		if (bpf_map_lookup_elem(map, &key, each))
			continue;
		for (int cpu = 0; cpu < cpus; cpu++) {
			sum.entries += each[cpu].entries;
			if (each[cpu].entries)
				memcpy(sum.comm, each[cpu].comm, sizeof(sum.comm));
		}
		add_row(rows, &key, &sum);
	}
}

/* The counts that each CPU had not added to that map yet. */
static void add_recent(struct by_rows *rows, int map, struct by_recent *each, int cpus)
{
	for (uint32_t i = 0; i < BY_RECENT; i++) {
		if (bpf_map_lookup_elem(map, &i, each))
			continue;
		for (int cpu = 0; cpu < cpus; cpu++) {
			if (each[cpu].faults.entries)
				add_row(rows, &each[cpu].key, &each[cpu].faults);
		}
	}
}

/* Merges the rows of the same key. */
static void merge_rows(struct by_rows *rows)
{
	size_t kept = 0;

	qsort(rows->row, rows->n, sizeof(*rows->row), by_key_order);
	for (size_t i = 0; i < rows->n; i++) {
		if (kept && !by_key_order(&rows->row[kept - 1], &rows->row[i]))
			rows->row[kept - 1].faults += rows->row[i].faults;
		else
			rows->row[kept++] = rows->row[i];
	}
	rows->n = kept;
}

/* All groups with their counts; the caller frees ret->row. */
static int read_rows(const struct page_fault *skel, struct by_rows *ret, struct err *e)
{
	int cpus = libbpf_num_possible_cpus(), times_map = bpf_map__fd(skel->maps.by_times);
	size_t each_cpu = (size_t)MAX(cpus, 1);
	AUTO_FREE struct by_faults *faults = calloc(each_cpu, sizeof(*faults));
	AUTO_FREE struct by_recent *recent = calloc(each_cpu, sizeof(*recent));
	struct by_rows rows = { .row = calloc(BY_KEYS + BY_RECENT * each_cpu, sizeof(*rows.row)) };
	struct fault_times major;

	if (!faults || !recent || !rows.row) {
		free(rows.row);
		return err_set(e, ENOMEM, "cannot read the counts by key");
	}
	add_table(&rows, bpf_map__fd(skel->maps.by_faults), faults, cpus);
	add_recent(&rows, bpf_map__fd(skel->maps.recent), recent, cpus);
	merge_rows(&rows);
	for (size_t i = 0; i < rows.n; i++) {
		struct by_time_key key = { rows.row[i].key, CLASS_MAJOR };

		if (!bpf_map_lookup_elem(times_map, &key, &major))
			rows.row[i].major = major.count;
	}
	*ret = rows;
	return 0;
}

/* ---- by mapping: counted here, from an event for each fault ---- */
#define GROUP_SLOTS (2 * BY_KEYS) /* never more than half of them taken */

struct mapped_row {
	struct by_key key; /* kind and device, inode; without a file only the kind */
	enum mapping_kind kind;
	char *name; /* of the file, or ""; NULL: free slot */
	uint64_t faults, major;
	struct hist *times[3]; /* by enum fault_class, where any was timed */
};

struct mapped_groups {
	size_t n;
	uint64_t others; /* faults without a group: no memory, or the table is full */
	struct mapped_row row[GROUP_SLOTS];
};

int by_mapping_new(struct mapped_groups **ret, struct err *e)
{
	struct mapped_groups *groups = calloc(1, sizeof(*groups));

	if (!groups)
		return err_set(e, ENOMEM, "cannot store groups");
	*ret = groups;
	return 0;
}

void by_mapping_free(struct mapped_groups *groups)
{
	for (size_t i = 0; groups && i < GROUP_SLOTS; i++) {
		free(groups->row[i].name);
		for (size_t class = 0; class < ARRAY_SIZE(groups->row[i].times); class ++)
			free(groups->row[i].times[class]);
	}
	free(groups);
}

static struct mapped_row *group_of(struct mapped_groups *groups, const struct mapping *mapping)
{
	enum mapping_kind kind = mapping ? mapping->kind : MAPPING_UNKNOWN;
	bool file = kind == MAPPING_SHMEM || kind == MAPPING_FILE;
	struct by_key key = { { (uint64_t)kind | (file ? (uint64_t)mapping->dev << 8 : 0),
				file ? mapping->inode : 0 } };
	size_t i = (key.word[0] ^ key.word[1]) * 0x9e3779b97f4a7c15ULL >> 32;
	struct mapped_row *row;

	for (;; i++) {
		row = &groups->row[i % GROUP_SLOTS];
		if (!row->name)
			break;
		if (row->key.word[0] == key.word[0] && row->key.word[1] == key.word[1])
			return row;
	}
	if (groups->n == BY_KEYS)
		return NULL;
	row->name = strdup(file ? mapping->name : "");
	if (!row->name)
		return NULL;
	groups->n++;
	row->key = key;
	row->kind = kind;
	return row;
}

static void add_time(struct mapped_row *row, const struct fault_mapped *fault)
{
	struct hist **time = &row->times[fault->class];

	row->major += fault->class == CLASS_MAJOR;
	if (!fault->timed)
		return;
	if (!*time)
		*time = calloc(1, sizeof(**time));
	if (*time)
		hist_add(*time, fault->latency_ns);
}

int by_mapping_add(void *ctx, const void *event, size_t bytes UNUSED)
{
	struct run *run = ctx;
	const struct fault_mapped *fault = event;
	struct mapped_row *row =
		group_of(run->groups,
			 mapping_cache_find(run->cache, fault->tgid, &fault->space, fault->addr));

	if (!row)
		run->groups->others += fault->class == CLASS_UNKNOWN;
	else if (fault->class == CLASS_UNKNOWN)
		row->faults++;
	else
		add_time(row, fault);
	return 0;
}

static int mapped_rows(const struct mapped_groups *groups, struct by_rows *ret, struct err *e)
{
	ret->row = calloc(groups->n + 1, sizeof(*ret->row));
	if (!ret->row)
		return err_set(e, ENOMEM, "cannot sort groups");
	for (size_t i = 0; i < GROUP_SLOTS; i++) {
		const struct mapped_row *row = &groups->row[i];

		if (row->name)
			ret->row[ret->n++] = (struct by_row){ .key = row->key,
							      .faults = row->faults,
							      .major = row->major,
							      .mapped = row };
	}
	return 0;
}

/* Only the fields that name this kind of group, and the times that were measured. */
static int select_by(struct out *out, const struct config *c, struct err *e)
{
	static const char *const names[][3] = {
		[BY_PID] = { "pid", "comm" },        [BY_COMM] = { "comm" },
		[BY_CGROUP] = { "cgroup" },          [BY_REGION] = { "pid", "comm", "addr" },
		[BY_IP] = { "pid", "comm", "addr" }, [BY_MAPPING] = { "mapping", "file" },
	};
	const char *chosen[ARRAY_SIZE(by_fields)] = { "by" };
	struct opt_list fields = { chosen, 1 };
	bool figures = false;

	for (size_t i = 0; i < ARRAY_SIZE(names[0]) && names[by(c)][i]; i++)
		chosen[fields.n++] = names[by(c)][i];
	for (size_t i = 0; i < ARRAY_SIZE(by_fields); i++) {
		figures |= str_eq(by_fields[i].name, "faults");
		if (figures &&
		    (strncmp(by_fields[i].name, "minor_", 6) || latency(c) == LATENCY_ALL))
			chosen[fields.n++] = by_fields[i].name;
	}
	return out_select(out, &by_type, &fields, e);
}

/* The times of one class; zeroes where none was measured. */
static void read_times(const struct page_fault *skel, const struct by_row *row,
		       enum fault_class class, struct fault_times *ret)
{
	struct by_time_key key = { row->key, class };

	*ret = (struct fault_times){ 0 };
	if (row->mapped && row->mapped->times[class])
		ret->time = *row->mapped->times[class];
	else if (!row->mapped)
		bpf_map_lookup_elem(bpf_map__fd(skel->maps.by_times), &key, ret);
}

static int print_row(struct run *run, const struct by_row *row)
{
	const struct config *c = run->config;
	const struct mapped_row *mapped = row->mapped;
	char comm[PROBE_COMM_LEN + 1] = "";
	struct fault_times major, minor;

	read_times(run->skel, row, CLASS_MAJOR, &major);
	read_times(run->skel, row, CLASS_MINOR, &minor);
	memcpy(comm, by(c) == BY_COMM ? (const char *)row->key.word : row->comm, PROBE_COMM_LEN);
	return out_record(run->p.out, &by_type,
			  &(struct by_record){
				  .by = by_choices[c->by],
				  .pid = probe_pid((uint32_t)row->key.word[0]),
				  .comm = comm,
				  .cgroup = row->key.word[0],
				  .addr = row->key.word[1],
				  .mapping = mapped ? mapping_kind_names[mapped->kind] : NULL,
				  .file = mapped && mapped->name[0] ? mapped->name : NULL,
				  .faults = row->faults,
				  .major = row->major,
				  .major_share = row->faults
							 ? (double)row->major / (double)row->faults
							 : MISSING_F64,
				  .major_times = latency_of(&major.time),
				  .minor_times = latency_of(&minor.time),
			  });
}

int by_print(struct run *run, const struct fault_sums *s, struct err *e)
{
	const struct mapped_groups *groups = run->groups;
	const struct config *c = run->config;
	struct by_rows rows = { 0 };
	uint64_t others = s->others + (groups ? groups->others : 0);
	int rc = groups ? mapped_rows(groups, &rows, e) : read_rows(run->skel, &rows, e);

	if (!rc)
		rc = select_by(run->p.out, c, e);
	if (!rc)
		qsort(rows.row, rows.n, sizeof(*rows.row), more_first);
	for (size_t i = 0; i < rows.n && i < c->top && rc == 0; i++)
		rc = print_row(run, &rows.row[i]);
	free(rows.row);
	if (rows.n > c->top)
		term_say("%llu of %zu groups are shown (--top)", (unsigned long long)c->top,
			 rows.n);
	if (others)
		term_warn("%llu faults are only in the sums: the ring or the table of %d groups "
			  "was full",
			  (unsigned long long)others, BY_KEYS);
	return rc;
}

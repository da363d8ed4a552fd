/* SPDX-License-Identifier: GPL-2.0-only */
/* page_fault_by.c - page_fault --by: who or what had the faults, those with the most major ones
 * first.
 *
 * Groups are counted in the kernel, per CPU, and added up here; those of --by mapping here alone,
 * since what an address belongs to is found in /proc.
 */
#include <bpf/bpf.h>

#include "page_fault_parts.h"
#include "page_fault.skel.h"
#include "lib/base/term.h"

/* One less than enum fault_by. */
const char *const by_choices[] = { "pid", "comm", "cgroup", "region", "ip", "mapping", NULL };

struct by_record {
	const char *by;
	uint64_t pid, cgroup, addr;
	const char *comm, *mapping, *file;
	uint64_t faults, major;
	double major_share;
	struct times major_times, minor_times;
};

static const struct field by_fields[] = {
	FIELD(struct by_record, by, FIELD_STRING, "", "what the faults are grouped by"),
	FIELD(struct by_record, pid, FIELD_U64, "", "by pid, region and ip: process"),
	FIELD(struct by_record, comm, FIELD_STRING, "",
	      "by comm: name; by pid, region and ip: name of one of its threads"),
	FIELD(struct by_record, cgroup, FIELD_U64, "",
	      "by cgroup: inode number of the cgroup2 directory"),
	FIELD(struct by_record, addr, FIELD_HEX, "",
	      "by region: where its 2 MiB begin; by ip: the instruction"),
	FIELD(struct by_record, mapping, FIELD_STRING, "",
	      "by mapping: anon, heap, stack (of the first thread), shmem or file; missing where "
	      "that cannot be known"),
	FIELD(struct by_record, file, FIELD_STRING, "", "by mapping: last part of the file's path"),
	FIELD(struct by_record, faults, FIELD_U64, "faults", "entries"),
	FIELD(struct by_record, major, FIELD_U64, "faults", "major completions"),
	FIELD(struct by_record, major_share, FIELD_F64, "ratio", "major / faults"),
	TIME_FIELDS(struct by_record, major, "major ones",
		    "the longest; exact but for two CPUs at once"),
	TIME_FIELDS(struct by_record, minor, "minor ones, with --latency all",
		    "the longest; exact but for two CPUs at once"),
};

const struct record_type by_type =
	RECORD_TYPE("page_fault_by", 1, RECORD_TABLE, by_fields,
		    "those who had the most major faults, then the most");

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

/* What went into the table: a row a key. */
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

/* What each CPU had not put there yet. */
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

/* One row a key, where there were several. */
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

/* Every key with its counts; ret->row is the caller's to free. */
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

/* ---- by mapping: counted here, of what the kernel hands over for each fault ---- */
#define GROUP_SLOTS (2 * BY_KEYS) /* never more than half of them taken */

struct mapped_row {
	struct by_key key; /* kind and device, inode; what is no file is of its kind */
	enum mapping_kind kind;
	char *name; /* of the file, or ""; NULL: not taken */
	uint64_t faults, major;
	struct fault_times *times[3]; /* by enum fault_class, where any was timed */
};

static struct mapped_groups {
	struct mapping_cache *cache;
	size_t n;
	uint64_t others; /* no memory, or no room */
	struct mapped_row row[GROUP_SLOTS];
} * groups;

int by_mapping_new(struct err *e)
{
	groups = calloc(1, sizeof(*groups));
	if (groups)
		groups->cache = mapping_cache_new();
	return groups && groups->cache ? 0 : err_set(e, ENOMEM, "cannot keep groups");
}

void by_mapping_free(void)
{
	for (size_t i = 0; groups && i < GROUP_SLOTS; i++) {
		free(groups->row[i].name);
		for (size_t class = 0; class < ARRAY_SIZE(groups->row[i].times); class ++)
			free(groups->row[i].times[class]);
	}
	if (groups)
		mapping_cache_free(groups->cache);
	free(groups);
	groups = NULL;
}

static struct mapped_row *group_of(const struct mapping *mapping)
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
	struct fault_times *t = row->times[fault->class];

	row->major += fault->class == CLASS_MAJOR;
	if (!fault->timed)
		return;
	if (!t)
		t = row->times[fault->class] = calloc(1, sizeof(*t));
	if (!t)
		return;
	t->timed++;
	t->total_ns += fault->latency_ns;
	t->max_ns = MAX(t->max_ns, fault->latency_ns);
	t->latency[hist_bucket(fault->latency_ns)]++;
}

int by_mapping_add(struct out *out UNUSED, const void *event, size_t bytes UNUSED)
{
	const struct fault_mapped *fault = event;
	struct mapped_row *row = group_of(
		mapping_cache_find(groups->cache, fault->tgid, &fault->space, fault->addr));

	if (!row)
		groups->others += fault->class == CLASS_UNKNOWN;
	else if (fault->class == CLASS_UNKNOWN)
		row->faults++;
	else
		add_time(row, fault);
	return 0;
}

static int mapped_rows(struct by_rows *ret, struct err *e)
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

/* Only the fields that name this kind of group, and of the times those that were taken. */
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

static void read_times(const struct page_fault *skel, const struct by_row *row,
		       struct fault_times t[3])
{
	for (uint64_t class = CLASS_MINOR; class <= CLASS_MAJOR; class ++) {
		struct by_time_key key = { row->key, class };

		if (row->mapped && row->mapped->times[class])
			t[class] = *row->mapped->times[class];
		else if (!row->mapped)
			bpf_map_lookup_elem(bpf_map__fd(skel->maps.by_times), &key, &t[class]);
	}
}

static int print_row(struct probe *p, const struct page_fault *skel, const struct config *c,
		     const struct by_row *row)
{
	const struct mapped_row *mapped = row->mapped;
	struct fault_times t[3] = { 0 };
	char comm[PROBE_COMM_LEN + 1] = "";

	read_times(skel, row, t);
	memcpy(comm, by(c) == BY_COMM ? (const char *)row->key.word : row->comm, PROBE_COMM_LEN);
	return out_record(p->out, &by_type,
			  &(struct by_record){
				  .by = by_choices[c->by],
				  .pid = row->key.word[0],
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
				  .major_times = times(&t[CLASS_MAJOR]),
				  .minor_times = times(&t[CLASS_MINOR]),
			  });
}

int by_print(struct probe *p, const struct page_fault *skel, const struct config *c,
	     const struct fault_sums *s, struct err *e)
{
	struct by_rows rows = { 0 };
	uint64_t others = s->others + (groups ? groups->others : 0);
	int r = groups ? mapped_rows(&rows, e) : read_rows(skel, &rows, e);

	if (!r)
		r = select_by(p->out, c, e);
	if (!r)
		qsort(rows.row, rows.n, sizeof(*rows.row), more_first);
	for (size_t i = 0; i < rows.n && i < c->top && r == 0; i++)
		r = print_row(p, skel, c, &rows.row[i]);
	free(rows.row);
	if (rows.n > c->top)
		term_say("%llu of %zu are shown: --top", (unsigned long long)c->top, rows.n);
	if (others)
		term_warn("%llu faults found no room, in the ring or among %d groups, and are in "
			  "the sums alone",
			  (unsigned long long)others, BY_KEYS);
	return r;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* page_fault.c - page faults: a line each into trace_pipe, records on stdout, or sums with latencies.
 *
 * Single faults are seen at their entry, where address and instruction are known, and class and duration are not
 * yet; with --class at their completion, where all is. --summary counts both: minor and major completions, the
 * major ones timed from their entry, in all or --by what caused them. Reads no page and no memory of the process.
 */
#include <bpf/bpf.h>

#include "opt.h"
#include "probe.h"
#include "page_fault.h"
#include "page_fault.skel.h"
#include "term.h"

struct config {
	struct probe_options probe;
	bool summary, nothing;
	int class, by;
	uint64_t sample, top;
};

static const char *const class_choices[] = { "major", "all", NULL };
/* One less than enum fault_by. */
static const char *const by_choices[] = { "pid", "comm", "cgroup", "region", "ip", NULL };

struct fault_record {
	uint32_t pid, tid;
	char comm[PROBE_COMM_LEN];
	const char *mode, *access, *class;
	uint64_t addr, ip, ts_ns, latency_ns;
};

static const struct field fault_fields[] = {
	FIELD(struct fault_record, pid, FIELD_U32, "", "process"),
	FIELD(struct fault_record, comm, FIELD_CHARS, "", "name of the thread"),
	/* `type` in the lines of trace_pipe; in records that names the record */
	FIELD(struct fault_record, mode, FIELD_STRING, "", "user or kernel: the mode it was entered from"),
	FIELD(struct fault_record, addr, FIELD_HEX, "", "address that was not there"),
	FIELD(struct fault_record, ip, FIELD_HEX, "", "address of the instruction that asked for it"),
	FIELD(struct fault_record, tid, FIELD_U32, "", "thread"),
	FIELD(struct fault_record, ts_ns, FIELD_U64, "ns",
	      "CLOCK_MONOTONIC at entry; missing where that was not seen"),
	FIELD(struct fault_record, access, FIELD_STRING, "",
	      "read, write or exec; missing where the kernel does not say"),
	FIELD(struct fault_record, class, FIELD_STRING, "", "with --class: minor or major"),
	FIELD(struct fault_record, latency_ns, FIELD_U64, "ns", "with --class: from entry to completion"),
};

static const struct record_type fault_type =
	RECORD_TYPE("page_fault", 1, RECORD_LINE, fault_fields, "a page fault, with --class at its completion");

/* At entry, the last two are not known. */
static const struct record_type entry_type = {
	.name = "page_fault", .version = 1, .style = RECORD_LINE, .fields = fault_fields,
	.n_fields = ARRAY_SIZE(fault_fields) - 2, .meaning = "a page fault, at its entry",
};

struct summary_record {
	uint64_t duration_ns, user, kernel, minor, major;
	uint64_t major_mean_ns, major_p50_ns, major_p90_ns, major_p99_ns, major_max_ns;
	uint64_t unmatched, missed;
};

static const struct field summary_fields[] = {
	FIELD(struct summary_record, duration_ns, FIELD_U64, "ns", "how long was looked"),
	FIELD(struct summary_record, user, FIELD_U64, "faults", "entries from user mode"),
	FIELD(struct summary_record, kernel, FIELD_U64, "faults", "entries from kernel mode"),
	FIELD(struct summary_record, minor, FIELD_U64, "faults", "completions without reading from a device"),
	FIELD(struct summary_record, major, FIELD_U64, "faults", "completions that read from a device or pool"),
	FIELD(struct summary_record, major_mean_ns, FIELD_U64, "ns", "of the major ones, entry to completion"),
	FIELD(struct summary_record, major_p50_ns, FIELD_U64, "ns", "half took no longer; within 3.2 %"),
	FIELD(struct summary_record, major_p90_ns, FIELD_U64, "ns", "90 % took no longer; within 3.2 %"),
	FIELD(struct summary_record, major_p99_ns, FIELD_U64, "ns", "99 % took no longer; within 3.2 %"),
	FIELD(struct summary_record, major_max_ns, FIELD_U64, "ns", "the longest; exact"),
	FIELD(struct summary_record, unmatched, FIELD_U64, "faults", "major ones without an entry seen: not timed"),
	FIELD(struct summary_record, missed, FIELD_U64, "faults", "runs of a program that the kernel skipped"),
};

static const struct record_type summary_type =
	RECORD_TYPE("page_fault_summary", 1, RECORD_CARD, summary_fields, "page faults of the whole time, summed up");

struct by_record {
	const char *by;
	uint64_t pid, cgroup, addr;
	const char *comm;
	uint64_t faults, major;
	double major_share;
	uint64_t major_mean_ns, major_p50_ns, major_p90_ns, major_p99_ns, major_max_ns;
};

static const struct field by_fields[] = {
	FIELD(struct by_record, by, FIELD_STRING, "", "what the faults are grouped by"),
	FIELD(struct by_record, pid, FIELD_U64, "", "by pid, region and ip: process"),
	FIELD(struct by_record, comm, FIELD_STRING, "",
	      "by comm: name; by pid, region and ip: name of one of its threads"),
	FIELD(struct by_record, cgroup, FIELD_U64, "", "by cgroup: inode number of the cgroup2 directory"),
	FIELD(struct by_record, addr, FIELD_HEX, "",
	      "by region: where its 2 MiB begin; by ip: the instruction"),
	FIELD(struct by_record, faults, FIELD_U64, "faults", "entries"),
	FIELD(struct by_record, major, FIELD_U64, "faults", "major completions"),
	FIELD(struct by_record, major_share, FIELD_F64, "ratio", "major / faults"),
	FIELD(struct by_record, major_mean_ns, FIELD_U64, "ns", "of the major ones, entry to completion"),
	FIELD(struct by_record, major_p50_ns, FIELD_U64, "ns", "half took no longer; within 3.2 %"),
	FIELD(struct by_record, major_p90_ns, FIELD_U64, "ns", "90 % took no longer; within 3.2 %"),
	FIELD(struct by_record, major_p99_ns, FIELD_U64, "ns", "99 % took no longer; within 3.2 %"),
	FIELD(struct by_record, major_max_ns, FIELD_U64, "ns", "the longest; exact but for two CPUs at once"),
};

static const struct record_type by_type =
	RECORD_TYPE("page_fault_by", 1, RECORD_TABLE, by_fields, "those who had the most major faults, then the most");

static int emit(struct out *out, const void *event, size_t bytes UNUSED)
{
	static const char *const accesses[] = { NULL, "read", "write", "exec" };
	static const char *const classes[] = { NULL, "minor", "major" };
	const struct fault_event *fault = event;
	bool timed = fault->class != CLASS_UNKNOWN && fault->entry.ts_ns;
	struct fault_record record = {
		.pid = fault->pid,
		.tid = fault->tid,
		.mode = fault->entry.user ? "user" : "kernel",
		.access = accesses[fault->entry.access],
		.class = classes[fault->class],
		.addr = fault->entry.addr,
		.ip = fault->entry.ip,
		.ts_ns = fault->entry.ts_ns ? fault->entry.ts_ns : MISSING_U64,
		.latency_ns = timed ? fault->latency_ns : MISSING_U64,
	};

	memcpy(record.comm, fault->comm, sizeof(record.comm));
	return out_record(out, fault->class == CLASS_UNKNOWN ? &entry_type : &fault_type, &record);
}

/* The sums of all CPUs added up. */
static int read_sums(const struct page_fault *skel, struct fault_sums *ret, struct err *e)
{
	int cpus = libbpf_num_possible_cpus();
	AUTO_FREE struct fault_sums *each = calloc((size_t)MAX(cpus, 1), sizeof(*each));
	uint32_t zero = 0;

	if (!each || bpf_map_lookup_elem(bpf_map__fd(skel->maps.sums), &zero, each))
		return err_set(e, each ? errno : ENOMEM, "cannot read the sums");
	memset(ret, 0, sizeof(*ret));
	for (int cpu = 0; cpu < cpus; cpu++) {
		const struct fault_sums *s = &each[cpu];

		ret->user += s->user;
		ret->kernel += s->kernel;
		ret->minor += s->minor;
		ret->major += s->major;
		ret->minor_runs += s->minor_runs;
		ret->major_runs += s->major_runs;
		ret->unmatched += s->unmatched;
		ret->others += s->others;
		ret->total_ns += s->total_ns;
		ret->max_ns = MAX(ret->max_ns, s->max_ns);
		for (size_t i = 0; i < HIST_BUCKETS; i++)
			ret->latency[i] += s->latency[i];
	}
	return 0;
}

static bool filters(const struct probe_options *o)
{
	return o->tgid || o->comm || o->cgroup || o->uid != MISSING_U64;
}

static void fill_summary(const struct probe *p, const struct fault_sums *s, struct summary_record *ret)
{
	uint64_t timed = s->major - s->unmatched;
	uint64_t minors = probe_perf_events(p, "page_faults_min");
	bool all = !filters(p->options);

	*ret = (struct summary_record){
		.duration_ns = p->end_ns - p->begin_ns,
		.user = s->user,
		.kernel = s->kernel,
		.minor = all ? minors : s->minor,
		.major = s->major,
		.major_mean_ns = timed ? s->total_ns / timed : MISSING_U64,
		.major_p50_ns = hist_quantile(s->latency, timed, 0.50, s->max_ns),
		.major_p90_ns = hist_quantile(s->latency, timed, 0.90, s->max_ns),
		.major_p99_ns = hist_quantile(s->latency, timed, 0.99, s->max_ns),
		.major_max_ns = timed ? s->max_ns : MISSING_U64,
		.unmatched = s->unmatched,
		/* A perf event's skipped runs are uncounted: what the kernel counted less what was run. */
		.missed = probe_missed(p) + probe_perf_events(p, "page_faults_maj") - s->major_runs +
			  (all ? 0 : minors - s->minor_runs),
	};
}

struct by_row {
	struct by_key key;
	uint64_t faults, major;
	char comm[PROBE_COMM_LEN];
};

static int more_first(const void *a, const void *b)
{
	const struct by_row *x = a, *y = b;

	if (x->major != y->major)
		return x->major < y->major ? 1 : -1;
	return x->faults < y->faults ? 1 : x->faults > y->faults ? -1 : 0;
}

/* Every key with its counts; *ret is the caller's to free. */
static int read_rows(const struct page_fault *skel, struct by_row **ret, size_t *n, struct err *e)
{
	int faults = bpf_map__fd(skel->maps.by_faults), majors = bpf_map__fd(skel->maps.by_majors);
	int cpus = libbpf_num_possible_cpus();
	AUTO_FREE struct by_faults *each = calloc((size_t)MAX(cpus, 1), sizeof(*each));
	struct by_row *rows = calloc(BY_KEYS, sizeof(*rows));
	const struct by_key *previous = NULL;
	struct by_major major;
	size_t used = 0;

	if (!each || !rows) {
		free(rows);
		return err_set(e, ENOMEM, "cannot read the counts by key");
	}
	for (; used < BY_KEYS && !bpf_map_get_next_key(faults, previous, &rows[used].key); used++) {
		struct by_row *row = &rows[used];

		previous = &row->key;
		if (bpf_map_lookup_elem(faults, &row->key, each))
			continue;
		for (int cpu = 0; cpu < cpus; cpu++) {
			row->faults += each[cpu].entries;
			if (*each[cpu].comm)
				memcpy(row->comm, each[cpu].comm, sizeof(row->comm));
		}
		if (!bpf_map_lookup_elem(majors, &row->key, &major))
			row->major = major.major;
	}
	*ret = rows;
	*n = used;
	return 0;
}

/* Only the fields that name this kind of group. */
static int select_by(struct out *out, enum fault_by by, struct err *e)
{
#define FIGURES "faults", "major", "major_share", "major_mean_ns", "major_p50_ns", "major_p90_ns", "major_p99_ns", \
		"major_max_ns"
	static const char *pid[] = { "by", "pid", "comm", FIGURES }, *comm[] = { "by", "comm", FIGURES };
	static const char *cgroup[] = { "by", "cgroup", FIGURES }, *addr[] = { "by", "pid", "comm", "addr", FIGURES };
	static const struct opt_list fields[] = {
		[BY_PID] = { pid, ARRAY_SIZE(pid) },	      [BY_COMM] = { comm, ARRAY_SIZE(comm) },
		[BY_CGROUP] = { cgroup, ARRAY_SIZE(cgroup) }, [BY_REGION] = { addr, ARRAY_SIZE(addr) },
		[BY_IP] = { addr, ARRAY_SIZE(addr) },
	};

	return out_select(out, &by_type, &fields[by], e);
}

static int print_row(struct probe *p, const struct page_fault *skel, enum fault_by by, struct by_row *row)
{
	struct by_major m = { 0 };
	struct by_record record;

	bpf_map_lookup_elem(bpf_map__fd(skel->maps.by_majors), &row->key, &m);
	if (by == BY_COMM)
		memcpy(row->comm, row->key.word, sizeof(row->comm));
	row->comm[PROBE_COMM_LEN - 1] = '\0';
	record = (struct by_record){
		.by = by_choices[by - 1],
		.pid = row->key.word[0],
		.comm = row->comm,
		.cgroup = row->key.word[0],
		.addr = row->key.word[1],
		.faults = row->faults,
		.major = row->major,
		.major_share = row->faults ? (double)row->major / (double)row->faults : MISSING_F64,
		.major_mean_ns = m.timed ? m.total_ns / m.timed : MISSING_U64,
		.major_p50_ns = hist_quantile(m.latency, m.timed, 0.50, m.max_ns),
		.major_p90_ns = hist_quantile(m.latency, m.timed, 0.90, m.max_ns),
		.major_p99_ns = hist_quantile(m.latency, m.timed, 0.99, m.max_ns),
		.major_max_ns = m.timed ? m.max_ns : MISSING_U64,
	};
	return out_record(p->out, &by_type, &record);
}

static int print_top(struct probe *p, const struct page_fault *skel, const struct config *c,
		     const struct fault_sums *s, struct err *e)
{
	AUTO_FREE struct by_row *rows = NULL;
	size_t n = 0;
	int r = read_rows(skel, &rows, &n, e);

	if (!r)
		r = select_by(p->out, (enum fault_by)(c->by + 1), e);
	if (r)
		return r;
	qsort(rows, n, sizeof(*rows), more_first);
	for (size_t i = 0; i < n && i < c->top && r == 0; i++)
		r = print_row(p, skel, (enum fault_by)(c->by + 1), &rows[i]);
	if (n > c->top)
		term_say("%llu of %zu are shown: --top", (unsigned long long)c->top, n);
	if (s->others)
		term_warn("%llu faults found no room in the table of %d and are in the sums alone",
			  (unsigned long long)s->others, BY_KEYS);
	return r;
}

static int summarize(struct probe *p, const struct page_fault *skel, const struct config *c, struct err *e)
{
	struct summary_record record;
	struct probe_counts counts;
	struct fault_sums s;
	int r;

	probe_ready(p, "attached; the sums come at the end, after --duration or ^C");
	probe_sleep(p);
	probe_detach(p);
	r = probe_counts(p, &counts, e);
	if (!r)
		r = read_sums(skel, &s, e);
	if (!r && c->by >= 0)
		r = print_top(p, skel, c, &s, e);
	if (r)
		return r;
	fill_summary(p, &s, &record);
	/* Single events are in the sums: none is emitted. */
	p->end.seen = counts.seen;
	p->end.filtered = counts.filtered;
	p->end.missed = record.missed;
	p->end.unmatched = record.unmatched;
	return out_record(p->out, &summary_type, &record);
}

/* Single faults, and of those made at completion the ones that were skipped or could not be timed. */
static int stream(struct probe *p, const struct page_fault *skel, const struct config *c, struct err *e)
{
	struct fault_sums s;
	int r;

	probe_ready(p, "watching page faults");
	r = probe_stream(p, emit, e);
	if (r || c->class < 0)
		return r;
	r = read_sums(skel, &s, e);
	if (r)
		return r;
	p->end.unmatched = s.unmatched;
	p->end.missed += probe_perf_events(p, "page_faults_maj") - s.major_runs +
			 probe_perf_events(p, "page_faults_min") - s.minor_runs;
	return 0;
}

/* Entries: the tracepoints where there are any, else the perf event that stands in for both; completions need
 * no such one.
 */
static int use_entries(struct probe *p, struct bpf_object *object, bool completions, struct err *e)
{
	if (probe_use(p, object, "page_fault_user"))
		return probe_use(p, object, "page_fault_kernel") ? 0 : probe_no_hook(p, "page_fault_kernel", e);
	return completions || probe_use(p, object, "page_faults") ? 0 : probe_no_hook(p, "page_fault_user", e);
}

static int use_hooks(struct probe *p, struct bpf_object *object, const struct config *c, struct err *e)
{
	int r = use_entries(p, object, c->class >= 0, e);

	if (r || (!c->summary && c->class < 0))
		return r;
	/* A program for each minor fault only where there is a filter or a record is made of it. */
	if (c->summary && !filters(p->options))
		r = probe_count(p, "page_faults_min") ? 0 : probe_no_hook(p, "page_faults_min", e);
	else if (c->summary || str_eq(class_choices[c->class], "all"))
		r = probe_use(p, object, "page_faults_min") ? 0 : probe_no_hook(p, "page_faults_min", e);
	if (r)
		return r;
	return probe_use(p, object, "page_faults_maj") ? 0 : probe_no_hook(p, "page_faults_maj", e);
}

static enum fault_mode mode(const struct config *c)
{
	if (c->summary)
		return c->nothing ? FAULT_NOTHING : FAULT_SUMMARY;
	if (c->probe.format < 0)
		return FAULT_TRACE_PIPE;
	return c->class < 0 ? FAULT_STREAM : FAULT_COMPLETED;
}

static void configure(struct page_fault *skel, const struct config *c)
{
	skel->rodata->mode = mode(c);
	skel->rodata->by = (enum fault_by)(c->by + 1);
	skel->rodata->sample_below = c->sample > 1 ? (uint32_t)((UINT64_C(1) << 32) / c->sample) : 0;
	if (c->by < 0) {
		bpf_map__set_max_entries(skel->maps.by_faults, 1);
		bpf_map__set_max_entries(skel->maps.by_majors, 1);
	}
}

static int trace(struct probe *p, struct page_fault *skel, const struct config *c, struct err *e)
{
	bool streams = c->probe.format >= 0 && !c->summary;
	struct probe_filter filter;
	int r = probe_filter(&c->probe, &filter, e);

	if (!r)
		r = use_hooks(p, skel->obj, c, e);
	if (!r)
		r = out_select(p->out, c->summary ? &summary_type : c->class < 0 ? &entry_type : &fault_type,
			       &c->probe.fields, e);
	if (r)
		return r;
	skel->rodata->filter = filter;
	configure(skel, c);
	r = probe_load(p, skel->obj, streams, e);
	if (!r)
		r = probe_attach(p, e);
	if (r)
		return r;
	if (c->summary)
		return summarize(p, skel, c, e);
	if (!streams)
		return probe_trace_pipe(p, "page_fault pid=PID comm=NAME type=user addr=0xADDRESS ip=0xADDRESS");
	return stream(p, skel, c, e);
}

static int check(const struct config *c, struct err *e)
{
	if (c->by >= 0 && !c->summary)
		return err_usage(e, "--by groups what --summary counts: add --summary");
	if (c->summary && c->class >= 0)
		return err_usage(e, "--class is about single faults; --summary counts both classes");
	if (c->summary && c->sample != 1)
		return err_usage(e, "--sample is about single faults; --summary counts all");
	if (c->probe.format < 0 && (c->class >= 0 || c->sample != 1))
		return err_usage(e, "--class and --sample work on records: add --format text, json or csv");
	return probe_needs_format(&c->probe, e);
}

static int run(void *config, int argc UNUSED, char **argv UNUSED, int *exit_code UNUSED, struct err *e)
{
	struct config *c = config;
	struct page_fault *skel = NULL;
	struct probe p;
	int r;

	if (c->summary && c->probe.format < 0)
		c->probe.format = OUT_TEXT;
	r = check(c, e);
	if (r)
		return r;
	r = probe_open(&p, &c->probe, e);
	if (!r && !(skel = page_fault__open()))
		r = err_set(e, errno, "cannot open the probe's programs");
	if (!r)
		r = trace(&p, skel, c, e);
	if (!r)
		r = probe_close(&p, e);
	probe_done(&p);
	page_fault__destroy(skel);
	return r;
}

static const struct opt options[] = {
	PROBE_OPT_OUTPUT(struct config, probe),
	PROBE_OPT_STREAM(struct config, probe),
	PROBE_OPT_FILTER(struct config, probe),
	OPT_FLAG(0, "summary", struct config, summary,
		 "no single faults: their number, minor and major, and how long the major ones took"),
	OPT_CHOICE(0, "by", struct config, by, by_choices,
		   "with --summary: a record for each of these too; region is 2 MiB of addresses"),
	OPT_U64(0, "top", struct config, top, "with --by: as many records, those with the most major faults first",
		.min = 1),
	OPT_CHOICE(0, "class", struct config, class, class_choices,
		   "records at completion, with class and latency; major ones cost next to nothing"),
	OPT_U64(0, "sample", struct config, sample, "a record for one in N single faults, drawn at random",
		.metavar = "N", .min = 1, .max = 1000000000),
	OPT_FLAG(0, "nothing", struct config, nothing, "with --summary: empty programs, for bench/probes.sh",
		 .hidden = true),
	OPT_END
};

static struct config config = { .probe = PROBE_DEFAULTS, .class = -1, .by = -1, .sample = 1, .top = 10 };

static const struct opt_command commands[] = {
	{
		.summary = "trace page faults, or sum them up",
		.description = "Without --format, writes a line for each page fault into the kernel's trace_pipe. With "
			       "--format, one record for each on stdout, then an end record with seen = emitted + "
			       "filtered + dropped. --summary counts in the kernel and prints one record at the end.",
		.examples = "page_fault                               # read tracing/trace_pipe beside it\n"
			    "page_fault --format json -p 1234 -d 10s  # ten seconds of one process as JSON lines\n"
			    "page_fault --format text --class major   # each major fault with its latency\n"
			    "page_fault --summary --by comm -d 10s    # who has them\n"
			    "page_fault --summary -d 1m -c /sys/fs/cgroup/user.slice   # one record for a cgroup\n",
		.options = options,
		.run = run,
	},
	{ .run = NULL },
};

int main(int argc, char **argv)
{
	static const struct record_type *const records[] = { &fault_type, &summary_type, &by_type, &end_record_type,
							  NULL };
	const struct opt_program program = {
		.name = "page_fault",
		.summary = "trace page faults, or sum them up",
		.commands = commands,
		.config = &config,
		.records = records,
	};

	return opt_main(&program, argc, argv);
}

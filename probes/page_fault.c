/* SPDX-License-Identifier: GPL-2.0-only */
/* page_fault.c - page faults: a line each into trace_pipe, records on stdout, or sums with
 * latencies.
 *
 * Single faults are seen at their entry, where address and instruction are known, and class and
 * duration are not yet; with --class at their completion, where all is. --summary counts both:
 * minor and major completions, the major ones timed from their entry, in all or --by what caused
 * them. Reads no page and no memory of the process; with --mapping and --stacks its maps.
 */
#include <bpf/bpf.h>

#include "page_fault_parts.h"
#include "page_fault.skel.h"
#include "page_fault_stacks.h"
#include "lib/base/term.h"

static const char *const class_choices[] = { "major", "all", NULL };
/* As enum fault_latency. */
static const char *const latency_choices[] = { "none", "major", "all", NULL };

struct fault_record {
	uint32_t pid, tid;
	char comm[PROBE_COMM_LEN];
	const char *mode, *access, *class, *mapping, *file;
	uint64_t addr, ip, ts_ns, latency_ns;
};

static const struct field fault_fields[] = {
	FIELD(struct fault_record, pid, FIELD_U32, "", "process"),
	FIELD(struct fault_record, comm, FIELD_CHARS, "", "name of the thread"),
	/* `type` in the lines of trace_pipe; in records that names the record */
	FIELD(struct fault_record, mode, FIELD_STRING, "",
	      "user or kernel: the mode it was entered from"),
	FIELD(struct fault_record, addr, FIELD_HEX, "", "address that was not there"),
	FIELD(struct fault_record, ip, FIELD_HEX, "",
	      "address of the instruction that asked for it"),
	FIELD(struct fault_record, tid, FIELD_U32, "", "thread"),
	FIELD(struct fault_record, ts_ns, FIELD_U64, "ns",
	      "CLOCK_MONOTONIC at entry; missing where that was not seen"),
	FIELD(struct fault_record, access, FIELD_STRING, "",
	      "read, write or exec; missing where the kernel does not say"),
	FIELD(struct fault_record, class, FIELD_STRING, "", "with --class: minor or major"),
	FIELD(struct fault_record, latency_ns, FIELD_U64, "ns",
	      "with --class: from entry to completion"),
	FIELD(struct fault_record, mapping, FIELD_STRING, "",
	      "with --mapping: what the address belongs to: anon, heap, stack (of the first "
	      "thread), shmem or file; missing where that cannot be known"),
	FIELD(struct fault_record, file, FIELD_STRING, "",
	      "with --mapping: last part of the file's path"),
};

#define ENTRY_FIELDS (ARRAY_SIZE(fault_fields) - 4)

static const struct record_type fault_type = RECORD_TYPE(
	"page_fault", 1, RECORD_LINE, fault_fields, "a page fault, with --class at its completion");

/* Without --mapping, the last two are not known. */
static const struct record_type class_type = {
	.name = "page_fault",
	.version = 1,
	.style = RECORD_LINE,
	.fields = fault_fields,
	.n_fields = ARRAY_SIZE(fault_fields) - 2,
	.meaning = "a page fault at its completion",
};

/* At entry, the last ones are not known. */
static const struct record_type entry_type = {
	.name = "page_fault",
	.version = 1,
	.style = RECORD_LINE,
	.fields = fault_fields,
	.n_fields = ENTRY_FIELDS,
	.meaning = "a page fault, at its entry",
};

struct summary_record {
	uint64_t duration_ns, user, kernel, minor, major;
	struct times major_times, minor_times;
	uint64_t unmatched, missed;
};

static const struct field summary_fields[] = {
	FIELD(struct summary_record, duration_ns, FIELD_U64, "ns", "how long was looked"),
	FIELD(struct summary_record, user, FIELD_U64, "faults", "entries from user mode"),
	FIELD(struct summary_record, kernel, FIELD_U64, "faults", "entries from kernel mode"),
	FIELD(struct summary_record, minor, FIELD_U64, "faults",
	      "completions without reading from a device; missing without --minor or --latency "
	      "all"),
	FIELD(struct summary_record, major, FIELD_U64, "faults",
	      "completions that read from a device or pool"),
	TIME_FIELDS(struct summary_record, major, "major ones", "the longest; exact"),
	TIME_FIELDS(struct summary_record, minor, "minor ones, with --latency all",
		    "the longest; exact"),
	FIELD(struct summary_record, unmatched, FIELD_U64, "faults",
	      "completions that were to be timed, and whose entry was not: not seen, or one of too "
	      "many minor ones"),
	FIELD(struct summary_record, missed, FIELD_U64, "faults",
	      "runs of a program that the kernel skipped"),
};

static const struct record_type summary_type =
	RECORD_TYPE("page_fault_summary", 2, RECORD_CARD, summary_fields,
		    "page faults of the whole time, summed up");

/* Of --mapping; the ring's callback gets the sink alone. */
static struct mapping_cache *cache;

static int emit(struct out *out, const void *event, size_t bytes)
{
	static const char *const accesses[] = { NULL, "read", "write", "exec" };
	static const char *const classes[] = { NULL, "minor", "major" };
	const struct fault_event *fault = event;
	bool mapped = bytes >= sizeof(struct fault_event_mapped);
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

	if (mapped) {
		const struct fault_space *space =
			&((const struct fault_event_mapped *)event)->space;
		const struct mapping *mapping =
			mapping_cache_find(cache, fault->pid, space, fault->entry.addr);

		record.mapping = mapping ? mapping_kind_names[mapping->kind] : NULL;
		record.file = mapping && mapping->name[0] ? mapping->name : NULL;
	}
	memcpy(record.comm, fault->comm, sizeof(record.comm));
	return out_record(out,
			  fault->class == CLASS_UNKNOWN ? &entry_type
			  : mapped                      ? &fault_type
							: &class_type,
			  &record);
}

static void add_times(struct fault_times *sum, const struct fault_times *t)
{
	sum->count += t->count;
	sum->timed += t->timed;
	sum->total_ns += t->total_ns;
	sum->max_ns = MAX(sum->max_ns, t->max_ns);
	for (size_t i = 0; i < HIST_BUCKETS; i++)
		sum->latency[i] += t->latency[i];
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
		ret->filtered += s->filtered;
		ret->unmatched += s->unmatched;
		ret->others += s->others;
		for (int class = CLASS_MINOR; class <= CLASS_MAJOR; class ++) {
			ret->runs[class] += s->runs[class];
			add_times(&ret->times[class], &s->times[class]);
		}
	}
	return 0;
}

struct times times(const struct fault_times *t)
{
	return (struct times){
		.mean_ns = t->timed ? t->total_ns / t->timed : MISSING_U64,
		.p50_ns = hist_quantile(t->latency, t->timed, 0.50, t->max_ns),
		.p90_ns = hist_quantile(t->latency, t->timed, 0.90, t->max_ns),
		.p99_ns = hist_quantile(t->latency, t->timed, 0.99, t->max_ns),
		.max_ns = t->timed ? t->max_ns : MISSING_U64,
	};
}

static bool filters(const struct probe_options *o)
{
	return o->tgid || o->comm || o->cgroup || o->uid != MISSING_U64;
}

/* How minor completions get into a summary. A program on each of them costs more than all else:
 * only where one must look at the task or the time. Without, the kernel counts.
 */
enum minors { MINORS_UNKNOWN, MINORS_COUNTED, MINORS_SEEN };

static enum minors minors(const struct config *c)
{
	if (latency(c) == LATENCY_ALL)
		return MINORS_SEEN;
	if (!c->minor)
		return MINORS_UNKNOWN;
	return filters(&c->probe) ? MINORS_SEEN : MINORS_COUNTED;
}

/* Runs of the programs at completion that the kernel skipped, which for perf events it does not
 * count: what it counted of the events less what was run.
 */
static uint64_t skipped(const struct probe *p, const struct fault_sums *s, bool minor_program)
{
	return probe_perf_events(p, "page_faults_maj") - s->runs[CLASS_MAJOR] +
	       (minor_program ? probe_perf_events(p, "page_faults_min") - s->runs[CLASS_MINOR] : 0);
}

static void fill_summary(const struct probe *p, const struct config *c, const struct fault_sums *s,
			 struct summary_record *ret)
{
	const uint64_t minor[] = {
		[MINORS_UNKNOWN] = MISSING_U64,
		[MINORS_COUNTED] = probe_perf_events(p, "page_faults_min"),
		[MINORS_SEEN] = s->times[CLASS_MINOR].count,
	};

	*ret = (struct summary_record){
		.duration_ns = p->end_ns - p->begin_ns,
		.user = s->user,
		.kernel = s->kernel,
		.minor = minor[minors(c)],
		.major = s->times[CLASS_MAJOR].count,
		.major_times = times(&s->times[CLASS_MAJOR]),
		.minor_times = times(&s->times[CLASS_MINOR]),
		.unmatched = s->unmatched,
		.missed = probe_missed(p) + skipped(p, s, minors(c) == MINORS_SEEN),
	};
}

static int summarize(struct probe *p, const struct page_fault *skel, const struct config *c,
		     struct err *e)
{
	struct summary_record record;
	struct fault_sums s;
	int r;

	probe_ready(p, "attached; the sums come at the end, after --duration or ^C");
	if (by(c) == BY_MAPPING) {
		r = probe_stream(p, by_mapping_add, e);
		p->end.emitted = 0; /* into groups */
	} else {
		probe_sleep(p);
		probe_detach(p);
		r = 0;
	}
	if (!r)
		r = read_sums(skel, &s, e);
	if (!r && c->by >= 0)
		r = by_print(p, skel, c, &s, e);
	if (r)
		return r;
	fill_summary(p, c, &s, &record);
	/* Single events are in the sums: none is emitted. */
	p->end.seen = s.user + s.kernel + s.filtered;
	p->end.filtered = s.filtered;
	p->end.missed = record.missed;
	p->end.unmatched = record.unmatched;
	return out_record(p->out, &summary_type, &record);
}

/* Single faults, and of those made at completion the ones that were skipped or could not be timed.
 */
static int stream(struct probe *p, const struct page_fault *skel, const struct config *c,
		  struct err *e)
{
	struct fault_sums s;
	int r;

	probe_ready(p, "watching page faults");
	r = probe_stream(p, emit, e);
	if (r)
		return r;
	if (c->class < 0) {
		/* 0 where the tracepoints are in use. */
		uint64_t events = probe_perf_events(p, "page_faults");

		p->end.missed += events ? events - p->end.seen : 0;
		return 0;
	}
	r = read_sums(skel, &s, e);
	if (r)
		return r;
	p->end.unmatched = s.unmatched;
	p->end.missed += skipped(p, &s, true);
	if (c->mapping && mapping_cache_unknown(cache))
		term_say("%llu faults are of mappings that cannot be known: the process had ended, "
			 "or never had them",
			 (unsigned long long)mapping_cache_unknown(cache));
	return 0;
}

/* Stacks, and how many faults are in none. */
static int trace_stacks(struct probe *p, const struct page_fault *skel, struct stacks *stacks,
			bool minor_program, struct err *e)
{
	struct fault_sums s;
	int r = stacks_trace(p, skel, stacks, e);

	if (!r)
		r = read_sums(skel, &s, e);
	if (r)
		return r;
	p->end.missed = skipped(p, &s, minor_program);
	p->end.dropped = s.others;
	if (s.others)
		term_warn("%llu faults are in no stack: the table holds %d different ones",
			  (unsigned long long)s.others, STACKS);
	return 0;
}

/* The class in question: what --stacks counts where none is given. */
static bool minors_too(const struct config *c)
{
	return c->class >= 0 ? str_eq(class_choices[c->class], "all") : c->stacks;
}

/* Entries: the tracepoints where there are any, else the perf event that stands in for both;
 * completions need no such one.
 */
static int use_entries(struct probe *p, struct bpf_object *object, bool completions, struct err *e)
{
	if (probe_use(p, object, "page_fault_user"))
		return probe_use(p, object, "page_fault_kernel")
			       ? 0
			       : probe_no_hook(p, "page_fault_kernel", e);
	return completions || probe_use(p, object, "page_faults")
		       ? 0
		       : probe_no_hook(p, "page_fault_user", e);
}

static int use_hooks(struct probe *p, struct bpf_object *object, const struct config *c,
		     struct err *e)
{
	int r = c->stacks ? 0 : use_entries(p, object, c->class >= 0, e);

	if (r || (!c->summary && !c->stacks && c->class < 0))
		return r;
	if (c->summary && minors(c) == MINORS_COUNTED)
		r = probe_count(p, "page_faults_min") ? 0 : probe_no_hook(p, "page_faults_min", e);
	else if (c->summary ? minors(c) == MINORS_SEEN : minors_too(c))
		r = probe_use(p, object, "page_faults_min")
			    ? 0
			    : probe_no_hook(p, "page_faults_min", e);
	if (r)
		return r;
	return probe_use(p, object, "page_faults_maj") ? 0 : probe_no_hook(p, "page_faults_maj", e);
}

static enum fault_mode mode(const struct config *c)
{
	if (c->summary)
		return c->nothing ? FAULT_NOTHING : FAULT_SUMMARY;
	if (c->stacks)
		return FAULT_STACKS;
	if (c->probe.format < 0)
		return FAULT_TRACE_PIPE;
	return c->class < 0 ? FAULT_STREAM : FAULT_COMPLETED;
}

static void configure(struct page_fault *skel, const struct config *c)
{
	skel->rodata->mode = mode(c);
	skel->rodata->by = by(c);
	skel->rodata->latency = latency(c);
	skel->rodata->mappings = c->mapping;
	skel->rodata->sample_below =
		c->sample > 1 ? (uint32_t)((UINT64_C(1) << 32) / c->sample) : 0;
	if (!c->stacks)
		bpf_map__set_max_entries(skel->maps.stack_counts, 1);
	if (c->by < 0 || by(c) == BY_MAPPING) {
		bpf_map__set_max_entries(skel->maps.recent, 1);
		bpf_map__set_max_entries(skel->maps.by_faults, 1);
		bpf_map__set_max_entries(skel->maps.by_times, 1);
	}
}

/* The fields that were asked for; else in text no column that must stay empty. */
static int select_fields(struct probe *p, const struct config *c, struct err *e)
{
	const struct record_type *type = c->summary     ? &summary_type
					 : c->class < 0 ? &entry_type
					 : c->mapping   ? &fault_type
							: &class_type;
	const char *chosen[ARRAY_SIZE(summary_fields)];
	struct opt_list fields = { chosen, 0 };

	if (!c->summary || c->probe.fields.n || c->probe.format != OUT_TEXT ||
	    latency(c) == LATENCY_ALL)
		return out_select(p->out, type, &c->probe.fields, e);
	for (size_t i = 0; i < ARRAY_SIZE(summary_fields); i++) {
		if (strncmp(summary_fields[i].name, "minor_", 6))
			chosen[fields.n++] = summary_fields[i].name;
	}
	return out_select(p->out, type, &fields, e);
}

static int attach(struct probe *p, struct page_fault *skel, const struct config *c, struct err *e)
{
	struct probe_filter filter;
	int r = probe_filter(&c->probe, &filter, e);

	if (!r)
		r = use_hooks(p, skel->obj, c, e);
	if (!r)
		r = select_fields(p, c, e);
	if (r)
		return r;
	skel->rodata->filter = filter;
	configure(skel, c);
	r = probe_load(p, skel->obj, c->probe.format >= 0 && (!c->summary || by(c) == BY_MAPPING),
		       e);
	if (!r && (c->mapping || by(c) == BY_MAPPING))
		r = probe_wake(p, e);
	return r ? r : probe_attach(p, e);
}

/* What passes between the steps of one run. */
struct run {
	const struct config *config;
	struct page_fault *skel;
	struct stacks *stacks; /* NULL without --stacks */
};

static int trace(struct probe *p, void *running, struct err *e)
{
	struct run *run = running;
	const struct config *c = run->config;
	struct page_fault *skel;
	int r = c->stacks ? stacks_new(p, &run->stacks, e) : 0;

	if (!r && by(c) == BY_MAPPING)
		r = by_mapping_new(e);
	if (!r && c->mapping && !(cache = mapping_cache_new()))
		r = err_set(e, ENOMEM, "cannot keep mappings");
	if (!r)
		r = PROBE_OPEN(run->skel, page_fault, e);
	skel = run->skel;
	if (!r)
		r = attach(p, skel, c, e);
	if (r)
		return r;
	if (c->summary)
		return summarize(p, skel, c, e);
	if (c->stacks)
		return trace_stacks(p, skel, run->stacks, minors_too(c), e);
	if (c->probe.format < 0)
		return probe_trace_pipe(
			p, "page_fault pid=PID comm=NAME type=user addr=0xADDRESS ip=0xADDRESS");
	return stream(p, skel, c, e);
}

static int check(const struct config *c, struct err *e)
{
	if (c->mapping && (c->class < 0 || c->stacks))
		return err_usage(e, "--mapping is looked up at completion: add --class; with "
				    "--summary, --by mapping");
	if (c->summary && c->stacks)
		return err_usage(e, "--summary and --stacks are two ways to count: choose one");
	if ((c->stacks || c->summary) && c->probe.max_events != MISSING_U64)
		return err_usage(e, "--max-events is about single faults; these are counted until "
				    "--duration or ^C");
	if (c->by >= 0 && !c->summary)
		return err_usage(e, "--by groups what --summary counts: add --summary");
	if (c->summary && c->class >= 0)
		return err_usage(e,
				 "--class is about single faults; --summary counts both classes");
	if (!c->summary && (c->latency >= 0 || c->minor))
		return err_usage(e, "--latency and --minor are about --summary: add it; --class "
				    "times single faults");
	if (c->summary && c->sample != 1)
		return err_usage(e, "--sample is about single faults; --summary counts all");
	if (c->probe.format < 0 && (c->class >= 0 || c->sample != 1))
		return err_usage(
			e, "--class and --sample work on records: add --format text, json or csv");
	return probe_needs_format(&c->probe, e);
}

static int run(void *config, int argc UNUSED, char **argv UNUSED, int *exit_code UNUSED,
	       struct err *e)
{
	struct config *c = config;
	struct run run = { .config = c };
	struct probe p;
	int r;

	if ((c->summary || c->stacks) && c->probe.format < 0)
		c->probe.format = OUT_TEXT;
	r = check(c, e);
	if (r)
		return r;
	r = probe_run(&p, &c->probe, trace, &run, e);
	page_fault__destroy(run.skel);
	stacks_free(run.stacks);
	by_mapping_free();
	mapping_cache_free(cache);
	return r;
}

static const struct opt options[] = {
	PROBE_OPT_OUTPUT(struct config, probe),
	PROBE_OPT_STREAM(struct config, probe),
	PROBE_OPT_FILTER(struct config, probe),
	OPT_FLAG(0, "summary", struct config, summary,
		 "no single faults: their number, minor and major, and how long the major ones "
		 "took"),
	OPT_CHOICE(0, "by", struct config, by, by_choices,
		   "with --summary: a record for each of these too; region is 2 MiB of addresses"),
	OPT_CHOICE(0, "latency", struct config, latency, latency_choices,
		   "with --summary: which faults are timed; default major: while they come, and of "
		   "entries 30,000 a second on each CPU. all runs a program at each minor "
		   "completion too"),
	OPT_FLAG(0, "minor", struct config, minor,
		 "with --summary: count minor completions as well as entries; costs half as much "
		 "again"),
	OPT_U64(0, "top", struct config, top,
		"with --by: as many records, those with the most major faults first", .min = 1),
	OPT_CHOICE(
		0, "class", struct config, class, class_choices,
		"records at completion, with class and latency; major ones cost next to nothing"),
	OPT_FLAG(0, "stacks", struct config, stacks,
		 "where faults come from: stacks of functions and their number at the end, folded "
		 "for flame graphs"),
	OPT_FLAG(0, "mapping", struct config, mapping,
		 "with --class: what the address belongs to, and which file"),
	OPT_U64(0, "sample", struct config, sample,
		"a record for one in N single faults, drawn at random", .metavar = "N", .min = 1,
		.max = 1000000000),
	OPT_FLAG(0, "nothing", struct config, nothing,
		 "with --summary: empty programs, for bench/probes.sh", .hidden = true),
	OPT_END
};

static struct config config = {
	.probe = PROBE_DEFAULTS, .class = -1, .by = -1, .latency = -1, .sample = 1, .top = 10
};

static const struct opt_command commands[] = {
	{
		.summary = "trace page faults, or sum them up",
		.description = "Without --format, writes a line for each page fault into the "
			       "kernel's trace_pipe. With --format, one record for each on stdout, "
			       "then an end record with seen = emitted + filtered + dropped. "
			       "--summary counts in the kernel and prints one record at the end.",
		.examples = "page_fault                               # read tracing/trace_pipe "
			    "beside it\n"
			    "page_fault --format json -p 1234 -d 10s  # ten seconds of one process "
			    "as JSON lines\n"
			    "page_fault --format text --class major   # each major fault with its "
			    "latency\n"
			    "page_fault --summary --by comm -d 10s    # who has them\n"
			    "page_fault --summary --by mapping -p 1234 -d 10s         # and where\n"
			    "page_fault --stacks --class major -d 1m >folded          # from what "
			    "code: a flame graph\n"
			    "page_fault --summary -d 1m -c /sys/fs/cgroup/user.slice   # one "
			    "record for a cgroup\n",
		.options = options,
		.run = run,
	},
	{ .run = NULL },
};

int main(int argc, char **argv)
{
	static const struct record_type *const records[] = { &fault_type,      &summary_type,
							     &by_type,         &stacks_type,
							     &end_record_type, NULL };
	const struct opt_program program = {
		.name = "page_fault",
		.summary = "trace page faults, or sum them up",
		.commands = commands,
		.config = &config,
		.records = records,
	};

	return opt_main(&program, argc, argv);
}

// SPDX-License-Identifier: GPL-2.0-only
/* page_fault.c - page faults: a line each into trace_pipe, records on stdout, or sums with
 * latencies.
 *
 * Single faults are recorded at entry, where address and instruction are known but class and
 * latency are not; with --fault at completion, where all are. --summary counts both: minor and
 * major completions, the major ones with their latency. Reads neither pages nor memory of a
 * process; with --mapping and --stacks its maps.
 */
#include <bpf/bpf.h>

#include "lib/base/rights.h"
#include "lib/base/term.h"
#include "page_fault_parts.h"

#include "page_fault.skel.h"

static const char *const fault_choices[] = { "major", "all", NULL };
/* As enum fault_latency. */
static const char *const latency_choices[] = { "none", "major", "all", NULL };

struct fault_record {
	char comm[PROBE_COMM_LEN];
	const char *mode, *access, *class, *mapping, *file;
	uint64_t pid, tid, addr, ip, ts_ns, latency_ns;
};

#define FAULT(m, t, u, what) FIELD(struct fault_record, m, FIELD_##t, u, what)

static const struct field fault_fields[] = {
	FAULT(pid, U64, "", "process; missing: not visible in the PID namespace of the probe"),
	FAULT(comm, CHARS, "", "name of the thread"),
	/* `type` in the lines of trace_pipe; in records that names the record */
	FAULT(mode, STRING, "", "user or kernel: mode of the processor before the fault"),
	FAULT(addr, HEX, "", "faulting address"),
	FAULT(ip, HEX, "", "address of the faulting instruction"),
	FAULT(tid, U64, "", "thread; missing under the same condition as pid"),
	FAULT(ts_ns, U64, "ns", "CLOCK_MONOTONIC at entry; missing if the entry was not seen"),
	FAULT(access, STRING, "", "read, write or exec; missing if the kernel does not report it"),
	FAULT(class, STRING, "", "with --fault: kind of fault, minor or major"),
	FAULT(latency_ns, U64, "ns", "with --fault: time from entry to completion"),
	FAULT(mapping, STRING, "",
	      "with --mapping: kind of mapping of the address: anon, heap, stack (of the first "
	      "thread), shmem or file; missing if unknown"),
	FAULT(file, STRING, "", "with --mapping: last part of the file's path"),
};

#define FAULT_TYPE(n, what) \
	{ \
		.name = "page_fault", .version = 1, .style = RECORD_LINE, .fields = fault_fields, \
		.n_fields = (n), .meaning = (what) \
	}
static const struct record_type fault_type =
	FAULT_TYPE(ARRAY_SIZE(fault_fields), "a page fault, with --fault at its completion");
/* Without --mapping. */
static const struct record_type completed_type =
	FAULT_TYPE(ARRAY_SIZE(fault_fields) - 2, "a page fault at its completion");
static const struct record_type entry_type =
	FAULT_TYPE(ARRAY_SIZE(fault_fields) - 4, "a page fault at its entry");

struct summary_record {
	uint64_t duration_ns, user, kernel, minor, major;
	struct latency major_times, minor_times;
	uint64_t unmatched, missed;
};

#define SUMMARY(m, t, u, what) FIELD(struct summary_record, m, FIELD_##t, u, what)

static const struct field summary_fields[] = {
	SUMMARY(duration_ns, U64, "ns", "time the probe was attached"),
	SUMMARY(user, U64, "faults", "fault entries from user mode"),
	SUMMARY(kernel, U64, "faults", "fault entries from kernel mode"),
	SUMMARY(minor, U64, "faults",
		"minor faults completed (no I/O); missing without --minor or --latency all"),
	SUMMARY(major, U64, "faults", "major faults completed (read from a device or pool)"),
	TIME_FIELDS(struct summary_record, major, "major faults", "; exact"),
	TIME_FIELDS(struct summary_record, minor, "minor faults (--latency all)", "; exact"),
	SUMMARY(unmatched, U64, "faults",
		"faults completed without a latency: the entry was not seen, or not timed"),
	SUMMARY(missed, U64, "faults",
		"faults that pass the filter and for which the kernel ran no BPF program; with a "
		"filter, an upper bound; missing: unknown"),
};

static const struct record_type summary_type =
	RECORD_TYPE("page_fault_summary", 3, RECORD_CARD, summary_fields,
		    "sums of all page faults while the probe was attached");

static int emit(void *ctx, const void *event, size_t bytes)
{
	static const char *const accesses[] = { NULL, "read", "write", "exec" };
	static const char *const classes[] = { NULL, "minor", "major" };
	struct run *run = ctx;
	const struct fault_event *fault = event;
	bool mapped = bytes >= sizeof(struct fault_event_mapped);
	bool timed = fault->class != CLASS_UNKNOWN && fault->entry.ts_ns;
	struct fault_record record = {
		.pid = probe_pid(fault->pid),
		.tid = probe_pid(fault->tid),
		.mode = fault->entry.user ? "user" : "kernel",
		.access = accesses[fault->entry.access],
		.class = classes[fault->class],
		.addr = fault->entry.addr,
		.ip = fault->entry.ip,
		.ts_ns = fault->entry.ts_ns ? fault->entry.ts_ns : MISSING_U64,
		.latency_ns = timed ? fault->latency_ns : MISSING_U64,
	};

	if (mapped) {
		const struct fault_event_mapped *m = event;
		const struct mapping *mapping =
			mapping_cache_find(run->cache, fault->pid, &m->space, fault->entry.addr);

		record.mapping = mapping ? mapping_kind_names[mapping->kind] : NULL;
		record.file = mapping && mapping->name[0] ? mapping->name : NULL;
	}
	memcpy(record.comm, fault->comm, sizeof(record.comm));
	return out_record(run->p.out,
			  fault->class == CLASS_UNKNOWN ? &entry_type
			  : mapped                      ? &fault_type
							: &completed_type,
			  &record);
}

static void add_sums(void *sum, const void *cpu)
{
	struct fault_sums *to = sum;
	const struct fault_sums *from = cpu;

	to->user += from->user;
	to->kernel += from->kernel;
	to->filtered += from->filtered;
	to->unmatched += from->unmatched;
	to->others += from->others;
	for (int class = CLASS_MINOR; class <= CLASS_MAJOR; class ++) {
		to->runs[class] += from->runs[class];
		to->times[class].count += from->times[class].count;
		hist_merge(&to->times[class].time, &from->times[class].time);
	}
}

static int read_sums(const struct run *run, struct fault_sums *ret, struct err *e)
{
	return probe_sum(bpf_map__fd(run->skel->maps.sums), sizeof(*ret), add_sums, ret, e);
}

/* How a summary gets the number of minor completions. A program on each of them costs more than all
 * else: it is only used where the filter or the latency needs one. Otherwise the kernel counts.
 */
enum minors { MINORS_UNKNOWN, MINORS_COUNTED, MINORS_SEEN };

static enum minors minors(const struct config *c)
{
	if (latency(c) == LATENCY_ALL)
		return MINORS_SEEN;
	if (!c->minor)
		return MINORS_UNKNOWN;
	return probe_filters(&c->probe) ? MINORS_SEEN : MINORS_COUNTED;
}

/* Whether single completions or stacks include minor faults: --stacks counts all by default. */
static bool minors_too(const struct config *c)
{
	return c->fault >= 0 ? str_eq(fault_choices[c->fault], "all") : c->stacks;
}

/* Completions that pass the filter and that the kernel ran no program for: on a perf event it runs
 * none while another one, or a bpf(2) call on a map, has set bpf_prog_active of that CPU
 * (bpf_overflow_handler), and does not count these: they are the events that it counted less the
 * runs, of all tasks. Of those that pass the filter they are at most the entries that did and did
 * not complete; missing where entries have no tracepoint, which is never skipped so.
 */
static uint64_t lost(const struct run *run, const struct fault_sums *s)
{
	const struct config *c = run->config;
	const struct probe *p = &run->p;
	bool minor_program = c->summary ? minors(c) == MINORS_SEEN : minors_too(c);
	uint64_t skipped = probe_perf_events(p, "page_faults_maj") - s->runs[CLASS_MAJOR];
	uint64_t entries = s->user + s->kernel;
	uint64_t completed = s->times[CLASS_MINOR].count + s->times[CLASS_MAJOR].count;

	if (minor_program)
		skipped += probe_perf_events(p, "page_faults_min") - s->runs[CLASS_MINOR];
	if (!skipped || !probe_filters(&c->probe))
		return skipped;
	if (!p->programs[probe_hook_index("page_fault_user")])
		return MISSING_U64;
	return MIN(skipped, entries > completed ? entries - completed : 0);
}

/* Runs of all programs, of which those at completion are known or missing. */
static uint64_t missed(const struct run *run, const struct fault_sums *s)
{
	uint64_t n = lost(run, s);

	return n == MISSING_U64 ? n : n + probe_missed(&run->p);
}

static void fill_summary(const struct run *run, const struct fault_sums *s,
			 struct summary_record *ret)
{
	const struct probe *p = &run->p;
	const uint64_t minor[] = {
		[MINORS_UNKNOWN] = MISSING_U64,
		[MINORS_COUNTED] = probe_perf_events(p, "page_faults_min"),
		[MINORS_SEEN] = s->times[CLASS_MINOR].count,
	};

	*ret = (struct summary_record){
		.duration_ns = p->end_ns - p->begin_ns,
		.user = s->user,
		.kernel = s->kernel,
		.minor = minor[minors(run->config)],
		.major = s->times[CLASS_MAJOR].count,
		.major_times = latency_of(&s->times[CLASS_MAJOR].time),
		.minor_times = latency_of(&s->times[CLASS_MINOR].time),
		.unmatched = s->unmatched,
		.missed = missed(run, s),
	};
}

static int summarize(struct run *run, struct err *e)
{
	struct probe *p = &run->p;
	struct summary_record record;
	struct fault_sums s;
	int rc = 0;

	probe_ready(p, "attached; the sums are printed at the end, after --duration or ^C");
	if (run->groups) {
		p->calls.emit = by_mapping_add;
		rc = probe_stream(p, e);
		p->end.emitted = 0; /* added to groups */
	} else {
		probe_sleep(p);
		probe_detach(p);
	}
	if (!rc)
		rc = read_sums(run, &s, e);
	if (!rc && run->config->by >= 0)
		rc = by_print(run, &s, e);
	if (rc)
		return rc;
	fill_summary(run, &s, &record);
	/* Single events are in the sums: none is emitted. */
	p->end.seen = s.user + s.kernel + s.filtered;
	p->end.filtered = s.filtered;
	p->end.missed = record.missed;
	p->end.unmatched = record.unmatched;
	return out_record(p->out, &summary_type, &record);
}

/* Single faults; at completion also the number of those skipped or without a latency. */
static int stream(struct run *run, struct err *e)
{
	struct probe *p = &run->p;
	struct fault_sums s;
	uint64_t n;
	int rc;

	probe_ready(p, "watching page faults");
	p->calls.emit = emit;
	rc = probe_stream(p, e);
	if (rc)
		return rc;
	if (run->config->fault < 0) {
		/* 0 where the tracepoints are in use. */
		n = probe_perf_events(p, "page_faults");
		if (n > p->end.seen)
			p->end.missed =
				probe_filters(&run->config->probe) ? MISSING_U64 : n - p->end.seen;
		return 0;
	}
	rc = read_sums(run, &s, e);
	if (rc)
		return rc;
	p->end.unmatched = s.unmatched;
	p->end.missed = missed(run, &s);
	n = run->cache ? mapping_cache_unknown(run->cache) : 0;
	if (n)
		term_say("the mapping of %llu faults is unknown: the process had ended, or had no "
			 "mapping at the address",
			 (unsigned long long)n);
	return 0;
}

/* Stacks, and the number of faults that are in none. */
static int trace_stacks(struct run *run, struct err *e)
{
	struct probe *p = &run->p;
	struct fault_sums s;
	int rc = stacks_trace(run, e);

	if (!rc)
		rc = read_sums(run, &s, e);
	if (rc)
		return rc;
	p->end.missed = missed(run, &s);
	p->end.dropped = s.others;
	if (s.others)
		term_warn("%llu faults are in no stack: the table holds %d different stacks",
			  (unsigned long long)s.others, STACKS);
	return 0;
}

/* Entries: the tracepoints, or else, unless another kind of hook was asked for, the perf event of
 * all faults; completions do not need that.
 */
static int use_entries(struct probe *p, bool completions, struct err *e)
{
	const int asked = p->options->hook;
	bool other = asked != PROBE_AUTO && asked != PROBE_PERF;

	if (probe_use(p, "page_fault_user"))
		return probe_require(p, "page_fault_kernel", e);
	if (!other && (completions || probe_use(p, "page_faults")))
		return 0;
	return probe_require(p, "page_fault_user", e);
}

static int use_hooks(struct probe *p, const struct config *c, struct err *e)
{
	bool completions = c->summary || c->stacks || c->fault >= 0;
	int rc = c->stacks ? 0 : use_entries(p, c->fault >= 0, e);

	if (c->stacks && probe_filters(&c->probe) && probe_use(p, "page_fault_user"))
		probe_use(p, "page_fault_kernel");
	if (rc || !completions)
		return rc;
	if (c->summary && minors(c) == MINORS_COUNTED)
		rc = probe_count(p, "page_faults_min", e);
	else if (c->summary ? minors(c) == MINORS_SEEN : minors_too(c))
		rc = probe_require(p, "page_faults_min", e);
	return rc ? rc : probe_require(p, "page_faults_maj", e);
}

static enum fault_mode mode(const struct config *c)
{
	if (c->summary)
		return c->nothing ? FAULT_NOTHING : FAULT_SUMMARY;
	if (c->stacks)
		return FAULT_STACKS;
	if (c->probe.format < 0)
		return FAULT_TRACE_PIPE;
	return c->fault < 0 ? FAULT_STREAM : FAULT_COMPLETED;
}

static void configure(struct page_fault *skel, const struct config *c, uint32_t pid_space)
{
	skel->rodata->pid_space = pid_space;
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

/* The fields of --fields; else in text without columns that must stay empty. */
static int select_fields(struct probe *p, const struct config *c, struct err *e)
{
	const struct record_type *type = c->summary     ? &summary_type
					 : c->fault < 0 ? &entry_type
					 : c->mapping   ? &fault_type
							: &completed_type;
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

static int attach(struct run *run, struct err *e)
{
	const struct config *c = run->config;
	struct probe *p = &run->p;
	int rc = PROBE_OPEN(p, run->skel, page_fault, e);

	if (!rc)
		rc = probe_filter(&c->probe, &run->skel->rodata->filter, e);
	if (!rc)
		rc = use_hooks(p, c, e);
	if (!rc)
		rc = select_fields(p, c, e);
	if (rc)
		return rc;
	configure(run->skel, c, p->pid_space);
	rc = probe_load(p, c->probe.format >= 0 && (!c->summary || run->groups), e);
	if (!rc && run->cache)
		rc = probe_wake(p, e);
	return rc ? rc : probe_attach(p, e);
}

/* The right to read the mappings of processes, and what the events are collected in. */
static int prepare(struct run *run, struct err *e)
{
	const struct config *c = run->config;
	int rc = 0;

	if (c->mapping || c->stacks || by(c) == BY_MAPPING)
		rc = rights_processes("reading the mappings of processes", e);
	if (!rc && c->stacks)
		rc = stacks_new(&run->p, &run->stacks, e);
	if (!rc && by(c) == BY_MAPPING)
		rc = by_mapping_new(&run->groups, e);
	if (!rc && (c->mapping || run->groups)) {
		run->cache = mapping_cache_new();
		rc = run->cache ? 0 : err_set(e, ENOMEM, "cannot store mappings");
	}
	return rc;
}

static int trace(void *ctx, struct err *e)
{
	struct run *run = ctx;
	const struct config *c = run->config;
	int rc = prepare(run, e);

	if (!rc)
		rc = attach(run, e);
	if (rc)
		return rc;
	if (c->summary)
		return summarize(run, e);
	if (c->stacks)
		return trace_stacks(run, e);
	if (c->probe.format < 0)
		return probe_trace_pipe(
			&run->p,
			"page_fault pid=PID comm=NAME type=user addr=0xADDRESS ip=0xADDRESS");
	return stream(run, e);
}

static int check_summary(const struct config *c, struct err *e)
{
	if (c->stacks)
		return err_usage(e, "--summary and --stacks exclude each other");
	if (c->mapping)
		return err_usage(e, "--mapping needs a record for each fault; with --summary, use "
				    "--by mapping");
	if (c->fault >= 0)
		return err_usage(
			e, "--fault needs a record for each fault; --summary counts minor and "
			   "major faults");
	if (c->sample != 1)
		return err_usage(
			e, "--sample needs a record for each fault; --summary counts all faults");
	return 0;
}

static int check_single(const struct config *c, struct err *e)
{
	if (c->mapping && (c->fault < 0 || c->stacks))
		return err_usage(e, "--mapping needs records made at completion: add --fault");
	if (c->by >= 0)
		return err_usage(e, "--by needs --summary");
	if (c->latency >= 0 || c->minor)
		return err_usage(e,
				 "--latency and --minor need --summary; --fault gives the latency "
				 "of single faults");
	if (c->probe.format < 0 && (c->fault >= 0 || c->sample != 1))
		return err_usage(
			e, "--fault and --sample need records: add --format text, json or csv");
	return 0;
}

static int check(struct config *c, struct err *e)
{
	bool sums = c->summary || c->stacks;
	int rc;

	if (sums && c->probe.format < 0)
		c->probe.format = OUT_TEXT;
	rc = c->summary ? check_summary(c, e) : check_single(c, e);
	if (rc)
		return rc;
	if (sums && c->probe.max_events != MISSING_U64)
		return err_usage(
			e,
			"--max-events needs a record for each fault; --summary and --stacks count "
			"until --duration or ^C");
	return probe_needs_format(&c->probe, e);
}

static int run(void *config, int argc UNUSED, char **argv UNUSED, int *exit_code UNUSED,
	       struct err *e)
{
	struct config *c = config;
	struct run run = { .config = c };
	int rc = check(c, e);

	if (rc)
		return rc;
	rc = probe_run(&run.p, &c->probe, trace, &run, e);
	page_fault__destroy(run.skel);
	stacks_free(run.stacks);
	by_mapping_free(run.groups);
	mapping_cache_free(run.cache);
	return rc;
}

static const struct opt options[] = {
	PROBE_OPT_OUTPUT(struct config, probe),
	PROBE_OPT_STREAM(struct config, probe),
	PROBE_OPT_FILTER(struct config, probe),
	OPT_FLAG(0, "summary", struct config, summary,
		 "print only sums: counts of faults, latency of major faults"),
	OPT_CHOICE(0, "by", struct config, by, by_choices,
		   "with --summary: also print a record for each group; region: 2 MiB of addresses "
		   "of a process; ip: faulting instruction"),
	OPT_CHOICE(0, "latency", struct config, latency, latency_choices,
		   "with --summary: which faults to time. major (default): major faults; above "
		   "30,000 faults/s per CPU some have no latency (counted in unmatched). all: also "
		   "minor faults. none: no fault"),
	OPT_FLAG(0, "minor", struct config, minor,
		 "with --summary: also count minor faults; about 50 % more overhead"),
	OPT_U64(0, "top", struct config, top,
		"with --by: show the N groups with the most major faults", .metavar = "N",
		.min = 1),
	OPT_CHOICE(0, "fault", struct config, fault, fault_choices,
		   "record major faults, or all faults, at completion, with class (minor or major) "
		   "and latency"),
	OPT_RENAMED("class", "--fault major|all"),
	OPT_FLAG(0, "stacks", struct config, stacks,
		 "at the end, print the number of faults per call stack, in the folded format "
		 "of flame graphs"),
	OPT_FLAG(0, "mapping", struct config, mapping,
		 "with --fault: add the kind of mapping of the address, and the name of its file"),
	OPT_U64(0, "sample", struct config, sample,
		"with --format: record one in N faults, chosen at random", .metavar = "N", .min = 1,
		.max = 1000000000),
	OPT_FLAG(0, "nothing", struct config, nothing,
		 "with --summary: empty programs, for bench/probes.sh", .hidden = true),
	OPT_END
};

static const struct opt_command command = {
	.summary = "trace, count and time page faults",
	.description = "Without --format, writes a line for each page fault to the kernel's "
		       "trace_pipe. With --format, prints one record for each to standard output, "
		       "then an end record with seen = emitted + filtered + dropped. --summary "
		       "counts in the kernel and prints one record at the end. A record is made "
		       "at the entry of a fault or, with --fault, at its completion; class and "
		       "latency are known only at completion. --output, --fields, --max-events and "
		       "--timestamps need records: --format, --summary or --stacks.",
	.examples =
		"page_fault                               # then read tracing/trace_pipe\n"
		"page_fault --format json -p 1234 -d 10s  # one process for ten seconds\n"
		"page_fault --format text --fault major   # each major fault with its latency\n"
		"page_fault --summary --by comm -d 10s    # faults per task name\n"
		"page_fault --summary --by mapping -p 1234 -d 10s         # per mapping\n"
		"page_fault --stacks --fault major -d 1m >folded          # input of a flame "
		"graph\n"
		"page_fault --summary -d 1m -c /sys/fs/cgroup/user.slice   # sums of a cgroup\n",
	.options = options,
	.run = run,
};

int main(int argc, char **argv)
{
	static const struct record_type *const records[] = { &fault_type,      &summary_type,
							     &by_type,         &stacks_type,
							     &end_record_type, NULL };
	struct config config = { .probe = PROBE_DEFAULTS,
				 .fault = -1,
				 .by = -1,
				 .latency = -1,
				 .sample = 1,
				 .top = 10 };

	return probe_main("page_fault", &command, records, &config, argc, argv);
}

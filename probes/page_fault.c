/* SPDX-License-Identifier: GPL-2.0-only */
/* page_fault.c - page faults: a line each into trace_pipe, records on stdout, or sums with latencies.
 *
 * Single faults are seen at their entry, where address and instruction are known, and class and duration are not
 * yet. --summary adds the completions: minor and major ones counted, the major ones timed from their entry.
 * Reads no page and no memory of the process.
 */
#include <bpf/bpf.h>

#include "opt.h"
#include "probe.h"
#include "page_fault.h"
#include "page_fault.skel.h"

struct config {
	struct probe_options probe;
	bool summary, nothing;
};

struct fault_record {
	uint32_t pid, tid;
	char comm[PROBE_COMM_LEN];
	const char *mode;
	uint64_t addr, ip, ts_ns;
};

static const struct field fault_fields[] = {
	FIELD(struct fault_record, pid, FIELD_U32, "", "process"),
	FIELD(struct fault_record, comm, FIELD_CHARS, "", "name of the thread"),
	/* `type` in the lines of trace_pipe; in records that names the record */
	FIELD(struct fault_record, mode, FIELD_STRING, "", "user or kernel: the mode it was entered from"),
	FIELD(struct fault_record, addr, FIELD_HEX, "", "address that was not there"),
	FIELD(struct fault_record, ip, FIELD_HEX, "", "address of the instruction that asked for it"),
	FIELD(struct fault_record, tid, FIELD_U32, "", "thread"),
	FIELD(struct fault_record, ts_ns, FIELD_U64, "ns", "CLOCK_MONOTONIC at entry"),
};

static const struct record_type fault_type =
	RECORD_TYPE("page_fault", 1, RECORD_LINE, fault_fields, "a page fault, at its entry");

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

static int emit(struct out *out, const void *event, size_t bytes UNUSED)
{
	const struct fault_event *fault = event;
	struct fault_record record = {
		.pid = fault->pid,
		.tid = fault->tid,
		.mode = fault->user ? "user" : "kernel",
		.addr = fault->addr,
		.ip = fault->ip,
		.ts_ns = fault->ts_ns,
	};

	memcpy(record.comm, fault->comm, sizeof(record.comm));
	return out_record(out, &fault_type, &record);
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

static int summarize(struct probe *p, const struct page_fault *skel, struct err *e)
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

/* The tracepoints where there are any, else the perf event that stands in for both. */
static int use_hooks(struct probe *p, struct bpf_object *object, bool summary, struct err *e)
{
	if (probe_use(p, object, "page_fault_user")) {
		if (!probe_use(p, object, "page_fault_kernel"))
			return probe_no_hook(p, "page_fault_kernel", e);
	} else if (!probe_use(p, object, "page_faults")) {
		return probe_no_hook(p, "page_fault_user", e);
	}
	if (!summary)
		return 0;
	/* Only a filter needs a program for each minor fault. */
	if (!(filters(p->options) ? probe_use(p, object, "page_faults_min") : probe_count(p, "page_faults_min")))
		return probe_no_hook(p, "page_faults_min", e);
	return probe_use(p, object, "page_faults_maj") ? 0 : probe_no_hook(p, "page_faults_maj", e);
}

static int trace(struct probe *p, struct page_fault *skel, const struct config *c, struct err *e)
{
	bool streams = c->probe.format >= 0 && !c->summary;
	struct probe_filter filter;
	int r = probe_filter(&c->probe, &filter, e);

	if (!r)
		r = use_hooks(p, skel->obj, c->summary, e);
	if (!r)
		r = out_select(p->out, c->summary ? &summary_type : &fault_type, &c->probe.fields, e);
	if (r)
		return r;
	skel->rodata->filter = filter;
	skel->rodata->mode = c->nothing	  ? FAULT_NOTHING
			     : c->summary ? FAULT_SUMMARY
			     : streams	  ? FAULT_STREAM
					  : FAULT_TRACE_PIPE;
	r = probe_load(p, skel->obj, streams, e);
	if (!r)
		r = probe_attach(p, e);
	if (r)
		return r;
	if (c->summary)
		return summarize(p, skel, e);
	if (!streams)
		return probe_trace_pipe(p, "page_fault pid=PID comm=NAME type=user addr=0xADDRESS ip=0xADDRESS");
	probe_ready(p, "watching page faults");
	return probe_stream(p, emit, e);
}

static int run(void *config, int argc UNUSED, char **argv UNUSED, int *exit_code UNUSED, struct err *e)
{
	struct config *c = config;
	struct page_fault *skel = NULL;
	struct probe p;
	int r;

	if (c->summary && c->probe.format < 0)
		c->probe.format = OUT_TEXT;
	r = probe_needs_format(&c->probe, e);
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
	OPT_FLAG(0, "nothing", struct config, nothing, "with --summary: empty programs, for bench/probes.sh",
		 .hidden = true),
	OPT_END
};

static struct config config = { .probe = PROBE_DEFAULTS };

static const struct opt_command commands[] = {
	{
		.summary = "trace page faults, or sum them up",
		.description = "Without --format, writes a line for each page fault into the kernel's trace_pipe. With "
			       "--format, one record for each on stdout, then an end record with seen = emitted + "
			       "filtered + dropped. --summary counts in the kernel and prints one record at the end.",
		.examples = "page_fault                               # read tracing/trace_pipe beside it\n"
			    "page_fault --format json -p 1234 -d 10s  # ten seconds of one process as JSON lines\n"
			    "page_fault --summary -d 1m -c /sys/fs/cgroup/user.slice   # one record for a cgroup\n",
		.options = options,
		.run = run,
	},
	{ .run = NULL },
};

int main(int argc, char **argv)
{
	static const struct record_type *const records[] = { &fault_type, &summary_type, &end_record_type, NULL };
	const struct opt_program program = {
		.name = "page_fault",
		.summary = "trace page faults, or sum them up",
		.commands = commands,
		.config = &config,
		.records = records,
	};

	return opt_main(&program, argc, argv);
}

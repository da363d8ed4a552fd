/* SPDX-License-Identifier: GPL-2.0-only */
/* proc_create.c - says when a process begins: `hello world PID` into trace_pipe, or records on stdout.
 *
 * A process is a task that leads its own thread group; a new thread is none (--threads adds them). The hook is
 * sched_process_fork, after which the child is certain to run.
 */
#include "opt.h"
#include "probe.h"
#include "proc_create.h"
#include "proc_create.skel.h"

struct config {
	struct probe_options probe;
	bool threads;
};

static const struct field task_fields[] = {
	FIELD(struct task_event, pid, FIELD_U32, "", "process that forked"),
	FIELD(struct task_event, tid, FIELD_U32, "", "thread of it that forked"),
	FIELD(struct task_event, ppid, FIELD_U32, "", "its parent process"),
	FIELD(struct task_event, child, FIELD_U32, "", "the new task: a PID in fork, a TID in thread"),
	FIELD(struct task_event, comm, FIELD_CHARS, "", "name of the thread that forked, and of the child for now"),
	FIELD(struct task_event, uid, FIELD_U32, "", "real user id of the child"),
	FIELD(struct task_event, cgroup, FIELD_U64, "", "inode number of the child's cgroup2 directory"),
	FIELD(struct task_event, ts_ns, FIELD_U64, "ns", "CLOCK_MONOTONIC"),
};

static const struct record_type fork_type = RECORD_TYPE("fork", 1, RECORD_LINE, task_fields, "a new process");
static const struct record_type thread_type = RECORD_TYPE("thread", 1, RECORD_LINE, task_fields, "a new thread");

static int emit(struct out *out, const void *event, size_t bytes UNUSED)
{
	const struct task_event *task = event;

	return out_record(out, task->thread ? &thread_type : &fork_type, task);
}

static int trace(struct probe *p, struct proc_create *skel, const struct config *c, struct err *e)
{
	bool streams = c->probe.format >= 0;
	struct probe_filter filter;
	int r = probe_filter(&c->probe, &filter, e);

	if (r)
		return r;
	if (!probe_use(p, skel->obj, "sched_process_fork"))
		return probe_no_hook(p, "sched_process_fork", e);
	r = out_select(p->out, &fork_type, &c->probe.fields, e);
	if (!r)
		r = out_select(p->out, &thread_type, &c->probe.fields, e);
	if (r)
		return r;
	skel->rodata->filter = filter;
	skel->rodata->to_trace_pipe = !streams;
	skel->rodata->with_threads = c->threads;
	r = probe_load(p, skel->obj, streams, e);
	if (!r)
		r = probe_attach(p, e);
	if (r)
		return r;
	if (!streams)
		return probe_trace_pipe(p, "hello world PID");
	probe_ready(p, "watching for new processes");
	return probe_stream(p, emit, e);
}

static int run(void *config, int argc UNUSED, char **argv UNUSED, int *exit_code UNUSED, struct err *e)
{
	const struct config *c = config;
	struct proc_create *skel = NULL;
	struct probe p;
	int r = probe_needs_format(&c->probe, e);

	if (r)
		return r;
	r = probe_open(&p, &c->probe, e);
	if (!r && !(skel = proc_create__open()))
		r = err_set(e, errno, "cannot open the probe's programs");
	if (!r)
		r = trace(&p, skel, c, e);
	if (!r)
		r = probe_close(&p, e);
	probe_done(&p);
	proc_create__destroy(skel);
	return r;
}

static const struct opt options[] = {
	PROBE_OPT_OUTPUT(struct config, probe),
	PROBE_OPT_STREAM(struct config, probe),
	PROBE_OPT_FILTER(struct config, probe),
	OPT_FLAG(0, "threads", struct config, threads, "new threads too"),
	OPT_END
};

static struct config config = { .probe = PROBE_DEFAULTS };

static const struct opt_command commands[] = {
	{
		.summary = "say when a process begins",
		.description = "Without --format, writes `hello world PID` into the kernel's trace_pipe for each new "
			       "process, PID being the child's. With --format, one record for each on stdout, then "
			       "an end record with seen = emitted + filtered + dropped. Filters look at the task "
			       "that forks.",
		.examples = "proc_create                          # read /sys/kernel/tracing/trace_pipe beside it\n"
			    "proc_create --format json -d 10s     # ten seconds of forks as JSON lines\n",
		.options = options,
		.run = run,
	},
	{ .run = NULL },
};

int main(int argc, char **argv)
{
	static const struct record_type *const records[] = { &fork_type, &thread_type, &end_record_type, NULL };
	const struct opt_program program = {
		.name = "proc_create",
		.summary = "trace the creation of processes",
		.commands = commands,
		.config = &config,
		.records = records,
	};

	return opt_main(&program, argc, argv);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* proc_create.c - processes: `hello world PID` into trace_pipe when one begins, or records of fork, exec and exit.
 *
 * A process is a task that leads its own thread group; a new thread is none (--threads adds them). It has ended
 * when its last thread has. All events come through one ring, in the order in which they happened.
 */
#include <ctype.h>
#include <sys/wait.h>

#include "opt.h"
#include "probe.h"
#include "proc_create.h"
#include "proc_create.skel.h"
#include "text.h"

struct config {
	struct probe_options probe;
	bool threads;
};

static const struct field fork_fields[] = {
	FIELD(struct task_event, pid, FIELD_U32, "", "process that forked"),
	FIELD(struct task_event, tid, FIELD_U32, "", "thread of it that forked"),
	FIELD(struct task_event, ppid, FIELD_U32, "", "its parent process"),
	FIELD(struct task_event, child, FIELD_U32, "", "the new task: a PID in fork, a TID in thread"),
	FIELD(struct task_event, comm, FIELD_CHARS, "", "name of the thread that forked, and of the child for now"),
	FIELD(struct task_event, uid, FIELD_U32, "", "real user id of the child"),
	FIELD(struct task_event, cgroup, FIELD_U64, "", "inode number of the child's cgroup2 directory"),
	FIELD(struct task_event, ts_ns, FIELD_U64, "ns", "CLOCK_MONOTONIC"),
};

static const struct record_type fork_type = RECORD_TYPE("fork", 1, RECORD_LINE, fork_fields, "a new process");
static const struct record_type thread_type = RECORD_TYPE("thread", 1, RECORD_LINE, fork_fields, "a new thread");

struct exec_record {
	uint32_t pid, tid, ppid, uid;
	char comm[PROBE_COMM_LEN];
	const char *path, *argv;
	bool argv_cut;
	uint64_t cgroup, ts_ns;
};

static const struct field exec_fields[] = {
	FIELD(struct exec_record, pid, FIELD_U32, "", "process"),
	FIELD(struct exec_record, tid, FIELD_U32, "", "thread that called exec; it has the TID pid from now on"),
	FIELD(struct exec_record, ppid, FIELD_U32, "", "its parent process"),
	FIELD(struct exec_record, comm, FIELD_CHARS, "", "its new name"),
	FIELD(struct exec_record, uid, FIELD_U32, "", "real user id"),
	FIELD(struct exec_record, path, FIELD_STRING, "", "the program, as exec was given it"),
	FIELD(struct exec_record, argv, FIELD_STRING, "", "the arguments, quoted as a shell wants them"),
	FIELD(struct exec_record, argv_cut, FIELD_BOOL, "", "the arguments are longer than the 4 KiB shown"),
	FIELD(struct exec_record, cgroup, FIELD_U64, "", "inode number of the process's cgroup2 directory"),
	FIELD(struct exec_record, ts_ns, FIELD_U64, "ns", "CLOCK_MONOTONIC"),
};

static const struct record_type exec_type =
	RECORD_TYPE("exec", 1, RECORD_LINE, exec_fields, "a process runs another program");

struct exit_record {
	uint32_t pid, ppid, uid;
	char comm[PROBE_COMM_LEN];
	uint64_t exit_code, signal;
	bool core;
	uint64_t lifetime_ns, cpu_ns, user_ns, system_ns, max_rss_bytes, minor_faults, major_faults, cgroup, ts_ns;
};

static const struct field exit_fields[] = {
	FIELD(struct exit_record, pid, FIELD_U32, "", "process, all threads of which have ended"),
	FIELD(struct exit_record, ppid, FIELD_U32, "", "its parent process"),
	FIELD(struct exit_record, comm, FIELD_CHARS, "", "name of the thread that ended last"),
	FIELD(struct exit_record, uid, FIELD_U32, "", "real user id"),
	FIELD(struct exit_record, exit_code, FIELD_U64, "", "0 to 255; missing where a signal ended it"),
	FIELD(struct exit_record, signal, FIELD_U64, "", "the signal that ended it, else missing"),
	FIELD(struct exit_record, core, FIELD_BOOL, "", "its core was dumped"),
	FIELD(struct exit_record, lifetime_ns, FIELD_U64, "ns", "since its fork"),
	FIELD(struct exit_record, cpu_ns, FIELD_U64, "ns", "CPU time of all its threads, as the scheduler counts it"),
	FIELD(struct exit_record, user_ns, FIELD_U64, "ns", "of it in user mode, as sampled by the kernel's tick"),
	FIELD(struct exit_record, system_ns, FIELD_U64, "ns", "of it in the kernel, likewise"),
	FIELD(struct exit_record, max_rss_bytes, FIELD_U64, "bytes", "largest resident memory"),
	FIELD(struct exit_record, minor_faults, FIELD_U64, "faults", "minor faults of all its threads"),
	FIELD(struct exit_record, major_faults, FIELD_U64, "faults", "major faults of all its threads"),
	FIELD(struct exit_record, cgroup, FIELD_U64, "", "inode number of the process's cgroup2 directory"),
	FIELD(struct exit_record, ts_ns, FIELD_U64, "ns", "CLOCK_MONOTONIC"),
};

static const struct record_type exit_type = RECORD_TYPE("exit", 1, RECORD_LINE, exit_fields, "the end of a process");

static bool plain(const char *arg, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!isalnum((unsigned char)arg[i]) && !strchr("_./:=@%+,-", arg[i]))
			return false;
	}
	return n > 0;
}

static void put_argument(struct text *t, const char *arg, size_t n)
{
	if (plain(arg, n)) {
		text_put(t, arg, n);
		return;
	}
	text_str(t, "'");
	for (size_t i = 0; i < n; i++) {
		if (arg[i] == '\'')
			text_str(t, "'\\''");
		else
			text_put(t, arg + i, 1);
	}
	text_str(t, "'");
}

static int emit_exec(struct out *out, const struct exec_event *exec)
{
	size_t left = exec->argv_read;
	struct text argv = { 0 };
	struct exec_record record = {
		.pid = exec->task.pid,
		.tid = exec->task.tid,
		.ppid = exec->task.ppid,
		.uid = exec->task.uid,
		.path = exec->path,
		.argv_cut = exec->argv_bytes > exec->argv_read,
		.cgroup = exec->task.cgroup,
		.ts_ns = exec->task.ts_ns,
	};
	int r;

	for (const char *arg = exec->argv; left > 0;) {
		size_t n = strnlen(arg, left), step = MIN(n + 1, left);

		text_str(&argv, arg == exec->argv ? "" : " ");
		put_argument(&argv, arg, n);
		arg += step;
		left -= step;
	}
	text_put(&argv, "", 1);
	record.argv = exec->argv_read && !argv.failed ? argv.s : NULL;
	memcpy(record.comm, exec->task.comm, sizeof(record.comm));
	r = out_record(out, &exec_type, &record);
	text_done(&argv);
	return r;
}

static int emit_exit(struct out *out, const struct exit_event *exit)
{
	int status = (int)exit->status;
	struct exit_record record = {
		.pid = exit->task.pid,
		.ppid = exit->task.ppid,
		.uid = exit->task.uid,
		.exit_code = WIFEXITED(status) ? (uint64_t)WEXITSTATUS(status) : MISSING_U64,
		.signal = WIFSIGNALED(status) ? (uint64_t)WTERMSIG(status) : MISSING_U64,
		.core = WCOREDUMP(status),
		.lifetime_ns = exit->lifetime_ns,
		.cpu_ns = exit->cpu_ns,
		.user_ns = exit->user_ns,
		.system_ns = exit->system_ns,
		.max_rss_bytes = exit->max_rss_pages * (uint64_t)sysconf(_SC_PAGESIZE),
		.minor_faults = exit->minor_faults,
		.major_faults = exit->major_faults,
		.cgroup = exit->task.cgroup,
		.ts_ns = exit->task.ts_ns,
	};

	memcpy(record.comm, exit->task.comm, sizeof(record.comm));
	return out_record(out, &exit_type, &record);
}

static int emit(struct out *out, const void *event, size_t bytes UNUSED)
{
	const struct task_event *task = event;

	switch (task->kind) {
	case TASK_EXEC:
		return emit_exec(out, event);
	case TASK_EXIT:
		return emit_exit(out, event);
	default:
		return out_record(out, task->kind == TASK_THREAD ? &thread_type : &fork_type, task);
	}
}

/* --fields are of the types that have them all; none has: the first one's error. */
static int select_fields(struct out *out, const struct opt_list *fields, struct err *e)
{
	int r = out_select(out, &fork_type, fields, e);

	r = out_select(out, &thread_type, fields, NULL) && r ? r : 0;
	r = out_select(out, &exec_type, fields, NULL) && r ? r : 0;
	return out_select(out, &exit_type, fields, NULL) && r ? r : 0;
}

static int use_hooks(struct probe *p, struct bpf_object *object, bool streams, struct err *e)
{
	static const char *const hooks[] = { "sched_process_fork", "sched_process_exec", "sched_process_exit" };

	/* The specification's lines are of forks alone. */
	for (size_t i = 0; i < (streams ? ARRAY_SIZE(hooks) : 1); i++) {
		if (!probe_use(p, object, hooks[i]))
			return probe_no_hook(p, hooks[i], e);
	}
	return 0;
}

static int trace(struct probe *p, struct proc_create *skel, const struct config *c, struct err *e)
{
	bool streams = c->probe.format >= 0;
	struct probe_filter filter;
	int r = probe_filter(&c->probe, &filter, e);

	if (!r)
		r = use_hooks(p, skel->obj, streams, e);
	if (!r)
		r = select_fields(p->out, &c->probe.fields, e);
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
	probe_ready(p, "watching processes begin, run programs and end");
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
		.summary = "say when processes begin, run programs and end",
		.description = "Without --format, writes `hello world PID` into the kernel's trace_pipe for each new "
			       "process, PID being the child's. With --format, one record for each fork, exec and "
			       "exit on stdout, in their order, then an end record with seen = emitted + filtered + "
			       "dropped. Filters look at the task that forks, has run exec, or ends.",
		.examples = "proc_create                          # read /sys/kernel/tracing/trace_pipe beside it\n"
			    "proc_create --format json -d 10s     # ten seconds as JSON lines\n",
		.options = options,
		.run = run,
	},
	{ .run = NULL },
};

int main(int argc, char **argv)
{
	static const struct record_type *const records[] = { &fork_type, &thread_type, &exec_type, &exit_type,
							  &end_record_type, NULL };
	const struct opt_program program = {
		.name = "proc_create",
		.summary = "trace the creation of processes",
		.commands = commands,
		.config = &config,
		.records = records,
	};

	return opt_main(&program, argc, argv);
}

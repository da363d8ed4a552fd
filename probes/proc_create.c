/* SPDX-License-Identifier: GPL-2.0-only */
/* proc_create.c - processes: `hello world PID` into trace_pipe when one begins, or records of fork,
 * exec and exit.
 *
 * A process is a task that leads its own thread group; a new thread is none (--threads adds them).
 * It has ended when its last thread has. All events come through one ring, in the order in which
 * they happened. A command behind
 * `--` is started here, as the user who called sudo. What becomes of the events is in
 * proc_create_records.c, proc_create_summary.c and proc_create_tree.c.
 */
#include <bpf/bpf.h>
#include <dirent.h>
#include <signal.h>

#include "lib/base/opt.h"
#include "lib/bpf/probe.h"
#include "proc_create.h"
#include "proc_create.skel.h"
#include "proc_create_records.h"
#include "proc_create_summary.h"
#include "proc_create_tree.h"
#include "lib/kernel/procfs.h"
#include "sched_clock.h"
#include "lib/base/spawn.h"
#include "lib/base/stop.h"
#include "lib/base/term.h"

struct config {
	struct probe_options probe;
	bool threads, failed, summary, draw_tree;
	pid_t tree, ppid;
	int by;                               /* enum summary_by; -1: not given */
	uint64_t max_argv_bytes, interval_ns; /* interval: MISSING_U64 = none */
};

/* ---- what becomes of an event; emit has no argument for these ---- */
static bool summing, drawing;
static uint64_t *unmatched;

/* What a process ran since the last tick takes the scheduler's clock. */
static struct sched_clock sched_clock = { .fd = -1 };
static int clock_map;

#define COMPARE_NS (200 * NS_PER_MS)

static void compare_clocks(void)
{
	static uint64_t last_ns;
	uint64_t now_ns = monotonic_ns(), behind_ns;
	uint32_t zero = 0;

	if (last_ns && now_ns - last_ns < COMPARE_NS)
		return;
	last_ns = now_ns;
	behind_ns = sched_clock_behind_ns(&sched_clock);
	bpf_map_update_elem(clock_map, &zero, &behind_ns, BPF_ANY);
}

static int take(struct out *out, const void *event, size_t bytes UNUSED)
{
	const struct task_event *task = event;
	int r = 0;

	*unmatched += records_follow(task);
	if (summing)
		r = summary_add(task);
	if (drawing && r == 0)
		r = tree_add(task);
	return summing || drawing ? r : records_emit(out, task);
}

static int print_interval(struct probe *p)
{
	return summary_print(p->out, monotonic_ns(), false);
}

/* After the last event: what was summed up. */
static int print_sums(struct probe *p, const struct config *c)
{
	int r = 0;

	if (!c->summary && !c->draw_tree)
		return 0;
	p->end.emitted = 0; /* single events are in the sums */
	/* What is left of the last interval, so that they add up to the total. */
	if (p->tick)
		r = summary_print(p->out, p->end_ns, false);
	if (c->summary && r == 0)
		r = summary_print(p->out, p->end_ns, true);
	return r == 0 && c->draw_tree ? tree_print(p->out) : r;
}

/* ---- --tree, and a command of one's own ---- */

/* Adds those below the tree's members to it, until none is new. Their later children the kernel
 * side adds. */
static int add_descendants(int tree, struct err *e)
{
	bool grown = true;

	while (grown) {
		DIR *proc = opendir("/proc");

		if (!proc)
			return err_set(e, errno, "cannot list /proc");
		grown = false;
		for (struct dirent *entry; (entry = readdir(proc));) {
			uint32_t pid = (uint32_t)strtoul(entry->d_name, NULL, 10), ppid, none = 0;
			struct procfs_stat stat;

			if (!pid || procfs_stat_read(NULL, (pid_t)pid, &stat, NULL))
				continue;
			ppid = (uint32_t)stat.ppid;
			if (!bpf_map_lookup_elem(tree, &ppid, &none) &&
			    !bpf_map_update_elem(tree, &pid, &none, BPF_NOEXIST))
				grown = true;
		}
		closedir(proc);
	}
	return 0;
}

/* Held until the probe is attached; as the user who called sudo, with no rights left over. */
static int start_command(char **argv, struct probe *p, struct child *ret, struct err *e)
{
	struct caller user;
	int rc;

	rc = caller_read(&user, e);
	if (rc)
		return rc;
	rc = spawn(
		ret,
		&(struct spawn){ .argv = (const char *const *)argv, .user = &user, .held = true },
		e);
	if (!rc)
		p->until_fd = ret->pidfd;
	return rc;
}

/* Waits for the command, which gets the signal that ended the probe; its status as a shell gives
 * it. */
static int end_command(struct child *command)
{
	/* Where it is still held, the probe was not attached. A terminal has sent INT to both. */
	if (command->go_fd < 0) {
		if (stop_requested() == SIGTERM || stop_requested() == SIGHUP)
			kill(command->pid, stop_requested());
		while (child_wait(command, NS_PER_S))
			;
	}
	child_done(command);
	return child_exit_code(command);
}

static const struct record_type *const records[] = { &fork_type,
						     &thread_type,
						     &exec_type,
						     &failed_type,
						     &exit_type,
						     &comm_summary_type,
						     &parent_summary_type,
						     &cgroup_summary_type,
						     &tree_type,
						     &end_record_type,
						     NULL };

static int use_hooks(struct probe *p, struct bpf_object *object, const struct config *c,
		     struct err *e)
{
	static const char *const hooks[] = { "sched_process_fork", "sched_process_exec",
					     "sched_process_exit", "sys_exit" };
	/* The specification's lines are of forks alone. */
	size_t n = c->failed ? 4 : 3;

	for (size_t i = 0; i < (c->probe.format < 0 ? 1 : n); i++) {
		if (!probe_use(p, object, hooks[i]))
			return probe_no_hook(p, hooks[i], e);
	}
	return 0;
}

/* What passes between the steps of one run. */
struct run {
	const struct config *config;
	char **argv; /* of the command, NULL: none */
	struct child command;
	struct proc_create *skel;
};

/* Opens, and attaches; the command waits. */
static int begin(struct probe *p, struct run *run, struct err *e)
{
	const struct config *c = run->config;
	bool streams = c->probe.format >= 0;
	uint32_t root, none = 0;
	int tree, r = PROBE_OPEN(run->skel, proc_create, e);

	/* Before the capabilities go, which becoming the caller takes. */
	if (!r && run->argv)
		r = start_command(run->argv, p, &run->command, e);
	if (!r)
		r = probe_filter(&c->probe, &run->skel->rodata->filter, e);
	if (!r)
		r = use_hooks(p, run->skel->obj, c, e);
	if (!r)
		r = out_select_any(p->out, records, &c->probe.fields, e);
	if (r)
		return r;
	root = (uint32_t)(run->command.pid ? run->command.pid : c->tree);
	run->skel->rodata->to_trace_pipe = !streams;
	run->skel->rodata->with_threads = c->threads;
	run->skel->rodata->by_tree = root != 0;
	run->skel->rodata->only_ppid = (uint32_t)c->ppid;
	run->skel->rodata->max_argv = (uint32_t)c->max_argv_bytes;
	r = probe_load(p, run->skel->obj, streams, e);
	if (r)
		return r;
	tree = bpf_map__fd(run->skel->maps.tree);
	if (root && bpf_map_update_elem(tree, &root, &none, BPF_ANY))
		return err_set(e, errno, "cannot name the tree to the kernel");
	if (streams && !sched_clock_open(&sched_clock, NULL)) {
		clock_map = bpf_map__fd(run->skel->maps.clock_behind_ns);
		compare_clocks();
		p->beat = compare_clocks;
	}
	r = probe_attach(p, e);
	return !r && c->tree ? add_descendants(tree, e) : r;
}

/* Whether each process's fork and end would both come by. */
static bool all_processes(const struct config *c)
{
	const struct probe_options *o = &c->probe;

	return !o->tgid && !o->comm && !o->cgroup && o->uid == MISSING_U64 && !c->ppid;
}

static int collect(struct probe *p, const struct config *c, struct err *e)
{
	int r = records_begin(p, all_processes(c), e);

	if (!r && c->draw_tree)
		r = tree_begin(e);
	summing = c->summary;
	drawing = c->draw_tree;
	p->end.unmatched = all_processes(c) ? 0 : MISSING_U64;
	unmatched = &p->end.unmatched;
	if (c->interval_ns != MISSING_U64) {
		p->tick_ns = c->interval_ns;
		p->tick = print_interval;
	}
	return r;
}

static int trace(struct probe *p, void *running, struct err *e)
{
	struct run *run = running;
	const struct config *c = run->config;
	struct err why;
	int r = begin(p, run, e);

	if (r)
		return r;
	if (c->probe.format < 0)
		return probe_trace_pipe(p, "hello world PID");
	r = collect(p, c, e);
	if (r)
		return r;
	probe_ready(p, "watching processes begin, run programs and end");
	/* It has ended then, with the status that a shell would give, and so does the stream. */
	if (run->command.pid && spawn_release(&run->command, &why))
		term_error(&why, "proc_create");
	summary_begin((enum summary_by)MAX(c->by, 0), p->begin_ns);
	r = probe_stream(p, take, e);
	if (!r && !p->sink_error)
		p->sink_error = print_sums(p, c);
	return r;
}

static int check(struct config *c, int argc, struct err *e)
{
	if (c->probe.format < 0 && (argc || c->summary || c->draw_tree))
		c->probe.format = OUT_TEXT;
	if (!c->summary && (c->by >= 0 || c->interval_ns != MISSING_U64))
		return err_usage(e, "--by and --interval are about sums: add --summary");
	if (c->tree && argc)
		return err_usage(
			e,
			"--tree and a command exclude each other: a command is a tree of its own");
	if (c->tree && !sysroot_exists(NULL, "/proc/%d", c->tree))
		return err_usage(e, "--tree %d: there is no such process", c->tree);
	if (c->probe.format < 0 && (c->tree || c->failed))
		return err_usage(
			e, "--tree and --failed work on records: add --format text, json or csv");
	if (c->probe.format < 0 && c->ppid)
		return err_usage(e, "--ppid works on records: add --format text, json or csv");
	return probe_needs_format(&c->probe, e);
}

static int run(void *config, int argc, char **argv, int *exit_code, struct err *e)
{
	struct run run = { .config = config, .argv = argc ? argv : NULL };
	struct probe p;
	int r = check(config, argc, e);

	if (r)
		return r;
	r = probe_run(&p, &run.config->probe, trace, &run, e);
	sched_clock_close(&sched_clock);
	records_end();
	summary_end();
	tree_end();
	proc_create__destroy(run.skel);
	if (run.command.pid) {
		int status = end_command(&run.command);

		*exit_code = r ? *exit_code : status;
	}
	return r;
}

static const char *const by_choices[] = { "comm", "parent", "cgroup", NULL };

static const struct opt options[] = {
	PROBE_OPT_OUTPUT(struct config, probe),
	PROBE_OPT_STREAM(struct config, probe),
	PROBE_OPT_FILTER(struct config, probe),
	OPT_FLAG(0, "threads", struct config, threads, "new threads too"),
	OPT_FLAG(0, "failed", struct config, failed,
		 "execs that failed too, with the reason: looks at every system call"),
	OPT_PID(0, "tree", struct config, tree,
		"only this process and all that descend from it, whoever their parent is now"),
	OPT_SIZE(0, "max-argv", struct config, max_argv_bytes, "arguments up to this many bytes",
		 .metavar = "SIZE", .min = 1, .max = EXEC_ARGV_MAX),
	OPT_PID(0, "ppid", struct config, ppid,
		"only processes whose parent this is: its forks, and what its children run and how "
		"they end",
		.metavar = "PID"),
	OPT_FLAG(0, "summary", struct config, summary,
		 "no single events: numbers, rates and lifetimes by name, at the end"),
	OPT_CHOICE(0, "by", struct config, by, by_choices,
		   "with --summary: sums by this; default comm"),
	OPT_DURATION('i', "interval", struct config, interval_ns,
		     "with --summary: those of each interval too, of this length",
		     .min = 10 * NS_PER_MS),
	OPT_FLAG(0, "draw-tree", struct config, draw_tree,
		 "no single events: at the end the processes as a tree, each below the one that "
		 "forked it"),
	OPT_END
};

static struct config config = {
	.probe = PROBE_DEFAULTS, .max_argv_bytes = 4 * KIB, .by = -1, .interval_ns = MISSING_U64
};

static const struct opt_command commands[] = {
	{
		.summary = "say when processes begin, run programs and end",
		.description =
			"Without --format, writes `hello world PID` into the kernel's trace_pipe "
			"for each new process, PID being the child's. With --format, one record "
			"for each fork, exec and exit on stdout, in their order, then an end "
			"record with seen = emitted + filtered + dropped. Filters look at the task "
			"that forks, has run exec, or ends. A command behind -- is run as the user "
			"who called sudo, and traced with all its descendants until it ends; its "
			"exit status is passed on, 128 + N where signal N ended it.",
		.synopsis = "[-- COMMAND ARG...]",
		.operands = OPT_OPERANDS_COMMAND,
		.examples =
			"proc_create                          # read "
			"/sys/kernel/tracing/trace_pipe beside it\n"
			"proc_create --format json -d 10s     # ten seconds as JSON lines\n"
			"proc_create --summary -- make -j4    # what a build runs, by name\n"
			"proc_create --summary --by cgroup -i 1s   # who forks, second by second\n"
			"proc_create --draw-tree -- ./configure   # all it ran, as a tree\n",
		.options = options,
		.run = run,
	},
	{ .run = NULL },
};

int main(int argc, char **argv)
{
	const struct opt_program program = {
		.name = "proc_create",
		.summary = "trace the creation of processes",
		.commands = commands,
		.config = &config,
		.records = records,
	};

	return opt_main(&program, argc, argv);
}

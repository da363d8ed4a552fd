/* SPDX-License-Identifier: GPL-2.0-only */
/* proc_create.c - processes: `hello world PID` into trace_pipe for each new one, or records of
 * fork, exec and exit.
 *
 * A process is a task that leads its thread group; --threads adds records of other new threads. A
 * process ends with its last thread. All events come through one ring, in order. A command after
 * `--` is started here, as the user who called sudo.
 */
#include <bpf/bpf.h>
#include <dirent.h>
#include <signal.h>

#include "lib/base/spawn.h"
#include "lib/base/stop.h"
#include "lib/base/rights.h"
#include "lib/base/term.h"
#include "lib/kernel/procfs.h"
#include "proc_create_parts.h"

#include "proc_create.skel.h"

struct config {
	struct probe_options probe;
	bool threads, failed, summary, draw_tree;
	pid_t tree, ppid;
	int by;                               /* enum summary_by; -1: not given */
	uint64_t max_argv_bytes, interval_ns; /* interval_ns: MISSING_U64 = none */
};

/* ---- --tree, and the command behind -- ---- */

/* Adds the descendants of the tree's members to it, until none is new. Later children are added by
 * the BPF side.
 */
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

/* Waits for the command, which gets each signal that asks to stop; its status as a shell gives it.
 * Where it is still held, the probe was not attached. A terminal has sent INT to both.
 */
static int end_command(struct child *command)
{
	int sent = 0;

	while (command->go_fd < 0 && !child_ended(command)) {
		if (stop_requested() != sent) {
			sent = stop_requested();
			if (sent == SIGTERM || sent == SIGHUP)
				kill(command->pid, sent);
		}
		child_wait(command, NS_PER_S);
	}
	child_done(command);
	return child_exit_code(command);
}

/* One run of the program; the callbacks' ctx. */
struct run {
	struct probe p;
	const struct config *config;
	char **argv; /* of the command, NULL: none */
	struct child command;
	struct proc_create *skel;
	struct records records;
	struct summary *summary; /* NULL without --summary */
	struct tree *tree;       /* NULL without --draw-tree */
	/* Completes the CPU time of a process, which lacks the time since the last tick. */
	struct sched_clock clock;
	uint64_t compared_ns;
};

/* ---- events ---- */

#define COMPARE_NS (200 * NS_PER_MS)

static void compare_clocks(void *ctx)
{
	struct run *run = ctx;
	uint64_t now_ns = monotonic_ns(), behind_ns;
	uint32_t zero = 0;

	if (run->compared_ns && now_ns - run->compared_ns < COMPARE_NS)
		return;
	run->compared_ns = now_ns;
	behind_ns = sched_clock_behind_ns(&run->clock);
	bpf_map_update_elem(bpf_map__fd(run->skel->maps.clock_behind_ns), &zero, &behind_ns,
			    BPF_ANY);
}

/* Whether the command and all its descendants have ended: the tree is empty. */
static bool tree_ended(void *ctx)
{
	const struct run *run = ctx;
	uint32_t pid;

	return bpf_map_get_next_key(bpf_map__fd(run->skel->maps.tree), NULL, &pid) != 0;
}

static int emit(void *ctx, const void *event, size_t bytes UNUSED)
{
	struct run *run = ctx;

	run->p.end.unmatched += records_follow(&run->records, event);
	if (run->tree)
		tree_add(run->tree, event);
	if (run->summary)
		return summary_add(run->summary, event);
	return run->tree ? 0 : records_emit(&run->records, run->p.out, event);
}

static int print_interval(void *ctx)
{
	struct run *run = ctx;

	return summary_print(run->summary, run->p.out, monotonic_ns(), false);
}

/* After the last event. */
static int print_sums(struct run *run)
{
	struct probe *p = &run->p;
	int rc = 0;

	if (run->summary || run->tree)
		p->end.emitted = 0; /* single events are in the sums */
	/* The rest of the last interval, so that the intervals add up to the total. */
	if (p->calls.tick)
		rc = summary_print(run->summary, p->out, p->end_ns, false);
	if (run->summary && rc == 0)
		rc = summary_print(run->summary, p->out, p->end_ns, true);
	return rc == 0 && run->tree ? tree_print(run->tree, p->out) : rc;
}

/* ---- one run ---- */

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

static int use_hooks(struct probe *p, const struct config *c, struct err *e)
{
	static const char *const hooks[] = { "sched_process_fork", "sched_process_exec",
					     "sched_process_exit", "sys_exit" };
	/* The specification's lines are only of forks. */
	size_t n = c->probe.format < 0 ? 1 : c->failed ? 4 : 3;
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++)
		rc = probe_require(p, hooks[i], e);
	return rc;
}

static void configure(struct run *run, uint32_t root)
{
	const struct config *c = run->config;

	run->skel->rodata->to_trace_pipe = c->probe.format < 0;
	run->skel->rodata->with_threads = c->threads;
	run->skel->rodata->pid_space = run->p.pid_space;
	run->skel->rodata->by_tree = root != 0;
	run->skel->rodata->only_ppid = (uint32_t)c->ppid;
	run->skel->rodata->max_argv = (uint32_t)c->max_argv_bytes;
}

static int attach(struct run *run, uint32_t root, struct err *e)
{
	bool streams = run->config->probe.format >= 0;
	struct probe *p = &run->p;
	uint32_t none = 0;
	int tree, rc = probe_load(p, streams, e);

	if (rc)
		return rc;
	tree = bpf_map__fd(run->skel->maps.tree);
	if (root && bpf_map_update_elem(tree, &root, &none, BPF_ANY))
		return err_set(e, errno, "cannot pass the tree to the kernel");
	if (streams && !sched_clock_open(&run->clock, NULL)) {
		compare_clocks(run);
		p->calls.on_poll = compare_clocks;
	}
	rc = probe_attach(p, e);
	return !rc && run->config->tree ? add_descendants(tree, e) : rc;
}

/* Opens and attaches; the command waits. */
static int begin(struct run *run, struct err *e)
{
	const struct config *c = run->config;
	struct probe *p = &run->p;
	uint32_t root;
	int rc = PROBE_OPEN(p, run->skel, proc_create, e);

	if (!rc && c->tree)
		rc = rights_processes("--tree", e);
	/* Before the capabilities are dropped, which becoming the caller needs. */
	if (!rc && run->argv)
		rc = start_command(run->argv, p, &run->command, e);
	if (!rc)
		rc = probe_filter(&c->probe, &run->skel->rodata->filter, e);
	if (!rc)
		rc = use_hooks(p, c, e);
	if (!rc)
		rc = out_select_any(p->out, records, &c->probe.fields, e);
	if (rc)
		return rc;
	root = (uint32_t)(run->command.pid ? run->command.pid : c->tree);
	configure(run, root);
	return attach(run, root, e);
}

/* What the events are collected in. */
static int collect(struct run *run, struct err *e)
{
	const struct config *c = run->config;
	struct probe *p = &run->p;
	/* Of each process both fork and exit are traced. */
	bool all = !probe_filters(&c->probe) && !c->ppid;
	int rc = records_init(&run->records, p, all, e);

	p->end.unmatched = all ? 0 : MISSING_U64;
	if (!rc && c->draw_tree)
		rc = tree_new(&run->tree, e);
	if (!rc && c->summary)
		rc = summary_new(&run->summary, (enum summary_by)MAX(c->by, 0), run->records.paths,
				 p->begin_ns, e);
	p->calls.emit = emit;
	p->calls.ended = run->command.pid ? tree_ended : NULL;
	if (c->interval_ns != MISSING_U64) {
		p->calls.tick_ns = c->interval_ns;
		p->calls.tick = print_interval;
	}
	return rc;
}

static void report_left_out(const struct run *run)
{
	uint64_t n = 0;
	uint32_t zero = 0;

	bpf_map_lookup_elem(bpf_map__fd(run->skel->maps.left_out), &zero, &n);
	if (n)
		term_warn("%llu processes of the tree are in no record: --tree follows 65,536 at "
			  "once",
			  (unsigned long long)n);
}

static int trace(void *ctx, struct err *e)
{
	struct run *run = ctx;
	struct probe *p = &run->p;
	struct err why;
	int rc = begin(run, e);

	if (rc)
		return rc;
	if (run->config->probe.format < 0)
		return probe_trace_pipe(p, "hello world PID");
	probe_ready(p, "watching forks, execs and exits");
	rc = collect(run, e);
	if (rc)
		return rc;
	/* If that fails it has ended, with the status that a shell would give, and so does the
	 * stream. */
	if (run->command.pid && spawn_release(&run->command, &why))
		term_error(&why, "proc_create");
	rc = probe_stream(p, e);
	if (!rc)
		report_left_out(run);
	if (!rc && !p->sink_error)
		p->sink_error = print_sums(run);
	return rc;
}

/* Options that need records. */
static int check_plain(const struct config *c, struct err *e)
{
	const char *option = c->tree     ? "--tree"
			     : c->failed ? "--failed"
			     : c->ppid   ? "--ppid"
					 : NULL;

	if (c->probe.format < 0 && option)
		return err_usage(e, "%s needs records: add --format text, json or csv", option);
	return probe_needs_format(&c->probe, e);
}

static int check(struct config *c, int argc, struct err *e)
{
	int rc = 0;

	if (c->probe.format < 0 && (argc || c->summary || c->draw_tree))
		c->probe.format = OUT_TEXT;
	if (!c->summary && (c->by >= 0 || c->interval_ns != MISSING_U64))
		return err_usage(e, "--by and --interval need --summary");
	if (c->tree && argc)
		return err_usage(e, "--tree and a command exclude each other: a command is traced "
				    "with its descendants");
	if (c->tree)
		rc = probe_check_pid("--tree", c->tree, e);
	if (!rc && c->ppid)
		rc = probe_check_pid("--ppid", c->ppid, e);
	return rc ? rc : check_plain(c, e);
}

static int run(void *config, int argc, char **argv, int *exit_code, struct err *e)
{
	struct run run = { .config = config, .argv = argc ? argv : NULL, .clock = { .fd = -1 } };
	int rc = check(config, argc, e);

	if (rc)
		return rc;
	rc = probe_run(&run.p, &run.config->probe, trace, &run, e);
	sched_clock_close(&run.clock);
	summary_free(run.summary);
	tree_free(run.tree);
	records_done(&run.records);
	proc_create__destroy(run.skel);
	if (run.command.pid) {
		int status = end_command(&run.command);

		*exit_code = rc ? *exit_code : status;
	}
	return rc;
}

static const char *const by_choices[] = { "comm", "parent", "cgroup", NULL };

static const struct opt options[] = {
	PROBE_OPT_OUTPUT(struct config, probe),
	PROBE_OPT_STREAM(struct config, probe),
	PROBE_OPT_FILTER(struct config, probe),
	OPT_FLAG(0, "threads", struct config, threads, "also record new threads"),
	OPT_FLAG(0, "failed", struct config, failed,
		 "also record execs that failed, with the error; runs a BPF program at every "
		 "system call of the machine"),
	OPT_PID(0, "tree", struct config, tree,
		"only this process and its descendants, also those whose parent has ended"),
	OPT_SIZE(0, "max-argv", struct config, max_argv_bytes,
		 "record arguments up to this many bytes", .metavar = "SIZE", .min = 1,
		 .max = EXEC_ARGV_MAX),
	OPT_PID(0, "ppid", struct config, ppid,
		"only children of PID: forks by PID, execs and exits of its children",
		.metavar = "PID"),
	OPT_FLAG(0, "summary", struct config, summary,
		 "print only sums at the end: counts, rates and lifetimes, by task name or --by"),
	OPT_CHOICE(0, "by", struct config, by, by_choices,
		   "with --summary: group by task name, parent process or cgroup; default comm"),
	OPT_DURATION('i', "interval", struct config, interval_ns,
		     "with --summary: also print the sums of each interval of this length",
		     .min = 10 * NS_PER_MS),
	OPT_FLAG(0, "draw-tree", struct config, draw_tree,
		 "print only a process tree at the end: each process below the one that forked "
		 "it"),
	OPT_END
};

static const struct opt_command command = {
	.summary = "trace forks, execs and exits of processes",
	.description =
		"Without --format, writes `hello world PID` to the kernel's trace_pipe for each "
		"new process, where PID is that of the child. With --format, prints one record for "
		"each fork, exec and exit to standard output, in order, then an end record with "
		"seen = emitted + filtered + dropped. Filters test the parent at "
		"a fork, and the process itself at exec and exit. --output, --fields, --max-events "
		"and --timestamps need records: --format, --summary, --draw-tree or a command. A "
		"command after -- is run as the user who called sudo, and "
		"traced with all its descendants until the last of them ends; proc_create exits "
		"with the status of the command, or 128 + N if signal N ended it.",
	.synopsis = "[-- COMMAND ARG...]",
	.operands = OPT_OPERANDS_COMMAND,
	.examples = "proc_create                          # then read "
		    "/sys/kernel/tracing/trace_pipe\n"
		    "proc_create --format json -d 10s     # ten seconds as JSON lines\n"
		    "proc_create --summary -- make -j4    # processes of a build, by name\n"
		    "proc_create --summary --by cgroup -i 1s   # forks per cgroup, each second\n"
		    "proc_create --draw-tree -- ./configure   # its descendants as a tree\n",
	.options = options,
	.run = run,
};

int main(int argc, char **argv)
{
	struct config config = {
		.probe = PROBE_DEFAULTS,
		.max_argv_bytes = 4 * KIB,
		.by = -1,
		.interval_ns = MISSING_U64,
	};

	return probe_main("proc_create", &command, records, &config, argc, argv);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* proc_create.c - processes: `hello world PID` into trace_pipe when one begins, or records of fork, exec and exit.
 *
 * A process is a task that leads its own thread group; a new thread is none (--threads adds them). It has ended
 * when its last thread has. All events come through one ring, in the order in which they happened. A command behind
 * `--` is started here, as the user who called sudo. --summary counts the same events by name, at the end only.
 */
#include <bpf/bpf.h>
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "../bpf/hist.h"
#include "opt.h"
#include "probe.h"
#include "proc_create.h"
#include "proc_create.skel.h"
#include "procfs.h"
#include "stop.h"
#include "term.h"
#include "text.h"

struct config {
	struct probe_options probe;
	bool threads, failed, summary;
	pid_t tree;
	uint64_t max_argv_bytes;
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
	FIELD(struct exec_record, argv_cut, FIELD_BOOL, "", "the arguments are longer than what is shown (--max-argv)"),
	FIELD(struct exec_record, cgroup, FIELD_U64, "", "inode number of the process's cgroup2 directory"),
	FIELD(struct exec_record, ts_ns, FIELD_U64, "ns", "CLOCK_MONOTONIC"),
};

static const struct record_type exec_type =
	RECORD_TYPE("exec", 1, RECORD_LINE, exec_fields, "a process runs another program");

struct failed_record {
	uint32_t pid, tid, ppid, uid;
	char comm[PROBE_COMM_LEN];
	const char *path, *error;
	uint64_t cgroup, ts_ns;
};

static const struct field failed_fields[] = {
	FIELD(struct failed_record, pid, FIELD_U32, "", "process"),
	FIELD(struct failed_record, tid, FIELD_U32, "", "thread that called exec"),
	FIELD(struct failed_record, ppid, FIELD_U32, "", "its parent process"),
	FIELD(struct failed_record, comm, FIELD_CHARS, "", "its name, which stays"),
	FIELD(struct failed_record, uid, FIELD_U32, "", "real user id"),
	FIELD(struct failed_record, path, FIELD_STRING, "", "the program, as exec was given it, to 255 bytes"),
	FIELD(struct failed_record, error, FIELD_STRING, "", "why it failed, e.g. ENOENT"),
	FIELD(struct failed_record, cgroup, FIELD_U64, "", "inode number of the process's cgroup2 directory"),
	FIELD(struct failed_record, ts_ns, FIELD_U64, "ns", "CLOCK_MONOTONIC"),
};

static const struct record_type failed_type =
	RECORD_TYPE("exec_failed", 1, RECORD_LINE, failed_fields, "with --failed: a program that could not be run");

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

struct name_record {
	char comm[PROBE_COMM_LEN];
	uint64_t forks, threads, execs, exec_failures, exits, failures;
	double forks_per_s;
	uint64_t lifetime_p50_ns, lifetime_p99_ns, lifetime_max_ns, cpu_ns;
};

static const struct field name_fields[] = {
	FIELD(struct name_record, comm, FIELD_CHARS, "",
	      "name of the task; missing: of all those beyond the first 1,024 names"),
	FIELD(struct name_record, forks, FIELD_U64, "events", "processes that tasks of this name began"),
	FIELD(struct name_record, threads, FIELD_U64, "events", "with --threads: threads likewise"),
	FIELD(struct name_record, execs, FIELD_U64, "events", "processes that took this name by exec"),
	FIELD(struct name_record, exec_failures, FIELD_U64, "events", "with --failed: execs that failed"),
	FIELD(struct name_record, exits, FIELD_U64, "events", "processes of this name that ended"),
	FIELD(struct name_record, failures, FIELD_U64, "events", "of them with an exit code or by a signal"),
	FIELD(struct name_record, forks_per_s, FIELD_F64, "1/s", "forks / time looked"),
	FIELD(struct name_record, lifetime_p50_ns, FIELD_U64, "ns",
	      "half of those that ended lived no longer; within 3.2 %"),
	FIELD(struct name_record, lifetime_p99_ns, FIELD_U64, "ns",
	      "99 % of them lived no longer; within 3.2 %"),
	FIELD(struct name_record, lifetime_max_ns, FIELD_U64, "ns", "the longest; exact"),
	FIELD(struct name_record, cpu_ns, FIELD_U64, "ns", "CPU time of all that ended"),
};

static const struct record_type name_type =
	RECORD_TYPE("process_summary", 1, RECORD_TABLE, name_fields, "with --summary: what tasks of one name did");

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

static int emit_failed(struct out *out, const struct exec_failed_event *failed)
{
	struct failed_record record = {
		.pid = failed->task.pid,
		.tid = failed->task.tid,
		.ppid = failed->task.ppid,
		.uid = failed->task.uid,
		.path = failed->path_read ? failed->path : NULL,
		.error = strerrorname_np((int)failed->error),
		.cgroup = failed->task.cgroup,
		.ts_ns = failed->task.ts_ns,
	};

	memcpy(record.comm, failed->task.comm, sizeof(record.comm));
	return out_record(out, &failed_type, &record);
}

static int emit(struct out *out, const void *event, size_t bytes UNUSED)
{
	const struct task_event *task = event;

	switch (task->kind) {
	case TASK_EXEC:
		return emit_exec(out, event);
	case TASK_EXEC_FAILED:
		return emit_failed(out, event);
	case TASK_EXIT:
		return emit_exit(out, event);
	default:
		return out_record(out, task->kind == TASK_THREAD ? &thread_type : &fork_type, task);
	}
}

/* ---- --summary: the same events, counted by name instead of printed ---- */
#define NAMES 1024

struct name {
	struct name_record sums;
	__u64 lifetime[HIST_BUCKETS];
};

/* The last one takes those that found no room. emit has no argument for it. */
static struct name *names[NAMES + 1];

static struct name *name_find(const char comm[PROBE_COMM_LEN])
{
	size_t i = 0;

	while (i < NAMES && names[i] && memcmp(names[i]->sums.comm, comm, PROBE_COMM_LEN))
		i++;
	if (!names[i])
		names[i] = calloc(1, sizeof(**names));
	if (names[i] && i < NAMES)
		memcpy(names[i]->sums.comm, comm, PROBE_COMM_LEN);
	return names[i];
}

static int tally(struct out *out UNUSED, const void *event, size_t bytes UNUSED)
{
	const struct task_event *task = event;
	const struct exit_event *exit = event;
	struct name *name = name_find(task->comm);

	if (!name)
		return -ENOMEM;
	name->sums.forks += task->kind == TASK_FORK;
	name->sums.threads += task->kind == TASK_THREAD;
	name->sums.execs += task->kind == TASK_EXEC;
	name->sums.exec_failures += task->kind == TASK_EXEC_FAILED;
	if (task->kind != TASK_EXIT)
		return 0;
	name->sums.exits++;
	name->sums.failures += exit->status != 0;
	name->sums.cpu_ns += exit->cpu_ns;
	name->sums.lifetime_max_ns = MAX(name->sums.lifetime_max_ns, exit->lifetime_ns);
	name->lifetime[hist_bucket(exit->lifetime_ns)]++;
	return 0;
}

static uint64_t events(const struct name *name)
{
	return name->sums.forks + name->sums.threads + name->sums.execs + name->sums.exec_failures + name->sums.exits;
}

static int more_first(const void *a, const void *b)
{
	const struct name *const *x = a, *const *y = b;

	return events(*x) < events(*y) ? 1 : events(*x) > events(*y) ? -1 : 0;
}

static int print_names(struct probe *p)
{
	double seconds = (double)(p->end_ns - p->begin_ns) / (double)NS_PER_S;
	size_t n = 0;
	int r = 0;

	while (n < ARRAY_SIZE(names) && names[n])
		n++;
	qsort(names, n, sizeof(*names), more_first);
	for (size_t i = 0; i < n; i++) {
		struct name_record *sums = &names[i]->sums;

		sums->forks_per_s = (double)sums->forks / seconds;
		sums->lifetime_p50_ns = hist_quantile(names[i]->lifetime, sums->exits, 0.50, sums->lifetime_max_ns);
		sums->lifetime_p99_ns = hist_quantile(names[i]->lifetime, sums->exits, 0.99, sums->lifetime_max_ns);
		if (!sums->exits)
			sums->lifetime_max_ns = MISSING_U64;
		if (r == 0)
			r = out_record(p->out, &name_type, sums);
		free(names[i]);
	}
	p->end.emitted = 0; /* single events are in the sums */
	return r;
}

/* ---- --tree, and a command of one's own ---- */

/* Adds those below the tree's members to it, until none is new. Their later children the kernel side adds. */
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

/* In the child: the user who called sudo, with no rights left over. */
static int become_caller(void)
{
	const char *uid = getenv("SUDO_UID"), *gid = getenv("SUDO_GID");
	uid_t user = uid ? (uid_t)strtoul(uid, NULL, 10) : 0;
	gid_t group = gid ? (gid_t)strtoul(gid, NULL, 10) : 0;
	const struct passwd *entry;

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (geteuid() || !uid || !gid)
		return 0;
	entry = getpwuid(user);
	if (entry ? initgroups(entry->pw_name, group) : setgroups(1, &group))
		return -1;
	return setgid(group) || setuid(user) ? -1 : 0;
}

static void run_command(char **argv, int go)
{
	char byte;

	/* No byte: the probe could not be attached, and has said why. */
	if (read(go, &byte, 1) != 1)
		_exit(1);
	if (become_caller() == 0)
		execvp(argv[0], argv);
	fprintf(stderr, "proc_create: cannot run %s: %s\n", argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

struct command {
	pid_t pid;	/* 0: none */
	int go;		/* a byte into it lets the command run, closing it ends it */
};

static int start_command(char **argv, struct probe *p, struct command *ret, struct err *e)
{
	int go[2];
	pid_t pid;

	if (pipe2(go, O_CLOEXEC))
		return err_set(e, errno, "cannot make a pipe");
	pid = fork();
	if (pid == 0) {
		close(go[1]);
		run_command(argv, go[0]);
	}
	close(go[0]);
	if (pid > 0)
		p->until_fd = (int)syscall(SYS_pidfd_open, pid, 0);
	*ret = (struct command){ .pid = MAX(pid, 0), .go = go[1] };
	return pid < 0 || p->until_fd < 0 ? err_set(e, errno, "cannot start %s", argv[0]) : 0;
}

/* Waits for the command, which gets the signal that ended the probe; its status as a shell gives it. */
static int end_command(const struct probe *p, struct command *c)
{
	int status = 0;

	close(c->go);
	/* A terminal has sent INT to both. */
	if (stop_requested() == SIGTERM || stop_requested() == SIGHUP)
		kill(c->pid, stop_requested());
	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	close(p->until_fd);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* --fields are of the types that have them all; none has: the first one's error. */
static int select_fields(struct out *out, const struct opt_list *fields, struct err *e)
{
	int r = out_select(out, &fork_type, fields, e);

	r = out_select(out, &thread_type, fields, NULL) && r ? r : 0;
	r = out_select(out, &exec_type, fields, NULL) && r ? r : 0;
	r = out_select(out, &failed_type, fields, NULL) && r ? r : 0;
	r = out_select(out, &name_type, fields, NULL) && r ? r : 0;
	return out_select(out, &exit_type, fields, NULL) && r ? r : 0;
}

static int use_hooks(struct probe *p, struct bpf_object *object, const struct config *c, struct err *e)
{
	static const char *const hooks[] = { "sched_process_fork", "sched_process_exec", "sched_process_exit",
					     "sys_exit" };
	/* The specification's lines are of forks alone. */
	size_t n = c->failed ? 4 : 3;

	for (size_t i = 0; i < (c->probe.format < 0 ? 1 : n); i++) {
		if (!probe_use(p, object, hooks[i]))
			return probe_no_hook(p, hooks[i], e);
	}
	return 0;
}

/* Attaches, and lets the command run once all is in place. */
static int begin(struct probe *p, struct proc_create *skel, const struct config *c, const struct command *command,
		 struct err *e)
{
	uint32_t root = (uint32_t)(command->pid ? command->pid : c->tree), none = 0;
	bool streams = c->probe.format >= 0;
	int tree, r;

	skel->rodata->to_trace_pipe = !streams;
	skel->rodata->with_threads = c->threads;
	skel->rodata->by_tree = root != 0;
	skel->rodata->max_argv = (uint32_t)c->max_argv_bytes;
	r = probe_load(p, skel->obj, streams, e);
	if (r)
		return r;
	tree = bpf_map__fd(skel->maps.tree);
	if (root && bpf_map_update_elem(tree, &root, &none, BPF_ANY))
		return err_set(e, errno, "cannot name the tree to the kernel");
	r = probe_attach(p, e);
	return !r && c->tree ? add_descendants(tree, e) : r;
}

static int trace(struct probe *p, struct proc_create *skel, const struct config *c, const struct command *command,
		 struct err *e)
{
	struct probe_filter filter;
	int r = probe_filter(&c->probe, &filter, e);

	if (!r)
		r = use_hooks(p, skel->obj, c, e);
	if (!r)
		r = select_fields(p->out, &c->probe.fields, e);
	if (r)
		return r;
	skel->rodata->filter = filter;
	r = begin(p, skel, c, command, e);
	if (r)
		return r;
	if (c->probe.format < 0)
		return probe_trace_pipe(p, "hello world PID");
	probe_ready(p, "watching processes begin, run programs and end");
	if (command->pid && write(command->go, "", 1) != 1)
		return err_set(e, errno, "cannot let the command run");
	r = probe_stream(p, c->summary ? tally : emit, e);
	return !r && c->summary ? print_names(p) : r;
}

static int check(struct config *c, int argc, struct err *e)
{
	if (c->probe.format < 0 && (argc || c->summary))
		c->probe.format = OUT_TEXT;
	if (c->tree && argc)
		return err_usage(e, "--tree and a command exclude each other: a command is a tree of its own");
	if (c->tree && !sysroot_exists(NULL, "/proc/%d", c->tree))
		return err_usage(e, "--tree %d: there is no such process", c->tree);
	if (c->probe.format < 0 && (c->tree || c->failed))
		return err_usage(e, "--tree and --failed work on records: add --format text, json or csv");
	return probe_needs_format(&c->probe, e);
}

static int run(void *config, int argc, char **argv, int *exit_code, struct err *e)
{
	struct config *c = config;
	struct command command = { 0 };
	struct proc_create *skel = NULL;
	struct probe p;
	int r = check(c, argc, e);

	if (r)
		return r;
	r = probe_open(&p, &c->probe, e);
	if (!r && !(skel = proc_create__open()))
		r = err_set(e, errno, "cannot open the probe's programs");
	/* Before the capabilities go, which becoming the caller takes. */
	if (!r && argc)
		r = start_command(argv, &p, &command, e);
	if (!r)
		r = trace(&p, skel, c, &command, e);
	if (!r)
		r = probe_close(&p, e);
	probe_done(&p);
	proc_create__destroy(skel);
	if (command.pid) {
		int status = end_command(&p, &command);

		*exit_code = r ? *exit_code : status;
	}
	return r;
}

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
	OPT_FLAG(0, "summary", struct config, summary,
		 "no single events: numbers, rates and lifetimes by name, at the end"),
	OPT_END
};

static struct config config = { .probe = PROBE_DEFAULTS, .max_argv_bytes = 4 * KIB };

static const struct opt_command commands[] = {
	{
		.summary = "say when processes begin, run programs and end",
		.description = "Without --format, writes `hello world PID` into the kernel's trace_pipe for each new "
			       "process, PID being the child's. With --format, one record for each fork, exec and "
			       "exit on stdout, in their order, then an end record with seen = emitted + filtered + "
			       "dropped. Filters look at the task that forks, has run exec, or ends. A command behind "
			       "-- is run as the user who called sudo, and traced with all its descendants until it "
			       "ends; its exit status is passed on, 128 + N where signal N ended it.",
		.synopsis = "[-- COMMAND ARG...]",
		.operands = OPT_OPERANDS_COMMAND,
		.examples = "proc_create                          # read /sys/kernel/tracing/trace_pipe beside it\n"
			    "proc_create --format json -d 10s     # ten seconds as JSON lines\n"
			    "proc_create --summary -- make -j4    # what a build runs, by name\n",
		.options = options,
		.run = run,
	},
	{ .run = NULL },
};

int main(int argc, char **argv)
{
	static const struct record_type *const records[] = { &fork_type, &thread_type, &exec_type, &failed_type,
							     &exit_type, &name_type, &end_record_type, NULL };
	const struct opt_program program = {
		.name = "proc_create",
		.summary = "trace the creation of processes",
		.commands = commands,
		.config = &config,
		.records = records,
	};

	return opt_main(&program, argc, argv);
}

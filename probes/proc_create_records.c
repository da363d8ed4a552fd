// SPDX-License-Identifier: GPL-2.0-only
/* proc_create_records.c - fork, exec and exit as records, with the paths of their cgroups.
 *
 * The only state is the table of paths and, where all processes are traced, the forks seen.
 */
#include <ctype.h>
#include <sys/wait.h>

#include "lib/base/text.h"
#include "proc_create_parts.h"

/* Of all events; each type has the fields that apply. */
struct task_record {
	uint64_t pid, tid, ppid, child;
	uint32_t uid;
	char comm[PROBE_COMM_LEN];
	const char *path, *error, *argv;
	bool path_cut, argv_cut, core;
	uint64_t exit_code, signal, lifetime_ns, cpu_ns, user_ns, system_ns, max_rss_bytes,
		minor_faults, major_faults, threads;
	uint64_t cgroup;
	const char *cgroup_path;
	uint64_t ts_ns;
};

#define OUTSIDE                "; this and other IDs are missing if not visible in the PID namespace of the probe"
#define TASK(m, t, unit, what) FIELD(struct task_record, m, FIELD_##t, unit, what)
#define PLACE_AND_TIME(whose) \
	TASK(cgroup, U64, "", "inode number of the " whose "'s cgroup2 directory"), \
		TASK(cgroup_path, STRING, "", CGROUP_PATH_MEANING), \
		TASK(ts_ns, U64, "ns", "CLOCK_MONOTONIC")

static const struct field fork_fields[] = {
	TASK(pid, U64, "", "process that forked or created the thread" OUTSIDE),
	TASK(tid, U64, "", "its thread that did so"),
	TASK(ppid, U64, "", "its parent process"),
	TASK(child, U64, "", "PID of the new process (fork) or TID of the new thread (thread)"),
	TASK(comm, CHARS, "", "name of that thread, which the child inherits"),
	TASK(uid, U32, "", "real user ID of the child"),
	PLACE_AND_TIME("child"),
};

const struct record_type fork_type =
	RECORD_TYPE("fork", 1, RECORD_LINE, fork_fields, "a new process");
const struct record_type thread_type =
	RECORD_TYPE("thread", 1, RECORD_LINE, fork_fields, "a new thread");

static const struct field exec_fields[] = {
	TASK(pid, U64, "", "process" OUTSIDE),
	TASK(tid, U64, "", "thread that called exec; its TID is pid from now on"),
	TASK(ppid, U64, "", "parent process"),
	TASK(comm, CHARS, "", "new name of the process"),
	TASK(uid, U32, "", "real user ID"),
	TASK(path, STRING, "", "program, as passed to exec"),
	TASK(argv, STRING, "", "arguments, quoted for a shell"),
	TASK(argv_cut, BOOL, "", "the arguments are longer than shown (--max-argv)"),
	TASK(path_cut, BOOL, "", "the path is longer than shown: over 4,159 bytes"),
	PLACE_AND_TIME("process"),
};

const struct record_type exec_type =
	RECORD_TYPE("exec", 1, RECORD_LINE, exec_fields, "a process runs another program");

static const struct field failed_fields[] = {
	TASK(pid, U64, "", "process" OUTSIDE),
	TASK(tid, U64, "", "thread that called exec"),
	TASK(ppid, U64, "", "parent process"),
	TASK(comm, CHARS, "", "name of the process, which does not change"),
	TASK(uid, U32, "", "real user ID"),
	TASK(path, STRING, "", "program, as passed to exec; missing: could not be read"),
	TASK(error, STRING, "", "error of exec, e.g. ENOENT"),
	TASK(argv, STRING, "", "arguments, as in exec; missing: none"),
	TASK(argv_cut, BOOL, "",
	     "the arguments are longer than shown (--max-argv, 8 KiB each, 1,024 of them), or "
	     "could not be read"),
	TASK(path_cut, BOOL, "", "the path is longer than shown: over 4,159 bytes"),
	PLACE_AND_TIME("process"),
};

const struct record_type failed_type = RECORD_TYPE("exec_failed", 1, RECORD_LINE, failed_fields,
						   "with --failed: an exec that failed");

static const struct field exit_fields[] = {
	TASK(pid, U64, "", "process whose threads have all ended" OUTSIDE),
	TASK(ppid, U64, "", "parent process"),
	TASK(comm, CHARS, "", "name of the thread that ended last"),
	TASK(uid, U32, "", "real user ID"),
	TASK(exit_code, U64, "", "0 to 255; missing if a signal ended the process"),
	TASK(signal, U64, "", "signal that ended the process, else missing"),
	TASK(core, BOOL, "", "a core was dumped"),
	TASK(lifetime_ns, U64, "ns", "time since the fork"),
	TASK(cpu_ns, U64, "ns",
	     "CPU time of all threads, as counted by the scheduler, up to the exit record"),
	TASK(user_ns, U64, "ns",
	     "user CPU time, sampled by the tick: user_ns + system_ns may differ from cpu_ns"),
	TASK(system_ns, U64, "ns",
	     "system CPU time, sampled by the tick: user_ns + system_ns may differ from cpu_ns"),
	TASK(max_rss_bytes, U64, "bytes", "largest resident set size"),
	TASK(minor_faults, U64, "faults", "minor faults of all threads"),
	TASK(major_faults, U64, "faults", "major faults of all threads"),
	TASK(threads, U64, "threads",
	     "number of threads over the lifetime, including the main thread; missing for "
	     "processes "
	     "older than the probe that created no thread"),
	PLACE_AND_TIME("process"),
};

const struct record_type exit_type =
	RECORD_TYPE("exit", 1, RECORD_LINE, exit_fields, "the end of a process");

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

/* The arguments, quoted for a shell, in t, which the caller frees; NULL: none. */
static const char *quoted(struct text *t, const char *argv, size_t bytes)
{
	for (const char *arg = argv; bytes > 0;) {
		size_t n = strnlen(arg, bytes), step = MIN(n + 1, bytes);

		text_str(t, arg == argv ? "" : " ");
		put_argument(t, arg, n);
		arg += step;
		bytes -= step;
	}
	text_put(t, "", 1);
	return t->n > 1 && !t->failed ? t->s : NULL;
}

int records_init(struct records *ret, const struct probe *p, bool follow, struct err *e)
{
	*ret = (struct records){ .probe = p, .forked = follow ? calloc(PIDS_MAX / 8, 1) : NULL };
	if (follow && !ret->forked)
		return err_set(e, ENOMEM, "cannot follow processes");
	return cgroup_paths_new(&ret->paths, NULL, e);
}

void records_done(struct records *records)
{
	cgroup_paths_free(records->paths);
	free(records->forked);
}

/* The process is older than the probe. */
static bool began_before(const struct records *records, const struct exit_event *exit)
{
	return exit->task.ts_ns - exit->lifetime_ns < records->probe->begin_ns;
}

uint64_t records_follow(struct records *records, const struct task_event *task)
{
	uint32_t pid = task->kind == TASK_FORK ? task->child : task->pid;
	uint8_t bit = (uint8_t)(1u << pid % 8), *byte;
	bool seen;

	if (!records->forked || pid >= PIDS_MAX ||
	    (task->kind != TASK_FORK && task->kind != TASK_EXIT))
		return 0;
	byte = &records->forked[pid / 8];
	seen = *byte & bit;
	*byte = (uint8_t)(task->kind == TASK_FORK ? *byte | bit : *byte & ~bit);
	return task->kind == TASK_EXIT && !seen &&
	       !began_before(records, (const struct exit_event *)task);
}

static void fill_exec(const struct exec_event *exec, struct text *argv, struct task_record *ret)
{
	ret->path = exec->path_read ? exec->text + exec->argv_read : NULL;
	ret->path_cut = exec->path_read == EXEC_PATH_MAX;
	ret->error = exec->error ? strerrorname_np((int)exec->error) : NULL;
	ret->argv = quoted(argv, exec->text, exec->argv_read);
	ret->argv_cut = exec->argv_cut;
}

static void fill_exit(const struct records *records, const struct exit_event *exit,
		      struct task_record *ret)
{
	int status = (int)exit->status;

	ret->exit_code = WIFEXITED(status) ? (uint64_t)WEXITSTATUS(status) : MISSING_U64;
	ret->signal = WIFSIGNALED(status) ? (uint64_t)WTERMSIG(status) : MISSING_U64;
	ret->core = WCOREDUMP(status);
	ret->lifetime_ns = exit->lifetime_ns;
	ret->cpu_ns = exit->cpu_ns;
	ret->user_ns = exit->user_ns;
	ret->system_ns = exit->system_ns;
	ret->max_rss_bytes = exit->max_rss_pages * (uint64_t)sysconf(_SC_PAGESIZE);
	ret->minor_faults = exit->minor_faults;
	ret->major_faults = exit->major_faults;
	ret->threads = exit->threads                 ? exit->threads
		       : began_before(records, exit) ? MISSING_U64
						     : 1;
}

int records_emit(const struct records *records, struct out *out, const struct task_event *task)
{
	static const struct record_type *const types[] = {
		[TASK_FORK] = &fork_type, [TASK_THREAD] = &thread_type,
		[TASK_EXEC] = &exec_type, [TASK_EXEC_FAILED] = &failed_type,
		[TASK_EXIT] = &exit_type,
	};
	struct text argv = { 0 };
	struct task_record record = {
		.pid = probe_pid(task->pid),
		.tid = probe_pid(task->tid),
		.ppid = probe_pid(task->ppid),
		.child = probe_pid(task->child),
		.uid = task->uid,
		.cgroup = task->cgroup,
		.cgroup_path = cgroup_paths_find(records->paths, task->cgroup),
		.ts_ns = task->ts_ns,
	};
	int rc;

	memcpy(record.comm, task->comm, sizeof(record.comm));
	if (task->kind == TASK_EXEC || task->kind == TASK_EXEC_FAILED)
		fill_exec((const struct exec_event *)task, &argv, &record);
	else if (task->kind == TASK_EXIT)
		fill_exit(records, (const struct exit_event *)task, &record);
	rc = out_record(out, types[task->kind], &record);
	text_done(&argv);
	return rc;
}

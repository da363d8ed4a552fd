// SPDX-License-Identifier: GPL-2.0-only
/* proc_create_records.c - fork, exec and exit as records, with the paths of their cgroups.
 *
 * Each comes as the BPF side saw it. What lasts is the table of paths and, where all processes are
 * looked at, which forks were seen.
 */
#include "proc_create_records.h"

#include <ctype.h>
#include <sys/wait.h>

#include "lib/kernel/cgroup_paths.h"
#include "lib/base/text.h"

#define CGROUP_PATH_MEANING \
	"that directory below the mount; missing when it went before it was looked for"

struct fork_record {
	uint32_t pid, tid, ppid, child, uid;
	char comm[PROBE_COMM_LEN];
	uint64_t cgroup;
	const char *cgroup_path;
	uint64_t ts_ns;
};

static const struct field fork_fields[] = {
	FIELD(struct fork_record, pid, FIELD_U32, "", "process that forked"),
	FIELD(struct fork_record, tid, FIELD_U32, "", "thread of it that forked"),
	FIELD(struct fork_record, ppid, FIELD_U32, "", "its parent process"),
	FIELD(struct fork_record, child, FIELD_U32, "",
	      "the new task: a PID in fork, a TID in thread"),
	FIELD(struct fork_record, comm, FIELD_CHARS, "",
	      "name of the thread that forked, and of the child for now"),
	FIELD(struct fork_record, uid, FIELD_U32, "", "real user id of the child"),
	FIELD(struct fork_record, cgroup, FIELD_U64, "",
	      "inode number of the child's cgroup2 directory"),
	FIELD(struct fork_record, cgroup_path, FIELD_STRING, "", CGROUP_PATH_MEANING),
	FIELD(struct fork_record, ts_ns, FIELD_U64, "ns", "CLOCK_MONOTONIC"),
};

const struct record_type fork_type =
	RECORD_TYPE("fork", 1, RECORD_LINE, fork_fields, "a new process");
const struct record_type thread_type =
	RECORD_TYPE("thread", 1, RECORD_LINE, fork_fields, "a new thread");

struct exec_record {
	uint32_t pid, tid, ppid, uid;
	char comm[PROBE_COMM_LEN];
	const char *path, *argv;
	bool argv_cut;
	uint64_t cgroup;
	const char *cgroup_path;
	uint64_t ts_ns;
};

static const struct field exec_fields[] = {
	FIELD(struct exec_record, pid, FIELD_U32, "", "process"),
	FIELD(struct exec_record, tid, FIELD_U32, "",
	      "thread that called exec; it has the TID pid from now on"),
	FIELD(struct exec_record, ppid, FIELD_U32, "", "its parent process"),
	FIELD(struct exec_record, comm, FIELD_CHARS, "", "its new name"),
	FIELD(struct exec_record, uid, FIELD_U32, "", "real user id"),
	FIELD(struct exec_record, path, FIELD_STRING, "", "the program, as exec was given it"),
	FIELD(struct exec_record, argv, FIELD_STRING, "",
	      "the arguments, quoted as a shell wants them"),
	FIELD(struct exec_record, argv_cut, FIELD_BOOL, "",
	      "the arguments are longer than what is shown (--max-argv)"),
	FIELD(struct exec_record, cgroup, FIELD_U64, "",
	      "inode number of the process's cgroup2 directory"),
	FIELD(struct exec_record, cgroup_path, FIELD_STRING, "", CGROUP_PATH_MEANING),
	FIELD(struct exec_record, ts_ns, FIELD_U64, "ns", "CLOCK_MONOTONIC"),
};

const struct record_type exec_type =
	RECORD_TYPE("exec", 1, RECORD_LINE, exec_fields, "a process runs another program");

struct failed_record {
	uint32_t pid, tid, ppid, uid;
	char comm[PROBE_COMM_LEN];
	const char *path, *error, *argv;
	bool argv_cut;
	uint64_t cgroup;
	const char *cgroup_path;
	uint64_t ts_ns;
};

static const struct field failed_fields[] = {
	FIELD(struct failed_record, pid, FIELD_U32, "", "process"),
	FIELD(struct failed_record, tid, FIELD_U32, "", "thread that called exec"),
	FIELD(struct failed_record, ppid, FIELD_U32, "", "its parent process"),
	FIELD(struct failed_record, comm, FIELD_CHARS, "", "its name, which stays"),
	FIELD(struct failed_record, uid, FIELD_U32, "", "real user id"),
	FIELD(struct failed_record, path, FIELD_STRING, "",
	      "the program, as exec was given it, to 255 bytes"),
	FIELD(struct failed_record, error, FIELD_STRING, "", "why it failed, e.g. ENOENT"),
	FIELD(struct failed_record, argv, FIELD_STRING, "",
	      "the arguments it was given, as in exec; missing: none"),
	FIELD(struct failed_record, argv_cut, FIELD_BOOL, "",
	      "they are longer than what is shown, or could not be read: --max-argv, 8 KiB each, "
	      "1,024 of them"),
	FIELD(struct failed_record, cgroup, FIELD_U64, "",
	      "inode number of the process's cgroup2 directory"),
	FIELD(struct failed_record, cgroup_path, FIELD_STRING, "", CGROUP_PATH_MEANING),
	FIELD(struct failed_record, ts_ns, FIELD_U64, "ns", "CLOCK_MONOTONIC"),
};

const struct record_type failed_type =
	RECORD_TYPE("exec_failed", 1, RECORD_LINE, failed_fields,
		    "with --failed: a program that could not be run");

struct exit_record {
	uint32_t pid, ppid, uid;
	char comm[PROBE_COMM_LEN];
	uint64_t exit_code, signal;
	bool core;
	uint64_t lifetime_ns, cpu_ns, user_ns, system_ns, max_rss_bytes, minor_faults, major_faults,
		threads, cgroup;
	const char *cgroup_path;
	uint64_t ts_ns;
};

static const struct field exit_fields[] = {
	FIELD(struct exit_record, pid, FIELD_U32, "", "process, all threads of which have ended"),
	FIELD(struct exit_record, ppid, FIELD_U32, "", "its parent process"),
	FIELD(struct exit_record, comm, FIELD_CHARS, "", "name of the thread that ended last"),
	FIELD(struct exit_record, uid, FIELD_U32, "", "real user id"),
	FIELD(struct exit_record, exit_code, FIELD_U64, "",
	      "0 to 255; missing where a signal ended it"),
	FIELD(struct exit_record, signal, FIELD_U64, "", "the signal that ended it, else missing"),
	FIELD(struct exit_record, core, FIELD_BOOL, "", "its core was dumped"),
	FIELD(struct exit_record, lifetime_ns, FIELD_U64, "ns", "since its fork"),
	FIELD(struct exit_record, cpu_ns, FIELD_U64, "ns",
	      "CPU time of all its threads, as the scheduler counts it; without what its end "
	      "itself takes"),
	FIELD(struct exit_record, user_ns, FIELD_U64, "ns",
	      "of it in user mode, as sampled by the kernel's tick"),
	FIELD(struct exit_record, system_ns, FIELD_U64, "ns", "of it in the kernel, likewise"),
	FIELD(struct exit_record, max_rss_bytes, FIELD_U64, "bytes", "largest resident memory"),
	FIELD(struct exit_record, minor_faults, FIELD_U64, "faults",
	      "minor faults of all its threads"),
	FIELD(struct exit_record, major_faults, FIELD_U64, "faults",
	      "major faults of all its threads"),
	FIELD(struct exit_record, threads, FIELD_U64, "threads",
	      "it has had, the first among them; missing where it began before the probe, and none "
	      "since"),
	FIELD(struct exit_record, cgroup, FIELD_U64, "",
	      "inode number of the process's cgroup2 directory"),
	FIELD(struct exit_record, cgroup_path, FIELD_STRING, "", CGROUP_PATH_MEANING),
	FIELD(struct exit_record, ts_ns, FIELD_U64, "ns", "CLOCK_MONOTONIC"),
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

/* Quoted as a shell wants it, into t, which the caller frees; NULL where there is nothing. */
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

/* Of this run of the program; emit has no argument for it. */
static struct {
	struct cgroup_paths *paths;
	const struct probe *probe;
	uint8_t *forked; /* a bit for each PID whose fork was seen; NULL: forks are not followed */
} session;

#define PIDS_MAX (1u << 22) /* the kernel's PID_MAX_LIMIT */

int records_begin(const struct probe *p, bool follow, struct err *e)
{
	session.probe = p;
	session.forked = follow ? calloc(PIDS_MAX / 8, 1) : NULL;
	if (follow && !session.forked)
		return err_set(e, ENOMEM, "cannot follow processes");
	return cgroup_paths_new(&session.paths, NULL, e);
}

void records_end(void)
{
	cgroup_paths_free(session.paths);
	free(session.forked);
}

const char *records_cgroup_path(uint64_t cgroup)
{
	return cgroup_paths_find(session.paths, cgroup);
}

bool records_began_before(const struct exit_event *exit)
{
	return exit->task.ts_ns - exit->lifetime_ns < session.probe->begin_ns;
}

uint64_t records_follow(const struct task_event *task)
{
	uint32_t pid = task->kind == TASK_FORK ? task->child : task->pid;
	uint8_t bit = (uint8_t)(1u << pid % 8);
	bool known;

	if (!session.forked || pid >= PIDS_MAX ||
	    (task->kind != TASK_FORK && task->kind != TASK_EXIT))
		return 0;
	known = session.forked[pid / 8] & bit;
	session.forked[pid / 8] =
		(uint8_t)(task->kind == TASK_FORK ? session.forked[pid / 8] | bit
						  : session.forked[pid / 8] & ~bit);
	return task->kind == TASK_EXIT && !known &&
	       !records_began_before((const struct exit_event *)task);
}

static int emit_fork(struct out *out, const struct task_event *task)
{
	struct fork_record record = {
		.pid = task->pid,
		.tid = task->tid,
		.ppid = task->ppid,
		.child = task->child,
		.uid = task->uid,
		.cgroup = task->cgroup,
		.cgroup_path = records_cgroup_path(task->cgroup),
		.ts_ns = task->ts_ns,
	};

	memcpy(record.comm, task->comm, sizeof(record.comm));
	return out_record(out, task->kind == TASK_THREAD ? &thread_type : &fork_type, &record);
}

static int emit_exec(struct out *out, const struct exec_event *exec)
{
	struct text argv = { 0 };
	struct exec_record record = {
		.pid = exec->task.pid,
		.tid = exec->task.tid,
		.ppid = exec->task.ppid,
		.uid = exec->task.uid,
		.path = exec->path,
		.argv = quoted(&argv, exec->argv, exec->argv_read),
		.argv_cut = exec->argv_bytes > exec->argv_read,
		.cgroup = exec->task.cgroup,
		.cgroup_path = records_cgroup_path(exec->task.cgroup),
		.ts_ns = exec->task.ts_ns,
	};
	int r;

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
		.threads = exit->threads                ? exit->threads
			   : records_began_before(exit) ? MISSING_U64
							: 1,
		.cgroup = exit->task.cgroup,
		.cgroup_path = records_cgroup_path(exit->task.cgroup),
		.ts_ns = exit->task.ts_ns,
	};

	memcpy(record.comm, exit->task.comm, sizeof(record.comm));
	return out_record(out, &exit_type, &record);
}

static int emit_failed(struct out *out, const struct exec_failed_event *failed)
{
	struct text argv = { 0 };
	struct failed_record record = {
		.pid = failed->task.pid,
		.tid = failed->task.tid,
		.ppid = failed->task.ppid,
		.uid = failed->task.uid,
		.path = failed->path_read ? failed->path : NULL,
		.error = strerrorname_np((int)failed->error),
		.argv = quoted(&argv, failed->argv, failed->argv_read),
		.argv_cut = failed->argv_cut,
		.cgroup = failed->task.cgroup,
		.cgroup_path = records_cgroup_path(failed->task.cgroup),
		.ts_ns = failed->task.ts_ns,
	};

	int r;

	memcpy(record.comm, failed->task.comm, sizeof(record.comm));
	r = out_record(out, &failed_type, &record);
	text_done(&argv);
	return r;
}

int records_emit(struct out *out, const struct task_event *task)
{
	switch (task->kind) {
	case TASK_EXEC:
		return emit_exec(out, (const struct exec_event *)task);
	case TASK_EXEC_FAILED:
		return emit_failed(out, (const struct exec_failed_event *)task);
	case TASK_EXIT:
		return emit_exit(out, (const struct exit_event *)task);
	default:
		return emit_fork(out, task);
	}
}

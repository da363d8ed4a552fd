/* SPDX-License-Identifier: GPL-2.0-only */
/* supervise.h - runs any command under cgroup limits, with a deadline, and ends it for sure.
 *
 * The command runs without a shell, as the user given, in a new control group (cgroup.h) and a
 * session of its own. Its parent is a guardian process (guardian.h) that reaps its orphans and
 * waits on a pipe for the end of the supervisor, then kills and removes the group: nothing outlives
 * the supervisor by a second, even after kill -9. What is created is journaled first. The command
 * dies with the guardian, too. A limit that is raised or removed while the command runs ends it,
 * and its state says so. This limits what a command may take and hides nothing from it: no
 * namespaces but that of no_network, no seccomp.
 *
 *	supervise_config_init(&config);
 *	config.argv = argv;
 *	supervise_start(&supervised, &config, e);
 *	supervise_wait(&supervised, &e);		or supervise_poll() in a loop
 *	supervise_stop(&supervised, &result, e);	always; also after a failure in between
 *
 * With config.held, supervise_release() lets it start once the probes are attached.
 */
#ifndef COLDPRESS_SAFETY_SUPERVISE_H
#define COLDPRESS_SAFETY_SUPERVISE_H

#include "watch.h"
#include "lib/base/caller.h"

struct journal;
struct procfs_meminfo;

/* ---- bounds: pure ---- */

#define SUPERVISE_DURATION_DEFAULT_NS (20 * NS_PER_S)
#define SUPERVISE_DURATION_CAP_NS     (300 * NS_PER_S)

/* supervise_reserve_bytes - what must stay available: 10 % of MemTotal, but at least 512 MiB, or an
 * eighth below 4 GiB (docs/decisions/0005). */
uint64_t supervise_reserve_bytes(uint64_t mem_total_bytes);

/* supervise_size_bound_bytes - the largest load taken: half of what is available above the reserve;
 * 0 = none. */
uint64_t supervise_size_bound_bytes(uint64_t mem_available_bytes, uint64_t reserve_bytes);

/* supervise_memory_read - /proc/meminfo with total_bytes and available_bytes lowered to what the
 * control groups that enclose this process leave: loads are charged to them. */
int supervise_memory_read(struct procfs_meminfo *ret, struct err *e);

/* supervise_check_size - refuses (exit 2) a request above the bound, naming both and
 * --unsafe-allow-large. */
int supervise_check_size(uint64_t request_bytes, uint64_t bound_bytes, bool allow_large,
			 struct err *e);

/* supervise_check_duration - refuses (exit 2) more than cap_ns, naming both and
 * --unsafe-allow-long. */
int supervise_check_duration(uint64_t request_ns, uint64_t cap_ns, bool allow_long, struct err *e);

/* ---- one command ---- */

struct supervise_config {
	const char *name;  /* of the group, behind "coldpress.<pid>."; [A-Za-z0-9_-]+ */
	char *const *argv; /* NULL-terminated; argv[0] is looked up in PATH as execvp does */
	const char *cwd;   /* NULL = the scratch directory if there is one, else the caller's */
	const char *scratch_below; /* "/tmp": make a directory there for this command, which is
				    * removed with the group, whatever is in it; NULL = none */
	const struct caller *user; /* NULL = caller_read() */
	int stdin_fd, stdout_fd, stderr_fd; /* -1 = /dev/null; 0, 1, 2 = the caller's own */
	uint64_t memory_bytes;              /* MISSING_U64 = no limit */
	uint64_t swap_bytes;                /* MISSING_U64 = no limit */
	uint64_t pids;                      /* processes and threads; MISSING_U64 = no limit */
	uint64_t duration_ns;               /* deadline from release on; MISSING_U64 = none */
	uint64_t reserve_bytes;  /* abort before available memory falls below, at the pace it falls;
				    0 =  never */
	bool abort_on_full_pool; /* once the group has pages in swap, abort when a zram swap is at
				    its limit */
	double psi_full_percent; /* abort when the machine's memory `full` avg10 exceeds it; NaN =
				    never */
	uint64_t grace_ns;       /* from SIGTERM to SIGKILL */
	int oom_score_adj;       /* raised to this; never lowered */
	bool no_network;         /* an empty network namespace; only where we are root */
	bool held;               /* wait before exec until supervise_release */
	bool group_optional;     /* without the right to make groups: run without limits */
	struct journal *journal; /* NULL = not journaled (tests of this layer only) */
};

/* supervise_config_init - name "command", the caller's output, stdin /dev/null, no memory limit,
 * 4096 pids, 20 s, reserve by supervise_reserve_bytes of this machine, no PSI bound, full pools
 * ignored, grace 2 s, oom_score_adj 500. */
void supervise_config_init(struct supervise_config *config);

enum supervise_state {
	SUPERVISE_HELD, /* forked, in its group, not yet exec'd */
	SUPERVISE_RUNNING,
	SUPERVISE_OK,      /* exited 0 */
	SUPERVISE_FAILED,  /* exited not 0, or by a signal that we did not send */
	SUPERVISE_TIMEOUT, /* the deadline; we ended it */
	SUPERVISE_ABORTED, /* a bound was broken, or supervise_stop before the end: see why[] */
	SUPERVISE_OOM,     /* the OOM killer ended a process of its group */
};

/* supervise_state_name - "held", "running", "ok", "failed", "timeout", "aborted", "oom". */
const char *supervise_state_name(enum supervise_state state);

struct supervise_result {
	enum supervise_state state;
	int exit_status;  /* -1 = ended by a signal */
	int signal;       /* 0 = exited */
	uint64_t wall_ns; /* from release to the end of the command itself */
	/* Of all processes, exact, by wait4; missing when the guardian was killed. Not counted are
	 * processes whose parent ignores SIGCHLD; last.user_ns has them. */
	uint64_t user_ns, system_ns, minor_fault_count, major_fault_count;
	uint64_t max_rss_bytes;               /* of the largest process */
	uint64_t peak_bytes, peak_swap_bytes; /* highest samples: struct watch */
	struct cgroup_stat last; /* the group once all had ended; missing without a group */
	char why[WATCH_WHY_MAX]; /* for people; "" when ok */
};

struct supervised {
	struct cgroup group;
	bool grouped; /* the group was made */
	struct supervise_config config;
	struct caller user;
	pid_t pid;                  /* the command; 0 before it was forked and once it is reaped */
	pid_t guardian_pid;         /* 0 = none */
	int lifeline_fd;            /* to the guardian, which ends when this closes */
	int report_fd;              /* from the guardian */
	enum supervise_state state; /* HELD and RUNNING, else the result's */
	char scratch[128];          /* the directory; "" = none */
	uint64_t begin_ns, sampled_ns;
	struct watch watch;
	bool drained; /* every process is reaped */
	/* of the group's directories and of scratch; 0 = not journaled */
	unsigned int journal_ids[CGROUP_TREES + 1];
	struct supervise_result result; /* filled as it goes */
};

/* supervise_start - group, guardian, command. On failure nothing is left, and supervise_stop is
 * still allowed.
 *
 * errors  "cannot run 'foo': No such file or directory" (-ENOENT ...; unless held: then by
 * supervise_release); exit 77 without a memory controller or the right to make groups
 */
int supervise_start(struct supervised *supervised, const struct supervise_config *config,
		    struct err *e);

/* supervise_release - lets a held command exec. Errors as supervise_start's of exec. */
int supervise_release(struct supervised *supervised, struct err *e);

/* Memory limits below it are refused: they only make the OOM killer end everything. */
#define SUPERVISE_MEMORY_FLOOR_BYTES (8 * MIB)

/* supervise_poll - takes the guardian's reports, and at most every 100 ms samples and checks
 * (deadline, the limits themselves, MemAvailable, full pools, PSI); a broken bound ends the command
 * here, grace included. Waits for nothing else; to sleep until an event, poll(2) report_fd with a
 * timeout of 100 ms.
 *
 * returns  1 ended, 0 still running, or -errno
 */
int supervise_poll(struct supervised *supervised, struct err *e);

/* supervise_wait - polls until the command ended or stop_requested() (then -EINTR; the command
 * still runs). */
int supervise_wait(struct supervised *supervised, struct err *e);

/* supervise_stop - ends what still runs (SIGTERM, grace, group kill), removes the group, clears the
 * journal entries. Idempotent; ret may be NULL. A command still running becomes SUPERVISE_ABORTED.
 */
int supervise_stop(struct supervised *supervised, struct supervise_result *ret, struct err *e);

#endif

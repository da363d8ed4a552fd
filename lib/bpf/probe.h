/* SPDX-License-Identifier: GPL-2.0-only */
/* probe.h - the life of a BPF probe: open, load, attach, drain, account for every event, detach.
 *
 * Nothing is pinned: when the process ends, however it ends, the kernel removes its programs. Uses
 * no kprobe and no fentry.
 *
 * Conventions of the BPF side (bpf/common.bpf.h): programs are on_HOOK (tp_btf, perf), on_HOOK_raw,
 * on_HOOK_tp, all optional; maps "events" (ring), "counters" (struct probe_counts per CPU),
 * "cgroups".
 */
#ifndef COLDPRESS_BPF_PROBE_H
#define COLDPRESS_BPF_PROBE_H

#include "lib/base/opt.h"
#include "lib/base/out.h"

#include "probe_hook.h"
#include "probe_options.h"

struct bpf_link;
struct bpf_object;
struct bpf_program;
struct ring_buffer;

struct probe_perf {
	int fd;
	size_t hook; /* index in probe_hooks */
	bool own;    /* without a program: no link closes fd */
};

/* What a probe sets before probe_stream or probe_finish; ctx is that of probe_run. */
struct probe_calls {
	int (*emit)(void *ctx, const void *event, size_t bytes); /* returns what out_record did */
	int (*tick)(void *ctx); /* every tick_ns, NULL: never; returns what out_record did */
	uint64_t tick_ns;
	bool (*ended)(void *ctx); /* NULL, or whether it is time to stop, once until_fd was ready */
	void (*on_poll)(void *ctx); /* NULL, or before each poll of the ring: every 10 to 50 ms */
	void (*before_detach)(void *ctx); /* NULL, or while the programs are still attached */
};

struct probe {
	const struct probe_options *options;
	void *ctx;
	struct probe_calls calls;
	uint32_t pid_space; /* for the programs' constant of this name */
	struct probe_kernel kernel;
	struct probe_choice choices[PROBE_HOOKS];
	struct bpf_object *object;                 /* the skeleton's */
	struct bpf_program *programs[PROBE_HOOKS]; /* in use, or NULL */
	bool counted[PROBE_HOOKS];                 /* perf events in use without a program */
	struct bpf_link **links;
	struct probe_perf *perf;
	size_t n_links, n_perf;
	char *perf_cpus, *cpus_now; /* online when attached, NULL: no perf event; and later */
	int grace_fd, grace_inner;  /* maps, to wait until no program runs any more */
	uint64_t perf_events[PROBE_HOOKS]; /* counted by the kernel; filled by probe_detach */
	struct ring_buffer *ring;
	struct out *out;
	uint64_t begin_ns, end_ns; /* attached, detached */
	struct end_record end;
	int stats_fd;         /* open while the kernel times programs; -1: it does not */
	int wake_fd;          /* readable when a program wakes the reader; -1: none does */
	bool until_ready;     /* until_fd was readable */
	int until_fd;         /* readable when it is time to stop (a pidfd); -1: none */
	bool reads_processes; /* keep the rights to read maps and files of other processes */
	int sink_error;       /* the first; a reader that closed the pipe is -EPIPE */
};

/* probe_main - main of a program with one command. config holds the defaults. */
int probe_main(const char *name, const struct opt_command *command,
	       const struct record_type *const *records, void *config, int argc, char **argv);

/* probe_run - a probe from opening to closing: rights, kernel, signal handlers and sink; then
 * trace, which is what differs; then the end record. The hooks are detached in any case. Zeroes *p.
 * The skeleton, which PROBE_OPEN opens in trace, is the caller's to destroy afterwards.
 */
int probe_run(struct probe *p, const struct probe_options *options,
	      int (*trace)(void *ctx, struct err *e), void *ctx, struct err *e);

#define PROBE_OPEN(p, skel, name, e) \
	(((skel) = name##__open()) ? ((p)->object = (skel)->obj, 0) \
				   : err_set(e, errno, "cannot open the BPF programs"))

/* ---- load and attach: probe_attach.c ---- */

/* probe_use - before probe_load: use this hook's program. False: the kernel has no such hook. */
bool probe_use(struct probe *p, const char *hook);

/* probe_require - probe_use, for a hook that the probe cannot do without (exit 77). */
int probe_require(struct probe *p, const char *hook, struct err *e);

/* probe_count - let the kernel count this perf event without running a program: next to no cost.
 * errors  as probe_require
 */
int probe_count(struct probe *p, const char *hook, struct err *e);

/* probe_load - sizes the ring (or omits it where no single events are streamed), loads, opens the
 * cgroup of the filter.
 */
int probe_load(struct probe *p, bool streams, struct err *e);

/* probe_wake - after probe_load: let programs end the wait of probe_stream, with
 * BPF_RB_FORCE_WAKEUP. Sets p->reads_processes: what is urgent is a process that may end.
 */
int probe_wake(struct probe *p, struct err *e);

/* probe_attach - attaches all programs that were loaded, perf events on each CPU; then drops the
 * capabilities except those that --output, reads_processes and sending a signal to the process
 * behind until_fd need.
 */
int probe_attach(struct probe *p, struct err *e);

/* probe_detach - detaches the programs and waits until none of them runs any more. */
void probe_detach(struct probe *p);

/* ---- while attached ---- */

/* probe_ready - announces it: a record {"type":"ready"} in JSON, and message on stderr. */
int probe_ready(struct probe *p, const char *message);

/* probe_wait - sleeps up to ns; shorter when a signal comes, the reader of stdout closes it or the
 * duration ends. Returns why to stop, as in end_record.reason, or NULL to go on.
 */
const char *probe_wait(struct probe *p, uint64_t ns);

/* probe_sleep - until it is time to stop; fills p->end.reason. */
void probe_sleep(struct probe *p);

/* probe_trace_pipe - the specification's own lines: prints where to read them, then waits until it
 * is time to stop. line is an example.
 */
int probe_trace_pipe(struct probe *p, const char *line);

/* probe_stream - passes each event of the ring to calls.emit until it is time to stop, then
 * probe_finish. Leaves p->end filled: seen = emitted + filtered + dropped.
 */
int probe_stream(struct probe *p, struct err *e);

/* probe_finish - calls before_detach, detaches, drains the ring, and fills p->end with what the
 * programs counted.
 */
int probe_finish(struct probe *p, struct err *e);

/* ---- after probe_detach ---- */

/* probe_perf_events - number of a perf event, counted by the kernel. */
uint64_t probe_perf_events(const struct probe *p, const char *hook);

/* probe_counts - the event counters of all CPUs added up. */
int probe_counts(const struct probe *p, struct probe_counts *ret, struct err *e);

/* probe_missed - runs that the kernel skipped because a program was already running on that CPU. */
uint64_t probe_missed(const struct probe *p);

/* probe_sum - the one value of a per-CPU array map, added up over all CPUs into *sum (bytes long),
 * which is zeroed first.
 */
int probe_sum(int map, size_t bytes, void (*add)(void *sum, const void *cpu), void *sum,
	      struct err *e);

#endif

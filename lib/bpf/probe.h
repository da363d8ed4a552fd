/* SPDX-License-Identifier: GPL-2.0-only */
/* probe.h - the life of a BPF probe: rights, hooks, load, attach, drain, account for every event,
 * detach.
 *
 * Each hook can be had in several ways; which ones depends on the kernel, and the choice is made by
 * looking at the kernel, never at its version. Nothing is pinned: when the process goes, however it
 * goes, the kernel takes its programs down. Uses no kprobe and no fentry.
 *
 * Conventions of the BPF side (bpf/common.bpf.h): programs are on_HOOK (tp_btf, perf), on_HOOK_raw,
 * on_HOOK_tp, all optional; maps "events" (ring), "counters" (struct probe_counts per CPU),
 * "cgroups".
 */
#ifndef COLDPRESS_BPF_PROBE_H
#define COLDPRESS_BPF_PROBE_H

#include <linux/types.h>

#include "bpf/abi.h"
#include "lib/base/err.h"
#include "lib/base/opt.h"
#include "lib/base/out.h"
#include "lib/base/sysroot.h"

struct bpf_link;
struct bpf_object;
struct bpf_program;
struct ring_buffer;

/* ---- which variant of each hook this kernel offers ---- */
enum probe_variant {
	PROBE_AUTO,    /* in a request: the first below that is offered */
	PROBE_TP_BTF,  /* tracepoint, arguments typed by BTF (5.5) */
	PROBE_RAW_TP,  /* tracepoint, arguments untyped; costs the same */
	PROBE_CLASSIC, /* tracepoint through perf: needs tracefs, costs about 2.5 times as much */
	PROBE_PERF,    /* perf software event, opened on each CPU */
	PROBE_MISSING, /* none of them */
};
extern const char
	*const probe_variant_names[]; /* "auto", "tp_btf", "raw_tp", "classic", "perf", "missing" */

#define PROBE_HOOKS 21

struct probe_hook {
	const char *group,
		*name; /* tracepoint as in tracefs' events/GROUP/NAME, or "perf" and the event */
	unsigned int variants; /* bit 1 << enum probe_variant for each that the probes have a
				  program for */
	const char *note;      /* what it is for, and what to expect without it */
};
extern const struct probe_hook probe_hooks[PROBE_HOOKS];

/* What was found out about the running kernel; index as in probe_hooks. */
struct probe_kernel {
	bool btf;  /* /sys/kernel/btf/vmlinux is there: without it nothing can be loaded */
	bool perf; /* perf_event_open exists */
	/* block_device_operations has rw_page: swap hands single pages to a device past the block
	 * layer. In 6.1, not in 6.12.
	 */
	bool rw_page;
	bool typed[PROBE_HOOKS];  /* BTF knows the tracepoint's arguments */
	bool listed[PROBE_HOOKS]; /* tracefs lists it; false too where tracefs is not mounted */
};

struct probe_choice {
	const char *hook; /* "sched_process_fork" */
	enum probe_variant variant;
	const char *status; /* "ok", "missing" */
	const char *note;   /* why this one, or what goes missing with it */
};

/* probe_kernel_read - looks at BTF, tracefs and perf below root. Needs no privilege. Where BTF is
 * missing, ret->btf is false and 0 is returned.
 *
 * errors  libbpf's own where the BTF is there and cannot be read
 */
int probe_kernel_read(const struct sysroot *root, struct probe_kernel *ret, struct err *e);

/* probe_hook_find - pure: the variant of each hook, in the order of probe_hooks. wanted narrows the
 * choice for tests and comparisons; PROBE_AUTO takes tp_btf, else raw_tp, else classic.
 */
void probe_hook_find(const struct probe_kernel *kernel, enum probe_variant wanted,
		     struct probe_choice ret[PROBE_HOOKS]);

/* probe_rights - 0 when this process may load tracing programs; else exit 77 and which capability
 * is missing. */
int probe_rights(struct err *e);

/* ---- options that all probes share ---- */
struct probe_options {
	int format; /* enum out_format; -1 = not given: the specification's own lines */
	const char *output, *comm, *cgroup;
	uint64_t duration_ns, max_events, ringbuf_bytes, uid; /* MISSING_U64 = not given */
	pid_t tgid;
	int hook;       /* enum probe_variant */
	int timestamps; /* enum out_time */
	bool quiet, verbose, stats;
	struct opt_list fields;
};

#define PROBE_DEFAULTS \
	{ \
		.format = -1, .duration_ns = MISSING_U64, .max_events = MISSING_U64, \
		.uid = MISSING_U64, .ringbuf_bytes = 64 * MIB, \
	}

extern const char *const probe_hook_choices[], *const probe_time_choices[];

/* Rows of an option table; config has a `struct probe_options` of this name. */
#define PROBE_OPT_OUTPUT(config, o) \
	OPT_CHOICE('f', "format", config, o.format, opt_format_choices, \
		   "records of this kind on stdout, in place of the plain lines"), \
		OPT_FILE('o', "output", config, o.output, "records into this file"), \
		OPT_DURATION('d', "duration", config, o.duration_ns, \
			     "stop after this long, e.g. 10s"), \
		OPT_CHOICE(0, "timestamps", config, o.timestamps, probe_time_choices, \
			   "ts_ns, CLOCK_MONOTONIC; or in its place time, the wall clock in UTC; " \
			   "or both"), \
		OPT_FLAG('q', "quiet", config, o.quiet, "say nothing on stderr but errors"), \
		OPT_FLAG('v', "verbose", config, o.verbose, \
			 "say the hooks in use and the verifier's words on stderr"), \
		OPT_FLAG(0, "stats", config, o.stats, \
			 "at the end what the probe itself cost: runs and time of each hook's " \
			 "program, own CPU"), \
		OPT_CHOICE( \
			0, "hook", config, o.hook, probe_hook_choices, \
			"use this kind of hook only; auto takes the first that the kernel offers")

#define PROBE_OPT_STREAM(config, o) \
	OPT_LIST(0, "fields", config, o.fields, \
		 "only these fields of each record, in this order"), \
		OPT_U64(0, "max-events", config, o.max_events, "stop after this many records", \
			.min = 1), \
		OPT_SIZE(0, "ringbuf-size", config, o.ringbuf_bytes, \
			 "room for records the reader has not taken yet, a power of two", \
			 .metavar = "SIZE", .min = 4 * KIB, .max = GIB)

#define PROBE_OPT_FILTER(config, o) \
	OPT_PID('p', "pid", config, o.tgid, "only this process, all its threads"), \
		OPT_STRING('n', "comm", config, o.comm, "only tasks of this name", \
			   .metavar = "NAME"), \
		OPT_U64('u', "uid", config, o.uid, "only tasks of this real user id", \
			.metavar = "UID", .max = UINT32_MAX - 1), \
		OPT_FILE('c', "cgroup", config, o.cgroup, \
			 "only tasks in this directory of the cgroup2 tree or below it", \
			 .metavar = "PATH")

/* ---- life cycle ---- */
struct probe_perf {
	int fd;
	size_t hook; /* index in probe_hooks */
	bool own;    /* without a program: no link closes fd */
};

struct probe {
	const struct probe_options *options;
	struct probe_kernel kernel;
	struct probe_choice choices[PROBE_HOOKS];
	struct bpf_object *object; /* the skeleton's */
	struct bpf_link **links;
	struct probe_perf *perf;
	size_t n_links, n_perf;
	uint64_t perf_events[PROBE_HOOKS]; /* what the kernel counted; filled by probe_detach */
	struct ring_buffer *ring;
	struct out *out;
	int (*emit)(struct out *out, const void *event, size_t bytes);
	uint64_t tick_ns;             /* probe_stream calls tick this often; 0: never */
	int (*tick)(struct probe *p); /* returns what out_record did */
	void (*beat)(void); /* NULL, or called by probe_stream in each round, 10 to 50 ms apart */
	void (*before_detach)(
		void *ctx); /* NULL, or called by probe_finish while all is still attached */
	void *before_detach_ctx;
	uint64_t begin_ns, end_ns; /* ready, detached */
	struct end_record end;
	int stats_fd;         /* open while the kernel times programs; -1: it does not */
	int wake_fd;          /* readable when a program wakes the reader; -1: none does */
	int until_fd;         /* readable when it is time to stop (a pidfd); -1: none, as opened */
	bool reads_processes; /* go on reading maps and files of others once attached */
	int sink_error;       /* the first; a reader that went away is -EPIPE */
	struct bpf_program *programs[PROBE_HOOKS]; /* in use, or NULL */
	bool counted[PROBE_HOOKS];                 /* perf events in use without a program */
};

/* probe_run - a probe from opening to closing: rights, kernel, signal handlers and sink; what
 * differs, which is trace; then the end record. Whatever comes of it, the hooks are let go. Zeroes
 * *p. The skeleton, which PROBE_OPEN opens in trace, is the caller's to destroy afterwards.
 */
int probe_run(struct probe *p, const struct probe_options *options,
	      int (*trace)(struct probe *p, void *ctx, struct err *e), void *ctx, struct err *e);

#define PROBE_OPEN(skel, name, e) \
	(((skel) = name##__open()) ? 0 : err_set(e, errno, "cannot open the probe's programs"))

/* probe_needs_format - usage error where an option about records is given without --format. */
int probe_needs_format(const struct probe_options *options, struct err *e);

/* probe_filter - the filter as the BPF side wants it. errors  usage: a name too long to be a task's
 */
int probe_filter(const struct probe_options *options, struct probe_filter *ret, struct err *e);

/* probe_use - before probe_load: take this hook's program. False: the kernel has no such hook. */
bool probe_use(struct probe *p, struct bpf_object *object, const char *hook);

/* probe_count - let the kernel count this perf event without running a program: costs next to
 * nothing. */
bool probe_count(struct probe *p, const char *hook);

/* probe_perf_events - after probe_detach: how often a perf event happened, by the kernel's own
 * count. */
uint64_t probe_perf_events(const struct probe *p, const char *hook);

/* probe_no_hook - the error for a hook that a program cannot do without (exit 77). */
int probe_no_hook(const struct probe *p, const char *hook, struct err *e);

/* probe_load - sizes the ring (or leaves it out where no single events are streamed), loads, opens
 * the cgroup that the filter asks for.
 */
int probe_load(struct probe *p, struct bpf_object *object, bool streams, struct err *e);

/* probe_wake - after probe_load: let programs end probe_stream's wait, with BPF_RB_FORCE_WAKEUP.
 * Sets p->reads_processes: what is urgent is a process that may end.
 */
int probe_wake(struct probe *p, struct err *e);

/* probe_attach - all programs that were loaded, perf events on each CPU; then drops the
 * capabilities, but what
 * --output, reads_processes and sending a signal to the process behind until_fd need.
 */
int probe_attach(struct probe *p, struct err *e);

/* probe_ready - says so: a record {"type":"ready"} where records are written, and words on stderr.
 */
int probe_ready(struct probe *p, const char *words);

/* probe_wait - sleeps up to ns, less when a signal comes, the reader of stdout goes or the duration
 * is over. Returns why to stop, as in end_record.reason, or NULL to go on.
 */
const char *probe_wait(struct probe *p, uint64_t ns);

/* probe_sleep - until it is time to stop; fills p->end.reason. */
void probe_sleep(struct probe *p);

/* probe_trace_pipe - the specification's own lines: says where to read them, then waits until it is
 * time to stop. line is what one looks like.
 */
int probe_trace_pipe(struct probe *p, const char *line);

/* probe_finish - calls before_detach, detaches, and fills p->end with what the programs counted. */
int probe_finish(struct probe *p, struct err *e);

/* probe_stream - drains the ring into emit until it is time to stop, then detaches and takes the
 * rest. Leaves p->end filled: seen = emitted + filtered + dropped. emit returns what out_record
 * returned.
 */
int probe_stream(struct probe *p, int (*emit)(struct out *out, const void *event, size_t bytes),
		 struct err *e);

/* probe_detach - takes the programs off their hooks and waits until none of them runs any more. */
void probe_detach(struct probe *p);

/* probe_counts - the counters of all CPUs added up; probe_finish has taken them. */
int probe_counts(const struct probe *p, struct probe_counts *ret, struct err *e);

/* probe_missed - runs that the kernel skipped because a program was already running on that CPU. */
uint64_t probe_missed(const struct probe *p);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* probe_options.h - the options that all probes have, and the filter they give. */
#ifndef COLDPRESS_BPF_PROBE_OPTIONS_H
#define COLDPRESS_BPF_PROBE_OPTIONS_H

#include <linux/types.h>

#include "bpf/abi.h"
#include "lib/base/opt.h"

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
		   "print records in this format instead of the default lines"), \
		OPT_FILE('o', "output", config, o.output, \
			 "write the output to FILE as it comes; an existing FILE is replaced " \
			 "once the " \
			 "probe is attached; default standard output"), \
		OPT_DURATION('d', "duration", config, o.duration_ns, \
			     "stop after this time, e.g. 10s"), \
		OPT_CHOICE( \
			0, "timestamps", config, o.timestamps, probe_time_choices, \
			"monotonic: field ts_ns (CLOCK_MONOTONIC); utc: field time (wall clock, " \
			"ISO 8601) instead of ts_ns; both: time and ts_ns"), \
		OPT_FLAG('q', "quiet", config, o.quiet, \
			 "print only warnings and errors on standard error"), \
		OPT_FLAG('v', "verbose", config, o.verbose, \
			 "print the hooks in use and the verifier log on standard error"), \
		OPT_FLAG(0, "stats", config, o.stats, \
			 "at the end, print the cost of the probe: runs and time of each BPF " \
			 "program, CPU time of the reader"), \
		OPT_CHOICE(0, "hook", config, o.hook, probe_hook_choices, \
			   "kind of hook. tp_btf: tracepoint with typed arguments (BTF); raw_tp: " \
			   "raw " \
			   "tracepoint; classic: tracepoint through perf and tracefs; perf: " \
			   "software " \
			   "event; auto: the first of these that the kernel offers")

#define PROBE_OPT_FIELDS(config, o) \
	OPT_LIST(0, "fields", config, o.fields, "print only these fields, in this order")

#define PROBE_OPT_STREAM(config, o) \
	PROBE_OPT_FIELDS(config, o), \
		OPT_U64(0, "max-events", config, o.max_events, "stop after this many records", \
			.min = 1), \
		OPT_SIZE(0, "ringbuf-size", config, o.ringbuf_bytes, \
			 "size of the ring buffer; a power of two", .metavar = "SIZE", \
			 .min = 4 * KIB, .max = GIB)

#define PROBE_OPT_FILTER(config, o) \
	OPT_PID('p', "pid", config, o.tgid, "only this process (all its threads)"), \
		OPT_STRING('n', "comm", config, o.comm, "only tasks with this name", \
			   .metavar = "NAME"), \
		OPT_U64('u', "uid", config, o.uid, "only tasks with this real user ID", \
			.metavar = "UID", .max = UINT32_MAX - 1), \
		OPT_FILE('c', "cgroup", config, o.cgroup, \
			 "only tasks in this cgroup2 directory or below it, e.g. " \
			 "/sys/fs/cgroup/user.slice", \
			 .metavar = "PATH")

/* probe_needs_format - usage error where an option about records is given without --format. */
int probe_needs_format(const struct probe_options *options, struct err *e);

/* probe_check_pid - usage error that names it where pid is no process: none, or one of its threads.
 *
 * option  e.g. "--pid"
 */
int probe_check_pid(const char *option, pid_t pid, struct err *e);

/* probe_pid - a PID or TID of the BPF side for a record; MISSING_U64: not visible in our namespace.
 */
static inline uint64_t probe_pid(uint32_t pid)
{
	return pid == PID_OUTSIDE ? MISSING_U64 : pid;
}

/* probe_filters - whether any of the filter options is given. */
bool probe_filters(const struct probe_options *options);

/* probe_filter - the filter for the BPF side. errors  usage: a name longer than the kernel keeps */
int probe_filter(const struct probe_options *options, struct probe_filter *ret, struct err *e);

#endif

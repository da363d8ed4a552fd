/* SPDX-License-Identifier: GPL-2.0-only */
/* probe.c - the life of a BPF probe: open, wait, drain, account, close.
 *
 * The ring is drained on a timer (records are submitted without a wake-up, which would cost ten
 * times the record), and once more when the programs are detached and none runs any more: then the
 * counters do not change, and seen = emitted + filtered + dropped is exact.
 */
#include "probe.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>

#include "lib/base/rights.h"
#include "lib/base/stop.h"
#include "lib/base/term.h"

/* How often the ring is polled, while records come and while none do. The page faults of one core
 * fill 30 MiB a second: the default ring lasts for two seconds.
 */
#define DRAIN_NS (10 * NS_PER_MS)
#define IDLE_NS  (50 * NS_PER_MS)

static int libbpf_log(enum libbpf_print_level level UNUSED, const char *fmt, va_list args)
{
	return vfprintf(stderr, fmt, args);
}

struct ready_record {
	uint64_t ts_ns;
	const char *hooks;
};

static const struct field ready_fields[] = {
	FIELD(struct ready_record, ts_ns, FIELD_U64, "ns",
	      "CLOCK_MONOTONIC when all hooks were attached"),
	FIELD(struct ready_record, hooks, FIELD_STRING, "", "each hook with the variant in use"),
};

static const struct record_type ready_type = RECORD_TYPE(
	"ready", 1, RECORD_LINE, ready_fields, "the probe is attached: all later events are seen");

struct stats_record {
	const char *hook;
	uint64_t runs, total_ns, mean_ns;
};

static const struct field stats_fields[] = {
	FIELD(struct stats_record, hook, FIELD_STRING, "",
	      "hook, or `reader`: this program itself"),
	FIELD(struct stats_record, runs, FIELD_U64, "runs",
	      "runs of the hook's program; missing if the kernel does not count them"),
	FIELD(struct stats_record, total_ns, FIELD_U64, "ns",
	      "time of these runs; for the reader, its CPU time"),
	FIELD(struct stats_record, mean_ns, FIELD_U64, "ns", "total_ns / runs"),
};

static const struct record_type stats_type = RECORD_TYPE(
	"probe_stats", 1, RECORD_TABLE, stats_fields, "with --stats: the cost of the probe itself");

static int probe_open(struct probe *p, const struct probe_options *options, void *ctx,
		      struct err *e)
{
	int rc;

	*p = (struct probe){ .options = options,
			     .ctx = ctx,
			     .wake_fd = -1,
			     .until_fd = -1,
			     .stats_fd = -1,
			     .grace_fd = -1,
			     .grace_inner = -1 };
	p->end = (struct end_record){ .missed = MISSING_U64, .unmatched = MISSING_U64 };
	term_set_level(options->quiet ? TERM_QUIET : options->verbose ? TERM_VERBOSE : TERM_NORMAL);
	libbpf_set_print(options->verbose ? libbpf_log : NULL);
	rc = stop_install(e);
	if (rc)
		return rc;
	if (options->tgid)
		rc = probe_check_pid("--pid", options->tgid, e);
	if (!rc)
		rc = rights_check(RIGHTS_PROBE, "loading a probe", e);
	if (!rc)
		rc = rights_pid_space(&p->pid_space, e);
	if (rc)
		return rc;
	rc = probe_kernel_read(NULL, &p->kernel, e);
	if (rc)
		return rc;
	if (!p->kernel.btf) {
		err_impossible(
			e,
			"this kernel has no type information: /sys/kernel/btf/vmlinux is missing");
		return err_hint(e, "boot a kernel built with CONFIG_DEBUG_INFO_BTF=y, e.g. that "
				   "of Debian, Ubuntu, Fedora or Arch");
	}
	probe_hook_find(&p->kernel, (enum probe_variant)options->hook, p->choices);
	rc = out_new_stream(&p->out, (enum out_format)MAX(options->format, OUT_TEXT),
			    options->output, e);
	if (!rc)
		out_set_time(p->out, (enum out_time)options->timestamps);
	return rc;
}

int probe_ready(struct probe *p, const char *message)
{
	struct ready_record ready = { .ts_ns = monotonic_ns() };
	char hooks[PROBE_HOOKS * 48] = "";
	size_t used = 0;

	p->begin_ns = ready.ts_ns;
	term_say("%s", message);
	if (p->options->format != OUT_JSON)
		return 0;
	for (size_t i = 0; i < PROBE_HOOKS; i++) {
		if (p->programs[i])
			used += (size_t)snprintf(hooks + used, sizeof(hooks) - used, "%s%s:%s",
						 used ? " " : "", probe_hooks[i].name,
						 probe_variant_names[p->choices[i].variant]);
	}
	ready.hooks = hooks;
	out_record(p->out, &ready_type, &ready);
	return out_flush(p->out);
}

/* Why a signal ends the probe, or NULL. */
static const char *stopped(void)
{
	int sig = stop_requested();

	return !sig ? NULL : sig == SIGPIPE ? "reader" : "signal";
}

/* Whether what until_fd stands for has ended. */
static bool ended(const struct probe *p)
{
	return p->until_ready && (!p->calls.ended || p->calls.ended(p->ctx));
}

const char *probe_wait(struct probe *p, uint64_t ns)
{
	bool file = p->options->output && !str_eq(p->options->output, "-");
	/* No events for stdout: POLLERR comes anyway when the last reader closes the pipe. */
	struct pollfd fds[] = { { .fd = file ? -1 : STDOUT_FILENO },
				{ .fd = p->until_ready ? -1 : p->until_fd, .events = POLLIN },
				{ .fd = p->wake_fd, .events = POLLIN } };
	struct epoll_event woken;
	uint64_t now = monotonic_ns();
	struct timespec timeout;

	if (p->options->duration_ns != MISSING_U64) {
		uint64_t end = p->begin_ns + p->options->duration_ns;

		if (now >= end)
			return "duration";
		ns = MIN(ns, end - now);
	}
	timeout = (struct timespec){ .tv_sec = (time_t)(ns / NS_PER_S),
				     .tv_nsec = (long)(ns % NS_PER_S) };
	if (stopped())
		return stopped();
	if (ppoll(fds, ARRAY_SIZE(fds), &timeout, NULL) > 0) {
		if (fds[0].revents & POLLERR)
			return "reader";
		p->until_ready |= (fds[1].revents & POLLIN) != 0;
		if (fds[2].revents & POLLIN)
			epoll_wait(p->wake_fd, &woken, 1, 0);
	}
	if (stopped())
		return stopped();
	return ended(p) ? "done" : NULL;
}

void probe_sleep(struct probe *p)
{
	while (!p->end.reason)
		p->end.reason = probe_wait(p, NS_PER_S);
}

static void report_tracing_off(void)
{
	static const char *const paths[] = { "/sys/kernel/tracing/tracing_on",
					     "/sys/kernel/debug/tracing/tracing_on" };
	uint64_t on;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		if (sysroot_read_u64(NULL, &on, NULL, "%s", paths[i]))
			continue;
		if (!on)
			term_warn("tracing is off, so no line will appear; turn it on: "
				  "echo 1 | sudo tee %s",
				  paths[i]);
		return;
	}
}

int probe_trace_pipe(struct probe *p, const char *line)
{
	probe_ready(p, "attached; lines go to the kernel's trace buffer, read them with:");
	term_say("  sudo cat /sys/kernel/tracing/trace_pipe");
	if (!sysroot_exists(NULL, "/sys/kernel/tracing/trace_pipe")) {
		term_say("tracefs is not mounted; to mount it:");
		term_say("  sudo mount -t tracefs tracefs /sys/kernel/tracing");
	}
	report_tracing_off();
	term_say("format: `%s`; stop with ^C", line);
	probe_sleep(p);
	return 0;
}

/* Flushes what was written; why to stop, or NULL. */
static const char *flush(struct probe *p)
{
	if (!p->sink_error)
		p->sink_error = out_flush(p->out);
	if (p->sink_error)
		return p->sink_error == -EPIPE ? "reader" : "partial";
	return p->end.emitted >= p->options->max_events ? "done" : NULL;
}

/* When it is due; else limits the wait to the time until then. */
static const char *tick(struct probe *p, uint64_t *next_ns, uint64_t *wait_ns)
{
	uint64_t now = monotonic_ns();

	if (now < *next_ns) {
		*wait_ns = MIN(*wait_ns, *next_ns - now);
		return NULL;
	}
	*next_ns += p->calls.tick_ns;
	p->sink_error = p->calls.tick(p->ctx);
	return flush(p);
}

int probe_finish(struct probe *p, struct err *e)
{
	struct probe_counts counts;
	int rc;

	if (p->calls.before_detach)
		p->calls.before_detach(p->ctx);
	probe_detach(p);
	if (p->ring) {
		ring_buffer__consume(p->ring);
		flush(p);
	}
	rc = probe_counts(p, &counts, e);
	if (rc)
		return rc;
	p->end.seen = counts.seen;
	p->end.filtered += counts.filtered;
	p->end.dropped += counts.dropped;
	p->end.missed = probe_missed(p);
	return 0;
}

int probe_stream(struct probe *p, struct err *e)
{
	uint64_t next_ns = p->begin_ns + p->calls.tick_ns;

	while (!p->end.reason) {
		uint64_t before = p->end.emitted, wait_ns;

		if (p->calls.on_poll)
			p->calls.on_poll(p->ctx);
		ring_buffer__consume(p->ring);
		p->end.reason = flush(p);
		wait_ns = p->end.emitted > before ? DRAIN_NS : IDLE_NS;
		if (p->calls.tick && !p->end.reason)
			p->end.reason = tick(p, &next_ns, &wait_ns);
		if (!p->end.reason)
			p->end.reason = probe_wait(p, wait_ns);
	}
	return probe_finish(p, e);
}

uint64_t probe_perf_events(const struct probe *p, const char *hook)
{
	return p->perf_events[probe_hook_index(hook)];
}

int probe_sum(int map, size_t bytes, void (*add)(void *sum, const void *cpu), void *sum,
	      struct err *e)
{
	int cpus = MAX(libbpf_num_possible_cpus(), 1);
	AUTO_FREE char *each = calloc((size_t)cpus, bytes);
	uint32_t zero = 0;

	if (!each || bpf_map_lookup_elem(map, &zero, each))
		return err_set(e, each ? errno : ENOMEM, "cannot read the probe's counters");
	memset(sum, 0, bytes);
	for (int cpu = 0; cpu < cpus; cpu++)
		add(sum, each + (size_t)cpu * bytes);
	return 0;
}

static void add_counts(void *sum, const void *cpu)
{
	struct probe_counts *to = sum;
	const struct probe_counts *from = cpu;

	to->seen += from->seen;
	to->filtered += from->filtered;
	to->dropped += from->dropped;
}

int probe_counts(const struct probe *p, struct probe_counts *ret, struct err *e)
{
	return probe_sum(bpf_object__find_map_fd_by_name(p->object, "counters"), sizeof(*ret),
			 add_counts, ret, e);
}

/* What the kernel knows of the program in use at a hook; false: there is none. */
static bool program_info(const struct probe *p, size_t hook, struct bpf_prog_info *ret)
{
	uint32_t bytes = sizeof(*ret);

	*ret = (struct bpf_prog_info){ 0 };
	return p->programs[hook] &&
	       !bpf_obj_get_info_by_fd(bpf_program__fd(p->programs[hook]), ret, &bytes);
}

uint64_t probe_missed(const struct probe *p)
{
	struct bpf_prog_info info;
	uint64_t missed = 0;

	for (size_t i = 0; i < PROBE_HOOKS; i++)
		missed += program_info(p, i, &info) ? info.recursion_misses : 0;
	return missed;
}

static void print_stats(struct probe *p)
{
	struct stats_record reader = { "reader", MISSING_U64, process_cpu_ns(), MISSING_U64 };
	struct bpf_prog_info info;

	for (size_t i = 0; i < PROBE_HOOKS; i++) {
		struct stats_record own;

		if (!p->programs[i])
			continue;
		record_clear(&stats_type, &own);
		own.hook = probe_hooks[i].name;
		if (p->stats_fd >= 0 && program_info(p, i, &info)) {
			own.runs = info.run_cnt;
			own.total_ns = info.run_time_ns;
			own.mean_ns = info.run_cnt ? info.run_time_ns / info.run_cnt : MISSING_U64;
		}
		out_record(p->out, &stats_type, &own);
	}
	out_record(p->out, &stats_type, &reader);
}

/* A reader that closed the pipe is no error. */
static int probe_close(struct probe *p, struct err *e)
{
	struct out *out = p->out;

	if (p->options->stats && !p->sink_error)
		print_stats(p);
	if (p->options->format >= 0 || p->sink_error)
		out_record(out, &end_record_type, &p->end);
	p->out = NULL;
	return out_close(out, e);
}

static void probe_done(struct probe *p)
{
	const int fds[] = { p->stats_fd, p->wake_fd, p->grace_fd, p->grace_inner };

	probe_detach(p);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
	free(p->perf_cpus);
	free(p->cpus_now);
	ring_buffer__free(p->ring);
	free(p->links);
	free(p->perf);
	out_discard(p->out);
}

int probe_run(struct probe *p, const struct probe_options *options,
	      int (*trace)(void *ctx, struct err *e), void *ctx, struct err *e)
{
	int rc = probe_open(p, options, ctx, e);

	if (!rc)
		rc = trace(ctx, e);
	if (!rc)
		rc = probe_close(p, e);
	probe_done(p);
	return rc;
}

int probe_main(const char *name, const struct opt_command *command,
	       const struct record_type *const *records, void *config, int argc, char **argv)
{
	const struct opt_command commands[] = { *command, { .run = NULL } };
	const struct opt_program program = {
		.name = name,
		.summary = command->summary,
		.commands = commands,
		.config = config,
		.records = records,
	};

	return opt_main(&program, argc, argv);
}

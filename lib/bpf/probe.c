/* SPDX-License-Identifier: GPL-2.0-only */
/* probe.c - the life of a BPF probe: open, load, attach, drain, detach.
 *
 * The ring is drained on a timer (records are submitted without a wake-up, which would cost ten
 * times the record), and once more after the programs are off their hooks and none runs any more:
 * then the counters stand still and seen = emitted + filtered + dropped is exact. Does not choose
 * hooks: probe_hook.c does.
 */
#include "probe.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <linux/membarrier.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <signal.h>
#include <sys/capability.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "lib/base/stop.h"
#include "lib/base/term.h"

/* How often the ring is looked at, while records come and while none do. One core's faults fill 30
 * MiB a second: the default ring lasts for two.
 */
#define DRAIN_NS (10 * NS_PER_MS)
#define IDLE_NS  (50 * NS_PER_MS)

static int libbpf_say(enum libbpf_print_level level UNUSED, const char *fmt, va_list args)
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

static const struct record_type ready_type =
	RECORD_TYPE("ready", 1, RECORD_LINE, ready_fields,
		    "the probe is attached: what happens from now on is seen");

struct stats_record {
	const char *hook;
	uint64_t runs, total_ns, mean_ns;
};

static const struct field stats_fields[] = {
	FIELD(struct stats_record, hook, FIELD_STRING, "",
	      "hook, or `reader`: this program itself"),
	FIELD(struct stats_record, runs, FIELD_U64, "runs",
	      "of the hook's program; missing where the kernel does not count"),
	FIELD(struct stats_record, total_ns, FIELD_U64, "ns",
	      "they took; of the reader: its CPU time"),
	FIELD(struct stats_record, mean_ns, FIELD_U64, "ns", "total / runs"),
};

static const struct record_type stats_type = RECORD_TYPE(
	"probe_stats", 1, RECORD_TABLE, stats_fields, "with --stats: what the probe itself cost");

static int probe_open(struct probe *p, const struct probe_options *options, struct err *e)
{
	int r;

	*p = (struct probe){ .options = options, .wake_fd = -1, .until_fd = -1, .stats_fd = -1 };
	p->end = (struct end_record){ .missed = MISSING_U64, .unmatched = MISSING_U64 };
	term_set_level(options->quiet ? TERM_QUIET : options->verbose ? TERM_VERBOSE : TERM_NORMAL);
	libbpf_set_print(options->verbose ? libbpf_say : NULL);
	r = stop_install(e);
	if (r)
		return r;
	r = probe_rights(e);
	if (r)
		return r;
	r = probe_kernel_read(NULL, &p->kernel, e);
	if (r)
		return r;
	if (!p->kernel.btf) {
		err_impossible(
			e,
			"this kernel has no type information: /sys/kernel/btf/vmlinux is missing");
		return err_hint(e, "boot a kernel built with CONFIG_DEBUG_INFO_BTF=y, as those of "
				   "Debian, Ubuntu, Fedora and Arch are");
	}
	probe_hook_find(&p->kernel, (enum probe_variant)options->hook, p->choices);
	r = out_new(&p->out, (enum out_format)MAX(options->format, OUT_TEXT), options->output, e);
	if (!r)
		out_set_time(p->out, (enum out_time)options->timestamps);
	return r;
}

int probe_needs_format(const struct probe_options *options, struct err *e)
{
	const char *word = options->output                             ? "--output"
			   : options->fields.n                         ? "--fields"
			   : options->max_events != MISSING_U64        ? "--max-events"
			   : options->timestamps != OUT_TIME_MONOTONIC ? "--timestamps"
								       : NULL;

	if (options->format >= 0 || !word)
		return 0;
	return err_usage(e, "%s works on records: add --format text, json or csv", word);
}

int probe_filter(const struct probe_options *options, struct probe_filter *ret, struct err *e)
{
	size_t n = options->comm ? strlen(options->comm) : 0;

	if (n >= PROBE_COMM_LEN)
		return err_usage(e, "--comm %s: the kernel keeps %d bytes of a name", options->comm,
				 PROBE_COMM_LEN - 1);
	*ret = (struct probe_filter){
		.tgid = (uint32_t)options->tgid,
		.uid = options->uid == MISSING_U64 ? UINT32_MAX : (uint32_t)options->uid,
		.by_comm = options->comm != NULL,
		.by_cgroup = options->cgroup != NULL,
	};
	memcpy(ret->comm, options->comm ? options->comm : "", n);
	return 0;
}

static size_t hook_index(const char *hook)
{
	size_t i = 0;

	while (!str_eq(probe_hooks[i].name, hook))
		i++;
	return i;
}

bool probe_use(struct probe *p, struct bpf_object *object, const char *hook)
{
	static const char *const suffix[] = { [PROBE_TP_BTF] = "",
					      [PROBE_RAW_TP] = "_raw",
					      [PROBE_CLASSIC] = "_tp",
					      [PROBE_PERF] = "" };
	size_t i = hook_index(hook);
	char name[80];

	if (p->choices[i].variant == PROBE_MISSING)
		return false;
	snprintf(name, sizeof(name), "on_%s%s", hook, suffix[p->choices[i].variant]);
	p->programs[i] = bpf_object__find_program_by_name(object, name);
	bpf_program__set_autoload(p->programs[i], true);
	return true;
}

bool probe_count(struct probe *p, const char *hook)
{
	size_t i = hook_index(hook);

	return p->counted[i] = p->choices[i].variant == PROBE_PERF;
}

int probe_no_hook(const struct probe *p, const char *hook, struct err *e)
{
	const struct probe_hook *h = &probe_hooks[hook_index(hook)];

	if (p->options->hook != PROBE_AUTO) {
		err_impossible(e, "%s:%s cannot be had as %s here", h->group, h->name,
			       probe_variant_names[p->options->hook]);
		return err_hint(e, "leave --hook away; classic needs tracefs: mount -t tracefs "
				   "tracefs /sys/kernel/tracing");
	}
	err_impossible(e, "this kernel has no hook %s:%s (%s)", h->group, h->name, h->note);
	return err_hint(e, "coldpress doctor lists the hooks this kernel has");
}

/* The v2 directory whose tasks (and those below) pass, into slot 0 of the map that the filter looks
 * at. */
static int cgroup_open(struct probe *p, struct err *e)
{
	const char *path = p->options->cgroup;
	int map = bpf_object__find_map_fd_by_name(p->object, "cgroups");
	AUTO_CLOSE int fd = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	uint32_t zero = 0;

	if (!path)
		return 0;
	if (fd < 0)
		return err_set(e, errno, "cannot open cgroup %s", path);
	if (bpf_map_update_elem(map, &zero, &fd, BPF_ANY)) {
		err_set(e, errno, "%s is no directory of the cgroup2 tree", path);
		return err_hint(e, "cgroup2 is mounted at /sys/fs/cgroup, or "
				   "/sys/fs/cgroup/unified beside v1");
	}
	return 0;
}

static int ring_sample(void *ctx, void *event, size_t bytes)
{
	struct probe *p = ctx;
	int r;

	if (p->end.emitted >= p->options->max_events || p->sink_error) {
		p->end.filtered++; /* not asked for any more */
		return 0;
	}
	r = p->emit(p->out, event, bytes);
	if (r)
		p->sink_error = r;
	else
		p->end.emitted++;
	return 0;
}

/* What tests/live/verifier_budget bounds. */
static void tell_verified(const struct probe *p)
{
	for (size_t i = 0; i < PROBE_HOOKS; i++) {
		struct bpf_prog_info info = { 0 };
		uint32_t bytes = sizeof(info);

		if (p->programs[i] &&
		    !bpf_obj_get_info_by_fd(bpf_program__fd(p->programs[i]), &info, &bytes))
			term_detail("verified %s: %u instructions",
				    bpf_program__name(p->programs[i]), info.verified_insns);
	}
}

/* Short of descriptors libbpf fails in other places, too, with other errors. */
#define FILES_MIN 128

static bool few_files(struct err *e)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) || files.rlim_cur >= FILES_MIN)
		return false;
	err_hint(e, "this shell allows %llu open files, which may be too few: ulimit -n 1024 first",
		 (unsigned long long)files.rlim_cur);
	return true;
}

static int cannot_load(int r, struct err *e)
{
	err_set(e, r, "cannot load the probe into the kernel");
	return few_files(e) ? r : err_hint(e, "-v shows what the kernel says");
}

int probe_load(struct probe *p, struct bpf_object *object, bool streams, struct err *e)
{
	struct bpf_map *ring = bpf_object__find_map_by_name(object, "events");
	uint64_t bytes = p->options->ringbuf_bytes;
	int r;

	p->object = object;
	if (bytes & (bytes - 1))
		return err_usage(e, "--ringbuf-size must be a power of two, e.g. 64MiB");
	if (streams)
		bpf_map__set_max_entries(ring, (uint32_t)bytes);
	else if (ring)
		bpf_map__set_autocreate(ring, false);
	r = bpf_object__load(object);
	if (r == -EPERM) {
		err_impossible(e, "the kernel refuses to load the probe");
		return err_hint(e, "see /sys/kernel/security/lockdown (confidentiality forbids "
				   "it); -v shows what the kernel says");
	}
	if (r)
		return cannot_load(r, e);
	tell_verified(p);
	if (streams) {
		p->ring = ring_buffer__new(bpf_map__fd(ring), ring_sample, p, NULL);
		if (!p->ring)
			return err_set(e, errno, "cannot map the ring buffer");
	}
	return cgroup_open(p, e);
}

/* Edge-triggered: the ring, which is hardly ever empty, would be ready at every look. */
int probe_wake(struct probe *p, struct err *e)
{
	struct epoll_event wanted = { .events = EPOLLIN | EPOLLET };
	int ring = bpf_object__find_map_fd_by_name(p->object, "events");

	p->reads_processes = true;
	p->wake_fd = epoll_create1(EPOLL_CLOEXEC);
	if (p->wake_fd < 0 || epoll_ctl(p->wake_fd, EPOLL_CTL_ADD, ring, &wanted))
		return err_set(e, errno, "cannot wait for the ring");
	return 0;
}

static int keep_link(struct probe *p, struct bpf_program *program, struct bpf_link *link,
		     struct err *e)
{
	if (!link) {
		const int code = err_set(e, errno, "cannot attach %s", bpf_program__name(program));

		few_files(e);
		return code;
	}
	p->links[p->n_links++] = link;
	return 0;
}

/* With a program, the event begins to count when that is attached: what the kernel counts and what
 * the program sees are the same events.
 */
static int attach_perf_cpu(struct probe *p, size_t hook, int fd, struct err *e)
{
	struct bpf_program *program = p->programs[hook];
	int r = 0;

	if (program)
		r = keep_link(p, program, bpf_program__attach_perf_event(program, fd), e);
	else if (ioctl(fd, PERF_EVENT_IOC_ENABLE, 0))
		r = err_set(e, errno, "cannot enable perf event %s", probe_hooks[hook].name);
	if (r)
		close(fd);
	else
		p->perf[p->n_perf++] =
			(struct probe_perf){ .fd = fd, .hook = hook, .own = !program };
	return r;
}

/* Opens the software event on each CPU that is online. */
static int attach_perf(struct probe *p, size_t hook, int cpus, struct err *e)
{
	static const struct {
		const char *name;
		uint64_t config;
	} events[] = {
		{ "page_faults", PERF_COUNT_SW_PAGE_FAULTS },
		{ "page_faults_min", PERF_COUNT_SW_PAGE_FAULTS_MIN },
		{ "page_faults_maj", PERF_COUNT_SW_PAGE_FAULTS_MAJ },
	};
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.disabled = 1,
		.sample_period = p->programs[hook] ? 1 : 0,
	};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		if (str_eq(events[i].name, probe_hooks[hook].name))
			attr.config = events[i].config;
	}
	for (int cpu = 0; cpu < cpus && r == 0; cpu++) {
		int fd =
			(int)syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);

		if (fd < 0 && errno == ENODEV) /* offline */
			continue;
		if (fd < 0)
			return err_set(e, errno, "cannot open perf event %s on CPU %d",
				       probe_hooks[hook].name, cpu);
		r = attach_perf_cpu(p, hook, fd, e);
	}
	return r;
}

/* What is left to do needs no right but to write the result where the caller of sudo has it, and to
 * hand on a signal to a command that runs as that caller; and these only where this process has
 * them.
 */
static int drop_capabilities(const struct probe *p, struct err *e)
{
	const struct {
		cap_value_t value;
		bool wanted;
	} keep[] = { { CAP_DAC_OVERRIDE, p->options->output },
		     { CAP_KILL, p->until_fd >= 0 },
		     { CAP_SYS_PTRACE, p->reads_processes },
		     { CAP_DAC_READ_SEARCH, p->reads_processes } };
	cap_t caps = cap_init(), now = cap_get_proc();
	int r = caps && now ? 0 : -1;

	for (size_t i = 0; i < ARRAY_SIZE(keep) && r == 0; i++) {
		cap_flag_value_t has = CAP_CLEAR;

		cap_get_flag(now, keep[i].value, CAP_PERMITTED, &has);
		if (!keep[i].wanted || has == CAP_CLEAR)
			continue;
		r = cap_set_flag(caps, CAP_PERMITTED, 1, &keep[i].value, CAP_SET);
		if (r == 0)
			r = cap_set_flag(caps, CAP_EFFECTIVE, 1, &keep[i].value, CAP_SET);
	}
	if (r == 0)
		r = cap_set_proc(caps);
	r = r ? err_set(e, errno, "cannot drop capabilities") : 0;
	cap_free(now);
	cap_free(caps);
	return r;
}

int probe_attach(struct probe *p, struct err *e)
{
	int cpus = libbpf_num_possible_cpus();
	size_t room = PROBE_HOOKS * (size_t)MAX(cpus, 1);
	int r = 0;

	/* Takes CAP_SYS_ADMIN; costs every BPF program of the machine two looks at the clock. */
	if (p->options->stats)
		p->stats_fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
	if (p->options->stats && p->stats_fd < 0)
		term_warn("the kernel does not time programs for this process: %s",
			  strerror(errno));
	p->links = calloc(room, sizeof(struct bpf_link *));
	p->perf = calloc(room, sizeof(*p->perf));
	if (!p->links || !p->perf)
		return err_set(e, ENOMEM, "cannot attach to %d CPUs", cpus);
	for (size_t i = 0; i < PROBE_HOOKS && r == 0; i++) {
		if (!p->programs[i] && !p->counted[i])
			continue;
		term_detail("%s:%s as %s: %s", probe_hooks[i].group, probe_hooks[i].name,
			    probe_variant_names[p->choices[i].variant], p->choices[i].note);
		if (p->choices[i].variant == PROBE_PERF)
			r = attach_perf(p, i, cpus, e);
		else
			r = keep_link(p, p->programs[i], bpf_program__attach(p->programs[i]), e);
	}
	return r ? r : drop_capabilities(p, e);
}

int probe_ready(struct probe *p, const char *words)
{
	struct ready_record ready = { .ts_ns = monotonic_ns() };
	char hooks[PROBE_HOOKS * 48] = "";
	size_t used = 0;

	p->begin_ns = ready.ts_ns;
	term_say("%s", words);
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

const char *probe_wait(struct probe *p, uint64_t ns)
{
	bool file = p->options->output && !str_eq(p->options->output, "-");
	/* Asks for nothing: POLLERR comes unasked when the last reader of a pipe goes. */
	struct pollfd fds[] = { { .fd = file ? -1 : STDOUT_FILENO },
				{ .fd = p->until_fd, .events = POLLIN },
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
	if (stop_requested())
		return stop_requested() == SIGPIPE ? "reader" : "signal";
	if (ppoll(fds, ARRAY_SIZE(fds), &timeout, NULL) > 0) {
		if (fds[0].revents & POLLERR)
			return "reader";
		if (fds[1].revents & POLLIN)
			return "done";
		if (fds[2].revents & POLLIN)
			epoll_wait(p->wake_fd, &woken, 1, 0);
	}
	if (stop_requested())
		return stop_requested() == SIGPIPE ? "reader" : "signal";
	return NULL;
}

void probe_sleep(struct probe *p)
{
	while (!p->end.reason)
		p->end.reason = probe_wait(p, NS_PER_S);
}

int probe_trace_pipe(struct probe *p, const char *line)
{
	probe_ready(p, "attached; lines go to the kernel's trace buffer, read them with:");
	term_say("  sudo cat /sys/kernel/tracing/trace_pipe");
	if (!sysroot_exists(NULL, "/sys/kernel/tracing/trace_pipe")) {
		term_say("tracefs is not mounted there; to mount it:");
		term_say("  sudo mount -t tracefs tracefs /sys/kernel/tracing");
	}
	term_say("each is like `%s`; stop with ^C", line);
	probe_sleep(p);
	return 0;
}

static const char *drain(struct probe *p)
{
	ring_buffer__consume(p->ring);
	if (!p->sink_error)
		p->sink_error = out_flush(p->out);
	if (p->sink_error)
		return p->sink_error == -EPIPE ? "reader" : "partial";
	return p->end.emitted >= p->options->max_events ? "done" : NULL;
}

/* When it is time for it, else sees that the wait is no longer than until then. */
static const char *tick(struct probe *p, uint64_t *next_ns, uint64_t *wait_ns)
{
	uint64_t now = monotonic_ns();

	if (now < *next_ns) {
		*wait_ns = MIN(*wait_ns, *next_ns - now);
		return NULL;
	}
	*next_ns += p->tick_ns;
	p->sink_error = p->tick(p);
	if (!p->sink_error)
		p->sink_error = out_flush(p->out);
	if (p->sink_error)
		return p->sink_error == -EPIPE ? "reader" : "partial";
	return NULL;
}

int probe_finish(struct probe *p, struct err *e)
{
	struct probe_counts counts;
	int r;

	if (p->before_detach)
		p->before_detach(p->before_detach_ctx);
	probe_detach(p);
	if (p->ring)
		drain(p);
	r = probe_counts(p, &counts, e);
	if (r)
		return r;
	p->end.seen = counts.seen;
	p->end.filtered += counts.filtered;
	p->end.dropped = counts.dropped;
	p->end.missed = probe_missed(p);
	return 0;
}

int probe_stream(struct probe *p, int (*emit)(struct out *out, const void *event, size_t bytes),
		 struct err *e)
{
	uint64_t next_ns;

	p->emit = emit;
	next_ns = p->begin_ns + p->tick_ns;
	while (!p->end.reason) {
		uint64_t before = p->end.emitted, wait_ns;

		if (p->beat)
			p->beat();
		p->end.reason = drain(p);
		wait_ns = p->end.emitted > before ? DRAIN_NS : IDLE_NS;
		if (p->tick_ns && !p->end.reason)
			p->end.reason = tick(p, &next_ns, &wait_ns);
		if (!p->end.reason)
			p->end.reason = probe_wait(p, wait_ns);
	}
	return probe_finish(p, e);
}

void probe_detach(struct probe *p)
{
	for (size_t i = 0; i < p->n_perf; i++) {
		uint64_t count = 0;

		ioctl(p->perf[i].fd, PERF_EVENT_IOC_DISABLE, 0);
		if (read(p->perf[i].fd, &count, sizeof(count)) == sizeof(count))
			p->perf_events[p->perf[i].hook] += count;
		if (p->perf[i].own)
			close(p->perf[i].fd);
	}
	p->end_ns = monotonic_ns();
	for (size_t i = 0; i < p->n_links; i++)
		bpf_link__destroy(p->links[i]);
	if (p->n_links) /* waits for an RCU grace period: programs run inside read sections */
		syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
	p->n_perf = p->n_links = 0;
}

uint64_t probe_perf_events(const struct probe *p, const char *hook)
{
	return p->perf_events[hook_index(hook)];
}

int probe_counts(const struct probe *p, struct probe_counts *ret, struct err *e)
{
	int map = bpf_object__find_map_fd_by_name(p->object, "counters");
	int cpus = libbpf_num_possible_cpus();
	AUTO_FREE struct probe_counts *each = calloc((size_t)MAX(cpus, 1), sizeof(*each));
	struct probe_counts sum = { 0 };
	uint32_t zero = 0;

	if (!each || bpf_map_lookup_elem(map, &zero, each))
		return err_set(e, each ? errno : ENOMEM, "cannot read the probe's counters");
	for (int cpu = 0; cpu < cpus; cpu++) {
		sum.seen += each[cpu].seen;
		sum.filtered += each[cpu].filtered;
		sum.dropped += each[cpu].dropped;
	}
	*ret = sum;
	return 0;
}

uint64_t probe_missed(const struct probe *p)
{
	uint64_t missed = 0;

	for (size_t i = 0; i < PROBE_HOOKS; i++) {
		struct bpf_prog_info info = { 0 };
		uint32_t bytes = sizeof(info);

		if (p->programs[i] &&
		    !bpf_obj_get_info_by_fd(bpf_program__fd(p->programs[i]), &info, &bytes))
			missed += info.recursion_misses;
	}
	return missed;
}

static void print_stats(struct probe *p)
{
	struct stats_record record = { "reader", MISSING_U64, process_cpu_ns(), MISSING_U64 };

	for (size_t i = 0; i < PROBE_HOOKS; i++) {
		struct stats_record own = { probe_hooks[i].name, MISSING_U64, MISSING_U64,
					    MISSING_U64 };
		struct bpf_prog_info info = { 0 };
		uint32_t bytes = sizeof(info);

		if (!p->programs[i])
			continue;
		if (p->stats_fd >= 0 &&
		    !bpf_obj_get_info_by_fd(bpf_program__fd(p->programs[i]), &info, &bytes)) {
			own.runs = info.run_cnt;
			own.total_ns = info.run_time_ns;
			own.mean_ns = info.run_cnt ? info.run_time_ns / info.run_cnt : MISSING_U64;
		}
		out_record(p->out, &stats_type, &own);
	}
	out_record(p->out, &stats_type, &record);
}

/* A reader that went away is no error. */
static int probe_close(struct probe *p, struct err *e)
{
	struct out *out = p->out;

	if (p->options->stats && !p->sink_error)
		print_stats(p);
	if (p->options->format >= 0 && !p->sink_error)
		out_record(out, &end_record_type, &p->end);
	p->out = NULL;
	return out_close(out, e);
}

static void probe_done(struct probe *p)
{
	probe_detach(p);
	if (p->stats_fd >= 0)
		close(p->stats_fd);
	if (p->wake_fd >= 0)
		close(p->wake_fd);
	ring_buffer__free(p->ring);
	free(p->links);
	free(p->perf);
	out_discard(p->out);
}

int probe_run(struct probe *p, const struct probe_options *options,
	      int (*trace)(struct probe *p, void *ctx, struct err *e), void *ctx, struct err *e)
{
	int r = probe_open(p, options, e);

	if (!r)
		r = trace(p, ctx, e);
	if (!r)
		r = probe_close(p, e);
	probe_done(p);
	return r;
}

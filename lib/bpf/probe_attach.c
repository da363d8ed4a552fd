/* SPDX-License-Identifier: GPL-2.0-only */
/* probe_attach.c - loads the programs of a probe, attaches them and detaches them.
 *
 * Does not choose hooks: probe_hook.c does. Reads no event: probe.c does.
 */
#include "probe.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <sys/capability.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "lib/base/term.h"

bool probe_use(struct probe *p, const char *hook)
{
	static const char *const suffix[] = { [PROBE_TP_BTF] = "",
					      [PROBE_RAW_TP] = "_raw",
					      [PROBE_CLASSIC] = "_tp",
					      [PROBE_PERF] = "" };
	size_t i = probe_hook_index(hook);
	char name[80];

	if (p->choices[i].variant == PROBE_MISSING)
		return false;
	snprintf(name, sizeof(name), "on_%s%s", hook, suffix[p->choices[i].variant]);
	p->programs[i] = bpf_object__find_program_by_name(p->object, name);
	bpf_program__set_autoload(p->programs[i], true);
	return true;
}

static int no_hook(const struct probe *p, const char *hook, struct err *e)
{
	const struct probe_hook *h = &probe_hooks[probe_hook_index(hook)];

	if (p->options->hook != PROBE_AUTO) {
		err_impossible(e, "%s:%s is not available as %s here", h->group, h->name,
			       probe_variant_names[p->options->hook]);
		return err_hint(e, "omit --hook; classic needs tracefs: mount -t tracefs tracefs "
				   "/sys/kernel/tracing");
	}
	err_impossible(e, "this kernel has no hook %s:%s (%s)", h->group, h->name, h->note);
	return err_hint(e, "coldpress doctor lists the hooks of this kernel");
}

int probe_require(struct probe *p, const char *hook, struct err *e)
{
	return probe_use(p, hook) ? 0 : no_hook(p, hook, e);
}

int probe_count(struct probe *p, const char *hook, struct err *e)
{
	size_t i = probe_hook_index(hook);

	p->counted[i] = p->choices[i].variant == PROBE_PERF;
	return p->counted[i] ? 0 : no_hook(p, hook, e);
}

/* Puts the cgroup2 directory of the filter into slot 0 of the map that the filter reads. */
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
		err_set(e, errno, "%s is not a cgroup2 directory", path);
		return err_hint(e, "cgroup2 is mounted at /sys/fs/cgroup, or at "
				   "/sys/fs/cgroup/unified beside v1");
	}
	return 0;
}

/* tests/live/verifier_budget limits these numbers. */
static void log_verified(const struct probe *p)
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

/* Short of descriptors libbpf fails in several places, with several errors. */
#define FILES_MIN 128

static bool few_files(struct err *e)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) || files.rlim_cur >= FILES_MIN)
		return false;
	err_hint(e, "the limit of %llu open files may be too low: run ulimit -n 1024 first",
		 (unsigned long long)files.rlim_cur);
	return true;
}

static int cannot_load(int rc, struct err *e)
{
	if (rc == -EPERM) {
		err_impossible(e, "the kernel refuses to load the probe");
		return err_hint(e, "see /sys/kernel/security/lockdown (confidentiality forbids "
				   "it); a container may deny bpf (seccomp); -v shows more");
	}
	err_set(e, rc, "cannot load the probe into the kernel");
	return few_files(e) ? rc : err_hint(e, "-v shows the kernel's message");
}

static int ring_sample(void *ctx, void *event, size_t bytes)
{
	struct probe *p = ctx;
	int rc;

	if (p->end.emitted >= p->options->max_events) {
		p->end.filtered++; /* --max-events is reached */
		return 0;
	}
	rc = p->sink_error ? p->sink_error : p->calls.emit(p->ctx, event, bytes);
	if (rc)
		p->end.dropped++; /* it cannot be written */
	else
		p->end.emitted++;
	p->sink_error = rc;
	return 0;
}

int probe_load(struct probe *p, bool streams, struct err *e)
{
	struct bpf_map *ring = bpf_object__find_map_by_name(p->object, "events");
	uint64_t bytes = p->options->ringbuf_bytes;
	int rc;

	if (bytes & (bytes - 1))
		return err_usage(e, "--ringbuf-size must be a power of two, e.g. 64MiB");
	if (streams)
		bpf_map__set_max_entries(ring, (uint32_t)bytes);
	else if (ring)
		bpf_map__set_autocreate(ring, false);
	rc = bpf_object__load(p->object);
	if (rc)
		return cannot_load(rc, e);
	log_verified(p);
	if (streams) {
		p->ring = ring_buffer__new(bpf_map__fd(ring), ring_sample, p, NULL);
		if (!p->ring)
			return err_set(e, errno, "cannot map the ring buffer");
	}
	return cgroup_open(p, e);
}

/* Edge-triggered: the ring is hardly ever empty, and would be ready at every poll. */
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

/* With a program, the event is enabled when the program is attached, so that the kernel's count
 * and the program's runs are of the same events.
 */
static int attach_perf_cpu(struct probe *p, size_t hook, int fd, struct err *e)
{
	struct bpf_program *program = p->programs[hook];
	int rc = 0;

	if (program)
		rc = keep_link(p, program, bpf_program__attach_perf_event(program, fd), e);
	else if (ioctl(fd, PERF_EVENT_IOC_ENABLE, 0))
		rc = err_set(e, errno, "cannot enable perf event %s", probe_hooks[hook].name);
	if (rc)
		close(fd);
	else
		p->perf[p->n_perf++] =
			(struct probe_perf){ .fd = fd, .hook = hook, .own = !program };
	return rc;
}

static int perf_error(int code, const char *name, int cpu, struct err *e)
{
	int rc = err_set(e, code, "cannot open perf event %s on CPU %d", name, cpu);

	if (!e || (code != EPERM && code != EACCES))
		return rc;
	e->exit = EXIT_IMPOSSIBLE;
	return err_hint(e, "a container may deny perf_event_open (seccomp): run it on the host");
}

/* Opens the software event on each CPU that is online. */
static int attach_perf(struct probe *p, size_t hook, int cpus, struct err *e)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = probe_hooks[hook].perf_config,
		.disabled = 1,
		.sample_period = p->programs[hook] ? 1 : 0,
	};
	int rc = 0;

	for (int cpu = 0; cpu < cpus && rc == 0; cpu++) {
		int fd =
			(int)syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);

		if (fd < 0 && errno == ENODEV) /* offline */
			continue;
		if (fd < 0)
			return perf_error(errno, probe_hooks[hook].name, cpu, e);
		rc = attach_perf_cpu(p, hook, fd, e);
	}
	return rc;
}

/* Keeps, where this process has them, only the capabilities to write the output where the caller
 * of sudo may, to forward a signal to a command that runs as that caller, and to read /proc/PID.
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
	int rc = caps && now ? 0 : -1;

	for (size_t i = 0; i < ARRAY_SIZE(keep) && rc == 0; i++) {
		cap_flag_value_t has = CAP_CLEAR;

		cap_get_flag(now, keep[i].value, CAP_PERMITTED, &has);
		if (!keep[i].wanted || has == CAP_CLEAR)
			continue;
		rc = cap_set_flag(caps, CAP_PERMITTED, 1, &keep[i].value, CAP_SET);
		if (rc == 0)
			rc = cap_set_flag(caps, CAP_EFFECTIVE, 1, &keep[i].value, CAP_SET);
	}
	if (rc == 0)
		rc = cap_set_proc(caps);
	rc = rc ? err_set(e, errno, "cannot drop capabilities") : 0;
	cap_free(now);
	cap_free(caps);
	return rc;
}

/* Programs run inside RCU read sections. The update of a map of maps waits until those that began
 * before have ended (maybe_wait_bpf_programs of the kernel, 4.12), also where membarrier(2) does
 * not: it refuses to on nohz_full CPUs. Needs CAP_BPF here, and no right when it waits.
 */
static int grace_open(struct probe *p, struct err *e)
{
	LIBBPF_OPTS(bpf_map_create_opts, outer);

	p->grace_inner = bpf_map_create(BPF_MAP_TYPE_ARRAY, "grace", 4, 4, 1, NULL);
	outer.inner_map_fd = (uint32_t)p->grace_inner;
	p->grace_fd = p->grace_inner < 0 ? -1
					 : bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "grace", 4, 4,
							  1, &outer);
	return p->grace_fd < 0 ? err_set(e, errno, "cannot create a map of maps") : 0;
}

static int grace_wait(const struct probe *p)
{
	uint32_t zero = 0;

	return bpf_map_update_elem(p->grace_fd, &zero, &p->grace_inner, BPF_ANY);
}

static char *cpus_online(void)
{
	char *text = NULL;

	if (sysroot_read_alloc(NULL, &text, NULL, "/sys/devices/system/cpu/online") > 0)
		text[strcspn(text, "\n")] = '\0';
	return text;
}

/* Perf events are opened on the CPUs that are online when the probe is attached. */
static bool cpus_changed(struct probe *p)
{
	if (!p->perf_cpus)
		return false;
	free(p->cpus_now);
	p->cpus_now = cpus_online();
	return p->cpus_now && !str_eq(p->cpus_now, p->perf_cpus);
}

int probe_attach(struct probe *p, struct err *e)
{
	int cpus = libbpf_num_possible_cpus();
	size_t room = PROBE_HOOKS * (size_t)MAX(cpus, 1);
	int rc = 0;

	/* Needs CAP_SYS_ADMIN; makes every BPF program of the machine read the clock twice. */
	if (p->options->stats)
		p->stats_fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
	if (p->options->stats && p->stats_fd < 0)
		term_warn("the kernel does not time BPF programs for this process: %s",
			  strerror(errno));
	p->links = calloc(room, sizeof(struct bpf_link *));
	p->perf = calloc(room, sizeof(*p->perf));
	if (!p->links || !p->perf)
		return err_set(e, ENOMEM, "cannot attach to %d CPUs", cpus);
	rc = grace_open(p, e);
	for (size_t i = 0; i < PROBE_HOOKS && rc == 0; i++) {
		if (!p->programs[i] && !p->counted[i])
			continue;
		term_detail("%s:%s as %s: %s", probe_hooks[i].group, probe_hooks[i].name,
			    probe_variant_names[p->choices[i].variant], p->choices[i].note);
		if (p->choices[i].variant == PROBE_PERF && !p->perf_cpus)
			p->perf_cpus = cpus_online();
		if (p->choices[i].variant == PROBE_PERF)
			rc = attach_perf(p, i, cpus, e);
		else
			rc = keep_link(p, p->programs[i], bpf_program__attach(p->programs[i]), e);
	}
	return rc ? rc : drop_capabilities(p, e);
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
	if (p->n_links && grace_wait(p))
		term_warn("cannot wait for the programs that still run: %s; the last events may be "
			  "missing",
			  strerror(errno));
	if (p->n_links && cpus_changed(p))
		term_warn("CPUs went online or offline while the probe was attached (online now: "
			  "%s): "
			  "completions of page faults there were not seen",
			  p->cpus_now);
	p->n_perf = p->n_links = 0;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* doctor_look.c - the checks of `coldpress doctor`, one function each.
 *
 * All files are read below a root, so that archived trees can be checked too; the few checks that
 * need the live kernel (a BPF program, a perf event) are skipped there. Changes nothing and creates
 * no device.
 */
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "lib/codec/codec.h"
#include "lib/kernel/cgroup.h"
#include "doctor.h"
#include "lib/base/out.h"
#include "lib/base/rights.h"
#include "lib/bpf/probe.h"
#include "lib/kernel/procfs.h"
#include "lib/kernel/psi.h"
#include "lib/base/units.h"
#include "lib/kernel/zram.h"

#define ALL_COMMANDS "every command"
#define PROBES       "proc_create, page_fault, swap_probe, study"
#define POOLS        "ram_pool, study"

/* First line of a small file; false when it cannot be read. */
static bool read_line(const struct doctor *d, const char *path, char *buf, size_t len)
{
	if (sysroot_read(d->root, buf, len, NULL, "%s", path) < 0)
		return false;
	buf[strcspn(buf, "\n")] = '\0';
	return true;
}

/* The word in brackets of "always [madvise] never". */
static const char *chosen_word(char *line)
{
	char *begin = strchr(line, '['), *end = begin ? strchr(begin, ']') : NULL;

	if (!end)
		return line;
	*end = '\0';
	return begin + 1;
}

static bool initial_user(const struct doctor *d)
{
	char map[96] = "";

	if (!d->root)
		return rights_initial_user();
	read_line(d, "/proc/self/uid_map", map, sizeof(map));
	return rights_parse_initial(map);
}

static uint64_t missing_rights(const struct doctor *d, uint64_t needed)
{
	char map[96] = "", status[4096] = "";

	if (!d->root)
		return rights_missing(needed);
	read_line(d, "/proc/self/uid_map", map, sizeof(map));
	sysroot_read(d->root, status, sizeof(status), NULL, "/proc/self/status");
	return rights_parse(map, status, needed);
}

/* For a row about something that was refused. */
static void remedy_rights(const struct doctor *d, struct doctor_check *c)
{
	if (!initial_user(d))
		doctor_remedy(c, "run it outside of this container, on the host");
	else if (!d->root && geteuid())
		doctor_remedy(c, "sudo coldpress doctor");
	else
		doctor_remedy(c, "grant them to this container or service");
}

/* ---- kernel ---- */

static void look_kernel(struct doctor *d)
{
	char release[96] = "unknown release";
	struct procfs_meminfo mem;
	char total[UNITS_TEXT_MAX] = "-";
	struct utsname u;

	uname(&u);
	read_line(d, "/proc/sys/kernel/osrelease", release, sizeof(release));
	if (!procfs_meminfo_read(d->root, &mem, NULL))
		units_format_size(mem.total_bytes, total);
	doctor_add(d, "kernel", "Linux", DOCTOR_OK, ALL_COMMANDS, "%s, %s of memory%s%s", release,
		   total, d->root ? "" : ", ", d->root ? "" : u.machine);
}

static void look_page_size(struct doctor *d)
{
	long bytes = sysconf(_SC_PAGESIZE);
	struct doctor_check *c;

	if (d->root || bytes == PAGE_BYTES)
		return;
	c = doctor_add(d, "kernel", "page size", DOCTOR_MISSING, ALL_COMMANDS,
		       "%ld bytes: coldpress supports pages of %u bytes only", bytes, PAGE_BYTES);
	doctor_remedy(c, "boot a kernel built for 4 KiB pages");
	c->left_out = "everything";
}

static void look_btf(struct doctor *d)
{
	struct doctor_check *c;

	if (sysroot_exists(d->root, "/sys/kernel/btf/vmlinux")) {
		doctor_add(d, "kernel", "BTF", DOCTOR_OK, PROBES, "/sys/kernel/btf/vmlinux");
		return;
	}
	c = doctor_add(d, "kernel", "BTF", DOCTOR_MISSING, PROBES,
		       "/sys/kernel/btf/vmlinux not found: no probe can be loaded");
	doctor_remedy(c, "boot a kernel with CONFIG_DEBUG_INFO_BTF=y, as Debian, Ubuntu, Fedora "
			 "and Arch ship");
	c->left_out = "the run with probes";
}

static void look_lockdown(struct doctor *d)
{
	char line[96];
	const char *mode;
	struct doctor_check *c;

	if (!read_line(d, "/sys/kernel/security/lockdown", line, sizeof(line))) {
		doctor_add(d, "kernel", "lockdown", DOCTOR_OK, PROBES,
			   "not in this kernel, or securityfs is not mounted");
		return;
	}
	mode = chosen_word(line);
	if (!str_eq(mode, "confidentiality")) {
		doctor_add(d, "kernel", "lockdown", DOCTOR_OK, PROBES,
			   "%s: probes may read the kernel", mode);
		return;
	}
	c = doctor_add(d, "kernel", "lockdown", DOCTOR_MISSING, PROBES,
		       "confidentiality: probes may not read the kernel");
	doctor_remedy(c, "boot with lockdown=integrity or without lockdown=");
	c->left_out = "the run with probes";
}

static void look_psi(struct doctor *d)
{
	struct psi psi;
	struct doctor_check *c;

	if (!psi_read(d->root, "/proc/pressure/memory", &psi, NULL)) {
		doctor_add(d, "kernel", "PSI", DOCTOR_OK, "study, workload",
			   "memory some avg10 %.2f %%", psi.some.avg10);
		return;
	}
	c = doctor_add(
		d, "kernel", "PSI", DOCTOR_LIMITED, "study, workload",
		"not available: stall times are missing, and no run is ended for memory pressure");
	doctor_remedy(c, "boot with psi=1 (needs CONFIG_PSI)");
}

static void look_memory_modes(struct doctor *d)
{
	char line[96];

	if (read_line(d, "/sys/kernel/mm/transparent_hugepage/enabled", line, sizeof(line)))
		doctor_add(d, "kernel", "transparent huge pages", DOCTOR_OK, "study", "%s",
			   chosen_word(line));
	else
		doctor_add(d, "kernel", "transparent huge pages", DOCTOR_OFF, "study",
			   "not in this kernel");
	if (!read_line(d, "/sys/kernel/mm/lru_gen/enabled", line, sizeof(line)))
		doctor_add(d, "kernel", "MGLRU", DOCTOR_OFF, "study",
			   "not in this kernel: two-list reclaim");
	else if (strtoul(line, NULL, 16) & 1)
		doctor_add(d, "kernel", "MGLRU", DOCTOR_OK, "study", "on (%s)", line);
	else
		doctor_add(d, "kernel", "MGLRU", DOCTOR_OFF, "study",
			   "built in, off (%s): two-list reclaim", line);
}

/* ---- tracing ---- */

static void look_tracefs(struct doctor *d)
{
	char *text = NULL;
	bool mounted = sysroot_read_alloc(d->root, &text, NULL, "/proc/self/mounts") > 0 &&
		       strstr(text, " /sys/kernel/tracing tracefs ");
	struct doctor_check *c;

	free(text);
	if (mounted) {
		doctor_add(d, "tracing", "tracefs", DOCTOR_OK, PROBES,
			   "/sys/kernel/tracing/trace_pipe");
		return;
	}
	c = doctor_add(d, "tracing", "tracefs", DOCTOR_LIMITED,
		       "proc_create, page_fault without --format",
		       "not mounted: trace_pipe cannot be read; --format json does not need it");
	doctor_remedy(c, "sudo mount -t tracefs tracefs /sys/kernel/tracing");
}

/* Loads and closes the smallest possible tracing program. */
static void try_bpf(struct doctor *d)
{
	static const struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "coldpress_try", "GPL", program,
			       ARRAY_SIZE(program), NULL);
	struct doctor_check *c;

	if (fd >= 0) {
		close(fd);
		doctor_add(d, "tracing", "BPF", DOCTOR_OK, PROBES,
			   "a tracing program could be loaded");
		return;
	}
	c = doctor_add(d, "tracing", "BPF", DOCTOR_MISSING, PROBES,
		       "a tracing program was refused: %s", strerror(-fd));
	c->left_out = "the run with probes";
	remedy_rights(d, c);
}

static void try_perf(struct doctor *d)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_PAGE_FAULTS_MAJ,
		.disabled = 1,
	};
	AUTO_CLOSE int fd =
		(int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	struct doctor_check *c;

	if (fd >= 0) {
		doctor_add(d, "tracing", "perf software events", DOCTOR_OK, "page_fault",
			   "major and minor faults, with their latency");
		return;
	}
	c = doctor_add(d, "tracing", "perf software events", DOCTOR_LIMITED, "page_fault",
		       "refused (%s): faults have no class and no latency", strerror(errno));
	if (rights_missing(RIGHT(CAP_PERFMON)))
		remedy_rights(d, c);
	else
		doctor_remedy(c, "sudo sysctl kernel.perf_event_paranoid=2");
}

/* Whether a missing hook exists under its other name: 5.18 renamed it. */
static bool renamed(const struct probe_choice *choice,
		    const struct probe_choice choices[PROBE_HOOKS])
{
	static const char *const names[] = { "mm_vmscan_writepage", "mm_vmscan_write_folio" };

	for (size_t n = 0; n < ARRAY_SIZE(names) && choice->variant == PROBE_MISSING; n++)
		for (size_t i = 0; i < PROBE_HOOKS && str_eq(choice->hook, names[n]); i++)
			if (choices[i].hook && str_eq(choices[i].hook, names[!n]) &&
			    choices[i].variant != PROBE_MISSING)
				return true;
	return false;
}

static void look_hooks(struct doctor *d)
{
	struct probe_choice choices[PROBE_HOOKS];
	struct probe_kernel kernel;
	struct err e = { 0 };

	if (probe_kernel_read(d->root, &kernel, &e)) {
		doctor_add(d, "tracing", "hooks", DOCTOR_MISSING, PROBES, "%s", e.what)->left_out =
			"the run with probes";
		return;
	}
	if (!kernel.btf)
		return;
	probe_hook_find(&kernel, PROBE_AUTO, choices);
	for (size_t i = 0; i < PROBE_HOOKS; i++) {
		const struct probe_choice *c = &choices[i];
		bool have = c->variant != PROBE_MISSING;

		if (c->hook && !renamed(c, choices))
			doctor_add(d, "tracing", c->hook, have ? DOCTOR_OK : DOCTOR_LIMITED, PROBES,
				   "%s%s%s", have ? probe_variant_names[c->variant] : "",
				   have && c->note ? ": " : "", c->note ? c->note : "");
	}
}

/* ---- pool ---- */

static void look_algorithms(struct doctor *d)
{
	const char *name;
	struct zram_algorithms have;
	char has[160] = "", lacks[160] = "";
	struct doctor_check *c;

	if (zram_algorithms_any(d->root, &have, NULL)) {
		c = doctor_add(d, "pool", "zram algorithms", DOCTOR_LIMITED, POOLS,
			       "unknown: a device lists them, and this machine has none");
		doctor_remedy(
			c,
			"sudo coldpress ram_pool setup --algo lz4 --size 64MiB --mem-limit 32MiB");
		return;
	}
	for (size_t i = 0; i < have.n; i++)
		snprintf(has + strlen(has), sizeof(has) - strlen(has), " %s", have.names[i]);
	for (size_t i = 0; (name = codec_kernel_algorithm(i)); i++)
		if (!zram_algorithms_have(&have, name))
			snprintf(lacks + strlen(lacks), sizeof(lacks) - strlen(lacks), " %s", name);
	doctor_add(d, "pool", "zram algorithms", DOCTOR_OK, POOLS, "%s%s%s", has + 1,
		   lacks[0] ? "; not in this kernel:" : "", lacks);
}

/* Optional attributes of zram, read from the first device. */
static void look_zram_features(struct doctor *d)
{
	static const struct {
		const char *file, *item;
	} features[] = {
		{ "algorithm_params", "zram level, dictionary" },
		{ "recomp_algorithm", "zram recompression" },
		{ "backing_dev", "zram writeback" },
	};
	struct zram_list list;

	if (zram_list_read(d->root, &list, NULL) || list.n == 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(features); i++) {
		bool have = sysroot_exists(d->root, "/sys/block/zram%u/%s", list.devices[0].id,
					   features[i].file);

		doctor_add(d, "pool", features[i].item, have ? DOCTOR_OK : DOCTOR_OFF, "ram_pool",
			   "%s", have ? "yes" : "not in this kernel");
	}
}

#define HOT_REMOVE "/sys/class/zram-control/hot_remove"

static void remedy_zram(const struct doctor *d, struct doctor_check *c, int code)
{
	c->left_out = "runs in a real pool";
	if (code == EROFS)
		doctor_remedy(c, "run it where /sys is writable: mount -o remount,rw /sys");
	else
		remedy_rights(d, c);
}

static void look_zram(struct doctor *d)
{
	char release[96];
	struct doctor_check *c;

	if (!zram_available(d->root, NULL)) {
		if (!d->root && faccessat(AT_FDCWD, HOT_REMOVE, W_OK, AT_EACCESS)) {
			c = doctor_add(d, "pool", "zram", DOCTOR_MISSING, POOLS,
				       "devices cannot be added: %s is not writable: %s",
				       HOT_REMOVE, strerror(errno));
			remedy_zram(d, c, errno);
			return;
		}
		doctor_add(d, "pool", "zram", DOCTOR_OK, POOLS, "devices can be added (%s)",
			   sysroot_exists(d->root, "/sys/module/zram/initstate") ? "module"
										 : "built in");
		look_algorithms(d);
		look_zram_features(d);
		return;
	}
	c = doctor_add(d, "pool", "zram", DOCTOR_MISSING, POOLS,
		       "/sys/class/zram-control not found");
	c->left_out = "runs in a real pool";
	if (read_line(d, "/proc/sys/kernel/osrelease", release, sizeof(release)) &&
	    sysroot_exists(d->root, "/lib/modules/%s/kernel/drivers/block/zram", release))
		doctor_remedy(c, "sudo modprobe zram num_devices=0");
	else
		doctor_remedy(c, "boot a kernel with CONFIG_ZRAM; none is among its modules "
				 "(Ubuntu: linux-modules-extra)");
}

static void look_zswap(struct doctor *d)
{
	char line[32], compressor[32] = "?";
	struct doctor_check *c;

	if (!read_line(d, "/sys/module/zswap/parameters/enabled", line, sizeof(line))) {
		doctor_add(d, "pool", "zswap", DOCTOR_OK, POOLS,
			   "not in this kernel: all swap-outs reach the pool");
		return;
	}
	read_line(d, "/sys/module/zswap/parameters/compressor", compressor, sizeof(compressor));
	if (line[0] != 'Y' && line[0] != '1') {
		doctor_add(d, "pool", "zswap", DOCTOR_OK, POOLS,
			   "built in, off: all swap-outs reach the pool");
		return;
	}
	c = doctor_add(d, "pool", "zswap", DOCTOR_LIMITED, POOLS,
		       "on (%s): it stores pages before they reach a pool, which then stays empty",
		       compressor);
	doctor_remedy(c, "echo N | sudo tee /sys/module/zswap/parameters/enabled");
}

static void look_swaps(struct doctor *d)
{
	struct procfs_swaps swaps;
	struct procfs_vmstat vmstat;
	char name[96], used[UNITS_TEXT_MAX];
	char text[200] = "";

	if (procfs_swaps_read(d->root, &swaps, NULL)) {
		doctor_add(d, "pool", "swap", DOCTOR_MISSING, POOLS,
			   "/proc/swaps not found: a kernel without CONFIG_SWAP")
			->left_out = "runs in a real pool";
		return;
	}
	for (size_t i = 0; i < swaps.n && i < 3; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "%s%s priority %d, %s used", i ? "; " : "",
			 out_escape(swaps.swaps[i].path, strlen(swaps.swaps[i].path), name,
				    sizeof(name)),
			 swaps.swaps[i].priority,
			 units_format_size(swaps.swaps[i].used_bytes, used));
	doctor_add(d, "pool", "swap", DOCTOR_OK, POOLS, "%s%s", swaps.n ? text : "none in use",
		   swaps.n > 3 ? "; ..." : "");
	if (procfs_vmstat_read(d->root, &vmstat, NULL))
		return;
	doctor_add(d, "pool", "zero pages", DOCTOR_OK, POOLS, "%s",
		   vmstat.swpout_zero == MISSING_U64
			   ? "stored in the pool as same-filled"
			   : "kept as a bit by swap (zeromap): they never reach a pool");
}

/* ---- limits and rights ---- */

static void look_cgroup(struct doctor *d)
{
	static const char *const words[] = {
		[CGROUP_V1] = "v1: limits; neither PSI nor CPU time of the group",
		[CGROUP_HYBRID] = "hybrid: limits by v1, PSI and CPU time by the cgroup2 mount",
		[CGROUP_V2] = "v2: limits, PSI, CPU time",
	};
	struct cgroup_layout layout;
	struct doctor_check *c;

	if (!cgroup_layout_read(d->root, &layout, NULL) && layout.mode != CGROUP_NONE) {
		doctor_add(d, "limits", "control groups",
			   layout.mode == CGROUP_V1 ? DOCTOR_LIMITED : DOCTOR_OK, "study, workload",
			   "%s", words[layout.mode]);
		return;
	}
	c = doctor_add(d, "limits", "control groups", DOCTOR_MISSING, "study, workload",
		       "no memory controller found: nothing can be limited");
	doctor_remedy(c, "boot with cgroup_enable=memory, or run outside of the container");
	c->left_out = "runs under a limit";
}

static void look_rights(struct doctor *d)
{
	static const uint64_t needed = RIGHTS_CHANGE | RIGHTS_PROBE | RIGHT(CAP_SYS_PTRACE) |
				       RIGHT(CAP_SYS_NICE) | RIGHT(CAP_KILL) | RIGHT(CAP_SETUID) |
				       RIGHT(CAP_SETGID);
	uint64_t missing = missing_rights(d, needed);
	char names[200];
	struct doctor_check *c;

	if (!missing) {
		doctor_add(d, "rights", "capabilities", DOCTOR_OK, ALL_COMMANDS,
			   "all %d that coldpress uses, in the initial user namespace",
			   __builtin_popcountll(needed));
		return;
	}
	rights_names(missing, names, sizeof(names));
	c = doctor_add(d, "rights", "capabilities", DOCTOR_MISSING,
		       "all but compressor_monitor on files and on processes of this user", "%s%s",
		       initial_user(d) ? "without " : "in a user namespace of its own, so without ",
		       names);
	remedy_rights(d, c);
	c->left_out = "pools, limits and probes";
}

static void look_pids(struct doctor *d)
{
	uint32_t space;
	struct err e = { 0 };
	struct doctor_check *c;
	int rc;

	if (d->root)
		return;
	rc = rights_pid_space(&space, &e);
	if (!rc)
		rc = rights_processes("--pid", &e);
	if (rc) {
		c = doctor_add(d, "rights", "PID namespace", DOCTOR_LIMITED, ALL_COMMANDS, "%s",
			       e.what);
		doctor_remedy(c, "%s", e.hint);
		return;
	}
	doctor_add(d, "rights", "PID namespace", DOCTOR_OK, ALL_COMMANDS, "%s",
		   space ? "not the initial one: PIDs are those seen here, missing for processes "
			   "outside"
			 : "the initial one");
}

/* ---- tools ---- */

static bool have_tool(const struct doctor *d, const char *name)
{
	static const char *const places[] = { "/usr/local/bin",  "/usr/bin",  "/bin",
					      "/usr/local/sbin", "/usr/sbin", "/sbin" };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (sysroot_exists(d->root, "%s/%s", places[i], name))
			return true;
	return false;
}

static void look_tools(struct doctor *d)
{
	static const struct {
		const char *name, *enables, *left_out, *apt, *dnf, *pacman;
	} tools[] = {
		{ "sqlite3", "study --demo", "the sqlite3 target", "sqlite3", "sqlite", "sqlite" },
		{ "gnuplot", "report", "the plots of the report", "gnuplot-nox", "gnuplot-minimal",
		  "gnuplot" },
		{ "stress-ng", "workload wrap stress-ng", NULL, "stress-ng", "stress-ng",
		  "stress-ng" },
		{ "fio", "workload wrap fio", NULL, "fio", "fio", "fio" },
		{ "sysbench", "workload wrap sysbench", NULL, "sysbench", "sysbench", "sysbench" },
		{ "bpftrace", "make bench, to compare with", NULL, "bpftrace", "bpftrace",
		  "bpftrace" },
		{ "perf", "make bench, to compare with", NULL, "linux-perf", "perf", "perf" },
		{ "strace", "make check, to kill at system calls", NULL, "strace", "strace",
		  "strace" },
	};
	bool apt = have_tool(d, "apt-get"), dnf = have_tool(d, "dnf"),
	     pacman = have_tool(d, "pacman");

	for (size_t i = 0; i < ARRAY_SIZE(tools); i++) {
		struct doctor_check *c;

		if (have_tool(d, tools[i].name)) {
			doctor_add(d, "tools", tools[i].name, DOCTOR_OK, tools[i].enables, "for %s",
				   tools[i].enables);
			continue;
		}
		c = doctor_add(d, "tools", tools[i].name, DOCTOR_MISSING, tools[i].enables,
			       "not installed");
		c->left_out = tools[i].left_out;
		if (apt)
			doctor_remedy(c, "sudo apt-get install %s", tools[i].apt);
		else if (dnf)
			doctor_remedy(c, "sudo dnf install %s", tools[i].dnf);
		else if (pacman)
			doctor_remedy(c, "sudo pacman -S %s", tools[i].pacman);
		else
			doctor_remedy(c, "install %s", tools[i].name);
	}
}

void doctor_look(struct doctor *d)
{
	look_kernel(d);
	look_page_size(d);
	look_btf(d);
	look_lockdown(d);
	look_psi(d);
	look_memory_modes(d);
	look_tracefs(d);
	libbpf_set_print(NULL);
	if (!d->root) {
		try_bpf(d);
		try_perf(d);
	}
	look_hooks(d);
	look_zram(d);
	look_zswap(d);
	look_swaps(d);
	look_cgroup(d);
	look_rights(d);
	look_pids(d);
	look_tools(d);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* probe_hook.c - which hooks there are, which variant of each the running kernel offers, and who
 * may load them.
 *
 * The table names every hook of every probe; `coldpress doctor` prints the choice made from it.
 * Looks only: loads and attaches nothing.
 */
#include "probe.h"

#include <bpf/btf.h>
#include <sys/capability.h>

#define ANY_TRACEPOINT  (1u << PROBE_TP_BTF | 1u << PROBE_RAW_TP | 1u << PROBE_CLASSIC)
#define TYPED_ARGUMENTS (1u << PROBE_TP_BTF | 1u << PROBE_RAW_TP)
#define PERF_ONLY       (1u << PROBE_PERF)

const char *const probe_variant_names[] = {
	"auto", "tp_btf", "raw_tp", "classic", "perf", "missing"
};
const char *const probe_hook_choices[] = { "auto", "tp_btf", "raw_tp", "classic", "perf", NULL };

const char *const probe_time_choices[] = { "monotonic", "utc", "both", NULL };

const struct probe_hook probe_hooks[PROBE_HOOKS] = {
	{ "sched", "sched_process_fork", TYPED_ARGUMENTS, "proc_create: new processes" },
	{ "sched", "sched_process_exec", TYPED_ARGUMENTS, "proc_create --format: programs run" },
	{ "sched", "sched_process_exit", TYPED_ARGUMENTS, "proc_create --format: processes ended" },
	{ "raw_syscalls", "sys_exit", TYPED_ARGUMENTS, "proc_create --failed: execs that failed" },
	/* x86, and riscv lately; arm64 has none, there the perf event stands in */
	{ "exceptions", "page_fault_user", ANY_TRACEPOINT, "page_fault: entries from user mode" },
	{ "exceptions", "page_fault_kernel", ANY_TRACEPOINT,
	  "page_fault: entries from kernel mode" },
	{ "perf", "page_faults", PERF_ONLY,
	  "page_fault: stands in where the two above are missing" },
	{ "perf", "page_faults_min", PERF_ONLY, "page_fault --summary: minor completions" },
	{ "perf", "page_faults_maj", PERF_ONLY,
	  "page_fault --summary: major completions and their latency" },
	{ "vmscan", "mm_vmscan_kswapd_wake", ANY_TRACEPOINT, "swap_probe kswapd_wake" },
	{ "vmscan", "mm_vmscan_kswapd_sleep", ANY_TRACEPOINT, "swap_probe kswapd_sleep" },
	{ "vmscan", "mm_vmscan_direct_reclaim_begin", ANY_TRACEPOINT, "swap_probe direct_begin" },
	{ "vmscan", "mm_vmscan_direct_reclaim_end", ANY_TRACEPOINT, "swap_probe direct_end" },
	/* with CONFIG_MEMCG */
	{ "vmscan", "mm_vmscan_memcg_reclaim_begin", ANY_TRACEPOINT, "swap_probe memcg_begin" },
	{ "vmscan", "mm_vmscan_memcg_reclaim_end", ANY_TRACEPOINT,
	  "swap_probe memcg_end and its times" },
	{ "vmscan", "mm_vmscan_lru_shrink_inactive", ANY_TRACEPOINT, "swap_probe memcg_scanned" },
	/* only page-out on request (madvise, DAMON); in 6.18, not in Debian's 6.1 and 6.12 */
	{ "vmscan", "mm_vmscan_reclaim_pages", ANY_TRACEPOINT, "swap_probe reclaim_pages" },
	/* 5.18 renamed mm_vmscan_writepage to mm_vmscan_write_folio */
	{ "vmscan", "mm_vmscan_write_folio", ANY_TRACEPOINT, "swap_probe write_folio" },
	{ "vmscan", "mm_vmscan_writepage", ANY_TRACEPOINT, "swap_probe write_folio, before 5.18" },
	{ "block", "block_bio_queue", TYPED_ARGUMENTS, "pool_probe: requests to the pool begin" },
	{ "block", "block_bio_complete", TYPED_ARGUMENTS, "pool_probe: requests to the pool end" },
};

static bool tracefs_lists(const struct sysroot *root, const struct probe_hook *hook)
{
	return sysroot_exists(root, "/sys/kernel/tracing/events/%s/%s", hook->group, hook->name) ||
	       sysroot_exists(root, "/sys/kernel/debug/tracing/events/%s/%s", hook->group,
			      hook->name);
}

static bool has_member(const struct btf *btf, const char *name, const char *member)
{
	int id = btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT);
	const struct btf_type *type = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;

	for (uint16_t i = 0; type && i < btf_vlen(type); i++) {
		if (str_eq(btf__name_by_offset(btf, btf_members(type)[i].name_off), member))
			return true;
	}
	return false;
}

int probe_kernel_read(const struct sysroot *root, struct probe_kernel *ret, struct err *e)
{
	struct probe_kernel kernel = { 0 };
	char path[SYSROOT_PATH_MAX];
	char type[80];
	struct btf *btf = NULL;
	int r = sysroot_path(root, path, "/sys/kernel/btf/vmlinux");

	if (r)
		return err_set(e, r, "cannot name /sys/kernel/btf/vmlinux");
	kernel.btf = access(path, R_OK) == 0;
	if (kernel.btf && !(btf = btf__parse(path, NULL)))
		return err_set(e, errno, "cannot read the kernel's type information in %s", path);
	/* The feature test that perf_event_open(2) documents. */
	kernel.perf = sysroot_exists(root, "/proc/sys/kernel/perf_event_paranoid");
	for (size_t i = 0; i < PROBE_HOOKS; i++) {
		snprintf(type, sizeof(type), "btf_trace_%s", probe_hooks[i].name);
		kernel.typed[i] = btf && btf__find_by_name_kind(btf, type, BTF_KIND_TYPEDEF) > 0;
		kernel.listed[i] = tracefs_lists(root, &probe_hooks[i]);
	}
	kernel.rw_page = btf && has_member(btf, "block_device_operations", "rw_page");
	btf__free(btf);
	*ret = kernel;
	return 0;
}

static bool offered(const struct probe_kernel *kernel, size_t i, enum probe_variant variant)
{
	if (!kernel->btf || !(probe_hooks[i].variants & 1u << variant))
		return false;
	switch (variant) {
	case PROBE_TP_BTF:
		return kernel->typed[i];
	case PROBE_RAW_TP:
		return kernel->typed[i] || kernel->listed[i];
	case PROBE_CLASSIC:
		return kernel->listed[i];
	case PROBE_PERF:
		return kernel->perf;
	default:
		return false;
	}
}

static const char *why(enum probe_variant variant, enum probe_variant wanted)
{
	if (variant == wanted)
		return "as asked for";
	switch (variant) {
	case PROBE_TP_BTF:
		return "BTF types its arguments";
	case PROBE_RAW_TP:
		return "tracefs lists it, BTF does not type its arguments";
	case PROBE_CLASSIC:
		return "all that tracefs and BTF leave";
	default:
		return "software event, counted by the kernel at completion";
	}
}

void probe_hook_find(const struct probe_kernel *kernel, enum probe_variant wanted,
		     struct probe_choice ret[PROBE_HOOKS])
{
	for (size_t i = 0; i < PROBE_HOOKS; i++) {
		enum probe_variant variant = PROBE_MISSING;

		for (enum probe_variant v = PROBE_TP_BTF;
		     v < PROBE_MISSING && variant == PROBE_MISSING; v++) {
			/* Perf events have but one variant: a narrowed choice is about tracepoints.
			 */
			if ((wanted == PROBE_AUTO || v == wanted || v == PROBE_PERF) &&
			    offered(kernel, i, v))
				variant = v;
		}
		ret[i] = (struct probe_choice){
			.hook = probe_hooks[i].name,
			.variant = variant,
			.status = variant == PROBE_MISSING ? "missing" : "ok",
			.note = variant == PROBE_MISSING ? probe_hooks[i].note
				: kernel->rw_page && str_eq(probe_hooks[i].group, "block")
					? "sees folios alone: swap hands single pages past it "
					  "(rw_page)"
					: why(variant, wanted),
		};
	}
}

int probe_rights(struct err *e)
{
	static const struct {
		cap_value_t value;
		const char *name;
	} need[] = { { CAP_BPF, "CAP_BPF" }, { CAP_PERFMON, "CAP_PERFMON" } };
	cap_t caps = cap_get_proc();
	cap_flag_value_t on = CAP_CLEAR;
	char missing[64] = "";

	if (!caps)
		return err_set(e, errno, "cannot read the capabilities of this process");
	/* The older, wider one stands for both. */
	cap_get_flag(caps, CAP_SYS_ADMIN, CAP_EFFECTIVE, &on);
	for (size_t i = 0; on == CAP_CLEAR && i < ARRAY_SIZE(need); i++) {
		cap_flag_value_t has = CAP_CLEAR;
		size_t used = strlen(missing);

		cap_get_flag(caps, need[i].value, CAP_EFFECTIVE, &has);
		if (has == CAP_CLEAR)
			snprintf(missing + used, sizeof(missing) - used, "%s%s",
				 used ? " and " : "", need[i].name);
	}
	cap_free(caps);
	if (!*missing)
		return 0;
	err_impossible(e,
		       "loading a probe into the kernel takes CAP_BPF and CAP_PERFMON; missing: %s",
		       missing);
	return err_hint(e, "run it with sudo");
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* probe_hook.c - the table of hooks, the variant of each that the running kernel offers.
 *
 * `coldpress doctor` prints the choice.
 */
#include "probe_hook.h"

#include <bpf/btf.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>

#define RAW_VARIANTS (1u << PROBE_TP_BTF | 1u << PROBE_RAW_TP)
/* Tracepoints whose programs need the arguments, tracepoints with a classic program too, and perf
 * software events.
 */
#define RAW(group, name, note) \
	{ \
		group, name, RAW_VARIANTS, note, 0 \
	}
#define ANY(group, name, note) \
	{ \
		group, name, RAW_VARIANTS | 1u << PROBE_CLASSIC, note, 0 \
	}
#define PERF(name, config, note) \
	{ \
		"perf", name, 1u << PROBE_PERF, note, PERF_COUNT_SW_##config \
	}

const char *const probe_variant_names[] = {
	"auto", "tp_btf", "raw_tp", "classic", "perf", "missing"
};
const struct probe_hook probe_hooks[PROBE_HOOKS] = {
	RAW("sched", "sched_process_fork", "proc_create: new processes"),
	RAW("sched", "sched_process_exec", "proc_create --format: programs run"),
	RAW("sched", "sched_process_exit", "proc_create --format: processes ended"),
	RAW("raw_syscalls", "sys_exit", "proc_create --failed: execs that failed"),
	/* x86 and riscv; arm64 has none: there the perf event is used */
	ANY("exceptions", "page_fault_user", "page_fault: fault entries from user mode"),
	ANY("exceptions", "page_fault_kernel", "page_fault: fault entries from kernel mode"),
	PERF("page_faults", PAGE_FAULTS, "page_fault: used if the two above are missing"),
	PERF("page_faults_min", PAGE_FAULTS_MIN, "page_fault --summary: minor faults completed"),
	PERF("page_faults_maj", PAGE_FAULTS_MAJ,
	     "page_fault --summary: major faults completed, with latency"),
	ANY("vmscan", "mm_vmscan_kswapd_wake", "swap_probe kswapd_wake"),
	ANY("vmscan", "mm_vmscan_kswapd_sleep", "swap_probe kswapd_sleep"),
	ANY("vmscan", "mm_vmscan_direct_reclaim_begin", "swap_probe direct_begin"),
	ANY("vmscan", "mm_vmscan_direct_reclaim_end", "swap_probe direct_end"),
	/* with CONFIG_MEMCG */
	ANY("vmscan", "mm_vmscan_memcg_reclaim_begin", "swap_probe memcg_begin"),
	ANY("vmscan", "mm_vmscan_memcg_reclaim_end", "swap_probe memcg_end and its times"),
	ANY("vmscan", "mm_vmscan_lru_shrink_inactive", "swap_probe memcg_scanned"),
	/* page-out on request only (madvise, DAMON); in 6.18, not in Debian's 6.1 and 6.12 */
	ANY("vmscan", "mm_vmscan_reclaim_pages", "swap_probe reclaim_pages"),
	/* 5.18 renamed mm_vmscan_writepage to mm_vmscan_write_folio */
	ANY("vmscan", "mm_vmscan_write_folio", "swap_probe write_folio"),
	ANY("vmscan", "mm_vmscan_writepage", "swap_probe write_folio, before 5.18"),
	RAW("block", "block_bio_queue", "pool_probe: start of a request to a zram device"),
	RAW("block", "block_bio_complete", "pool_probe: end of a request to a zram device"),
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

size_t probe_hook_index(const char *name)
{
	size_t i = 0;

	while (!str_eq(probe_hooks[i].name, name))
		i++;
	return i;
}

int probe_kernel_read(const struct sysroot *root, struct probe_kernel *ret, struct err *e)
{
	struct probe_kernel kernel = { 0 };
	char path[SYSROOT_PATH_MAX];
	char type[80];
	struct btf *btf = NULL;
	int rc = sysroot_path(root, path, "/sys/kernel/btf/vmlinux");

	if (rc)
		return err_set(e, rc, "cannot name /sys/kernel/btf/vmlinux");
	kernel.btf = access(path, R_OK) == 0;
	if (kernel.btf && !(btf = btf__parse(path, NULL)))
		return err_set(e, errno, "cannot read the kernel's type information in %s", path);
	/* The feature test that perf_event_open(2) documents; /proc may lack it (subset=pid). */
	kernel.perf = root ? sysroot_exists(root, "/proc/sys/kernel/perf_event_paranoid")
			   : syscall(SYS_perf_event_open, NULL, 0, 0, 0, 0) && errno != ENOSYS;
	for (size_t i = 0; i < PROBE_HOOKS && probe_hooks[i].name; i++) {
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

static const char *reason(enum probe_variant variant, enum probe_variant wanted)
{
	if (variant == wanted)
		return "selected with --hook";
	switch (variant) {
	case PROBE_TP_BTF:
		return "BTF types its arguments";
	case PROBE_RAW_TP:
		return "tracefs lists it, BTF does not type its arguments";
	case PROBE_CLASSIC:
		return "the only kind that tracefs and BTF offer";
	default:
		return "software event, counted by the kernel at completion";
	}
}

void probe_hook_find(const struct probe_kernel *kernel, enum probe_variant wanted,
		     struct probe_choice ret[PROBE_HOOKS])
{
	memset(ret, 0, PROBE_HOOKS * sizeof(*ret));
	for (size_t i = 0; i < PROBE_HOOKS && probe_hooks[i].name; i++) {
		enum probe_variant variant = PROBE_MISSING;

		for (enum probe_variant v = PROBE_TP_BTF;
		     v < PROBE_MISSING && variant == PROBE_MISSING; v++) {
			/* Perf events have only one variant: wanted is about tracepoints. */
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
					? "sees only folios: swap passes single pages to the "
					  "device past the block layer (rw_page)"
					: reason(variant, wanted),
		};
	}
}

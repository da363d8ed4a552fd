/* SPDX-License-Identifier: GPL-2.0-only */
/* environment.c - the machine as it was when a study ran: what could explain a difference to
 * another one. */
#include "environment.h"

#include <sys/utsname.h>

/* Files whose first line is the value; one that does not exist is stored as missing. */
static const struct {
	const char *key, *path;
} files[] = {
	{ "kernel_cmdline", "/proc/cmdline" },
	{ "cpu_governor", "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor" },
	{ "numa_nodes", "/sys/devices/system/node/online" },
	{ "transparent_hugepage", "/sys/kernel/mm/transparent_hugepage/enabled" },
	{ "ksm_run", "/sys/kernel/mm/ksm/run" },
	{ "lru_gen", "/sys/kernel/mm/lru_gen/enabled" },
	{ "zswap_enabled", "/sys/module/zswap/parameters/enabled" },
	{ "zswap_compressor", "/sys/module/zswap/parameters/compressor" },
	{ "swappiness", "/proc/sys/vm/swappiness" },
	{ "page_cluster", "/proc/sys/vm/page-cluster" },
	{ "overcommit_memory", "/proc/sys/vm/overcommit_memory" },
	{ "watermark_scale_factor", "/proc/sys/vm/watermark_scale_factor" },
	{ "randomize_va_space", "/proc/sys/kernel/randomize_va_space" },
	{ "hypervisor", "/sys/hypervisor/type" },
	{ "load", "/proc/loadavg" },
};

static int put(struct study *s, const char *key, const char *value, struct err *e)
{
	return results_environment(s->results, &s->experiment, key, value, e);
}

/* The largest compressed length that still takes less than its page. */
static unsigned int break_even(const struct zsmalloc_model *model)
{
	unsigned int len = PAGE_BYTES;

	while (len > 0 && zsmalloc_slot_bytes(model, len) >= PAGE_BYTES)
		len--;
	return len;
}

int study_environment_store(struct study *s, struct err *e)
{
	struct results_machine machine;
	char value[512];
	struct utsname u;
	int rc = 0;

	for (size_t i = 0; i < ARRAY_SIZE(files) && !rc; i++) {
		ssize_t n = sysroot_read(NULL, value, sizeof(value), NULL, "%s", files[i].path);

		if (n >= 0)
			value[strcspn(value, "\n")] = '\0';
		rc = put(s, files[i].key, n < 0 ? NULL : value, e);
	}
	if (!rc && !uname(&u)) {
		snprintf(value, sizeof(value), "%s %s %s", u.sysname, u.release, u.machine);
		rc = put(s, "kernel", value, e);
	}
	results_machine_read(NULL, &machine);
	if (!rc)
		rc = put(s, "cpu_model", machine.cpu, e);
	snprintf(value, sizeof(value), "%llu kB",
		 (unsigned long long)sysconf(_SC_PHYS_PAGES) * PAGE_BYTES / KIB);
	if (!rc)
		rc = put(s, "mem_total", value, e);
	snprintf(value, sizeof(value), "%ld", sysconf(_SC_NPROCESSORS_ONLN));
	if (!rc)
		rc = put(s, "cpus_online", value, e);
	snprintf(value, sizeof(value), "%u", break_even(&s->slots));
	return rc ? rc : put(s, "slot_break_even_bytes", value, e);
}

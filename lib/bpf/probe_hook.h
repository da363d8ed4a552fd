/* SPDX-License-Identifier: GPL-2.0-only */
/* probe_hook.h - the hooks of all probes, and which variant of each the running kernel offers.
 *
 * Decided by looking at the kernel (BTF, tracefs, perf), never by its version. Loads and attaches
 * nothing.
 */
#ifndef COLDPRESS_BPF_PROBE_HOOK_H
#define COLDPRESS_BPF_PROBE_HOOK_H

#include "lib/base/err.h"
#include "lib/base/sysroot.h"

enum probe_variant {
	PROBE_AUTO,    /* in a request: the first of those below that is offered */
	PROBE_TP_BTF,  /* tracepoint, arguments typed by BTF (5.5) */
	PROBE_RAW_TP,  /* tracepoint, arguments untyped; the same cost */
	PROBE_CLASSIC, /* tracepoint through perf: needs tracefs, about 2.5 times the cost */
	PROBE_PERF,    /* perf software event, opened on each CPU */
	PROBE_MISSING, /* none of them */
};

/* "auto", "tp_btf", "raw_tp", "classic", "perf", "missing" */
extern const char *const probe_variant_names[];

/* Capacity of the table; rows that are not in use have no name. */
#define PROBE_HOOKS 32

struct probe_hook {
	const char *group, *name; /* as in tracefs' events/GROUP/NAME; "perf" and the event */
	unsigned int variants;    /* bit 1 << enum probe_variant for each with a program */
	const char *note;         /* which output needs it */
	uint64_t perf_config;     /* PROBE_PERF: PERF_COUNT_SW_... */
};
extern const struct probe_hook probe_hooks[PROBE_HOOKS];

/* What the running kernel has; index as in probe_hooks. */
struct probe_kernel {
	bool btf;     /* /sys/kernel/btf/vmlinux exists: without it nothing can be loaded */
	bool perf;    /* perf_event_open exists */
	bool rw_page; /* swap passes single pages to a device past the block layer: 6.1, not 6.12 */
	bool typed[PROBE_HOOKS];  /* BTF has the types of the tracepoint's arguments */
	bool listed[PROBE_HOOKS]; /* tracefs lists it; false too where tracefs is not mounted */
};

struct probe_choice {
	const char *hook; /* "sched_process_fork"; NULL: no row */
	enum probe_variant variant;
	const char *status; /* "ok", "missing" */
	const char *note;   /* why this variant, or which output is missing without it */
};

/* probe_kernel_read - what BTF, tracefs and perf below root say; needs no privilege. Where BTF is
 * missing, ret->btf is false and 0 is returned.
 *
 * errors  libbpf's own where BTF exists and cannot be read
 */
int probe_kernel_read(const struct sysroot *root, struct probe_kernel *ret, struct err *e);

/* probe_hook_find - pure: the variant of each hook, in the order of probe_hooks. wanted limits the
 * choice to one kind of tracepoint hook.
 */
void probe_hook_find(const struct probe_kernel *kernel, enum probe_variant wanted,
		     struct probe_choice ret[PROBE_HOOKS]);

/* probe_hook_index - row of a hook in probe_hooks, by its name, which must be one of them. */
size_t probe_hook_index(const char *name);

#endif

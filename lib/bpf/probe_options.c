/* SPDX-License-Identifier: GPL-2.0-only */
/* probe_options.c - checks of the options that all probes have. */
#include "probe_options.h"

#include "lib/base/out.h"
#include "lib/base/sysroot.h"

const char *const probe_hook_choices[] = { "auto", "tp_btf", "raw_tp", "classic", "perf", NULL };
const char *const probe_time_choices[] = { "monotonic", "utc", "both", NULL };

int probe_needs_format(const struct probe_options *options, struct err *e)
{
	const char *word = options->output                             ? "--output"
			   : options->fields.n                         ? "--fields"
			   : options->max_events != MISSING_U64        ? "--max-events"
			   : options->timestamps != OUT_TIME_MONOTONIC ? "--timestamps"
								       : NULL;

	if (options->format >= 0 || !word)
		return 0;
	return err_usage(e, "%s needs records: add --format text, json or csv", word);
}

int probe_check_pid(const char *option, pid_t pid, struct err *e)
{
	AUTO_FREE char *status = NULL;
	const char *line;
	long tgid;

	if (sysroot_read_alloc(NULL, &status, NULL, "/proc/%d/status", pid) <= 0)
		return err_usage(e, "%s %d: process not found", option, pid);
	line = strstr(status, "\nTgid:");
	tgid = line ? strtol(line + strlen("\nTgid:"), NULL, 10) : pid;
	if (tgid == pid)
		return 0;
	err_usage(e, "%s %d is a thread of process %ld", option, pid, tgid);
	return err_hint(e, "name the process: %s %ld", option, tgid);
}

bool probe_filters(const struct probe_options *options)
{
	return options->tgid || options->comm || options->cgroup || options->uid != MISSING_U64;
}

int probe_filter(const struct probe_options *options, struct probe_filter *ret, struct err *e)
{
	size_t n = options->comm ? strlen(options->comm) : 0;

	if (n >= PROBE_COMM_LEN)
		return err_usage(e, "--comm %s: the kernel keeps only %d bytes of a task name",
				 options->comm, PROBE_COMM_LEN - 1);
	*ret = (struct probe_filter){
		.tgid = (uint32_t)options->tgid,
		.uid = options->uid == MISSING_U64 ? UINT32_MAX : (uint32_t)options->uid,
		.by_comm = options->comm != NULL,
		.by_cgroup = options->cgroup != NULL,
	};
	memcpy(ret->comm, options->comm ? options->comm : "", n);
	return 0;
}

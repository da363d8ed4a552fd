/* SPDX-License-Identifier: GPL-2.0-only */
/* stress_ng.c - stress-ng: forks, memory and mappings, parsed from its YAML report.
 *
 * --vm-bytes is the total of all workers. As root stress-ng would make itself unkillable, hence
 * --no-oom-adjust and --oomable. It can report success without any work: no bogo-ops is a failure.
 * Bogo-ops are comparable only for the same stressor of the same version.
 */
#include "wrap.h"

static const char *const args[] = { "--no-oom-adjust", "--oomable", "--temp-path", ".",
				    "--seed",          "{seed}",    "--timeout",   "{seconds}s",
				    "--metrics",       "--yaml",    "report.yaml", NULL };
static const char *const fork_vm[] = { "--fork",     "{workers}",   "--fork-max", "4",
				       "--vm",       "{workers}",   "--vm-bytes", "{region}",
				       "--vm-keep",  "--vm-method", "rand-sum",   "--vm-madvise",
				       "nohugepage", NULL };
static const char *const vm_mixed[] = { "--vm",         "{workers}",   "--vm-bytes",
					"{region}",     "--vm-method", "all",
					"--vm-madvise", "nohugepage",  NULL };
static const char *const mmap_args[] = { "--mmap", "{workers}", "--mmap-bytes", "{region}", NULL };

static const struct wrap_profile profiles[] = {
	{ "fork-vm", "processes that fork while others write memory", fork_vm },
	{ "vm-mixed", "memory written by each of its methods in turn", vm_mixed },
	{ "mmap", "mappings created, touched and removed", mmap_args },
	{ NULL, NULL, NULL },
};

/* In the metrics of each stressor. */
static const struct wrap_key keys[] = {
	WRAP_KEY("bogo-ops", "bogo_ops", "bogo-ops", 1, .whole = true),
	WRAP_KEY("bogo-ops-per-second-real-time", "bogo_ops_per_s", "bogo-ops/s", 1),
	WRAP_KEY("user-time", "user_s", "s", 1),
	WRAP_KEY("system-time", "system_s", "s", 1),
	WRAP_KEY("max-rss", "max_rss_bytes", "bytes", KIB, .whole = true),
};

static int read_metric(struct wrap_values *out, const char *stressor, const char *key,
		       const char *text, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		double value;
		int rc;

		if (!str_eq(key, keys[i].key))
			continue;
		rc = wrap_value_read(out, stressor, &keys[i], text, &value, e);
		if (!rc && i == 0)
			wrap_operations_add(out, value);
		return rc;
	}
	return 0;
}

static int parse(char *text, struct wrap_values *out, struct err *e)
{
	char stressor[64] = "", *line;
	bool metrics = false;
	int rc = 0;

	while (!rc && (line = strsep(&text, "\n"))) {
		char key[48];
		int end = 0;

		/* A key in the first column begins a section. */
		if (line[0] && line[0] != ' ')
			metrics = str_eq(line, "metrics:");
		if (!metrics || sscanf(line, " - stressor: %63s", stressor) == 1 || !*stressor ||
		    sscanf(line, " %47[^: ]:%n", key, &end) != 1 || !end)
			continue;
		rc = read_metric(out, stressor, key, line + end, e);
	}
	if (rc)
		return rc;
	return out->n ? 0 : err_say(e, EBADMSG, "the report of stress-ng has no metrics");
}

const struct wrap_tool wrap_stress_ng = {
	.name = "stress-ng",
	.report = "report.yaml",
	.args = args,
	.profiles = profiles,
	/* EXIT_NO_RESOURCE, EXIT_NOT_IMPLEMENTED (core-attribute.h). */
	.unsupported = { 3, 4 },
	.parse = parse,
};

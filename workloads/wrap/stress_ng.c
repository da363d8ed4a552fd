/* SPDX-License-Identifier: GPL-2.0-only */
/* stress_ng.c - stress-ng: forks, memory and mappings, parsed from its YAML report.
 *
 * --vm-bytes is the total of all workers. As root stress-ng would make itself unkillable, hence
 * --no-oom-adjust and --oomable. It can report success without any work: no bogo-ops is a failure.
 * Bogo-ops are comparable only for the same stressor of the same version.
 */
#include "lib/base/units.h"
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
	{ "bogo-ops", "bogo_ops", "bogo-ops", 1 },
	{ "bogo-ops-per-second-real-time", "bogo_ops_per_s", "bogo-ops/s", 1 },
	{ "user-time", "user_s", "s", 1 },
	{ "system-time", "system_s", "s", 1 },
	{ "max-rss", "max_rss_bytes", "bytes", KIB },
};

static int parse(char *text, struct wrap_values *out, struct err *e)
{
	char stressor[24] = "", *line;
	bool metrics = false;

	while ((line = strsep(&text, "\n"))) {
		char key[48], word[64];
		double value;

		/* A key in the first column begins a section. */
		if (line[0] && line[0] != ' ')
			metrics = str_eq(line, "metrics:");
		if (!metrics || sscanf(line, " - stressor: %23s", stressor) == 1 || !*stressor ||
		    sscanf(line, " %47[^: ]: %63s", key, word) != 2 ||
		    units_parse_f64(word, &value, NULL))
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
			if (str_eq(key, keys[i].key))
				wrap_value_add(out, value * keys[i].scale, keys[i].unit, "%s_%s",
					       stressor, keys[i].name);
		if (str_eq(key, "bogo-ops"))
			wrap_operations_add(out, value);
	}
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

/* SPDX-License-Identifier: GPL-2.0-only */
/* stress_ng.c - stress-ng: forks, memory and mappings, read from its YAML.
 *
 * --vm-bytes is the total of all workers. --no-oom-adjust and --oomable, since as root it would
 * make itself unkillable. It can call a run successful that did nothing: no bogo-ops is a failure.
 * Its bogo-ops compare with nothing but the same stressor of the same version.
 */
#include "lib/base/units.h"
#include "wrap.h"

static const char *const version_words[] = { "--version", NULL };
static const char *const common[] = { "--no-oom-adjust", "--oomable", "--temp-path", ".",
				      "--seed",          "{seed}",    "--timeout",   "{seconds}s",
				      "--metrics",       "--yaml",    "report.yaml", NULL };
static const char *const fork_vm[] = { "--fork",     "{workers}",   "--fork-max", "4",
				       "--vm",       "{workers}",   "--vm-bytes", "{region}",
				       "--vm-keep",  "--vm-method", "rand-sum",   "--vm-madvise",
				       "nohugepage", NULL };
static const char *const vm_mixed[] = { "--vm",         "{workers}",   "--vm-bytes",
					"{region}",     "--vm-method", "all",
					"--vm-madvise", "nohugepage",  NULL };
static const char *const mmap_words[] = { "--mmap", "{workers}", "--mmap-bytes", "{region}", NULL };

static const struct wrap_profile profiles[] = {
	{ "fork-vm", "processes that fork while others write memory", fork_vm },
	{ "vm-mixed", "memory written by every method it has, one after the other", vm_mixed },
	{ "mmap", "mappings made, touched and taken away", mmap_words },
	{ NULL, NULL, NULL },
};

/* EXIT_NO_RESOURCE is 3, EXIT_NOT_IMPLEMENTED 4 (core-attribute.h). */
static bool unsupported(int exit_status)
{
	return exit_status == 3 || exit_status == 4;
}

/* One `key: value` of the metrics, below the stressor last named. */
static void take(const char *stressor, const char *key, double value, struct wrap_figures *ret)
{
	static const struct {
		const char *key, *figure, *unit;
		double scale;
	} known[] = {
		{ "bogo-ops", "bogo_ops", "bogo-ops", 1 },
		{ "bogo-ops-per-second-real-time", "bogo_ops_per_s", "bogo-ops/s", 1 },
		{ "user-time", "user_s", "s", 1 },
		{ "system-time", "system_s", "s", 1 },
		{ "max-rss", "max_rss_bytes", "bytes", 1024 },
	};
	char name[48];

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (!str_eq(key, known[i].key))
			continue;
		snprintf(name, sizeof(name), "%s_%s", stressor, known[i].figure);
		wrap_figure_add(ret, name, known[i].unit, value * known[i].scale);
	}
	if (str_eq(key, "bogo-ops"))
		ret->operations = (ret->operations >= 0 ? ret->operations : 0) + value;
}

static int parse(const char *text, struct wrap_figures *ret, struct err *e)
{
	AUTO_FREE char *copy = strdup(text);
	char stressor[24] = "", *at = copy, *line;
	bool metrics = false;

	if (!copy)
		return err_set(e, ENOMEM, "cannot read the report of stress-ng");
	while ((line = strsep(&at, "\n"))) {
		char key[48], word[64];
		double value;

		/* A key in the first column begins a section. */
		if (line[0] && line[0] != ' ')
			metrics = str_eq(line, "metrics:");
		if (!metrics || sscanf(line, " - stressor: %23s", stressor) == 1)
			continue;
		if (sscanf(line, " %47[^: ]: %63s", key, word) == 2 && *stressor &&
		    !units_parse_f64(word, &value, NULL))
			take(stressor, key, value, ret);
	}
	return ret->n ? 0 : err_say(e, EBADMSG, "the report of stress-ng has no metrics");
}

extern const struct wrap_tool wrap_stress_ng;
const struct wrap_tool wrap_stress_ng = {
	.name = "stress-ng",
	.program = "stress-ng",
	.package = "stress-ng",
	.version_words = version_words,
	.scratch_below = "/tmp",
	.report = "report.yaml",
	.words = common,
	.profiles = profiles,
	.unsupported = unsupported,
	.parse = parse,
};

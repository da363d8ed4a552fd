/* SPDX-License-Identifier: GPL-2.0-only */
/* mmtests.c - two small tests of mmtests, from a checkout that is not written to.
 *
 * mmtests is a shell program, so this is the one place with a shell: the script below is a constant
 * that gets its values as arguments. It makes a private copy without .git (running writes into the
 * tree), replaces its files in /tmp by such of the copy, and scrubs the environment, where SWAP_*,
 * TESTDISK_* and remote variables open dangerous paths. The configuration is its own. Only tests
 * that are known to be small are offered: others write gigabytes, drop caches and kill by name. Its
 * exit status is worthless: the samples are looked at.
 */
#include "lib/base/units.h"
#include "wrap.h"

static const char script[] =
	"set -eu\n"
	"checkout=$1 test=$2 config=$3\n"
	"mkdir copy\n"
	"tar -C \"$checkout\" --exclude=./.git --exclude=./work -cf - . | tar -C copy -xf -\n"
	"cd copy\n"
	"sed -i \"s#/tmp/mmtest#$PWD/mmtest#g\" run-mmtests.sh\n"
	"printf '%s\\n' \"export MMTESTS=$test\" \"export RUN_MONITOR=no\" \"$config\" "
	">coldpress.cfg\n"
	"run() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=\"$PWD\" "
	"ASSUME_PACKAGE_INSTALLED=yes \"$@\"; }\n"
	"run ./run-mmtests.sh --no-monitor -c coldpress.cfg RUN </dev/null 2>&1\n"
	"logs=$PWD/work/log/RUN/iter-0/$test/logs\n"
	"if grep -rl 'Command exited with non-zero status' \"$logs\"; then exit 1; fi\n"
	"run shellpack_src/src/$test/parse-results \"$logs\" >../report.tsv\n";

static const char *const common[] = { "-c", script, "coldpress-mmtests", "{checkout}", NULL };
static const char *const saladfork[] = { "saladfork", "export SALADFORK_ITERATIONS=200", NULL };
static const char *const time_unmap[] = {
	"time_unmap",
	"export TIME_UNMAP_THREADS={workers} TIME_UNMAP_ITERATIONS=3 TIME_UNMAP_SIZE={region}", NULL
};
static const char *const needs[] = { "tar", "sed", "gcc", "perl", "time", NULL };

static const struct wrap_profile profiles[] = {
	{ "saladfork", "latency of 200 forks of a small process, one after the other", saladfork },
	{ "time_unmap", "time to fill and unmap the region, three times", time_unmap },
	{ NULL, NULL, NULL },
};

static bool unsupported(int exit_status UNUSED)
{
	return false;
}

/* The operations whose samples are times, and their unit in ns. */
static const struct {
	const char *name, *mean, *max;
	double unit_ns;
} kinds[] = {
	{ "local", "local_mean_ns", "local_max_ns", 1e3 },
	{ "remote", "remote_mean_ns", "remote_max_ns", 1e3 },
	{ "Elapsed", "elapsed_mean_ns", "elapsed_max_ns", 1e9 },
	{ "System", "system_mean_ns", "system_max_ns", 1e9 },
	{ "User", "user_mean_ns", "user_max_ns", 1e9 },
};

struct samples {
	uint64_t n;
	double sum, max;
};

static void take(const char *name, double value, struct samples samples[ARRAY_SIZE(kinds)])
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!str_eq(name, kinds[i].name))
			continue;
		samples[i].n++;
		samples[i].sum += value;
		samples[i].max = value > samples[i].max ? value : samples[i].max;
	}
}

/* "local _ _ 7 227 R": operation, threads, _, iteration, value. Samples of 0 are those of a test
 * that could not do its work, which mmtests does not notice: they count as no operations.
 */
static int parse(const char *text, struct wrap_figures *ret, struct err *e)
{
	AUTO_FREE char *copy = strdup(text);
	struct samples samples[ARRAY_SIZE(kinds)] = { 0 };
	char *at = copy, *line;

	if (!copy)
		return err_set(e, ENOMEM, "cannot read the report of mmtests");
	while ((line = strsep(&at, "\n"))) {
		char name[24], word[32];
		double value;

		if (sscanf(line, "%23[a-zA-Z0-9_-] %*s %*s %*s %31s", name, word) == 2 &&
		    !units_parse_f64(word, &value, NULL))
			take(name, value, samples);
	}
	ret->operations = 0;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!samples[i].n)
			continue;
		wrap_figure_add(ret, kinds[i].mean, "ns",
				samples[i].sum / (double)samples[i].n * kinds[i].unit_ns);
		wrap_figure_add(ret, kinds[i].max, "ns", samples[i].max * kinds[i].unit_ns);
		if (samples[i].sum > 0)
			ret->operations = MAX(ret->operations, (double)samples[i].n);
	}
	return ret->n ? 0 : err_say(e, EBADMSG, "mmtests gave no samples");
}

extern const struct wrap_tool wrap_mmtests;
const struct wrap_tool wrap_mmtests = {
	.name = "mmtests",
	.program = "sh",
	.checkout_env = "COLDPRESS_MMTESTS",
	.checkout_file = "run-mmtests.sh",
	.checkout_url = "https://github.com/gormanm/mmtests",
	.needs = needs,
	.unprivileged = true,
	.scratch_below = "/tmp",
	.report = "report.tsv",
	.words = common,
	.profiles = profiles,
	.unsupported = unsupported,
	.parse = parse,
};

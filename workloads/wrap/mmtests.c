/* SPDX-License-Identifier: GPL-2.0-only */
/* mmtests.c - two small tests of mmtests, from a checkout that is not written to.
 *
 * mmtests is a shell program, so a shell runs mmtests.sh, which is part of this program and gets
 * its values as arguments. The script makes a private copy without .git (a run writes into the
 * tree), moves its files in /tmp into the copy, and clears the environment, where SWAP_*,
 * TESTDISK_* and remote variables enable dangerous operations. Only tests known to be small are
 * offered: others write gigabytes, drop caches and kill by name. Its exit status is not reliable:
 * the samples decide.
 */
#include "lib/base/units.h"
#include "wrap.h"

static const char script[] =
#include "mmtests.sh.h"
	;

static const char *const args[] = { "-c", script, "coldpress-mmtests", "{checkout}", NULL };
static const char *const saladfork[] = { "saladfork", "export SALADFORK_ITERATIONS=200", NULL };
static const char *const time_unmap[] = {
	"time_unmap",
	"export TIME_UNMAP_THREADS={workers} TIME_UNMAP_ITERATIONS=3 TIME_UNMAP_SIZE={region}", NULL
};
static const char *const needs[] = { "tar", "sed", "gcc", "perl", "time", NULL };

static const struct wrap_profile profiles[] = {
	{ "saladfork", "latency of 200 sequential forks of a small process", saladfork },
	{ "time_unmap", "time to fill and unmap the region, three times", time_unmap },
	{ NULL, NULL, NULL },
};

/* The operations whose samples are times, and their unit in ns. */
static const struct wrap_key keys[] = {
	{ "local", "local", "ns", 1e3 },     { "remote", "remote", "ns", 1e3 },
	{ "Elapsed", "elapsed", "ns", 1e9 }, { "System", "system", "ns", 1e9 },
	{ "User", "user", "ns", 1e9 },
};

struct samples {
	uint64_t n;
	double sum, max;
};

static void add_sample(struct samples *to, double value)
{
	to->n++;
	to->sum += value;
	to->max = MAX(to->max, value);
}

/* "local _ _ 7 227 R": operation, threads, _, iteration, value. A test that could not do its work
 * leaves samples of 0, which mmtests does not notice: they count as no operations.
 */
static int parse(char *text, struct wrap_values *out, struct err *e)
{
	struct samples samples[ARRAY_SIZE(keys)] = { 0 };
	char *line;

	while ((line = strsep(&text, "\n"))) {
		char name[24], word[32];
		double value;

		if (sscanf(line, "%23[a-zA-Z0-9_-] %*s %*s %*s %31s", name, word) != 2 ||
		    units_parse_f64(word, &value, NULL))
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
			if (str_eq(name, keys[i].key))
				add_sample(&samples[i], value);
	}
	out->operations = 0;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const double n = (double)samples[i].n, unit_ns = keys[i].scale;

		if (!samples[i].n)
			continue;
		wrap_value_add(out, samples[i].sum / n * unit_ns, "ns", "%s_mean_ns", keys[i].name);
		wrap_value_add(out, samples[i].max * unit_ns, "ns", "%s_max_ns", keys[i].name);
		if (samples[i].sum > 0)
			out->operations = MAX(out->operations, n);
	}
	return out->n ? 0 : err_say(e, EBADMSG, "the report of mmtests has no samples");
}

const struct wrap_tool wrap_mmtests = {
	.name = "mmtests",
	.checkout_env = "COLDPRESS_MMTESTS",
	.checkout_file = "run-mmtests.sh",
	.checkout_url = "https://github.com/gormanm/mmtests",
	.needs = needs,
	.report = "report.tsv",
	.args = args,
	.profiles = profiles,
	.parse = parse,
};

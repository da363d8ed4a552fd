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
	WRAP_KEY("local", "local", "ns", 1e3),     WRAP_KEY("remote", "remote", "ns", 1e3),
	WRAP_KEY("Elapsed", "elapsed", "ns", 1e9), WRAP_KEY("System", "system", "ns", 1e9),
	WRAP_KEY("User", "user", "ns", 1e9),
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

/* "local _ _ 7 227 R": operation, threads, _, iteration, value, tabs between; an empty value is a
 * missing one. */
static int read_line(char *line, struct samples samples[ARRAY_SIZE(keys)],
		     const struct wrap_values *values, struct err *e)
{
	const char *columns[5] = { "", "", "", "", "" };
	int rc = 0;

	for (size_t i = 0; line && i < ARRAY_SIZE(columns); i++)
		columns[i] = strsep(&line, " \t");
	for (size_t i = 0; i < ARRAY_SIZE(keys) && !rc && *columns[4]; i++) {
		double value;

		if (!str_eq(columns[0], keys[i].key))
			continue;
		rc = wrap_number(values, &keys[i], columns[4], &value, e);
		if (!rc)
			add_sample(&samples[i], value);
	}
	return rc;
}

static int add_samples(struct wrap_values *out, const struct samples *samples,
		       const struct wrap_key *key, struct err *e)
{
	int rc = wrap_value_add(out, key->name, "mean_ns", key->unit,
				samples->sum / (double)samples->n, e);

	return rc ? rc : wrap_value_add(out, key->name, "max_ns", key->unit, samples->max, e);
}

/* A test that could not do its work leaves samples of 0, which mmtests does not notice: they count
 * as no operations. */
static int parse(char *text, struct wrap_values *out, struct err *e)
{
	struct samples samples[ARRAY_SIZE(keys)] = { 0 };
	char *line;
	int rc = 0;

	while (!rc && (line = strsep(&text, "\n")))
		rc = read_line(line, samples, out, e);
	out->operations = 0;
	for (size_t i = 0; i < ARRAY_SIZE(keys) && !rc; i++) {
		if (samples[i].n)
			rc = add_samples(out, &samples[i], &keys[i], e);
		if (samples[i].sum > 0)
			out->operations = MAX(out->operations, (double)samples[i].n);
	}
	if (rc)
		return rc;
	return out->n ? 0 : err_say(e, EBADMSG, "the report of mmtests has no samples");
}

const struct wrap_tool wrap_mmtests = {
	.name = "mmtests",
	.checkout_env = "COLDPRESS_MMTESTS",
	.checkout_file = "run-mmtests.sh",
	.checkout_url = "https://github.com/gormanm/mmtests",
	.needs = needs,
	.slack_ns = 300 * NS_PER_S, /* its tests do fixed work, after a copy and a build */
	.report = "report.tsv",
	.args = args,
	.profiles = profiles,
	.parse = parse,
};

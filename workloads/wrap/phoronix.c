/* SPDX-License-Identifier: GPL-2.0-only */
/* phoronix.c - phoronix-test-suite, offline, with a local test that runs one of our patterns twice.
 *
 * Its own tests are downloads that write anywhere, so none of them is run: what is compared with
 * our own measurement is how it installs, repeats and evaluates. phoronix.sh is part of this
 * program and gets its values as arguments. It makes a private copy without history and caches,
 * settings without upload, prompts and browser, and a clean environment (PTS_MODULES can cycle
 * swap). Its exit status is always 0: only a value in its result counts.
 */
#include <math.h>

#include "lib/base/units.h"
#include "wrap.h"

static const char script[] =
#include "phoronix.sh.h"
	;

static const char version_script[] =
	"sed -n \"s/.*define('PTS_VERSION', '\\(.*\\)').*/\\1/p\" \"$1/pts-core/pts-core.php\"";

static const char *const version_args[] = { "-c", version_script, "coldpress-phoronix",
					    "{checkout}", NULL };
static const char *const args[] = { "-c",         script,        "coldpress-phoronix",
				    "{checkout}", "{generator}", NULL };
static const char *const last[] = { "{seconds}", "--region={region}B", "--workers={workers}",
				    "--seed={seed}", NULL };
static const char *const streamer[] = { "anon_streamer", NULL };
static const char *const heap[] = { "random_touch_heap", NULL };
static const char *const needs[] = { "tar", "sed", "php", NULL };

static const struct wrap_profile profiles[] = {
	{ "anon_streamer",
	  "our pattern of this name, as a local test of half the duration, run twice", streamer },
	{ "random_touch_heap",
	  "our pattern of this name, as a local test of half the duration, run twice", heap },
	{ NULL, NULL, NULL },
};

/* Content of the first element with this name, cut at len - 1 bytes. False: empty or not found. */
static bool element(const char *text, const char *name, char *buf, size_t len)
{
	char open[32], close[32];
	const char *begin, *end;

	snprintf(open, sizeof(open), "<%s>", name);
	snprintf(close, sizeof(close), "</%s>", name);
	begin = strstr(text, open);
	end = begin ? strstr(begin, close) : NULL;
	if (!end)
		return false;
	begin += strlen(open);
	snprintf(buf, len, "%.*s", (int)(end - begin), begin);
	return *buf;
}

/* Value is the mean of the runs; RawString, missing for a single run, lists them between colons. */
static int parse(char *text, struct wrap_values *out, struct err *e)
{
	const char *data = strstr(text, "<Data>");
	char word[512], *at = word, *run;
	double value, least = INFINITY, most = 0;

	if (!data)
		return err_say(e, EBADMSG, "the report of phoronix-test-suite has no result");
	if (!element(data, "Value", word, sizeof(word)) || units_parse_f64(word, &value, NULL) ||
	    !(value > 0))
		return err_say(e, EBADMSG, "the result of phoronix-test-suite has no value");
	wrap_value_add(out, value, "1/s", "rate_mean_per_s");
	if (!element(data, "RawString", word, sizeof(word))) {
		out->operations = 1;
		return 0;
	}
	while ((run = strsep(&at, ":"))) {
		if (units_parse_f64(run, &value, NULL))
			return err_say(e, EBADMSG, "a run of phoronix-test-suite has no value");
		least = MIN(value, least);
		most = MAX(value, most);
		wrap_operations_add(out, 1);
	}
	wrap_value_add(out, least, "1/s", "rate_min_per_s");
	wrap_value_add(out, most, "1/s", "rate_max_per_s");
	return 0;
}

const struct wrap_tool wrap_phoronix = {
	.name = "phoronix-test-suite",
	.checkout_env = "COLDPRESS_PHORONIX",
	.checkout_file = "pts-core/pts-core.php",
	.checkout_url = "https://github.com/phoronix-test-suite/phoronix-test-suite",
	.needs = needs,
	.version_args = version_args,
	.slack_ns = 40 * NS_PER_S,
	.report = "report.xml",
	.args = args,
	.last_args = last,
	.profiles = profiles,
	.unsupported = { EXIT_IMPOSSIBLE },
	.parse = parse,
};

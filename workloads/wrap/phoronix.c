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

static const struct wrap_key mean_key = WRAP_KEY("Value", "rate_mean_per_s", "1/s", 1);
static const struct wrap_key run_key = WRAP_KEY("RawString", NULL, "1/s", 1);

/* Content of the first element with this name; NULL: empty, or not found. */
static char *element(const char *text, const char *name)
{
	char open[32], close[32];
	const char *begin, *end;

	snprintf(open, sizeof(open), "<%s>", name);
	snprintf(close, sizeof(close), "</%s>", name);
	begin = strstr(text, open);
	end = begin ? strstr(begin, close) : NULL;
	if (!end)
		return NULL;
	begin += strlen(open);
	return end > begin ? strndup(begin, (size_t)(end - begin)) : NULL;
}

/* RawString lists the runs between colons; missing for a single run. */
static int read_runs(const char *data, struct wrap_values *out, struct err *e)
{
	AUTO_FREE char *list = element(data, "RawString");
	double value, least = INFINITY, most = 0;
	char *at = list, *run;
	int rc;

	if (!list) {
		wrap_operations_add(out, 1);
		return 0;
	}
	while ((run = strsep(&at, ":"))) {
		rc = wrap_number(out, &run_key, run, &value, e);
		if (rc)
			return rc;
		least = MIN(value, least);
		most = MAX(value, most);
		wrap_operations_add(out, 1);
	}
	rc = wrap_value_add(out, "rate", "min_per_s", run_key.unit, least, e);
	return rc ? rc : wrap_value_add(out, "rate", "max_per_s", run_key.unit, most, e);
}

/* Value is the mean of the runs. */
static int parse(char *text, struct wrap_values *out, struct err *e)
{
	const char *data = strstr(text, "<Data>");
	AUTO_FREE char *mean = data ? element(data, "Value") : NULL;
	double value;
	int rc;

	if (!data)
		return err_say(e, EBADMSG, "the report of phoronix-test-suite has no result");
	if (!mean)
		return err_say(e, EBADMSG, "the result of phoronix-test-suite has no value");
	rc = wrap_value_read(out, "", &mean_key, mean, &value, e);
	if (rc)
		return rc;
	return value > 0 ? read_runs(data, out, e)
			 : err_say(e, EBADMSG, "the value of phoronix-test-suite is 0");
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

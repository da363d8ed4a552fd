/* SPDX-License-Identifier: GPL-2.0-only */
/* phoronix.c - phoronix-test-suite, offline, with a local test that runs one of our patterns twice.
 *
 * Its own tests are downloads that write anywhere, so none of them is run: what is compared with
 * our own measurement is how it installs, repeats and evaluates. The script below is a constant
 * that gets its values as arguments. It makes a private copy without history and caches, settings
 * without upload, prompts and browser, and a clean environment (PTS_MODULES can cycle swap). Its
 * exit status is always 0: only a value in its result counts.
 */
#include <math.h>

#include "lib/base/units.h"
#include "wrap.h"

static const char script[] =
	"set -eu\n"
	"checkout=$1 generator=$2 pattern=$3 seconds=$4\n"
	"shift 4\n"
	"top=$PWD profile=user/test-profiles/local/coldpress-1.0.0\n"
	"[ -x \"$generator\" ] || { echo \"user $(id -u) may not run $generator\"; exit 77; }\n"
	"php -r 'exit(extension_loaded(\"dom\") && extension_loaded(\"simplexml\") ? 0 : 1);' ||\n"
	"	{ echo 'php lacks its XML extension: install the package php-xml'; exit 77; }\n"
	"mkdir -p tmp \"$profile\"\n" WRAP_COPY_SCRIPT "cat >user/user-config.xml <<END\n"
	"<?xml version=\"1.0\"?>\n"
	"<PhoronixTestSuite><Options>\n"
	"<OpenBenchmarking><AnonymousUsageReporting>FALSE</"
	"AnonymousUsageReporting></"
	"OpenBenchmarking>\n"
	"<Modules><AutoLoadModules></AutoLoadModules></Modules>\n"
	"<Installation><EnvironmentDirectory>$top/install/</"
	"EnvironmentDirectory>\n"
	"<CacheDirectory>$top/cache/</CacheDirectory></Installation>\n"
	"<Testing><SaveSystemLogs>FALSE</"
	"SaveSystemLogs><SleepTimeBetweenTests>0</"
	"SleepTimeBetweenTests>\n"
	"<ResultsDirectory>$top/results/</ResultsDirectory></Testing>\n"
	"<TestResultValidation><DynamicRunCount>FALSE</DynamicRunCount></"
	"TestResultValidation>\n"
	"<BatchMode><SaveResults>TRUE</SaveResults><OpenBrowser>FALSE</"
	"OpenBrowser>\n"
	"<UploadResults>FALSE</UploadResults>\n"
	"<PromptForTestIdentifier>FALSE</PromptForTestIdentifier>\n"
	"<PromptForTestDescription>FALSE</"
	"PromptForTestDescription><PromptSaveName>FALSE</"
	"PromptSaveName>\n"
	"<Configured>TRUE</Configured></BatchMode>\n"
	"<Networking><NoInternetCommunication>TRUE</NoInternetCommunication></"
	"Networking>\n"
	"</Options></PhoronixTestSuite>\n"
	"END\n"
	"cat >\"$profile/test-definition.xml\" <<END\n"
	"<?xml version=\"1.0\"?>\n"
	"<PhoronixTestSuite><TestInformation><Title>coldpress "
	"$pattern</Title><AppVersion>1</AppVersion>\n"
	"<Description>a pattern of "
	"coldpress</Description><ResultScale>Operations Per "
	"Second</ResultScale>\n"
	"<Proportion>HIB</Proportion><TimesToRun>2</TimesToRun></"
	"TestInformation>\n"
	"<TestProfile><Version>1.0.0</Version><SupportedPlatforms>Linux</"
	"SupportedPlatforms>\n"
	"<SoftwareType>Utility</SoftwareType><TestType>System</"
	"TestType><License>Free</License>\n"
	"<Status>Verified</Status></TestProfile></PhoronixTestSuite>\n"
	"END\n"
	"cat >\"$profile/results-definition.xml\" <<END\n"
	"<?xml version=\"1.0\"?>\n"
	"<PhoronixTestSuite><ResultsParser><OutputTemplate>coldpress result: "
	"#_RESULT_# "
	"1/s</OutputTemplate>\n"
	"</ResultsParser></PhoronixTestSuite>\n"
	"END\n"
	"cat >coldpress <<END\n"
	"#!/bin/sh\n"
	"'$generator' $pattern --duration $(((seconds + 1) / 2))s $* --json "
	">result.json\n"
	"echo \\$? >~/test-exit-status\n"
	"sed -n 's#.*\"rate_per_s\":\\([0-9.]*\\).*#coldpress result: \\1 "
	"1/s#p' result.json "
	">\"\\$LOG_FILE\"\n"
	"END\n"
	"printf '%s\\n' '#!/bin/sh' \"cp '$top/coldpress' .\" 'echo $? "
	">~/install-exit-status' \\\n"
	"	>\"$profile/install.sh\"\n"
	"chmod +x coldpress \"$profile/install.sh\"\n"
	"cd copy\n"
	"env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=\"$top\" "
	"TMPDIR=\"$top/tmp\" \\\n"
	"	PTS_USER_PATH_OVERRIDE=\"$top/user/\" FORCE_TIMES_TO_RUN=2 "
	"TEST_RESULTS_NAME=coldpress \\\n"
	"	TEST_RESULTS_IDENTIFIER=coldpress ./phoronix-test-suite "
	"batch-benchmark "
	"local/coldpress-1.0.0 \\\n"
	"	</dev/null 2>&1\n"
	"cp \"$top/results/coldpress/composite.xml\" \"$top/report.xml\"\n";

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

/* Value is the mean of the runs; RawString has each run, separated by colons, where there are two.
 */
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

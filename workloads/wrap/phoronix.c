/* SPDX-License-Identifier: GPL-2.0-only */
/* phoronix.c - phoronix-test-suite, offline, on a local profile that runs one of our patterns
 * twice.
 *
 * None of its tests is run: those are downloaded and write what they like. What is held against our
 * own figures is its way to install, repeat and judge. The script below is a constant that gets its
 * values as arguments. It makes a private copy without history and caches, settings that upload,
 * ask and open nothing, and a scrubbed environment (PTS_MODULES can cycle swap). Its exit status is
 * 0 whatever happens: only a value in its result counts.
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
	"mkdir -p copy tmp \"$profile\"\n"
	"tar -C \"$checkout\" --exclude=./.git --exclude=./ob-cache -cf - . | tar -C copy -xf -\n"
	"cat >user/user-config.xml <<END\n"
	"<?xml version=\"1.0\"?>\n"
	"<PhoronixTestSuite><Options>\n"
	"<OpenBenchmarking><AnonymousUsageReporting>FALSE</AnonymousUsageReporting></"
	"OpenBenchmarking>\n"
	"<Modules><AutoLoadModules></AutoLoadModules></Modules>\n"
	"<Installation><EnvironmentDirectory>$top/install/</EnvironmentDirectory>\n"
	"<CacheDirectory>$top/cache/</CacheDirectory></Installation>\n"
	"<Testing><SaveSystemLogs>FALSE</SaveSystemLogs><SleepTimeBetweenTests>0</"
	"SleepTimeBetweenTests>\n"
	"<ResultsDirectory>$top/results/</ResultsDirectory></Testing>\n"
	"<TestResultValidation><DynamicRunCount>FALSE</DynamicRunCount></TestResultValidation>\n"
	"<BatchMode><SaveResults>TRUE</SaveResults><OpenBrowser>FALSE</OpenBrowser>\n"
	"<UploadResults>FALSE</UploadResults>\n"
	"<PromptForTestIdentifier>FALSE</PromptForTestIdentifier>\n"
	"<PromptForTestDescription>FALSE</PromptForTestDescription><PromptSaveName>FALSE</"
	"PromptSaveName>\n"
	"<Configured>TRUE</Configured></BatchMode>\n"
	"<Networking><NoInternetCommunication>TRUE</NoInternetCommunication></Networking>\n"
	"</Options></PhoronixTestSuite>\n"
	"END\n"
	"cat >\"$profile/test-definition.xml\" <<END\n"
	"<?xml version=\"1.0\"?>\n"
	"<PhoronixTestSuite><TestInformation><Title>coldpress "
	"$pattern</Title><AppVersion>1</AppVersion>\n"
	"<Description>a pattern of coldpress</Description><ResultScale>Operations Per "
	"Second</ResultScale>\n"
	"<Proportion>HIB</Proportion><TimesToRun>2</TimesToRun></TestInformation>\n"
	"<TestProfile><Version>1.0.0</Version><SupportedPlatforms>Linux</SupportedPlatforms>\n"
	"<SoftwareType>Utility</SoftwareType><TestType>System</TestType><License>Free</License>\n"
	"<Status>Verified</Status></TestProfile></PhoronixTestSuite>\n"
	"END\n"
	"cat >\"$profile/results-definition.xml\" <<END\n"
	"<?xml version=\"1.0\"?>\n"
	"<PhoronixTestSuite><ResultsParser><OutputTemplate>coldpress result: #_RESULT_# "
	"1/s</OutputTemplate>\n"
	"</ResultsParser></PhoronixTestSuite>\n"
	"END\n"
	"cat >coldpress <<END\n"
	"#!/bin/sh\n"
	"'$generator' $pattern --duration $(((seconds + 1) / 2))s $* --json >result.json\n"
	"echo \\$? >~/test-exit-status\n"
	"sed -n 's#.*\"rate_per_s\":\\([0-9.]*\\).*#coldpress result: \\1 1/s#p' result.json "
	">\"\\$LOG_FILE\"\n"
	"END\n"
	"printf '%s\\n' '#!/bin/sh' \"cp '$top/coldpress' .\" 'echo $? >~/install-exit-status' \\\n"
	"	>\"$profile/install.sh\"\n"
	"chmod +x coldpress \"$profile/install.sh\"\n"
	"cd copy\n"
	"env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=\"$top\" TMPDIR=\"$top/tmp\" \\\n"
	"	PTS_USER_PATH_OVERRIDE=\"$top/user/\" FORCE_TIMES_TO_RUN=2 "
	"TEST_RESULTS_NAME=coldpress \\\n"
	"	TEST_RESULTS_IDENTIFIER=coldpress ./phoronix-test-suite batch-benchmark "
	"local/coldpress-1.0.0 \\\n"
	"	</dev/null 2>&1\n"
	"cp \"$top/results/coldpress/composite.xml\" \"$top/report.xml\"\n";

static const char version_script[] =
	"sed -n \"s/.*define('PTS_VERSION', '\\(.*\\)').*/\\1/p\" \"$1/pts-core/pts-core.php\"";

static const char *const version_words[] = { "-c", version_script, "coldpress-phoronix",
					     "{checkout}", NULL };
static const char *const common[] = { "-c",         script,        "coldpress-phoronix",
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

static bool unsupported(int exit_status)
{
	return exit_status == EXIT_IMPOSSIBLE;
}

/* What stands in the first element of this name, at most len - 1 bytes of it. False: nothing. */
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

/* The value is the mean of the runs, which RawString tells apart by colons; of one run it tells
 * nothing. */
static int parse(const char *text, struct wrap_figures *ret, struct err *e)
{
	const char *data = strstr(text, "<Data>");
	char word[512], *at = word, *run;
	double value, least = INFINITY, most = 0;
	uint64_t runs = 0;

	if (!data)
		return err_say(e, EBADMSG, "phoronix-test-suite left no result");
	if (!element(data, "Value", word, sizeof(word)) || units_parse_f64(word, &value, NULL) ||
	    !(value > 0))
		return err_say(e, EBADMSG, "phoronix-test-suite left a result without a value");
	wrap_figure_add(ret, "rate_mean_per_s", "1/s", value);
	ret->operations = 1;
	if (!element(data, "RawString", word, sizeof(word)))
		return 0;
	while ((run = strsep(&at, ":"))) {
		if (units_parse_f64(run, &value, NULL))
			return err_say(e, EBADMSG, "phoronix-test-suite has a run without a value");
		least = value < least ? value : least;
		most = value > most ? value : most;
		runs++;
	}
	wrap_figure_add(ret, "rate_min_per_s", "1/s", least);
	wrap_figure_add(ret, "rate_max_per_s", "1/s", most);
	ret->operations = (double)runs;
	return 0;
}

extern const struct wrap_tool wrap_phoronix;
const struct wrap_tool wrap_phoronix = {
	.name = "phoronix-test-suite",
	.program = "sh",
	.checkout_env = "COLDPRESS_PHORONIX",
	.checkout_file = "pts-core/pts-core.php",
	.checkout_url = "https://github.com/phoronix-test-suite/phoronix-test-suite",
	.needs = needs,
	.unprivileged = true,
	.version_words = version_words,
	.slack_ns = 40 * NS_PER_S,
	.scratch_below = "/tmp",
	.report = "report.xml",
	.words = common,
	.last_words = last,
	.profiles = profiles,
	.unsupported = unsupported,
	.parse = parse,
};

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# phoronix.sh CHECKOUT GENERATOR PATTERN SECONDS OPTION... - runs a pattern as a local test of phoronix-test-suite, in a
# private copy; its result is in report.xml.
set -eu
checkout=$1 generator=$2 pattern=$3 seconds=$4
shift 4
top=$PWD profile=user/test-profiles/local/coldpress-1.0.0
[ -x "$generator" ] || { echo "user $(id -u) may not run $generator"; exit 77; }
php -r 'exit(extension_loaded("dom") && extension_loaded("simplexml") ? 0 : 1);' ||
	{ echo 'php lacks its XML extension: install the package php-xml'; exit 77; }
mkdir -p copy tmp "$profile"
tar -C "$checkout" --exclude=./.git --exclude=./ob-cache -cf - . | tar -C copy -xf -
cat >user/user-config.xml <<END
<?xml version="1.0"?>
<PhoronixTestSuite><Options>
<OpenBenchmarking><AnonymousUsageReporting>FALSE</AnonymousUsageReporting></OpenBenchmarking>
<Modules><AutoLoadModules></AutoLoadModules></Modules>
<Installation><EnvironmentDirectory>$top/install/</EnvironmentDirectory>
<CacheDirectory>$top/cache/</CacheDirectory></Installation>
<Testing><SaveSystemLogs>FALSE</SaveSystemLogs><SleepTimeBetweenTests>0</SleepTimeBetweenTests>
<ResultsDirectory>$top/results/</ResultsDirectory></Testing>
<TestResultValidation><DynamicRunCount>FALSE</DynamicRunCount></TestResultValidation>
<BatchMode><SaveResults>TRUE</SaveResults><OpenBrowser>FALSE</OpenBrowser>
<UploadResults>FALSE</UploadResults>
<PromptForTestIdentifier>FALSE</PromptForTestIdentifier>
<PromptForTestDescription>FALSE</PromptForTestDescription><PromptSaveName>FALSE</PromptSaveName>
<Configured>TRUE</Configured></BatchMode>
<Networking><NoInternetCommunication>TRUE</NoInternetCommunication></Networking>
</Options></PhoronixTestSuite>
END
cat >"$profile/test-definition.xml" <<END
<?xml version="1.0"?>
<PhoronixTestSuite><TestInformation><Title>coldpress $pattern</Title><AppVersion>1</AppVersion>
<Description>a pattern of coldpress</Description><ResultScale>Operations Per Second</ResultScale>
<Proportion>HIB</Proportion><TimesToRun>2</TimesToRun></TestInformation>
<TestProfile><Version>1.0.0</Version><SupportedPlatforms>Linux</SupportedPlatforms>
<SoftwareType>Utility</SoftwareType><TestType>System</TestType><License>Free</License>
<Status>Verified</Status></TestProfile></PhoronixTestSuite>
END
cat >"$profile/results-definition.xml" <<END
<?xml version="1.0"?>
<PhoronixTestSuite><ResultsParser><OutputTemplate>coldpress result: #_RESULT_# 1/s</OutputTemplate>
</ResultsParser></PhoronixTestSuite>
END
cat >coldpress <<END
#!/bin/sh
'$generator' $pattern --duration $(((seconds + 1) / 2))s $* --json >result.json
echo \$? >~/test-exit-status
sed -n 's#.*"rate_per_s":\([0-9.]*\).*#coldpress result: \1 1/s#p' result.json >"\$LOG_FILE"
END
printf '%s\n' '#!/bin/sh' "cp '$top/coldpress' ." 'echo $? >~/install-exit-status' \
	>"$profile/install.sh"
chmod +x coldpress "$profile/install.sh"
cd copy
env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME="$top" TMPDIR="$top/tmp" \
	PTS_USER_PATH_OVERRIDE="$top/user/" FORCE_TIMES_TO_RUN=2 TEST_RESULTS_NAME=coldpress \
	TEST_RESULTS_IDENTIFIER=coldpress ./phoronix-test-suite batch-benchmark local/coldpress-1.0.0 \
	</dev/null 2>&1
cp "$top/results/coldpress/composite.xml" "$top/report.xml"

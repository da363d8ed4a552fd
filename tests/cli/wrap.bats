#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# workload wrap and tools: what tools print is read, and success is not believed. Programs in a PATH of our own
# stand for the tools and replay what they print.

bin=$BATS_TEST_DIRNAME/../../build/bin
fixtures=$BATS_TEST_DIRNAME/../fixtures/wrap

setup() {
	bats_require_minimum_version 1.5.0
	fakes=$BATS_TEST_TMPDIR/bin
	mkdir "$fakes"
}

teardown() {
	[ -z "${tree-}" ] || rm -rf "$tree"
}

# fake TOOL FILE [STATUS] - a program that prints its version, or replays FILE and ends with STATUS.
fake() {
	local to=/dev/stdout

	[ "$1" = stress-ng ] && to=report.yaml
	cat >"$fakes/$1" <<-END
		#!/bin/sh
		[ "\$1" = --version ] && { echo "$1 of this test"; exit; }
		echo "\$@" >"$BATS_TEST_TMPDIR/words"
		/bin/cat "$2" >$to
		exit ${3:-0}
	END
	chmod +x "$fakes/$1"
}

wrap() {
	run --separate-stderr env PATH="$fakes" "$bin/workload" wrap "$@" --region 1MiB --duration 1s --json
	echo "$status: $output $stderr"
}

figure() {
	jq -r "select(.type == \"wrap_figure\" and .name == \"$1\").value" <<<"$output"
}

result() {
	jq -r "select(.type == \"wrap_result\")$1" <<<"$output"
}

@test "tools tells those that are there and how to get the others" {
	fake fio /dev/null
	run --separate-stderr env PATH="$fakes" "$bin/workload" tools --json
	[ "$status" -eq 0 ]
	[ "$(jq -r 'select(.name == "fio") | "\(.state) \(.version)"' <<<"$output")" = "ok fio of this test" ]
	[ "$(jq -r 'select(.name == "sysbench") | "\(.state) \(.version)"' <<<"$output")" = "absent null" ]
	[[ $(jq -r 'select(.name == "sysbench").get' <<<"$output") == *sysbench* ]]
}

@test "an absent tool is impossible here, with how to get it" {
	wrap stress-ng mmap
	[ "$status" -eq 77 ]
	[[ $stderr == *"stress-ng is absent"*"stress-ng"* ]]
}

@test "an unknown tool or profile is a usage error that tells those there are" {
	wrap stressng mmap
	[ "$status" -eq 2 ]
	[[ $stderr == *"'stressng'"*"stress-ng sysbench fio mmtests phoronix-test-suite"* ]]
	wrap fio mmap
	[ "$status" -eq 2 ]
	[[ $stderr == *"no profile 'mmap'"*tmpfs-zipf* ]]
}

@test "sizes and times over the guard are refused" {
	run --separate-stderr "$bin/workload" wrap fio tmpfs-zipf --region 1000TiB
	[ "$status" -eq 2 ]
	[[ $stderr == *"safe bound"* ]]
	run --separate-stderr "$bin/workload" wrap fio tmpfs-zipf --duration 1h
	[ "$status" -eq 2 ]
	[[ $stderr == *"safe bound"* ]]
}

# profile LINE... - a profile file of these lines.
profile() {
	printf '%s\n' "$@" >"$BATS_TEST_TMPDIR/own.yaml"
}

@test "a profile of one's own: its words reach the tool one by one, filled in, behind the common ones; never as root" {
	# not below bats' own directory, which is for root alone
	tree=$(mktemp -d /tmp/coldpress-test.XXXXXX)
	chmod 777 "$tree"
	cp "$fixtures/fio-3.33.json" "$tree/json"
	fakes=$tree
	printf '%s\n' '#!/bin/sh' '[ "$1" = --version ] && exec echo fio' "/usr/bin/id -u >$tree/user" "printf '<%s>\n' \"\$@\" >$tree/words" \
		"exec /bin/cat $tree/json" >"$tree/fio"
	chmod 755 "$tree/fio"
	profile '# mine' 'tool: fio' 'summary: of mine' 'words:' '  - --rw=read' "  - '--iodepth={workers}'" \
		'  - "a b; $(touch x) {} {X} `y`"'
	wrap fio "$BATS_TEST_TMPDIR/own.yaml" --workers 3
	[ "$status" -eq 0 ]
	[ "$(result .profile)" = "$BATS_TEST_TMPDIR/own.yaml" ]
	[ "$(tail -n 3 "$tree/words")" = "$(printf '%s\n' '<--rw=read>' '<--iodepth=3>' '<a b; $(touch x) {} {X} `y`>')" ]
	[ "$(head -n 1 "$tree/words")" != '<--rw=read>' ]
	[ "$(cat "$tree/user")" -ne 0 ]
}

@test "a bad profile file is refused at its line" {
	fake fio /dev/null
	while IFS='|' read -r lines line words; do
		eval "profile $lines"
		wrap fio "$BATS_TEST_TMPDIR/own.yaml"
		[ "$status" -eq 2 ]
		[ -z "$output" ]
		[[ $stderr == *"own.yaml:$line: "*"$words"* ]]
	done <<-'END'
		'tool: fio' 'wrods: [a]'|2|'wrods'
		'tool: sysbench' 'words: [a]'|1|for sysbench, not for fio
		'tool: fio' 'words: [a]' '---' 'tool: fio'|4|a second document
		'tool: fio' 'words: [a]' '---' '['|5|node
		'tool: fio' 'words: [a]' 'words: [b]'|3|a second 'words'
		'tool: fio'|2|'words' is missing
		'' 'words: [a]'|3|'tool' is missing
		'tool: fio' 'words: a'|2|list
		'tool: fio' 'words: []'|2|no words
		'tool: fio' 'words:' '- a' '- [b]'|4|plain text
		'tool: fio' 'words:' '- a' '- "b\0c"'|4|plain text
		'tool: fio' 'words:' '- "{regoin}"'|3|{regoin} is no placeholder
		'tool: fio' 'words:' '- "{checkout}"'|3|{checkout} is no placeholder
		'tool: [fio' 'words: [a]'|2|
		'tool: fio' '	words: [a]'|2|
		'- tool'|1|keys
		''|1|keys
	END
}

@test "what is no profile file is refused: absent, a directory, a FIFO, too large, and for a checkout's tool" {
	fake fio /dev/null
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	head -c 70000 /dev/zero | tr '\0' '#' >"$BATS_TEST_TMPDIR/large"
	for what in "absent:cannot read" "fifo:no regular file" "large:larger than 64 KiB" ".:no regular file"; do
		wrap fio "$BATS_TEST_TMPDIR/${what%%:*}"
		[ "$status" -ne 0 ]
		[ -z "$output" ]
		[[ $stderr == *"${what#*:}"* ]]
	done
	wrap mmtests "$BATS_TEST_TMPDIR/large"
	[ "$status" -eq 2 ]
	[[ $stderr == *"mmtests takes no profile of your own"* ]]
}

@test "stress-ng 0.15 is read" {
	fake stress-ng "$fixtures/stress-ng-0.15.06.yaml"
	wrap stress-ng vm-mixed
	[ "$status" -eq 0 ]
	[ "$(result .state) $(result .operations) $(result .version)" = "ok 5056 stress-ng of this test" ]
	[ "$(figure vm_max_rss_bytes)" = $((67472 * 1024)) ]
	[ "$(figure vm_bogo_ops_per_s)" = 2516.470612 ]
	[[ $(cat "$BATS_TEST_TMPDIR/words") == *"--vm-bytes 1048576 "* ]]
	[[ $(cat "$BATS_TEST_TMPDIR/words") == *"--no-oom-adjust --oomable"* ]]
}

@test "stress-ng 0.17 with two stressors is read" {
	fake stress-ng "$fixtures/stress-ng-0.17.08.yaml"
	wrap stress-ng fork-vm
	[ "$(result .state) $(result .operations)" = "ok 6553" ]
	[ "$(figure fork_bogo_ops) $(figure vm_bogo_ops)" = "1999 4554" ]
	[ "$(figure vm_max_rss_bytes)" = $((34644 * 1024)) ]
}

@test "stress-ng 0.13 with two stressors is read" {
	fake stress-ng "$fixtures/stress-ng-0.13.12.yaml"
	wrap stress-ng fork-vm
	[ "$(result .state) $(result .operations)" = "ok 5108" ]
	[ "$(figure fork_bogo_ops) $(figure vm_bogo_ops)" = "1009 4099" ]
	[ -z "$(figure vm_max_rss_bytes)" ]
}

@test "stress-ng that did nothing has failed, whatever it says" {
	sed 's/bogo-ops: .*/bogo-ops: 0/' "$fixtures/stress-ng-0.15.06.yaml" >"$BATS_TEST_TMPDIR/none"
	fake stress-ng "$BATS_TEST_TMPDIR/none"
	wrap stress-ng vm-mixed
	[ "$status" -eq 1 ]
	[ "$(result .state)" = failed ]
	[[ $(result .why) == *"no operations"* ]]
}

@test "stress-ng that lacks a stressor is unsupported" {
	fake stress-ng /dev/null 4
	wrap stress-ng vm-mixed
	[ "$status" -eq 77 ]
	[ "$(result .state)" = unsupported ]
}

@test "sysbench 1.0 and 1.1 are read" {
	fake sysbench "$fixtures/sysbench-1.0.20.txt"
	wrap sysbench memory-rnd
	[ "$(result .state) $(result .operations)" = "ok 30" ]
	[ "$(figure total_ns | cut -d. -f1)" = 1025800000 ]
	fake sysbench "$fixtures/sysbench-1.1.0.txt"
	wrap sysbench memory-seq
	[ "$(result .state) $(result .operations)" = "ok 13" ]
	[ "$(figure total_ns) $(figure latency_mean_ns)" = "1044000000 80180000" ]
	[ "$(figure written_bytes_per_s | cut -d. -f1)" = 417836564 ]
}

@test "sysbench that transferred nothing has failed" {
	sed 's/^Total operations: .*/Total operations: 0 (    0.00 per second)/' "$fixtures/sysbench-1.0.20.txt" \
		>"$BATS_TEST_TMPDIR/none"
	fake sysbench "$BATS_TEST_TMPDIR/none"
	wrap sysbench memory-rnd
	[ "$status" -eq 1 ]
	[ "$(result .state)" = failed ]
}

@test "fio is read, words before its JSON too" {
	{ echo "fio: a remark"; cat "$fixtures/fio-3.33.json"; } >"$BATS_TEST_TMPDIR/words-first"
	fake fio "$BATS_TEST_TMPDIR/words-first"
	wrap fio compressible
	[ "$status" -eq 0 ]
	[ "$(result .operations)" = $((1794182 + 1797389)) ]
	[ "$(figure minor_faults)" = 1068 ]
	[[ $(figure read_latency_p99_ns) -gt 0 ]]
}

@test "fio 3.28 is read" {
	fake fio "$fixtures/fio-3.28.json"
	wrap fio compressible
	[ "$(result .state) $(result .operations)" = "ok $((521941 + 521858))" ]
	[ "$(figure minor_faults) $(figure read_latency_p50_ns) $(figure read_bytes_per_s)" = "559 70 2125119618" ]
}

@test "an error of fio's job, or no JSON at all, is a failure" {
	jq '.jobs[0].error = 28' "$fixtures/fio-3.33.json" >"$BATS_TEST_TMPDIR/error"
	fake fio "$BATS_TEST_TMPDIR/error"
	wrap fio compressible
	[ "$status" -eq 1 ]
	[[ $(result .why) == *"error 28"* ]]
	fake fio /dev/null
	wrap fio compressible
	[ "$status" -eq 1 ]
	[[ $(result .why) == *"no JSON"* ]]
}

@test "a tool that fails is failed, with what it said last" {
	echo "it hurts" >"$BATS_TEST_TMPDIR/cry"
	fake sysbench "$BATS_TEST_TMPDIR/cry" 3
	wrap sysbench memory-rnd
	[ "$status" -eq 1 ]
	[ "$(result .why)" = "exit status 3" ]
	[[ $stderr == *"sysbench said last: it hurts"* ]]
}

@test "the raw report is kept in a new file only" {
	fake fio "$fixtures/fio-3.33.json"
	wrap fio compressible --raw "$BATS_TEST_TMPDIR/raw"
	[ "$(result .raw_file)" = "$BATS_TEST_TMPDIR/raw" ]
	cmp "$BATS_TEST_TMPDIR/raw" "$fixtures/fio-3.33.json"
	rm "$BATS_TEST_TMPDIR/words"
	wrap fio compressible --raw "$BATS_TEST_TMPDIR/raw"
	[ "$status" -eq 1 ]
	[[ $stderr == *"there already"* ]]
	wrap fio compressible --raw "$BATS_TEST_TMPDIR/no/such/place"
	[ "$status" -eq 1 ]
	[[ $stderr == *"No such file"* ]]
	# told before the tool is run
	[ ! -e "$BATS_TEST_TMPDIR/words" ]
}

# checkout SAMPLES - a tree like mmtests' whose test leaves these samples and tells what it saw.
checkout() {
	# not below bats' own directory, which is for root alone
	tree=$(mktemp -d /tmp/coldpress-test.XXXXXX)
	mkdir -p "$tree/shellpack_src/src/saladfork" "$tree/.git"
	chmod 755 "$tree"
	printf '%s\n' '#!/bin/sh' 'echo "saw $(id -u) ${SWAP_CONFIGURATION-nothing} $(ls -d .git 2>&1) /tmp/mmtests-x"' \
		'mkdir -p work/log/RUN/iter-0/saladfork/logs; cat coldpress.cfg; exit 0' >"$tree/run-mmtests.sh"
	printf '%s\n' '#!/bin/sh' "printf '$1'" >"$tree/shellpack_src/src/saladfork/parse-results"
	chmod 755 "$tree/run-mmtests.sh" "$tree/shellpack_src/src/saladfork/parse-results"
	for need in tar sed gcc perl time; do
		command -v $need >/dev/null || skip "mmtests needs $need"
	done
}

mmtests() {
	SWAP_CONFIGURATION=swapfile run --separate-stderr "$bin/workload" wrap mmtests saladfork --checkout "$tree" \
		--json
	echo "$status: $output $stderr"
}

@test "mmtests without a checkout is absent, and a directory that is none is told" {
	run --separate-stderr env -u COLDPRESS_MMTESTS "$bin/workload" wrap mmtests saladfork
	[ "$status" -eq 77 ]
	[[ $stderr == *"--checkout"*COLDPRESS_MMTESTS* ]]
	run --separate-stderr "$bin/workload" wrap mmtests saladfork --checkout "$BATS_TEST_TMPDIR"
	[ "$status" -eq 1 ]
	[[ $stderr == *"no checkout of mmtests"* ]]
}

@test "mmtests is read, and its checkout is left as it was" {
	checkout 'local\t_\t_\t1\t208\tR\nlocal\t_\t_\t2\t302\tR\nlocal_v_total\t_\t_\t_\t1\tR\n'
	mmtests
	[ "$status" -eq 0 ]
	[ "$(result .state) $(result .operations)" = "ok 2" ]
	[ "$(figure local_mean_ns) $(figure local_max_ns)" = "255000 302000" ]
	[ ! -e "$tree/work" ]
	[ ! -e "$tree/coldpress.cfg" ]
}

# recorded TEST VERSION - mmtests' TEST leaves what it left in this version.
recorded() {
	cp "$fixtures/mmtests-$1-$2.tsv" "$tree/samples.tsv"
	mkdir -p "$tree/shellpack_src/src/$1"
	printf '%s\n' '#!/bin/sh' 'exec cat samples.tsv' >"$tree/shellpack_src/src/$1/parse-results"
	sed -i "s/saladfork/$1/" "$tree/run-mmtests.sh"
	chmod -R a+rX,u+x "$tree"
	chmod 755 "$tree/shellpack_src/src/$1/parse-results"
	run --separate-stderr "$bin/workload" wrap mmtests "$1" --checkout "$tree" --json
	echo "$status: $output $stderr"
}

@test "mmtests' saladfork is read as of v2.0-rc1 and v2.0-rc5" {
	checkout ''
	recorded saladfork v2.0-rc1
	[ "$(result .state) $(result .operations) $(figure local_max_ns)" = "ok 12 270000" ]
	recorded saladfork v2.0-rc5-15
	[ "$(result .state) $(result .operations) $(figure local_max_ns)" = "ok 12 4064000" ]
	[ "$(figure local_mean_ns | cut -d. -f1)" = 2305416 ]
}

@test "mmtests' time_unmap is read as of v2.0-rc5, and what v2.0-rc4 left is no success" {
	checkout ''
	recorded time_unmap v2.0-rc5-15
	[ "$(result .state) $(result .operations) $(figure elapsed_max_ns)" = "ok 3 20000000" ]
	# Its parser did not find a program of its own, and left lines without values.
	recorded time_unmap v2.0-rc4
	[ "$status" -eq 1 ]
	[ "$(result .state): $(result .why)" = "failed: mmtests gave no samples" ]
}

@test "mmtests runs without rights, environment, history and files in /tmp" {
	checkout ''
	mmtests
	[ "$status" -eq 1 ]
	[ "$(result .why)" = "mmtests gave no samples" ]
	sed -i 's/; exit 0/; exit 7/' "$tree/run-mmtests.sh"
	sed -i 's/^mkdir.*/exit 7/' "$tree/run-mmtests.sh"
	mmtests
	[ "$(result .why)" = "exit status 7" ]
	[[ $stderr == *"saw "* ]]
	[[ $stderr != *"saw 0 "* ]]
	[[ $stderr == *" nothing "*"No such file"* ]]
	[[ $stderr != *" /tmp/mmtests-x"* ]]
}

@test "mmtests' samples of zero are no operations" {
	checkout 'local\t_\t_\t1\t0\tR\n'
	mmtests
	[ "$status" -eq 1 ]
	[[ $(result .why) == *"no operations"* ]]
}

# phoronix_checkout RESULT - a tree like phoronix-test-suite's that tells what it saw and leaves this result.
phoronix_checkout() {
	tree=$(mktemp -d /tmp/coldpress-test.XXXXXX)
	mkdir -p "$tree/pts-core" "$tree/ob-cache" "$tree/.git"
	chmod 755 "$tree"
	echo "pts_define('PTS_VERSION', '10.8.6');" >"$tree/pts-core/pts-core.php"
	cp "$1" "$tree/composite.xml"
	cat >"$tree/phoronix-test-suite" <<-'END'
		#!/bin/sh
		results=$PTS_USER_PATH_OVERRIDE../results/coldpress
		mkdir -p "$results"
		cp composite.xml "$results/"
		echo "saw $(id -u) ${PTS_MODULES-nothing} $(ls -d .git ob-cache 2>/dev/null)."
		exec grep -c 'UploadResults>FALSE\|NoInternetCommunication>TRUE' "$PTS_USER_PATH_OVERRIDE/user-config.xml"
	END
	chmod 755 "$tree/phoronix-test-suite"
	command -v php >/dev/null || skip "phoronix-test-suite needs php"
	php -r 'exit(extension_loaded("dom") && extension_loaded("simplexml") ? 0 : 1);' || skip "php lacks its XML extension"
	setpriv --reuid 65534 --regid 65534 --clear-groups test -x "$bin/workload-gen" || skip "the build is not for all to read"
}

phoronix() {
	PTS_MODULES=flush_caches run --separate-stderr "$bin/workload" wrap phoronix-test-suite random_touch_heap \
		--checkout "$tree" --json
	echo "$status: $output $stderr"
}

@test "phoronix-test-suite is read, and its checkout is left as it was" {
	phoronix_checkout "$fixtures/phoronix-10.8.6.xml"
	phoronix
	[ "$status" -eq 0 ]
	[ "$(result .state) $(result .operations) $(result .version)" = "ok 2 10.8.6" ]
	[ "$(figure rate_mean_per_s | cut -d. -f1)" = 2590202 ]
	[ "$(figure rate_min_per_s | cut -d. -f1) $(figure rate_max_per_s | cut -d. -f1)" = "2572075 2608329" ]
	cp "$fixtures/phoronix-10.8.4.xml" "$tree/composite.xml"
	phoronix
	[ "$(result .state) $(result .operations) $(figure rate_mean_per_s | cut -d. -f1)" = "ok 2 3256261" ]
	[ "$(ls "$tree")" = "$(printf '%s\n' composite.xml ob-cache phoronix-test-suite pts-core)" ]
}

@test "phoronix-test-suite without a value has failed, and ran without rights, modules, history and uploads" {
	sed 's#<Value>.*</Value>#<Value></Value>#' "$fixtures/phoronix-10.8.6.xml" >"$BATS_TEST_TMPDIR/none"
	phoronix_checkout "$BATS_TEST_TMPDIR/none"
	phoronix
	[ "$status" -eq 1 ]
	[ "$(result .state): $(result .why)" = "failed: phoronix-test-suite left a result without a value" ]
	[[ $stderr == *"said last: 2"* ]]
	sed -i 's/^exec.*/exit 7/' "$tree/phoronix-test-suite"
	phoronix
	[[ $stderr == *" nothing ."* ]]
	[[ $stderr != *"saw 0 "* ]]
}

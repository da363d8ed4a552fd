#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# workload wrap and tools: reports are parsed, and exit status 0 alone is not success. Programs in a private PATH stand
# in for the tools and print recorded reports.

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

# fake TOOL FILE [STATUS] - a program that prints its version, or prints FILE and exits with STATUS.
fake() {
	local to=/dev/stdout

	[ "$1" = stress-ng ] && to=report.yaml
	cat >"$fakes/$1" <<-END
		#!/bin/sh
		[ "\$1" = --version ] && { echo "$1 of this test"; exit; }
		echo "\$@" >"$BATS_TEST_TMPDIR/args"
		/bin/cat "$2" >$to
		exit ${3:-0}
	END
	chmod +x "$fakes/$1"
}

wrap() {
	run --separate-stderr env PATH="$fakes" "$bin/workload" wrap "$@" --region 1MiB --duration 1s --json
	echo "$status: $output $stderr"
}

value() {
	jq -r "select(.type == \"wrap_value\" and .name == \"$1\").value" <<<"$output"
}

result() {
	jq -r "select(.type == \"wrap_result\")$1" <<<"$output"
}

@test "tools lists which tools are installed, and how to install the others" {
	fake fio /dev/null
	run --separate-stderr env PATH="$fakes" "$bin/workload" tools --json
	[ "$status" -eq 0 ]
	[ "$(jq -r 'select(.name == "fio") | "\(.state) \(.version)"' <<<"$output")" = "ok fio of this test" ]
	[ "$(jq -r 'select(.name == "sysbench") | "\(.state) \(.version)"' <<<"$output")" = "absent null" ]
	[[ $(jq -r 'select(.name == "sysbench").install' <<<"$output") == *sysbench* ]]
}

@test "a tool that is not installed is exit status 77, with how to install it" {
	wrap stress-ng mmap
	[ "$status" -eq 77 ]
	[[ $stderr == *"stress-ng not found in PATH"*"stress-ng"* ]]
}

@test "an unknown tool or profile is a usage error with the list" {
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

@test "a user's own profile: its arguments reach the tool one by one, filled in, after the common ones; never as root" {
	# not below bats' own directory, which is for root alone
	tree=$(mktemp -d /tmp/coldpress-test.XXXXXX)
	chmod 777 "$tree"
	cp "$fixtures/fio-3.33.json" "$tree/json"
	fakes=$tree
	printf '%s\n' '#!/bin/sh' '[ "$1" = --version ] && exec echo fio' "/usr/bin/id -u >$tree/user" "printf '<%s>\n' \"\$@\" >$tree/args" \
		"exec /bin/cat $tree/json" >"$tree/fio"
	chmod 755 "$tree/fio"
	profile '# mine' 'tool: fio' 'summary: of mine' 'arguments:' '  - --rw=read' "  - '--iodepth={workers}'" \
		'  - "a b; $(touch x) {} {X} `y`"'
	wrap fio "$BATS_TEST_TMPDIR/own.yaml" --workers 3
	[ "$status" -eq 0 ]
	[ "$(result .profile)" = "$BATS_TEST_TMPDIR/own.yaml" ]
	[ "$(tail -n 3 "$tree/args")" = "$(printf '%s\n' '<--rw=read>' '<--iodepth=3>' '<a b; $(touch x) {} {X} `y`>')" ]
	[ "$(head -n 1 "$tree/args")" != '<--rw=read>' ]
	[ "$(cat "$tree/user")" -ne 0 ]
}

@test "an invalid profile file is refused with the line" {
	fake fio /dev/null
	while IFS='|' read -r lines line text; do
		eval "profile $lines"
		wrap fio "$BATS_TEST_TMPDIR/own.yaml"
		[ "$status" -eq 2 ]
		[ -z "$output" ]
		[[ $stderr == *"own.yaml:$line: "*"$text"* ]]
	done <<-'END'
		'tool: fio' 'argumnets: [a]'|2|'argumnets'
		'tool: fio' 'words: [a]'|2|it is called arguments now
		'tool: sysbench' 'arguments: [a]'|1|for sysbench, not for fio
		'tool: fio' 'arguments: [a]' '---' 'tool: fio'|4|a second document
		'tool: fio' 'arguments: [a]' '---' '['|5|node
		'tool: fio' 'arguments: [a]' 'arguments: [b]'|3|a second 'arguments'
		'tool: fio'|2|'arguments' is missing
		'' 'arguments: [a]'|3|'tool' is missing
		'tool: fio' 'arguments: a'|2|list
		'tool: fio' 'arguments: []'|2|no arguments
		'tool: fio' 'arguments:' '- a' '- [b]'|4|plain text
		'tool: fio' 'arguments:' '- a' '- "b\0c"'|4|plain text
		'tool: fio' 'arguments:' '- "{regoin}"'|3|unknown placeholder {regoin}
		'tool: fio' 'arguments:' '- "{checkout}"'|3|unknown placeholder {checkout}
		'tool: [fio' 'arguments: [a]'|2|
		'tool: fio' '	arguments: [a]'|2|
		'- tool'|1|keys
		''|1|keys
	END
}

@test "a profile that is missing, a directory, a FIFO, too large, or for a tool from a checkout is refused" {
	fake fio /dev/null
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	head -c 70000 /dev/zero | tr '\0' '#' >"$BATS_TEST_TMPDIR/large"
	for what in "absent:cannot read" "fifo:not a regular file" "large:larger than 64 KiB" ".:not a regular file"; do
		wrap fio "$BATS_TEST_TMPDIR/${what%%:*}"
		[ "$status" -ne 0 ]
		[ -z "$output" ]
		[[ $stderr == *"${what#*:}"* ]]
	done
	wrap mmtests "$BATS_TEST_TMPDIR/large"
	[ "$status" -eq 2 ]
	[[ $stderr == *"mmtests takes only its built-in profiles"* ]]
}

@test "stress-ng 0.15 is parsed" {
	fake stress-ng "$fixtures/stress-ng-0.15.06.yaml"
	wrap stress-ng vm-mixed
	[ "$status" -eq 0 ]
	[ "$(result .state) $(result .operations) $(result .version)" = "ok 5056 stress-ng of this test" ]
	[ "$(value vm_max_rss_bytes)" = $((67472 * 1024)) ]
	[ "$(value vm_bogo_ops_per_s)" = 2516.470612 ]
	[[ $(cat "$BATS_TEST_TMPDIR/args") == *"--vm-bytes 1048576 "* ]]
	[[ $(cat "$BATS_TEST_TMPDIR/args") == *"--no-oom-adjust --oomable"* ]]
}

@test "stress-ng 0.17 with two stressors is parsed" {
	fake stress-ng "$fixtures/stress-ng-0.17.08.yaml"
	wrap stress-ng fork-vm
	[ "$(result .state) $(result .operations)" = "ok 6553" ]
	[ "$(value fork_bogo_ops) $(value vm_bogo_ops)" = "1999 4554" ]
	[ "$(value vm_max_rss_bytes)" = $((34644 * 1024)) ]
}

@test "stress-ng 0.13 with two stressors is parsed" {
	fake stress-ng "$fixtures/stress-ng-0.13.12.yaml"
	wrap stress-ng fork-vm
	[ "$(result .state) $(result .operations)" = "ok 5108" ]
	[ "$(value fork_bogo_ops) $(value vm_bogo_ops)" = "1009 4099" ]
	[ -z "$(value vm_max_rss_bytes)" ]
}

@test "stress-ng without operations has failed, whatever its exit status" {
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

@test "sysbench 1.0 and 1.1 are parsed" {
	fake sysbench "$fixtures/sysbench-1.0.20.txt"
	wrap sysbench memory-rnd
	[ "$(result .state) $(result .operations)" = "ok 30" ]
	[ "$(value total_ns | cut -d. -f1)" = 1025800000 ]
	fake sysbench "$fixtures/sysbench-1.1.0.txt"
	wrap sysbench memory-seq
	[ "$(result .state) $(result .operations)" = "ok 13" ]
	[ "$(value total_ns) $(value latency_mean_ns)" = "1044000000 80180000" ]
	[ "$(value written_bytes_per_s | cut -d. -f1)" = 417836564 ]
}

@test "sysbench that transferred nothing has failed" {
	sed 's/^Total operations: .*/Total operations: 0 (    0.00 per second)/' "$fixtures/sysbench-1.0.20.txt" \
		>"$BATS_TEST_TMPDIR/none"
	fake sysbench "$BATS_TEST_TMPDIR/none"
	wrap sysbench memory-rnd
	[ "$status" -eq 1 ]
	[ "$(result .state)" = failed ]
}

@test "fio is parsed, also with other lines before its JSON" {
	{ echo "fio: a remark"; cat "$fixtures/fio-3.33.json"; } >"$BATS_TEST_TMPDIR/other-first"
	fake fio "$BATS_TEST_TMPDIR/other-first"
	wrap fio compressible
	[ "$status" -eq 0 ]
	[ "$(result .operations)" = $((1794182 + 1797389)) ]
	[ "$(value minor_faults)" = 1068 ]
	[[ $(value read_latency_p99_ns) -gt 0 ]]
}

@test "fio 3.28 is parsed" {
	fake fio "$fixtures/fio-3.28.json"
	wrap fio compressible
	[ "$(result .state) $(result .operations)" = "ok $((521941 + 521858))" ]
	[ "$(value minor_faults) $(value read_latency_p50_ns) $(value read_bytes_per_s)" = "559 70 2125119618" ]
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

@test "a tool that fails is state failed, with its last output" {
	echo "it hurts" >"$BATS_TEST_TMPDIR/cry"
	fake sysbench "$BATS_TEST_TMPDIR/cry" 3
	wrap sysbench memory-rnd
	[ "$status" -eq 1 ]
	[ "$(result .why)" = "exit status 3" ]
	[[ $stderr == *"last output of sysbench: it hurts"* ]]
}

@test "the raw report is kept in a new file only" {
	fake fio "$fixtures/fio-3.33.json"
	wrap fio compressible --raw "$BATS_TEST_TMPDIR/raw"
	[ "$(result .raw_file)" = "$BATS_TEST_TMPDIR/raw" ]
	cmp "$BATS_TEST_TMPDIR/raw" "$fixtures/fio-3.33.json"
	rm "$BATS_TEST_TMPDIR/args"
	wrap fio compressible --raw "$BATS_TEST_TMPDIR/raw"
	[ "$status" -eq 1 ]
	[[ $stderr == *"exists already"* ]]
	wrap fio compressible --raw "$BATS_TEST_TMPDIR/no/such/place"
	[ "$status" -eq 1 ]
	[[ $stderr == *"No such file"* ]]
	# before the tool runs
	[ ! -e "$BATS_TEST_TMPDIR/args" ]
}

# checkout SAMPLES - a tree like mmtests' whose test leaves these samples and prints its environment.
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

@test "mmtests without a checkout is exit status 77, and a directory that is not a checkout is an error" {
	run --separate-stderr env -u COLDPRESS_MMTESTS "$bin/workload" wrap mmtests saladfork
	[ "$status" -eq 77 ]
	[[ $stderr == *"--checkout"*COLDPRESS_MMTESTS* ]]
	run --separate-stderr "$bin/workload" wrap mmtests saladfork --checkout "$BATS_TEST_TMPDIR"
	[ "$status" -eq 1 ]
	[[ $stderr == *"not a checkout of mmtests"* ]]
}

@test "mmtests is parsed, and its checkout is unchanged" {
	checkout 'local\t_\t_\t1\t208\tR\nlocal\t_\t_\t2\t302\tR\nlocal_v_total\t_\t_\t_\t1\tR\n'
	mmtests
	[ "$status" -eq 0 ]
	[ "$(result .state) $(result .operations)" = "ok 2" ]
	[ "$(value local_mean_ns) $(value local_max_ns)" = "255000 302000" ]
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

@test "mmtests' saladfork of v2.0-rc1 and v2.0-rc5 is parsed" {
	checkout ''
	recorded saladfork v2.0-rc1
	[ "$(result .state) $(result .operations) $(value local_max_ns)" = "ok 12 270000" ]
	recorded saladfork v2.0-rc5-15
	[ "$(result .state) $(result .operations) $(value local_max_ns)" = "ok 12 4064000" ]
	[ "$(value local_mean_ns | cut -d. -f1)" = 2305416 ]
}

@test "mmtests' time_unmap of v2.0-rc5 is parsed, and a report of v2.0-rc4 without values has failed" {
	checkout ''
	recorded time_unmap v2.0-rc5-15
	[ "$(result .state) $(result .operations) $(value elapsed_max_ns)" = "ok 3 20000000" ]
	# Its parser did not find a program of its own, and left lines without values.
	recorded time_unmap v2.0-rc4
	[ "$status" -eq 1 ]
	[ "$(result .state): $(result .why)" = "failed: the report of mmtests has no samples" ]
}

@test "mmtests runs without rights, environment, history and files in /tmp" {
	checkout ''
	mmtests
	[ "$status" -eq 1 ]
	[ "$(result .why)" = "the report of mmtests has no samples" ]
	sed -i 's/; exit 0/; exit 7/' "$tree/run-mmtests.sh"
	sed -i 's/^mkdir.*/exit 7/' "$tree/run-mmtests.sh"
	mmtests
	[ "$(result .why)" = "exit status 7" ]
	[[ $stderr == *"saw "* ]]
	[[ $stderr != *"saw 0 "* ]]
	[[ $stderr == *" nothing "*"No such file"* ]]
	[[ $stderr != *" /tmp/mmtests-x"* ]]
}

@test "mmtests does fixed work: it may take longer than --duration" {
	checkout 'local\t_\t_\t1\t208\tR\n'
	sed -i 's/^mkdir/sleep 12; mkdir/' "$tree/run-mmtests.sh"
	run --separate-stderr "$bin/workload" wrap mmtests saladfork --checkout "$tree" --duration 1s --json
	[ "$(result .state)" = ok ]
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
	mkdir "$tree/bin"
	printf '%s\n' '#!/bin/sh' 'exit 0' >"$tree/bin/php"
	chmod 755 "$tree/bin" "$tree/bin/php"
	setpriv --reuid 65534 --regid 65534 --clear-groups test -x "$bin/workload-gen" || skip "the build is not for all to read"
}

phoronix() {
	PATH=$tree/bin:$PATH PTS_MODULES=flush_caches run --separate-stderr "$bin/workload" wrap phoronix-test-suite random_touch_heap \
		--checkout "$tree" --json
	echo "$status: $output $stderr"
}

@test "phoronix-test-suite is parsed, and its checkout is unchanged" {
	phoronix_checkout "$fixtures/phoronix-10.8.6.xml"
	phoronix
	[ "$status" -eq 0 ]
	[ "$(result .state) $(result .operations) $(result .version)" = "ok 2 10.8.6" ]
	[ "$(value rate_mean_per_s | cut -d. -f1)" = 2590202 ]
	[ "$(value rate_min_per_s | cut -d. -f1) $(value rate_max_per_s | cut -d. -f1)" = "2572075 2608329" ]
	cp "$fixtures/phoronix-10.8.4.xml" "$tree/composite.xml"
	phoronix
	[ "$(result .state) $(result .operations) $(value rate_mean_per_s | cut -d. -f1)" = "ok 2 3256261" ]
	[ "$(ls "$tree")" = "$(printf '%s\n' bin composite.xml ob-cache phoronix-test-suite pts-core)" ]
}

@test "phoronix-test-suite without a value has failed, and ran without rights, modules, history and uploads" {
	sed 's#<Value>.*</Value>#<Value></Value>#' "$fixtures/phoronix-10.8.6.xml" >"$BATS_TEST_TMPDIR/none"
	phoronix_checkout "$BATS_TEST_TMPDIR/none"
	phoronix
	[ "$status" -eq 1 ]
	[ "$(result .state): $(result .why)" = "failed: the result of phoronix-test-suite has no value" ]
	[[ $stderr == *"last output of phoronix-test-suite: 2"* ]]
	sed -i 's/^exec.*/exit 7/' "$tree/phoronix-test-suite"
	phoronix
	[[ $stderr == *" nothing ."* ]]
	[[ $stderr != *"saw 0 "* ]]
}

# ---- hostile numbers ----

# Texts that are no number, and those that are too large, negative or of another type.
# shellcheck disable=SC2054 # one value has a comma
hostile=(inf -inf nan NaN Infinity 1e999 -1 -0.5 -0 true false null '"5"' 0x10 1e16 1,5 5x '1 2' --1 1e +1 . 99999999999999999999999)

# pick ITEM... - one of them, into $picked. RANDOM is seeded, and a subshell would not advance it.
pick() {
	local items=("$@")

	picked=${items[RANDOM % $#]}
}

# refused TOOL KEY VALUE - the run failed, the message names all three, and no value is printed.
refused() {
	echo "$1: $2: $3"
	[ "$status" -eq 1 ]
	[ "$(result .state)" = failed ]
	[[ $(result .why) == *"$1"*"'$3"*"$2"* ]]
	[ -z "$(jq 'select(.type == "wrap_value")' <<<"$output")" ]
}

@test "hostile numbers of stress-ng fail the run, whatever the key" {
	RANDOM=1009
	for _ in {1..20}; do
		pick bogo-ops bogo-ops-per-second-real-time user-time system-time max-rss
		key=$picked
		pick "${hostile[@]}"
		sed "s/ $key: .*/ $key: $picked/" "$fixtures/stress-ng-0.15.06.yaml" >"$BATS_TEST_TMPDIR/hostile"
		fake stress-ng "$BATS_TEST_TMPDIR/hostile"
		wrap stress-ng vm-mixed
		refused stress-ng "$key" "$picked"
	done
}

@test "hostile numbers of sysbench fail the run, whatever the key" {
	RANDOM=1013
	for _ in {1..20}; do
		pick 'Total operations:' 'total time:' avg: max: '95th percentile:' transferred
		key=$picked
		pick "${hostile[@]}"
		case $key in
		*operations*) sed "s/^$key [0-9]*/$key $picked/" ;;
		*time*) sed "s/$key .*/$key $picked""s/" ;;
		transferred) sed "s/(935.08/($picked/" ;;
		*) sed "s/$key .*/$key $picked/" ;;
		esac <"$fixtures/sysbench-1.0.20.txt" >"$BATS_TEST_TMPDIR/hostile"
		fake sysbench "$BATS_TEST_TMPDIR/hostile"
		wrap sysbench memory-rnd
		refused sysbench "$key" "$picked"
	done
}

@test "hostile numbers of fio fail the run, whatever the key" {
	RANDOM=1019
	for _ in {1..20}; do
		pick .error .minf .majf .read.total_ios .write.total_ios .read.bw_bytes .write.clat_ns.mean .read.clat_ns.max \
			'.read.clat_ns.percentile["99.000000"]'
		key=$picked
		pick "${hostile[@]}"
		# what is no JSON at all ends the parsing
		jq ".jobs[0]$key = \"@@\"" "$fixtures/fio-3.33.json" | sed "s/\"@@\"/$picked/" >"$BATS_TEST_TMPDIR/hostile"
		fake fio "$BATS_TEST_TMPDIR/hostile"
		wrap fio compressible
		echo "$key $picked"
		[ "$status" -eq 1 ]
		[[ $(result .why) == *fio*"no JSON"* ]] || refused fio "$(sed 's/.*[."]\([a-z_0-9]*\)[^.]*$/\1/; s/^0.*/99/' <<<"$key")" ''
	done
}

@test "hostile samples of mmtests fail the run" {
	checkout ''
	RANDOM=1021
	for _ in {1..5}; do
		pick "${hostile[@]}"
		rm -rf "$tree"
		checkout "local\\t_\\t_\\t1\\t208\\tR\\nlocal\\t_\\t_\\t2\\t${picked// /_}\\tR\\n"
		mmtests
		refused mmtests local "${picked// /_}"
	done
}

@test "hostile runs of phoronix-test-suite fail the run, and 100,001 runs are all counted" {
	phoronix_checkout "$fixtures/phoronix-10.8.6.xml"
	RANDOM=1031
	for _ in {1..5}; do
		pick Value RawString
		key=$picked
		pick "${hostile[@]}"
		sed "s#<$key>[^<]*#<$key>$picked#" "$fixtures/phoronix-10.8.6.xml" >"$tree/composite.xml"
		phoronix
		refused phoronix-test-suite "$key" "$picked"
	done
	sed 's#<RawString>[^<]*#<RawString>-1:-3#' "$fixtures/phoronix-10.8.6.xml" >"$tree/composite.xml"
	phoronix
	refused phoronix-test-suite RawString -1
	awk '/<RawString>/ { printf "<RawString>1"; for (i = 0; i < 100000; i++) printf ":2"; print "</RawString>"; next } 1' \
		"$fixtures/phoronix-10.8.6.xml" >"$tree/composite.xml"
	phoronix
	[ "$(result .state) $(result .operations)" = "ok 100001" ]
}

@test "other forms of a number are read, and a key that comes twice fails the run" {
	sed 's/bogo-ops: .*/bogo-ops: 5.056e3/' "$fixtures/stress-ng-0.15.06.yaml" >"$BATS_TEST_TMPDIR/form"
	fake stress-ng "$BATS_TEST_TMPDIR/form"
	wrap stress-ng vm-mixed
	[ "$(result .state) $(result .operations)" = "ok 5056" ]
	sed 's/bogo-ops: .*/bogo-ops: 1.5/' "$fixtures/stress-ng-0.15.06.yaml" >"$BATS_TEST_TMPDIR/form"
	wrap stress-ng vm-mixed
	refused stress-ng bogo-ops 1.5
	sed 's/\( *\)bogo-ops: .*/&\n&/' "$fixtures/stress-ng-0.15.06.yaml" >"$BATS_TEST_TMPDIR/form"
	wrap stress-ng vm-mixed
	[ "$status" -eq 1 ]
	[ "$(result .why)" = "stress-ng reported vm_bogo_ops twice" ]
}

@test "fio with several jobs is refused: only one is parsed" {
	jq '.jobs += .jobs' "$fixtures/fio-3.33.json" >"$BATS_TEST_TMPDIR/two"
	fake fio "$BATS_TEST_TMPDIR/two"
	wrap fio compressible
	[ "$status" -eq 1 ]
	[[ $(result .why) == *"2 jobs"*--group_reporting* ]]
}

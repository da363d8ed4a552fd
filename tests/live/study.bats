#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# coldpress study on real memory: its answers, its errors, and that it leaves nothing behind.

bats_require_minimum_version 1.5.0
bin=$BATS_TEST_DIRNAME/../../build/bin
results() { sqlite3 -readonly "$BATS_TEST_TMPDIR/out/study.db" "$1"; }

setup() {
	[ "$(id -u)" -eq 0 ] || skip "needs root: a pool, a limit and probes"
	[ -e /sys/class/zram-control/hot_add ] || skip "this kernel has no zram module loaded that can add devices"
	before=$(machine)
}

teardown() {
	[ -z "${before-}" ] || "$bin/coldpress" recover
}

# All that a study changes on the machine, as text to compare.
machine() {
	swapon --show=NAME,SIZE,PRIO --noheadings
	ls -d /sys/block/zram* 2>/dev/null || true
	find /sys/fs/cgroup -maxdepth 4 -type d -name 'coldpress.*.study'
	cat /proc/sys/vm/swappiness /proc/sys/vm/page-cluster
	ps -eo args | grep -F -e "$bin/workload-gen" -e "$bin/page_fault" -e "$bin/pool_probe" | grep -v grep || true
}

# A fixed amount of work over 48 MiB of pages of this content.
target() {
	echo "$bin/workload-gen" interactive_burst --region 48MiB --operations 300000 --idle 5ms --seed 7 --page-profile "$1"
}

study() {
	"$bin/coldpress" study --dir "$BATS_TEST_TMPDIR/out" "$@"
}

# A long study in the background, its process in $pid.
start_study() {
	"$bin/coldpress" study --dir "$BATS_TEST_TMPDIR/out" --limit 50% --blocks 50 --algo lz4 -- $(target mixed) \
		>/dev/null 3>&- &
	pid=$!
}

@test "compressible memory that is read back gets a pool, and the measured answer says how much" {
	study --max-slowdown 400% --limit 50% --blocks 1 --algo lz4 --format json -- $(target text) >"$BATS_TEST_TMPDIR/json"
	run jq -r 'select(.type == "study_answer") | .recommended' "$BATS_TEST_TMPDIR/json"
	[ "$output" = lz4 ]
	# Reference, probed, and one block of two configurations: each a record, and the end says so.
	[ "$(tail -1 "$BATS_TEST_TMPDIR/json" | jq -c '[.type, .seen, .emitted, .reason]')" = '["end",4,4,"done"]' ]
	[ "$(jq -c 'select(.type == "study_run")' "$BATS_TEST_TMPDIR/json" | wc -l)" -eq 4 ]
	# Measured, not assumed: pages were swapped out and in, and RAM was saved.
	jq -se 'map(select(.type == "study_configuration" and .configuration == "lz4")) | .[0]
		| .pages_out > 1000 and .readback_factor > 0.3 and .saved_ratio > 0.05 and .n == 1' "$BATS_TEST_TMPDIR/json"
	# Where there is rw_page, single pages reach zram without a request: nothing for pool_probe to see.
	[ "$(machine)" = "$before" ]
	if grep -qw zram_rw_page /proc/kallsyms; then return; fi
	# What happened in the pool is pool_probe's record of the probed run, and it saw what the device counted.
	jq -se 'map(select(.type == "study_run" and .kind == "probed"))[0] as $run |
		map(select(.type == "study_configuration" and .configuration == "lz4"))[0] as $arm |
		$run.by_probe and $arm.by_probe and $arm.readback_factor == $run.readback_factor and
		($run.readback_factor / ($run.pages_in / $run.pages_out) - 1 | fabs) < 0.02 and
		$run.residence_ns > 0 and $run.residence_ns < $run.wall_ns * 2 and
		$run.censored_ratio >= 0 and $run.censored_ratio < 1 and
		$run.write_p50_ns > 0 and $run.write_p50_ns <= $run.write_p99_ns and $run.read_p50_ns > 0 and
		$run.read_p50_ns <= $run.read_p99_ns and $run.pool_page_ns > 0 and
		($arm.pool_page_ns == $run.pool_page_ns)' "$BATS_TEST_TMPDIR/json"
	[ "$(results "SELECT count(*) FROM artifact WHERE name = 'pool_probe' AND json_extract(text, '$.writes') > 1000")" -eq 1 ]
	grep -q 'Residence of pages in the pool' "$BATS_TEST_TMPDIR/out/report.html"
}

@test "without pool_probe the counters of the device answer, and the study says so" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	cp "$bin"/{coldpress,compressor_monitor,ram_pool,report,page_fault,workload-gen} "$BATS_TEST_TMPDIR/bin"
	"$BATS_TEST_TMPDIR/bin/coldpress" study --dir "$BATS_TEST_TMPDIR/out" --limit 50% --blocks 1 --algo lz4 \
		--format json -- $(target text) >"$BATS_TEST_TMPDIR/json" 2>"$BATS_TEST_TMPDIR/stderr"
	cat "$BATS_TEST_TMPDIR/stderr"
	jq -se 'map(select(.type == "study_configuration" and .configuration == "lz4"))[0] | (.by_probe | not) and .readback_factor > 0.3 and
		(.readback_factor - .pages_in / .pages_out | fabs) < 1e-9 and .residence_ns > 0 and
		.survival_p50_ns == null and .write_p50_ns == null and .pool_page_ns == null' "$BATS_TEST_TMPDIR/json"
	grep -q '^pool_probe: ' "$BATS_TEST_TMPDIR/stderr"
	[ "$(results "SELECT count(*) FROM note WHERE about = 'pool_probe' AND kind = 'skipped'")" -eq 1 ]
}

@test "six blocks decide about time too, with an interval" {
	study -q --limit 50% --blocks 6 --algo lz4 --format json -- $(target text) >"$BATS_TEST_TMPDIR/json"
	jq -se 'map(select(.type == "study_configuration" and .configuration == "lz4"))[0] | .n == 6
		and .slowdown_low_ratio <= .slowdown_ratio and .slowdown_ratio <= .slowdown_high_ratio
		and (.slowdown_verdict | IN("slower", "faster", "equivalent", "inconclusive"))' "$BATS_TEST_TMPDIR/json"
	[ "$(jq -r 'select(.type == "study_answer") | .decided_by' "$BATS_TEST_TMPDIR/json")" = policy ]
}

@test "what breaks the bound of slowdown is never recommended" {
	run --separate-stderr study --limit 50% --blocks 1 --algo lz4 --max-slowdown 0.1% -- $(target text)
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"recommended: nothing"*"beyond the bound of 0.1 %"* ]]
}

@test "hardly compressible memory gets nothing" {
	run --separate-stderr study --limit 50% --blocks 1 --algo lz4 -- $(target random)
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"recommended: nothing"* ]]
	[ "$(machine)" = "$before" ]
}

@test "the results database has every run, the scan, the prediction and the ranking, and the page shows them" {
	study --limit 50% --blocks 2 --algo lz4,lzo-rle -q -- $(target mixed) >/dev/null
	[ "$(results "SELECT state FROM experiment")" = "done" ]
	# reference, two probed, two blocks of three configurations
	[ "$(results "SELECT count(*) FROM run WHERE state <> 'running'")" -eq 9 ]
	[ "$(results "SELECT count(*) FROM prediction WHERE predicted > 0 AND measured > 0")" -ge 4 ]
	[ "$(results "SELECT count(*) FROM ranking")" -ge 5 ]
	[ "$(results "SELECT count(*) FROM artifact WHERE name = 'scan'")" -eq 1 ]
	# The comparison is stored: medians of timed runs, and what follows from them.
	[ "$(results "SELECT count(*) FROM comparison JOIN cell ON id = cell WHERE name IN ('slowdown_ratio', 'saved_bytes')
		AND runs = 2 AND timed = 1 AND value > 0 AND arm <> 'none'")" -eq 4 ]
	[ "$(results "SELECT count(*) FROM metric WHERE name = 'slowdown_ratio' AND value > 0")" -eq 4 ]
	grep -q '<svg' "$BATS_TEST_TMPDIR/out/report.html"
	grep -q 'recommended' "$BATS_TEST_TMPDIR/out/report.html"
}

@test "the measured pool is as large as the scan predicted" {
	study --limit 50% --blocks 1 --algo lz4 --format json -- $(target mixed) >"$BATS_TEST_TMPDIR/json"
	jq 'select(.type == "study_prediction")' "$BATS_TEST_TMPDIR/json"
	# Loose: pages that are swapped out are not a random sample of all.
	jq -se 'map(select(.type == "study_prediction")) | length == 1 and (.[0].error_ratio | fabs) < 0.25' "$BATS_TEST_TMPDIR/json"
}

@test "a study judges by the calibration in its own results, names it, and does without where told to" {
	mkdir "$BATS_TEST_TMPDIR/out"
	"$bin/compressor_monitor" calibrate -q --file "$bin/compressor_monitor" --algo lz4 --pages 1024 --runs 3 \
		--db "$BATS_TEST_TMPDIR/out/study.db" -f json >"$BATS_TEST_TMPDIR/factors"
	study --limit 50% --blocks 1 --algo lz4 --format json -- $(target text) >"$BATS_TEST_TMPDIR/json"
	jq -se --arg from "$BATS_TEST_TMPDIR/out/study.db: lz4 of $(date -u +%F)" 'map(select(.type == "study_answer"))[0] |
		.calibration | startswith($from)' "$BATS_TEST_TMPDIR/json"
	jq -se 'map(select(.type == "study_prediction"))[0].codec_page_ns > 0' "$BATS_TEST_TMPDIR/json"
	[ "$(results "SELECT count(*) FROM note WHERE reason LIKE '%kernel''s by %: lz4 of %'")" -eq 1 ]
	# What it judged by is the library's time on these pages, scaled.
	jq -se --argjson judged "$(results "SELECT compress_cpu_ms FROM ranking WHERE codec = 'lz4:1'")" \
		--argjson measured "$(results "SELECT text FROM artifact WHERE name = 'scan'" |
			jq 'select(.type == "scan_codec" and .label == "lz4:1") | .compress_cpu_ns / 1e6')" '
		map(select(.type == "calibrate"))[0].compress_factor * $measured / $judged - 1 | fabs < 1e-6' \
		"$BATS_TEST_TMPDIR/factors"
	run study --limit 50% --blocks 1 --algo lz4 --no-calibration -- $(target text)
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"CPU times are the libraries'"* ]]
	run study --no-calibration --db x -- true
	[ "$status" -eq 2 ]
	[ "$(machine)" = "$before" ]
}

@test "a limit without effect is noted" {
	run study --blocks 1 --algo lz4 --limit 100% --timeout 20s -- sleep 1
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"had less than 4 MiB"* ]]
	run study --blocks 1 --algo lz4 --limit 100% -- $(target mixed)
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"the limit had no effect"*"recommended: nothing"* ]]
	[[ ! $output =~ [^a-z](nan|inf)[^a-z] ]]
}

@test "a command that works once and never again: warnings, an answer without figures that nobody measured" {
	run study --limit 50% --blocks 1 --algo lz4 -- sh -c "[ ! -e $BATS_TEST_TMPDIR/been ] || exit 3
		touch $BATS_TEST_TMPDIR/been; exec $(target text)"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"exit status 3"*"recommended: nothing"* ]]
	[[ $output != *"had no effect"* ]]
	[[ ! $output =~ [^a-z](nan|inf)[^a-z] ]]
}

@test "a command that does not exist: named, exit 1, nothing left" {
	run study --limit 50% --blocks 1 -- /nonexistent/program
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"/nonexistent/program"*"No such file"* ]]
	[ "$(machine)" = "$before" ]
}

@test "a command that fails: its status, where its output is, exit 1, nothing left" {
	run study --limit 50% --blocks 1 -- sh -c 'echo broken; exit 3'
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"3"*"sh.output"* ]]
	grep -q broken "$BATS_TEST_TMPDIR/out/sh.output"
	[ "$(machine)" = "$before" ]
}

# A search over the target, as short as a budget may be.
search() {
	study --budget 20s --max-slowdown 300% --algo lz4,lzo-rle "$@" -- "$bin/workload-gen" interactive_burst --region 48MiB \
		--operations 100000 --idle 2ms --seed 7 --page-profile text
}

@test "a search ends with a verdict, its curve and one baseline, in records, database and page" {
	search --format json >"$BATS_TEST_TMPDIR/json"
	jq -c 'select(.type == "study_verdict")' "$BATS_TEST_TMPDIR/json"
	jq -se '(map(select(.type == "study_verdict")) | length == 1) and
		(map(select(.type == "study_verdict"))[0] | (.verdict | IN("saves", "tie", "none", "undecided")) and
			(.text | length > 10) and .runs > 5 and (.saved_ratio == null or (1 - .ram_bytes / .reference_ram_bytes - .saved_ratio | fabs) < 1e-9)) and
		(map(select(.type == "study_curve")) | length >= 1 and all(.limit_bytes > 0 and .slowdown_ratio != null))' \
		"$BATS_TEST_TMPDIR/json"
	# Every share of the curve has the verdict's baseline.
	jq -se 'map(select(.type == "study_verdict"))[0].reference_ram_bytes as $base |
		map(select(.type == "study_curve" and .ram_bytes != null)) | all((.ram_bytes / $base - .ram_ratio | fabs) < 1e-9)' "$BATS_TEST_TMPDIR/json"
	# Only search runs are without an interval, and none says that a limit beyond the bound is to be used.
	jq -se 'map(select(.type == "study_curve" and .source == "search")) | all(.slowdown_low_ratio == null)' \
		"$BATS_TEST_TMPDIR/json"
	[ "$(results "SELECT count(*) FROM artifact WHERE name = 'search'")" -eq \
		"$(jq -s 'map(select(.type == "study_verdict"))[0].runs' "$BATS_TEST_TMPDIR/json")" ]
	verdict=$(jq -r 'select(.type == "study_verdict") | .text' "$BATS_TEST_TMPDIR/json")
	[[ $(results "SELECT recommended FROM experiment") == *"$verdict" ]]
	grep -q 'id="curve"' "$BATS_TEST_TMPDIR/out/report.html"
	[ "$(machine)" = "$before" ]
}

@test "a search that is stopped answers with what it has, and goes on where it was" {
	search >"$BATS_TEST_TMPDIR/first" 2>"$BATS_TEST_TMPDIR/stderr" 3>&- &
	pid=$!
	for _ in $(seq 600); do
		[ "$(results "SELECT count(*) FROM artifact WHERE name = 'search'" 2>/dev/null || echo 0)" -lt 4 ] || break
		sleep 0.1
	done
	pkill -INT -P $pid || kill -INT $pid
	wait $pid
	cat "$BATS_TEST_TMPDIR/first"
	grep -q 'interactive_burst\|workload-gen' "$BATS_TEST_TMPDIR/first"
	grep -q 'partial: stopped' "$BATS_TEST_TMPDIR/first"
	[ "$(results "SELECT state FROM experiment")" = interrupted ]
	[ "$(machine)" = "$before" ]
	runs=$(results "SELECT count(*) FROM artifact WHERE name = 'search'")
	"$bin/coldpress" study --resume "$BATS_TEST_TMPDIR/out" >"$BATS_TEST_TMPDIR/second" 2>"$BATS_TEST_TMPDIR/stderr"
	cat "$BATS_TEST_TMPDIR/second" "$BATS_TEST_TMPDIR/stderr"
	grep -q "goes on after $runs runs" "$BATS_TEST_TMPDIR/stderr"
	[ "$(results "SELECT state FROM experiment")" = "done" ]
	[ "$(results "SELECT count(*) FROM experiment")" -eq 1 ]
	[ "$(results "SELECT count(*) FROM artifact WHERE name = 'search'")" -gt "$runs" ]
	# Each question was answered once.
	[ "$(results "SELECT count(DISTINCT json_extract(text, '\$.run')) = count(*) FROM artifact
		WHERE name = 'search'")" -eq 1 ]
}

@test "several limits at once: each algorithm at each of them" {
	study --limit 60%,80% --blocks 1 --algo lz4 -q -- $(target text) >"$BATS_TEST_TMPDIR/text"
	cat "$BATS_TEST_TMPDIR/text"
	[ "$(results "SELECT group_concat(arm) FROM (SELECT arm FROM cell ORDER BY arm)")" = lz4@60%,lz4@80%,none ]
	[ "$(results "SELECT count(DISTINCT limit_bytes) FROM cell WHERE arm <> 'none'")" -eq 2 ]
	run study --limit 60%,0 -- true
	[ "$status" -eq 2 ]
	[[ $output == *"--limit '0'"*"above 0 %"* ]]
}

@test "a program that is too short or too small: a clear answer" {
	run study -- true
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"true cannot be studied"*"too short"*"(peak "*")"* ]]
	run study --resume /nonexistent
	[ "$status" -eq 1 ]
	run study --resume "$BATS_TEST_TMPDIR/out" -- true
	[ "$status" -eq 2 ]
}

@test "an algorithm that this kernel lacks: the message lists those it has" {
	run study --algo lz4,snake -- true
	echo "$output"
	[ "$status" -eq 2 ]
	[[ $output == *"'snake'"*"it has:"*lz* ]]
}

@test "an algorithm named twice is tried once" {
	study --limit 50% --blocks 1 --algo lz4,lz4 -q -- $(target text) >/dev/null
	[ "$(results "SELECT group_concat(arm) FROM (SELECT arm FROM cell ORDER BY arm)")" = lz4,none ]
}

@test "an --output that cannot be made is said before anything runs" {
	run study --output /nonexistent/answer -- true
	[ "$status" -eq 1 ]
	[[ $output == *"cannot create /nonexistent/answer"* ]]
}

@test "a --dir that cannot be written, an empty command, a share that is none: exit, and why" {
	run study --dir /proc/nothing -- true
	[ "$status" -eq 1 ]
	[[ $output == *"/proc/nothing"* ]]
	run study --
	[ "$status" -eq 2 ]
	run study --limit 0% -- true
	[ "$status" -eq 2 ]
	run study --price -1 -- true
	[ "$status" -eq 2 ]
	run study --limit 150% -- true
	[ "$status" -eq 2 ]
	run study --timeout 20 -- true
	[ "$status" -eq 2 ]
	[[ $output == *"unit"* ]]
}

@test "the old spellings of options are answered with the new ones" {
	run "$bin/coldpress" study --out x -- true
	[ "$status" -eq 2 ]
	[[ $output == *"--dir DIR"* ]]
	run "$bin/coldpress" study --kernel-costs x -- true
	[ "$status" -eq 2 ]
	[[ $output == *"--db FILE"* ]]
}

@test "a full disk: a clear error, nothing left" {
	mkdir "$BATS_TEST_TMPDIR/small"
	mount -t tmpfs -o size=96k coldpress-test "$BATS_TEST_TMPDIR/small"
	run "$bin/coldpress" study --dir "$BATS_TEST_TMPDIR/small/out" --limit 50% --blocks 1 --algo lz4 -- $(target mixed)
	umount "$BATS_TEST_TMPDIR/small"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"space"* || $output == *"full"* ]]
	[ "$(machine)" = "$before" ]
}

@test "the command runs as the user who called sudo, and so do the files belong" {
	mine=$(mktemp -d)
	chown 65534:65534 "$mine"
	SUDO_UID=65534 SUDO_GID=65534 run "$bin/coldpress" study --dir "$mine/out" --limit 50% --blocks 1 --algo lz4 \
		-- sh -c 'id -u; exit 9'
	echo "$output"
	[ "$(head -1 "$mine/out/sh.output")" = 65534 ]
	[ -e "$mine/out/study.db" ]
	foreign=$(find "$mine" ! -user 65534)
	rm -rf "$mine"
	[ -z "$foreign" ]
}

@test "^C in the middle: exit 0, said so, nothing left" {
	start_study 2>"$BATS_TEST_TMPDIR/stderr"
	sleep 4
	kill -INT "$pid"
	wait "$pid"
	grep -q 'stopped' "$BATS_TEST_TMPDIR/stderr"
	[ "$(results "SELECT state FROM experiment")" = interrupted ]
	[ "$(machine)" = "$before" ]
}

@test "two studies at once: the second is refused with the first one's process" {
	start_study 2>/dev/null
	sleep 1
	run "$bin/coldpress" study --dir "$BATS_TEST_TMPDIR/second" -- true
	kill -INT "$pid"
	wait "$pid"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"another study is running, process $pid"* ]]
}

# nothing_left - of a study that ended; its messages are in $output.
nothing_left() {
	echo "$output"
	[[ $output == *"ram_pool was ended by signal 9"* ]]
	[ "$(machine)" = "$before" ]
	run compgen -G "${COLDPRESS_STATE_DIR:-/run/coldpress}/*study*"
	[ "$status" -eq 1 ]
}

@test "kill -9 of ram_pool alone, as it makes a pool or puts it away: the study finishes that, and says so" {
	command -v strace >/dev/null || skip "strace is not installed: ./bootstrap.sh installs it"
	traced() {
		strace -f -qq -o /dev/null "$@" timeout 120 "$bin/coldpress" study --dir "$BATS_TEST_TMPDIR/out" \
			--limit 50% --blocks 1 --algo lz4 -- $(target text)
	}
	# The only one who calls it.
	run traced -e trace=swapon -e inject=swapon:signal=KILL:when=1
	nothing_left
	# A reset that takes half a second at that call, so that it can be found.
	traced -e trace=swapoff -e inject=swapoff:delay_enter=500000 >"$BATS_TEST_TMPDIR/output" 2>&1 3>&- &
	pid=$!
	for _ in $(seq 3000); do
		reset=$(pgrep -fo '^ram_pool reset --name study-') && break
		sleep 0.02
	done
	kill -9 "$reset"
	wait $pid || true
	output=$(cat "$BATS_TEST_TMPDIR/output")
	nothing_left
}

@test "kill -9 in the middle, then recover: as before" {
	for after in 0.4 1.1 1.9 2.6 3.3; do
		start_study 2>/dev/null
		sleep "$after"
		kill -KILL "$pid"
		wait "$pid" || true
		sleep 1
		"$bin/coldpress" recover
		[ "$(machine)" = "$before" ]
	done
}

# The calls by which a study itself changes the machine; pools are ram_pool's, whose tests kill it likewise.
@test "kill -9 at every call by which it changes the machine, then recover: as before" {
	command -v strace >/dev/null || skip "strace is not installed: ./bootstrap.sh installs it"
	small="$bin/workload-gen interactive_burst --region 21MiB --operations 100000 --idle 2ms"
	tried=0
	for call in clone mkdir rmdir unlink kill write; do
		for n in $(seq 1 400); do
			status=0
			timeout 60 strace -qq -o /dev/null -e "trace=$call" -e "inject=$call:signal=KILL:when=$n" \
				"$bin/coldpress" study -q --dir "$BATS_TEST_TMPDIR/kill" --blocks 1 --algo lz4 \
				--limit 90% -- $small \
				>"$BATS_TEST_TMPDIR/output" 2>&1 3>&- || status=$?
			[ "$status" -ne 0 ] || break
			[ "$status" -eq 137 ] || { echo "status $status"; cat "$BATS_TEST_TMPDIR/output"; false; }
			tried=$((tried + 1))
			"$bin/coldpress" recover 2>/dev/null
			if [ "$(machine)" != "$before" ]; then
				echo "after $call number $n:"
				diff <(echo "$before") <(machine)
			fi
		done
	done
	echo "# killed at $tried calls" >&3
	[ "$tried" -gt 50 ]
}

@test "without root: the scan alone answers, and it says what was left out" {
	id nobody >/dev/null || skip "there is no user nobody"
	command -v setpriv >/dev/null || skip "setpriv (util-linux) is not installed"
	user=$(mktemp -d)
	chown nobody "$user"
	run setpriv --reuid nobody --regid nogroup --clear-groups env HOME="$user" \
		"$bin/coldpress" study --dir "$user/out" -- $(target text)
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"pool, limit and probes"*"run it with sudo"* ]]
	[[ $output == *"recommended: "*"scan alone"* ]]
	# What nobody measured is missing, not 0; what was is there.
	[ "$(sqlite3 -readonly "$user/out/study.db" "SELECT group_concat(name) FROM (SELECT name FROM metric WHERE
		name IN ('swap_bytes_peak', 'pool_used_bytes_peak', 'slot_table_bytes', 'psi_some_us', 'ram_bytes_mean')
		AND value IS NOT NULL)")" = "" ]
	[ "$(sqlite3 -readonly "$user/out/study.db" "SELECT count(*) FROM metric WHERE name IN
		('wall_ns', 'ram_bytes_peak', 'user_ns') AND value > 0")" -eq 3 ]
	rm -rf "$user"
}

# Pages that are shared after a fork: in RAM for the parent, in the pool for the child.
@test "a program that forks: its runs count, and nobody is blamed" {
	command -v python3 >/dev/null || skip "python3 is not installed"
	cat >"$BATS_TEST_TMPDIR/fork.py" <<-'END'
		import os, time
		strings = [("%d number %d " % (i * 7919 % 1000003, i)) * 2 for i in range(800000)]
		if os.fork() == 0:
		    time.sleep(3)
		    os._exit(0)
		total = sum(len(s) + ord(s[3]) for _ in range(2) for s in strings)
		os.wait()
	END
	study --blocks 1 --limit 40% --algo lz4 --format json -- python3 "$BATS_TEST_TMPDIR/fork.py" >"$BATS_TEST_TMPDIR/json"
	jq -c 'select(.type == "study_run") | [.kind, .configuration, .state, .pages_in, .foreign_swap_bytes]' \
		"$BATS_TEST_TMPDIR/json"
	# The limit took effect and pages were read back, so that the two counters differed.
	jq -se 'map(select(.type == "study_run")) | all(.state == "ok" or .state == "unsettled") and
		any(.configuration == "lz4" and .pages_in > 1000)' "$BATS_TEST_TMPDIR/json"
	[ "$(machine)" = "$before" ]
}

@test "every run gets the file or the pipe that the study was given" {
	seq 400000 >"$BATS_TEST_TMPDIR/numbers"
	study --blocks 1 --limit 50% --algo lz4 -q -- sh -c "wc -c >>$BATS_TEST_TMPDIR/file; exec $(target text)" \
		<"$BATS_TEST_TMPDIR/numbers" >/dev/null
	cat "$BATS_TEST_TMPDIR/numbers" | study --blocks 1 --limit 50% --algo lz4 -q -- \
		sh -c "wc -c >>$BATS_TEST_TMPDIR/pipe; exec $(target text)" >/dev/null
	size=$(stat -c %s "$BATS_TEST_TMPDIR/numbers")
	for kind in file pipe; do
		[ "$(sort -u "$BATS_TEST_TMPDIR/$kind")" = "$size" ]
		[ "$(wc -l <"$BATS_TEST_TMPDIR/$kind")" -ge 4 ]
	done
}

@test "a terminal, or a pipe that stays open and sends nothing: the command gets no input, and that is said" {
	mkfifo "$BATS_TEST_TMPDIR/silent"
	sleep 60 >"$BATS_TEST_TMPDIR/silent" 3>&- &
	writer=$!
	run study --blocks 1 --limit 50% --algo lz4 -- sh -c 'cat; exit 3' <"$BATS_TEST_TMPDIR/silent"
	kill $writer
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"standard input: a pipe that stays open and sends nothing"*"no input"* ]]
	command -v script >/dev/null || skip "script (util-linux) is not installed"
	run script -qec "'$bin/coldpress' study --dir '$BATS_TEST_TMPDIR/tty' --limit 50% --blocks 1 -- sh -c 'cat; exit 3'" /dev/null
	echo "$output"
	[[ $output == *"standard input: a terminal"*"no input"* ]]
}

@test "the slot table is as large as the kernel's own type says" {
	command -v bpftool >/dev/null || skip "bpftool is not installed"
	entry=$(for btf in zram vmlinux; do
		[ ! -e /sys/kernel/btf/$btf ] || bpftool btf dump -B /sys/kernel/btf/vmlinux file /sys/kernel/btf/$btf |
			sed -n "s/.*STRUCT 'zram_table_entry' size=\([0-9]*\).*/\1/p"
	done | head -1)
	[ -n "$entry" ] || skip "this kernel's BTF has no struct zram_table_entry"
	"$bin/ram_pool" setup --size 64MiB --name slots --algo lz4 -q
	bytes=$("$bin/ram_pool" status --name slots --format json |
		jq 'select(.type == "pool_status") | .slot_table_bytes')
	"$bin/ram_pool" reset --name slots -q
	[ "$bytes" -eq $((64 * 256 * entry)) ]
}

@test "without root: what the command left running ends with it, and it reads the file given" {
	command -v setpriv >/dev/null || skip "setpriv (util-linux) is not installed"
	user=$(mktemp -d)
	chown 65534 "$user"
	run setpriv --reuid 65534 --regid 65534 --clear-groups env -u COLDPRESS_STATE_DIR HOME="$user" \
		"$bin/coldpress" study --dir "$user/out" -- bash -c \
		"setsid sleep 109 & cat; $(target text)" <<<"for the command" 3>&-
	printed=$(cat "$user/out/bash.output")
	rm -rf "$user"
	echo "$output"
	[ -z "$(pgrep -u 65534 -xf 'sleep 109')" ]
	[[ $printed == *"for the command"* ]]
}

@test "a pipe or a link where a target's output belongs is refused at once, and nothing is left" {
	mkdir "$BATS_TEST_TMPDIR/out"
	for make in mkfifo "ln -s $BATS_TEST_TMPDIR/elsewhere" mkdir; do
		$make "$BATS_TEST_TMPDIR/out/true.output"
		run timeout 60 "$bin/coldpress" study -q --dir "$BATS_TEST_TMPDIR/out" -- true
		echo "$make: $status, $output"
		[ "$status" -eq 1 ]
		[[ $output == *"cannot open $BATS_TEST_TMPDIR/out/true.output"* ]]
		[ ! -e "$BATS_TEST_TMPDIR/elsewhere" ]
		rm -r "$BATS_TEST_TMPDIR/out/true.output"
	done
}

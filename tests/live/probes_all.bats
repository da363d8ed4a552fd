#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# What all four probes have in common: times, rights, readers that go away or fall behind, the account at the end.
#
# In single quotes, $ is jq's.
# shellcheck disable=SC2016

bats_require_minimum_version 1.5.0

setup() {
	bin=$BATS_TEST_DIRNAME/../../build/bin helpers=$BATS_TEST_DIRNAME/../../build/tests/helpers
	control=/sys/class/zram-control probe_pid='' reader='' id='' place=''
	cd "$BATS_TEST_TMPDIR" || return
	"$bin/proc_create" --format json -q -d 1ms >can 2>&1 || skip "$(tail -n 2 can | tr '\n' ' ')"
}

teardown() {
	[ -z "$probe_pid" ] || kill -9 "$probe_pid" 2>/dev/null || true
	[ -z "$reader" ] || kill -9 "$reader" 2>/dev/null || true
	[ -z "$place" ] || rm -r "$place"
	[ -n "$id" ] || return 0
	for _ in $(seq 40); do # a look of udev's may hold it for a moment
		if echo 1 2>/dev/null >"/sys/block/zram$id/reset" && echo "$id" 2>/dev/null >$control/hot_remove; then
			return 0
		fi
		sleep 0.05
	done
	echo "zram$id is left" >&2
	return 1
}

# all_probes - a line each: name and the options it needs here; pool_probe with a zram device of its own.
all_probes() {
	printf '%s\n' proc_create page_fault swap_probe
	[ -z "$id" ] || echo "pool_probe --device /dev/zram$id"
}

a_device() {
	[ -e $control/hot_add ] || return 0
	id=$(cat $control/hot_add)
	echo 1M >"/sys/block/zram$id/disksize"
}

# ready - waits until the probe that writes `out` is attached.
ready() {
	for _ in $(seq 200); do
		if grep -qs '"type":"ready"' out; then return 0; fi
		sleep 0.05
	done
	return 1
}

@test "--timestamps: the wall clock in UTC beside or in place of CLOCK_MONOTONIC, in all four" {
	a_device
	while read -r probe options; do
		before=$(date +%s)
		for which in utc both; do
			# shellcheck disable=SC2086 # options
			"$bin/$probe" $options --format json -q --timestamps $which -d 150ms >out
			after=$(($(date +%s) + 1))
			head -n 1 out | jq -e --argjson both $([ $which = both ] && echo true || echo false) \
				'.type == "ready" and (.time | test("^[0-9-]{10}T[0-9:]{8}\\.[0-9]{9}Z$")) and has("ts_ns") == $both'
			seconds=$(date -d "$(head -n 1 out | jq -r .time)" +%s)
			[ "$seconds" -ge "$before" ]
			[ "$seconds" -le "$after" ]
		done
		# shellcheck disable=SC2086 # options
		"$bin/$probe" $options --format json -q -d 50ms >out
		head -n 1 out | jq -e 'has("ts_ns") and (has("time") | not)'
	done < <(all_probes)
}

@test "--timestamps: events are as far apart in both clocks, and ask for records" {
	"$bin/proc_create" --format json -q --timestamps both --fields pid,ts_ns -- bash -c '/bin/true; /bin/true' >out
	jq -es 'map(select(.time and .ts_ns)) | length >= 6 and (.[0] as $a | all(
		((.time[17:29] | tonumber) - ($a.time[17:29] | tonumber) - (.ts_ns - $a.ts_ns) / 1e9) as $off |
		($off > -1e-6 and $off < 1e-6) or ($off > -60.000001 and $off < -59.999999)))' out
	run -2 "$bin/swap_probe" --timestamps utc -d 1ms
	run -2 "$bin/proc_create" --timestamps utc -d 1ms
}

@test "without rights: exit 77 and what is missing; CAP_BPF and CAP_PERFMON alone are enough, in all four" {
	command -v setpriv >/dev/null || skip "setpriv is not installed"
	a_device
	place=$(mktemp -d)
	chmod 755 "$place"
	while read -r probe options; do
		cp "$bin/$probe" "$place"
		for caps in "" +bpf +perfmon; do
			case $caps in
			"") lacks="CAP_BPF and CAP_PERFMON" ;;
			+bpf) lacks=CAP_PERFMON ;;
			+perfmon) lacks=CAP_BPF ;;
			esac
			# shellcheck disable=SC2086 # options
			run -77 setpriv --reuid 65534 --clear-groups ${caps:+--inh-caps $caps --ambient-caps $caps} \
				"$place/$probe" $options --format json -d 10ms
			[[ $output == *"missing: $lacks"* ]]
		done
		# shellcheck disable=SC2086 # options
		run -0 setpriv --reuid 65534 --clear-groups --inh-caps +bpf,+perfmon --ambient-caps +bpf,+perfmon \
			"$place/$probe" $options --format json -q -d 10ms
		[[ $output == *'"type":"end"'* ]]
	done < <(all_probes)
}

@test "| head: a reader that goes away ends each of the four at once, with exit 0" {
	a_device
	while read -r probe options; do
		case $probe in
		swap_probe) options=--interval=1h ;;
		pool_probe) ;;
		*) options=--comm=none ;;
		esac
		# Nothing is printed any more: only the closed pipe can tell.
		# shellcheck disable=SC2086 # options
		run -0 timeout -s KILL 20 bash -c '"$@" --format json -q 2>&1 | head -n 1; exit ${PIPESTATUS[0]}' \
			- "$bin/$probe" $options
		[[ $output == '{"type":"ready"'* ]]
	done < <(all_probes)
}

@test "a reader that stands still: what finds no room is counted, to the last event" {
	mkfifo pipe
	"$bin/proc_create" --format json -q --ringbuf-size 16KiB -n forks >pipe 2>err &
	probe_pid=$!
	# It takes what makes the probe ready, then nothing until the workload is over.
	bash -c 'read -r line; echo "$line" >out; until [ -e over ]; do sleep 0.05; done; cat >>out' <pipe &
	reader=$!
	ready
	"$helpers/forks" 2003 0
	touch over
	kill -INT $probe_pid
	wait $probe_pid
	wait $reader
	probe_pid='' reader=''
	tail -n 1 out
	# The exec of the workload, its forks, their ends and its own.
	jq -es '.[-1] as $last | $last.dropped > 0 and $last.emitted + $last.dropped == 1 + 2003 + 2003 + 1 and
		$last.seen == $last.emitted + $last.filtered + $last.dropped and
		$last.emitted == (map(select(.type == "fork" or .type == "exec" or .type == "exit")) | length)' out
}

@test "a probe that stands still: swap_probe sums up, proc_create counts what it lost" {
	"$bin/proc_create" --format json -q --ringbuf-size 4KiB -n forks >out &
	probe_pid=$!
	ready
	kill -STOP $probe_pid
	"$helpers/forks" 1009 0
	kill -CONT $probe_pid
	kill -INT $probe_pid
	wait $probe_pid
	jq -es '.[-1] | .dropped > 0 and .emitted + .dropped == 1 + 1009 + 1009 + 1' out
	"$bin/swap_probe" --format json -q -i 20ms >out &
	probe_pid=$!
	ready
	kill -STOP $probe_pid
	"$helpers/major_faults" "$BATS_TEST_TMPDIR/file" 211
	kill -CONT $probe_pid
	sleep 0.3
	kill -INT $probe_pid
	wait $probe_pid
	probe_pid=''
	jq -es 'map(select(.type == "swap_probe").pgmajfault) | add >= 211' out
}

@test "end records of all four say what was missed" {
	a_device
	while read -r probe options; do
		# shellcheck disable=SC2086 # options
		"$bin/$probe" $options --format json -q -d 50ms >out
		tail -n 1 out | jq -e '.type == "end" and (.missed | type) == "number" and has("unmatched") and
			(.dropped | type) == "number"'
	done < <(all_probes)
}

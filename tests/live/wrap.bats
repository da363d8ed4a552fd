#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# workload wrap with the tools that are really here: one second each, and what kill -9 leaves.

bin=$BATS_TEST_DIRNAME/../../build/bin

setup() {
	bats_require_minimum_version 1.5.0
	[ "$(id -u)" -eq 0 ] || skip "needs root to make control groups"
	export COLDPRESS_STATE_DIR=$BATS_TEST_TMPDIR/state
}

# smoke TOOL PROFILE... - each profile runs for a second, does something, and stays in its memory.
smoke() {
	local tool=$1

	command -v "$tool" >/dev/null || skip "$tool is not installed"
	shift
	for profile; do
		run --separate-stderr "$bin/workload" wrap "$tool" "$profile" --region 32MiB --duration 1s --json
		echo "$tool $profile: $output $stderr"
		[ "$status" -eq 0 ]
		[ "$(jq -c 'select(.type == "wrap_result") | [.state, .operations > 0, .peak_group_bytes >= 16777216,
			.peak_group_bytes < .memory_limit_bytes]' <<<"$output")" = '["ok",true,true,true]' ]
	done
}

@test "stress-ng" {
	smoke stress-ng fork-vm vm-mixed mmap
}

@test "sysbench" {
	smoke sysbench memory-seq memory-rnd
}

@test "fio" {
	smoke fio cache-churn tmpfs-zipf compressible
}

@test "a profile file of the tree" {
	smoke fio "$BATS_TEST_DIRNAME/../../workloads/profiles/fio-read.yaml"
}

# killed TOOL PROFILE BELOW - kill -9 of the supervisor half a second after the tool's own directory is there.
killed() {
	"$bin/workload" wrap "$1" "$2" --region 32MiB --duration 60s >"$BATS_TEST_TMPDIR/out" 3>&- &
	local supervisor=$! pids

	for _ in {1..50}; do
		compgen -G "$3/coldpress.$supervisor.*.$1" >/dev/null && break
		sleep 0.1
	done
	sleep 0.5
	pids=$(find /sys/fs/cgroup -path "*/coldpress.$supervisor.*/cgroup.procs" -exec cat {} + | sort -u)
	echo "$1: $pids"
	[ -n "$pids" ]
	kill -KILL $supervisor
	wait $supervisor || true
	sleep 1
	[ -z "$(compgen -G "$3/coldpress.$supervisor.*")" ]
	[ -z "$(find /sys/fs/cgroup -type d -name "coldpress.$supervisor.*" 2>/dev/null)" ]
	for pid in $pids; do
		[ ! -d "/proc/$pid" ] || grep -q '^State:.[ZX]' "/proc/$pid/status"
	done
}

@test "kill -9 of the supervisor leaves no process, no group and no file of fio's" {
	command -v fio >/dev/null || skip "fio is not installed"
	killed fio tmpfs-zipf /dev/shm
}

@test "kill -9 of the supervisor leaves no process, no group and no file of stress-ng's" {
	command -v stress-ng >/dev/null || skip "stress-ng is not installed"
	killed stress-ng fork-vm /tmp
}

@test "kill -9 of the supervisor leaves no process, no group and no file of sysbench's" {
	command -v sysbench >/dev/null || skip "sysbench is not installed"
	killed sysbench memory-rnd /tmp
}

# These two come as checkouts, and are run where one is named.
@test "kill -9 of the supervisor leaves no process, no group and no file of mmtests'" {
	[ -n "${COLDPRESS_MMTESTS-}" ] || skip "no checkout of mmtests: COLDPRESS_MMTESTS=DIR names one"
	killed mmtests saladfork /tmp
}

@test "kill -9 of the supervisor leaves no process, no group and no file of phoronix-test-suite's" {
	[ -n "${COLDPRESS_PHORONIX-}" ] || skip "no checkout of phoronix-test-suite: COLDPRESS_PHORONIX=DIR names one"
	killed phoronix-test-suite random_touch_heap /tmp
}

@test "mmtests and phoronix-test-suite from their checkouts" {
	[ -n "${COLDPRESS_MMTESTS-}${COLDPRESS_PHORONIX-}" ] || skip "no checkout is named: COLDPRESS_MMTESTS, COLDPRESS_PHORONIX"
	for run in "${COLDPRESS_MMTESTS:+mmtests saladfork}" "${COLDPRESS_MMTESTS:+mmtests time_unmap}" \
		"${COLDPRESS_PHORONIX:+phoronix-test-suite anon_streamer}"; do
		[ -n "$run" ] || continue
		# shellcheck disable=SC2086 # two words
		run --separate-stderr "$bin/workload" wrap $run --region 16MiB --duration 2s --json
		echo "$output $stderr"
		[ "$status" -eq 0 ]
		[ "$(jq -c 'select(.type == "wrap_result") | [.state, .operations > 0]' <<<"$output")" = '["ok",true]' ]
	done
}

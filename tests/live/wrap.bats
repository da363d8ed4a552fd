#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# workload wrap with the tools that are installed: a short run of each profile, and what is left after kill -9.

bin=$BATS_TEST_DIRNAME/../../build/bin

setup() {
	bats_require_minimum_version 1.5.0
	[ "$(id -u)" -eq 0 ] || skip "needs root to make control groups"
	export COLDPRESS_STATE_DIR=$BATS_TEST_TMPDIR/state
}

# smoke TOOL PROFILE... - each profile runs for a second, does operations, and stays within its memory limit.
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

# until_true COMMAND... - waits until it succeeds; the bound only keeps a failure from hanging.
until_true() {
	for _ in {1..600}; do
		"$@" && return
		sleep 0.1
	done
	return 1
}

members() {
	pids=$(find /sys/fs/cgroup -path "*/coldpress.$supervisor.*.$1/cgroup.procs" -exec cat {} + 2>/dev/null | sort -u)
	[ -n "$pids" ]
}

# Whether scratch directory, groups and processes are gone. A dead process may wait for its parent.
nothing_left() {
	[ -z "$(compgen -G "$1/coldpress.$supervisor.*")" ] || return 1
	[ -z "$(find /sys/fs/cgroup -type d -name "coldpress.$supervisor.*" 2>/dev/null)" ] || return 1
	for pid in $pids; do
		[ ! -d "/proc/$pid" ] || grep -qs '^State:.[ZX]' "/proc/$pid/status" || return 1
	done
}

# killed TOOL PROFILE BELOW - kill -9 of the supervisor once the tool runs in its group.
killed() {
	"$bin/workload" wrap "$1" "$2" --region 32MiB --duration 60s >"$BATS_TEST_TMPDIR/out" 3>&- &
	local supervisor=$! pids

	until_true members "$1"
	echo "$1: $pids"
	kill -KILL $supervisor
	wait $supervisor || true
	until_true nothing_left "$3"
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

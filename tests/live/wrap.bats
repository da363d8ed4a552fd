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

# killed TOOL PROFILE BELOW - kill -9 of the supervisor half a second after the tool's own directory is there.
killed() {
	command -v "$1" >/dev/null || skip "$1 is not installed"
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
	killed fio tmpfs-zipf /dev/shm
}

@test "kill -9 of the supervisor leaves no process, no group and no file of stress-ng's" {
	killed stress-ng fork-vm /tmp
}

@test "kill -9 of the supervisor leaves no process, no group and no file of sysbench's" {
	killed sysbench memory-rnd /tmp
}

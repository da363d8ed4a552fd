#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# pool_probe against a zram device of its own (no swap) that is written and read with direct I/O: known numbers of
# pages, compared with the device's own statistics.

setup() {
	bin=$BATS_TEST_DIRNAME/../../build/bin control=/sys/class/zram-control probe_pid='' id=''
	cd "$BATS_TEST_TMPDIR" || return
	"$bin/proc_create" --format json -q -d 1ms >can 2>&1 || skip "$(tail -n 2 can | tr '\n' ' ')"
	[ -e $control/hot_add ] || skip "no zram here"
	id=$(cat $control/hot_add)
	device=/dev/zram$id
	echo 16M >"/sys/block/zram$id/disksize"
}

teardown() {
	[ -z "$probe_pid" ] || kill -9 "$probe_pid" 2>/dev/null || true
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

begin() {
	"$bin/pool_probe" --format json -q --device "$device" "$@" >out &
	probe_pid=$!
	for _ in $(seq 100); do
		if grep -q '"type":"ready"' out; then return; fi
		sleep 0.05
	done
	return 1
}

finish() {
	kill -INT "$probe_pid"
	wait "$probe_pid"
	probe_pid=''
	tail -n 2 out
}

write_pages() { dd if=/dev/urandom of="$device" bs=4k count="$1" seek="${2:-0}" oflag=direct conv=notrunc status=none; }
read_pages() { dd if="$device" of=/dev/null bs=4k count="$1" skip="${2:-0}" iflag=direct status=none; }

@test "stores, loads, first loads and replaced pages are those of the workload, and the device counts the same" {
	# Fields 3 and 7: sectors read and written.
	read -r _ _ before_read _ _ _ before_written _ <"/sys/block/zram$id/stat"
	begin -n dd
	write_pages 1009
	read_pages 503
	read_pages 503
	write_pages 101 600
	finish
	read -r _ _ read _ _ _ written _ <"/sys/block/zram$id/stat"
	jq -es '.[] | select(.type == "pool_probe_summary") | .stores == 1110 and .loads == 1006 and .first_loads == 503
		and .replaced == 101 and .unread == 506 and .unknown == 0 and .unmatched == 0
		and (.readback_factor - 1006 / 1110 | fabs) < 1e-9' out
	[ $(((written - before_written) / 8)) -eq 1110 ]
	[ $(((read - before_read) / 8)) -ge 1006 ]
}

@test "a large request is as many pages" {
	begin -n dd
	dd if=/dev/urandom of="$device" bs=64k count=7 oflag=direct conv=notrunc status=none
	read_pages 112
	finish
	jq -es '.[] | select(.type == "pool_probe_summary") | .stores == 112 and .loads == 112 and .first_loads == 112' out
}

@test "how long pages stayed, and how long requests took, are measured" {
	begin -n dd
	write_pages 53
	sleep 0.3
	read_pages 53
	finish
	jq -es '.[] | select(.type == "pool_probe_summary") | .residence_p50_ns > 3e8 * 31 / 32 and
		.residence_max_ns < .duration_ns and .store_p50_ns > 0 and .store_p50_ns <= .store_p99_ns and
		.store_p99_ns <= .store_max_ns and .load_p50_ns > 0 and .load_max_ns >= .load_p50_ns' out
}

@test "pages still out count as such in the survival, and each process has its own row" {
	begin -n dd --by comm
	write_pages 1009
	sleep 0.3
	read_pages 506
	sleep 0.2
	finish
	jq -es '(.[] | select(.type == "pool_probe_summary") | .survival_age_ns[:3] == [1e6, 1e7, 1e8] and
		.survival[:3] == [1, 1, 1] and .survival_p50_ns > 3e8 * 31 / 32 and .unread == 503) and
		(map(select(.type == "pool_probe_by")) | length == 1 and (.[0] | .comm == "dd" and .stores == 1009 and
		.loads == 506 and .first_loads == 506 and .residence_p50_ns > 3e8 * 31 / 32))' out
	begin -n dd --by cgroup
	write_pages 1009
	sleep 0.3
	read_pages 503
	sleep 0.2
	finish
	jq -es '(.[] | select(.type == "pool_probe_summary") | .survival_p50_ns == null and .residence_p50_ns > 0) and
		any(.type == "pool_probe_by" and .cgroup > 0 and .stores == 1009)' out
}

@test "pages stored before the probe began are unknown, not of zero residence" {
	write_pages 11
	begin -n dd
	read_pages 11
	finish
	jq -es '.[] | select(.type == "pool_probe_summary") | .loads == 11 and .unknown == 11 and .first_loads == 0 and
		.residence_p50_ns == null and .readback_factor == null' out
}

@test "another process's requests are filtered, and counted as such" {
	begin -p 1
	write_pages 23
	finish
	jq -es '(.[] | select(.type == "pool_probe_summary") | .stores == 0) and
		(.[-1] | .seen >= 23 and .filtered == .seen)' out
}

@test "a device that is none is refused" {
	run "$bin/pool_probe" --device /dev/null
	[ "$status" -eq 2 ]
	[[ $output == *"/dev/null is no zram device"* ]]
}

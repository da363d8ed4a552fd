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

# writes_begin .. outlast - waits as long as it has been since: then every page that was not read was watched for longer
# than the residence of any that was, however long the writes took.
writes_begin() { writes_begin=${EPOCHREALTIME/./}; }
outlast() { sleep "$(awk -v us=$((${EPOCHREALTIME/./} - writes_begin)) 'BEGIN { print us / 1e6 + 0.05 }')"; }

write_pages() { dd if=/dev/urandom of="$device" bs=4k count="$1" seek="${2:-0}" oflag=direct conv=notrunc status=none; }
read_pages() { dd if="$device" of=/dev/null bs=4k count="$1" skip="${2:-0}" iflag=direct status=none; }

@test "writes, reads, first reads and replaced pages are those of the workload, and the device counts the same" {
	# Fields 3 and 7: sectors read and written.
	read -r _ _ before_read _ _ _ before_written _ <"/sys/block/zram$id/stat"
	begin -n dd
	write_pages 1009
	read_pages 503
	read_pages 503
	write_pages 101 600
	finish
	read -r _ _ read _ _ _ written _ <"/sys/block/zram$id/stat"
	jq -es '.[] | select(.type == "pool_probe_summary") | .writes == 1110 and .reads == 1006 and .first_reads == 503
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
	jq -es '.[] | select(.type == "pool_probe_summary") | .writes == 112 and .reads == 112 and .first_reads == 112' out
}

@test "how long pages stayed, and how long requests took, are measured" {
	begin -n dd
	write_pages 53
	sleep 0.3
	read_pages 53
	finish
	jq -es '.[] | select(.type == "pool_probe_summary") | .residence_p50_ns > 3e8 * 31 / 32 and
		.residence_max_ns < .duration_ns and .write_p50_ns > 0 and .write_p50_ns <= .write_p99_ns and
		.write_p99_ns <= .write_max_ns and .read_p50_ns > 0 and .read_max_ns >= .read_p50_ns' out
}

@test "pages still out count as such in the survival, and each process has its own row" {
	begin -n dd --by comm
	writes_begin
	write_pages 1009
	sleep 0.3
	read_pages 506
	outlast
	finish
	jq -es '(.[] | select(.type == "pool_probe_summary") | .survival_age_ns[:7] == [1e5, 3e5, 1e6, 3e6, 1e7, 3e7, 1e8]
		and .survival[:7] == [1, 1, 1, 1, 1, 1, 1] and .survival_p50_ns > 3e8 * 31 / 32 and .unread == 503) and
		(map(select(.type == "pool_probe_by")) | length == 1 and (.[0] | .comm == "dd" and .writes == 1009 and
		.reads == 506 and .first_reads == 506 and .residence_p50_ns > 3e8 * 31 / 32 and
		.write_p50_ns > 0 and .write_p50_ns <= .write_p99_ns and .write_p99_ns <= .write_max_ns and
		.read_p50_ns > 0 and .read_p50_ns <= .read_p99_ns and .read_p99_ns <= .read_max_ns))' out
	begin -n dd --by cgroup
	writes_begin
	write_pages 1009
	sleep 0.3
	read_pages 503
	outlast
	finish
	jq -es '(.[] | select(.type == "pool_probe_summary") | .survival_p50_ns == null and .residence_p50_ns > 0) and
		any(.type == "pool_probe_by" and .cgroup > 0 and .writes == 1009)' out
}

@test "pages written before the probe began are unknown, not of zero residence" {
	write_pages 11
	begin -n dd
	read_pages 11
	finish
	jq -es '.[] | select(.type == "pool_probe_summary") | .reads == 11 and .unknown == 11 and .first_reads == 0 and
		.residence_p50_ns == null and .readback_factor == null' out
}

@test "--events: each page with its slot, its task and its stay, beside a busy machine" {
	(while :; do :; done) &
	burn=$!
	begin -n dd --events
	write_pages 1009
	read_pages 503 101
	dd if="$device" of=/dev/null bs=68k count=1 iflag=direct status=none # 17 pages at once
	finish
	kill "$burn"
	wait "$burn" || true
	# The first 17 pages were not read before, the 503 once each.
	jq -es 'map(select(.type == "pool_probe_page")) as $p | (.[-2]) as $sum | .[-1] as $last |
		($p | map(select(.op == "write"))) as $in | ($p | map(select(.op == "read"))) as $back |
		($in | map(.slot)) == [range(1009)] and ($back | map(.slot)) == [range(101; 604), range(17)] and
		($in | map({key: "\(.slot)", value: (.ts_ns + .latency_ns)}) | from_entries) as $since |
		all($back[]; .residence_ns == .ts_ns + .latency_ns - $since["\(.slot)"] and .reads == 1) and
		all($in[]; .residence_ns == null and .reads == null) and ($in | map(.pid) | unique | length) == 1 and
		($back | map(.pid) | unique | length) == 2 and ($back[-1].pages == 17) and
		all($p[]; .comm == "dd" and .pid == .tid and .cgroup > 0 and .latency_ns > 0 and (.failed | not)) and
		all($p[]; .device == "'"${device##*/}"'") and
		$sum.writes == 1009 and $sum.reads == 520 and $sum.device_writes == 1009 and
		$last.seen == $last.emitted + $last.filtered + $last.dropped and $last.emitted == 1529 and $last.dropped == 0' out
}

@test "the survival curve is the one that the single pages give" {
	begin -n dd --events
	writes_begin
	write_pages 1009
	sleep 0.05
	read_pages 251
	sleep 0.2
	read_pages 199 300
	sleep 0.3
	read_pages 107 500
	read_pages 53 # a second time: no event
	outlast
	finish
	# Kaplan-Meier over exact residences. Those never read were watched longest, so that out of 1,009 pages the share
	# still out is 1 less those that came back before; ages within a bucket (6.25 %) of a residence may go either way.
	jq -es '.[-2] as $sum | (map(select(.type == "pool_probe_page" and .op == "read" and .reads == 1) | .residence_ns)) as $r |
		($r | length) == 557 and $sum.first_reads == 557 and $sum.unread == 452 and
		($sum.censored_share - 452 / 1009 | fabs) < 1e-9 and ($sum.survival | length) >= 7 and
		all(range($sum.survival | length); $sum.survival_age_ns[.] as $age | $sum.survival[.] as $s |
			$s <= 1.000001 - ($r | map(select(. < $age * 15 / 16)) | length) / 1009 and
			$s >= 0.999999 - ($r | map(select(. < $age * 17 / 16)) | length) / 1009) and
		(($r | sort)[504] as $median | ($sum.survival_p50_ns - $median | fabs) <= $median * 0.033)' out
}

@test "what finds the ring full is counted, and the sums hold it all the same" {
	begin -n dd --events --ringbuf-size 4KiB
	kill -STOP "$probe_pid"
	write_pages 1009
	kill -CONT "$probe_pid"
	finish
	jq -es '.[-1] as $last | (map(select(.type == "pool_probe_page")) | length) as $n | .[-2].writes == 1009 and
		$last.emitted == $n and $n < 1009 and $last.dropped > 0 and
		$last.seen == $last.emitted + $last.filtered + $last.dropped' out
}

@test "a hostile name breaks no line; --max-events and a reader that goes end it" {
	name=$'d"\n\xff=,x'
	cp "$(command -v dd)" "$name"
	begin --events
	"./$name" if=/dev/zero of="$device" bs=4k count=7 oflag=direct conv=notrunc status=none
	finish
	jq -es 'map(select(.type == "pool_probe_page" and .op == "write")) | length == 7 and all(.[]; .comm | startswith("d\"\n"))' out
	begin --events --max-events 5 -n dd --fields op,slot,pid
	write_pages 1009
	wait "$probe_pid"
	probe_pid=''
	[ "$(grep -c '"type":"pool_probe_page","v":2,"op":"write","slot":[0-4],"pid":[0-9]*}$' out)" -eq 5 ]
	tail -n 1 out | jq -e '.reason == "done" and .emitted == 5 and .seen == .emitted + .filtered + .dropped'
	(for _ in $(seq 10); do sleep 0.1; write_pages 101; done) &
	timeout 20 "$bin/pool_probe" -q --format json --events --device "$device" | head -n 2 >two
	[ "${PIPESTATUS[0]}" -eq 0 ]
	wait "$!"
	[ "$(wc -l <two)" -eq 2 ]
}

@test "writes that fail at the limit of the pool are told apart" {
	echo 1M >"/sys/block/zram$id/mem_limit"
	begin -n dd
	write_pages 199
	for n in $(seq 199 300); do write_pages 1 "$n" 2>/dev/null || true; done
	finish
	read -r _ failed _ <"/sys/block/zram$id/io_stat"
	[ "$failed" -gt 0 ]
	jq -es --argjson failed "$failed" '.[-2] | .failed_writes == $failed and .writes == 301 - $failed and .held == .writes and
		.device_writes == 301 and .unseen_writes == 0 and .unread == .writes' out
}

@test "pages that no request was seen for are told, in figures and words" {
	begin --nothing
	write_pages 1009
	read_pages 503
	kill -INT "$probe_pid"
	wait "$probe_pid"
	probe_pid=''
	cat out
	jq -es '.[-2] | .blind and .writes == 0 and .device_writes == 1009 and .unseen_writes >= 1009 and .unseen_reads >= 503 and
		.readback_factor == null and (.rw_page as $past | .unseen | test(if $past then "rw_page" else "unknown reason" end))' out
	begin -n none-of-these # filtered is not unseen
	write_pages 101
	finish
	jq -es '.[-2] | (.blind | not) and .writes == 0 and .device_writes == 101 and .unseen_writes == 0 and .unseen_reads == 0' out
}

@test "another process's requests are filtered, and counted as such" {
	begin -p 1
	write_pages 23
	finish
	jq -es '(.[] | select(.type == "pool_probe_summary") | .writes == 0) and
		(.[-1] | .seen >= 23 and .filtered == .seen)' out
}

@test "a device that is none is refused" {
	run "$bin/pool_probe" --device /dev/null
	[ "$status" -eq 2 ]
	[[ $output == *"/dev/null is not a zram device"* ]]
}

#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Every probe in every mode is taken by this guest's verifier and attaches; and what they count is what was done.

bats_require_minimum_version 1.5.0
load ../live/pool_helpers
bin=$BATS_TEST_DIRNAME/../../build/bin helpers=$BATS_TEST_DIRNAME/../../build/tests/helpers

# attaches PROBE OPTION... - for a moment.
attaches() {
	run --separate-stderr "$bin/$1" --format json -q -d 200ms "${@:2}"
	[ "$status" -eq 0 ] || { echo "$*: exit $status: $stderr"; return 1; }
	grep -q '"type":"ready"' <<<"$output" || { echo "$*: $output"; return 1; }
}

@test "proc_create loads in every mode" {
	attaches proc_create
	attaches proc_create --summary
	attaches proc_create --failed
}

@test "page_fault loads in every mode" {
	attaches page_fault
	attaches page_fault --summary
	attaches page_fault --fault all
	attaches page_fault --fault major
	attaches page_fault --sample 7
	for by in pid comm cgroup region ip mapping; do attaches page_fault --summary --by "$by"; done
	attaches page_fault --fault all --mapping
	attaches page_fault --summary --minor
	for latency in none major all; do attaches page_fault --summary --latency "$latency"; done
}

@test "swap_probe and pool_probe load in every mode" {
	attaches swap_probe -i 100ms
	for by in process cgroup; do attaches swap_probe -i 100ms --by "$by"; done
	need_zram
	run --separate-stderr "$bin/pool_probe" -d 200ms --device /dev/zram0
	[ "$status" -eq 1 ]
	[[ $stderr == *"has no size"* ]]
	device=$(cat /sys/class/zram-control/hot_add)
	echo 16M >"/sys/block/zram$device/disksize"
	attaches pool_probe --device "/dev/zram$device"
	for by in pid comm cgroup; do attaches pool_probe --device "/dev/zram$device" --by "$by"; done
	attaches pool_probe --device "/dev/zram$device" --events
	echo "$device" >/sys/class/zram-control/hot_remove
}

@test "pool_probe says beforehand where single pages go past its hook (rw_page), and doctor does; only there" {
	need_zram
	past=false note='BTF types its arguments'
	if grep -qw zram_rw_page /proc/kallsyms; then past=true note=rw_page; fi
	device=$(cat /sys/class/zram-control/hot_add)
	echo 16M >"/sys/block/zram$device/disksize"
	run --separate-stderr "$bin/pool_probe" --format json -d 100ms --device "/dev/zram$device"
	echo "$device" >/sys/class/zram-control/hot_remove
	[ "$status" -eq 0 ]
	echo "# rw_page: $past" >&3
	jq -es --argjson past $past 'map(select(.type == "pool_probe_summary"))[0].rw_page == $past' <<<"$output"
	[ "$(grep -c 'past the block layer' <<<"$stderr")" -eq "$([ $past = true ] && echo 1 || echo 0)" ]
	"$bin/coldpress" doctor --format json | jq -es --arg note "$note" 'map(select(.item == "block_bio_queue"))[0].detail |
		contains($note)'
}

@test "swap_probe: a hook that this kernel lacks is missing in the record, not 0" {
	run --separate-stderr "$bin/swap_probe" --format json -q -i 100ms -d 250ms
	[ "$status" -eq 0 ]
	if [ -e /sys/kernel/tracing/events/vmscan/mm_vmscan_reclaim_pages ]; then
		jq -es 'map(select(.type == "swap_probe")) | all(.reclaim_pages != null)' <<<"$output"
	else
		jq -es 'map(select(.type == "swap_probe")) | length > 0 and all(.reclaim_pages == null)' <<<"$output"
	fi
	jq -es 'map(select(.type == "swap_probe")) | all(.write_folio != null)' <<<"$output"
}

@test "page_fault --summary: at least the 211 major faults by the kernel's count, timed" {
	"$bin/page_fault" --summary --format json -q -n major_faults >"$BATS_TEST_TMPDIR/out" 3>&- &
	probe=$!
	for _ in $(seq 200); do grep -q '"type":"ready"' "$BATS_TEST_TMPDIR/out" && break; sleep 0.05; done
	did=$("$helpers/major_faults" "$BATS_TEST_TMPDIR/file" 211)
	kill -INT "$probe"
	wait "$probe"
	echo "# $did" >&3
	# More of them: the program itself comes from a share.
	jq -es --argjson majors "$(sed 's/.*majors=\([0-9]*\).*/\1/' <<<"$did")" 'map(select(.type == "page_fault_summary"))[0] |
		.major + .missed >= $majors and .major_p50_ns <= .major_max_ns' "$BATS_TEST_TMPDIR/out"
}

#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# compressor_monitor scan --zram: the pages that left, read back from a pool of ours, against what its mm_stat says.

load pool_helpers
bats_require_minimum_version 1.5.0
pool=$BATS_TEST_DIRNAME/../../build/bin/ram_pool
monitor=$BATS_TEST_DIRNAME/../../build/bin/compressor_monitor

setup_file() {
	own_state
	"$pool" setup --algo lz4 --size 128MiB --mem-limit 64MiB -f json -q >"$BATS_FILE_TMPDIR/pool"
}

setup() {
	device=$(jq -r 'select(.device) | .device' "$BATS_FILE_TMPDIR/pool" | head -n 1)
	device=${device##*/}
}

teardown_file() {
	[ -z "${COLDPRESS_STATE_DIR-}" ] || "$pool" reset -q
}

state_of() {
	sed 's/.*) //' "/proc/$1/stat" | cut -c1
}

counters() {
	cat "/sys/block/$device/mm_stat" "/sys/block/$device/io_stat"
}

@test "what is in the pool is scanned: as many pages and bytes as mm_stat has, nothing moved, the owner goes on" {
	begin_holder 16
	holder=$H_PID
	# Swap is everybody's, and the kernel gives slots back when it likes: once more where the pool moved meanwhile.
	for _ in $(seq 5); do
		before=$(counters) swapped=$(awk '/^VmSwap:/ { print $2 }' "/proc/$holder/status")
		run --separate-stderr "$monitor" scan -q --zram "/dev/$device" --pid "$holder" --all --codec lz4,zstd:3 \
			--by kind -f json
		[ "$before" != "$(counters)" ] || break
	done
	# shellcheck disable=SC2154 # set by run
	echo "$before; $status: $output $stderr"
	[ "$status" = 0 ]
	[ "$before" = "$(counters)" ]
	[ "$swapped" = "$(awk '/^VmSwap:/ { print $2 }' "/proc/$holder/status")" ]
	[ "$(state_of "$holder")" != t ]
	read -r orig compr _ _ _ same _ huge _ <<<"$before"
	# The header of the swap area is a page of the device, but nobody's.
	jq -es --argjson pages $((orig / 4096 - 1)) --argjson same "$same" 'map(select(.type == "scan_summary"))[0] |
		.population_pages == $pages and .sampled_pages == $pages and .partial == null and
		.stopped_processes == 1 and .zero_pages + .same_pages == $same and .accessed_pages == 0 and
		.anon_pages == null' <<<"$output"
	jq -es --argjson compr "$compr" --argjson huge "$huge" 'map(select(.type == "scan_codec")) |
		all(.validation == "PASS") and (.[0] | .label == "lz4:1" and .huge_pages == $huge and
		(.stored_bytes - $compr | fabs) <= $compr / 1000 + 4096)' <<<"$output"
	jq -es 'map(select(.type == "scan_mapping")) | map(.kind) == ["swapped", "swapped"]' <<<"$output"
	end_holder
}

@test "a device that is not a pool of ram_pool is not read, nor a missing one" {
	COLDPRESS_STATE_DIR=$BATS_TEST_TMPDIR/other run "$monitor" scan --zram "$device"
	[ "$status" = 1 ]
	[[ $output == *"not a pool of ram_pool"*"ram_pool status"* ]]
	run "$monitor" scan --zram /dev/zram999999
	[ "$status" = 1 ]
	[[ $output == *zram999999* ]]
	run "$monitor" scan --zram "$device" --pid 1
	[ "$status" = 1 ]
}

# is_stopped PID: by a tracer; without another process, to be quick.
is_stopped() {
	local line
	read -r line <"/proc/$1/stat" && [[ ${line##*) } == t* ]]
}

@test "owners that were stopped go on when the scan is killed" {
	begin_holder 16
	holder=$H_PID
	stopped=
	# They are stopped for a few ms only: the scan is held when they are.
	for _ in $(seq 50); do
		"$monitor" scan -q --zram "$device" --pid "$holder" --all --codec zstd:19 -f json >/dev/null 3>&- &
		scan=$!
		until is_stopped "$holder" || ! kill -0 "$scan" 2>/dev/null; do :; done
		kill -STOP "$scan" || true
		sleep 0.05
		! is_stopped "$holder" || stopped=yes
		kill -9 "$scan" || true
		wait "$scan" || true
		[ -z "$stopped" ] || break
	done
	[ "$stopped" = yes ]
	for _ in $(seq 200); do
		is_stopped "$holder" || break
		sleep 0.01
	done
	run is_stopped "$holder"
	[ "$status" = 1 ]
	end_holder
}

# slow_scan WORDS...: while it compresses, the owners work; $output is what it says.
slow_scan() {
	"$monitor" scan -q --zram "$device" "$@" --all --threads 2 --codec zstd:19,zstd:18,zstd:17 -f json \
		>"$BATS_TEST_TMPDIR/scan" 2>"$BATS_TEST_TMPDIR/words" 3>&- &
	scan=$!
	# 0.2 s of user time are spent in codecs only: the pages are read.
	until ticks=$(sed 's/.*) //' "/proc/$scan/stat" 2>/dev/null | cut -d' ' -f12) && [ "${ticks:-20}" -ge 20 ]; do
		sleep 0.01
	done
	run is_stopped "$holder"
	[ "$status" = 1 ]
	kill -0 "$scan"
	wait "$scan"
	output=$(<"$BATS_TEST_TMPDIR/scan")
	cat "$BATS_TEST_TMPDIR/words"
	jq -c 'select(.type == "scan_summary")' <<<"$output"
}

# stopped N: as many processes were, for part of the scan; and nothing moved meanwhile.
stopped() {
	jq -es --argjson n "$1" 'map(select(.type == "scan_summary"))[0] | .stopped_processes == $n and .stopped_ns > 0 and
		.stopped_ns < .elapsed_ns and .sampled_pages >= 4096 and .partial == null' <<<"$output"
}

# Swap is everybody's: pages of others may come to the pool meanwhile, which partial says.
@test "a tree of owners is stopped while the pool is read, and works while it is compressed" {
	coproc H { exec sh -c 'perl -e "$0" 16; true' "$holder_program"; }
	holder=$H_PID
	keep_coproc "${H[@]}"
	said out
	for _ in $(seq 5); do
		slow_scan --tree "$holder"
		! stopped 2 || break
	done
	stopped 2
	end_holder
}

@test "a group of owners is stopped while the pool is read, and works while it is compressed" {
	limited_group "scan_pool.$$"
	begin_holder 16 in_group
	holder=$H_PID
	for _ in $(seq 5); do
		slow_scan --cgroup "$group"
		! stopped 1 || break
	done
	stopped 1
	end_holder
	remove_group "$group"
}

@test "pages that go out between the look and the read are swapped in, and counted" {
	# It pages its 512 pages out and touches them again, without end.
	perl -e 'my $s = "\0" x (4096 + (2 << 20)); my $p = unpack("Q", pack("p", $s)); my $at = -$p & 4095;
		my $madvise = `uname -m` =~ /aarch64/ ? 233 : 28;
		$| = 1; print "ready\n";
		for (my $n = 1; getppid() != 1; $n++) {
			substr($s, $at + $_ * 4096, 8, pack("Q", $n + $_)) for 0 .. 511;
			syscall($madvise, $p + $at, 2 << 20, 21);
		}' >"$BATS_TEST_TMPDIR/ready" 3>&- &
	pager=$!
	until grep -q ready "$BATS_TEST_TMPDIR/ready"; do sleep 0.01; done
	swapins=0
	for _ in $(seq 300); do
		before=$(awk '$1 == "pswpin" { print $2 }' /proc/vmstat)
		# It may be that not one page is there.
		"$monitor" scan -q --pid "$pager" --all --codec lz4 -f json >"$BATS_TEST_TMPDIR/scan" || continue
		swapins=$(jq 'select(.type == "scan_summary") | .swapin_pages' "$BATS_TEST_TMPDIR/scan")
		[ "$swapins" = 0 ] || break
	done
	after=$(awk '$1 == "pswpin" { print $2 }' /proc/vmstat)
	kill "$pager"
	wait "$pager" || true
	echo "# $swapins swapped in by the scan, $((after - before)) in all" >&3
	[ "$swapins" -gt 0 ]
	[ "$((after - before))" -ge "$swapins" ]
	jq -es 'map(select(.type == "scan_summary"))[0] | .swapin_pages <= .accessed_pages' "$BATS_TEST_TMPDIR/scan"
}

@test "an owner that another traces is not stopped, and the error says why" {
	command -v strace >/dev/null || skip "strace is not installed"
	begin_holder 16
	holder=$H_PID
	strace -o /dev/null -p "$holder" 2>"$BATS_TEST_TMPDIR/strace" 3>&- &
	tracer=$!
	for _ in $(seq 200); do
		! grep -q attached "$BATS_TEST_TMPDIR/strace" || break
		sleep 0.02
	done
	run "$monitor" scan --zram "$device" --pid "$holder"
	kill "$tracer"
	wait "$tracer" || true
	[ "$status" = 1 ]
	[[ $output == *"cannot stop process $holder"*traced* ]]
	end_holder
}

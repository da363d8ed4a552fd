#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# compressor_monitor scan --zram: the pages that left, read back from a pool of ours, against what its mm_stat says.

load pool_helpers
bats_require_minimum_version 1.5.0
pool=$BATS_TEST_DIRNAME/../../build/bin/ram_pool
monitor=$BATS_TEST_DIRNAME/../../build/bin/compressor_monitor

setup_file() {
	need_zram
	export COLDPRESS_STATE_DIR=$BATS_FILE_TMPDIR/state
	"$pool" setup --algo lz4 --size 128MiB --mem-limit 64MiB -f json -q >"$BATS_FILE_TMPDIR/pool"
}

setup() {
	device=$(jq -r 'select(.device) | .device' "$BATS_FILE_TMPDIR/pool" | head -n 1)
	device=${device##*/}
}

teardown_file() {
	[ -z "${COLDPRESS_STATE_DIR-}" ] || "$pool" reset -q
}

said() {
	local line
	read -r -u "$from" -t 20 line
	[ "$line" = "$1" ]
}

# begin_holder - 16 MiB that are out.
begin_holder() {
	# shellcheck disable=SC2154 # of pool_helpers, as are $from and $to
	coproc H { exec perl -e "$holder_program" 16; }
	holder=$H_PID
	keep_coproc "${H[@]}"
	said out
}

end_holder() {
	echo end >&"$to"
	said same
	wait "$holder" || true
}

state_of() {
	sed 's/.*) //' "/proc/$1/stat" | cut -c1
}

counters() {
	cat "/sys/block/$device/mm_stat" "/sys/block/$device/io_stat"
}

@test "what is in the pool is scanned: as many pages and bytes as mm_stat has, nothing moved, the owner goes on" {
	begin_holder
	# Swap is everybody's, and the kernel gives slots back when it likes: once more where the pool moved meanwhile.
	for _ in $(seq 5); do
		before=$(counters) swapped=$(awk '/^VmSwap:/ { print $2 }' "/proc/$holder/status")
		run --separate-stderr "$monitor" scan -q --zram "/dev/$device" --pid "$holder" --all --codecs lz4,zstd:3 \
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

@test "a device that is no pool of ours is not read, nor one that is not there" {
	COLDPRESS_STATE_DIR=$BATS_TEST_TMPDIR/other run "$monitor" scan --zram "$device"
	[ "$status" = 1 ]
	[[ $output == *"no pool of ours"*"ram_pool status"* ]]
	run "$monitor" scan --zram /dev/zram999999
	[ "$status" = 1 ]
	[[ $output == *zram999999* ]]
	run "$monitor" scan --zram "$device" --pid 1
	[ "$status" = 1 ]
}

@test "owners that were stopped go on when the scan is killed" {
	begin_holder
	"$monitor" scan -q --zram "$device" --pid "$holder" --all --codecs zstd:19 -f json >/dev/null 3>&- &
	scan=$!
	for _ in $(seq 400); do
		[ "$(state_of "$holder")" != t ] || break
		kill -0 "$scan"
		sleep 0.01
	done
	[ "$(state_of "$holder")" = t ]
	kill -9 "$scan"
	wait "$scan" || true
	for _ in $(seq 200); do
		[ "$(state_of "$holder")" = t ] || break
		sleep 0.01
	done
	[ "$(state_of "$holder")" != t ]
	end_holder
}

@test "an owner that another traces is not stopped, and the error says why" {
	command -v strace >/dev/null || skip "strace is not installed"
	begin_holder
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

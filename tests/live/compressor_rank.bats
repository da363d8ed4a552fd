#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# compressor_rank.bats - what rank measures or is given by other programs: read-back factors, the kernel's costs.

bats_require_minimum_version 1.5.0
load pool_helpers

setup() {
	need_zram
	bin=$BATS_TEST_DIRNAME/../../build/bin subject='' pool=''
	cd "$BATS_TEST_TMPDIR" || return
	export COLDPRESS_STATE_DIR=$BATS_TEST_TMPDIR/state
	seq 400000 | head -c 2M >text
	"$bin/compressor_monitor" scan -q --file text -f json -o scan.json
}

teardown() {
	[ -z "$subject" ] || kill -9 "$subject" 2>/dev/null || true
	[ -z "$subject" ] || wait "$subject" 2>/dev/null || true
	[ -z "$pool" ] || "$bin/ram_pool" reset -q
}

@test "the read-back factor of a live process is what pool_probe and its memory in swap say" {
	"$bin/proc_create" --format json -q -d 1ms >can 2>&1 || skip "$(tail -n 2 can | tr '\n' ' ')"
	"$bin/ram_pool" setup --size 64MiB --mem-limit 64MiB -f json -q >/dev/null
	pool=yes
	# Out and in, over and over: about as many pages come in as go out.
	"$BATS_TEST_DIRNAME/../../build/tests/helpers/page_out" 509 1000000 >/dev/null 3>&- &
	subject=$!
	for _ in $(seq 200); do
		[ "$(awk '/^VmSwap/ { print $2 }' "/proc/$subject/status")" = 0 ] || break
		sleep 0.02
	done
	run --separate-stderr "$bin/compressor_monitor" rank -q --json scan.json --readback-pid "$subject" --duration 2s -f json
	# shellcheck disable=SC2154 # set by run
	echo "# $stderr $(jq -r 'select(.type == "rank_decision") | .readback_source' <<<"$output")" >&3
	[ "$status" = 0 ]
	jq -es --arg pid "pid $subject for 2s" 'map(select(.type == "rank_decision"))[0] | .class == null and
		.readback_factor > 0.5 and .readback_factor < 2 and (.readback_source | contains($pid))' <<<"$output"
}

@test "a process whose pages stay where they are has no read-back factor, and one that ended is named" {
	"$bin/proc_create" --format json -q -d 1ms >can 2>&1 || skip "$(tail -n 2 can | tr '\n' ' ')"
	"$bin/ram_pool" setup --size 64MiB --mem-limit 64MiB -f json -q >/dev/null
	pool=yes
	sleep 60 3>&- &
	subject=$!
	run "$bin/compressor_monitor" rank -q --json scan.json --readback-pid "$subject" --duration 100ms
	[ "$status" = 1 ]
	[[ $output == *"process $subject"*"--duration"* ]]
	kill "$subject"
	wait "$subject" || true
	run "$bin/compressor_monitor" rank -q --json scan.json --readback-pid "$subject" --duration 100ms
	[ "$status" = 1 ]
	[[ $output == *"$subject"* ]]
	subject=''
}

@test "factors that calibrate keeps are those that rank applies" {
	find /usr/lib -type f -name '*.so*' -size +64k -print0 | sort -z | xargs -0 cat 2>/dev/null | head -c 16M >elf
	[ "$(stat -c %s elf)" = $((16 << 20)) ] || skip "this machine has no 16 MiB of shared libraries"
	run --separate-stderr "$bin/compressor_monitor" calibrate -q --file elf --algo lz4 --runs 3 --pages 1024 \
		--db lab.db -f json
	[[ $stderr != *"no algorithm"* ]] || skip "this kernel's zram has no lz4"
	[ "$status" = 0 ]
	row=$(jq -c 'select(.type == "calibrate")' <<<"$output")
	run --separate-stderr "$bin/compressor_monitor" rank -q --json scan.json --class warm --db lab.db -f json
	[ "$status" = 0 ]
	jq -es --argjson row "$row" --argjson scan "$(jq -c 'select(.type == "scan_codec" and .label == "lz4:1")' scan.json)" '
		map(select(.type == "rank_candidate" and .label == "lz4:1"))[0] | .costs == "kernel lz4" and
		(.compress_cpu_ms / ($scan.compress_cpu_ns / 1e6 * $row.compress_factor) - 1 | fabs) < 1e-9 and
		(.decompress_cpu_ms / ($scan.decompress_cpu_ns / 1e6 * $row.decompress_factor) - 1 | fabs) < 1e-9' <<<"$output"
	jq -es 'map(select(.type == "rank_candidate" and .label == "zstd:3"))[0].costs == "library"' <<<"$output"
	# Again: it stands in place of the first, and the store stays one.
	run "$bin/compressor_monitor" calibrate -q --file elf --algo lz4 --runs 1 --pages 1024 --db lab.db
	[ "$status" = 0 ]
	if command -v sqlite3; then
		[ "$(sqlite3 lab.db 'SELECT count(*) FROM calibration')" = 1 ]
	fi
}

#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# The cold tier and the codecs' parameters, where the kernel has them: writeback to a file by way of swap and of a
# block device, levels and dictionaries from 6.12 on; where it has not, the refusal that says which kernels have.

bats_require_minimum_version 1.5.0
load ../live/pool_helpers
pool=$BATS_TEST_DIRNAME/../../build/bin/ram_pool

setup() {
	need_zram
	export COLDPRESS_STATE_DIR=$BATS_TEST_TMPDIR/state
	"$pool" recover -q # makes the directory
	before=$(machine)
	backing=$BATS_TEST_TMPDIR/backing
	truncate -s 64M "$backing"
}

teardown() {
	"$pool" reset -q --force
}

restored() {
	local now
	now=$(machine)
	[ "$now" = "$before" ] || { diff <(echo "$before") <(echo "$now"); return 1; }
	[ -z "$(losetup -j "$backing")" ]
}

kernel_has() { [ -e "/sys/block/zram0/$1" ]; }
status_of() { "$pool" status -f json | field "$1"; }

# A text of 2 MiB whose pages are alike, but none is like another.
text() { seq -f 'line %.0f of a text that compresses' 60000 | head -c 2M; }

# age - until all that is in the pool is old enough: by age where the kernel keeps it, else all is marked.
age() {
	sleep 2
	"$pool" age --older 1s -f json
}

@test "a process's pages go to the backing file by way of swap, and come back as they were" {
	kernel_has backing_dev || skip "this kernel's zram cannot write back"
	device=$("$pool" setup --algo zstd --size 64MiB --mem-limit 32MiB --backing "$backing" -f json | field device)
	begin_holder 8
	held=$(status_of orig_bytes) used=$(status_of used_bytes)
	json=$(age)
	[ "$(field written_back <<<"$json")" = true ]
	read -r pages _ written _ <"/sys/block/${device#/dev/}/bd_stat"
	echo "# marked by $(field marked <<<"$json"): $pages of $((held / 4096)) pages on the file;" \
		"$used bytes of RAM before, $(status_of used_bytes) after" >&3
	# bd_stat counts in units of 4 KiB.
	[ "$(status_of backing_pages)" = "$pages" ]
	[ "$(status_of backing_written_pages)" = "$written" ]
	[ "$pages" -ge 1900 ]
	[ "$(status_of used_bytes)" -lt $((used / 4)) ]
	json=$("$pool" trigger readback --db none --pid "$H_PID" -f json)
	[ "$(field moved_pages <<<"$json")" -ge 1900 ]
	[ "$(status_of backing_read_pages)" -ge 1900 ]
	end_holder
	"$pool" reset -q
	restored
}

@test "incompressible pages alone go to the file, and what is read back from it is what was written" {
	kernel_has backing_dev || skip "this kernel's zram cannot write back"
	device=$("$pool" setup --algo lz4 --size 32MiB --raw --backing "$backing" -f json | field device)
	{ text; head -c 1M /dev/urandom; } >"$BATS_TEST_TMPDIR/data"
	dd if="$BATS_TEST_TMPDIR/data" of="$device" bs=1M oflag=direct iflag=fullblock status=none
	[ "$(status_of incompressible_pages)" = 256 ]
	json=$("$pool" age --what huge --older 0s -f json)
	[ "$(field written_back <<<"$json")" = true ]
	[ "$(status_of backing_pages)" = 256 ]
	[ "$(status_of incompressible_pages)" = 0 ]
	[ "$(dd if="$device" bs=1M count=3 iflag=direct status=none | md5sum)" = "$(md5sum <"$BATS_TEST_TMPDIR/data")" ]
	"$pool" reset -q
	restored
}

@test "a second codec: used where the kernel has it, else refused with what it has" {
	if kernel_has recomp_algorithm; then
		device=$("$pool" setup --algo lz4 --recompress zstd --size 16MiB --raw -f json | field device)
		text | dd of="$device" bs=1M oflag=direct iflag=fullblock status=none
		json=$("$pool" age --older 0s -f json)
		[ "$(field compr_after_bytes <<<"$json")" -lt "$(field compr_before_bytes <<<"$json")" ]
		[ "$(dd if="$device" bs=1M count=2 iflag=direct status=none | md5sum)" = "$(text | md5sum)" ]
		"$pool" reset -q
	else
		run --separate-stderr "$pool" setup --size 16MiB --recompress zstd
		[ "$status" -eq 77 ]
		[[ $stderr == *"cannot recompress"*CONFIG_ZRAM_MULTI_COMP*"this kernel has:"*writeback* ]]
	fi
	restored
}

@test "a level and a dictionary: they reach the codec from 6.12 on, before they are refused" {
	text | head -c 65536 >"$BATS_TEST_TMPDIR/dictionary"
	if kernel_has algorithm_params; then
		for how in "" "--level 19" "--dict $BATS_TEST_TMPDIR/dictionary"; do
			# shellcheck disable=SC2086 # words
			device=$("$pool" setup --algo zstd $how --size 16MiB --raw -f json | field device)
			text | dd of="$device" bs=1M oflag=direct iflag=fullblock status=none
			sizes+=("$(status_of compr_bytes)")
			[ "$(dd if="$device" bs=1M count=2 iflag=direct status=none | md5sum)" = "$(text | md5sum)" ]
			"$pool" reset -q
		done
		echo "# zstd: ${sizes[0]} bytes, level 19 ${sizes[1]}, with a dictionary ${sizes[2]}" >&3
		# Of lines this much alike a higher level need not make less.
		[ "${sizes[1]}" -ne "${sizes[0]}" ]
		[ "${sizes[2]}" -ne "${sizes[0]}" ]
	else
		for how in "--level 3" "--dict $BATS_TEST_TMPDIR/dictionary"; do
			# shellcheck disable=SC2086
			run --separate-stderr "$pool" setup --algo zstd $how --size 16MiB
			[ "$status" -eq 77 ]
			[[ $stderr == *"level or a dictionary"*6.12* ]]
		done
	fi
	restored
}

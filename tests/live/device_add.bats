#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# A device that was added, but whose number cannot be written to the journal, is removed again.

load pool_helpers
add_device=$BATS_TEST_DIRNAME/../../build/tests/helpers/add_device

setup_file() {
	own_state
}

@test "adding a device fails where the journal takes no line, and leaves neither device nor entry" {
	before=$(cd /sys/block && echo zram*)
	run "$add_device"
	[ "$status" -eq 0 ]
	[[ ${lines[0]} == "cannot write to the journal"* ]]
	[ "$(cd /sys/block && echo zram*)" = "$before" ]
	[ -z "$(find "$COLDPRESS_STATE_DIR" -name '*.book')" ]
}

# read_only COMMAND... - with /sys read only, as in an ordinary container.
read_only() {
	unshare -m bash -c 'mount -o bind,ro /sys /sys && mount -o remount,bind,ro /sys && exec "$@"' bash "$@"
}

@test "with /sys read only nothing adds a device, and each command says why" {
	bin=$BATS_TEST_DIRNAME/../../build/bin
	before=$(cd /sys/block && echo zram*)
	for command in "ram_pool setup -q --size 64MiB" "compressor_monitor bench -q --codec kernel:lz4 --corpora unique --max-size 4KiB" \
		"compressor_monitor calibrate -q --file $bin/coldpress --db $BATS_TEST_TMPDIR/db"; do
		run read_only "$bin"/$command
		echo "$command: $status, $output"
		[ "$(cd /sys/block && echo zram*)" = "$before" ]
		[ "$status" -eq 77 ]
		[[ $output == *"could not be removed again"*"Read-only file system"* ]]
	done
	[ -z "$(find "$COLDPRESS_STATE_DIR" -name '*.book')" ]
}

@test "with /sys read only a device that exists is not set up either" {
	id=$(cat /sys/class/zram-control/hot_add)
	run read_only "$pool" setup -q --size 64MiB --device "zram$id"
	echo "$id" >/sys/class/zram-control/hot_remove
	[ "$status" -eq 77 ]
	[[ $output == *"could not be reset again"* ]]
	[ -z "$(find "$COLDPRESS_STATE_DIR" -name '*.book')" ]
}

@test "with /sys read only a study measures by the page scan alone, and says why" {
	bin=$BATS_TEST_DIRNAME/../../build/bin
	run read_only "$bin/coldpress" study --dir "$BATS_TEST_TMPDIR/out" --limit 50% --blocks 1 -- \
		"$bin/workload-gen" interactive_burst --region 8MiB --operations 2000 --idle 5ms --seed 7
	echo "$output"
	[[ $output == *"could not be removed again"* ]]
	[ -z "$(find "$COLDPRESS_STATE_DIR" -name '*.book')" ]
}

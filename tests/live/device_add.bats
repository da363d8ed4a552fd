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

#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# A test run that is killed leaves its pools, settings and foreign swap; tests/put_back undoes them, and leaves those of a
# run that lives alone.

bats_require_minimum_version 1.5.0
load pool_helpers

setup() {
	need_zram
	export TMPDIR=$BATS_TEST_TMPDIR COLDPRESS_STATE_DIR=$BATS_TEST_TMPDIR/none
	mkdir "$TMPDIR/inner"
	sed 's/^at_test/@test/' >"$TMPDIR/inner/inner.bats" <<-EOF # bats would take it for one of this file
		pool_helpers=$BATS_TEST_DIRNAME/pool_helpers
		BATS_TEST_DIRNAME=$BATS_TEST_DIRNAME
		load "\$pool_helpers"
		setup_file() { BATS_TEST_DIRNAME=$BATS_TEST_DIRNAME; own_state; foreign_swap; }
		at_test "waits" {
			"\$pool" setup -q --size 64MiB --tune -o /dev/null
			echo >"$TMPDIR/ready"
			sleep 600
		}
	EOF
}

teardown() {
	[ -z "${inner-}" ] || kill -KILL -- "-$inner" 2>/dev/null || true
	"$BATS_TEST_DIRNAME/../put_back" "$BATS_TEST_TMPDIR"
}

state_of_machine() {
	swapon --show=NAME,PRIO --noheadings --raw
	(cd /sys/block && echo zram*)
	cat /proc/sys/vm/swappiness /proc/sys/vm/page-cluster
}

@test "what a killed run left is put back; what a living one has is not" {
	before=$(state_of_machine)
	env -u BATS_RUN_TMPDIR setsid bats "$TMPDIR/inner/inner.bats" >"$TMPDIR/log" 2>&1 </dev/null 3>&- &
	inner=$!
	until_true test -e "$TMPDIR/ready" || { cat "$TMPDIR/log"; false; }
	during=$(state_of_machine)
	[ "$during" != "$before" ]
	[ "$(cat /proc/sys/vm/swappiness)" = 180 ]
	"$BATS_TEST_DIRNAME/../put_back" "$TMPDIR"
	[ "$(state_of_machine)" = "$during" ]
	kill -KILL -- "-$inner"
	wait "$inner" || true
	[ "$(state_of_machine)" = "$during" ]
	"$BATS_TEST_DIRNAME/../put_back" "$TMPDIR"
	diff <(echo "$before") <(state_of_machine)
}

#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# The test runner counts what ran, and does not let a file that died or a stage that ran nothing pass.

setup() {
	tree=$BATS_TEST_TMPDIR
	mkdir -p "$tree/tests/cli" "$tree/build/tests"
	cp "$BATS_TEST_DIRNAME/../run" "$tree/tests/run"
	cd "$tree" || return
}

# file NAME LINE... - a unit test that prints these lines and ends with the status of the last command.
file() {
	local path=build/tests/test_$1
	shift
	{ echo '#!/bin/sh'; printf '%s\n' "$@"; } >"$path"
	chmod +x "$path"
}

@test "passes, failures and skips are counted, and a skip keeps its reason" {
	file a "echo 1..3; echo ok 1 - one; echo not ok 2 - two; echo 'ok 3 - three # skip no such device'; exit 1"
	run tests/run unit
	[ "$status" -eq 1 ]
	[ "${lines[-1]}" = "1 passed, 1 failed, 1 skipped" ]
	[[ $output == *"test_a: three: no such device"* ]]
}

@test "cmocka's way to skip counts as skipped, with the reason printed before it" {
	for word in 'not ok' 'ok'; do
		file a "echo 1..2; echo ok 1 - one; echo '# skip: needs a horse'; echo '$word 2 # SKIP test_b'"
		run tests/run unit
		[ "$status" -eq 0 ]
		[ "${lines[-1]}" = "1 passed, 0 failed, 1 skipped" ]
		[[ $output == *"test_a: test_b: needs a horse"* ]]
	done
}

@test "all passed is exit 0" {
	file a "echo 1..2; echo ok 1 - one; echo ok 2 - two"
	file b "echo 1..1; echo ok 1 - one"
	run tests/run unit
	[ "$status" -eq 0 ]
	[ "${lines[-1]}" = "3 passed, 0 failed, 0 skipped" ]
}

@test "a file that dies before its plan is done fails" {
	file a "echo 1..3; echo ok 1 - one; kill -SEGV \$\$"
	run tests/run unit
	[ "$status" -eq 1 ]
	[ "${lines[-1]}" = "1 passed, 2 failed, 0 skipped" ]
}

@test "a file that passes all its tests and exits 1 fails" {
	file a "echo 1..1; echo ok 1 - one; exit 1"
	run tests/run unit
	[ "$status" -eq 1 ]
	[ "${lines[-1]}" = "1 passed, 1 failed, 0 skipped" ]
}

@test "a stage without tests fails" {
	run tests/run cli
	[ "$status" -eq 1 ]
	[[ $output == *"stage cli has no test to run"* ]]
	[ "${lines[-1]}" = "0 passed, 1 failed, 0 skipped" ]
}

@test "a stage that skipped everything fails and says why nothing ran" {
	file a "echo '1..1'; echo 'ok 1 - one # SKIP needs root'"
	run tests/run unit
	[ "$status" -eq 1 ]
	[[ $output == *"nothing ran here"* && $output == *"test_a: one: needs root"* ]]
}

@test "an unknown stage is a usage error" {
	run tests/run nonsense
	[ "$status" -eq 2 ]
	[[ $output == *"no stage called nonsense"* ]]
}

@test "guests that this machine cannot run are counted as skipped, and are no failure" {
	mkdir -p tests/vm
	printf '#!/bin/sh\necho "1..0 # SKIP no qemu"\n' >tests/vm/debian-none
	chmod +x tests/vm/debian-none
	run tests/run vm
	[ "$status" -eq 0 ]
	[ "${lines[-1]}" = "0 passed, 0 failed, 1 skipped" ]
	[[ $output == *"debian-none: no qemu"* ]]
}

#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# What ram_pool refuses for safety: swapping pages in where they do not fit.

load pool_helpers
bats_require_minimum_version 1.5.0

setup_file() { own_state; }

teardown() {
	end_group
	"$pool" reset -q --force
	"$pool" recover -q
}

@test "reset refuses what a limited cgroup could not hold, with the values; with a higher limit it succeeds" {
	limited_group "coldpress-guard-$$"
	"$pool" setup --algo lz4 --size 128MiB --mem-limit 64MiB -q >/dev/null
	begin_holder 48 in_group
	echo $((24 << 20)) >"$limit_file"
	run --separate-stderr "$pool" reset
	[ "$status" -eq 1 ]
	# shellcheck disable=SC2154 # run sets it
	[[ $stderr == *"coldpress-guard-$$"*"limit of 24.0 MiB"*"$group"* ]]
	kill -0 "$H_PID"
	[ "$("$pool" status -f json | field state)" = ready ]
	echo "$unlimited" >"$limit_file"
	"$pool" reset -q
	end_holder
}

# Several processes: the kernel looks for a signal between one and the next.
several_holders() {
	mkfifo "$BATS_TEST_TMPDIR/in"
	holders=
	for i in 1 2 3; do
		holder 16 <"$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out.$i" 3>&- &
		holders+=" $!"
	done
	exec 9>"$BATS_TEST_TMPDIR/in"
	for i in 1 2 3; do until_true grep -q out "$BATS_TEST_TMPDIR/out.$i"; done
}

holders_are_whole() {
	exec 9>&-
	# shellcheck disable=SC2086 # several; bats has a child of its own where there is a time limit
	wait $holders
	for i in 1 2 3; do grep -q same "$BATS_TEST_TMPDIR/out.$i"; done
}

# held COMMAND... - the command, whose child for swapoff is stopped before it begins (prctl is its first call): what is done
# meanwhile does not depend on how fast pages are swapped in. With -D the PID is that of the background job.
held() {
	exec strace -D -f -qq -o /dev/null -e trace=prctl,kill -e inject=prctl:signal=STOP "${more[@]}" "$@"
}

@test "a reset that takes too long is given up, and the pool stays in use" {
	command -v strace >/dev/null || skip "no strace"
	"$pool" setup --algo lz4 --size 256MiB --mem-limit 128MiB -q >/dev/null
	several_holders
	more=()
	(held "$pool" reset --timeout 1ms 2>"$BATS_TEST_TMPDIR/message" 3>&-) && return 1
	cat "$BATS_TEST_TMPDIR/message"
	grep -q "not swapped in after.*" "$BATS_TEST_TMPDIR/message"
	grep -q -e "--timeout" "$BATS_TEST_TMPDIR/message"
	[ "$("$pool" status -f json | field state)" = ready ]
	"$pool" reset -q
	holders_are_whole
}

# limited_owner - a process in $group whose pages are in the pool, and then a limit too low to swap them in.
limited_owner() {
	limited_group "coldpress-guard-$$"
	begin_holder 48 in_group
	echo $((24 << 20)) >"$limit_file"
}

# orphaned_pool - of an owner that has gone, so that recover has to remove it.
orphaned_pool() {
	sleep 300 3>&- &
	bound_to=$!
	"$pool" setup --algo lz4 --size 128MiB --mem-limit 64MiB --tune --owner $bound_to -q >/dev/null
	limited_owner
	kill $bound_to
	wait $bound_to || true
}

@test "recover refuses what a limited foreign owner could not hold, with the values, and undoes all the rest" {
	"$pool" recover -q # makes the directory
	# shellcheck disable=SC2034 # restored() compares with it
	before=$(machine)
	orphaned_pool
	for recover in "$pool" "$BATS_TEST_DIRNAME/../../build/bin/coldpress"; do
		run "$recover" recover
		echo "$output"
		[ "$status" -eq 1 ]
		[[ $output == *"coldpress-guard-$$"*"limit of 24.0 MiB"*"$group"* ]]
		kill -0 "$H_PID"
		[ "$("$pool" status -f json | field state)" = broken ]
		[ "$("$pool" status -f json | field swap_used_bytes)" -ge $((40 << 20)) ]
		[[ $before == *"$(cat /proc/sys/vm/swappiness /proc/sys/vm/page-cluster)"* ]]
	done
	echo "$unlimited" >"$limit_file"
	"$pool" recover -q
	restored
	end_holder
}

@test "recover --force continues, and finishes if the OOM killer ends the owner" {
	"$pool" recover -q
	# shellcheck disable=SC2034
	before=$(machine)
	orphaned_pool
	"$pool" recover -q --force
	restored
}

@test "recover ends a killed command's limited load before it removes its pool" {
	[ -x "$BATS_TEST_DIRNAME/../../build/bin/workload" ] || skip "workload is not built"
	"$pool" recover -q
	# shellcheck disable=SC2034
	before=$(machine)
	sleep 300 3>&- &
	owner=$!
	"$pool" setup --algo lz4 --size 512MiB --mem-limit 256MiB --owner $owner -q >/dev/null
	"$pool" trigger compress --db none --profile medium --duration 60s -q >/dev/null 3>&- &
	trigger=$!
	until_true at_least $((64 << 20)) swap_used_bytes
	kill -9 $trigger $owner
	wait $trigger $owner || true
	"$pool" recover
	restored
}

# stopped_reset COMMAND... - a reset in the background, stopped as soon as it swaps pages in; its messages are in
# $message, its status in $code.
stopped_reset() {
	message=$BATS_TEST_TMPDIR/message code=0
	"$@" "$pool" reset 2>"$message" 3>&- &
	local reset=$!
	until_true grep -q "swapping in" "$message"
	kill -INT $reset
	wait $reset || code=$?
	cat "$message"
}

@test "^C while pages are swapped in: the pool is in use as before" {
	command -v strace >/dev/null || skip "no strace"
	"$pool" setup --algo lz4 --size 256MiB --mem-limit 128MiB -q >/dev/null
	several_holders
	more=()
	stopped_reset held
	[ "$code" -eq 1 ]
	grep -q "in use as before" "$message"
	[ "$("$pool" status -f json | field state)" = ready ]
	"$pool" reset -q
	holders_are_whole
}

@test "^C at any moment of a reset: the pool is in use as before, or removed, and no page is lost" {
	"$pool" setup --algo lz4 --size 256MiB --mem-limit 128MiB -q >/dev/null
	several_holders
	stopped_reset env
	if [ "$code" -eq 0 ]; then
		grep -q "removed pool" "$message"
	else
		grep -q "in use as before" "$message"
		[ "$("$pool" status -f json | field state)" = ready ]
		"$pool" reset -q
	fi
	[ "$("$pool" status -q -f json | field state)" = "" ]
	holders_are_whole
}

@test "^C where the kernel cannot stop: said, left to recover, and no page is lost" {
	command -v strace >/dev/null || skip "no strace"
	"$pool" setup --algo lz4 --size 256MiB --mem-limit 128MiB -q >/dev/null
	begin_holder 16
	# As if it were in the middle of one process: the signal does not end it.
	more=(-e inject=kill:retval=0)
	stopped_reset held
	[ "$code" -eq 1 ]
	grep -q "stopped waiting" "$message"
	"$pool" recover
	[ "$("$pool" status -q -f json | field state)" = "" ]
	end_holder
}

#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# What ram_pool refuses so that nothing is hurt: bringing pages back to where they do not fit.

load pool_helpers
bats_require_minimum_version 1.5.0
pool=$BATS_TEST_DIRNAME/../../build/bin/ram_pool

setup_file() {
	need_zram
	export COLDPRESS_STATE_DIR=$BATS_FILE_TMPDIR/state
}

teardown() {
	[ -z "${group-}" ] || [ ! -d "$group" ] || {
		echo "$unlimited" >"$limit_file"
		while read -r pid; do kill -9 "$pid"; done <"$group/cgroup.procs"
		remove_group "$group"
	}
	"$pool" reset -q --force
	"$pool" recover -q
}

@test "reset refuses what a limited group could not hold, with the figures; with more room it goes" {
	limited_group "coldpress-guard-$$"
	"$pool" setup --algo lz4 --size 128MiB --mem-limit 64MiB -q >/dev/null
	coproc H { in_group perl -e "$holder_program" 48; }
	keep_coproc "${H[@]}"
	read -r -u "$from" -t 30 line
	[ "$line" = out ]
	echo $((24 << 20)) >"$limit_file"
	run --separate-stderr "$pool" reset
	[ "$status" -eq 1 ]
	# shellcheck disable=SC2154 # run sets it
	[[ $stderr == *"coldpress-guard-$$"*"limit of 24.0 MiB"*"$group"* ]]
	kill -0 "$H_PID"
	[ "$("$pool" status -f json | field state)" = ready ]
	echo "$unlimited" >"$limit_file"
	"$pool" reset -q
	echo >&"$to"
	read -r -u "$from" -t 30 line
	[ "$line" = same ]
	wait "$H_PID" || true
}

@test "a reset that takes too long is given up, and the pool stays in use" {
	"$pool" setup --algo lz4 --size 256MiB --mem-limit 128MiB -q >/dev/null
	# Several processes: the kernel looks for a signal between one and the next.
	mkfifo "$BATS_TEST_TMPDIR/in"
	for i in 1 2 3; do holder 32 <"$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out.$i" 3>&- & done
	exec 9>"$BATS_TEST_TMPDIR/in"
	for i in 1 2 3; do
		for _ in $(seq 200); do grep -q out "$BATS_TEST_TMPDIR/out.$i" && break; sleep 0.05; done
		grep -q out "$BATS_TEST_TMPDIR/out.$i"
	done
	run --separate-stderr "$pool" reset --timeout 1ms
	echo "$stderr"
	[ "$status" -eq 1 ]
	[[ $stderr == *"not back after"*"--timeout"* ]]
	[ "$("$pool" status -f json | field state)" = ready ]
	"$pool" reset -q
	exec 9>&-
	wait
	for i in 1 2 3; do grep -q same "$BATS_TEST_TMPDIR/out.$i"; done
}

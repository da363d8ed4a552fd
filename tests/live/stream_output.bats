#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# A probe's --output FILE: what a kill and a full disk leave in it.
#
# shellcheck disable=SC2016

bats_require_minimum_version 1.5.0

setup() {
	bin=$BATS_TEST_DIRNAME/../../build/bin
	cd "$BATS_TEST_TMPDIR" || return
	"$bin/proc_create" --format json -q -d 1ms >can 2>&1 || skip "$(tail -n 2 can | tr '\n' ' ')"
	probe_pid=''
}

teardown() {
	[ -z "$probe_pid" ] || kill -9 "$probe_pid" 2>/dev/null || true
}

@test "kill -9 leaves the records until then, and no other file" {
	echo earlier >out
	"$bin/proc_create" --format json -q -o out & # writes its first record once it is attached
	probe_pid=$!
	for _ in $(seq 200); do
		if grep -q '"type":"ready"' out; then break; fi
		sleep 0.05
	done
	for _ in $(seq 23); do /bin/true; done
	for _ in $(seq 200); do
		[ "$(grep -c '"type":"fork"' out)" -lt 23 ] || break
		sleep 0.05
	done
	kill -9 "$probe_pid"
	wait "$probe_pid" || true
	probe_pid=''
	[ "$(grep -c '"type":"fork"' out)" -ge 23 ]
	[ "$(ls)" = "$(printf '%s\n' can out)" ]
}

@test "a probe that cannot begin leaves the earlier file" {
	echo earlier >out
	run "$bin/proc_create" --format json -o out --cgroup /nonexistent
	[ "$status" -ne 0 ]
	[ "$(cat out)" = earlier ]
	[ "$(ls)" = "$(printf '%s\n' can out)" ]
}

# full SIZE PROGRAM OPTION... - it writes into a file system of this size, which becomes full; its file is `result`.
full() {
	mkdir -p small
	unshare -m sh -c 'mount -t tmpfs -o size="$1" none small || exit 77
		program=$2
		shift 2
		"$program" -o small/out -d 20s "$@" 2>err
		echo $? >status
		cat small/out >result
		ls small >left' sh "$1" "$bin/$2" "${@:3}" || skip "cannot mount here"
	cat err
	[ "$(cat left)" = out ]
	[ "$(cat status)" -eq 1 ]
}

# account TYPES - the end record of `result` counts the records of these types in it, and every line is whole.
account() {
	tail -n 1 result
	[ "$(tail -n 1 result | jq -r '.type + " " + .reason')" = "end partial" ]
	tail -n 1 result | jq -e '.seen == .emitted + .filtered + .dropped and .dropped > 0'
	[ "$(grep -c "\"type\":\"\($1\)\"" result)" = "$(tail -n 1 result | jq .emitted)" ]
	jq -e . result >/dev/null
	grep -q 'No space left on device' err
	grep -q 'reason=partial' err
}

many=(sh -c 'for i in $(seq 500); do /bin/true; done')

@test "a full disk leaves whole records and an end record that counts them, and says so on stderr" {
	full 64k proc_create --format json -- "${many[@]}"
	account 'fork\|exec\|exit'
}

@test "a full disk leaves whole intervals of swap_probe" {
	full 16k swap_probe --format json --interval 10ms
	account swap_probe
}

@test "a full disk leaves whole lines of CSV, and the account on stderr" {
	full 64k proc_create --format csv -- "${many[@]}"
	[ "$(tail -c 1 result | od -An -c | tr -d ' ')" = '\n' ]
	grep -q 'reason=partial' err
}

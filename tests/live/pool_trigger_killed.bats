#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# ram_pool trigger, killed or failed at every call by which it changes something: settings, swaps, devices and journals are
# as before, the process goes on with its pages as they were, and a foreign zram swap with pages in it stands by. Where
# the kernel writes back, a part of the pages is on a backing file when they are read: in a guest, half an hour.
#   VM_TIMEOUT=3000 tests/vm/boot recompress tests/live/pool_trigger_killed.bats

load pool_foreign
bats_require_minimum_version 1.5.0

setup() {
	command -v strace >/dev/null || skip "no strace"
	# shellcheck disable=SC2034 # restored() compares with it
	before=$(machine)
	backing=()
	[ ! -e "/sys/block/zram$foreign/backing_dev" ] || {
		truncate -s 16M "$BATS_TEST_TMPDIR/backing"
		backing=(--backing "$BATS_TEST_TMPDIR/backing")
	}
	"$pool" setup --algo lz4 --size 64MiB --mem-limit 32MiB "${backing[@]}" -q >/dev/null
	begin_group_holder 2
	was=$(around)
}

teardown() {
	end_group
	"$pool" reset -q --force
	"$pool" recover -q
}

around() {
	machine
	settings_of_group
}

# What the trigger is for: pages that are in RAM, or pages that are out, and what can be on the backing file.
pages_in() { "$pool" trigger readback --db none --pid "$H_PID" -q >/dev/null; }
pages_out() {
	"$pool" trigger compress --db none --pid "$H_PID" -q >/dev/null
	[ ${#backing[@]} -eq 0 ] || "$pool" age --what huge --writeback -q >/dev/null
}

as_before() {
	local now
	now=$(around)
	[ "$now" = "$was" ] || { echo "$1"; diff <(echo "$was") <(echo "$now"); return 1; }
	[ "$("$pool" status -f json | field state)" = ready ] || { echo "$1: the pool"; return 1; }
	kill -0 "$H_PID" || { echo "$1: the process"; return 1; }
}

# everywhere PREPARE TRIGGER... - killed, and failed by each error, at each call; then the pages themselves.
everywhere() {
	local what
	for what in signal=KILL error=EBUSY error=ENOMEM error=EINVAL error=EIO; do
		injected $what "$1" as_before "$pool" trigger "${@:2}" -q
	done
	pages_out
	[ ${#backing[@]} -eq 0 ] || [ "$("$pool" status -f json | field backing_pages)" -gt 0 ]
	end_group_holder
	"$pool" reset -q
	restored
}

# How often the limit is lowered, or reclaim is asked, is the kernel's to say.
@test "a cgroup's pages swapped out" {
	may_miss=yes # injected() reads it
	everywhere pages_in compress --db none --cgroup "$group" --amount 256KiB
}

@test "a process's pages swapped out" { everywhere pages_in compress --db none --pid "$H_PID" --amount 1MiB; }
@test "a process's pages swapped in, mapped" { everywhere pages_out readback --db none --pid "$H_PID"; }
@test "a process's pages swapped in, page by page" { everywhere pages_out readback --db none --pid "$H_PID" --how touch --amount 64KiB; }
@test "a process's pages swapped in, into the swap cache" { everywhere pages_out readback --db none --pid "$H_PID" --how willneed; }

@test "the record in a results database: killed at any call, the database can be read and written" {
	local db=$BATS_TEST_TMPDIR/pool.db
	readable() {
		as_before "$1"
		[ ! -e "$db" ] || [ "$(sqlite3 "$db" 'PRAGMA integrity_check')" = ok ] || { echo "$1: the database"; return 1; }
	}
	# shellcheck disable=SC2034 # injected() reads it
	may_miss=yes # SQLite's calls depend on what is in the file
	"$pool" trigger readback --db "$db" --pid "$H_PID" -q >/dev/null
	injected signal=KILL pages_out readable "$pool" trigger readback --db "$db" --pid "$H_PID" --amount 64KiB -q
	"$pool" trigger readback --db "$db" --pid "$H_PID" -q >/dev/null
	[ "$(sqlite3 "$db" "SELECT count(*) FROM run WHERE state = 'ok'")" -ge 1 ]
	end_group_holder
	"$pool" reset -q
	restored
}

@test "the foreign swap still holds its pages, and they are as they were" {
	foreign_intact
}

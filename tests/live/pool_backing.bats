#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Setup and reset of a pool with a backing file, and with a second codec where the kernel has one, killed or failed at
# every call by which they change something: no device, loop device, swap or book stays, the file is still there, and a
# foreign zram swap with pages in it stands by. Some hundred times: in a guest, half an hour.
#   tests/vm/boot recompress tests/live/pool_backing.bats

load pool_foreign
bats_require_minimum_version 1.5.0

setup() {
	[ -e "/sys/block/zram$foreign/backing_dev" ] || skip "this kernel's zram cannot write back (CONFIG_ZRAM_WRITEBACK)"
	command=(setup --size 16MiB --tune -q --backing "$BATS_TEST_TMPDIR/backing")
	[ ! -e "/sys/block/zram$foreign/recomp_algorithm" ] || command+=(--recompress zstd)
	truncate -s 16M "$BATS_TEST_TMPDIR/backing"
	# shellcheck disable=SC2034 # restored() compares with it
	before=$(machine)
}

teardown() {
	"$pool" reset -q
	"$pool" recover -q
}

made() { "$pool" "${command[@]}" >/dev/null; }

# What is left is a pool that is ready, or none; then all is as before.
taken_down() {
	local state
	state=$("$pool" status -q -f json | field state)
	[ "$state" = "" ] || [ "$state" = ready ] || { echo "$1: $state"; return 1; }
	"$pool" reset -q
	restored "$1"
	[ "$(stat -c %s "$BATS_TEST_TMPDIR/backing")" = $((16 << 20)) ]
}

setup_with() { injected "$1" true taken_down "$pool" "${command[@]}"; }
reset_with() { injected "$1" made taken_down "$pool" reset -q; }

@test "kill -9 at every call of setup that changes something" { setup_with signal=KILL; }
@test "EBUSY at every call of setup" { setup_with error=EBUSY; }
@test "ENOMEM at every call of setup" { setup_with error=ENOMEM; }
@test "EINVAL at every call of setup" { setup_with error=EINVAL; }
@test "EIO at every call of setup" { setup_with error=EIO; }
@test "kill -9 at every call of reset" { reset_with signal=KILL; }
@test "EBUSY at every call of reset" { reset_with error=EBUSY; }
@test "ENOMEM at every call of reset" { reset_with error=ENOMEM; }
@test "EINVAL at every call of reset" { reset_with error=EINVAL; }
@test "EIO at every call of reset" { reset_with error=EIO; }
@test "the foreign swap still holds its pages, and they are as they were" { foreign_intact; }

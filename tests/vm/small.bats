#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# The bounds on a machine as small as this guest: what is refused, and that a pool filled to the largest limit that is
# allowed leaves the reserve alone. In a guest of 512 MiB this is a small board.

bats_require_minimum_version 1.5.0
load ../live/pool_helpers
pool=$BATS_TEST_DIRNAME/../../build/bin/ram_pool

setup() {
	need_zram
	export COLDPRESS_STATE_DIR=$BATS_TEST_TMPDIR/state
	"$pool" recover -q # makes the directory
	# shellcheck disable=SC2034 # restored() compares with it
	before=$(machine)
	total=$(meminfo MemTotal)
	reserve=$((total / 8))
}

teardown() {
	"$pool" reset -q --force
}

meminfo() { awk -v f="$1:" '$1 == f { print $2 * 1024 }' /proc/meminfo; }

@test "the reserve is an eighth of a small machine, and what leaves less is refused with both figures" {
	[ "$total" -lt $((4 << 30)) ]
	run --separate-stderr "$pool" setup --size "$((total / 1024))KiB" --mem-limit "$((total * 3 / 4096))KiB"
	[ "$status" -eq 2 ]
	echo "# $((total >> 20)) MiB: $stderr" >&3
	[[ $stderr == *"a reserve of $((reserve >> 20)).$(((reserve % (1 << 20)) * 10 >> 20)) MiB"* ]]
	run --separate-stderr "$pool" setup --size "$((total * 3 / 1024))KiB"
	[ "$status" -eq 2 ]
	[[ $stderr == *"twice the memory"* ]]
	restored
}

@test "a pool at the largest limit, full of pages that no codec makes smaller: the reserve is left" {
	available=$(meminfo MemAvailable)
	# A little less than the bound, which moves with what is available.
	limit=$(((available - reserve) / 2 - (16 << 20)))
	[ "$limit" -ge $((32 << 20)) ]
	device=$("$pool" setup --size "$((limit / 512))KiB" --mem-limit "$((limit / 1024))KiB" --raw -f json | field device)
	run dd if=/dev/urandom of="$device" bs=1M count=$((limit / (1 << 20) + 8)) oflag=direct status=none
	[ "$status" -ne 0 ]
	used=$("$pool" status -f json | field used_bytes)
	left=$(meminfo MemAvailable)
	echo "# $((available >> 20)) MiB available, a limit of $((limit >> 20)), $((used >> 20)) used: $((left >> 20)) left" >&3
	[ "$used" -ge $((limit - (1 << 20))) ]
	[ "$left" -ge "$reserve" ]
	[ "$(awk '$1 == "oom_kill" { print $2 }' /proc/vmstat)" = 0 ]
	"$pool" reset -q
	restored
}

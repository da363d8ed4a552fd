#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# `recover` undoes what an earlier version left: a journal recorded by it, with the numbers of a device of this machine.

load pool_helpers
bats_require_minimum_version 1.5.0
pool=$BATS_TEST_DIRNAME/../../build/bin/ram_pool
coldpress=$BATS_TEST_DIRNAME/../../build/bin/coldpress

setup_file() {
	own_state
}

# What the recorded journal names, as text: other commands may be at work on this machine.
settings() {
	cat /proc/sys/vm/swappiness /proc/sys/vm/page-cluster
	ls -A "$COLDPRESS_STATE_DIR"
}

setup() {
	before=$(settings)
	id=$(cat /sys/class/zram-control/hot_add)
	echo 64M >"/sys/block/zram$id/disksize"
	# The node comes with the device, but udev may still have it open.
	mkswap "/dev/zram$id" >/dev/null
	swapon -p 0 "/dev/zram$id"
	swappiness=$(cat /proc/sys/vm/swappiness) cluster=$(cat /proc/sys/vm/page-cluster)
	echo 180 >/proc/sys/vm/swappiness
	echo 0 >/proc/sys/vm/page-cluster
}

teardown() {
	if [ -e "/sys/block/zram$id" ] && [ "$(settings)" != "$before" ]; then
		swapoff "/dev/zram$id" 2>/dev/null || true
		echo 1 >"/sys/block/zram$id/reset"
		echo "$id" >/sys/class/zram-control/hot_remove
		echo "$swappiness" >/proc/sys/vm/swappiness
		echo "$cluster" >/proc/sys/vm/page-cluster
		rm -f "$COLDPRESS_STATE_DIR/pool.old.book"
	fi
}

# recorded [WITHOUT] - the journal of 0.1.0 for this device and boot, without the lines that hold WITHOUT.
recorded() {
	local dev diskseq
	IFS=: read -r major minor <"/sys/block/zram$id/dev"
	dev=$((major << 8 | minor)) diskseq=$(cat "/sys/block/zram$id/diskseq")
	sed -e "s/\"boot\":\"[^\"]*\"/\"boot\":\"$(cat /proc/sys/kernel/random/boot_id)\"/" \
		-e "/\"before\"/!s/\"zram\":1,\"dev\":64769,\"diskseq\":530/\"zram\":$id,\"dev\":$dev,\"diskseq\":$diskseq/" \
		-e "s/swappiness\",\"old\":\"60\"/swappiness\",\"old\":\"$swappiness\"/" \
		-e "s/page-cluster\",\"old\":\"3\"/page-cluster\",\"old\":\"$cluster\"/" \
		-e "${1:+/$1/d}" "$BATS_TEST_DIRNAME/../fixtures/journal/pool-0.1.0.book" >"$COLDPRESS_STATE_DIR/pool.old.book"
}

@test "a pool that version 0.1.0 did not finish is removed, its settings are put back" {
	recorded '"ready"'
	run "$coldpress" recover
	[ "$status" -eq 0 ]
	[[ $output == *"pool.old: removed zram$id"* ]]
	[ ! -e "/sys/block/zram$id" ]
	[ "$(settings)" = "$before" ]
}

@test "a ready pool of version 0.1.0 is kept by recover, listed by status, and removed by reset" {
	recorded
	run "$coldpress" recover
	[ "$status" -eq 0 ]
	[[ $output == *"zram1 is a ready pool"* ]] # the recorded text
	[ "$("$pool" status --name old -f json | field device)" = "/dev/zram$id" ]
	"$pool" reset --name old -q
	[ ! -e "/sys/block/zram$id" ]
	[ "$(settings)" = "$before" ]
}

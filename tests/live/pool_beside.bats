#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# ram_pool beside others who add zram devices at the same time: what a killed setup could not note is found, and
# nobody else's device is taken for it, however empty.

load pool_helpers
bats_require_minimum_version 1.5.0
hot_add=/sys/class/zram-control/hot_add

setup() {
	need_zram
	command -v strace >/dev/null || skip "no strace"
	export COLDPRESS_STATE_DIR=$BATS_TEST_TMPDIR/state
	"$pool" recover -q
	# shellcheck disable=SC2034 # restored() compares with it
	before=$(machine)
	theirs=
}

teardown() {
	for id in ${theirs-}; do remove "$id"; done
	"$pool" recover -q
}

# add - somebody else's device, in $added.
add() {
	added=$(cat $hot_add)
	theirs+=" $added"
}

# remove ID - by what the kernel says of it: the next device that anybody adds has the same name.
remove() {
	local id=$1
	for _ in $(seq 50); do
		echo 1 >"/sys/block/zram$id/reset" && echo "$id" >/sys/class/zram-control/hot_remove && return
		sleep 0.1
	done 2>/dev/null
	return 1
}

# die_at CALL - a setup that is killed at this call on hot_add: at openat it has no device yet, at close one that it
# has not noted.
die_at() {
	run strace -qq -o /dev/null -P $hot_add -e "inject=$1:signal=KILL:when=1" "$pool" setup --size 16MiB -q
	[ "$status" -eq 137 ]
}

@test "killed before its device was noted: recover finds it, and leaves one that another added later" {
	die_at close
	sleep 0.6
	add
	"$pool" recover
	[ -e "/sys/block/zram$added" ]
	remove "$added"
	theirs=
	restored
}

@test "killed before it had a device: another's fresh one is not taken for it" {
	die_at openat
	sleep 0.6
	add
	"$pool" recover
	[ -e "/sys/block/zram$added" ]
	remove "$added"
	theirs=
	restored
}

@test "another's device of the same moment, set up a little later, is left alone and ours is found" {
	die_at close
	add # if within half a second: as new as ours
	"$pool" recover 3>&- &
	recover=$!
	echo 16M >"/sys/block/zram$added/disksize"
	wait $recover
	[ "$(cat "/sys/block/zram$added/disksize")" = $((16 << 20)) ]
	remove "$added"
	theirs=
	restored
}

# one_moment - a killed setup's device and another's, within half a second of its intent; on a slow machine at the second
# try or later.
one_moment() {
	local begin
	for _ in $(seq 20); do
		begin=${EPOCHREALTIME/./}
		die_at close
		add
		[ $((${EPOCHREALTIME/./} - begin)) -ge 400000 ] || return 0
		remove "$added"
		theirs=
		"$pool" recover -q
	done
	return 1
}

@test "two empty devices of one moment: neither is taken" {
	one_moment
	"$pool" recover
	[ -e "/sys/block/zram$added" ]
	mapfile -t new < <(comm -13 <(grep -o '^/sys/block/zram[0-9]*' <<<"$before" | sort) <(ls -d /sys/block/zram* | sort))
	[ ${#new[@]} -eq 2 ]
	theirs=${new[*]#/sys/block/zram}
}

@test "somebody adds, sets up, uses and removes devices all the while: none of theirs is touched" {
	(
		n=0
		while [ ! -e "$BATS_TEST_TMPDIR/enough" ]; do
			id=$(cat $hot_add)
			sleep 0.0$((RANDOM % 9))
			echo 16M >"/sys/block/zram$id/disksize" || echo "no disksize: zram$id"
			echo "$n" | dd of="/dev/zram$id" bs=4096 conv=sync oflag=direct status=none || echo "no write: zram$id"
			[ "$(dd if="/dev/zram$id" bs=4096 count=1 iflag=direct status=none | tr -d '\0')" = "$n" ] || echo "other data: zram$id"
			remove "$id" || echo "not removed: zram$id"
			n=$((n + 1))
		done
		echo "# $n devices of somebody else" >&3
	) >"$BATS_TEST_TMPDIR/wrong" 2>&1 &
	others=$!
	for _ in $(seq 12); do
		for call in openat read close; do
			die_at "$call"
			"$pool" recover
		done
	done
	touch "$BATS_TEST_TMPDIR/enough"
	wait $others
	cat "$BATS_TEST_TMPDIR/wrong"
	[ ! -s "$BATS_TEST_TMPDIR/wrong" ]
	restored
}

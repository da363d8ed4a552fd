#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# The backing device of a pool goes while pages are on it: a null_blk with memory, which its switch removes whoever has
# it open, and a file that is cut short. Named in the status, every command ends, and what is not lost is as it was.

bats_require_minimum_version 1.5.0
load ../live/pool_helpers
pool=$BATS_TEST_DIRNAME/../../build/bin/ram_pool
config=/sys/kernel/config/nullb/nullb0

setup() {
	need_zram
	[ -e /sys/block/zram0/backing_dev ] || skip "this kernel's zram cannot write back"
	export COLDPRESS_STATE_DIR=$BATS_TEST_TMPDIR/state
	"$pool" recover -q # makes the directory
	# shellcheck disable=SC2034 # restored() compares with it
	before=$(machine)
}

teardown() {
	"$pool" reset -q --force
	[ ! -d $config ] || rmdir $config
}

# backing_device - 64 MiB of memory as /dev/nullb0.
backing_device() {
	mountpoint -q /sys/kernel/config || mount -t configfs configfs /sys/kernel/config
	[ -d /sys/kernel/config/nullb ] || skip "this kernel has no null_blk"
	mkdir $config
	echo 64 >$config/size
	echo 1 >$config/memory_backed
	echo 1 >$config/power
}

status_of() { "$pool" status -f json | field "$1"; }

# in_time COMMAND... - as run, but what takes a minute hangs.
in_time() {
	run --separate-stderr timeout 60 "$@"
	echo "$*: $status $stderr"
	[ "$status" -ne 124 ]
}

text() { seq -f 'line %.0f of a text that compresses' 60000 | head -c 2M; }

@test "the device goes: the status names it, age and reads fail with words, what was in RAM is as it was" {
	backing_device
	device=$("$pool" setup --algo lz4 --size 32MiB --raw --backing /dev/nullb0 -f json | field device)
	{ text; head -c 1M /dev/urandom; } | dd of="$device" bs=1M oflag=direct iflag=fullblock status=none
	"$pool" age --what huge --older 0s -q >/dev/null
	[ "$(status_of backing_pages)" = 256 ]
	[ "$(status_of warning)" = null ]
	echo 0 >$config/power
	in_time "$pool" status -f json
	[[ $(field warning <<<"$output") == *"backing device"*"is gone"* ]]
	in_time dd if="$device" of=/dev/null bs=1M skip=2 count=1 iflag=direct
	[ "$status" -ne 0 ]
	[ "$(timeout 60 dd if="$device" bs=1M count=2 iflag=direct status=none | md5sum)" = "$(text | md5sum)" ]
	head -c 1M /dev/urandom | dd of="$device" bs=1M seek=8 oflag=direct iflag=fullblock status=none
	in_time "$pool" age --what huge --older 0s
	[ "$status" -ne 0 ]
	[[ $stderr == *"ram_pool: "* ]]
	in_time "$pool" reset -q
	[ "$status" -eq 0 ]
	rmdir $config
	restored
}

@test "the device goes with a process's pages on it: reset ends, the process alone is hurt" {
	backing_device
	"$pool" setup --algo zstd --size 64MiB --mem-limit 32MiB --backing /dev/nullb0 -q >/dev/null
	begin_holder 8
	sleep 2
	"$pool" age --older 1s -q >/dev/null
	[ "$(status_of backing_pages)" -ge 1900 ]
	echo 0 >$config/power
	[[ $(status_of warning) == *"is gone"* ]]
	in_time "$pool" reset -q
	[ "$status" -eq 0 ]
	rmdir $config
	restored
	echo end >&"$to" # its pages are not there: the kernel ends it with SIGBUS, or it reads others
	line=
	read -r -u "$from" -t 60 line || true
	[ "$line" != same ]
	wait "$H_PID" || true
}

@test "the file is cut short: the status names it, and reset ends" {
	truncate -s 64M "$BATS_TEST_TMPDIR/file"
	device=$("$pool" setup --algo lz4 --size 32MiB --raw --backing "$BATS_TEST_TMPDIR/file" -f json | field device)
	head -c 4M /dev/urandom | dd of="$device" bs=1M oflag=direct iflag=fullblock status=none
	"$pool" age --what huge --older 0s -q >/dev/null
	[ "$(status_of backing_pages)" = 1024 ]
	[ "$(status_of warning)" = null ]
	truncate -s 1M "$BATS_TEST_TMPDIR/file"
	[[ $(status_of warning) == *"file was cut short"* || $(status_of warning) == *"/file was cut short"* ]]
	in_time dd if="$device" of=/dev/null bs=1M iflag=direct
	in_time "$pool" reset -q
	[ "$status" -eq 0 ]
	restored
}

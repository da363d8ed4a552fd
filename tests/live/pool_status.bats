#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# ram_pool status beyond mm_stat: size classes, predicted against real compaction; the watch view.

load pool_helpers
bats_require_minimum_version 1.5.0

setup_file() { own_state; }

teardown() {
	end_group
	"$pool" reset -q
	"$pool" recover -q
}

# raw_pool - of 16 MiB that hold 8 MiB of pages of every compressed length; sets $device.
raw_pool() {
	device=$("$pool" setup --algo lz4 --size 16MiB --mem-limit 16MiB --raw -f json | field device)
	# The first k words of page k are random, the others the same.
	perl -e 'srand 7; for my $k (1 .. 2048) { my $n = $k % 1000;
		print pack("L*", map({ int rand 2 ** 32 } 1 .. $n), (7) x (1024 - $n)) }' |
		dd of="$device" bs=1M oflag=direct iflag=fullblock status=none
}

has_lz4() {
	raw_pool 2>/dev/null || skip "this kernel's zram has no lz4"
}

@test "--deep counts what mm_stat counts: objects, and no unused ones in a pool that was only filled" {
	has_lz4
	read -r orig compr used _ _ same _ <"/sys/block/${device#/dev/}/mm_stat"
	classes=$("$pool" status --classes --deep -f json)
	objects=$(field used_objects <<<"$classes" | awk '{ n += $1 } END { print n }')
	[ "$objects" = $((orig / 4096 - same)) ]
	bytes=$(field used_bytes <<<"$classes" | awk '{ n += $1 } END { print n }')
	echo "$orig $compr $used: $bytes"
	# Concurrent fills may begin a zspage twice: on two CPUs some classes have one more.
	[ "$bytes" -le "$used" ]
	[ $((used - bytes)) -le $((used / 10)) ]
	[ "$("$pool" status --deep -f json | field compact_source)" = deep ]
}

# said_of_pool TEXT - status, trigger and age report it, and name `recover`.
said_of_pool() {
	[[ $("$pool" status -f json | field warning) == *recover* ]]
	for command in "trigger compress --db none --pid $$" age; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr "$pool" $command
		[ "$status" -eq 1 ]
		# shellcheck disable=SC2154 # run sets it
		[[ $stderr == *"pool pool is $1"*"ram_pool recover"* ]]
	done
}

@test "a pool that is being removed, and one whose removal was killed: each is reported, with what to do" {
	"$pool" setup --size 16MiB -q >/dev/null
	book=$COLDPRESS_STATE_DIR/pool.pool.book
	echo '{"ready":false}' >>"$book"
	[ "$("$pool" status -f json | field state)" = broken ]
	said_of_pool "broken: its setup or reset was killed"
	coproc H { exec perl -MFcntl -e '$| = 1; open my $f, "+<", shift or die;
		my $lock = pack "s s x4 q q i x4", F_WRLCK, 0, 0, 0, 0;
		fcntl $f, F_SETLK, $lock or die; print "locked\n"; <STDIN>' "$book"; }
	keep_coproc "${H[@]}"
	said locked
	[ "$("$pool" status -f json | field state)" = busy ]
	said_of_pool "busy: setup or reset is running"
	echo >&"$to"
	wait "$H_PID" || true # bash may have seen its end already
}

@test "compact frees what compact_bytes predicts" {
	has_lz4
	# Every other page becomes one of zeros, which has no slot: half of each zspage is unused.
	perl -e 'use Fcntl; sysopen my $d, $ARGV[0], O_RDWR or die; my $zero = "\0" x 4096;
		for (my $i = 0; $i < 2048; $i += 2) { sysseek $d, $i * 4096, 0; syswrite $d, $zero }
		require IO::Handle; $d->sync' "$device"
	gain=$("$pool" status --deep -f json | field compact_bytes)
	before=$(awk '{ print $3 }' "/sys/block/${device#/dev/}/mm_stat")
	json=$("$pool" compact -f json)
	after=$(awk '{ print $3 }' "/sys/block/${device#/dev/}/mm_stat")
	echo "would give $gain, gave $((before - after))"
	[ "$gain" -gt $((before / 10)) ]
	# The kernel leaves a zspage a class at most.
	[ $((gain - (before - after))) -le $((before / 20)) ]
	[ $((before - after - gain)) -le $((before / 20)) ]
	[ "$(field used_before_bytes <<<"$json")" = "$before" ]
	[ "$(field used_after_bytes <<<"$json")" = "$after" ]
	[ "$(field compacted_pages <<<"$json")" = $(((before - after) / 4096)) ]
}

@test "a profile that is too large for the pool: the sizes of both are reported" {
	[ "$(wc -l </proc/swaps)" = 1 ] || skip "the load would go on in another swap"
	"$pool" setup --size 16MiB --mem-limit 16MiB -q >/dev/null
	run --separate-stderr "$pool" trigger compress --profile medium --db none
	[ "$status" -ne 0 ]
	[[ $stderr == *"up to 128MiB are swapped out; pool pool has a size of 16.0 MiB and a memory limit of 16.0 MiB"*--size*"--profile light"* ]]
}

@test "size classes from debugfs if the kernel shows them, else a refusal with the other way" {
	"$pool" setup --size 16MiB -q >/dev/null
	if [ -e "/sys/kernel/debug/zsmalloc/$("$pool" status -f json | field device | sed 's#/dev/##')/classes" ]; then
		[ "$("$pool" status -f json | field compact_source)" = debugfs ]
		"$pool" status --classes -q
	else
		run --separate-stderr "$pool" status --classes
		[ "$status" -eq 77 ]
		# shellcheck disable=SC2154 # run sets it
		[[ $stderr == *CONFIG_ZSMALLOC_STAT*--deep* ]]
		[ "$("$pool" status -f json | field compact_bytes)" = null ]
	fi
	run "$pool" status --deep --watch 1s
	[ "$status" -eq 2 ]
}

@test "a watch on a terminal draws sparklines; elsewhere it is a table" {
	command -v script >/dev/null || skip "no script(1)"
	"$pool" setup --algo lz4 --size 64MiB -q >/dev/null 2>&1 || "$pool" setup --size 64MiB -q >/dev/null
	run env TERM=xterm LC_ALL=C.UTF-8 script -qec "$pool status --watch 20ms --duration 2s" /dev/null
	[[ $output == *pages/s* ]]
	[[ $output == *$'\e['[0-9]*A* ]]
	run env TERM=dumb script -qec "$pool status --watch 20ms --duration 2s" /dev/null
	[[ $output == *read_pages_per_s* ]]
	[[ $output != *$'\e['* ]]
	run "$pool" status --watch 20ms --duration 2s
	[[ $output == *read_pages_per_s* ]]
}

@test "the memory limit is reached: named in the status, and nothing hangs" {
	device=$("$pool" setup --size 32MiB --mem-limit 1MiB --raw -f json | field device)
	run timeout 60 dd if=/dev/urandom of="$device" bs=1M count=16 oflag=direct status=none
	[ "$status" -ne 0 ]
	[ "$status" -ne 124 ]
	status=$("$pool" status -f json)
	[ "$(field failed_writes <<<"$status")" -gt 0 ]
	[[ $(field warning <<<"$status") == *limit*"writes failed"* ]]
}

@test "swapon, zramctl and the status agree" {
	command -v zramctl >/dev/null || skip "no zramctl"
	device=$("$pool" setup --size 64MiB -f json | field device)
	status=$("$pool" status -f json)
	[ "$(zramctl --noheadings --raw --bytes -o NAME,DISKSIZE,ALGORITHM "$device")" = \
		"$device $(field size_bytes <<<"$status") $(field algorithm <<<"$status")" ]
	[ "$(swapon --show=NAME,PRIO,USED --noheadings --raw --bytes | grep "^$device ")" = \
		"$device $(field priority <<<"$status") $(field swap_used_bytes <<<"$status")" ]
}

@test "an OOM kill in a group whose pages are in the pool: the status names the group, and nothing hangs" {
	"$pool" setup --size 128MiB --mem-limit 64MiB -q >/dev/null
	[ "$("$pool" status -f json | field oom_kill_count)" = 0 ]
	limited_group "coldpress-oom-$$"
	echo $((32 << 20)) >"$limit_file"
	# More than limit and pool together: half of it is random.
	run timeout 60 bash -c 'echo $$ >"$1/cgroup.procs"; exec perl -e "$2" 512' - "$group" "$holder_program"
	[ "$status" -eq 137 ]
	status=$("$pool" status -f json)
	echo "$status"
	[ "$(field oom_kill_count <<<"$status")" -ge 1 ]
	[[ $(field warning <<<"$status") == *"OOM kills since setup: "*"coldpress-oom-$$ (1 since"* ]]
	remove_group "$group"
	# A group that has gone takes its count with it.
	[[ $("$pool" status -f json | field warning) == *"OOM kills since setup: "* ]]
}

@test "pages in the pool that are not the owner's are reported, with their size, if an owner is named" {
	"$pool" setup --size 128MiB --mem-limit 64MiB -q >/dev/null
	limited_group "coldpress-owner-$$"
	begin_holder 16 in_group
	[ "$("$pool" status -f json | field foreign_bytes)" = null ]
	[ "$("$pool" status -f json --pid "$H_PID" | field foreign_bytes)" -lt $((1 << 20)) ]
	[ "$("$pool" status -f json --cgroup "$group" | field foreign_bytes)" -lt $((1 << 20)) ]
	[[ $("$pool" status -f json --cgroup "$group" | field warning) != *"owner's"* ]]
	mkfifo "$BATS_TEST_TMPDIR/in"
	holder 8 <"$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out" 3>&- &
	other=$!
	exec 9>"$BATS_TEST_TMPDIR/in"
	until_true grep -q out "$BATS_TEST_TMPDIR/out"
	for owner in "--pid $H_PID" "--cgroup $group"; do
		# shellcheck disable=SC2086 # two words
		status=$("$pool" status -f json $owner)
		echo "$status"
		[ "$(field foreign_bytes <<<"$status")" -ge $((7 << 20)) ]
		[ "$(field foreign_bytes <<<"$status")" -le $((10 << 20)) ]
		[[ $(field warning <<<"$status") == *"MiB of swap in use is not the owner's"* ]]
	done
	# The shell that runs this is the parent of both.
	[ "$("$pool" status -f json --pid $$ | field foreign_bytes)" -lt $((1 << 20)) ]
	exec 9>&-
	echo end >&"$to"
	wait $other "$H_PID" || true
	remove_group "$group"
}

@test "a full device: named in the status, and nothing hangs" {
	"$pool" setup --size 16MiB --mem-limit 16MiB -q >/dev/null
	coproc H { exec perl -e "$holder_program" 32; }
	keep_coproc "${H[@]}"
	read -r -u "$from" -t 120 line # what does not fit stays in RAM
	[ "$line" = out ]
	status=$("$pool" status -f json)
	echo "$status"
	[ "$(field swap_used_bytes <<<"$status")" -ge $((14 << 20)) ]
	[[ $(field warning <<<"$status") == *"nearly full"* ]]
	"$pool" reset -q
	end_holder
}

@test "the limit reached by swap: writes failed is named, the pages are kept, and nothing hangs" {
	"$pool" setup --size 64MiB --mem-limit 1MiB -q >/dev/null
	begin_holder 16
	status=$("$pool" status -f json)
	[ "$(field failed_writes <<<"$status")" -gt 0 ]
	[[ $(field warning <<<"$status") == *"near the memory limit"*"writes failed"* ]]
	"$pool" reset -q
	end_holder
}

@test "a watch into a file on a full disk leaves whole records and an end record that counts them" {
	cd "$BATS_TEST_TMPDIR"
	mkdir small
	"$pool" setup --size 16MiB --raw -q >/dev/null
	unshare -m sh -c 'mount -t tmpfs -o size=16k none small || exit 77
		"$1" status --watch 10ms --duration 20s -f json -o small/out 2>err
		echo $? >status
		cat small/out >result' sh "$pool" || skip "cannot mount here"
	[ "$(cat status)" -eq 1 ]
	grep -q 'No space left on device' err
	tail -n 1 result | jq -e '.type == "end" and .reason == "partial" and .seen == .emitted + .dropped and .dropped > 0'
	[ "$(grep -c '"type":"pool_watch"' result)" = "$(tail -n 1 result | jq .emitted)" ]
}

#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Two of everything at once, on cgroup v2 alone whose controllers nobody has enabled: what ends first takes nothing from
# the other, and nothing but the enabled controllers is left.

bats_require_minimum_version 1.5.0
load ../live/pool_helpers
bin=$BATS_TEST_DIRNAME/../../build/bin
top=/sys/fs/cgroup

setup() {
	need_zram
	[ -e $top/cgroup.controllers ] || skip "cgroup2 is not mounted at $top"
	export COLDPRESS_STATE_DIR=$BATS_TEST_TMPDIR/state
	echo '-memory -pids' >$top/cgroup.subtree_control || skip "the controllers are in use"
}

teardown() {
	for pid in ${pids-}; do
		kill "$pid" 2>/dev/null || true
		wait "$pid" || true
	done
	[ -z "${swap-}" ] || { swapoff "$swap"; rm "$swap"; } || true
	"$pool" recover -q
	echo '+memory +pids' >$top/cgroup.subtree_control
}

# begin_load NAME DURATION - in the background, its PID in $load; returns once its limit is set.
begin_load() {
	"$bin/workload" run anon_streamer -q --region 32MiB --memory-limit 16MiB --duration "$2" \
		--unsafe-allow-long --format json >"$BATS_TEST_TMPDIR/$1" 2>"$BATS_TEST_TMPDIR/$1.err" 3>&- &
	load=$! pids+=" $load"
	until_true limited "$load"
}

group_of() { echo $top/coldpress."$1".*; }
limited() { [ "$(cat $(group_of "$1")/memory.max 2>/dev/null)" = $((16 << 20)) ]; }
ended() { ! [ -d "/proc/$1" ] || grep -qs '^State:.Z' "/proc/$1/status"; }
set_up_or_ended() { [ -e "$COLDPRESS_STATE_DIR/pool.study-$study.book" ] || ended "$study"; }
clean() {
	[ -z "$(find $top -mindepth 1 -type d -name 'coldpress*')" ] && [ -z "$(swapon --show --noheadings)" ] &&
		[ -z "$(find "$COLDPRESS_STATE_DIR" -mindepth 1 ! -name lock)" ]
}

@test "of two loads the one that ends first takes no limit from the other" {
	"$pool" setup -q --size 64MiB
	begin_load second 600s
	second=$load
	begin_load first 1s
	wait "$load"
	limited "$second"
	grep -qw memory $top/cgroup.subtree_control
	kill "$second"
	wait "$second" || true
	jq -r '"# second: \(.state), \(.why)"' "$BATS_TEST_TMPDIR/second" | head -n 1 >&3
	"$pool" reset -q
	clean
}

@test "a load whose controller is disabled is ended, and says so" {
	"$pool" setup -q --size 64MiB
	begin_load one 600s
	echo '-memory' >$top/cgroup.subtree_control
	wait "$load" && false
	jq -r '"# \(.state), \(.why)"' "$BATS_TEST_TMPDIR/one" | head -n 1 >&3
	jq -es '.[0].state == "aborted" and (.[0].why | test("memory.max was removed"))' "$BATS_TEST_TMPDIR/one"
	"$pool" reset -q
	clean
}

@test "a study beside a load ends on TERM, and leaves the load its limit" {
	swap=$(mktemp /tmp/swap.XXXXXX)
	dd if=/dev/zero of="$swap" bs=1M count=64 status=none
	chmod 600 "$swap"
	mkswap -q "$swap"
	swapon -p 1 "$swap"
	begin_load beside 600s
	beside=$load
	"$bin/coldpress" study -q --dir "$BATS_TEST_TMPDIR/out" --limit 50% --blocks 2 --algo lz4 -- \
		"$bin/workload-gen" interactive_burst --region 40MiB --operations 20000 --idle 2ms --seed 7 \
		>"$BATS_TEST_TMPDIR/study" 2>&1 3>&- &
	study=$! pids+=" $study"
	until_true set_up_or_ended || until_true set_up_or_ended || { cat "$BATS_TEST_TMPDIR/study"; false; }
	[ -e "$COLDPRESS_STATE_DIR/pool.study-$study.book" ] || { cat "$BATS_TEST_TMPDIR/study"; false; }
	begin=$SECONDS
	kill "$study"
	until_true ended "$study"
	echo "# the study ended $((SECONDS - begin)) s after TERM" >&3
	limited "$beside"
	kill "$beside"
	wait "$beside" || true
	swapoff "$swap"
	rm "$swap"
	swap=
	cat "$BATS_TEST_TMPDIR/study" >&2
	# Pages of the load may have been in the study's pool, and its limit refuses to have them back: then the pool stays.
	"$pool" recover -q
	clean
}

@test "two pools are set up at once, two devices measured, and the pools removed at once" {
	"$pool" setup -q --size 64MiB --name one 3>&- &
	one=$!
	"$pool" setup -q --size 64MiB --name two 3>&- &
	two=$!
	"$bin/compressor_monitor" bench -q --codec kernel:lz4 --corpora mixed_50_50 --max-size 1MiB --runs 1 --warmups 1 >"$BATS_TEST_TMPDIR/a" 2>&1 3>&- &
	a=$!
	"$bin/compressor_monitor" bench -q --codec kernel:lz4 --corpora mixed_50_50 --max-size 1MiB --runs 1 --warmups 1 >"$BATS_TEST_TMPDIR/b" 2>&1 3>&- &
	b=$!
	wait $one
	wait $two
	wait $a || { cat "$BATS_TEST_TMPDIR/a"; false; }
	wait $b || { cat "$BATS_TEST_TMPDIR/b"; false; }
	[ "$("$pool" status -q -f json | jq -s 'map(select(.type == "pool_status")) | length')" = 2 ]
	"$pool" reset -q --name one 3>&- &
	one=$!
	"$pool" reset -q --name two 3>&- &
	two=$!
	"$pool" recover -q
	wait $one
	wait $two
	clean
}

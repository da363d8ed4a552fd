#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# ram_pool on this guest's kernel: every algorithm it has with real pages out and back, cgroup v2's memory.reclaim,
# and what the kernel counts beside what is said.

bats_require_minimum_version 1.5.0
load ../live/pool_helpers
pool=$BATS_TEST_DIRNAME/../../build/bin/ram_pool

setup() {
	need_zram
	export COLDPRESS_STATE_DIR=$BATS_TEST_TMPDIR/state
	"$pool" recover -q # makes the directory
	before=$(machine) group=''
}

teardown() {
	local book
	for book in "$COLDPRESS_STATE_DIR"/pool.*.book; do
		[ ! -e "$book" ] || "$pool" reset -q --force --name "$(basename "$book" .book | sed 's/^pool\.//')"
	done
	[ -z "$group" ] || rmdir "$group"
}

restored() {
	local now
	now=$(machine)
	[ "$now" = "$before" ] || { diff <(echo "$before") <(echo "$now"); return 1; }
}

# begin [DIRECTORY] - a holder of 16 MiB that are out, in this control group.
begin() {
	if [ -n "${1-}" ]; then
		coproc H { echo $BASHPID >"$1/cgroup.procs" && exec perl -e "$holder_program" 16; }
	else
		coproc H { exec perl -e "$holder_program" 16; }
	fi
	keep_coproc "${H[@]}"
	said out
}

said() {
	local line
	read -r -u "$from" -t 120 line
	[ "$line" = "$1" ]
}

end() {
	echo end >&"$to"
	said same
	wait "$H_PID" || true
}

# through ALGORITHM - 16 MiB go through a pool of it: what status says is what the kernel says, and they come back.
through() {
	local made device status orig compr used limit same huge
	case " $(tr -d '[]' </sys/block/zram0/comp_algorithm) " in
	*" $1 "*) ;;
	*)
		run --separate-stderr "$pool" setup --algo "$1" --size 64MiB
		[ "$status" -eq 2 ]
		[[ $stderr == *"'$1'"* ]]
		restored
		skip "this kernel's zram has no $1 (and setup said so)"
		;;
	esac
	made=$("$pool" setup --algo "$1" --size 64MiB --mem-limit 32MiB -f json)
	[ "$(field algorithm <<<"$made")" = "$1" ]
	device=$(field device <<<"$made")
	begin
	status=$("$pool" status -f json)
	read -r orig compr used limit _ same _ huge _ <"/sys/block/${device#/dev/}/mm_stat"
	[ "$orig" -ge $((15 << 20)) ]
	[ "$(field orig_bytes <<<"$status")" = "$orig" ]
	[ "$(field compr_bytes <<<"$status")" = "$compr" ]
	[ "$(field used_bytes <<<"$status")" = "$used" ]
	[ "$(field limit_bytes <<<"$status")" = "$limit" ]
	[ "$(field same_pages <<<"$status")" = "$same" ]
	[ "$(field incompressible_pages <<<"$status")" = "$huge" ]
	head -n 1 <<<"$status" | jq -e '(.incompressible_share * 100 | round) == 50'
	echo "# $1: $orig bytes as $compr, in $used" >&3
	json=$("$pool" trigger readback --db none --pid "$H_PID" -f json)
	[ "$(field moved_pages <<<"$json")" -ge 4000 ]
	json=$("$pool" trigger compress --db none --pid "$H_PID" --amount 8MiB -f json)
	[ "$(field moved_pages <<<"$json")" -ge 1900 ]
	end
	"$pool" reset -q
	restored
}

@test "pages through a pool of zstd" { through zstd; }
@test "pages through a pool of lz4hc" { through lz4hc; }
@test "pages through a pool of deflate" { through deflate; }
@test "pages through a pool of lz4" { through lz4; }
@test "pages through a pool of lzo-rle" { through lzo-rle; }

@test "cgroup v2 alone: memory.reclaim drives a group's pages into the pool, its own count and the pool's agree" {
	[ "$(awk '$3 ~ /^cgroup/ { print $3 }' /proc/mounts)" = cgroup2 ]
	"$pool" setup --algo zstd --size 64MiB --mem-limit 32MiB -q >/dev/null
	group=/sys/fs/cgroup/vm-test
	mkdir "$group"
	begin "$group"
	"$pool" trigger readback --db none --pid "$H_PID" -q >/dev/null
	in_pool() { "$pool" status -f json | field orig_bytes; }
	swapped_before=$(cat "$group/memory.swap.current") pool_before=$(in_pool)
	# It returns EAGAIN when it got less than asked for.
	echo 8M >"$group/memory.reclaim" || true
	swapped=$(($(cat "$group/memory.swap.current") - swapped_before)) pooled=$(($(in_pool) - pool_before))
	echo "# reclaimed 8 MiB: the group's swap grew by $swapped, the pool by $pooled" >&3
	[ "$swapped" -ge $((4 << 20)) ]
	# Slots kept for pages that were read back may go at any time: a MiB of them is not looked at.
	[ $((swapped - pooled)) -le $((1 << 20)) ]
	[ $((pooled - swapped)) -le $((1 << 20)) ]
	end
	"$pool" reset -q
	rmdir "$group"
	group=''
	restored
}

@test "a pool that is full: what does not fit stays in RAM, status says so, nothing is lost" {
	"$pool" setup --algo zstd --size 64MiB --mem-limit 4MiB -q >/dev/null
	begin # all it could: half of it is random
	status=$("$pool" status -f json)
	[ "$(field failed_writes <<<"$status")" -gt 0 ]
	[ "$(field used_bytes <<<"$status")" -le $((5 << 20)) ]
	[[ $(field warning <<<"$status") != null ]]
	end
	"$pool" reset -q
	restored
}

@test "a workload in a cage on cgroup v2 alone is bounded there, and its pages go through the pool" {
	"$pool" setup --algo zstd --size 128MiB --mem-limit 64MiB -q >/dev/null
	json=$("$pool" trigger compress --db none --profile light --duration 4s -f json)
	[ "$(field written_pages <<<"$json")" -ge 4096 ]
	[ "$(field orig_peak_bytes <<<"$json")" -ge $((8 << 20)) ]
	[ -z "$(find /sys/fs/cgroup -mindepth 1 -type d -name 'coldpress*')" ]
	"$pool" reset -q
	restored
}

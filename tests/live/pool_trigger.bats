#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# ram_pool trigger: pages of a process out and back, checked against the process's own VmSwap and fault counts.

load pool_helpers
bats_require_minimum_version 1.5.0
pool=$BATS_TEST_DIRNAME/../../build/bin/ram_pool
pages=4096 # of the holder

setup_file() {
	need_zram
	export COLDPRESS_STATE_DIR=$BATS_FILE_TMPDIR/state
	"$pool" setup --algo lz4 --size 128MiB --mem-limit 64MiB -q >/dev/null
}

teardown_file() {
	[ -z "${COLDPRESS_STATE_DIR-}" ] || "$pool" reset -q
}

# begin_holder - 16 MiB that are out; its descriptors are ${H[0]} and ${H[1]}, its PID is $H_PID.
begin_holder() {
	coproc H { exec perl -e "$holder_program" 16; }
	said out
}

said() {
	local line
	read -r -u "${H[0]}" -t 20 line
	[ "$line" = "$1" ]
}

swapped_pages() {
	awk '/^VmSwap:/ { print $2 / 4 }' "/proc/$H_PID/status"
}

# touch_all - sets minor and major to the faults that reading a byte of each page took.
touch_all() {
	local before after
	read -ra before <<<"$(faults "$H_PID")"
	echo touch >&"${H[1]}"
	said touched
	read -ra after <<<"$(faults "$H_PID")"
	minor=$((after[0] - before[0])) major=$((after[1] - before[1]))
}

end_holder() {
	echo end >&"${H[1]}"
	said same
	wait "$H_PID" || true
}

@test "readback by prefault: every page is mapped, the process does not fault, and nothing has changed" {
	begin_holder
	[ "$(swapped_pages)" -ge "$pages" ]
	json=$("$pool" trigger readback --pid "$H_PID" -f json)
	[ "$(field moved_pages <<<"$json")" -ge "$pages" ]
	[ "$(field skipped_pages <<<"$json")" = 0 ]
	[ "$(swapped_pages)" = 0 ]
	touch_all
	[ "$major" = 0 ]
	[ "$minor" -le 20 ]
	end_holder
}

@test "readback by willneed: a short fault a page is left" {
	begin_holder
	"$pool" trigger readback --pid "$H_PID" --how willneed -q >/dev/null
	touch_all
	[ "$major" -le 20 ]
	[ "$minor" -ge $((pages / 16)) ] # one fault may map a few neighbours
	end_holder
}

@test "without readback the process takes the faults itself" {
	begin_holder
	touch_all
	[ "$major" -ge $((pages / 16)) ]
	end_holder
}

@test "compress: what it says is out is out, by the process's own VmSwap" {
	begin_holder
	"$pool" trigger readback --pid "$H_PID" -q >/dev/null
	had=$(swapped_pages)
	json=$("$pool" trigger compress --pid "$H_PID" --amount 8MiB -f json)
	[ "$(field candidate_pages <<<"$json")" = 2048 ]
	moved=$(field moved_pages <<<"$json")
	[ "$moved" -ge 1900 ]
	[ "$(($(swapped_pages) - had))" = "$moved" ]
	[ "$(($(field moved_pages <<<"$json") + $(field skipped_pages <<<"$json")))" = 2048 ]
	json=$("$pool" trigger compress --pid "$H_PID" --amount 50% -f json)
	[ "$(field moved_pages <<<"$json")" -lt $((pages - moved)) ]
	end_holder
}

@test "a light profile drives pages through the pool and leaves none in it" {
	[ -x "$BATS_TEST_DIRNAME/../../build/bin/workload" ] || skip "workload is not built"
	json=$("$pool" trigger compress --profile light --duration 1s -f json)
	[ "$(field written_pages <<<"$json")" -ge 4096 ]
	[ "$(field orig_peak_bytes <<<"$json")" -ge $((8 << 20)) ]
	[ "$(field orig_after_bytes <<<"$json")" -le $((1 << 20)) ]
	run compgen -G "$COLDPRESS_STATE_DIR/trigger.*"
	[ "$status" -eq 1 ]
}

@test "a trigger killed in its load: recover ends the load" {
	[ -x "$BATS_TEST_DIRNAME/../../build/bin/workload" ] || skip "workload is not built"
	"$pool" trigger compress --profile light --duration 60s -q >/dev/null 3>&- &
	for _ in $(seq 100); do compgen -G "$COLDPRESS_STATE_DIR/trigger.*" >/dev/null && break; sleep 0.02; done
	for _ in $(seq 100); do load=$(pgrep -P $! workload) && break; sleep 0.02; done
	sleep 0.3
	kill -9 $!
	wait $! || true
	kill -0 "$load"
	"$pool" recover -q
	for _ in $(seq 100); do kill -0 "$load" 2>/dev/null || break; sleep 0.02; done
	run kill -0 "$load"
	[ "$status" -ne 0 ]
}

@test "a PID that is not there, none at all, an amount without a unit or above everything" {
	run --separate-stderr "$pool" trigger compress --pid 4194304
	[ "$status" -eq 1 ]
	# shellcheck disable=SC2154 # run sets it
	[[ $stderr == *"no process 4194304"* ]]
	run --separate-stderr "$pool" trigger readback
	[ "$status" -eq 2 ]
	run --separate-stderr "$pool" trigger compress --pid $$ --amount 5
	[ "$status" -eq 2 ]
	run --separate-stderr "$pool" trigger compress --pid $$ --amount 150%
	[ "$status" -eq 2 ]
}

#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# ram_pool trigger: pages of a process swapped out and in, checked against the process's own VmSwap and fault counts.

load pool_helpers
bats_require_minimum_version 1.5.0
pages=4096 # of the holder

setup_file() {
	own_state
	export made
	made=$("$pool" setup --algo lz4 --size 128MiB --mem-limit 64MiB -f json)
}

teardown() {
	end_group
	for name in small raw first; do
		! "$pool" status -q -f json | grep -q "\"$name\"" || "$pool" reset -q --force --name $name
	done
}

teardown_file() {
	[ -z "${COLDPRESS_STATE_DIR-}" ] || "$pool" reset -q
}

# touch_all - sets minor and major to the faults that reading a byte of each page took.
touch_all() {
	local before after
	read -ra before <<<"$(faults "$H_PID")"
	echo touch >&"$to"
	said touched
	read -ra after <<<"$(faults "$H_PID")"
	minor=$((after[0] - before[0])) major=$((after[1] - before[1]))
}

@test "readback by prefault: every page is mapped, the process does not fault, and nothing has changed" {
	begin_holder 16
	[ "$(swapped_pages)" -ge "$pages" ]
	json=$("$pool" trigger readback --db none --pid "$H_PID" -f json)
	[ "$(field moved_pages <<<"$json")" -ge "$pages" ]
	[ "$(field skipped_pages <<<"$json")" = 0 ]
	[ "$(swapped_pages)" = 0 ]
	touch_all
	[ "$major" = 0 ]
	[ "$minor" -le 20 ]
	end_holder
}

@test "readback by willneed: minor faults remain" {
	begin_holder 16
	"$pool" trigger readback --db none --pid "$H_PID" --how willneed -q >/dev/null
	touch_all
	[ "$major" -le 20 ]
	[ "$minor" -ge $((pages / 16)) ] # one fault may map a few neighbours
	end_holder
}

# swapped_of - how many of the movable pages of odd_mappings are swapped out.
swapped_of() {
	local n
	echo >&"$to"
	read -r -u "$from" -t 120 n
	echo "$n"
}

# Pages that are not on their list yet are passed over, so it may take more than one request.
all_out() {
	json=$("$pool" trigger compress --db none --pid "$odd" -f json)
	[ "$(swapped_of)" = "$movable" ]
}

@test "compress: what is beside locked, read-only and unmapped pages is swapped out, and what is left is counted" {
	for seed in 1 2 3; do
		coproc O { exec "$BATS_TEST_DIRNAME/../../build/tests/helpers/odd_mappings" $seed; }
		odd=$O_PID
		keep_coproc "${O[@]}"
		read -r -u "$from" -t 120 movable locked
		echo "seed $seed: $movable movable, $locked locked"
		until_true all_out
		echo "$json"
		[ "$(field locked_pages <<<"$json")" = "$locked" ]
		[ "$(field hugetlb_pages <<<"$json")" = 0 ]
		[ "$(field unmapped_pages <<<"$json")" = 0 ]
		[ "$(field skipped_pages <<<"$json")" -ge "$locked" ]
		kill "$odd"
		wait "$odd" || true
	done
}

@test "without readback the process takes the faults itself" {
	begin_holder 16
	touch_all
	[ "$major" -ge $((pages / 16)) ]
	end_holder
}

@test "compress: what it reports as swapped out is in the process's own VmSwap" {
	begin_holder 16
	"$pool" trigger readback --db none --pid "$H_PID" -q >/dev/null
	had=$(swapped_pages)
	json=$("$pool" trigger compress --db none --pid "$H_PID" --amount 8MiB -f json)
	[ "$(field candidate_pages <<<"$json")" = 2048 ]
	moved=$(field moved_pages <<<"$json")
	[ "$moved" -ge 1900 ]
	[ "$(($(swapped_pages) - had))" = "$moved" ]
	[ "$(($(field moved_pages <<<"$json") + $(field skipped_pages <<<"$json")))" = 2048 ]
	json=$("$pool" trigger compress --db none --pid "$H_PID" --amount 50% -f json)
	[ "$(field moved_pages <<<"$json")" -lt $((pages - moved)) ]
	end_holder
}

@test "readback by touch: the same pages, and the time of each" {
	begin_holder 16
	json=$("$pool" trigger readback --pid "$H_PID" --how touch --db "$BATS_TEST_TMPDIR/pool.db" -f json)
	[ "$(field moved_pages <<<"$json")" -ge "$pages" ]
	head -n 1 <<<"$json" | jq -e '.page_p50_us > 0 and .page_p99_us >= .page_p50_us and .page_max_us >= .page_p99_us'
	head -n 1 <<<"$json" | jq -e '.page_p50_us * .moved_pages <= .elapsed_ns / 1000 * 2'
	touch_all
	[ "$major" = 0 ]
	end_holder
	# And it is in the results database, as a run with its metrics.
	run "$BATS_TEST_DIRNAME/../../build/bin/coldpress" report --db "$BATS_TEST_TMPDIR/pool.db" --list
	[ "$status" -eq 0 ]
	[[ $output == *done*"trigger readback --pid "* ]]
	moved=$(sqlite3 "$BATS_TEST_TMPDIR/pool.db" "SELECT CAST(value AS INTEGER) FROM metric WHERE name = 'moved_pages'")
	[ "$moved" = "$(field moved_pages <<<"$json")" ]
}

@test "a trigger's record is saved beside a study's by default; a directory that cannot be written is no failure" {
	begin_holder 16
	# The calling user makes it, with their own rights.
	mkdir "$BATS_TEST_TMPDIR/here"
	chown 65534 "$BATS_TEST_TMPDIR/here"
	chmod 755 "$BATS_TEST_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_RUN_TMPDIR"
	cd "$BATS_TEST_TMPDIR/here"
	SUDO_UID=65534 SUDO_GID=65534 "$pool" trigger readback --pid "$H_PID" -q >/dev/null
	"$pool" trigger compress --pid "$H_PID" -q >/dev/null
	[ "$(sqlite3 coldpress-report/pool.db "SELECT count(*) FROM run WHERE state = 'ok'")" = 2 ]
	[ "$(stat -c %u coldpress-report coldpress-report/pool.db | sort -u)" = 65534 ]
	rm -r coldpress-report
	"$pool" trigger readback --pid "$H_PID" --db none -q >/dev/null
	[ -z "$(ls)" ]
	touch coldpress-report
	run --separate-stderr "$pool" trigger compress --pid "$H_PID" -q
	[ "$status" -eq 0 ]
	# shellcheck disable=SC2154 # run sets it
	[[ $stderr == *"not saved"*coldpress-report* ]]
	run --separate-stderr "$pool" trigger compress --pid "$H_PID" -q --db coldpress-report/other.db
	[ "$status" -eq 1 ]
	end_holder
}

@test "a kernel thread has no memory of its own; give one of --pid, --cgroup and --profile" {
	[ "$(cat /proc/2/comm)" = kthreadd ] || skip "no kernel thread to be seen"
	run --separate-stderr "$pool" trigger compress --db none --pid 2
	[ "$status" -eq 1 ]
	[[ $stderr == *"process 2 has no memory of its own: a kernel thread"* ]]
	# A zombie: its parent has become a program that does not wait for it.
	bash -c 'sleep 0 & echo $!; exec sleep 60' >"$BATS_TEST_TMPDIR/pid" 3>&- &
	parent=$!
	zombie() { grep -qs '^State:.*Z' "/proc/$(cat "$BATS_TEST_TMPDIR/pid")/status"; }
	until_true zombie
	run --separate-stderr "$pool" trigger readback --db none --pid "$(cat "$BATS_TEST_TMPDIR/pid")"
	kill "$parent"
	[ "$status" -eq 1 ]
	[[ $stderr == *"has no memory of its own"*"one that has ended"* ]]
	run --separate-stderr "$pool" trigger compress --db none --pid $$ --profile light
	[ "$status" -eq 2 ]
	[[ $stderr == *"only one of --pid, --cgroup and --profile"* ]]
	run --separate-stderr "$pool" trigger readback --db none
	[ "$status" -eq 2 ]
	[[ $stderr == *"give one of --pid and --profile"* ]]
	run --separate-stderr "$pool" status --pid $$ --cgroup /
	[ "$status" -eq 2 ]
	[[ $stderr == *"only one of --pid and --cgroup"* ]]
}

@test "after a prefault the next touch takes no fault, round after round" {
	touch=$BATS_TEST_DIRNAME/../../build/tests/helpers/next_touch
	[ -x "$touch" ] || skip "make tests builds next_touch"
	coproc H { exec "$touch" 16; }
	keep_coproc "${H[@]}"
	said ready
	for _ in 1 2 3 4 5; do
		echo out >&"$to"
		said out
		json=$("$pool" trigger readback --db none --pid "$H_PID" -f json)
		[ "$(field moved_pages <<<"$json")" -ge 4000 ]
		read -ra first <<<"$(faults "$H_PID")"
		echo touch >&"$to"
		read -r -u "$from" -t 120 line
		read -ra last <<<"$(faults "$H_PID")"
		echo "$line: minor $((last[0] - first[0])), major $((last[1] - first[1]))"
		[ $((last[1] - first[1])) -eq 0 ]
		[ $((last[0] - first[0])) -le 64 ]
	done
	end=${H[1]}
	exec {to}>&- {end}>&-
	wait "$H_PID" || true
}

@test "compress a cgroup: what it reports is the growth of its swap, and its limits are as before" {
	begin_group_holder 16
	was=$(settings_of_group)
	had=$(swapped_pages)
	json=$("$pool" trigger compress --db none --cgroup "$group" --amount 8MiB -f json)
	[ "$(field candidate_pages <<<"$json")" = 2048 ]
	moved=$(field moved_pages <<<"$json")
	# The kernel reclaims in batches of 32, and counts the group's pages by CPU: not to the page.
	[ "$moved" -ge 1700 ]
	[ "$moved" -le 3000 ]
	gone=$(($(swapped_pages) - had))
	[ "$gone" -ge $((moved - 256)) ]
	[ "$gone" -le $((moved + 256)) ]
	[ "$(settings_of_group)" = "$was" ]
	# By its path below the mount point, and everything.
	top=/sys/fs/cgroup/memory
	[ -d "$top" ] || top=/sys/fs/cgroup
	"$pool" trigger compress --db none --cgroup "${group#"$top"}" -q >/dev/null
	[ "$(swapped_pages)" -ge $((pages * 3 / 4)) ]
	[ "$(settings_of_group)" = "$was" ]
	end_group_holder
}

@test "a cgroup that does not exist, the root, a path that leads out of the hierarchy" {
	limited_group "coldpress-trigger-$$-$BATS_TEST_NUMBER"
	run --separate-stderr "$pool" trigger compress --db none --cgroup "$group/none"
	[ "$status" -eq 1 ]
	# shellcheck disable=SC2154 # run sets it
	[[ $stderr == *"none not found"* ]]
	for path in / "${group%/*}/../../../../../../../etc" "$(printf 'x%.0s' {1..5000})"; do
		run --separate-stderr "$pool" trigger compress --db none --cgroup "$path"
		[ "$status" -ne 0 ]
		[ "$status" -le 2 ]
		[[ $stderr == "ram_pool: "* ]]
	done
	run --separate-stderr "$pool" trigger compress --db none --cgroup "$group" --pid $$
	[ "$status" -eq 2 ]
	remove_group "$group"
}

@test "pages whose write failed have not moved: counted, reported, and unchanged" {
	"$pool" setup --algo lz4 --size 128MiB --mem-limit 4MiB --name small -q >/dev/null
	begin_holder 16
	"$pool" trigger readback --db none --name small --pid "$H_PID" -q >/dev/null
	run --separate-stderr "$pool" trigger compress --db none --name small --pid "$H_PID" -f json
	[ "$status" -eq 0 ]
	failed=$(field failed_writes <<<"$output") moved=$(field moved_pages <<<"$output")
	echo "# $moved pages moved, $failed writes failed" >&3
	# shellcheck disable=SC2154 # run sets it
	[[ $stderr == *"writes failed"*"memory limit"* ]]
	[ "$failed" -gt 500 ]
	[ $((moved + $(field skipped_pages <<<"$output"))) = "$(field candidate_pages <<<"$output")" ]
	# Half of them are random, so the limit takes 1,024 of these and their neighbours.
	[ "$moved" -lt $((pages * 3 / 4)) ]
	end_holder
	"$pool" reset -q --name small
}

@test "pages that go to another swap are reported; a pool that is not swap is not chosen, and refused by name" {
	"$pool" setup --size 64MiB --raw --name raw -q >/dev/null
	"$pool" setup --algo lz4 --size 64MiB --priority 100 --name first -q >/dev/null
	begin_holder 16
	"$pool" trigger readback --db none --name first --pid "$H_PID" -q >/dev/null
	run --separate-stderr "$pool" trigger compress --db none --name "$(field name <<<"$made")" --pid "$H_PID" -f json
	[ "$status" -eq 0 ]
	[ "$(field moved_pages <<<"$output")" -ge $((pages * 3 / 4)) ]
	# shellcheck disable=SC2154
	[[ $stderr == *"another swap is used before it"* ]]
	run --separate-stderr "$pool" trigger compress --db none --name raw --pid "$H_PID"
	[ "$status" -eq 2 ]
	[[ $stderr == *"raw is not swap"* ]]
	end_holder
	"$pool" reset -q --name first
	# Of what is left one is a swap: it need not be named.
	begin_holder 1
	"$pool" trigger readback --db none --pid "$H_PID" -q >/dev/null
	end_holder
	"$pool" reset -q --name raw
}

@test "what a cgroup has in the swap cache is its own" {
	begin_group_holder 16
	"$pool" trigger compress --db none --pid "$H_PID" -q >/dev/null
	"$pool" trigger readback --db none --pid "$H_PID" --how willneed -q >/dev/null
	"$pool" status --cgroup "$group" -f json | head -n 1 | jq -e '.foreign_bytes < 2097152'
	end_group_holder
}

@test "a full disk for the results database: the record is printed, and the trigger has failed" {
	mkdir "$BATS_TEST_TMPDIR/full"
	mount -t tmpfs -o size=16k full "$BATS_TEST_TMPDIR/full" || skip "no right to mount"
	begin_holder 16
	run --separate-stderr "$pool" trigger readback --db "$BATS_TEST_TMPDIR/full/x.db" --pid "$H_PID" -f json
	umount "$BATS_TEST_TMPDIR/full"
	[ "$status" -eq 1 ]
	# shellcheck disable=SC2154
	[[ $stderr == *"x.db"* ]]
	[ "$(field moved_pages <<<"$output")" -ge "$pages" ]
	end_holder
}

@test "^C: what had moved by then, and that it was stopped" {
	command -v strace >/dev/null || skip "no strace"
	begin_holder 64
	# A page a call; the signal comes with the hundredth.
	strace -f -qq -o /dev/null -e trace=process_vm_readv -e inject=process_vm_readv:signal=INT:when=100 \
		"$pool" trigger readback --how touch --pid "$H_PID" --db "$BATS_TEST_TMPDIR/pool.db" -f json \
		>"$BATS_TEST_TMPDIR/record"
	[ "$(field moved_pages <"$BATS_TEST_TMPDIR/record")" -ge 90 ]
	[ "$(field moved_pages <"$BATS_TEST_TMPDIR/record")" -lt 16384 ]
	[ "$(field stopped <"$BATS_TEST_TMPDIR/record")" = true ]
	[ "$(tail -n 1 "$BATS_TEST_TMPDIR/record" | jq -r .reason)" = signal ]
	[ "$(sqlite3 "$BATS_TEST_TMPDIR/pool.db" "SELECT state FROM run")" = failed ]
	end_holder
}

@test "a directory for the results database that is a link is not followed" {
	mkdir "$BATS_TEST_TMPDIR/here" "$BATS_TEST_TMPDIR/other"
	cd "$BATS_TEST_TMPDIR/here"
	ln -s ../other coldpress-report
	begin_holder 1
	run --separate-stderr "$pool" trigger readback --pid "$H_PID" -q
	[ "$status" -eq 0 ]
	# shellcheck disable=SC2154
	[[ $stderr == *"not saved"* ]]
	[ -z "$(ls ../other)" ]
	end_holder
}

# stopped_load FIELD BYTES TRIGGER... - a load that is stopped once the status of $name says so much; its record in $json.
stopped_load() {
	local field=$1 bytes=$2
	"$pool" trigger "${@:3}" --db none --name "$name" --duration 300s -f json >"$BATS_TEST_TMPDIR/record" 3>&- &
	local load=$!
	until_true at_least "$bytes" "$field" --name "$name"
	kill -INT $load
	wait $load
	json=$(cat "$BATS_TEST_TMPDIR/record")
}

@test "a light profile drives pages through the pool and leaves none in it" {
	[ -x "$BATS_TEST_DIRNAME/../../build/bin/workload" ] || skip "workload is not built"
	"$pool" setup --algo lz4 --size 128MiB --mem-limit 64MiB --priority 200 --name first -q >/dev/null
	name=first
	stopped_load written_bytes $((16 << 20)) compress --profile light
	[ "$(field written_pages <<<"$json")" -ge 4096 ]
	[ "$(field orig_peak_bytes <<<"$json")" -ge $((8 << 20)) ]
	[ "$(field orig_after_bytes <<<"$json")" -le $((1 << 20)) ]
	"$pool" reset -q --name first
	run compgen -G "$COLDPRESS_STATE_DIR/trigger.*"
	[ "$status" -eq 1 ]
}

@test "the profiles of readback read what has been swapped out" {
	[ -x "$BATS_TEST_DIRNAME/../../build/bin/workload" ] || skip "workload is not built"
	name=first
	for profile in readback burst; do
		"$pool" setup --algo lz4 --size 512MiB --mem-limit 256MiB --priority 200 --name first -q >/dev/null
		stopped_load read_bytes $((16 << 20)) readback --profile $profile
		echo "# $profile: $(field read_pages <<<"$json") pages read" >&3
		[ "$(field read_pages <<<"$json")" -ge 4096 ]
		"$pool" reset -q --name first
	done
}

@test "a load that cannot be done in its time: the reason is reported" {
	[ -x "$BATS_TEST_DIRNAME/../../build/bin/workload" ] || skip "workload is not built"
	run --separate-stderr "$pool" trigger readback --db none --profile burst --duration 100ms
	[ "$status" -eq 1 ]
	[[ $stderr == *"the load failed: the duration was over before the region was filled"*--duration* ]]
}

@test "a trigger killed in its load: recover ends the load" {
	[ -x "$BATS_TEST_DIRNAME/../../build/bin/workload" ] || skip "workload is not built"
	"$pool" trigger compress --db none --profile light --duration 60s -q >/dev/null 3>&- &
	noted() { grep -qs '"kind":"process"' "$COLDPRESS_STATE_DIR"/trigger.*; }
	until_true noted
	load=$(pgrep -P $! workload)
	kill -9 $!
	wait $! || true
	kill -0 "$load"
	"$pool" recover -q
	ended() { ! kill -0 "$load" 2>/dev/null; }
	until_true ended
}

@test "a PID that does not exist, none at all, an amount without a unit or above everything" {
	run --separate-stderr "$pool" trigger compress --db none --pid 4194304
	[ "$status" -eq 1 ]
	# shellcheck disable=SC2154 # run sets it
	[[ $stderr == *"process 4194304 not found"* ]]
	run --separate-stderr "$pool" trigger readback
	[ "$status" -eq 2 ]
	run --separate-stderr "$pool" trigger compress --db none --pid $$ --amount 5
	[ "$status" -eq 2 ]
	run --separate-stderr "$pool" trigger compress --db none --pid $$ --amount 150%
	[ "$status" -eq 2 ]
}

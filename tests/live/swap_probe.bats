#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# swap_probe while a process at the limit of its cgroup fills a pool of its own: what it counts against /proc/vmstat.
#
# shellcheck disable=SC2016 # jq's

load pool_helpers

bats_require_minimum_version 1.5.0

setup() {
	need_zram
	bin=$BATS_TEST_DIRNAME/../../build/bin helpers=$BATS_TEST_DIRNAME/../../build/tests/helpers
	probe_pid='' holder='' group='' mirror=''
	cd "$BATS_TEST_TMPDIR" || return
	"$bin/proc_create" --format json -q -d 1ms >can 2>&1 || skip "$(tail -n 2 can | tr '\n' ' ')"
	group=$(awk '$3 == "cgroup" && $4 ~ /(^|,)memory(,|$)/ { print $2; exit }' /proc/mounts)
	unified=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	limit=memory.limit_in_bytes
	if [ -n "$group" ]; then
		[ -z "$unified" ] || mirror=$unified/coldpress-test-$$
	else
		group=$unified limit=memory.max
	fi
	group=$group/coldpress-test-$$
	mkdir "$group" || skip "no cgroup can be made"
	[ -z "$mirror" ] || mkdir "$mirror" || mirror=''
	[ -e "$group/$limit" ] || skip "no memory controller"
	echo 16777216 >"$group/$limit"
}

teardown() {
	[ -z "$probe_pid" ] || kill -9 "$probe_pid" 2>/dev/null || true
	[ -z "$holder" ] || kill -9 "$holder" 2>/dev/null || true
	for dir in $group $mirror; do
		for _ in $(seq 40); do
			if [ ! -d "$dir" ] || rmdir "$dir" 2>/dev/null; then break; fi
			sleep 0.05
		done
	done
	[ -z "${COLDPRESS_STATE_DIR-}" ] || "$bin/ram_pool" reset -q
}

a_pool() {
	export COLDPRESS_STATE_DIR=$BATS_TEST_TMPDIR/state
	"$bin/ram_pool" setup --size 64MiB --mem-limit 64MiB -f json -q >pool
}

# watch OPTION... - swap_probe with its records in `out`, attached.
watch() {
	"$bin/swap_probe" --format json -q -i 20ms "$@" >out 2>err &
	probe_pid=$!
	for _ in $(seq 200); do
		if grep -q '"type":"ready"' out; then return 0; fi
		sleep 0.05
	done
	return 1
}

# another - waits for a record of an interval that begins from now on.
another() {
	local n
	n=$(grep -c '"type":"swap_probe"' out || true)
	for _ in $(seq 400); do
		if [ "$(grep -c '"type":"swap_probe"' out || true)" -ge $((n + 2)) ]; then return 0; fi
		sleep 0.02
	done
	return 1
}

unwatch() {
	another
	kill -INT "$probe_pid"
	wait "$probe_pid"
	probe_pid=''
}

# hold PAGES - in the group, until let_go; its PID in $holder.
hold() {
	rm -f hold held
	mkfifo hold
	bash -c 'for dir; do echo $$ >"$dir/cgroup.procs"; done; exec "$0" '"$1" "$helpers/hold_pages" "$group" \
		${mirror:+"$mirror"} <hold >held &
	holder=$!
	exec 7>hold
	for _ in $(seq 600); do
		if grep -q held held; then return 0; fi
		sleep 0.05
	done
	return 1
}

let_go() {
	exec 7>&-
	wait "$holder"
	ended=$holder holder=''
}

# vmstat NAME... - the sum of these counts, as far as the kernel has them.
vmstat() {
	cat /proc/sys/vm/stat_refresh >/dev/null 2>&1 || true # what CPUs have not added yet
	awk -v names=" $* " 'index(names, " " $1 " ") { n += $2 } END { print n + 0 }' /proc/vmstat
}

@test "8,191 pages through 16 MiB: pages out and in and folios written, as /proc/vmstat counts them; who stalled" {
	a_pool
	# Another process may swap between the two looks at /proc/vmstat: then once more.
	for _ in 1 2 3 4 5; do
		out=$(vmstat pswpout zswpout swpout_zero) in=$(vmstat pswpin zswpin swpin_zero)
		written=$(vmstat nr_vmscan_write)
		watch --by process --top 4096 --histogram
		hold 8191
		another
		let_go
		unwatch
		out=$(($(vmstat pswpout zswpout swpout_zero) - out)) in=$(($(vmstat pswpin zswpin swpin_zero) - in))
		written=$(($(vmstat nr_vmscan_write) - written))
		[ "$out" -ge 4095 ]
		# A reclaim that had begun before the probe did, of whomever: once more.
		[ "$(tail -n 1 out | jq '.missed + .unmatched')" -eq 0 ] || continue
		# Exactly: each reclaim that ended, and each ns of it, is someone's stall, and is in the histogram.
		jq -es 'map(select(.type == "swap_probe")) as $all |
			map(select(.type == "reclaim_stall")) as $stalls | map(select(.type == "reclaim_histogram")) as $bins |
			($all | map(.memcg_end + .direct_end) | add) as $ended |
			$ended > 0 and
			($stalls | map(.stalls) | add) == $ended and
			($stalls | map(.stall_ns) | add) == ($all | map(.memcg_ns + .direct_ns) | add) and
			($stalls | map(.pages) | add) == ($all | map(.memcg_pages + .direct_pages) | add) and
			($stalls | all(.max_ns <= .stall_ns) and any(.max_ns > 0 and .mean_ns <= .max_ns)) and
			($bins | map(select(.way != "kswapd").count) | add) == $ended and
			($bins | all(.low_ns < .high_ns and .cumulative_share <= 1.000001))' out
		jq -es --argjson pid "$ended" 'map(select(.type == "reclaim_stall" and .pid == $pid)) |
			length > 0 and all(.comm == "hold_pages" or .comm == "bash") and (map(.memcg_ns) | add) > 0' out
		# The pool holds them, while they are held.
		jq -es 'map(select(.type == "swap_probe")) | map(.swap_used_bytes) | max - min >= 4096 * 4096' out
		jq -es 'map(select(.type == "swap_probe")) | (map(.zram_orig_bytes) | max - min >= 4000 * 4096) and
			all(.zram_used_bytes >= 0 and (.memcg_scanned == null or .memcg_pages == 0 or .memcg_scanned > 0))' out
		counts=$(jq -rs 'map(select(.type == "swap_probe")) | [
			(map(.pswpout + (.zswpout // 0) + (.swpout_zero // 0)) | add),
			(map(.pswpin + (.zswpin // 0) + (.swpin_zero // 0)) | add),
			(map(.write_folio) | add)] | map(tostring) | join(" ")' out)
		[ "$counts" != "$out $in $written" ] || return 0
		echo "swap_probe: $counts; vmstat: $out $in $written"
	done
	false
}

@test "the rest after the last whole interval has a record, whatever ends the probe; the plain line has none" {
	for how in "-d 1050ms" INT; do
		options=''
		[ "$how" = INT ] || options=$how
		# shellcheck disable=SC2086 # options
		"$bin/swap_probe" --format json -q -i 1s $options >out &
		probe_pid=$!
		for _ in $(seq 200); do
			if grep -q '"type":"ready"' out; then break; fi
			sleep 0.05
		done
		[ "$how" != INT ] || { sleep 0.3; kill -INT "$probe_pid"; }
		wait "$probe_pid"
		probe_pid=''
		# All of the time from ready on is in a record.
		jq -es '.[0].ts_ns as $begin | map(select(.type == "swap_probe")) | length >= 1 and
			((map(.interval_ns) | add) - (.[-1].ts_ns - $begin) | fabs) < 1e8 and
			.[-1].interval_ns < 1e9' out
	done
	run -0 "$bin/swap_probe" -q -i 100ms -d 300ms
	[ "${#lines[@]}" -eq 3 ]
	run -0 "$bin/swap_probe" -q -i 100ms -d 350ms
	[ "${#lines[@]}" -eq 3 ]
}

@test "--by cgroup: the group that stalled, by its path" {
	[ -n "$unified" ] || skip "cgroup2 is not mounted"
	a_pool
	watch --by cgroup
	hold 8191
	let_go
	unwatch
	path=/coldpress-test-$$
	jq -es --arg path "$path" 'map(select(.type == "reclaim_stall" and .cgroup_path == $path)) |
		length > 0 and all(.pid == null and .comm == "hold_pages" and .memcg > 0 and .stall_share > 0)' out
}

@test "last_pid is that of the latest event by time, whichever CPU it was on" {
	grep -q mm_vmscan_reclaim_pages < <("$bin/swap_probe" --format json -q -d 1ms) ||
		skip "this kernel has no hook mm_vmscan_reclaim_pages"
	last=$(($(nproc) - 1))
	for cpus in "0 $last" "$last 0"; do
		watch
		for cpu in $cpus; do
			pid=$(taskset -c "$cpu" "$helpers/major_faults" "$BATS_TEST_TMPDIR/file" 53 | grep -o 'pid=[0-9]*')
		done
		another
		# Somebody else may reclaim after them; what is told must be of the latest, or of those.
		unwatch
		jq -es --argjson pid "${pid#pid=}" 'map(select(.type == "swap_probe")) as $all |
			($all | map(.reclaim_pages > 0) | rindex(true)) as $i | $all[$i].last_pid == $pid or
			($all[$i] | .memcg_end + .direct_end + .kswapd_wake + .kswapd_sleep + .write_folio) > 0' out
	done
}

@test "the line of the specification stays as it is beside --by and --histogram" {
	run -0 "$bin/swap_probe" -q -i 100ms -d 350ms --by process --histogram
	[ "$(grep -cE '^swap_probe ts=[0-9]+ kswapd_wake=[0-9-]+ .* last_comm=[!-<>-~]+$' <<<"$output")" -eq 3 ]
	run -2 "$bin/swap_probe" --by nobody -d 1ms
	run -2 "$bin/swap_probe" --top 0 -d 1ms
}

#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# pool_probe under swap: a process in a cgroup of half its size, a pool of its own; compared with the device's own
# counts.
#
# shellcheck disable=SC2016 # perl's and jq's

load pool_helpers

setup() {
	need_zram
	bin=$BATS_TEST_DIRNAME/../../build/bin probe_pid='' group='' device=''
	cd "$BATS_TEST_TMPDIR" || return
	"$bin/proc_create" --format json -q -d 1ms >can 2>&1 || skip "$(tail -n 2 can | tr '\n' ' ')"
	export COLDPRESS_STATE_DIR=$BATS_TEST_TMPDIR/state
	group=$(awk '$3 == "cgroup" && $4 ~ /(^|,)memory(,|$)/ { print $2; exit }' /proc/mounts)
	limit=memory.limit_in_bytes
	[ -n "$group" ] || {
		group=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
		limit=memory.max
	}
	group=$group/coldpress-test-$$
	mkdir "$group" || skip "no cgroup can be made"
	[ -e "$group/$limit" ] || skip "no memory controller"
	echo 16777216 >"$group/$limit"
	"$bin/ram_pool" setup --size 64MiB --mem-limit 64MiB -f json -q >pool
	device=$(jq -r 'select(.device) | .device' pool | head -n 1)
}

teardown() {
	[ -z "$probe_pid" ] || kill -9 "$probe_pid" 2>/dev/null || true
	[ -z "$group" ] || [ ! -d "$group" ] || rmdir "$group"
	[ -z "$COLDPRESS_STATE_DIR" ] || "$bin/ram_pool" reset -q
}

@test "32 MiB through 16 MiB of RAM, twice: what was stored and loaded, by whom, and how long it was out" {
	zram=${device##*/}
	"$bin/pool_probe" --format json -q --device "$device" --by pid >out &
	probe_pid=$!
	for _ in $(seq 100); do
		if grep -q '"type":"ready"' out; then break; fi
		sleep 0.05
	done
	read -r _ _ before_read _ _ _ before_written _ <"/sys/block/$zram/stat"
	bash -c 'echo $$ >"$1/cgroup.procs"; echo $$ >pid; exec perl -e "my \$s = q(x) x (32 << 20); my \$n = 0;
		for my \$round (1, 2) { \$n += ord substr \$s, \$_ << 12, 1 for 0 .. (32 << 8) - 1 }"' - "$group"
	read -r _ _ read _ _ _ written _ <"/sys/block/$zram/stat"
	kill -INT "$probe_pid"
	wait "$probe_pid"
	probe_pid=''
	cat out
	jq -es --argjson stored $(((written - before_written) / 8)) --argjson loaded $(((read - before_read) / 8)) \
		--argjson pid "$(cat pid)" '
		map(select(.type == "pool_probe_by" and .pid == $pid))[0] as $own |
		map(select(.type == "pool_probe_summary"))[0] |
		.stores == $stored and .loads == $loaded and .stores > 4096 and .loads > 4096 and .unknown == 0 and
		.unmatched == 0 and .missed == 0 and .freed <= .stores and .freed > .stores * 0.9 and
		$own.comm == "perl" and $own.stores > .stores * 0.9 and $own.loads > .loads * 0.9 and
		$own.residence_p50_ns > 0 and .residence_p50_ns <= .residence_max_ns and
		(.survival | length) > 0 and (.survival | . == (sort | reverse)) and .survival[0] <= 1' out
}

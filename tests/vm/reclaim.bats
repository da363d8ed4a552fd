#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# swap_probe where a whole machine runs short, which only a guest may: a hog larger than its RAM, with a zram swap in
# place. Direct reclaim, kswapd's and that for a cgroup's limit are told apart, and each is what the kernel's own
# counters say: allocstall, pageoutrun (one for each time that kswapd sets to work), pgsteal_*, memory.stat.
#
# shellcheck disable=SC2016 # jq's

bats_require_minimum_version 1.5.0
load ../live/pool_helpers
export BATS_TEST_TIMEOUT=600

setup() {
	need_zram
	bin=$BATS_TEST_DIRNAME/../../build/bin helpers=$BATS_TEST_DIRNAME/../../build/tests/helpers
	probe_pid='' holders=() group='' device=''
	cd "$BATS_TEST_TMPDIR" || return
	device=/dev/zram$(cat /sys/class/zram-control/hot_add)
	echo 1G >"/sys/block/${device#/dev/}/disksize"
	mkswap -q "$device"
	swapon "$device"
}

teardown() {
	[ -z "$probe_pid" ] || kill -9 "$probe_pid" 2>/dev/null || true
	[ ${#holders[@]} -eq 0 ] || let_go
	[ -z "$group" ] || remove_group "$group"
	swapoff "$device"
	echo 1 >"/sys/block/${device#/dev/}/reset"
	echo "${device#/dev/zram}" >/sys/class/zram-control/hot_remove
}

# look FILE - the kernel's counts into it, one a line, those of single zones added up.
look() {
	awk '{ sub(/^allocstall_.*/, "allocstall", $1); n[$1] += $2 } END { for (name in n) print name, n[name] }' \
		/proc/vmstat | sort >"$1"
}

# grown NAME - by how much a count grew from look `before` to look `after`.
grown() { join before after | awk -v name="$1" '$1 == name { print $3 - $2 }'; }

# calm - until nobody reclaims and kswapd has gone to sleep.
calm() {
	until look one && sleep 0.5 && look two && cmp -s <(grep -E '^(pageoutrun|pgscan_)' one) \
		<(grep -E '^(pageoutrun|pgscan_)' two); do :; done
}

records() { grep -c '"type":"swap_probe"' out || true; }

watch() {
	"$bin/swap_probe" --format json -q -i 200ms --by process --top 4096 --histogram >out 2>err &
	probe_pid=$!
	until grep -q '"type":"ready"' out; do
		kill -0 "$probe_pid"
		sleep 0.05
	done
}

# unwatch - once the record of an interval that began from now on is there.
unwatch() {
	local n
	n=$(records)
	while [ "$(records)" -lt $((n + 2)) ]; do sleep 0.1; done
	kill -INT "$probe_pid"
	wait "$probe_pid"
	probe_pid=''
	tail -n 1 out | jq -e '.dropped == 0 and .missed == 0 and .unmatched == 0'
}

# hold PAGES... - each in a process of its own, all at once, in $group where there is one; returns when all are filled.
hold() {
	local pages i
	rm -f hold
	mkfifo hold
	exec 7<>hold
	for pages; do
		bash -c '[ -z "$0" ] || echo $$ >"$0/cgroup.procs"; exec "$@"' "$group" "$helpers/hold_pages" "$pages" \
			<hold >"held${#holders[@]}" 7>&- &
		holders+=($!)
	done
	for ((i = 0; i < $#; i++)); do
		until grep -q held "held$i"; do
			kill -0 "${holders[i]}"
			sleep 0.1
		done
	done
}

let_go() {
	exec 7>&-
	kill "${holders[@]}" 2>/dev/null || true
	wait "${holders[@]}" || true
	holders=()
}

# check CONDITION - of jq's, where $all has the sum over all intervals of each field, $stalls those of the records of
# --by, $bins the numbers in the histogram by way, $kernel what /proc/vmstat grew by.
check() {
	jq -es --argjson kernel "$(join before after | jq -Rn '[inputs / " " | {(.[0]): ((.[2] | tonumber) -
		(.[1] | tonumber))}] | add')" 'map(select(.type == "swap_probe")) as $each | map(select(.type ==
		"reclaim_stall")) as $s | (["direct", "memcg", "kswapd"] | map({(.): 0}) | add) as $none |
		($each[0] | keys_unsorted | map(select($each[0][.] | type == "number" or . == null)) |
			map(. as $key | {($key): ($each | map(.[$key]) | add)}) | add) as $all |
		(["stalls", "direct", "memcg", "direct_ns", "memcg_ns", "pages"] |
			map(. as $key | {($key): ($s | map(.[$key]) | add)}) | add) as $stalls |
		($none + (map(select(.type == "reclaim_histogram")) | group_by(.way) |
			map({(.[0].way): (map(.count) | add)}) | add // {})) as $bins | '"$1" out || {
		echo "$1"
		jq -cs 'map(select(.type == "swap_probe"))[0]' out
		join before after | awk '$3 > $2 { print $1, $3 - $2 }'
		return 1
	}
}

@test "a hog larger than RAM: direct reclaim and kswapd's, each as the kernel counts it, and none for a cgroup" {
	ram=$(awk '/^MemTotal/ { print int($2 / 4) }' /proc/meminfo) kswapd=/proc/$(pgrep -x kswapd0)/schedstat
	calm
	look before
	read -r cpu_before _ <"$kswapd"
	watch
	hold $((ram / 2)) $((ram / 2 + 8191))
	calm
	unwatch
	read -r cpu_after _ <"$kswapd"
	look after
	let_go
	# kswapd sets to work once for each wake; it may nap a while before it sleeps, and look again.
	check '$all.direct_begin > 0 and $all.direct_begin == $kernel.allocstall and
		$all.direct_end == $all.direct_begin and $all.kswapd_wake > 0 and
		$all.kswapd_wake == $kernel.pageoutrun and $all.kswapd_sleep > 0 and
		$all.kswapd_sleep <= $all.kswapd_wake'
	# The tracepoint has slab pages, too.
	check '$kernel.pgsteal_direct > 0 and $all.direct_pages >= $kernel.pgsteal_direct and
		$all.direct_pages <= $kernel.pgsteal_direct * 1.1'
	check '["allocstall", "pgscan_direct", "pgsteal_direct", "pgscan_kswapd", "pgsteal_kswapd"] |
		all(. as $key | $all[$key] > 0 and $all[$key] == $kernel[$key])'
	check '$all.write_folio == $kernel.nr_vmscan_write and $all.pswpout > 8191 and
		$all.write_anon == $all.pswpout + ($all.swpout_zero // 0)'
	# Who waited, and how long each wait took, are the same reclaims.
	check '$stalls.direct == $all.direct_end and $stalls.direct_ns == $all.direct_ns and $stalls.direct_ns > 0 and
		$bins.direct == $all.direct_end and $bins.kswapd == $all.kswapd_sleep'
	check '$each | all(.direct_end == 0 or .direct_p50_ns <= .direct_p99_ns and
		.direct_p99_ns <= .direct_max_ns) and any(.direct_efficiency > 0 and .direct_efficiency <= 1) and
		any(.kswapd_efficiency > 0 and .kswapd_efficiency <= 1)'
	# All the CPU time that kswapd took, it took awake.
	check '$all.kswapd_ns >= '$((cpu_after - cpu_before))' * 0.99'
	check '[$all.memcg_begin, $all.memcg_end, $all.memcg_ns, $all.memcg_pages, $all.memcg_scanned, $bins.memcg,
		$stalls.memcg] == [0, 0, 0, 0, 0, 0, 0]'
	echo "# direct: $(grown allocstall), $(grown pgsteal_direct) pages; kswapd: $(grown pageoutrun)," \
		"$(grown pgsteal_kswapd) pages, $(((cpu_after - cpu_before) / 1000000)) ms of CPU" >&3
}

@test "a cgroup at its limit: reclaim for it, as its own memory.stat counts it, and none that is direct or kswapd's" {
	limited_group reclaim
	echo 16M >"$limit_file"
	calm
	look before
	watch
	hold 8191
	unwatch
	look after
	stat() { awk -v name="$1" '$1 == name { print $2 }' "$group/memory.stat" "$group/memory.events"; }
	check '$all.memcg_begin == '"$(stat max)"' and $all.memcg_end == $all.memcg_begin and $all.memcg_end > 0'
	check '$all.memcg_pages >= '"$(stat pgsteal_direct)"' and $all.memcg_pages >= 4095'
	# The multi-generation LRU frees some pages of which its tracepoint does not say that they were looked at.
	scanned=$(stat pgscan_direct)
	check '$all.memcg_scanned <= '"$scanned"' and $all.memcg_scanned >= '"$scanned"' * 0.9'
	check '$stalls.memcg == $all.memcg_end and $stalls.memcg_ns == $all.memcg_ns and $stalls.memcg_ns > 0 and
		$bins.memcg == $all.memcg_end'
	check '["kswapd_wake", "kswapd_sleep", "direct_begin", "direct_end", "direct_ns", "direct_pages", "kswapd_ns",
		"allocstall", "pgscan_direct", "pgsteal_direct", "pgscan_kswapd", "pgsteal_kswapd"] |
		all(. as $key | $all[$key] == 0) and $bins.direct == 0 and $bins.kswapd == 0 and $stalls.direct == 0'
	echo "# $(stat max) times, $(stat pgsteal_direct) pages" >&3
}

@test "last_pid and last_comm are those of the latest reclaim, whichever CPU it was on" {
	limited_group reclaim
	echo 16M >"$limit_file"
	calm
	watch
	for cpu in 1 0 0 1 0; do
		taskset -c "$cpu" bash -c 'echo $$ >"$0/cgroup.procs"; exec "$1" 5003' "$group" "$helpers/hold_pages" \
			</dev/null >held &
		last=$!
		wait "$last"
	done
	unwatch
	jq -es --argjson pid "$last" 'map(select(.type == "swap_probe"))[-1] | .last_pid == $pid and
		.last_comm == "hold_pages"' out
}

@test "what this kernel does not count is missing, and what it counts is a number" {
	look before
	watch
	unwatch
	look after
	# Fields with the name of a count; refault_* go by another.
	check '["pswpin", "pswpout", "zswpin", "zswpout", "zswpwb", "swpin_zero", "swpout_zero", "pgmajfault",
		"allocstall", "pgscan_kswapd", "pgscan_direct", "pgsteal_kswapd", "pgsteal_direct", "oom_kill"] |
		all(. as $key | ($each | all(has($key))) and ($kernel | has($key)) == ($all[$key] != null))'
	for hook in reclaim_pages write_folio memcg_reclaim_begin; do
		[ -e /sys/kernel/tracing/events/vmscan/mm_vmscan_$hook ] && there=true || there=false
		check "(\$all.${hook/memcg_reclaim/memcg} != null) == $there"
	done
	# An interval in which nothing was scanned has no efficiency, and no reclaim no time.
	check '$each | all((.pgscan_direct > 0) == (.direct_efficiency != null) and
		(.direct_end > 0) == (.direct_p50_ns != null) and (.memcg_end > 0) == (.memcg_max_ns != null))'
	check '($all.zswap_used_bytes != null) == '"$(grep -q ^Zswap: /proc/meminfo && echo true || echo false)"
	check '($all.psi_some_us != null) == '"$([ -e /proc/pressure/memory ] && echo true || echo false)"
}

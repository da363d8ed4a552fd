#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# probes - what tracing every page fault adds to a page fault, ours and others' side by side.
#
#   bench/probes.sh [ROUNDS] [SECONDS] [TRACER...]      with tracers named: these alone, and nothing of what follows
#   bench/probes.sh --rest                              not the faults: fork storm, reclaim, idle probes
#
# One core touches fresh pages as fast as it can while each tracer in turn looks on from the other; the order is
# shuffled in each round. Of what a fault takes, a round has the lower quartile of blocks of 8 ms, in CPU time: others
# at work on the machine disturb it little. Prints the median and the range of what it was longer than without a tracer
# in the same round. Then: 10 s of every fault as a JSON line into a file, both cores, a fork storm, reclaim, idle
# probes.
# Each bound is a line that begins with ok or FAIL; one FAIL fails the bench.
set -u
cd "$(dirname "$0")/.." || exit 1
rounds=${1:-5} seconds=${2:-0.7} only=("${@:3}")
bin=build/bin helpers=build/tests/helpers
tmp=$(mktemp -d)
mounted='' group='' zram='' failed=0
cleanup() {
	[ -z "$mounted" ] || umount "$mounted"
	[ ! -d "$group" ] || rmdir "$group"
	for _ in $(seq 40); do # a look of udev's may hold it for a moment
		[ -n "$zram" ] || break
		if echo 1 2>/dev/null >"/sys/block/zram$zram/reset" &&
			echo "$zram" 2>/dev/null >/sys/class/zram-control/hot_remove; then
			zram=''
		else
			sleep 0.05
		fi
	done
	rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

"$bin/page_fault" --format json -q -d 1ms >/dev/null || exit 77
[ "$(nproc)" -gt 1 ] || { echo "needs two CPUs: one that faults and one that reads" >&2; exit 77; }
[ -e /sys/kernel/tracing/events ] || { mount -t tracefs tracefs /sys/kernel/tracing && mounted=/sys/kernel/tracing; }

# bound HOLDS TEXT - a line that says whether a bound was kept; HOLDS is a command's exit status, 0 for yes.
bound() {
	if [ "$1" -eq 0 ]; then
		echo "ok    $2"
	else
		echo "FAIL  $2"
		failed=1
	fi
}

# begin COMMAND... - starts a probe, its words in $tmp/words, and waits until it is attached; its number in $pid.
begin() {
	: >"$tmp/words"
	"$@" >"$tmp/out" 2>"$tmp/words" &
	pid=$!
	for _ in $(seq 200); do
		if grep -qE 'attached|watching|counting' "$tmp/words"; then return 0; fi
		sleep 0.05
	done
}

# Not by INT, which a script that itself runs in the background hands on as ignored.
end() {
	kill -TERM "$pid"
	wait "$pid"
}

# start TRACER - and wait until it looks on; its number in $pid.
start() {
	case $1 in
	bpftrace* | perf*)
		("tracer_$1" >/dev/null 2>&1) &
		pid=$!
		sleep 2
		;;
	*) begin "tracer_$1" ;;
	esac
}

# What a probe's own programs took for each event, and its reader, out of the records of --stats in $tmp/json.
stats() {
	jq -r 'select(.type == "probe_stats" and .runs != 0) |
		if .hook == "reader" then "  reader: \(.total_ns / 1e6 | round) ms of CPU"
		else "  \(.hook): \(.mean_ns) ns a run, \(.runs) runs" end' "$tmp/json"
}

# at_work CPU - its core is busy with something else, for two minutes at most. Sets spin.
at_work() {
	# shellcheck disable=SC2016 # the inner shell's
	taskset -c "$1" bash -c 'while [ $SECONDS -lt 120 ]; do :; done' &
	spin=$!
}

# The storm and the probe on one core, the other at work.
fork_storm() {
	local spin seen own
	echo "10,007 forks that run a program, among 5,003 threads, a JSON line each, the other core at work:"
	at_work 0
	taskset -c 1 "$bin/proc_create" -q --threads --stats --format json -o "$tmp/json" -- \
		"$helpers/forks" 10007 5003 /bin/true >"$tmp/storm"
	kill "$spin"
	wait "$spin" 2>/dev/null
	seen=$(jq -rs 'def n(of): map(select(of)) | length; map(select(.type == "exit"))[-1].pid as $storm |
		"forks=\(n(.type == "fork")) threads=\(n(.type == "thread")) execs=\(n(.type == "exec" and
		.ppid == $storm)) exits=\(n(.type == "exit" and .ppid == $storm))"' "$tmp/json")
	own=$(grep -o 'forks=.*' "$tmp/storm")
	own+=" exits=10007"
	[ "$seen" = "$own" ]
	bound $? "$seen (its own: $own), $(grep '"type":"end"' "$tmp/json" |
		jq -r '"dropped \(.dropped), missed \(.missed), unmatched \(.unmatched)"')"
	stats
	rm "$tmp/json"
}

# added FILE - of lines `ROUND TRACER NS`: what each tracer adds to `none` of its round, median and range.
added() {
	awk '{ ns[$1, $2] = $3; if ($1 > rounds) rounds = $1; seen[$2] }
		END {
			for (r = 1; r <= rounds; r++)
				for (t in seen)
					print t, ns[r, t] - (t == "none" ? 0 : ns[r, "none"])
		}' "$1" | sort -k 1,1 -k 2,2n | awk '
		function tell() {
			if (n)
				printf "  %-18s %8.1f ns (%.1f to %.1f)\n", name, v[int((n + 1) / 2)], v[1], v[n]
		}
		$1 != name { tell(); name = $1; n = 0 }
		{ v[++n] = $2 }
		END { tell() }'
}

tracer_none() { echo watching >&2; exec sleep 1000; }
tracer_proc_create() { exec "$bin/proc_create" --format json -n none -o "$tmp/json"; }
tracer_failed() { exec "$bin/proc_create" --failed --format json -n none -o "$tmp/json"; }
tracer_bpftrace_failed() {
	exec bpftrace -e 'tracepoint:raw_syscalls:sys_exit /args->id == 59 && args->ret < 0/ {
		printf("%d %s\n", pid, comm); }'
}

# Two calls for each block of dd.
system_calls() {
	local round tracer pid list=(none proc_create failed)
	! command -v bpftrace >/dev/null || list+=(bpftrace_failed)
	echo "CPU time of a system call (none), and what is added to it; 1,000,000 calls, 7 shuffled rounds:"
	for round in 1 2 3 4 5 6 7; do
		for tracer in $(shuf -e "${list[@]}"); do
			start "$tracer"
			echo "$round $tracer $("$helpers/usage" "$(command -v dd)" if=/dev/zero of=/dev/null bs=1 \
				count=500000 status=none | sed 's/.* cpu_ns=\([0-9]*\)[0-9]\{6\} .*/\1/')"
			end 2>/dev/null
		done
	done >"$tmp/calls"
	added "$tmp/calls"
}

# 1 GiB of a sparse file read through 16 MiB.
reclaim() {
	local pid limit=memory.limit_in_bytes
	group=$(awk '$3 == "cgroup" && $4 ~ /(^|,)memory(,|$)/ { print $2; exit }' /proc/mounts)
	[ -n "$group" ] || { group=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts) limit=memory.max; }
	group=$group/coldpress-bench-$$
	echo "reclaim at a cgroup's limit of 16 MiB, --by process:"
	if ! mkdir "$group" || ! echo 16777216 >"$group/$limit"; then
		echo "no cgroup with a memory limit can be made"
		return
	fi
	truncate -s 1G "$tmp/sparse"
	"$bin/swap_probe" -q --stats --by process -i 100ms --format json -o "$tmp/json" &
	pid=$!
	sleep 0.3
	bash -c 'echo $$ >"$0/cgroup.procs" && exec dd if="$1" of=/dev/null bs=1M status=none' "$group" "$tmp/sparse"
	sleep 0.2
	kill -INT $pid
	wait $pid
	jq -rs 'map(select(.type == "swap_probe")) |
		"\(map(.memcg_end) | add) reclaims, \(map(.memcg_ns) | add / 1e6 | round) ms, " +
		"\(map(.memcg_pages) | add) pages freed"' "$tmp/json"
	stats
	rm "$tmp/json" "$tmp/sparse"
}

# idle_probes - a line each: a mode of a probe that nothing passes the filter of, or nothing happens to.
idle_probes() {
	printf '%s\n' "proc_create -n none" "proc_create --format json -n none" "proc_create --summary -i 1s -p 1" \
		"page_fault -n none" "page_fault --format json -n none" \
		"page_fault --format json --fault all --mapping -n none" \
		"page_fault --summary" "page_fault --summary --by pid" "page_fault --summary --by mapping -n none" \
		"page_fault --stacks -n none" "swap_probe" "swap_probe --by process" "swap_probe --histogram"
	[ -z "$zram" ] || printf '%s\n' "pool_probe --device /dev/zram$zram" \
		"pool_probe --by pid --device /dev/zram$zram" "pool_probe --events --device /dev/zram$zram"
}

# All at once, for 5 s: what one takes is its own.
idle() {
	local probe i before=() pids=() probes=()
	if [ -e /sys/class/zram-control/hot_add ] && zram=$(cat /sys/class/zram-control/hot_add); then
		echo 64M >"/sys/block/zram$zram/disksize"
	fi
	mapfile -t probes < <(idle_probes)
	echo "idle for 5 s; at most 0.2 % of a core, and 16 MiB beside the ring:"
	for probe in "${probes[@]}"; do
		# shellcheck disable=SC2086 # options
		begin "$bin/"$probe
		pids+=("$pid")
	done
	sleep 0.5
	for i in "${!pids[@]}"; do read -r "before[i]" _ <"/proc/${pids[i]}/schedstat"; done
	sleep 5
	for i in "${!pids[@]}"; do
		local after rss share
		read -r after _ <"/proc/${pids[i]}/schedstat"
		# The ring is mapped twice in a row, so that records never wrap.
		rss=$(awk '/^[0-9a-f]+-/ { ring = /bpf-map/ } /^Rss:/ && !ring { n += $2 } END { print n }' \
			"/proc/${pids[i]}/smaps")
		share=$(awk -v ns=$((after - before[i])) 'BEGIN { printf "%.3f", ns / 5e7 }')
		awk -v share="$share" -v rss="$rss" 'BEGIN { exit share >= 0.2 || rss >= 16384 }'
		bound $? "$(printf '%-55s %s %% of a core, %d KiB' "${probes[i]}" "$share" "$rss")"
	done
	kill -INT "${pids[@]}"
	wait "${pids[@]}"
}

rest() {
	echo
	fork_storm
	echo
	system_calls
	echo
	reclaim
	echo
	idle
	return $failed
}

if [ "${1-}" = --rest ]; then
	rest
	exit $failed
fi

# The tracers. Each runs until it gets INT; the faulting task is called touch_pages.
tracer_empty() { exec "$bin/page_fault" --summary --nothing; }
tracer_summary() { exec "$bin/page_fault" --summary; }
tracer_summary_filtered() { exec "$bin/page_fault" --summary -n touch_pages; }
tracer_latency_none() { exec "$bin/page_fault" --summary --latency none; }
tracer_latency_all() { exec "$bin/page_fault" --summary --latency all; }
tracer_minor() { exec "$bin/page_fault" --summary --minor; }
tracer_by_pid() { exec "$bin/page_fault" --summary --by pid; }
tracer_by_comm() { exec "$bin/page_fault" --summary --by comm; }
tracer_by_cgroup() { exec "$bin/page_fault" --summary --by cgroup; }
tracer_by_region() { exec "$bin/page_fault" --summary --by region; }
tracer_by_ip() { exec "$bin/page_fault" --summary --by ip; }
tracer_by_mapping() { exec "$bin/page_fault" --summary --by mapping; }
tracer_class_major() { exec "$bin/page_fault" --format json --fault major -o "$tmp/json"; }
tracer_mapping_all() { exec "$bin/page_fault" --format json --fault all --mapping -n touch_pages -o "$tmp/json"; }
tracer_stacks() { exec "$bin/page_fault" --stacks -n touch_pages; }
tracer_stacks_major() { exec "$bin/page_fault" --stacks --fault major; }
tracer_class_all() { exec "$bin/page_fault" --format json --fault all -n touch_pages -o "$tmp/json"; }
tracer_json() { exec "$bin/page_fault" --format json -n touch_pages -o "$tmp/json"; }
tracer_trace_pipe() { exec "$bin/page_fault" -n touch_pages; }
tracer_bpftrace_count() { exec bpftrace -e 'tracepoint:exceptions:page_fault_user { @[comm, pid] = count(); }'; }
tracer_bpftrace_printf() {
	exec bpftrace -o "$tmp/printf" -e 'tracepoint:exceptions:page_fault_user /comm == "touch_pages"/ {
		printf("%d %s %lx %lx\n", pid, comm, args->address, args->ip); }'
}
tracer_perf_record() { exec perf record -q -a -e exceptions:page_fault_user -o "$tmp/perf"; }

tracers=(none empty summary summary_filtered latency_none latency_all minor by_pid by_comm by_cgroup by_region by_ip
	by_mapping class_major class_all mapping_all stacks stacks_major json trace_pipe)
! command -v bpftrace >/dev/null || tracers+=(bpftrace_count bpftrace_printf)
! perf --version >/dev/null 2>&1 || tracers+=(perf_record)
[ ${#only[@]} -eq 0 ] || tracers=(none empty "${only[@]}")

# measure TRACER - nanoseconds a fault takes under it.
measure() {
	start "$1"
	"$helpers/touch_pages" 211 "$seconds" 0 | tr ' ' '\n' | sed -n 's/^page_ns=//p'
	end 2>/dev/null
	rm -f "$tmp"/*
}

for ((round = 1; round <= rounds; round++)); do
	for tracer in $(shuf -e "${tracers[@]}"); do
		echo "$round $tracer $(measure "$tracer")"
	done
done >"$tmp.figures"

awk -v order="${tracers[*]}" '
	{ ns[$1, $2] = $3; if (!($2 in seen)) { seen[$2] = 1; names[++n] = $2 } if ($1 > rounds) rounds = $1 }
	function sorted(a, n,   i, j, t) {
		for (i = 2; i <= n; i++)
			for (j = i; j > 1 && a[j] < a[j - 1]; j--) { t = a[j]; a[j] = a[j - 1]; a[j - 1] = t }
	}
	function middle(t,   r, a) {
		for (r = 1; r <= rounds; r++)
			a[r] = ns[r, t]
		sorted(a, rounds)
		return a[int((rounds + 1) / 2)]
	}
	# bound: of the medians, since on a busy machine one round is off now and then; and how often rounds kept it
	function bound(t, base, most,   r, kept, ratio, over) {
		if (!(t in median) || !(base in median))
			return
		for (r = 1; r <= rounds; r++)
			kept += ns[r, t] - ns[r, "none"] <= most * (ns[r, base] - ns[r, "none"])
		over = middle(base) - middle("none")
		ratio = over > 0 ? (middle(t) - middle("none")) / over : 0
		failed = failed || over <= 0 || ratio > most
		printf "%s  %s / %s: %s, at most %.3f; kept in %d of %d rounds\n",
			(over > 0 && ratio <= most ? "ok  " : "FAIL"), t, base,
			(over > 0 ? sprintf("%.3f", ratio) : "lost in noise"), most, kept, rounds
	}
	END {
		for (i = 1; i <= n; i++) {
			for (r = 1; r <= rounds; r++)
				a[r] = ns[r, names[i]] - (names[i] == "none" ? 0 : ns[r, "none"])
			sorted(a, rounds)
			median[names[i]] = rounds % 2 ? a[(rounds + 1) / 2] : (a[rounds / 2] + a[rounds / 2 + 1]) / 2
			low[names[i]] = a[1]; high[names[i]] = a[rounds]
		}
		printf "a fault without a tracer: %.0f ns (%.0f to %.0f, %d rounds)\n", median["none"], low["none"],
			high["none"], rounds
		printf "%-18s %10s %8s %8s %14s\n", "added by", "median ns", "least", "most", "times empty"
		n = split(order, tracers, " ")
		for (i = 2; i <= n; i++) {
			t = tracers[i]
			printf "%-18s %10.0f %8.0f %8.0f %14.2f\n", t, median[t], low[t], high[t],
				median[t] / median["empty"]
		}
		bound("summary", "empty", 2)
		bound("summary", "bpftrace_count", 1 / 3)
		bound("by_pid", "bpftrace_count", 1 / 3)
		bound("by_comm", "bpftrace_count", 1 / 3)
		bound("json", "bpftrace_printf", 1 / 20)
		exit failed
	}' "$tmp.figures" || failed=1
rm "$tmp.figures"
[ ${#only[@]} -eq 0 ] || exit $failed

echo
echo "every fault of one core as a JSON line into a file, 10 s:"
begin tracer_json
taskset -pc 1 "$pid" >/dev/null
"$helpers/touch_pages" 4099 10 0 >"$tmp/touched"
end
tail -n 1 "$tmp/json" | jq -e '.dropped == 0 and .seen == .emitted + .filtered' >/dev/null
bound $? "$(tail -n 1 "$tmp/json" |
	jq -r '"\(.emitted) lines, dropped \(.dropped), missed \(.missed), unmatched \(.unmatched)"')"
rm "$tmp/json"

echo
echo "both cores faulting, a JSON line each into a file, 3 s:"
begin tracer_json
"$helpers/touch_pages" 4099 3 1 >"$tmp/touched" &
other=$!
"$helpers/touch_pages" 4099 3 0 >>"$tmp/touched"
wait $other
end
touched=$(tr ' ' '\n' <"$tmp/touched" | awk -F= '$1 == "touched" { n += $2 } END { print n }')
tail -n 1 "$tmp/json" | jq -e --argjson touched "$touched" '.seen == .emitted + .filtered + .dropped and
	.emitted + .dropped + .missed >= $touched' >/dev/null
bound $? "$touched pages touched: $(tail -n 1 "$tmp/json" | jq -r '"\(.emitted) lines, dropped \(.dropped) (" +
	"\(.dropped * 1000 / (.emitted + .dropped) | round / 10) %), missed \(.missed)"')"
rm "$tmp/json"

rest

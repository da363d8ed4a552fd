#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# pool - what tracing a pool adds to the swap-out and swap-in of a page, for our tracers and others.
#
#   bench/pool.sh [ROUNDS]
#
# One process swaps 16 MiB out to a zram pool of its own and touches them again, four times, under each tracer in
# turn; the order is shuffled in each round. Prints the median and the range of the CPU time per page beyond that
# without a tracer in the same round, then the cost of an idle probe.
set -u
cd "$(dirname "$0")/.." || exit 1
rounds=${1:-7}
bin=build/bin helper=build/tests/helpers/page_out
tmp=$(mktemp -d)
export COLDPRESS_STATE_DIR=$tmp/state
mounted=''
cleanup() {
	"$bin/ram_pool" reset -q
	[ -z "$mounted" ] || umount "$mounted"
	rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

"$bin/page_fault" --format json -q -d 1ms >/dev/null || exit 77
"$bin/ram_pool" setup --size 128MiB --mem-limit 96MiB -f json -q >"$tmp/pool" || exit 77
device=$(jq -r 'select(.device) | .device' "$tmp/pool" | head -n 1)
[ -e /sys/kernel/tracing/events ] || { mount -t tracefs tracefs /sys/kernel/tracing && mounted=/sys/kernel/tracing; }
dev=$(($(stat -c '(0x%t << 20) | 0x%T' "$device")))

tracer_none() { exec sleep 1000; }
tracer_empty() { exec "$bin/pool_probe" -q --device "$device" --nothing; }
tracer_summary() { exec "$bin/pool_probe" -q --device "$device"; }
tracer_by_pid() { exec "$bin/pool_probe" -q --device "$device" --by pid; }
tracer_events() { exec "$bin/pool_probe" -q --device "$device" --events --format json -o "$tmp/json"; }
tracer_bpftrace_hist() {
	exec bpftrace -e "tracepoint:block:block_bio_queue /args->dev == $dev/ { @since[args->sector] = nsecs; }
		tracepoint:block:block_bio_complete /args->dev == $dev/ {
			@[pid] = hist(nsecs - @since[args->sector]); delete(@since[args->sector]); }"
}
tracer_bpftrace_printf() {
	exec bpftrace -o "$tmp/printf" -e "tracepoint:block:block_bio_queue /args->dev == $dev/ {
			@since[args->sector] = nsecs; }
		tracepoint:block:block_bio_complete /args->dev == $dev/ {
			printf(\"%d %s %lu %lu\\n\", pid, comm, args->sector, nsecs - @since[args->sector]);
			delete(@since[args->sector]); }"
}

tracers=(none empty summary by_pid events)
! command -v bpftrace >/dev/null || tracers+=(bpftrace_hist bpftrace_printf)

# measure TRACER - nanoseconds per page, swap-out and swap-in, under it.
measure() {
	local pid
	("tracer_$1" >/dev/null 2>&1) &
	pid=$!
	case $1 in
	bpftrace*) sleep 2 ;;
	*) sleep 0.4 ;;
	esac
	"$helper" 4099 4 | tr ' ' '\n' | awk -F= '{ v[$1] = $2 } END {
		if (v["out"] < v["pages"] * 0.99) print "only " v["out"] " pages were swapped out" >"/dev/stderr"
		printf "%.1f\n", v["cpu_ns"] / v["pages"] }'
	kill -INT $pid
	wait $pid 2>/dev/null
	[ ! -s "$tmp/json" ] || tail -n 1 "$tmp/json" >"$tmp/last"
	rm -f "$tmp/json" "$tmp/printf"
}

for ((round = 1; round <= rounds; round++)); do
	for tracer in $(shuf -e "${tracers[@]}"); do
		echo "$round $tracer $(measure "$tracer")"
	done
done >"$tmp/figures"

awk -v order="${tracers[*]}" '
	{ ns[$1, $2] = $3; if ($1 > rounds) rounds = $1 }
	function sorted(a, n,   i, j, t) {
		for (i = 2; i <= n; i++)
			for (j = i; j > 1 && a[j] < a[j - 1]; j--) { t = a[j]; a[j] = a[j - 1]; a[j - 1] = t }
	}
	END {
		n = split(order, names, " ")
		for (i = 1; i <= n; i++) {
			for (r = 1; r <= rounds; r++)
				a[r] = ns[r, names[i]] - (i == 1 ? 0 : ns[r, "none"])
			sorted(a, rounds)
			median[i] = rounds % 2 ? a[(rounds + 1) / 2] : (a[rounds / 2] + a[rounds / 2 + 1]) / 2
			if (i == 1)
				printf "swap-out and swap-in, no tracer: %.0f ns a page (%.0f to %.0f, %d rounds)\n" \
					"%-18s %10s %8s %8s %8s\n", median[1], a[1], a[rounds], rounds,
					"added by", "median ns", "least", "most", "share"
			else
				printf "%-18s %10.0f %8.0f %8.0f %7.1f%%\n", names[i], median[i], a[1], a[rounds],
					100 * median[i] / median[1]
		}
	}' "$tmp/figures"
echo "the last end record of --events: $(cat "$tmp/last")"

echo
echo "idle for 5 s:"
for probe in "pool_probe" "pool_probe --events"; do
	# shellcheck disable=SC2086 # options
	"$bin/"$probe -q --format json --device "$device" >/dev/null &
	pid=$!
	sleep 0.5
	read -r before _ <"/proc/$pid/schedstat"
	sleep 5
	read -r after _ <"/proc/$pid/schedstat"
	# The ring is mapped twice in a row, so that records never wrap.
	rss=$(awk '/^[0-9a-f]+-/ { ring = /bpf-map/ } /^Rss:/ && !ring { n += $2 } END { print n }' "/proc/$pid/smaps")
	awk -v ns=$((after - before)) -v name="$probe" -v rss="$rss" \
		'BEGIN { printf "%-22s %.3f %% of a core, %d KiB resident beside the ring\n", name, ns / 5e7, rss }'
	kill -INT $pid
	wait $pid
done

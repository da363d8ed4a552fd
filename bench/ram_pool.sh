#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# ram_pool.sh - the time bounds of ram_pool: setup 150 ms, status 5 ms, and the next access after a prefault at most
# twice that of a page that stayed in RAM.
#
#   bench/ram_pool.sh [ROUNDS]
set -u
cd "$(dirname "$0")/.." || exit 1
rounds=${1:-31}
pool=build/bin/ram_pool touch=build/tests/helpers/next_touch
[ "$(id -u)" = 0 ] || { echo "needs root privileges" >&2; exit 77; }
[ -e /sys/class/zram-control/hot_add ] || { echo "this kernel has no zram" >&2; exit 77; }
tmp=$(mktemp -d)
export COLDPRESS_STATE_DIR=$tmp/state
cleanup() {
	"$pool" reset -q
	"$pool" recover -q
	rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# times COMMAND... - nanoseconds from fork to the end of the command.
times() {
	local begin=$EPOCHREALTIME end
	"$@" >/dev/null
	end=$EPOCHREALTIME
	echo $(((${end/./} - ${begin/./}) * 1000))
}

# summary NAME BOUND_MS - of numbers of nanoseconds on stdin.
summary() {
	sort -n | awk -v name="$1" -v bound="$2" '{ x[NR] = $1 / 1e6 } END {
		printf "%-46s median %.2f ms (%.2f to %.2f, n = %d), bound %g ms: %s\n", name,
			NR % 2 ? x[(NR + 1) / 2] : (x[NR / 2] + x[NR / 2 + 1]) / 2, x[1], x[NR], NR, bound,
			x[int((NR + 1) / 2)] <= bound ? "kept" : "broken" }'
}

for ((i = 0; i < rounds; i++)); do
	times "$pool" setup --size 256MiB --mem-limit 64MiB -q
	"$pool" reset -q
done | summary "setup to ready, fork to exit" 150

"$pool" setup --algo lz4 --size 256MiB --mem-limit 128MiB -q >/dev/null || exit 1
for ((i = 0; i < rounds; i++)); do times "$pool" status -q; done | summary "status, fork to exit" 5

echo
echo "next access to a page, medians of runs of 64 pages, regions of 32 MiB (ns):"
[ -x "$touch" ] || { echo "make benches builds $touch" >&2; exit 1; }
coproc T { exec "$touch" 32; }
read -r -u "${T[0]}" _
for how in prefault willneed none; do
	for ((i = 0; i < 5; i++)); do
		echo out >&"${T[1]}"
		read -r -u "${T[0]}" _
		[ $how = none ] || "$pool" trigger readback --db none --pid "$T_PID" --how $how -q >/dev/null
		echo touch >&"${T[1]}"
		read -r -u "${T[0]}" line
		echo "$line" | tr '=' ' ' | awk '{ print $6, $2, $4 }' >>"$tmp/$how"
	done
	sort -n "$tmp/$how" | awk -v how=$how '{ r[NR] = $1; out[NR] = $2; stay[NR] = $3 } END {
		printf "  %-9s swapped %8.1f, stayed %6.1f, ratio %.2f (%.2f to %.2f, n = %d)%s\n", how,
			out[3], stay[3], r[3], r[1], r[NR], NR,
			how != "prefault" ? "" : r[3] <= 2 ? ", bound 2: kept" : ", bound 2: broken" }'
done

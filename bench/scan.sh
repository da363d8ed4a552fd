#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# scan.sh - what `compressor_monitor scan` costs and how often it is right: --precision 1pt as a process grows,
# intervals over 1,000 seeds, and --all beside the codec's own speed.
#
#   bench/scan.sh [LARGEST_MIB [SEEDS]]        2048 and 1000 unless told
#
# The processes hold the pages that `workload` calls mixed (build/bench/scan_speed) and wait. Fails where
# - --precision 1pt takes a second or more (median of seven, wall clock), reads more pages than that takes for the
#   worst spread there is (38,416: half a page, where one page in four needs a codec), or leaves a wider interval
# - 100 pages of the largest cost more than 100 pages of a process an eighth of its size by more than the walk through
#   the pagemap: 100 ns for each page it has more (least of nine, CPU time). The same number of both: as a share of a
#   small process fewer are enough, which is no cost of its size.
# - of 1,000 intervals on a stopped process fewer than 930 hold what --all finds there
# - --all runs below 90 % of the speed that the codec has in a loop of its own over the very same pages, one core and
#   all of them; or, where copying pages out of a process takes more than that leaves, below 90 % of codec and copying.
#   The parts are printed. Ratios are medians of rounds by turns: CPU time on one core, wall clock on all.
set -u
cd "$(dirname "$0")/.." || exit 1
largest=${1:-2048} seeds=${2:-1000}
monitor=build/bin/compressor_monitor
rounds=5 speed_mib=$((largest < 256 ? largest : 256))
command -v jq >/dev/null || { echo "needs jq: apt install jq"; exit 77; }
dir=$(mktemp -d)
subject=''
cleanup() {
	[ -z "$subject" ] || kill -9 "$subject" 2>/dev/null
	rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# hold MIB CONTENTS: a process that has them, and answers to `ask`.
hold() {
	coproc SPEED { exec build/bench/scan_speed "$1" "$2"; }
	# shellcheck disable=SC2153 # bash sets it
	subject=$SPEED_PID
	exec {from}<&"${SPEED[0]}" {to}>&"${SPEED[1]}"
	read -r -u "$from" ready || exit 1
}

ask() {
	echo "$*" >&"$to"
	read -r -u "$from" answer && echo "$answer"
}

release() {
	exec {to}>&- {from}<&-
	kill -9 "$subject"
	wait "$subject" 2>/dev/null
	subject=''
}

# scan OPTION...: of the test process; summary and codec in one object.
scan() {
	"$monitor" scan -q --pid "$subject" "$@" -f json | jq -sc '(map(select(.type == "scan_summary"))[0]) +
		(map(select(.type == "scan_codec"))[0] |
		{saved_slot_ratio, saved_slot_low_ratio, saved_slot_high_ratio})'
}

# ---- a process that grows ----------------------------------------------------------------------------------
: >"$dir/rows"
for mib in $((largest / 8)) "$largest"; do
	hold "$mib" mixed
	for seed in 1 2 3 4 5 6 7; do
		scan --precision 1pt --codec lz4 --seed "$seed" |
			jq -c --argjson mib "$mib" '. + {$mib, precision: true}'
	done >>"$dir/rows"
	for seed in 1 2 3 4 5 6 7 8 9; do
		scan --pages 100 --codec lz4 --threads 1 --seed "$seed" | jq -c --argjson mib "$mib" '. + {$mib}'
	done >>"$dir/rows"
	release
done
jq -rs 'def median: sort | .[length / 2 | floor];
	def points: . * 10000 | round / 100;
	group_by(.mib) | map((map(select(.precision)) as $p | map(select(.precision | not)) as $few |
		{mib: .[0].mib, wall: ($p | map(.elapsed_ns) | median), read: ($p | map(.sampled_pages) | max),
		half: ($p | map((.saved_slot_high_ratio - .saved_slot_low_ratio) / 2)),
		population: .[0].population_pages, few: ($few | map(.cpu_ns) | min)})) as $sizes |
	$sizes[0] as $small | $sizes[-1] as $large |
	(($large.few - $small.few) / ($large.population - $small.population)) as $walk |
	($sizes[] | "\(.mib) MiB: --precision 1pt in \(.wall / 1e6 | round) ms, " +
		"at most \(.read) of \(.population) pages read, " +
		"interval +-\(.half | min | points) to \(.half | max | points) points"),
	"each page more that a process has: \($walk * 10 | round / 10) ns",
	if $large.wall >= 1e9 then "FAIL: takes a second or more" else empty end,
	if $large.read > 38416 then "FAIL: reads more than a sample" else empty end,
	if $sizes | any(.half | max > 0.01) then "FAIL: the interval is wider than was asked for" else empty end,
	if $walk > 100 then "FAIL: grows with the process" else empty end' "$dir/rows" | tee "$dir/said"

# ---- intervals on a stopped process ------------------------------------------------------------------------
hold 64 mixed
kill -STOP "$subject"
truth=$(scan --all --codec lz4 | jq .saved_slot_ratio)
for seed in $(seq "$seeds"); do
	"$monitor" scan -q --pid "$subject" --precision 1pt --codec lz4 --seed "$seed" -f json | grep '"scan_codec"'
done | jq -rs --argjson truth "$truth" 'length as $n |
	(map(select(.saved_slot_low_ratio <= $truth and $truth <= .saved_slot_high_ratio)) | length) as $held |
	"a stopped process of 64 MiB: \($held) of \($n) intervals contain the value of --all",
	if $held < $n * 0.93 then "FAIL: too few intervals contain the value" else empty end' | tee -a "$dir/said"
release

# ---- every page: beside the codec's own speed --------------------------------------------------------------
find /usr/lib -type f -name '*.so*' -size +64k -print0 | sort -z | xargs -0 cat 2>/dev/null |
	head -c "$speed_mib"M >"$dir/libraries"
for data in mixed "$dir/libraries"; do
	hold "$speed_mib" "$data"
	parts=$(ask parts)
	echo "${data##*/}, ns a page: $(jq -nr --argjson parts "$parts" --argjson ready "$ready" '$parts |
		"read \(.read_ns / $ready.ready | round), class \(.class_ns / $ready.ready | round), " +
		"hash \(.hash_ns / $ready.ready | round)"')"
	for threads in 1 "$(nproc)"; do
		for codec in lz4:1 zstd:3; do
			for _ in $(seq "$rounds"); do
				ask codec "$codec" "$threads"
				scan --all --codec "$codec" --threads "$threads"
			done | jq -rs --argjson pages "$(jq .ready <<<"$ready")" \
				--argjson read "$(jq .read_ns <<<"$parts")" '
				def median: sort | .[length / 2 | floor];
				def pct: . * 1000 | round / 10;
				.[0].threads as $threads | .[0].codec as $codec |
				[range(0; length; 2) as $i | {own: .[$i], scan: .[$i + 1]}] |
				map(if $threads == 1 then .own.cpu_ns / .scan.cpu_ns
					else .own.elapsed_ns / .scan.elapsed_ns end) as $ratios |
				(map(.own.cpu_ns) | median) as $own | (map(.scan.cpu_ns) | median) as $scan |
				($ratios | median) as $ratio | ($own / ($own + $read)) as $bound |
				"  \($codec), \($threads) threads: \($ratio | pct) % of the codec alone " +
				"(\($ratios | min | pct) to \($ratios | max | pct)); " +
				"ns a page: codec \($own / $pages | round), scan \($scan / $pages | round); " +
				"codec and read would be \($bound | pct) %",
				if $ratio >= 0.9 then empty
				elif $ratio >= 0.9 * $bound then
					"  below 90 % of the codec; of codec and read \($ratio / $bound | pct) %"
				else "FAIL: below 90 % of codec and read: \($ratio / $bound | pct) %" end'
		done
	done
	release
done | tee -a "$dir/said"
! grep -q '^FAIL' "$dir/said"

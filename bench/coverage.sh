#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# coverage.sh - how often the 95 % intervals of a scan contain the value that reading every page gives.
#
#   bench/coverage.sh [SEEDS [LIVE_SEEDS]]        1000 and 100 unless told
#
# On recorded page sizes (build/bench/coverage), and on stopped processes of 64 MiB: random pages with one run of 0.1,
# 0.3 and 1 % of text, and a mixture; with --pages 500, the default, and --precision 1pt. Fails where fewer than 93 %
# do; on processes, with so few seeds, where they are fewer than that by three standard errors.
set -u
cd "$(dirname "$0")/.." || exit 1
seeds=${1:-1000} live=${2:-100}
monitor=build/bin/compressor_monitor
command -v jq >/dev/null || { echo "needs jq: apt install jq"; exit 77; }
dir=$(mktemp -d)
target=''
# shellcheck disable=SC2317 # by the trap
cleanup() {
	[ -z "$target" ] || kill -9 "$target" 2>/dev/null
	rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
failed=0

echo "recorded sizes, $seeds seeds:"
build/bench/coverage "$seeds" || failed=1

# rows OPTION...: the values with intervals, one object.
rows() {
	"$monitor" scan -q --pid "$target" --codec lz4 "$@" -f json | jq -sc '
		(map(select(.type == "scan_codec"))[0]) as $c | (map(select(.type == "scan_class" and .class == "text"))[0]) as $t |
		[["pool", $c.pool_bytes, $c.pool_low_bytes, $c.pool_high_bytes],
		["slot ratio", $c.saved_slot_ratio, $c.saved_slot_low_ratio, $c.saved_slot_high_ratio],
		["codec ratio", $c.saved_codec_ratio, $c.saved_codec_low_ratio, $c.saved_codec_high_ratio],
		["text share", $t.share_ratio, $t.share_low_ratio, $t.share_high_ratio]]'
}

text() { # text PAGES: that many of printable bytes
	seq 100000 999999 | head -c $(($1 * 4096))
}

echo "stopped processes of 64 MiB, $live seeds:"
for data in 16 49 164 mixed; do
	from=mixed
	if [ "$data" != mixed ]; then
		from=$dir/pages
		{ head -c $((1000 * 4096)) /dev/urandom; text "$data"; head -c $(((15384 - data) * 4096)) /dev/urandom; } >"$from"
	fi
	coproc HELD { exec build/bench/scan_speed 64 "$from"; }
	# shellcheck disable=SC2153 # bash sets it
	target=$HELD_PID
	read -r -u "${HELD[0]}" _ || exit 1
	kill -STOP "$target"
	truth=$(rows --all)
	for option in "--pages 500" "" "--precision 1pt"; do
		for seed in $(seq "$live"); do
			# shellcheck disable=SC2086 # two words
			rows $option --seed "$seed"
		done | jq -rs --argjson truth "$truth" --arg what "$data text pages, ${option:-default}" 'length as $n |
			. as $runs | ([range($truth | length)] | map(. as $i | {name: $truth[$i][0], held: ($runs |
				map(select(.[$i][2] <= $truth[$i][1] + 1e-9 and $truth[$i][1] <= .[$i][3] + 1e-9)) | length)})) |
			"  \($what): " + (map("\(.name) \(.held)") | join(", ")) + " of \($n)" +
			(if any(.held < 0.93 * $n - 3 * ($n * 0.93 * 0.07 | sqrt)) then "  FAIL: below 93 %" else "" end)'
	done
	kill -9 "$target"
	wait "$target" 2>/dev/null
	target=''
done | tee "$dir/said"
grep -q FAIL "$dir/said" && failed=1
exit $failed

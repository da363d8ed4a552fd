#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# calibrate.sh - how far the factors of `compressor_monitor calibrate` hold on pages that they were not taken from: the
# other half of the same corpus, and another corpus altogether.
#
# The factor is the kernel's CPU time over the library's. Errors on the other half are calibrate's own. Between corpora:
# the factor from libraries over that from text, less one. Fails where the median of ROUNDS on the other half is more
# than 10 % off; what another corpus makes of it is shown, and fails nothing: calibrate on memory like yours.
set -u
cd "$(dirname "$0")/.." || exit 1

[ "$(id -u)" = 0 ] || { echo "needs root, for a zram device"; exit 77; }
[ -e /sys/class/zram-control/hot_add ] || { echo "no zram-control: modprobe zram num_devices=0"; exit 77; }
command -v jq >/dev/null || { echo "needs jq: apt install jq"; exit 77; }
rounds=${ROUNDS:-5}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
find /usr/lib -type f -name '*.so*' -size +64k -print0 | sort -z |
	xargs -0 cat 2>/dev/null | head -c 32M >"$dir/libraries"
find /usr/share /usr/lib /usr/include -type f \( -name '*.txt' -o -name '*.p[lmy]' -o -name '*.h' -o \
	-name copyright \) -print0 | sort -z | xargs -0 cat 2>/dev/null | head -c 32M >"$dir/text"
for _ in $(seq "$rounds"); do
	for corpus in libraries text; do
		build/bin/compressor_monitor calibrate -q --file "$dir/$corpus" --runs 5 -f json |
			jq -r --arg corpus $corpus 'select(.type == "calibrate" and .compress_factor) |
			[.algorithm, $corpus, .compress_factor, .compress_error_ratio, .decompress_factor,
			.decompress_error_ratio] | map(tostring) | join(" ")' >>"$dir/rows" || exit 1
	done
done
awk -v rounds="$rounds" '
function median(key, i, j, n, v, t) {
	n = split(values[key], v, " ")
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && v[j - 1] + 0 > v[j] + 0; j--) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t }
	return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
}
{
	if (!($1 in seen)) { seen[$1]; order[++algorithms] = $1 }
	n[$1, $2]++
	for (i = 3; i <= 6; i++)
		values[$1, $2, i] = values[$1, $2, i] " " $i
}
END {
	split("libraries text", corpora)
	split("compress decompress", ways)
	printf "%-9s %-11s %-10s %7s %15s %16s\n", "algorithm", "corpus", "direction", "factor", "other half, %",
		"other corpus, %"
	for (a = 1; a <= algorithms; a++)
		for (c = 1; c <= 2; c++)
			for (w = 1; w <= 2; w++) {
				if (n[order[a], corpora[c]] != rounds) {
					print order[a] ": a round has no figure"
					failed = 1
					continue
				}
				factor = median(order[a] SUBSEP corpora[c] SUBSEP (w * 2 + 1))
				error = median(order[a] SUBSEP corpora[c] SUBSEP (w * 2 + 2))
				other = median(order[a] SUBSEP corpora[3 - c] SUBSEP (w * 2 + 1))
				bad = error > 0.1 || error < -0.1
				failed = failed || bad
				printf "%-9s %-11s %-10s %7.3f %15.1f %16.1f%s\n", order[a], corpora[c], ways[w],
					factor, error * 100, (factor / other - 1) * 100, bad ? "  BEYOND 10 %" : ""
			}
	print failed || !algorithms ? "fail" : "pass"
	exit failed || !algorithms
}' "$dir/rows"

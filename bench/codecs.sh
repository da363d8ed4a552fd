#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# codecs.sh - the speed of `compressor_monitor bench` beside the codecs' own benches (lz4 -b, zstd -b), on 16 MiB of
# shared libraries in blocks of 4 KiB.
#
# Rounds by turns, the best of each, since others may use these cores; a round of theirs is the fastest loop, of ours
# the median of three runs, so that it takes some rounds. Fails where the bytes differ, or where ours is more
# than 3 % slower in either direction. Their MB/s are 10^6 bytes, by the wall clock, ours by CPU time: where the two
# are more than 3 % apart in each of our rounds, others had the cores, and there is no verdict.
set -u
cd "$(dirname "$0")/.." || exit 1

rounds=${ROUNDS:-5}
for tool in lz4 zstd jq; do
	command -v "$tool" >/dev/null || { echo "needs lz4, zstd and jq: apt install lz4 zstd jq"; exit 77; }
done
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
find /usr/lib -type f -name '*.so*' -size +64k -print0 | sort -z | xargs -0 cat 2>/dev/null | head -c 16M >"$dir/corpus"
[ "$(stat -c %s "$dir/corpus")" = $((16 << 20)) ] || { echo "no 16 MiB of shared libraries here"; exit 77; }

# theirs TOOL: label, bytes, MB/s to compress, MB/s to decompress; of the last line that has them.
theirs() {
	"$1" -b1 -B4096 -i1 "$dir/corpus" 2>&1 | tr '\r' '\n' | sed -n \
		"s|.*-> *\([0-9]*\) (x*[0-9.]*), *\([0-9.]*\) MB/s *, *\([0-9.]*\) MB/s.*|$1:1 \1 \2 \3|p" | tail -n 1
}

ours() {
	build/bin/compressor_monitor bench -q --corpora "$dir/corpus" --max-size 16MiB --codec lz4:1,zstd:1 --runs 3 \
		--results "$dir/csv" -f json | jq -r 'select(.size_bytes == 16777216) | [.label, .codec_bytes,
		.compress_mib_per_s * 1.048576, .decompress_mib_per_s * 1.048576,
		([.compress_wall_ns / .compress_cpu_ns, .decompress_wall_ns / .decompress_cpu_ns] | max)] |
		map(tostring) | join(" ")'
}

for _ in $(seq "$rounds"); do
	theirs lz4 >>"$dir/theirs"
	theirs zstd >>"$dir/theirs"
	ours >>"$dir/ours"
done
awk -v rounds="$rounds" '
{
	who = FILENAME ~ /ours$/ ? "ours" : "theirs"
	n[$1, who]++
	bytes[$1, who] = $2
	if (who == "ours" && (!quietest || $5 < quietest))
		quietest = $5
	for (way = 1; way <= 2; way++)
		if ($(way + 2) > best[$1, who, way])
			best[$1, who, way] = $(way + 2)
	labels[$1]
}
END {
	split("compress decompress", ways)
	for (label in labels) {
		if (n[label, "ours"] != rounds || n[label, "theirs"] != rounds) {
			print label ": a round has no figure"; failed = 1; continue
		}
		if (bytes[label, "ours"] != bytes[label, "theirs"]) {
			print label ": bytes differ, " bytes[label, "ours"] " and " bytes[label, "theirs"]; failed = 1
		}
		for (way = 1; way <= 2; way++) {
			ratio = best[label, "ours", way] / best[label, "theirs", way]
			slow = ratio < 0.97
			failed = failed || slow
			printf "%-7s %-10s ours %7.1f MB/s  its own bench %7.1f MB/s  ratio %.3f%s\n", label, ways[way],
				best[label, "ours", way], best[label, "theirs", way], ratio,
				slow ? "  SLOWER THAN 0.97" : ""
		}
	}
	if (!failed && quietest > 1.03) {
		print "no verdict: others had the cores, the wall clock ran " quietest " times as long as the CPU\047s"
		exit 77
	}
	print failed ? "fail" : "pass"
	exit failed
}' "$dir/theirs" "$dir/ours"

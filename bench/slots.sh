#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# slots.sh - the slot model beside zram's mm_stat: for every algorithm that this kernel has in common with a library,
# 64 MiB of each of six corpora, written once to a scratch device. Takes two minutes.
#
# Data (compr_data_size) is to be within 0.1 %, memory (mem_used_total) within 0.5 %, and both of lzo and lzo-rle to the
# byte; fails where they are not.
set -u
cd "$(dirname "$0")/.." || exit 1

[ "$(id -u)" = 0 ] || { echo "needs root, for a zram device"; exit 77; }
[ -e /sys/class/zram-control/hot_add ] || { echo "no zram-control: modprobe zram num_devices=0"; exit 77; }
command -v jq >/dev/null || { echo "needs jq: apt install jq"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
find /usr/lib -type f -name '*.so*' -size +64k -print0 | sort -z |
	xargs -0 cat 2>/dev/null | head -c 64M >"$dir/libraries"
find /usr/share /usr/lib /usr/include -type f \( -name '*.txt' -o -name '*.p[lmy]' -o -name '*.h' -o \
	-name copyright \) -print0 | sort -z | xargs -0 cat 2>/dev/null | head -c 64M >"$dir/text"
corpora=profile:mixed,profile:database,profile:browser,profile:android
for file in libraries text; do
	[ "$(stat -c %s "$dir/$file")" = $((64 << 20)) ] && corpora=$dir/$file,$corpora
done

# One size at a time: the ladder's end.
build/bin/compressor_monitor bench -q --corpora "$corpora" --max-size 64MiB --runs 1 --warmups 1 --results "$dir/csv" \
	--codec kernel,lz4:1,lz4hc:9,lzo,lzo-rle,zlib:6,zstd:3 -f json >"$dir/rows" || exit 1
jq -r 'select(.size_bytes == 67108864) | [.corpus, .mode, .codec, .stored_bytes, .used_bytes] |
	map(tostring) | join(" ")' "$dir/rows" | awk '
BEGIN {
	split("lz4 lz4 lz4hc lz4hc lzo lzo lzo-rle lzo-rle deflate zlib zstd zstd", m)
	for (i = 1; i < 12; i += 2)
		model[m[i]] = m[i + 1]
}
{ data[$1, $2, $3] = $4; used[$1, $2, $3] = $5; order[++n] = $1 " " $2 " " $3 }
function off(a, b) { return (a / b - 1) * 100 }
END {
	printf "%-10s %-18s %15s %8s %15s %8s\n", "algorithm", "corpus", "compr_data_size", "off, %", "mem_used_total",
		"off, %"
	for (i = 1; i <= n; i++) {
		split(order[i], k, " ")
		if (k[2] != "kernel" || !(k[3] in model))
			continue
		d = off(data[k[1], "library", model[k[3]]], data[k[1], "kernel", k[3]])
		u = off(used[k[1], "library", model[k[3]]], used[k[1], "kernel", k[3]])
		bad = k[3] ~ /^lzo/ ? d != 0 || u != 0 : d > 0.1 || d < -0.1 || u > 0.5 || u < -0.5
		failed = failed || bad
		name = k[1]; sub(".*/", "", name)
		printf "%-10s %-18s %15d %8.4f %15d %8.4f%s\n", k[3], name, data[k[1], "kernel", k[3]], d,
			used[k[1], "kernel", k[3]], u, bad ? "  BEYOND" : ""
	}
	print failed || !n ? "fail" : "pass"
	exit failed || !n
}'

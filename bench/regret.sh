#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# regret.sh - what `compressor_monitor rank` gives up: the net worth of its choice against the best by brute force.
#
#   bench/regret.sh          five corpora, residences of 1 s to 1 h, three readback factors; fails above 1 %
#
# Net worth: GiB-seconds saved, less price * CPU-seconds (4 GiB per core); leaving the memory alone is worth 0. Regret
# is (best - chosen) / best, the largest over residences. "own": the choice from all pages, valued by the same
# measurement. "sample": the choice from 4,096 sampled pages, valued by all pages: what a user gives up who does not
# scan everything. Two measurements of CPU differ: where the best is close to 0, a small difference is a large share.
set -u
cd "$(dirname "$0")/.." || exit 1

for tool in jq sqlite3; do
	command -v "$tool" >/dev/null || { echo "needs jq and sqlite3: apt install jq sqlite3"; exit 77; }
done
monitor=build/bin/compressor_monitor
codecs=lz4:1,lzo-rle,lzo,lzo1x-1,snappy,zstd:-5,zstd:-1,zstd:1,zstd:3,zstd:6,deflate:1,lz4hc:4
residences="1 2 5 10 20 30 60 120 300 600 1200 1800 3600"
dir=$(mktemp -d)
# shellcheck disable=SC2064 # now
trap "rm -rf '$dir'" EXIT

find /usr/lib -xdev -type f -name '*.so*' -size +64k -print0 2>/dev/null | sort -z | xargs -0 cat 2>/dev/null |
	head -c 32M >"$dir/libraries"
find /usr -xdev -type f \( -name '*.py' -o -name '*.pl' -o -name '*.pm' -o -name '*.h' \) -print0 2>/dev/null | sort -z |
	xargs -0 cat 2>/dev/null | head -c 32M >"$dir/text"
sqlite3 "$dir/database" "CREATE TABLE t(a INTEGER PRIMARY KEY, b REAL, c TEXT, d BLOB);
	WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000)
	INSERT INTO t SELECT i, i * 0.37, 'customer ' || (i * 7919 % 100003), randomblob(20) FROM n;
	CREATE INDEX x ON t(c);"
# A third each: zeros, numbers, and what does not compress.
{ head -c 10M /dev/zero; seq 2000000 | head -c 10M; head -c 10M /dev/urandom; } >"$dir/mixed"
find /usr -xdev -type f \( -name '*.pyc' -o -name '*.elc' -o -name '*.mo' \) -print0 2>/dev/null | sort -z |
	xargs -0 cat 2>/dev/null | head -c 32M >"$dir/bytecode"

# choose FILE FACTOR SECONDS - rank's records.
choose() {
	$monitor rank -q --no-calibration --recompress "$recompress" --json "$1" --readback "$2" --residence "$3s" -f json
}

# The candidates and the decision of all pages, and the sample's decision: "regret own, regret sample, choice".
# shellcheck disable=SC2016 # jq's
value='
	def net($saved; $ms): $saved / 1073741824 * $s - 4 * $ms / 1000;
	def alone($x): net($x.saved_bytes; $x.cost_cpu_ms);
	def both($x; $y): net($x.saved_bytes + $f * ($y.saved_bytes - $x.saved_bytes);
		$x.cost_cpu_ms + (1 - $f) * ($x.decompress_cpu_ms + $y.compress_cpu_ms));
	map(select(.type == "rank_candidate" and .rank != null)) as $c |
	($c | map({(.label): .}) | add) as $by |
	def worth($d): if $d.choice == null then 0 elif $by[$d.choice] == null then 0
		elif $d.recompress then both($by[$d.choice]; $by[$d.recompress]) else alone($by[$d.choice]) end;
	([0, ($c[] | select(.tier == "fast" or $f <= 0.25) | alone(.)),
		(select($pairs and $f < 1) | $c[] | select(.tier == "fast") as $x | $c[] | select(.tier == "heavy") as $y | both($x; $y))]
		| max) as $best |
	(map(select(.type == "rank_decision"))[0]) as $own |
	def regret($d): if $best > 0 then ($best - worth($d)) / $best elif worth($d) < 0 then 1 else 0 end;
	[regret($own), regret($sample[0]), ($own.choice // "none") + (if $own.recompress then "+" + $own.recompress else "" end)] | @tsv'

failed=0
printf '%-10s %8s %10s %10s %10s  %s\n' corpus readback recompress own sample "choices from 1 s to 1 h"
for corpus in libraries text database mixed bytecode; do
	[ "$(stat -c %s "$dir/$corpus")" -ge $((1 << 20)) ] || { echo "no MiB of $corpus on this machine: left out"; continue; }
	$monitor scan -q --file "$dir/$corpus" --all --codec "$codecs" -f json >"$dir/all.json" || exit 1
	$monitor scan -q --file "$dir/$corpus" --codec "$codecs" -f json >"$dir/sample.json" || exit 1
	for setting in "0.1 no" "0.1 yes" "0.6 yes" "1 no"; do
		read -r factor recompress <<<"$setting"
		rows=
		for seconds in $residences; do
			choose "$dir/sample.json" "$factor" "$seconds" | jq -c 'select(.type == "rank_decision")' >"$dir/sample.decision"
			pairs=false
			[ "$recompress" = no ] || pairs=true
			rows+=$(choose "$dir/all.json" "$factor" "$seconds" | jq -rs --argjson s "$seconds" --argjson f "$factor" \
				--argjson pairs "$pairs" --slurpfile sample "$dir/sample.decision" "$value")$'\n'
		done
		awk -F '\t' -v corpus="$corpus" -v factor="$factor" -v recompress="$recompress" '
			NF == 3 { n++; if ($1 > own) own = $1; if ($2 > sample) sample = $2; if ($3 != last) all = all " " $3; last = $3 }
			END { printf "%-10s %8s %10s %8.2f %% %8.2f %% %s\n", corpus, factor, recompress, 100 * own, 100 * sample, all
				exit !(n == 13 && own <= 0.01) }' <<<"$rows" || failed=1
	done
done
exit $failed

#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# estimate.sh - how often `compressor_monitor scan --estimate` decides as the codecs do, and how much faster than lz4.
#
#   bench/estimate.sh          every corpus, then all together; fails below 95 % or below 20 times lz4's speed
#   bench/estimate.sh --fit    fits the rules of lib/estimate.c anew, on every second page of these corpora
#
# Corpora of what this machine has: shared libraries, program text, packed files, bytecode, fonts, a database,
# random bytes, and the memory of a running interpreter.
set -u
cd "$(dirname "$0")/.." || exit 1

most=24M
for tool in jq python3 sqlite3; do
	command -v "$tool" >/dev/null ||
		{ echo "needs jq, python3 and sqlite3: apt install jq python3 sqlite3"; exit 77; }
done
dir=$(mktemp -d)
subject=
# shellcheck disable=SC2064 # now
trap "rm -rf '$dir'; [ -z \"\$subject\" ] || kill \$subject 2>/dev/null" EXIT

# gather NAME DIR FIND-WORDS... - one corpus of the files that find tells, in the order of their names.
gather() {
	local name=$1 from=$2
	shift 2
	[ -e "$from" ] || return
	find "$from" -xdev -type f "$@" -print0 2>/dev/null | sort -z | xargs -0 cat 2>/dev/null |
		head -c "$most" >"$dir/$name"
	[ "$(stat -c %s "$dir/$name")" -ge $((1 << 20)) ] && return
	echo "no MiB of $name on this machine: left out"
	rm "$dir/$name"
}
gather libraries /usr/lib -name '*.so*' -size +64k
gather text /usr \( -name '*.py' -o -name '*.pl' -o -name '*.pm' -o -name '*.h' \)
gather packed /usr/share \( -name '*.gz' -o -name '*.png' -o -name '*.jar' \)
gather bytecode /usr \( -name '*.pyc' -o -name '*.elc' \)
gather fonts /usr/share/fonts -name '*.ttf'
head -c 8M /dev/urandom >"$dir/random"
sqlite3 "$dir/database" "CREATE TABLE t(a INTEGER PRIMARY KEY, b REAL, c TEXT, d BLOB);
	WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
	INSERT INTO t SELECT i, i * 0.37, 'customer ' || (i * 7919 % 100003), randomblob(20) FROM n;
	CREATE INDEX x ON t(c);"

if [ "${1-}" = --fit ]; then
	build/bench/estimate_fit "$dir"/*
	exit
fi

python3 -c '
import random, time
held = {"key%d" % i: [random.random(), i, str(i * 31337)] for i in range(150000)}
print("ready", flush=True)
time.sleep(600)' >"$dir/../${dir##*/}.ready" &
subject=$!
ready=$dir/../${dir##*/}.ready
for _ in $(seq 200); do [ -s "$ready" ] && break; sleep 0.1; done
rm -f "$ready"

scan() { # scan NAME WORDS... - adds the corpus' rows to the table
	local name=$1
	shift
	build/bin/compressor_monitor scan -q --estimate --pages 8192 --codec lz4:1,lzo1x-1,snappy,zstd:1,deflate:1 \
		"$@" -f json |
		jq -c --arg corpus "$name" '(select(.type == "scan_codec") | [$corpus, .label, .compress_cpu_ns, "t"]),
			(select(.type == "scan_estimate") | [$corpus, .label, .pages, .true_compressible,
			.false_compressible, .true_incompressible, .false_incompressible, .estimate_ns])' >>"$dir.rows"
}
: >"$dir.rows"
for corpus in "$dir"/*; do scan "${corpus##*/}" --file "$corpus"; done
scan "an interpreter's memory" --pid "$subject"

jq -rs '
	def pct: . * 10000 | round / 100;
	map(select(length == 8)) as $rows |
	(map(select(length == 4) | {key: (.[0] + .[1]), value: .[2]}) | from_entries) as $cpu |
	"corpus                    codec      pages  agree %  in vain   lost  would fit %  speed, times the codec",
	($rows[] | [.[0], .[1], .[2], ((.[3] + .[5]) / .[2] | pct), .[4], .[6], ((.[3] + .[6]) / .[2] | pct),
		($cpu[.[0] + .[1]] / (.[2] * .[7]) * 10 | round / 10)] | @tsv),
	"all together, half of the files'"'"' pages those of the fit:",
	($rows | group_by(.[1])[] | [.[0][1], (map(.[3] + .[5]) | add) / (map(.[2]) | add),
		(map($cpu[.[0] + .[1]]) | add) / (map(.[2] * .[7]) | add)] |
		"\(.[0]) agrees \(.[1] | pct) %, \(.[2] * 10 | round / 10) times its speed"),
	(($rows | group_by(.[1])[] | select((map(.[3] + .[5]) | add) / (map(.[2]) | add) < 0.95) |
		"FAIL: \(.[0][1]) below 95 %")),
	($rows | map(select(.[1] == "lz4:1")) |
		select((map($cpu[.[0] + .[1]]) | add) / (map(.[2] * .[7]) | add) < 20) |
		"FAIL: below 20 times the speed of lz4")' "$dir.rows" | expand -t 26,36,44,52,60,68,80 >"$dir.table"
cat "$dir.table"
! grep -q '^FAIL' "$dir.table"
status=$?
rm -f "$dir.rows" "$dir.table"
exit $status

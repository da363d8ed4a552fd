#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# churn.sh - compares the slot model with mm_stat for programs whose pages enter and leave a pool: sqlite3 (with values
# that change in place, and with rows that split its pages) and python3, each limited to half of its memory, until
# several times the size of the pool was swapped out.
#
#   bench/churn.sh [RUNS [MIB [TURNS [ALGORITHM [PROGRAM...]]]]]
#
# Then the program is stopped, the pages in the pool are read back, and the model's prediction for them is compared with
# compr_data_size and mem_used_total: with the unused objects that it expects, without, and without after compaction.
# Data, and memory with unused objects, must be within 3 %; exits 1 if a run is not.
set -u
cd "$(dirname "$0")/.." || exit 1
runs=${1:-2} mib=${2:-64} turns=${3:-8} only=${4-} programs=("${@:5}")
[ ${#programs[@]} -gt 0 ] || programs=(sqlite3 sqlite3_split python3)
bin=build/bin group='' limit_file='' pid='' from='' to='' tmp=$(mktemp -d)
export COLDPRESS_STATE_DIR=$tmp/state

skip() { # by pool_helpers
	echo "$*"
	exit 77
}
# shellcheck source=/dev/null
. tests/live/pool_helpers.bash

end_program() {
	[ -z "$pid" ] || kill -9 "$pid"
	[ -z "$pid" ] || wait "$pid"
	[ -z "$group" ] || remove_group "$group"
	pid='' group=''
} 2>/dev/null
put_away() {
	end_program
	"$bin/ram_pool" reset -q
}
cleanup() {
	put_away
	rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
need_zram
for tool in jq sqlite3 python3; do
	command -v $tool >/dev/null || skip "needs $tool: apt install $tool"
done

# ---- programs: one line in, one line out when it is done -----------------------------------------------------------
program_sqlite3() { exec sqlite3 -batch :memory:; }
program_python3() {
	exec python3 -c '
import random, sys
r = random.Random(int(sys.argv[1])); records = {}
def record(i):
    words = " ".join(r.choice(("lorem", "ipsum", "dolor", "sit", "amet", "elit")) for _ in range(r.randrange(4, 40)))
    return {"id": i, "name": "user-%d-%x" % (i, r.getrandbits(64)), "words": words,
        "seen": [r.random() for _ in range(6)]}
for line in sys.stdin:
    what, n = line.split(); n = int(n)
    if what == "fill":
        for i in range(n): records[i] = record(i)
        keys = n
    else:
        at = r.randrange(keys)
        for i in range(n // 2): len(records[(at + i) % keys]["words"])
        for i in range(n): records[r.randrange(keys)] = record(i)
    print("done", flush=True)' "$run"
}

ask() { # TEXT - until it says "done"; what it prints before is of no interest
	local line=''
	printf '%s\n' "$1" >&"$to"
	until [ "$line" = "done" ]; do read -r -t 300 -u "$from" line || return; done
}

fill_python3() { ask "fill $((mib * 1000))"; }
work_python3() { ask "work $((mib * 20))"; }

rows=$((mib * 4000))
row="printf('user-%d-%s', i, hex(randomblob(8))) || substr('consectetur adipiscing elit sed do eiusmod tempor
	incididunt ut labore et dolore magna aliqua', 1, abs(random()) % 100),
	hex(randomblob(16 + abs(random()) % 24)), i * 31"
numbers() { echo "with recursive c(i) as (select 1 union all select i + 1 from c where i < $1)"; }
fill_sqlite3() {
	ask "create table t(id integer primary key, name text, body text, n integer);
		$(numbers $rows) insert into t select i, $row from c;
		create index by_name on t(name);
.print done"
}
# sqlite3: rows get values of the same length in place. sqlite3_split: rows of other lengths take their place, so that
# the tree's full pages split into half-empty ones, and what a page compresses to is no longer what it was.
some_ids="select abs(random()) % $rows as i from c"
read_some="select sum(length(body)) from t where id between"
work_sqlite3() {
	local at=$((RANDOM * (rows / 32768 + 1) % rows))
	ask "$(numbers $((rows / 500)))
		update t set n = n + 1, body = hex(randomblob(length(body) / 2)) where id in ($some_ids);
		$read_some $at and $((at + rows / 20));
.print done"
}
work_sqlite3_split() {
	local at=$((RANDOM * (rows / 32768 + 1) % rows))
	ask "$(numbers $((rows / 500))) insert or replace into t select i, $row from ($some_ids);
		$read_some $at and $((at + rows / 20));
.print done"
}

# ---- one run -------------------------------------------------------------------------------------------------------
written_pages() {
	awk '{ print int($7 / 8) }' "/sys/block/$device/stat"
}

held_bytes() {
	awk '/^RssAnon/ { print $2 * 1024 }' "/proc/$pid/status"
}

# begin PROGRAM ALGORITHM - filled, and half of it out.
begin() {
	"$bin/ram_pool" setup --algo "$2" --size $((4 * mib))MiB --mem-limit $((2 * mib))MiB -f json -q \
		>"$tmp/pool" || exit
	device=$(jq -r 'select(.device) | .device' "$tmp/pool" | head -n 1)
	device=${device##*/}
	limited_group "coldpress.churn.$$"
	coproc PROGRAM { in_group "$BASH" -c "$(declare -f "program_${1%_*}"); run=$run; program_${1%_*}"; }
	pid=$PROGRAM_PID
	keep_coproc "${PROGRAM[@]}"
	"fill_${1%_*}" || return
	echo $(($(held_bytes) / 2)) >"$limit_file"
}

mm_stat() {
	read -r orig compr used _ _ _ _ _ <"/sys/block/$device/mm_stat"
}

# look MODEL - "PAGES DATA MEMORY" of the pool by mm_stat and by the model, then the model's unused objects. Repeated
# if the pool changed meanwhile, as the kernel frees slots at any time.
look() {
	local before
	for _ in 1 2 3 4 5; do
		mm_stat
		before="$orig $compr $used"
		"$bin/compressor_monitor" scan -q --zram "$device" --pid "$pid" --all --codec "$1" -f json \
			>"$tmp/scan" || return
		mm_stat
		[ "$before" = "$orig $compr $used" ] || continue
		echo "$((orig / 4096)) $compr $used" "$(jq -r 'select(.type == "scan_codec") |
			"\(.stored_bytes) \(.pool_bytes) \(.pool_unused_bytes)"' "$tmp/scan")"
		return
	done
	echo "the pool never stood still" >&2
	return 1
}

# measure PROGRAM ALGORITHM MODEL - "PROGRAM ALGORITHM RUN TURNS", what look says, and memory once compacted.
measure() {
	local began line
	begin "$1" "$2" || { echo "$1 ended early" >&2; return 1; }
	began=$(written_pages)
	mm_stat
	while (($(written_pages) - began < turns * orig / 4096)); do
		"work_$1" || { echo "$1 ended at work" >&2; return 1; }
	done
	began=$((($(written_pages) - began) * 4096 / orig))
	line=$(look "$3") || return
	echo 1 >"/sys/block/$device/compact"
	mm_stat
	echo "$1 $2 $run $began $line $used"
	put_away
}

# ---- all of them ---------------------------------------------------------------------------------------------------
exec {table}> >(awk '
	function off(predicted, measured) { return 100 * (predicted / measured - 1) }
	function beyond(x) { return x > 3 || x < -3 }
	BEGIN {
		printf "%-13s %-9s %3s %6s %6s %9s | ", "program", "algorithm", "run", "pages", "turns", "data, %"
		printf "mem_used_total, KiB, and how far off the model is, %%\n"
		printf "%51s | %9s %9s %9s %9s\n", "", "measured", "unused", "none", "compacted"
	}
	{
		data = off($8, $6); unused = off($9 + $10, $7)
		bad = beyond(data) || beyond(unused)
		failed += bad
		printf "%-13s %-9s %3d %6d %6d %9.3f | %9d %9.2f %9.2f %9.2f%s\n", $1, $2, $3, $5, $4, data, $7 / 1024,
			unused, off($9, $7), off($9, $11), bad ? "  BEYOND" : ""
		fflush()
	}
	END { printf "%d of %d runs within 3 %%\n", NR - failed, NR; exit failed > 0 || NR == 0 }')
awk_pid=$!
# The algorithms that this kernel has, each with the library's codec that stands for it.
"$bin/compressor_monitor" calibrate -q --file "$bin/compressor_monitor" --pages 256 --runs 1 -f json |
	jq -r --arg only "$only" '
	select(.type == "calibrate" and .model and ($only == "" or .algorithm == $only)) |
	"\(.algorithm) \(.model)"' >"$tmp/models"
for ((run = 1; run <= runs; run++)); do
	while read -r algorithm model; do
		for program in "${programs[@]}"; do
			# The kernel may end a program under so tight a limit: run it again.
			for _ in 1 2 3 4 5 6 7 8; do
				measure "$program" "$algorithm" "$model" && continue 2
				put_away
			done
			echo "$program cannot run with half of its memory here" >&2
			exit 1
		done
	done <"$tmp/models" >&"$table"
done
exec {table}>&-
wait "$awk_pid"

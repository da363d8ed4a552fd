#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# containers_every.sh BIN DIR - runs every command of coldpress once, in whatever setting this is run in, and prints a line
# for each: NAME, exit status, number of lines on standard error, and the first of them. DIR is writable.
bin=$1 dir=$2
cd "$dir" || exit 1
head -c 2097152 "$bin/compressor_monitor" >file

try() { # try NAME COMMAND...
	local name=$1 rc lines
	shift
	timeout -k 5 60 "$@" >"$name.out" 2>"$name.err" <&-
	rc=$?
	mapfile -t lines <"$name.err"
	printf '%s\t%d\t%d\t%s\n' "$name" "$rc" "${#lines[@]}" "${lines[0]-}"
}

# A process to look at, whose PID is that of this namespace.
"$bin/workload-gen" random_touch_heap --region 8MiB --duration 100s --rate 100 >/dev/null 2>&1 3>&- &
target=$!
trap 'kill $target 2>/dev/null; wait $target 2>/dev/null' EXIT
sleep 0.3

try doctor "$bin/coldpress" doctor
try proc_create "$bin/proc_create" -q -f json -d 0.2s
try proc_create_command "$bin/proc_create" -q -f json -- true
try proc_create_tree "$bin/proc_create" -q -f json --tree $$ -d 0.1s
try page_fault "$bin/page_fault" -q -f json -p $target -d 0.2s
try page_fault_mapping "$bin/page_fault" -q -f json --fault all --mapping -p $target -d 0.2s
try swap_probe "$bin/swap_probe" -q -f json --by process --interval 0.1s -d 0.2s
try scan_pid "$bin/compressor_monitor" scan -q -f json --pid $target --pages 16
try scan_file "$bin/compressor_monitor" scan -q -f json --file file --pages 16
try rank "$bin/compressor_monitor" rank -q -f json --file file --pages 16
try bench "$bin/compressor_monitor" bench -q -f json --corpora repetitive --max-size 64KiB --codec lz4:1,kernel:lzo-rle --runs 1
try calibrate "$bin/compressor_monitor" calibrate -q -f json --file file --pages 512 --runs 1 --algo lzo-rle
try setup "$bin/ram_pool" setup -q -f json --size 32MiB --mem-limit 16MiB
try status "$bin/ram_pool" status -q -f json
try pool_probe "$bin/pool_probe" -q -f json -d 0.2s
try trigger_pid "$bin/ram_pool" trigger compress -q -f json --pid $target
try reset "$bin/ram_pool" reset -q -f json
try pool_recover "$bin/ram_pool" recover -q
try workload "$bin/workload" run random_touch_heap --json --region 4MiB --duration 0.2s
try study "$bin/coldpress" study -q -f json --dir out --limit 50% --blocks 1 --algo lzo-rle -- \
	"$bin/workload-gen" interactive_burst --region 24MiB --operations 300000 --idle 5ms
try report "$bin/coldpress" report -q --db out/study.db -o out.html
try recover "$bin/coldpress" recover

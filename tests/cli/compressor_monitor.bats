#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# compressor_monitor.bats - the command line: what is refused and how, and that answers follow the figures.

bats_require_minimum_version 1.5.0
load monitor_helpers

# ---- what is refused ------------------------------------------------------------------------------------

@test "a scan without a target, or with two, is a usage error" {
	refused 2 "--pid" scan
	refused 2 "one target" scan --pid 1 --file text
	refused 2 "one target" scan --tree 1 --pid 1
	refused 2 "one target" scan --system --pid 1
	refused 2 "with --zram" scan --zram zram9 --file text
	refused 2 "with --zram" scan --zram zram9 --pid 1 --tree 1
	refused 2 "a device such as" scan --zram sda
	refused 2 "--tree" scan --tree 0
	refused 2 "give one of" rank --file text --json text
}

@test "codecs and levels there are not: the message lists those there are" {
	refused 2 "lz4, lzo-rle, lzo, lzo1x-1, zstd, deflate, lz4hc, zlib, snappy, lz4-dict, zstd-dict" scan --file text --codec lz5
	refused 2 "from -100 to 22" scan --file text --codec zstd:23
	refused 2 "only bench" scan --file text --codec zstd-dict
	refused 2 "4KiB to 64KiB" bench --codec zstd-dict:3:128KiB
	refused 2 "takes no level" scan --file text --codec lzo1x-1:3
}

@test "bad values are usage errors that name the option" {
	refused 2 "--pid" scan --pid 0
	refused 2 "--pid" scan --pid 1x
	refused 2 "--precision" scan --file text --precision 1
	refused 2 "--precision" scan --file text --precision 0pt
	refused 2 "--precision" scan --file text --precision 1pt --all
	refused 2 "--chain" scan --file text --chain 3
	refused 2 "--pages" scan --file text --pages 0
	refused 2 "--include" scan --file text --include everything
	refused 2 "--residence" rank --file text --residence 60
	refused 2 "--class" rank --file text --class tepid
}

@test "a process that ended is named, exit 1" {
	sleep 0 &
	local pid=$!
	wait "$pid"
	refused 1 "process $pid" scan --pid "$pid"
}

@test "a kernel thread has no memory to scan, exit 1" {
	[ "$(id -u)" = 0 ] || skip "needs root to look at kernel threads"
	refused 1 "kernel thread" scan --pid 2
}

@test "files that are missing, empty or no files, exit 1" {
	refused 1 "nonexistent" scan --file nonexistent
	refused 1 "not a regular file" scan --file .
	: >empty
	refused 1 "no page of the target" scan --file empty
	refused 1 "cgroup.procs" scan --cgroup nonexistent
}

@test "a file that is no scan is refused with how to make one" {
	echo '{"type":"scan_codec","label":"x"}' >half
	echo 'words' >words
	echo '{"type":"end"}' >other
	refused 1 "half, line 1" rank --json half
	refused 1 "words, line 1" rank --json words
	refused 1 "no scan_codec" rank --json other
	monitor rank --json words
	[[ $stderr == *"scan --format json --output"* ]]
}

# ---- what is answered --------------------------------------------------------------------------------------

@test "every record of a scan is JSON with a type, and the end record is last" {
	monitor scan --file text --pages 100 --format json
	[ "$status" = 0 ]
	jq -es 'all(has("type") and has("v")) and .[-1].type == "end"' <<<"$output"
	of end '.[0] | .seen == 512 and .emitted == 100 and .filtered == 412 and .dropped == 0 and .reason == "done"'
	of scan_codec 'map(.label) == ["lz4:1", "lzo-rle", "zstd:1", "zstd:3", "deflate:1"]'
	of scan_codec 'all(.validation == "PASS" and .pages == 100 and .compress_ns > 0 and .decompress_ns > 0)'
	of scan_class 'map(.pages) | add == 100'
}

@test "the same seed draws the same pages, another one others" {
	monitor scan --file text --pages 50 --seed 7 --codec lz4 -f json
	first=$(jq 'select(.type == "scan_codec") | .codec_bytes' <<<"$output")
	monitor scan --file text --pages 50 --seed 7 --codec lz4 -f json
	[ "$first" = "$(jq 'select(.type == "scan_codec") | .codec_bytes' <<<"$output")" ]
	monitor scan --file text --pages 50 --seed 8 --codec lz4 -f json
	[ "$first" != "$(jq 'select(.type == "scan_codec") | .codec_bytes' <<<"$output")" ]
}

@test "zero and same-filled pages are counted apart and are in no codec's figures" {
	monitor scan --file same --all -f json
	[ "$status" = 0 ]
	of scan_summary '.[0] | .zero_pages == 256 and .same_pages == 256'
	of scan_codec 'all(.pages == 0 and .saved_slot_ratio == null and .compress_ns == null and .pool_bytes == 0)'
	monitor rank --file same --all -f json
	of rank_decision '.[0].choice == null'
}

@test "duplicates are counted within the sample, same-filled pages apart, one different byte is another page" {
	head -c $((101 * 4096)) random >once
	{ cat once once once; head -c 4095 once; printf '\001'; head -c 4095 once; printf '\002'; cat same; } >copies
	monitor scan --file copies --all --codec lz4 -f json
	of scan_summary '.[0].duplicate_pages == 202'
	monitor scan --file text --all --codec lz4 -f json
	of scan_summary '.[0].duplicate_pages == 0'
}

@test "a trace has the classes in the order of addresses, and the lengths that lz4 makes of them" {
	{ head -c $((3 * 4096)) /dev/zero; head -c $((5 * 4096)) text; head -c $((7 * 4096)) random
	  head -c $((11 * 4096)) /dev/zero | tr '\0' 'x'; head -c $((13 * 4096)) text; } >pages
	monitor scan --file pages --all --codec lz4 -f json --record trace
	[ "$status" = 0 ]
	jq -es '(.[0] | {type, v, pages, page_bytes}) == {type: "page_trace", v: 1, pages: 39, page_bytes: 4096} and
		(.[-1].type == "end") and (.[1:-1] | all(keys == ["class", "lz4_bytes", "pages", "type", "v"]) and
		(map([.class, .pages]) == [["zero", 3], ["text", 5], ["other", 7], ["same_filled", 11], ["text", 13]]) and
		(map(.lz4_bytes == 0) == [true, false, false, true, false]))' trace
	# The lengths add up to what the scan says, to within the rounding of means.
	jq -es --argjson all "$(jq 'select(.type == "scan_codec") | .codec_bytes' <<<"$output")" \
		'map(select(.type == "page_run") | .pages * .lz4_bytes) | add - $all | fabs <= 25' trace
	# Drawn in two stages, written in one order.
	cat text random >halves
	monitor scan --file halves --precision 0.5pt --codec lz4 -f json --record trace
	of scan_summary '.[0].sampled_pages > 512'
	jq -es 'map(select(.type == "page_run") | .class) == ["text", "other"]' trace
}

@test "a trace that cannot be written takes no figures with it" {
	monitor scan --file text --codec lz4 -f json --record /dev/full
	[ "$status" = 1 ]
	[[ $stderr == *"cannot write /dev/full: No space left on device"* ]]
	of scan_codec 'length == 1 and .[0].validation == "PASS"'
	of end 'length == 1'
}

@test "--precision is reached, or a line says that it cannot be" {
	cat text random >halves
	monitor scan --file halves --precision 3pt --codec lz4,zstd:1 -f json
	of scan_codec 'all((.saved_memory_high_ratio - .saved_memory_low_ratio) / 2 | . > 0.01 and . <= 0.03)'
	[[ $stderr != *"not reached"* ]]
	# Two pages in a hundred need a codec: of all memory the share is soon known, of those pages it is not.
	{ head -c 800K text; head -c 800K random; } >few
	truncate -s 80M few
	monitor scan --file few --precision 5pt --codec lz4 -f json
	[ "$status" = 0 ]
	of scan_codec '.[0] | (.saved_memory_high_ratio - .saved_memory_low_ratio) / 2 | . > 0 and . <= 0.05'
	of scan_codec '.[0] | .saved_memory_low_ratio <= 0.99 and .saved_memory_high_ratio >= 0.99'
	# Ten pages of a pilot of 512 say little of a spread: 30 / 0.05 pages, and those read to need fewer steps.
	of scan_summary '.[0].sampled_pages | . >= 600 and . <= 640'
}

@test "any number of threads finds the same, however many pages are drawn" {
	refused 2 "--threads" scan --file text --threads 0
	# Half-empty pages, so that slots are not whole bytes; copies, which are met in another order by more threads.
	{ cat text random same text; for n in $(seq 64); do seq "$n" "$((n * 7))" | head -c 2000; head -c 2096 /dev/zero; done
	} >crowd
	for draw in --all "--pages 600" "--precision 2pt"; do
		for threads in 1 2 5; do
			# shellcheck disable=SC2086 # two words
			monitor scan --file crowd $draw --threads "$threads" --codec lz4,zstd:1 --estimate --by mapping \
				-f json --record "trace.$threads"
			[ "$status" = 0 ]
			jq -S 'with_entries(select(.key | test("_ns$|^speed_ratio$|^threads$") | not))' <<<"$output" \
				>"found.$threads"
		done
		of scan_summary '.[0] | .threads == 5 and .sampled_pages >= 512'
		cmp found.1 found.2
		cmp found.1 found.5
		cmp trace.1 trace.2
		cmp trace.1 trace.5
	done
	of scan_summary '.[0].duplicate_pages > 0'
}

@test "--by kind and --by mapping: the rows of a file add up to the codec's" {
	refused 2 "--by" scan --file text --by colour
	monitor scan --file text --all --codec lz4,zstd:1 -f json --by mapping
	of scan_mapping 'map([.kind, .mapping, .label]) ==
		[["file", null, "lz4:1"], ["file", null, "zstd:1"], ["file", "[file]", "lz4:1"], ["file", "[file]", "zstd:1"]]'
	codec=$(jq -c 'select(.type == "scan_codec" and .label == "lz4:1") | [.orig_bytes, .codec_bytes, .slot_bytes]' \
		<<<"$output")
	of scan_mapping "map(select(.label == \"lz4:1\") | [.orig_bytes, .codec_bytes, .slot_bytes]) == [$codec, $codec]"
	monitor scan --file text --pages 50 --codec lz4
	[[ $output != *shmem\ * ]]
	monitor scan --file text --pages 50 --codec lz4 --by kind
	[ "$(grep -c '^- *file *lz4:1' <<<"$output")" = 1 ]
}

# A deterministic file and seeds: no luck is in the figure. By chance it would be 950 of 1,000 to within 14.
@test "of 1,000 samples to two points, the interval holds the truth in at least 930" {
	command -v python3 >/dev/null || skip "python3 is not installed"
	python3 -c 'import random
random.seed(1009)
for i in range(4096):
	n = random.randrange(4097) if random.random() < 0.7 else 4096
	open("spread", "ab").write((random.randbytes(n) + b"a line of what is easy\n" * 180)[:4096])'
	monitor scan --file spread --all --chain 8 --codec lz4 -f json
	truth=$(jq 'select(.type == "scan_codec") | .saved_slot_ratio' <<<"$output")
	for seed in $(seq 1000); do
		"$MONITOR" scan -q --file spread --precision 2pt --chain 8 --codec lz4 -f csv --seed "$seed" \
			--fields saved_slot_low_ratio,saved_slot_high_ratio
	done | awk -F, -v truth="$truth" '/^[0-9.]+,[0-9.]+\r?$/ { n++; held += $1 <= truth && truth <= $2 + 0 }
		END { print n, held }' >held
	read -r n held <held
	echo "# $held of $n intervals hold the truth, $truth" >&3
	[ "$n" = 1000 ]
	[ "$held" -ge 930 ]
}

@test "a trace that cannot be written is refused before the scan, a failed scan leaves the earlier one" {
	refused 1 "nonexistent" scan --file text --record nonexistent/trace
	echo earlier >trace
	: >empty
	refused 1 "no page of the target" scan --file empty --record trace
	[ "$(cat trace)" = earlier ]
}

@test "random pages cost a whole page each and are never decompressed" {
	monitor scan --file random --all -f json
	of scan_codec 'all(.huge_pages == 512 and .slot_bytes == 2097152 and .saved_slot_ratio == 0 and
		.pool_bytes == 2097152 and .decompress_cpu_ns == 0 and .validation == "PASS")'
}

@test "the estimator is compared with every codec, page by page, and only where asked for" {
	cat text random >halves
	pages=$(($(stat -c %s text) / 4096))
	monitor scan --file halves --all --estimate --codec lz4,lzo1x-1,snappy,zstd,deflate -f json
	of scan_estimate "length == 5 and all(.pages == 512 + $pages and .agree_ratio > 0.95 and .estimate_ns > 0 and
		.true_compressible + .false_compressible + .true_incompressible + .false_incompressible == .pages and .true_incompressible >= 490 and
		(.true_compressible + .true_incompressible) / .pages == .agree_ratio)"
	monitor scan --file halves --all -f json
	of scan_estimate 'length == 0'
}

@test "a scan of everything has no interval left" {
	monitor scan --file text --all -f json
	of scan_codec 'all((.saved_slot_high_ratio - .saved_slot_low_ratio | fabs) < 1e-12)'
	of scan_summary '.[0] | .sampled_pages == .population_pages'
}

@test "precision takes the pages it needs: few where all are alike, more where they differ" {
	seq 10000000 | head -c 64M >alike
	for _ in $(seq 16); do head -c 1M /dev/urandom; seq 200000 | head -c 1M; done >differing
	monitor scan --file alike --precision 1pt --codec lz4 -f json
	of scan_summary '.[0].sampled_pages == 512'
	of scan_codec '.[0] | .saved_slot_high_ratio - .saved_slot_low_ratio <= 0.02'
	monitor scan --file differing --precision 1pt --codec lz4 -f json
	of scan_summary '.[0] | .sampled_pages > 512 and .sampled_pages < 3000'
	# The pilot's spread is not quite that of the whole.
	of scan_codec '.[0] | .saved_slot_high_ratio - .saved_slot_low_ratio <= 0.021'
	monitor scan --file random --precision 1pt --codec lz4 -f json
	[ "$status" = 0 ]
}

@test "chains of 4 reach incompressible sooner than chains of 8" {
	# 3400 random bytes and zeros: compressible with chains of 8 only.
	for _ in $(seq 64); do head -c 3400 /dev/urandom; head -c 696 /dev/zero; done >edge
	monitor scan --file edge --all --chain 4 --codec lz4 -f json
	of scan_codec '.[0].huge_pages == 64'
	monitor scan --file edge --all --chain 8 --codec lz4 -f json
	of scan_codec '.[0].huge_pages == 0'
}

@test "the classes of a scan add up to the whole, codec by codec" {
	cat text random same >classes
	monitor scan --file classes --all -f json
	jq -es '(map(select(.type == "scan_class_codec")) | group_by(.label) | map({(.[0].label):
		[(map(.pages) | add), (map(.codec_bytes) | add), (map(.compress_cpu_ns) | add), (map(.decompress_cpu_ns) | add)]})
		| add) == (map(select(.type == "scan_codec") |
		{(.label): [.pages, .codec_bytes, .compress_cpu_ns, .decompress_cpu_ns]}) | add)' <<<"$output"
}

# ---- bench ----------------------------------------------------------------------------------------------------

@test "bench gives a valid row for every codec, corpus and size, the same bytes each time" {
	monitor bench -q --max-size 16KiB --runs 2 --warmups 1 --codec lz4,zstd:1 -f json
	[ "$status" = 0 ]
	# Sizes 1, 4 and 16 KiB; a mixture of halves takes 8 KiB at least.
	of bench 'map("\(.corpus) \(.size_bytes)") | unique == ["mixed_50_50 16384", "repetitive 1024",
		"repetitive 16384", "repetitive 4096", "unique 1024", "unique 16384", "unique 4096"]'
	of bench 'length == 14 and all(.validation == "PASS" and .compress_cpu_ns > 0 and .compress_p10_ns <= .compress_ns
		and .compress_ns <= .compress_p99_ns and .decompress_mib_per_s > 0)'
	of bench 'map(select(.corpus == "unique" and .size_bytes == 4096)) | all(.saved_slot_ratio == 0 and .ratio < 1)'
	of bench 'map(select(.size_bytes == 1024)) | all(.slot_bytes == null)'
	bytes=$(jq 'select(.type == "bench") | .codec_bytes' <<<"$output")
	monitor bench -q --max-size 16KiB --runs 1 --warmups 1 --codec lz4,zstd:1 -f json
	[ "$bytes" = "$(jq 'select(.type == "bench") | .codec_bytes' <<<"$output")" ]
}

@test "the ladder of a file ends with the file" {
	head -c 5000 text >small
	monitor bench -q --corpora small --runs 1 --codec lz4 -f json
	of bench 'map(.size_bytes) == [1024, 4096]'
}

@test "half of mixed_50_50 is repetitive and half is unique, block by block" {
	monitor bench -q --max-size 64KiB --runs 1 --codec lz4 -f json
	of bench 'map(select(.size_bytes == 65536)) | map({(.corpus): .slot_bytes}) | add |
		.mixed_50_50 == (.repetitive + .unique) / 2'
}

@test "every codec and level of the full sweep passes" {
	local expected codec
	expected=$(
		for codec in lz4:{1,2,4,8,16} lz4hc:{3,6,9,12} zstd:{-5,-3,-1} zstd:{1..19} lzo1x-1 lzo lzo-rle \
			deflate:{1,6,12} zlib:{1,6} snappy {zstd-dict:3,lz4-dict:1}:{4,16,64}KiB; do
			echo "$codec"
		done | LC_ALL=C sort
	)
	monitor bench -q --full-sweep --max-size 4KiB --runs 1 --warmups 1 --corpora unique,text -f json
	[ "$status" = 0 ]
	of bench 'all(.validation == "PASS")'
	[ "$(jq -r 'select(.type == "bench" and .corpus == "text" and .size_bytes == 4096) | .label' <<<"$output" |
		LC_ALL=C sort)" = "$expected" ]
}

@test "the figures of a row agree with each other" {
	monitor bench -q --max-size 64KiB --runs 3 --warmups 4 --corpora text --codec lz4:2,lzo-rle,zstd-dict:1:4KiB -f json
	[ "$status" = 0 ]
	of bench 'map(select(.size_bytes == 65536)) | map([.label, .codec, .mode, .level]) ==
		[["lz4:2", "lz4", "library", 2], ["lzo-rle", "lzo-rle", "library", null],
		["zstd-dict:1:4KiB", "zstd-dict", "dictionary", 1]]'
	of bench 'def near(a; b): ((a - b) | fabs) <= 1e-6 * (b | fabs);
		all(.runs == 3 and .warmups == 4 and .page_bytes == 4096 and .orig_bytes == .size_bytes and .passes >= 1 and
		near(.ratio; .orig_bytes / .codec_bytes) and near(.saved_codec_ratio; 1 - .codec_bytes / .orig_bytes) and
		.compress_wall_ns > 0 and .decompress_wall_ns > 0 and .compress_process_cpu_ns > 0 and
		.decompress_process_cpu_ns > 0 and .compress_p10_ns <= .compress_ns and .compress_ns <= .compress_p90_ns and
		.compress_p90_ns <= .compress_p99_ns and .decompress_p10_ns <= .decompress_ns and
		.decompress_ns <= .decompress_p90_ns and .decompress_p90_ns <= .decompress_p99_ns)'
	# MiB/s are rounded to whole nanoseconds of a pass on the other side.
	of bench 'def speed(ns): .size_bytes / 1048576 / (ns / 1e9);
		all((.compress_mib_per_s / speed(.compress_cpu_ns) - 1 | fabs) < 0.02 and
		(.decompress_mib_per_s / speed(.decompress_cpu_ns) - 1 | fabs) < 0.02)'
	of bench 'map(select(.size_bytes >= 4096)) | all((.saved_slot_ratio - (1 - .slot_bytes / .orig_bytes) | fabs) < 1e-3 and
		.slot_bytes >= .stored_bytes and .used_bytes >= .slot_bytes)'
}

@test "JSON, CSV and text have the same rows and columns; CSV goes to the monitor's folder" {
	rm -rf compressor-monitor
	mkdir compressor-monitor
	monitor bench -q --max-size 16KiB --runs 1 --warmups 1 --corpora text --codec lz4,zstd:1 -f json
	[ "$status" = 0 ]
	columns=$(jq -r 'select(.type == "bench") | del(.type, .v) | keys_unsorted | join(",")' <<<"$output" | sort -u)
	[ "$(head -n 1 compressor-monitor/results.csv)" = "$columns" ]
	[ "$(jq -r 'select(.type == "bench") | [.label, .size_bytes, .codec_bytes, .compress_cpu_ns, .validation] | map(tostring) |
		join(",")' <<<"$output")" = "$(awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		{ print $at["label"] "," $at["size_bytes"] "," $at["codec_bytes"] "," $at["compress_cpu_ns"] "," $at["validation"] }
		' compressor-monitor/results.csv)" ]
	monitor bench -q --max-size 16KiB --runs 1 --warmups 1 --corpora text --codec lz4,zstd:1 --fields "$columns"
	[ "$status" = 0 ]
	[ "$(head -n 1 <<<"$output" | xargs | tr ' ' ,)" = "$columns" ]
	[ "$(sed -n '2,$p' <<<"$output" | wc -l)" = 6 ]
	rm -r compressor-monitor
}

@test "five runs after two warm-ups of pages of 4 KiB, unless told otherwise" {
	monitor bench -q --max-size 4KiB --corpora unique --codec lz4 -f json
	of bench 'all(.runs == 5 and .warmups == 2 and .page_bytes == 4096)'
}

@test "--cpu: the bench may run there and nowhere else" {
	local cpu allowed='' bench
	cpu=$(taskset -cp $$ | sed 's/.*[ ,-]//')
	"$MONITOR" bench -q --cpu "$cpu" --max-size 64KiB --runs 1000 --corpora unique --codec zstd:19 >/dev/null 3>&- &
	bench=$!
	for _ in $(seq 1000); do
		allowed=$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' "/proc/$bench/status")
		[ "$allowed" != "$cpu" ] || break
		sleep 0.01
	done
	kill "$bench"
	wait "$bench" || true
	[ "$allowed" = "$cpu" ]
}

@test "a codec spec may name a range of levels; every codec of a sweep says its own" {
	monitor bench -q --max-size 4KiB --runs 1 --corpora unique --codec zstd:-1..2,zstd:9,snappy,lz4hc:4..4 -f json
	[ "$status" = 0 ]
	of bench 'map(select(.size_bytes == 4096) | .label) == ["zstd:-1", "zstd:1", "zstd:2", "zstd:9", "snappy", "lz4hc:4"]'
	monitor scan --file text --codec zstd:1..3 -f json
	of scan_codec 'map(.label) == ["zstd:1", "zstd:2", "zstd:3"]'
	monitor bench -q --max-size 1KiB --runs 1 --warmups 1 --corpora repetitive --full-sweep -f json
	of bench 'map(.label) | length == 46 and contains(["lz4:16", "lz4hc:12", "lzo-rle", "snappy", "zstd:-5", "zstd:19", "deflate:12"])'
	refused 2 "to 12, not" bench -q --codec lz4hc:11..13
	refused 2 "takes no level" bench -q --codec snappy:1..2
	for range in zstd:1.. zstd:9..1 zstd:1..99999999999 zstd..2 zstd:..2 zstd:1..2x 1..2; do
		refused 2 "NAME:FROM..TO" bench -q --codec $range
	done
}

@test "options of earlier versions are answered with today's" {
	refused 2 "--codec LIST" scan --file text --codecs lz4
	refused 2 "--codec LIST" bench --codecs lz4
	refused 2 "--codec NAME:FROM..TO" bench --levels 1
	refused 2 "--algo LIST" calibrate --file text --algorithms lz4
	refused 2 "--db FILE" calibrate --file text --store x.db
	refused 2 "--db FILE or --readback-pid PID" rank --file text --readback-from x.db
	refused 2 "--db FILE" rank --file text --kernel-costs x.db
	refused 2 "--target NAME" rank --file text --subject x
	refused 2 "--duration TIME" rank --file text --watch 1s
	refused 2 "--plot FILE" rank --file text --figure x.svg
}

@test "a dictionary is trained on pages that are not measured, and left out where there are none" {
	for i in $(seq 20000); do echo "{\"id\":$((i * 7919 % 100003)),\"state\":\"waiting\",\"path\":\"/var/lib/thing/$i\"}"; done >records
	monitor bench -q --max-size 16KiB --runs 1 --corpora records --codec zstd:3,zstd-dict:3:4KiB,lz4:1,lz4-dict:1:4KiB -f json
	[ "$status" = 0 ]
	# Of short pages both gain; zstd without one finds enough in a whole page of such records.
	of bench 'all(.validation == "PASS") and (map({"\(.label) \(.size_bytes)": .codec_bytes}) | add |
		.["zstd-dict:3:4KiB 1024"] < .["zstd:3 1024"] and .["lz4-dict:1:4KiB 1024"] < .["lz4:1 1024"] and
		.["lz4-dict:1:4KiB 16384"] < .["lz4:1 16384"])'
	of bench 'map(select(.mode == "dictionary")) | length == 6 and all(.dictionary_bytes > 0 and .dictionary_bytes <= 4096)'
	of bench 'map(select(.mode == "library")) | all(.dictionary_bytes == null)'
	head -c 16384 records >all_measured
	run "$MONITOR" bench --max-size 16KiB --runs 1 --corpora all_measured --codec zstd:3,zstd-dict:3:4KiB --fields label,size_bytes
	[ "$status" = 0 ]
	[[ $output == *"all_measured, 16384 bytes, zstd-dict:3:4KiB skipped"* ]]
}

@test "directories are corpora: every file below, padded to whole pages, links not followed" {
	rm -rf tree
	mkdir -p tree/b/c
	head -c 5000 text >tree/a
	head -c 1 random >tree/b/one
	head -c 4096 random >tree/b/c/page
	ln -s "$PWD/text" tree/link
	mkfifo tree/fifo
	{ cat tree/a; head -c 3192 /dev/zero; cat tree/b/c/page; cat tree/b/one; head -c 4095 /dev/zero; } >flat
	monitor bench -q --max-size 16KiB --runs 1 --corpora tree,flat --codec lz4 -f json
	[ "$status" = 0 ]
	of bench 'group_by(.corpus) | map(map([.size_bytes, .codec_bytes])) | length == 2 and .[0] == .[1] and (.[0] | length) == 3'
	mkdir -p hollow
	refused 1 "hollow" bench -q --corpora hollow
}

@test "contents of workload are corpora without their zero and same-filled pages; a process's pages too" {
	monitor bench -q --max-size 256KiB --runs 1 --corpora profile:uniform --codec lz4 -f json
	of bench '.[-1] | .size_bytes == 262144 and .same_pages == 0 and .huge_pages > 0 and .stored_bytes < .orig_bytes'
	refused 1 "zero or same-filled" bench -q --corpora profile:zero
	refused 2 "nothing_like_it" bench -q --corpora profile:nothing_like_it
	monitor bench -q --max-size 64KiB --runs 1 --corpora "pid:$$" --codec lz4 -f json
	[ "$status" = 0 ]
	of bench '.[-1] | .size_bytes == 65536 and .same_pages == 0 and .validation == "PASS"'
	refused 2 "process ID" bench -q --corpora pid:0
}

@test "same-filled pages of a file have no slot in a bench either" {
	{ head -c 8192 /dev/zero; head -c 8192 random; } >half_zero
	monitor bench -q --max-size 16KiB --runs 1 --corpora half_zero --codec lz4 -f json
	of bench '.[-1] | .same_pages == 2 and .huge_pages == 2 and .slot_bytes == 8192 and .stored_bytes == 8192'
}

@test "pages of 16 and 64 KiB are compressed as one, and make no claim about slots" {
	local page last=0 bytes
	for page in 64 16 4; do
		monitor bench -q --max-size 256KiB --page ${page}KiB --runs 1 --corpora text --codec lz4:1 -f json
		[ "$status" = 0 ]
		of bench "all(.validation == \"PASS\" and .page_bytes == $page * 1024 and (.slot_bytes == null or $page == 4))"
		bytes=$(jq -r 'select(.type == "bench" and .size_bytes == 262144) | .codec_bytes' <<<"$output")
		[ "$last" -lt "$bytes" ]
		last=$bytes
	done
}

@test "the row says whether its working set is held by the last-level cache or cycles past it" {
	llc=$(cat /sys/devices/system/cpu/cpu0/cache/index*/size 2>/dev/null | sed 's/K$//' | sort -n | tail -n 1)
	[ -n "$llc" ] || skip "this machine does not say how large its caches are"
	[ "$llc" -le $((256 * 1024)) ] || skip "leaving a cache of $llc KiB takes too much memory"
	monitor bench -q --max-size 64KiB --runs 1 --warmups 1 --corpora text --codec lz4 --cache both -f json
	[ "$status" = 0 ]
	of bench 'map(.cache) == ["hot", "cold", "hot", "cold", "hot", "cold", "hot", "cold"] and all(.validation == "PASS")'
	of bench "all(if .cache == \"cold\" then .working_set_bytes >= 2 * $llc * 1024 else .working_set_bytes < 200000 end)"
	of bench 'group_by(.size_bytes) | all((map(.codec_bytes) | unique | length) == 1)'
}

@test "bench refuses kernel codecs that cannot be" {
	refused 2 "has no algorithm" bench -q --codec kernel:
	refused 2 "4KiB to 64KiB" bench -q --codec kernel:lz4:1:1MiB
	refused 2 "whole number" bench -q --codec kernel:lz4:fast
	refused 2 "--page" bench -q --codec kernel:lz4 --page 16KiB
}

@test "bench refuses what it cannot do" {
	refused 2 "nonsense" bench -q --codec nonsense
	refused 2 "--max-size" bench -q --max-size 64
	refused 2 "--cpu" bench -q --cpu 1000
	refused 1 "nonexistent" bench -q --corpora nonexistent
	echo short >short
	refused 1 "short is smaller" bench -q --corpora unique,short
	refused 1 "mixed_50_50 is smaller" bench -q --corpora mixed_50_50 --max-size 4KiB
}

@test "calibrate refuses what it cannot do" {
	refused 2 "--pid PID or --file FILE" calibrate
	refused 2 "--pid PID or --file FILE" calibrate --pid 1 --file text
	refused 2 "--pages times --runs" calibrate --file text --pages 65536 --runs 100
}

@test "bench --max-size 4KiB leaves out the usual corpus that needs more, and refuses one that was asked for" {
	monitor bench --max-size 4KiB --runs 1 --warmups 1 --codec lz4:1 -f json --results /dev/null
	[ "$status" -eq 0 ]
	[[ $stderr == *"mixed_50_50 is left out"* ]]
	[ "$(jq -r 'select(.type == "bench") | .corpus' <<<"$output" | sort -u | tr '\n' ' ')" = "repetitive unique " ]
	refused 1 "--max-size is too small" bench --max-size 4KiB --corpora mixed_50_50 --codec lz4:1
}

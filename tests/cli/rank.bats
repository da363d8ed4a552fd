#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# rank.bats - compressor_monitor rank: the policy on figures written by hand, on scans and on results, and its README.

bats_require_minimum_version 1.5.0
load monitor_helpers

@test "compressible memory gets a codec, incompressible memory the answer to leave it uncompressed" {
	monitor rank --file text -f json
	[ "$status" = 0 ]
	of rank_decision '.[0].choice != null'
	monitor rank --file random -f json
	[ "$status" = 0 ]
	of rank_decision '.[0] | .choice == null and (.answer | contains("leave this memory uncompressed"))'
	of rank_candidate 'all(.reason == "ineligible_floor" and .rank == null)'
}

@test "each class of pages gets its own decision: text a codec, random pages none" {
	cat text random same >classes
	monitor rank --file classes --all -f json
	[ "$status" = 0 ]
	of rank_class 'map([.class, .pages, .decision == "leave_alone"]) == [["text", 512, false], ["other", 512, true]]'
	of rank_class '.[1] | .choice == null and .saved_ratio == null'
	# Cold text at no price: a heavy codec; still none for random pages.
	monitor rank --file classes --all --class cold --price 0 -f json
	of rank_class 'map(.decision) == ["heavy", "leave_alone"]'
	monitor rank --file classes --all --codec lz4:1,zstd:1 --class hot -f json
	of rank_class 'map(.decision) == ["baseline", "leave_alone"]'
}

# A scan whose figures are written by hand: lz4 saves 2,000 of 4,096 bytes a page, zstd 2,600.
by_hand() {
	local codec
	for codec in "lz4:1 false 2096 3000000 1000000" "lzo1x-1 false 2096 4000000 2000000" \
		"zstd:3 true 1496 12000000 5000000"; do
		read -r label heavy bytes compress decompress <<<"$codec"
		printf '{"type":"scan_codec","v":2,"label":"%s","heavy":%s,"orig_bytes":4096000,"codec_bytes":%d,' \
			"$label" "$heavy" $((bytes * 1000))
		printf '"slot_bytes":%d,"compress_cpu_ns":%d,"decompress_cpu_ns":%d,"validation":"PASS"}\n' \
			$((bytes * 1000)) "$compress" "$decompress"
	done
}

@test "warm memory refuses zstd, cold memory takes it, cold memory that soon comes back refuses it" {
	by_hand >scan.json
	monitor rank --json scan.json --class warm -f json
	of rank_decision '.[0].choice == "lz4:1"'
	of rank_candidate 'map(select(.label == "zstd:3"))[0].reason == "lost_readback"'
	# Extra 600,000 bytes for 9 + 0.1 * 4 = 9.4 ms: for 120 s 7.1 GiB per core, for 30 s 1.8.
	monitor rank --json scan.json --class cold -f json
	of rank_decision '.[0].choice == "zstd:3"'
	of rank_candidate 'map(select(.label == "zstd:3"))[0] | .chosen and .value_gib_per_core > 7.13 and .value_gib_per_core < 7.14'
	# Ranks are by bytes per CPU whatever is chosen.
	of rank_candidate 'map([.rank, .label]) == [[1, "lz4:1"], [2, "lzo1x-1"], [3, "zstd:3"]]'
	monitor rank --json scan.json --class cold --residence 30s -f json
	of rank_decision '.[0].choice == "lz4:1"'
	of rank_candidate 'map(select(.label == "zstd:3"))[0].reason == "lost_price"'
}

@test "a measured factor stands in for the class, and moves the score as the formula says" {
	by_hand >scan.json
	monitor rank --json scan.json --readback 2 -f json
	of rank_decision '.[0] | .readback_factor == 2 and .class == null'
	# 2,000,000 bytes / (3 + 2 * 1) ms
	of rank_candidate '.[0] | .label == "lz4:1" and .fair_score == 400000'
	for class in hot=4 warm=1 cold=0.1; do
		monitor rank --json scan.json --class "${class%=*}" -f json
		of rank_decision ".[0] | .readback_factor == ${class#*=} and .class == \"${class%=*}\""
	done
	monitor rank --json scan.json -f json
	of rank_decision '.[0].class == "warm"'
	refused 2 "--readback" rank --json scan.json --readback -1
	refused 2 "--price" rank --json scan.json --price -1
	refused 2 "--heavy-below" rank --json scan.json --heavy-below -1
}

@test "the sweep finds the flips where the formula puts them" {
	by_hand >scan.json
	monitor rank --json scan.json --sweep -f json
	# Extra CPU is 9 + 4 * factor ms; 600,000 bytes for 120 s buy 7.45 GiB per core at 0 and 6.71 at 0.25. So at 8 never
	# zstd, at 4 up to heavy_below.
	of rank_sweep 'map(select(.price_gib_per_core == 4)) | map(.choice) == ["zstd:3", "lz4:1"] and
		(.[0].to_factor - 0.25 | fabs) < 1e-6 and .[1].from_factor == .[0].to_factor and .[1].to_factor == 16'
	of rank_sweep 'map(select(.price_gib_per_core == 8)) | length == 1 and .[0].choice == "lz4:1" and .[0].from_factor == 0'
	# Above heavy_below the price alone decides: 600,000 bytes * 120 s / (9 + 4 * f) ms = 2 GiB where f = 6.13.
	monitor rank --json scan.json --sweep --heavy-below 100 -f json
	flip=$(awk 'BEGIN { printf "%.9f", (600000 * 120 / (2 * 1024 ^ 3) * 1000 - 9) / 4 }')
	of rank_sweep "map(select(.price_gib_per_core == 2)) | .[0].choice == \"zstd:3\" and (.[0].to_factor - $flip | fabs) < 1e-6"
}

@test "the Pareto front leaves out what another beats in both bytes and CPU" {
	by_hand >scan.json
	monitor rank --json scan.json --class warm -f json
	# lzo saves what lz4 saves for more CPU; zstd costs 13 ms more for 600,000 bytes more.
	of rank_front 'map(.label) == ["lz4:1", "zstd:3"] and .[0].extra_bytes_per_ms == 500000 and
		(.[1].extra_bytes_per_ms - 600000 / 13 | fabs) < 1e-6'
}

@test "rank of a scan's file says what rank of the same target says" {
	monitor scan --file text --all -f json -o scan.json
	[ "$status" = 0 ]
	monitor rank --json scan.json -f json
	saved=$(jq 'select(.type == "rank_candidate" and .label == "zstd:3") | .saved_slot_ratio' <<<"$output")
	[ "$saved" = "$(jq 'select(.type == "scan_codec" and .label == "zstd:3") |
		(.orig_bytes - .slot_bytes) / .orig_bytes' scan.json)" ]
}

@test "memory of zeros and same-filled pages needs no codec, in a scan's file as well" {
	monitor scan --file same --all -f json -o scan.json
	[ "$status" = 0 ]
	monitor rank --json scan.json -f json
	[ "$status" = 0 ]
	of rank_decision '.[0].choice == null'
	of rank_candidate 'length == 5 and all(.rank == null)'
}

# mixture ZERO SAME TEXT RANDOM - so many pages of each, into the file mixture, in an order that depends on the numbers.
mixture() {
	{
		head -c "$(($1 * 4096))" /dev/zero
		head -c "$(($2 * 4096))" /dev/zero | tr '\0' 'x'
		seq "$1" 4000000 | head -c "$(($3 * 4096))"
		head -c "$(($4 * 4096))" /dev/urandom
	} >mixture
}

@test "zero and same-filled pages are part of the memory: needing no codec is not being worth none" {
	mixture 9000 0 0 1000
	monitor rank --file mixture --all -f json
	[ "$status" = 0 ]
	of rank_decision '.[0] | .decision == "no_codec" and .choice == null and .no_codec_ratio == 0.9 and .saved_ratio == 0.9 and
		(.answer | contains("90.0 %") and (contains("uncompressed") | not))'
	mixture 1000 0 0 0
	monitor rank --file mixture --all -f json
	of rank_decision '.[0] | .decision == "no_codec" and .saved_ratio == 1 and (.answer | contains("100.0 % of the memory"))'
	of rank_candidate 'all(.reason == "ineligible_no_pages" and .rank == null and .saved_slot_ratio == 1)'
	# What is left over of the text page by page is not on the whole.
	mixture 8000 0 2000 0
	monitor rank --file mixture --all --codec zstd:1 --class cold -f json
	saved=$(jq -s 'map(select(.type == "rank_candidate"))[0] | 1 - (8192000 - .saved_bytes) / 40960000' <<<"$output")
	of rank_decision ".[0] | .choice == \"zstd:1\" and .no_codec_ratio == 0.8 and (.saved_ratio - $saved | fabs) < 1e-12 and
		(.answer | contains(\"80.0 %\"))"
}

# A file of bench has zero and same-filled pages among those that it compressed.
@test "a bench's same-filled pages are no codec's savings" {
	mixture 0 922 0 102
	monitor bench -q --corpora mixture --max-size 4MiB --runs 1 --warmups 1 --codec lz4:1 --results same.csv -f json
	monitor rank --csv same.csv -f json
	[ "$status" = 0 ]
	[ "$(jq -c 'select(.type == "rank_decision") | [.decision, .no_codec_ratio, .saved_ratio]' <<<"$output" | tail -n 1)" = \
		'["no_codec",0.900390625,0.900390625]' ]
}

@test "shares of the memory agree with the pages of seeded mixtures" {
	RANDOM=12
	for i in 1 2 3 4 5 6 7 8; do
		zero=$((RANDOM % 3 * (RANDOM % 400))) same=$((RANDOM % 200)) text=$((RANDOM % 2 * (RANDOM % 400))) random=$((RANDOM % 400))
		mixture "$zero" "$same" "$text" "$random"
		monitor scan --file mixture --all --codec lz4:1,zstd:1 -f json -o mixture.json
		monitor rank --json mixture.json --class cold -f json
		[ "$status" = 0 ]
		# The RAM of a slot is in the scan; all pages are counted here.
		jq -es --argjson pages $((zero + same + text + random)) --argjson none $((zero + same)) --slurpfile scan mixture.json '
			def near($x): . - $x | fabs < 1e-9;
			def codec($name): $scan[] | select(.type == "scan_codec" and .label == $name);
			def share($name): 1 - (codec($name).slot_bytes) / ($pages * 4096);
			(.[] | select(.type == "rank_decision")) as $d |
			($d.no_codec_ratio | near($none / $pages)) and
			(map(select(.type == "rank_candidate")) | all(. as $c | .saved_slot_ratio | near(share($c.label)))) and
			if $d.choice then $d.saved_ratio | near(share($d.choice))
			elif $none / $pages >= 0.05 then $d.decision == "no_codec" and ($d.saved_ratio | near($none / $pages))
			else $d.decision == "leave_alone" and $d.saved_ratio == null end' <<<"$output" >"$BATS_TEST_TMPDIR/jq" ||
			{ echo "round $i: $zero zero, $same same, $text text, $random random"; false; }
	done
}

@test "the choice is worth as much as any by brute force, from 1 s to 1 h" {
	monitor scan --file text --all --codec lz4:1,lzo-rle,snappy,zstd:-1,zstd:1,zstd:3 -f json -o text.json
	[ "$status" = 0 ]
	for seconds in 1 5 20 60 300 600 1800 3600; do
		monitor rank --json text.json --class cold --residence "${seconds}s" --recompress no -f json
		[ "$status" = 0 ]
		jq -es --argjson s "$seconds" '
			def net: .saved_bytes / 1073741824 * $s - 4 * .cost_cpu_ms / 1000;
			map(select(.type == "rank_candidate")) as $c |
			([0, ($c[] | select(.rank) | net)] | max) as $best |
			([0, ($c[] | select(.chosen) | net)] | max) >= 0.99 * $best and
			($c | map(select(.chosen)) | length) == (if $best > 0 then 1 else 0 end) and
			($c | map(select(.rank) | .fair_score) | . == (sort | reverse))' <<<"$output" >"$BATS_TEST_TMPDIR/jq" ||
			{ echo "$seconds s"; false; }
	done
}

@test "where the kernel recompresses, idle pages may get a heavy codec" {
	by_hand >scan.json
	monitor rank --json scan.json --readback 0.5 --recompress no -f json
	of rank_decision '.[0] | .choice == "lz4:1" and .recompress == null and .decision == "baseline"'
	# Half of 600,000 bytes for half of (1 + 12) ms, for 120 s: 5.2 GiB per core.
	monitor rank --json scan.json --readback 0.5 --recompress yes -f json
	of rank_decision '.[0] | .choice == "lz4:1" and .recompress == "zstd:3" and .decision == "two_stage" and .cost_cpu_ms == 10 and
		(.saved_ratio - 2300000 / 4096000 | fabs) < 1e-12'
	of rank_candidate 'map(select(.chosen) | .reason) == ["won_write", "won_recompress"]'
	monitor rank --json scan.json --readback 0.5 --recompress yes --price 5.3 -f json
	of rank_decision '.[0].recompress == null'
}

@test "the decision says how often another wins when the sample is drawn again" {
	monitor scan --file text --pages 256 --codec lz4:1,zstd:1 -f json -o part.json
	of_groups() { jq -es "map(select(.type == \"$1\")) | $2" "$3" >"$BATS_TEST_TMPDIR/jq"; }
	of_groups scan_group 'group_by(.label) | map([.[0].label, (map(.orig_bytes) | add)]) == [["lz4:1", 1048576], ["zstd:1", 1048576]]' part.json
	jq -es 'def sum($key): map(.[$key]) | add; group_by(.label)[] | select(.[0].label) |
		(map(select(.type == "scan_codec")) | .[0]) as $all | map(select(.type == "scan_group")) |
		sum("codec_bytes") == $all.codec_bytes and (sum("slot_bytes") - $all.slot_bytes | fabs) <= 16 and
		(sum("compress_cpu_ns") - $all.compress_cpu_ns | fabs) <= 16 and
		(sum("decompress_cpu_ns") - $all.decompress_cpu_ns | fabs) <= 16' part.json >"$BATS_TEST_TMPDIR/jq"
	monitor rank --json part.json --class cold -f json
	of rank_decision '.[0] | .win_ratio > 0 and .win_ratio <= 1 and (.runner_up == null or .win_ratio + .runner_up_ratio <= 1.0000001)'
	of rank_decision '.[0] | .saved_low_ratio < .saved_ratio and .saved_ratio < .saved_high_ratio'
	# All pages: the draw is the same.
	monitor rank --file text --all -f json
	of rank_decision '.[0] | .win_ratio == 1 and .runner_up == null and (.saved_low_ratio - .saved_ratio | fabs) < 1e-6'
	# Figures by hand have no pages.
	by_hand >scan.json
	monitor rank --json scan.json -f json
	of rank_decision '.[0] | .win_ratio == null and .runner_up == null and .runner_up_ratio == null and .saved_low_ratio == null'
	# Groups of some of the pages are not drawn from, impossible ones refused.
	grep -v '"scan_group".*"group":3,' part.json >less.json
	monitor rank --json less.json -f json
	[ "$status" = 0 ]
	of rank_decision '.[0].win_ratio == null'
	sed '/scan_group/s/"group":3,/"group":32,/' part.json >bad.json
	refused 1 "bad.json, line" rank --json bad.json
	sed '/scan_group/s/"slot_bytes":[0-9]*/"slot_bytes":-1/' part.json >bad.json
	refused 1 "bad.json, line" rank --json bad.json
	sed '/scan_summary/s/"zero_pages":0/"zero_pages":1000000/' part.json >bad.json
	refused 1 "bad.json, line 1" rank --json bad.json
}

@test "a scan's classes are decided for again from its file" {
	cat text random same >classes
	monitor scan --file classes --all -f json -o classes.json
	monitor rank --json classes.json --class cold --price 0 -f json
	of rank_class 'map([.class, .decision]) == [["text", "heavy"], ["other", "leave_alone"]]'
	# Two scans behind one another are two results, each with its classes.
	monitor scan --file random --all -f json -o random.json
	cat classes.json random.json >two.json
	monitor rank --json two.json -f json
	of rank_decision 'map(.target) == ["file classes", "file random"]'
	of rank_class 'map(.class) == ["text", "other", "other"]'
}

# A scan by hand whose classes differ in what zstd adds, 100 pages of each; lz4 costs 0.31 ms where the factor is 0.1.
classes_by_hand() {
	local row class label heavy bytes compress decompress
	for row in "- lz4:1 false 900 1200 400" "- lzo1x-1 false 900 1500 700" "- zstd:3 true 800 4800 2000" \
		"sparse lz4:1 false 200 300 100" "sparse lzo1x-1 false 200 400 200" "sparse zstd:3 true 190 1200 500" \
		"text lz4:1 false 200 300 100" "text lzo1x-1 false 200 400 200" "text zstd:3 true 100 1200 500" \
		"pointer lz4:1 false 200 300 100" "pointer lzo1x-1 false 200 200 100" "pointer zstd:3 true 200 1200 500" \
		"other lz4:1 false 400 300 100" "other lzo1x-1 false 400 400 200" "other zstd:3 true 400 1200 500"; do
		read -r class label heavy bytes compress decompress <<<"$row"
		jq -nc --arg class "$class" --arg codec "$label" --argjson heavy "$heavy" --argjson bytes "${bytes}000" \
			--argjson compress "${compress}000" --argjson decompress "${decompress}000" '
			(if $class == "-" then {type: "scan_codec", v: 2, orig_bytes: 1638400}
			else {type: "scan_class_codec", v: 1, class: $class, pages: 100, orig_bytes: 409600} end) + {"label": $codec,
			heavy: $heavy, codec_bytes: $bytes, slot_bytes: $bytes, compress_cpu_ns: $compress,
			decompress_cpu_ns: $decompress, validation: "PASS"}'
	done
}

@test "in one scan a class takes zstd, one refuses it, one takes another fast codec, one is left alone" {
	classes_by_hand >classes.json
	monitor rank --json classes.json --class cold -f json
	[ "$status" = 0 ]
	of rank_class 'map([.class, .decision, .choice]) == [["sparse", "baseline", "lz4:1"], ["text", "heavy", "zstd:3"],
		["pointer", "fast", "lzo1x-1"], ["other", "leave_alone", null]]'
	# 100,000 bytes more for 1.25 - 0.31 ms more, for 120 s.
	of rank_class '.[1].why == "its extra CPU buys 11.9 GiB per core; the price is 4.0"'
	# zstd is for none of them where pages are read back more often than --heavy-below, and at 12 GiB for none either.
	monitor rank --json classes.json --class warm -f json
	of rank_class 'map(.decision) == ["baseline", "baseline", "fast", "leave_alone"]'
	monitor rank --json classes.json --class warm --heavy-below 1 --price 1 -f json
	of rank_class 'map(.decision) == ["baseline", "heavy", "fast", "leave_alone"]'
	monitor rank --json classes.json --class cold --price 12 -f json
	of rank_class 'map(.decision) == ["baseline", "baseline", "fast", "leave_alone"]'
	# The floor is of each class: text saves 51 % with the fast codecs, 76 % with zstd.
	monitor rank --json classes.json --class cold --floor 60% -f json
	of rank_class 'map(.decision) == ["leave_alone", "heavy", "leave_alone", "leave_alone"]'
}

@test "rank --csv decides by class where bench measured by class, and says so where it did not" {
	cat text random >classes
	monitor bench -q --corpora classes --max-size 4MiB --runs 1 --warmups 1 --codec lz4:1,zstd:1 --by-class --results by.csv \
		-f json
	[ "$status" = 0 ]
	# Of all sizes of the ladder the whole, and the last one's classes.
	of bench 'map(select(.corpus == "classes" and .size_bytes == 4194304) | [.label, .class, .orig_bytes]) ==
		[["lz4:1", null, 4194304], ["zstd:1", null, 4194304], ["lz4:1", "text", 2097152], ["zstd:1", "text", 2097152],
		["lz4:1", "other", 2097152], ["zstd:1", "other", 2097152]]'
	of bench 'map(select(.size_bytes == 4194304)) | [.[0:2], .[2:]] | map(map(.codec_bytes) | add) | .[0] == .[1]'
	monitor rank --csv by.csv --class cold --price 0 -f json
	[ "$status" = 0 ]
	[[ $stderr != *"by class"* ]]
	[ "$(tail -n 4 <<<"$output" | jq -c 'select(.type == "rank_class") | [.class, .decision, .pages]' | tr '\n' ' ')" = \
		'["text","heavy",512] ["other","leave_alone",512] ' ]
	grep -v -e ,text, -e ,other, by.csv >whole.csv
	monitor rank --csv whole.csv -f json
	[ "$status" = 0 ]
	of rank_class 'length == 0'
	[[ $stderr == *"no decision by page class"*"whole.csv"*"--by-class"* ]]
	refused 2 "--by-class" bench --by-class --page 16KiB
	refused 2 "--by-class" bench --by-class --cache both
	# Rows that cannot be: a class there is not, of no whole pages, of a codec that has no row of its own.
	head='label,heavy,corpus,class,size_bytes,page_bytes,orig_bytes,codec_bytes,slot_bytes,compress_cpu_ns,decompress_cpu_ns,validation'
	for row in lz4:1,false,x,prose,8192,4096,4096,1,1,5,5,PASS lz4:1,false,x,text,8192,4096,4095,1,1,5,5,PASS \
		zstd:1,true,x,text,8192,4096,4096,1,1,5,5,PASS; do
		printf '%s\n' "$head" lz4:1,false,x,,8192,4096,8192,1,1,5,5,PASS "$row" >bad.csv
		refused 1 "bad.csv, line 3" rank --csv bad.csv
	done
}

# edit FROM TO: the scan by hand with a change, into hostile.json
edit() {
	by_hand | sed "s/$1/$2/" >hostile.json
	! by_hand | cmp -s - hostile.json || return 1
}

@test "hostile figures in a scan's file are refused with their line, or make nothing eligible" {
	for value in NaN -NaN Infinity -1 1e999 '\"12\"' null 1.5 '[]'; do
		edit '"slot_bytes":2096000' "\"slot_bytes\":$value"
		refused 1 "hostile.json, line 1" rank --json hostile.json
		edit '"compress_cpu_ns":12000000' "\"compress_cpu_ns\":$value"
		refused 1 "hostile.json, line 3" rank --json hostile.json
	done
	edit '"orig_bytes":4096000' '"orig_bytes":0'
	refused 1 "line 1" rank --json hostile.json
	edit 'PASS' 'PERHAPS'
	refused 1 "line 1" rank --json hostile.json
	edit 'lzo1x-1' 'lz4:1'
	refused 1 "line 2" rank --json hostile.json
	edit '"compress_cpu_ns":3000000,"decompress_cpu_ns":1000000' '"compress_cpu_ns":0,"decompress_cpu_ns":0'
	monitor rank --json hostile.json -f json
	of rank_candidate 'map(select(.label == "lz4:1"))[0].reason == "ineligible_no_value"'
	edit '"slot_bytes":2096000' '"slot_bytes":9223372036854775807'
	monitor rank --json hostile.json -f json
	of rank_candidate 'map(select(.label == "lz4:1"))[0].reason == "ineligible_floor"'
	by_hand | head -c 300 >hostile.json
	refused 1 "line 2" rank --json hostile.json
	{ by_hand; printf 'a\0b\n'; } >hostile.json
	refused 1 "line 4" rank --json hostile.json
	{ by_hand; head -c 3M /dev/zero | tr '\0' '['; } >hostile.json
	refused 1 "line 4" rank --json hostile.json
	refused 1 "line 1" rank --json /dev/zero
	refused 1 "" rank --json .
	edit 'lz4:1' '\\u001b[31m'
	monitor rank --json hostile.json
	[ "$status" = 0 ]
	[[ $output != *$'\e'* ]]
}

@test "hostile figures in results are refused with their line; a missing time makes its codec ineligible" {
	head='label,heavy,corpus,size_bytes,page_bytes,orig_bytes,codec_bytes,slot_bytes,compress_cpu_ns,decompress_cpu_ns,validation'
	for value in nan -1 1e9 inf 99999999999999999999 ' ' '"'; do
		printf '%s\n' "$head" "lz4:1,false,x,4096,4096,4096,1000,$value,5,5,PASS" >hostile.csv
		refused 1 "hostile.csv, line 2" rank --csv hostile.csv
		printf '%s\n' "$head" "lz4:1,false,x,4096,4096,4096,1000,1000,$value,5,PASS" >hostile.csv
		refused 1 "hostile.csv, line 2" rank --csv hostile.csv
	done
	printf '%s\n' "$head" "lz4:1,false,x,4096,4096,4096,1000,1000,,5,PASS" "zstd:1,true,x,4096,4096,4096,1000,1000,5,5,PASS" \
		>missing.csv
	monitor rank --csv missing.csv --class cold -f json
	[ "$status" = 0 ]
	of rank_candidate 'map({(.label): .reason}) | add | .["lz4:1"] == "ineligible_no_value" and .["zstd:1"] == "won_price"'
	printf '%s\n' "$head" "lz4:1,false,x,4096,4096,4096,1000,1000,5,5,PAS" >hostile.csv
	refused 1 "line 2" rank --csv hostile.csv
	{ echo "$head"; for i in $(seq 1100); do echo "lz4:1,false,$i,4096,4096,4096,1000,1000,5,5,PASS"; done; } >many.csv
	refused 1 "more than 1024 results" rank --csv many.csv
	refused 1 "line 1" rank --csv /dev/zero
}

@test "cold rows of a bench are ranked apart from hot ones" {
	head='label,heavy,corpus,size_bytes,page_bytes,cache,orig_bytes,codec_bytes,slot_bytes,compress_cpu_ns,decompress_cpu_ns,validation'
	printf '%s\n' "$head" lz4:1,false,x,4096,4096,hot,4096,1000,1000,5,5,PASS lz4:1,false,x,4096,4096,cold,4096,1000,1000,9,9,PASS \
		>caches.csv
	monitor rank --csv caches.csv -f json
	of rank_decision 'map(.target) == ["x, 4096 bytes in pages of 4096", "x, 4096 bytes in pages of 4096, cold"]'
}

# The results database of the report's tests, and a scan by hand.
with_database() {
	command -v sqlite3 >/dev/null || skip "sqlite3 is not installed"
	by_hand >scan.json
	rm -f study.db
	{ echo 'BEGIN;' && cat "$ROOT/lib/results/schema.sql" "$ROOT/tests/fixtures/results/study.sql" && echo 'COMMIT;'; } |
		sqlite3 study.db
}

@test "the read-back factor and the residence come from a study" {
	with_database
	refused 2 "--target" rank --json scan.json --db study.db
	subject=$(sqlite3 study.db 'SELECT name FROM workload ORDER BY name LIMIT 1')
	monitor rank --json scan.json --db study.db --target "$subject" -f json
	[ "$status" = 0 ]
	of rank_decision '.[0] | .readback_factor == 0.74 and .class == null and .residence_ns > 1.5e9 and .residence_ns < 2.3e9 and
		(.readback_source | startswith("study of "))'
	# What is given stays.
	monitor rank --json scan.json --db study.db --target "$subject" --residence 30s -f json
	of rank_decision '.[0].residence_ns == 30e9'
	refused 1 "no target 'nobody'" rank --json scan.json --db study.db --target nobody
	# An explicit factor or class wins; then nothing is taken from this database, which has no calibration.
	refused 1 "no calibration" rank --json scan.json --db study.db --readback 1
	refused 1 "no calibration" rank --json scan.json --db study.db --class cold
	monitor rank --json scan.json --db study.db --readback 1 --no-calibration -f json
	of rank_decision '.[0] | .readback_factor == 1 and .readback_source == null and .residence_ns == 120e9'
	refused 2 "--target" rank --json scan.json --db study.db --readback 1 --target "$subject"
	refused 2 "--readback-pid" rank --json scan.json --readback-pid 1 --readback 1
	refused 2 "--target" rank --json scan.json --target x
	refused 1 "nonexistent" rank --json scan.json --db nonexistent
	refused 1 "scan.json" rank --json scan.json --db scan.json
	sqlite3 study.db "UPDATE metric SET value = 'NaN' WHERE name = 'readback_factor'"
	refused 1 "readback factor" rank --json scan.json --db study.db --target "$subject"
	sqlite3 study.db "DELETE FROM experiment; PRAGMA foreign_keys=OFF; DELETE FROM workload"
	refused 1 "no study" rank --json scan.json --db study.db
}

@test "CPU times are scaled to the kernel's where the results database has this machine's factors" {
	with_database
	refused 1 "calibrate --file FILE --db study.db" rank --json scan.json --class warm --db study.db
	sqlite3 study.db "INSERT INTO calibration (kernel, cpu, algorithm, model, approximate, taken_unix_ns, source, pages,
		compress_factor, decompress_factor) VALUES ('$(uname -r)', 'x', 'lz4', 'lz4:1', 0, 1, 'x', 1, 2, 3),
		('$(uname -r)', 'x', 'lzo-rle', 'lzo1x-1', 1, 1, 'x', 1, 9, 9), ('$(uname -r)', 'x', 'lzo', 'lzo1x-1', 0, 1, 'x', 1, 0.5, 0.5)"
	refused 1 "no calibration of this machine" rank --json scan.json --class warm --db study.db
	# The machine is named in the refusal: Linux RELEASE, CPU.
	run --separate-stderr "$MONITOR" rank --json scan.json --class warm --db study.db
	cpu=$(sed -n '1s/.*(Linux [^,]*, \(.*\))$/\1/p' <<<"$stderr")
	[ -n "$cpu" ]
	sqlite3 study.db "UPDATE calibration SET cpu = '$cpu'"
	monitor rank --json scan.json --class warm --db study.db -f json
	[ "$status" = 0 ]
	# lz4: 2 * 3 + 3 * 1; lzo by the exact model, not lzo-rle's: 0.5 * 4 + 0.5 * 2; zstd has no factor.
	of rank_candidate 'map({(.label): [.cost_cpu_ms, .costs]}) | add == {"lz4:1": [9, "kernel lz4"], "lzo1x-1": [3, "kernel lzo"],
		"zstd:3": [17, "library"]}'
	of rank_decision '.[0].choice == "lzo1x-1" and .[0].calibration ==
		"study.db: lz4 of 1970-01-01 (not checked), lzo of 1970-01-01 (not checked)"'
}

# costs_are LABEL=COSTS... - of the candidates in $output.
costs_are() {
	[ "$(jq -r 'select(.type == "rank_candidate") | "\(.label)=\(.costs)"' <<<"$output" | sort | tr '\n' ';')" = \
		"$(printf '%s\n' "$@" | sort | tr '\n' ';')" ]
}

@test "calibrations are taken from --db, by default from the usual results database, and named" {
	with_database
	run --separate-stderr "$MONITOR" rank --json scan.json --class warm --db study.db
	cpu=$(sed -n '1s/.*(Linux [^,]*, \(.*\))$/\1/p' <<<"$stderr")
	sqlite3 study.db "INSERT INTO calibration (kernel, cpu, algorithm, model, approximate, taken_unix_ns, source, pages,
		compress_factor, decompress_factor, compress_error_ratio, decompress_error_ratio) VALUES
		('$(uname -r)', '$cpu', 'lz4', 'lz4:1', 0, 1795660000000000000, 'x', 1, 2, 3, 0.006, -0.013),
		('another kernel', '$cpu', 'lzo', 'lzo1x-1', 0, 1795660000000000000, 'x', 1, 2, 3, 0, 0)"
	lz4='lz4 of 2026-11-26 (error 1.3 %)'
	monitor rank --json scan.json -f json
	costs_are lz4:1=library lzo1x-1=library zstd:3=library
	of rank_decision '.[0].calibration == null'
	subject=$(sqlite3 study.db 'SELECT name FROM workload ORDER BY name LIMIT 1')
	monitor rank --json scan.json --db study.db --target "$subject" -f json
	costs_are "lz4:1=kernel lz4" lzo1x-1=library zstd:3=library
	of rank_decision ".[0].calibration == \"study.db: $lz4\""
	# A database of calibrations alone gives just these; the readback factor is that of warm memory.
	sqlite3 study.db '.backup only.db'
	sqlite3 only.db 'PRAGMA foreign_keys=ON; DELETE FROM experiment'
	monitor rank --json scan.json --db only.db -f json
	[ "$status" = 0 ]
	costs_are "lz4:1=kernel lz4" lzo1x-1=library zstd:3=library
	of rank_decision '.[0].class == "warm"'
	refused 1 "has no study" rank --json scan.json --db only.db --target "$subject"
	mkdir -p coldpress-report
	cp study.db coldpress-report
	monitor rank --json scan.json -f json
	costs_are "lz4:1=kernel lz4" lzo1x-1=library zstd:3=library
	of rank_decision ".[0].calibration == \"coldpress-report/study.db: $lz4\""
	# A database that gives the factor and has no calibration leaves CPU times as measured, and says so.
	sqlite3 study.db 'DELETE FROM calibration'
	monitor rank --json scan.json --db study.db --target "$subject" -f json
	of rank_decision '.[0] | .calibration == null and .readback_factor == 0.74'
	[[ $stderr == *"no calibration of this machine"* ]]
	monitor rank --json scan.json --no-calibration -f json
	costs_are lz4:1=library lzo1x-1=library zstd:3=library
	of rank_decision '.[0].calibration == null'
	# What nobody asked for stops nobody, but is said.
	echo no store >coldpress-report/study.db
	monitor rank --json scan.json -f json
	[ "$status" = 0 ]
	[[ $stderr == *"coldpress-report/study.db"*"of the libraries"* ]]
	costs_are lz4:1=library lzo1x-1=library zstd:3=library
	rm -r coldpress-report
}

@test "the kernel's own rows of a bench are the kernel's times" {
	head='label,heavy,corpus,size_bytes,page_bytes,orig_bytes,codec_bytes,slot_bytes,compress_cpu_ns,decompress_cpu_ns,validation'
	printf '%s\n' "$head" 'kernel:lz4,false,x,4096,4096,4096,1000,1000,5,5,PASS' 'lz4:1,false,x,4096,4096,4096,1000,1000,5,5,PASS' >own.csv
	monitor rank --csv own.csv -f json
	costs_are kernel:lz4=kernel lz4:1=library
}

@test "a study refuses kernel costs of another machine before its first run" {
	with_database
	run --separate-stderr "$ROOT/build/bin/coldpress" study --db study.db --dir never -- true
	[ "$status" = 1 ]
	[[ $stderr == *"no calibration of this machine"*"calibrate --file FILE --db study.db"* ]]
	[ ! -e never ]
}

@test "the front as a figure, or what it takes to draw it" {
	command -v gnuplot >/dev/null || skip "gnuplot is not installed"
	by_hand >scan.json
	monitor rank --json scan.json --class cold --plot front.svg -f json
	[ "$status" = 0 ]
	grep -q '<svg' front.svg
	for words in zstd:3 lz4:1 lzo1x-1 'the choice' 'saved, MiB'; do grep -qF "$words" front.svg; done
	refused 1 "nonexistent/front.svg" rank --json scan.json --plot nonexistent/front.svg
	run --separate-stderr env PATH=/nonexistent "$MONITOR" rank --json scan.json --plot front.svg
	[ "$status" = 1 ]
	[[ $stderr == *"gnuplot is not installed"*"--plot"* ]]
}

# ---- the README ----------------------------------------------------------------------------------------------

@test "the README's worked example is what comes out" {
	readme=$ROOT/compressor-monitor/README.md
	sed -n '/^```json$/,/^```$/{/^```/d;p}' "$readme" >scan.json
	[ "$(wc -l <scan.json)" = 3 ]
	ln -sfn "$ROOT/compressor-monitor" .
	n=0
	sed -n '/^```csv$/,/^```$/{/^```/d;p}' "$readme" >results.csv
	while read -r line; do
		expected=$(grep -F -x -A 2 "$line" "$readme" | tail -n +2)
		run --separate-stderr bash -c "set -o pipefail; ${line#\$ }"
		[ "$status" = 0 ]
		[ "$output" = "$expected" ]
		n=$((n + 1))
	done < <(grep '^\$ ./compressor-monitor/compressor_monitor rank --' "$readme")
	[ "$n" = 4 ]
}

@test "the policy can be embedded: its header and its object are all that a program elsewhere takes" {
	mkdir elsewhere
	cp "$ROOT/lib/analysis/policy.h" "$ROOT/build/obj/lib/analysis/policy.o" elsewhere
	cat >elsewhere/main.c <<-'EOF'
		#include "policy.h"
		#include <stdio.h>

		int main(void)
		{
			struct policy_settings cold = POLICY_DEFAULTS;
			struct policy_candidate candidates[] = {
				{ .name = "lz4", .baseline = true, .orig_bytes = 4096000, .saved_slot_bytes = 2000000,
				  .compress_cpu_ms = 3, .decompress_cpu_ms = 1 },
				{ .name = "zstd", .tier = POLICY_HEAVY, .orig_bytes = 4096000, .saved_slot_bytes = 2600000,
				  .compress_cpu_ms = 12, .decompress_cpu_ms = 5 },
			};
			struct policy_verdict verdicts[2];
			char why[160];
			int chosen;

			cold.readback_factor = POLICY_READBACK_COLD;
			chosen = policy_rank(&cold, candidates, 2, verdicts);
			printf("%s: %s\n", candidates[chosen].name,
			       policy_explain(&cold, &candidates[chosen], &verdicts[chosen], why, sizeof(why)));
			return 0;
		}
	EOF
	(cd elsewhere && ${CC:-cc} -std=c11 -Wall -Wextra -Werror -pedantic -o embeds main.c policy.o)
	[ "$(elsewhere/embeds)" = "zstd: its extra CPU buys 7.1 GiB per core; the price is 4.0" ]
}

@test "rank --csv decides for each corpus of a bench as rank --json does" {
	monitor bench -q --max-size 64KiB --runs 2 --corpora unique,mixed_50_50,text --results results.csv -f json
	[ "$status" = 0 ]
	jq -c 'select(.type == "bench" and .corpus == "text" and .size_bytes == 65536) | .type = "scan_codec" | .v = 2' \
		<<<"$output" >scan.json
	monitor rank --json scan.json -f json
	wanted=$(jq -c 'select(.type == "rank_candidate") | [.label, .fair_score]' <<<"$output")
	monitor rank --csv results.csv -f json
	[ "$status" = 0 ]
	[ "$wanted" = "$(jq -c 'select(.type == "rank_candidate" and .target == "text, 65536 bytes in pages of 4096") |
		[.label, .fair_score]' <<<"$output")" ]
	of rank_decision 'map(select(.target | startswith("unique"))) | length == 3 and all(.choice == null)'
	of rank_decision 'map(select(.target | startswith("mixed_50_50"))) | length > 0 and all(.choice != null)'
}

@test "rank --csv takes quoted names and refuses tables that are no results" {
	head='label,heavy,corpus,size_bytes,page_bytes,orig_bytes,codec_bytes,slot_bytes,compress_cpu_ns,decompress_cpu_ns,validation'
	printf '%s\n' "$head" '"lz4:1",false,"a ""b"", c",4096,4096,4096,1000,1000,5,5,PASS' >quoted.csv
	monitor rank --csv quoted.csv -f json
	of rank_decision '.[0].target == "a \"b\", c, 4096 bytes in pages of 4096"'
	printf '%s\n' "$head" 'lz4:1,false,x,4096,4096,4096,1000,1000,five,5,PASS' >bad.csv
	refused 1 "bad.csv, line 2" rank --csv bad.csv
	printf '%s\n' "$head" 'lz4:1,false' >short.csv
	refused 1 "short.csv, line 2" rank --csv short.csv
	echo 'label,corpus' >columns.csv
	refused 1 "no column 'heavy'" rank --csv columns.csv
	: >none.csv
	refused 1 "none.csv" rank --csv none.csv
}

@test "rank --csv reads what a spreadsheet wrote: a byte order mark, semicolons" {
	printf '%s\n' 'label,heavy,corpus,size_bytes,page_bytes,orig_bytes,codec_bytes,slot_bytes,compress_cpu_ns,decompress_cpu_ns,validation' \
		lz4:1,false,x,4096,4096,4096,1000,1024,5,5,PASS >plain.csv
	monitor rank --csv plain.csv -f json
	[ "$status" -eq 0 ]
	plain=$output
	{ printf '\xef\xbb\xbf' && cat plain.csv; } >mark.csv
	tr , ';' <plain.csv >semicolons.csv
	{ printf '\xef\xbb\xbf' && sed 's/$/\r/' semicolons.csv; } >both.csv
	for file in mark semicolons both; do
		monitor rank --csv $file.csv -f json
		[ "$status" -eq 0 ]
		[ "$output" = "$plain" ]
	done
}

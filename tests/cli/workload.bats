#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# workload: its messages, refusals and records; only small loads run here, without limits.

bin=$BATS_TEST_DIRNAME/../../build/bin

# refused STATUS TEXT... - the last run ended with STATUS, with each TEXT on stderr, and printed no data.
refused() {
	local want=$1
	shift
	echo "$status: $stderr"
	[ "$status" -eq "$want" ]
	[ -z "$output" ]
	for words; do [[ $stderr == *"$words"* ]]; done
}

setup() {
	bats_require_minimum_version 1.5.0
}

@test "list prints every pattern and page profile, and ends with the end record" {
	run --separate-stderr "$bin/workload" list --json
	[ "$status" -eq 0 ]
	[ "$(jq -r 'select(.type == "workload_pattern").name' <<<"$output" | grep -cxE "anon_streamer|interactive_burst|zipf_cache")" -eq 3 ]
	[ "$(jq -r 'select(.type == "page_profile").name' <<<"$output" | grep -cxE "mixed|browser|text")" -eq 3 ]
	[ "$(jq -s '.[-1].type' <<<"$output")" = '"end"' ]
	[ "$(jq -s '.[-1].emitted == length - 1' <<<"$output")" = true ]
}

@test "an unknown pattern is a usage error with the list of patterns" {
	run --separate-stderr "$bin/workload" run anon_steamer
	refused 2 "unknown pattern 'anon_steamer'" anon_streamer interactive_burst
}

@test "a pattern must be named, and only one" {
	run --separate-stderr "$bin/workload" run
	refused 2 "no pattern given" "workload list"
	run --separate-stderr "$bin/workload" run anon_streamer interactive_burst
	refused 2 "only one pattern"
}

@test "a hostile name cannot write to the terminal" {
	run --separate-stderr "$bin/workload" run $'a\e]0;x\a'
	refused 2
	[[ $stderr != *$'\e'* ]]
}

@test "a bare number is refused where a unit is needed" {
	run --separate-stderr "$bin/workload" run anon_streamer --region 256
	refused 2 --region unit
	run --separate-stderr "$bin/workload" run anon_streamer --duration 20
	refused 2 --duration unit
}

@test "a region over the guard is refused with bound and figure" {
	run --separate-stderr "$bin/workload" run anon_streamer --region 1000TiB
	refused 2 "1000.0 TiB" "safe bound of" --unsafe-allow-large
}

@test "a duration over the guard is refused with bound and figure" {
	run --separate-stderr "$bin/workload" run anon_streamer --duration 301s
	refused 2 "5 min 01 s" "5 min 00 s" --unsafe-allow-long
}

@test "an unknown page profile is refused with the list of profiles; the old option names the new one" {
	run --separate-stderr "$bin/workload" run anon_streamer --page-profile prose
	refused 2 "'prose'" text pointer
	for program in "workload run" workload-gen; do
		# shellcheck disable=SC2086 # two words
		run --separate-stderr "$bin/"$program anon_streamer --contents text
		refused 2 "--contents" "--page-profile NAME"
	done
}

@test "more workers than pages or operations are refused" {
	run --separate-stderr "$bin/workload" run anon_streamer --region 64KiB --workers 17
	refused 2 "16 pages" "17 workers"
	run --separate-stderr "$bin/workload" run anon_streamer --operations 2 --workers 3
	refused 2 "3 workers"
}

@test "an output that cannot be written is an error before anything runs" {
	run --separate-stderr "$bin/workload" run anon_streamer --output /nowhere/at/all
	refused 1 /nowhere/at/all
}

@test "the same seed gives the same counts, whatever the time" {
	local counts=() fields='[.operations, .minor_faults, .cold_touches, .zero_pages, .text_pages, .random_pages]'

	for seed in 42 42 43; do
		run --separate-stderr "$bin/workload-gen" interactive_burst --region 4MiB --operations 20011 --idle 0 --json \
			--seed $seed
		[ "$status" -eq 0 ]
		counts+=("$(jq -c "$fields" <<<"$output")")
	done
	[ "$(jq '.[0]' <<<"${counts[0]}")" = 20011 ]
	[ "${counts[0]}" = "${counts[1]}" ]
	[ "${counts[0]}" != "${counts[2]}" ]
}

@test "every pattern does exactly the operations asked for, the same ones for the same seed" {
	local first fields='[.state, .operations, .minor_faults, .cold_touches, .fresh_pages, .forks]'

	trace text,256,1681
	for pattern in $("$bin/workload" list --json | jq -r 'select(.type == "workload_pattern").name'); do
		first=
		for _ in 1 2; do
			run --separate-stderr "$bin/workload-gen" "$pattern" --region 1MiB --operations 1009 --idle 0 \
				--pages 7 --workers 2 --trace "$BATS_TEST_TMPDIR/trace" --json
			echo "$pattern $output $stderr"
			[ "$status" -eq 0 ]
			[ "$(jq -c '[.state, .operations]' <<<"$output")" = '["ok",1009]' ]
			# where processes are made, the parent's own faults depend on when they run
			jq -e .forks <<<"$output" >/dev/null && fields='[.state, .operations, .fresh_pages, .forks]'
			first=${first:-$(jq -c "$fields" <<<"$output")}
			[ "$(jq -c "$fields" <<<"$output")" = "$first" ]
		done
	done
}

@test "a chain of three processes is three forks" {
	run --separate-stderr "$bin/workload-gen" fork_exit_storm --operations 101 --depth 3 --json
	[ "$(jq -c '[.operations, .forks, .execs]' <<<"$output")" = '[101,303,0]' ]
}

@test "mappings of a known number of pages are as many faults" {
	run --separate-stderr "$bin/workload-gen" mmap_churn --region 4MiB --operations 101 --json
	[ "$(jq '.minor_faults == .fresh_pages and .fresh_pages > 4099' <<<"$output")" = true ]
}

# trace CLASS,PAGES,LZ4_BYTES... - a page-class trace in $BATS_TEST_TMPDIR/trace; LZ4_BYTES may be missing.
trace() {
	local class pages bytes sum=0 runs=

	for run; do
		IFS=, read -r class pages bytes <<<"$run"
		runs+="{\"type\":\"page_run\",\"v\":1,\"class\":\"$class\",\"pages\":$pages${bytes:+,\"lz4_bytes\":$bytes}}"$'\n'
		sum=$((sum + pages))
	done
	printf '%s\n' "{\"type\":\"page_trace\",\"v\":1,\"pages\":$sum,\"page_bytes\":4096}" "$runs{\"type\":\"end\",\"v\":1}" \
		>"$BATS_TEST_TMPDIR/trace"
}

@test "the kinds of pages come out as the mixture asks for, and the result has both; a replay has no target" {
	run --separate-stderr "$bin/workload-gen" anon_streamer --region 64MiB --operations 16384 --page-profile android --json
	[ "$status" -eq 0 ]
	jq -e '. as $r | ["zero", "same", "duplicate", "sparse", "pointer", "text", "compressed", "random"] |
		map([$r[. + "_target_ratio"], $r[. + "_pages"] / 16384]) |
		(map(.[0]) | add - 1 | fabs < 1e-9) and all((.[0] - .[1] | fabs) < 0.02)' <<<"$output"
	trace zero,101,0 text,499,1500
	run --separate-stderr "$bin/workload-gen" replay --trace "$BATS_TEST_TMPDIR/trace" --operations 101 --json
	jq -e '.zero_pages == 101 and .zero_target_ratio == null and .random_target_ratio == null' <<<"$output"
}

@test "replay makes as many pages of each class as the trace has" {
	trace zero,101,0 text,499,1500 other,211 same_filled,53,0 pointer,97,1400 sparse,31,700 text,8,4000
	run --separate-stderr "$bin/workload-gen" replay --trace "$BATS_TEST_TMPDIR/trace" --operations 2003 --workers 3 --json
	echo "$output $stderr"
	[ "$(jq -c '[.state, .page_profile, .region_bytes, .zero_pages, .same_pages, .sparse_pages, .pointer_pages, .text_pages,
		.random_pages]' <<<"$output")" = '["ok","trace",4096000,101,53,31,97,507,211]' ]
}

@test "replay makes the classes that a scan recorded" {
	"$bin/compressor_monitor" scan -q --file "$bin/workload-gen" --all --codec lz4:1 --format json \
		--record "$BATS_TEST_TMPDIR/trace" >"$BATS_TEST_TMPDIR/scan"
	run --separate-stderr "$bin/workload-gen" replay --trace "$BATS_TEST_TMPDIR/trace" --operations 101 --json
	[ "$status" -eq 0 ]
	jq -s -e --argjson run "$output" '
		[.[] | select(.type == "scan_class") | {key: .class, value: .pages}] | from_entries
		| $run.text_pages > 0 and (.text // 0) == $run.text_pages and (.sparse // 0) == $run.sparse_pages
		  and (.other // 0) == $run.random_pages and (.zero // 0) == $run.zero_pages' "$BATS_TEST_TMPDIR/scan"
}

@test "a file that is not a trace, has a wrong sum, or is cut off is refused, with the line" {
	run --separate-stderr "$bin/workload" run replay
	refused 2 "--trace"
	run --separate-stderr "$bin/workload" run replay /no/such/file
	refused 1 "/no/such/file" "No such file"
	trace text,10,1500 prose,3
	run --separate-stderr "$bin/workload" run replay "$BATS_TEST_TMPDIR/trace"
	refused 1 "line 3" "--record"
	trace text,10,1500
	sed -i 's/"pages":10,"page_bytes"/"pages":11,"page_bytes"/' "$BATS_TEST_TMPDIR/trace"
	run --separate-stderr "$bin/workload" run replay "$BATS_TEST_TMPDIR/trace"
	refused 1 "line 3"
	trace text,10,1500
	sed -i '$d' "$BATS_TEST_TMPDIR/trace"
	run --separate-stderr "$bin/workload" run replay "$BATS_TEST_TMPDIR/trace"
	refused 1 "not a complete page-class trace"
	trace text,4294967296
	run --separate-stderr "$bin/workload" run replay "$BATS_TEST_TMPDIR/trace"
	refused 2 "16.0 TiB" "safe bound"
}

@test "a trace that is not a regular file, or has one long line, is refused at once" {
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	head -c 100000 /dev/zero | tr '\0' x >"$BATS_TEST_TMPDIR/line"
	for path in /dev/zero "$BATS_TEST_TMPDIR/fifo" "$BATS_TEST_TMPDIR"; do
		run --separate-stderr timeout 10 "$bin/workload" run replay "$path"
		refused 1 "$path is not a regular file"
	done
	run --separate-stderr "$bin/workload" run replay "$BATS_TEST_TMPDIR/line"
	refused 1 "line 1"
}

@test "values may have one page each, or one value the whole region" {
	local cold=()

	for pages in 1 1024; do
		run --separate-stderr "$bin/workload-gen" zipf_cache --region 4MiB --operations 20011 --theta 0 \
			--value-pages $pages --json
		cold+=("$(jq .cold_touches <<<"$output")")
	done
	echo "${cold[@]}"
	# of uniform touches one in six comes after more touches than there are pages; one value is touched in order
	[ "${cold[0]}" -gt 2000 ]
	[ "${cold[1]}" -eq 0 ]
	run --separate-stderr "$bin/workload" run zipf_cache --value-pages 0
	refused 2 --value-pages
}

@test "an invalid theta, share, program or number of pages is refused" {
	run --separate-stderr "$bin/workload" run zipf_cache --theta 1
	refused 2 --theta
	run --separate-stderr "$bin/workload" run zipf_cache --set-share 101%
	refused 2 --set-share
	run --separate-stderr "$bin/workload" run fork_exec_storm --exec true
	refused 2 "'true'" absolute
	run --separate-stderr "$bin/workload" run fork_exec_storm --exec /no/such/program
	refused 1 "/no/such/program" "No such file"
	run --separate-stderr "$bin/workload" run fork_exec_storm --exec /tmp
	refused 2 "/tmp" "not a regular file"
	run --separate-stderr "$bin/workload" run fork_touch_exit --region 64KiB --pages 17
	refused 2 "--pages 17" "16"
}

@test "a program that fails ends the storm with an error" {
	run --separate-stderr "$bin/workload-gen" fork_exec_storm --operations 10 --exec /bin/false
	refused 1 fork_exec_storm "0 operations"
}

@test "the generator links the C library and nothing else" {
	run ldd "$bin/workload-gen"
	[[ $output == *libc.so* ]]
	[ -z "$(grep -vE 'libc\.so|libm\.so|ld-linux|vdso' <<<"$output")" ]
}

#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2154 # bats sets stderr
# workload: its words, its refusals and its records; no load runs here but a few pages without a cage.

bin=$BATS_TEST_DIRNAME/../../build/bin

# refused STATUS WORDS... - the last run ended with STATUS, said each of these, and printed no data.
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

@test "list tells every pattern, and is JSON that ends in the end record" {
	run --separate-stderr "$bin/workload" list --json
	[ "$status" -eq 0 ]
	[ "$(jq -r 'select(.type == "workload_pattern").name' <<<"$output" | sort | head -2 | xargs)" = "anon_streamer interactive_burst" ]
	[ "$(jq -s '.[-1].type' <<<"$output")" = '"end"' ]
	[ "$(jq -s '.[-1].emitted == length - 1' <<<"$output")" = true ]
}

@test "an unknown pattern is a usage error that tells those there are" {
	run --separate-stderr "$bin/workload" run anon_steamer
	refused 2 "no pattern called 'anon_steamer'" anon_streamer interactive_burst
}

@test "a pattern must be named, and only one" {
	run --separate-stderr "$bin/workload" run
	refused 2 "which pattern?"
	run --separate-stderr "$bin/workload" run anon_streamer interactive_burst
	refused 2 "one pattern"
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

@test "unknown contents are refused with those there are" {
	run --separate-stderr "$bin/workload" run anon_streamer --contents prose
	refused 2 "'prose'" text pointer
}

@test "more workers than pages or operations are refused" {
	run --separate-stderr "$bin/workload" run anon_streamer --region 64KiB --workers 17
	refused 2 "16 pages" "17 workers"
	run --separate-stderr "$bin/workload" run anon_streamer --operations 2 --workers 3
	refused 2 "3 workers"
}

@test "an output that cannot be written is told before anything runs" {
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

@test "the generator carries the C library and nothing else" {
	run ldd "$bin/workload-gen"
	[[ $output == *libc.so* ]]
	! grep -vE 'libc\.so|libm\.so|ld-linux|vdso' <<<"$output"
}

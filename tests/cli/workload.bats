#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
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
	[ "$(jq -r 'select(.type == "workload_pattern").name' <<<"$output" | grep -cxE "anon_streamer|interactive_burst|zipf_cache")" -eq 3 ]
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

@test "every pattern does exactly the operations asked for, the same ones for the same seed" {
	local first fields='[.state, .operations, .minor_faults, .cold_touches, .fresh_pages, .forks]'

	for pattern in $("$bin/workload" list --json | jq -r 'select(.type == "workload_pattern").name'); do
		first=
		for _ in 1 2; do
			run --separate-stderr "$bin/workload-gen" "$pattern" --region 1MiB --operations 1009 --idle 0 \
				--pages 7 --workers 2 --json
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

@test "a theta, a share, a program or a number of pages that cannot be is refused" {
	run --separate-stderr "$bin/workload" run zipf_cache --theta 1
	refused 2 --theta
	run --separate-stderr "$bin/workload" run zipf_cache --set-share 101%
	refused 2 --set-share
	run --separate-stderr "$bin/workload" run fork_exec_storm --exec true
	refused 2 "'true'" absolute
	run --separate-stderr "$bin/workload" run fork_exec_storm --exec /no/such/program
	refused 1 "/no/such/program" "No such file"
	run --separate-stderr "$bin/workload" run fork_touch_exit --region 64KiB --pages 17
	refused 2 "--pages 17" "16"
}

@test "a program that fails ends the storm with an error" {
	run --separate-stderr "$bin/workload-gen" fork_exec_storm --operations 10 --exec /bin/false
	refused 1 fork_exec_storm "0 operations"
}

@test "the generator carries the C library and nothing else" {
	run ldd "$bin/workload-gen"
	[[ $output == *libc.so* ]]
	! grep -vE 'libc\.so|libm\.so|ld-linux|vdso' <<<"$output"
}

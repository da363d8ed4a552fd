#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# churn.bats - bench/churn.sh in small: a program whose pages go to a pool and come back, and the model of what is there.

bats_require_minimum_version 1.5.0
load pool_helpers

setup() {
	need_zram
	command -v python3 >/dev/null || skip "python3 is not installed"
	export COLDPRESS_STATE_DIR=$BATS_TEST_TMPDIR/state
	mkdir "$COLDPRESS_STATE_DIR"
	# shellcheck disable=SC2034 # for restored
	before=$(machine)
}

@test "after churn data is what the model makes of the pages in the pool, and so is memory once compacted" {
	run --separate-stderr "$BATS_TEST_DIRNAME/../../bench/churn.sh" 1 64 2 lz4 python3
	# shellcheck disable=SC2154 # set by run
	echo "$output $stderr"
	# 1: memory was more than 3 % off. That is for the bench to say, over longer runs.
	[ "$status" -le 1 ]
	# Twice the pool at least was written. Only holes may be missing from what the model counts, and compaction closes them.
	awk '$2 == "lz4" {
		n++; print "#", $0
		if ($4 < 1000 || $5 < 2 || $6 > 0.1 || $6 < -0.1 || $10 > 0.1 || $11 > 1 || $11 < -1) bad++
	} END { exit n != 1 || bad }' <<<"$output" >&3
	restored
}

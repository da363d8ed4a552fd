#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# The lengths that a scan counts, on a file whose pages are known: prime counts of zero and of random pages.

@test "every page is in the bin where its content puts it, for every codec" {
	command -v jq >/dev/null || skip "jq is not installed"
	file=$BATS_TEST_TMPDIR/pages
	head -c $((211 * 4096)) /dev/zero >"$file"
	head -c $((101 * 4096)) /dev/urandom >>"$file"
	run "$BATS_TEST_DIRNAME/../../build/bin/compressor_monitor" scan --file "$file" --all --quiet --format json
	[ "$status" -eq 0 ]
	counts=$(jq -c 'select(.type == "scan_hist") | [.class, .bin_bytes, .pages]' <<<"$output" | sort | uniq -c |
		sed 's/^ *//')
	echo "$counts"
	[ "$counts" = "$(printf '5 ["coded",4096,101]\n5 ["same_filled",0,211]')" ]
}

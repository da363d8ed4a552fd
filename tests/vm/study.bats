#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# A study on cgroup v2 alone, with algorithms that the developers' kernel lacks: each configuration has a prediction and a
# measured pool beside it.

bats_require_minimum_version 1.5.0
load ../live/pool_helpers
bin=$BATS_TEST_DIRNAME/../../build/bin

@test "a study of lz4hc and, where there is one, deflate: predicted and measured pools agree" {
	need_zram
	export COLDPRESS_STATE_DIR=$BATS_TEST_TMPDIR/state
	algorithms=lz4hc
	[[ " $(tr -d '[]' </sys/block/zram0/comp_algorithm) " != *" deflate "* ]] || algorithms=lz4hc,deflate
	"$bin/coldpress" study -q --dir "$BATS_TEST_TMPDIR/out" --limit 50% --blocks 1 --algo "$algorithms" --format json -- \
		"$bin/workload-gen" interactive_burst --region 32MiB --operations 20000 --idle 5ms --seed 7 \
		--page-profile text >"$BATS_TEST_TMPDIR/json"
	tail -n 1 "$BATS_TEST_TMPDIR/json" | jq -e '.type == "end" and .reason == "done"'
	jq -es --argjson n "$(tr , '\n' <<<"$algorithms" | wc -l)" 'map(select(.type == "study_configuration" and .configuration != "none")) |
		length == $n and all(.n == 1)' "$BATS_TEST_TMPDIR/json"
	jq -r 'select(.type == "study_prediction") |
		"# \(.configuration): \(.pages) pages, predicted \(.predicted_used_bytes), measured \(.measured_used_bytes)"' \
		"$BATS_TEST_TMPDIR/json" >&3
	# Pages of one moment stand for those of others: a third.
	jq -es --argjson n "$(tr , '\n' <<<"$algorithms" | wc -l)" 'map(select(.type == "study_prediction")) |
		length == $n and all(.error_ratio != null and (.error_ratio | fabs) < 0.33)' "$BATS_TEST_TMPDIR/json"
	[ -z "$(find /sys/fs/cgroup -mindepth 1 -type d -name 'coldpress*')" ]
	[ "$(swapon --show --noheadings)" = "" ]
}

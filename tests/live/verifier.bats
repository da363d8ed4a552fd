#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# What the kernel's verifier takes to accept each program, against tests/live/verifier_budget.

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	build/bin/proc_create --format json -q -d 1ms >"$BATS_FILE_TMPDIR/can" 2>&1 ||
		skip "$(tail -n 2 "$BATS_FILE_TMPDIR/can" | tr '\n' ' ')"
	tests/verifier >"$BATS_FILE_TMPDIR/measured"
	cat "$BATS_FILE_TMPDIR/measured"
}

@test "the verifier accepts each program within its budget: verifier_budget" {
	[ "$(wc -l <"$BATS_FILE_TMPDIR/measured")" -gt 20 ]
	awk '
		FNR == NR && $1 == "default" { default_budget = $2 }
		FNR == NR { if (!/^#/) budget[$1, $2] = $3; next }
		{
			most = ($1, $2) in budget ? 3 * budget[$1, $2] + 1000 : default_budget
			if ($3 > most) {
				print $1, $2 ": the verifier looked at", $3, "instructions, at most", most \
					" may be; if that is as it should be: tests/verifier --update"
				bad = 1
			}
		}
		END { exit bad }' "$BATS_TEST_DIRNAME/verifier_budget" "$BATS_FILE_TMPDIR/measured"
}

@test "each program that this kernel has a hook for was verified in one of the runs" {
	cd "$BATS_TEST_DIRNAME/../.." || return
	command -v readelf >/dev/null || skip "readelf is not installed"
	# tp_btf programs alone: which of the other variants can be had is the kernel's and tracefs' affair.
	for object in build/bpf/*.bpf.o; do
		probe=$(basename "$object" .bpf.o)
		grep -q "^$probe " "$BATS_FILE_TMPDIR/measured" || continue
		readelf -sW "$object" | awk -v probe="$probe" \
			'$4 == "FUNC" && $8 ~ /^on_/ && $8 !~ /_(raw|tp)$/ { print probe, $8 }'
	done | sort >"$BATS_TEST_TMPDIR/all"
	build/bin/coldpress doctor --format json |
		jq -r 'select(.type == "doctor_check" and .status == "ok") | "on_" + .item' | sort >"$BATS_TEST_TMPDIR/offered"
	cut -d ' ' -f 1,2 "$BATS_FILE_TMPDIR/measured" | sort | comm -23 "$BATS_TEST_TMPDIR/all" - |
		sort -k 2 | join -1 2 -o 1.1,1.2 - "$BATS_TEST_TMPDIR/offered" >"$BATS_TEST_TMPDIR/unseen"
	cat "$BATS_TEST_TMPDIR/unseen"
	[ ! -s "$BATS_TEST_TMPDIR/unseen" ]
}

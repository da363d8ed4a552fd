# SPDX-License-Identifier: GPL-2.0-only
# monitor_helpers.bash - what the tests of compressor_monitor's command line share: files to look at, words to say so.

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	export MONITOR=$PWD/build/bin/compressor_monitor ROOT=$PWD
	cd "$BATS_FILE_TMPDIR" || return
	seq 400000 | head -c 2M >text
	head -c 2M /dev/urandom >random
	{ head -c 1M /dev/zero; head -c 1M /dev/zero | tr '\0' 'x'; } >same
}

setup() {
	cd "$BATS_FILE_TMPDIR" || return
}

# of TYPE JQ-FILTER: over the records of that type in $output; fails on null and false.
of() {
	jq -es "map(select(.type == \"$1\")) | $2" <<<"$output" >"$BATS_TEST_TMPDIR/jq"
}

monitor() {
	run --separate-stderr "$MONITOR" "$@"
}

# refused STATUS WORDS ARGUMENT...
refused() {
	local want=$1 words=$2
	shift 2
	monitor "$@"
	echo "status $status: $output $stderr" # shown where the test fails
	[ "$status" = "$want" ]
	[ -z "$output" ]
	# shellcheck disable=SC2154 # set by run
	[[ $stderr == *"$words"* ]]
}

#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# workload run: counts checked from outside, limits that take effect, and nothing left, however it ends. Tests wait for
# states; the bounds of the waits only keep a failure from hanging.

bin=$BATS_TEST_DIRNAME/../../build/bin
helpers=$BATS_TEST_DIRNAME/../../build/tests/helpers

setup() {
	bats_require_minimum_version 1.5.0
	[ "$(id -u)" -eq 0 ] || skip "needs root to make control groups"
	export COLDPRESS_STATE_DIR=$BATS_TEST_TMPDIR/state
}

# Groups and processes of a supervisor with this PID. A group that goes away meanwhile is no error.
groups_of() {
	find /sys/fs/cgroup -type d -name "coldpress.$1.*" 2>/dev/null || true
}

members_of() {
	groups_of "$1" | while read -r dir; do cat "$dir/cgroup.procs" 2>/dev/null; done | sort -u
}

# until_true COMMAND... - waits until it succeeds.
until_true() {
	for _ in {1..600}; do
		"$@" && return
		sleep 0.1
	done
	return 1
}

has_members() { [ -n "$(members_of "$1")" ]; }

# Waits until the supervisor's group has a member.
await_members() { until_true has_members "$1"; }

is_filled() { [ "$(awk '$1 == "VmRSS:" { print $2 }' "/proc/$1/status")" -ge $(($2 * 1024)) ]; }

# await_filled SUPERVISOR MIB - until the generator has so much resident memory. Sets $generator.
await_filled() {
	await_members "$1"
	generator=$(members_of "$1" | head -1)
	until_true is_filled "$generator" "$2"
}

# Whether this PID is a process that still runs. A dead one may wait for its parent.
alive() {
	[ -d "/proc/$1" ] && ! grep -q '^State:.[ZX]' "/proc/$1/status" 2>/dev/null
}

none_left() {
	left=$(groups_of "$1")
	for pid in "${@:2}"; do ! alive "$pid" || left+=" $pid"; done
	[ -z "$left" ]
}

# gone SUPERVISOR PID... - until none of these PIDs is a living process and no group is left.
gone() {
	until_true none_left "$@" || { echo "left: $left"; return 1; }
}

is_ready() { grep -q '"ready"' "$BATS_TEST_TMPDIR/events" || ! kill -0 "$probe" 2>/dev/null; }

# watch PROBE ARGS... - a probe in the background as $probe, its records in events, until it is ready.
watch() {
	"$bin/$1" --format json --duration 5m "${@:2}" >"$BATS_TEST_TMPDIR/events" 3>&- 2>"$BATS_TEST_TMPDIR/stderr" &
	probe=$!
	until_true is_ready
	kill -0 $probe 2>/dev/null || skip "$1 cannot run here: $(cat "$BATS_TEST_TMPDIR/stderr")"
}

@test "4,099 pages touched are 4,099 minor faults" {
	run --separate-stderr "$bin/workload" run anon_streamer --region 16396KiB --operations 4099 --json
	echo "$output $stderr"
	[ "$status" -eq 0 ]
	[ "$(jq -s -c '.[0] | [.state, .operations, .minor_faults]' <<<"$output")" = '["ok",4099,4099]' ]
	[ "$(jq -s -c '.[1].type' <<<"$output")" = '"end"' ]
}

@test "three workers share pages and operations to the last one" {
	run --separate-stderr "$bin/workload" run anon_streamer --region 16396KiB --operations 4099 --workers 3 --json
	[ "$(jq -s -c '.[0] | [.operations, .minor_faults, .workers]' <<<"$output")" = '[4099,4099,3]' ]
	[ "$(jq -s '.[0] | .zero_pages + .same_pages + .duplicate_pages + .sparse_pages + .pointer_pages + .text_pages +
		.compressed_pages + .random_pages' <<<"$output")" = 4099 ]
}

@test "it runs as the user who called sudo" {
	SUDO_UID=65534 SUDO_GID=65534 "$bin/workload" run anon_streamer --region 4MiB --duration 60s --json \
		>"$BATS_TEST_TMPDIR/out" 3>&- &
	local supervisor=$!

	await_members $supervisor
	[ "$(stat -c %u "/proc/$(members_of $supervisor | head -1)")" -eq 65534 ]
	kill -INT $supervisor
	wait $supervisor
}

@test "^C ends it before its time, cleanly, and with its results" {
	"$bin/workload" run anon_streamer --region 8MiB --duration 60s --json >"$BATS_TEST_TMPDIR/out" 3>&- &
	local supervisor=$! pids

	await_filled $supervisor 8
	pids=$(members_of $supervisor)
	kill -INT $supervisor
	wait $supervisor
	[ "$(jq -s -c '.[0] | [.state, .operations > 0]' "$BATS_TEST_TMPDIR/out")" = '["aborted",true]' ]
	[ "$(jq -s -r '.[1].reason' "$BATS_TEST_TMPDIR/out")" = signal ]
	gone $supervisor $pids
	[ -z "$(compgen -G "$COLDPRESS_STATE_DIR/*.book")" ]
}

@test "kill -9 leaves no process and no group, whatever the pattern" {
	local pattern supervisor pids guardian

	printf '%s\n' '{"type":"page_trace","v":1,"pages":2048,"page_bytes":4096}' \
		'{"type":"page_run","v":1,"class":"text","pages":2048}' '{"type":"end","v":1}' >"$BATS_TEST_TMPDIR/trace"
	for pattern in $("$bin/workload" list --json | jq -r 'select(.type == "workload_pattern").name'); do
		"$bin/workload" run "$pattern" --region 8MiB --workers 2 --depth 3 --duration 60s \
			--trace "$BATS_TEST_TMPDIR/trace" >"$BATS_TEST_TMPDIR/out" 3>&- &
		supervisor=$!
		await_members $supervisor
		guardian=$(pgrep -P $supervisor)
		pids=$(members_of $supervisor)
		echo "$pattern: $pids"
		[ -n "$guardian" ]
		[ -n "$pids" ]
		kill -KILL $supervisor
		wait $supervisor || true
		gone $supervisor $pids $guardian
	done
}

@test "kill -9 of supervisor and guardian takes the load with it; recover removes the group" {
	"$bin/workload" run anon_streamer --region 8MiB --duration 60s >"$BATS_TEST_TMPDIR/out" 3>&- &
	local supervisor=$! pids

	await_members $supervisor
	pids=$(members_of $supervisor)
	kill -KILL $supervisor $(pgrep -P $supervisor)
	wait $supervisor || true
	# shellcheck disable=SC2086 # several
	gone none $pids
	[ -n "$(groups_of $supervisor)" ]
	"$bin/ram_pool" recover
	[ -z "$(groups_of $supervisor)" ]
}

@test "a guardian that is killed ends the run" {
	"$bin/workload" run anon_streamer --region 8MiB --duration 60s --json >"$BATS_TEST_TMPDIR/out" 3>&- &
	local supervisor=$! pids

	await_members $supervisor
	pids=$(members_of $supervisor)
	kill -KILL $(pgrep -P $supervisor)
	wait $supervisor && return 1
	[ "$(jq -s -r '.[0] | "\(.state) \(.why)"' "$BATS_TEST_TMPDIR/out")" = "aborted its guardian was killed" ]
	gone $supervisor $pids
}

@test "a limit below the region without swap ends as oom" {
	[ "$(wc -l </proc/swaps)" -eq 1 ] || skip "there is swap, so a limit makes it swap and not fail"
	run --separate-stderr "$bin/workload" run anon_streamer --region 64MiB --memory-limit 16MiB --operations 16384 --json
	echo "$output"
	[ "$status" -eq 1 ]
	[ "$(jq -s -r '.[0].state' <<<"$output")" = oom ]
}

@test "proc_create sees from outside exactly the forks that the generator reports" {
	local probe

	watch proc_create --comm workload-gen
	run --separate-stderr "$bin/workload" run fork_exit_storm --operations 1009 --json
	[ "$(jq -s -c '.[0].forks' <<<"$output")" = 1009 ]
	kill -INT $probe
	wait $probe
	[ "$(jq -r 'select(.type == "fork").child' "$BATS_TEST_TMPDIR/events" | sort -u | wc -l)" -eq 1009 ]
}

@test "proc_create sees from outside exactly the execs that the generator reports" {
	local probe program=cp-exec-$$

	cp /bin/true "$BATS_TEST_TMPDIR/$program"
	watch proc_create
	run --separate-stderr "$bin/workload" run fork_exec_storm --operations 503 --exec "$BATS_TEST_TMPDIR/$program" --json
	echo "$output $stderr"
	[ "$(jq -s -c '.[0].execs' <<<"$output")" = 503 ]
	kill -INT $probe
	wait $probe
	[ "$(jq -r --arg path "$BATS_TEST_TMPDIR/$program" 'select(.type == "exec" and .path == $path).pid' \
		"$BATS_TEST_TMPDIR/events" | wc -l)" -eq 503 ]
}

@test "page_fault sees from outside exactly the pages that the generator touches" {
	local probe pages

	watch page_fault --comm workload-gen
	run --separate-stderr "$bin/workload" run anon_streamer --region 16396KiB --operations 4099 --json
	[ "$(jq -s -c '.[0].minor_faults' <<<"$output")" = 4099 ]
	kill -INT $probe
	wait $probe
	# of the worker's faults, those of the region are the longest run of pages side by side
	pages=$(jq -r 'select(.type == "page_fault" and .tid != .pid).addr' "$BATS_TEST_TMPDIR/events" | perl -ne '
		chomp; $seen{hex($_) >> 12} = 1;
		END {
			for (sort { $a <=> $b } keys %seen) { $run = $_ == $last + 1 ? $run + 1 : 1; $last = $_;
				$longest = $run if $run > $longest }
			print $longest
		}')
	echo "the longest run is $pages pages; $(tail -1 "$BATS_TEST_TMPDIR/events")"
	[ "$pages" -eq 4099 ]
}

@test "a fork storm has at most its limit of processes, and leaves none" {
	"$bin/workload" run fork_exit_storm --workers 64 --depth 8 --operations 4001 --json >"$BATS_TEST_TMPDIR/out" 3>&- &
	local supervisor=$! most=0 now samples=0

	# By the kernel's count: a list of members is not of one moment.
	while kill -0 $supervisor 2>/dev/null; do
		now=$(cat $(find /sys/fs/cgroup -path "*/coldpress.$supervisor.*" -name pids.current 2>/dev/null) 2>/dev/null | sort -n | tail -n 1)
		[ "${now:-0}" -le "$most" ] || most=$now
		samples=$((samples + 1))
	done
	wait $supervisor
	echo "at most $most processes in $samples samples"
	# 64 workers in a process, 8 children of each at a time, 16 to spare.
	[ "$most" -gt 64 ] && [ "$most" -le $((64 * 9 + 16)) ]
	[ "$(jq -s -c '.[0] | [.state, .operations, .forks]' "$BATS_TEST_TMPDIR/out")" = '["ok",4001,32008]' ]
	gone $supervisor
}

@test "a scan from outside finds the kinds of page that the generator reports" {
	"$bin/workload" run random_touch_heap --region 32MiB --touch read --duration 5m --json >"$BATS_TEST_TMPDIR/out" 3>&- &
	local supervisor=$! generator scan

	await_filled $supervisor 32
	scan=$("$bin/compressor_monitor" scan -q --pid "$generator" --all --codec lz4:1 --format json)
	kill -INT $supervisor
	wait $supervisor
	# Shares of all pages: those of the generator's own code and tables, under 2 %, are no part of its region.
	jq -s -e --slurpfile run "$BATS_TEST_TMPDIR/out" '
		$run[0] as $r | [.[] | select(.type == "scan_class") | {key: .class, value: .share_ratio}] | from_entries
		| (.zero - $r.zero_pages / 8192), (.same_filled - $r.same_pages / 8192),
		  (.sparse - $r.sparse_pages / 8192), (.pointer - $r.pointer_pages / 8192),
		  (.text - $r.text_pages / 8192), (.other - ($r.compressed_pages + $r.random_pages) / 8192)
		| select(fabs > 0.02)' <<<"$scan" && return 1
	[ "$(jq -s 'map(select(.type == "scan_class")) | length' <<<"$scan")" -ge 6 ]
}

@test "a scan from outside finds every LZ4 and zstd size as often as the page profile predicts, to 2 points" {
	local supervisor generator profile worst checked=0

	# every mixture; the profiles of a single kind of page are part of them
	for profile in $("$bin/workload" list --json | jq -r 'select(.type == "page_profile" and
		([to_entries[] | select(.key | endswith("_permille")).value] | max) < 1000).name'); do
		"$bin/workload" run random_touch_heap --region 32MiB --page-profile $profile --touch read --duration 5m --json \
			>"$BATS_TEST_TMPDIR/out" 3>&- &
		supervisor=$!
		await_filled $supervisor 32
		"$bin/compressor_monitor" scan -q --pid "$generator" --all --codec lz4:1,zstd:1 \
			--format json | jq -r 'select(.type == "scan_hist") | "\(.label) \(.bin_bytes) \(.pages)"' \
			>"$BATS_TEST_TMPDIR/seen"
		kill -INT $supervisor
		wait $supervisor
		"$helpers/page_sizes" $profile 42 8192 >"$BATS_TEST_TMPDIR/predicted"
		worst=$(awk '
			FNR == NR { predicted[$1 " " $2] = $3; of[$1] += $3; next }
			{ seen[$1 " " $2] += $3; in_all[$1] += $3 }
			END {
				for (bin in predicted) {
					split(bin, at, " ");
					if (!in_all[at[1]]) { print 100; exit }
					off = 100 * (seen[bin] / in_all[at[1]] - predicted[bin] / of[at[1]]);
					worst = off < 0 && -off > worst ? -off : off > worst ? off : worst
				}
				print worst
			}' "$BATS_TEST_TMPDIR/predicted" "$BATS_TEST_TMPDIR/seen")
		echo "$profile: the worst bin is off by $worst points"
		awk -v worst="$worst" 'BEGIN { exit !(worst <= 2) }'
		checked=$((checked + 1))
	done
	[ "$checked" -ge 7 ]
}

# The guardian of a supervisor that was killed may still be ending its group.
recovered() { "$bin/ram_pool" recover -q && ! compgen -G "$COLDPRESS_STATE_DIR/*.book" >/dev/null; }

@test "kill -9 at each call that changes the machine, then recover: no group and no journal is left" {
	command -v strace >/dev/null || skip "needs strace"
	local killed=0 before after

	before=$(find /sys/fs/cgroup -type d -name 'coldpress.*.workload' -printf '%f\n' | sort)
	for call in mkdir,mkdirat write clone,clone3 rmdir,unlinkat; do
		for ((n = 1; n < 100; n += n < 12 ? 1 : 5)); do
			strace -qq -e "trace=$call" -e "inject=$call:signal=KILL:when=$n" -o /dev/null "$bin/workload" \
				run anon_streamer --region 4MiB --operations 50 >/dev/null 2>&1 3>&- && break
			killed=$((killed + 1))
			until_true recovered
		done
	done
	echo "killed $killed times"
	[ "$killed" -ge 8 ]
	after=$(find /sys/fs/cgroup -type d -name 'coldpress.*.workload' -printf '%f\n' | sort)
	[ -z "$(comm -13 <(echo "$before") <(echo "$after"))" ]
}

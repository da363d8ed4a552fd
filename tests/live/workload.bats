#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# workload run: counts checked from outside, limits that bite, and nothing left whatever ends it.

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

# Waits until the supervisor's group has a member; at most 5 s.
await_members() {
	for _ in {1..50}; do
		[ -n "$(members_of "$1")" ] && return
		sleep 0.1
	done
	return 1
}

# await_filled PID MIB - until so much of its memory is resident; at most 20 s.
await_filled() {
	for _ in {1..200}; do
		[ "$(awk '$1 == "VmRSS:" { print $2 }' "/proc/$1/status")" -ge $(($2 * 1024)) ] && return
		sleep 0.1
	done
	return 1
}

# Whether this PID is a process that still runs; whoever adopted a dead one may take his time.
alive() {
	[ -d "/proc/$1" ] && ! grep -q '^State:.[ZX]' "/proc/$1/status" 2>/dev/null
}

# Until none of these PIDs is a living process and no group is left; at most a second.
gone_within_a_second() {
	local supervisor=$1 left

	shift
	for _ in {1..10}; do
		left=$(groups_of "$supervisor")
		for pid; do alive "$pid" && left+=" $pid"; done
		[ -z "$left" ] && return
		sleep 0.1
	done
	echo "left: $left"
	return 1
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
	SUDO_UID=65534 SUDO_GID=65534 "$bin/workload" run anon_streamer --region 4MiB --duration 10s --json \
		>"$BATS_TEST_TMPDIR/out" 3>&- &
	local supervisor=$!

	await_members $supervisor
	[ "$(stat -c %u "/proc/$(members_of $supervisor | head -1)")" -eq 65534 ]
	kill -INT $supervisor
	wait $supervisor
}

@test "^C ends it at once, cleanly, and with its figures" {
	"$bin/workload" run interactive_burst --region 8MiB --duration 60s --json >"$BATS_TEST_TMPDIR/out" 3>&- &
	local supervisor=$! begin=$SECONDS pids

	await_members $supervisor
	sleep 0.5
	pids=$(members_of $supervisor)
	kill -INT $supervisor
	wait $supervisor
	[ $((SECONDS - begin)) -lt 10 ]
	[ "$(jq -s -c '.[0] | [.state, .operations > 0]' "$BATS_TEST_TMPDIR/out")" = '["aborted",true]' ]
	[ "$(jq -s -r '.[1].reason' "$BATS_TEST_TMPDIR/out")" = signal ]
	gone_within_a_second $supervisor $pids
	[ -z "$(compgen -G "$COLDPRESS_STATE_DIR/*.book")" ]
}

@test "kill -9 leaves no process and no group after a second, whatever the pattern" {
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
		gone_within_a_second $supervisor $pids $guardian
	done
}

@test "kill -9 of supervisor and guardian takes the load with it; recover removes the group" {
	"$bin/workload" run anon_streamer --region 8MiB --duration 60s >"$BATS_TEST_TMPDIR/out" 3>&- &
	local supervisor=$! pids

	await_members $supervisor
	pids=$(members_of $supervisor)
	kill -KILL $supervisor $(pgrep -P $supervisor)
	wait $supervisor || true
	sleep 0.3
	for pid in $pids; do ! alive "$pid" || return 1; done
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
	gone_within_a_second $supervisor $pids
}

@test "a limit without swap below it ends as oom, said so" {
	[ "$(wc -l </proc/swaps)" -eq 1 ] || skip "there is swap, so a limit makes it swap and not fail"
	run --separate-stderr "$bin/workload" run anon_streamer --region 64MiB --memory-limit 16MiB --duration 10s --json
	echo "$output"
	[ "$status" -eq 1 ]
	[ "$(jq -s -r '.[0].state' <<<"$output")" = oom ]
}

@test "proc_create sees from outside exactly the forks that the generator reports" {
	"$bin/proc_create" --format json --comm workload-gen --duration 20s >"$BATS_TEST_TMPDIR/events" 3>&- \
		2>"$BATS_TEST_TMPDIR/words" &
	local probe=$!

	for _ in {1..50}; do grep -q '"ready"' "$BATS_TEST_TMPDIR/events" && break; sleep 0.1; done
	kill -0 $probe 2>/dev/null || skip "proc_create cannot run here: $(cat "$BATS_TEST_TMPDIR/words")"
	run --separate-stderr "$bin/workload" run fork_exit_storm --operations 1009 --json
	[ "$(jq -s -c '.[0].forks' <<<"$output")" = 1009 ]
	kill -INT $probe
	wait $probe
	[ "$(jq -r 'select(.type == "fork").child' "$BATS_TEST_TMPDIR/events" | sort -u | wc -l)" -eq 1009 ]
}

# watch PROBE ARGS... - a probe in the background as $probe, its records in events, until it is ready.
watch() {
	"$bin/$1" --format json --duration 20s "${@:2}" >"$BATS_TEST_TMPDIR/events" 3>&- 2>"$BATS_TEST_TMPDIR/words" &
	probe=$!
	for _ in {1..50}; do grep -q '"ready"' "$BATS_TEST_TMPDIR/events" && break; sleep 0.1; done
	kill -0 $probe 2>/dev/null || skip "$1 cannot run here: $(cat "$BATS_TEST_TMPDIR/words")"
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

@test "a fork storm at the cap leaves the machine responsive" {
	"$bin/workload" run fork_exit_storm --workers 64 --depth 8 --duration 3s --json >"$BATS_TEST_TMPDIR/out" 3>&- &
	local supervisor=$! worst

	await_members $supervisor
	# Three windows, of which the best counts: other loads on the machine are not the storm's.
	worst=$(perl -MTime::HiRes=time,sleep -e '
		for (1 .. 3) {
			$worst = 0;
			for (1 .. 50) { $t = time; sleep 0.01; $late = time - $t - 0.01; $worst = $late if $late > $worst }
			$best = $worst if !defined $best || $worst < $best;
		}
		printf "%d\n", $best * 1000')
	wait $supervisor
	echo "worst lateness of a 10 ms timer: $worst ms"
	[ "$worst" -lt 100 ]
	gone_within_a_second $supervisor
}

@test "a scan from outside finds the kinds of page that the generator reports" {
	"$bin/workload" run random_touch_heap --region 32MiB --touch read --duration 5s --json >"$BATS_TEST_TMPDIR/out" 3>&- &
	local supervisor=$! scan

	await_members $supervisor
	sleep 1
	scan=$("$bin/compressor_monitor" scan -q --pid "$(members_of $supervisor | head -1)" --all --codec lz4:1 --format json)
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

@test "a scan from outside finds every LZ4 and zstd size as often as the contents promise, to 2 points" {
	local supervisor contents worst checked=0

	# every mixture there is; the kinds of page by themselves are in these
	for contents in $("$bin/workload" list --json | jq -r 'select(.type == "workload_contents" and
		([to_entries[] | select(.key | endswith("_permille")).value] | max) < 1000).name'); do
		"$bin/workload" run random_touch_heap --region 32MiB --contents $contents --touch read --duration 30s --json \
			>"$BATS_TEST_TMPDIR/out" 3>&- &
		supervisor=$!
		await_members $supervisor
		await_filled "$(members_of $supervisor | head -1)" 32
		"$bin/compressor_monitor" scan -q --pid "$(members_of $supervisor | head -1)" --all --codec lz4:1,zstd:1 \
			--format json | jq -r 'select(.type == "scan_hist") | "\(.label) \(.bin_bytes) \(.pages)"' \
			>"$BATS_TEST_TMPDIR/seen"
		kill -INT $supervisor
		wait $supervisor
		"$helpers/page_sizes" $contents 42 8192 >"$BATS_TEST_TMPDIR/promised"
		worst=$(awk '
			FNR == NR { promised[$1 " " $2] = $3; of[$1] += $3; next }
			{ seen[$1 " " $2] += $3; in_all[$1] += $3 }
			END {
				for (bin in promised) {
					split(bin, at, " ");
					if (!in_all[at[1]]) { print 100; exit }
					off = 100 * (seen[bin] / in_all[at[1]] - promised[bin] / of[at[1]]);
					worst = off < 0 && -off > worst ? -off : off > worst ? off : worst
				}
				print worst
			}' "$BATS_TEST_TMPDIR/promised" "$BATS_TEST_TMPDIR/seen")
		echo "$contents: the worst bin is off by $worst points"
		awk -v worst="$worst" 'BEGIN { exit !(worst <= 2) }'
		checked=$((checked + 1))
	done
	[ "$checked" -ge 7 ]
}

@test "kill -9 at each call that changes the machine, then recover: no group and no book is left" {
	command -v strace >/dev/null || skip "needs strace"
	local killed=0 before after

	before=$(find /sys/fs/cgroup -type d -name 'coldpress.*.workload' -printf '%f\n' | sort)
	for call in mkdir,mkdirat write clone,clone3 rmdir,unlinkat; do
		for ((n = 1; n < 100; n += n < 12 ? 1 : 5)); do
			strace -qq -e "trace=$call" -e "inject=$call:signal=KILL:when=$n" -o /dev/null "$bin/workload" \
				run anon_streamer --region 4MiB --operations 50 >/dev/null 2>&1 3>&- && break
			killed=$((killed + 1))
			sleep 0.1
			"$bin/ram_pool" recover -q
			! compgen -G "$COLDPRESS_STATE_DIR/*.book" || return 1
		done
	done
	echo "killed $killed times"
	[ "$killed" -ge 8 ]
	after=$(find /sys/fs/cgroup -type d -name 'coldpress.*.workload' -printf '%f\n' | sort)
	[ -z "$(comm -13 <(echo "$before") <(echo "$after"))" ]
}
